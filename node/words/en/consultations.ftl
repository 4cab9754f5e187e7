### The tree of consultations; on a record: its place in the tree, the participants, the report in four parts.

tree-title = Tree of consultations
tree-link = See the tree
tree-list = See the list
tree-explained = Every consultation stands once: under the one that it is part of, that it feeds into, or whose results it gives back. Those that nothing ties follow, by level.
tree-groups = By place in the tree
tree-every-group = the whole tree
tree-records = { $count ->
        [one] { $count } consultation
       *[other] { $count } consultations
    }
tree-trees = Tied to each other (trees)
tree-local = Local, tied to none
tree-regional = Regional, tied to none
tree-national = National, tied to none
tree-international = International, tied to none
tree-unstated = Level not stated, tied to none
tree-below = { $count ->
        [one] { $count } below
       *[other] { $count } below
    }
tree-more = { $count ->
        [one] and { $count } more below
       *[other] and { $count } more below
    }
tree-also = also:
tree-is-part-of = part of it
tree-is-feeds = feeds into it
tree-is-restitutes = restitution
tree-is-series = same series
report-parts = { $count ->
        [0] no report
        [one] report: { $count } part of 4
        [4] report: 4 parts
       *[other] report: { $count } parts of 4
    }
restitution-missing = Restitution missing
restitution-planned = Restitution planned, not held yet

## On a record

tree-place = Place in the tree
tree-under = Below
tree-alone = This consultation is tied to no other.
tree-bottom = Nothing stands below.
tree-open = Open in the tree
tree-tie = Tie it to another that is entered already
tree-add-part-of = a consultation that is part of it
tree-add-feeds = a consultation that feeds into it
tree-add-restitutes = a restitution
tree-add-series = another of the same series
new-under-part-of = It will be part of:
new-under-feeds = It will feed into:
new-under-restitutes = It will restitute the results of:
new-under-series = It will be of the same series as:
report-part-empty = This part is not written yet.
report-part-write = Write it
participants-unsaid = No figure has been entered.
participants-write = Enter them

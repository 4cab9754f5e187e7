### Exports: files, what they do not hold, and their journal.

export-offer = Export:
export-offer-texts = With narratives and notes:
export-id = Identifier
export-kind = Kind
export-created-office = Created at
export-created-on = Created on
export-updated-office = Changed at
export-updated-on = Changed on
export-to-complete = Points to complete
export-situation = Situation
export-withheld = (withheld)
export-office-fresh = { $office }: complete up to { $moment }
export-office-unknown = { $office }: not heard of
export-office-lacking = { $count ->
        [one] { $office }: complete up to { $moment }, { $count } change missing
       *[other] { $office }: complete up to { $moment }, { $count } changes missing
    }
export-incomplete = Still reading: at least what follows
export-rows = { $count ->
        [one] { $count } record exported
       *[other] { $count } records exported
    }
export-left-out-restricted = { $count ->
        [one] { $count } restricted record not exported
       *[other] { $count } restricted records not exported
    }
export-left-out-internal = { $count ->
        [one] { $count } internal record not exported
       *[other] { $count } internal records not exported
    }
export-left-out-no-point = { $count ->
        [one] { $count } record without an exact place or village that may be shown, not exported
       *[other] { $count } records without an exact place or village that may be shown, not exported
    }
export-redacted = { $count ->
        [one] { $count } record whose title, date or place is withheld (future mission, camp, well or depot)
       *[other] { $count } records whose title, date or place is withheld (future mission, camp, well or depot)
    }
export-with-texts = With narratives and notes: do not pass on
export-counts-explained = Numbers under 5 are written “<5”; incidents of the last 30 days or without a date are not counted

journal = Journal of exports
journal-explained = Every file that left this node leaves a line: who, when, by which filter, how many records. Never what is in them.
journal-empty = Nothing has been exported from this node yet.
journal-when = When
journal-who = Who
journal-what = Which records
journal-format = Format
journal-rows = Records
journal-left-out = Not exported
journal-all = all
journal-words = words searched for
journal-texts = with narratives and notes
journal-command = command line
journal-latest = { $count ->
        [one] The latest line.
       *[other] The { $count } latest lines, the newest first.
    }
error-role = Not for this role
    .do = This page or file needs another role. Ask the head of office.

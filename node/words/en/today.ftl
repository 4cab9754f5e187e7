### Today: what waits, deadlines, reviews, what another office settled, values to restore.

whole-list = The whole list

## What waits

deadlines-title = Deadlines
open-alerts = { $count ->
        [one] { $count } alert without response
       *[other] { $count } alerts without response
    }
    .all = Alerts without response
open-answered-alerts = { $count ->
        [one] { $count } open alert with a response
       *[other] { $count } open alerts with a response
    }
    .all = Open alerts with a response
open-passed = Deadlines passed: { $count }
    .all = Deadlines passed
open-near = Deadlines within three months: { $count }
    .all = Deadlines within three months
open-decisions = { $count ->
        [one] { $count } decision not carried out, carried out in part or contradicted
       *[other] { $count } decisions not carried out, carried out in part or contradicted
    }
    .all = Decisions not carried out, carried out in part or contradicted
open-unheard = { $count ->
        [one] { $count } adopted recommendation without news
       *[other] { $count } adopted recommendations without news
    }
    .all = Adopted recommendations without news
open-end-unknown = To complete: { $count ->
        [one] { $count } agreement whose end is unknown
       *[other] { $count } agreements whose end is unknown
    }
    .all = To complete: agreements whose end is unknown
open-same = { $count ->
        [one] { $count } likely duplicate
       *[other] { $count } likely duplicates
    }
matters-found = { $count ->
        [0] nothing
        [one] { $count } point
       *[other] { $count } points
    }
matter-recommendation = Recommendation { $number }, due: { $date }
matter-unheard = Recommendation { $number }, adopted
matter-meeting = Mediation, next meeting: { $date }
matter-agreement-end = Agreement, ends: { $date }
matter-agreement-review = Agreement, to be looked at again: { $date }
matter-plan = Planned: { $date }, execution not stated
matter-decision = Decision
matter-alert = Alert, level not stated
matter-state = { $what }: { $state }
passed-for = { $count ->
        [one] { $count } day overdue
       *[other] { $count } days overdue
    }
passed-for-years = { $count ->
        [one] { $count } year overdue
       *[other] { $count } years overdue
    }
unanswered-for-at-least = unanswered for at least { $count } d
agreement-unsigned = { $count ->
        [one] Agreement, term { $count } year, end unknown: date of signature missing
       *[other] Agreement, term { $count } years, end unknown: date of signature missing
    }
agreement-without-term = Agreement, end unknown: term missing
agreement-without-dates = Agreement, end unknown: term and date of signature missing

## Duplicates

same-conflict-asked = Same conflict?
same-no = These are two conflicts

## What another office settled

settled-elsewhere = Settled by another office
settled-by = { $office } has settled: { $value }
settled-by-because = { $office } has settled: { $value } (reason: { $reason })
our-value = Our value was not kept:
our-value-kept = It is our value that was kept.
agreed = Agreed
take-back = Take our value back

## Reviews

changed-since-review = Since the last review
changed-since-review-at = Since the last review, { $office }
reviewed-at = Last review: { $moment }, marked by { $person }.
reviewed-never = No review is marked: these are the changes of the last seven days.
mark-review = Mark the review
mark-review-explained = What has come so far has been seen; the list begins anew, for the whole office.
nothing-new = nothing new
of-them-new = { $count ->
        [one] { $count } new
       *[other] { $count } new
    }
of-them-changed = { $count ->
        [one] { $count } changed
       *[other] { $count } changed
    }

## An earlier value

earlier-title = Restore a value
earlier-before = before the change of { $stamp }
earlier-after = entered by { $stamp }
earlier-why = Not saved: give the reason.
earlier-changed = Not saved: this field was changed meanwhile. Here is what stands there now; save again if you mean it.
value-to-return = To restore:
return-value = Restore this value
draft-to-settle = Settle: { $what }

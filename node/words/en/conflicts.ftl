### The list of conflicts, a conflict's page and its chronology, records of the same conflict, a place chosen on the map.

by-phase = By phase
every-phase = every phase
every-stake = All
with-events = With UCDP events
with-events-short = with UCDP events
stakes-all-of = { $group } (all)
and-tied = { $count ->
        [one] and { $count } tied record
       *[other] and { $count } tied records
    }
export-tied = { $count ->
        [one] of these { $count } record tied to another as the same conflict: the two count as one
       *[other] of these { $count } records tied to another as the same conflict: each group counts as one
    }

## Records of the same conflict

same-conflict = Same conflict as
same-conflict-explained = These { $count } records describe the same conflict and count as one.
same-conflict-speaks = its phase holds for all
same-conflict-speaks-here = The phase of this one holds for all.
tie-only-conflicts = Only two conflicts can be the same conflict.
parties-primary = Primary parties
parties-secondary = Secondary parties
parties-third = Third parties
parties-unstated = Parties, role not stated

## Chronology

timeline = Chronology
timeline-empty = Nothing has been entered yet: no incident, alert, meeting, decision or agreement.
timeline-undated = Without a date
timeline-show = Show only
timeline-all = All
saved-where = { $saved } { $where }.
timeline-rest = All that was entered
timeline-to-complete = To complete:
timeline-incident = Incident
    .several = Incidents
timeline-alert = Alert
    .several = Alerts
timeline-response = Response
    .several = Responses
timeline-meeting = Mediation meeting
    .several = Meetings
timeline-decision = Decision
    .several = Decisions
timeline-agreement = Agreement
    .several = Agreements
fact = { $label }: { $value }
agreement-term = { $count ->
        [one] for { $count } year
       *[other] for { $count } years
    }
agreement-ends = ends { $date }
agreement-end-unknown = end unknown: date of signature missing
deaths-counted = { $count ->
        [one] { $count } death
       *[other] { $count } deaths
    }
displaced-counted = { $count ->
        [one] { $count } person displaced
       *[other] { $count } persons displaced
    }
alert-open = open
alert-closed = closed: { $date }
alert-closed-because = closed ({ $date }): { $because }
alert-answered = answered
alert-answered-after = first response { $count } d after the alert
response-to = alert of { $date }

## A place chosen on the map

place-on-map = Choose on the map
place-nothing-lost = What you have typed is kept: you return to it with the place.
place-step-country = 1. Click in the region
place-step-region = 2. { $region }: click the place
place-step-how = 3. How exactly?
place-click = Map: click where it is
place-or-region = Or choose the region:
place-or-known = Or a known place of this region
place-take = Take this place
place-outside = This point is outside of the country: nothing was taken. Click within the borders.
place-whole-country = Back to the whole country
place-click-again = Click again
place-back = Back to the form without changing the place
place-clicked = Point clicked: latitude { $lat }, longitude { $lon }, region { $region } (as the map draws it).
place-known-near = It is a known place close by
place-known-at = { $place }, { $km } km away
place-or-click = It is the point clicked, known as
place-rounded = Coordinates are rounded to the precision chosen; a region gets none.
place-taken = The place stands in the form. Nothing has been saved yet.

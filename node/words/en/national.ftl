### National picture, tracker of recommendations, map of conflicts.

nav-national = National picture
nav-recommendations = Recommendations
national-title = National picture
unstated = Not stated
in-all = Total
at-least = at least { $total }
at-least-why = Totals mean "at least"
gap-missing = { $office }: { $changes } missing here
gap-reading = The records of this node are still being read.
complete-until = Complete up to
this-office = this office
without-office = no office: entered by { $office }

## Map

conflict-map = Map of conflicts
conflict-map-link = See the map
conflict-map-with-list = The map, and the conflicts that no one point stands for
conflicts-by-region = Conflicts by region
boundaries-of = Boundaries of { $year }
region-figure = { $region }: { $count }
map-events = Events (UCDP), not records of the Programme
map-drawn-with = Without an outline of their own, counted with the region they came from
map-off = Off the map
beside-map = Without a point on the map
beside-country = The whole country, or abroad
beside-several = Several regions (counted in each)
conflicts-counted = { $count ->
        [one] { $count } conflict
       *[other] { $count } conflicts
    }

## National picture

conflicts-by-phase = Conflicts by region and phase
each-counted-once = Each counted once
several-regions-explained = A conflict that concerns several regions is counted in each: the rows may add up to more than the total.
activities-title = Activities planned and executed
activities-by-status = Activities with a record, by status
activities-explained = The declared figure and the activities with a record are never added: nobody knows which of the declared ones the records describe.
activities-planned = { $count } planned
activities-executed = { $count } executed
activities-recorded = { $count ->
        [one] { $count } activity with a record
       *[other] { $count } activities with a record
    }
share = { $whole }.{ $tenth }%
declared-figure = { $figure }, as declared;
contributions-title = Contributions
contributions-none = No contribution has been entered.
contributions-by-partner = By partner; click on a sum for its lines
currencies-apart = Amounts of different currencies are never added.
mobilised = { $cumulative } mobilised, of a need of { $need }
need-in-all = Need
cumulative = Cumulative
balance = Balance to be mobilised
surplus = Surplus
lines-counted = { $count ->
        [one] { $count } line
       *[other] { $count } lines
    }
recommendations-by-theme = Recommendations by theme and status
alerts-title = Open alerts
alerts-open = { $count ->
        [0] no open alert
        [one] { $count } open alert
       *[other] { $count } open alerts
    }
alerts-unanswered = { $count } without response
alerts-measured = { $count ->
        [one] From alert to first response ({ $count } alert measured):
       *[other] From alert to first response ({ $count } alerts measured):
    }
alerts-median = median { $count } d
alerts-longest = longest { $count } d
first-response = First response
unanswered = no response
unanswered-for = no response for { $count } d
answered-after = { $count } d after the alert

## Tracker of recommendations

recommendations-title = Tracker of recommendations
recommendation = Recommendation
without-news = Without news
overdue = Overdue
last-follow-up = Last follow-up
tick = Tick
tick-one = Tick recommendation { $number }
follow-up-for-ticked = One follow-up for the recommendations that are ticked
save-for-ticked = Save for the recommendations that are ticked
follow-up-none-ticked = Nothing was saved: tick at least one recommendation.
follow-up-gone = it was withdrawn, or is not at this office
follow-up-refused = this follow-up is not possible there; open the record of the consultation
follow-up-not-shown = a recommendation of another page
announced = { $count } announced
entered = { $count } listed
recommendations-found = { $count ->
        [one] { $count } recommendation
       *[other] { $count } recommendations
    }
follow-ups-counted = { $count ->
        [one] { $count } follow-up
       *[other] { $count } follow-ups
    }
follow-ups-saved = { $count ->
        [one] The follow-up is saved for { $count } recommendation.
       *[other] The follow-up is saved for { $count } recommendations.
    }
follow-ups-not-saved = { $count ->
        [one] It is not saved for { $count } recommendation, which is still ticked:
       *[other] It is not saved for { $count } recommendations, which are still ticked:
    }

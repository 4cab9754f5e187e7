### Reports: the choice, what was made, and the paper.

nav-reports = Reports
reports-title = Reports
reports-explained = A report is made for a period, from the state of one moment, and can be printed again the same: its fingerprint proves it. Two offices with the same data print the same fingerprint.
reports-made = Reports made at this office
reports-none = No report has been made yet.
report-annual = Annual report
report-quarterly = Quarterly activity and financial report
report-brief = One-page brief
report-digest = Public digest
report-dossier = Dossier of a record
dossier-make = Make the dossier
dossier-restricted = Restricted: its title, narratives, texts and places are left out.
dossier-still-to-come = No dossier was made: this mission is still to come, and nothing of it leaves before it has taken place.
report-of = { $kind }, { $period }
report-kind = Report
report-year = Year
report-quarter = Period
report-whole-year = The whole year
report-quarter-of = Quarter { $quarter }
report-quarter-hint = The quarterly report needs a quarter; the annual report is always on the year.
report-knowledge = State
report-now = State as of now
report-as-in = State of: { $report }, { $moment }
report-make = Make the report
report-made-at = Made on
report-made-by = Made by
report-fingerprint = Fingerprint
report-no-period = Nothing was made: give a year in four digits and, for the quarterly report, a quarter.
report-lacking = This report cannot be made here: changes by { $offices } that are part of it are missing. Exchange with whoever has them, then try again.
nothing-printed = None of these figures has been printed at this office yet.
last-printed = Figures printed last: { $report }, on { $moment }, fingerprint
printed-value = (printed: { $value })

## The paper

report-earlier = Earlier state
report-earlier-explained = today's data give other figures.
report-differs = Beware: what is printed here is not the original report, whose fingerprint is another. The program has changed since, or the journal of reports was altered.
report-freshness = How far the data reach
report-until = Last entry received
report-silent = no news
report-at-least = Totals read "at least": entries by { $offices } may be missing.
report-plan = Plan of the period
report-plan-none = No line of the plan is entered for the period.
report-plan-counted = { $count ->
        [one] { $count } line of the plan is only counted: still to come, restricted or one too many.
       *[other] { $count } lines of the plan are only counted: still to come, restricted or too many.
    }
report-in-period = { $count ->
        [one] { $count } recorded activity lies, or may lie, in the period
       *[other] { $count } recorded activities lie, or may lie, in the period
    }
report-done = { $count ->
        [one] { $count } of them completed
       *[other] { $count } of them completed
    }
report-undated = { $count ->
        [one] { $count } activity has no date
       *[other] { $count } activities have no date
    }
report-by-region = Recorded activities of the period, by region
report-by-objective = Recorded activities of the period, by objective
report-all = Recorded
report-of-these-done = Completed
report-consultations = Consultations of the period
report-participants = Participants
report-held = Held
report-uncounted = Without a count
report-perhaps = { $count ->
        [one] (and { $count } of uncertain date)
       *[other] (and { $count } of uncertain date)
    }
report-none = Nothing entered.
report-entered = { $count ->
        [one] { $count } entered in the period
       *[other] { $count } entered in the period
    }
report-moved = { $count ->
        [one] { $count } change of phase
       *[other] { $count } changes of phase
    }
report-moved-row = Phase reached in the period
report-meetings = { $count ->
        [one] { $count } mediation meeting
       *[other] { $count } mediation meetings
    }
report-agreements = { $count ->
        [one] { $count } agreement made
       *[other] { $count } agreements made
    }
report-incidents = Incidents of the period
report-count = Number
report-endings = Agreements that end in the period or in the year after it
report-endings-counted = { $count ->
        [one] { $count } other agreement
       *[other] { $count } other agreements
    }
report-endless = { $count ->
        [one] { $count } agreement without a known end
       *[other] { $count } agreements without a known end
    }
report-decisions = Decisions not carried out in full
report-alerts = Alerts
report-alerts-raised = { $count ->
        [one] { $count } alert in the period
       *[other] { $count } alerts in the period
    }
report-alerts-answered = { $count ->
        [one] { $count } of them answered
       *[other] { $count } of them answered
    }
report-resources = Resources at { $day }
report-in-year = Mobilised in the year
report-in-quarter = Mobilised in the quarter
report-money-undated = Of that, undated
report-by-partner = By partner
report-other-partners = { $count ->
        [one] and { $count } other partner
       *[other] and { $count } other partners
    }
report-reviews = Difficulties, lessons and measures
report-unnamed = { $count ->
        [one] { $count } restricted record is only counted.
       *[other] { $count } restricted records are only counted.
    }
digest-explained = Only public records are counted. Counts of fewer than five people or events are written "<5"; incidents of the last thirty days are left out.
digest-left-out = Records that are not public:

### Projects: steps, plan, the page of a project. Steps serve consultations too.

## Steps

next-step = Next step
step-way = The way, step by step
step-none-yet = The status is not stated.
step-settle-first = Two offices entered different statuses: settle that first.
step-any = Go back, or another status
step-back = Go back
step-other = Another status
step-go = Change the status
step-changed = changed meanwhile, now
step-refused = The status has not changed. In the way of “{ $status }”:
flag-step-without-reason = The reason is not stated
    .refused = Not possible: the reason is not stated
step-project-submitted = Submit
step-project-returned = Return to be completed
step-project-eligible = Declare eligible
step-project-evaluated = Declare evaluated
step-project-approved = Approve
step-project-rejected = Reject
step-project-agreed = Sign the agreement
step-project-active = Start
step-project-suspended = Suspend
step-project-reported = Declare reported
step-project-closed = Close
step-project-abandoned = Abandon the project
step-consultation-planned = Declare planned
step-consultation-held = Declare held
step-consultation-postponed = Postpone
step-consultation-cancelled = Cancel
step-consultation-reported = Declare reported
step-consultation-validated = Validate the report
step-consultation-restituted = Declare restituted

## Plan

plan-link = Plan by quarter
plan-of = Plan: { $quarter }
plan-present = The present quarter
plan-open = Outcome not stated
plan-lines = { $count ->
        [0] No line of the plan
        [one] { $count } line of the plan
       *[other] { $count } lines of the plan
    }
plan-without = Without a line for this quarter
plan-without-counted = { $count ->
        [0] No agreed or active project is without a line.
        [one] { $count } agreed or active project
       *[other] { $count } agreed or active projects
    }

## The page of a project

state = State
page-number = Page
sections-tick = Tick what the file has; the rest is noted as absent. If nothing is ticked, nothing is noted.
sections-all-there = All sections are there.
sections-missing = { $count ->
        [one] { $count } section missing:
       *[other] { $count } sections missing:
    }
section-not-looked = Not checked
criterion-not-checked = Not checked
budget-by-stage = Budget, by state of its lines
by-partner-and-year = Contributions in { $currency }, by partner and year
no-year = No year
line-reversed = reversed line, not counted
line-reverses = reverses another line, not counted

## List

by-status = Projects by status
by-status-only = Only:
by-status-all = All projects
as-list = As a list
show-all-of = { $count ->
        [one] Show the record in the list
       *[other] Show the { $count } records
    }

### Pages: titles, buttons, sentences.

data-as-of = Data as of { $moment }
last-heard = Last heard from { $office }: { $ago }
only-here = Only here
records-only-here = { $count ->
        [one] { $count } record only here
       *[other] { $count } records only here
    }
add-one = Add { $what }
skip = Skip to the content
nav = Sections
nav-today = Today
nav-conflicts = Conflicts
nav-consultations = Consultations
nav-projects = Projects
nav-sync = Links
sign-in = Sign in
sign-in-at = Sign in at the office of { $office }
sign-in-nobody = This node has no account yet. At this computer, in a terminal, type:
sign-in-wrong = The name or the password is wrong.
sign-in-wait = Too many attempts. Try again in { $count } s.
sign-out = Sign out
account-name = Account name
password = Password
yes = Yes
no = No
whole-country = The whole country
date-typed = dd/mm/yyyy or yyyy
place-exact = Coordinates and precision
choose = Choose
one-a-line = (one on each line)
edit = Edit
edit-one = Edit: { $what }
history = History
save = Save
save-and-next = Save and enter the next
saved-at = Saved at { $office }.
saved-next = Saved. Here is the next form.
cancel = Cancel
because-label = Reason
because = reason: { $reason }
receipts-title = Receipts
received-at = Received at { $office } on { $moment }, { $way }
received-in-part = Not yet at { $office }: an older state is there, on { $moment }
not-yet-at = Not yet at { $office } (last heard on { $moment })
unknown-at = { $office }: not known, never heard of
way-link = over a link
way-office = by way of { $office }
way-bundle = by USB stick
office = Office
offices = The offices
office-unnamed = an office without a name
office-here = { $office }: this office
never-heard = { $office }: never heard of
divergent = Divergent entries
divergent-explained = Two offices entered different values without knowing of each other. All are kept; choose the one that holds, or write another.
look-and-settle = Look and settle
withdrawn-and-edited = withdrawn by one office, edited by another
withdrawn-item = Withdrawn item
was-withdrawn = withdrawn
withdraw = Withdraw
restore = Restore
values-entered = Values entered
shown-meanwhile = value shown meanwhile
history-settled = settled:
third-value = Write another value
settle = Settle
settle-choose = Choose a value, or write another.
settle-changed = Other values came in meanwhile. Here are all of them.
settle-refused = This value is not possible here.
to-look-at = To look at
changed-by = { $person }, { $office }, { $moment }
last-change = Last change: { $stamp }
nothing = nothing
an-item = an item
back-to-record = Back to the record
back-to-today = Back to Today
untitled = (untitled)
last-changed = Last change
search-words = Words
all-of-them = All
show-list = Show
next-page = Next page
needs-a-person = To do
needs-nobody = Nothing waits for anybody.
latest-changes = Latest changes
link-title = Link
link-up = Connected
link-cut = Cut
last-news = Last heard of
waiting-to-leave = Waiting to leave
missing-here = Missing here
unknown = unknown
code-explained = Code to read on the telephone; two offices that have the same know the same:
sync-alone = No other office is known so far.
sync-cut = No link. Everything stays saved here.
sync-up = A link is up.
section-main = The essentials
section-who = Who and why
section-participants = Participants
section-report = Report
section-recommendations = Recommendations
section-census = Census
section-happened = Timeline and alerts
section-mediation = Mediation, decisions, agreements
section-programme = Within the Programme
section-request = Request
section-selection = Selection
section-agreement = Agreement
section-execution = Execution
section-money = Budget and contributions
section-paper = Paper and filing
value-there-now = There now:
value-you-typed = You typed:
not-saved-empty = Nothing is filled in: nothing was saved.
not-saved-store = Not saved: the disk cannot write. What you typed is still here; make room and save again.
not-saved-too-much = Not saved: this is too much for one save. Save it in parts.
not-saved-version = Not saved: the version you began from is not known here. Copy your text and open the record again.
error-not-found = There is nothing at this address
    .do = The record is not at this office, or the address is incomplete.
error-read-only = Read only
    .do = Your account lets you read, not change. Nothing was changed.
error-form = This form is no longer valid
    .do = Go back, your text is still there; sign in in another tab, then save again.
error-too-large = This is too long
    .do = A form takes at most 1 MB. Go back and save in parts.
error-unknown-kind = A record of a newer version
    .do = It is kept as it is. Update the program to read it.
error-stopping = The node is stopping
    .do = Wait a moment, then load the page again.
error-internal = Something went wrong
    .do = Load the page again. If it comes back, tell the network operator: the node's log says more.
problem-not-a-number = Write a whole number: 12
problem-not-a-coordinate = Write decimal degrees: 19.95
problem-not-a-date = Write a date: 22/11/2026, 11/2026, 2026, Q1 2026, after 2010, 2005 – 2007
problem-not-an-amount = Write an amount: 1 500 000
problem-not-a-choice = Choose from the list
records-found = { $count ->
        [one] { $count } record
       *[other] { $count } records
    }
records-found-at-least = { $count ->
        [one] at least { $count } record (still reading)
       *[other] at least { $count } records (still reading)
    }
to-complete = { $count ->
        [one] { $count } thing to complete
       *[other] { $count } things to complete
    }
divergences = { $count ->
        [one] { $count } divergence
       *[other] { $count } divergences
    }
need-divergence = { $count ->
        [one] { $count } record with divergent entries
       *[other] { $count } records with divergent entries
    }
need-decision = { $count ->
        [one] { $count } record with an item withdrawn and edited
       *[other] { $count } records with an item withdrawn and edited
    }
need-flag = { $count ->
        [one] { $count } record to look at
       *[other] { $count } records to look at
    }
need-standstill = { $count ->
        [one] { $count } record that waits for more
       *[other] { $count } records that wait for more
    }
need-to-complete = { $count ->
        [one] { $count } record to complete
       *[other] { $count } records to complete
    }
and-more = { $count ->
        [one] and { $count } more
       *[other] and { $count } more
    }
changes = { $count ->
        [one] { $count } change
       *[other] { $count } changes
    }
not-saved-faults = { $count ->
        [one] Not saved yet: { $count } field to correct.
       *[other] Not saved yet: { $count } fields to correct.
    }
not-saved-changed = { $count ->
        [one] Not saved yet: { $count } field was changed meanwhile. Save again to keep your value.
       *[other] Not saved yet: { $count } fields were changed meanwhile. Save again to keep your values.
    }
role-regional-officer = Regional officer
role-head-of-office = Head of office
role-conflict-expert = Conflict expert
role-evaluator = Evaluator
role-committee-member = Selection committee member
role-national-coordinator = National coordinator
role-national-director = National director
role-reader = Reader (read only)
role-network-operator = Network operator
add-any = Add:
evaluate-explained = Your opinion stays sealed at this office until all evaluators have given theirs. Nobody reads it before, and it changes no more.
evaluate-nobody = No evaluator is named: first write their names on the record.
evaluate-who = Choose the evaluator.
evaluate-empty = The opinion is empty.
evaluate-seal = Seal the opinion
opinion-awaited = opinion awaited
opinion-sealed = opinion given, still sealed
opinion-broken = the published opinion is not the one that was sealed
tie = Tie to another record
tie-verb = Tie
untie = Untie
tie-choose = Choose a record and how they are tied.
tie-refused = This tie is not possible.
tie-none = No record matches.
tie-not-here = a record that is not at this office yet

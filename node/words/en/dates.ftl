### Dates and moments: node/src/words/dates.rs. The year comes as text, to stay without thousands separator.

date-month-name = { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }

# "inside": the same date behind "after" or "between".
date-day = { $day } { date-month-name } { $year }
    .inside = { date-day }
date-month = { date-month-name } { $year }
    .inside = { date-month }
date-quarter = { $quarter ->
        [1] 1st
        [2] 2nd
        [3] 3rd
       *[4] 4th
    } quarter of { $year }
    .inside = the { date-quarter }
date-year = { $year }
    .inside = { date-year }
date-after = after { $from }
date-between = between { $from } and { $to }
date-since = since { $from }
date-since-after = since a date after { $from }
date-since-between = since a date between { $from } and { $to }
date-unknown = date unknown

moment = { $day }/{ $month }/{ $year }, { $hour }:{ $minute }

ago-now = just now
ago-minutes = { $count } min ago
ago-hours = { $count } h ago
ago-days = { $count } d ago

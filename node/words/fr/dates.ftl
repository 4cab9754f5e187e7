### Dates et moments : node/src/words/dates.rs. L'année arrive comme texte, pour rester sans espace de milliers.

date-month-name = { $month ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    }

# « inside » : la même date après « après » ou « entre ».
date-day = { $day ->
        [1] 1er
       *[other] { $day }
    } { date-month-name } { $year }
    .inside = le { date-day }
date-month = { date-month-name } { $year }
    .inside = { date-month }
date-quarter = { $quarter ->
        [1] 1er
       *[other] { $quarter }e
    } trimestre { $year }
    .inside = le { date-quarter }
date-year = { $year }
    .inside = { date-year }
date-after = après { $from }
date-between = entre { $from } et { $to }
date-since = depuis { $from }
date-since-after = depuis une date après { $from }
date-since-between = depuis une date entre { $from } et { $to }
date-unknown = date inconnue

moment = { $day }/{ $month }/{ $year }, { $hour } h { $minute }

ago-now = à l'instant
ago-minutes = il y a { $count } min
ago-hours = il y a { $count } h
ago-days = il y a { $count } j

### Pages: titles, buttons, sentences.

data-as-of = Data as of { $moment }
last-heard = Last heard from { $office }: { $ago }
only-here = Only here
records-only-here = { $count ->
        [one] { $count } record only here
       *[other] { $count } records only here
    }
add-one = Add { $what }

### Formulaires vierges, à remplir à la main.

blank-link = Formulaires vierges à imprimer
blank-title = Formulaire : { $what }
blank-filled-on = Rempli le (jj/mm/aaaa)
blank-explained = Cochez les cases, écrivez lisiblement. Ce qui n'est pas connu reste vide : seul l'intitulé est obligatoire. Gardez ce papier avec l'original et notez-en la référence à la saisie.
blank-explained-item = Cochez les cases, écrivez lisiblement. Ce qui n'est pas connu reste vide. Gardez ce papier avec l'original et notez-en la référence à la saisie.
blank-apart = Sur des feuilles à part : { $lists }.
blank-print = À imprimer en A4 avec la commande du navigateur.
blank-date-day = jour connu
blank-date-month = mois connu
blank-date-quarter = trimestre connu
blank-date-year = année connue
blank-date-after = après cette date
blank-date-unknown = inconnue
blank-date-between = ☐ entre cette date et

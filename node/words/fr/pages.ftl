### Pages : titres, boutons, phrases.

data-as-of = Situation arrêtée au { $moment }
last-heard = Dernières nouvelles de { $office } : { $ago }
only-here = Ici seulement
records-only-here = { $count ->
        [one] { $count } fiche ici seulement
       *[other] { $count } fiches ici seulement
    }
add-one = Ajouter { $what }

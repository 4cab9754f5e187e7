### L'arbre des concertations ; sur la fiche : sa place dans l'arbre, les participants, le rapport en quatre parties.

tree-title = Arbre des concertations
tree-link = Voir l'arbre
tree-list = Voir la liste
tree-explained = Chaque concertation se trouve une fois : sous celle dont elle fait partie, qu'elle alimente ou dont elle restitue les résultats. Celles que rien ne rattache suivent, par portée.
tree-groups = Par place dans l'arbre
tree-every-group = tout l'arbre
tree-records = { $count ->
        [one] { $count } concertation
       *[other] { $count } concertations
    }
tree-trees = Rattachées entre elles (arbres)
tree-local = Locales, sans rattachement
tree-regional = Régionales, sans rattachement
tree-national = Nationales, sans rattachement
tree-international = Internationales, sans rattachement
tree-unstated = Portée non renseignée, sans rattachement
tree-below = { $count ->
        [one] { $count } en dessous
       *[other] { $count } en dessous
    }
tree-more = { $count ->
        [one] et { $count } autre en dessous
       *[other] et { $count } autres en dessous
    }
tree-also = aussi :
tree-is-part-of = en fait partie
tree-is-feeds = l'alimente
tree-is-restitutes = restitution
tree-is-series = même série
report-parts = { $count ->
        [0] pas de rapport
        [one] rapport : { $count } partie sur 4
        [4] rapport : 4 parties
       *[other] rapport : { $count } parties sur 4
    }
restitution-missing = Restitution manquante
restitution-planned = Restitution prévue, pas encore tenue

## Sur la fiche

tree-place = Place dans l'arbre
tree-under = En dessous
tree-alone = Cette concertation n'est rattachée à aucune autre.
tree-bottom = Rien ne se trouve en dessous.
tree-open = Ouvrir dans l'arbre
tree-tie = La rattacher à une autre, déjà saisie
tree-add-part-of = une concertation qui en fait partie
tree-add-feeds = une concertation qui l'alimente
tree-add-restitutes = une restitution
tree-add-series = une autre de la même série
new-under-part-of = Elle fera partie de :
new-under-feeds = Elle alimentera :
new-under-restitutes = Elle restituera les résultats de :
new-under-series = Elle sera de la même série que :
report-part-empty = Cette partie n'est pas encore écrite.
report-part-write = L'écrire
participants-unsaid = Aucun chiffre n'est saisi.
participants-write = Les saisir

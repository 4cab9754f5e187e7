### La liste des conflits, la fiche d'un conflit et sa chronologie, les fiches du même conflit, le lieu choisi sur la carte.

by-phase = Par phase
every-phase = toutes les phases
every-stake = Tous
with-events = Avec les événements UCDP
with-events-short = avec les événements UCDP
stakes-all-of = { $group } (tout)
and-tied = { $count ->
        [one] et { $count } fiche rattachée
       *[other] et { $count } fiches rattachées
    }
export-tied = { $count ->
        [one] dont { $count } fiche rattachée à une autre comme même conflit : les deux comptent pour un
       *[other] dont { $count } fiches rattachées à une autre comme même conflit : chaque groupe compte pour un
    }

## Fiches du même conflit

same-conflict = Même conflit que
same-conflict-explained = Ces { $count } fiches décrivent le même conflit et comptent pour un.
same-conflict-speaks = sa phase vaut pour toutes
same-conflict-speaks-here = La phase de celle-ci vaut pour toutes.
tie-only-conflicts = Seuls deux conflits peuvent être le même conflit.
parties-primary = Parties principales
parties-secondary = Parties secondaires
parties-third = Tiers
parties-unstated = Parties, rôle non renseigné

## Chronologie

timeline = Chronologie
timeline-empty = Rien n'est encore saisi : ni incident, ni alerte, ni rencontre, ni décision, ni accord.
timeline-undated = Sans date
timeline-show = Ne montrer que
timeline-all = Tout
saved-where = { $saved } { $where }.
timeline-rest = Tout ce qui est saisi
timeline-to-complete = À compléter :
timeline-incident = Incident
    .several = Incidents
timeline-alert = Alerte
    .several = Alertes
timeline-response = Réponse
    .several = Réponses
timeline-meeting = Rencontre de médiation
    .several = Rencontres
timeline-decision = Décision
    .several = Décisions
timeline-agreement = Accord
    .several = Accords
fact = { $label } : { $value }
agreement-term = { $count ->
        [one] durée { $count } an
       *[other] durée { $count } ans
    }
agreement-ends = fin : { $date }
agreement-end-unknown = fin inconnue : date de signature manquante
deaths-counted = { $count ->
        [one] { $count } mort
       *[other] { $count } morts
    }
displaced-counted = { $count ->
        [one] { $count } personne déplacée
       *[other] { $count } personnes déplacées
    }
alert-open = ouverte
alert-closed = close : { $date }
alert-closed-because = close ({ $date }) : { $because }
alert-answered = réponse donnée
alert-answered-after = première réponse { $count } j après l'alerte
response-to = alerte du { $date }

## Un lieu choisi sur la carte

place-on-map = Choisir sur la carte
place-nothing-lost = Ce que vous avez saisi est gardé : vous y revenez avec le lieu.
place-step-country = 1. Cliquez dans la région
place-step-region = 2. { $region } : cliquez le lieu
place-step-how = 3. Avec quelle précision ?
place-click = Carte : cliquez l'endroit
place-or-region = Ou choisissez la région :
place-or-known = Ou un lieu connu de cette région
place-take = Prendre ce lieu
place-outside = Ce point est hors du pays : rien n'a été repris. Cliquez à l'intérieur des limites.
place-whole-country = Revenir à tout le pays
place-click-again = Cliquer à nouveau
place-back = Revenir au formulaire sans changer le lieu
place-clicked = Point cliqué : latitude { $lat }, longitude { $lon }, région { $region } (limites de la carte).
place-known-near = C'est un lieu connu tout près
place-known-at = { $place }, à { $km } km
place-or-click = C'est le point cliqué, connu comme
place-rounded = Les coordonnées sont arrondies selon la précision choisie ; une région n'en reçoit pas.
place-taken = Le lieu est repris dans le formulaire. Rien n'est encore enregistré.

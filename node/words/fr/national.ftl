### Situation nationale, suivi des recommandations, carte des conflits.

nav-national = Situation nationale
nav-recommendations = Recommandations
national-title = Situation nationale
unstated = Non renseigné
in-all = Total
at-least = au moins { $total }
at-least-why = Les totaux se lisent « au moins »
gap-missing = { $office } : il manque ici { $changes }
gap-reading = La lecture des fiches de ce poste est en cours.
complete-until = Complet jusqu'au
this-office = ce bureau
without-office = sans bureau : saisi par { $office }

## Carte

conflict-map = Carte des conflits
conflict-map-link = Voir la carte
conflict-map-with-list = La carte, et les conflits qui ne tiennent pas en un point
conflicts-by-region = Conflits par région
boundaries-of = Limites de { $year }
region-figure = { $region } : { $count }
map-events = Événements (UCDP), hors des fiches du Programme
map-drawn-with = Sans tracé propre, comptées avec la région d'origine
map-off = Hors de la carte
beside-map = Sans point sur la carte
beside-country = Tout le pays, ou à l'étranger
beside-several = Plusieurs régions (comptés dans chacune)
conflicts-counted = { $count ->
        [one] { $count } conflit
       *[other] { $count } conflits
    }

## Situation nationale

conflicts-by-phase = Conflits par région et par phase
each-counted-once = Chacun compté une fois
several-regions-explained = Un conflit qui concerne plusieurs régions est compté dans chacune : la somme des lignes peut dépasser le total.
activities-title = Activités prévues et exécutées
activities-by-status = Activités détaillées, par état
activities-explained = Le chiffre déclaré et les activités détaillées ne s'additionnent pas : on ne sait pas quelles activités déclarées les fiches décrivent.
activities-planned = { $count ->
        [one] { $count } prévue
       *[other] { $count } prévues
    }
activities-executed = { $count ->
        [one] { $count } exécutée
       *[other] { $count } exécutées
    }
activities-recorded = { $count ->
        [one] { $count } activité détaillée
       *[other] { $count } activités détaillées
    }
share = { $whole },{ $tenth } %
declared-figure = { $figure }, chiffre déclaré ;
contributions-title = Contributions
contributions-none = Aucune contribution n'est saisie.
contributions-by-partner = Par partenaire ; un clic sur une somme montre ses lignes
currencies-apart = Les montants de monnaies différentes ne s'additionnent pas.
mobilised = { $cumulative } mobilisés, pour un besoin de { $need }
need-in-all = Besoin
cumulative = Cumul
balance = Solde à mobiliser
surplus = Excédent
lines-counted = { $count ->
        [one] { $count } ligne
       *[other] { $count } lignes
    }
recommendations-by-theme = Recommandations par thème et par statut
alerts-title = Alertes ouvertes
alerts-open = { $count ->
        [0] aucune alerte ouverte
        [one] { $count } alerte ouverte
       *[other] { $count } alertes ouvertes
    }
alerts-unanswered = { $count } sans réponse
alerts-measured = { $count ->
        [one] De l'alerte à la première réponse ({ $count } alerte mesurée) :
       *[other] De l'alerte à la première réponse ({ $count } alertes mesurées) :
    }
alerts-median = délai médian { $count } j
alerts-longest = le plus long { $count } j
first-response = Première réponse
unanswered = sans réponse
unanswered-for = sans réponse depuis { $count } j
answered-after = { $count } j après l'alerte

## Suivi des recommandations

recommendations-title = Suivi des recommandations
recommendation = Recommandation
without-news = Sans nouvelles
overdue = Échéance passée
last-follow-up = Dernière suite
tick = Cocher
tick-one = Cocher la recommandation { $number }
follow-up-for-ticked = Une même suite pour les recommandations cochées
save-for-ticked = Enregistrer pour les recommandations cochées
follow-up-none-ticked = Rien n'a été enregistré : cochez au moins une recommandation.
follow-up-gone = elle a été retirée, ou n'est pas à ce bureau
follow-up-refused = cette suite n'y est pas possible ; ouvrez la fiche de la concertation
follow-up-not-shown = une recommandation d'une autre page
announced = { $count ->
        [one] { $count } annoncée
       *[other] { $count } annoncées
    }
entered = { $count ->
        [one] { $count } recensée
       *[other] { $count } recensées
    }
recommendations-found = { $count ->
        [one] { $count } recommandation
       *[other] { $count } recommandations
    }
follow-ups-counted = { $count ->
        [one] { $count } suite
       *[other] { $count } suites
    }
follow-ups-saved = { $count ->
        [one] La suite est enregistrée pour { $count } recommandation.
       *[other] La suite est enregistrée pour { $count } recommandations.
    }
follow-ups-not-saved = { $count ->
        [one] Elle n'est pas enregistrée pour { $count } recommandation, qui reste cochée :
       *[other] Elle n'est pas enregistrée pour { $count } recommandations, qui restent cochées :
    }

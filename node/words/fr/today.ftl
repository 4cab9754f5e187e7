### Aujourd'hui : ce qui attend, les échéances, les revues, ce qu'un autre bureau a tranché, les valeurs à rétablir.

whole-list = Toute la liste

## Ce qui attend

deadlines-title = Échéances
open-alerts = { $count ->
        [one] { $count } alerte sans réponse
       *[other] { $count } alertes sans réponse
    }
    .all = Alertes sans réponse
open-answered-alerts = { $count ->
        [one] { $count } alerte ouverte, avec réponse
       *[other] { $count } alertes ouvertes, avec réponse
    }
    .all = Alertes ouvertes, avec réponse
open-passed = Échéances passées : { $count }
    .all = Échéances passées
open-near = Échéances dans les trois mois : { $count }
    .all = Échéances dans les trois mois
open-decisions = { $count ->
        [one] { $count } décision non exécutée, exécutée en partie ou contredite
       *[other] { $count } décisions non exécutées, exécutées en partie ou contredites
    }
    .all = Décisions non exécutées, exécutées en partie ou contredites
open-unheard = { $count ->
        [one] { $count } recommandation adoptée, sans nouvelles
       *[other] { $count } recommandations adoptées, sans nouvelles
    }
    .all = Recommandations adoptées, sans nouvelles
open-end-unknown = À compléter : { $count ->
        [one] { $count } accord dont la fin est inconnue
       *[other] { $count } accords dont la fin est inconnue
    }
    .all = À compléter : accords dont la fin est inconnue
open-same = { $count ->
        [one] { $count } doublon possible
       *[other] { $count } doublons possibles
    }
matters-found = { $count ->
        [0] rien
        [one] { $count } point
       *[other] { $count } points
    }
matter-recommendation = Recommandation { $number }, échéance : { $date }
matter-unheard = Recommandation { $number }, adoptée
matter-meeting = Médiation, prochaine rencontre : { $date }
matter-agreement-end = Accord, fin : { $date }
matter-agreement-review = Accord, à revoir : { $date }
matter-plan = Prévu : { $date }, exécution non renseignée
matter-decision = Décision
matter-alert = Alerte, niveau non renseigné
matter-state = { $what } : { $state }
passed-for = { $count ->
        [one] échéance passée depuis { $count } j
       *[other] échéance passée depuis { $count } j
    }
passed-for-years = { $count ->
        [one] échéance passée depuis { $count } an
       *[other] échéance passée depuis { $count } ans
    }
unanswered-for-at-least = sans réponse depuis au moins { $count } j
agreement-unsigned = { $count ->
        [one] Accord, durée { $count } an, fin inconnue : date de signature manquante
       *[other] Accord, durée { $count } ans, fin inconnue : date de signature manquante
    }
agreement-without-term = Accord, fin inconnue : durée manquante
agreement-without-dates = Accord, fin inconnue : durée et date de signature manquantes

## Doublons

same-conflict-asked = Même conflit ?
same-no = Ce sont deux conflits

## Ce qu'un autre bureau a tranché

settled-elsewhere = Tranché par un autre bureau
settled-by = { $office } a tranché : { $value }
settled-by-because = { $office } a tranché : { $value } (motif : { $reason })
our-value = Notre valeur n'a pas été retenue :
our-value-kept = C'est notre valeur qui est retenue.
agreed = D'accord
take-back = Reprendre notre valeur

## Revues

changed-since-review = Depuis la dernière revue
changed-since-review-at = Depuis la dernière revue, { $office }
reviewed-at = Dernière revue : { $moment }, marquée par { $person }.
reviewed-never = Aucune revue n'est marquée : voici les modifications des sept derniers jours.
mark-review = Marquer la revue
mark-review-explained = Ce qui est arrivé jusqu'ici est vu ; la liste repart de zéro, pour tout le bureau.
nothing-new = rien de nouveau
of-them-new = { $count ->
        [one] { $count } nouvelle
       *[other] { $count } nouvelles
    }
of-them-changed = { $count ->
        [one] { $count } modifiée
       *[other] { $count } modifiées
    }

## Une valeur d'avant

earlier-title = Rétablir une valeur
earlier-before = avant la modification de { $stamp }
earlier-after = saisie de { $stamp }
earlier-why = Pas enregistré : donnez le motif.
earlier-changed = Pas enregistré : ce champ a été modifié entre-temps. Voici ce qui y est à présent ; enregistrez à nouveau si vous maintenez.
value-to-return = À rétablir :
return-value = Rétablir cette valeur
draft-to-settle = Trancher : { $what }

### Projets : étapes, programmation, page du projet. Les étapes servent aussi aux concertations.

## Étapes

next-step = Étape suivante
step-way = Le chemin, étape par étape
step-none-yet = Le statut n'est pas renseigné.
step-settle-first = Deux bureaux ont saisi des statuts différents : tranchez d'abord.
step-any = Revenir en arrière, ou autre statut
step-back = Revenir en arrière
step-other = Autre statut
step-go = Changer le statut
step-changed = modifié entre-temps, à présent
step-refused = Le statut n'a pas changé. Ce qui empêche « { $status } » :
flag-step-without-reason = Le motif n'est pas indiqué
    .refused = Impossible : le motif n'est pas indiqué
step-project-submitted = Déposer
step-project-returned = Renvoyer à compléter
step-project-eligible = Déclarer recevable
step-project-evaluated = Déclarer évalué
step-project-approved = Approuver
step-project-rejected = Rejeter
step-project-agreed = Signer la convention
step-project-active = Mettre en exécution
step-project-suspended = Suspendre
step-project-reported = Déclarer le rapport remis
step-project-closed = Clôturer
step-project-abandoned = Abandonner le projet
step-consultation-planned = Déclarer prévue
step-consultation-held = Déclarer tenue
step-consultation-postponed = Reporter
step-consultation-cancelled = Annuler
step-consultation-reported = Déclarer le rapport déposé
step-consultation-validated = Valider le rapport
step-consultation-restituted = Déclarer restituée

## Programmation

plan-link = Programmation par trimestre
plan-of = Programmation : { $quarter }
plan-present = Trimestre en cours
plan-open = Suite non renseignée
plan-lines = { $count ->
        [0] Aucune ligne de programmation
        [one] { $count } ligne de programmation
       *[other] { $count } lignes de programmation
    }
plan-without = Sans ligne pour ce trimestre
plan-without-counted = { $count ->
        [0] Aucun projet conventionné ou en exécution n'est sans ligne.
        [one] { $count } projet conventionné ou en exécution
       *[other] { $count } projets conventionnés ou en exécution
    }

## Page du projet

state = État
page-number = Page
sections-tick = Cochez ce qui est au dossier ; le reste est noté absent. Si rien n'est coché, rien n'est noté.
sections-all-there = Les rubriques sont toutes là.
sections-missing = { $count ->
        [one] { $count } rubrique manquante :
       *[other] { $count } rubriques manquantes :
    }
section-not-looked = Non vérifiée
criterion-not-checked = Non vérifié
budget-by-stage = Budget, par état des lignes
by-partner-and-year = Contributions en { $currency }, par partenaire et par année
no-year = Sans année
line-reversed = ligne annulée, non comptée
line-reverses = annule une autre ligne, non comptée

## Liste

by-status = Projets par statut
by-status-only = Seulement :
by-status-all = Tous les projets
as-list = En liste
show-all-of = { $count ->
        [one] Voir la fiche dans la liste
       *[other] Voir les { $count } fiches
    }

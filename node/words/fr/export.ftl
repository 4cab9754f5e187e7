### Exports : fichiers, ce qu'ils ne contiennent pas, et leur journal.

export-offer = Exporter :
export-offer-texts = Avec les récits et les notes :
export-id = Identifiant
export-kind = Nature
export-created-office = Créée au bureau
export-created-on = Créée le
export-updated-office = Modifiée au bureau
export-updated-on = Modifiée le
export-to-complete = Points à compléter
export-situation = Situation
export-withheld = (réservé)
export-office-fresh = { $office } : à jour au { $moment }
export-office-unknown = { $office } : sans nouvelles
export-office-lacking = { $count ->
        [one] { $office } : à jour au { $moment }, { $count } modification manque
       *[other] { $office } : à jour au { $moment }, { $count } modifications manquent
    }
export-incomplete = Lecture en cours : au moins ce qui suit
export-rows = { $count ->
        [one] { $count } fiche exportée
       *[other] { $count } fiches exportées
    }
export-left-out-restricted = { $count ->
        [one] { $count } fiche à diffusion restreinte non exportée
       *[other] { $count } fiches à diffusion restreinte non exportées
    }
export-left-out-internal = { $count ->
        [one] { $count } fiche à usage interne non exportée
       *[other] { $count } fiches à usage interne non exportées
    }
export-left-out-no-point = { $count ->
        [one] { $count } fiche sans lieu exact ou village qui puisse être montré, non exportée
       *[other] { $count } fiches sans lieu exact ou village qui puisse être montré, non exportées
    }
export-redacted = { $count ->
        [one] { $count } fiche dont l'intitulé, la date ou le lieu est réservé (mission à venir, camp, puits ou dépôt)
       *[other] { $count } fiches dont l'intitulé, la date ou le lieu est réservé (mission à venir, camp, puits ou dépôt)
    }
export-with-texts = Avec récits et notes : ne pas rediffuser
export-counts-explained = Les nombres inférieurs à 5 s'écrivent « <5 » ; les incidents des 30 derniers jours ou sans date ne sont pas comptés

journal = Journal des exports
journal-explained = Chaque fichier sorti de ce poste laisse une ligne : qui, quand, par quel filtre, combien de fiches. Jamais ce qu'elles contiennent.
journal-empty = Rien n'a encore été exporté de ce poste.
journal-when = Quand
journal-who = Qui
journal-what = Quelles fiches
journal-format = Format
journal-rows = Fiches
journal-left-out = Non exportées
journal-all = toutes
journal-words = mots cherchés
journal-texts = avec récits et notes
journal-command = ligne de commande
journal-latest = { $count ->
        [one] La dernière ligne.
       *[other] Les { $count } dernières lignes, la plus récente d'abord.
    }
error-role = Réservé
    .do = Cette page ou ce fichier demande un autre rôle. Adressez-vous au chef de bureau.

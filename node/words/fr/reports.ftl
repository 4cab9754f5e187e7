### Rapports : le choix, ce qui a été établi, et le papier.

nav-reports = Rapports
reports-title = Rapports
reports-explained = Un rapport est établi pour une période, à partir de la situation d'un moment, et se réimprime tel quel : son empreinte le prouve. Deux bureaux qui ont les mêmes données impriment la même empreinte.
reports-made = Rapports établis à ce bureau
reports-none = Aucun rapport n'a encore été établi.
report-annual = Rapport annuel
report-quarterly = Rapport trimestriel d'activité et financier
report-brief = Note d'une page
report-digest = Synthèse publique
report-dossier = Dossier d'une fiche
dossier-make = Établir le dossier
dossier-restricted = Diffusion restreinte : le titre, les récits, les textes et les lieux n'y figurent pas.
dossier-still-to-come = Aucun dossier n'a été établi : cette mission est à venir, et rien n'en sort avant qu'elle ait eu lieu.
report-of = { $kind }, { $period }
report-kind = Rapport
report-year = Année
report-quarter = Période
report-whole-year = Toute l'année
report-quarter-of = Trimestre { $quarter }
report-quarter-hint = Le rapport trimestriel demande un trimestre ; le rapport annuel porte toujours sur l'année.
report-knowledge = Situation
report-now = Situation arrêtée maintenant
report-as-in = Situation de : { $report }, { $moment }
report-make = Établir le rapport
report-made-at = Établi le
report-made-by = Établi par
report-fingerprint = Empreinte
report-no-period = Rien n'a été établi : donnez une année en quatre chiffres et, pour le rapport trimestriel, un trimestre.
report-lacking = Ce rapport ne peut pas être établi ici : il manque des modifications de { $offices } qui en font partie. Échangez avec qui les a, puis recommencez.
nothing-printed = Aucun de ces chiffres n'a encore été imprimé à ce bureau.
last-printed = Derniers chiffres imprimés : { $report }, le { $moment }, empreinte
printed-value = (imprimé : { $value })

## Le papier

report-earlier = État antérieur
report-earlier-explained = les données d'aujourd'hui donnent d'autres chiffres.
report-differs = Attention : ce qui est imprimé ici n'est pas le rapport d'origine, dont l'empreinte est autre. Le programme a changé depuis, ou le journal des rapports a été modifié.
report-freshness = Jusqu'où vont les données
report-until = Dernière saisie reçue
report-silent = sans nouvelles
report-at-least = Les totaux se lisent « au moins » : il peut manquer des saisies de { $offices }.
report-plan = Plan de la période
report-plan-none = Aucune ligne de plan n'est saisie pour la période.
report-plan-counted = { $count ->
        [one] { $count } ligne de plan n'est que comptée : à venir, à diffusion restreinte ou en surnombre.
       *[other] { $count } lignes de plan ne sont que comptées : à venir, à diffusion restreinte ou en surnombre.
    }
report-in-period = { $count ->
        [one] { $count } activité détaillée se situe, ou peut se situer, dans la période
       *[other] { $count } activités détaillées se situent, ou peuvent se situer, dans la période
    }
report-done = { $count ->
        [one] dont { $count } achevée
       *[other] dont { $count } achevées
    }
report-undated = { $count ->
        [one] { $count } activité n'a pas de date
       *[other] { $count } activités n'ont pas de date
    }
report-by-region = Activités détaillées de la période, par région
report-by-objective = Activités détaillées de la période, par objectif
report-all = Détaillées
report-of-these-done = Achevées
report-consultations = Concertations de la période
report-participants = Participants
report-held = Tenues
report-uncounted = Sans effectif
report-perhaps = { $count ->
        [one] (et { $count } à date imprécise)
       *[other] (et { $count } à date imprécise)
    }
report-none = Aucune saisie.
report-entered = { $count ->
        [one] { $count } saisi dans la période
       *[other] { $count } saisis dans la période
    }
report-moved = { $count ->
        [one] { $count } changement de phase
       *[other] { $count } changements de phase
    }
report-moved-row = Phase atteinte dans la période
report-meetings = { $count ->
        [one] { $count } rencontre de médiation
       *[other] { $count } rencontres de médiation
    }
report-agreements = { $count ->
        [one] { $count } accord conclu
       *[other] { $count } accords conclus
    }
report-incidents = Incidents de la période
report-count = Nombre
report-endings = Accords qui prennent fin dans la période ou dans l'année qui suit
report-endings-counted = { $count ->
        [one] { $count } autre accord
       *[other] { $count } autres accords
    }
report-endless = { $count ->
        [one] { $count } accord à fin inconnue
       *[other] { $count } accords à fin inconnue
    }
report-decisions = Décisions restées sans exécution complète
report-alerts = Alertes
report-alerts-raised = { $count ->
        [one] { $count } alerte dans la période
       *[other] { $count } alertes dans la période
    }
report-alerts-answered = { $count ->
        [one] dont { $count } suivie d'une réponse
       *[other] dont { $count } suivies d'une réponse
    }
report-resources = Ressources au { $day }
report-in-year = Mobilisé dans l'année
report-in-quarter = Mobilisé dans le trimestre
report-money-undated = Dont sans date
report-by-partner = Par partenaire
report-other-partners = { $count ->
        [one] et { $count } autre partenaire
       *[other] et { $count } autres partenaires
    }
report-reviews = Difficultés, enseignements et mesures
report-unnamed = { $count ->
        [one] { $count } fiche à diffusion restreinte n'est que comptée.
       *[other] { $count } fiches à diffusion restreinte ne sont que comptées.
    }
digest-explained = Ne sont comptées que les fiches publiques. Les effectifs de moins de cinq personnes ou événements s'écrivent « <5 » ; les incidents des trente derniers jours n'y sont pas.
digest-left-out = Fiches qui ne sont pas publiques :

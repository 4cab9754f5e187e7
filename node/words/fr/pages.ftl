### Pages : titres, boutons, phrases.

data-as-of = Situation arrêtée au { $moment }
last-heard = Dernières nouvelles de { $office } : { $ago }
only-here = Ici seulement
records-only-here = { $count ->
        [one] { $count } fiche ici seulement
       *[other] { $count } fiches ici seulement
    }
add-one = Ajouter { $what }
skip = Aller au contenu
nav = Rubriques
nav-today = Aujourd'hui
nav-conflicts = Conflits
nav-consultations = Concertations
nav-projects = Projets
nav-sync = Liaisons
sign-in = Se connecter
sign-in-at = Se connecter au bureau de { $office }
sign-in-nobody = Ce poste n'a pas encore de compte. Sur ce poste, dans un terminal, tapez :
sign-in-wrong = Le nom ou le mot de passe ne convient pas.
sign-in-wait = Trop d'essais. Réessayez dans { $count } s.
sign-out = Quitter
account-name = Nom du compte
password = Mot de passe
yes = Oui
no = Non
whole-country = Tout le pays
date-typed = jj/mm/aaaa ou aaaa
place-exact = Coordonnées et précision
choose = Choisir
one-a-line = (un par ligne)
edit = Modifier
edit-one = Modifier : { $what }
history = Historique
save = Enregistrer
save-and-next = Enregistrer et saisir le suivant
saved-at = Enregistré à { $office }.
saved-next = Enregistré. Voici le formulaire suivant.
cancel = Abandonner
because-label = Motif
because = motif : { $reason }
receipts-title = Accusés de réception
received-at = Reçu à { $office } le { $moment }, { $way }
received-in-part = Pas encore à { $office } : un état antérieur y est, au { $moment }
not-yet-at = Pas encore à { $office } (dernières nouvelles le { $moment })
unknown-at = { $office } : on ne sait pas, sans nouvelles
way-link = par liaison
way-office = via { $office }
way-bundle = par clé USB
office = Bureau
offices = Les bureaux
office-unnamed = un bureau sans nom
office-here = { $office } : ce bureau
never-heard = { $office } : jamais de nouvelles
divergent = Saisies divergentes
divergent-explained = Deux bureaux ont saisi des valeurs différentes sans se connaître. Toutes restent ; choisissez celle qui vaut, ou écrivez-en une autre.
look-and-settle = Voir et trancher
withdrawn-and-edited = retiré par un bureau, modifié par un autre
withdrawn-item = Élément retiré
was-withdrawn = retiré
withdraw = Retirer
restore = Rétablir
values-entered = Valeurs saisies
shown-meanwhile = valeur affichée en attendant
history-settled = tranché :
third-value = Écrire une autre valeur
settle = Trancher
settle-choose = Choisissez une valeur, ou écrivez-en une autre.
settle-changed = D'autres valeurs sont arrivées entre-temps. Les voici toutes.
settle-refused = Cette valeur n'est pas possible ici.
to-look-at = À vérifier
changed-by = { $person }, { $office }, { $moment }
last-change = Dernière modification : { $stamp }
nothing = rien
an-item = un élément
back-to-record = Retour à la fiche
back-to-today = Retour à Aujourd'hui
untitled = (sans intitulé)
last-changed = Dernière modification
search-words = Mots
all-of-them = Toutes
show-list = Afficher
next-page = Page suivante
needs-a-person = À faire
needs-nobody = Rien n'attend personne.
latest-changes = Dernières modifications
link-title = Liaison
link-up = Liaison établie
link-cut = Liaison coupée
last-news = Dernières nouvelles
waiting-to-leave = En attente d'envoi
missing-here = Manque ici
unknown = inconnu
code-explained = Code à lire au téléphone ; deux bureaux qui ont le même savent la même chose :
sync-alone = Aucun autre bureau n'est connu pour l'instant.
sync-cut = Aucune liaison. Tout reste enregistré ici.
sync-up = Liaison établie.
section-main = L'essentiel
section-who = Qui et pourquoi
section-participants = Participants
section-report = Rapport
section-recommendations = Recommandations
section-census = Recensement
section-happened = Chronologie et alertes
section-mediation = Médiation, décisions, accords
section-programme = Dans le Programme
section-request = Requête
section-selection = Sélection
section-agreement = Convention
section-execution = Exécution
section-money = Budget et contributions
section-paper = Papier et classement
value-there-now = À présent :
value-you-typed = Vous avez saisi :
not-saved-empty = Rien n'est rempli : rien n'a été enregistré.
not-saved-store = Pas enregistré : le disque ne peut plus écrire. Ce que vous avez saisi est encore ici ; libérez de la place et enregistrez à nouveau.
not-saved-too-much = Pas enregistré : c'est trop pour une seule fois. Enregistrez en plusieurs parties.
not-saved-version = Pas enregistré : la fiche dont vous êtes parti n'est pas connue ici. Copiez votre texte et rouvrez la fiche.
error-not-found = Il n'y a rien à cette adresse
    .do = La fiche n'est pas à ce bureau, ou l'adresse est incomplète.
error-read-only = Lecture seule
    .do = Votre compte permet de lire, pas de modifier. Rien n'a été changé.
error-form = Ce formulaire n'est plus valable
    .do = Revenez en arrière, votre texte y est encore ; connectez-vous dans un autre onglet, puis enregistrez à nouveau.
error-too-large = C'est trop long
    .do = Un formulaire prend au plus 1 Mo. Revenez en arrière et enregistrez en plusieurs parties.
error-unknown-kind = Fiche d'une version plus récente
    .do = Elle est gardée telle quelle. Mettez le programme à jour pour la lire.
error-stopping = Le poste s'arrête
    .do = Attendez un instant, puis rechargez la page.
error-internal = Quelque chose n'a pas marché
    .do = Rechargez la page. Si cela revient, prévenez le responsable du réseau : le journal du poste en dit plus.
problem-not-a-number = Écrivez un nombre entier : 12
problem-not-a-coordinate = Écrivez des degrés décimaux : 19,95
problem-not-a-date = Écrivez une date : 22/11/2026, 11/2026, 2026, T1 2026, après 2010, 2005 – 2007
problem-not-an-amount = Écrivez un montant : 1 500 000
problem-not-a-choice = Choisissez dans la liste
records-found = { $count ->
        [one] { $count } fiche
       *[other] { $count } fiches
    }
records-found-at-least = { $count ->
        [one] au moins { $count } fiche (lecture en cours)
       *[other] au moins { $count } fiches (lecture en cours)
    }
to-complete = { $count ->
        [one] { $count } point à compléter
       *[other] { $count } points à compléter
    }
divergences = { $count ->
        [one] { $count } divergence
       *[other] { $count } divergences
    }
need-divergence = { $count ->
        [one] { $count } fiche avec des saisies divergentes
       *[other] { $count } fiches avec des saisies divergentes
    }
need-decision = { $count ->
        [one] { $count } fiche où un élément est retiré et modifié
       *[other] { $count } fiches où un élément est retiré et modifié
    }
need-flag = { $count ->
        [one] { $count } fiche à vérifier
       *[other] { $count } fiches à vérifier
    }
need-standstill = { $count ->
        [one] { $count } fiche qui attend la suite
       *[other] { $count } fiches qui attendent la suite
    }
need-to-complete = { $count ->
        [one] { $count } fiche à compléter
       *[other] { $count } fiches à compléter
    }
and-more = { $count ->
        [one] et { $count } autre
       *[other] et { $count } autres
    }
changes = { $count ->
        [one] { $count } modification
       *[other] { $count } modifications
    }
not-saved-faults = { $count ->
        [one] Pas encore enregistré : { $count } champ à corriger.
       *[other] Pas encore enregistré : { $count } champs à corriger.
    }
not-saved-changed = { $count ->
        [one] Pas encore enregistré : { $count } champ a été modifié entre-temps. Enregistrez à nouveau pour garder votre valeur.
       *[other] Pas encore enregistré : { $count } champs ont été modifiés entre-temps. Enregistrez à nouveau pour garder vos valeurs.
    }
role-regional-officer = Agent régional
role-head-of-office = Chef de bureau
role-conflict-expert = Expert conflits
role-evaluator = Évaluateur
role-committee-member = Membre du comité de sélection
role-national-coordinator = Coordonnateur national
role-national-director = Directeur national
role-reader = Lecteur (lecture seule)
role-network-operator = Responsable du réseau
add-any = Ajouter :
evaluate-explained = Votre avis reste scellé à ce bureau jusqu'à ce que tous les évaluateurs aient donné le leur. Personne ne le lit avant, et il ne change plus.
evaluate-nobody = Aucun évaluateur n'est désigné : inscrivez d'abord leurs noms sur la fiche.
evaluate-who = Choisissez l'évaluateur.
evaluate-empty = L'avis est vide.
evaluate-seal = Sceller l'avis
opinion-awaited = avis attendu
opinion-sealed = avis donné, encore scellé
opinion-broken = l'avis publié n'est pas celui qui avait été scellé
tie = Rattacher à une autre fiche
tie-verb = Rattacher
untie = Détacher
tie-choose = Choisissez une fiche et la nature du lien.
tie-refused = Ce lien n'est pas possible.
tie-none = Aucune fiche ne correspond.
tie-not-here = une fiche qui n'est pas encore à ce bureau

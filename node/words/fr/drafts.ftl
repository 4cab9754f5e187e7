### Brouillons, lieux proposés et nouvelles qui arrivent pendant qu'on lit.

clock = { $hour } h { $minute }
draft-of-today = Brouillon de { $time }
draft-of-day = Brouillon du { $moment }
draft-resume = Reprendre
draft-drop = Supprimer
draft-resumed = { $draft }, repris ici. Rien n'est encore enregistré.
draft-kept = Brouillon gardé à { $time }
draft-elsewhere = Ce formulaire est aussi ouvert ailleurs. Les deux brouillons sont gardés.
draft-unkept = Brouillon pas encore gardé : le poste ne répond pas, ou la session a expiré. Votre texte est toujours ici.
draft-too-long = Brouillon pas gardé : le texte est trop long. Enregistrez en plusieurs parties.
draft-no-room = Brouillon pas gardé : le disque ne peut plus écrire. Votre texte est toujours ici.
drafts-unfinished = Vos brouillons
session-ended = Votre session a expiré. Ce que vous avez saisi est encore dans cette page : connectez-vous, et le formulaire revient tel quel.
news-arrived = Des nouvelles sont arrivées
news-of-record = Cette fiche a changé
news-reload = Recharger

### Liaisons entre bureaux, et plis portés à la main : node/src/pages/sync.rs.

sync-cut-waiting = { $count ->
        [one] Aucune liaison. { $count } fiche attend de partir.
       *[other] Aucune liaison. { $count } fiches attendent de partir.
    }
head = { $what } :
link-none = Pas de liaison directe
silent-since = Sans nouvelles depuis le { $moment }
unknown-since = inconnu depuis le { $moment }
at-least-changes = { $count ->
        [one] au moins { $count } modification
       *[other] au moins { $count } modifications
    }
only-here-none = Rien n'est ici seulement : un autre bureau au moins a chaque modification.
only-here-oldest = la plus ancienne : { $ago }
only-here-list = Voir ces fiches
only-here-since = Ici seulement depuis
only-here-explained = D'après leurs dernières nouvelles, les autres bureaux n'ont pas les dernières modifications de ces fiches. Si ce poste se perdait, elles seraient perdues.

# L'écart d'une horloge, après « en retard » et « en avance ».
clock-span = { $unit ->
        [years] { $count ->
                [1] d'un an
               *[other] de { $count } ans
            }
        [months] de { $count } mois
        [days] de { $count } jours
       *[hours] { $count ->
                [1] d'une heure
               *[other] de { $count } heures
            }
    }
clock-late = Horloge de { $office } en retard { clock-span }
clock-early = Horloge de { $office } en avance { clock-span }
clock-do = Mettez-la à l'heure. Si plusieurs bureaux semblent mal réglés, vérifiez d'abord l'heure de ce poste. Rien n'est perdu : l'historique suit ce que chaque bureau avait vu, non les horloges.

pli-title = Porter par clé USB
pli-prepare = Préparer un pli
pli-for = Pour quel bureau ?
pli-for-hint = Le pli porte ce que ce bureau n'a pas encore, d'après ses dernières nouvelles. Pour tous les bureaux, il porte tout.
pli-any = tous les bureaux
pli-open = Ouvrir un pli reçu
pli-file = Fichier du pli
pli-open-hint = Un fichier dont le nom finit par .toguna, { $size } au plus. S'il est abîmé, rien n'est pris.
pli-not-made = Le pli n'a pas été préparé : le disque de ce poste ne peut plus écrire. Libérez de la place, puis préparez-le à nouveau.
stick-none = Aucun pli n'a encore été ouvert ici.
stick-opened = Dernier pli ouvert : le { $moment }, de { $office } ({ $records }).
stick-made = Dernier pli préparé : le { $moment }, pour { $office } ({ $records }).

size-kilobytes = { $count } Ko
size-megabytes = { $count } Mo

slip-title = Bordereau d'envoi
slip-fetch = Télécharger le pli
slip-explained = Copiez le fichier sur la clé USB, imprimez ce bordereau et remettez les deux ensemble. Le fichier est chiffré : seul un bureau du réseau peut l'ouvrir.
slip-file = Fichier
slip-made = Préparé le
slip-from = Expéditeur
slip-for = Destinataire
slip-contents = Contenu
slip-empty = ce pli ne porte que des accusés de réception
slip-written-at = dont saisies à { $office }
slip-acknowledgements = { $count ->
        [one] de { $count } bureau
       *[other] de { $count } bureaux
    }
slip-size = Taille
slip-code = Code du fichier :
slip-goes-on = Ce pli ne porte que ce qui manque à { $office }. Un autre bureau ne peut pas toujours l'ouvrir.
slip-handed = Remis par, le
slip-carried = Porté par
slip-opened = Reçu et ouvert par, le

opened-title = Pli ouvert
opened-records = { $count ->
        [one] { $count } fiche reçue
       *[other] { $count } fiches reçues
    }
opened-already = Déjà reçu : tout ce que ce pli apporte est déjà ici.
opened-no-records = Aucune fiche nouvelle. Le pli apporte des nouvelles des bureaux.
opened-from = Pli de { $office }, préparé le { $moment }.
opened-for-another = Ce pli était préparé pour { $office }. Faites-le suivre aussi.
opened-settled = { $count ->
        [one] { $count } fiche qui n'était qu'ici
       *[other] { $count } fiches qui n'étaient qu'ici
    }
opened-word = Nouvelles de { $office } du { $moment }, { $way }
opened-more = Une autre partie suit : ouvrez-la aussi.
opened-apart = Ce bureau et { $office } ne tiennent pas les mêmes choses : demandez à { $office } un pli complet, préparé pour tous les bureaux, et envoyez-lui un pli complet d'ici.
opened-back = Retour aux liaisons

refused-nothing = Aucun fichier n'a été choisi
    .do = Choisissez le pli sur la clé USB, puis « Ouvrir un pli reçu ».
refused-too-large = Ce fichier est trop grand
    .do = Rien n'a été pris. Demandez au bureau qui l'a préparé un pli pour ce bureau seulement, ou ouvrez-le avec le programme en ligne de commande.
refused-disk = Le pli n'a pas pu être enregistré
    .do = Le disque de ce poste ne peut plus écrire. Libérez de la place, puis ouvrez le pli à nouveau : ce qui est déjà reçu reste reçu.
refused-not-one = Ce fichier n'est pas un pli
    .do = Rien n'a été pris. Cherchez sur la clé un fichier dont le nom finit par .toguna.
refused-newer = Ce pli vient d'une version plus récente du programme
    .do = Rien n'a été pris. Mettez ce poste à jour, puis ouvrez le pli à nouveau.
refused-another-network = Ce pli est d'un autre réseau
    .do = Rien n'a été pris. Vérifiez de quel bureau vient la clé : seuls les bureaux qui ont le même secret s'échangent des plis.
refused-damaged = Pli abîmé, rien n'a été pris
    .do = Copiez-le à nouveau depuis le poste qui l'a préparé, de préférence sur une autre clé.
refused-cut-short = Pli abîmé, rien n'a été pris
    .do = Il manque la fin du fichier : la copie s'est interrompue, ou la clé a été retirée trop tôt. Copiez-le à nouveau depuis le poste qui l'a préparé.
refused-base = Ce pli suppose ce que ce bureau n'a pas : demandez un pli complet à { $office }
    .do = Rien n'a été pris. À { $office }, il faut préparer un pli pour « tous les bureaux ».

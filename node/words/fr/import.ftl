### Import d'un fichier CSV : comment il est compris, ce qui ne va pas, ce qui est importé. Les mêmes phrases servent à la ligne de commande.

import = Importer un fichier CSV
import-title = Importer : { $kinds }
import-reason = Import d'un fichier CSV
import-explained = Un fichier CSV tient une fiche par ligne, sous une ligne de titres. Rien n'est enregistré avant que vous n'ayez vu et confirmé ce qui a été compris.
import-limits = Au plus { $rows } lignes et { $size } Mo. Seul l'intitulé est obligatoire.
import-file = Fichier CSV
import-file-hint = Depuis Excel ou LibreOffice : Enregistrer sous, type CSV UTF-8.
import-preview = Voir ce qui a été compris
import-template = Modèle à remplir
import-template-note = Modèle d'import – { $kinds } · une ligne par fiche, seul l'intitulé est obligatoire · plusieurs valeurs : séparées par | · dates : 2010, 11/2010, T3 2010, 22/11/2010 · gardez la ligne des titres
import-columns = Colonnes reconnues et ce qu'elles acceptent
import-columns-explained = L'ordre est libre, les colonnes inutiles peuvent manquer ; majuscules et accents ne comptent pas.
import-no-lists = Incidents, alertes, recommandations, accords, contributions et autres listes se saisissent ensuite, dans chaque fiche.

import-takes-date = une date : 22/11/2010, 11/2010, T3 2010, 2010, après 2010, 2005 – 2007
import-takes-number = un nombre entier
import-takes-degrees = des degrés décimaux : 16,27
import-takes-amount = un montant et sa devise : 1 500 000 XOF
import-takes-place-key = la clé d'un lieu du répertoire ; le nom du lieu suffit
import-takes-text = du texte
import-takes-several = plusieurs possibles, séparés par | : { $what }

import-read-as = Lu en { $charset }, cellules séparées par { $separator ->
        [semicolon] des points-virgules
        [tab] des tabulations
       *[comma] des virgules
    }, titres à la ligne { $row }.
import-meaning = Comment les colonnes ont été comprises
import-meaning-file = Dans le fichier
import-meaning-field = Comprise comme
import-meaning-told = non reprise : calculée par le programme ou saisie dans la fiche
import-meaning-id = identifiant : reconnaît une fiche qui est déjà là
import-meaning-kind = nature des fiches, vérifiée
import-meaning-unknown = non reconnue, ne sera pas importée
import-meaning-like = non reconnue, ne sera pas importée ; vouliez-vous dire « { $column } » ?
import-meaning-empty = vide
import-unnamed = (sans titre, colonne { $number })

import-new = { $count ->
        [one] { $count } fiche nouvelle
       *[other] { $count } fiches nouvelles
    }
import-here = { $count ->
        [one] { $count } fiche est déjà là et reste comme elle est
       *[other] { $count } fiches sont déjà là et restent comme elles sont
    }
import-at-fault = { $count ->
        [one] { $count } ligne est à corriger
       *[other] { $count } lignes sont à corriger
    }
import-unknown = Colonnes non reconnues, qui ne seront pas importées : { $columns }
import-nothing-new = Rien de nouveau à importer.
import-first = { $count ->
        [one] La première fiche, telle qu'elle serait enregistrée
       *[other] Les { $count } premières fiches, telles qu'elles seraient enregistrées
    }
import-row = Ligne { $row }
import-faults = { $count ->
        [one] Une erreur
       *[other] { $count } erreurs
    }
import-faults-first = Les { $number } premières sont dites ici.
import-correct = Corrigez le fichier et choisissez-le de nouveau : ce qui aura déjà été importé ne le sera pas deux fois.
import-again = Choisir un autre fichier
import-twins = Peut-être déjà saisies
import-twins-explained = Même intitulé, à quelques mots près. Rien n'empêche d'importer ; deux fiches du même conflit se rattachent ensuite.
import-twin-here = Ligne { $row } : ressemble à
import-twin-row = Ligne { $row } : ressemble à la ligne { $other }
import-taken-keys = Références déjà prises
import-taken-key = Ligne { $row } : sa référence est déjà celle de
import-taken-explained = Ces lignes ne seront pas importées. Si ce sont d'autres fiches, changez leur référence dans le fichier.
import-from-export = Ce fichier vient d'un export de Toguna. Ce que les bureaux ont saisi arrive par les liaisons et les plis, sans import ; n'importez que ce qui ne peut pas venir ainsi.
import-withheld = { $count ->
        [one] { $count } cellule réservée par l'export compte comme vide.
       *[other] { $count } cellules réservées par l'export comptent comme vides.
    }
import-confirm = { $count ->
        [one] Importer { $count } fiche
       *[other] Importer { $count } fiches
    }
import-confirm-rest = { $count ->
        [one] Importer la ligne sans erreur
       *[other] Importer les { $count } lignes sans erreur
    }{ $rows ->
        [0] { "" }
        [one] , laisser { $rows } ligne
       *[other] , laisser { $rows } lignes
    }{ $columns ->
        [0] { "" }
        [one] , sans la colonne non reconnue
       *[other] , sans les { $columns } colonnes non reconnues
    }
import-drop = Abandonner
import-not-yet = Le poste relit encore ses fiches : il ne peut pas dire lesquelles sont déjà là. Rechargez cette page dans un moment.
import-kept = Le fichier est gardé sur ce poste pendant une heure, pour vous seul, puis effacé.

import-begins = L'import commence.
import-running = Import en cours : { $done } sur { $count }
import-running-explained = Cette page se recharge d'elle-même. L'import continue si vous la quittez.
import-done = { $count ->
        [one] { $count } fiche importée.
       *[other] { $count } fiches importées.
    }
import-done-here = { $count ->
        [one] { $count } des { $all } fiches était déjà là.
       *[other] { $count } des { $all } fiches étaient déjà là.
    }
import-done-left = { $count ->
        [one] { $count } ligne laissée.
       *[other] { $count } lignes laissées.
    }
import-to-list = Voir la liste
import-stopped = { $count ->
        [one] L'import s'est arrêté après { $count } fiche nouvelle.
       *[other] L'import s'est arrêté après { $count } fiches nouvelles.
    }
import-stopped-do = Ce qui est enregistré le reste. Recommencez : l'import continue là où il s'est arrêté et n'ajoute rien deux fois.
import-stopped-at = Arrêté à la ligne { $row } : { $why }

import-at = ligne { $row }, colonne { $column }
import-at-row = ligne { $row }
import-what = « { $value } »
import-what-unsaid = ce qui est écrit
import-fault = { $at } : { $why }
import-fault-title-missing = l'intitulé manque
import-fault-title-withheld = l'export a réservé l'intitulé ; écrivez-le, ou retirez la ligne
import-fault-not-a-region = { $what } n'est pas une région connue ; écrivez par exemple { $choices }
import-fault-not-a-choice = { $what } n'est pas dans la liste ; écrivez par exemple { $choices }
import-fault-not-a-date = { $what } n'est pas une date ; écrivez 22/11/2010, 11/2010, T3 2010, 2010 ou après 2010, entre 1800 et 2100
import-fault-not-a-number = { $what } n'est pas un nombre entier ; écrivez 12
import-fault-not-a-coordinate = { $what } n'est pas une coordonnée ; écrivez des degrés décimaux : 16,27
import-fault-not-an-amount = { $what } n'est pas un montant ; écrivez 1 500 000 XOF
import-fault-no-currency = la devise manque ; écrivez 1 500 000 XOF
import-fault-two-currencies = la devise du montant n'est pas celle de sa colonne ; gardez-en une
import-fault-not-a-currency = { $what } n'est pas une devise connue ; écrivez XOF ou USD
import-fault-not-a-place-key = { $what } n'est pas la clé d'un lieu du répertoire ; laissez la cellule vide, le nom du lieu suffit
import-fault-not-an-id = { $what } n'est pas un identifiant de fiche ; reprenez celui de l'export, ou laissez la cellule vide
import-fault-not-a-kind = { $what } n'est pas une nature de fiche
import-fault-other-kind = cette ligne est à importer sous : { $kind }
import-fault-too-long = le texte est plus long que les { $number } caractères de ce champ
import-fault-cell-too-long = la cellule est plus longue que tout texte d'une fiche ; un guillemet n'est peut-être pas fermé
import-fault-control-character = le texte contient des caractères de commande ou des marques qui changent le sens de lecture ; retapez-le
import-fault-incomplete = une partie manque : la latitude va avec la longitude
import-fault-too-many = trop de valeurs dans une cellule
import-fault-too-large = la ligne est trop longue pour une fiche ; répartissez-la
import-fault-too-many-cells = plus de cellules que les { $number } colonnes ; un séparateur ou un guillemet est mal placé
import-fault-quote-open = un guillemet n'est pas fermé : la cellule contient ce qui ressemble à d'autres lignes
import-fault-key-twice = { $what } est déjà la référence de la ligne { $number } ; chaque fiche a la sienne
import-fault-row-twice = la même chose qu'à la ligne { $number } ; retirez-en une, ou dites ce qui les distingue
import-fault-key-elsewhere = { $what } est déjà la référence d'une fiche parmi : { $kind }
import-fault-refused = { $what } n'est pas accepté ici ({ $detail })

import-unreadable-empty = Le fichier est vide.
import-unreadable-too-large = Le fichier a plus de { $number } Mo. Divisez-le.
import-unreadable-workbook = C'est un classeur Excel ou LibreOffice : enregistrez-le en CSV (Enregistrer sous, type CSV UTF-8), puis choisissez ce fichier-là.
import-unreadable-not-text = Ce fichier n'est pas du texte. Choisissez un fichier CSV, enregistré depuis un tableur.
import-unreadable-too-many-rows = Le fichier a plus de { $number } lignes. Divisez-le.
import-unreadable-too-many-columns = Le fichier a plus de { $number } colonnes. Gardez celles du modèle.
import-unreadable-no-rows = Sous la ligne des titres, il n'y a rien.
import-unreadable-no-heads = Aucune des premières lignes ne nomme les colonnes : il faut au moins « { $title } ». Lu dans le fichier : { $found }. Partez du modèle.
import-unreadable-twice = Les colonnes { $first } et { $second } sont pour le même champ. Gardez-en une.
import-unreadable-closed = Colonne { $number }, { $column } : ces noms ne peuvent pas encore être saisis, faute de compartiment protégé. Retirez la colonne du fichier.
import-unreadable-disk = Le fichier n'a pas pu être gardé sur ce poste : le disque est peut-être plein.
import-unreadable-nothing = Choisissez un fichier.
import-unreadable-gone = Ce fichier n'est plus gardé ici : choisissez-le de nouveau. Ce qui a été importé ne le sera pas deux fois.

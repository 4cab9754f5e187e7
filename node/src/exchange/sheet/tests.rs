//! Files as people have them, and as nobody should.

use super::*;
use crate::{
    exchange::Draft,
    words::{Lang, Words},
};

fn pack() -> Pack {
    Pack::embedded()
}

fn good(kind: Kind, text: &str) -> Sheet {
    let sheet = read("f.csv", text.as_bytes(), kind, &pack()).expect("a table");
    assert!(sheet.faults.is_empty(), "{:?}", said(&sheet));
    sheet
}

fn record(draft: &Draft) -> Value {
    let mut record = draft.record.clone();
    record.remove("source_ref");
    record.remove("kind");
    Value::Object(record)
}

fn said(sheet: &Sheet) -> Vec<String> {
    let plain = |text: String| text.replace(['\u{a0}', '\u{202f}'], " ");
    let all = sheet.faults.iter();
    all.map(|fault| plain(fault.said(sheet, Words::embedded(), Lang::Fr, &pack(), true))).collect()
}

#[test]
fn a_register_is_understood_however_it_is_saved() {
    let french = "Intitulé;Régions concernées;Phase;Date d'effet;Enjeux;Lieu;Autres noms du conflit;Date de début;Nombre de personnes touchées\r\n\
        Puits de Tin-Essako;Kidal | gao;Trêve;T3 2010;;Ménaka;Tin|Essako, dit le vieux;11/2009;1 204\r\n";
    let english = "title,regions,phase,phase_since,place,aliases,start_date,persons_affected\n\
        Puits de Tin-Essako,\"ML-8, Région de Gao\",truce,2010-35,menaka,\"Tin|Essako, dit le vieux\",November 2009,1204\n";
    let expected = json!({
        "title": "Puits de Tin-Essako", "regions": ["ML-7", "ML-8"], "phase": {"is": "truce", "since": "2010-35"},
        "aliases": ["Essako, dit le vieux", "Tin"], "start_date": "2009-11", "persons_affected": 1204,
    });
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(french);
    let marked = format!("\u{feff}{french}");
    let tabs = french.replace(';', "\t");
    let files: [(&[u8], char, Charset); 5] = [
        (french.as_bytes(), ';', Charset::Utf8),
        (&latin, ';', Charset::Windows1252),
        (marked.as_bytes(), ';', Charset::Utf8),
        (tabs.as_bytes(), '\t', Charset::Utf8),
        (english.as_bytes(), ',', Charset::Utf8),
    ];
    for (bytes, separator, charset) in files {
        let sheet = read("f.csv", bytes, Kind::Conflict, &pack()).expect("a table");
        assert_eq!((said(&sheet), sheet.separator, sheet.charset), (Vec::new(), separator, charset));
        let mut found = record(&sheet.drafts[0]);
        let place = found.as_object_mut().unwrap().remove("place").unwrap();
        assert_eq!((&place["key"], &place["precision"]), (&json!("GN-2453514"), &json!("village")));
        assert_eq!(found, expected, "{charset:?}");
    }
}

#[test]
fn money_is_in_the_minor_unit_of_its_currency() {
    let table = [
        ("Intitulé;Besoin\nA;4 730 000,50 USD\n", json!({"amount": 473_000_050, "currency": "USD"})),
        ("Intitulé;Montant\nA;1 500 000 F CFA\n", json!({"amount": 1_500_000, "currency": "XOF"})),
        ("Intitulé;Montant\nA;150000 FCFA\n", json!({"amount": 150_000, "currency": "XOF"})),
        ("Intitulé;Montant;Devise\nA;150000;Franc CFA\n", json!({"amount": 150_000, "currency": "XOF"})),
        ("Intitulé;Montant;Devise\nA;;XOF\n", Value::Null),
    ];
    for (text, expected) in table {
        let sheet = good(Kind::Project, text);
        assert_eq!(record(&sheet.drafts[0]).get("need").cloned().unwrap_or_default(), expected, "{text}");
    }
}

#[test]
fn every_fault_is_told_by_its_cell_with_what_would_be_right() {
    let heads = "Intitulé;Région;Phase;Date de début;Nombre de personnes touchées;Latitude;Longitude;Enjeux";
    let table = [
        (";Gao;;;;;;", "ligne 3, colonne Intitulé : l'intitulé manque"),
        (
            "A;Gaao;;;;;;",
            "ligne 3, colonne Régions concernées : « Gaao » n'est pas une région connue ; écrivez par exemple Gao",
        ),
        ("A;Xyz;;;;;;", "n'est pas une région connue ; écrivez par exemple Kayes"),
        ("A;;Guerre;;;;;", "ligne 3, colonne Phase : « Guerre » n'est pas dans la liste ; écrivez par exemple"),
        ("A;;;31/02/2009;;;;", "ligne 3, colonne Date de début : « 31/02/2009 » n'est pas une date"),
        ("A;;;;beaucoup;;;", "« beaucoup » n'est pas un nombre entier"),
        ("A;;;;;seize;1;", "« seize » n'est pas une coordonnée"),
        ("A;;;;;16,27;;", "une partie manque : la latitude va avec la longitude"),
        ("A;;;;;160;1;", "« 160 » n'est pas une coordonnée"),
        ("A;;;;;;;;x", "ligne 3 : plus de cellules que les 8 colonnes"),
        ("A\u{202e}B;;;;;;;", "colonne Intitulé : le texte contient des caractères de commande"),
        ("Bon;Gao;;;;;;", "ligne 3 : la même chose qu'à la ligne 2"),
        ("<script>;Gao;;1/1/1;;;;", "« 1/1/1 » n'est pas une date"),
    ];
    for (row, expected) in table {
        let sheet = read("f", format!("{heads}\nBon;Gao;;;;;;\n{row}\n").as_bytes(), Kind::Conflict, &pack()).unwrap();
        assert_eq!((sheet.drafts.len(), sheet.faulty_rows), (1, 1), "{row}: {:?}", said(&sheet));
        assert!(said(&sheet)[0].contains(expected), "{row}: {:?}", said(&sheet));
        let unsaid = sheet.faults[0].said(&sheet, Words::embedded(), Lang::En, &pack(), false);
        assert!(!unsaid.contains("Gaao") && !unsaid.contains("Guerre") && !unsaid.contains("beaucoup"), "{unsaid}");
    }
    let long = format!("{heads}\n{};;;;;;;\n{};;;;;;;\n", "x".repeat(301), "x".repeat(1_000_000));
    let sheet = read("f", long.as_bytes(), Kind::Conflict, &pack()).unwrap();
    assert!(said(&sheet)[0].contains("plus long que les 300 caractères"), "{:?}", said(&sheet));
    assert!(said(&sheet)[1].contains("la cellule est plus longue que tout texte d'une fiche"), "{:?}", said(&sheet));
    assert!(sheet.faults.iter().all(|fault| fault.value.chars().count() <= 61));
}

#[test]
fn faults_are_counted_and_the_first_are_told() {
    let rows: String = (0..200).map(|at| format!("Titre {at};Xyz;hier\n")).collect();
    let sheet = read("f", format!("Intitulé;Région;Date\n{rows}").as_bytes(), Kind::Conflict, &pack()).unwrap();
    assert_eq!((sheet.faults.len(), sheet.faults_in_all, sheet.faulty_rows), (MAX_FAULTS, 400, 200));
}

#[test]
fn what_is_no_table_of_records_is_refused_as_a_whole() {
    let wide = |columns: usize| format!("Intitulé{}\nA\n", ";x".repeat(columns));
    let long = format!("Intitulé\n{}", "A\n".repeat(MAX_ROWS + 1));
    let many: String = (0..1_000_000).map(|at| format!("a{at}\n")).collect();
    let many = format!("Titre\n{many}");
    let table = [
        ("".to_owned(), Unreadable::Empty),
        ("Intitulé;Région\n".to_owned(), Unreadable::NoRows),
        ("Intitulé;Région\n;\n ; \n".to_owned(), Unreadable::NoRows),
        ("Intitulé;Région;REGIONS\nA;;\n".to_owned(), Unreadable::Twice { first: 2, second: 3 }),
        ("Titre;Nom\nA;B\n".to_owned(), Unreadable::Twice { first: 1, second: 2 }),
        ("Identifiant;Intitulé;source_ref\n;A;1\n".to_owned(), Unreadable::Twice { first: 1, second: 3 }),
        (
            "Intitulé;Personnes-ressources\nA;B\n".to_owned(),
            Unreadable::Closed { column: 2, field: "resource_persons" },
        ),
        ("Ville;Couleur\nA;B\n".to_owned(), Unreadable::NoHeads { found: vec!["Ville".into(), "Couleur".into()] }),
        (wide(MAX_COLUMNS), Unreadable::TooManyColumns),
        (wide(100_000), Unreadable::TooManyColumns),
        (long, Unreadable::TooManyRows),
        (many, Unreadable::TooManyRows),
    ];
    for (text, expected) in table {
        let found = read("f", text.as_bytes(), Kind::Conflict, &pack()).err();
        assert_eq!(found.as_ref(), Some(&expected), "{}", excerpt(&text));
        for lang in Lang::ALL {
            let said = expected.said(Words::embedded(), lang, Kind::Conflict);
            assert!(!said.contains("import-") && !said.contains('$'), "{said}");
        }
    }
}

#[test]
fn a_quotation_mark_that_is_not_closed_is_noticed() {
    let text = "Intitulé;Description\nUn;\"récit\nDeux;autre\nTrois;encore\n";
    let sheet = read("f", text.as_bytes(), Kind::Conflict, &pack()).unwrap();
    assert_eq!(sheet.drafts, []);
    assert!(said(&sheet)[0].contains("ligne 2, colonne"), "{:?}", said(&sheet));
    assert!(said(&sheet)[0].contains("un guillemet n'est pas fermé"), "{:?}", said(&sheet));
}

#[test]
fn a_row_is_known_again_by_what_it_says_however_it_is_written() {
    let key = |text: &str| good(Kind::Conflict, text).drafts[0].source_ref.clone();
    let first = key("Intitulé;Région;Date\nA;Gao;11/2009\n");
    assert!(first.starts_with(ROW_KEY));
    assert_eq!(first, key("Date,Title,regions,Phase\n2009-11,\"A\",\"Région de Gao\",\n"));
    assert_ne!(first, key("Intitulé;Région;Date\nA;Gao;12/2009\n"));
    assert_eq!(key("Intitulé;Référence dans la source importée\nA;R-12\n"), "R-12");
    let twice = "Intitulé;source_ref\nA;R-1\nB;R-1\n";
    let sheet = read("f", twice.as_bytes(), Kind::Conflict, &pack()).unwrap();
    assert!(said(&sheet)[0].contains("« R-1 » est déjà la référence de la ligne 2"), "{:?}", said(&sheet));
}

#[test]
fn a_formula_comes_back_as_the_text_it_was() {
    let sheet = good(Kind::Conflict, "Intitulé;Description\n'=1+1;'-2 et plus\n'quote;'n\n");
    assert_eq!(record(&sheet.drafts[0]), json!({"title": "=1+1", "narrative": "-2 et plus"}));
    assert_eq!(record(&sheet.drafts[1]), json!({"title": "'quote", "narrative": "'n"}));
}

#[test]
fn columns_that_are_not_known_are_named_and_hold_nothing_back() {
    let sheet = good(Kind::Conflict, "Intitulé;Couleur;Vide;Incidents\nA;bleu;;12\n");
    let unknown: Vec<&str> = sheet.unknown().map(|head| head.name.as_str()).collect();
    assert_eq!((unknown, sheet.leaves_something()), (vec!["Couleur"], true));
    assert_eq!(record(&sheet.drafts[0]), json!({"title": "A"}));
}

#[test]
fn a_template_reads_back_and_takes_what_is_filled_in() {
    for kind in Kind::ALL {
        for lang in Lang::ALL {
            let mut file = template(kind, lang).expect("it is written to memory");
            assert_eq!(read("f", &file, kind, &pack()).err(), Some(Unreadable::NoRows), "{kind} {lang}");
            file.extend("Un titre\r\n".as_bytes());
            let sheet = read("f", &file, kind, &pack()).expect("a table");
            assert_eq!((sheet.head_row, sheet.heads.len()), (2, columns(kind).len()), "{kind} {lang}");
            assert_eq!(sheet.unknown().count(), 0);
            assert_eq!(record(&sheet.drafts[0]), json!({"title": "Un titre"}));
        }
    }
}

#[test]
fn every_code_has_its_sentence() {
    let source = [include_str!("../sheet.rs"), include_str!("cells.rs")].join("\n");
    let code = |line: &str| -> Vec<String> { line.split('"').skip(1).step_by(2).map(str::to_owned).collect() };
    let starts = ["not-", "no-", "two-", "too-", "title-", "row-", "key-", "other-", "cell-", "quote-"];
    let codes: Vec<String> =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(code).collect();
    let codes: Vec<&String> =
        codes.iter().filter(|code| starts.iter().any(|start| code.starts_with(start)) && !code.contains(' ')).collect();
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        let id = format!("import-fault-{code}");
        assert_ne!(Words::embedded().say(Lang::Fr, &id), id);
    }
}

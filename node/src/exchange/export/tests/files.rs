use super::*;

/// What must not stand in any file, in no format, with or without texts.
const NEVER: [&str; 16] = [
    "Secret de Ménaka",
    "Touaregs secrets",
    "Tessalit",
    "12 décembre 2026",
    "2026-12-12",
    "In-Tedjedit",
    "In Tedjedit",
    "Tin-Aguelhaj",
    "Anéfis-est",
    "17.55501",
    "17,55501",
    "1.77702",
    "20 novembre 2026",
    "2026-11-20",
    "source-cachee",
    "Awa",
];

/// Records of everything that leaves in part or not at all.
async fn delicate(office: &Office) {
    let (public, clash) = ("public", "community-clash");
    office
        .create(
            Kind::Conflict,
            json!({
                "title": "Éleveurs et agriculteurs de Gao", "regions": ["ML-7"], "sensitivity": public,
                "phase": {"is": "truce", "since": "2010"}, "place": place("Gao", "village"), "source_ref": "source-cachee",
                "narrative": "Un récit de terrain.", "notes": "Une note de bureau.",
                "incidents": {
                    "new-1": {"date": "2009-11-02", "incident_type": clash, "deaths": 3, "displaced": 12, "place": place("Ansongo", "village")},
                    "new-2": {"date": "2009-12", "incident_type": clash, "deaths": 4, "place": {"name": "In-Tedjedit", "lat": 17.55501, "lon": 1.77702, "precision": "exact"}},
                    "new-3": {"date": "2026-11-20", "incident_type": clash, "deaths": 90, "place": place("Bourem", "village")},
                    "new-4": {"incident_type": clash, "deaths": 900, "place": place("Bourem", "village")},
                },
            }),
        )
        .await;
    for title in ["Secret de Ménaka", "Touaregs secrets"] {
        let place = place("Ménaka", "village");
        office.create(Kind::Conflict, json!({"title": title, "sensitivity": "restricted", "place": place})).await;
    }
    let well = json!({"name": "Tin-Aguelhaj", "lat": 17.55501, "lon": 1.77702, "precision": "exact"});
    let titles = [(public, "Le puits de Tin-Aguelhaj"), ("internal", "Querelle de Tin-Aguelhaj")];
    for (sensitivity, title) in titles {
        let told = "On se bat à Tin-Aguelhaj.";
        let record = json!({"title": title, "sensitivity": sensitivity, "place": well, "narrative": told});
        office.create(Kind::Conflict, record).await;
    }
    let depot = json!({"name": "Dépôt d'Anéfis-est", "precision": "commune"});
    office.create(Kind::Conflict, json!({"title": "Vivres", "sensitivity": public, "place": depot})).await;
    let mission = json!({
        "title": "Mission à Tessalit", "sensitivity": public, "status": "planned", "start_date": "2026-12-12",
        "place": place("Tessalit", "village"), "purpose": "Tessalit, 12 décembre 2026", "regions": ["ML-8"],
    });
    office.create(Kind::Consultation, mission).await;
    office
        .create(
            Kind::Consultation,
            json!({"title": "Forum de Gao", "status": "held", "start_date": "2009-11", "event_count": 10}),
        )
        .await;
}

#[tokio::test]
async fn what_must_not_leave_stands_in_no_file() {
    let office = Office::new().await;
    delicate(&office).await;
    for kind in [Kind::Conflict, Kind::Consultation] {
        for (format, texts) in [
            (Format::Csv, false),
            (Format::Csv, true),
            (Format::Xlsx, false),
            (Format::Xlsx, true),
            (Format::GeoJson, false),
            (Format::GeoJson, true),
        ] {
            let (name, bytes) = office.export(office.order(kind, format, texts)).await;
            assert_eq!(name, format!("{}s-2026-11-26.{}", kind.key(), format.key()));
            let text = match format {
                Format::Xlsx => unpacked(&bytes),
                _ => String::from_utf8(bytes).unwrap(),
            };
            for never in NEVER {
                assert!(!text.contains(never), "{never} in {kind:?} {format:?} {texts}\n{text}");
            }
            if kind == Kind::Conflict {
                assert!(text.contains("2 fiches à diffusion restreinte non exportées"), "{text}");
                let told = texts && format != Format::GeoJson;
                for narrative in ["Un récit de terrain.", "Une note de bureau."] {
                    assert_eq!(text.contains(narrative), told, "{format:?} {texts}");
                }
            }
        }
    }
    office.app.stop().await;
}

#[tokio::test]
async fn rows_of_csv_are_as_they_should_be() {
    let office = Office::new().await;
    delicate(&office).await;
    let text = office.text(Kind::Conflict, Format::Csv, false).await;
    assert!(
        text.starts_with("\u{feff}\"Situation arrêtée au 26/11/2026")
            || text.starts_with("\u{feff}Situation arrêtée au 26/11/2026"),
        "{text}"
    );
    let lines: Vec<&str> = text.lines().collect();
    let note = lines[0];
    for said in
        ["Gao\u{a0}: à jour au 26/11/2026", "4 fiches exportées", "3 fiches dont l'intitulé", "«\u{a0}<5\u{a0}»"]
    {
        assert!(note.contains(said), "{said}: {note}");
    }
    assert_eq!(
        lines[1],
        "Identifiant;Nature;Intitulé;Phase;Régions concernées;Date;Lieu;Précision du lieu;Latitude;Longitude;\
         Nombre d'événements;Incidents;Nombre de morts;Nombre de personnes déplacées;Alertes;Rencontres de médiation;Décisions;Accords;\
         Créée au bureau;Créée le;Modifiée au bureau;Modifiée le;Points à compléter;Confidentialité"
    );
    let row = |title: &str| {
        let found = lines.iter().find(|line| line.contains(title)).unwrap_or_else(|| panic!("{title}: {text}"));
        found.split(';').skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let gao = PACK.places().search("Gao", 1)[0];
    let (lat, lon) = (format!("{:.5}", gao.lat).replace('.', ","), format!("{:.5}", gao.lon).replace('.', ","));
    let settled = row("Éleveurs et agriculteurs de Gao");
    let expected = [
        "Conflit communautaire",
        "Éleveurs et agriculteurs de Gao",
        "Trêve",
        "Gao",
        "2010",
        "Gao",
        "Village, fraction ou campement",
        &lat,
        &lon,
        "<5",
        "<5",
        "7",
        "12",
        "<5",
        "<5",
        "<5",
        "<5",
        "Gao",
    ];
    assert_eq!(settled[..expected.len()], expected);
    assert_eq!(settled.last().map(String::as_str), Some("Public"));
    let withheld = row("Usage interne");
    assert_eq!(withheld[1..9], ["(réservé)", "", "Tout le pays", "", "(réservé)", "", "", ""]);
    let held = office.text(Kind::Consultation, Format::Csv, false).await;
    assert!(held.contains(";Forum de Gao;Tenue;Tout le pays;novembre 2009;;;;;10;<5;"), "{held}");
    assert!(held.contains(";(réservé);Prévue;Kidal;(réservé);(réservé);;;;"), "{held}");
    office.app.stop().await;
}

#[tokio::test]
async fn geojson_has_points_of_public_records_and_of_their_settled_incidents_only() {
    let office = Office::new().await;
    delicate(&office).await;
    let text = office.text(Kind::Conflict, Format::GeoJson, false).await;
    let file: geojson::GeoJson = text.parse().expect("RFC 7946");
    let geojson::GeoJson::FeatureCollection(collection) = file else { panic!("{text}") };
    let said: Vec<(String, String, Value)> = collection
        .features
        .iter()
        .map(|feature| {
            let of = |name: &str| feature.property(name).cloned().unwrap_or_default();
            (of("feature").as_str().unwrap().into(), of("place").as_str().unwrap_or_default().into(), of("deaths"))
        })
        .collect();
    let expected = [("record", "Gao", json!(7)), ("incident", "Ansongo", json!("<5"))];
    assert_eq!(said, expected.map(|(feature, place, deaths)| (feature.into(), place.into(), deaths)));
    let value: Value = serde_json::from_str(&text).unwrap();
    let gao = PACK.places().search("Gao", 1)[0];
    assert_eq!(value["features"][0]["geometry"]["type"], "Point");
    let coordinates = &value["features"][0]["geometry"]["coordinates"];
    assert!((coordinates[0].as_f64().unwrap() - gao.lon).abs() < 0.001, "longitude first: {coordinates}");
    assert!(value["note"][0].as_str().unwrap().starts_with("Situation arrêtée au"));
    // Nothing to show is a collection all the same.
    let none = office.text(Kind::Project, Format::GeoJson, false).await;
    let value: Value = serde_json::from_str(&none).unwrap();
    assert_eq!(value["features"], json!([]));
    office.app.stop().await;
}

#[tokio::test]
async fn a_title_that_is_a_formula_stays_a_text() {
    let office = Office::new().await;
    for title in ["=HYPERLINK(\"http://x\")", "+1", "-1", "@x"] {
        office.create(Kind::Project, json!({"title": title})).await;
    }
    let csv = office.text(Kind::Project, Format::Csv, false).await;
    for title in [";\"'=HYPERLINK(\"\"http://x\"\")\";", ";'+1;", ";'-1;", ";'@x;"] {
        assert!(csv.contains(title), "{title}: {csv}");
    }
    let (_, book) = office.export(office.order(Kind::Project, Format::Xlsx, false)).await;
    let book = unpacked(&book);
    assert!(!book.contains("<f>") && !book.contains("hyperlink"), "{book}");
    assert!(book.contains("Situation arrêtée au"), "{book}");
    office.app.stop().await;
}

#[tokio::test]
async fn an_export_is_filtered_as_seen_and_leaves_a_line_without_content() {
    let office = Office::new().await;
    delicate(&office).await;
    let mut order = office.order(Kind::Conflict, Format::Csv, false);
    order.filter = Filter { region: Some("ML-7".into()), text: Some("agriculteurs".into()), ..Filter::default() };
    order.lang = Lang::En;
    let text = String::from_utf8(office.export(order).await.1).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("Data as of") && text.contains("Community conflict;"), "{text}");
    let journal = Journal::of(office.home.path());
    let lines = journal.latest(10).unwrap();
    let expected = JournalLine {
        origin: None,
        stake: None,
        own: false,
        at: NOW,
        by: "Awa Diallo".into(),
        role: Some("head-of-office".into()),
        way: "page".into(),
        kind: "conflict".into(),
        region: Some("ML-7".into()),
        status: None,
        words: true,
        format: "csv".into(),
        texts: false,
        rows: 1,
        left_out: 0,
    };
    assert_eq!(lines, [expected]);
    let kept = std::fs::read_to_string(office.home.path().join(JOURNAL_FILE)).unwrap();
    assert!(!kept.contains("agriculteurs"), "{kept}");
    // Nothing of an export stays in the data directory.
    let names: Vec<String> = std::fs::read_dir(office.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.iter().any(|name| name.contains("tmp") || name.ends_with(".csv")), "{names:?}");
    office.app.stop().await;
}

#[tokio::test]
async fn an_export_that_the_journal_cannot_take_does_not_leave() {
    let office = Office::new().await;
    delicate(&office).await;
    std::fs::create_dir(office.home.path().join(JOURNAL_FILE)).unwrap();
    let refused = export(&office.app, office.order(Kind::Conflict, Format::Csv, false)).await;
    assert!(matches!(refused, Err(ExportError::Journal(_))), "{refused:?}");
    office.app.stop().await;
}

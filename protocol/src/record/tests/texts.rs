use super::*;

#[test]
fn two_edits_of_one_narrative_both_survive() {
    // Base, what Kidal makes of it, what Bamako makes of it, and what must come of both.
    let cases = [
        ("", "Kidal écrit.", "", "Kidal écrit."),
        ("Récit.", "Récit. Réunion à Ménaka.", "Le récit.", "Le récit. Réunion à Ménaka."),
        ("un deux trois", "un trois", "un deux trois quatre", "un trois quatre"),
        ("un deux trois", "un trois", "un 2 trois", "un 2trois"),
        ("paix", "paix 👩🏽‍🌾", "la paix", "la paix 👩🏽‍🌾"),
        ("été à Gao", "été à Gao, décès", "un été à Gao", "un été à Gao, décès"),
        (
            "ligne une\nligne deux",
            "ligne une\nligne deux\nligne trois",
            "ligne 1\nligne deux",
            "ligne 1\nligne deux\nligne trois",
        ),
        ("👍👍👍 a", "👍👍 a", "👍👍👍 a b", "👍👍 a b"),
        ("tout", "", "tout et plus", " et plus"),
    ];
    for (base, kidal_wants, bamako_wants, both) in cases {
        let mut kidal = Office::conflict(json!({"title": "x", "narrative": base}));
        let mut bamako = kidal.fork(2);
        kidal.patch(json!({"narrative": kidal_wants})).expect("a valid patch");
        bamako.patch(json!({"narrative": bamako_wants})).expect("a valid patch");
        kidal.merge(&mut bamako);
        bamako.merge(&mut kidal);
        assert_eq!(kidal.field("/narrative"), json!(both), "merged, from {base}");
        assert_eq!(kidal.read(), bamako.read());
        assert!(kidal.read().concurrent.is_empty());

        // The same at one office: the second person had read the text before the first one saved.
        let mut office = Office::conflict(json!({"title": "x", "narrative": base}));
        let read = office.heads();
        office.patch_from(&read, json!({"narrative": bamako_wants})).expect("a valid patch");
        office.patch_from(&read, json!({"narrative": kidal_wants})).expect("a valid patch");
        assert_eq!(office.field("/narrative"), json!(both), "one after the other, from {base}");
    }
}

#[test]
fn both_of_two_additions_at_one_place_stay() {
    for base in ["", "Début."] {
        let mut office = Office::conflict(json!({"title": "x", "narrative": base}));
        let read = office.heads();
        office.patch_from(&read, json!({"narrative": format!("{base} Gao : attaque.")})).expect("a valid patch");
        office.patch_from(&read, json!({"narrative": format!("{base} Bamako : appel.")})).expect("a valid patch");
        let text = office.field("/narrative");
        let text = text.as_str().expect("a text");
        assert!(
            text.starts_with(base) && text.contains(" Gao : attaque.") && text.contains(" Bamako : appel."),
            "{text}"
        );
    }
}

#[test]
fn what_another_already_deleted_is_not_deleted_twice() {
    let mut office = Office::conflict(json!({"title": "x", "narrative": "a bb ccc d"}));
    let read = office.heads();
    office.patch_from(&read, json!({"narrative": "a ccc d"})).expect("a valid patch");
    office.patch_from(&read, json!({"narrative": "a ccc d e"})).expect("a valid patch");
    assert_eq!(office.field("/narrative"), json!("a ccc d e"));
    office.patch_from(&read, json!({"narrative": "a d"})).expect("a valid patch");
    assert_eq!(office.field("/narrative"), json!("a d e"));
}

#[test]
fn a_narrative_of_an_item_merges_as_well() {
    let mut office = Office::conflict(json!({"title": "x", "incidents": {"new": {"text": "vol de bétail"}}}));
    let id = office.read().typed::<Conflict>().incidents.keys().next().expect("the incident").to_string();
    let read = office.heads();
    for wanted in ["grand vol de bétail", "vol de bétail à Ménaka"] {
        let mut patch = json!({"incidents": {}});
        patch["incidents"][&id] = json!({"text": wanted});
        office.patch_from(&read, patch).expect("a valid patch");
    }
    assert_eq!(office.field(&format!("/incidents/{id}/text")), json!("grand vol de bétail à Ménaka"));
}

#[test]
fn a_text_rewritten_from_end_to_end_fits_one_entry_and_keeps_what_others_added() {
    let text = |seed: u32| -> String {
        let words = (0..6_500u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761).rotate_left(seed) >> 12));
        words.collect::<Vec<_>>().join(" ").chars().take(crate::limits::MAX_LONG_TEXT - 100).collect()
    };
    let mut office = Office::conflict(json!({"title": "x", "narrative": text(1)}));
    let read = office.heads();
    office.patch_from(&read, json!({"narrative": format!("{} Ajout de Gao.", text(1))})).expect("a valid patch");
    office.patch_from(&read, json!({"narrative": text(9)})).expect("a valid patch");
    let merged = office.field("/narrative");
    let merged = merged.as_str().expect("a text");
    assert!(merged.contains("Ajout de Gao.") && merged.contains(&text(9)[..30_000]));
    let bytes = office.doc.get_last_local_change().map(|change| change.raw_bytes().len());
    assert!(bytes.is_some_and(|bytes| bytes < crate::limits::MAX_PAYLOAD / 2), "{bytes:?}");
}

use super::*;

#[test]
fn a_title_is_enough_and_every_field_comes_back() {
    for kind in Kind::ALL {
        let mut office = Office::create(1, kind, json!({"title": " Un titre "})).expect("a title is enough");
        let reading = office.read();
        assert_eq!((reading.kind, Value::Object(reading.fields)), (kind, json!({"title": "Un titre"})));
        assert_eq!(
            problems(Office::create(1, kind, json!({"title": " "})).map(|_| ())),
            [("/title".into(), "required")]
        );
        assert_eq!(problems(Office::create(1, kind, json!([])).map(|_| ())), [("".into(), "wrong-type")]);
        assert_eq!(problems(office.patch(json!({"title": null}))), [("/title".into(), "required")]);
    }
}

#[test]
fn values_come_back_in_one_form() {
    let mut office = Office::conflict(json!({
        "title": "Plateau dogon",
        "regions": ["ML-7", "ML-5", "ML-5"],
        "place": {"name": "Tinzawatène", "lat": 19.956_000_04, "lon": 2.97, "precision": "village", "key": "tinzawatene"},
        "phase": {"is": "truce", "since": "2010"},
        "sensitivity": "internal",
        "event_count": 0,
        "notes": "première ligne\r\nseconde",
        "stakes": {"land-tenure": true},
        "agreements": {"new": {"term_years": 10, "clauses": {"new-2": {"text": "deux"}, "new-10": {"text": "dix"}}}},
    }));
    let fields = office.read().fields;
    assert_eq!(fields["regions"], json!(["ML-5", "ML-7"]));
    assert_eq!(fields["place"]["lat"], json!(19.956));
    assert_eq!(fields["notes"], json!("première ligne\nseconde"));
    assert_eq!(fields["stakes"], json!(["land-tenure"]));
    assert_eq!(fields["event_count"], json!(0));
    let conflict: Conflict = office.read().typed();
    assert_eq!(conflict.phase.and_then(|phase| phase.is), Some(conflict::Phase::Truce));
    let agreement = conflict.agreements.values().next().expect("one agreement");
    let clauses: Vec<&str> = agreement.clauses.values().filter_map(|clause| clause.text.as_deref()).collect();
    assert_eq!((agreement.term_years, clauses), (Some(10), vec!["deux", "dix"]), "numbered items keep their order");
}

#[test]
fn what_a_person_may_not_write_is_refused_by_name() {
    let long = "é".repeat(crate::limits::MAX_SHORT_TEXT + 1);
    let cases = [
        (json!({"titel": "x"}), "/titel", "unknown-field"),
        (json!({"meta": {}}), "/meta", "read-only"),
        (json!({"id": "x"}), "/id", "read-only"),
        (json!({"resource_persons": "x"}), "/resource_persons", "restricted"),
        (json!({"parties": {"new": {"representatives": "x"}}}), "/parties/new/representatives", "restricted"),
        (json!({"paper_reference": 3}), "/paper_reference", "wrong-type"),
        (json!({"paper_reference": long}), "/paper_reference", "too-long"),
        (json!({"paper_reference": "a\nb"}), "/paper_reference", "control-character"),
        (json!({"regions": ["ML-99"]}), "/regions", "unknown-key"),
        (json!({"regions": "ML-7"}), "/regions", "wrong-type"),
        (json!({"stakes": {"land-tenure": "yes"}}), "/stakes", "wrong-type"),
        (json!({"sensitivity": "secret"}), "/sensitivity", "unknown-key"),
        (json!({"event_count": -1}), "/event_count", "bad-number"),
        (json!({"event_count": 1.5}), "/event_count", "bad-number"),
        (json!({"start_date": "9999"}), "/start_date", "bad-date"),
        (json!({"start_date": "2009-02-30"}), "/start_date", "bad-date"),
        (json!({"phase": {"is": "violent", "sinse": "2009"}}), "/phase/sinse", "unknown-field"),
        (json!({"phase": "violent"}), "/phase", "wrong-type"),
        (json!({"place": {"lat": 95.0, "lon": 0.0}}), "/place/lat", "bad-coordinate"),
        (json!({"place": {"lat": 15.0, "lon": -181}}), "/place/lon", "bad-coordinate"),
        (json!({"place": {"lat": 15.0}}), "/place", "incomplete"),
        (json!({"place": {"key": "atlantis"}}), "/place/key", "unknown-key"),
        (json!({"links": {"new": {"record": "x"}}}), "/links/new/record", "bad-id"),
        (json!({"incidents": {"new": {}}}), "/incidents/new", "empty-item"),
        (json!({"incidents": {"new": 3}}), "/incidents/new", "wrong-type"),
        (json!({"incidents": []}), "/incidents", "wrong-type"),
        (json!({"incidents": {"abc": {"text": "x"}}}), "/incidents/abc", "unknown-item"),
        (json!({"incidents": {"aaaaaaaaaa-1-1": null}}), "/incidents/aaaaaaaaaa-1-1", "unknown-item"),
        (json!({"narrative": ["x"]}), "/narrative", "wrong-type"),
    ];
    let mut office = Office::conflict(json!({"title": "x"}));
    for (patch, pointer, code) in cases {
        let mut found = problems(office.patch(patch.clone()));
        assert_eq!(found.remove(0), (pointer.to_owned(), code), "{patch}");
        assert!(found.is_empty(), "{patch}");
    }
    let many: serde_json::Map<String, Value> =
        (0..=crate::limits::MAX_ITEMS).map(|n| (format!("new-{n}"), json!({"text": "x"}))).collect();
    assert_eq!(problems(office.patch(json!({"incidents": many}))), [("/incidents".into(), "too-many")]);
    let names: Vec<String> = (0..=crate::limits::MAX_SET).map(|n| n.to_string()).collect();
    assert_eq!(problems(office.patch(json!({"aliases": names}))), [("/aliases".into(), "too-many")]);
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_nothing_is_written() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let patch = json!({"notes": "ok", "nope": 1, "start_date": "hier", "incidents": {"new": {"deaths": "deux"}}});
    let mut found = problems(office.patch(patch));
    found.sort();
    let expected = [("/incidents/new/deaths", "bad-number"), ("/nope", "unknown-field"), ("/start_date", "bad-date")];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    assert_eq!(Value::Object(office.read().fields), json!({"title": "x"}));
}

#[test]
fn a_patch_that_changes_nothing_writes_nothing() {
    let fields = json!({
        "title": "x", "regions": ["ML-7"], "narrative": "récit", "phase": {"is": "open"},
        "incidents": {"new": {"deaths": 2}},
    });
    let mut office = Office::conflict(fields);
    let shown = Value::Object(office.read().fields);
    assert_eq!(office.patch(shown).map(|w| w.changed).ok(), Some(false), "sending back what was read");
    for same in [json!({}), json!({"paper_reference": null, "aliases": [], "notes": "", "end_date": ""})] {
        assert_eq!(office.patch(same).map(|w| w.changed).ok(), Some(false));
    }
    assert_eq!(office.patch(json!({"narrative": "récit!"})).map(|w| w.changed).ok(), Some(true));
}

#[test]
fn sets_are_given_whole_or_by_member() {
    let mut office = Office::conflict(json!({"title": "x", "aliases": ["a", "b/c", "d"]}));
    let base = office.heads();
    office.patch(json!({"aliases": ["a", "b/c", "d", "e"]})).expect("an addition");
    // Whole set against what the person read: takes out d, knows nothing of e.
    office.patch_from(&base, json!({"aliases": ["a", "b/c", "f"]})).expect("a set");
    assert_eq!(office.field("/aliases"), json!(["a", "b/c", "e", "f"]));
    office.patch(json!({"aliases": {"g": true, "a": null}})).expect("members");
    assert_eq!(office.field("/aliases"), json!(["b/c", "e", "f", "g"]));
    office.patch(json!({"aliases": null})).expect("an emptied set");
    assert_eq!(office.field("/aliases"), Value::Null);
}

#[test]
fn history_names_the_fields_that_changed() {
    let mut office =
        Office::project(json!({"title": "x", "eligibility": {"ELIG-1": {"met": true}}, "partners": ["A"]}));
    let before = office.read().fields;
    let id = new_item(office.patch(json!({
        "title": "y", "partners": ["A", "B"],
        "eligibility": {"ELIG-1": {"met": false, "why": "pièce absente"}},
        "plan": {"new": {"planned": "forage"}},
    })));
    let middle = office.read().fields;
    let shown = |changes: Vec<FieldChange>| -> Vec<(String, Value, Value)> {
        changes.into_iter().map(|c| (c.pointer, c.before, c.after)).collect()
    };
    let expected = [
        ("/eligibility/ELIG-1".to_owned(), json!({"met": true}), json!({"met": false, "why": "pièce absente"})),
        ("/partners".to_owned(), json!(["A"]), json!(["A", "B"])),
        (format!("/plan/{id}"), Value::Null, json!({"planned": "forage"})),
        ("/title".to_owned(), json!("x"), json!("y")),
    ];
    assert_eq!(shown(diff(Kind::Project, &before, &middle)), expected);
    let mut patch = json!({"plan": {}});
    patch["plan"][&id] = json!({"executed": "done"});
    office.patch(patch).expect("an edit of the item");
    let after = office.read().fields;
    let expected = [(format!("/plan/{id}/executed"), Value::Null, json!("done"))];
    assert_eq!(shown(diff(Kind::Project, &middle, &after)), expected);
    assert!(diff(Kind::Project, &after, &after).is_empty());
}

#[test]
fn what_is_missing_is_a_list() {
    let mut office = Office::conflict(json!({
        "title": "Plateau dogon", "phase": {"is": "truce"},
        "agreements": {"new": {"term_years": 10, "signatories": ["Dogons"]}},
    }));
    let codes = |office: &mut Office| -> Vec<String> {
        to_complete(&office.read()).into_iter().map(|flag| flag.code.into_owned()).collect()
    };
    assert_eq!(codes(&mut office), ["phase-without-date", "no-parties", "no-stakes", "end-unknown"]);
    let id = office.read().typed::<Conflict>().agreements.keys().next().expect("the agreement").to_string();
    let mut patch = json!({"agreements": {}, "phase": {"is": "truce", "since": "2010"}, "stakes": ["land-tenure"]});
    patch["agreements"][&id] = json!({"signed_date": "2009"});
    office.patch(patch).expect("a valid patch");
    assert_eq!(codes(&mut office), ["no-parties"]);
}

#[test]
fn an_agreement_ends_when_it_says_or_its_term_is_over() {
    for (agreement, end) in [
        (json!({"term_years": 10}), None),
        (json!({"signed_date": "2009-06"}), None),
        (json!({"term_years": 10, "signed_date": "2009-06"}), Some("2019-06")),
        (json!({"term_years": 10, "signed_date": "2009-06", "end_date": "2012"}), Some("2012")),
    ] {
        let conflict: Conflict =
            Office::conflict(json!({"title": "x", "agreements": {"new": agreement}})).read().typed();
        let ends = conflict.agreements.values().next().and_then(|agreement| agreement.ends());
        assert_eq!(ends.map(|date| date.to_string()).as_deref(), end);
    }
}

#[test]
fn sections_that_nobody_saw_are_missing() {
    let mut office = Office::project(json!({"title": "x", "sections": {"1": {"present": true}}}));
    assert_eq!(missing_sections(&office.read().typed(), &vocabulary()), ["2"]);
    office.patch(json!({"sections": {"1": {"present": false}}})).expect("a valid patch");
    assert_eq!(missing_sections(&office.read().typed(), &vocabulary()), ["1", "2"]);
}

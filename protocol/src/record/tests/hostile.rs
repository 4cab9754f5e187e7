//! What a peer may have written without asking our checks, and what a person may paste.

use automerge::{ObjType, ROOT, ReadDoc, ScalarValue, transaction::Transactable};

use super::*;

#[test]
fn marks_that_hide_or_reorder_text_are_refused() {
    let mut office = Office::conflict(json!({"title": "x"}));
    for bad in ["a\u{202E}b", "a\u{2066}b", "a\u{0}b", "a\u{1b}[31m", "a\u{feff}", "a\u{85}b", "\u{2028}a"] {
        let bad = format!("x{bad}x");
        for field in ["title", "paper_reference", "narrative"] {
            assert_eq!(problems(office.patch(json!({field: bad}))), [(format!("/{field}"), "control-character")]);
        }
        assert_eq!(problems(office.patch(json!({"aliases": [bad]}))), [("/aliases".into(), "control-character")]);
    }
    let good = "مِنَّاكا \u{200F}(ميناكا) Ménaka 👩🏽‍🌾";
    office.patch(json!({"title": good, "narrative": "a\tb\nc"})).expect("scripts and emoji are welcome");
    assert_eq!(office.field("/title"), json!(good));
}

#[test]
fn what_a_peer_wrote_wrongly_is_shown_harmlessly_or_named() {
    let mut office = Office::conflict(json!({"title": "x", "narrative": "récit", "incidents": {"new": {"deaths": 1}}}));
    let (_, incidents) = office.doc.get(ROOT, "incidents").expect("a map").expect("is there");
    let doc = &mut office.doc;
    doc.put(ROOT, "title", "a\u{202E}b\u{0}").expect("put");
    doc.put(ROOT, "event_count", -3).expect("put");
    doc.put(ROOT, "start_date", "9999-99-99").expect("put");
    doc.put(ROOT, "place", "[".repeat(100_000)).expect("put");
    doc.put(ROOT, "phase", r#"{"is":"violent","since":"hier"}"#).expect("put");
    doc.put(ROOT, "sensitivity", ScalarValue::Bytes(vec![1; 9])).expect("put");
    doc.put(ROOT, "regions", "not a map").expect("put");
    doc.put(ROOT, "narrative", "not a text object").expect("put");
    doc.put(ROOT, "resource_persons", "a name").expect("put");
    doc.put(ROOT, "links", ScalarValue::Null).expect("put");
    doc.put(&incidents, "not-an-id", 1).expect("put");
    doc.put_object(&incidents, "bad id", ObjType::Map).expect("put");
    doc.put_object(ROOT, "aliases", ObjType::List).expect("put");
    let reading = office.read();
    assert_eq!(reading.fields["title"], json!("a\u{FFFD}b\u{FFFD}"));
    let mut unreadable = reading.unreadable.clone();
    unreadable.sort();
    let expected = [
        "/aliases",
        "/event_count",
        "/incidents/bad id",
        "/incidents/not-an-id",
        "/links",
        "/narrative",
        "/phase",
        "/place",
        "/regions",
        "/resource_persons",
        "/sensitivity",
        "/start_date",
    ];
    assert_eq!(unreadable, expected);
    assert_eq!(reading.typed::<Conflict>().incidents.len(), 1);
    assert!(!reading.fields.contains_key("resource_persons"));

    // The fields can be written again, and then read.
    office
        .patch(json!({
            "title": "y", "event_count": 2, "start_date": "2009", "place": {"name": "z"}, "regions": ["ML-7"],
            "narrative": "récit", "aliases": ["b"], "links": {"new": {"relation": "related"}},
        }))
        .expect("a valid patch");
    for (pointer, value) in [("/title", json!("y")), ("/regions", json!(["ML-7"])), ("/narrative", json!("récit"))] {
        assert_eq!(office.field(pointer), value);
    }
}

#[test]
fn a_title_that_is_no_text_leaves_a_readable_record() {
    let mut office = Office::conflict(json!({"title": "x"}));
    office.doc.put(ROOT, "title", 3).expect("put");
    assert_eq!(
        (office.read().typed::<Conflict>().common.title.0, office.read().unreadable),
        (String::new(), vec!["/title".to_owned()])
    );
}

#[test]
fn answers_do_not_repeat_what_was_sent() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let secret = "Nom-du-témoin";
    let cases = [
        json!({"regions": [secret]}),
        json!({"start_date": secret}),
        json!({"sensitivity": secret}),
        json!({"phase": {"is": secret}}),
        json!({"resource_persons": secret}),
        json!({"narrative": {"a": secret}}),
        json!({"aliases": [format!("{secret}\u{0}")]}),
    ];
    for patch in cases {
        let error = office.patch(patch).expect_err("a problem");
        let RecordError::Invalid(problems) = &error else { panic!("{error}") };
        let told = format!("{error}{}", serde_json::to_string(problems).expect("JSON"));
        assert!(!told.contains(secret), "{told}");
    }
    let huge = "n".repeat(100_000);
    assert!(problems(office.patch(json!({huge: 1})))[0].0.len() <= 800);
}

#[test]
fn a_text_at_its_limit_fits_and_one_more_character_does_not() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let limit = crate::limits::MAX_LONG_TEXT;
    office.patch(json!({"narrative": "é".repeat(limit)})).expect("at the limit");
    assert_eq!(
        problems(office.patch(json!({"narrative": "é".repeat(limit + 1)}))),
        [("/narrative".into(), "too-long")]
    );
}

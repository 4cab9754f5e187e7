use automerge::AutoCommit;
use serde_json::json;

use super::*;
use crate::{
    ids::{FeedId, Seq},
    record::{ItemIds, List, create, patch, read},
};

const RECORD: RecordId = RecordId([7; 16]);

fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    vocabulary.add(List::Regions, "ML-8");
    vocabulary.add(List::Themes, "5");
    vocabulary.add(List::Stakes, "land-tenure");
    vocabulary
}

fn row_after(kind: Kind, fields: Value, edit: impl FnOnce(&Map<String, Value>) -> Value) -> RecordRow {
    let mut doc = AutoCommit::new();
    let mut ids = ItemIds::new(FeedId([1; 32]), Seq(1));
    create(&mut doc, kind, &fields, &mut ids, &vocabulary()).expect("a valid record");
    let base = doc.get_heads();
    let change = edit(&read(&doc, None).expect("a record").fields);
    patch(&mut doc, RECORD, &base, &change, &mut ids, &vocabulary()).expect("a valid patch");
    doc.commit();
    project(RECORD, &read(&doc, None).expect("a record"), &vocabulary())
}

fn first_key(fields: &Map<String, Value>, list: &str) -> String {
    fields[list].as_object().and_then(|items| items.keys().next().cloned()).expect("an item")
}

#[test]
fn a_conflict_becomes_one_row_and_rows_of_its_items() {
    let fields = json!({
        "title": "Ifoghas et Idnanes", "aliases": ["Conflit de l'Adrar"], "regions": ["ML-8"],
        "stakes": ["land-tenure"], "phase": {"is": "truce", "since": "2010-06"}, "place": {"name": "Tinzawatène", "lat": 19.95, "lon": 2.97},
        "sensitivity": "internal", "source_ref": "CFL-KIDAL", "event_count": 3,
        "incidents": {"new-1": {"text": "vol de chameaux", "place": {"name": "puits d'In-Tedjedit"}}, "new-2": {"text": "rumeur"}},
        "decisions": {"new": {"by": "cadi", "follow_ups": {"new": {"note": "bétail rendu"}}}},
    });
    let row = row_after(Kind::Conflict, fields, |fields| {
        let second =
            fields["incidents"].as_object().and_then(|items| items.keys().nth(1).cloned()).expect("two incidents");
        json!({"incidents": {second: null}})
    });
    assert_eq!((row.title.as_str(), row.status.as_deref()), ("Ifoghas et Idnanes", Some("truce")));
    assert_eq!((row.regions.as_slice(), row.event_count), (["ML-8".to_owned()].as_slice(), 3));
    assert_eq!(row.stakes, ["land-tenure"]);
    assert_eq!(row.date.map(|date| date.to_string()).as_deref(), Some("2010-06"));
    assert_eq!(row.place.as_ref().and_then(|place| place.name.as_deref()), Some("Tinzawatène"));
    assert_eq!((row.source_ref.as_deref(), row.sensitivity.as_deref()), (Some("CFL-KIDAL"), Some("internal")));
    for text in ["Ifoghas", "Adrar", "Tinzawatène", "chameaux", "In-Tedjedit", "cadi", "bétail rendu"] {
        assert!(row.search.contains(text), "{text}");
    }
    assert!(!row.search.contains("rumeur"), "withdrawn items are not found");
    let lists: Vec<(&str, bool, bool)> =
        row.items.iter().map(|item| (item.list.as_str(), item.withdrawn, item.parent.is_some())).collect();
    let expected = [
        ("incidents", false, false),
        ("incidents", true, false),
        ("decisions", false, false),
        ("decisions/follow_ups", false, true),
    ];
    assert_eq!(lists, expected);
    assert_eq!(row.items[2].values, *json!({"by": "cadi"}).as_object().expect("an object"), "nested lists have rows");
    assert_eq!(row.items[3].parent.as_ref(), Some(&row.items[2].item));
    assert!(row.to_complete.iter().any(|flag| flag.code == "no-parties"));
    let stored = serde_json::to_string(&row).expect("JSON");
    assert_eq!(serde_json::from_str::<RecordRow>(&stored).expect("a row"), row);
    for lacking in [
        "\"origin\":null,",
        "\"stakes\":[\"land-tenure\"],",
        "\"facts\":{\"phase_since\":\"2010-06\",\"strictest\":\"internal\"},",
    ] {
        let earlier = stored.replace(lacking, "");
        assert!(
            earlier != stored && serde_json::from_str::<RecordRow>(&earlier).is_err(),
            "made anew without {lacking}"
        );
    }
}

#[test]
fn a_reversed_line_and_its_reversal_do_not_count() {
    let line = |amount: u64| json!({"partner": "PNUD", "money": {"amount": amount, "currency": "USD"}});
    let fields = json!({"title": "x", "origin": "programme", "contributions": {"new-1": line(5), "new-2": line(7)}});
    let row = row_after(
        Kind::Project,
        fields,
        |fields| json!({"contributions": {"new": {"reverses": first_key(fields, "contributions")}}}),
    );
    let counted: Vec<&Value> =
        row.items.iter().filter(|item| item.counts).map(|item| &item.values["money"]["amount"]).collect();
    assert_eq!((row.items.len(), counted), (3, vec![&json!(7)]));
}

#[test]
fn a_withdrawn_item_takes_what_is_nested_in_it_along() {
    let recommendation =
        json!({"text_fr": "Créer une commission", "theme": "5", "follow_ups": {"new": {"note": "créée"}}});
    let row = row_after(
        Kind::Consultation,
        json!({"title": "x", "recommendations": {"new": recommendation}}),
        |fields| json!({"recommendations": {first_key(fields, "recommendations"): null}}),
    );
    assert!(row.items.iter().all(|item| item.withdrawn && !item.counts));
    assert_eq!((row.items.len(), row.search.as_str()), (2, "x\n"));
}

#[test]
fn a_consultation_says_how_far_it_reached_and_how_much_of_its_report_there_is() {
    let fields = json!({
        "title": "x", "level": "regional", "meeting_type": "forum", "report_problems": "Des puits", "report_actions": "Une commission",
    });
    let row = row_after(Kind::Consultation, fields, |_| json!({"report_avenues": " \n"}));
    assert_eq!((row.facts.level.as_deref(), row.facts.meeting_type.as_deref()), (Some("regional"), Some("forum")));
    assert_eq!(row.facts.report_parts, 2, "a part that holds nothing but spaces says nothing");
    let stored = serde_json::to_string(&row).expect("JSON");
    assert_eq!(serde_json::from_str::<RecordRow>(&stored).expect("a row"), row);
}

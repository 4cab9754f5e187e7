//! An older and a newer version of the program on one record.

use super::super::{
    read::read_by,
    schema::{Fields, Items, fields, item},
    write::{create_by, patch_by},
};
use super::*;

// The macros declare public structs; these are public nowhere else.
#[allow(unreachable_pub)]
mod old {
    use super::super::super::common::{Line, Narrative};
    use super::*;

    fields! {
        /// A conflict as a first version knew it.
        pub struct Conflict {
            /// What it is called.
            pub title: Line,
            /// What it is.
            pub narrative: Narrative,
            /// What happened.
            pub incidents: Items<Incident>,
        }
    }
    item! {
        /// An incident as a first version knew it.
        pub struct Incident {
            /// How many died.
            pub deaths: Option<u64>,
        }
    }
}

fn old_schema() -> Schema {
    Schema { kind: "conflict", parts: [old::Conflict::FIELDS, &[]] }
}

fn old_patch(office: &mut Office, patch: Value) -> Result<Written, RecordError> {
    let (base, mut ids) = (office.heads(), office.ids());
    let result = patch_by(&old_schema(), &mut office.doc, &base, &patch, &mut ids, &vocabulary());
    office.doc.commit();
    result
}

fn old_read(office: &mut Office) -> Reading {
    office.doc.commit();
    read_by(&old_schema(), Kind::Conflict, &office.doc, None).expect("a record")
}

#[test]
fn fields_of_a_newer_version_survive_an_edit_by_an_older_one() {
    let mut office = Office::conflict(json!({
        "title": "x", "narrative": "récit", "phase": {"is": "truce"}, "regions": ["ML-7"], "notes": "note",
        "incidents": {"new": {"deaths": 1, "text": "vol", "known": "rumour"}},
        "alerts": {"new": {"level": "watch"}},
    }));
    let before = office.read().fields;
    let id = office.read().typed::<Conflict>().incidents.keys().next().expect("the incident").to_string();

    let seen = old_read(&mut office);
    assert_eq!(
        Value::Object(seen.fields),
        json!({"title": "x", "narrative": "récit", "incidents": {id.clone(): {"deaths": 1}}})
    );
    for name in ["/phase", "/regions", "/notes", "/alerts"] {
        assert!(seen.unknown.contains(&name.to_owned()), "{name}");
    }
    assert!(seen.unknown.contains(&format!("/incidents/{id}/known")));

    old_patch(
        &mut office,
        json!({
            "title": "y", "narrative": "récit long",
            "incidents": {id.clone(): {"deaths": 2}, "new": {"deaths": 3}},
        }),
    )
    .expect("an older version's edit");
    let mut expected = Value::Object(before);
    let after = Value::Object(office.read().fields);
    expected["title"] = json!("y");
    expected["narrative"] = json!("récit long");
    expected["incidents"][&id]["deaths"] = json!(2);
    for (key, item) in after["incidents"].as_object().expect("incidents") {
        if *key != id {
            assert_eq!(*item, json!({"deaths": 3}));
            expected["incidents"][key] = item.clone();
        }
    }
    assert_eq!(after, expected);
}

#[test]
fn an_older_record_takes_the_fields_of_a_newer_version_from_two_offices_at_once() {
    let feed = FeedId([1; 32]);
    let doc = AutoCommit::new().with_actor(feed.actor());
    let mut gao = Office { doc, feed, seq: 1 };
    let mut ids = ItemIds::new(feed, Seq(1));
    let incident = json!({"title": "x", "incidents": {"new": {"deaths": 1}}});
    create_by(&old_schema(), &mut gao.doc, &incident, &mut ids, &vocabulary()).expect("an older version's record");
    let id =
        old_read(&mut gao).fields["incidents"].as_object().and_then(|items| items.keys().next().cloned()).expect("one");

    let nothing = gao.patch(json!({"aliases": [], "notes": "", "alerts": {"new": null}}));
    assert_eq!(nothing.map(|written| written.changed).ok(), Some(false), "no container without content");
    let mut bamako = gao.fork(2);
    let patch = |office: &str| {
        json!({
            "aliases": [office], "notes": office, "alerts": {"new": {"asked": office}},
            "incidents": {id.clone(): {"text": office}},
        })
    };
    gao.patch(patch("Gao")).expect("a valid patch");
    bamako.patch(patch("Bamako")).expect("a valid patch");
    gao.merge(&mut bamako);
    bamako.merge(&mut gao);
    assert_eq!(gao.read(), bamako.read());
    assert_eq!(gao.field("/aliases"), json!(["Bamako", "Gao"]), "both containers count");
    let mut asked: Vec<String> =
        gao.read().typed::<Conflict>().alerts.values().map(|alert| alert.asked.clone().expect("asked").0).collect();
    asked.sort();
    assert_eq!(asked, ["Bamako", "Gao"]);
    let concurrent: Vec<String> = gao.read().concurrent.into_iter().map(|c| c.pointer).collect();
    assert_eq!(concurrent, [format!("/incidents/{id}/text"), "/notes".to_owned()], "two texts made apart are settled");
    gao.settle("/notes", Choice::Value(json!("Gao et Bamako"))).expect("a third text");
    assert_eq!(gao.field("/notes"), json!("Gao et Bamako"));

    // Both can still be edited: a member taken out, an item changed, whichever container it lies in.
    gao.patch(json!({"aliases": {"Bamako": null}})).expect("a removal");
    assert_eq!(gao.field("/aliases"), json!(["Gao"]));
    let ids: Vec<String> = gao.read().typed::<Conflict>().alerts.keys().map(|id| id.to_string()).collect();
    for id in ids {
        gao.patch(json!({"alerts": {id.clone(): {"asked": "tous"}}})).expect("an edit");
        assert_eq!(gao.field(&format!("/alerts/{id}/asked")), json!("tous"));
    }
}

#[test]
fn keys_of_a_newer_version_are_read_and_kept() {
    use automerge::{ROOT, transaction::Transactable};
    let mut office = Office::project(json!({"title": "x", "status": "submitted"}));
    office.doc.put(ROOT, "status", "hibernating").expect("a newer version's key");
    assert_eq!(office.field("/status"), json!("hibernating"));
    assert_eq!(office.read().typed::<Project>().status, Some(project::ProjectStatus::Newer));
    let mut back = Value::Object(office.read().fields);
    back["title"] = json!("y");
    office.patch(back).expect("sending it back is no edit");
    assert_eq!((office.field("/status"), office.field("/title")), (json!("hibernating"), json!("y")));
}

#[test]
fn a_record_of_an_unknown_kind_is_named_so() {
    use automerge::{ROOT, transaction::Transactable};
    let mut office = Office::conflict(json!({"title": "x"}));
    office.doc.put(ROOT, "kind", "census").expect("a newer version's kind");
    assert!(matches!(read(&office.doc, None), Err(RecordError::UnknownKind)));
    assert!(matches!(office.patch(json!({"title": "y"})), Err(RecordError::UnknownKind)));
}

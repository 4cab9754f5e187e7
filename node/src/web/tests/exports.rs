//! Lists as files over the API, and the journal.

use super::*;

#[tokio::test]
async fn a_list_leaves_under_the_rules_and_the_journal_names_who_took_it() {
    let office = Office::new().await;
    office.conflict().await;
    office.create(json!({"kind": "conflict", "title": "Éleveurs", "regions": ["ML-8"], "notes": "une note"})).await;
    office.create(json!({"kind": "conflict", "title": "Secret", "sensitivity": "restricted"})).await;
    let ask = async |body: Value, person: &'static str| {
        office.ask("POST", "/api/v1/export", &[("Toguna-Person", person)], Some(body)).await
    };
    let all = ask(json!({"kind": "conflict", "format": "csv", "language": "en"}), "Awa%20Diallo").await;
    assert_eq!((all.status, all.header("Toguna-Rows"), all.header("Toguna-Left-Out")), (200, "2", "1"), "{all:?}");
    let text = all.text();
    assert!(text.contains("1 restricted record not exported") && text.contains(";(withheld);"), "{text}");
    for never in ["Secret", "Puits", "Deux fractions", "une note"] {
        assert!(!text.contains(never), "{never}: {text}");
    }
    let some = ask(json!({"kind": "conflict", "format": "geojson", "region": "ML-8"}), "").await;
    assert_eq!((some.status, some.header("Content-Type")), (200, "application/geo+json"));
    assert_eq!(some.json()["features"], json!([]));
    let journal = office.get("/api/v1/export").await.json();
    let said: Vec<(&Value, &Value, &Value)> = journal["exports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["by"], &line["format"], &line["region"]))
        .collect();
    let (awa, gao) = (json!("Awa Diallo"), json!("Gao"));
    assert_eq!(said, [(&gao, &json!("geojson"), &json!("ML-8")), (&awa, &json!("csv"), &Value::Null)]);
    stop([office]).await;
}

#[tokio::test]
async fn what_is_no_export_is_refused_by_its_field() {
    let office = Office::new().await;
    for (body, place) in [
        (json!({"kind": "war", "format": "csv"}), "/kind"),
        (json!({"kind": "conflict", "format": "pdf"}), "/format"),
        (json!({"kind": "conflict", "format": "csv", "language": "bm"}), "/language"),
        (json!({"kind": "conflict", "format": "csv", "complete": true}), ""),
    ] {
        let answer = office.ask("POST", "/api/v1/export", &[], Some(body.clone())).await;
        let (status, _, at, _) = answer.problem();
        assert_eq!((status, at.as_str()), (422, place), "{body}");
    }
    assert_eq!(office.get("/api/v1/export").await.json()["exports"], json!([]));
    stop([office]).await;
}

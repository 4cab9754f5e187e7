//! Edits against the version that was read, and what two people do at once.

use super::*;

#[tokio::test]
async fn two_edits_of_one_narrative_both_survive() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let (one, two) = tokio::join!(
        office.patch(&id, &etag, json!({"narrative": "Hier: Deux fractions, un puits."})),
        office.patch(&id, &etag, json!({"narrative": "Deux fractions, un puits. Trêve."})),
    );
    assert_eq!((one.status, two.status), (200, 200), "{one:?} {two:?}");
    assert_ne!(one.json()["entry"], two.json()["entry"]);
    let record = office.record(&id).await;
    assert_eq!(record["narrative"], "Hier: Deux fractions, un puits. Trêve.");
    assert_eq!(record["meta"]["concurrent"], json!([]));
}

#[tokio::test]
async fn a_field_that_changed_since_comes_back_with_both_values() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let first = office.patch(&id, &etag, json!({"phase": {"is": "open"}})).await;
    assert_eq!(first.status, 200);
    let second = office.patch(&id, &etag, json!({"phase": {"is": "truce"}, "notes": "x"})).await;
    assert_eq!(second.problem().0, 409);
    let changed = json!([{"pointer": "/phase", "yours": {"is": "truce"}, "now": {"is": "open"}, "before": null}]);
    assert_eq!(second.json()["changed"], changed);
    // Nothing of the second edit was written; the same edit against the new version is taken.
    assert_eq!(office.record(&id).await["meta"]["etag"], first.header("ETag"));
    assert_eq!(office.patch(&id, &first.etag(), json!({"phase": {"is": "truce"}})).await.status, 200);
    // What is already so is not written again.
    let etag = office.get(&format!("/records/{id}")).await.etag();
    let same = office.patch(&id, &etag, json!({"phase": {"is": "truce"}})).await;
    assert_eq!((same.status, &same.json()["entry"], same.etag()), (200, &Value::Null, etag));
}

#[tokio::test]
async fn items_are_added_changed_withdrawn_and_restored() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let add = json!({"incidents": {"new-1": {"date": "2009", "deaths": 2}, "new-2": {"date": "2010"}}});
    let added = office.patch(&id, &etag, add).await;
    let ids = added.json()["new_items"].clone();
    let one = ids["/incidents/new-1"].as_str().unwrap();
    let two = ids["/incidents/new-2"].as_str().unwrap();
    let mut etag = added.etag();
    for (patch, expected) in [
        (json!({one: {"deaths": 3}}), json!({one: {"date": "2009", "deaths": 3}, two: {"date": "2010"}})),
        (json!({one: null}), json!({one: {"date": "2009", "deaths": 3, "withdrawn": true}, two: {"date": "2010"}})),
        (json!({one: {"withdrawn": false}}), json!({one: {"date": "2009", "deaths": 3}, two: {"date": "2010"}})),
    ] {
        let answer = office.patch(&id, &etag, json!({"incidents": patch})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        etag = answer.etag();
        let mut incidents = office.record(&id).await["incidents"].clone();
        for item in incidents.as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut) {
            item.retain(|key, value| key != "withdrawn" || *value != json!(false));
            item.retain(|_, value| *value != json!(""));
        }
        assert_eq!(incidents, expected);
    }
    let unknown = office.patch(&id, &etag, json!({"incidents": {"aaaaaaaaaa-1-1": {"deaths": 1}}})).await;
    assert_eq!(unknown.problem().0, 422);
}

#[tokio::test]
async fn history_tells_who_changed_what_and_each_version_can_be_read() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let headers = [("If-Match", etag.as_str()), ("Toguna-Person", "Moussa"), ("Toguna-Reason", "Nouvelle%20visite")];
    let path = format!("/records/{id}");
    let edit = office.ask("PATCH", &path, &headers, Some(json!({"phase": {"is": "open"}}))).await;
    let entry = edit.json()["entry"].as_str().unwrap().to_owned();
    let history = office.get(&format!("{path}/history")).await.json()["history"].clone();
    let steps = history.as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(
        (&steps[0]["by"], &steps[0]["office_name"], &steps[0]["reason"]),
        (&json!("Gao"), &json!("Gao"), &Value::Null)
    );
    let last = &steps[1];
    assert_eq!((&last["by"], &last["reason"]), (&json!("Moussa"), &json!("Nouvelle visite")));
    assert_eq!((&last["entry"], &last["seq"]), (&json!(entry), &json!(3)));
    assert_eq!(last["changes"], json!([{"field": "/phase", "before": null, "after": {"is": "open"}}]));
    let first = steps[0]["entry"].as_str().unwrap();
    let then = office.get(&format!("{path}/at/{first}")).await;
    assert_eq!((then.etag(), &then.json()["phase"]), (etag, &Value::Null));
    assert_eq!(office.get(&format!("{path}/at/{entry}")).await.json(), office.record(&id).await);
}

#[tokio::test]
async fn an_opinion_stays_sealed_until_all_have_committed() {
    let office = Office::new().await;
    let body = json!({"kind": "project", "title": "Requête", "origin": "request", "evaluators": ["Awa", "Ba"]});
    let (id, _) = office.create(body).await;
    let path = format!("/records/{id}/evaluations");
    let opinion = |text: &str| json!({"relevance": format!("  {text} "), "verdict": "favourable"});
    let first = office.ask("POST", &path, &[], Some(json!({"evaluator": "Awa", "opinion": opinion("utile")}))).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.header("Location"), format!("/api/v1/records/{id}"));
    let record = office.record(&id).await;
    assert!(!record.to_string().contains("utile"), "{record}");
    let again = office.ask("POST", &path, &[], Some(json!({"evaluator": "Awa", "opinion": opinion("non")}))).await;
    assert_eq!(again.problem(), (422, "invalid".into(), "/evaluations".into(), "already-committed".into()));
    let second = office.ask("POST", &path, &[], Some(json!({"evaluator": "Ba", "opinion": opinion("juste")}))).await;
    assert_eq!(second.status, 201);
    for _ in 0..100 {
        let record = office.record(&id).await;
        let evaluations = record["evaluations"].as_object().unwrap();
        if evaluations.values().all(|item| item["opening"]["opinion"]["relevance"].is_string()) {
            assert_eq!(record["meta"]["flags"], json!([]));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the opinions were not opened");
}

/// Two offices that set one field apart; what a person settles on is the same at both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_values_are_listed_and_settled() {
    let (gao, kidal) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = linked(gao.path(), kidal.path()).await;
    let (id, etag) = one.conflict().await;
    same_digest(&one, &two).await;
    assert_eq!(two.record(&id).await["title"], "Puits de Ménaka");
    stop([one, two]).await;
    for (name, home, phase) in [("Gao", &gao, "open"), ("Kidal", &kidal, "truce")] {
        let office = Office::at(name, home.path(), None).await;
        assert_eq!(office.patch(&id, &etag, json!({"phase": {"is": phase}})).await.status, 200);
        stop([office]).await;
    }
    let (one, two) = linked(gao.path(), kidal.path()).await;
    same_digest(&one, &two).await;
    let record = one.record(&id).await;
    assert_eq!(two.record(&id).await, record);
    let concurrent = &record["meta"]["concurrent"][0];
    assert_eq!(concurrent["field"], "/phase");
    let values = concurrent["values"].as_array().unwrap();
    let mut phases: Vec<&str> = values.iter().filter_map(|value| value["value"]["is"].as_str()).collect();
    phases.sort_unstable();
    assert_eq!(phases, ["open", "truce"]);
    assert_eq!(values.iter().filter(|value| value["shown"] == json!(true)).count(), 1);
    let line = one.get("/records?text=menaka").await.json()["records"][0].clone();
    assert_eq!(line["concurrent"], 1);

    let truce = values.iter().find(|value| value["value"]["is"] == "truce").unwrap();
    let etag = record["meta"]["etag"].as_str().unwrap();
    let settle = format!("/records/{id}/settle");
    let body = json!({"field": "/phase", "choice": {"entry": truce["entry"]}, "reason": "Accord de Gossi"});
    let settled = one.ask("POST", &settle, &[("If-Match", etag)], Some(body)).await;
    assert_eq!(settled.status, 200, "{settled:?}");
    same_digest(&one, &two).await;
    let record = two.record(&id).await;
    assert_eq!((&record["phase"]["is"], &record["meta"]["concurrent"]), (&json!("truce"), &json!([])));
    let history = two.get(&format!("/records/{id}/history")).await.json();
    assert_eq!(history["history"][3]["reason"], "Accord de Gossi");
    let peers = two.get("/api/v1/peers").await.json();
    assert_eq!((&peers["peers"][0]["name"], &peers["peers"][0]["connected"]), (&json!("Gao"), &json!(true)));
    assert_eq!(peers["peers"][0]["lacking"], 0);
    for office in [&one, &two] {
        assert_eq!(office.ask("POST", "/api/v1/check", &[], None).await.json()["sound"], true);
    }
    stop([one, two]).await;
}

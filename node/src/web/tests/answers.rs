//! Every route: what it answers when all is well, and each way in which it refuses.

use super::*;

#[tokio::test]
async fn a_record_is_made_read_listed_and_found() {
    let office = Office::new().await;
    let headers = [("Toguna-Person", "A%C3%AFssata%20Tour%C3%A9"), ("Toguna-Reason", "Saisie%20du%20rapport")];
    let body = json!({"kind": "conflict", "title": "Puits de Ménaka", "regions": ["ML-7"],
        "phase": {"is": "truce", "since": "2010"}, "incidents": {"new": {"date": "2009-11"}}});
    let made = office.ask("POST", "/records", &headers, Some(body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let saved = made.json();
    let id = saved["id"].as_str().unwrap();
    let item = saved["new_items"]["/incidents/new"].as_str().unwrap();
    assert_eq!(made.header("Location"), format!("/api/v1/records/{id}"));
    assert_eq!(saved["etag"], made.header("ETag"));

    let shown = office.get(made.header("Location")).await;
    assert_eq!((shown.status, shown.etag()), (200, made.etag()));
    let record = shown.json();
    assert_eq!((&record["id"], &record["kind"]), (&json!(id), &json!("conflict")));
    assert_eq!(record["phase"], json!({"is": "truce", "since": "2010"}));
    assert_eq!(record["incidents"][item]["date"], "2009-11");
    let meta = &record["meta"];
    assert_eq!(meta["etag"], made.header("ETag"));
    assert_eq!(meta["created"], meta["updated"]);
    assert_eq!((&meta["created"]["by"], &meta["created"]["entry"]), (&json!("Aïssata Touré"), &saved["entry"]));
    assert!(meta["created"]["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert!(meta["to_complete"].as_array().unwrap().contains(&json!({"pointer": "/parties", "code": "no-parties"})));
    for empty in ["concurrent", "decisions", "unknown", "standstills"] {
        assert_eq!(meta[empty], json!([]), "{empty}");
    }

    // Durable means shown as well.
    let list = office.get("/records?text=menaka&kind=conflict&region=ML-7&status=truce&limit=5").await.json();
    assert_eq!((&list["total"], &list["next"]), (&json!(1), &Value::Null));
    assert_eq!((&list["records"][0]["id"], &list["records"][0]["status"]), (&json!(id), &json!("truce")));
    assert_eq!(list["records"][0]["created"]["by"], "Aïssata Touré");
    assert_eq!(office.get("/records?status=open").await.json()["total"], 0);
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let office = Office::new().await;
    for number in 0..7 {
        let source = format!("KEY-{number}");
        office.create(json!({"kind": "project", "title": format!("Projet {number}"), "source_ref": source})).await;
    }
    let (mut path, mut seen) = ("/records?limit=3".to_owned(), Vec::new());
    loop {
        let page = office.get(&path).await.json();
        assert_eq!(page["total"], 7);
        seen.extend(page["records"].as_array().unwrap().iter().map(|record| record["title"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/records?limit=3&after={next}");
    }
    assert_eq!(seen, (0..7).rev().map(|number| json!(format!("Projet {number}"))).collect::<Vec<_>>());
    let found = office.get("/records?source_ref=KEY-4&limit=1").await.json();
    assert_eq!(found["records"][0]["title"], "Projet 4");
    let last = found["records"][0]["arrival"].as_u64().unwrap();
    let newer = office.get(&format!("/records?since={last}")).await.json();
    let titles: Vec<&str> = newer["records"].as_array().unwrap().iter().filter_map(|r| r["title"].as_str()).collect();
    assert_eq!(titles, ["Projet 4", "Projet 5", "Projet 6"]);
}

#[tokio::test]
async fn the_node_tells_of_itself() {
    let office = Office::new().await;
    office.conflict().await;
    let (id, etag) = office.create(json!({"kind": "consultation", "title": "Conférence"})).await;
    let items = json!({"recommendations": {"new-1": {"theme": null, "text_fr": "Une"}, "new-2": {"text_fr": "Deux"}}});
    assert_eq!(office.patch(&id, &etag, items).await.status, 200);
    let status = office.get("/api/v1/status").await.json();
    assert_eq!(status["counts"], json!({"consultation": 1, "conflict": 1, "project": 0, "recommendation": 2}));
    assert_eq!(status["node"]["name"], "Gao");
    assert_eq!(status["node"]["region"], "ML-7");
    assert_eq!((&status["views_complete"], &status["arrival"]), (&json!(true), &json!(4)));
    assert_eq!(status["digest"].as_str().unwrap().len(), 32);
    assert_eq!(status["frontier"].as_object().unwrap().values().collect::<Vec<_>>(), [&json!(4)]);
    assert!(status["store"]["bytes"].as_u64().unwrap() > 0);
    assert_eq!(status["store"]["doubt"], Value::Null);
    let own = &status["offices"][0];
    assert_eq!((&own["name"], &own["entries"], &own["author"]), (&json!("Gao"), &json!(4), &status["node"]["author"]));
    for time in ["last_entry_at", "last_arrived_at"] {
        let at: jiff::Timestamp = own[time].as_str().unwrap().parse().unwrap();
        assert!((jiff::Timestamp::now().as_second() - at.as_second()).abs() < 60, "{time}");
    }
    assert_eq!(office.get("/api/v1/peers").await.json(), json!({"peers": []}));
    let picture = office.get("/api/v1/picture").await.json();
    assert_eq!(picture["conflicts"], json!([{"region": null, "phase": "unstated", "count": 1}]));
    assert_eq!(picture["recommendations"][0]["count"], 2);
    assert_eq!(picture["offices"], status["offices"]);
    let check = office.ask("POST", "/api/v1/check", &[], None).await.json();
    assert_eq!((&check["sound"], &check["problems"]), (&json!(true), &json!([])), "{check}");
    assert_eq!((&check["entries"], &check["records"]), (&json!(4), &json!(2)));
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_name() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let other = "a".repeat(26);
    let entry = "a".repeat(52);
    let unknown = etag::of_heads(&[automerge::ChangeHash([7; 32])]);
    let record = format!("/records/{id}");
    let nobody = format!("/records/{other}");
    let edit = |path: &str| path.replace("{id}", &id);
    let mat = [("If-Match", etag.as_str())];
    let stale = [("If-Match", unknown.as_str())];
    type Case<'a> = (&'a str, String, &'a [(&'a str, &'a str)], Option<Value>, (u16, &'a str, &'a str, &'a str));
    let cases: Vec<Case<'_>> = vec![
        ("GET", "/records?kind=person".into(), &[], None, (400, "request", "kind", "unknown-key")),
        ("GET", "/records?limit=0".into(), &[], None, (400, "request", "limit", "bad-number")),
        ("GET", "/records?limit=501".into(), &[], None, (400, "request", "limit", "bad-number")),
        ("GET", "/records?since=-1".into(), &[], None, (400, "request", "since", "bad-number")),
        ("GET", "/records?after=x".into(), &[], None, (400, "request", "after", "bad-cursor")),
        ("GET", "/records?regon=ML-7".into(), &[], None, (400, "request", "", "unknown-parameter")),
        ("GET", "/records?text=a&text=b".into(), &[], None, (400, "request", "", "repeated")),
        ("GET", format!("/records?text={}", "a".repeat(301)), &[], None, (400, "request", "", "too-long")),
        ("GET", nobody.clone(), &[], None, (404, "not-found", "", "")),
        ("GET", "/records/x".into(), &[], None, (404, "not-found", "", "")),
        ("GET", "/records/%ff".into(), &[], None, (404, "not-found", "", "")),
        ("GET", format!("{nobody}/history"), &[], None, (404, "not-found", "", "")),
        ("GET", format!("{record}/at/{entry}"), &[], None, (404, "not-found", "", "")),
        ("GET", format!("{record}/at/x"), &[], None, (404, "not-found", "", "")),
        ("POST", "/records".into(), &[], Some(json!([])), (422, "invalid", "", "wrong-type")),
        ("POST", "/records".into(), &[], Some(json!({"title": "x"})), (422, "invalid", "/kind", "required")),
        ("POST", "/records".into(), &[], Some(json!({"kind": "x"})), (422, "invalid", "/kind", "unknown-key")),
        ("POST", "/records".into(), &[], Some(json!({"kind": "conflict"})), (422, "invalid", "/title", "required")),
        (
            "POST",
            "/records".into(),
            &[("Toguna-Person", "%zz")],
            Some(json!({"kind": "conflict", "title": "x"})),
            (400, "request", "Toguna-Person", "bad-header"),
        ),
        (
            "POST",
            "/records".into(),
            &[("Toguna-Reason", "a%0ab")],
            Some(json!({"kind": "conflict", "title": "x"})),
            (400, "request", "Toguna-Reason", "bad-header"),
        ),
        ("PATCH", record.clone(), &[], Some(json!({"notes": "x"})), (428, "no-version", "", "")),
        ("PATCH", record.clone(), &stale, Some(json!({"notes": "x"})), (412, "unknown-version", "", "")),
        ("PATCH", record.clone(), &[("If-Match", "*")], Some(json!({"notes": "x"})), (412, "unknown-version", "", "")),
        ("PATCH", nobody.clone(), &mat, Some(json!({"notes": "x"})), (404, "not-found", "", "")),
        ("PATCH", record.clone(), &mat, Some(json!(7)), (422, "invalid", "", "wrong-type")),
        (
            "PATCH",
            record.clone(),
            &mat,
            Some(json!({"phase": {"is": "x"}})),
            (422, "invalid", "/phase/is", "unknown-key"),
        ),
        ("PATCH", record.clone(), &mat, Some(json!({"regions": ["X"]})), (422, "invalid", "/regions", "unknown-key")),
        ("PATCH", record.clone(), &mat, Some(json!({"meta": {}})), (422, "invalid", "/meta", "read-only")),
        (
            "PATCH",
            record.clone(),
            &mat,
            Some(json!({"resource_persons": "x"})),
            (422, "invalid", "/resource_persons", "restricted"),
        ),
        ("POST", edit("/records/{id}/settle"), &[], Some(json!({})), (428, "no-version", "", "")),
        (
            "POST",
            edit("/records/{id}/settle"),
            &mat,
            Some(json!({"field": "/phase"})),
            (422, "invalid", "", "wrong-type"),
        ),
        (
            "POST",
            edit("/records/{id}/settle"),
            &mat,
            Some(json!({"field": "/phase", "choice": {"value": null}})),
            (422, "invalid", "/phase", "not-concurrent"),
        ),
        (
            "POST",
            edit("/records/{id}/settle"),
            &mat,
            Some(json!({"field": "/phase", "choice": {"entry": entry}})),
            (422, "invalid", "/choice/entry", "unknown-choice"),
        ),
        (
            "POST",
            edit("/records/{id}/evaluations"),
            &[],
            Some(json!({"evaluator": "A", "opinion": {"relevance": "x"}})),
            (422, "invalid", "/evaluations", "unknown-field"),
        ),
        (
            "POST",
            edit("/records/{id}/evaluations"),
            &[],
            Some(json!({"evaluator": "A", "opinion": {"verdict": "x"}})),
            (422, "invalid", "/opinion/verdict", "unknown-key"),
        ),
        (
            "GET",
            "/api/v1/events".into(),
            &[("Last-Event-ID", "x")],
            None,
            (400, "request", "Last-Event-ID", "bad-number"),
        ),
        ("GET", "/".into(), &[], None, (404, "no-route", "", "")),
        ("GET", "/api/v1/nothing".into(), &[], None, (404, "no-route", "", "")),
        ("DELETE", record.clone(), &[], None, (405, "method", "", "")),
        ("OPTIONS", record.clone(), &[], None, (405, "method", "", "")),
        ("POST", "/api/v1/openapi.json".into(), &[], None, (405, "method", "", "")),
        ("GET", "/api/v1/check".into(), &[], None, (405, "method", "", "")),
    ];
    for (method, path, headers, body, expected) in cases {
        let answer = office.ask(method, &path, headers, body.clone()).await;
        let (status, urn, place, code) = answer.problem();
        assert_eq!((status, &*urn, &*place, &*code), expected, "{method} {path} {body:?}\n{}", answer.text());
        if status == 405 {
            assert!(!answer.header("Allow").is_empty(), "{method} {path}");
        }
    }
    // Nothing of it was written.
    assert_eq!(office.get(&record).await.etag(), etag);
    assert_eq!(office.get("/api/v1/status").await.json()["arrival"], 2);
}

#[tokio::test]
async fn without_the_token_or_the_right_host_nothing_is_answered() {
    let office = Office::new().await;
    let bearer = format!("Bearer {}", office.token);
    let wrong = format!("Bearer {}x", &office.token[1..]);
    let basic = format!("Basic {}", office.token);
    let lower = format!("bearer {}", office.token);
    let local = "127.0.0.1:7373";
    for (path, host, shown, status) in [
        ("/api/v1/status", local, Some(&bearer), 200),
        ("/api/v1/status", local, Some(&lower), 200),
        ("/api/v1/status", "localhost", Some(&bearer), 200),
        ("/api/v1/status", "[::1]:7373", Some(&bearer), 200),
        ("/api/v1/status", "[::1]", Some(&bearer), 200),
        ("/api/v1/status", "GAO.example:80", Some(&bearer), 200),
        ("/api/v1/status", local, None, 401),
        ("/api/v1/status", local, Some(&wrong), 401),
        ("/api/v1/status", local, Some(&basic), 401),
        ("/metrics", local, None, 401),
        ("/nothing", local, None, 401),
        ("/api/v1/openapi.json", local, None, 200),
        ("/api/v1/openapi.json", "evil.example", None, 421),
        ("/api/v1/status", "evil.example", Some(&bearer), 421),
        ("/api/v1/status", "127.0.0.1.evil.example:7373", Some(&bearer), 421),
        ("/api/v1/status", "evil.example@127.0.0.1", Some(&bearer), 421),
        ("/api/v1/status", "localhost:x", Some(&bearer), 421),
        ("/api/v1/status", "::1", Some(&bearer), 421),
        ("/api/v1/status", "", Some(&bearer), 421),
    ] {
        let mut request = Request::get(path).header("Host", host);
        if let Some(shown) = shown {
            request = request.header("Authorization", shown);
        }
        let answer = office.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path} at {host} with {}", shown.is_some());
        if status == 401 {
            assert_eq!(answer.header("WWW-Authenticate"), "Bearer");
        }
        if status >= 400 {
            answer.problem();
        }
    }
    let nameless = Request::get("/api/v1/openapi.json").body(Body::empty()).unwrap();
    assert_eq!(office.send(nameless).await.status, 421);
    let twice = Request::get("/api/v1/openapi.json").header("Host", local).header("Host", "evil.example");
    assert_eq!(office.send(twice.body(Body::empty()).unwrap()).await.status, 421);
}

#[tokio::test]
async fn a_head_is_an_answer_without_its_body() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let path = format!("/records/{id}");
    let (head, whole) = (office.ask("HEAD", &path, &[], None).await, office.get(&path).await);
    assert_eq!((head.status, head.bytes.len(), head.etag()), (200, 0, etag));
    assert!(!whole.bytes.is_empty());
}

#[tokio::test]
async fn what_was_saved_is_there_after_a_restart() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let saved = office.patch(&id, &etag, json!({"phase": {"is": "open"}})).await;
    let before = office.record(&id).await;
    let (home, token) = (office.home, office.token);
    office.app.stop().await;
    drop((office.app, office.router));
    let office = Office::at("Gao", home.as_ref().unwrap().path(), None).await;
    assert_eq!(office.token, token);
    assert_eq!(office.record(&id).await, before);
    let again = office.patch(&id, &saved.etag(), json!({"phase": {"is": "truce"}})).await;
    assert_eq!(again.status, 200, "{again:?}");
    let list = office.get("/records?source_ref=none").await.json();
    assert_eq!((&list["complete"], &list["total"]), (&json!(true), &json!(0)));
    assert_eq!(office.get("/records?text=menaka").await.json()["total"], 1);
}

#[tokio::test]
async fn a_stopped_node_says_so() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    office.app.stop().await;
    let answer = office.patch(&id, &etag, json!({"notes": "x"})).await;
    assert_eq!(answer.problem().0, 503);
    assert_eq!(office.get("/api/v1/status").await.problem().1, "stopping");
}

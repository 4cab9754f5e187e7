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
    assert_eq!(picture["offices"][0]["entries"], own["entries"]);
    let check = office.ask("POST", "/api/v1/check", &[], None).await.json();
    assert_eq!((&check["sound"], &check["problems"]), (&json!(true), &json!([])), "{check}");
    assert_eq!((&check["entries"], &check["records"]), (&json!(4), &json!(2)));
}

/// A request, and status, kind, place and code of the problem that answers it.
type Refusal<'a> = (&'a str, String, &'a [(&'a str, &'a str)], Option<Value>, (u16, &'a str, &'a str, &'a str));

/// Makes requests that are refused, and sees that nothing of them is written.
async fn refuses(office: &Office, cases: Vec<Refusal<'_>>) {
    let before = office.get("/api/v1/status").await.json()["arrival"].clone();
    for (method, path, headers, body, expected) in cases {
        let answer = office.ask(method, &path, headers, body.clone()).await;
        let (status, urn, place, code) = answer.problem();
        assert_eq!((status, &*urn, &*place, &*code), expected, "{method} {path} {body:?}\n{}", answer.text());
        if status == 405 {
            assert!(!answer.header("Allow").is_empty(), "{method} {path}");
        }
    }
    assert_eq!(office.get("/api/v1/status").await.json()["arrival"], before);
}

#[tokio::test]
async fn addresses_and_parameters_at_fault_are_refused() {
    let office = Office::new().await;
    let (id, _) = office.conflict().await;
    let (record, nobody, entry) = (format!("/records/{id}"), format!("/records/{}", "a".repeat(26)), "a".repeat(52));
    let list = |query: &str| format!("/records?{query}");
    let event = [("Last-Event-ID", "x")];
    let parameter = |name, code| (400, "request", name, code);
    let (missing, nothing, method) = ((404, "not-found", "", ""), (404, "no-route", "", ""), (405, "method", "", ""));
    refuses(
        &office,
        vec![
            ("GET", list("kind=person"), &[], None, parameter("kind", "unknown-key")),
            ("GET", list("limit=0"), &[], None, parameter("limit", "bad-number")),
            ("GET", list("limit=501"), &[], None, parameter("limit", "bad-number")),
            ("GET", list("since=-1"), &[], None, parameter("since", "bad-number")),
            ("GET", list("after=x"), &[], None, parameter("after", "bad-cursor")),
            ("GET", list("regon=ML-7"), &[], None, parameter("", "unknown-parameter")),
            ("GET", list("text=a&text=b"), &[], None, parameter("", "repeated")),
            ("GET", list(&format!("text={}", "a".repeat(301))), &[], None, parameter("", "too-long")),
            ("GET", "/api/v1/events".into(), &event, None, parameter("Last-Event-ID", "bad-number")),
            ("GET", nobody.clone(), &[], None, missing),
            ("GET", "/records/x".into(), &[], None, missing),
            ("GET", "/records/%ff".into(), &[], None, missing),
            ("GET", format!("{nobody}/history"), &[], None, missing),
            ("GET", format!("{record}/at/{entry}"), &[], None, missing),
            ("GET", format!("{record}/at/x"), &[], None, missing),
            ("GET", "/".into(), &[], None, nothing),
            ("GET", "/api/v1/nothing".into(), &[], None, nothing),
            ("DELETE", record.clone(), &[], None, method),
            ("OPTIONS", record, &[], None, method),
            ("POST", "/api/v1/openapi.json".into(), &[], None, method),
            ("GET", "/api/v1/check".into(), &[], None, method),
        ],
    )
    .await;
}

#[tokio::test]
async fn records_at_fault_are_refused() {
    let office = Office::new().await;
    office.conflict().await;
    let new = || "/records".to_owned();
    let good = || Some(json!({"kind": "conflict", "title": "x"}));
    let field = |pointer, code| (422, "invalid", pointer, code);
    let (person, reason) = ([("Toguna-Person", "%zz")], [("Toguna-Reason", "a%0ab")]);
    refuses(
        &office,
        vec![
            ("POST", new(), &[], Some(json!([])), field("", "wrong-type")),
            ("POST", new(), &[], Some(json!({"title": "x"})), field("/kind", "required")),
            ("POST", new(), &[], Some(json!({"kind": "x"})), field("/kind", "unknown-key")),
            ("POST", new(), &[], Some(json!({"kind": "conflict"})), field("/title", "required")),
            ("POST", new(), &person, good(), (400, "request", "Toguna-Person", "bad-header")),
            ("POST", new(), &reason, good(), (400, "request", "Toguna-Reason", "bad-header")),
        ],
    )
    .await;
}

#[tokio::test]
async fn edits_at_fault_are_refused() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let (record, nobody) = (format!("/records/{id}"), format!("/records/{}", "a".repeat(26)));
    let (settle, evaluate) = (format!("{record}/settle"), format!("{record}/evaluations"));
    let (entry, other) = ("a".repeat(52), etag::of_heads(&[automerge::ChangeHash([7; 32])]));
    let (read, stale, any) = ([("If-Match", &*etag)], [("If-Match", &*other)], [("If-Match", "*")]);
    let notes = || Some(json!({"notes": "x"}));
    let choose = |choice: Value| Some(json!({"field": "/phase", "choice": choice}));
    let judge = |opinion: Value| Some(json!({"evaluator": "A", "opinion": opinion}));
    let field = |pointer, code| (422, "invalid", pointer, code);
    let unknown = (412, "unknown-version", "", "");
    refuses(
        &office,
        vec![
            ("PATCH", record.clone(), &[], notes(), (428, "no-version", "", "")),
            ("PATCH", record.clone(), &stale, notes(), unknown),
            ("PATCH", record.clone(), &any, notes(), unknown),
            ("PATCH", nobody.clone(), &read, notes(), (404, "not-found", "", "")),
            ("PATCH", record.clone(), &read, Some(json!(7)), field("", "wrong-type")),
            ("PATCH", record.clone(), &read, Some(json!({"phase": {"is": "x"}})), field("/phase/is", "unknown-key")),
            ("PATCH", record.clone(), &read, Some(json!({"regions": ["X"]})), field("/regions", "unknown-key")),
            ("PATCH", record.clone(), &read, Some(json!({"meta": {}})), field("/meta", "read-only")),
            ("PATCH", record.clone(), &read, Some(json!({"title": null})), field("/title", "required")),
            ("PATCH", record, &read, Some(json!({"resource_persons": "x"})), field("/resource_persons", "restricted")),
            ("POST", settle.clone(), &[], choose(json!({"value": null})), (428, "no-version", "", "")),
            ("POST", settle.clone(), &stale, choose(json!({"value": null})), unknown),
            ("POST", settle.clone(), &read, Some(json!({"field": "/phase"})), field("", "wrong-type")),
            ("POST", settle.clone(), &read, choose(json!({"value": null})), field("/phase", "not-concurrent")),
            ("POST", settle, &read, choose(json!({"entry": entry})), field("/choice/entry", "unknown-choice")),
            ("POST", evaluate.clone(), &[], judge(json!({"relevance": "x"})), field("/evaluations", "unknown-field")),
            ("POST", evaluate.clone(), &[], judge(json!({"verdict": "x"})), field("/opinion/verdict", "unknown-key")),
            ("POST", evaluate.clone(), &[], judge(json!({})), field("/opinion", "required")),
            ("POST", evaluate, &[], Some(json!({"opinion": {}})), field("", "wrong-type")),
        ],
    )
    .await;
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
        ("/api/v1/nothing", local, None, 401),
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
        assert_eq!(answer.header("Cache-Control"), "no-store");
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

//! Events and metrics.

use futures::StreamExt;

use super::*;

/// The next events of a stream, without its comments.
struct Events {
    stream: axum::body::BodyDataStream,
    text: String,
}

impl Events {
    async fn open(office: &Office, headers: &[(&str, &str)]) -> Events {
        let request = office.request("GET", "/api/v1/events", headers, None);
        let response = office.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { stream: response.into_body().into_data_stream(), text: String::new() }
    }

    /// Name, id and content; `None` at the end of the stream.
    async fn next(&mut self) -> Option<(String, String, String)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                let found = (field("event"), field("id"), field("data"));
                self.text = rest.to_owned();
                if !found.0.is_empty() {
                    return Some(found);
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(10), self.stream.next()).await.expect("an event comes");
            self.text.push_str(std::str::from_utf8(&chunk?.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn changes_are_told_as_they_come_and_again_to_whom_they_escaped() {
    let office = Office::new().await;
    let (first, etag) = office.conflict().await;
    let mut events = Events::open(&office, &[]).await;
    let (second, _) = office.conflict().await;
    let (name, seen, content) = events.next().await.unwrap();
    assert_eq!(name, "record");
    let content: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(content, json!({"id": second, "arrival": seen.parse::<u64>().unwrap()}));
    drop(events);

    let edit = office.patch(&first, &etag, json!({"notes": "x"})).await;
    assert_eq!(edit.status, 200);
    let mut events = Events::open(&office, &[("Last-Event-ID", &seen)]).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(serde_json::from_str::<Value>(&events.next().await.unwrap().2).unwrap()["id"].clone());
    }
    // The last that was seen comes once more, then what came after it.
    assert_eq!(told, [json!(second), json!(first)]);
    office.app.stop().await;
    drop((office.app, office.router));
}

#[tokio::test]
async fn a_follower_that_was_too_slow_misses_nothing() {
    let office = Office::new().await;
    let mut events = Events::open(&office, &[]).await;
    let mut made = std::collections::BTreeSet::new();
    // More than wait for a follower.
    for number in 0..1_100 {
        made.insert(office.create(json!({"kind": "project", "title": number.to_string()})).await.0);
    }
    let mut told = std::collections::BTreeSet::new();
    while told.len() < made.len() {
        let event = events.next().await.unwrap();
        told.extend(serde_json::from_str::<Value>(&event.2).unwrap()["id"].as_str().map(str::to_owned));
    }
    assert_eq!(told, made);
}

/// The value of a metric with these labels.
fn metric(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let office = Office::new().await;
    let (id, etag) = office.conflict().await;
    let edit = office.patch(&id, &etag, json!({"notes": "x"})).await;
    office.patch(&id, &edit.etag(), json!({"notes": "x"})).await;
    office.patch(&id, &etag, json!({"phase": {"is": "x"}})).await;
    let answer = office.get("/metrics").await;
    assert_eq!(
        (answer.status, answer.header("Content-Type")),
        (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("toguna_") && value.parse::<f64>().is_ok(), "{line}");
    }
    let patches =
        r#"toguna_http_request_duration_seconds_count{method="PATCH",route="/api/v1/records/{id}",status="200"}"#;
    let refused =
        r#"toguna_http_request_duration_seconds_count{method="PATCH",route="/api/v1/records/{id}",status="422"}"#;
    for (name, expected) in [
        ("toguna_saves_total", 2.0),
        ("toguna_saves_unchanged_total", 1.0),
        ("toguna_entries", 3.0),
        ("toguna_records", 1.0),
        ("toguna_sessions", 0.0),
        ("toguna_entries_set_aside", 0.0),
        ("toguna_views_complete", 1.0),
        (patches, 2.0),
        (refused, 1.0),
    ] {
        assert_eq!(metric(&text, name), Some(expected), "{name}\n{text}");
    }
    assert!(metric(&text, "toguna_store_bytes").is_some_and(|bytes| bytes > 0.0));
    assert_eq!(office.get("/api/v1/metrics").await.status, 200);
}

//! Input that means harm, and content that must not leak.

use std::{io, sync::Mutex};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::*;

/// What a record says and nothing else may.
const SENTINEL: &str = "zqxwvsentinelle";

/// What the process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

fn log() -> Log {
    static LOG: LazyLock<Log> = LazyLock::new(|| {
        let log = Log::default();
        let filter = EnvFilter::new("toguna=trace,toguna_protocol=trace,tower_http=trace,axum=trace,hyper=trace");
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone()).finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other test takes the process's log");
        log
    });
    LOG.clone()
}

#[tokio::test]
async fn nothing_that_a_record_says_leaks() {
    let log = log();
    let office = Office::new().await;
    let (id, etag) = office.create(json!({"kind": "conflict", "title": SENTINEL, "narrative": SENTINEL})).await;
    let path = format!("/records/{id}");
    let mat = [("If-Match", etag.as_str())];
    let mut answers = Vec::new();
    for (method, path, headers, body) in [
        ("POST", "/records", &[][..], json!({"kind": SENTINEL, "title": SENTINEL})),
        ("POST", "/records", &[], json!({"kind": "conflict", "title": [SENTINEL]})),
        ("PATCH", &path, &mat, json!({"phase": {"is": SENTINEL}})),
        ("PATCH", &path, &mat, json!({"start_date": SENTINEL, "regions": [SENTINEL]})),
        ("PATCH", &path, &mat, json!({"incidents": {"new": {"deaths": SENTINEL}}})),
        ("PATCH", &path, &mat, json!({"title": format!("{SENTINEL}\u{202e}")})),
        ("PATCH", &path, &mat, json!(SENTINEL)),
        ("PATCH", &path, &[("If-Match", SENTINEL)], json!({"title": SENTINEL})),
        ("POST", &format!("{path}/settle"), &mat, json!({"field": "/title", "choice": {"value": SENTINEL}})),
        ("POST", &format!("{path}/settle"), &mat, json!({"field": 7, "choice": SENTINEL})),
        ("POST", &format!("{path}/evaluations"), &[], json!({"evaluator": SENTINEL, "opinion": SENTINEL})),
        ("GET", "/records?kind=zqxwvsentinelle", &[], json!(null)),
        ("GET", "/records?zqxwvsentinelle=1", &[], json!(null)),
        ("GET", "/records/zqxwvsentinelle", &[], json!(null)),
        ("GET", "/api/v1/zqxwvsentinelle", &[], json!(null)),
        ("ZQXWVSENTINELLE", "/records", &[], json!(null)),
    ] {
        answers.push(office.ask(method, path, headers, Some(body)).await);
    }
    let request = office.request("POST", "/records", &[("Content-Type", SENTINEL)], None);
    answers.push(office.send(request).await);
    let (mut parts, _) = office.request("POST", "/records", &[], Some(json!(null))).into_parts();
    parts.headers.remove("content-length");
    answers.push(office.send(Request::from_parts(parts, Body::from(format!("{{\"a\": {SENTINEL}")))).await);
    for answer in &answers {
        assert!((400..500).contains(&answer.status), "{answer:?}");
        let (headers, text) = (format!("{:?}", answer.headers), answer.text());
        assert!(![&headers, &text].iter().any(|text| text.to_lowercase().contains(SENTINEL)), "{headers} {text}");
    }
    assert!(office.record(&id).await.to_string().contains(SENTINEL), "the record itself is answered");
    let metrics = office.get("/metrics").await.text();
    office.app.stop().await;
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).to_lowercase();
    assert!(log.contains("request") && log.contains("/api/v1/records/{id}"), "requests are logged: {log}");
    assert!(!metrics.to_lowercase().contains(SENTINEL), "{metrics}");
    assert!(!log.contains(SENTINEL), "{log}");
}

#[tokio::test]
async fn bodies_are_bounded_before_they_are_looked_at() {
    let office = Office::new().await;
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let long = format!("{{\"kind\":\"conflict\",\"title\":\"x\",\"narrative\":\"{}\"}}", "a".repeat(MAX_BODY));
    let narrative = |text: &str| json!({"kind": "conflict", "title": "x", "narrative": text}).to_string();
    let title = |text: &str| json!({"kind": "conflict", "title": text}).to_string();
    type Answer<'a> = (u16, &'a str, &'a str, &'a str);
    let cases: Vec<(&str, Vec<u8>, &str, Answer<'_>)> = vec![
        ("too large", long.into_bytes(), "application/json", (413, "too-large", "", "")),
        ("deep", deep(100_000).into_bytes(), "application/json", (400, "json", "", "")),
        ("quite deep", deep(100).into_bytes(), "application/json", (422, "invalid", "", "wrong-type")),
        ("not UTF-8", b"{\"kind\":\"\xff\"}".to_vec(), "application/json", (400, "json", "", "")),
        ("lone surrogate", b"{\"kind\":\"\\ud800\"}".to_vec(), "application/json", (400, "json", "", "")),
        ("empty", Vec::new(), "application/json", (400, "json", "", "")),
        ("cut off", b"{\"kind\":".to_vec(), "application/json", (400, "json", "", "")),
        ("two values", b"{} {}".to_vec(), "application/json", (400, "json", "", "")),
        ("NaN", b"{\"kind\":NaN}".to_vec(), "application/json", (400, "json", "", "")),
        ("no type", b"{}".to_vec(), "", (415, "media-type", "", "")),
        ("a form", b"kind=conflict".to_vec(), "application/x-www-form-urlencoded", (415, "media-type", "", "")),
        ("plain text", b"{}".to_vec(), "text/plain", (415, "media-type", "", "")),
        ("NUL", title("a\0b").into_bytes(), "application/json", (422, "invalid", "/title", "control-character")),
        (
            "direction",
            title("a\u{202e}b").into_bytes(),
            "application/json",
            (422, "invalid", "/title", "control-character"),
        ),
        (
            "isolate",
            narrative("a\u{2067}b").into_bytes(),
            "application/json",
            (422, "invalid", "/narrative", "control-character"),
        ),
        (
            "escape",
            narrative("a\u{1b}[31m").into_bytes(),
            "application/json",
            (422, "invalid", "/narrative", "control-character"),
        ),
        (
            "long title",
            title(&"a".repeat(301)).into_bytes(),
            "application/json",
            (422, "invalid", "/title", "too-long"),
        ),
        (
            "long text",
            narrative(&"a".repeat(40_001)).into_bytes(),
            "application/json",
            (422, "invalid", "/narrative", "too-long"),
        ),
        (
            "huge number",
            b"{\"kind\":\"conflict\",\"title\":\"x\",\"event_count\":1e999}".to_vec(),
            "application/json",
            (400, "json", "", ""),
        ),
    ];
    for (name, body, media_type, expected) in cases {
        let mut request = office.request("POST", "/records", &[], None);
        if !media_type.is_empty() {
            request.headers_mut().insert("Content-Type", media_type.parse().unwrap());
        }
        *request.body_mut() = Body::from(body);
        let (status, urn, place, code) = office.send(request).await.problem();
        assert_eq!((status, &*urn, &*place, &*code), expected, "{name}");
    }
}

#[tokio::test]
async fn headers_and_broken_bodies_are_understood_or_refused() {
    let office = Office::new().await;
    let mut request = office.request("POST", "/records", &[], None);
    request.headers_mut().insert("Content-Type", "Application/JSON; charset=utf-8".parse().unwrap());
    *request.body_mut() = Body::from(json!({"kind": "conflict", "title": "une"}).to_string());
    assert_eq!(office.send(request).await.status, 201);
    // A body that breaks off.
    let broken = futures::stream::iter([Ok("{"), Err(io::Error::other("cut"))]);
    let mut request = office.request("POST", "/records", &[], Some(json!(null)));
    *request.body_mut() = Body::from_stream(broken);
    assert_eq!(office.send(request).await.problem().1, "body");
    let name = "a".repeat(81);
    let headers = [("Toguna-Person", name.as_str())];
    let answer = office.ask("POST", "/records", &headers, Some(json!({"kind": "conflict", "title": "x"}))).await;
    assert_eq!(answer.problem(), (400, "request".into(), "Toguna-Person".into(), "authorship".into()));
    let reason = "a".repeat(501);
    let headers = [("Toguna-Reason", reason.as_str())];
    let answer = office.ask("POST", "/records", &headers, Some(json!({"kind": "conflict", "title": "x"}))).await;
    assert_eq!(answer.problem(), (400, "request".into(), "Toguna-Reason".into(), "authorship".into()));
}

#[tokio::test]
async fn a_route_that_panics_answers_with_a_problem() {
    let office = Office::new().await;
    let web = Arc::new(Web {
        app: office.app.clone(),
        settings: WebSettings {
            token: Token::of(office.home.as_ref().unwrap().path()).unwrap(),
            office: "Gao".into(),
            hosts: vec![],
            by_number: false,
        },
        metrics: Metrics::new(),
    });
    let panics = Router::new().route("/panics", get(async || -> &'static str { panic!("{SENTINEL}") }));
    let router = layered(panics, &web).with_state(web);
    let answer = Office { router, ..office }.get("/panics").await;
    assert_eq!(answer.problem().0, 500);
    assert!(!answer.text().contains(SENTINEL));
}

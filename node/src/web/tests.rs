//! The API on a real node, asked in-process; and once over a socket.

mod answers;
mod described;
mod edits;
mod exports;
mod follow;
mod hostile;
mod receipts;
mod served;

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::{
    app::{self, NetSettings, Settings, StoreOptions},
    pack::Pack,
};

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Arc::new(Pack::embedded()));

/// A node with its API.
struct Office {
    app: App,
    router: Router,
    token: String,
    home: Option<TempDir>,
}

/// An answer that has been read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Office {
    /// A new office without links.
    async fn new() -> Office {
        let home = tempfile::tempdir().unwrap();
        let mut office = Office::at("Gao", home.path(), None).await;
        office.home = Some(home);
        office
    }

    async fn at(name: &str, home: &Path, net: Option<NetSettings>) -> Office {
        let app = app::open(Settings {
            data_dir: home.to_owned(),
            name: name.into(),
            region: Some("ML-7".into()),
            device_key: device_key(name),
            network_secret: b"the offices of this test".to_vec(),
            pack: PACK.clone(),
            net,
            store: StoreOptions::default(),
            clock_ahead: 0,
        });
        let app = app.await.unwrap();
        let token = Token::of(home).unwrap();
        let settings = WebSettings {
            token: token.clone(),
            office: name.into(),
            hosts: vec!["gao.example".into()],
            by_number: false,
        };
        let router = router(app.clone(), settings);
        Office { app, router, token: token.as_str().to_owned(), home: None }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, headers, bytes }
    }

    /// A request with the token, and a body if there is one.
    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Request<Body> {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(if path.starts_with("/records") { format!("/api/v1{path}") } else { path.to_owned() })
            .header("Host", "127.0.0.1:7373")
            .header("Authorization", format!("Bearer {}", self.token));
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        self.send(self.request(method, path, headers, body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None).await
    }

    /// A new record; its id and version.
    async fn create(&self, body: Value) -> (String, String) {
        let answer = self.ask("POST", "/records", &[], Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.json()["id"].as_str().unwrap().to_owned(), answer.etag())
    }

    async fn conflict(&self) -> (String, String) {
        self.create(json!({"kind": "conflict", "title": "Puits de Ménaka", "narrative": "Deux fractions, un puits."}))
            .await
    }

    async fn patch(&self, id: &str, etag: &str, patch: Value) -> Answer {
        self.ask("PATCH", &format!("/records/{id}"), &[("If-Match", etag)], Some(patch)).await
    }

    async fn record(&self, id: &str) -> Value {
        let answer = self.get(&format!("/records/{id}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn etag(&self) -> String {
        self.header("ETag").to_owned()
    }

    /// The last part of a problem's type, its first fault's place and code.
    fn problem(&self) -> (u16, String, String, String) {
        assert_eq!(self.header("Content-Type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        let urn = problem["type"].as_str().unwrap().strip_prefix("urn:toguna:problem:").unwrap().to_owned();
        let fault = &problem["problems"][0];
        let place = fault["parameter"].as_str().or(fault["pointer"].as_str()).unwrap_or_default().to_owned();
        (self.status, urn, place, fault["code"].as_str().unwrap_or_default().to_owned())
    }
}

fn device_key(name: &str) -> [u8; 32] {
    *blake3::hash(name.as_bytes()).as_bytes()
}

/// Gao and Kidal, with a link between them.
async fn linked(gao: &Path, kidal: &Path) -> (Office, Office) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address: libp2p::Multiaddr = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    let net = |name: &str| NetSettings { mdns: false, ..NetSettings::new(device_key(name)) };
    let listening = NetSettings { listen: vec![address.clone()], ..net("Gao") };
    let dialling = NetSettings { listen: Vec::new(), peers: vec![address], ..net("Kidal") };
    (Office::at("Gao", gao, Some(listening)).await, Office::at("Kidal", kidal, Some(dialling)).await)
}

async fn stop<const N: usize>(offices: [Office; N]) {
    for office in offices {
        office.app.stop().await;
    }
}

async fn same_digest(one: &Office, two: &Office) {
    for _ in 0..200 {
        let (ours, theirs) = (one.get("/api/v1/status").await.json(), two.get("/api/v1/status").await.json());
        let complete = [&ours, &theirs].iter().all(|status| status["views_complete"] == json!(true));
        if ours["digest"] == theirs["digest"] && complete {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the offices do not come to agree");
}

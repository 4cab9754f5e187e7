//! A node under TLS, over real sockets: pages and API for whoever knows its certificate, nothing for anybody else.

use axum::{
    body::to_bytes,
    http::header::{COOKIE, HOST, SET_COOKIE},
};
use rustls::ServerConfig;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

use super::*;
use crate::{
    accounts::{AccountName, Accounts, NewAccount, Password, Role},
    app::{self, App, Settings, StoreOptions},
    certificate::Certificate,
    client::Client,
    pack::Pack,
    pages::{self, PageSettings},
    web::{self, TlsListener, Token, WebSettings},
};

const PASSWORD: &str = "un mot de passe";

/// A node that others reach.
struct Node {
    app: App,
    address: SocketAddr,
    fingerprint: Fingerprint,
    token: Token,
    _home: TempDir,
}

impl Node {
    async fn new() -> Node {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings {
            data_dir: home.path().to_owned(),
            name: "Gao".into(),
            region: None,
            device_key: [7; 32],
            network_secret: b"the offices of this test".to_vec(),
            pack: Pack::embedded().into(),
            net: None,
            store: StoreOptions::default(),
            clock_ahead: 0,
        };
        let app = app::open(settings).await.unwrap();
        let accounts = Accounts::open_cheap(home.path()).unwrap();
        let (name, password) = (AccountName::new("Awa").unwrap(), Password::new(PASSWORD).unwrap());
        let new = NewAccount { name, role: Role::HeadOfOffice, language: None, password };
        accounts.add(new, toguna_protocol::ids::UnixSeconds(0)).unwrap();
        let certificate = Certificate::own(home.path(), "Gao", &["127.0.0.1".into()]).unwrap();
        let (fingerprint, token) = (certificate.fingerprint(), Token::of(home.path()).unwrap());
        let shown = PageSettings { office: "Gao".into(), clock_ahead: 0, certificate: Some(fingerprint) };
        let hosts = vec!["gao.example".into()];
        let web = WebSettings { token: token.clone(), office: "Gao".into(), hosts, by_number: true };
        let router = web::router_with(app.clone(), web, pages::router(app.clone(), accounts, shown));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TlsListener::new(listener, certificate.server().unwrap(), "https, please\n").unwrap();
        tokio::spawn(web::serve(listener, router, std::future::pending()));
        Node { app, address, fingerprint, token, _home: home }
    }

    /// What a browser gets that trusts the certificate.
    async fn ask(&self, method: &str, path: &str, host: &str, cookie: &str, body: &str) -> (Response<()>, String) {
        let request = Request::builder().method(method).uri(path).header(HOST, host).header(COOKIE, cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let pinned = Pinned::new(self.address, self.fingerprint).unwrap();
        let response = pinned.send(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn pages_are_reached_and_their_cookie_is_for_this_host_and_tls_alone() {
    let node = Node::new().await;
    let host = format!("192.168.1.10:{}", node.address.port());
    let form = format!("name=Awa&password={}", PASSWORD.replace(' ', "+"));
    let (answer, _) = node.ask("POST", "/sign-in", &host, "", &form).await;
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    let name = format!("__Host-toguna-{}=", node.address.port());
    assert!(cookie.starts_with(&name), "{cookie}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let shown = cookie.split(';').next().unwrap();
    let (answer, page) = node.ask("GET", "/account", &host, shown, "").await;
    assert_eq!(answer.status(), 200);
    for group in node.fingerprint.groups() {
        assert!(page.contains(&group), "{group}");
    }
    // A cookie of the name that plain pages use is nobody's.
    let plain = shown.replace("__Host-", "");
    assert_eq!(node.ask("GET", "/account", &host, &plain, "").await.0.status(), 303);
    node.app.stop().await;
}

#[tokio::test]
async fn the_node_is_addressed_by_numbers_and_by_its_names_alone() {
    let node = Node::new().await;
    let port = node.address.port();
    for (host, status) in [
        (format!("10.0.0.5:{port}"), 200),
        (format!("[fe80::1]:{port}"), 200),
        (format!("GAO.example:{port}"), 200),
        ("localhost".to_owned(), 200),
        (format!("ailleurs.example:{port}"), 421),
        (format!("10.0.0.5.ailleurs.example:{port}"), 421),
        (format!("10.0.0.5x:{port}"), 421),
    ] {
        let (answer, _) = node.ask("GET", "/sign-in", &host, "", "").await;
        assert_eq!(answer.status() == 200, status == 200, "{host}: {}", answer.status());
    }
    node.app.stop().await;
}

#[tokio::test]
async fn the_client_speaks_to_the_certificate_that_it_knows_and_to_no_other() {
    let (node, other) = (Node::new().await, Node::new().await);
    let client = Client::pinned(node.address, node.fingerprint, node.token.clone()).unwrap();
    assert!(client.status().await.unwrap().get("counts").is_some());
    let made = client.new_record(&serde_json::json!({"kind": "conflict", "title": "Puits"})).await.unwrap();
    assert!(made.etag.is_some());
    let asked = serde_json::json!({"kind": "conflict", "format": "csv"});
    let (counts, _) = client.export(&asked).await.unwrap();
    assert_eq!(counts, (1, 0));
    let client = Client::pinned(node.address, other.fingerprint, node.token.clone()).unwrap();
    let error = client.status().await.expect_err("another certificate");
    assert!(matches!(&error, ClientError::Unreachable { .. }), "{error}");
    // A server that holds the certificate without its key proves nothing.
    let impostor = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = impostor.local_addr().unwrap();
    let config: Arc<ServerConfig> = Certificate::own(other._home.path(), "Gao", &[]).unwrap().server().unwrap();
    let heard = tokio::spawn(async move {
        let (stream, _) = impostor.accept().await.unwrap();
        let mut heard = Vec::new();
        if let Ok(mut stream) = tokio_rustls::TlsAcceptor::from(config).accept(stream).await {
            let _ = stream.read_to_end(&mut heard).await;
        }
        heard
    });
    let client = Client::pinned(address, node.fingerprint, node.token.clone()).unwrap();
    assert!(client.status().await.is_err());
    assert_eq!(heard.await.unwrap(), b"", "nothing was said to it");
    node.app.stop().await;
    other.app.stop().await;
}

#[tokio::test]
async fn who_speaks_plain_http_or_nothing_holds_up_nobody() {
    let node = Node::new().await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(node.address).await.unwrap());
    }
    let mut plain = TcpStream::connect(node.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: gao\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(5), plain.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("https, please\n"), "{answer}");
    for noise in [b"\0\x01\x02".as_slice(), b"\x16\x03\x01\x00\x02xx", b"\x80"] {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        stream.write_all(noise).await.unwrap();
        let mut answer = Vec::new();
        // Closed in whatever way, and without a word of HTTP.
        let _ = timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await.expect("it is closed");
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let client = Client::pinned(node.address, node.fingerprint, node.token.clone()).unwrap();
    timeout(Duration::from_secs(5), client.status()).await.expect("at once").unwrap();
    drop(silent);
    // Their places are free again.
    sleep(Duration::from_millis(200)).await;
    for _ in 0..60 {
        client.status().await.unwrap();
    }
    node.app.stop().await;
}

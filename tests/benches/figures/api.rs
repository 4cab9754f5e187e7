//! An office's HTTP API and pages on a real socket, and a client of it.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, Response, header};
use serde_json::Value;
use toguna::{
    accounts::{AccountName, Accounts, NewAccount, Password, Role},
    pages::{self, PageSettings},
    web::{self, Token, WebSettings},
};
use toguna_protocol::ids::UnixSeconds;
use toguna_tests::office::Office;
use tokio::{net::TcpListener, task::JoinHandle};

/// Who reads the pages.
pub(crate) const READER: (&str, &str) = ("Aïssata", "un mot de passe");

/// Serves an office's API and pages on a free port of the loopback.
pub(crate) async fn serve(office: &Office) -> (Client, JoinHandle<()>) {
    let token = Token::of(office.directory()).expect("a token can be made");
    let settings =
        WebSettings { token: token.clone(), office: office.name.clone(), hosts: Vec::new(), by_number: false };
    let shown = PageSettings { office: office.name.clone(), clock_ahead: 0, certificate: None };
    let pages = pages::router(office.app().clone(), accounts(office), shown);
    let router = web::router_with(office.app().clone(), settings, pages);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let address = listener.local_addr().expect("a bound socket has an address");
    let serving = tokio::spawn(async move {
        web::serve(listener, router, std::future::pending()).await.expect("the API is served");
    });
    (Client::new(address, token.as_str()), serving)
}

/// The accounts of an office: one, made when they are first asked for.
fn accounts(office: &Office) -> Accounts {
    let accounts = Accounts::open(office.directory()).expect("accounts can be read");
    if accounts.named(READER.0).expect("accounts can be read").is_none() {
        let (name, password) = (AccountName::new(READER.0), Password::new(READER.1));
        let new = NewAccount {
            name: name.expect("a good name"),
            role: Role::HeadOfOffice,
            language: None,
            password: password.expect("a good password"),
        };
        accounts.add(new, UnixSeconds(0)).expect("an account can be made");
    }
    accounts
}

/// Calls an office's API over one kept connection.
pub(crate) struct Client {
    http: reqwest::Client,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    token: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        Client { http: reqwest::Client::new(), address, token: token.to_owned() }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}/api/v1/{path}", self.address)).bearer_auth(&self.token)
    }

    /// The answer to a `GET`.
    pub(crate) async fn get(&self, path: &str) -> Value {
        body(self.call(Method::GET, path).send().await.expect("the API answers")).await
    }

    /// Makes a record.
    pub(crate) async fn create(&self, record: &Value) -> Saved {
        saved(self.call(Method::POST, "records").json(record).send().await.expect("the API answers")).await
    }

    /// Edits a record as it was when it was last saved.
    pub(crate) async fn patch(&self, seen: &Saved, patch: &Value) -> Saved {
        let call = self.call(Method::PATCH, &format!("records/{}", seen.id)).header(header::IF_MATCH, &seen.etag);
        saved(call.json(patch).send().await.expect("the API answers")).await
    }
}

/// What the API says of a save.
pub(crate) struct Saved {
    id: String,
    etag: String,
}

async fn saved(answer: Response) -> Saved {
    let etag = answer.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    let body = body(answer).await;
    let id = body["id"].as_str().expect("a save names its record").to_owned();
    Saved { id, etag: etag.expect("a save has an ETag") }
}

async fn body(answer: Response) -> Value {
    let status = answer.status();
    let body: Value = answer.json().await.expect("the API answers in JSON");
    assert!(status.is_success(), "{status}: {body}");
    body
}

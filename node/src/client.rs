//! A client of the HTTP API, as the command line, imports and the demonstration use it.
//!
//! It speaks either to a node that runs, over HTTP or, where others reach that node too, over TLS with its certificate
//! known beforehand (`pinned`); or to a router in this process, when no node runs: every verb has one implementation,
//! the router's.

mod bundles;
mod pinned;
mod sink;

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{self, Request},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tower::ServiceExt;

use self::pinned::Pinned;
use crate::{certificate::Fingerprint, web::Token};

pub use self::bundles::Pieces;

/// Bytes of an answer that are read at most: a page of records is far below.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// How long an answer may take: a check of a large store is the longest.
const PATIENCE: Duration = Duration::from_secs(600);

/// Records that are asked for at once.
const PAGE: usize = 200;

/// Speaks to one node. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    carrier: Carrier,
    token: Token,
    person: Option<String>,
    reason: Option<String>,
}

#[derive(Clone)]
enum Carrier {
    Http { base: String, client: reqwest::Client },
    Pinned(Pinned),
    Inside(Router),
}

impl Carrier {
    /// Sends a request on any way but plain HTTP.
    async fn send(&self, request: Request<Body>) -> Result<http::Response<Body>, ClientError> {
        match self {
            Carrier::Http { base, .. } => Err(ClientError::Setup(format!("{base} is asked by another way"))),
            Carrier::Pinned(pinned) => pinned.send(request).await,
            Carrier::Inside(router) => Ok(router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})),
        }
    }
}

/// What a node answered when it did as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The version of the record that the answer shows or made, to be named in an edit.
    pub etag: Option<String>,
    /// The body; null where there was none.
    pub body: Value,
}

/// A node's refusal, in the shape of RFC 9457.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What it is, in a few words.
    pub title: String,
    /// What it is in this case, and what to do.
    pub detail: Option<String>,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldProblem>,
    /// The fields that others changed meanwhile: pointer, and the values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Map<String, Value>>,
    /// Of which offices a bundle goes on after which entries, and how many are here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// A field at fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldProblem {
    /// The field as a JSON pointer.
    pub pointer: String,
    /// What is wrong, for programs.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

/// A request that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody answered.
    #[error("the node at {address} does not answer: {reason}")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// Why it was not reached.
        reason: String,
    },
    /// The node refused.
    #[error("{}", .0.detail.as_deref().unwrap_or(&.0.title))]
    Refused(Box<Problem>),
    /// The answer was not what the API promises.
    #[error("the node's answer was not understood: {0}; is it of another version?")]
    Shape(String),
    /// The client could not be set up.
    #[error("setting up the HTTP client: {0}")]
    Setup(String),
}

/// A request that is being put together.
struct Asked<'a> {
    method: &'a str,
    path: String,
    body: Option<&'a Value>,
    etag: Option<&'a str>,
}

impl Client {
    /// A node that runs elsewhere: its address as in `http://127.0.0.1:7373`, and its token.
    pub fn http(base: &str, token: Token) -> Result<Self, ClientError> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| ClientError::Setup(error.to_string()))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Client { carrier: Carrier::Http { base, client }, token, person: None, reason: None })
    }

    /// A node that others reach too, by the certificate that it must show: nothing is sent to any other.
    pub fn pinned(address: SocketAddr, fingerprint: Fingerprint, token: Token) -> Result<Self, ClientError> {
        let pinned = Pinned::new(address, fingerprint)?;
        Ok(Client { carrier: Carrier::Pinned(pinned), token, person: None, reason: None })
    }

    /// A router in this process.
    pub fn inside(router: Router, token: Token) -> Self {
        Client { carrier: Carrier::Inside(router), token, person: None, reason: None }
    }

    /// Names the person who makes the changes, and why, where a reason is given.
    pub fn speaking_for(mut self, person: Option<&str>, reason: Option<&str>) -> Self {
        self.person = person.map(str::to_owned);
        self.reason = reason.map(str::to_owned);
        self
    }

    /// The node in numbers.
    pub async fn status(&self) -> Result<Value, ClientError> {
        Ok(self.get("/status").await?.body)
    }

    /// Asks for something: a path below `/api/v1`, its query included.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.ask(Asked { method: "GET", path: path.to_owned(), body: None, etag: None }).await
    }

    /// One record.
    pub async fn record(&self, id: &str) -> Result<Answer, ClientError> {
        self.get(&format!("/records/{}", encoded(id))).await
    }

    /// Makes a record.
    pub async fn new_record(&self, record: &Value) -> Result<Answer, ClientError> {
        self.ask(Asked { method: "POST", path: "/records".to_owned(), body: Some(record), etag: None }).await
    }

    /// Changes the version of a record that `etag` names.
    pub async fn edit(&self, id: &str, etag: &str, patch: &Value) -> Result<Answer, ClientError> {
        let path = format!("/records/{}", encoded(id));
        self.ask(Asked { method: "PATCH", path, body: Some(patch), etag: Some(etag) }).await
    }

    /// Posts something to a path, seen at `etag` where one is given.
    pub async fn post(&self, path: &str, body: Option<&Value>, etag: Option<&str>) -> Result<Answer, ClientError> {
        self.ask(Asked { method: "POST", path: path.to_owned(), body, etag }).await
    }

    /// One page of the records that `query` asks for (name and value, not encoded), and where the next one begins.
    pub async fn page(
        &self,
        query: &[(&str, String)],
        limit: usize,
        after: Option<&str>,
    ) -> Result<(Vec<Value>, Option<String>, u64), ClientError> {
        let mut path = format!("/records?limit={limit}");
        let after = after.map(|after| ("after", after.to_owned()));
        for (name, value) in query.iter().chain(&after) {
            let _infallible = write!(path, "&{name}={}", encoded(value));
        }
        let body = self.get(&path).await?.body;
        let Some(records) = body.get("records").and_then(Value::as_array) else {
            return Err(ClientError::Shape("there is no list of records in it".to_owned()));
        };
        let next = body.get("next").and_then(Value::as_str).map(str::to_owned);
        let total = body.get("total").and_then(Value::as_u64).unwrap_or(records.len() as u64);
        Ok((records.clone(), next, total))
    }

    /// All records that `query` asks for, page by page.
    pub async fn all(&self, query: &[(&str, String)]) -> Result<Vec<Value>, ClientError> {
        let mut records = Vec::new();
        let mut after = None;
        loop {
            let (page, next, _) = self.page(query, PAGE, after.as_deref()).await?;
            records.extend(page);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(records),
            }
        }
    }

    async fn ask(&self, asked: Asked<'_>) -> Result<Answer, ClientError> {
        let mut headers: Vec<(&str, String)> = vec![("authorization", format!("Bearer {}", self.token.as_str()))];
        headers.extend(self.person.iter().map(|person| ("toguna-person", encoded(person))));
        headers.extend(self.reason.iter().map(|reason| ("toguna-reason", encoded(reason))));
        headers.extend(asked.etag.iter().map(|etag| ("if-match", (*etag).to_owned())));
        if asked.body.is_some() {
            let patch = asked.method == "PATCH";
            headers.push((
                "content-type",
                if patch { "application/merge-patch+json" } else { "application/json" }.to_owned(),
            ));
        }
        let body = asked.body.map(Value::to_string).unwrap_or_default();
        let path = format!("/api/v1{}", asked.path);
        let request = Wire { method: asked.method, path, headers, body };
        let response = match &self.carrier {
            Carrier::Http { base, client } => over_http(client, base, request).await?,
            other => directly(other, request).await?,
        };
        let status = response.status;
        let parsed = if response.bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&response.bytes) };
        if (200..300).contains(&status) {
            let body = parsed.map_err(|error| ClientError::Shape(error.to_string()))?;
            return Ok(Answer { etag: response.etag, body });
        }
        let mut problem: Problem = parsed.and_then(serde_json::from_value).unwrap_or_default();
        problem.status = status;
        if problem.title.is_empty() {
            problem.title = format!("the node answered with status {status}");
        }
        Err(ClientError::Refused(Box::new(problem)))
    }
}

/// A request as either carrier takes it.
struct Wire<'a> {
    method: &'a str,
    path: String,
    headers: Vec<(&'a str, String)>,
    body: String,
}

/// A response as either carrier gives it.
struct Response {
    status: u16,
    etag: Option<String>,
    bytes: Vec<u8>,
}

async fn over_http(client: &reqwest::Client, base: &str, asked: Wire<'_>) -> Result<Response, ClientError> {
    let unreachable = |error: reqwest::Error| ClientError::Unreachable {
        address: base.to_owned(),
        reason: root_cause(&error.without_url()),
    };
    let method = asked.method.parse::<reqwest::Method>().map_err(|error| ClientError::Setup(error.to_string()))?;
    let mut request = client.request(method, format!("{base}{}", asked.path)).body(asked.body);
    for (name, value) in asked.headers {
        request = request.header(name, value);
    }
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    Ok(Response { status, etag, bytes: response.bytes().await.map_err(unreachable)?.to_vec() })
}

async fn directly(carrier: &Carrier, asked: Wire<'_>) -> Result<Response, ClientError> {
    let setup = |error: axum::http::Error| ClientError::Setup(error.to_string());
    // The name of this machine: the interface is asked for under no other when it runs by itself.
    let mut request = Request::builder().method(asked.method).uri(asked.path).header("host", "127.0.0.1");
    for (name, value) in asked.headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(asked.body)).map_err(setup)?;
    let answered = async {
        let response = carrier.send(request).await?;
        let status = response.status().as_u16();
        let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let bytes = axum::body::to_bytes(response.into_body(), MAX_ANSWER).await;
        let bytes = bytes.map_err(|error| ClientError::Shape(error.to_string()))?.to_vec();
        Ok(Response { status, etag, bytes })
    };
    let too_slow = |_| ClientError::Shape("it took too long".to_owned());
    tokio::time::timeout(PATIENCE, answered).await.map_err(too_slow)?
}

/// The last of an error's causes: "connection refused", and not the layers around it.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => {
                let _infallible = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_queries_carry_any_name() {
        assert_eq!(encoded("Aïssata Touré & fils"), "A%C3%AFssata%20Tour%C3%A9%20%26%20fils");
    }

    #[tokio::test]
    async fn a_refusal_keeps_its_fields_whoever_answers() {
        let problem = r#"{"type":"about:blank","title":"not valid","status":422,"detail":"two fields are at fault",
            "problems":[{"pointer":"/phase/is","code":"unknown-key","detail":"expected one of the keys"}]}"#;
        let refuse = move || async move { (axum::http::StatusCode::UNPROCESSABLE_ENTITY, problem) };
        let router = Router::new().route("/api/v1/status", axum::routing::get(refuse));
        let directory = tempfile::tempdir().unwrap();
        let client = Client::inside(router, Token::of(directory.path()).unwrap());
        let ClientError::Refused(problem) = client.status().await.expect_err("a refusal") else { panic!("refused") };
        assert_eq!((problem.status, problem.problems[0].pointer.as_str()), (422, "/phase/is"));
        let ClientError::Refused(problem) = client.get("/nothing").await.expect_err("no such path") else { panic!() };
        assert_eq!((problem.status, problem.title.as_str()), (404, "the node answered with status 404"));
    }
}

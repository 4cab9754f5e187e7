//! What goes wrong, as problem documents (RFC 9457).

use std::any::Any;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use toguna_protocol::{
    bundle::BundleError,
    engine::{CommandError, QueryError},
    record::{self, RecordError},
};

use crate::{
    app::{AskError, DriverError, SubmitError},
    exchange::export::ExportError,
    views::ViewsError,
};

/// Media type of every answer that is not a success.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// What kind of problem, for programs: a URN that stays the same.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do. Never holds content of a record.
    pub detail: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Fault>,
    /// With status 409: the fields that changed since they were read. The one place where a problem holds content, for
    /// the person who has to choose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Changed>,
    /// For a bundle whose base is not here: of which offices it goes on after which entries, and how many are here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer of the field in the body; empty where the fault lies elsewhere.
    pub pointer: String,
    /// The query parameter or header at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<&'static str>,
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people, and what to do.
    pub detail: &'static str,
}

impl Fault {
    /// A fault of a query parameter or header.
    pub fn parameter(name: &'static str, code: &'static str, detail: &'static str) -> Self {
        Fault { pointer: String::new(), parameter: Some(name), code, detail }
    }

    /// A fault of a field in the body.
    pub fn field(pointer: &str, code: &'static str, detail: &'static str) -> Self {
        Fault { pointer: pointer.to_owned(), parameter: None, code, detail }
    }
}

impl From<record::Problem> for Fault {
    fn from(problem: record::Problem) -> Self {
        let record::Problem { pointer, code, detail } = problem;
        Fault { pointer, parameter: None, code, detail }
    }
}

/// A field that changed between reading and writing.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Changed {
    /// JSON pointer of the field.
    pub pointer: String,
    /// What the request wants to write.
    pub yours: Value,
    /// What stands there now.
    pub now: Value,
    /// What stood there in the version that was read.
    pub before: Value,
}

/// Why a request was not carried out. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No such path.
    #[error("there is nothing at this address: see /api/v1/openapi.json")]
    NoRoute,
    /// The path knows other methods.
    #[error("this address does not take this method: see the Allow header")]
    Method,
    /// No such record or entry.
    #[error("there is no such record or entry at this office")]
    NotFound,
    /// The Host header names somebody else.
    #[error("this node is not addressed by this name: use 127.0.0.1, or add the name to the node's settings")]
    Host,
    /// No token, or another one.
    #[error("this needs the token from `api.token` in the data directory, as `Authorization: Bearer …`")]
    Token,
    /// A parameter or header is not what it must be.
    #[error("the request is at fault: correct it and send it again")]
    Request(Vec<Fault>),
    /// Not JSON.
    #[error("the body is not JSON (RFC 8259) in UTF-8: line {line}, column {column}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1; bytes.
        column: usize,
    },
    /// The body is of another media type.
    #[error("the body must be application/json or, for a patch, application/merge-patch+json")]
    MediaType,
    /// Over [`super::MAX_BODY`].
    #[error("the body is larger than 1 MiB: send it in parts")]
    TooLarge,
    /// The body broke off.
    #[error("the body did not arrive whole: send it again")]
    Body,
    /// An edit must say which version it was made against.
    #[error("an edit needs the header If-Match with the ETag of the version that was read")]
    NoVersion,
    /// That version is not known here.
    #[error("the version in If-Match is not known here: read the record again and repeat the edit")]
    UnknownVersion,
    /// The record refuses the change.
    #[error("the record does not take this: {} field(s) at fault", .0.len())]
    Invalid(Vec<Fault>),
    /// Fields changed since they were read.
    #[error("{} field(s) changed since they were read: look at both values and choose", .0.len())]
    Changed(Vec<record::Changed>),
    /// The record is of a newer version's kind.
    #[error("this version knows no record of this kind: update it")]
    UnknownKind,
    /// More than one entry holds.
    #[error("this is too much for one save: {0}; save it in parts")]
    TooMuch(String),
    /// No such office is known.
    #[error("no office of this name is known here: `toguna status` lists those that are, or make one with --all")]
    NoOffice,
    /// What was sent is no bundle that can be read here.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The bundle goes on from what is not held here.
    #[error("{detail}")]
    BundleBase {
        /// From what, and what to do.
        detail: String,
        /// Feed by feed.
        lacks: Vec<String>,
    },
    /// The store could not write.
    #[error("not saved: {0}")]
    NotSaved(String),
    /// The node is stopping.
    #[error(transparent)]
    Stopping(#[from] DriverError),
    /// Something of our own failed. What it was is in the log.
    #[error("this failed inside the node: its log says more")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        ApiError::Internal(Box::new(error))
    }

    /// Status, last part of the URN, title.
    fn class(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            ApiError::NoRoute => (S::NOT_FOUND, "no-route", "Nothing here"),
            ApiError::Method => (S::METHOD_NOT_ALLOWED, "method", "Method not allowed"),
            ApiError::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
            ApiError::Host => (S::MISDIRECTED_REQUEST, "host", "Addressed to another host"),
            ApiError::Token => (S::UNAUTHORIZED, "token", "Token missing or wrong"),
            ApiError::Request(_) => (S::BAD_REQUEST, "request", "Request at fault"),
            ApiError::Json { .. } => (S::BAD_REQUEST, "json", "Not JSON"),
            ApiError::MediaType => (S::UNSUPPORTED_MEDIA_TYPE, "media-type", "Unknown media type"),
            ApiError::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "Body too large"),
            ApiError::Body => (S::BAD_REQUEST, "body", "Body incomplete"),
            ApiError::NoVersion => (S::PRECONDITION_REQUIRED, "no-version", "If-Match missing"),
            ApiError::UnknownVersion => (S::PRECONDITION_FAILED, "unknown-version", "Version not known here"),
            ApiError::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid", "Fields at fault"),
            ApiError::Changed(_) => (S::CONFLICT, "changed", "Changed since it was read"),
            ApiError::UnknownKind => (S::NOT_IMPLEMENTED, "unknown-kind", "Unknown kind of record"),
            ApiError::TooMuch(_) => (S::PAYLOAD_TOO_LARGE, "too-much", "Too much for one save"),
            ApiError::NoOffice => (S::NOT_FOUND, "no-office", "No such office"),
            ApiError::Bundle(BundleError::AnotherNetwork) => (S::FORBIDDEN, "bundle-network", "Of another network"),
            ApiError::Bundle(BundleError::Newer) => (S::NOT_IMPLEMENTED, "bundle-version", "Of a newer version"),
            ApiError::Bundle(_) => (S::UNPROCESSABLE_ENTITY, "bundle", "No whole bundle"),
            ApiError::BundleBase { .. } => (S::UNPROCESSABLE_ENTITY, "bundle-base", "Its base is not here"),
            ApiError::NotSaved(_) => (S::SERVICE_UNAVAILABLE, "not-saved", "Not saved"),
            ApiError::Stopping(_) => (S::SERVICE_UNAVAILABLE, "stopping", "Node is stopping"),
            ApiError::Internal(_) => (S::INTERNAL_SERVER_ERROR, "internal", "Internal failure"),
        }
    }

    /// The problem document.
    pub fn into_problem(self) -> Problem {
        let (status, urn, title) = self.class();
        let detail = self.to_string();
        let (mut problems, mut changed, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        match self {
            ApiError::Request(faults) | ApiError::Invalid(faults) => problems = faults,
            ApiError::BundleBase { lacks, .. } => missing = lacks,
            ApiError::Changed(fields) => changed = fields.into_iter().map(Changed::from).collect(),
            _ => {}
        }
        Problem {
            kind: format!("urn:toguna:problem:{urn}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            problems,
            changed,
            missing,
        }
    }
}

impl From<record::Changed> for Changed {
    fn from(field: record::Changed) -> Self {
        let record::Changed { pointer, read, now, wanted } = field;
        Changed { pointer, yours: wanted, now, before: read }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let ApiError::Internal(error) = &self {
            tracing::error!(%error, "a request failed");
        }
        let status = self.class().0;
        let body = serde_json::to_vec(&self.into_problem()).expect("a problem is plain data");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Invalid(problems) => ApiError::Invalid(problems.into_iter().map(Fault::from).collect()),
            RecordError::Changed(changed) => ApiError::Changed(changed),
            RecordError::UnknownKind => ApiError::UnknownKind,
            RecordError::UnknownHeads => ApiError::UnknownVersion,
            other => ApiError::internal(other),
        }
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        let error = match error {
            SubmitError::Refused(error) => error,
            SubmitError::Stopped(error) => return error.into(),
        };
        match error {
            CommandError::NotFound => ApiError::NotFound,
            CommandError::Record(error) => error.into(),
            CommandError::TooMuch(why) => ApiError::TooMuch(why),
            CommandError::Authorship(what) => {
                let header = if what == "the reason" { "Toguna-Reason" } else { "Toguna-Person" };
                let detail = "a name must have 1 to 80 characters, a reason at most 500";
                ApiError::Request(vec![Fault::parameter(header, "authorship", detail)])
            }
            CommandError::NotSaved(why) => ApiError::NotSaved(why),
            other => ApiError::internal(other),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotFound => ApiError::NotFound,
            QueryError::Record(error) => error.into(),
            other => ApiError::internal(other),
        }
    }
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Query(error) => error.into(),
            AskError::Stopped(error) => error.into(),
        }
    }
}

impl From<ViewsError> for ApiError {
    fn from(error: ViewsError) -> Self {
        ApiError::internal(error)
    }
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Stopped(error) => error.into(),
            other => ApiError::internal(other),
        }
    }
}

/// A route panicked: told to the client without what it said, which may hold content.
pub(super) fn of_panic(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    #[derive(Debug, thiserror::Error)]
    #[error("a route panicked")]
    struct Panicked;
    ApiError::internal(Panicked).into_response()
}

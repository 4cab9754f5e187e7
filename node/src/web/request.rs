//! What requests bring: bodies, who writes and why, ids in the path, parameters. Everything is bounded before it is
//! looked at, and no answer repeats what was sent.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use toguna_protocol::{
    engine::{Command, Intent},
    ids::{Arrival, EntryHash, RecordId},
    record::{Kind, has_forbidden},
};

use super::{
    Shared,
    problem::{ApiError, Fault},
};
use crate::views::{Cursor, Filter};

/// Records on a page where a request does not say.
const PAGE: usize = 50;

/// Records on a page at most.
pub(super) const MAX_PAGE: usize = 500;

/// Characters of a query parameter.
const MAX_PARAMETER: usize = 300;

/// A JSON body of at most [`super::MAX_BODY`] bytes and 127 levels.
pub(super) struct JsonBody(pub(super) Value);

impl FromRequest<Shared> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, web: &Shared) -> Result<Self, ApiError> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.and_then(|value| value.split(';').next()).map(|value| value.trim().to_lowercase());
        if !matches!(essence.as_deref(), Some("application/json" | "application/merge-patch+json")) {
            return Err(ApiError::MediaType);
        }
        let bytes = Bytes::from_request(request, web).await.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => ApiError::TooLarge,
            _ => ApiError::Body,
        })?;
        let value = serde_json::from_slice(&bytes);
        value.map(JsonBody).map_err(|error| ApiError::Json { line: error.line(), column: error.column() })
    }
}

impl JsonBody {
    /// The body as an object of known fields.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] at the body as a whole, since serde's own words could repeat a value.
    pub(super) fn read<T: DeserializeOwned>(self, detail: &'static str) -> Result<T, ApiError> {
        serde_json::from_value(self.0).map_err(|_| ApiError::Invalid(vec![Fault::field("", "wrong-type", detail)]))
    }
}

/// Who writes, and why.
pub(super) struct Author {
    person: String,
    reason: Option<String>,
}

impl FromRequestParts<Shared> for Author {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Shared) -> Result<Self, ApiError> {
        let person = text_header(&parts.headers, "Toguna-Person")?;
        let reason = text_header(&parts.headers, "Toguna-Reason")?;
        Ok(Author { person: person.unwrap_or_else(|| web.settings.office.clone()), reason })
    }
}

impl Author {
    /// The command by which the author does something.
    pub(super) fn wants(self, intent: Intent) -> Command {
        Command { person: self.person, reason: self.reason, intent }
    }

    /// Who it is.
    pub(super) fn into_person(self) -> String {
        self.person
    }

    /// The same author with the reason that the body gives, if it gives one.
    pub(super) fn because(self, reason: Option<String>) -> Result<Self, ApiError> {
        match reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty()) {
            Some(reason) if has_forbidden(&reason) => Err(ApiError::Invalid(vec![Fault::field(
                "/reason",
                "control-character",
                "the reason holds control characters or marks that change the direction of text",
            )])),
            Some(reason) => Ok(Author { reason: Some(reason), ..self }),
            None => Ok(self),
        }
    }
}

/// A header that holds percent-encoded UTF-8 (RFC 3986, section 2.1); `None` if it is absent or blank.
fn text_header(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, ApiError> {
    let fault =
        || ApiError::Request(vec![Fault::parameter(name, "bad-header", "expected one line of percent-encoded UTF-8")]);
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = percent_decoded(value.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(fault)?;
    let text = text.trim();
    if values.next().is_some() || has_forbidden(text) || text.contains(['\n', '\r', '\t']) {
        return Err(fault());
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            out.push(first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        out.push(digit(digits[0])? * 16 + digit(digits[1])?);
        rest = after;
    }
    Some(out)
}

/// The record that the path names; what is no id names none.
pub(super) struct RecordPath(pub(super) RecordId);

impl FromRequestParts<Shared> for RecordPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Shared) -> Result<Self, ApiError> {
        let id = Path::<String>::from_request_parts(parts, web).await.map_err(|_| ApiError::NotFound)?.0;
        id.parse().map(RecordPath).map_err(|_| ApiError::NotFound)
    }
}

/// The record and the entry that the path names.
pub(super) struct EntryPath(pub(super) RecordId, pub(super) EntryHash);

impl FromRequestParts<Shared> for EntryPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Shared) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, web).await;
        let (id, entry) = path.map_err(|_| ApiError::NotFound)?.0;
        match (id.parse(), entry.parse()) {
            (Ok(id), Ok(entry)) => Ok(EntryPath(id, entry)),
            _ => Err(ApiError::NotFound),
        }
    }
}

/// Which part of which list.
pub(super) struct ListQuery {
    pub(super) filter: Filter,
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

impl FromRequestParts<Shared> for ListQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Shared) -> Result<Self, ApiError> {
        let given = Query::<Vec<(String, String)>>::from_request_parts(parts, web).await;
        let given =
            given.map_err(|_| one_fault("", "bad-query", "expected name=value pairs in percent-encoded UTF-8"))?.0;
        let mut query = ListQuery { filter: Filter::default(), after: None, limit: PAGE };
        let mut seen = Vec::new();
        for (name, value) in given {
            if seen.contains(&name) {
                return Err(one_fault("", "repeated", "a parameter is given twice"));
            }
            if !value.is_empty() {
                query.take(&name, value)?;
            }
            seen.push(name);
        }
        Ok(query)
    }
}

impl ListQuery {
    fn take(&mut self, name: &str, value: String) -> Result<(), ApiError> {
        if value.chars().count() > MAX_PARAMETER {
            return Err(one_fault("", "too-long", "a parameter has more than 300 characters"));
        }
        match name {
            "kind" => {
                let kind = Kind::from_key(&value);
                let fault = || one_fault("kind", "unknown-key", "expected consultation, conflict or project");
                self.filter.kind = Some(kind.ok_or_else(fault)?);
            }
            "region" => self.filter.region = Some(value),
            "status" => self.filter.status = Some(value),
            "text" => self.filter.text = Some(value),
            "source_ref" => self.filter.source_ref = Some(value),
            "since" => {
                let fault = |_| one_fault("since", "bad-number", "expected an arrival number");
                self.filter.since = Some(Arrival(value.parse().map_err(fault)?));
            }
            "after" => {
                let fault = |_| one_fault("after", "bad-cursor", "expected `next` of the page before");
                self.after = Some(value.parse().map_err(fault)?);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
                self.limit =
                    limit.ok_or_else(|| one_fault("limit", "bad-number", "expected a number from 1 to 500"))?;
            }
            _ => {
                let known = "expected kind, region, status, text, source_ref, since, after or limit";
                return Err(one_fault("", "unknown-parameter", known));
            }
        }
        Ok(())
    }
}

fn one_fault(name: &'static str, code: &'static str, detail: &'static str) -> ApiError {
    ApiError::Request(vec![Fault::parameter(name, code, detail)])
}

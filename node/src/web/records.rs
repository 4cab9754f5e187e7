//! Records: lists, one record, saves, settling, history.

use automerge::ChangeHash;
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use serde_json::Value;
use toguna_protocol::{
    engine::{Intent, QueryError, RecordView, Saved},
    ids::{EntryHash, RecordId},
    record::{self, Kind, evaluation},
};

use super::{
    ROOT, Shared, Web, etag,
    problem::{ApiError, Fault, Problem},
    request::{Author, EntryPath, JsonBody, ListQuery, RecordPath},
    shape::{Choice, EvaluationBody, History, RecordBody, RecordPage, SavedBody, Settlement},
};
use crate::app::AskError;

/// A list of records.
#[utoipa::path(
    get,
    path = "/api/v1/records",
    params(
        ("kind" = Option<super::shape::KindKey>, Query, description = "Of this kind"),
        ("region" = Option<String>, Query, description = "Concerning this region of the country pack, or `national`"),
        ("status" = Option<String>, Query, description = "With this status, or phase of a conflict"),
        ("text" = Option<String>, Query, description = "Holding all of these words or beginnings of words, whatever their accents and case"),
        ("source_ref" = Option<String>, Query, description = "Imported with this source key"),
        ("since" = Option<u64>, Query, description = "Changed at this arrival number or after it: pass the greatest that was seen; records of that very number come once more"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 500, description = "Records on a page, 50 where nothing is said"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = RecordPage)),
    tag = "records"
)]
pub(super) async fn list(State(web): State<Shared>, query: ListQuery) -> Result<Json<RecordPage>, ApiError> {
    if query.filter.source_ref.is_some() {
        // An import makes what is not found: it must not be told so while the node is still indexing.
        web.indexed().await?;
    }
    let page = web.read(move |views| views.list(&query.filter, query.after, query.limit)).await?;
    Ok(Json(page.into()))
}

/// A record as it is, with its concurrent values.
#[utoipa::path(
    get,
    path = "/api/v1/records/{id}",
    params(("id" = String, Path, description = "The record")),
    responses(
        (status = 200, description = "The record", body = inline(super::openapi::AnyRecord),
         headers(("ETag" = String, description = "The version, for If-Match"))),
        (status = 404, description = "No such record here", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "A kind that only a newer version knows", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn show(State(web): State<Shared>, RecordPath(id): RecordPath) -> Result<impl IntoResponse, ApiError> {
    Ok(of_view(web.app.record(id).await?))
}

/// A record as it was right after one of its entries.
#[utoipa::path(
    get,
    path = "/api/v1/records/{id}/at/{entry}",
    params(("id" = String, Path, description = "The record"), ("entry" = String, Path, description = "One of its entries")),
    responses(
        (status = 200, description = "The record at that time", body = inline(super::openapi::AnyRecord),
         headers(("ETag" = String, description = "That version"))),
        (status = 404, description = "No such record or entry here", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn show_at(
    State(web): State<Shared>,
    EntryPath(id, entry): EntryPath,
) -> Result<impl IntoResponse, ApiError> {
    Ok(of_view(web.app.record_at(id, entry).await?))
}

/// Who changed what, where, when and why.
#[utoipa::path(
    get,
    path = "/api/v1/records/{id}/history",
    params(("id" = String, Path, description = "The record")),
    responses(
        (status = 200, description = "Its changes, the oldest first", body = History),
        (status = 404, description = "No such record here", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn history(State(web): State<Shared>, RecordPath(id): RecordPath) -> Result<Json<History>, ApiError> {
    let (steps, offices) = web.app.ask(move |engine| (engine.history(id), engine.offices())).await?;
    Ok(Json(History::of(steps?, &offices)))
}

/// A new record. Only `kind` and `title` are required.
#[utoipa::path(
    post,
    path = "/api/v1/records",
    params(
        ("Toguna-Person" = Option<String>, Header, description = "Who writes, percent-encoded UTF-8; the office where nothing is said"),
        ("Toguna-Reason" = Option<String>, Header, description = "Why, percent-encoded UTF-8"),
    ),
    request_body(content = inline(super::openapi::AnyRecord), description = "The fields, without `id` and `meta`; items under keys that begin with `new`"),
    responses(
        (status = 201, description = "Saved, and durable", body = SavedBody,
         headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The record"))),
        (status = 422, description = "Fields at fault", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn create(
    State(web): State<Shared>,
    author: Author,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let kind = kind_of(&body).map_err(|fault| ApiError::Invalid(vec![fault]))?;
    let saved = web.save(author, Intent::Create(kind, body)).await?;
    let location = (header::LOCATION, location(&saved));
    Ok((StatusCode::CREATED, AppendHeaders([location, version(&saved)]), Json(SavedBody::from(saved))))
}

fn kind_of(body: &Value) -> Result<Kind, Fault> {
    let known = "expected consultation, conflict or project";
    let object = body.as_object().ok_or_else(|| Fault::field("", "wrong-type", "expected an object"))?;
    let kind = object.get("kind").ok_or_else(|| Fault::field("/kind", "required", known))?;
    kind.as_str().and_then(Kind::from_key).ok_or_else(|| Fault::field("/kind", "unknown-key", known))
}

/// Changes to a record, as a JSON merge patch (RFC 7396) against the version that was read.
///
/// Long texts are compared with that version, so that two people's edits both survive. Lists are objects by item id:
/// keys that begin with `new` add an item, null withdraws one, `{"withdrawn": false}` restores it. A set is given
/// whole as an array, or member by member as `{member: true | null}`. Nothing is saved if anything is at fault.
#[utoipa::path(
    patch,
    path = "/api/v1/records/{id}",
    params(
        ("id" = String, Path, description = "The record"),
        ("If-Match" = String, Header, description = "The ETag of the version that was read"),
        ("Toguna-Person" = Option<String>, Header, description = "Who writes, percent-encoded UTF-8; the office where nothing is said"),
        ("Toguna-Reason" = Option<String>, Header, description = "Why, percent-encoded UTF-8"),
    ),
    request_body(content = Object, content_type = "application/merge-patch+json", description = "The fields that change; null clears one"),
    responses(
        (status = 200, description = "Saved, and durable; `entry` is null if nothing had to change", body = SavedBody,
         headers(("ETag" = String, description = "The version after it"))),
        (status = 404, description = "No such record here", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Fields changed since they were read: `changed` holds both values", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The version in If-Match is not known here", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields at fault", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn patch(
    State(web): State<Shared>,
    RecordPath(id): RecordPath,
    headers: HeaderMap,
    author: Author,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let base = etag::if_match(&headers)?;
    Ok(of_saved(web.save(author, Intent::Patch(id, base, body)).await?))
}

/// Ends the concurrent values of a field by a person's choice: one of them, or a third value.
#[utoipa::path(
    post,
    path = "/api/v1/records/{id}/settle",
    params(
        ("id" = String, Path, description = "The record"),
        ("If-Match" = String, Header, description = "The ETag of the version that was read"),
        ("Toguna-Person" = Option<String>, Header, description = "Who settles, percent-encoded UTF-8; the office where nothing is said"),
    ),
    request_body(content = Settlement),
    responses(
        (status = 200, description = "Saved, and durable", body = SavedBody,
         headers(("ETag" = String, description = "The version after it"))),
        (status = 404, description = "No such record here", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Other values came in since", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The version in If-Match is not known here", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The field has no concurrent values, or the choice is none", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn settle(
    State(web): State<Shared>,
    RecordPath(id): RecordPath,
    headers: HeaderMap,
    author: Author,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let seen = etag::if_match(&headers)?;
    let Settlement { field, choice, reason } =
        body.read("expected {field, choice: {entry} or {value}, and, if wanted, a reason}")?;
    let choice = match choice {
        Choice::Value(value) => record::Choice::Value(value),
        Choice::Entry(entry) => record::Choice::Existing(change_of(&web, id, entry).await?),
    };
    let author = author.because(reason)?;
    Ok(of_saved(web.save(author, Intent::Settle(id, seen, field, choice)).await?))
}

/// The change that an entry of a record holds.
async fn change_of(web: &Web, id: RecordId, entry: EntryHash) -> Result<ChangeHash, ApiError> {
    match web.app.record_at(id, entry).await {
        // The version right after an entry has that entry's change as its only head.
        Ok(then) => then.heads.first().copied().ok_or(ApiError::NotFound),
        Err(AskError::Query(QueryError::NotFound)) => {
            web.app.record(id).await?;
            let unknown = "none of the concurrent values was written by that entry";
            Err(ApiError::Invalid(vec![Fault::field("/choice/entry", "unknown-choice", unknown)]))
        }
        Err(error) => Err(error.into()),
    }
}

/// A sealed evaluation: the commitment is published at once, the opinion stays at this office until every named
/// evaluator has committed.
#[utoipa::path(
    post,
    path = "/api/v1/records/{id}/evaluations",
    params(
        ("id" = String, Path, description = "A project"),
        ("Toguna-Person" = Option<String>, Header, description = "Who writes, percent-encoded UTF-8; the office where nothing is said"),
    ),
    request_body(content = EvaluationBody),
    responses(
        (status = 201, description = "Committed, and durable", body = SavedBody,
         headers(("ETag" = String, description = "The version after it"), ("Location" = String, description = "The record"))),
        (status = 404, description = "No such record here", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No such evaluator, or the opinion is at fault", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn evaluate(
    State(web): State<Shared>,
    RecordPath(id): RecordPath,
    author: Author,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let EvaluationBody { evaluator, opinion } = body.read("expected {evaluator, opinion}")?;
    // Committed to in the form in which it will be published, or the two would not agree.
    let opinion = evaluation::checked_opinion(&opinion)?;
    let saved = web.save(author, Intent::Evaluate(id, evaluator, opinion)).await?;
    let location = (header::LOCATION, location(&saved));
    Ok((StatusCode::CREATED, AppendHeaders([location, version(&saved)]), Json(SavedBody::from(saved))))
}

fn of_view(view: RecordView) -> impl IntoResponse {
    let body = RecordBody::from(view);
    (AppendHeaders([(header::ETAG, etag::header_value(&body.meta.etag))]), Json(body))
}

fn of_saved(saved: Saved) -> impl IntoResponse {
    (AppendHeaders([version(&saved)]), Json(SavedBody::from(saved)))
}

fn version(saved: &Saved) -> (HeaderName, HeaderValue) {
    (header::ETAG, etag::header_value(&etag::of_heads(&saved.heads)))
}

fn location(saved: &Saved) -> HeaderValue {
    HeaderValue::from_str(&format!("{ROOT}/records/{}", saved.record)).expect("an id has letters and digits only")
}

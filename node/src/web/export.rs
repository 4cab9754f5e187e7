//! Lists as files, for the command line and scripts, and the journal of what was exported. The token admits whoever
//! works on this machine and is no account, so narratives and notes do not leave this way.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use toguna_protocol::{ids::UnixSeconds, record::Kind};
use utoipa::ToSchema;

use super::{
    Shared,
    problem::{ApiError, Fault, Problem},
    request::{Author, JsonBody},
};
use crate::{
    exchange::export::{self, Export, ExportError, Format, Journal, JournalLine, Order},
    pack::Pack,
    views::{AnyStake, Filter},
    words::Lang,
};

/// Lines of the journal that are given.
const LINES: usize = 1_000;

const SHAPE: &str = "expected `kind` and `format`, and perhaps `region`, `status`, `origin`, `stake`, `own`, `text` and \
                     `language`";

/// Which list is to be exported, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportListBody {
    /// `consultation`, `conflict` or `project`.
    pub kind: String,
    /// `csv`, `xlsx` or `geojson`.
    pub format: String,
    /// Concerning this region of the country pack, or `national`.
    pub region: Option<String>,
    /// With this status, or phase of a conflict.
    pub status: Option<String>,
    /// Projects of this origin.
    pub origin: Option<String>,
    /// Conflicts about this stake of the country pack, or about one of this group of stakes.
    pub stake: Option<String>,
    /// Only the programme's own conflicts, without imported events.
    pub own: bool,
    /// Holding all of these words or beginnings of words.
    pub text: Option<String>,
    /// `fr` or `en`, for heads and labels; French where nothing is said.
    pub language: Option<String>,
}

/// The journal of exports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JournalBody {
    /// The latest thousand, the newest first.
    pub exports: Vec<JournalLine>,
}

/// Makes a file of a list, redacted by the rules of exports, and writes a line into the journal.
#[utoipa::path(
    post,
    path = "/api/v1/export",
    operation_id = "export_list",
    params(("Toguna-Person" = Option<String>, Header, description = "Who takes it, percent-encoded UTF-8; the office where nothing is said")),
    request_body = ExportListBody,
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream",
         headers(("Toguna-Rows" = u64, description = "Records in it"), ("Toguna-Left-Out" = u64, description = "Records that the rules left out"))),
        (status = 422, description = "Kind, format or language is none", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn list(State(web): State<Shared>, author: Author, body: JsonBody) -> Result<Response, ApiError> {
    let order = order(body.read(SHAPE)?, author.into_person(), web.app.pack())?;
    // A file that lacks what is not yet indexed would be taken for the whole list.
    web.indexed().await?;
    let format = order.format;
    let made = export::export(&web.app, order).await?;
    let headers: [(HeaderName, String); 4] = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", made.name)),
        (HeaderName::from_static("toguna-rows"), made.rows.to_string()),
        (HeaderName::from_static("toguna-left-out"), made.left_out.to_string()),
    ];
    Ok((headers, Body::from_stream(Export::into_pieces(made))).into_response())
}

fn order(asked: ExportListBody, by: String, pack: &Pack) -> Result<Order, ApiError> {
    let fault = |pointer, detail| ApiError::Invalid(vec![Fault::field(pointer, "unknown-key", detail)]);
    let kind =
        Kind::from_key(&asked.kind).ok_or_else(|| fault("/kind", "expected consultation, conflict or project"))?;
    let format: Format = asked.format.parse().map_err(|_| fault("/format", "expected csv, xlsx or geojson"))?;
    let lang = asked.language.as_deref().map(str::parse::<Lang>).transpose();
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Ok(Order {
        kind,
        filter: Filter {
            kind: Some(kind),
            region: given(asked.region),
            status: given(asked.status),
            origin: given(asked.origin),
            stake: given(asked.stake).map(|asked| AnyStake { stakes: pack.stakes_of(&asked), asked }),
            grouped: true,
            without_events: asked.own && kind == Kind::Conflict,
            text: given(asked.text),
            ..Filter::default()
        },
        format,
        lang: lang.map_err(|_| fault("/language", "expected fr or en"))?.unwrap_or_default(),
        texts: false,
        now: UnixSeconds(jiff::Timestamp::now().as_second()),
        by,
        role: None,
        way: "command",
    })
}

/// Who exported what from this node.
#[utoipa::path(
    get,
    path = "/api/v1/export",
    operation_id = "exports",
    responses((status = 200, description = "The journal", body = JournalBody)),
    tag = "records"
)]
pub(super) async fn journal(State(web): State<Shared>) -> Result<Json<JournalBody>, ApiError> {
    let journal = Journal::of(web.app.data_dir());
    let read = tokio::task::spawn_blocking(move || journal.latest(LINES)).await;
    let lines = read.map_err(|_| ExportError::BrokeOff)?.map_err(ExportError::from)?;
    Ok(Json(JournalBody { exports: lines }))
}

//! Bundles over the API: made, looked into, taken in. They flow through piece by piece, however large they are.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde::{Deserialize, Serialize};
use toguna_protocol::{
    bundle::{Closing, Opening, Origin},
    engine::{BundleRefusal, Contents, Lack, Office, Taken},
    ids::{AuthorKey, BundleName, FeedId, Seq},
    limits::MAX_BUNDLE_PARTS,
};
use utoipa::ToSchema;

use super::{
    Shared, Web,
    problem::{ApiError, Fault, Problem},
    request::JsonBody,
    shape::rfc3339,
};
use crate::app::{Brought, BundleAskError, CarryError, LookedInto};

const SHAPE: &str = "expected `all`, `for` an office, or `since` a bundle, and perhaps `part` and `limit`";

/// What a bundle is to hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportBody {
    /// Everything.
    pub all: bool,
    /// What this office lacks, by what is known of it here: its name, or the first letters of its device key.
    #[serde(rename = "for")]
    pub addressee: Option<String>,
    /// What is held beyond the reach of this bundle.
    pub since: Option<SinceBody>,
    /// The place in a split, from 1; 0 for a bundle that stands alone.
    pub part: u32,
    /// Bytes that the bundle may have; it holds some entries all the same.
    pub limit: Option<u64>,
}

/// A bundle to go on from, as `inspect` shows it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SinceBody {
    /// Its name.
    #[schema(value_type = String)]
    pub name: BundleName,
    /// Feed → number.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub reach: BTreeMap<FeedId, Seq>,
}

/// A bundle, looked into.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InspectBody {
    /// Its name.
    #[schema(value_type = String)]
    pub name: BundleName,
    /// The office that made it.
    pub maker: BundleOffice,
    /// When, by that office's clock.
    #[schema(format = DateTime)]
    pub made_at: Option<String>,
    /// The office for which it was made; null if for any.
    pub addressee: Option<BundleOffice>,
    /// Its place in a split, from 1; 0 for one that stands alone.
    pub part: u32,
    /// Whether another part follows.
    pub more: bool,
    /// What it goes on from, in words; null if it holds everything.
    pub goes_on_from: Option<String>,
    /// Entries in it.
    pub entries: u64,
    /// Words of offices on what they hold.
    pub acknowledgements: u64,
    /// Bytes.
    pub bytes: u64,
    /// What would have to be here before it can be taken in; empty if it can be now.
    pub missing: Vec<String>,
    /// What somebody holds who has taken it in: feed → number.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub reach: BTreeMap<FeedId, Seq>,
}

/// An office that a bundle names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BundleOffice {
    /// Its device key.
    #[schema(value_type = String)]
    pub author: AuthorKey,
    /// Its name; null if its card has not arrived here.
    pub name: Option<String>,
}

/// A bundle, taken in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportBody {
    /// Its name.
    #[schema(value_type = String)]
    pub name: BundleName,
    /// Entries that were new.
    pub new: u64,
    /// Entries that were here already.
    pub held: u64,
    /// Entries that could not be placed: this office and the maker hold something else before them.
    pub astray: u64,
    /// Offices whose newest word on what they hold came with it.
    pub acknowledged: Vec<BundleOffice>,
    /// Whether another part follows.
    pub more: bool,
    /// Both hold the same numbers of entries and yet not the same ones: somebody's feed was written in two places. A
    /// bundle with everything settles it.
    pub apart: bool,
}

/// Makes a bundle: what an office lacks, what came since another bundle, or everything.
#[utoipa::path(
    post,
    path = "/api/v1/bundles/export",
    operation_id = "export_bundle",
    request_body = ExportBody,
    responses(
        (status = 200, description = "The bundle, to be kept as a file as it is", content_type = "application/octet-stream"),
        (status = 404, description = "No such office is known here", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is not said what the bundle is to hold", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "bundles"
)]
pub(super) async fn export(State(web): State<Shared>, body: JsonBody) -> Result<Response, ApiError> {
    let asked: ExportBody = body.read(SHAPE)?;
    let parcel = web.app.export_bundle(web.contents(asked).await?).await?;
    let pieces = stream::try_unfold(parcel, |parcel| async move {
        let piece = parcel.piece().await.inspect_err(|error| tracing::error!(%error, "a bundle could not be made"))?;
        Ok::<_, BundleAskError>(piece.map(|(bytes, parcel)| (Bytes::from(bytes), parcel)))
    });
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Looks into a bundle without taking anything: whether it is whole and of this network, who made it, what it needs.
#[utoipa::path(
    post,
    path = "/api/v1/bundles/inspect",
    operation_id = "inspect_bundle",
    request_body(content_type = "application/octet-stream", description = "The bundle"),
    responses(
        (status = 200, description = "What it is", body = InspectBody),
        (status = 403, description = "Of another network", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No bundle, damaged, or not whole", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "Made by a newer version", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "bundles"
)]
pub(super) async fn inspect(State(web): State<Shared>, body: Body) -> Result<Json<InspectBody>, ApiError> {
    let LookedInto { opening, closing, bytes } = web.app.look_into_bundle(body.into_data_stream()).await?;
    let lacks = web.app.lacks_of(&opening).await?;
    Ok(Json(looked_into(&opening, closing, &lacks, bytes, &web.app.status().await?.offices)))
}

/// Takes a bundle in. What was taken is durable and stays if the rest does not come; taking it again changes nothing.
/// Look into it first: damage further on then shows before anything is taken.
#[utoipa::path(
    post,
    path = "/api/v1/bundles/import",
    operation_id = "import_bundle",
    request_body(content_type = "application/octet-stream", description = "The bundle"),
    responses(
        (status = 200, description = "What it brought", body = ImportBody),
        (status = 403, description = "Of another network", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No bundle, damaged, not whole, or its base is not here", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "Made by a newer version", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "bundles"
)]
pub(super) async fn import(State(web): State<Shared>, body: Body) -> Result<Json<ImportBody>, ApiError> {
    let taken_in = web.app.take_in_bundle(body.into_data_stream()).await;
    let Brought { opening, taken, more } = match taken_in {
        Err(CarryError::Lacks(opening, lacks)) => return Err(web.base_is_lacking(&opening, &lacks).await?),
        other => other?,
    };
    let offices = web.app.status().await?.offices;
    let acknowledged = taken.said.iter().map(|author| named(*author, &offices)).collect();
    let Taken { new, held, astray, apart, .. } = taken;
    Ok(Json(ImportBody { name: opening.name, new, held, astray, acknowledged, more, apart }))
}

impl Web {
    async fn contents(&self, asked: ExportBody) -> Result<Contents, ApiError> {
        let fault = |pointer, detail| ApiError::Invalid(vec![Fault::field(pointer, "bundle", detail)]);
        let ExportBody { all, addressee, since, part, limit } = asked;
        if all == (addressee.is_some() || since.is_some()) {
            return Err(fault("", SHAPE));
        }
        if part as usize > MAX_BUNDLE_PARTS {
            return Err(fault("/part", "too many parts: make them larger"));
        }
        let addressee = match addressee {
            Some(letters) => Some(self.office(&letters).await?),
            None => None,
        };
        let since = since.map(|since| (since.name, since.reach.into_iter().collect()));
        Ok(Contents { addressee, since, part, limit })
    }

    /// The office of this name, or whose key begins so.
    async fn office(&self, letters: &str) -> Result<AuthorKey, ApiError> {
        let status = self.app.status().await?;
        let fault = |detail| ApiError::Invalid(vec![Fault::field("/for", "office", detail)]);
        let is_meant = |office: &&Office| {
            let name = office.name.as_deref().unwrap_or_default().to_lowercase();
            name == letters.to_lowercase() || letters.len() >= 8 && office.author.to_string().starts_with(letters)
        };
        let mut found = status.offices.iter().filter(is_meant);
        match (found.next(), found.next()) {
            (Some(office), None) if office.author == status.author => {
                Err(fault("this is the office itself: name the one that the bundle is for"))
            }
            (Some(office), None) => Ok(office.author),
            (Some(_), Some(_)) => Err(fault("several offices are called so: give the first letters of its device key")),
            (None, _) => Err(ApiError::NoOffice),
        }
    }

    async fn base_is_lacking(&self, opening: &Opening, lacks: &[Lack]) -> Result<ApiError, ApiError> {
        let offices = self.app.status().await?.offices;
        let maker = called(opening.maker, &offices);
        let what = from(opening, &offices).unwrap_or_default();
        let detail = format!(
            "nothing was taken: this bundle of {maker} goes on from {what}, which is not held here; import that one \
             first, or ask {maker} for a bundle with --all"
        );
        Ok(ApiError::BundleBase { detail, lacks: lacking(lacks, &offices) })
    }
}

fn looked_into(opening: &Opening, closing: Closing, lacks: &[Lack], bytes: u64, offices: &[Office]) -> InspectBody {
    InspectBody {
        name: opening.name,
        maker: named(opening.maker, offices),
        made_at: rfc3339(opening.made_at),
        addressee: opening.addressee.map(|addressee| named(addressee, offices)),
        part: opening.part,
        more: closing.more,
        goes_on_from: from(opening, offices),
        entries: closing.entries,
        acknowledgements: closing.beacons,
        bytes,
        missing: lacking(lacks, offices),
        reach: closing.reach.iter().collect(),
    }
}

fn named(author: AuthorKey, offices: &[Office]) -> BundleOffice {
    let office = offices.iter().find(|office| office.author == author);
    BundleOffice { author, name: office.and_then(|office| office.name.clone()) }
}

/// An office in words.
fn called(author: AuthorKey, offices: &[Office]) -> String {
    named(author, offices).name.unwrap_or_else(|| format!("the office {}", author.short()))
}

/// What a bundle goes on from, in words.
fn from(opening: &Opening, offices: &[Office]) -> Option<String> {
    match opening.origin {
        Origin::Nothing => None,
        Origin::After(name) if opening.part > 1 => Some(format!("part {} of it, the bundle {name}", opening.part - 1)),
        Origin::After(name) => Some(format!("the bundle {name}")),
        Origin::Heard(at) => {
            let office = opening.addressee.map_or_else(|| "its addressee".to_owned(), |office| called(office, offices));
            let when = rfc3339(at).filter(|_| at.0 > 0).map(|at| format!(" on {at}"));
            Some(format!("what {office} held{}", when.unwrap_or_default()))
        }
    }
}

fn lacking(lacks: &[Lack], offices: &[Office]) -> Vec<String> {
    let told = |lack: &Lack| {
        let whose = lack.author.map_or_else(|| "an office unknown here".to_owned(), |author| called(author, offices));
        format!("{whose}: it goes on after entry {}, here are {}", lack.after, lack.held)
    };
    lacks.iter().map(told).collect()
}

impl From<BundleAskError> for ApiError {
    fn from(error: BundleAskError) -> Self {
        match error {
            BundleAskError::Stopped(error) => error.into(),
            BundleAskError::Refused(BundleRefusal::NotSaved(why)) => ApiError::NotSaved(why),
            other => ApiError::Internal(Box::new(other)),
        }
    }
}

impl From<CarryError> for ApiError {
    fn from(error: CarryError) -> Self {
        match error {
            CarryError::Broken(_) => ApiError::Body,
            CarryError::Bundle(error) => error.into(),
            CarryError::Ask(error) => error.into(),
            other => ApiError::Internal(Box::new(other)),
        }
    }
}

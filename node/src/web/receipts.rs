//! Which offices have a record, and how fresh the records of each region are: what offices have said they hold.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use toguna_protocol::{
    engine::{Carrier, Office, Receipt, ReceiptState, Word},
    ids::{AuthorKey, UnixSeconds},
};
use utoipa::ToSchema;

use super::{
    Shared,
    problem::{ApiError, Problem},
    request::RecordPath,
    shape::rfc3339,
};

/// Which offices have a record as it is here.
///
/// What an office has is what it last said, by whatever way that came here; nothing else depends on it.
#[utoipa::path(
    get,
    path = "/api/v1/records/{id}/receipts",
    params(("id" = String, Path, description = "The record")),
    responses(
        (status = 200, description = "Every office that is known here", body = Receipts),
        (status = 404, description = "No such record here", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "records"
)]
pub(super) async fn receipts(
    State(web): State<Shared>,
    RecordPath(id): RecordPath,
) -> Result<Json<Receipts>, ApiError> {
    let receipts = web.app.receipts(id).await?;
    let names = names(receipts.iter().map(|receipt| (receipt.office, receipt.name.as_deref())));
    Ok(Json(Receipts { receipts: receipts.iter().map(|receipt| ReceiptBody::of(receipt, &names)).collect() }))
}

/// Which offices have a record.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Receipts {
    /// One for each office that is known here, this one included.
    pub receipts: Vec<ReceiptBody>,
}

/// What an office has of a record.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// Its device key.
    #[schema(value_type = String)]
    pub office: AuthorKey,
    /// Its name; null until its card has arrived.
    pub name: Option<String>,
    /// The key of its region; null for the national team.
    pub region: Option<String>,
    /// `here`: this office · `has`: the record as it is here · `partial`: an older state · `lacks`: nothing of it, by
    /// its last word · `unknown`: that office has not been heard of.
    #[schema(value_type = StateKey)]
    pub state: ReceiptState,
    /// How many of the record's entries it has; null where that is unknown.
    pub entries: Option<u64>,
    /// How many entries the record has here.
    pub of: u64,
    /// For an office that has it: the first of its words by which it did. Of long ago, the oldest that is still kept.
    pub since: Option<WordBody>,
    /// When it last said what it holds; null if that never came here.
    pub last_word: Option<WordBody>,
}

/// Whether an office has a record.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "kebab-case")]
pub enum StateKey {
    /// It is this office.
    Here,
    /// It has the record as it is here.
    Has,
    /// It has an older state.
    Partial,
    /// By its last word it had nothing of it.
    Lacks,
    /// It has not been heard of.
    Unknown,
}

/// When an office said what it holds, and how that came here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WordBody {
    /// By that office's clock, right or wrong.
    #[schema(format = DateTime)]
    pub stated_at: Option<String>,
    /// By this office's clock.
    #[schema(format = DateTime)]
    pub heard_at: Option<String>,
    /// The way it took.
    pub carrier: CarrierBody,
}

/// How a word came here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CarrierBody {
    /// `here`: it is our own · `link`: over a link with that office · `office`: over a link with another one ·
    /// `bundle`: in a bundle. There may come more.
    pub kind: &'static str,
    /// That other office's device key, or that of the office that made the bundle.
    #[schema(value_type = Option<String>)]
    pub via: Option<AuthorKey>,
    /// Its name, once its card has arrived.
    pub via_name: Option<String>,
}

type Names<'a> = BTreeMap<AuthorKey, &'a str>;

fn names<'a>(offices: impl Iterator<Item = (AuthorKey, Option<&'a str>)>) -> Names<'a> {
    offices.filter_map(|(author, name)| Some((author, name?))).collect()
}

impl ReceiptBody {
    fn of(receipt: &Receipt, names: &Names<'_>) -> Self {
        ReceiptBody {
            office: receipt.office,
            name: receipt.name.clone(),
            region: receipt.region.clone(),
            state: receipt.state,
            entries: receipt.entries,
            of: receipt.of,
            since: receipt.since.map(|word| WordBody::named(word, names)),
            last_word: receipt.last_word.map(|word| WordBody::named(word, names)),
        }
    }
}

impl WordBody {
    /// A word of an office; the others lend their names.
    pub fn of(word: Word, offices: &[Office]) -> Self {
        Self::named(word, &names(offices.iter().map(|office| (office.author, office.name.as_deref()))))
    }

    fn named(word: Word, names: &Names<'_>) -> Self {
        let (kind, via) = match word.carrier {
            Carrier::Here => ("here", None),
            Carrier::Link => ("link", None),
            Carrier::Office { via } => ("office", Some(via)),
            Carrier::Bundle { via } => ("bundle", Some(via)),
            _ => ("other", None),
        };
        let via_name = via.and_then(|via| names.get(&via)).map(|name| (*name).to_owned());
        WordBody {
            stated_at: rfc3339(word.stated_at),
            heard_at: rfc3339(word.heard_at),
            carrier: CarrierBody { kind, via, via_name },
        }
    }
}

/// How fresh the records of one region's offices are here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RegionBody {
    /// The key of the region; null for the national team.
    pub region: Option<String>,
    /// How many offices it has.
    pub offices: usize,
    /// All that its offices had written by then is here, each by its own clock. Null if nothing tells of one of them.
    #[schema(format = DateTime)]
    pub as_of: Option<String>,
    /// Entries of its offices that are known to be missing here; null where nothing is known to be, and of some office
    /// nothing is known.
    pub missing: Option<u64>,
}

impl RegionBody {
    /// Every region that has an office.
    pub fn all(offices: &[Office]) -> Vec<Self> {
        let mut regions: BTreeMap<Option<&str>, Vec<&Office>> = BTreeMap::new();
        for office in offices {
            regions.entry(office.region.as_deref()).or_default().push(office);
        }
        regions.into_iter().map(|(region, offices)| Self::of(region, &offices)).collect()
    }

    fn of(region: Option<&str>, offices: &[&Office]) -> Self {
        let as_of: Option<Vec<UnixSeconds>> = offices.iter().map(|office| office.fresh.as_of).collect();
        let missing: u64 = offices.iter().filter_map(|office| office.fresh.missing).sum();
        let all_known = offices.iter().all(|office| office.fresh.missing.is_some());
        RegionBody {
            region: region.map(str::to_owned),
            offices: offices.len(),
            as_of: as_of.and_then(|all| all.into_iter().min()).and_then(rfc3339),
            missing: (missing > 0 || all_known).then_some(missing),
        }
    }
}

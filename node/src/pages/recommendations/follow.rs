//! One follow-up for several recommendations: one change for each consultation, and a word on each that failed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use toguna_protocol::{
    engine::{Intent, RecordView},
    ids::{ItemId, RecordId},
    record::{Kind, schema::Field},
};

use crate::{
    pages::{
        Pages, drafts,
        edit::{Failed, submit},
        error::PageError,
        form::{self, Given},
        visitor::Visitor,
    },
    views::RecommendationId,
};

/// Where the form stands.
const ADDRESS: &str = "/recommendations";

/// The fields of a follow-up.
pub(super) fn fields() -> Vec<&'static Field> {
    let inner = |fields: Vec<&'static Field>, list: &str| -> Vec<&'static Field> {
        let field = fields.into_iter().find(|field| field.name == list);
        field.and_then(|field| field.shape.item_fields()).unwrap_or_default().iter().collect()
    };
    inner(inner(Kind::Consultation.schema().fields().collect(), "recommendations"), "follow_ups")
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many have the follow-up now.
    pub(super) saved: u64,
    /// Those that do not, with the message that says why and what to do.
    pub(super) not_saved: Vec<(RecommendationId, &'static str)>,
    /// What cannot be understood of what was typed: pointer, and the message that says why.
    pub(super) faults: Vec<(String, String)>,
    /// The message that says why nothing was tried.
    pub(super) refused: Option<&'static str>,
}

impl Outcome {
    fn refused(why: &'static str) -> Self {
        Outcome { refused: Some(why), ..Outcome::default() }
    }

    /// Whether everything was saved.
    pub(super) fn is_whole(&self) -> bool {
        self.not_saved.is_empty() && self.faults.is_empty() && self.refused.is_none()
    }
}

pub(super) async fn save(pages: &Pages, visitor: &Visitor, given: &Given) -> Result<Outcome, PageError> {
    let follow_up = match form::patch(&fields(), given, &Map::new(), pages.app.pack()) {
        Ok(follow_up) => follow_up.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>(),
        Err(faults) => {
            let faults = faults.into_iter().map(|fault| (fault.pointer, format!("problem-{}", fault.code))).collect();
            return Ok(Outcome { faults, ..Outcome::default() });
        }
    };
    let mut ticked: BTreeMap<RecordId, Vec<ItemId>> = BTreeMap::new();
    for one in given.all("of") {
        let RecommendationId { record, item } = one.parse().map_err(|_| PageError::Form)?;
        ticked.entry(record).or_default().push(item);
    }
    match (ticked.is_empty(), follow_up.is_empty()) {
        (true, _) => return Ok(Outcome::refused("follow-up-none-ticked")),
        (_, true) => return Ok(Outcome::refused("not-saved-empty")),
        _ => {}
    }
    let mut outcome = Outcome::default();
    for (record, mut items) in ticked {
        items.sort_unstable();
        items.dedup();
        of_record(pages, visitor, (record, items), (given, &follow_up), &mut outcome).await?;
    }
    Ok(outcome)
}

/// Adds the follow-up to some recommendations of one consultation, to all or none of those that are there.
async fn of_record(
    pages: &Pages,
    visitor: &Visitor,
    (record, items): (RecordId, Vec<ItemId>),
    (given, follow_up): (&Given, &Map<String, Value>),
    outcome: &mut Outcome,
) -> Result<(), PageError> {
    let view = match pages.app.record(record).await.map_err(PageError::from) {
        Ok(view) if view.kind == Kind::Consultation => Some(view),
        Ok(_) | Err(PageError::NotFound | PageError::UnknownKind) => None,
        Err(error) => return Err(error),
    };
    let is_there = |item: &ItemId| view.as_ref().is_some_and(|view| stands(view, item));
    let (there, gone): (Vec<ItemId>, Vec<ItemId>) = items.into_iter().partition(is_there);
    let named = |item: ItemId| RecommendationId { record, item };
    outcome.not_saved.extend(gone.into_iter().map(|item| (named(item), "follow-up-gone")));
    let Some(view) = view.filter(|_| !there.is_empty()) else { return Ok(()) };
    let of_item = |item: &ItemId| (item.to_string(), json!({"follow_ups": {"new": follow_up}}));
    let patch = json!({"recommendations": there.iter().map(of_item).collect::<Map<_, _>>()});
    let intent = drafts::once(visitor, ADDRESS, given, Intent::Patch(record, view.heads, patch));
    let why = match submit(pages, visitor, intent, None).await {
        Ok(Ok(_)) => {
            outcome.saved += there.len() as u64;
            return Ok(());
        }
        Ok(Err(Failed::NotSaved)) => "not-saved-store",
        Ok(Err(Failed::TooMuch)) => "not-saved-too-much",
        Ok(Err(_)) => "follow-up-refused",
        // The record went away between two questions; what was saved before is still told.
        Err(PageError::NotFound) => "follow-up-gone",
        Err(error) => return Err(error),
    };
    outcome.not_saved.extend(there.into_iter().map(|item| (named(item), why)));
    Ok(())
}

/// Whether a recommendation is there, and not withdrawn.
fn stands(view: &RecordView, item: &ItemId) -> bool {
    let found = view.fields.get("recommendations").and_then(|list| list.get(item.as_str()));
    found.is_some_and(|found| found.get("withdrawn") != Some(&Value::Bool(true)))
}

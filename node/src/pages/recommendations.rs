//! The tracker: the recommendations of all consultations, what became of them, and one follow-up for several at once.

mod follow;
mod show;

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use maud::Markup;
use serde::Deserialize;
use toguna_protocol::ids::RecordId;

use self::{follow::Outcome, show::body};
use super::{
    Pages, Shared, days, drafts,
    edit::see_other,
    error::PageError,
    form::Given,
    fresh::Situation,
    layout,
    visitor::{Posted, Visitor},
};
use crate::views::{ListedRecord, RecommendationFilter, RecommendationPage};

/// Recommendations on a page.
const PAGE: usize = 50;

/// Consultations at most of which the page explains that their report announces another number.
const EXPLAINED: usize = 5;

/// What narrows the list; what is empty or absent does not.
#[derive(Debug, Deserialize, Default, Clone)]
pub(super) struct Asked {
    theme: Option<String>,
    level: Option<String>,
    /// A part of an institution's name.
    addressee: Option<String>,
    status: Option<String>,
    priority: Option<String>,
    /// Only what is overdue.
    overdue: Option<String>,
    /// Only what has no follow-up at all.
    silent: Option<String>,
    after: Option<String>,
    /// How many follow-ups have just been saved.
    saved: Option<u64>,
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

impl Asked {
    fn filter(&self, pages: &Pages) -> RecommendationFilter {
        let key = |text: &Option<String>| given(text.as_ref()).map(str::to_owned);
        RecommendationFilter {
            theme: key(&self.theme),
            level: key(&self.level),
            addressee: key(&self.addressee),
            status: key(&self.status),
            priority: key(&self.priority),
            overdue_on: given(self.overdue.as_ref()).map(|_| days::today(pages.now())),
            without_follow_up: given(self.silent.as_ref()).is_some(),
        }
    }

    /// The address of this list, with one more value.
    fn address(&self, more: Option<(&str, &str)>) -> String {
        let asked = [
            ("theme", &self.theme),
            ("level", &self.level),
            ("addressee", &self.addressee),
            ("status", &self.status),
            ("priority", &self.priority),
            ("overdue", &self.overdue),
            ("silent", &self.silent),
        ];
        let asked = asked.into_iter().filter_map(|(name, value)| Some((name, given(value.as_ref())?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked.chain(more)).finish();
        if query.is_empty() { "/recommendations".to_owned() } else { format!("/recommendations?{query}") }
    }
}

/// A report that announces another number of recommendations than are entered.
struct Announced {
    consultation: ListedRecord,
    announced: u64,
    entered: u64,
    /// Why, where somebody wrote it down.
    note: Option<String>,
}

/// All that the page shows.
struct Tracker {
    asked: Asked,
    page: RecommendationPage,
    announced: Vec<Announced>,
    situation: Situation,
    given: Given,
    /// By what the form is known when it is sent again.
    mark: Markup,
    /// What became of a follow-up for several that was not saved for all.
    outcome: Option<Outcome>,
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    page(&pages, &visitor, asked, Given::default(), None).await
}

/// Adds one follow-up to every recommendation that was ticked.
pub(super) async fn follow_up(
    State(pages): State<Shared>,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let outcome = follow::save(&pages, &visitor, &given).await?;
    if outcome.is_whole() {
        return Ok(see_other(&asked.address(Some(("saved", &outcome.saved.to_string())))));
    }
    Ok(page(&pages, &visitor, asked, given, Some(outcome)).await?.into_response())
}

async fn page(
    pages: &Shared,
    visitor: &Visitor,
    asked: Asked,
    given: Given,
    outcome: Option<Outcome>,
) -> Result<Markup, PageError> {
    let filter = asked.filter(pages);
    let after = asked.after.as_ref().and_then(|after| after.parse().ok());
    let read = move |views: &crate::views::Views| {
        Ok((views.recommendations(&filter, after.as_ref(), PAGE)?, views.announced_otherwise()?))
    };
    let (page, announced) = pages.read(read).await?;
    let announced = explained(pages, announced).await?;
    let situation = Situation::now(pages, page.complete).await?;
    let mark = drafts::mark(&given)?;
    let tracker = Tracker { asked, page, announced, situation, given, mark, outcome };
    let speech = visitor.speech(pages);
    let title = speech.say("recommendations-title");
    Ok(layout::page(speech, Some(visitor), "/recommendations", &title, &body(speech, visitor, &tracker, &title)))
}

/// What records say of why their report announces another number.
async fn explained(pages: &Pages, told: Vec<(ListedRecord, u64, u64)>) -> Result<Vec<Announced>, PageError> {
    let told: Vec<_> = told.into_iter().take(EXPLAINED).collect();
    let ids: Vec<RecordId> = told.iter().map(|(record, ..)| record.id).collect();
    let note = |fields: &serde_json::Map<String, serde_json::Value>| {
        fields.get("recommendations_announced_note")?.as_str().map(str::to_owned)
    };
    let notes = pages.app.ask(move |engine| {
        // A record that went away meanwhile explains nothing.
        ids.into_iter().map(|id| note(&engine.record(id).ok()?.fields)).collect::<Vec<_>>()
    });
    let notes = notes.await?;
    let both = told.into_iter().zip(notes);
    Ok(both
        .map(|((consultation, announced, entered), note)| Announced { consultation, announced, entered, note })
        .collect())
}

//! What changed since the last review, by office. A review is a moment that somebody marks: the meeting at which everything
//! new was gone through.

use std::collections::BTreeMap;

use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use toguna_protocol::{
    engine::Office,
    ids::{Arrival, AuthorKey, Epoch, UnixSeconds},
    record::Kind,
};

use super::{Reader, line};
use crate::{
    pages::{
        Shared,
        edit::see_other,
        error::PageError,
        layout,
        noted::Review,
        record::{kind_of, office_name, plural},
        speech::Speech,
        visitor::{Posted, Visitor},
    },
    views::{Changed, Filter, OfficeChanges, Since},
};

/// Where no review was marked yet: so many seconds back.
const UNREVIEWED: i64 = 7 * 24 * 3600;

/// Records on a page.
const PAGE: usize = 50;

/// What changed, and since when.
pub(super) struct News {
    pub(super) own: AuthorKey,
    pub(super) offices: Vec<Office>,
    pub(super) since: Since,
    review: Option<Review>,
    /// The last arrival that the page knows of: what comes later is new to the next review.
    arrival: Arrival,
    epoch: Epoch,
    pub(super) by_office: BTreeMap<AuthorKey, OfficeChanges>,
}

impl News {
    /// Since when changes count now; what changed is still to be read.
    pub(super) async fn now(pages: &Shared) -> Result<Self, PageError> {
        let asked =
            pages.app.ask(|engine| (engine.author(), engine.offices(), engine.epoch(), engine.ledger().last_arrival()));
        let (own, offices, epoch, arrival) = asked.await?;
        let review = pages.noted.last_review();
        let since = match &review {
            // In a store that was made anew, arrivals say nothing any more.
            Some(review) if review.epoch == epoch && review.arrival <= arrival => Since::Arrival(review.arrival),
            Some(review) => Since::Moment(review.at),
            None => Since::Moment(UnixSeconds(pages.now().0.saturating_sub(UNREVIEWED))),
        };
        Ok(News { own, offices, since, review, arrival, epoch, by_office: BTreeMap::new() })
    }

    pub(super) fn section(&self, speech: Speech<'_>, reader: &Reader) -> Markup {
        html! {
            section id="changes" {
                h2 { (speech.say("changed-since-review")) }
                p { (self.told(speech)) }
                ul { @for office in &self.offices { (self.of_office(speech, office)) } }
                @if reader.may_write {
                    form.verbs method="post" action="/reviews" {
                        input type="hidden" name="csrf" value=(reader.csrf);
                        input type="hidden" name="arrival" value=(self.arrival.0);
                        button { (speech.say("mark-review")) }
                        span.hint { (speech.say("mark-review-explained")) }
                    }
                }
            }
        }
    }

    /// Since when.
    fn told(&self, speech: Speech<'_>) -> String {
        match &self.review {
            Some(review) => {
                speech.say_of("reviewed-at", &[("moment", &speech.moment(review.at)), ("person", &review.by)])
            }
            None => speech.say("reviewed-never"),
        }
    }

    fn of_office(&self, speech: Speech<'_>, office: &Office) -> Markup {
        let name = office_name(speech, &self.offices, &office.author);
        let none = OfficeChanges::default();
        let changes = self.by_office.get(&office.author).unwrap_or(&none);
        let of_kind = |kind: Kind| {
            let of = |counts: &BTreeMap<Kind, u64>| counts.get(&kind).copied().unwrap_or(0);
            (of(&changes.new), of(&changes.changed))
        };
        html! {
            li {
                strong { (name) } " : "
                @if changes.total() == 0 { (speech.say("nothing-new")) }
                @else {
                    a href=(self.address(Some(&office.author), None, None)) { (speech.count("records-found", changes.total())) }
                    @for kind in Kind::ALL {
                        @let (new, changed) = of_kind(kind);
                        @if new + changed > 0 {
                            " · " a href=(self.address(Some(&office.author), Some(kind), None)) { (speech.say(&format!("kind-{}.plural", kind.key()))) } " "
                            "("
                            @if new > 0 { (speech.count("of-them-new", new)) }
                            @if new > 0 && changed > 0 { ", " }
                            @if changed > 0 { (speech.count("of-them-changed", changed)) }
                            ")"
                        }
                    }
                }
            }
        }
    }

    /// Where the records are listed. What the address says of since when stays true when the next review is marked.
    fn address(&self, office: Option<&AuthorKey>, kind: Option<Kind>, after: Option<String>) -> String {
        let since = match self.since {
            Since::Arrival(arrival) => Some(arrival.0.to_string()),
            Since::Moment(_) => None,
        };
        let kind = kind.map(|kind| plural(kind).to_owned());
        let asked = [("office", office.map(AuthorKey::to_string)), ("kind", kind), ("since", since), ("after", after)];
        let asked = asked.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        if query.is_empty() { "/changes".to_owned() } else { format!("/changes?{query}") }
    }
}

/// Marks a review: up to what the page showed on which it was marked.
pub(in crate::pages) async fn mark(State(pages): State<Shared>, posted: Posted) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let news = News::now(&pages).await?;
    let shown = given.text("arrival").and_then(|arrival| arrival.parse().ok()).map(Arrival);
    // A page that was opened before the last review marks nothing that is older.
    let reviewed = match news.since {
        Since::Arrival(arrival) => arrival,
        Since::Moment(_) => Arrival(0),
    };
    let review = Review {
        by: visitor.name().to_owned(),
        at: pages.now(),
        arrival: shown.unwrap_or(news.arrival).min(news.arrival).max(reviewed),
        epoch: news.epoch,
    };
    let marked = tokio::task::spawn_blocking(move || pages.noted.mark(review)).await;
    marked.map_err(|_| PageError::Stopping)?.map_err(|error| {
        tracing::error!(%error, "the office's notes cannot be written");
        PageError::Internal
    })?;
    Ok(see_other("/#changes"))
}

/// Which changes are listed.
#[derive(Deserialize, Default)]
pub(in crate::pages) struct Asked {
    office: Option<String>,
    kind: Option<String>,
    /// After which arrival; without it, since the last review.
    since: Option<u64>,
    after: Option<String>,
}

/// The records that changed, of one office or all.
pub(in crate::pages) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let mut news = News::now(&pages).await?;
    if let Some(since) = asked.since {
        news.since = Since::Arrival(Arrival(since));
    }
    let of_review = news.review.as_ref().map(|review| Since::Arrival(review.arrival)) == Some(news.since);
    let office: Option<AuthorKey> =
        asked.office.as_deref().map(|key| key.parse().map_err(|_| PageError::NotFound)).transpose()?;
    let kind = asked.kind.as_deref().map(kind_of).transpose()?;
    let after = asked.after.as_ref().and_then(|after| after.parse().ok());
    let filter = Filter { kind, changed: Some(Changed { since: news.since, office }), ..Filter::default() };
    let page = pages.read(move |views| views.list(&filter, after, PAGE)).await?;
    let speech = visitor.speech(&pages);
    let title = match &office {
        Some(office) => {
            speech.say_of("changed-since-review-at", &[("office", &office_name(speech, &news.offices, office))])
        }
        None => speech.say("changed-since-review"),
    };
    let body = html! {
        h1 { (title) }
        @if asked.since.is_none() || of_review { p { (news.told(speech)) } }
        @if let Some(kind) = kind { p { (speech.say(&format!("kind-{}.plural", kind.key()))) } }
        p role="status" { (speech.count("records-found", page.total)) }
        ul { @for record in &page.records { (line(speech, record, &news.offices)) } }
        @if let Some(next) = &page.next {
            p { a rel="next" href=(news.address(office.as_ref(), kind, Some(next.to_string()))) { (speech.say("next-page")) } }
        }
        p { a href="/" { (speech.say("back-to-today")) } }
    };
    Ok(layout::page(speech, Some(&visitor), "/", &title, &body))
}

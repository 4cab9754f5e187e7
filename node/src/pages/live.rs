//! What happens while a page is open: told to its script, which shows a line and moves nothing.

use std::convert::Infallible;

use axum::{
    Extension,
    extract::{Query, State},
    http::HeaderMap,
    response::sse::{Event, Sse},
};
use futures::{Stream, StreamExt, stream};
use maud::{Markup, html};
use serde::Deserialize;
use toguna_protocol::ids::{Arrival, RecordId};

use super::{Shared, error::PageError, speech::Speech, visitor::Visitor};
use crate::web::{Closing, follow};

/// Up to where whoever asks knows what happened.
#[derive(Deserialize)]
pub(super) struct Asked {
    since: Option<u64>,
}

/// What happens from now on, or after what was told last: first `here` with the last arrival number, then the events of
/// the API, which hold ids and no content.
pub(super) async fn events(
    State(pages): State<Shared>,
    _: Visitor,
    closing: Option<Extension<Closing>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    // A browser that lost the connection names the last event by itself.
    let named = headers.get("Last-Event-ID").and_then(|id| id.to_str().ok()?.parse().ok());
    let here = pages.app.ask(|engine| engine.ledger().last_arrival()).await?;
    let missed = named.or(asked.since).filter(|seen| *seen < here.0).map(|seen| Arrival(seen + 1));
    let events = follow(pages.app.clone(), closing.map(|Extension(closing)| closing), missed).await?;
    let first = Event::default().event("here").id(here.0.to_string()).data("{}");
    Ok(Sse::new(stream::once(async { Ok(first) }).chain(events)).keep_alive(crate::web::keep_alive()))
}

/// Where the script tells that there is more than the page shows: of one record, or of any.
pub(super) fn line(speech: Speech<'_>, record: Option<RecordId>) -> Markup {
    let id = if record.is_some() { "news-of-record" } else { "news-arrived" };
    html! {
        div.news role="status" data-news=(record.map(|id| id.to_string()).unwrap_or_default()) {
            p hidden { (speech.say(id)) " – " a href="" { (speech.say("news-reload")) } }
        }
    }
}

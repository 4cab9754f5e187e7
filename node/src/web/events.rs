//! What happens, as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use serde_json::json;
use toguna_protocol::ids::{Arrival, RecordId};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

use super::{
    Shared,
    problem::{ApiError, Fault, Problem},
    request::MAX_PAGE,
};
use crate::{
    app::{App, DriverError, Happening},
    views::{Cursor, Filter},
};

/// Silence after which a comment is sent, so that a dead connection is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Tells event streams that the server is about to stop.
#[derive(Clone)]
pub(crate) struct Closing(pub(super) watch::Receiver<bool>);

/// What happens from now on, or from the event that was seen last.
///
/// `record`: a record is new or has changed; `id` is its arrival number, the content `{"id", "arrival"}`. `peers`: a
/// peer came, went, or told what it holds; read `/api/v1/peers`. With `Last-Event-ID` the records that changed at that
/// arrival or after it come first.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    params(("Last-Event-ID" = Option<u64>, Header, description = "The arrival number of the last `record` that was seen")),
    responses(
        (status = 200, description = "An endless stream", body = String, content_type = "text/event-stream"),
        (status = 400, description = "Last-Event-ID is no arrival number", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "node"
)]
pub(super) async fn events(
    State(web): State<Shared>,
    closing: Option<Extension<Closing>>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let seen = match headers.get("Last-Event-ID") {
        None => None,
        Some(id) => {
            let arrival = id.to_str().ok().and_then(|id| id.trim().parse().ok());
            let fault = Fault::parameter("Last-Event-ID", "bad-number", "expected an arrival number");
            Some(Arrival(arrival.ok_or_else(|| ApiError::Request(vec![fault]))?))
        }
    };
    let closing = closing.map(|Extension(closing)| closing);
    Ok(Sse::new(follow(web.app.clone(), closing, seen).await?).keep_alive(keep_alive()))
}

/// How a stream shows that it is not dead.
pub(crate) fn keep_alive() -> KeepAlive {
    KeepAlive::new().interval(KEEP_ALIVE)
}

/// What happens from now on, or from an arrival on, that one included; it ends with the node or the server.
///
/// # Errors
/// If the node is stopping.
pub(crate) async fn follow(
    app: App,
    closing: Option<Closing>,
    seen: Option<Arrival>,
) -> Result<impl Stream<Item = Result<Event, Infallible>>, DriverError> {
    // Followed from before the views are looked at, so that nothing falls in between.
    let happenings = app.follow();
    let last = app.ask(|engine| engine.ledger().last_arrival()).await?;
    // A number that this store never gave comes from before it was restored.
    let seen = seen.map(|seen| seen.min(last));
    let follower = Follower {
        app,
        happenings,
        last: seen.unwrap_or(last),
        missed: seen.map(Missed::since),
        ready: VecDeque::new(),
    };
    let closing = closing.map(|Closing(closing)| closing);
    Ok(stream::unfold((follower, closing), |(mut follower, mut closing)| async move {
        let event = tokio::select! {
            event = follower.next() => event?,
            () = closed(&mut closing) => return None,
        };
        Some((Ok(event), (follower, closing)))
    }))
}

/// Returns once the server is about to stop; never for a router that no server serves.
async fn closed(closing: &mut Option<watch::Receiver<bool>>) {
    match closing {
        // An error means that the server has gone.
        Some(closing) => drop(closing.wait_for(|closing| *closing).await),
        None => std::future::pending().await,
    }
}

/// Records that are read from the views because they were missed.
struct Missed {
    filter: Filter,
    after: Option<Cursor>,
}

impl Missed {
    fn since(arrival: Arrival) -> Self {
        Missed { filter: Filter { since: Some(arrival), ..Filter::default() }, after: None }
    }
}

struct Follower {
    app: App,
    happenings: broadcast::Receiver<Happening>,
    /// The last arrival that was told.
    last: Arrival,
    missed: Option<Missed>,
    ready: VecDeque<Event>,
}

impl Follower {
    /// The next event; `None` once the node has stopped.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if let Some(missed) = self.missed.take() {
                self.read(missed).await?;
                continue;
            }
            match self.happenings.recv().await {
                Ok(Happening::Record { id, arrival }) => {
                    self.last = self.last.max(arrival);
                    return Some(record_event(id, arrival));
                }
                Ok(Happening::Peers) => return Some(Event::default().event("peers").data("{}")),
                Err(RecvError::Lagged(_)) => self.missed = Some(Missed::since(self.last)),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Reads a page of what was missed; `None` if the views cannot be read.
    async fn read(&mut self, missed: Missed) -> Option<()> {
        let Missed { filter, after } = missed;
        let asked = filter.clone();
        let views = self.app.views().clone();
        let page = tokio::task::spawn_blocking(move || views.list(&asked, after, MAX_PAGE)).await.ok()?.ok()?;
        for record in page.records {
            self.last = self.last.max(record.arrival);
            self.ready.push_back(record_event(record.id, record.arrival));
        }
        self.missed = page.next.map(|next| Missed { filter, after: Some(next) });
        Some(())
    }
}

fn record_event(id: RecordId, arrival: Arrival) -> Event {
    let content = json!({"id": id, "arrival": arrival});
    Event::default().event("record").id(arrival.0.to_string()).data(content.to_string())
}

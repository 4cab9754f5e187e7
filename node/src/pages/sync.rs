//! How this office stands with the others: who was heard of when, what waits to leave, what is only here; and bundles,
//! made for a stick and opened from one.

mod code;
mod only_here;
mod open;
mod plis;
mod prepare;
mod show;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use axum::extract::State;
use maud::Markup;
use toguna_protocol::{
    engine::{Carrier, Office},
    ids::{AuthorKey, UnixSeconds},
};

use self::plis::LastSticks;
pub(super) use self::{
    only_here::show as only_here,
    open::{MAX_PLI, open, opened},
    plis::Plis,
    prepare::{fetch, prepare, slip},
};
use super::{Pages, Shared, error::PageError, layout, speech::Speech, visitor::Visitor};
use crate::app::{NodeStatus, Standing};

/// Seconds after which an office that is not heard of counts as silent.
const SILENT_AFTER: i64 = 86_400;

/// Seconds by which two clocks may differ before anybody is told.
const CLOCKS_DIFFER: u64 = 3_600;

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Up,
    Cut,
    /// Its news only come through other offices.
    None,
}

/// What is known of when an office was last in contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Now,
    At(UnixSeconds),
    /// For more than a day.
    SilentSince(UnixSeconds),
    Never,
}

/// What of another office is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// So many changes: it says so itself just now.
    Known(u64),
    /// At least so many that were announced; what it has written since its last word is unknown.
    Unknown { announced: u64, since: Option<UnixSeconds> },
}

/// Another office, as its line shows it.
struct Line {
    name: Option<String>,
    link: Link,
    news: News,
    /// Records with changes that it is not known to have.
    waiting: Option<u64>,
    missing: Missing,
    /// Seconds by which its clock is ahead, where that is worth saying.
    clock_ahead: Option<i64>,
}

/// All that the page shows.
struct Picture {
    status: NodeStatus,
    lines: Vec<Line>,
    only_here: u64,
    /// When the oldest change was made that is only here.
    oldest: Option<UnixSeconds>,
    made: Vec<std::sync::Arc<plis::Slip>>,
    last: LastSticks,
    may_write: bool,
    csrf: String,
}

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    page(&pages, &visitor, None).await
}

/// The page; and above all else why a bundle was neither made nor opened.
async fn page(pages: &Pages, visitor: &Visitor, refused: Option<&Markup>) -> Result<Markup, PageError> {
    let picture = Picture::of(pages, visitor).await?;
    let speech = visitor.speech(pages);
    let title = speech.say("nav-sync");
    Ok(layout::page(speech, Some(visitor), "/sync", &title, &show::body(speech, &picture, &title, refused)))
}

impl Picture {
    async fn of(pages: &Pages, visitor: &Visitor) -> Result<Self, PageError> {
        let status = pages.app.status().await?;
        let elsewhere = pages.app.elsewhere().await?;
        let oldest = pages.app.beyond_since(elsewhere.anywhere.clone()).await?;
        let standing = pages.read(move |views| elsewhere.standing(views)).await?;
        let clocks = pages.app.clocks().await?;
        let peers = pages.app.peers().await.into_iter().filter_map(|peer| peer.peer).collect::<Vec<_>>();
        let others = status.offices.iter().filter(|office| office.author != status.author);
        let lines = others.map(|office| Line::of(office, &status, &standing, &clocks, &peers, pages.now())).collect();
        Ok(Picture {
            status,
            lines,
            only_here: standing.only_here.len() as u64,
            oldest,
            made: pages.plis.made(),
            last: pages.plis.last(),
            may_write: visitor.may_write(),
            csrf: visitor.csrf(),
        })
    }
}

impl Line {
    fn of(
        office: &Office,
        status: &NodeStatus,
        standing: &Standing,
        clocks: &BTreeMap<AuthorKey, i64>,
        peers: &[AuthorKey],
        now: UnixSeconds,
    ) -> Self {
        let session = status.sessions.iter().find(|session| session.peer == office.author);
        let heard = last_heard(office);
        Line {
            name: office.name.clone(),
            link: match session {
                Some(_) => Link::Up,
                None if peers.contains(&office.author) => Link::Cut,
                None => Link::None,
            },
            news: match (session, heard) {
                (Some(_), _) => News::Now,
                (None, Some(at)) if now.0.saturating_sub(at.0) >= SILENT_AFTER => News::SilentSince(at),
                (None, Some(at)) => News::At(at),
                (None, None) => News::Never,
            },
            waiting: standing.waiting.get(&office.author).copied(),
            missing: match session.and_then(|session| session.lacking) {
                Some(lacking) => Missing::Known(lacking),
                None => Missing::Unknown { announced: office.fresh.missing.unwrap_or(0), since: heard },
            },
            clock_ahead: clocks.get(&office.author).copied().filter(|ahead| ahead.unsigned_abs() > CLOCKS_DIFFER),
        }
    }
}

/// When an office was last in contact, by our clock: what was carried here by others is as old as it says.
fn last_heard(office: &Office) -> Option<UnixSeconds> {
    let word = office.fresh.last_word.map(|word| match word.carrier {
        Carrier::Here | Carrier::Link => word.heard_at,
        _ => word.stated_at.min(word.heard_at),
    });
    word.max(office.last_arrived_at)
}

/// The name of an office, with words for one that has not introduced itself.
fn name_of(speech: Speech<'_>, name: Option<&str>) -> String {
    name.map_or_else(|| speech.say("office-unnamed"), str::to_owned)
}

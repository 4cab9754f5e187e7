//! Today: what was settled elsewhere, the latest news of each office, what needs a person, and what changed since the last
//! review.

mod changes;
mod matters;
mod needs;
mod same;
mod settled;

use axum::extract::State;
use maud::{Markup, html};
use toguna_protocol::{
    engine::{DraftNote, Office},
    ids::AuthorKey,
    record::date::Day,
};

use self::{changes::News, needs::Needs, settled::Told};
pub(super) use self::{
    changes::{mark, show as changes},
    matters::end_unknown,
    needs::{deadlines, open},
    same::answer,
    settled::agree,
};
use super::{
    Shared, days, drafts,
    error::PageError,
    layout, live,
    record::{linked, office_name},
    speech::Speech,
    visitor::Visitor,
};
use crate::views::{Filter, ListedRecord, Page};

/// Lines of each kind that are shown here; the rest is behind a link.
const SHOWN: usize = 8;

/// The records that were changed last.
const LATEST: usize = 10;

/// Who reads, and what they may do about it.
struct Reader {
    may_write: bool,
    csrf: String,
    today: Day,
}

/// All that the page shows.
struct Today {
    own: AuthorKey,
    offices: Vec<Office>,
    settled: Vec<Told>,
    needs: Needs,
    news: News,
    latest: Page,
    drafts: Vec<DraftNote>,
    reader: Reader,
}

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    let mut news = News::now(&pages).await?;
    let (own, offices) = (news.own, news.offices.clone());
    let (today, since) = (days::today(pages.now()), news.since);
    let read = move |views: &crate::views::Views| {
        let latest = views.list(&Filter::default(), None, LATEST)?;
        Ok((Needs::read(views, today)?, views.settled_elsewhere(own)?, views.changes_by_office(since)?, latest))
    };
    let (needs, settled, by_office, latest) = pages.read(read).await?;
    news.by_office = by_office;
    let today = Today {
        own,
        offices,
        settled: settled::told(&pages, own, settled),
        needs,
        news,
        latest,
        drafts: drafts::of(&pages, &visitor).await,
        reader: Reader { may_write: visitor.may_write(), csrf: visitor.csrf(), today },
    };
    let speech = visitor.speech(&pages);
    let title = speech.say("nav-today");
    Ok(layout::page(speech, Some(&visitor), "/", &title, &body(speech, &today, &title)))
}

fn body(speech: Speech<'_>, today: &Today, title: &str) -> Markup {
    html! {
        h1 { (title) }
        (live::line(speech, None))
        (drafts::unfinished(speech, &today.drafts))
        (settled::section(speech, &today.settled, &today.offices, &today.reader))
        section {
            h2 { (speech.say("offices")) }
            ul.offices { @for office in &today.offices { li { (news_of(speech, office, today.own)) } } }
        }
        (today.needs.section(speech, &today.offices, &today.reader))
        (today.news.section(speech, &today.reader))
        section {
            h2 { (speech.say("latest-changes")) }
            ul { @for record in &today.latest.records { (line(speech, record, &today.offices)) } }
        }
    }
}

fn news_of(speech: Speech<'_>, office: &Office, own: AuthorKey) -> String {
    let name = office.name.clone().unwrap_or_else(|| speech.say("office-unnamed"));
    if office.author == own {
        return speech.say_of("office-here", &[("office", &name)]);
    }
    match office.last_arrived_at {
        Some(at) => speech.say_of("last-heard", &[("office", &name), ("ago", &speech.ago(at))]),
        None => speech.say_of("never-heard", &[("office", &name)]),
    }
}

/// A record in a line: what it is called, and who changed it last.
fn line(speech: Speech<'_>, record: &ListedRecord, offices: &[Office]) -> Markup {
    let office = office_name(speech, offices, &record.updated.office);
    html! {
        li {
            (linked(speech, record))
            span.aside { " · " (speech.say(&format!("kind-{}", record.kind.key()))) " · " (office) ", " (speech.ago(record.updated.at)) }
        }
    }
}

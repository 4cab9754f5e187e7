//! Today: the latest news of each office, and what needs a person.

use axum::extract::State;
use maud::{Markup, html};
use toguna_protocol::{
    engine::{DraftNote, Office},
    ids::AuthorKey,
};

use super::{Shared, drafts, error::PageError, layout, live, record::address, speech::Speech, visitor::Visitor};
use crate::views::{Filter, ListedRecord, Need, Page};

/// Records of each need that are shown here; the rest is behind a link.
const SHOWN: usize = 8;

/// The records that were changed last.
const LATEST: usize = 10;

/// All that the page shows.
struct Today {
    own: AuthorKey,
    offices: Vec<Office>,
    needs: Vec<(Need, Page)>,
    latest: Page,
    drafts: Vec<DraftNote>,
}

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    let (own, offices) = pages.app.ask(|engine| (engine.author(), engine.offices())).await?;
    let read = |views: &crate::views::Views| {
        let of = |need: Need| {
            let filter = Filter { need: Some(need), ..Filter::default() };
            Ok((need, views.list(&filter, None, SHOWN)?))
        };
        let needs = Need::ALL.into_iter().map(of).collect::<Result<Vec<_>, crate::views::ViewsError>>()?;
        Ok((needs, views.list(&Filter::default(), None, LATEST)?))
    };
    let (needs, latest) = pages.read(read).await?;
    let drafts = drafts::of(&pages, &visitor).await;
    let today = Today { own, offices, needs, latest, drafts };
    let speech = visitor.speech(&pages);
    let title = speech.say("nav-today");
    Ok(layout::page(speech, Some(&visitor), "/", &title, &body(speech, &today, &title)))
}

fn body(speech: Speech<'_>, today: &Today, title: &str) -> Markup {
    html! {
        h1 { (title) }
        (live::line(speech, None))
        (drafts::unfinished(speech, &today.drafts))
        section {
            h2 { (speech.say("offices")) }
            ul.offices { @for office in &today.offices { li { (news_of(speech, office, today.own)) } } }
        }
        section {
            h2 { (speech.say("needs-a-person")) }
            @if today.needs.iter().all(|(_, page)| page.total == 0) { p { (speech.say("needs-nobody")) } }
            @for (need, page) in today.needs.iter().filter(|(_, page)| page.total > 0) {
                details open[*need != Need::ToComplete] {
                    summary { (speech.count(&format!("need-{}", need.key()), page.total)) }
                    ul { @for record in &page.records { (line(speech, record, &today.offices)) } }
                    @if page.next.is_some() { p.aside { (speech.count("and-more", page.total - page.records.len() as u64)) } }
                }
            }
        }
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

fn line(speech: Speech<'_>, record: &ListedRecord, offices: &[Office]) -> Markup {
    let office = super::record::office_name(speech, offices, &record.updated.office);
    html! {
        li {
            a href=(address(record.kind, record.id)) {
                @if record.title.is_empty() { (speech.say("untitled")) } @else { (record.title) }
            }
            span.aside { " · " (speech.say(&format!("kind-{}", record.kind.key()))) " · " (office) ", " (speech.ago(record.updated.at)) }
        }
    }
}

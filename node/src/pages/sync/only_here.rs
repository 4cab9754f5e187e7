//! The records of which something is only here, those that nobody has touched for longest first.

use axum::extract::State;
use maud::{Markup, html};
use toguna_protocol::{
    engine::Office,
    frontier::Frontier,
    ids::{RecordId, UnixSeconds},
};

use crate::{
    pages::{
        Shared,
        error::PageError,
        layout,
        record::{address, office_name},
        speech::Speech,
        visitor::Visitor,
    },
    views::{ListedRecord, Views, ViewsError},
};

/// Records that are shown; there are more only where an office has never been heard of by any other.
const SHOWN: usize = 200;

/// All that the page shows.
struct OnlyHere {
    /// With the moment at which the oldest change was made that is only here.
    records: Vec<(ListedRecord, Option<UnixSeconds>)>,
    total: u64,
    offices: Vec<Office>,
}

pub(in crate::pages) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    let anywhere = pages.app.elsewhere().await?.anywhere;
    let place = anywhere.clone();
    let (total, listed) = pages.read(move |views| longest_here(views, &place)).await?;
    let ids = listed.iter().map(|record| record.id).collect();
    let since = pages.app.each_beyond_since(ids, anywhere).await?;
    let records = listed.into_iter().map(|record| (since.get(&record.id).copied(), record));
    let records = records.map(|(since, record)| (record, since)).collect();
    let offices = pages.app.ask(|engine| engine.offices()).await?;
    let speech = visitor.speech(&pages);
    let title = speech.say("only-here");
    let body = body(speech, &OnlyHere { records, total, offices }, &title);
    Ok(layout::page(speech, Some(&visitor), "/sync", &title, &body))
}

/// How many records go beyond a place, and those of them that nobody has touched for longest.
fn longest_here(views: &Views, place: &Frontier) -> Result<(u64, Vec<ListedRecord>), ViewsError> {
    let beyond = views.beyond(place)?;
    let mut ids: Vec<_> = beyond.iter().map(|(record, reach)| (reach.last, *record)).collect();
    ids.sort_unstable();
    let ids: Vec<RecordId> = ids.into_iter().take(SHOWN).map(|(_, record)| record).collect();
    Ok((beyond.len() as u64, views.listed(&ids)?))
}

fn body(speech: Speech<'_>, only_here: &OnlyHere, title: &str) -> Markup {
    let more = only_here.total - only_here.records.len() as u64;
    html! {
        p.crumbs { a href="/sync" { (speech.say("nav-sync")) } }
        h1 { (title) }
        p role="status" {
            @if only_here.total == 0 { (speech.say("only-here-none")) }
            @else { (speech.count("records-only-here", only_here.total)) }
        }
        @if !only_here.records.is_empty() {
            p.hint { (speech.say("only-here-explained")) }
            table.records {
                thead {
                    tr {
                        th scope="col" { (speech.label(&["title"])) }
                        th scope="col" { (speech.say("only-here-since")) }
                        th scope="col" { (speech.say("last-changed")) }
                    }
                }
                tbody {
                    @for (record, since) in &only_here.records {
                        tr {
                            th scope="row" {
                                a href=(address(record.kind, record.id)) {
                                    @if record.title.is_empty() { (speech.say("untitled")) } @else { (record.title) }
                                }
                            }
                            td { (since.map_or_else(|| speech.say("unknown"), |at| speech.ago(at))) }
                            td {
                                (office_name(speech, &only_here.offices, &record.updated.office)) ", "
                                (speech.ago(record.updated.at))
                            }
                        }
                    }
                }
            }
        }
        @if more > 0 && !only_here.records.is_empty() { p.aside { (speech.count("and-more", more)) } }
    }
}

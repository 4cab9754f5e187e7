//! How this office stands with the others: who was heard of when, what waits to leave, what is only here.

use axum::extract::State;
use maud::{Markup, html};
use toguna_protocol::engine::Office;

use super::{Shared, error::PageError, layout, speech::Speech, visitor::Visitor};
use crate::app::NodeStatus;

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    let status = pages.app.status().await?;
    let speech = visitor.speech(&pages);
    let title = speech.say("nav-sync");
    Ok(layout::page(speech, Some(&visitor), "/sync", &title, &body(speech, &status, &title)))
}

fn body(speech: Speech<'_>, status: &NodeStatus, title: &str) -> Markup {
    let others: Vec<&Office> = status.offices.iter().filter(|office| office.author != status.author).collect();
    let connected = |office: &Office| status.sessions.iter().find(|session| session.peer == office.author);
    html! {
        h1 { (title) }
        p role="status" { (sentence(speech, status, others.len())) }
        p { (speech.say("code-explained")) " " strong.code { (code(status)) } }
        @if !others.is_empty() {
            table.records {
                thead {
                    tr {
                        th scope="col" { (speech.say("office")) }
                        th scope="col" { (speech.say("link-title")) }
                        th scope="col" { (speech.say("last-news")) }
                        th scope="col" { (speech.say("waiting-to-leave")) }
                        th scope="col" { (speech.say("missing-here")) }
                    }
                }
                tbody {
                    @for office in others {
                        @let session = connected(office);
                        @let waiting = match session {
                            Some(session) => session.waiting_to_leave,
                            None => status.waiting.get(&office.author).copied(),
                        };
                        tr {
                            th scope="row" { (office.name.clone().unwrap_or_else(|| speech.say("office-unnamed"))) }
                            td { (speech.say(if session.is_some() { "link-up" } else { "link-cut" })) }
                            td { (office.last_arrived_at.map_or_else(|| speech.say("unknown"), |at| speech.ago(at))) }
                            td { (entries(speech, waiting)) }
                            td { (entries(speech, office.fresh.missing)) }
                        }
                    }
                }
            }
        }
    }
}

/// A number of changes; "unknown" is not none.
fn entries(speech: Speech<'_>, count: Option<u64>) -> String {
    count.map_or_else(|| speech.say("unknown"), |count| speech.count("changes", count))
}

fn sentence(speech: Speech<'_>, status: &NodeStatus, others: usize) -> String {
    let waiting: u64 = status.waiting.values().copied().max().unwrap_or(0);
    match (others, status.sessions.len()) {
        (0, _) => speech.say("sync-alone"),
        (_, 0) if waiting > 0 => speech.count("sync-cut-waiting", waiting),
        (_, 0) => speech.say("sync-cut"),
        _ => speech.say("sync-up"),
    }
}

/// Six letters and digits that two offices have in common when they hold the same: to be read aloud on the telephone.
/// The first 30 bits of the digest in the letters of Crockford's base 32, which leaves out those that sound or look alike.
fn code(status: &NodeStatus) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = u64::from_str_radix(status.digest.get(..8).unwrap_or("0"), 16).unwrap_or(0);
    let letter = |at: u32| char::from(LETTERS[(bits >> (27 - 5 * at) & 31) as usize]);
    let code: String = (0..6).map(letter).collect();
    format!("{} {}", &code[..3], &code[3..])
}

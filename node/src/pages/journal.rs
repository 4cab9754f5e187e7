//! Who took which lists out of this node, for those who answer for them and for oversight.

use axum::extract::State;
use maud::{Markup, html};

use super::{
    Shared,
    error::{PageError, internal},
    layout,
    speech::Speech,
    visitor::Visitor,
};
use crate::{
    accounts::Role,
    exchange::export::{Format, Journal, JournalLine},
    views::NATIONAL,
};

/// Lines on the page.
const SHOWN: usize = 200;

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    if !visitor.as_role().may_read_journal() {
        return Err(PageError::Role);
    }
    let journal = Journal::of(pages.app.data_dir());
    let read = tokio::task::spawn_blocking(move || journal.latest(SHOWN)).await;
    let lines = read.map_err(|_| PageError::Stopping)?.map_err(|error| internal(&error))?;
    let speech = visitor.speech(&pages);
    let title = speech.say("journal");
    Ok(layout::page(speech, Some(&visitor), "/journal", &title, &body(speech, &lines, &title)))
}

fn body(speech: Speech<'_>, lines: &[JournalLine], title: &str) -> Markup {
    html! {
        h1 { (title) }
        p { (speech.say("journal-explained")) }
        @if lines.is_empty() { p role="status" { (speech.say("journal-empty")) } }
        @else {
            p role="status" { (speech.count("journal-latest", lines.len() as u64)) }
            table.records {
                thead {
                    tr {
                        @for id in ["when", "who", "what", "format", "rows", "left-out"] {
                            th scope="col" { (speech.say(&format!("journal-{id}"))) }
                        }
                    }
                }
                tbody { @for line in lines { (row(speech, line)) } }
            }
        }
    }
}

fn row(speech: Speech<'_>, line: &JournalLine) -> Markup {
    let number = |count| crate::words::number(speech.lang, count);
    let format = Format::ALL.into_iter().find(|format| format.key() == line.format);
    html! {
        tr {
            th scope="row" { (speech.moment(line.at)) }
            td { (who(speech, line)) }
            td { (what(speech, line)) }
            td {
                (format.map_or(line.format.as_str(), |format| format.name()))
                @if line.texts { ", " (speech.say("journal-texts")) }
            }
            td { (number(line.rows)) span.unseen { " " (speech.say("journal-rows")) } }
            td { (number(line.left_out)) span.unseen { " " (speech.say("journal-left-out")) } }
        }
    }
}

fn who(speech: Speech<'_>, line: &JournalLine) -> String {
    let role = line.role.as_deref().and_then(Role::from_key);
    let how = role.map_or_else(|| speech.say("journal-command"), |role| speech.say(&format!("role-{}", role.key())));
    format!("{} ({how})", line.by)
}

/// Kind and filter in words.
fn what(speech: Speech<'_>, line: &JournalLine) -> String {
    let region = line.region.as_deref().map(|key| match key {
        NATIONAL => speech.say("whole-country"),
        key => speech.region(key),
    });
    let path =
        if line.kind == "conflict" { vec!["conflict", "phase", "is"] } else { vec![line.kind.as_str(), "status"] };
    let status = line.status.as_deref().map(|key| speech.choice(&path, key));
    let origin = line.origin.as_deref().map(|key| speech.choice(&["project", "origin"], key));
    let stake = line.stake.as_deref().map(|key| speech.stake(key));
    // Since lists show the programme's own unless asked otherwise, the other case is what is said.
    let events = (line.kind == "conflict" && !line.own).then(|| speech.say("with-events-short"));
    let words = line.words.then(|| speech.say("journal-words"));
    let mut parts: Vec<String> = region.into_iter().chain(status).chain(origin).chain(stake).chain(words).collect();
    if parts.is_empty() {
        parts.push(speech.say("journal-all"));
    }
    parts.extend(events);
    format!("{} – {}", speech.say(&format!("kind-{}.plural", line.kind)), parts.join(", "))
}

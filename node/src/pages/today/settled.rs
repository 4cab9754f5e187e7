//! What another office settled where a value of ours stood: who, on what and why, and the way back.

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use toguna_protocol::{
    engine::{Contender, Office},
    ids::{AuthorKey, EntryHash},
};

use super::{Reader, SHOWN};
use crate::{
    pages::{
        Pages, Shared,
        edit::see_other,
        error::PageError,
        record::{address, label_of, linked, office_name, said, stamped, value},
        speech::Speech,
        visitor::Posted,
    },
    views::SettledElsewhere,
};

/// A settlement that this office has not agreed to yet.
pub(super) struct Told {
    settled: SettledElsewhere,
    /// The value of ours that was not kept, if none of ours was.
    lost: Option<Contender>,
}

/// What is still to be told of what others settled.
pub(super) fn told(pages: &Pages, own: AuthorKey, settled: Vec<SettledElsewhere>) -> Vec<Told> {
    let news = settled.into_iter().filter(|one| {
        let settlement = &one.settlement;
        !pages.noted.has_agreed(&settlement.stamp.entry, &settlement.field)
    });
    let tell = |settled: SettledElsewhere| {
        let ours = || settled.settlement.values.iter().filter(|value| value.stamp.office == own);
        let lost = ours().next_back().filter(|_| !ours().any(|value| value.kept)).cloned();
        Told { settled, lost }
    };
    news.map(tell).collect()
}

pub(super) fn section(speech: Speech<'_>, told: &[Told], offices: &[Office], reader: &Reader) -> Markup {
    if told.is_empty() {
        return html! {};
    }
    html! {
        section.needs {
            h2 { (speech.say("settled-elsewhere")) }
            ul { @for one in told.iter().take(SHOWN) { (line(speech, one, offices, reader)) } }
            @if told.len() > SHOWN { p.aside { (speech.count("and-more", (told.len() - SHOWN) as u64)) } }
        }
    }
}

fn line(speech: Speech<'_>, told: &Told, offices: &[Office], reader: &Reader) -> Markup {
    let SettledElsewhere { record, settlement } = &told.settled;
    let office = office_name(speech, offices, &settlement.stamp.office);
    let chosen = said(speech, record.kind, &settlement.field, &settlement.chosen);
    let values =
        [("office", office.as_str()), ("value", &chosen), ("reason", settlement.reason.as_deref().unwrap_or(""))];
    let id = if settlement.reason.is_some() { "settled-by-because" } else { "settled-by" };
    html! {
        li.settled {
            strong { (speech.say_of(id, &values)) }
            br;
            (linked(speech, record)) " – " (label_of(speech, record.kind, &settlement.field)) " · "
            @match &told.lost {
                Some(lost) => { (speech.say("our-value")) " " (value(speech, record.kind, &settlement.field, &lost.value)) },
                None => (speech.say("our-value-kept")),
            }
            " " span.aside { "· " (stamped(speech, offices, &settlement.stamp)) }
            @if reader.may_write {
                form.verbs method="post" action="/settled" {
                    input type="hidden" name="csrf" value=(reader.csrf);
                    input type="hidden" name="entry" value=(settlement.stamp.entry);
                    input type="hidden" name="field" value=(settlement.field);
                    button { (speech.say("agreed")) }
                    @if let Some(lost) = &told.lost {
                        " " a href=(format!("{}/earlier/{}/after{}", address(record.kind, record.id), lost.stamp.entry, settlement.field)) {
                            (speech.say("take-back"))
                        }
                    }
                }
            }
        }
    }
}

/// Puts a settlement away: this office agrees to it.
pub(in crate::pages) async fn agree(State(pages): State<Shared>, posted: Posted) -> Result<Response, PageError> {
    let entry: EntryHash =
        posted.given.text("entry").and_then(|entry| entry.parse().ok()).ok_or(PageError::NotFound)?;
    let field = posted.given.text("field").unwrap_or_default().to_owned();
    let own = pages.app.ask(|engine| engine.author()).await?;
    let settled = pages.read(move |views| views.settled_elsewhere(own)).await?;
    // What does not stand there, or was taken back meanwhile, is not remembered.
    let is_this = |one: &SettledElsewhere| one.settlement.stamp.entry == entry && one.settlement.field == field;
    if settled.iter().any(is_this) {
        let pages = pages.clone();
        let noted = tokio::task::spawn_blocking(move || pages.noted.agree(entry, &field)).await;
        noted.map_err(|_| PageError::Stopping)?.map_err(|error| {
            tracing::error!(%error, "the office's notes cannot be written");
            PageError::Internal
        })?;
    }
    Ok(see_other("/"))
}

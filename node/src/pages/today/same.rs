//! Two conflicts that may be the same: side by side, and a person's answer, which is a tie like any other. It reaches every
//! office, and can be taken back.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::json;
use toguna_protocol::{
    engine::Intent,
    ids::RecordId,
    record::{Kind, common::Relation},
};

use super::Reader;
use crate::{
    pages::{
        Shared,
        edit::{Failed, see_other, submit},
        error::PageError,
        layout,
        record::{address, linked},
        speech::Speech,
        visitor::Posted,
    },
    views::LikelySame,
};

/// The answers, with their messages.
const ANSWERS: [(&str, &str); 2] = [("same-conflict", "tie-verb"), ("distinct", "same-no")];

/// `back`: the page that it stands on.
pub(super) fn line(speech: Speech<'_>, pair: &LikelySame, reader: &Reader, back: &str) -> Markup {
    let named = |record: &crate::views::ListedRecord| {
        html! {
            (linked(speech, record))
            " " span.aside { "(" (speech.regions(record.regions.iter().map(String::as_str))) ")" }
        }
    };
    html! {
        li.same {
            (speech.say("same-conflict-asked")) " "
            (named(&pair.one)) " · " (named(&pair.other))
            @if reader.may_write {
                form.verbs method="post" action="/same" {
                    input type="hidden" name="csrf" value=(reader.csrf);
                    input type="hidden" name="one" value=(pair.one.id);
                    input type="hidden" name="other" value=(pair.other.id);
                    input type="hidden" name="back" value=(back);
                    @for (answer, id) in ANSWERS { button name="answer" value=(answer) { (speech.say(id)) } " " }
                }
            }
        }
    }
}

/// Ties two conflicts, or notes that they are two.
pub(in crate::pages) async fn answer(State(pages): State<Shared>, posted: Posted) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let id = |name: &str| given.text(name).and_then(|id| id.parse::<RecordId>().ok()).ok_or(PageError::NotFound);
    let (one, other) = (id("one")?, id("other")?);
    let answers = ANSWERS.iter().map(|(answer, _)| *answer);
    let relation = answers.filter(|key| Relation::KEYS.contains(key)).find(|key| given.text("answer") == Some(key));
    let relation = relation.ok_or(PageError::Form)?;
    let record = pages.app.record(one).await?;
    if pages.app.record(other).await?.kind != Kind::Conflict || record.kind != Kind::Conflict || one == other {
        return Err(PageError::NotFound);
    }
    let back = if given.text("back") == Some("/open/same") { "/open/same" } else { "/" };
    let link = json!({"links": {"new": {"record": other, "relation": relation}}});
    let why = match submit(&pages, &visitor, Intent::Patch(one, record.heads, link), None).await? {
        Ok(_) => return Ok(see_other(back)),
        Err(Failed::NotSaved) => "not-saved-store",
        Err(_) => "tie-refused",
    };
    let speech = visitor.speech(&pages);
    let title = speech.say("same-conflict-asked");
    let body = html! {
        h1 { (title) }
        div.refused role="alert" { p { (speech.say(why)) } }
        p { a href=(address(Kind::Conflict, one)) { (speech.say("back-to-record")) } }
    };
    Ok(layout::page(speech, Some(&visitor), "/", &title, &body).into_response())
}

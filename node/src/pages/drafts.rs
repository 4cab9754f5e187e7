//! Unfinished forms: kept while somebody types, offered when the form is opened again, gone once it is saved.
//!
//! ```text
//! typed ─▶ (script) POST /drafts ─▶ kept ─▶ the form, opened again: "draft of 10:42" ─▶ ?draft=7 ─▶ saved ─▶ dropped
//!       └▶ POST that cannot be saved, or whose session has ended ─▶ kept
//! ```
//!
//! A draft holds the version that it was begun from, so that what others changed meanwhile is told when it is saved.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use toguna_protocol::{
    engine::{Draft, DraftError, DraftNote, Intent, Kept, OpenForm, SentForm},
    ids::{RecordId, UnixSeconds},
    record::Kind,
};

use super::{
    Pages, Shared,
    edit::{relation_of, see_other},
    error::PageError,
    form::Given,
    part::Part,
    record::{field_of, kind_of, label_of},
    speech::Speech,
    visitor::{Posted, Visitor},
};
use crate::app::DraftAskError;

/// Inputs that belong to one sending of a form and not to what was typed.
const PASSING: [&str; 3] = ["csrf", "draft", "next"];

/// Whether a form stands at an address whose input can be kept: a new record, a record's own fields, an item, a divergence
/// to be settled.
pub(super) fn is_form(path: &str) -> bool {
    form_at(path).is_some() || settled_at(path).is_some()
}

fn form_at(path: &str) -> Option<Part> {
    let (kinds, rest) = path.strip_prefix('/')?.split_once('/')?;
    let kind = kind_of(kinds).ok()?;
    if rest == "new" {
        return Some(Part::whole(kind));
    }
    let (id, rest) = rest.split_once('/')?;
    id.parse::<RecordId>().ok()?;
    if let Some(relation) = rest.strip_prefix("new/") {
        relation_of(relation).filter(|_| kind == Kind::Consultation)?;
        return Some(Part::whole(kind));
    }
    match rest.strip_prefix("edit")? {
        "" => Some(Part::whole(kind)),
        part => Part::of(kind, part.strip_prefix('/')?),
    }
}

/// The divergent field that is settled at an address.
fn settled_at(path: &str) -> Option<(Kind, String)> {
    let (kinds, rest) = path.strip_prefix('/')?.split_once('/')?;
    let kind = kind_of(kinds).ok()?;
    let (id, rest) = rest.split_once('/')?;
    id.parse::<RecordId>().ok()?;
    let pointer = rest.strip_prefix("settle")?;
    let known = field_of(kind, pointer).is_some() || pointer.ends_with("/withdrawn");
    (known && pointer.starts_with('/')).then(|| (kind, pointer.to_owned()))
}

/// A form as it is open, as its input `draft` says.
fn text_of(open: OpenForm) -> String {
    format!("{:x}-{:x}-{:x}", open.mark, open.resumed, open.seen)
}

fn open_of(given: &Given) -> Option<OpenForm> {
    let numbers = given.text("draft")?.split('-').map(|number| u64::from_str_radix(number, 16).ok());
    let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
    let &[mark, resumed, seen] = numbers.as_slice() else { return None };
    (mark != 0).then_some(OpenForm { mark, resumed, seen })
}

fn opened_now() -> Result<OpenForm, PageError> {
    let mark = getrandom::u64().map_err(|error| {
        tracing::error!(%error, "no random numbers");
        PageError::Internal
    })?;
    Ok(OpenForm { mark: mark.max(1), ..OpenForm::default() })
}

/// What was typed, as it is kept.
fn inputs(given: &Given) -> Vec<(String, String)> {
    let typed = given.pairs().filter(|(name, _)| !PASSING.contains(name));
    typed.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What there is about drafts on the page of a form.
#[derive(Default)]
pub(super) struct Desk {
    form: String,
    open: OpenForm,
    /// Numbers and times of drafts that may be resumed.
    offered: Vec<(u64, UnixSeconds)>,
    resumed: Option<(u64, UnixSeconds)>,
    /// When what stands in the form was kept just now.
    kept: Option<UnixSeconds>,
}

impl Desk {
    /// A form is opened. `number`: with which draft it is to be filled; what stood in it comes back too.
    pub(super) async fn open(
        pages: &Pages,
        visitor: &Visitor,
        form: &str,
        number: Option<u64>,
    ) -> Result<(Desk, Option<Given>), PageError> {
        let drafts = pages.app.draft(&visitor.mark(), form).await.unwrap_or_else(|error| {
            // Whoever wants to fill in a form can do so all the same.
            tracing::error!(%error, "drafts could not be read");
            Vec::new()
        });
        let seen = drafts.first().map_or(0, |latest| latest.number);
        let (mut resumed, others): (Vec<Draft>, Vec<Draft>) =
            drafts.into_iter().partition(|draft| Some(draft.number) == number);
        let resumed = resumed.pop();
        let open = OpenForm { resumed: resumed.as_ref().map_or(0, |draft| draft.number), seen, ..opened_now()? };
        let desk = Desk {
            form: form.to_owned(),
            open,
            offered: others.iter().map(|draft| (draft.number, draft.at)).collect(),
            resumed: resumed.as_ref().map(|draft| (draft.number, draft.at)),
            kept: None,
        };
        Ok((desk, resumed.and_then(|draft| Given::of_pairs(draft.inputs))))
    }

    /// A form that was sent could not be saved: what stands in it is kept, so that nothing depends on the page alone.
    pub(super) async fn failed(pages: &Pages, visitor: &Visitor, form: &str, given: &Given) -> Result<Desk, PageError> {
        let (mut desk, _) = Desk::open(pages, visitor, form, None).await?;
        desk.open = open_of(given).unwrap_or(desk.open);
        match pages.app.keep_draft(&visitor.mark(), form, desk.open, inputs(given)).await {
            Ok(Some(Kept { number, at, .. })) => {
                desk.open.seen = number;
                desk.kept = Some(at);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a form that was not saved is not kept either"),
        }
        // What this form itself left is no news to it.
        desk.offered.clear();
        Ok(desk)
    }

    /// Above the form: what was typed earlier and is not saved.
    pub(super) fn above(&self, speech: Speech<'_>, csrf: &str) -> Markup {
        let drop = |number: u64| {
            html! {
                form method="post" action="/drafts/drop" {
                    input type="hidden" name="csrf" value=(csrf);
                    input type="hidden" name="form" value=(self.form);
                    input type="hidden" name="number" value=(number);
                    button.plain { (speech.say("draft-drop")) }
                }
            }
        };
        html! {
            @if let Some((number, at)) = self.resumed {
                div.draft role="status" {
                    (speech.say_of("draft-resumed", &[("draft", &name(speech, at))])) " " (drop(number))
                }
            }
            @for (number, at) in &self.offered {
                div.draft {
                    (name(speech, *at)) " – "
                    a href=(format!("{}?draft={number}", self.form)) { (speech.say("draft-resume")) } " / " (drop(*number))
                }
            }
        }
    }

    /// What the form says of itself when it is sent.
    pub(super) fn input(&self) -> Markup {
        html! { @if self.open.mark != 0 { input type="hidden" name="draft" value=(text_of(self.open)); } }
    }

    /// Beside the button: when what is typed was kept last.
    pub(super) fn line(&self, speech: Speech<'_>) -> Markup {
        let kept = self.kept.map(|at| speech.say_of("draft-kept", &[("time", &speech.clock(at))]));
        html! {
            span.kept data-kept data-unkept=(speech.say("draft-unkept")) aria-live="polite" { (kept.unwrap_or_default()) }
            span.mark data-elsewhere role="status" {}
        }
    }

    /// The form's address, under which its drafts are kept; none where nothing is kept of it.
    pub(super) fn address(&self) -> Option<&str> {
        (self.open.mark != 0).then_some(self.form.as_str())
    }
}

/// "Draft of 10:42"; of another day, with the date.
fn name(speech: Speech<'_>, at: UnixSeconds) -> String {
    let day = |at: UnixSeconds| at.0.div_euclid(24 * 60 * 60);
    if day(at) == day(speech.now) {
        speech.say_of("draft-of-today", &[("time", &speech.clock(at))])
    } else {
        speech.say_of("draft-of-day", &[("moment", &speech.moment(at))])
    }
}

/// What a form asks for, to be carried out once however often the form is sent; its draft goes with it.
pub(super) fn once(visitor: &Visitor, form: &str, given: &Given, intent: Intent) -> Intent {
    match open_of(given) {
        Some(open) => {
            let sent = SentForm { account: visitor.mark(), form: form.to_owned(), open };
            Intent::Sent(sent, Box::new(intent))
        }
        None => intent,
    }
}

/// For a form of which no drafts are kept: by what it is known when it is sent again.
pub(super) fn mark(given: &Given) -> Result<Markup, PageError> {
    let open = open_of(given).map_or_else(opened_now, Ok)?;
    Ok(html! { input type="hidden" name="draft" value=(text_of(open)); })
}

/// What was typed into a form is saved: its draft has served.
pub(super) async fn saved(pages: &Pages, visitor: &Visitor, form: &str, given: &Given) {
    let Some(open) = open_of(given) else { return };
    if let Err(error) = pages.app.drop_draft(&visitor.mark(), form, open).await {
        tracing::warn!(%error, "the draft of a form that was saved is still there");
    }
}

/// Drops a draft of a form that is there no more.
pub(super) async fn void(pages: &Pages, visitor: &Visitor, form: &str, number: u64) {
    let open = OpenForm { resumed: number, ..OpenForm::default() };
    if let Err(error) = pages.app.drop_draft(&visitor.mark(), form, open).await {
        tracing::warn!(%error, "the draft of a form that is there no more is still there");
    }
}

/// Keeps what a form holds that was sent in vain; the address at which it stands filled in again.
///
/// # Errors
/// The message that says why it could not be kept.
pub(super) async fn carry(pages: &Pages, account: &str, form: &str, given: &Given) -> Result<String, &'static str> {
    let open = open_of(given).or_else(|| opened_now().ok()).ok_or("draft-no-room")?;
    match pages.app.keep_draft(account, form, open, inputs(given)).await {
        Ok(Some(kept)) => Ok(format!("{form}?draft={}", kept.number)),
        Ok(None) => Ok(form.to_owned()),
        Err(error) => Err(told(&error).1),
    }
}

/// Why a draft is not kept.
fn told(error: &DraftAskError) -> (StatusCode, &'static str) {
    match error {
        DraftAskError::Refused(DraftError::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "draft-too-long"),
        DraftAskError::Refused(error) => {
            tracing::warn!(%error, "a draft could not be kept");
            (StatusCode::INSUFFICIENT_STORAGE, "draft-no-room")
        }
        DraftAskError::Stopped(_) => (StatusCode::SERVICE_UNAVAILABLE, "draft-unkept"),
    }
}

/// Which form somebody types into.
#[derive(Deserialize)]
pub(super) struct Asked {
    form: String,
}

/// Keeps what somebody is typing. Answered to the script: what the form says of itself from now on, and what to show.
pub(super) async fn keep(
    State(pages): State<Shared>,
    Query(Asked { form }): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let open = open_of(&given).filter(|_| is_form(&form)).ok_or(PageError::NotFound)?;
    let speech = visitor.speech(&pages);
    let kept = match pages.app.keep_draft(&visitor.mark(), &form, open, inputs(&given)).await {
        Ok(kept) => kept.ok_or(PageError::Internal)?,
        Err(error) => {
            let (status, id) = told(&error);
            return Ok((status, Json(json!({"line": speech.say(id)}))).into_response());
        }
    };
    let answer = json!({
        "draft": text_of(OpenForm { seen: kept.number, ..open }),
        "line": speech.say_of("draft-kept", &[("time", &speech.clock(kept.at))]),
        "elsewhere": kept.elsewhere.then(|| speech.say("draft-elsewhere")),
    });
    Ok(Json(answer).into_response())
}

/// Drops a draft that nobody wants any more, and shows its form as it is without.
pub(super) async fn drop_one(State(pages): State<Shared>, posted: Posted) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let form = given.text("form").filter(|form| is_form(form)).ok_or(PageError::NotFound)?;
    let number: u64 = given.text("number").and_then(|number| number.parse().ok()).ok_or(PageError::NotFound)?;
    let open = OpenForm { resumed: number, ..OpenForm::default() };
    pages.app.drop_draft(&visitor.mark(), form, open).await.map_err(|error| match error {
        DraftAskError::Stopped(_) => PageError::Stopping,
        error => {
            tracing::error!(%error, "a draft could not be dropped");
            PageError::Internal
        }
    })?;
    Ok(see_other(form))
}

/// The drafts of whoever reads, for the page of today.
pub(super) async fn of(pages: &Pages, visitor: &Visitor) -> Vec<DraftNote> {
    pages.app.drafts_of(&visitor.mark()).await.unwrap_or_else(|error| {
        tracing::error!(%error, "drafts could not be listed");
        Vec::new()
    })
}

/// What is not finished yet, and where to go on.
pub(super) fn unfinished(speech: Speech<'_>, drafts: &[DraftNote]) -> Markup {
    let of_field = |(kind, pointer): (Kind, String)| {
        speech.say_of("draft-to-settle", &[("what", &label_of(speech, kind, &pointer))])
    };
    let of_part = |note: &DraftNote| match form_at(&note.form)? {
        part if !part.name.is_empty() => Some(speech.words.one(speech.lang, &part.path)),
        part => {
            let new = if note.form.contains("/new") { ".new" } else { "" };
            Some(speech.say(&format!("kind-{}{new}", part.path.first()?)))
        }
    };
    let what = |note: &DraftNote| settled_at(&note.form).map(of_field).or_else(|| of_part(note));
    html! {
        @if !drafts.is_empty() {
            section {
                h2 { (speech.say("drafts-unfinished")) }
                ul {
                    @for note in drafts {
                        li {
                            a href=(format!("{}?draft={}", note.form, note.number)) { (what(note).unwrap_or_default()) }
                            span.aside { " · " (name(speech, note.at)) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_have_drafts() {
        let record = RecordId([7; 16]);
        for (path, expected) in [
            ("/conflicts/new".to_owned(), true),
            (format!("/conflicts/{record}/edit"), true),
            (format!("/conflicts/{record}/edit/incidents/new"), true),
            (format!("/conflicts/{record}/edit/nowhere/new"), false),
            (format!("/conflicts/{record}/edit/"), false),
            (format!("/conflicts/{record}/settle/phase"), true),
            (format!("/conflicts/{record}/settle/incidents/abcdefghij-4-0/deaths"), true),
            (format!("/conflicts/{record}/settle/incidents/abcdefghij-4-0/withdrawn"), true),
            (format!("/conflicts/{record}/settle/nowhere"), false),
            (format!("/conflicts/{record}/settle"), false),
            (format!("/conflicts/{record}/settlement/withdrawn"), false),
            (format!("/conflicts/{record}/editor"), false),
            (format!("/conflicts/{record}"), false),
            (format!("/conflicts/{record}/withdraw/incidents/new"), false),
            (format!("/consultations/{record}/new/restitutes"), true),
            (format!("/consultations/{record}/new/same-conflict"), false),
            (format!("/consultations/{record}/new/"), false),
            (format!("/conflicts/{record}/new/part-of"), false),
            ("/consultations/x/new/part-of".to_owned(), false),
            ("/conflicts/x/edit".to_owned(), false),
            ("/wells/new".to_owned(), false),
            ("//elsewhere.example/conflicts/new".to_owned(), false),
            ("conflicts/new".to_owned(), false),
            ("/sign-in".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_form(&path), expected, "{path}");
        }
    }

    #[test]
    fn what_a_form_says_of_itself_comes_back() {
        let given = |text: &str| Given::of_pairs(vec![("draft".to_owned(), text.to_owned())]).unwrap();
        let open = OpenForm { mark: u64::MAX, resumed: 0, seen: 12 };
        assert_eq!(open_of(&given(&text_of(open))), Some(open));
        for text in ["", "1-2", "1-2-3-4", "0-1-2", "x-1-2", "-1-2-3"] {
            assert_eq!(open_of(&given(text)), None, "{text}");
        }
    }
}

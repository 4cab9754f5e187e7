//! The page on which a report is chosen, and the list of those that were made here.

use maud::{Markup, html};
use toguna_protocol::record::date::Day;

use super::{ADDRESS, address};
use crate::{
    pages::{drafts, error::PageError, form::Given, speech::Speech},
    report::{ReportKind, Subject, kept::Kept},
};

/// Reports that are listed, and from whose knowledge another can be made.
const LISTED: usize = 50;

/// What the page shows.
pub(super) struct Choice<'a> {
    /// What was chosen, where it could not be made.
    pub(super) given: &'a Given,
    pub(super) kept: &'a [Kept],
    /// Why it could not.
    pub(super) told: Option<String>,
    pub(super) today: Day,
    pub(super) csrf: String,
}

/// What a report is called: its kind and period.
pub(in crate::pages) fn name(speech: Speech<'_>, kept: &Kept) -> String {
    match kept.subject {
        Subject::Period(period) => {
            let period = speech.date(&period.date());
            speech.say_of("report-of", &[("kind", &kind_name(speech, kept.kind)), ("period", &period)])
        }
        // What is printed is often saved under the page's title: that names no record.
        Subject::Record(_) => kind_name(speech, kept.kind),
    }
}

pub(super) fn kind_name(speech: Speech<'_>, kind: ReportKind) -> String {
    speech.say(&format!("report-{}", kind.key()))
}

pub(super) fn body(speech: Speech<'_>, choice: &Choice<'_>, title: &str) -> Result<Markup, PageError> {
    Ok(html! {
        h1 { (title) }
        p { (speech.say("reports-explained")) }
        @if let Some(told) = &choice.told { div.refused role="alert" { p { (told) } } }
        (form(speech, choice)?)
        section {
            h2 { (speech.say("reports-made")) }
            @if choice.kept.is_empty() { p { (speech.say("reports-none")) } }
            @else { (made(speech, choice.kept)) }
        }
    })
}

fn form(speech: Speech<'_>, choice: &Choice<'_>) -> Result<Markup, PageError> {
    let given = |name: &str| choice.given.text(name).unwrap_or_default();
    // What is asked for most: the year that is over.
    let year = match given("year") {
        "" => choice.today.0.saturating_sub(1).to_string(),
        year => year.to_owned(),
    };
    let mark = drafts::mark(choice.given)?;
    Ok(html! {
        form.record method="post" action=(ADDRESS) {
            input type="hidden" name="csrf" value=(choice.csrf);
            (mark)
            div.field {
                label for="kind" { (speech.say("report-kind")) }
                select.short id="kind" name="kind" {
                    @for kind in ReportKind::PERIODICAL {
                        option value=(kind.key()) selected[given("kind") == kind.key()] { (kind_name(speech, kind)) }
                    }
                }
            }
            div.field {
                label for="year" { (speech.say("report-year")) }
                input.short id="year" name="year" value=(year) inputmode="numeric" maxlength="4" required;
            }
            div.field {
                label for="quarter" { (speech.say("report-quarter")) }
                select.short id="quarter" name="quarter" aria-describedby="quarter-hint" {
                    option value="" { (speech.say("report-whole-year")) }
                    @for quarter in ["1", "2", "3", "4"] {
                        option value=(quarter) selected[given("quarter") == quarter] { (speech.say_of("report-quarter-of", &[("quarter", quarter)])) }
                    }
                }
                p.hint id="quarter-hint" { (speech.say("report-quarter-hint")) }
            }
            div.field {
                label for="knowledge" { (speech.say("report-knowledge")) }
                select id="knowledge" name="knowledge" {
                    option value="" { (speech.say("report-now")) }
                    @for kept in choice.kept.iter().take(LISTED) {
                        option value=(kept.fingerprint.to_string()) selected[given("knowledge") == kept.fingerprint.to_string()] {
                            (speech.say_of("report-as-in", &[("report", &name(speech, kept)), ("moment", &speech.moment(kept.at))]))
                        }
                    }
                }
            }
            div.verbs { button.button { (speech.say("report-make")) } }
        }
    })
}

fn made(speech: Speech<'_>, kept: &[Kept]) -> Markup {
    html! {
        table.records {
            thead {
                tr {
                    th scope="col" { (speech.say("report-kind")) }
                    th scope="col" { (speech.say("report-made-at")) }
                    th scope="col" { (speech.say("report-made-by")) }
                    th scope="col" { (speech.say("report-fingerprint")) }
                }
            }
            tbody {
                @for kept in kept.iter().take(LISTED) {
                    tr {
                        th scope="row" { a href=(address(kept.fingerprint)) { (name(speech, kept)) } }
                        td data-label=(speech.say("report-made-at")) { (speech.moment(kept.at)) }
                        td data-label=(speech.say("report-made-by")) { (kept.by) }
                        td data-label=(speech.say("report-fingerprint")) { span.code { (kept.fingerprint.short()) " …" } }
                    }
                }
            }
        }
    }
}

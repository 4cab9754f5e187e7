//! The pages of an import as they are shown.

use fluent_bundle::FluentValue;
use maud::{Markup, html};
use serde_json::Value;
use toguna_protocol::record::Kind;

use super::{
    Preview, address,
    kept::{Kept, Outcome},
};
use crate::{
    exchange::{
        Draft,
        sheet::{self, Head, MAX_FILE, MAX_ROWS, Meaning, Sheet, Taken, Twin},
    },
    pages::{
        record::{address as address_of_record, plural},
        speech::Speech,
    },
    words::number,
};

/// Records that are shown as they would be saved.
const FIRST: usize = 5;

/// Characters of a long text that are shown of it.
const GLIMPSE: usize = 300;

/// The form in which a file is chosen; above it why another was refused.
pub(super) fn form(speech: Speech<'_>, kind: Kind, csrf: &str, refused: Option<&str>) -> Markup {
    let (rows, size) = (number(speech.lang, MAX_ROWS as u64), (MAX_FILE / 1_000_000).to_string());
    html! {
        @if let Some(refused) = refused { div.refused role="alert" { p { (refused) } } }
        p { (speech.say("import-explained")) }
        p { (speech.say_of("import-limits", &[("rows", &rows), ("size", &size)])) }
        form.record method="post" action=(address(kind)) enctype="multipart/form-data" {
            input type="hidden" name="csrf" value=(csrf);
            div.field {
                label for="file" { (speech.say("import-file")) }
                input id="file" name="file" type="file" accept=".csv,.txt,text/csv,text/plain" required;
                p.hint { (speech.say("import-file-hint")) }
            }
            p.verbs {
                button.button { (speech.say("import-preview")) } " "
                a href=(format!("{}/template.csv", address(kind))) download { (speech.say("import-template")) }
            }
        }
        details.lines {
            summary { (speech.say("import-columns")) }
            p { (speech.say("import-columns-explained")) " " (speech.say("import-no-lists")) }
            dl.takes {
                @for column in sheet::columns(kind) {
                    dt { (sheet::label(speech.words, speech.lang, &column)) }
                    dd { (sheet::takes(speech.words, speech.lang, speech.pack, &column)) }
                }
            }
        }
    }
}

/// All that the page of a file shows.
pub(super) struct Shown<'a> {
    pub(super) kept: &'a Kept,
    pub(super) preview: &'a Preview,
    /// What an import did that stopped.
    pub(super) stopped: Option<&'a Outcome>,
    /// Whether it can be told what is here already.
    pub(super) complete: bool,
    pub(super) csrf: &'a str,
}

/// A file as it was understood.
pub(super) fn preview(speech: Speech<'_>, shown: &Shown<'_>) -> Markup {
    let (sheet, standing) = (&shown.preview.sheet, &shown.preview.standing);
    let separator = match sheet.separator {
        ';' => "semicolon",
        '\t' => "tab",
        _ => "comma",
    };
    let row = number(speech.lang, sheet.head_row as u64);
    let unknown = sheet.unknown().map(|head| head.name.as_str()).filter(|name| !name.is_empty());
    let unknown = unknown.collect::<Vec<_>>().join(" · ");
    let read_as = [("charset", sheet.charset.name()), ("separator", separator), ("row", &row)];
    html! {
        @if let Some(outcome) = shown.stopped { (stopped(speech, outcome)) }
        p { strong { (shown.kept.name) } " – " (speech.say_of("import-read-as", &read_as)) }
        ul.tally role="status" {
            li { strong { (speech.count("import-new", standing.new.len() as u64)) } }
            @if standing.here > 0 { li { (speech.count("import-here", standing.here as u64)) } }
            @if sheet.faulty_rows > 0 { li.mark { (speech.count("import-at-fault", sheet.faulty_rows as u64)) } }
            @if !unknown.is_empty() { li.mark { (speech.say_of("import-unknown", &[("columns", &unknown)])) } }
        }
        @if sheet.is_export() { p.explained { (speech.say("import-from-export")) } }
        @if sheet.withheld > 0 { p { (speech.count("import-withheld", sheet.withheld as u64)) } }
        (faults(speech, sheet))
        (taken(speech, sheet.kind, &standing.taken))
        (twins(speech, sheet.kind, &standing.twins))
        (confirm(speech, shown))
        (first(speech, sheet, &standing.new))
        (meaning(speech, sheet))
    }
}

fn faults(speech: Speech<'_>, sheet: &Sheet) -> Markup {
    html! {
        @if sheet.faults_in_all > 0 {
            section.refused {
                h2 { (speech.count("import-faults", sheet.faults_in_all as u64)) }
                @if sheet.faults.len() < sheet.faults_in_all {
                    p { (speech.say_of("import-faults-first", &[("number", &sheet.faults.len().to_string())])) }
                }
                ul { @for fault in &sheet.faults { li { (fault.said(sheet, speech.words, speech.lang, speech.pack, true)) } } }
                p { (speech.say("import-correct")) }
            }
        }
    }
}

fn taken(speech: Speech<'_>, kind: Kind, taken: &[Taken]) -> Markup {
    html! {
        @if !taken.is_empty() {
            section {
                h2 { (speech.say("import-taken-keys")) }
                p { (speech.say("import-taken-explained")) }
                ul { @for one in taken { li { (record(speech, kind, "import-taken-key", one)) } } }
            }
        }
    }
}

fn twins(speech: Speech<'_>, kind: Kind, twins: &[Twin]) -> Markup {
    html! {
        @if !twins.is_empty() {
            section {
                h2 { (speech.say("import-twins")) }
                p { (speech.say("import-twins-explained")) }
                ul {
                    @for twin in twins {
                        li {
                            @match twin {
                                Twin::Here(taken) => (record(speech, kind, "import-twin-here", taken)),
                                Twin::Row { row, other } => (speech.say_of("import-twin-row", &[
                                    ("row", &number(speech.lang, *row as u64)),
                                    ("other", &number(speech.lang, *other as u64)),
                                ])),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A row beside the record that it resembles.
fn record(speech: Speech<'_>, kind: Kind, id: &str, taken: &Taken) -> Markup {
    html! {
        (speech.say_of(id, &[("row", &number(speech.lang, taken.row as u64))])) " "
        a href=(address_of_record(kind, taken.id)) {
            @if taken.title.is_empty() { (speech.say("untitled")) } @else { (taken.title) }
        }
    }
}

/// What can be done with the file.
fn confirm(speech: Speech<'_>, shown: &Shown<'_>) -> Markup {
    let (sheet, new) = (&shown.preview.sheet, shown.preview.standing.new.len());
    let count = |count: usize| FluentValue::from(count as f64);
    let verb = if sheet.leaves_something() {
        let values =
            [("count", count(new)), ("rows", count(sheet.faulty_rows)), ("columns", count(sheet.unknown().count()))];
        speech.words.say_with(speech.lang, "import-confirm-rest", &values)
    } else {
        speech.count("import-confirm", new as u64)
    };
    let action = format!("{}/{}", address(sheet.kind), shown.kept.id);
    html! {
        form.record method="post" action=(action) {
            input type="hidden" name="csrf" value=(shown.csrf);
            input type="hidden" name="good" value=(sheet.drafts.len());
            @if !shown.complete { p.mark { (speech.say("import-not-yet")) } }
            @else if new == 0 { p { (speech.say("import-nothing-new")) } }
            p.verbs {
                @if shown.complete && new > 0 {
                    button.button name="do" value=(if sheet.leaves_something() { "leave" } else { "import" }) { (verb) } " "
                }
                button.plain name="do" value="drop" { (speech.say("import-drop")) } " "
                a href=(address(sheet.kind)) { (speech.say("import-again")) }
            }
            p.hint { (speech.say("import-kept")) }
        }
    }
}

/// The first new records as they would be saved.
fn first(speech: Speech<'_>, sheet: &Sheet, new: &[usize]) -> Markup {
    let first = &new[..new.len().min(FIRST)];
    html! {
        @if !first.is_empty() {
            section {
                h2 { (speech.count("import-first", first.len() as u64)) }
                @for at in first { (as_saved(speech, &sheet.drafts[*at])) }
            }
        }
    }
}

fn as_saved(speech: Speech<'_>, draft: &Draft) -> Markup {
    let title = draft.record.get("title").and_then(Value::as_str).unwrap_or_default();
    let made_here = |name: &str| name == "source_ref" && sheet::is_made(&draft.source_ref);
    let fields = draft.kind.schema().fields().filter(|field| field.name != "title" && !made_here(field.name));
    let said = fields.filter_map(|field| {
        let path = [draft.kind.key(), field.name];
        let value = speech.value(field, &path, draft.record.get(field.name)?);
        (!value.is_empty()).then(|| (speech.label(&path), glimpse(&value)))
    });
    let said: Vec<(String, String)> = said.collect();
    html! {
        article.as-saved {
            h3 { (speech.say_of("import-row", &[("row", &number(speech.lang, draft.at.line as u64))])) " – " (title) }
            dl { @for (label, value) in said { dt { (label) } dd { (value) } } }
        }
    }
}

fn glimpse(text: &str) -> String {
    match text.char_indices().nth(GLIMPSE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How each column was understood.
fn meaning(speech: Speech<'_>, sheet: &Sheet) -> Markup {
    html! {
        section {
            h2 { (speech.say("import-meaning")) }
            table.records.understood {
                thead { tr {
                    th scope="col" { (speech.say("import-meaning-file")) }
                    th scope="col" { (speech.say("import-meaning-field")) }
                } }
                tbody {
                    @for (at, head) in sheet.heads.iter().enumerate() {
                        tr {
                            th scope="row" {
                                @if head.name.is_empty() {
                                    (speech.say_of("import-unnamed", &[("number", &(at + 1).to_string())]))
                                } @else { (head.name) }
                            }
                            td { (understood(speech, head)) }
                        }
                    }
                }
            }
        }
    }
}

fn understood(speech: Speech<'_>, head: &Head) -> Markup {
    let label = |column| sheet::label(speech.words, speech.lang, column);
    let empty = || html! { span.aside { " (" (speech.say("import-meaning-empty")) ")" } };
    html! {
        @match &head.meaning {
            Meaning::Field(column) => (label(column)),
            Meaning::Id => (speech.say("import-meaning-id")),
            Meaning::Kind => (speech.say("import-meaning-kind")),
            Meaning::Told | Meaning::Closed(_) => (speech.say("import-meaning-told")),
            Meaning::Unknown { like: None } => span.mark { (speech.say("import-meaning-unknown")) },
            Meaning::Unknown { like: Some(column) } => span.mark { (speech.say_of("import-meaning-like", &[("column", &label(column))])) },
        }
        @if !head.filled { (empty()) }
    }
}

/// An import under way.
pub(super) fn running(speech: Speech<'_>, done: usize, of: usize) -> Markup {
    let values = [("done", FluentValue::from(done as f64)), ("count", FluentValue::from(of as f64))];
    html! {
        @if of == 0 { p role="status" { strong { (speech.say("import-begins")) } } }
        @else {
            p role="status" { strong { (speech.words.say_with(speech.lang, "import-running", &values)) } }
            p { progress value=(done) max=(of) {} }
        }
        p { (speech.say("import-running-explained")) }
    }
}

/// What an import did.
pub(super) fn done(speech: Speech<'_>, kind: Kind, outcome: &Outcome) -> Markup {
    html! {
        div.saved role="status" {
            p { strong { (speech.count("import-done", outcome.new as u64)) } }
            (rest(speech, outcome))
        }
        p.verbs {
            a.button href=(format!("/{}", plural(kind))) { (speech.say("import-to-list")) } " "
            a href=(address(kind)) { (speech.say("import-again")) }
        }
    }
}

fn rest(speech: Speech<'_>, outcome: &Outcome) -> Markup {
    let all = (outcome.new + outcome.here) as f64;
    let values = [("count", FluentValue::from(outcome.here as f64)), ("all", FluentValue::from(all))];
    html! {
        @if outcome.here > 0 { p { (speech.words.say_with(speech.lang, "import-done-here", &values)) } }
        @if outcome.left > 0 { p { (speech.count("import-done-left", outcome.left as u64)) } }
    }
}

fn stopped(speech: Speech<'_>, outcome: &Outcome) -> Markup {
    html! {
        div.refused role="alert" {
            p { strong { (speech.count("import-stopped", outcome.new as u64)) } }
            @if let Some((row, why)) = &outcome.stopped {
                p { (speech.say_of("import-stopped-at", &[("row", &number(speech.lang, *row as u64)), ("why", why)])) }
            }
            p { (speech.say("import-stopped-do")) }
        }
    }
}

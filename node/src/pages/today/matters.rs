//! What is open, in a line each: what it is, how long it waits, and the record.

use maud::{Markup, html};
use serde_json::{Map, Value};
use toguna_protocol::record::{Date, date::Day};

use crate::{
    pages::{days, record::linked, speech::Speech},
    views::{Matter, OpenMatter},
    words::Lang,
};

/// Characters of a wording that are shown.
const SHORT: usize = 120;

/// Days of a year. What has waited for two of them and more is told in years.
const YEAR: u64 = 365;

pub(in crate::pages) fn line(speech: Speech<'_>, open: &OpenMatter, today: Day) -> Markup {
    html! {
        li {
            (linked(speech, &open.record)) " – " (what(speech, open))
            @if let Some(told) = waited(speech, open, today) { " · " span.mark { (told) } }
            @if let Some(told) = answered(speech, open) { " · " (told) }
            @if let Some(wording) = wording(speech, &open.fields) { " · " span.aside { (wording) } }
            " " span.aside { "· " (speech.regions(open.record.regions.iter().map(String::as_str))) }
        }
    }
}

/// What is open.
fn what(speech: Speech<'_>, open: &OpenMatter) -> String {
    let date = open.date.map(|date| speech.date(&date)).unwrap_or_default();
    let text = |name: &str| open.fields.get(name).and_then(Value::as_str);
    let choice = |path: &[&str], name: &str| text(name).map(|key| speech.choice(path, key));
    match open.matter {
        Matter::Recommendation | Matter::Unheard => {
            let id = format!("matter-{}", open.matter.key());
            speech.say_of(&id, &[("number", text("number").unwrap_or("–")), ("date", &date)])
        }
        Matter::Meeting | Matter::AgreementEnd | Matter::AgreementReview | Matter::Plan => {
            speech.say_of(&format!("matter-{}", open.matter.key()), &[("date", &date)])
        }
        Matter::EndUnknown => end_unknown(speech, &open.fields),
        Matter::Decision => {
            let kind = choice(&["conflict", "decisions", "decision_type"], "decision_type");
            let state = choice(&["conflict", "decisions", "execution"], "execution").unwrap_or_default();
            let kind = kind.unwrap_or_else(|| speech.say("matter-decision"));
            let told = if date.is_empty() { kind } else { format!("{kind}, {date}") };
            speech.say_of("matter-state", &[("what", &told), ("state", &state)])
        }
        Matter::Alert | Matter::AnsweredAlert => {
            let level = choice(&["conflict", "alerts", "level"], "level");
            let level = level.unwrap_or_else(|| speech.say("matter-alert"));
            if date.is_empty() { level } else { format!("{level}, {date}") }
        }
    }
}

/// Why the end of an agreement is not known: what is to be filled in.
pub(in crate::pages) fn end_unknown(speech: Speech<'_>, agreement: &Map<String, Value>) -> String {
    match (agreement.get("term_years").and_then(Value::as_u64), agreement.contains_key("signed_date")) {
        (Some(years), _) => speech.count("agreement-unsigned", years),
        (None, true) => speech.say("agreement-without-term"),
        (None, false) => speech.say("agreement-without-dates"),
    }
}

/// How long it has waited beyond its date.
fn waited(speech: Speech<'_>, open: &OpenMatter, today: Day) -> Option<String> {
    match open.matter {
        // Until the latest day that its date can mean, nobody waited for certain.
        Matter::Alert => {
            let days = open.date.and_then(Date::latest).and_then(|latest| days::between(latest, today));
            Some(match (days, days::exact(open.date)) {
                (Some(days), Some(_)) => speech.count("unanswered-for", days),
                (Some(days), None) => speech.count("unanswered-for-at-least", days),
                (None, _) => speech.say("unanswered"),
            })
        }
        Matter::EndUnknown | Matter::Unheard | Matter::Decision | Matter::AnsweredAlert => None,
        _ if open.has_passed(today) => {
            let days = open.date.and_then(Date::latest).and_then(|latest| days::between(latest, today));
            days.map(|days| match days / YEAR {
                0..2 => speech.count("passed-for", days),
                years => speech.count("passed-for-years", years),
            })
        }
        _ => None,
    }
}

/// How long the first answer to an alert took.
fn answered(speech: Speech<'_>, open: &OpenMatter) -> Option<String> {
    if open.matter != Matter::AnsweredAlert {
        return None;
    }
    let took = days::between(days::exact(open.date)?, days::exact(open.answered)?)?;
    Some(format!("{} : {}", speech.say("first-response"), speech.count("answered-after", took)))
}

/// The beginning of an item's wording.
fn wording(speech: Speech<'_>, fields: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let (first, second) = match speech.lang {
        Lang::Fr => ("text_fr", "text_en"),
        Lang::En => ("text_en", "text_fr"),
    };
    let told = text(first).or_else(|| text(second)).or_else(|| text("text")).or_else(|| text("planned"))?;
    let short: String = told.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHORT).collect();
    Some(if short.chars().count() == SHORT { format!("{short}…") } else { short })
}

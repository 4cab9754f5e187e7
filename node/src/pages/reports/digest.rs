//! The public digest.

use std::collections::BTreeMap;

use maud::{Markup, html};
use toguna_protocol::record::{
    common::Level,
    conflict::{IncidentType, Phase},
    consultation::RecommendationStatus,
};

use super::sections::{money_sums, told_activities};
use crate::{
    pages::{conflict_map::phase_name, speech::Speech},
    report::{
        Digest,
        digest::{Spread, Told},
    },
    views::NATIONAL,
    words,
};

pub(super) fn body(speech: Speech<'_>, digest: &Digest) -> Markup {
    let incident = |key: &str| speech.choice_or(&["conflict", "incidents", "incident_type"], key, "unstated");
    let level = |key: &str| speech.choice_or(&["consultation", "level"], key, "unstated");
    let status = |key: &str| speech.choice_or(&["consultation", "recommendations", "status"], key, "unstated");
    let region = |key: &str| if key == NATIONAL { speech.say("whole-country") } else { speech.region(key) };
    html! {
        p { (speech.say("digest-explained")) }
        (spread(speech, "kind-conflict.plural", &digest.phases, Phase::KEYS, |key| phase_name(speech, Some(key))))
        (table(speech, "conflicts-by-region", &digest.regions, &[], region))
        (spread(speech, "report-incidents", &digest.incidents, IncidentType::KEYS, incident))
        (spread(speech, "report-consultations", &digest.consultations, Level::KEYS, level))
        (spread(speech, "report-participants", &digest.participants, Level::KEYS, level))
        (told_activities(speech, &digest.activities, false))
        section {
            h2 { (speech.say("recommendations-title")) }
            table.figures {
                tbody {
                    @for key in crate::pages::national::in_order(RecommendationStatus::KEYS, &digest.recommendations.keys().map(String::as_str).collect()) {
                        tr { th scope="row" { (status(key)) } td { (words::number(speech.lang, digest.recommendations[key])) } }
                    }
                }
            }
        }
        section {
            h2 { (speech.say("contributions-title")) }
            @for (currency, money) in &digest.money { (money_sums(speech, currency, money, false, usize::MAX)) }
        }
        p.aside { (speech.say("digest-left-out")) " " (told(speech, digest.left_out)) }
    }
}

fn told(speech: Speech<'_>, count: Told) -> String {
    match count {
        Told::Number(count) => words::number(speech.lang, count),
        Told::Few => "<5".to_owned(),
        Told::Withheld => speech.say("export-withheld"),
    }
}

fn spread(speech: Speech<'_>, title: &str, spread: &Spread, known: &[&str], name: impl Fn(&str) -> String) -> Markup {
    html! {
        (table(speech, title, &spread.parts, known, name))
        @if let Some(total) = spread.total { p { (speech.say("in-all")) " : " (told(speech, total)) } }
    }
}

fn table(
    speech: Speech<'_>,
    title: &str,
    counts: &BTreeMap<String, Told>,
    known: &[&str],
    name: impl Fn(&str) -> String,
) -> Markup {
    html! {
        section {
            h2 { (speech.say(title)) }
            @if counts.is_empty() { p { (speech.say("report-none")) } }
            @else {
                table.figures {
                    tbody {
                        @for key in crate::pages::national::in_order(known, &counts.keys().map(String::as_str).collect()) {
                            tr { th scope="row" { (name(key)) } td { (told(speech, counts[key])) } }
                        }
                    }
                }
            }
        }
    }
}

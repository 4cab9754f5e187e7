//! Projects by status: each status of the workflow with how many there are and the first of them, requests apart from
//! activities and programmes.

use maud::{Markup, html};
use toguna_protocol::record::{
    Kind,
    project::{Origin, ProjectStatus},
};

use super::{Asked, address_to};
use crate::{
    pages::{fresh::Situation, national::in_order, record::linked, speech::Speech},
    views::{NATIONAL, StatusGroup},
    words,
};

/// Records of each status that are named.
pub(super) const NAMED: usize = 5;

/// Where projects stand under their statuses, narrowed as a list is but for status and origin, by which they are sorted here.
pub(super) fn address(asked: &Asked) -> String {
    address_to(Kind::Project, asked, "", &[("view", "status"), ("status", ""), ("origin", "")])
}

/// What narrows the page, and the way to all.
fn narrowed(speech: Speech<'_>, asked: &Asked) -> Markup {
    let given =
        |text: &'_ Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let region = given(&asked.region).map(|key| match key.as_str() {
        NATIONAL => speech.say("whole-country"),
        key => speech.regions([key]),
    });
    let said = [(speech.label(&["regions"]), region), (speech.say("search-words"), given(&asked.text))];
    let said: Vec<(String, String)> = said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    html! {
        @if !said.is_empty() {
            p {
                (speech.say("by-status-only")) " "
                @for (at, (name, value)) in said.iter().enumerate() { @if at > 0 { " · " } (name) " : " (value) }
                " – " a href=(address(&Asked::default())) { (speech.say("by-status-all")) }
            }
        }
    }
}

pub(super) fn body(
    speech: Speech<'_>,
    (asked, groups): (&Asked, &[StatusGroup]),
    situation: &Situation,
    title: &str,
) -> Markup {
    let total: u64 = groups.iter().map(|group| group.total).sum();
    html! {
        h1 { (title) }
        p { (situation.line(speech)) }
        (situation.warning(speech))
        p.more {
            a href=(address_to(Kind::Project, asked, "", &[])) { (speech.say("as-list")) }
            a href="/plan" { (speech.say("plan-link")) }
        }
        (narrowed(speech, asked))
        p.total role="status" { (situation.total(speech, &speech.count("records-found", total))) }
        @for origin in in_order(Origin::KEYS, &groups.iter().map(|group| group.origin.as_str()).collect()) {
            @let own: Vec<&StatusGroup> = groups.iter().filter(|group| group.origin == origin).collect();
            section {
                h2 {
                    (speech.choice_or(&["project", "origin"], origin, "unstated"))
                    " (" (words::number(speech.lang, own.iter().map(|group| group.total).sum())) ")"
                }
                @for status in in_order(ProjectStatus::KEYS, &own.iter().map(|group| group.status.as_str()).collect()) {
                    @if let Some(group) = own.iter().find(|group| group.status == status) { (unfolded(speech, asked, group)) }
                }
            }
        }
    }
}

fn unfolded(speech: Speech<'_>, asked: &Asked, group: &StatusGroup) -> Markup {
    let all = address_to(Kind::Project, asked, "", &[("origin", &group.origin), ("status", &group.status)]);
    html! {
        details.open {
            summary { (speech.choice_or(&["project", "status"], &group.status, "unstated")) " (" (words::number(speech.lang, group.total)) ")" }
            ul {
                @for record in &group.records {
                    li { (linked(speech, record)) span.aside { " · " (speech.regions(record.regions.iter().map(String::as_str))) } }
                }
            }
            p { a href=(all) { (speech.count("show-all-of", group.total)) } }
        }
    }
}

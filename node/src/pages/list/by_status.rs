//! Projects by status: each status of the workflow with how many there are and the first of them, requests apart from
//! activities and programmes.

use maud::{Markup, html};
use toguna_protocol::record::{
    Kind,
    project::{Origin, ProjectStatus},
};

use super::{Asked, address_to};
use crate::{
    pages::{fresh::Situation, record::linked, speech::Speech},
    views::{StatusGroup, UNSTATED},
    words,
};

/// Records of each status that are named.
pub(super) const NAMED: usize = 5;

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
        p.total role="status" { (situation.total(speech, &speech.count("records-found", total))) }
        @for origin in order(Origin::KEYS, groups.iter().map(|group| group.origin.as_str())) {
            @let own: Vec<&StatusGroup> = groups.iter().filter(|group| group.origin == origin).collect();
            section {
                h2 {
                    (named(speech, "origin", origin))
                    " (" (words::number(speech.lang, own.iter().map(|group| group.total).sum())) ")"
                }
                @for status in order(ProjectStatus::KEYS, own.iter().map(|group| group.status.as_str())) {
                    @if let Some(group) = own.iter().find(|group| group.status == status) { (unfolded(speech, asked, group)) }
                }
            }
        }
    }
}

/// The keys that occur, in the order of their list; what only a newer version knows and the unstated last.
fn order<'k>(known: &[&'k str], found: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let mut found: Vec<&str> = found.collect();
    found.sort_by_key(|key| (*key == UNSTATED, known.iter().position(|of| of == key).unwrap_or(known.len()), *key));
    found.dedup();
    found
}

fn named(speech: Speech<'_>, field: &str, key: &str) -> String {
    if key == UNSTATED { speech.say("unstated") } else { speech.choice(&["project", field], key) }
}

fn unfolded(speech: Speech<'_>, asked: &Asked, group: &StatusGroup) -> Markup {
    let all = address_to(Kind::Project, asked, "", &[("origin", &group.origin), ("status", &group.status)]);
    html! {
        details.open {
            summary { (named(speech, "status", &group.status)) " (" (words::number(speech.lang, group.total)) ")" }
            ul {
                @for record in &group.records {
                    li { (linked(speech, record)) span.aside { " · " (speech.regions(record.regions.iter().map(String::as_str))) } }
                }
            }
            p { a href=(all) { (speech.count("show-all-of", group.total)) } }
        }
    }
}

//! What only the list of conflicts has: stakes, imported events, the count of each phase, and records that are the same
//! conflict as another.

use std::{cmp::Reverse, collections::BTreeSet};

use maud::{Markup, html};
use toguna_protocol::record::conflict::Phase;

use super::{Asked, Listing, address_of};
use crate::{
    pages::{
        conflict_map::phase_name,
        record::address,
        speech::{Speech, StakeGroup},
    },
    views::{Group, ListedRecord},
    words,
};

/// Stakes, and whether imported events are shown.
pub(super) fn filters(speech: Speech<'_>, asked: &Asked) -> Markup {
    let chosen = |key: &str| asked.stake.as_deref() == Some(key);
    let with_events = asked.events.as_ref().is_some_and(|events| !events.is_empty());
    html! {
        label {
            (speech.label(&["conflict", "stakes"])) " "
            select name="stake" {
                option value="" { (speech.say("every-stake")) }
                @for StakeGroup { group, stakes } in speech.stakes() {
                    @if let Some((key, name)) = group {
                        optgroup label=(name) {
                            option value=(key) selected[chosen(&key)] { (speech.say_of("stakes-all-of", &[("group", &name)])) }
                            @for (key, name) in stakes { option value=(key) selected[chosen(&key)] { (name) } }
                        }
                    } @else {
                        @for (key, name) in stakes { option value=(key) selected[chosen(&key)] { (name) } }
                    }
                }
            }
        }
        label.tick { input type="checkbox" name="events" value="1" checked[with_events]; " " (speech.say("with-events")) }
    }
}

/// How many conflicts there are in each phase, the most frequent first, each leading to its list.
pub(super) fn phases(speech: Speech<'_>, listing: &Listing) -> Markup {
    let rank = |key: &str| Phase::KEYS.iter().position(|known| *known == key).unwrap_or(usize::MAX);
    let mut phases: Vec<(&str, u64)> = listing.phases.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    phases.sort_by_key(|(key, count)| (Reverse(*count), rank(key)));
    let asked = listing.asked.status.as_deref().filter(|status| !status.is_empty());
    html! {
        @if !phases.is_empty() {
            ul.phases aria-label=(speech.say("by-phase")) {
                @for (key, count) in phases {
                    li {
                        a href=(address_of(listing, "", Some(("status", key)))) aria-current=[(asked == Some(key)).then_some("true")] {
                            (phase_name(speech, Some(key))) " " (words::number(speech.lang, count))
                        }
                    }
                }
                @if asked.is_some() {
                    li { a href=(address_of(listing, "", Some(("status", "")))) { (speech.say("every-phase")) } }
                }
            }
        }
    }
}

/// In a row: which other records it speaks for.
pub(super) fn tied(speech: Speech<'_>, record: &ListedRecord, group: &Group) -> Markup {
    let others: Vec<&ListedRecord> = group.records.iter().filter(|other| other.id != record.id).collect();
    html! {
        @if !others.is_empty() {
            br;
            span.aside {
                (speech.count("and-tied", others.len() as u64)) " : "
                @for (at, other) in others.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href=(address(other.kind, other.id)) {
                        @if other.title.is_empty() { (speech.say("untitled")) } @else { (other.title) }
                    }
                }
            }
        }
    }
}

/// The regions that a record or any other of its group names.
pub(super) fn regions(speech: Speech<'_>, record: &ListedRecord, group: &Group) -> String {
    let own: BTreeSet<&str> = record.regions.iter().map(String::as_str).collect();
    let others = group.records.iter().flat_map(|other| other.regions.iter().map(String::as_str));
    let more: BTreeSet<&str> = others.filter(|region| !own.contains(region)).collect();
    speech.regions(record.regions.iter().map(String::as_str).chain(more))
}

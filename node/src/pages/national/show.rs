//! The page of the national picture.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use toguna_protocol::record::{
    Date, List, conflict::Phase, consultation::RecommendationStatus, project::ProjectStatus,
};

use super::{National, money};
use crate::{
    pages::{
        conflict_map::{self, phase_name},
        days,
        map::BaseMap,
        record::linked,
        speech::Speech,
    },
    views::{AlertLine, NATIONAL, UNSTATED},
    words,
};

pub(super) fn body(speech: Speech<'_>, base: &BaseMap, national: &National, title: &str) -> Markup {
    let situation = &national.situation;
    html! {
        h1 { (title) }
        p { strong { (situation.line(speech)) } }
        (situation.warning(speech))
        (situation.table(speech))
        (national.printed_last(speech))
        (conflicts(speech, base, national))
        (activities(speech, national))
        (money::section(speech, national))
        (recommendations(speech, national))
        (alerts(speech, national))
    }
}

/// A figure with the list behind it, nothing for none; and beside it what was printed of it last.
fn figure(speech: Speech<'_>, national: &National, count: u64, address: &str, name: &str) -> Markup {
    html! {
        @if count > 0 { a href=(address) { (words::number(speech.lang, count)) } }
        @if count > 0 || national.printed.of(name).is_some_and(|(value, _)| value != 0) { (national.beside_count(speech, name)) }
    }
}

/// The keys that occur, in the order of their list, then those that only a newer version knows, then the unstated.
pub(in crate::pages) fn in_order<'k>(known: &[&'k str], found: &BTreeSet<&'k str>) -> Vec<&'k str> {
    let of_list = known.iter().copied().filter(|key| found.contains(key));
    let newer = found.iter().copied().filter(|key| !known.contains(key) && *key != UNSTATED);
    of_list.chain(newer).chain(found.iter().copied().filter(|key| *key == UNSTATED)).collect()
}

fn conflicts(speech: Speech<'_>, base: &BaseMap, national: &National) -> Markup {
    let picture = &national.picture;
    let total: u64 = picture.conflict_phases.values().sum();
    let phases = in_order(Phase::KEYS, &picture.conflict_phases.keys().map(String::as_str).collect());
    let mut regions: Vec<Option<&str>> = picture.conflicts.iter().map(|cell| cell.region.as_deref()).collect();
    regions.dedup();
    regions.sort_by_key(|region| region.map_or((usize::MAX, ""), |key| (rank_of(speech, key), key)));
    html! {
        section id="conflicts" {
            h2 { (speech.say("kind-conflict.plural")) }
            p.total { (national.situation.total(speech, &speech.count("conflicts-counted", total))) (national.beside_count(speech, "conflicts")) }
            (conflict_map::figure(speech, base, picture, &national.places, &national.situation, "national"))
            p { a href="/conflicts/map" { (speech.say("conflict-map-with-list")) } }
            @if total > 0 {
                div.wide tabindex="0" role="region" aria-label=(speech.say("conflicts-by-phase")) {
                    table.figures {
                        caption { (speech.say("conflicts-by-phase")) }
                        thead {
                            tr {
                                th scope="col" { (speech.label(&["regions"])) }
                                @for phase in &phases { th scope="col" { (phase_name(speech, Some(phase))) } }
                                th scope="col" { (speech.say("in-all")) }
                            }
                        }
                        tbody {
                            @for region in regions { (region_row(speech, national, region, &phases)) }
                        }
                        tfoot {
                            tr {
                                th scope="row" { (speech.say("each-counted-once")) }
                                @for phase in &phases {
                                    td { (figure(speech, national, picture.conflict_phases[*phase], &conflict_map::address_of(None, Some(phase)), &format!("conflicts/{phase}"))) }
                                }
                                td { (figure(speech, national, total, &conflict_map::address_of(None, None), "conflicts")) }
                            }
                        }
                    }
                }
                p.aside { (speech.say("several-regions-explained")) }
            }
        }
    }
}

/// Where a region stands in the pack's own order.
fn rank_of(speech: Speech<'_>, key: &str) -> usize {
    let regions = &speech.pack.gazetteer().regions;
    regions.iter().position(|region| region.key == key).unwrap_or(regions.len())
}

fn region_row(speech: Speech<'_>, national: &National, region: Option<&str>, phases: &[&str]) -> Markup {
    let here = || national.picture.conflicts.iter().filter(|cell| cell.region.as_deref() == region);
    let key = region.unwrap_or(NATIONAL);
    html! {
        tr {
            th scope="row" { (speech.regions(region)) }
            @for phase in phases {
                @let count = here().find(|cell| cell.phase == *phase).map_or(0, |cell| cell.count);
                td { (figure(speech, national, count, &conflict_map::address_of(Some(key), Some(phase)), &format!("conflicts/{key}/{phase}"))) }
            }
            td { (figure(speech, national, here().map(|cell| cell.count).sum(), &conflict_map::address_of(Some(key), None), &format!("conflicts/{key}/all"))) }
        }
    }
}

/// Declared totals and recorded activities side by side: which of the declared ones the records are, nobody knows.
fn activities(speech: Speech<'_>, national: &National) -> Markup {
    let recorded = &national.activities.recorded;
    let count: u64 = recorded.values().sum();
    let statuses = in_order(ProjectStatus::KEYS, &recorded.keys().map(String::as_str).collect());
    let told = national.situation.total(speech, &speech.count("activities-recorded", count));
    let path = ["project", "status"];
    html! {
        section id="activities" {
            h2 { (speech.say("activities-title")) }
            p { a href="/plan" { (speech.say("plan-link")) } }
            @for declared in &national.activities.declared {
                p.total {
                    (declared_total(speech, declared.planned, declared.executed)) " " a href="/projects?origin=own" { (told) }
                    (national.beside_count(speech, "activities"))
                }
                p.aside {
                    (linked(speech, &declared.record))
                    @for part in [&declared.label, &declared.source].into_iter().flatten() { " · " (part) }
                    @if let Some(period) = &declared.period { " · " (speech.date(period)) }
                    @for name in ["planned", "executed"] {
                        (national.beside_count(speech, &format!("declared/{}/{}/{name}", declared.record.id, declared.item)))
                    }
                }
            }
            @if national.activities.declared.is_empty() {
                p.total { a href="/projects?origin=own" { (told) } (national.beside_count(speech, "activities")) }
            }
            @if count > 0 {
                table.figures {
                    caption { (speech.say("activities-by-status")) }
                    tbody {
                        @for key in statuses {
                            tr {
                                th scope="row" { (speech.choice_or(&path, key, "unstated")) }
                                td { a href=(format!("/projects?origin=own&status={key}")) { (words::number(speech.lang, recorded[key])) } }
                            }
                        }
                    }
                }
                p.aside { (speech.say("activities-explained")) }
            }
        }
    }
}

pub(in crate::pages) fn declared_total(speech: Speech<'_>, planned: Option<u64>, executed: Option<u64>) -> String {
    let share = executed.zip(planned).and_then(|(executed, planned)| speech.share(executed, planned));
    let planned = planned.map(|count| speech.count("activities-planned", count));
    let executed = executed.map(|count| speech.count("activities-executed", count));
    let executed = executed.map(|executed| match share {
        Some(share) => format!("{executed} ({share})"),
        None => executed,
    });
    let told: Vec<String> = planned.into_iter().chain(executed).collect();
    speech.say_of("declared-figure", &[("figure", &told.join(", "))])
}

fn recommendations(speech: Speech<'_>, national: &National) -> Markup {
    let themes = &national.picture.recommendations;
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    for (status, count) in themes.iter().flat_map(|theme| &theme.by_status) {
        *by_status.entry(status).or_default() += count;
    }
    let statuses = in_order(RecommendationStatus::KEYS, &by_status.keys().copied().collect());
    let (total, silent): (u64, u64) =
        (themes.iter().map(|theme| theme.count).sum(), themes.iter().map(|theme| theme.without_follow_up).sum());
    let order = speech.terms(List::Themes);
    let rank = |key: Option<&str>| order.iter().position(|(known, _)| Some(known.as_str()) == key);
    let mut sorted: Vec<_> = themes.iter().collect();
    sorted.sort_by_key(|theme| rank(theme.theme.as_deref()).unwrap_or(order.len()));
    let path = ["consultation", "recommendations", "status"];
    html! {
        section id="recommendations" {
            h2 { (speech.say("recommendations-title")) }
            p.total {
                (national.situation.total(speech, &speech.count("recommendations-found", total)))
                (national.beside_count(speech, "recommendations/all/count"))
            }
            @if total > 0 {
                div.wide tabindex="0" role="region" aria-label=(speech.say("recommendations-by-theme")) {
                    table.figures {
                        caption { (speech.say("recommendations-by-theme")) }
                        thead {
                            tr {
                                th scope="col" { (speech.label(&["consultation", "recommendations", "theme"])) }
                                @for key in &statuses {
                                    th scope="col" { (speech.choice_or(&path, key, "unstated")) }
                                }
                                th scope="col" { (speech.say("without-news")) }
                                th scope="col" { (speech.say("in-all")) }
                            }
                        }
                        tbody {
                            @for theme in sorted {
                                @let key = theme.theme.as_deref().unwrap_or(UNSTATED);
                                @let of = |status: &str| theme.by_status.get(status).copied().unwrap_or(0);
                                tr {
                                    th scope="row" {
                                        @match &theme.theme {
                                            Some(theme) => { (theme) ". " (speech.term(List::Themes, theme)) }
                                            None => (speech.say("unstated")),
                                        }
                                    }
                                    @for status in &statuses { td { (figure(speech, national, of(status), &tracker(Some(key), &[("status", status)]), &format!("recommendations/{key}/{status}"))) } }
                                    td { (figure(speech, national, theme.without_follow_up, &tracker(Some(key), &[("silent", "1")]), &format!("recommendations/{key}/silent"))) }
                                    td { (figure(speech, national, theme.count, &tracker(Some(key), &[]), &format!("recommendations/{key}/count"))) }
                                }
                            }
                        }
                        tfoot {
                            tr {
                                th scope="row" { (speech.say("in-all")) }
                                @for status in &statuses { td { (figure(speech, national, by_status[status], &tracker(None, &[("status", status)]), &format!("recommendations/all/{status}"))) } }
                                td { (figure(speech, national, silent, &tracker(None, &[("silent", "1")]), "recommendations/all/silent")) }
                                td { (figure(speech, national, total, &tracker(None, &[]), "recommendations/all/count")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The tracker, narrowed to what a figure counts.
fn tracker(theme: Option<&str>, more: &[(&str, &str)]) -> String {
    let theme = theme.map(|theme| ("theme", theme));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(theme.iter().chain(more)).finish();
    if query.is_empty() { "/recommendations".to_owned() } else { format!("/recommendations?{query}") }
}

fn alerts(speech: Speech<'_>, national: &National) -> Markup {
    let open: Vec<&AlertLine> = national.alerts.iter().filter(|alert| alert.open).collect();
    let unanswered = open.iter().filter(|alert| alert.responses == 0).count() as u64;
    let mut took: Vec<u64> = national.alerts.iter().filter_map(days_to_answer).collect();
    took.sort_unstable();
    html! {
        section id="alerts" {
            h2 { (speech.say("alerts-title")) }
            p.total {
                (national.situation.total(speech, &speech.count("alerts-open", open.len() as u64)))
                (national.beside_count(speech, "alerts/open"))
                @if unanswered > 0 {
                    ", " strong { (speech.count("alerts-unanswered", unanswered)) } (national.beside_count(speech, "alerts/unanswered"))
                }
            }
            @if let (Some(median), Some(longest)) = (took.get(took.len() / 2), took.last()) {
                p {
                    (speech.count("alerts-measured", took.len() as u64)) " "
                    (speech.count("alerts-median", *median)) ", " (speech.count("alerts-longest", *longest))
                }
            }
            @if !open.is_empty() {
                table.records {
                    thead {
                        tr {
                            th scope="col" { (speech.say("kind-conflict")) }
                            th scope="col" { (speech.label(&["conflict", "alerts", "level"])) }
                            th scope="col" { (speech.label(&["conflict", "alerts", "date"])) }
                            th scope="col" { (speech.say("first-response")) }
                        }
                    }
                    tbody { @for alert in open { (alert_row(speech, alert, national.today)) } }
                }
            }
        }
    }
}

/// Days from an alert to the first that was done about it, where both are known to the day.
fn days_to_answer(alert: &AlertLine) -> Option<u64> {
    days::between(days::exact(alert.date)?, days::exact(alert.answered)?)
}

fn alert_row(speech: Speech<'_>, alert: &AlertLine, today: toguna_protocol::record::date::Day) -> Markup {
    let level = alert.level.as_ref().map(|key| speech.choice(&["conflict", "alerts", "level"], key));
    let date = |date: &Option<Date>| speech.words.date_if_known(speech.lang, date.as_ref());
    let waiting = days::exact(alert.date).and_then(|raised| days::between(raised, today));
    html! {
        tr {
            th scope="row" { (linked(speech, &alert.record)) " " span.aside { (speech.regions(alert.record.regions.iter().map(String::as_str))) } }
            td { (level.unwrap_or_else(|| speech.say("unstated"))) }
            td data-label=(speech.label(&["conflict", "alerts", "date"])) { (date(&alert.date)) }
            td data-label=(speech.say("first-response")) {
                @match (alert.responses, days_to_answer(alert), waiting) {
                    (0, _, Some(days)) => span.mark { (speech.count("unanswered-for", days)) },
                    (0, _, None) => span.mark { (speech.say("unanswered")) },
                    (_, Some(days), _) => { (date(&alert.answered)) ", " (speech.count("answered-after", days)) }
                    _ => (date(&alert.answered)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_their_list() {
        let found = BTreeSet::from([UNSTATED, "b", "a", "newer"]);
        assert_eq!(in_order(&["b", "c", "a"], &found), ["b", "a", "newer", UNSTATED]);
    }
}

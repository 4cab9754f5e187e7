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
    views::{AlertLine, DeclaredActivities, NATIONAL, UNSTATED},
    words,
};

pub(super) fn body(speech: Speech<'_>, base: &BaseMap, national: &National, title: &str) -> Markup {
    let situation = &national.situation;
    html! {
        h1 { (title) }
        p { strong { (situation.line(speech)) } }
        (situation.warning(speech))
        (situation.table(speech))
        (conflicts(speech, base, national))
        (activities(speech, national))
        (money::section(speech, national))
        (recommendations(speech, national))
        (alerts(speech, national))
    }
}

/// A figure with the list behind it; nothing for none.
fn figure(speech: Speech<'_>, count: u64, address: &str) -> Markup {
    html! { @if count > 0 { a href=(address) { (words::number(speech.lang, count)) } } }
}

/// The keys that occur, in the order of their list, then those that only a newer version knows, then the unstated.
fn in_order<'k>(known: &[&'k str], found: &BTreeSet<&'k str>) -> Vec<&'k str> {
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
            p.total { (national.situation.total(speech, &speech.count("conflicts-counted", total))) }
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
                                    td { (figure(speech, picture.conflict_phases[*phase], &conflict_map::address_of(None, Some(phase)))) }
                                }
                                td { (figure(speech, total, &conflict_map::address_of(None, None))) }
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
                td { (figure(speech, count, &conflict_map::address_of(Some(key), Some(phase)))) }
            }
            td { (figure(speech, here().map(|cell| cell.count).sum(), &conflict_map::address_of(Some(key), None))) }
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
                p.total { (declared_total(speech, declared)) " " a href="/projects?origin=own" { (told) } }
                p.aside {
                    (linked(speech, &declared.record))
                    @for part in [&declared.label, &declared.source].into_iter().flatten() { " · " (part) }
                    @if let Some(period) = &declared.period { " · " (speech.date(period)) }
                }
            }
            @if national.activities.declared.is_empty() {
                p.total { a href="/projects?origin=own" { (told) } }
            }
            @if count > 0 {
                table.figures {
                    caption { (speech.say("activities-by-status")) }
                    tbody {
                        @for key in statuses {
                            tr {
                                th scope="row" { @if key == UNSTATED { (speech.say("unstated")) } @else { (speech.choice(&path, key)) } }
                                td { (figure(speech, recorded[key], &format!("/projects?origin=own&status={key}"))) }
                            }
                        }
                    }
                }
                p.aside { (speech.say("activities-explained")) }
            }
        }
    }
}

fn declared_total(speech: Speech<'_>, declared: &DeclaredActivities) -> String {
    let planned = declared.planned.map(|count| speech.count("activities-planned", count));
    let executed = declared.executed.map(|count| speech.count("activities-executed", count));
    let share = match (declared.planned, declared.executed) {
        (Some(planned), Some(executed)) => tenths(executed, planned),
        _ => None,
    };
    let share = share
        .map(|(whole, tenth)| speech.say_of("share", &[("whole", &whole.to_string()), ("tenth", &tenth.to_string())]));
    let executed = executed.map(|executed| match share {
        Some(share) => format!("{executed} ({share})"),
        None => executed,
    });
    let told: Vec<String> = planned.into_iter().chain(executed).collect();
    speech.say_of("declared-figure", &[("figure", &told.join(", "))])
}

/// A share in per cent and tenths of it, rounded to the nearest; `None` of nothing.
fn tenths(part: u64, of: u64) -> Option<(u64, u64)> {
    let permille = (u128::from(part) * 2000 + u128::from(of)).checked_div(u128::from(of) * 2)?;
    let permille = u64::try_from(permille).ok()?;
    Some((permille / 10, permille % 10))
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
            p.total { (national.situation.total(speech, &speech.count("recommendations-found", total))) }
            @if total > 0 {
                div.wide tabindex="0" role="region" aria-label=(speech.say("recommendations-by-theme")) {
                    table.figures {
                        caption { (speech.say("recommendations-by-theme")) }
                        thead {
                            tr {
                                th scope="col" { (speech.label(&["consultation", "recommendations", "theme"])) }
                                @for key in &statuses {
                                    th scope="col" { @if *key == UNSTATED { (speech.say("unstated")) } @else { (speech.choice(&path, key)) } }
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
                                    @for status in &statuses { td { (figure(speech, of(status), &tracker(Some(key), &[("status", status)]))) } }
                                    td { (figure(speech, theme.without_follow_up, &tracker(Some(key), &[("silent", "1")]))) }
                                    td { (figure(speech, theme.count, &tracker(Some(key), &[]))) }
                                }
                            }
                        }
                        tfoot {
                            tr {
                                th scope="row" { (speech.say("in-all")) }
                                @for status in &statuses { td { (figure(speech, by_status[status], &tracker(None, &[("status", status)]))) } }
                                td { (figure(speech, silent, &tracker(None, &[("silent", "1")]))) }
                                td { (figure(speech, total, &tracker(None, &[]))) }
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
                @if unanswered > 0 { ", " strong { (speech.count("alerts-unanswered", unanswered)) } }
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
    fn shares_are_rounded_to_a_tenth() {
        assert_eq!(tenths(79, 87), Some((90, 8)));
        assert_eq!(tenths(2, 3), Some((66, 7)));
        assert_eq!(tenths(3, 2), Some((150, 0)));
        assert_eq!(tenths(1, 0), None);
        assert_eq!(tenths(u64::MAX, u64::MAX), Some((100, 0)));
    }

    #[test]
    fn keys_come_in_the_order_of_their_list() {
        let found = BTreeSet::from([UNSTATED, "b", "a", "newer"]);
        assert_eq!(in_order(&["b", "c", "a"], &found), ["b", "a", "newer", UNSTATED]);
    }
}

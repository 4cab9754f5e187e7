//! What a report on a period says, section by section.

use std::collections::BTreeMap;

use maud::{Markup, html};
use toguna_protocol::record::{
    Date, List,
    common::Level,
    conflict::{Execution, IncidentType, Phase},
    consultation::RecommendationStatus,
    date::{Day, Span},
};

use crate::{
    pages::{
        conflict_map::phase_name,
        form::minor_digits,
        national::{declared_total, in_order, stage_name},
        speech::Speech,
    },
    report::{
        Activities, Conflicts, Full, Incidents, Money, PARTNERS_IN_BRIEF, Period, PlanLine, Report, ReportKind, Themes,
        Told,
    },
    views::UNSTATED,
    words,
};

/// Lines that are ruled where nothing is written down, to be filled in by hand.
const RULED: usize = 3;

pub(super) fn body(speech: Speech<'_>, report: &Report, period: Period, full: &Full) -> Markup {
    let brief = report.kind == ReportKind::Brief;
    html! {
        (told_activities(speech, &full.activities, !brief))
        @if !brief { (plan(speech, full)) }
        (consultations(speech, full))
        (conflicts(speech, report, &full.conflicts, brief))
        (alerts(speech, full))
        (recommendations(speech, full, brief))
        section {
            h2 { (speech.say_of("report-resources", &[("day", &day(speech, period.last_day()))])) }
            @if full.money.is_empty() { p { (speech.say("contributions-none")) } }
            @for (currency, money) in &full.money { (money_sums(speech, currency, money, period.is_quarter(), if brief { PARTNERS_IN_BRIEF } else { usize::MAX })) }
            @if full.money.len() > 1 { p.aside { (speech.say("currencies-apart")) } }
        }
        @if !brief { (reviews(speech, full)) }
        @if full.unnamed > 0 { p.aside { (speech.count("report-unnamed", full.unnamed)) } }
    }
}

/// A table that may be wider than a telephone.
pub(super) fn wide(title: &str, table: &Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(title) { (table) } }
}

fn number(speech: Speech<'_>, count: u64) -> String {
    words::number(speech.lang, count)
}

fn day(speech: Speech<'_>, (year, month, day): Day) -> String {
    speech.date(&Date::In(Span::Day(year, month, day)))
}

/// A sum of what was stated; where nothing was, it says so.
fn stated(speech: Speech<'_>, sum: Option<u64>) -> String {
    sum.map_or_else(|| speech.say("unstated"), |sum| number(speech, sum))
}

/// A count, and how many more there may have been.
fn perhaps(speech: Speech<'_>, count: u64, perhaps: u64) -> Markup {
    html! {
        (number(speech, count))
        @if perhaps > 0 { " " span.aside { (speech.count("report-perhaps", perhaps)) } }
    }
}

/// Activities as declared, and beside that as far as records tell them apart. `whole`: by region and objective too.
pub(super) fn told_activities(speech: Speech<'_>, activities: &Activities, whole: bool) -> Markup {
    let recorded: u64 = activities.recorded.values().sum();
    html! {
        section {
            h2 { (speech.say("activities-title")) }
            @for declared in &activities.declared {
                p.total { (declared_total(speech, declared.planned, declared.executed)) " " (speech.count("activities-recorded", recorded)) }
                p.aside {
                    @for part in [&declared.label, &declared.source].into_iter().flatten() { (part) " · " }
                    @if let Some(period) = &declared.period { (speech.date(period)) }
                }
            }
            @if activities.declared.is_empty() { p.total { (speech.count("activities-recorded", recorded)) } }
            p {
                (speech.count("report-in-period", activities.told.all)) ", "
                (speech.count("report-done", activities.told.done))
                @if activities.undated > 0 { " – " (speech.count("report-undated", activities.undated)) }
            }
            @if whole {
                (told_table(speech, "report-by-region", &by_rank(speech, &activities.by_region, |(key, _)| key.as_deref()), |key| speech.regions(key)))
                (told_table(speech, "report-by-objective", &activities.by_objective.iter().collect::<Vec<_>>(), |key| {
                    key.map_or_else(|| speech.say("unstated"), |key| speech.term(List::Objectives, key))
                }))
            }
            p.aside { (speech.say("activities-explained")) }
        }
    }
}

fn told_table(
    speech: Speech<'_>,
    title: &str,
    rows: &[&(Option<String>, Told)],
    name: impl Fn(Option<&str>) -> String,
) -> Markup {
    html! {
        @if !rows.is_empty() {
            (wide(&speech.say(title), &html! {
                table.figures {
                    caption { (speech.say(title)) }
                    thead { tr { td {} th scope="col" { (speech.say("report-all")) } th scope="col" { (speech.say("report-of-these-done")) } } }
                    tbody {
                        @for (key, told) in rows {
                            tr { th scope="row" { (name(key.as_deref())) } td { (number(speech, told.all)) } td { (number(speech, told.done)) } }
                        }
                    }
                }
            }))
        }
    }
}

fn plan(speech: Speech<'_>, full: &Full) -> Markup {
    html! {
        section {
            h2 { (speech.say("report-plan")) }
            @if full.plan.is_empty() && full.plan_counted == 0 { p { (speech.say("report-plan-none")) } }
            @if !full.plan.is_empty() {
                table.records {
                    thead {
                        tr {
                            th scope="col" { (speech.say("kind-project")) }
                            th scope="col" { (speech.label(&["project", "plan", "planned"])) }
                            th scope="col" { (speech.label(&["project", "plan", "executed"])) }
                            th scope="col" { (speech.label(&["project", "plan", "why_not"])) }
                        }
                    }
                    tbody { @for line in &full.plan { (plan_line(speech, line)) } }
                }
            }
            @if full.plan_counted > 0 { p.aside { (speech.count("report-plan-counted", full.plan_counted)) } }
        }
    }
}

fn plan_line(speech: Speech<'_>, line: &PlanLine) -> Markup {
    let path = |name: &'static str| ["project", "plan", name];
    let executed =
        line.executed.as_deref().map_or_else(|| speech.say("unstated"), |key| speech.choice(&path("executed"), key));
    html! {
        tr {
            th scope="row" {
                (line.project.title) " "
                span.aside { (speech.regions(line.project.regions.iter().map(String::as_str))) ", " (speech.date(&line.quarter)) }
            }
            td { (line.planned.as_deref().unwrap_or_default()) }
            td data-label=(speech.label(&path("executed"))) {
                (executed)
                @if let Some(date) = &line.executed_date { ", " (speech.date(date)) }
            }
            td data-label=(speech.label(&path("why_not"))) { (line.why_not.as_deref().unwrap_or_default()) }
        }
    }
}

fn consultations(speech: Speech<'_>, full: &Full) -> Markup {
    let found = full.consultations.iter().filter_map(|at| at.level.as_deref()).collect();
    let mut levels: Vec<_> = full.consultations.iter().collect();
    let order = in_order(Level::KEYS, &found);
    let rank = |level: Option<&str>| order.iter().position(|known| Some(*known) == level).unwrap_or(order.len());
    levels.sort_by_key(|at| rank(at.level.as_deref()));
    html! {
        section {
            h2 { (speech.say("report-consultations")) }
            @if levels.is_empty() { p { (speech.say("report-none")) } }
            @else {
                (wide(&speech.say("report-consultations"), &html! {
                    table.figures {
                        thead {
                            tr {
                                th scope="col" { (speech.label(&["consultation", "level"])) }
                                th scope="col" { (speech.say("report-held")) }
                                @for name in ["participants", "participants_women", "participants_youth"] { th scope="col" { (speech.label(&["consultation", name])) } }
                                th scope="col" { (speech.say("report-uncounted")) }
                            }
                        }
                        tbody {
                            @for at in levels {
                                tr {
                                    th scope="row" { (speech.choice_or(&["consultation", "level"], at.level.as_deref().unwrap_or(UNSTATED), "unstated")) }
                                    td { (perhaps(speech, at.held, at.perhaps)) }
                                    @for count in [at.participants, at.women, at.youth] { td { (stated(speech, count)) } }
                                    td { (number(speech, at.uncounted)) }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}

fn conflicts(speech: Speech<'_>, report: &Report, conflicts: &Conflicts, brief: bool) -> Markup {
    let phases = in_order(Phase::KEYS, &conflicts.phases.keys().map(String::as_str).collect());
    let total = speech.count("conflicts-counted", conflicts.total);
    let total = if report.at_least() { speech.say_of("at-least", &[("total", &total)]) } else { total };
    html! {
        section {
            h2 { (speech.say("kind-conflict.plural")) }
            p.total { (total) }
            p {
                (speech.count("report-entered", conflicts.entered)) ", "
                (speech.count("report-moved", conflicts.moved.values().sum())) ", "
                (speech.count("report-meetings", conflicts.meetings)) ", "
                (speech.count("report-agreements", conflicts.agreements))
            }
            @if conflicts.total > 0 { (phases_table(speech, conflicts, &phases, brief)) }
            @if brief { (incidents_in_brief(speech, conflicts)) } @else { (incidents(speech, conflicts)) }
            (endings(speech, conflicts))
            @if !conflicts.decisions.is_empty() {
                h3 { (speech.say("report-decisions")) }
                ul {
                    @for key in in_order(Execution::KEYS, &conflicts.decisions.keys().map(String::as_str).collect()) {
                        li { (speech.choice_or(&["conflict", "decisions", "execution"], key, "unstated")) " : " (number(speech, conflicts.decisions[key])) }
                    }
                }
            }
        }
    }
}

/// Conflicts by region and phase. A brief has the sums alone.
fn phases_table(speech: Speech<'_>, conflicts: &Conflicts, phases: &[&str], brief: bool) -> Markup {
    let title = speech.say("conflicts-by-phase");
    html! {
        div.wide tabindex="0" role="region" aria-label=(title) {
            table.figures {
                caption { (title) }
                thead {
                    tr {
                        th scope="col" { (speech.label(&["regions"])) }
                        @for phase in phases { th scope="col" { (phase_name(speech, Some(phase))) } }
                        th scope="col" { (speech.say("in-all")) }
                    }
                }
                @if !brief {
                    tbody {
                        @for region in by_rank(speech, &conflicts.regions, |region| region.region.as_deref()) {
                            tr {
                                th scope="row" { (speech.regions(region.region.as_deref())) }
                                @for phase in phases { td { @if let Some(count) = region.phases.get(*phase) { (number(speech, *count)) } } }
                                td { (number(speech, region.phases.values().sum())) }
                            }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { (speech.say("each-counted-once")) }
                        @for phase in phases { td { (number(speech, conflicts.phases[*phase])) } }
                        td { (number(speech, conflicts.total)) }
                    }
                    @if !conflicts.moved.is_empty() {
                        tr {
                            th scope="row" { (speech.say("report-moved-row")) }
                            @for phase in phases { td { @if let Some(count) = conflicts.moved.get(*phase) { (number(speech, *count)) } } }
                            td { (number(speech, conflicts.moved.values().sum())) }
                        }
                    }
                }
            }
        }
    }
}

/// Rows by region in the pack's own order; the whole country comes last.
fn by_rank<'r, R>(speech: Speech<'_>, rows: &'r [R], region: impl Fn(&R) -> Option<&str>) -> Vec<&'r R> {
    let regions = &speech.pack.gazetteer().regions;
    let rank = |key: Option<&str>| {
        key.map_or(usize::MAX, |key| regions.iter().position(|region| region.key == key).unwrap_or(regions.len()))
    };
    let mut sorted: Vec<&R> = rows.iter().collect();
    sorted.sort_by_key(|row| rank(region(row)));
    sorted
}

/// Incidents of all types in one line: one page has no room for a table of them.
fn incidents_in_brief(speech: Speech<'_>, conflicts: &Conflicts) -> Markup {
    let all = || conflicts.incidents.values();
    let sum = |of: fn(&Incidents) -> Option<u64>| all().filter_map(of).reduce(u64::saturating_add);
    html! {
        p {
            (speech.say("report-incidents")) " : "
            (perhaps(speech, all().map(|of| of.count).sum(), all().map(|of| of.perhaps).sum()))
            @for (name, count) in [("deaths", sum(|of| of.deaths)), ("displaced", sum(|of| of.displaced))] {
                @if let Some(count) = count { " · " (speech.label(&["conflict", "incidents", name])) " : " (number(speech, count)) }
            }
        }
    }
}

fn incidents(speech: Speech<'_>, conflicts: &Conflicts) -> Markup {
    let types = in_order(IncidentType::KEYS, &conflicts.incidents.keys().map(String::as_str).collect());
    html! {
        h3 { (speech.say("report-incidents")) }
        @if types.is_empty() { p { (speech.say("report-none")) } }
        @else {
            (wide(&speech.say("report-incidents"), &html! {
                table.figures {
                    thead {
                        tr {
                            th scope="col" { (speech.label(&["conflict", "incidents", "incident_type"])) }
                            th scope="col" { (speech.say("report-count")) }
                            @for name in ["deaths", "displaced"] { th scope="col" { (speech.label(&["conflict", "incidents", name])) } }
                        }
                    }
                    tbody {
                        @for key in types {
                            @let of = &conflicts.incidents[key];
                            tr {
                                th scope="row" { (speech.choice_or(&["conflict", "incidents", "incident_type"], key, "unstated")) }
                                td { (perhaps(speech, of.count, of.perhaps)) }
                                td { (stated(speech, of.deaths)) }
                                td { (stated(speech, of.displaced)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn endings(speech: Speech<'_>, conflicts: &Conflicts) -> Markup {
    html! {
        @if !conflicts.endings.is_empty() || conflicts.endings_counted > 0 || conflicts.endless > 0 {
            h3 { (speech.say("report-endings")) }
            ul {
                @for ending in &conflicts.endings {
                    li {
                        (ending.conflict.title) " ("
                        (speech.regions(ending.conflict.regions.iter().map(String::as_str))) ") : "
                        (ending.ends.parse().map_or_else(|_| ending.ends.clone(), |date: Date| speech.date(&date)))
                    }
                }
                @if conflicts.endings_counted > 0 { li { (speech.count("report-endings-counted", conflicts.endings_counted)) } }
                @if conflicts.endless > 0 { li { (speech.count("report-endless", conflicts.endless)) } }
            }
        }
    }
}

fn alerts(speech: Speech<'_>, full: &Full) -> Markup {
    let alerts = &full.alerts;
    html! {
        section {
            h2 { (speech.say("report-alerts")) }
            p {
                (speech.count("report-alerts-raised", alerts.raised)) ", "
                (speech.count("report-alerts-answered", alerts.answered)) ", "
                (speech.count("alerts-open", alerts.open))
                @if alerts.unanswered > 0 { ", " strong { (speech.count("alerts-unanswered", alerts.unanswered)) } }
            }
            @if let (Some(median), Some(longest)) = (alerts.median, alerts.longest) {
                p {
                    (speech.count("alerts-measured", alerts.measured)) " "
                    (speech.count("alerts-median", median)) ", " (speech.count("alerts-longest", longest))
                }
            }
        }
    }
}

fn recommendations(speech: Speech<'_>, full: &Full, brief: bool) -> Markup {
    let total: u64 = full.recommendations.iter().map(|theme| theme.count).sum();
    html! {
        section {
            h2 { (speech.say("recommendations-title")) }
            p.total { (speech.count("recommendations-found", total)) }
            @if total > 0 { (themes_table(speech, full, brief)) }
        }
    }
}

/// Recommendations by theme and status. A brief has the sums alone.
fn themes_table(speech: Speech<'_>, full: &Full, brief: bool) -> Markup {
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    for (status, count) in full.recommendations.iter().flat_map(|theme| &theme.by_status) {
        *by_status.entry(status).or_default() += count;
    }
    let statuses = in_order(RecommendationStatus::KEYS, &by_status.keys().copied().collect());
    let order = speech.terms(List::Themes);
    let rank = |key: Option<&String>| order.iter().position(|(known, _)| Some(known) == key).unwrap_or(order.len());
    let mut themes: Vec<_> = full.recommendations.iter().collect();
    themes.sort_by_key(|theme| rank(theme.theme.as_ref()));
    let sum = |of: fn(&Themes) -> u64| number(speech, full.recommendations.iter().map(of).sum());
    let title = speech.say("recommendations-by-theme");
    html! {
        div.wide tabindex="0" role="region" aria-label=(title) {
            table.figures {
                caption { (title) }
                thead {
                    tr {
                        th scope="col" { (speech.label(&["consultation", "recommendations", "theme"])) }
                        @for key in &statuses { th scope="col" { (speech.choice_or(&["consultation", "recommendations", "status"], key, "unstated")) } }
                        th scope="col" { (speech.say("without-news")) }
                        th scope="col" { (speech.say("in-all")) }
                    }
                }
                @if !brief {
                    tbody {
                        @for theme in themes {
                            tr {
                                th scope="row" { (theme.theme.as_deref().map_or_else(|| speech.say("unstated"), |key| speech.term(List::Themes, key))) }
                                @for status in &statuses { td { @if let Some(count) = theme.by_status.get(*status) { (number(speech, *count)) } } }
                                td { (number(speech, theme.silent)) }
                                td { (number(speech, theme.count)) }
                            }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { (speech.say("in-all")) }
                        @for status in &statuses { td { (number(speech, by_status[status])) } }
                        td { (sum(|theme| theme.silent)) }
                        td { (sum(|theme| theme.count)) }
                    }
                }
            }
        }
    }
}

/// What one currency comes to at the end of the period. `quarter`: whether the period is one, beside the year's sum. `most`:
/// partners that are named, the greatest.
pub(super) fn money_sums(speech: Speech<'_>, currency: &str, money: &Money, quarter: bool, most: usize) -> Markup {
    let amount = |amount: i64| words::money(speech.lang, amount, currency, minor_digits(currency, speech.pack));
    let partners = money.named(most);
    let others = money.partners.len() - partners.len();
    let (left_id, left) = money.left();
    html! {
        h3 { (currency) }
        dl {
            dt { (speech.say("need-in-all")) } dd { (amount(money.need)) }
            @if quarter { dt { (speech.say("report-in-quarter")) } dd { (amount(money.in_period)) } }
            dt { (speech.say("report-in-year")) } dd { (amount(money.in_year)) }
            dt { (speech.say("cumulative")) } dd { strong { (amount(money.cumulative)) } }
            dt { (speech.say(left_id)) } dd { (amount(left)) }
            @if money.undated > 0 { dt { (speech.say("report-money-undated")) } dd { (amount(money.undated)) } }
            @for (stage, sum) in &money.by_stage { dt { (stage_name(speech, stage)) } dd { (amount(*sum)) } }
        }
        @if !money.partners.is_empty() {
            (wide(&format!("{} – {currency}", speech.say("report-by-partner")), &html! {
                table.figures {
                    caption { (speech.say("report-by-partner")) }
                    thead {
                        tr {
                            th scope="col" { (speech.label(&["project", "contributions", "partner"])) }
                            th scope="col" { (speech.say("report-in-year")) }
                            th scope="col" { (speech.say("cumulative")) }
                        }
                    }
                    tbody {
                        @for partner in partners {
                            tr {
                                th scope="row" { (partner.partner.clone().unwrap_or_else(|| speech.say("unstated"))) }
                                td { (amount(partner.in_year)) }
                                td { (amount(partner.cumulative)) }
                            }
                        }
                    }
                }
            }))
            @if others > 0 { p.aside { (speech.count("report-other-partners", others as u64)) } }
        }
    }
}

fn reviews(speech: Speech<'_>, full: &Full) -> Markup {
    html! {
        section {
            h2 { (speech.say("report-reviews")) }
            @for name in ["difficulties", "lessons", "measures"] {
                h3 { (speech.label(&["project", "reviews", name])) }
                @let texts: Vec<_> = full.reviews.iter().filter_map(|review| {
                    let text = match name { "difficulties" => &review.difficulties, "lessons" => &review.lessons, _ => &review.measures };
                    Some((review, text.as_ref()?))
                }).collect();
                @if texts.is_empty() {
                    p.unseen { (speech.say("report-none")) }
                    @for _ in 0..RULED { div.rule {} }
                }
                @for (review, text) in texts {
                    div.prose { (text) }
                    p.aside { (review.project.title) ", " (speech.date(&review.date)) }
                }
            }
        }
    }
}

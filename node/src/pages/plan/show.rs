//! The page of the plan.

use maud::{Markup, html};
use toguna_protocol::record::project::{Executed, ProjectStatus};

use super::{PAGE, Plan};
use crate::{
    pages::{
        quarter::Quarter,
        record::{address, linked},
        speech::Speech,
    },
    views::{PlannedLine, UNSTATED},
    words,
};

/// Where the labels of a line stand.
const PATH: [&str; 2] = ["project", "plan"];

fn address_of(quarter: Quarter) -> String {
    format!("/plan?quarter={}", quarter.date())
}

pub(super) fn body(speech: Speech<'_>, shown: &Plan, title: &str) -> Markup {
    let plan = &shown.plan;
    html! {
        h1 { (title) }
        p { (shown.situation.line(speech)) }
        (shown.situation.warning(speech))
        (quarters(speech, shown))
        p.total role="status" { (shown.situation.total(speech, &speech.count("plan-lines", plan.total))) }
        @if plan.total > 0 { (outcomes(speech, shown)) }
        @if !plan.lines.is_empty() { (table(speech, shown)) }
        @if plan.total > (shown.from + plan.lines.len()) as u64 {
            p { a rel="next" href=(format!("{}&from={}", address_of(shown.quarter), shown.from + PAGE)) { (speech.say("next-page")) } }
        }
        (without(speech, shown))
    }
}

/// The quarters beside this one.
fn quarters(speech: Speech<'_>, shown: &Plan) -> Markup {
    let named = |quarter: Quarter| speech.date(&quarter.date());
    html! {
        p.more {
            a rel="prev" href=(address_of(shown.quarter.previous())) { "← " (named(shown.quarter.previous())) }
            @if shown.quarter != shown.present { a href="/plan" { (speech.say("plan-present")) } }
            a rel="next" href=(address_of(shown.quarter.next())) { (named(shown.quarter.next())) " →" }
            a href="/projects" { (speech.say("kind-project.plural")) }
        }
    }
}

fn outcome(speech: Speech<'_>, key: &str) -> String {
    speech.choice_or(&[PATH[0], PATH[1], "executed"], key, "plan-open")
}

/// How many lines came to what.
fn outcomes(speech: Speech<'_>, shown: &Plan) -> Markup {
    let found = &shown.plan.by_outcome;
    let known = Executed::KEYS.iter().copied().chain([UNSTATED]);
    let newer = found.keys().map(String::as_str).filter(|key| !Executed::KEYS.contains(key) && *key != UNSTATED);
    html! {
        ul.tally {
            @for key in known.chain(newer) {
                @if let Some(count) = found.get(key) { li { (outcome(speech, key)) " : " (words::number(speech.lang, *count)) } }
            }
        }
    }
}

fn table(speech: Speech<'_>, shown: &Plan) -> Markup {
    let label = |field: &str| speech.label(&[PATH[0], PATH[1], field]);
    html! {
        table.records {
            thead {
                tr {
                    th scope="col" { (speech.say("kind-project")) }
                    th scope="col" { (label("planned")) }
                    th scope="col" { (label("executed")) }
                    th scope="col" { (label("why_not")) }
                    @if shown.may_write { th scope="col" { span.unseen { (speech.say("edit")) } } }
                }
            }
            tbody { @for line in &shown.plan.lines { (row(speech, shown, line)) } }
        }
    }
}

fn row(speech: Speech<'_>, shown: &Plan, line: &PlannedLine) -> Markup {
    let label = |field: &str| speech.label(&[PATH[0], PATH[1], field]);
    let record = &line.record;
    html! {
        tr {
            th scope="row" {
                (linked(speech, record)) br;
                span.aside {
                    (speech.regions(record.regions.iter().map(String::as_str)))
                    @if let Some(status) = &record.status { " · " (speech.choice(&["project", "status"], status)) }
                }
            }
            td data-label=[line.planned.as_ref().map(|_| label("planned"))] { (line.planned.as_deref().unwrap_or_default()) }
            td data-label=(label("executed")) {
                (outcome(speech, line.executed.as_deref().unwrap_or(UNSTATED)))
                @if let Some(date) = &line.executed_date { ", " (speech.date(date)) }
            }
            td data-label=[line.why_not.as_ref().map(|_| label("why_not"))] { (line.why_not.as_deref().unwrap_or_default()) }
            @if shown.may_write {
                td { a href=(format!("{}/edit/plan/{}", address(record.kind, record.id), line.item)) { (speech.say("edit")) span.unseen { " – " (record.title) } } }
            }
        }
    }
}

/// What should have a line and has none.
fn without(speech: Speech<'_>, shown: &Plan) -> Markup {
    let plan = &shown.plan;
    let rest = plan.without_total.saturating_sub(plan.without.len() as u64);
    let one = speech.words.one(speech.lang, &PATH);
    html! {
        section id="without" {
            h2 { (speech.say("plan-without")) }
            p role="status" { (shown.situation.total(speech, &speech.count("plan-without-counted", plan.without_total))) }
            ul {
                @for record in &plan.without {
                    li {
                        (linked(speech, record))
                        span.aside {
                            " · " (record.status.as_deref().map(|status| speech.choice(&["project", "status"], status)).unwrap_or_default())
                            " · " (speech.regions(record.regions.iter().map(String::as_str)))
                        }
                        @if shown.may_write {
                            " · " a href=(format!("{}/edit/plan/new", address(record.kind, record.id))) {
                                (speech.say_of("add-one", &[("what", &one)]))
                                span.unseen { " – " (record.title) }
                            }
                        }
                    }
                }
            }
            @if rest > 0 {
                p {
                    (speech.count("and-more", rest)) " : "
                    @for (at, status) in [ProjectStatus::Agreed, ProjectStatus::Active].iter().enumerate() {
                        @if at > 0 { " · " }
                        a href=(format!("/projects?status={}", status.key())) { (speech.choice(&["project", "status"], status.key())) }
                    }
                }
            }
        }
    }
}

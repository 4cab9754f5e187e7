//! The tracker's page.

use maud::{Markup, html};
use toguna_protocol::record::{
    List,
    common::Level,
    consultation::{Priority, RecommendationStatus},
};

use super::{Announced, Asked, Tracker, follow, given};
use crate::{
    pages::{form::inputs::Inputs, record::address, speech::Speech, visitor::Visitor},
    views::{LastFollowUp, ListedRecommendation, RecommendationId, UNSTATED},
    words::Lang,
};

/// Where the labels of a recommendation stand.
const PATH: [&str; 2] = ["consultation", "recommendations"];

pub(super) fn body(speech: Speech<'_>, visitor: &Visitor, tracker: &Tracker, title: &str) -> Markup {
    let page = &tracker.page;
    html! {
        h1 { (title) }
        p { (tracker.situation.line(speech)) }
        @if let Some(saved) = tracker.asked.saved { p.saved role="status" { (speech.count("follow-ups-saved", saved)) } }
        (outcome(speech, tracker))
        (tracker.situation.warning(speech))
        @for announced in &tracker.announced { (explained(speech, announced)) }
        (filters(speech, &tracker.asked))
        p role="status" { (tracker.situation.total(speech, &speech.count("recommendations-found", page.total))) }
        @if !page.recommendations.is_empty() {
            @if visitor.may_write() {
                p { a href="#follow-up" { (speech.say("follow-up-for-ticked")) } }
                form.record method="post" action=(tracker.asked.address(after(&tracker.asked))) {
                    input type="hidden" name="csrf" value=(visitor.csrf());
                    (tracker.mark)
                    (table(speech, tracker, true))
                    (follow_up(speech, tracker))
                }
            } @else { (table(speech, tracker, false)) }
        }
        @if let Some(next) = &page.next {
            p { a rel="next" href=(tracker.asked.address(Some(("after", &next.to_string())))) { (speech.say("next-page")) } }
        }
    }
}

/// The page that is shown is shown again, with its ticks, where not all could be saved.
fn after(asked: &Asked) -> Option<(&str, &str)> {
    Some(("after", given(asked.after.as_ref())?))
}

fn explained(speech: Speech<'_>, told: &Announced) -> Markup {
    let record = &told.consultation;
    let announced = speech.count("announced", told.announced);
    let entered = speech.count("entered", told.entered);
    html! {
        div.explained {
            p {
                a href=(address(record.kind, record.id)) {
                    @if record.title.is_empty() { (speech.say("untitled")) } @else { (record.title) }
                }
                " – " strong { (announced) ", " (entered) }
            }
            @if let Some(note) = &told.note { p.aside { (note) } }
        }
    }
}

/// What was saved, and what was not, one by one.
fn outcome(speech: Speech<'_>, tracker: &Tracker) -> Markup {
    let Some(outcome) = &tracker.outcome else { return html! {} };
    html! {
        @if outcome.saved > 0 { p.saved role="status" { (speech.count("follow-ups-saved", outcome.saved)) } }
        div.refused role="alert" {
            @if let Some(why) = outcome.refused { p { (speech.say(why)) } }
            @if !outcome.faults.is_empty() { p { (speech.count("not-saved-faults", outcome.faults.len() as u64)) } }
            @if !outcome.not_saved.is_empty() {
                p { (speech.count("follow-ups-not-saved", outcome.not_saved.len() as u64)) }
                ul {
                    @for (id, why) in &outcome.not_saved {
                        li { (named(speech, tracker, id)) " – " (speech.say(why)) }
                    }
                }
            }
        }
    }
}

/// A recommendation by its number and words, where this page shows it.
fn named(speech: Speech<'_>, tracker: &Tracker, id: &RecommendationId) -> String {
    let shown = tracker.page.recommendations.iter().find(|shown| shown.id == *id);
    match shown {
        Some(shown) => {
            [shown.number.as_deref(), wording(speech, shown)].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        None => speech.say("follow-up-not-shown"),
    }
}

fn filters(speech: Speech<'_>, asked: &Asked) -> Markup {
    let choices = |field: &'static str, keys: &[&str]| -> Vec<(String, String)> {
        keys.iter().map(|key| ((*key).to_owned(), speech.choice(&[PATH[0], PATH[1], field], key))).collect()
    };
    let selects = [
        ("theme", "theme", &asked.theme, speech.terms(List::Themes)),
        ("level", "addressee_level", &asked.level, choices("addressee_level", Level::KEYS)),
        ("status", "status", &asked.status, choices("status", RecommendationStatus::KEYS)),
        ("priority", "priority", &asked.priority, choices("priority", Priority::KEYS)),
    ];
    let ticks = [("overdue", "overdue", &asked.overdue), ("silent", "without-news", &asked.silent)];
    html! {
        form.filters method="get" role="search" {
            @for (name, field, chosen, options) in selects {
                label {
                    (speech.label(&[PATH[0], PATH[1], field])) " "
                    select name=(name) {
                        option value="" { (speech.say("all-of-them")) }
                        @for (key, label) in options.into_iter().chain([(UNSTATED.to_owned(), speech.say("unstated"))]) {
                            option value=(key) selected[chosen.as_ref() == Some(&key)] {
                                @if name == "theme" && key != UNSTATED { (key) ". " }
                                (label)
                            }
                        }
                    }
                }
            }
            label {
                (speech.label(&[PATH[0], PATH[1], "addressees"])) " "
                input type="search" name="addressee" value=[given(asked.addressee.as_ref())];
            }
            @for (name, id, ticked) in ticks {
                label.tick {
                    input type="checkbox" name=(name) value="1" checked[given(ticked.as_ref()).is_some()];
                    " " (speech.say(id))
                }
            }
            button { (speech.say("show-list")) }
        }
    }
}

fn table(speech: Speech<'_>, tracker: &Tracker, may_write: bool) -> Markup {
    let label = |field: &str| speech.label(&[PATH[0], PATH[1], field]);
    html! {
        table.records.tracker {
            thead {
                tr {
                    @if may_write { th scope="col" { span.unseen { (speech.say("tick")) } } }
                    th scope="col" { (label("number")) }
                    th scope="col" { (speech.say("recommendation")) }
                    th scope="col" { (label("theme")) }
                    th scope="col" { (label("status")) }
                    th scope="col" { (label("due_date")) }
                    th scope="col" { (speech.say("last-follow-up")) }
                }
            }
            tbody { @for shown in &tracker.page.recommendations { (row(speech, tracker, shown, may_write)) } }
        }
    }
}

/// Ticked still: what was not saved, or everything where nothing was tried.
fn is_ticked(tracker: &Tracker, id: &RecommendationId) -> bool {
    match &tracker.outcome {
        Some(outcome) if !outcome.not_saved.is_empty() => outcome.not_saved.iter().any(|(failed, _)| failed == id),
        Some(_) => tracker.given.all("of").any(|ticked| ticked == id.to_string()),
        None => false,
    }
}

fn row(speech: Speech<'_>, tracker: &Tracker, shown: &ListedRecommendation, may_write: bool) -> Markup {
    let name = shown.id.to_string();
    let consultation = &shown.consultation;
    let number = shown.number.clone().unwrap_or_default();
    html! {
        tr {
            @if may_write {
                td.tick {
                    input type="checkbox" name="of" value=(name) checked[is_ticked(tracker, &shown.id)]
                        aria-label=(speech.say_of("tick-one", &[("number", &number)]));
                }
            }
            td.number { (number) }
            th scope="row" {
                (wording(speech, shown).unwrap_or_default())
                @if let Some(to) = addressed_to(speech, shown) { " " span.addressed { "→ " (to) } }
                " " a.source href=(address(consultation.kind, consultation.id)) {
                    @if consultation.title.is_empty() { (speech.say("untitled")) } @else { (consultation.title) }
                }
            }
            td { @if let Some(theme) = &shown.theme { (theme) ". " (speech.term(List::Themes, theme)) } }
            td { (shown.status.as_ref().map(|key| speech.choice(&[PATH[0], PATH[1], "status"], key)).unwrap_or_default()) }
            td data-label=[shown.due.as_ref().map(|_| speech.label(&[PATH[0], PATH[1], "due_date"]))] { (shown.due.as_ref().map(|due| speech.date(due)).unwrap_or_default()) }
            td data-label=[shown.last.as_ref().map(|_| speech.say("last-follow-up"))] { (last(speech, shown.last.as_ref(), shown.follow_ups)) }
        }
    }
}

/// Level and institutions; `None` where neither is stated.
fn addressed_to(speech: Speech<'_>, shown: &ListedRecommendation) -> Option<String> {
    let level = shown.level.as_ref().map(|key| speech.choice(&[PATH[0], PATH[1], "addressee_level"], key));
    let named: Vec<String> = level.into_iter().chain(shown.addressees.iter().cloned()).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// In the reader's language where there is one, else in the other.
fn wording<'r>(speech: Speech<'_>, shown: &'r ListedRecommendation) -> Option<&'r str> {
    let (fr, en) = (shown.text_fr.as_deref(), shown.text_en.as_deref());
    match speech.lang {
        Lang::Fr => fr.or(en),
        Lang::En => en.or(fr),
    }
}

fn last(speech: Speech<'_>, last: Option<&LastFollowUp>, follow_ups: u64) -> Markup {
    html! {
        @match last {
            None => (speech.say("without-news")),
            Some(last) => {
                @let date = last.date.as_ref().map(|date| speech.date(date));
                @let head: Vec<String> = [date, last.by.clone()].into_iter().flatten().collect();
                (head.join(", "))
                @if let Some(note) = &last.note { @if !head.is_empty() { " – " } (note) }
                @if follow_ups > 1 { span.aside { " (" (speech.count("follow-ups-counted", follow_ups)) ")" } }
            }
        }
    }
}

/// What is written once for every recommendation that is ticked.
fn follow_up(speech: Speech<'_>, tracker: &Tracker) -> Markup {
    let faults: Vec<(String, String)> = tracker
        .outcome
        .iter()
        .flat_map(|outcome| &outcome.faults)
        .map(|(pointer, why)| (pointer.clone(), speech.say(why)))
        .collect();
    let inputs = Inputs { speech, given: &tracker.given, faults: &faults };
    html! {
        fieldset.follow-up id="follow-up" {
            legend { (speech.say("follow-up-for-ticked")) }
            @for field in follow::fields() { (inputs.field(field, &[PATH[0], PATH[1], "follow_ups"], "")) }
            button.button { (speech.say("save-for-ticked")) }
        }
    }
}

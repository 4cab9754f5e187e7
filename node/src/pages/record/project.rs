//! What only a project's page has: the proposal and its eligibility as tables, what each quarter brought, and its money.

mod money;

use maud::{Markup, html};
use toguna_protocol::record::{
    Kind, List, Project, Vocabulary,
    complete::missing_sections,
    project::{Check, PlanLine},
    read::typed,
    schema::Field,
    workflow::is_selected,
};

use super::{
    Page,
    show::{Within, item_verbs},
};
use crate::pages::{sections::Section, speech::Speech};

/// Fields that are shown here, and so nowhere else on the page.
const SHOWN: [&str; 6] = ["sections", "eligibility", "plan", "need", "budget_lines", "contributions"];

/// Whether a field of this kind is shown here.
pub(super) fn holds(kind: Kind, field: &str) -> bool {
    kind == Kind::Project && SHOWN.contains(&field)
}

/// Whether a record passes a section: of what only requests pass, others show what they hold all the same.
pub(super) fn passes(page: &Page, section: &Section) -> bool {
    let of_requests = matches!(section.id, "request" | "selection" | "agreement");
    let is_selected = || is_selected(&typed(&page.record.fields));
    let filled = || section.fields.iter().any(|field| page.record.fields.contains_key(field.name));
    page.record.kind != Kind::Project || !of_requests || is_selected() || filled()
}

/// Whether there is something of a section here.
pub(super) fn is_in(kind: Kind, section: &str) -> bool {
    kind == Kind::Project && matches!(section, "request" | "selection" | "execution" | "money")
}

/// What this page shows of a section.
pub(super) fn part(speech: Speech<'_>, page: &Page, section: &str, here: &str) -> Markup {
    if !is_in(page.record.kind, section) {
        return html! {};
    }
    let project: Project = typed(&page.record.fields);
    match section {
        "request" => html! {
            (proposal(speech, page, &project, here))
            (eligibility(speech, page, &project, here))
        },
        "selection" => change(speech, page, here, "evaluators"),
        "execution" => plan(speech, page, &project, here),
        _ => money::money(speech, page, &project, here),
    }
}

/// The link to where a field of the record itself is changed.
fn change(speech: Speech<'_>, page: &Page, here: &str, field: &str) -> Markup {
    html! {
        @if page.may_write {
            p { a.add href=(format!("{here}/edit#f-{field}")) {
                (speech.say_of("edit-one", &[("what", &speech.label(&["project", field]))]))
            } }
        }
    }
}

/// The link to where an item is added.
fn add(speech: Speech<'_>, page: &Page, here: &str, list: &str) -> Markup {
    let one = speech.words.one(speech.lang, &["project", list]);
    html! {
        @if page.may_write {
            p { a.add href=(format!("{here}/edit/{list}/new")) { (speech.say_of("add-one", &[("what", &one)])) } }
        }
    }
}

/// Every section of the proposal: there, absent or not looked for, and its page.
fn proposal(speech: Speech<'_>, page: &Page, project: &Project, here: &str) -> Markup {
    let path = ["project", "sections", "present"];
    let of = |key: &str| project.sections.iter().find(|(known, _)| known.0 == key).map(|(_, section)| section);
    let sections = speech.terms(List::ProposalSections);
    let mut vocabulary = Vocabulary::default();
    sections.iter().for_each(|(key, _)| vocabulary.add(List::ProposalSections, key));
    let missing = missing_sections(project, &vocabulary);
    // In the pack's own order.
    let names: Vec<String> =
        sections.into_iter().filter(|(key, _)| missing.contains(key)).map(|(_, name)| name).collect();
    let looked = project.sections.values().any(|section| section.present.is_some());
    html! {
        div.list id="sections" {
            h3 { (speech.label(&path[..2])) }
            @if !looked { p { (speech.say("flag-sections-not-checked")) } }
            @else if names.is_empty() { p { (speech.say("sections-all-there")) } }
            @else { p { strong { (speech.count("sections-missing", names.len() as u64)) } " " (names.join(", ")) } }
            @if looked {
                table.records.narrow {
                    thead { tr {
                        th scope="col" { (speech.label(&path)) }
                        th scope="col" { (speech.say("state")) }
                        th scope="col" { (speech.say("page-number")) }
                    } }
                    tbody {
                        @for (key, name) in speech.terms(List::ProposalSections) {
                            @let section = of(&key);
                            @let number = section.and_then(|section| section.page);
                            tr {
                                th scope="row" { (name) }
                                td { @match section.and_then(|section| section.present) {
                                    Some(present) => (speech.choice(&path, if present { "true" } else { "false" })),
                                    None => (speech.say("section-not-looked")),
                                } }
                                td data-label=[number.map(|_| speech.say("page-number"))] { (number.map(|number| number.to_string()).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
            (change(speech, page, here, "sections"))
        }
    }
}

/// Every criterion: met or not, by whom, why.
fn eligibility(speech: Speech<'_>, page: &Page, project: &Project, here: &str) -> Markup {
    let path = ["project", "eligibility"];
    let label = |part: &str| speech.label(&[path[0], path[1], part]);
    let of = |key: &str| project.eligibility.iter().find(|(known, _)| known.0 == key).map(|(_, check)| check.clone());
    html! {
        div.list id="eligibility" {
            h3 { (speech.label(&path)) }
            table.records {
                thead { tr {
                    th scope="col" { (label("met")) }
                    th scope="col" { (speech.say("state")) }
                    th scope="col" { (label("by")) }
                    th scope="col" { (label("why")) }
                } }
                tbody {
                    @for (key, name) in speech.terms(List::EligibilityCriteria) {
                        @let Check { met, by, why } = of(&key).unwrap_or_default();
                        tr {
                            th scope="row" { (name) }
                            td { @match met {
                                Some(met) => (speech.choice(&["project", "eligibility", "met"], if met { "true" } else { "false" })),
                                None => (speech.say("criterion-not-checked")),
                            } }
                            td data-label=[by.as_ref().map(|_| label("by"))] { (by.map(|by| by.0).unwrap_or_default()) }
                            td data-label=[why.as_ref().map(|_| label("why"))] { (why.map(|why| why.0).unwrap_or_default()) }
                        }
                    }
                }
            }
            (change(speech, page, here, "eligibility"))
        }
    }
}

/// What each quarter was to bring and what it brought, by quarter; withdrawn lines struck in their place.
fn plan(speech: Speech<'_>, page: &Page, project: &Project, here: &str) -> Markup {
    let label = |part: &str| speech.label(&["project", "plan", part]);
    let mut lines: Vec<_> = project.plan.iter().collect();
    lines.sort_by_key(|(id, line)| (line.quarter.map(|quarter| quarter.earliest()), (*id).clone()));
    html! {
        div.list id="plan" {
            h3 { (speech.label(&["project", "plan"])) " (" (lines.len()) ")" }
            @if !lines.is_empty() {
                table.records {
                    thead { tr {
                        @for part in ["quarter", "planned", "executed", "why_not"] { th scope="col" { (label(part)) } }
                        @if page.may_write { th scope="col" { span.unseen { (speech.say("edit")) } } }
                    } }
                    tbody { @for (id, line) in lines { (plan_line(speech, page, (id.as_str(), line), here)) } }
                }
            }
            (add(speech, page, here, "plan"))
        }
    }
}

fn plan_line(speech: Speech<'_>, page: &Page, (id, line): (&str, &PlanLine), here: &str) -> Markup {
    let label = |part: &str| speech.label(&["project", "plan", part]);
    let text = |text: &Option<toguna_protocol::record::common::Paragraph>| text.as_ref().map(|text| text.0.clone());
    let executed = line.executed.map(|executed| speech.choice(&["project", "plan", "executed"], executed.key()));
    let when = line.executed_date.as_ref().map(|date| speech.date(date));
    let done: Vec<String> = executed.into_iter().chain(when).collect();
    html! {
        (row(speech, page, (id, 5), line.withdrawn, &html! {
            th scope="row" {
                (line.quarter.as_ref().map_or_else(|| speech.say("unstated"), |quarter| speech.date(quarter)))
                @if line.withdrawn { br; span.aside { (speech.say("withdrawn-item")) } }
            }
            td { (text(&line.planned).unwrap_or_default()) }
            td data-label=[(!done.is_empty()).then(|| label("executed"))] { (done.join(", ")) }
            td data-label=[line.why_not.as_ref().map(|_| label("why_not"))] { (text(&line.why_not).unwrap_or_default()) }
            @if page.may_write { td { (verbs(speech, page, ("plan", id), line.withdrawn, here)) } }
        }))
    }
}

/// The row of an item, which says so where it was saved just now.
fn row(speech: Speech<'_>, page: &Page, (id, columns): (&str, usize), struck: bool, cells: &Markup) -> Markup {
    html! {
        @if page.is_new(id) { tr { td colspan=(columns) { p.saved role="status" { (page.saved_here(speech)) } } } }
        tr id=(format!("item-{id}")) .withdrawn[struck] { (cells) }
    }
}

/// What may be done with an item.
fn verbs(speech: Speech<'_>, page: &Page, (list, id): (&str, &str), withdrawn: bool, here: &str) -> Markup {
    let field: Option<&'static Field> = page.record.kind.schema().fields().find(|field| field.name == list);
    let within = Within { here, pointer: &format!("{list}/{id}") };
    field.map_or_else(|| html! {}, |field| item_verbs(speech, page, field, withdrawn, &within))
}

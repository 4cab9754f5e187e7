//! Lists of records: the newest change first, narrowed by region, phase or status, and words.

mod by_status;
mod conflicts;

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use toguna_protocol::{
    engine::{Engine, Office, Receipt},
    ids::RecordId,
    record::{Kind, List, project::Origin, schema::Shape},
};

use super::{
    Shared,
    error::PageError,
    fresh::Situation,
    layout, live,
    record::{address, kind_of, office_name, plural, sentence},
    speech::Speech,
    visitor::Visitor,
};
use crate::{
    accounts::Role,
    exchange::export::Format,
    pack::Pack,
    views::{AnyStake, Cursor, Filter, Group, ListedRecord, NATIONAL, Page, UNSTATED, Views},
};

/// Records on a page.
const PAGE: usize = 50;

/// What narrows the list; what is empty or absent does not.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    region: Option<String>,
    status: Option<String>,
    /// Projects of this origin.
    origin: Option<String>,
    /// Conflicts about this stake, or about one of this group of stakes.
    stake: Option<String>,
    /// Conflicts that hold imported events too, which are none of the programme's and not counted.
    events: Option<String>,
    text: Option<String>,
    after: Option<String>,
    /// Projects under their statuses: `status`.
    view: Option<String>,
}

impl Asked {
    pub(super) fn filter(&self, kind: Kind, pack: &Pack) -> Filter {
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Filter {
            kind: Some(kind),
            region: given(&self.region),
            status: given(&self.status),
            origin: given(&self.origin),
            stake: given(&self.stake).map(|asked| AnyStake { stakes: pack.stakes_of(&asked), asked }),
            grouped: true,
            without_events: kind == Kind::Conflict && given(&self.events).is_none(),
            text: given(&self.text),
            ..Filter::default()
        }
    }

    fn after(&self) -> Option<Cursor> {
        self.after.as_ref()?.parse().ok()
    }
}

/// All that a list shows.
struct Listing {
    kind: Kind,
    asked: Asked,
    page: Page,
    /// Of each record on the page, what it is the same conflict with.
    groups: Vec<Group>,
    /// How many there are of each phase, whichever is asked for.
    phases: BTreeMap<String, u64>,
    receipts: Vec<Vec<Receipt>>,
    offices: Vec<Office>,
    may_write: bool,
    role: Role,
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(kinds): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let kind = kind_of(&kinds)?;
    if kind == Kind::Project && asked.view.as_deref() == Some("status") {
        return under_statuses(&pages, &visitor, asked).await;
    }
    let (filter, after) = (asked.filter(kind, pages.app.pack()), asked.after());
    let read = move |views: &Views| {
        let page = views.list(&filter, after, PAGE)?;
        let ids: Vec<RecordId> = page.records.iter().map(|record| record.id).collect();
        Ok((page, views.groups(&ids)?, views.by_status(&Filter { status: None, ..filter })?))
    };
    let (page, groups, phases) = pages.read(read).await?;
    let ids: Vec<RecordId> = page.records.iter().map(|record| record.id).collect();
    let of_all = move |engine: &mut Engine<_>| {
        // A record that went away meanwhile has none.
        let receipts: Vec<Vec<Receipt>> = ids.iter().map(|id| engine.receipts(*id).unwrap_or_default()).collect();
        (receipts, engine.offices())
    };
    let (receipts, offices) = pages.app.ask(of_all).await?;
    let (may_write, role) = (visitor.may_write(), visitor.as_role());
    let listing = Listing { kind, asked, page, groups, phases, receipts, offices, may_write, role };
    let speech = visitor.speech(&pages);
    let title = speech.say(&format!("kind-{}.plural", kind.key()));
    Ok(layout::page(speech, Some(&visitor), &format!("/{}", plural(kind)), &title, &body(speech, &listing, &title)))
}

/// Projects under their statuses, narrowed by region and words alone.
async fn under_statuses(pages: &Shared, visitor: &Visitor, asked: Asked) -> Result<Markup, PageError> {
    let asked = Asked { region: asked.region, text: asked.text, ..Asked::default() };
    let filter = asked.filter(Kind::Project, pages.app.pack());
    let read = move |views: &Views| Ok((views.projects_by_status(&filter, by_status::NAMED)?, views.is_complete()));
    let (groups, complete) = pages.read(read).await?;
    let situation = Situation::now(pages, complete).await?;
    let speech = visitor.speech(pages);
    let title = speech.say("by-status");
    let body = by_status::body(speech, (&asked, &groups), &situation, &title);
    Ok(layout::page(speech, Some(visitor), "/projects", &title, &body))
}

fn body(speech: Speech<'_>, listing: &Listing, title: &str) -> Markup {
    let Listing { kind, page, .. } = listing;
    html! {
        h1 { (title) }
        (live::line(speech, None))
        @if listing.may_write {
            p.verbs { (beginnings(speech, *kind)) " " a href=(format!("/{}/import", plural(*kind))) { (speech.say("import")) } }
        }
        p.more {
            @if *kind == Kind::Conflict { a href="/conflicts/map" { (speech.say("conflict-map-link")) } " " }
            @if *kind == Kind::Consultation { a href="/consultations/tree" { (speech.say("tree-link")) } " " }
            @if *kind == Kind::Project {
                a href=(by_status::address(&listing.asked)) { (speech.say("by-status")) } " "
                a href="/plan" { (speech.say("plan-link")) } " "
            }
            a href=(format!("/{}/blank", plural(*kind))) { (speech.say("blank-link")) }
        }
        (filters(speech, listing))
        p role="status" {
            @if page.complete { (speech.count("records-found", page.total)) }
            @else { (speech.count("records-found-at-least", page.total)) }
            @if page.tied > 0 { " " (speech.count("and-tied", page.tied)) }
        }
        @if *kind == Kind::Conflict { (conflicts::phases(speech, listing)) }
        @if !page.records.is_empty() {
            table.records {
                thead {
                    tr {
                        th scope="col" { (speech.label(&["title"])) }
                        th scope="col" { (speech.label(&status_path(*kind))) }
                        th scope="col" { (speech.label(&["regions"])) }
                        th scope="col" { (speech.say("last-changed")) }
                        th scope="col" { (speech.say("receipts-title")) }
                    }
                }
                tbody {
                    @for ((record, group), receipts) in page.records.iter().zip(&listing.groups).zip(&listing.receipts) {
                        (row(speech, listing, record, group, receipts))
                    }
                }
            }
        }
        @if let Some(next) = &page.next {
            p { a rel="next" href=(address_of(listing, "", Some(("after", &next.to_string())))) { (speech.say("next-page")) } }
        }
        (exports(speech, listing))
    }
}

/// The ways to a new record: of a project one for each origin, since only requests pass selection.
fn beginnings(speech: Speech<'_>, kind: Kind) -> Markup {
    let new = format!("/{}/new", plural(kind));
    html! {
        @match kind {
            Kind::Project => {
                @for (at, origin) in Origin::KEYS.iter().enumerate() {
                    @if at > 0 { " " }
                    a.button href=(format!("{new}?origin={origin}")) { (speech.say(&format!("kind-project.new-{origin}"))) }
                }
            },
            _ => a.button href=(new) { (speech.say(&format!("kind-{}.new", kind.key()))) },
        }
    }
}

/// The files that hold what the list shows, all its pages.
fn exports(speech: Speech<'_>, listing: &Listing) -> Markup {
    let offer = |id: &str, formats: &[Format], more: Option<(&str, &str)>| {
        html! {
            p.exports {
                (speech.say(id))
                @for (at, format) in formats.iter().enumerate() {
                    @if at > 0 { " ·" }
                    " " a href=(address_of(listing, &format!("/export.{}", format.key()), more)) download { (format.name()) }
                }
            }
        }
    };
    html! {
        (offer("export-offer", &Format::ALL, None))
        @if listing.role.may_manage_records() {
            (offer("export-offer-texts", &[Format::Csv, Format::Xlsx], Some(("complete", "1"))))
        }
        @if listing.role.may_read_journal() { p.exports { a href="/journal" { (speech.say("journal")) } } }
    }
}

/// An address below the kind's that keeps what narrows the list, but for what `instead` names.
fn address_of(listing: &Listing, below: &str, instead: Option<(&str, &str)>) -> String {
    address_to(listing.kind, &listing.asked, below, instead.as_slice())
}

/// The same for what narrows a list of a kind.
fn address_to(kind: Kind, asked: &Asked, below: &str, instead: &[(&str, &str)]) -> String {
    let Asked { region, status, origin, stake, events, text, .. } = asked;
    let given = [
        ("region", region),
        ("status", status),
        ("origin", origin),
        ("stake", stake),
        ("events", events),
        ("text", text),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let kept = given.filter(|(name, _)| instead.iter().all(|(other, _)| other != name)).chain(instead.iter().copied());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept.filter(|(_, value)| !value.is_empty()))
        .finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/{}{below}{mark}{query}", plural(kind))
}

/// Where the label of the status stands: of a conflict, the phase.
fn status_path(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Conflict => vec![kind.key(), "phase", "is"],
        _ => vec![kind.key(), "status"],
    }
}

fn statuses(kind: Kind) -> &'static [&'static str] {
    let shape = kind.schema().fields().find_map(|field| match (field.name, &field.shape) {
        ("status", shape) => Some(*shape),
        ("phase", Shape::Compound { parts, .. }) => parts.iter().find(|part| part.name == "is").map(|part| part.shape),
        _ => None,
    });
    match shape {
        Some(Shape::Choice(keys)) => keys,
        _ => &[],
    }
}

fn filters(speech: Speech<'_>, listing: &Listing) -> Markup {
    let path = status_path(listing.kind);
    let chosen = |value: &Option<String>, key: &str| value.as_deref() == Some(key);
    let Asked { region, status, text, .. } = &listing.asked;
    let unstated = (UNSTATED, speech.say("unstated"));
    let keys = statuses(listing.kind).iter().map(|key| (*key, speech.choice(&path, key)));
    html! {
        form.filters method="get" role="search" {
            label { (speech.say("search-words")) " " input type="search" name="text" value=[text.as_deref()] maxlength="200"; }
            (region_filter(speech, region.as_deref()))
            label {
                (speech.label(&path)) " "
                select name="status" {
                    option value="" { (speech.say("all-of-them")) }
                    @for (key, name) in keys.chain([unstated]) {
                        option value=(key) selected[chosen(status, key)] { (name) }
                    }
                }
            }
            (more_filters(speech, listing))
            button { (speech.say("show-list")) }
        }
    }
}

/// By which region a list is narrowed.
pub(super) fn region_filter(speech: Speech<'_>, chosen: Option<&str>) -> Markup {
    html! {
        label {
            (speech.label(&["regions"])) " "
            select name="region" {
                option value="" { (speech.say("all-of-them")) }
                option value=(NATIONAL) selected[chosen == Some(NATIONAL)] { (speech.say("whole-country")) }
                @for (key, name) in speech.terms(List::Regions) {
                    option value=(key) selected[chosen == Some(&*key)] { (name) }
                }
            }
        }
    }
}

/// What only one kind is narrowed by.
fn more_filters(speech: Speech<'_>, listing: &Listing) -> Markup {
    let origin = &listing.asked.origin;
    let path = ["project", "origin"];
    html! {
        @match listing.kind {
            Kind::Consultation => {},
            Kind::Conflict => (conflicts::filters(speech, &listing.asked)),
            Kind::Project => {
                label {
                    (speech.label(&path)) " "
                    select name="origin" {
                        option value="" { (speech.say("all-of-them")) }
                        @for key in Origin::KEYS {
                            option value=(key) selected[origin.as_deref() == Some(key)] { (speech.choice(&path, key)) }
                        }
                        option value=(UNSTATED) selected[origin.as_deref() == Some(UNSTATED)] { (speech.say("unstated")) }
                    }
                }
            },
        }
    }
}

fn row(speech: Speech<'_>, listing: &Listing, record: &ListedRecord, group: &Group, receipts: &[Receipt]) -> Markup {
    let path = status_path(record.kind);
    let office = office_name(speech, &listing.offices, &record.updated.office);
    let needs = record.concurrent + record.decisions;
    html! {
        tr {
            th scope="row" {
                a href=(address(record.kind, record.id)) {
                    @if record.title.is_empty() { (speech.say("untitled")) } @else { (record.title) }
                }
                @if needs > 0 { br; span.mark { (speech.count("divergences", needs as u64)) } }
                @if record.to_complete > 0 { br; span.aside { (speech.count("to-complete", record.to_complete as u64)) } }
                (conflicts::tied(speech, record, group))
            }
            td { (record.status.as_deref().map(|status| speech.choice(&path, status)).unwrap_or_default()) }
            td { (conflicts::regions(speech, record, group)) }
            td { (office) ", " (speech.moment(record.updated.at)) }
            td { (received(speech, receipts, &listing.offices)) }
        }
    }
}

/// In a row there is room for names only.
fn received(speech: Speech<'_>, receipts: &[Receipt], offices: &[Office]) -> String {
    use toguna_protocol::engine::ReceiptState;
    let there = receipts.iter().filter(|receipt| receipt.state == ReceiptState::Has);
    let names: Vec<String> =
        there.map(|receipt| format!("✓ {}", office_name(speech, offices, &receipt.office))).collect();
    if names.is_empty() {
        return sentence(speech, receipts, offices).into_iter().next().map(|first| first.text).unwrap_or_default();
    }
    names.join(" · ")
}

//! One record as it is, and how it came to be so.

mod earlier;
mod head;
mod history;
mod meeting;
mod project;
mod receipts;
mod show;
mod timeline;

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::{Office, Receipt, ReceiptState, RecordView, rows::Stamp},
    ids::RecordId,
    record::{Kind, date::Day},
};

pub(super) use self::{
    earlier::{save as take_back, show as earlier},
    history::{field_of, history, said, value},
    receipts::{receipts, sentence},
    show::{date_of, is_list, label_of, line},
};
use super::{
    Shared, days, drafts,
    error::PageError,
    form::Given,
    layout,
    speech::Speech,
    step::{self, Standing},
    tie::{self, Named},
    visitor::Visitor,
};
use crate::views::{Group, ListedRecord, TreeFilter, TreePage};

/// Consultations directly under one that its page shows.
const BELOW: usize = 20;

/// The kind that an address names: `conflicts`.
pub(super) fn kind_of(kinds: &str) -> Result<Kind, PageError> {
    Kind::ALL.into_iter().find(|kind| kinds == plural(*kind)).ok_or(PageError::NotFound)
}

/// How the addresses of a kind's pages begin.
pub(super) fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Consultation => "consultations",
        Kind::Conflict => "conflicts",
        Kind::Project => "projects",
    }
}

/// The address of a record.
pub(super) fn address(kind: Kind, id: RecordId) -> String {
    format!("/{}/{id}", plural(kind))
}

/// What a record is called, with its page.
pub(super) fn linked(speech: Speech<'_>, record: &ListedRecord) -> Markup {
    html! {
        a href=(address(record.kind, record.id)) {
            @if record.title.is_empty() { (speech.say("untitled")) } @else { (record.title) }
        }
    }
}

/// What the address says beside the record.
#[derive(Deserialize, Default)]
pub(super) struct Shown {
    /// Something has just been saved.
    saved: Option<String>,
    /// The item that was.
    at: Option<String>,
    /// The only type that the line of time shows.
    only: Option<String>,
}

/// All that a record's page shows.
pub(super) struct Page {
    pub(super) record: RecordView,
    pub(super) receipts: Vec<Receipt>,
    pub(super) offices: Vec<Office>,
    pub(super) just_saved: bool,
    /// The item that has just been saved.
    new_item: Option<String>,
    /// The only type that the line of time shows.
    only: Option<String>,
    today: Day,
    pub(super) may_write: bool,
    pub(super) csrf: String,
    /// What tells the form that asks for its dossier from any other.
    dossier_mark: Markup,
    /// The records it is tied to.
    pub(super) named: Named,
    /// The records of the same conflict.
    group: Group,
    /// Where a consultation stands among the others.
    tree: Option<TreePage>,
    /// Its steps.
    standing: Standing,
}

impl Page {
    /// Whether an item has just been saved.
    fn is_new(&self, item: &str) -> bool {
        self.just_saved && self.new_item.as_deref() == Some(item)
    }

    /// Whether an item that is nested in this one has.
    fn is_new_inside(&self, item: &Map<String, Value>) -> bool {
        let lists = item.values().filter_map(Value::as_object);
        lists.flat_map(Map::keys).any(|id| self.is_new(id))
    }

    /// Where what has just been saved is, as far as is known.
    fn saved_here(&self, speech: Speech<'_>) -> String {
        let saved = speech.say_of("saved-at", &[("office", &self.own_name(speech))]);
        let first = sentence(speech, &self.receipts, &self.offices).into_iter().next();
        match first {
            Some(first) => speech.say_of("saved-where", &[("saved", &saved), ("where", &first.text)]),
            None => saved,
        }
    }

    fn own_name(&self, speech: Speech<'_>) -> String {
        let here = self.receipts.iter().find(|receipt| receipt.state == ReceiptState::Here);
        here.and_then(|here| here.name.clone()).unwrap_or_else(|| speech.say("office-unnamed"))
    }
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Markup, PageError> {
    let of = (kind_of(&kinds)?, id.parse().map_err(|_| PageError::NotFound)?);
    page(&pages, &visitor, of, shown, None).await
}

/// A record's page. `refused`: a step that somebody has just tried in vain.
pub(super) async fn page(
    pages: &Shared,
    visitor: &Visitor,
    (kind, id): (Kind, RecordId),
    shown: Shown,
    refused: Option<step::Refused>,
) -> Result<Markup, PageError> {
    let asked = move |engine: &mut toguna_protocol::engine::Engine<_>| {
        let record = engine.record(id)?;
        let mut named = Named::new();
        for other in tie::others(&record.fields) {
            // What is not here yet has no name.
            if let Ok(found) = engine.record(other) {
                let title = found.fields.get("title").and_then(Value::as_str).unwrap_or_default();
                named.insert(other, (found.kind, title.to_owned()));
            }
        }
        Ok::<_, toguna_protocol::engine::QueryError>((record, engine.receipts(id)?, engine.offices(), named))
    };
    let (record, receipts, offices, named) = pages.app.ask(asked).await??;
    if record.kind != kind {
        return Err(PageError::NotFound);
    }
    let today = days::today(pages.now());
    let (group, tree) = pages
        .read(move |views| {
            let under = TreeFilter { under: Some(id), today, ..TreeFilter::default() };
            let tree = (kind == Kind::Consultation).then(|| views.tree(&under, 0, BELOW)).transpose()?;
            Ok((views.groups(&[id])?.pop().unwrap_or_default(), tree))
        })
        .await?;
    let standing = Standing::of(pages, &record, refused)?;
    let page = Page {
        record,
        receipts,
        offices,
        just_saved: shown.saved.is_some(),
        new_item: shown.at,
        only: shown.only,
        today,
        may_write: visitor.may_write(),
        csrf: visitor.csrf(),
        dossier_mark: drafts::mark(&Given::default())?,
        named,
        group,
        tree,
        standing,
    };
    let speech = visitor.speech(pages);
    let body = show::body(speech, &page);
    let title = title(speech, &page.record.fields);
    Ok(layout::page(speech, Some(visitor), &format!("/{}", plural(kind)), &title, &body))
}

/// A record's title.
pub(super) fn title(speech: Speech<'_>, fields: &Map<String, Value>) -> String {
    let title = fields.get("title").and_then(Value::as_str).unwrap_or_default();
    if title.is_empty() { speech.say("untitled") } else { title.to_owned() }
}

/// The name of the office with this key.
pub(super) fn office_name(speech: Speech<'_>, offices: &[Office], author: &toguna_protocol::ids::AuthorKey) -> String {
    let office = offices.iter().find(|office| office.author == *author);
    office.and_then(|office| office.name.clone()).unwrap_or_else(|| speech.say("office-unnamed"))
}

/// Who made a change, where and when. What no person signed is the office's own.
pub(super) fn stamped(speech: Speech<'_>, offices: &[Office], stamp: &Stamp) -> String {
    let (office, moment) = (office_name(speech, offices, &stamp.office), speech.moment(stamp.at));
    if stamp.by == office {
        return format!("{office}, {moment}");
    }
    speech.say_of("changed-by", &[("person", &stamp.by), ("office", &office), ("moment", &moment)])
}

/// Where one is, above the heading.
pub(super) fn crumbs(speech: Speech<'_>, kind: Kind, record: Option<(RecordId, &str)>) -> Markup {
    html! {
        p.crumbs {
            a href=(format!("/{}", plural(kind))) { (speech.say(&format!("kind-{}.plural", kind.key()))) }
            @if let Some((id, title)) = record { " › " a href=(address(kind, id)) { (title) } }
        }
    }
}

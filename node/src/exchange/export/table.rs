//! What leaves of a record as the cells of a table, in the reader's language.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use toguna_protocol::{
    engine::{Office, rows::Stamp},
    ids::{AuthorKey, UnixSeconds},
    record::{
        Kind,
        common::Precision,
        schema::{Field, Shape},
    },
};

use super::shape::{Count, Held, Shown, counted};
use crate::{
    pack::{Pack, Term},
    words::{Lang, Words},
};

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(u64),
    Degrees(f64),
}

/// Turns records into cells.
pub(super) struct Tongue<'a> {
    pub(super) lang: Lang,
    pub(super) pack: &'a Pack,
    pub(super) words: &'a Words,
    offices: BTreeMap<AuthorKey, String>,
}

impl<'a> Tongue<'a> {
    pub(super) fn new(lang: Lang, pack: &'a Pack, offices: &[Office]) -> Self {
        let words = Words::embedded();
        let unnamed = words.say(lang, "office-unnamed");
        let name = |office: &Office| office.name.clone().unwrap_or_else(|| unnamed.clone());
        Tongue { lang, pack, words, offices: offices.iter().map(|office| (office.author, name(office))).collect() }
    }

    pub(super) fn say(&self, id: &str) -> String {
        self.words.say(self.lang, id)
    }

    pub(super) fn office(&self, author: &AuthorKey) -> String {
        self.offices.get(author).cloned().unwrap_or_else(|| self.say("office-unnamed"))
    }

    /// The heads of the columns.
    pub(super) fn heads(&self, kind: Kind, texts: bool) -> Vec<String> {
        let label = |path: &[&str]| self.words.label(self.lang, path);
        let mut heads = vec![self.say("export-id"), self.say("export-kind"), label(&["title"])];
        heads.extend([label(status_path(kind)), label(&["regions"]), label(&["date"]), label(&["place"])]);
        heads.extend(["precision", "lat", "lon"].map(|part| label(&["place", part])));
        heads.extend(counted(kind).iter().map(|path| label(&[&[kind.key()], *path].concat())));
        let of_office = ["created-office", "created-on", "updated-office", "updated-on", "to-complete"];
        heads.extend(of_office.map(|id| self.say(&format!("export-{id}"))));
        heads.push(label(&["sensitivity"]));
        if texts {
            heads.extend(narratives(kind).map(|field| label(&[kind.key(), field.name])));
        }
        heads
    }

    /// The cells of a record, under [`Self::heads`].
    pub(super) fn cells(&self, shown: &Shown) -> Vec<Cell> {
        let status = |key: &String| self.words.choice(self.lang, status_path(shown.kind), key);
        let regions: Vec<String> = shown.regions.iter().map(|key| self.region(key)).collect();
        let regions = if regions.is_empty() { self.say("whole-country") } else { regions.join(", ") };
        let precision = |precision: Precision| self.words.choice(self.lang, &["place", "precision"], precision.key());
        let degrees = |of: fn((f64, f64)) -> f64| shown.point.map_or(Cell::Empty, |point| Cell::Degrees(of(point)));
        let sensitivity = shown.sensitivity.as_deref().unwrap_or("internal");
        let mut cells = vec![
            Cell::Text(shown.id.to_string()),
            Cell::Text(self.say(&format!("kind-{}", shown.kind.key()))),
            self.held(&shown.title, String::clone),
            shown.status.as_ref().map_or(Cell::Empty, |key| Cell::Text(status(key))),
            Cell::Text(regions),
            self.held(&shown.date, |date| self.words.date(self.lang, date)),
            self.held(&shown.place, String::clone),
            shown.precision.map_or(Cell::Empty, |known| Cell::Text(precision(known))),
            degrees(|point| point.0),
            degrees(|point| point.1),
        ];
        cells.extend(shown.counts.iter().map(|count| match count {
            Count::Unstated => Cell::Empty,
            Count::Few => Cell::Text(FEWER.to_owned()),
            Count::Number(number) => Cell::Number(*number),
        }));
        cells.extend(self.stamp(&shown.created));
        cells.extend(self.stamp(&shown.updated));
        cells.push(Cell::Number(shown.to_complete));
        cells.push(Cell::Text(self.words.choice(self.lang, &["sensitivity"], sensitivity)));
        cells.extend(shown.texts.iter().map(|text| self.held(text, String::clone)));
        cells
    }

    fn held<T>(&self, value: &Held<T>, said: impl FnOnce(&T) -> String) -> Cell {
        match value {
            Held::Given(value) => Cell::Text(said(value)),
            Held::Unstated => Cell::Empty,
            Held::Withheld => Cell::Text(self.say("export-withheld")),
        }
    }

    fn region(&self, key: &str) -> String {
        let Some(region) = self.pack.region(key) else { return key.to_owned() };
        match self.lang {
            Lang::Fr => region.fr().to_owned(),
            Lang::En => region.en().to_owned(),
        }
    }

    fn stamp(&self, stamp: &Stamp) -> [Cell; 2] {
        [Cell::Text(self.office(&stamp.office)), day(stamp.at).map_or(Cell::Empty, Cell::Text)]
    }
}

/// How a small count is written.
pub(in crate::exchange) const FEWER: &str = "<5";

/// The day of a moment in the time of Mali, as spreadsheets sort it: `2026-11-26`.
pub(super) fn day(at: UnixSeconds) -> Option<String> {
    Some(Timestamp::from_second(at.0).ok()?.to_zoned(TimeZone::UTC).date().to_string())
}

/// Where the label of the status stands: of a conflict, the phase.
fn status_path(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Consultation => &["consultation", "status"],
        Kind::Conflict => &["conflict", "phase", "is"],
        Kind::Project => &["project", "status"],
    }
}

/// The narratives and notes of a kind.
pub(super) fn narratives(kind: Kind) -> impl Iterator<Item = &'static Field> {
    kind.schema().fields().filter(|field| matches!(field.shape, Shape::Narrative))
}

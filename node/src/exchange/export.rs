//! Lists that leave the office as files: CSV, XLSX and GeoJSON, filtered as seen, redacted, with a trace.
//!
//! ```text
//! views ─▶ outlines, page by page ─▶ rules, shape ─▶ table ─▶ csv, xlsx
//!                                                  └▶ geo        │
//!                                    journal ◀── nameless file ◀─┘ ─▶ bytes
//! ```
//!
//! - `rules` is the one table of what never leaves. Everything beside it only follows.
//! - The rows go to a file without a name in the data directory, which is gone when it is closed: an export that fails
//!   has sent nothing, and memory stays flat however many rows there are.
//! - The journal has the export before the first byte of it leaves (`journal`).

pub(super) mod csv;
mod geo;
mod journal;
mod note;
pub(super) mod rules;
pub(super) mod shape;
pub(super) mod table;
#[cfg(test)]
mod tests;
mod xlsx;

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::Path,
    str::FromStr,
};

use axum::body::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::Value;
use toguna_protocol::{
    engine::Engine,
    ids::{RecordId, UnixSeconds},
    projection::strictest_of,
    record::Kind,
};
use tokio::runtime::Handle;

pub use self::journal::{JOURNAL_FILE, Journal, JournalLine};
pub(crate) use self::rules::{FEW, is_still_to_come, may_be_recent};
use self::{
    csv::Csv,
    geo::Features,
    note::Situation,
    rules::Terms,
    shape::{Shown, Tally},
    table::{Tongue, day, narratives},
    xlsx::Book,
};
use crate::{
    app::{App, DriverError},
    flow,
    views::{Filter, Outline, ViewsError},
    words::Lang,
};

/// Records that are read at once.
const PAGE: usize = 100;

/// What a file of an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, with semicolons.
    Csv,
    /// A workbook of Office Open XML.
    Xlsx,
    /// Features of RFC 7946.
    GeoJson,
}

/// A text that names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a format of exports: write csv, xlsx or geojson")]
pub struct UnknownFormat;

impl Format {
    /// Every format, in the order in which pages offer them.
    pub const ALL: [Format; 3] = [Format::Csv, Format::Xlsx, Format::GeoJson];

    /// Its name, which files end in.
    pub fn key(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::GeoJson => "geojson",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "CSV",
            Format::Xlsx => "XLSX",
            Format::GeoJson => "GeoJSON",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::GeoJson => "application/geo+json",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(key: &str) -> Result<Self, UnknownFormat> {
        Format::ALL.into_iter().find(|format| format.key() == key).ok_or(UnknownFormat)
    }
}

/// What is to be exported, and for whom.
#[derive(Debug, Clone)]
pub struct Order {
    /// Of one kind: each has columns of its own.
    pub kind: Kind,
    /// Which records; its kind is [`Order::kind`] whatever it says.
    pub filter: Filter,
    /// The file.
    pub format: Format,
    /// The language of heads and labels.
    pub lang: Lang,
    /// With narratives and notes: only for somebody who may have them.
    pub texts: bool,
    /// The moment of the export, by this office's clock.
    pub now: UnixSeconds,
    /// Who takes it, as the journal will say.
    pub by: String,
    /// The role of that person's account, where it is one.
    pub role: Option<&'static str>,
    /// How it was asked for: `page` or `command`.
    pub way: &'static str,
}

/// An export that is ready to leave, and that the journal has.
#[derive(Debug)]
pub struct Export {
    /// The name of the file: kind and date, and nothing of what was asked for.
    pub name: String,
    /// How many records are in it.
    pub rows: u64,
    /// How many were left out by the rules.
    pub left_out: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// What stands before the rows.
    pub head: Vec<u8>,
    /// The rows.
    pub rest: File,
    /// What stands behind them.
    pub tail: &'static [u8],
}

impl Export {
    /// Its bytes as they are read. An export that could be made fails now only if the disk does.
    pub fn into_pieces(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let Export { head, rest, tail, .. } = self;
        let one = |bytes: Bytes| stream::iter((!bytes.is_empty()).then_some(Ok(bytes)));
        one(Bytes::from(head)).chain(flow::pieces(rest)).chain(one(Bytes::from_static(tail)))
    }
}

/// There is no export. Nothing has left, and nothing of a record stands in the error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The views.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
    /// The disk, for the rows or the journal.
    #[error("writing an export: {0}")]
    Disk(#[from] io::Error),
    /// The journal could not take it.
    #[error("writing the journal of exports: {0}")]
    Journal(#[source] io::Error),
    /// A row of CSV could not be written.
    #[error("writing an export as CSV: {0}")]
    Csv(#[from] ::csv::Error),
    /// A workbook could not be written, or cannot hold so many rows.
    #[error("writing an export as a workbook: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// A feature could not be written.
    #[error("writing an export as GeoJSON: {0}")]
    Json(#[from] serde_json::Error),
    /// More columns than a sheet takes.
    #[error("writing an export as a workbook: there are too many columns")]
    TooWide,
    /// The thread that made it is gone.
    #[error("an export broke off")]
    BrokeOff,
}

/// Makes an export and writes it into the journal.
///
/// # Errors
/// See [`ExportError`].
pub async fn export(app: &App, order: Order) -> Result<Export, ExportError> {
    let (own, offices) = app.ask(|engine| (engine.author(), engine.offices())).await?;
    let situation = Situation { now: order.now, own, offices, complete: app.views().is_complete() };
    let (app, handle) = (app.clone(), Handle::current());
    let made = tokio::task::spawn_blocking(move || make(&app, &order, &situation, &handle)).await;
    made.map_err(|_| ExportError::BrokeOff)?
}

fn make(app: &App, order: &Order, situation: &Situation, handle: &Handle) -> Result<Export, ExportError> {
    let terms = Terms::new(order.format, order.texts, order.now, app.pack());
    let tongue = Tongue::new(order.lang, app.pack(), &situation.offices);
    let mut tally = Tally::default();
    let mut sheet = Sheet::new(order, &terms, &tongue, app.data_dir())?;
    let ids = app.views().matching(&Filter { kind: Some(order.kind), ..order.filter.clone() })?;
    for page in ids.chunks(PAGE) {
        let mut outlines = app.views().outlines(page)?;
        let texts = handle.block_on(beside(app, &mut outlines, terms.texts))?;
        for (outline, texts) in outlines.iter().zip(texts) {
            if let Some(shown) = shape::shown(outline, texts, &terms, &mut tally) {
                sheet.put(&shown, &tongue, &mut tally)?;
            }
        }
    }
    let note = note::lines(situation, &terms, &tally, &tongue);
    let (head, mut rest, tail) = sheet.finish(order, &terms, &tongue, &note)?;
    rest.rewind()?;
    let left_out = tally.left_out.values().sum();
    let bytes = head.len() as u64 + rest.metadata()?.len() + tail.len() as u64;
    Journal::of(app.data_dir()).add(&line(order, &tally, left_out)).map_err(ExportError::Journal)?;
    let date = day(order.now).unwrap_or_default();
    let name = format!("{}s-{date}.{}", order.kind.key(), order.format.key());
    Ok(Export { name, rows: tally.rows, left_out, bytes, head, rest, tail })
}

fn line(order: &Order, tally: &Tally, left_out: u64) -> JournalLine {
    // Whatever an address asks for; only what some record has is a key, and no text of somebody's own.
    let is_key = tally.rows + left_out > 0;
    let key = |asked: &Option<String>| asked.clone().filter(|_| is_key);
    JournalLine {
        at: order.now,
        by: order.by.clone(),
        role: order.role.map(str::to_owned),
        way: order.way.to_owned(),
        kind: order.kind.key().to_owned(),
        region: key(&order.filter.region),
        status: key(&order.filter.status),
        origin: key(&order.filter.origin),
        stake: key(&order.filter.stake.as_ref().map(|stake| stake.asked.clone())),
        own: order.filter.without_events,
        words: order.filter.text.is_some(),
        format: order.format.key().to_owned(),
        texts: order.texts && order.format != Format::GeoJson,
        rows: tally.rows,
        left_out,
    }
}

/// What the views do not have: narratives, if they are wanted, for each outline; and of a record for whose sensitivity
/// offices gave different values, the strictest of them, which is put in.
async fn beside(app: &App, outlines: &mut [Outline], texts: bool) -> Result<Vec<Vec<Option<String>>>, DriverError> {
    let asked: Vec<(RecordId, Kind, bool)> = outlines
        .iter()
        .map(|outline| (outline.listed.id, outline.listed.kind, texts || outline.listed.concurrent > 0))
        .collect();
    if asked.iter().all(|(.., wanted)| !wanted) {
        return Ok(vec![Vec::new(); outlines.len()]);
    }
    let found = app.ask(move |engine| asked.into_iter().map(|asked| read(engine, asked, texts)).collect::<Vec<_>>());
    let mut all = Vec::with_capacity(outlines.len());
    for (outline, (texts, strictest)) in outlines.iter_mut().zip(found.await?) {
        outline.sensitivity = strictest.or(outline.sensitivity.take());
        all.push(texts);
    }
    Ok(all)
}

/// Narratives of one record, and the strictest of its sensitivities if it has several.
fn read<S: toguna_protocol::shelf::Shelf>(
    engine: &mut Engine<S>,
    (id, kind, wanted): (RecordId, Kind, bool),
    texts: bool,
) -> (Vec<Option<String>>, Option<String>) {
    // A record that went away meanwhile has none.
    let Some(view) = wanted.then(|| engine.record(id).ok()).flatten() else { return (Vec::new(), None) };
    let text = |name: &str| view.fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let told = if texts { narratives(kind).map(|field| text(field.name)).collect() } else { Vec::new() };
    let clashing = view.concurrent.iter().find(|field| field.field == "/sensitivity");
    let strictest = clashing.and_then(|field| strictest_of(field.values.iter().map(|seen| seen.value.as_str())));
    (told, strictest)
}

/// A file that is being written.
enum Sheet {
    Csv(Box<Csv<BufWriter<File>>>, File),
    Xlsx(Box<Book>, File),
    GeoJson(Features<BufWriter<File>>, File),
}

impl Sheet {
    fn new(order: &Order, terms: &Terms<'_>, tongue: &Tongue<'_>, room: &Path) -> Result<Self, ExportError> {
        let file = tempfile::tempfile_in(room)?;
        let out = BufWriter::new(file.try_clone()?);
        Ok(match order.format {
            Format::Csv => Sheet::Csv(Box::new(Csv::new(out, order.lang)), file),
            Format::GeoJson => Sheet::GeoJson(Features::new(out), file),
            Format::Xlsx => {
                let names = [tongue.say("export-situation"), tongue.say(&format!("kind-{}.plural", order.kind.key()))];
                let heads = tongue.heads(order.kind, terms.texts);
                Sheet::Xlsx(Box::new(Book::new(room, names.each_ref().map(String::as_str), &heads)?), file)
            }
        })
    }

    fn put(&mut self, shown: &Shown, tongue: &Tongue<'_>, tally: &mut Tally) -> Result<(), ExportError> {
        match self {
            Sheet::Csv(csv, _) => csv.row(&tongue.cells(shown))?,
            Sheet::Xlsx(book, _) => book.row(&tongue.cells(shown))?,
            Sheet::GeoJson(features, _) => {
                if !features.record(shown, tongue)? {
                    tally.leave_out("no-point");
                    return Ok(());
                }
            }
        }
        tally.rows += 1;
        tally.tied += u64::from(shown.tied);
        Ok(())
    }

    /// What stands before the rows, the rows, and what stands behind them.
    fn finish(
        self,
        order: &Order,
        terms: &Terms<'_>,
        tongue: &Tongue<'_>,
        note: &[String],
    ) -> Result<(Vec<u8>, File, &'static [u8]), ExportError> {
        match self {
            Sheet::Csv(csv, file) => {
                csv.finish()?;
                Ok((csv::head(&note.join(" · "), &tongue.heads(order.kind, terms.texts))?, file, b""))
            }
            Sheet::GeoJson(features, file) => {
                features.finish()?;
                Ok((geo::head(note)?, file, geo::TAIL))
            }
            Sheet::Xlsx(book, file) => {
                let mut out = BufWriter::new(file.try_clone()?);
                book.finish(note, &mut out)?;
                out.flush()?;
                Ok((Vec::new(), file, b""))
            }
        }
    }
}

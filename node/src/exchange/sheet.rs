//! Tables that people have: one CSV file holds records of one kind, one a row.
//!
//! ```text
//! bytes ─▶ text (text) ─▶ rows (grid) ─▶ columns (columns) ─▶ values (cells) ─▶ drafts
//! ```
//!
//! - Columns are known by the label of their field in French or English, or by its key; cells hold labels or keys.
//! - Whatever is wrong is told by its cell, in the words of a page or of the command line (`said`). What stands in the
//!   cell is in a [`CellFault`] for whoever sent the file, and must not get into a log.
//! - A row's key is its `source_ref`, or the id of the record that an export gives, or else made of what the row says:
//!   so the same file adds nothing a second time, and a corrected one only the rows that were corrected.

mod cells;
mod columns;
mod compare;
mod grid;
mod said;
mod template;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use serde_json::{Map, Value, json};
use toguna_protocol::{
    limits,
    record::{Kind, Vocabulary, canonical_json, schema::Shape},
};

use self::{
    cells::{Cells, Read},
    grid::Grid,
};
pub use self::{
    columns::{Column, Head, Meaning, columns},
    compare::{Standing, Taken, Twin, compare},
    said::{excerpt, label, takes},
    template::template,
    text::Charset,
};
use super::{Draft, Position, RECORD, check};
use crate::pack::{Pack, placed};

/// Bytes of a file.
pub const MAX_FILE: usize = 8_000_000;

/// Rows that hold records.
pub const MAX_ROWS: usize = 5_000;

/// Columns of a row.
pub const MAX_COLUMNS: usize = 200;

/// Characters of a cell: as many as the longest text of a record.
pub const MAX_CELL: usize = limits::MAX_LONG_TEXT;

/// Faults that are told one by one.
pub const MAX_FAULTS: usize = 50;

/// Rows among the first in which the heads of columns are looked for.
const HEAD_ROWS: usize = 10;

/// How the key begins that is made of a row.
const ROW_KEY: &str = "csv:";

/// A file that was understood, row by row.
#[derive(Debug)]
pub struct Sheet {
    /// What its records are.
    pub kind: Kind,
    /// How its letters were read.
    pub charset: Charset,
    /// What stands between its cells.
    pub separator: char,
    /// The row with the heads, from 1.
    pub head_row: usize,
    /// Its columns.
    pub heads: Vec<Head>,
    /// The records of the rows without fault. [`Position::line`] is the row as a spreadsheet counts.
    pub drafts: Vec<Draft>,
    /// The first of all faults, in the order of rows.
    pub faults: Vec<CellFault>,
    /// How many faults there are.
    pub faults_in_all: usize,
    /// How many rows have one.
    pub faulty_rows: usize,
    /// Cells in which an export said that it withholds something. They count as empty.
    pub withheld: usize,
}

impl Sheet {
    /// Whether rows or columns stay out when the rest is imported.
    pub fn leaves_something(&self) -> bool {
        self.faulty_rows > 0 || self.unknown().next().is_some()
    }

    /// Columns that hold something and that no field is known for.
    pub fn unknown(&self) -> impl Iterator<Item = &Head> {
        self.heads.iter().filter(|head| head.filled && matches!(head.meaning, Meaning::Unknown { .. }))
    }

    /// Whether an export of a node made it.
    pub fn is_export(&self) -> bool {
        self.heads.iter().any(|head| head.meaning == Meaning::Id)
    }

    /// Takes out a draft that has turned out to be at fault.
    fn refuse_draft(&mut self, at: usize, code: &'static str, besides: Besides) {
        let draft = self.drafts.remove(at);
        let key = |head: &Head| head.meaning == Meaning::Id || head.is_of("/source_ref");
        let (row, column) = (draft.at.line, self.heads.iter().position(key));
        self.faulty_rows += 1;
        self.faults_in_all += 1;
        self.faults.push(CellFault { row, column, code, value: excerpt(&draft.source_ref), besides });
        self.faults.sort_by_key(|fault| fault.row);
        self.faults.truncate(MAX_FAULTS);
    }
}

/// What is wrong with a cell. Holds what stands in it: for the person who sent it, not for logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// The row as a spreadsheet counts, from 1.
    pub row: usize,
    /// The place of the column in [`Sheet::heads`]; absent where it is the row as a whole.
    pub column: Option<usize>,
    /// Why, for programs: the message `import-fault-…` says it in words.
    pub code: &'static str,
    /// What stands there, no more than a few words of it.
    pub value: String,
    /// What the message says besides: another row, choices, a limit.
    pub besides: Besides,
}

/// What the message about a fault says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Besides {
    /// Nothing.
    Nothing,
    /// A number: of another row, or how much is allowed.
    Number(usize),
    /// The kind that the row says it is of.
    Kind(Kind),
    /// Keys that are allowed, of which the nearest come first.
    Keys(Vec<String>),
    /// The engine's own words.
    Words(&'static str),
}

/// A file that cannot be read as a table of records. Nothing of it was looked at further. Holds names of columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is too large.
    #[error("the file has more than {MAX_FILE} bytes")]
    TooLarge,
    /// It is a workbook of a spreadsheet program.
    #[error("the file is a workbook and no CSV")]
    Workbook,
    /// It is no text.
    #[error("the file is no text")]
    NotText,
    /// It has too many rows.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// It has too many columns.
    #[error("the file has more than {MAX_COLUMNS} columns")]
    TooManyColumns,
    /// No row names the columns.
    #[error("none of the first rows names the columns, of which the title must be one")]
    NoHeads {
        /// What the first row with several cells names, where there is one.
        found: Vec<String>,
    },
    /// Two columns are for the same field.
    #[error("columns {first} and {second} are both for one field")]
    Twice {
        /// The first column, from 1.
        first: usize,
        /// The second.
        second: usize,
    },
    /// It has a column for what may not be entered yet.
    #[error("column {column} is for what may not be entered yet")]
    Closed {
        /// The column, from 1.
        column: usize,
        /// Its field.
        field: &'static str,
    },
    /// Below the heads there is nothing.
    #[error("the file has no rows below the names of its columns")]
    NoRows,
}

/// Whether a file can be read as a table at all, without a look at its cells.
///
/// # Errors
/// Why it cannot.
pub fn look_into(bytes: &[u8], kind: Kind) -> Result<(), Unreadable> {
    opened(bytes, kind).map(drop)
}

fn opened(bytes: &[u8], kind: Kind) -> Result<(Grid, Charset), Unreadable> {
    let (text, charset) = text::decoded(bytes)?;
    let grid = grid::read(&text, &columns::Names::of(kind))?;
    if grid.rows.is_empty() { Err(Unreadable::NoRows) } else { Ok((grid, charset)) }
}

/// Understands a file. `file`: its name, for [`Position`].
///
/// # Errors
/// Why the file as a whole is no table of records; faults of rows are in the sheet.
pub fn read(file: &str, bytes: &[u8], kind: Kind, pack: &Pack) -> Result<Sheet, Unreadable> {
    let (Grid { separator, head_row, mut heads, rows }, charset) = opened(bytes, kind)?;
    for (at, head) in heads.iter_mut().enumerate() {
        head.filled = rows.iter().any(|row| row.cells.get(at).is_some_and(|cell| !cell.trim().is_empty()));
    }
    let sheet = Sheet {
        kind,
        charset,
        separator,
        head_row,
        heads,
        drafts: Vec::with_capacity(rows.len()),
        faults: Vec::new(),
        faults_in_all: 0,
        faulty_rows: 0,
        withheld: 0,
    };
    let vocabulary = pack.vocabulary();
    let cells = Cells::of(&sheet.heads, kind, pack);
    let mut reading = Reading { sheet, file, pack, cells, vocabulary, first_use: BTreeMap::new() };
    rows.iter().for_each(|row| reading.row(row));
    Ok(reading.sheet)
}

struct Reading<'a> {
    sheet: Sheet,
    file: &'a str,
    pack: &'a Pack,
    cells: Cells<'a>,
    vocabulary: Vocabulary,
    /// Keys with the row that has them.
    first_use: BTreeMap<String, usize>,
}

impl Reading<'_> {
    fn row(&mut self, row: &grid::Row) {
        let faults = match self.draft(row) {
            Ok(draft) => return self.sheet.drafts.push(draft),
            Err(faults) => faults,
        };
        self.sheet.faulty_rows += 1;
        self.sheet.faults_in_all += faults.len();
        let room = MAX_FAULTS - self.sheet.faults.len();
        self.sheet.faults.extend(faults.into_iter().take(room));
    }

    fn draft(&mut self, row: &grid::Row) -> Result<Draft, Vec<CellFault>> {
        let mut faults = self.strays(row);
        let mut read = self.cells.row(row, &self.sheet.heads, &mut faults);
        self.sheet.withheld += read.withheld;
        if !read.fields.contains_key("title") && !faults.iter().any(|fault| fault.column == self.title()) {
            faults.push(self.fault(row, self.title(), "title-missing"));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (source_ref, by_row) = source_ref(self.sheet.kind, &mut read);
        let draft = self.drafted(row, read, source_ref);
        let problems = check::problems(&draft, &self.vocabulary);
        if !problems.is_empty() {
            return Err(problems.iter().map(|problem| self.refused(row, problem)).collect());
        }
        if let Some(first) = self.first_use.get(&draft.source_ref) {
            let code = if by_row { "row-twice" } else { "key-twice" };
            let column = if by_row { None } else { self.column_of("/source_ref") };
            return Err(vec![CellFault { besides: Besides::Number(*first), ..self.fault(row, column, code) }]);
        }
        self.first_use.insert(draft.source_ref.clone(), row.number);
        Ok(draft)
    }

    fn drafted(&self, row: &grid::Row, read: Read, source_ref: String) -> Draft {
        let mut record = read.fields;
        if let Some(place) = record.remove("place") {
            record.insert("place".to_owned(), placed::placed(place, &Value::Null, self.pack.places()));
        }
        record.insert("kind".to_owned(), json!(self.sheet.kind.key()));
        record.insert("source_ref".to_owned(), json!(source_ref));
        let at = Position { file: self.file.to_owned(), line: row.number };
        Draft { source_ref, kind: self.sheet.kind, record, links: Vec::new(), at }
    }

    /// Cells beside the columns, and a text that runs over what was meant to be rows.
    fn strays(&self, row: &grid::Row) -> Vec<CellFault> {
        let mut faults = Vec::new();
        let beside = row.cells.iter().skip(self.sheet.heads.len()).any(|cell| !cell.trim().is_empty());
        if beside {
            let heads = Besides::Number(self.sheet.heads.len());
            faults.push(CellFault { besides: heads, ..self.fault(row, None, "too-many-cells") });
        }
        if let Some(at) = row.open_quote {
            let column = Some(at).filter(|at| *at < self.sheet.heads.len());
            faults.push(self.fault(row, column, "quote-open"));
        }
        faults
    }

    /// What the rules of records say of a row.
    fn refused(&self, row: &grid::Row, problem: &toguna_protocol::record::Problem) -> CellFault {
        let column = self.column_of(&problem.pointer);
        let code = match problem.code {
            "too-long" => "too-long",
            "control-character" => "control-character",
            "incomplete" => "incomplete",
            "too-many" => "too-many",
            "too-large" => "too-large",
            "bad-date" => "not-a-date",
            "bad-number" => "not-a-number",
            "bad-coordinate" => "not-a-coordinate",
            _ => "refused",
        };
        let besides = match code {
            "too-long" => Besides::Number(column.map_or(limits::MAX_SHORT_TEXT, |at| self.room(at))),
            _ => Besides::Words(problem.detail),
        };
        CellFault { besides, ..self.fault(row, column, code) }
    }

    /// Characters that a column's field takes.
    fn room(&self, column: usize) -> usize {
        match &self.sheet.heads[column].meaning {
            Meaning::Field(column) => match column.shape() {
                Shape::Paragraph => limits::MAX_PARAGRAPH,
                Shape::Narrative => limits::MAX_LONG_TEXT,
                _ => limits::MAX_SHORT_TEXT,
            },
            _ => limits::MAX_SHORT_TEXT,
        }
    }

    fn title(&self) -> Option<usize> {
        self.column_of("/title")
    }

    /// The column of a field, or of the part of one, by its JSON pointer.
    fn column_of(&self, pointer: &str) -> Option<usize> {
        let of = |exact: bool| {
            self.sheet.heads.iter().position(|head| match &head.meaning {
                Meaning::Field(column) if exact => column.pointer() == pointer,
                Meaning::Field(column) => pointer.starts_with(&format!("/{}", column.field.name)),
                Meaning::Id => pointer == "/source_ref",
                _ => false,
            })
        };
        of(true).or_else(|| of(false)).filter(|_| !pointer.is_empty())
    }

    fn fault(&self, row: &grid::Row, column: Option<usize>, code: &'static str) -> CellFault {
        let value = column.and_then(|at| row.cells.get(at)).map(|cell| excerpt(cell)).unwrap_or_default();
        CellFault { row: row.number, column, code, value, besides: Besides::Nothing }
    }
}

/// The key of a row, and whether it was made of the row itself.
fn source_ref(kind: Kind, read: &mut Read) -> (String, bool) {
    if let Some(id) = read.id {
        return (format!("{RECORD}{id}"), false);
    }
    if let Some(Value::String(key)) = read.fields.get("source_ref") {
        return (key.clone(), false);
    }
    (row_key(kind, &read.fields), true)
}

/// Whether a key was made here, of a row or of an id, and nobody has written it.
pub fn is_made(source_ref: &str) -> bool {
    source_ref.starts_with(ROW_KEY) || source_ref.starts_with(RECORD)
}

/// What a row says, as a key: equal for two rows that say the same, however each writes it.
fn row_key(kind: Kind, fields: &Map<String, Value>) -> String {
    let said = canonical_json(&json!([kind.key(), fields]));
    let key = BASE32_NOPAD.encode(&blake3::hash(said.as_bytes()).as_bytes()[..16]).to_lowercase();
    format!("{ROW_KEY}{key}")
}

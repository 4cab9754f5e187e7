//! From text to rows: which sign stands between cells, which row names the columns, and where each row stands.

use csv::{ReaderBuilder, StringRecord};

use super::{
    HEAD_ROWS, MAX_COLUMNS, MAX_ROWS, Unreadable,
    columns::{Head, Meaning, Names},
    excerpt,
};

/// What may stand between cells, the most usual in French first.
const SEPARATORS: [char; 3] = [';', '\t', ','];

/// A file as rows.
pub(super) struct Grid {
    pub(super) separator: char,
    /// The row with the heads, from 1.
    pub(super) head_row: usize,
    pub(super) heads: Vec<Head>,
    /// Those below, without empty ones.
    pub(super) rows: Vec<Row>,
}

/// A row.
pub(super) struct Row {
    /// As a spreadsheet counts, from 1.
    pub(super) number: usize,
    pub(super) cells: Vec<String>,
    /// The cell in which a quotation mark seems not to be closed: it holds what looks like further rows.
    pub(super) open_quote: Option<usize>,
}

/// Reads all rows. The sign between cells is the one by which most columns are known.
pub(super) fn read(text: &str, names: &Names) -> Result<Grid, Unreadable> {
    let mut best: Option<(usize, char, usize, Vec<Head>)> = None;
    for separator in SEPARATORS {
        let Some((head_row, heads)) = head_of(text, separator, names)? else { continue };
        let known = heads.iter().filter(|head| !matches!(head.meaning, Meaning::Unknown { .. })).count();
        if best.as_ref().is_none_or(|(most, ..)| known > *most) {
            best = Some((known, separator, head_row, heads));
        }
    }
    let Some((_, separator, head_row, heads)) = best else { return Err(no_heads(text)) };
    refuse_twice(&heads)?;
    // An even number of marks closes all of them.
    let odd = !text.matches('"').count().is_multiple_of(2);
    let mut rows = Vec::new();
    for row in Rows::of(text, separator) {
        let Row { number, cells, .. } = row;
        if number <= head_row || cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MAX_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        if cells.len() > MAX_COLUMNS {
            return Err(Unreadable::TooManyColumns);
        }
        let runs_on = |cell: &String| cell.contains('\n') && cell.contains(separator);
        let open_quote = if odd { cells.iter().position(runs_on) } else { None };
        rows.push(Row { number, cells, open_quote });
    }
    Ok(Grid { separator, head_row, heads, rows })
}

/// The first row that names the title among its columns.
fn head_of(text: &str, separator: char, names: &Names) -> Result<Option<(usize, Vec<Head>)>, Unreadable> {
    for row in Rows::of(text, separator).take(HEAD_ROWS) {
        // Never taken apart further than a table may go.
        let heads: Vec<Head> = row.cells.iter().take(MAX_COLUMNS + 1).map(|cell| names.head(cell)).collect();
        let names_title = heads.iter().any(|head| head.is_of("/title"));
        if names_title && heads.len() > MAX_COLUMNS {
            return Err(Unreadable::TooManyColumns);
        }
        if names_title {
            return Ok(Some((row.number, without_empty_end(heads))));
        }
    }
    Ok(None)
}

/// Columns behind the last that has a name are none.
fn without_empty_end(mut heads: Vec<Head>) -> Vec<Head> {
    while heads.last().is_some_and(|head| head.name.is_empty()) {
        heads.pop();
    }
    heads
}

fn refuse_twice(heads: &[Head]) -> Result<(), Unreadable> {
    for (at, head) in heads.iter().enumerate() {
        if let Meaning::Closed(field) = head.meaning {
            return Err(Unreadable::Closed { column: at + 1, field });
        }
        let same = |other: &Head| match (&head.meaning, &other.meaning) {
            (Meaning::Field(one), Meaning::Field(other)) => one.pointer() == other.pointer(),
            // Both are keys of the row.
            (Meaning::Field(key), Meaning::Id) | (Meaning::Id, Meaning::Field(key)) => key.pointer() == "/source_ref",
            (Meaning::Id, Meaning::Id) | (Meaning::Kind, Meaning::Kind) => true,
            _ => false,
        };
        if let Some(first) = heads[..at].iter().position(same) {
            return Err(Unreadable::Twice { first: first + 1, second: at + 1 });
        }
    }
    Ok(())
}

/// What the first row with several cells names, by the sign that divides it best.
fn no_heads(text: &str) -> Unreadable {
    let rows = SEPARATORS.map(|separator| Rows::of(text, separator).next().map(|row| row.cells).unwrap_or_default());
    let widest = rows.into_iter().reduce(|one, other| if other.len() > one.len() { other } else { one });
    let found = widest.unwrap_or_default();
    if found.len() > MAX_COLUMNS {
        return Unreadable::TooManyColumns;
    }
    Unreadable::NoHeads { found: found.iter().map(|cell| excerpt(cell)).filter(|cell| !cell.is_empty()).collect() }
}

/// The rows of a text, as a spreadsheet counts them: line ends within quotation marks begin none, empty lines are some.
struct Rows<'t> {
    reader: csv::Reader<&'t [u8]>,
    /// Line ends within cells so far.
    within: usize,
    /// The row before.
    last: usize,
}

impl<'t> Rows<'t> {
    fn of(text: &'t str, separator: char) -> Self {
        let mut settings = ReaderBuilder::new();
        let separator = u8::try_from(separator).unwrap_or(b';');
        let reader = settings.delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
        Rows { reader, within: 0, last: 0 }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let mut record = StringRecord::new();
        // The text is UTF-8 and rows may be of any length: nothing else can go wrong.
        if !self.reader.read_record(&mut record).ok()? {
            return None;
        }
        self.within += record.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
        // Where the next row begins; where this one does is not told if empty lines stand before it.
        let next = self.reader.position().line() as usize;
        // A cell that runs to the end of the text has taken its row's own line end.
        let number = next.saturating_sub(1 + self.within).max(self.last + 1);
        self.last = number;
        Some(Row { number, cells: record.iter().map(str::to_owned).collect(), open_quote: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_as_a_spreadsheet_counts_them() {
        let text = "note\n\na;b\n\"one\ntwo\nthree\";x\n\n\"y\nz\";\nlast;1\n";
        let rows: Vec<(usize, Vec<String>)> = Rows::of(text, ';').map(|row| (row.number, row.cells)).collect();
        let numbers: Vec<usize> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 4, 6, 7], "{rows:?}");
        assert_eq!(rows[2].1, ["one\ntwo\nthree", "x"]);
    }
}

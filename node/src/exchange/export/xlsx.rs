//! Workbooks of two sheets: the situation, and the table. Rows go to a nameless file as they come, so that memory stays
//! flat however many there are.

use std::{io::Write, path::Path};

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::{ExportError, table::Cell};

/// Characters of a cell at most, in units of UTF-16.
const LONGEST: usize = 32_767;

/// Widths of columns, in characters.
const WIDTH: f64 = 18.0;
const WIDE: f64 = 100.0;

/// A workbook that is being written.
pub(super) struct Book {
    book: Workbook,
    next: u32,
}

impl Book {
    /// Begins a workbook; `room` is the directory of the nameless files.
    pub(super) fn new(room: &Path, names: [&str; 2], heads: &[String]) -> Result<Self, ExportError> {
        let mut book = Workbook::new();
        book.set_tempdir(room)?;
        for name in names {
            book.add_worksheet_with_constant_memory().set_name(name)?;
        }
        let bold = Format::new().set_bold();
        let table = book.worksheet_from_index(1)?;
        // In this mode what stands before the rows has to be said before them.
        for column in 0..heads.len() {
            table.set_column_width(column_number(column)?, WIDTH)?;
        }
        table.set_freeze_panes(1, 0)?;
        for (column, head) in heads.iter().enumerate() {
            table.write_string_with_format(0, column_number(column)?, clipped(head), &bold)?;
        }
        Ok(Book { book, next: 1 })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Beside the disk's: more rows than a sheet takes (1,048,576).
    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<(), ExportError> {
        let table = self.book.worksheet_from_index(1)?;
        for (column, cell) in cells.iter().enumerate() {
            put(table, self.next, column_number(column)?, cell)?;
        }
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    /// Writes the situation, a line a row, and then the whole workbook.
    pub(super) fn finish(mut self, note: &[String], out: impl Write + Send) -> Result<(), ExportError> {
        let situation = self.book.worksheet_from_index(0)?;
        situation.set_column_width(0, WIDE)?;
        for (row, line) in (0..).zip(note) {
            situation.write_string(row, 0, clipped(line))?;
        }
        Ok(self.book.save_to_writer(out)?)
    }
}

fn column_number(column: usize) -> Result<u16, ExportError> {
    u16::try_from(column).map_err(|_| ExportError::TooWide)
}

/// Always as text or number, never as what a text may look like.
fn put(table: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<(), ExportError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => drop(table.write_string(row, column, clipped(text))?),
        Cell::Number(number) => drop(table.write_number(row, column, *number as f64)?),
        Cell::Degrees(degrees) => drop(table.write_number(row, column, *degrees)?),
    }
    Ok(())
}

/// A text no longer than a cell may be; one that was cut ends in an ellipsis.
fn clipped(text: &str) -> String {
    if text.encode_utf16().count() <= LONGEST {
        return text.to_owned();
    }
    let mut room = LONGEST - 1;
    let fits = |letter: &char| {
        let taken = letter.len_utf16();
        let fits = taken <= room;
        room = room.saturating_sub(taken);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_cell_ends() {
        let fits = "é".repeat(LONGEST);
        assert_eq!(clipped(&fits), fits);
        let cut = clipped(&"🙂".repeat(LONGEST));
        assert!(cut.encode_utf16().count() <= LONGEST && cut.ends_with("🙂…"));
    }
}

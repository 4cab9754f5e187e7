//! CSV as French spreadsheets open it with a double click: UTF-8 with a byte order mark, semicolons, decimal comma.

use std::io::Write;

use super::{ExportError, table::Cell};
use crate::words::Lang;

/// Says to spreadsheets that UTF-8 follows.
const MARK: &str = "\u{feff}";

/// Letters with which a spreadsheet would take a cell for a formula; the wide ones of East Asia too, which some fold.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// What stands before the rows: the mark, the note as one cell, the heads.
pub(in crate::exchange) fn head(note: &str, heads: &[String]) -> Result<Vec<u8>, ExportError> {
    let mut head = MARK.as_bytes().to_vec();
    let mut writer = Csv::new(&mut head, Lang::Fr);
    writer.row(&[Cell::Text(note.to_owned())])?;
    writer.row(&heads.iter().cloned().map(Cell::Text).collect::<Vec<_>>())?;
    writer.finish()?;
    Ok(head)
}

/// Writes rows.
pub(super) struct Csv<W: Write> {
    writer: csv::Writer<W>,
    lang: Lang,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(out: W, lang: Lang) -> Self {
        let mut settings = csv::WriterBuilder::new();
        settings.delimiter(b';').terminator(csv::Terminator::CRLF).flexible(true);
        Csv { writer: settings.from_writer(out), lang }
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<(), ExportError> {
        Ok(self.writer.write_record(cells.iter().map(|cell| written(cell, self.lang)))?)
    }

    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

fn written(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Number(number) => number.to_string(),
        // Made here of a number, so that a minus before it begins no formula.
        Cell::Degrees(degrees) => match lang {
            Lang::Fr => format!("{degrees:.5}").replace('.', ","),
            Lang::En => format!("{degrees:.5}"),
        },
    }
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    match text.trim_start_matches(' ').starts_with(FORMULA) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The text that somebody meant by a cell: without the apostrophe that [`harmless`] puts before one.
pub(in crate::exchange) fn meant(cell: &str) -> &str {
    let text = cell.strip_prefix('\'').unwrap_or(cell);
    if text.trim_start_matches(' ').starts_with(FORMULA) { text } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_is_a_text() {
        let table = [
            ("=1+1", "'=1+1"),
            ("+33 1", "'+33 1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(harmless(text), expected, "{text:?}");
            assert_eq!(meant(expected), text, "{text:?}");
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be_and_numbers_follow_the_language() {
        let row = [
            Cell::Text("a;b".into()),
            Cell::Text("dit « \"oui\" »\nhier".into()),
            Cell::Empty,
            Cell::Number(12),
            Cell::Degrees(-0.04),
        ];
        for (lang, end) in [(Lang::Fr, "-0,04000"), (Lang::En, "-0.04000")] {
            let mut out = Vec::new();
            let mut writer = Csv::new(&mut out, lang);
            writer.row(&row).unwrap();
            writer.finish().unwrap();
            let expected = format!("\"a;b\";\"dit « \"\"oui\"\" »\nhier\";;12;{end}\r\n");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn the_file_begins_with_the_mark_and_the_note() {
        let head = head("Situation arrêtée ; au", &["Intitulé".to_owned(), "Lieu".to_owned()]).unwrap();
        assert_eq!(String::from_utf8(head).unwrap(), "\u{feff}\"Situation arrêtée ; au\"\r\nIntitulé;Lieu\r\n");
    }
}

//! A file to be filled in, which reads back as it is.

use fluent_bundle::FluentValue;
use toguna_protocol::record::Kind;

use super::{columns, label};
use crate::{
    exchange::export::{ExportError, csv},
    words::{Lang, Words},
};

/// The heads of all columns of a kind, below a line that says how to fill them in: CSV as a French spreadsheet opens it.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn template(kind: Kind, lang: Lang) -> Result<Vec<u8>, ExportError> {
    let words = Words::embedded();
    let kinds = FluentValue::from(words.say(lang, &format!("kind-{kind}.plural")));
    let note = words.say_with(lang, "import-template-note", &[("kinds", kinds)]);
    let heads: Vec<String> = columns(kind).iter().map(|column| label(words, lang, column)).collect();
    csv::head(&note, &heads)
}

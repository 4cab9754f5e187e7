//! What a command says: JSON for scripts, or lines and tables for people.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{Exit, Failure};
use crate::pack::Pack;

/// Columns of a table where the terminal does not say how wide it is.
const USUAL_WIDTH: u16 = 110;
/// Columns beyond which lines get hard to read.
const WIDEST: u16 = 160;

/// Letters of the longest mark that a line may begin with.
const MARK: usize = 10;

/// How often a sign of life moves.
const TICK: Duration = Duration::from_millis(200);

/// Where a command's answer goes.
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Out { json }
    }

    /// Whether the answer is to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One line.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) -> Result<(), Failure> {
        self.text(&format!("{}\n", line.as_ref()))
    }

    /// An answer for scripts.
    pub(crate) fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.text(&format!("{value:#}\n"))
    }

    /// Text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // Whoever read it has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(|error| Failure::new(Exit::Failed, format!("writing the answer: {error}"))),
        }
    }
}

/// How many columns a line may take.
pub(crate) fn width() -> u16 {
    let size = if io::stdout().is_terminal() { ratatui::crossterm::terminal::size().ok() } else { None };
    size.map_or(USUAL_WIDTH, |(columns, _)| columns.clamp(40, WIDEST))
}

/// An empty table with these column heads; a head that begins with `>` stands over numbers.
pub(crate) fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width());
    table.set_header(heads.iter().map(|head| head.trim_start_matches('>')));
    for (at, column) in table.column_iter_mut().enumerate() {
        if heads[at].starts_with('>') {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A bar for work that is counted; shown on a terminal only, and only after a moment.
pub(crate) fn bar(what: &str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// A sign of life for work that is not counted; on a terminal only.
pub(crate) fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    spinner.enable_steady_tick(TICK);
    spinner
}

/// A value as people write it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), thousands),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => {
            let parts = parts.iter().map(|(name, value)| match value {
                Value::Bool(true) => words(name).to_lowercase(),
                value => format!("{} {}", words(name).to_lowercase(), plain(value)),
            });
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

/// An amount in minor units, with its currency.
pub(crate) fn money(amount: i64, currency: &str, pack: &Pack) -> String {
    let digits = pack.currencies().iter().find(|known| known.key == currency).map_or(0, |known| known.minor_digits);
    let unit = 10_i64.pow(u32::from(digits));
    let cents = amount % unit;
    match cents {
        0 => format!("{} {currency}", thousands(amount / unit)),
        cents => format!("{}.{:0width$} {currency}", thousands(amount / unit), cents, width = usize::from(digits)),
    }
}

/// A field's name as words: `start_date` → `Start date`.
pub(crate) fn words(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A moment of the API in this machine's time zone; a dash where there is none.
pub(crate) fn moment(value: Option<&Value>) -> String {
    match value.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(at) => at.to_zoned(TimeZone::system()).strftime("%-d %b %Y, %H:%M").to_string(),
        None => "–".to_owned(),
    }
}

/// How long ago a moment of the API was.
pub(crate) fn ago(value: Option<&Value>) -> String {
    let Some(at) = value.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok()) else {
        return "never".to_owned();
    };
    span((Timestamp::now().as_second() - at.as_second()).max(0).unsigned_abs()) + " ago"
}

/// A length of time in its largest unit.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The first letters of an id, enough for a person.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// `1 record`, `2 records`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    let number = thousands(i64::try_from(count).unwrap_or(i64::MAX));
    format!("{number} {}", if count == 1 { one } else { many })
}

/// Text with a line break wherever a line would be longer than `width`. What a line begins with, blanks and a time in
/// front of it, is the indentation of what follows it; lines that fit are kept as they are.
pub(crate) fn folded(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        if paragraph.chars().count() <= width {
            lines.push(paragraph.to_owned());
            continue;
        }
        let (head, body) = head_of(paragraph);
        let indent = " ".repeat(head.chars().count());
        let mut line = head.to_owned();
        let mut is_begun = false;
        for word in body.split_whitespace() {
            if is_begun && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::replace(&mut line, indent.clone()));
                is_begun = false;
            }
            if is_begun {
                line.push(' ');
            }
            line.push_str(word);
            is_begun = true;
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// A line's indentation, with a short mark that two blanks set apart from the rest, and the rest.
fn head_of(line: &str) -> (&str, &str) {
    let blanks = line.len() - line.trim_start().len();
    let head = match line[blanks..].find("  ") {
        Some(mark) if mark < MARK => blanks + mark + 2,
        _ => blanks,
    };
    line.split_at(head)
}

/// How this program was called, for the commands it proposes.
pub(crate) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "toguna".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_and_times_are_written_for_people() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (-4_730_000, "-4,730,000")];
        for (number, expected) in cases {
            assert_eq!(thousands(number), expected);
        }
        assert_eq!(words("start_date"), "Start date");
        let spans = [(59, "59 s"), (60, "1 min"), (7_200, "2 h"), (200_000, "2 days")];
        for (seconds, expected) in spans {
            assert_eq!(span(seconds), expected);
        }
        assert_eq!((ago(None).as_str(), moment(None).as_str()), ("never", "–"));
        assert_eq!(plain(&serde_json::json!({"is": "open", "since": "2009-11"})), "is open, since 2009-11");
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        let cases = [
            ("one two three\n\nfour", 8, "one two\nthree\n\nfour"),
            ("  one two three", 9, "  one two\n  three"),
            ("12.5 s  one two three", 15, "12.5 s  one two\n        three"),
        ];
        for (text, width, expected) in cases {
            assert_eq!(folded(text, width), expected);
        }
    }
}

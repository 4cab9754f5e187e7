//! Columns and faults in words.

use fluent_bundle::FluentValue;
use toguna_protocol::record::{List, has_forbidden, schema::Shape};

use super::{Besides, CellFault, Column, MAX_COLUMNS, MAX_FILE, MAX_ROWS, Meaning, Sheet, Unreadable};
use crate::{
    pack::{Pack, Term},
    words::{Lang, Words, number},
};

/// Characters of a cell that are repeated.
const EXCERPT: usize = 60;

/// Members of a list that are named where a column takes more.
const LISTED: usize = 40;

/// A few words of what stands in a cell, on one line and fit for a screen.
pub fn excerpt(cell: &str) -> String {
    let mut shown = String::new();
    for (at, letter) in cell.trim().chars().enumerate() {
        if at == EXCERPT {
            shown.push('…');
            break;
        }
        shown.push(match letter {
            '\n' | '\t' => ' ',
            letter if has_forbidden(letter.encode_utf8(&mut [0; 4])) => char::REPLACEMENT_CHARACTER,
            letter => letter,
        });
    }
    shown
}

/// What a column is called.
pub fn label(words: &Words, lang: Lang, column: &Column) -> String {
    let path = column.path();
    words.label(lang, if column.is_main() { &path[..2] } else { &path })
}

/// What the cells of a column take.
pub fn takes(words: &Words, lang: Lang, pack: &Pack, column: &Column) -> String {
    let list = |names: Vec<String>| {
        let more = names.len() > LISTED;
        let mut text = names.into_iter().take(LISTED).collect::<Vec<_>>().join(" · ");
        if more {
            text.push_str(" · …");
        }
        text
    };
    let what = match column.member() {
        Shape::Choice(keys) => list(keys.iter().map(|key| words.choice(lang, &column.path(), key)).collect()),
        Shape::Key(List::Places) => words.say(lang, "import-takes-place-key"),
        Shape::Key(of) => list(pack.terms(*of).into_iter().map(|term| name(lang, term)).collect()),
        Shape::Date => words.say(lang, "import-takes-date"),
        Shape::Count => words.say(lang, "import-takes-number"),
        Shape::Degrees(_) => words.say(lang, "import-takes-degrees"),
        Shape::Amount => words.say(lang, "import-takes-amount"),
        Shape::Currency => list(pack.currencies().iter().map(|currency| currency.key.clone()).collect()),
        _ => words.say(lang, "import-takes-text"),
    };
    match column.shape() {
        Shape::Set(_) => words.say_with(lang, "import-takes-several", &[("what", FluentValue::from(what))]),
        _ => what,
    }
}

fn name(lang: Lang, term: &dyn Term) -> String {
    match lang {
        Lang::Fr => term.fr().to_owned(),
        Lang::En => term.en().to_owned(),
    }
}

/// What a key of a column is called.
fn key_name(words: &Words, lang: Lang, pack: &Pack, column: &Column, key: &str) -> String {
    match column.member() {
        Shape::Key(List::Regions) => pack.region(key).map_or_else(|| key.to_owned(), |region| name(lang, region)),
        Shape::Key(list) => {
            let term = pack.terms(*list).into_iter().find(|term| term.key() == key);
            term.map_or_else(|| key.to_owned(), |term| name(lang, term))
        }
        _ => words.choice(lang, &column.path(), key),
    }
}

impl CellFault {
    /// Where it is and what is wrong, with what would be right. `repeated`: with what stands in the cell, which is for
    /// whoever sent it and not for logs.
    pub fn said(&self, sheet: &Sheet, words: &Words, lang: Lang, pack: &Pack, repeated: bool) -> String {
        let head = self.column.and_then(|at| Some((at, sheet.heads.get(at)?)));
        let column = head.and_then(|(_, head)| match &head.meaning {
            Meaning::Field(column) => Some(*column),
            _ => None,
        });
        let row = FluentValue::from(number(lang, self.row as u64));
        let at = match head {
            Some((at, head)) => {
                let name = column.map_or_else(|| head.name.clone(), |column| label(words, lang, &column));
                let name = if name.is_empty() { (at + 1).to_string() } else { name };
                words.say_with(lang, "import-at", &[("row", row), ("column", FluentValue::from(name))])
            }
            None => words.say_with(lang, "import-at-row", &[("row", row)]),
        };
        let what = match self.value.as_str() {
            value if repeated && !value.is_empty() => {
                words.say_with(lang, "import-what", &[("value", FluentValue::from(value))])
            }
            _ => words.say(lang, "import-what-unsaid"),
        };
        let mut values = vec![("what", FluentValue::from(what))];
        match &self.besides {
            Besides::Nothing => {}
            Besides::Number(count) => values.push(("number", FluentValue::from(number(lang, *count as u64)))),
            Besides::Kind(kind) => {
                values.push(("kind", FluentValue::from(words.say(lang, &format!("kind-{kind}.plural")))));
            }
            Besides::Words(detail) => values.push(("detail", FluentValue::from(*detail))),
            Besides::Keys(keys) => {
                let name = |key: &String| {
                    column.map_or_else(|| key.clone(), |column| key_name(words, lang, pack, &column, key))
                };
                let choices = keys.iter().map(name).collect::<Vec<_>>().join(" · ");
                values.push(("choices", FluentValue::from(choices)));
            }
        }
        let why = words.say_with(lang, &format!("import-fault-{}", self.code), &values);
        words.say_with(lang, "import-fault", &[("at", FluentValue::from(at)), ("why", FluentValue::from(why))])
    }
}

impl Unreadable {
    /// Why, and what to do.
    pub fn said(&self, words: &Words, lang: Lang, kind: toguna_protocol::record::Kind) -> String {
        let count = |count: usize| FluentValue::from(number(lang, count as u64));
        let title = || FluentValue::from(words.label(lang, &["title"]));
        match self {
            Unreadable::Empty => words.say(lang, "import-unreadable-empty"),
            Unreadable::TooLarge => {
                words.say_with(lang, "import-unreadable-too-large", &[("number", count(MAX_FILE / 1_000_000))])
            }
            Unreadable::Workbook => words.say(lang, "import-unreadable-workbook"),
            Unreadable::NotText => words.say(lang, "import-unreadable-not-text"),
            Unreadable::TooManyRows => {
                words.say_with(lang, "import-unreadable-too-many-rows", &[("number", count(MAX_ROWS))])
            }
            Unreadable::TooManyColumns => {
                words.say_with(lang, "import-unreadable-too-many-columns", &[("number", count(MAX_COLUMNS))])
            }
            Unreadable::NoRows => words.say(lang, "import-unreadable-no-rows"),
            Unreadable::NoHeads { found } => {
                let found = FluentValue::from(found.iter().take(LISTED).cloned().collect::<Vec<_>>().join(" · "));
                words.say_with(lang, "import-unreadable-no-heads", &[("found", found), ("title", title())])
            }
            Unreadable::Twice { first, second } => {
                words.say_with(lang, "import-unreadable-twice", &[("first", count(*first)), ("second", count(*second))])
            }
            Unreadable::Closed { column, field } => {
                let field = words.label(lang, &[kind.key(), field]);
                let values = [("number", count(*column)), ("column", FluentValue::from(field))];
                words.say_with(lang, "import-unreadable-closed", &values)
            }
        }
    }
}

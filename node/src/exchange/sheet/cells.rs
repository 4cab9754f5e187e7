//! From cells to values: labels become keys, dates and numbers are read as people type them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use toguna_protocol::{
    ids::RecordId,
    record::{Kind, List, schema::Shape},
};

use super::{
    Besides, CellFault, Column, MAX_CELL,
    columns::{Head, Meaning, folded, nearest},
    excerpt, grid,
};
use crate::{
    exchange::export::{csv::meant, table::FEWER},
    pack::Pack,
    words::{Lang, Words, typed},
};

/// Words that may stand before the name of a region.
const BEFORE_REGIONS: [&str; 10] = ["region", "district", "de", "du", "d", "la", "le", "l", "of", "the"];

/// Choices that a fault names.
const NAMED: usize = 3;

/// What a row says.
pub(super) struct Read {
    pub(super) fields: Map<String, Value>,
    /// The record that it is, where an export says so.
    pub(super) id: Option<RecordId>,
    /// Cells that an export withholds.
    pub(super) withheld: usize,
}

/// Why a cell has no value.
struct Wrong {
    code: &'static str,
    besides: Besides,
}

impl From<&'static str> for Wrong {
    fn from(code: &'static str) -> Self {
        Wrong { code, besides: Besides::Nothing }
    }
}

/// Reads the cells of a sheet.
pub(super) struct Cells<'a> {
    kind: Kind,
    pack: &'a Pack,
    /// For each column that takes keys: folded labels and keys, with the key that each stands for.
    keys: Vec<BTreeMap<String, String>>,
    /// What an export writes for what it withholds, folded.
    withheld: [String; 2],
    /// What stands for the whole country, folded.
    whole_country: [String; 2],
}

impl<'a> Cells<'a> {
    pub(super) fn of(heads: &[Head], kind: Kind, pack: &'a Pack) -> Self {
        let both = |id: &str| Lang::ALL.map(|lang| folded(&Words::embedded().say(lang, id)));
        let keys = heads.iter().map(|head| match &head.meaning {
            Meaning::Field(column) => keys_of(column, pack),
            _ => BTreeMap::new(),
        });
        let keys = keys.collect();
        Cells { kind, pack, keys, withheld: both("export-withheld"), whole_country: both("whole-country") }
    }

    /// All that a row says; what is wrong with it goes to `faults`.
    pub(super) fn row(&self, row: &grid::Row, heads: &[Head], faults: &mut Vec<CellFault>) -> Read {
        let mut read = Read { fields: Map::new(), id: None, withheld: 0 };
        for (at, (head, cell)) in heads.iter().zip(&row.cells).enumerate() {
            let text = meant(cell).trim();
            if text.is_empty() {
                continue;
            }
            let done = match &head.meaning {
                _ if cell.chars().count() > MAX_CELL => Err("cell-too-long".into()),
                Meaning::Field(column) if self.is_withheld(column, text) => {
                    read.withheld += 1;
                    if column.field.name == "title" { Err("title-withheld".into()) } else { Ok(()) }
                }
                Meaning::Field(column) => {
                    self.value(at, column, text).map(|value| put(&mut read.fields, column, value))
                }
                Meaning::Id => text.parse().map(|id| read.id = Some(id)).map_err(|_| "not-an-id".into()),
                Meaning::Kind => self.same_kind(text),
                Meaning::Told | Meaning::Closed(_) | Meaning::Unknown { .. } => Ok(()),
            };
            if let Err(Wrong { code, besides }) = done {
                faults.push(CellFault { row: row.number, column: Some(at), code, value: excerpt(cell), besides });
            }
        }
        self.money(row, heads, &mut read.fields, faults);
        read
    }

    /// Whether an export says that it withholds this.
    fn is_withheld(&self, column: &Column, text: &str) -> bool {
        let is_few = text == FEWER && matches!(column.shape(), Shape::Count);
        is_few || text.starts_with('(') && self.withheld.contains(&folded(text))
    }

    /// A row of an export must be of the kind that is imported.
    fn same_kind(&self, text: &str) -> Result<(), Wrong> {
        let words = Words::embedded();
        let is = |kind: &Kind| {
            let labels = Lang::ALL.map(|lang| folded(&words.say(lang, &format!("kind-{kind}"))));
            folded(kind.key()) == folded(text) || labels.contains(&folded(text))
        };
        match Kind::ALL.iter().find(|kind| is(kind)) {
            Some(kind) if *kind == self.kind => Ok(()),
            Some(other) => Err(Wrong { code: "other-kind", besides: Besides::Kind(*other) }),
            None => Err("not-a-kind".into()),
        }
    }

    fn value(&self, at: usize, column: &Column, text: &str) -> Result<Option<Value>, Wrong> {
        match column.shape() {
            Shape::Set(inner) => self.set(at, inner, text),
            shape => self.single(at, shape, text),
        }
    }

    fn single(&self, at: usize, shape: &Shape, text: &str) -> Result<Option<Value>, Wrong> {
        let value = match shape {
            Shape::Date => json!(typed::date(text).ok_or("not-a-date")?.to_string()),
            Shape::Count => json!(typed::count(text).ok_or("not-a-number")?),
            Shape::Degrees(_) => json!(typed::degrees(text).ok_or("not-a-coordinate")?),
            Shape::Key(List::Places) => match self.pack.places().get(text) {
                Some(place) => json!(place.key),
                None => return Err("not-a-place-key".into()),
            },
            Shape::Choice(_) | Shape::Key(_) => json!(self.key(at, shape, text)?),
            Shape::Currency => json!(self.currency(text).ok_or("not-a-currency")?),
            // What it is of, the currency of another cell tells; see `money`.
            Shape::Amount => json!(text),
            // A title that a spreadsheet shows on two lines is still one.
            Shape::Line => json!(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            _ => json!(text),
        };
        Ok(Some(value))
    }

    /// Members stand between bars, semicolons or on lines of their own; keys between commas too, which names of
    /// institutions hold themselves.
    fn set(&self, at: usize, inner: &Shape, text: &str) -> Result<Option<Value>, Wrong> {
        let of_regions = matches!(inner, Shape::Key(List::Regions));
        if of_regions && self.whole_country.contains(&folded(text)) {
            return Ok(None);
        }
        let is_free = matches!(inner, Shape::Line);
        let divided: Vec<&str> = text.split(['|', '\n', ';']).collect();
        let divided = match divided[..] {
            // A label may hold a comma itself.
            [one] if !is_free && self.key(at, inner, one).is_err() => one.split(',').collect(),
            _ => divided,
        };
        let mut members = BTreeSet::new();
        for member in divided.into_iter().map(str::trim).filter(|member| !member.is_empty()) {
            if let Some(Value::String(member)) = self.single(at, inner, member)? {
                members.insert(member);
            }
        }
        Ok((!members.is_empty()).then(|| json!(members)))
    }

    fn key(&self, at: usize, shape: &Shape, text: &str) -> Result<String, Wrong> {
        let keys = &self.keys[at];
        let name = named(shape, text);
        if let Some(key) = keys.get(&name) {
            return Ok(key.clone());
        }
        let code = match shape {
            Shape::Key(List::Regions) => "not-a-region",
            _ => "not-a-choice",
        };
        let near = nearest(&name, keys.keys().map(String::as_str)).into_iter().map(|name| &keys[name]);
        let mut named: Vec<String> = Vec::new();
        near.for_each(|key| {
            if named.len() < NAMED && !named.contains(key) {
                named.push(key.clone());
            }
        });
        // Where nothing is like it, the first of the list show what is meant.
        if named.is_empty() {
            named = first_keys(shape, self.pack);
        }
        Err(Wrong { code, besides: Besides::Keys(named) })
    }

    /// A currency by its code or its name: XOF, franc CFA, F CFA, FCFA.
    fn currency(&self, text: &str) -> Option<String> {
        let asked = folded(text);
        let is_called = |name: &str| {
            let name = folded(name.split('(').next().unwrap_or_default());
            let short = name.char_indices().next().map(|(_, first)| match name.split_once(' ') {
                Some((_, rest)) => format!("{first} {rest}"),
                None => name.clone(),
            });
            let short = short.unwrap_or_default();
            asked == name || asked == short || asked == short.replace(' ', "")
        };
        let mut known = self.pack.currencies().iter();
        let found = known.find(|known| asked == folded(&known.key) || is_called(&known.fr) || is_called(&known.en));
        found.map(|known| known.key.clone())
    }

    /// Turns amounts as they are written into the currency's minor unit. The currency stands behind the amount or in a
    /// column of its own.
    fn money(&self, row: &grid::Row, heads: &[Head], fields: &mut Map<String, Value>, faults: &mut Vec<CellFault>) {
        for (at, head) in heads.iter().enumerate() {
            let Meaning::Field(column) = &head.meaning else { continue };
            if !matches!(column.shape(), Shape::Amount) {
                continue;
            }
            let Some(Value::Object(money)) = fields.get_mut(column.field.name) else { continue };
            // A currency says nothing where there is no amount.
            if !money.contains_key("amount") {
                fields.remove(column.field.name);
                continue;
            }
            match self.amount(money) {
                Ok(amount) => drop(money.insert("amount".to_owned(), amount)),
                Err(code) => {
                    let value = row.cells.get(at).map(|cell| excerpt(cell)).unwrap_or_default();
                    faults.push(CellFault {
                        row: row.number,
                        column: Some(at),
                        code,
                        value,
                        besides: Besides::Nothing,
                    });
                }
            }
        }
    }

    fn amount(&self, money: &mut Map<String, Value>) -> Result<Value, &'static str> {
        let text = money.get("amount").and_then(Value::as_str).unwrap_or_default().to_owned();
        let ends = text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |last| last + 1);
        let (number, behind) = (text[..ends].trim(), text[ends..].trim());
        let written = (!behind.is_empty()).then(|| self.currency(behind).ok_or("not-an-amount")).transpose()?;
        let beside = money.get("currency").and_then(Value::as_str).map(str::to_owned);
        if written.is_some() && beside.is_some() && written != beside {
            return Err("two-currencies");
        }
        let currency = written.or(beside).ok_or("no-currency")?;
        let amount = typed::amount(number, self.pack.minor_digits(&currency)).ok_or("not-an-amount")?;
        money.insert("currency".to_owned(), json!(currency));
        Ok(json!(amount))
    }
}

/// Puts a value where its column belongs.
fn put(fields: &mut Map<String, Value>, column: &Column, value: Option<Value>) {
    let Some(value) = value else { return };
    match column.part {
        None => drop(fields.insert(column.field.name.to_owned(), value)),
        Some(part) => {
            let field = fields.entry(column.field.name.to_owned()).or_insert_with(|| json!({}));
            field[part.name] = value;
        }
    }
}

/// A label or key as it is compared: of regions without what stands before their name.
fn named(shape: &Shape, text: &str) -> String {
    let name = folded(text);
    if !matches!(shape, Shape::Key(List::Regions)) {
        return name;
    }
    let words: Vec<&str> = name.split(' ').skip_while(|word| BEFORE_REGIONS.contains(word)).collect();
    if words.is_empty() { name } else { words.join(" ") }
}

/// The keys that a column takes, by their folded labels. A label of two keys stands for neither.
fn keys_of(column: &Column, pack: &Pack) -> BTreeMap<String, String> {
    let shape = column.member();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &str, key: &str| {
        found.entry(named(shape, name)).or_default().insert(key.to_owned());
    };
    match shape {
        Shape::Choice(keys) => {
            for key in *keys {
                add(key, key);
                Lang::ALL.iter().for_each(|lang| add(&Words::embedded().choice(*lang, &column.path(), key), key));
            }
        }
        Shape::Key(list) => {
            let older = pack.gazetteers().iter().flat_map(|version| &version.regions);
            let older = older.filter(|_| *list == List::Regions).map(|region| region as &dyn crate::pack::Term);
            for term in pack.terms(*list).into_iter().chain(older) {
                [term.key(), term.fr(), term.en()].into_iter().for_each(|name| add(name, term.key()));
            }
        }
        _ => {}
    }
    found
        .into_iter()
        .filter_map(|(name, keys)| (keys.len() == 1).then(|| keys.into_iter().next().map(|key| (name, key)))?)
        .collect()
}

/// The first keys that a field takes, in their usual order.
fn first_keys(shape: &Shape, pack: &Pack) -> Vec<String> {
    match shape {
        Shape::Choice(keys) => keys.iter().take(NAMED).map(|key| (*key).to_owned()).collect(),
        Shape::Key(list) => pack.terms(*list).iter().take(NAMED).map(|term| term.key().to_owned()).collect(),
        _ => Vec::new(),
    }
}

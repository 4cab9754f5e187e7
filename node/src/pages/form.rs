//! Forms and records: what a person typed becomes a merge patch, and a record becomes what stands in a form.
//!
//! An input's name is the field's JSON pointer without the first slash: `title`, `phase/is`, `incidents/new/date`. A form
//! may show any part of a record; what it does not name is left alone, and what stands in it as it was read is not written,
//! so that two people who edit one record disturb each other only where they really disagree.

pub(super) mod inputs;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use toguna_protocol::record::{
    Date,
    schema::{Field, Shape},
};

pub(super) use crate::pack::placed::{is_place, rounded_degrees};
use crate::{
    pack::{Pack, placed},
    words::typed,
};

/// What a form holds: input name → values, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given(BTreeMap<String, Vec<String>>);

/// Something typed that cannot be understood, before anybody looks at rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// JSON pointer of the field.
    pub(super) pointer: String,
    /// Why: the message `problem-…` says it in words.
    pub(super) code: String,
}

/// Inputs of one form at most: the longest record with all its items has fewer.
const MAX_INPUTS: usize = 20_000;

impl Given {
    /// What a browser sent, in order. `None` where there are more inputs than a form of ours has.
    pub(super) fn of_pairs(pairs: Vec<(String, String)>) -> Option<Self> {
        if pairs.len() > MAX_INPUTS {
            return None;
        }
        let mut given = Given::default();
        for (name, value) in pairs {
            // Browsers send line ends as CR LF (HTML, "multipart/form-data and urlencoded").
            given.0.entry(name).or_default().push(value.replace("\r\n", "\n"));
        }
        Some(given)
    }

    /// What stands in a form that shows these fields of a record.
    pub(super) fn of_record(fields: &[&'static Field], values: &Map<String, Value>, pack: &Pack) -> Self {
        let mut given = Given::default();
        given.fill(fields, values, "", pack);
        given
    }

    fn fill(&mut self, fields: &[&'static Field], values: &Map<String, Value>, before: &str, pack: &Pack) {
        for field in fields {
            if let Some(value) = values.get(field.name) {
                self.fill_one(&field.shape, value, &join(before, field.name), pack);
            }
        }
    }

    fn fill_one(&mut self, shape: &Shape, value: &Value, name: &str, pack: &Pack) {
        match (shape, value) {
            (Shape::Items(fields) | Shape::Ledger(fields), Value::Object(items)) => {
                let fields: Vec<&'static Field> = fields.iter().collect();
                for (id, item) in items {
                    let item = item.as_object().cloned().unwrap_or_default();
                    self.fill(&fields, &item, &join(name, id), pack);
                }
            }
            (Shape::Sheet(_, inner), Value::Object(rows)) => {
                rows.iter().for_each(|(key, row)| self.fill_one(inner, row, &join(name, key), pack));
            }
            (Shape::Compound { parts, .. }, Value::Object(compound)) => {
                for part in *parts {
                    let Some(value) = compound.get(part.name) else { continue };
                    let text = match part.shape {
                        Shape::Amount => amount_text(value, compound, pack),
                        _ => text_of(&part.shape, value),
                    };
                    self.set(&join(name, part.name), vec![text]);
                }
            }
            (Shape::Set(inner), Value::Array(members)) => {
                let members = members.iter().map(|member| text_of(inner, member)).collect::<Vec<_>>();
                let typed = matches!(inner, Shape::Line);
                self.set(name, if typed { vec![members.join("\n")] } else { members });
            }
            _ => self.set(name, vec![text_of(shape, value)]),
        }
    }

    fn set(&mut self, name: &str, values: Vec<String>) {
        self.0.insert(name.to_owned(), values);
    }

    /// The first value of an input; nothing where it is not in the form.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|values| values.first()).map(String::as_str)
    }

    /// All values of an input that are not empty.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Puts one value into an input.
    pub(super) fn put(&mut self, name: &str, value: String) {
        self.set(name, vec![value]);
    }

    /// The same form without some inputs.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// Whether the form has this input.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Everything that stands in the form, name by name.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())))
    }

    /// Whether anything stands in the inputs of a field.
    pub(super) fn is_filled(&self, field: &str) -> bool {
        let inside = format!("{field}/");
        let of = |name: &String| name == field || name.starts_with(&inside);
        self.0.iter().any(|(name, values)| of(name) && values.iter().any(|value| !value.is_empty()))
    }

    /// The same form, made from a newer version: what was not touched since `read` is as it is `now`.
    pub(super) fn rebased(mut self, read: &Given, now: &Given) -> Self {
        let of = |given: &Given, name: &str| given.all(name).map(str::to_owned).collect::<Vec<_>>();
        for name in self.0.keys().cloned().collect::<Vec<_>>() {
            if of(&self, &name) == of(read, &name) && of(read, &name) != of(now, &name) {
                self.0.insert(name.clone(), now.0.get(&name).cloned().unwrap_or_else(|| vec![String::new()]));
            }
        }
        self
    }

    /// What follows `name/` in the inputs' names up to the next slash: the ids of items, the keys of a sheet.
    pub(super) fn under(&self, name: &str) -> BTreeSet<String> {
        let start = format!("{name}/");
        let inside = self.0.range(start.clone()..).take_while(|(key, _)| key.starts_with(&start));
        inside.filter_map(|(key, _)| key[start.len()..].split('/').next()).map(str::to_owned).collect()
    }
}

fn join(before: &str, name: &str) -> String {
    if before.is_empty() { name.to_owned() } else { format!("{before}/{name}") }
}

/// A scalar as it stands in an input.
fn text_of(shape: &Shape, value: &Value) -> String {
    match (shape, value) {
        (Shape::Date, Value::String(date)) => date.parse::<Date>().map_or_else(|_| date.clone(), typed::date_text),
        (Shape::Flag, Value::Bool(flag)) => (if *flag { "yes" } else { "no" }).to_owned(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

/// An amount in the currency's major unit, with a comma before its minor digits.
fn amount_text(value: &Value, money: &Map<String, Value>, pack: &Pack) -> String {
    let Some(amount) = value.as_i64() else { return String::new() };
    let digits = minor_digits(money.get("currency").and_then(Value::as_str).unwrap_or_default(), pack);
    let unit = 10_i64.pow(u32::from(digits));
    match amount % unit {
        0 => (amount / unit).to_string(),
        rest => format!("{},{rest:0width$}", amount / unit, width = usize::from(digits)),
    }
}

/// Digits after the decimal mark of a currency; two where the pack does not know it, as most have.
pub(super) fn minor_digits(currency: &str, pack: &Pack) -> u8 {
    pack.minor_digits(currency)
}

/// What a form changes of a record, as a merge patch against the values that were read.
///
/// # Errors
/// All that cannot be understood of what was typed.
pub(super) fn patch(
    fields: &[&'static Field],
    given: &Given,
    read: &Map<String, Value>,
    pack: &Pack,
) -> Result<Map<String, Value>, Vec<Fault>> {
    let mut reading = Reading { given, pack, faults: Vec::new() };
    let patch = reading.object(fields, read, "");
    if reading.faults.is_empty() { Ok(patch) } else { Err(reading.faults) }
}

struct Reading<'a> {
    given: &'a Given,
    pack: &'a Pack,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, name: &str, code: &str) {
        self.faults.push(Fault { pointer: format!("/{name}"), code: code.to_owned() });
    }

    fn object(&mut self, fields: &[&'static Field], read: &Map<String, Value>, before: &str) -> Map<String, Value> {
        let mut patch = Map::new();
        for field in fields {
            let name = join(before, field.name);
            let was = read.get(field.name).unwrap_or(&Value::Null);
            let change = match field.shape {
                Shape::Items(inner) | Shape::Ledger(inner) => self.items(inner, was, &name),
                Shape::Sheet(_, inner) => self.sheet(inner, was, &name),
                Shape::Set(inner) => self.set(inner, was, &name),
                Shape::Sealed(_) | Shape::Restricted => None,
                Shape::Compound { parts, .. } if placed::is_place(parts) => self
                    .value(&field.shape, &name)
                    .map(|place| placed::placed(place, was, self.pack.places()))
                    .filter(|place| place != was),
                shape => self.value(&shape, &name).filter(|value| value != was),
            };
            if let Some(change) = change {
                patch.insert(field.name.to_owned(), change);
            }
        }
        patch
    }

    /// Items that are in the form. A new one of which nothing was filled in is none.
    fn items(&mut self, fields: &'static [Field], was: &Value, name: &str) -> Option<Value> {
        let fields: Vec<&'static Field> = fields.iter().collect();
        let mut changed = Map::new();
        for id in self.given.under(name) {
            let read = was.get(&id).and_then(Value::as_object).cloned().unwrap_or_default();
            let item = self.object(&fields, &read, &join(name, &id));
            if !item.is_empty() {
                changed.insert(id, Value::Object(item));
            }
        }
        (!changed.is_empty()).then_some(Value::Object(changed))
    }

    fn sheet(&mut self, inner: &Shape, was: &Value, name: &str) -> Option<Value> {
        let mut changed = Map::new();
        for key in self.given.under(name) {
            let value = self.value(inner, &join(name, &key));
            if let Some(value) = value.filter(|value| value != was.get(&key).unwrap_or(&Value::Null)) {
                changed.insert(key, value);
            }
        }
        (!changed.is_empty()).then_some(Value::Object(changed))
    }

    /// Members that came or went, one by one: what somebody else adds meanwhile stays.
    fn set(&mut self, inner: &Shape, was: &Value, name: &str) -> Option<Value> {
        if !self.given.names(name) {
            return None;
        }
        let lines = self.given.all(name).flat_map(|text| text.split('\n')).map(str::trim);
        let now: BTreeSet<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let was: BTreeSet<String> = was.as_array().into_iter().flatten().map(|member| text_of(inner, member)).collect();
        let added = now.difference(&was).map(|member| (member.clone(), Value::Bool(true)));
        let gone = was.difference(&now).map(|member| (member.clone(), Value::Null));
        let changed: Map<String, Value> = added.chain(gone).collect();
        (!changed.is_empty()).then_some(Value::Object(changed))
    }

    /// A value as it is written; null for nothing, `None` where the form does not have it.
    fn value(&mut self, shape: &Shape, name: &str) -> Option<Value> {
        match shape {
            Shape::Compound { parts, .. } => self.compound(parts, name),
            _ => {
                let text = self.given.text(name)?.to_owned();
                Some(self.scalar(shape, &text, name))
            }
        }
    }

    fn compound(&mut self, parts: &'static [Field], name: &str) -> Option<Value> {
        let mut found = false;
        let mut values = Map::new();
        for part in parts {
            let name = join(name, part.name);
            let Some(text) = self.given.text(&name).map(str::to_owned) else { continue };
            found = true;
            let value = match part.shape {
                Shape::Amount => self.amount(&text, &name),
                shape => self.scalar(&shape, &text, &name),
            };
            if !value.is_null() {
                values.insert(part.name.to_owned(), value);
            }
        }
        // A currency is chosen beforehand, and says nothing where there is no amount.
        if values.len() == 1 && values.contains_key("currency") {
            values.clear();
        }
        found.then(|| if values.is_empty() { Value::Null } else { Value::Object(values) })
    }

    fn scalar(&mut self, shape: &Shape, text: &str, name: &str) -> Value {
        // A narrative is kept as it was typed but for blanks at its end.
        let text = if matches!(shape, Shape::Narrative) { text.trim_end() } else { text.trim() };
        if text.is_empty() {
            return Value::Null;
        }
        match shape {
            Shape::Count => match typed::count(text) {
                Some(count) => count.into(),
                None => self.refuse(name, "not-a-number"),
            },
            Shape::Degrees(_) => match typed::degrees(text) {
                Some(degrees) => degrees.into(),
                None => self.refuse(name, "not-a-coordinate"),
            },
            Shape::Date => match typed::date(text) {
                Some(date) => date.to_string().into(),
                None => self.refuse(name, "not-a-date"),
            },
            Shape::Flag => match text {
                "yes" => true.into(),
                "no" => false.into(),
                _ => self.refuse(name, "not-a-choice"),
            },
            _ => text.into(),
        }
    }

    fn amount(&mut self, text: &str, name: &str) -> Value {
        if text.trim().is_empty() {
            return Value::Null;
        }
        let money = name.trim_end_matches("/amount");
        let currency = self.given.text(&join(money, "currency")).unwrap_or_default();
        let amount = typed::amount(text, minor_digits(currency, self.pack));
        match amount {
            Some(amount) => amount.into(),
            None => self.refuse(name, "not-an-amount"),
        }
    }

    fn refuse(&mut self, name: &str, code: &str) -> Value {
        self.fault(name, code);
        Value::Null
    }
}

#[cfg(test)]
mod tests;

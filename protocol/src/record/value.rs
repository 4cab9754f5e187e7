//! Single values: checked when they come from a person, turned into what the document keeps, and back.

use automerge::ScalarValue;
use serde_json::{Map, Value};

use crate::{
    ids::{ItemId, RecordId},
    limits::{MAX_AMOUNT, MAX_COUNT, MAX_PARAGRAPH, MAX_SHORT_TEXT},
};

use super::{
    date::Date,
    schema::{Field, Shape},
    text::{has_forbidden, readable_text, with_plain_line_ends},
    vocabulary::Vocabulary,
};

/// What is wrong with a value, and with which part of it; never the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Pointer below the field, empty for the whole.
    pub(super) part: String,
    pub(super) code: &'static str,
    pub(super) detail: &'static str,
}

fn fault(code: &'static str, detail: &'static str) -> Fault {
    Fault { part: String::new(), code, detail }
}

/// JSON with sorted keys and no blanks, whatever order the parser kept: one value, one text.
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort();
            let parts: Vec<String> = keys
                .iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), canonical_json(&object[*key])))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(array) => format!("[{}]", array.iter().map(canonical_json).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

const BAD_DATE: &str = "expected a date such as 2009-11-02, 2009-11, 2009, 2009-33 (first quarter), 2010/.. (after) or \
                        2005-03/2005-06, between the years 1800 and 2100";

/// Checks a value that a person wants to write. `None` when it says that there is none: null, or an empty text.
pub(super) fn check(shape: &Shape, value: &Value, vocabulary: &Vocabulary) -> Result<Option<Value>, Fault> {
    if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    let string = || value.as_str().map(str::trim).ok_or(fault("wrong-type", "expected a text"));
    let checked = match shape {
        Shape::Line => Value::from(line(string()?)?),
        Shape::Paragraph => Value::from(long_text(string()?, MAX_PARAGRAPH)?),
        Shape::Date => {
            let date: Date = string()?.parse().map_err(|_| fault("bad-date", BAD_DATE))?;
            Value::from(date.to_string())
        }
        Shape::Count => match value.as_u64() {
            Some(count) if count <= MAX_COUNT => Value::from(count),
            _ => return Err(fault("bad-number", "expected a whole number from 0 to 1,000,000,000")),
        },
        Shape::Amount => match value.as_i64() {
            Some(amount) if (0..=MAX_AMOUNT).contains(&amount) => Value::from(amount),
            _ => return Err(fault("bad-number", "expected a whole number of the currency's minor unit, not negative")),
        },
        Shape::Currency => match string()? {
            text if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) => Value::from(text),
            _ => return Err(fault("bad-currency", "expected three capital letters of ISO 4217, such as XOF")),
        },
        Shape::Degrees(limit) => match value.as_f64() {
            Some(degrees) if degrees.abs() <= f64::from(*limit) => Value::from((degrees * 1e5).round() / 1e5),
            _ => return Err(fault("bad-coordinate", "expected degrees, at most 90 north or south, 180 east or west")),
        },
        Shape::Flag => Value::from(value.as_bool().ok_or(fault("wrong-type", "expected true or false"))?),
        Shape::Choice(keys) => match string()? {
            key if keys.contains(&key) => Value::from(key),
            _ => return Err(fault("unknown-key", "expected one of the keys of this enumeration")),
        },
        Shape::Key(list) => match string()? {
            key if vocabulary.has(*list, key) => Value::from(key),
            _ => return Err(fault("unknown-key", "expected a key that the country pack lists")),
        },
        Shape::Record => {
            let id: RecordId = string()?.parse().map_err(|_| fault("bad-id", "expected the id of a record"))?;
            Value::from(id.to_string())
        }
        Shape::Item => {
            let id: ItemId = string()?.parse().map_err(|_| fault("bad-id", "expected the id of an item"))?;
            Value::from(id.to_string())
        }
        Shape::Compound { parts, together } => return compound(parts, together, value, vocabulary),
        Shape::Sealed(inner) => return check(inner, value, vocabulary),
        Shape::Narrative
        | Shape::Set(_)
        | Shape::Sheet(..)
        | Shape::Items(_)
        | Shape::Ledger(_)
        | Shape::Restricted => {
            return Err(fault("wrong-type", "expected a single value"));
        }
    };
    Ok(Some(checked))
}

fn compound(
    parts: &[Field],
    together: &[&str],
    value: &Value,
    vocabulary: &Vocabulary,
) -> Result<Option<Value>, Fault> {
    let given = value.as_object().ok_or(fault("wrong-type", "expected an object with the parts of this value"))?;
    let mut checked = Map::new();
    for (name, value) in given {
        let below = |fault: Fault| Fault { part: super::view::join("", name) + &fault.part, ..fault };
        let part = parts
            .iter()
            .find(|part| part.name == name)
            .ok_or_else(|| below(fault("unknown-field", "this value has no such part")))?;
        if let Some(value) = check(&part.shape, value, vocabulary).map_err(below)? {
            checked.insert(name.clone(), value);
        }
    }
    if together.iter().any(|part| checked.contains_key(*part))
        && !together.iter().all(|part| checked.contains_key(*part))
    {
        return Err(fault("incomplete", "some parts of this value are given only together"));
    }
    Ok((!checked.is_empty()).then_some(Value::Object(checked)))
}

/// A line, trimmed.
fn line(text: &str) -> Result<String, Fault> {
    if text.contains(['\n', '\r', '\t']) {
        return Err(fault("control-character", "expected a single line"));
    }
    long_text(text, MAX_SHORT_TEXT)
}

/// A text of several lines.
pub(super) fn long_text(text: &str, max: usize) -> Result<String, Fault> {
    let text = with_plain_line_ends(text);
    if text.chars().count() > max {
        return Err(fault("too-long", "the text is longer than this field takes"));
    }
    if has_forbidden(&text) {
        return Err(fault("control-character", "the text holds control characters or marks that change its direction"));
    }
    Ok(text)
}

/// What the document keeps for a checked value.
pub(super) fn stored(shape: &Shape, value: Option<&Value>) -> ScalarValue {
    let Some(value) = value else { return ScalarValue::Null };
    match (shape, value) {
        (Shape::Sealed(inner), _) => stored(inner, Some(value)),
        (Shape::Compound { .. }, _) => ScalarValue::Str(canonical_json(value).into()),
        (_, Value::Bool(flag)) => ScalarValue::Boolean(*flag),
        (_, Value::Number(number)) => match (number.as_u64(), number.as_f64()) {
            (Some(number), _) => ScalarValue::Uint(number),
            (None, number) => ScalarValue::F64(number.unwrap_or_default()),
        },
        (_, Value::String(text)) => ScalarValue::Str(text.as_str().into()),
        _ => ScalarValue::Null,
    }
}

/// The API's value for what a document keeps, whoever wrote it; `None` if it is not a value of this shape.
pub(super) fn readable(shape: &Shape, stored: &ScalarValue) -> Option<Value> {
    let value = match stored {
        ScalarValue::Str(text) if matches!(inner(shape), Shape::Compound { .. }) => {
            cleaned(serde_json::from_str(text).ok()?)
        }
        ScalarValue::Str(text) => Value::from(readable_text(text)),
        ScalarValue::Uint(number) => Value::from(*number),
        ScalarValue::Int(number) => Value::from(*number),
        ScalarValue::F64(number) => Value::from(*number),
        ScalarValue::Boolean(flag) => Value::from(*flag),
        ScalarValue::Null => return Some(Value::Null),
        ScalarValue::Bytes(_) | ScalarValue::Counter(_) | ScalarValue::Timestamp(_) | ScalarValue::Unknown { .. } => {
            return None;
        }
    };
    fits(shape, &value).then_some(value)
}

fn inner(shape: &Shape) -> &Shape {
    if let Shape::Sealed(inner) = shape { inner } else { shape }
}

/// All texts of a compound value, fit for a screen.
fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(readable_text(&text)),
        Value::Array(array) => array.into_iter().map(cleaned).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(key, value)| (readable_text(&key), cleaned(value))).collect::<Map<_, _>>().into()
        }
        scalar => scalar,
    }
}

/// Whether the value has the type that the typed structs expect. Keys and sizes are not checked: what comes from
/// elsewhere is shown.
fn fits(shape: &Shape, value: &Value) -> bool {
    let text = value.as_str();
    match shape {
        Shape::Line | Shape::Paragraph | Shape::Currency | Shape::Choice(_) | Shape::Key(_) => text.is_some(),
        Shape::Date => text.is_some_and(|text| text.parse::<Date>().is_ok()),
        Shape::Record => text.is_some_and(|text| text.parse::<RecordId>().is_ok()),
        Shape::Item => text.is_some_and(|text| text.parse::<ItemId>().is_ok()),
        Shape::Count => value.is_u64(),
        Shape::Amount => value.is_i64(),
        Shape::Degrees(limit) => value.as_f64().is_some_and(|degrees| degrees.abs() <= f64::from(*limit)),
        Shape::Flag => value.is_boolean(),
        Shape::Sealed(inner) => fits(inner, value),
        Shape::Compound { parts, together } => {
            let part_fits = |part: &Field| value.get(part.name).is_none_or(|v| !v.is_null() && fits(&part.shape, v));
            let present = together.iter().filter(|part| value.get(**part).is_some()).count();
            value.is_object() && parts.iter().all(part_fits) && (present == 0 || present == together.len())
        }
        Shape::Narrative
        | Shape::Set(_)
        | Shape::Sheet(..)
        | Shape::Items(_)
        | Shape::Ledger(_)
        | Shape::Restricted => false,
    }
}

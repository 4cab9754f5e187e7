//! What changed between two readings of a record, field by field, for its history.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Kind,
    schema::{Field, Shape},
    view::join,
};

/// One field that changed. An item that is new or gone stands as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// JSON pointer of the field.
    pub pointer: String,
    /// What it was; null for nothing.
    pub before: Value,
    /// What it became; null for nothing.
    pub after: Value,
}

/// The fields that differ between two readings of a record of this kind.
pub fn diff(kind: Kind, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<FieldChange> {
    let fields: Vec<&'static Field> = kind.schema().fields().collect();
    let mut changes = Vec::new();
    compare(&fields, before, after, "", &mut changes);
    changes
}

fn compare(
    fields: &[&'static Field],
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    pointer: &str,
    changes: &mut Vec<FieldChange>,
) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))).collect();
    keys.sort();
    for key in keys {
        let value = |side: &Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
        let (old, new) = (value(before), value(after));
        if old == new {
            continue;
        }
        let below = join(pointer, key);
        let shape = fields.iter().find(|field| field.name == key).map(|field| field.shape);
        let rows = |value: &Value| value.as_object().cloned().unwrap_or_default();
        match shape {
            Some(Shape::Items(inner) | Shape::Ledger(inner)) => {
                let inner: Vec<&'static Field> = inner.iter().collect();
                compare_items(&inner, &rows(&old), &rows(&new), &below, changes);
            }
            Some(Shape::Sheet(..)) => compare(&[], &rows(&old), &rows(&new), &below, changes),
            _ => changes.push(FieldChange { pointer: below, before: old, after: new }),
        }
    }
}

fn compare_items(
    fields: &[&'static Field],
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    pointer: &str,
    changes: &mut Vec<FieldChange>,
) {
    for (id, old) in before {
        match (old, after.get(id)) {
            (Value::Object(old), Some(Value::Object(new))) => compare(fields, old, new, &join(pointer, id), changes),
            (_, new) => changes.push(FieldChange {
                pointer: join(pointer, id),
                before: old.clone(),
                after: new.cloned().unwrap_or(Value::Null),
            }),
        }
    }
    for (id, new) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
        changes.push(FieldChange { pointer: join(pointer, id), before: Value::Null, after: new.clone() });
    }
}

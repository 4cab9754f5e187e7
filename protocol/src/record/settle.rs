//! Settling: a person's choice that ends concurrent values.

use automerge::{ChangeHash, ObjId, ROOT, transaction::Transactable};
use serde_json::Value;

use crate::{ids::ItemId, limits::MAX_LONG_TEXT};

use super::{
    Changed, Problem, RecordError, Schema,
    read::kind_of,
    schema::{Field, Shape},
    text,
    value::{check, long_text, readable, stored},
    view::{RecordDoc, View},
    vocabulary::Vocabulary,
    write::{distinct, items::mark, put, same_values},
};

/// What a person settled on.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// The value that this change wrote.
    Existing(ChangeHash),
    /// A third value; null for none.
    Value(Value),
}

/// Where a pointer leads: the maps that hold its key, and the items around it from the outside in.
struct Spot {
    maps: Vec<ObjId>,
    key: String,
    shape: Shape,
    enclosing: Vec<Vec<ObjId>>,
}

/// Settles one field whose values at `seen` the person had in view. Whether an item is withdrawn is settled like any
/// field (`/incidents/…/withdrawn`), by true or false.
///
/// # Errors
/// [`RecordError::Invalid`] if the pointer names no field with concurrent values, or the choice is none of them and
/// not a valid value; [`RecordError::Changed`] if other values came in since. Roll back the transaction then.
pub fn settle<T: Transactable + RecordDoc>(
    tx: &mut T,
    seen: &[ChangeHash],
    pointer: &str,
    choice: &Choice,
    vocabulary: &Vocabulary,
) -> Result<(), RecordError> {
    let schema = kind_of(tx)?.schema();
    if seen.is_empty() || seen.iter().any(|head| tx.get_change_by_hash(head).is_none()) {
        return Err(RecordError::UnknownHeads);
    }
    let refuse = |code, detail| RecordError::Invalid(vec![Problem::new(pointer, code, detail)]);
    let spot = find(&View::new(tx, None), &schema, pointer)
        .ok_or_else(|| refuse("not-concurrent", "no field with concurrent values stands there"))?;
    let now = values(&View::new(tx, None), &spot);
    if now.len() < 2 {
        return Err(refuse("not-concurrent", "the values of this field are not concurrent, or were settled already"));
    }
    let read = values(&View::new(tx, Some(seen)), &spot);
    if !same_values(&read, &now) {
        let last = |values: &[Value]| values.last().cloned().unwrap_or(Value::Null);
        let (read, now) = (last(&read), last(&now));
        return Err(RecordError::Changed(vec![Changed {
            pointer: pointer.to_owned(),
            read,
            now,
            wanted: Value::Null,
        }]));
    }
    let chosen = match choice {
        Choice::Existing(change) => written_by(tx, &spot, *change)
            .ok_or_else(|| refuse("unknown-choice", "none of the concurrent values was written by that entry"))?,
        Choice::Value(value) => third_value(&spot, value, vocabulary).map_err(|(code, detail)| refuse(code, detail))?,
    };
    match spot.shape {
        Shape::Narrative => {
            let map = spot.maps.last().ok_or(RecordError::UnknownKind)?;
            let list = tx.put_object(map, spot.key.as_str(), automerge::ObjType::List)?;
            text::insert(tx, &list, 0, chosen.as_str().unwrap_or_default())?;
        }
        _ => put(tx, &spot.maps, &spot.key, stored(&spot.shape, Some(&chosen).filter(|value| !value.is_null())))?,
    }
    for item in &spot.enclosing {
        mark(tx, item, false)?;
    }
    Ok(())
}

/// Walks a pointer down the schema and the document.
fn find<D: RecordDoc>(view: &View<'_, D>, schema: &Schema, pointer: &str) -> Option<Spot> {
    let segments: Vec<String> =
        pointer.strip_prefix('/')?.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let mut segments = segments.into_iter();
    let mut maps = vec![ROOT];
    let mut fields: Vec<&'static Field> = schema.fields().collect();
    let mut enclosing = Vec::new();
    loop {
        let name = segments.next()?;
        if name == "withdrawn" && !enclosing.is_empty() && segments.len() == 0 {
            enclosing.pop();
            return Some(Spot { maps, key: name, shape: Shape::Flag, enclosing });
        }
        let field = *fields.iter().find(|field| field.name == name)?;
        match field.shape {
            Shape::Items(inner) | Shape::Ledger(inner) => {
                let item = segments.next().filter(|id| id.parse::<ItemId>().is_ok())?;
                maps = view.maps(&view.maps(&maps, &name), &item);
                if maps.is_empty() {
                    return None;
                }
                enclosing.push(maps.clone());
                fields = inner.iter().collect();
            }
            Shape::Sheet(_, inner) => {
                let (key, maps) = (segments.next()?, view.maps(&maps, &name));
                return (segments.len() == 0 && !maps.is_empty()).then_some(Spot {
                    maps,
                    key,
                    shape: *inner,
                    enclosing,
                });
            }
            Shape::Set(_) | Shape::Restricted => return None,
            shape => return (segments.len() == 0).then_some(Spot { maps, key: name, shape, enclosing }),
        }
    }
}

/// The different values that stand at a spot, the shown one last.
fn values<D: RecordDoc>(view: &View<'_, D>, spot: &Spot) -> Vec<Value> {
    if spot.shape != Shape::Narrative {
        return distinct(&spot.shape, &view.values(&spot.maps, &spot.key));
    }
    let mut out: Vec<Value> = Vec::new();
    for text in view.texts(&spot.maps, &spot.key) {
        let value = Value::from(view.text(&text));
        out.retain(|earlier| *earlier != value);
        out.push(value);
    }
    out
}

fn written_by<T: RecordDoc>(tx: &T, spot: &Spot, change: ChangeHash) -> Option<Value> {
    let view = View::new(tx, None);
    let values = view.values(&spot.maps, &spot.key);
    let (value, id) = values.iter().rev().find(|(_, id)| tx.change_of(id) == Some(change))?;
    match value {
        automerge::Value::Scalar(scalar) => readable(&spot.shape, scalar),
        automerge::Value::Object(_) => Some(Value::from(view.text(id))),
    }
}

fn third_value(spot: &Spot, value: &Value, vocabulary: &Vocabulary) -> Result<Value, (&'static str, &'static str)> {
    match (&spot.shape, value) {
        (Shape::Narrative, Value::String(text)) => {
            long_text(text, MAX_LONG_TEXT).map(Value::from).map_err(|fault| (fault.code, fault.detail))
        }
        (Shape::Sealed(_), _) => Err(("sealed", "a sealed value is settled by choosing one of those that stand there")),
        _ if spot.key == "title" && spot.enclosing.is_empty() && value.as_str().is_none_or(|t| t.trim().is_empty()) => {
            Err(("required", "a record needs a title"))
        }
        (shape, value) => check(shape, value, vocabulary)
            .map(|value| value.unwrap_or(Value::Null))
            .map_err(|fault| (fault.code, fault.detail)),
    }
}

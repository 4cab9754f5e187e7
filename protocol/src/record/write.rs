//! Writing a record: creating one, and applying a JSON merge patch against what the person had read.
//!
//! Every function works inside the caller's transaction and collects all that is wrong with a request before it
//! answers. **After an error the caller rolls the transaction back**: some of the request may already stand in it.

pub(super) mod items;

use std::collections::{BTreeMap, BTreeSet};

use automerge::{ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value as Stored, transaction::Transactable};
use serde_json::{Map, Value};

use crate::{
    ids::ItemId,
    limits::{MAX_LONG_TEXT, MAX_SET},
};

use super::{
    Changed, ItemIds, Problem, RecordError, Schema,
    schema::{Field, Shape},
    text::{self, readable_text},
    value::{Fault, check, long_text, readable, stored},
    view::{RecordDoc, Values, View, is_member, join},
    vocabulary::Vocabulary,
};

/// What a request wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// False if everything asked for was already so: then nothing is to be committed.
    pub changed: bool,
    /// The ids of new items by the pointer under which the request asked for them (`/incidents/new-1`).
    pub new_items: BTreeMap<String, ItemId>,
}

/// Fields of the API's representation that tell of a record but are not part of it.
const READ_ONLY: [&str; 3] = ["id", "kind", "meta"];

/// Writes a new record's fields into an empty document, by a given table of fields.
pub(super) fn create_by<T: Transactable + RecordDoc>(
    schema: &Schema,
    tx: &mut T,
    fields: &Value,
    ids: &mut ItemIds,
    vocabulary: &Vocabulary,
) -> Result<Written, RecordError> {
    let mut writer = Writer::new(tx, &[], ids, vocabulary);
    let Some(given) = fields.as_object() else {
        return Err(RecordError::Invalid(vec![Problem::new("", "wrong-type", "expected an object")]));
    };
    if given.get("title").and_then(Value::as_str).is_none_or(|title| title.trim().is_empty()) {
        writer.problem("/title", "required", "a record needs a title");
    }
    let given: Map<String, Value> = given
        .iter()
        .filter(|(key, value)| *key != "kind" || *value != schema.kind)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    writer.tx.put(ROOT, "kind", schema.kind)?;
    let table: Vec<&'static Field> = schema.fields().collect();
    writer.make_containers(&ROOT, &table)?;
    writer.object(&[ROOT], &table, &given, "", true)?;
    writer.written.changed = true;
    writer.finish()
}

/// Applies a merge patch by a given table of fields, which may be an older version's than the record's.
pub(super) fn patch_by<T: Transactable + RecordDoc>(
    schema: &Schema,
    tx: &mut T,
    base: &[ChangeHash],
    patch: &Value,
    ids: &mut ItemIds,
    vocabulary: &Vocabulary,
) -> Result<Written, RecordError> {
    if base.is_empty() || base.iter().any(|head| tx.get_change_by_hash(head).is_none()) {
        return Err(RecordError::UnknownHeads);
    }
    let Some(given) = patch.as_object() else {
        return Err(RecordError::Invalid(vec![Problem::new("", "wrong-type", "expected an object")]));
    };
    let table: Vec<&'static Field> = schema.fields().collect();
    let mut writer = Writer::new(tx, base, ids, vocabulary);
    writer.object(&[ROOT], &table, given, "", false)?;
    writer.finish()
}

struct Writer<'a, T> {
    tx: &'a mut T,
    base: &'a [ChangeHash],
    ids: &'a mut ItemIds,
    vocabulary: &'a Vocabulary,
    problems: Vec<Problem>,
    changed: Vec<Changed>,
    written: Written,
}

impl<'a, T: Transactable + RecordDoc> Writer<'a, T> {
    fn new(tx: &'a mut T, base: &'a [ChangeHash], ids: &'a mut ItemIds, vocabulary: &'a Vocabulary) -> Self {
        let (problems, changed, written) = (Vec::new(), Vec::new(), Written::default());
        Writer { tx, base, ids, vocabulary, problems, changed, written }
    }

    fn finish(self) -> Result<Written, RecordError> {
        if !self.problems.is_empty() {
            return Err(RecordError::Invalid(self.problems));
        }
        if !self.changed.is_empty() {
            return Err(RecordError::Changed(self.changed));
        }
        Ok(self.written)
    }

    fn problem(&mut self, pointer: impl Into<String>, code: &'static str, detail: &'static str) {
        self.problems.push(Problem::new(pointer, code, detail));
    }

    fn fault(&mut self, pointer: &str, fault: Fault) {
        self.problem(pointer.to_owned() + &fault.part, fault.code, fault.detail);
    }

    fn now(&self) -> View<'_, T> {
        View::new(self.tx, None)
    }

    fn at_base(&self) -> View<'_, T> {
        View::new(self.tx, Some(self.base))
    }

    /// Makes every map and text of an object, so that two offices seldom make the same one.
    fn make_containers(&mut self, map: &ObjId, fields: &[&'static Field]) -> Result<(), RecordError> {
        for field in fields {
            match field.shape {
                Shape::Narrative => self.tx.put_object(map, field.name, ObjType::List)?,
                Shape::Set(_) | Shape::Sheet(..) | Shape::Items(_) | Shape::Ledger(_) => {
                    self.tx.put_object(map, field.name, ObjType::Map)?
                }
                _ => continue,
            };
        }
        Ok(())
    }

    /// Applies a patch to the record or to one item. Tells whether anything was written. `fresh`: made just now, so
    /// there is no base to compare with.
    fn object(
        &mut self,
        maps: &[ObjId],
        fields: &[&'static Field],
        patch: &Map<String, Value>,
        pointer: &str,
        fresh: bool,
    ) -> Result<bool, RecordError> {
        let mut wrote = false;
        for (key, value) in patch {
            let below = join(pointer, key);
            let Some(field) = fields.iter().find(|field| field.name == key) else {
                if pointer.is_empty() && READ_ONLY.contains(&key.as_str()) {
                    self.problem(below, "read-only", "this part of a record is not written by a request");
                } else {
                    self.problem(shortened(&below), "unknown-field", "records of this kind have no such field");
                }
                continue;
            };
            wrote |= match field.shape {
                Shape::Restricted => {
                    self.problem(below, "restricted", "this may not be recorded before restricted compartments exist");
                    false
                }
                Shape::Sealed(_) => {
                    self.problem(below, "sealed", "opinions are given through the evaluation of the project");
                    false
                }
                Shape::Narrative => self.narrative(maps, key, value, &below, fresh)?,
                Shape::Set(inner) => self.set(maps, key, inner, value, &below)?,
                Shape::Sheet(..) => self.sheet(maps, key, &field.shape, value, &below, fresh)?,
                Shape::Items(_) | Shape::Ledger(_) => self.items(maps, key, &field.shape, value, &below)?,
                _ if below == "/title" && is_blank(value) => {
                    if !fresh {
                        self.problem(below, "required", "a record needs a title");
                    }
                    false
                }
                _ => self.scalar(maps, key, &field.shape, value, &below, fresh)?,
            };
        }
        self.written.changed |= wrote;
        Ok(wrote)
    }

    fn scalar(
        &mut self,
        maps: &[ObjId],
        key: &str,
        shape: &Shape,
        value: &Value,
        pointer: &str,
        fresh: bool,
    ) -> Result<bool, RecordError> {
        let base = if fresh { Vec::new() } else { distinct(shape, &self.at_base().values(maps, key)) };
        // What was read and sent back unchanged is no edit, even where this version would not accept it anew.
        if !fresh && base.last().unwrap_or(&Value::Null) == value {
            return Ok(false);
        }
        let wanted = match check(shape, value, self.vocabulary) {
            Ok(wanted) => wanted,
            Err(fault) => {
                self.fault(pointer, fault);
                return Ok(false);
            }
        };
        let wanted_value = wanted.clone().unwrap_or(Value::Null);
        let now = if fresh { Vec::new() } else { distinct(shape, &self.now().values(maps, key)) };
        let only = |values: &[Value]| match values {
            [] => wanted_value.is_null(),
            [value] => *value == wanted_value,
            _ => false,
        };
        if base.last().unwrap_or(&Value::Null) == &wanted_value || only(&now) {
            return Ok(false);
        }
        if !same_values(&base, &now) {
            let value_of = |values: &[Value]| values.last().cloned().unwrap_or(Value::Null);
            self.changed.push(Changed {
                pointer: pointer.to_owned(),
                read: value_of(&base),
                now: value_of(&now),
                wanted: wanted_value,
            });
            return Ok(false);
        }
        put(self.tx, maps, key, stored(shape, wanted.as_ref()))?;
        Ok(true)
    }

    fn narrative(
        &mut self,
        maps: &[ObjId],
        key: &str,
        value: &Value,
        pointer: &str,
        fresh: bool,
    ) -> Result<bool, RecordError> {
        let wanted = match value {
            Value::Null => "",
            Value::String(text) => text,
            _ => {
                self.problem(pointer, "wrong-type", "expected a text");
                return Ok(false);
            }
        };
        // The text the person read is the one edited, even if another came to be shown since: nothing is lost then.
        let read = if fresh { None } else { self.at_base().texts(maps, key).pop() };
        let base = read.as_ref().map(|text| self.at_base().pieces(text)).unwrap_or_default();
        if wanted == base.iter().map(|piece| piece.text.as_str()).collect::<String>() {
            return Ok(false);
        }
        let wanted = match long_text(wanted, MAX_LONG_TEXT) {
            Ok(wanted) => wanted,
            Err(fault) => {
                self.fault(pointer, fault);
                return Ok(false);
            }
        };
        match read {
            Some(text) => Ok(text::merge_edit(self.tx, &text, &base, &wanted)?),
            None if wanted.is_empty() => Ok(false),
            None => {
                let text = match self.now().texts(maps, key).pop() {
                    Some(text) => text,
                    None => self.tx.put_object(last(maps), key, ObjType::List)?,
                };
                text::insert(self.tx, &text, 0, &wanted)?;
                Ok(true)
            }
        }
    }

    fn set(
        &mut self,
        maps: &[ObjId],
        key: &str,
        inner: &Shape,
        value: &Value,
        pointer: &str,
    ) -> Result<bool, RecordError> {
        let base = if self.base.is_empty() { BTreeSet::new() } else { members(&self.at_base(), maps, key) };
        let (mut add, mut remove) = (BTreeSet::new(), BTreeSet::new());
        match value {
            Value::Null => remove = base,
            Value::Array(wanted) if wanted.iter().all(Value::is_string) => {
                let wanted: BTreeSet<String> = wanted.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                add = wanted.difference(&base).cloned().collect();
                remove = base.difference(&wanted).cloned().collect();
            }
            Value::Object(wanted) if wanted.values().all(|flag| flag.is_null() || *flag == true) => {
                for (member, flag) in wanted {
                    if flag.is_null() { &mut remove } else { &mut add }.insert(member.clone());
                }
            }
            _ => {
                self.problem(
                    pointer,
                    "wrong-type",
                    "expected an array of texts, or an object of member → true or null",
                );
                return Ok(false);
            }
        }
        let now = members(&self.now(), maps, key);
        let mut checked = BTreeSet::new();
        for member in add.difference(&now) {
            match check(inner, &Value::from(member.as_str()), self.vocabulary) {
                Ok(Some(Value::String(member))) => {
                    checked.insert(member);
                }
                Ok(_) => {}
                Err(fault) => self.problems.push(Problem::new(pointer, fault.code, fault.detail)),
            }
        }
        if now.len() + checked.len() > MAX_SET {
            self.problem(pointer, "too-many", "the set would have too many members");
            return Ok(false);
        }
        let containers = self.now().maps(maps, key);
        let mut wrote = false;
        for member in checked.difference(&now) {
            let container = self.container(maps, key)?;
            self.tx.put(&container, member, true)?;
            wrote = true;
        }
        for member in remove.intersection(&now) {
            for container in containers.iter() {
                if self.tx.get(container, member)?.is_some() {
                    self.tx.delete(container, member)?;
                    wrote = true;
                }
            }
        }
        Ok(wrote)
    }

    fn sheet(
        &mut self,
        maps: &[ObjId],
        key: &str,
        shape: &Shape,
        value: &Value,
        pointer: &str,
        fresh: bool,
    ) -> Result<bool, RecordError> {
        let (Shape::Sheet(list, inner), Some(patch)) = (shape, value.as_object()) else {
            self.problem(pointer, "wrong-type", "expected an object by key of the country pack");
            return Ok(false);
        };
        let mut wrote = false;
        for (row, value) in patch {
            let known = self.vocabulary.has(*list, row);
            let mut containers = self.now().maps(maps, key);
            if !known && self.now().values(&containers, row).is_empty() {
                self.problem(pointer, "unknown-key", "expected keys that the country pack lists");
                continue;
            }
            if containers.is_empty() {
                if is_blank(value) {
                    continue;
                }
                containers = vec![self.container(maps, key)?];
            }
            wrote |= self.scalar(&containers, row, inner, value, &join(pointer, row), fresh)?;
        }
        Ok(wrote)
    }

    /// The map that new members and items go to. It is there unless the record is older than the field.
    fn container(&mut self, maps: &[ObjId], key: &str) -> Result<ObjId, RecordError> {
        match self.now().maps(maps, key).pop() {
            Some(container) => Ok(container),
            None => Ok(self.tx.put_object(last(maps), key, ObjType::Map)?),
        }
    }
}

/// Puts a scalar wherever the key stands, so that all its present values are superseded.
pub(super) fn put<T: Transactable + ReadDoc>(
    tx: &mut T,
    maps: &[ObjId],
    key: &str,
    value: ScalarValue,
) -> Result<(), RecordError> {
    let mut holders = Vec::new();
    for map in maps {
        if tx.get(map, key)?.is_some() {
            holders.push(map);
        }
    }
    if holders.is_empty() {
        holders.push(last(maps));
    }
    for map in holders {
        tx.put(map, key, value.clone())?;
    }
    Ok(())
}

fn last(maps: &[ObjId]) -> &ObjId {
    maps.last().expect("an object that is written to has at least one map")
}

/// The different values of a scalar, the shown one last; nothing where it was never set or is cleared.
pub(super) fn distinct(shape: &Shape, values: &Values) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for (value, _) in values {
        let value = match value {
            Stored::Scalar(scalar) => readable(shape, scalar),
            Stored::Object(_) => None,
        };
        if let Some(value) = value {
            out.retain(|earlier| *earlier != value);
            out.push(value);
        }
    }
    if out == [Value::Null] { Vec::new() } else { out }
}

/// Whether the same values stand there, in whatever order.
pub(super) fn same_values(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len() && left.iter().all(|value| right.contains(value))
}

fn members<D: ReadDoc>(view: &View<'_, D>, maps: &[ObjId], key: &str) -> BTreeSet<String> {
    let entries = view.entries(&view.maps(maps, key));
    entries.into_iter().filter(|(_, values)| is_member(values)).map(|(member, _)| member).collect()
}

/// Whether a value says nothing: null, blanks, or only such.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(object) => object.values().all(is_blank),
        Value::Array(array) => array.iter().all(is_blank),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A pointer that a caller may have made up, short enough for an answer and without what breaks a terminal.
fn shortened(pointer: &str) -> String {
    readable_text(pointer).chars().take(200).collect()
}

//! Items of lists and ledgers: adding, editing, withdrawing, restoring, reversing.

use std::collections::BTreeMap;

use automerge::{ObjId, ObjType, ReadDoc, ScalarValue, Value as Stored, transaction::Transactable};
use serde_json::{Map, Value};

use crate::limits::MAX_ITEMS;

use super::{
    super::{
        Changed, RecordError,
        read::read_object,
        schema::{Field, Shape},
        view::{RecordDoc, View, join},
    },
    Writer, is_blank, put, shortened,
};

impl<T: Transactable + RecordDoc> Writer<'_, T> {
    pub(super) fn items(
        &mut self,
        maps: &[ObjId],
        key: &str,
        shape: &Shape,
        value: &Value,
        pointer: &str,
    ) -> Result<bool, RecordError> {
        let Some(patch) = value.as_object() else {
            self.problem(pointer, "wrong-type", "expected an object by item id; new items under new, new-1 and so on");
            return Ok(false);
        };
        let is_new = |id: &str| id == "new" || id.starts_with("new-");
        let added = patch.iter().filter(|(id, value)| is_new(id) && !value.is_null()).count();
        let containers = self.now().maps(maps, key);
        if added > 0 && self.now().entries(&containers).len() + added > MAX_ITEMS {
            self.problem(pointer, "too-many", "the list would have too many items");
            return Ok(false);
        }
        // new-2 before new-10, so that items get their ids in the order in which they were numbered.
        let mut entries: Vec<(&String, &Value)> = patch.iter().collect();
        entries.sort_by_key(|(id, _)| (id.len(), *id));
        let mut wrote = false;
        for (id, value) in entries {
            let below = join(pointer, id);
            if is_new(id) {
                wrote |= self.new_item(maps, key, shape, value, &below)?;
            } else if self.base.is_empty() || self.at_base().maps(&containers, id).is_empty() {
                self.problem(shortened(&below), "unknown-item", "the list had no such item when it was read");
            } else {
                let item = self.now().maps(&containers, id);
                wrote |= self.known_item(&item, shape, value, &below)?;
            }
        }
        Ok(wrote)
    }

    fn new_item(
        &mut self,
        maps: &[ObjId],
        key: &str,
        shape: &Shape,
        value: &Value,
        pointer: &str,
    ) -> Result<bool, RecordError> {
        let Some(content) = value.as_object() else {
            if !value.is_null() {
                self.problem(shortened(pointer), "wrong-type", "expected an object with the item's fields");
            }
            return Ok(false);
        };
        if is_blank(value) {
            self.problem(shortened(pointer), "empty-item", "a new item needs at least one field");
            return Ok(false);
        }
        if matches!(shape, Shape::Ledger(_)) && content.get("reverses").is_some_and(|line| !line.is_null()) {
            self.reversal(maps, key, content, pointer);
        }
        let fields: Vec<&'static Field> = shape.item_fields().unwrap_or_default().iter().collect();
        let container = self.container(maps, key)?;
        let id = self.ids.next_id();
        let item = self.tx.put_object(&container, id.as_str(), ObjType::Map)?;
        self.make_containers(&item, &fields)?;
        self.object(&[item], &fields, content, pointer, true)?;
        self.written.new_items.insert(pointer.to_owned(), id);
        Ok(true)
    }

    /// A reversing line names a line that counts: one that is there, reverses nothing and is not reversed.
    fn reversal(&mut self, maps: &[ObjId], key: &str, content: &Map<String, Value>, pointer: &str) {
        let view = self.now();
        let lines = view.maps(maps, key);
        let reversed: BTreeMap<String, Option<String>> = view
            .entries(&lines)
            .into_keys()
            .map(|id| {
                let line = view.maps(&lines, &id);
                let reverses =
                    view.values(&line, "reverses").last().and_then(|(value, _)| value.as_str().map(str::to_owned));
                (id, reverses)
            })
            .collect();
        let target = content.get("reverses").and_then(Value::as_str).unwrap_or_default();
        let counts = reversed.get(target) == Some(&None) && !reversed.values().flatten().any(|line| line == target);
        if !counts {
            self.problem(join(pointer, "reverses"), "bad-reversal", "expected a line of this list that still counts");
        }
    }

    fn known_item(&mut self, item: &[ObjId], shape: &Shape, value: &Value, pointer: &str) -> Result<bool, RecordError> {
        if matches!(shape, Shape::Ledger(_)) {
            self.problem(pointer, "append-only", "lines are added and reversed, never edited or withdrawn");
            return Ok(false);
        }
        let fields: Vec<&'static Field> = shape.item_fields().unwrap_or_default().iter().collect();
        let (read, now) = (is_withdrawn(&self.at_base(), item), is_withdrawn(&self.now(), item));
        match value {
            Value::Null => self.withdraw(item, &fields, pointer),
            Value::Object(content) => {
                let mut content = content.clone();
                let restore = match content.remove("withdrawn") {
                    Some(Value::Bool(true)) => return self.withdraw(item, &fields, pointer),
                    Some(Value::Bool(false)) => read,
                    None | Some(Value::Null) => false,
                    Some(_) => {
                        self.problem(join(pointer, "withdrawn"), "wrong-type", "expected true or false");
                        return Ok(false);
                    }
                };
                if read && !restore && !content.is_empty() {
                    self.problem(pointer, "withdrawn", "the item was withdrawn: restore it first");
                    return Ok(false);
                }
                let wrote = self.object(item, &fields, &content, pointer, false)?;
                if wrote && now && !read {
                    let pointer = join(pointer, "withdrawn");
                    self.changed.push(Changed { pointer, read: false.into(), now: true.into(), wanted: false.into() });
                }
                if wrote || (restore && now) { self.mark(item, false) } else { Ok(false) }
            }
            _ => {
                self.problem(
                    pointer,
                    "wrong-type",
                    "expected an object with the item's fields, or null to withdraw it",
                );
                Ok(false)
            }
        }
    }

    /// Withdraws an item, unless somebody edited it since the person read it.
    fn withdraw(&mut self, item: &[ObjId], fields: &[&'static Field], pointer: &str) -> Result<bool, RecordError> {
        if is_withdrawn(&self.now(), item) {
            return Ok(false);
        }
        let read = read_object(self.tx, Some(self.base), item, fields);
        let now = read_object(self.tx, None, item, fields);
        if read != now {
            self.changed.push(Changed { pointer: pointer.to_owned(), read, now, wanted: Value::Null });
            return Ok(false);
        }
        self.mark(item, true)
    }

    /// Withdraws an item, or says that it is in use: every edit does, so that a withdrawal made apart is noticed.
    fn mark(&mut self, item: &[ObjId], withdrawn: bool) -> Result<bool, RecordError> {
        mark(self.tx, item, withdrawn)?;
        self.written.changed = true;
        Ok(true)
    }
}

/// Writes whether an item is withdrawn, even where it says so already: Automerge writes nothing where the value is the
/// same, and a withdrawal that was made apart would then win unnoticed over an edit of an item that was edited before.
pub(in crate::record) fn mark<T: Transactable + ReadDoc>(
    tx: &mut T,
    item: &[ObjId],
    withdrawn: bool,
) -> Result<(), RecordError> {
    let says_so = |(value, _): &(Stored<'static>, ObjId)| value.as_bool() == Some(withdrawn);
    if View::new(tx, None).values(item, "withdrawn").iter().any(says_so) {
        put(tx, item, "withdrawn", ScalarValue::Boolean(!withdrawn))?;
    }
    put(tx, item, "withdrawn", ScalarValue::Boolean(withdrawn))
}

/// Whether an item is withdrawn and nobody edited it at the same time.
fn is_withdrawn<D: ReadDoc>(view: &View<'_, D>, item: &[ObjId]) -> bool {
    let values = view.values(item, "withdrawn");
    !values.is_empty() && values.iter().all(|(value, _)| value.as_bool() == Some(true))
}

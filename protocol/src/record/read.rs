//! Reading a record: the shown value of every field, every concurrent value beside it, and what needs a person.

use automerge::{ChangeHash, ObjId, ObjType, ROOT, ScalarValue, Value as Stored};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::ids::ItemId;

use super::{
    Kind, RecordError, Schema,
    schema::{Field, Shape},
    text::readable_text,
    value::readable,
    view::{RecordDoc, Values, View, is_member, join, objects},
};

/// A record as it reads, now or at some heads.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it is about.
    pub kind: Kind,
    /// The fields that hold something, in the API's shape: lists as objects by item id, sets as sorted arrays, compound
    /// values as objects. `withdrawn` is there only where it is true.
    pub fields: Map<String, Value>,
    /// Fields that several offices set without having seen each other's value.
    pub concurrent: Vec<Concurrent>,
    /// Pointers of items that one office withdrew while another edited them. They are shown until a person decides,
    /// by settling `…/withdrawn`.
    pub decisions: Vec<String>,
    /// Pointers of fields that only a newer version knows. They are kept as they are.
    pub unknown: Vec<String>,
    /// Pointers of fields whose value this version cannot read.
    pub unreadable: Vec<String>,
}

/// The concurrent values of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Concurrent {
    /// JSON pointer of the field.
    pub pointer: String,
    /// At least two different values, the shown one last.
    pub values: Vec<ConcurrentValue>,
}

/// One of several concurrent values.
#[derive(Debug, Clone, PartialEq)]
pub struct ConcurrentValue {
    /// The change that wrote it; the last one, if several wrote the same.
    pub change: Option<ChangeHash>,
    /// The value; null if the field was cleared.
    pub value: Value,
    /// Whether it is the one that is shown meanwhile: the same everywhere, whatever arrived first.
    pub shown: bool,
}

impl Reading {
    /// The fields as the kind's typed struct.
    ///
    /// # Panics
    /// If the type is another kind's; the reading itself always fits.
    pub fn typed<T: DeserializeOwned>(&self) -> T {
        typed(&self.fields)
    }
}

/// Fields that were read, as their kind's typed struct.
///
/// # Panics
/// If the type is another kind's; what was read of a record of that kind always fits.
pub fn typed<T: DeserializeOwned>(fields: &Map<String, Value>) -> T {
    serde_json::from_value(Value::Object(fields.clone())).expect("every value was checked against its shape")
}

/// The kind of a record.
pub fn kind_of<D: RecordDoc>(doc: &D) -> Result<Kind, RecordError> {
    match doc.get(ROOT, "kind")? {
        Some((Stored::Scalar(scalar), _)) => match scalar.as_ref() {
            ScalarValue::Str(key) => Kind::from_key(key).ok_or(RecordError::UnknownKind),
            _ => Err(RecordError::UnknownKind),
        },
        _ => Err(RecordError::UnknownKind),
    }
}

/// Reads a record as it is now, or as it was at `heads`.
pub fn read<D: RecordDoc>(doc: &D, heads: Option<&[ChangeHash]>) -> Result<Reading, RecordError> {
    let kind = kind_of(doc)?;
    read_by(&kind.schema(), kind, doc, heads)
}

/// Reads by a given table of fields, which may be an older or newer version's.
pub(super) fn read_by<D: RecordDoc>(
    schema: &Schema,
    kind: Kind,
    doc: &D,
    heads: Option<&[ChangeHash]>,
) -> Result<Reading, RecordError> {
    if heads.is_some_and(|heads| heads.iter().any(|head| doc.get_change_by_hash(head).is_none())) {
        return Err(RecordError::UnknownHeads);
    }
    let mut reader = Reader::new(kind, doc, heads);
    let fields: Vec<&'static Field> = schema.fields().collect();
    reader.reading.fields = reader.object(&[ROOT], &fields, "");
    Ok(reader.reading)
}

/// The fields of one item.
pub(super) fn read_object<D: RecordDoc>(
    doc: &D,
    heads: Option<&[ChangeHash]>,
    item: &[ObjId],
    fields: &[&'static Field],
) -> Value {
    // The pointer and the kind do not show in the fields; any will do.
    Value::Object(Reader::new(Kind::Conflict, doc, heads).object(item, fields, "/item"))
}

struct Reader<'a, D> {
    view: View<'a, D>,
    reading: Reading,
}

impl<'a, D: RecordDoc> Reader<'a, D> {
    fn new(kind: Kind, doc: &'a D, heads: Option<&'a [ChangeHash]>) -> Self {
        let reading = Reading {
            kind,
            fields: Map::new(),
            concurrent: Vec::new(),
            decisions: Vec::new(),
            unknown: Vec::new(),
            unreadable: Vec::new(),
        };
        Reader { view: View::new(doc, heads), reading }
    }

    /// The fields of the record or of one item.
    fn object(&mut self, maps: &[ObjId], fields: &[&'static Field], pointer: &str) -> Map<String, Value> {
        let mut out = Map::new();
        for (key, values) in self.view.entries(maps) {
            let below = join(pointer, &key);
            match fields.iter().find(|field| field.name == key) {
                Some(field) => {
                    if let Some(value) = self.field(&field.shape, &values, &below) {
                        out.insert(key, value);
                    }
                }
                None if pointer.is_empty() && key == "kind" => {}
                None if !pointer.is_empty() && key == "withdrawn" => {
                    if self.withdrawn(&values, pointer) {
                        out.insert(key, Value::Bool(true));
                    }
                }
                None => self.reading.unknown.push(readable_text(&below)),
            }
        }
        out
    }

    /// One field; `None` if it holds nothing.
    fn field(&mut self, shape: &Shape, values: &Values, pointer: &str) -> Option<Value> {
        match shape {
            Shape::Restricted => {
                self.reading.unreadable.push(pointer.to_owned());
                None
            }
            Shape::Narrative => self.narrative(values, pointer),
            Shape::Set(_) => {
                let maps = self.containers(values, pointer);
                let members: Vec<Value> = self
                    .view
                    .entries(&maps)
                    .into_iter()
                    .filter(|(_, values)| is_member(values))
                    .map(|(member, _)| Value::from(readable_text(&member)))
                    .collect();
                (!members.is_empty()).then_some(Value::Array(members))
            }
            Shape::Sheet(_, inner) => {
                let maps = self.containers(values, pointer);
                let mut sheet = Map::new();
                for (key, values) in self.view.entries(&maps) {
                    if let Some(value) = self.scalar(inner, &values, &join(pointer, &key)) {
                        sheet.insert(key, value);
                    }
                }
                (!sheet.is_empty()).then_some(Value::Object(sheet))
            }
            Shape::Items(fields) | Shape::Ledger(fields) => {
                let maps = self.containers(values, pointer);
                let fields: Vec<&'static Field> = fields.iter().collect();
                let mut items = Map::new();
                for (key, values) in self.view.entries(&maps) {
                    let below = join(pointer, &key);
                    let item = objects(&values, ObjType::Map);
                    if item.is_empty() || key.parse::<ItemId>().is_err() {
                        self.reading.unreadable.push(readable_text(&below));
                        continue;
                    }
                    let item = self.object(&item, &fields, &below);
                    items.insert(key, Value::Object(item));
                }
                (!items.is_empty()).then_some(Value::Object(items))
            }
            _ => self.scalar(shape, values, pointer),
        }
    }

    /// The maps that hold a set, a sheet or items.
    fn containers(&mut self, values: &Values, pointer: &str) -> Vec<ObjId> {
        let maps = objects(values, ObjType::Map);
        if maps.len() < values.len() {
            self.reading.unreadable.push(pointer.to_owned());
        }
        maps
    }

    fn narrative(&mut self, values: &Values, pointer: &str) -> Option<Value> {
        let texts = objects(values, ObjType::List);
        if texts.len() < values.len() {
            self.reading.unreadable.push(pointer.to_owned());
        }
        let found = texts.iter().map(|id| (Value::from(self.view.text(id)), id.clone())).collect();
        self.shown(found, pointer).filter(|value| value != "")
    }

    fn scalar(&mut self, shape: &Shape, values: &Values, pointer: &str) -> Option<Value> {
        let mut found = Vec::new();
        for (value, id) in values {
            let value = match value {
                Stored::Scalar(scalar) => readable(shape, scalar),
                Stored::Object(_) => None,
            };
            match value {
                Some(value) => found.push((value, id.clone())),
                None => self.reading.unreadable.push(pointer.to_owned()),
            }
        }
        self.shown(found, pointer).filter(|value| !value.is_null())
    }

    /// The last value, after taking note of those that differ from it.
    fn shown(&mut self, found: Vec<(Value, ObjId)>, pointer: &str) -> Option<Value> {
        let shown = found.last()?.0.clone();
        if found.iter().any(|(value, _)| *value != shown) {
            self.note_concurrent(found, pointer);
        }
        Some(shown)
    }

    fn note_concurrent(&mut self, found: Vec<(Value, ObjId)>, pointer: &str) {
        let mut values: Vec<ConcurrentValue> = Vec::new();
        for (value, id) in found {
            values.retain(|earlier| earlier.value != value);
            values.push(ConcurrentValue { change: self.view.doc.change_of(&id), value, shown: false });
        }
        if let Some(last) = values.last_mut() {
            last.shown = true;
        }
        self.reading.concurrent.push(Concurrent { pointer: pointer.to_owned(), values });
    }

    /// Whether an item reads as withdrawn. One that was edited meanwhile does not, and comes up for a decision.
    fn withdrawn(&mut self, values: &Values, item: &str) -> bool {
        let mut found: Vec<(Value, ObjId)> =
            values.iter().map(|(value, id)| (Value::Bool(value.as_bool() == Some(true)), id.clone())).collect();
        // Shown last: what keeps the item in sight.
        found.sort_by_key(|(value, _)| *value == Value::Bool(false));
        let all = |flag: bool| found.iter().all(|(value, _)| *value == Value::Bool(flag));
        if !all(true) && !all(false) {
            self.reading.decisions.push(item.to_owned());
            self.note_concurrent(found, &join(item, "withdrawn"));
            return false;
        }
        all(true)
    }
}

//! Looking into a record's document, now or as it was at some heads, with every concurrent value in sight.

use std::collections::BTreeMap;

use automerge::{
    AutoCommit, Automerge, ChangeHash, ObjId, ObjType, ReadDoc, ScalarValueRef, Value, ValueRef, iter::ListRangeItem,
    transaction::Transaction,
};

use super::text::readable_text;

/// A document that can also tell which change wrote a value.
pub trait RecordDoc: ReadDoc {
    /// The change that an operation belongs to; `None` for one that is not committed yet.
    fn change_of(&self, operation: &ObjId) -> Option<ChangeHash>;
}

impl RecordDoc for Automerge {
    fn change_of(&self, operation: &ObjId) -> Option<ChangeHash> {
        self.hash_for_opid(operation)
    }
}

impl RecordDoc for AutoCommit {
    fn change_of(&self, operation: &ObjId) -> Option<ChangeHash> {
        self.hash_for_opid(operation)
    }
}

impl RecordDoc for Transaction<'_> {
    fn change_of(&self, operation: &ObjId) -> Option<ChangeHash> {
        self.hash_for_opid(operation)
    }
}

/// The values of one key with the operations that wrote them, the shown one last.
pub(super) type Values = Vec<(Value<'static>, ObjId)>;

/// A document at one moment.
///
/// Where two offices created the same map without knowing of each other, Automerge keeps both maps under one key. All
/// of them count: every look takes a slice of maps and sees their union, so no container's content is ever hidden.
pub(super) struct View<'a, D> {
    pub(super) doc: &'a D,
    heads: Option<&'a [ChangeHash]>,
}

impl<'a, D: ReadDoc> View<'a, D> {
    pub(super) fn new(doc: &'a D, heads: Option<&'a [ChangeHash]>) -> Self {
        View { doc, heads }
    }

    /// All values of one key.
    pub(super) fn values(&self, maps: &[ObjId], key: &str) -> Values {
        maps.iter().flat_map(|map| self.values_in(map, key)).collect()
    }

    fn values_in(&self, map: &ObjId, key: &str) -> Values {
        let values = match self.heads {
            Some(heads) => self.doc.get_all_at(map, key, heads),
            None => self.doc.get_all(map, key),
        };
        // The only error is an object of another document, and every id here was read from this one.
        values.unwrap_or_default().into_iter().map(|(value, id)| (value.into_owned(), id)).collect()
    }

    /// All keys with all their values.
    pub(super) fn entries(&self, maps: &[ObjId]) -> BTreeMap<String, Values> {
        let mut entries = BTreeMap::<String, Values>::new();
        for map in maps {
            let range = match self.heads {
                Some(heads) => self.doc.map_range_at(map, .., heads),
                None => self.doc.map_range(map, ..),
            };
            for item in range {
                let values = entries.entry(item.key.to_string()).or_default();
                if item.conflict {
                    values.extend(self.values_in(map, &item.key));
                } else {
                    let id = item.id();
                    values.push((item.value.into_value(), id));
                }
            }
        }
        entries
    }

    /// The maps under a key.
    pub(super) fn maps(&self, maps: &[ObjId], key: &str) -> Vec<ObjId> {
        objects(&self.values(maps, key), ObjType::Map)
    }

    /// The long texts under a key, the shown one last.
    pub(super) fn texts(&self, maps: &[ObjId], key: &str) -> Vec<ObjId> {
        objects(&self.values(maps, key), ObjType::List)
    }

    /// The pieces of a long text, fit for reading. What is no text in it reads as U+FFFC, "object replacement".
    pub(super) fn pieces(&self, text: &ObjId) -> Vec<Piece> {
        let range = match self.heads {
            Some(heads) => self.doc.list_range_at(text, .., heads),
            None => self.doc.list_range(text, ..),
        };
        let piece = |item: ListRangeItem<'_>| {
            let text = match &item.value {
                ValueRef::Scalar(ScalarValueRef::Str(text)) => readable_text(text),
                _ => "\u{FFFC}".to_owned(),
            };
            Piece { text, id: item.id() }
        };
        range.map(piece).collect()
    }

    /// A long text, fit for reading.
    pub(super) fn text(&self, text: &ObjId) -> String {
        self.pieces(text).into_iter().map(|piece| piece.text).collect()
    }
}

/// A piece of a long text, and the operation that put it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) id: ObjId,
}

/// Whether a key of a set stands for a member.
pub(super) fn is_member(values: &Values) -> bool {
    values.iter().any(|(value, _)| value.as_bool() == Some(true))
}

/// Those values that are objects of one type.
pub(super) fn objects(values: &Values, kind: ObjType) -> Vec<ObjId> {
    values.iter().filter(|(value, _)| *value == Value::Object(kind)).map(|(_, id)| id.clone()).collect()
}

/// A JSON pointer (RFC 6901) with one more segment.
pub(super) fn join(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

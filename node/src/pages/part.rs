//! A part of a record that has a form of its own: the record's own fields, or one item of a list, however deep.

use toguna_protocol::{
    ids::ItemId,
    record::{
        Kind,
        schema::{Field, Shape},
    },
};

/// How a new item is named in the address of its form, and in the names of its inputs.
const NEW: &str = "new";

/// Lists within lists within records: no kind goes deeper.
const MAX_DEPTH: usize = 3;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// What the names of its inputs begin with; empty for the record's own fields.
    pub(super) name: String,
    /// The kind and the lists, by which labels are found.
    pub(super) path: Vec<&'static str>,
    pub(super) fields: Vec<&'static Field>,
    /// Whether it is an item that is not there yet.
    pub(super) is_new: bool,
    /// Whether it is a line of a ledger, which is reversed and never edited.
    pub(super) in_ledger: bool,
}

impl Part {
    /// The record's own fields.
    pub(super) fn whole(kind: Kind) -> Self {
        let fields = kind.schema().fields().collect();
        Part { name: String::new(), path: vec![kind.key()], fields, is_new: false, in_ledger: false }
    }

    /// The part that an address names: `incidents/new`, `recommendations/ID/follow_ups/new`; `None` if there is no such
    /// list.
    pub(super) fn of(kind: Kind, address: &str) -> Option<Self> {
        let segments: Vec<&str> = address.split('/').collect();
        if !segments.len().is_multiple_of(2) || segments.len() > 2 * MAX_DEPTH {
            return None;
        }
        segments.chunks(2).try_fold(Part::whole(kind), |part, step| part.item(step[0], step[1]))
    }

    fn item(self, list: &str, id: &str) -> Option<Self> {
        let field = self.fields.iter().find(|field| field.name == list)?;
        let inner = field.shape.item_fields()?;
        let is_new = id == NEW;
        if !is_new && id.parse::<ItemId>().is_err() {
            return None;
        }
        // What is in an item that is not there yet cannot be named.
        if self.is_new {
            return None;
        }
        let name = if self.name.is_empty() { format!("{list}/{id}") } else { format!("{}/{list}/{id}", self.name) };
        let mut path = self.path;
        path.push(field.name);
        let in_ledger = matches!(field.shape, Shape::Ledger(_));
        Some(Part { name, path, fields: inner.iter().collect(), is_new, in_ledger })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_items_however_deep_and_nothing_else() {
        let id = "abcdefghij-4-0";
        for (address, name) in [
            ("incidents/new".to_owned(), Some("incidents/new".to_owned())),
            (format!("incidents/{id}"), Some(format!("incidents/{id}"))),
            (format!("decisions/{id}/follow_ups/new"), Some(format!("decisions/{id}/follow_ups/new"))),
            ("incidents".to_owned(), None),
            ("title/new".to_owned(), None),
            ("nowhere/new".to_owned(), None),
            ("incidents/<script>".to_owned(), None),
            ("decisions/new/follow_ups/new".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(Part::of(Kind::Conflict, &address).map(|part| part.name), name, "{address}");
        }
    }
}

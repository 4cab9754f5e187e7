//! A file against what is here: which of its records are there already, by key, and which may be, by title.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use toguna_protocol::ids::RecordId;

use super::{Besides, Sheet, columns::folded};
use crate::{
    exchange::{Draft, RECORD},
    views::{Filter, ListedRecord, Views, ViewsError},
};

/// Words that tell no title from another, folded.
const SMALL: [&str; 19] = [
    "le", "la", "l", "les", "de", "du", "des", "d", "et", "a", "au", "aux", "en", "un", "une", "the", "of", "and", "in",
];

/// Likely duplicates and taken keys that are told one by one.
const TOLD: usize = 20;

/// How a file stands to what is here.
#[derive(Debug, Default)]
pub struct Standing {
    /// Places in [`Sheet::drafts`] of the records that are not here.
    pub new: Vec<usize>,
    /// How many are here already, by their key.
    pub here: usize,
    /// The first of those whose key belongs to a record with another title.
    pub taken: Vec<Taken>,
    /// The first of the new ones that resemble another record by their title.
    pub twins: Vec<Twin>,
}

/// A row whose key belongs to a record that seems to be another one.
#[derive(Debug, PartialEq)]
pub struct Taken {
    /// The row.
    pub row: usize,
    /// The record.
    pub id: RecordId,
    /// Its title.
    pub title: String,
}

/// A row that may be a record which is there already.
#[derive(Debug, PartialEq)]
pub enum Twin {
    /// One that is here.
    Here(Taken),
    /// One that stands further up in the same file.
    Row {
        /// The row.
        row: usize,
        /// The row further up.
        other: usize,
    },
}

/// Compares a file with the records of a node. A key that belongs to a record of another kind is a fault of its row.
pub fn compare(sheet: &mut Sheet, views: &Views) -> Result<Standing, ViewsError> {
    let mut here: Vec<Option<ListedRecord>> = Vec::with_capacity(sheet.drafts.len());
    let mut at = 0;
    while let Some(draft) = sheet.drafts.get(at) {
        match known(draft, views)? {
            Some(found) if found.kind != sheet.kind => {
                sheet.refuse_draft(at, "key-elsewhere", Besides::Kind(found.kind));
            }
            found => {
                here.push(found);
                at += 1;
            }
        }
    }
    let mut standing = Standing::default();
    let mut titles: HashMap<String, (RecordId, String)> = HashMap::new();
    for (id, title) in views.titles(sheet.kind)? {
        titles.entry(gist(&title)).or_insert((id, title));
    }
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (draft, found)) in sheet.drafts.iter().zip(here).enumerate() {
        let (row, title) = (draft.at.line, draft.record.get("title").and_then(Value::as_str).unwrap_or_default());
        let gist = gist(title);
        match found {
            Some(found) => {
                standing.here += 1;
                if super::columns::folded(&found.title) != super::columns::folded(title) {
                    standing.taken.push(Taken { row, id: found.id, title: found.title });
                }
            }
            None => {
                standing.new.push(at);
                if let Some((id, title)) = titles.get(&gist).filter(|_| !gist.is_empty()) {
                    standing.twins.push(Twin::Here(Taken { row, id: *id, title: title.clone() }));
                } else if let Some(other) = rows.get(&gist).filter(|_| !gist.is_empty()) {
                    standing.twins.push(Twin::Row { row, other: *other });
                }
            }
        }
        rows.entry(gist).or_insert(row);
    }
    standing.taken.truncate(TOLD);
    standing.twins.truncate(TOLD);
    Ok(standing)
}

/// The record that a draft's key stands for, if it is here.
fn known(draft: &Draft, views: &Views) -> Result<Option<ListedRecord>, ViewsError> {
    if let Some(id) = draft.source_ref.strip_prefix(RECORD).and_then(|id| id.parse().ok())
        && let Some(outline) = views.outlines(&[id])?.into_iter().next()
    {
        return Ok(Some(outline.listed));
    }
    let filter = Filter { source_ref: Some(draft.source_ref.clone()), ..Filter::default() };
    Ok(views.list(&filter, None, 1)?.records.into_iter().next())
}

/// The words that tell a title, whatever their order.
fn gist(title: &str) -> String {
    let folded = folded(title);
    let mut words: Vec<&str> = folded.split(' ').filter(|word| !SMALL.contains(word)).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_compared_by_the_words_that_tell_them() {
        for (one, other) in [
            ("Conflit des éleveurs et agriculteurs de Gao", "CONFLIT éleveur agriculteurs à Gao"),
            ("Puits de Tin-Essako", "Le puits de Tin Essako"),
        ] {
            assert_eq!(gist(one), gist(other), "{one}");
        }
        assert_ne!(gist("Puits de Tin-Essako"), gist("Puits de Ménaka"));
        assert_eq!(gist("Le de la"), "");
    }
}

//! Offices that each hold a copy of one record, work apart and merge.

mod any_order;
mod concurrent;
mod evaluations;
mod fields;
mod hostile;
mod items;
mod plan;
mod texts;
mod versions;
mod workflow;

use automerge::{AutoCommit, ChangeHash};
use serde_json::{Value, json};

use super::*;
use crate::ids::{FeedId, RecordId, Seq};

/// The record all these tests write.
const RECORD: RecordId = RecordId([7; 16]);

fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for region in ["ML-5", "ML-7", "ML-8", "ML-BKO"] {
        vocabulary.add(List::Regions, region);
    }
    vocabulary.add(List::Places, "tinzawatene");
    vocabulary.add(List::Stakes, "land-tenure");
    vocabulary.add(List::Themes, "5");
    for number in 1..=2 {
        vocabulary.add(List::EligibilityCriteria, format!("ELIG-{number}"));
        vocabulary.required_criteria.insert(format!("ELIG-{number}"));
        vocabulary.add(List::ProposalSections, format!("{number}"));
    }
    vocabulary
}

/// One office's copy of the record.
struct Office {
    doc: AutoCommit,
    feed: FeedId,
    seq: u64,
}

impl Office {
    fn create(number: u8, kind: Kind, fields: Value) -> Result<Office, RecordError> {
        let feed = FeedId([number; 32]);
        let doc = AutoCommit::new().with_actor(feed.actor());
        let mut office = Office { doc, feed, seq: 1 };
        let mut ids = ItemIds::new(feed, Seq(1));
        create(&mut office.doc, kind, &fields, &mut ids, &vocabulary())?;
        office.doc.commit();
        Ok(office)
    }

    fn conflict(fields: Value) -> Office {
        Office::create(1, Kind::Conflict, fields).expect("a valid conflict")
    }

    fn project(fields: Value) -> Office {
        Office::create(1, Kind::Project, fields).expect("a valid project")
    }

    /// A second office with a copy of what this one has.
    fn fork(&mut self, number: u8) -> Office {
        let feed = FeedId([number; 32]);
        Office { doc: self.doc.fork().with_actor(feed.actor()), feed, seq: 0 }
    }

    fn heads(&mut self) -> Vec<ChangeHash> {
        self.doc.get_heads()
    }

    fn ids(&mut self) -> ItemIds {
        self.seq += 1;
        ItemIds::new(self.feed, Seq(self.seq))
    }

    /// Patches what the office sees now.
    fn patch(&mut self, patch: Value) -> Result<Written, RecordError> {
        let base = self.heads();
        self.patch_from(&base, patch)
    }

    fn patch_from(&mut self, base: &[ChangeHash], patch: Value) -> Result<Written, RecordError> {
        let mut ids = self.ids();
        let before = self.heads();
        let result = super::patch(&mut self.doc, RECORD, base, &patch, &mut ids, &vocabulary());
        match &result {
            Ok(written) => assert_eq!(self.doc.commit().is_some(), written.changed, "changed tells the truth"),
            Err(_) => {
                self.doc.rollback();
                assert_eq!(self.heads(), before);
            }
        }
        result
    }

    /// Keeps what a request wrote, or not.
    fn end(&mut self, keep: bool) {
        if keep {
            self.doc.commit();
        } else {
            self.doc.rollback();
        }
    }

    fn settle(&mut self, pointer: &str, choice: Choice) -> Result<(), RecordError> {
        let seen = self.heads();
        let result = settle(&mut self.doc, &seen, pointer, &choice, &vocabulary());
        self.end(result.is_ok());
        result
    }

    fn merge(&mut self, other: &mut Office) {
        self.doc.merge(&mut other.doc).expect("documents of one record merge");
    }

    fn read(&mut self) -> Reading {
        self.doc.commit();
        read(&self.doc, None).expect("a record")
    }

    fn field(&mut self, pointer: &str) -> Value {
        Value::Object(self.read().fields).pointer(pointer).cloned().unwrap_or(Value::Null)
    }
}

/// The codes of a refused request, each with the field at fault.
fn problems<T: std::fmt::Debug>(result: Result<T, RecordError>) -> Vec<(String, &'static str)> {
    match result {
        Err(RecordError::Invalid(problems)) => problems.into_iter().map(|p| (p.pointer, p.code)).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

/// The fields that a request found changed.
fn changed<T: std::fmt::Debug>(result: Result<T, RecordError>) -> Vec<Changed> {
    match result {
        Err(RecordError::Changed(changed)) => changed,
        other => panic!("expected changed fields, got {other:?}"),
    }
}

/// The id of the only new item.
fn new_item(written: Result<Written, RecordError>) -> String {
    let items = written.expect("a valid patch").new_items;
    assert_eq!(items.len(), 1);
    items.into_values().next().expect("one item").to_string()
}

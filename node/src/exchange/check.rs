//! What must hold before the first record is written: each draft is made in a document that is thrown away.

use automerge::AutoCommit;
use serde_json::{Value, json};
use toguna_protocol::ids::{FeedId, RecordId, Seq};
use toguna_protocol::limits::{MAX_CHANGE_OPS, MAX_PAYLOAD};
use toguna_protocol::record::{ItemIds, Problem, RecordError, Vocabulary, create};

use super::run::add_items;
use super::{Draft, Fault};

/// Everything that is wrong with the drafts: fields, keys, dates, sizes. [`super::import`] does this first.
pub fn all(drafts: &[Draft], vocabulary: &Vocabulary) -> Vec<Fault> {
    drafts.iter().flat_map(|draft| faults(draft, vocabulary)).collect()
}

fn faults(draft: &Draft, vocabulary: &Vocabulary) -> Vec<Fault> {
    let problems = problems(draft, vocabulary);
    problems.into_iter().map(|problem| draft.at.fault(problem.pointer, problem.detail)).collect()
}

/// What is wrong with a draft, by fields.
pub(super) fn problems(draft: &Draft, vocabulary: &Vocabulary) -> Vec<Problem> {
    let mut record = draft.record.clone();
    // The other record's id is not known yet; any will do to check the rest of the link.
    let links = draft.links.iter().map(|link| {
        let mut item = link.rest.clone();
        item.insert("record".to_owned(), json!(RecordId([0; 16]).to_string()));
        Value::Object(item)
    });
    add_items(&mut record, links.collect());
    let mut document = AutoCommit::new();
    let mut ids = ItemIds::new(FeedId([0; 32]), Seq(1));
    match create(&mut document, draft.kind, &Value::Object(record), &mut ids, vocabulary) {
        Ok(_) => {
            let change = document.get_last_local_change();
            let fits = change.is_some_and(|made| made.raw_bytes().len() <= MAX_PAYLOAD && made.len() <= MAX_CHANGE_OPS);
            let too_large = || Problem::new("", "too-large", "is too large for one record: divide it");
            if fits { Vec::new() } else { vec![too_large()] }
        }
        Err(RecordError::Invalid(problems)) => problems,
        Err(_) => vec![Problem::new("", "not-a-record", "cannot be made a record")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{events, programme, records};
    use crate::pack::Pack;

    #[test]
    fn all_that_the_pack_carries_is_accepted() {
        let pack = Pack::embedded();
        let mut drafts = programme::history(&pack).expect("the history is whole");
        drafts.extend(events::events(&pack, pack.events().expect("events")).expect("a good table"));
        assert_eq!(all(&drafts, &pack.vocabulary()), Vec::new());
    }

    #[test]
    fn every_fault_of_a_record_is_named_by_its_field() {
        let line = r#"{"kind":"consultation","title":"t","source_ref":"A","status":"done","themes":["99"],
            "start_date":"2009-13","recommendations":{"new-1":{"theme":"5","witness":"x"}},
            "links":{"new-1":{"record":"source:B","relation":"near"}}}"#;
        let drafts = records("f", &line.replace('\n', " ")).expect("good JSON");
        let found = all(&drafts, &Pack::embedded().vocabulary());
        let fields: Vec<&str> = found.iter().map(|fault| fault.field.as_str()).collect();
        for field in ["/status", "/themes", "/start_date", "/recommendations/new-1/witness"] {
            assert!(fields.contains(&field), "{field} in {fields:?}");
        }
        assert!(fields.iter().any(|field| field.ends_with("/relation")), "{fields:?}");
    }

    #[test]
    fn a_record_that_is_too_large_is_told_before_anything_is_written() {
        let many: serde_json::Map<String, Value> =
            (0..40).map(|n| (format!("new-{n}"), json!({"text": "x".repeat(20_000)}))).collect();
        let line = json!({"kind": "conflict", "title": "t", "source_ref": "A", "incidents": many}).to_string();
        let drafts = records("f", &line).expect("good JSON");
        let found = all(&drafts, &Pack::embedded().vocabulary());
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["f, line 1: is too large for one record: divide it"]
        );
    }
}

use super::super::evaluation::*;
use super::*;

fn opinion(text: &str) -> Value {
    json!({"relevance": text, "verdict": "favourable"})
}

fn commit_as(office: &mut Office, evaluator: &str, nonce: u8) -> Result<crate::ids::ItemId, RecordError> {
    let commitment = commit(RECORD, evaluator, &[nonce; 32], &opinion(evaluator));
    let mut ids = office.ids();
    let result = add_commitment(&mut office.doc, evaluator, &commitment, &mut ids);
    office.end(result.is_ok());
    result
}

fn open_as(office: &mut Office, item: &crate::ids::ItemId, evaluator: &str, nonce: u8) -> Result<(), RecordError> {
    let result = add_opening(&mut office.doc, RECORD, item, &opinion(evaluator), &[nonce; 32]);
    office.end(result.is_ok());
    result
}

fn evaluations(code: &'static str) -> Vec<(String, &'static str)> {
    vec![("/evaluations".to_owned(), code)]
}

#[test]
fn opinions_are_published_only_when_all_have_committed() {
    let mut office = Office::project(json!({"title": "x", "evaluators": ["A", "B"]}));
    assert_eq!(problems(commit_as(&mut office, "C", 1)), evaluations("not-an-evaluator"));
    let a = commit_as(&mut office, "A", 1).expect("a commitment");
    assert_eq!(problems(commit_as(&mut office, "A", 2)), evaluations("already-committed"));
    assert_eq!(problems(open_as(&mut office, &a, "A", 1)), evaluations("opinions-not-committed"));
    assert!(!office.doc.save().windows(9).any(|bytes| bytes == b"favourabl"), "nothing of an opinion is in the record");
    let b = commit_as(&mut office, "B", 2).expect("a commitment");
    assert!(ready_to_open(&office.read().typed()));

    assert_eq!(problems(open_as(&mut office, &a, "A", 9)), evaluations("opinion-does-not-match"));
    assert_eq!(problems(open_as(&mut office, &a, "B", 1)), evaluations("opinion-does-not-match"));
    open_as(&mut office, &a, "A", 1).expect("what was committed to");
    assert_eq!(problems(open_as(&mut office, &a, "A", 1)), evaluations("already-opened"));
    open_as(&mut office, &b, "B", 2).expect("what was committed to");
    let project: Project = office.read().typed();
    let opening = project.evaluations[&a].opening.as_ref().expect("an opening");
    assert_eq!(opening.0.opinion.as_ref().and_then(|o| o.relevance.as_deref()), Some("A"));
    let seals = seals(RECORD, &office.read().fields);
    assert!(seals.values().all(|seals| seals[..] == [Seal::Opened]), "{seals:?}");
    assert!(flags(RECORD, &office.read(), &vocabulary()).is_empty());
}

#[test]
fn a_patch_cannot_give_an_opinion_or_take_one_back_after_publication() {
    let mut office = Office::project(json!({"title": "x", "evaluators": ["A"]}));
    for part in ["evaluator", "commitment", "opening"] {
        let found = problems(office.patch(json!({"evaluations": {"new": {part: "x"}}})));
        assert_eq!(found, [(format!("/evaluations/new/{part}"), "sealed")]);
    }
    let item = commit_as(&mut office, "A", 1).expect("a commitment");
    let id = item.to_string();
    let withdraw = json!({"evaluations": {id.clone(): null}});
    office.patch(withdraw.clone()).expect("before publication a commitment can be taken back");
    let item = commit_as(&mut office, "A", 2).expect("and made anew");
    open_as(&mut office, &item, "A", 2).expect("what was committed to");
    let withdraw = json!({"evaluations": {item.to_string(): null}});
    assert_eq!(problems(office.patch(withdraw)), evaluations("sealed"));
}

#[test]
fn commitments_made_apart_for_one_evaluator_are_flagged() {
    let mut office = Office::project(json!({"title": "x", "evaluators": ["A"]}));
    let mut other = office.fork(2);
    commit_as(&mut office, "A", 1).expect("a commitment");
    commit_as(&mut other, "A", 2).expect("a commitment");
    office.merge(&mut other);
    assert!(!ready_to_open(&office.read().typed()));
    let codes: Vec<String> =
        flags(RECORD, &office.read(), &vocabulary()).into_iter().map(|flag| flag.code.into_owned()).collect();
    assert_eq!(codes, ["several-commitments"]);
}

#[test]
fn a_commitment_binds_record_evaluator_nonce_and_opinion() {
    let base = commit(RECORD, "A", &[1; 32], &opinion("x"));
    assert_eq!(base.len(), 64);
    let reordered: Value = serde_json::from_str(r#"{"verdict":"favourable","relevance":"x"}"#).expect("JSON");
    assert_eq!(base, commit(RECORD, "A", &[1; 32], &reordered), "the order of keys does not matter");
    for other in [
        commit(RecordId([8; 16]), "A", &[1; 32], &opinion("x")),
        commit(RECORD, "B", &[1; 32], &opinion("x")),
        commit(RECORD, "A", &[2; 32], &opinion("x")),
        commit(RECORD, "A", &[1; 32], &opinion("y")),
    ] {
        assert_ne!(base, other);
    }
    for wrong in [json!(null), json!({}), json!({"nonce": "zz", "opinion": {}}), json!({"opinion": opinion("x")})] {
        assert!(!verify_opening(RECORD, "A", &base, &wrong));
    }
    assert!(checked_opinion(&json!({})).is_err() && checked_opinion(&json!({"grade": 3})).is_err());
}

#[test]
fn only_projects_are_evaluated() {
    let mut office = Office::conflict(json!({"title": "x"}));
    assert_eq!(problems(commit_as(&mut office, "A", 1)), evaluations("unknown-field"));
}

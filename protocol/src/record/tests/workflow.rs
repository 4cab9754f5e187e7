use super::super::evaluation::{add_commitment, add_opening, commit};
use super::*;

fn codes<T: std::fmt::Debug>(result: Result<T, RecordError>) -> Vec<&'static str> {
    let found = problems(result);
    assert!(found.iter().all(|(pointer, _)| pointer == "/status"), "{found:?}");
    found.into_iter().map(|(_, code)| code).collect()
}

fn flag_codes(office: &mut Office) -> Vec<String> {
    flags(RECORD, &office.read(), &vocabulary()).into_iter().map(|flag| flag.code.into_owned()).collect()
}

fn evaluate(office: &mut Office, evaluator: &str) {
    let opinion = json!({"verdict": "favourable"});
    let commitment = commit(RECORD, evaluator, &[1; 32], &opinion);
    let mut ids = office.ids();
    let item = add_commitment(&mut office.doc, evaluator, &commitment, &mut ids).expect("a commitment");
    add_opening(&mut office.doc, RECORD, &item, &opinion, &[1; 32]).expect("its opening");
    office.doc.commit();
}

#[test]
fn a_request_goes_through_selection_step_by_step() {
    let mut office = Office::project(json!({"title": "x", "origin": "request", "status": "submitted"}));
    let step = |office: &mut Office, to: &str| office.patch(json!({"status": to}));
    let everything = ["eligibility-not-verified", "no-evaluator-named", "joint-decision-missing", "step-not-allowed"];
    assert_eq!(codes(step(&mut office, "approved")), everything);
    assert_eq!(office.field("/status"), json!("submitted"));

    assert_eq!(codes(step(&mut office, "returned")), ["missing-parts-not-stated"]);
    office
        .patch(json!({"status": "returned", "sections": {"2": {"present": false}}}))
        .expect("one request, one change");
    assert_eq!(codes(step(&mut office, "eligible")), ["eligibility-not-verified"]);
    office.patch(json!({"eligibility": {"ELIG-1": {"met": true}, "ELIG-2": {"met": false}}})).expect("a valid patch");
    assert_eq!(codes(step(&mut office, "eligible")), ["eligibility-not-verified"]);
    office
        .patch(json!({"eligibility": {"ELIG-2": {"met": true}}, "status": "eligible"}))
        .expect("all criteria are met");

    assert_eq!(codes(step(&mut office, "evaluated")), ["no-evaluator-named"]);
    office.patch(json!({"evaluators": ["A"]})).expect("a valid patch");
    assert_eq!(codes(step(&mut office, "evaluated")), ["opinions-not-opened"]);
    evaluate(&mut office, "A");
    step(&mut office, "evaluated").expect("the opinion is open");

    for wanting in [
        json!({"outcome": "approved", "reasons": "utile"}),
        json!({"outcome": "approved", "members_present": ["B"]}),
        json!({"outcome": "put-off", "members_present": ["B"], "reasons": "plus tard"}),
    ] {
        let patch = json!({"committee_decisions": {"new": wanting}, "status": "approved"});
        assert_eq!(codes(office.patch(patch)), ["joint-decision-missing"]);
    }
    let decision = json!({"outcome": "approved", "members_present": ["B", "C"], "reasons": "utile"});
    office.patch(json!({"committee_decisions": {"new": decision}})).expect("a valid patch");
    assert_eq!(codes(step(&mut office, "rejected")), ["joint-decision-missing"]);
    step(&mut office, "approved").expect("the committee approved");
    assert_eq!(codes(step(&mut office, "agreed")), ["agreement-not-signed"]);
    office.patch(json!({"agreement_signed_date": "2009-11-02", "status": "agreed"})).expect("it is signed");
    for to in ["active", "suspended", "active"] {
        step(&mut office, to).expect(to);
    }
    assert_eq!(codes(step(&mut office, "closed")), ["report-missing", "step-not-allowed"]);
    assert_eq!(codes(step(&mut office, "reported")), ["report-missing"]);
    office.patch(json!({"reports": {"new": {"report_type": "financial"}}})).expect("a valid patch");
    for to in ["reported", "closed"] {
        step(&mut office, to).expect(to);
    }
    assert_eq!(codes(step(&mut office, "active")), ["step-not-allowed"]);
    assert_eq!(codes(office.patch(json!({"status": null}))), ["step-not-allowed"]);
    step(&mut office, "reported").expect("the last step can be taken back");
    assert!(flag_codes(&mut office).is_empty());
}

#[test]
fn only_requests_pass_selection() {
    for origin in ["own", "programme"] {
        let mut office = Office::project(json!({"title": "x", "origin": origin}));
        for to in ["submitted", "eligible", "approved", "agreed"] {
            assert_eq!(codes(office.patch(json!({"status": to}))), ["not-a-request"]);
        }
        office.patch(json!({"status": "active"})).expect("activities start at once");
        assert_eq!(codes(office.patch(json!({"status": "reported"}))), ["report-missing"]);
        let report = json!({"status": "reported", "reports": {"new": {"report_type": "narrative"}}});
        office.patch(report).expect("with a report");
    }
    let mut request = Office::project(json!({"title": "x", "origin": "request", "status": "submitted"}));
    assert_eq!(codes(request.patch(json!({"origin": "own", "status": "active"}))), ["step-not-allowed"]);
}

#[test]
fn a_record_from_paper_may_have_any_status_and_lists_what_it_lacks() {
    let mut office = Office::project(json!({"title": "x", "origin": "request", "status": "agreed"}));
    let lacks = ["agreement-not-signed", "eligibility-not-verified", "joint-decision-missing", "no-evaluator-named"];
    assert_eq!(flag_codes(&mut office), lacks);
    let mut bare = Office::project(json!({"title": "x", "origin": "request"}));
    assert_eq!(codes(bare.patch(json!({"status": "eligible"}))), ["eligibility-not-verified"]);
    bare.patch(json!({"status": "submitted"})).expect("the first step");
}

#[test]
fn steps_taken_apart_are_flagged_and_neither_is_dropped() {
    let decision = |outcome: &str| json!({"new": {"outcome": outcome, "members_present": ["B"], "reasons": "r"}});
    let mut office = Office::project(json!({
        "title": "x", "origin": "request", "status": "evaluated",
        "committee_decisions": {"new-1": decision("approved")["new"], "new-2": decision("rejected")["new"]},
        "eligibility": {"ELIG-1": {"met": true}, "ELIG-2": {"met": true}}, "evaluators": ["A"],
    }));
    evaluate(&mut office, "A");
    let mut other = office.fork(2);
    office.patch(json!({"status": "approved"})).expect("the committee approved");
    other.patch(json!({"status": "rejected"})).expect("the committee rejected");
    office.merge(&mut other);
    assert_eq!(flag_codes(&mut office), ["status-concurrent"]);
    assert_eq!(office.read().concurrent[0].values.len(), 2);

    // What a step rested on is taken away meanwhile: the status stays, and says what it lacks.
    office.settle("/status", Choice::Value(json!("approved"))).expect("a decision");
    let mut other = office.fork(3);
    other.patch(json!({"eligibility": {"ELIG-2": {"met": false}}})).expect("a valid patch");
    office.patch(json!({"status": "agreed", "agreement_signed_date": "2010"})).expect("it is signed");
    office.merge(&mut other);
    assert_eq!(
        (office.field("/status"), flag_codes(&mut office)),
        (json!("agreed"), vec!["eligibility-not-verified".to_owned()])
    );
}

#[test]
fn a_consultation_goes_its_way() {
    let start =
        |status: Value| Office::create(1, Kind::Consultation, json!({"title": "x", "status": status})).expect("valid");
    let allowed = [
        ("planned", "held"),
        ("planned", "postponed"),
        ("planned", "cancelled"),
        ("postponed", "planned"),
        ("postponed", "held"),
        ("held", "reported"),
        ("reported", "validated"),
        ("validated", "restituted"),
        ("held", "planned"),
        ("restituted", "validated"),
    ];
    for (from, to) in allowed {
        start(json!(from)).patch(json!({"status": to})).expect(to);
    }
    let refused = [("planned", "reported"), ("planned", "restituted"), ("cancelled", "held"), ("held", "validated")];
    for (from, to) in refused {
        assert_eq!(codes(start(json!(from)).patch(json!({"status": to}))), ["step-not-allowed"], "{from} {to}");
    }
    start(Value::Null).patch(json!({"status": "validated"})).expect("entered from paper");
    assert_eq!(codes(start(json!("held")).patch(json!({"status": null}))), ["step-not-allowed"]);
}

#[test]
fn a_part_of_those_who_took_part_is_no_more_than_all_of_them() {
    let flags = |counts: Value| {
        let mut fields = json!({"title": "x"});
        fields.as_object_mut().expect("an object").extend(counts.as_object().cloned().unwrap_or_default());
        flag_codes(&mut Office::create(1, Kind::Consultation, fields).expect("nothing is refused for it"))
    };
    for (counts, expected) in [
        (json!({"participants": 40, "participants_women": 40, "participants_youth": 0}), vec![]),
        (json!({"participants": 40, "participants_women": 41}), vec!["more-women-than-participants"]),
        (json!({"participants": 0, "participants_youth": 1}), vec!["more-youth-than-participants"]),
        (json!({"participants_women": 41, "participants_youth": 3}), vec![]),
    ] {
        assert_eq!(flags(counts.clone()), expected, "{counts}");
    }
}

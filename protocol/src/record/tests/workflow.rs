use super::super::{
    evaluation::{add_commitment, add_opening, commit},
    workflow::{go_on_evaluated, statuses, steps, way},
};
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

/// `→ to` for a step forward, `← to` for one back, and what it lacks.
fn told(office: &mut Office) -> Vec<String> {
    let reading = office.read();
    let steps = steps(RECORD, reading.kind, &reading.fields, &vocabulary());
    let arrow = |back| if back { "←" } else { "→" };
    steps.into_iter().map(|step| format!("{} {} {}", arrow(step.back), step.to, step.missing.join(" "))).collect()
}

#[test]
fn the_steps_that_are_told_are_those_that_are_carried_out() {
    let met = json!({"ELIG-1": {"met": true}, "ELIG-2": {"met": true}});
    let everything = json!({
        "title": "x", "eligibility": met, "evaluators": ["A"], "agreement_signed_date": "2009", "returned_missing": "le budget",
        "committee_decisions": {
            "new-1": {"outcome": "approved", "members_present": ["B"], "reasons": "r"},
            "new-2": {"outcome": "rejected", "members_present": ["B"], "reasons": "r"},
        },
        "reports": {"new": {"report_type": "narrative"}},
    });
    let bare = json!({"title": "x"});
    let with = |fields: &Value, more: Value| {
        let mut fields = fields.as_object().expect("an object").clone();
        fields.extend(more.as_object().expect("an object").clone());
        Value::Object(fields)
    };
    let mut tried = 0;
    let mut try_all = |mut office: Office| {
        let reading = office.read();
        let from = reading.fields.get("status").cloned();
        let all = steps(RECORD, reading.kind, &reading.fields, &vocabulary());
        let keys = match reading.kind {
            Kind::Project => project::ProjectStatus::KEYS,
            _ => consultation::ConsultationStatus::KEYS,
        };
        for key in keys.iter().filter(|key| from.as_ref() != Some(&json!(key))) {
            let refused = match office.fork(2).patch(json!({"status": key})) {
                Ok(_) => Vec::new(),
                refused => codes(refused),
            };
            match all.iter().find(|step| step.to == *key) {
                Some(step) => assert_eq!(refused, step.missing, "{from:?} {key}"),
                // What begins on paper may begin anywhere; nothing else goes where no step leads.
                None => assert!(from.is_none() || !refused.is_empty(), "{from:?} {key}"),
            }
            tried += 1;
        }
    };
    for origin in ["request", "own", "programme"] {
        for status in project::ProjectStatus::KEYS.iter().map(|key| json!(key)).chain([Value::Null]) {
            for fields in [&bare, &everything] {
                let mut office = Office::project(with(fields, json!({"origin": origin, "status": status})));
                if fields == &everything {
                    evaluate(&mut office, "A");
                }
                try_all(office);
            }
        }
    }
    for status in consultation::ConsultationStatus::KEYS {
        let meeting = Office::create(1, Kind::Consultation, with(&bare, json!({"status": status})));
        try_all(meeting.expect("a valid consultation"));
    }
    assert_eq!(tried, 3 * 2 * (12 * 11 + 12) + 7 * 6);
}

#[test]
fn steps_say_what_they_lack_and_which_go_back() {
    let request = |status: Value| Office::project(json!({"title": "x", "origin": "request", "status": status}));
    let cases = [
        (request(Value::Null), vec!["→ submitted "]),
        (
            request(json!("submitted")),
            vec!["→ returned missing-parts-not-stated", "→ eligible eligibility-not-verified", "→ abandoned "],
        ),
        (
            request(json!("active")),
            vec![
                "→ suspended eligibility-not-verified no-evaluator-named joint-decision-missing agreement-not-signed",
                "→ reported eligibility-not-verified no-evaluator-named joint-decision-missing agreement-not-signed report-missing",
                "→ abandoned ",
                "← agreed ",
            ],
        ),
        (
            Office::project(json!({"title": "x", "origin": "own", "status": "suspended"})),
            vec!["→ active ", "→ abandoned "],
        ),
        (
            Office::create(1, Kind::Consultation, json!({"title": "x", "status": "held"})).expect("valid"),
            vec!["→ reported ", "← planned ", "← postponed "],
        ),
        (Office::conflict(json!({"title": "x"})), vec![]),
    ];
    for (mut office, expected) in cases {
        assert_eq!(told(&mut office), expected);
    }
}

#[test]
fn the_way_has_the_present_status_in_its_place() {
    let request = "submitted eligible evaluated approved agreed active reported closed";
    for (origin, status, expected) in [
        ("request", "submitted", request),
        ("request", "returned", "submitted returned eligible evaluated approved agreed active reported closed"),
        ("request", "suspended", "submitted eligible evaluated approved agreed active suspended reported closed"),
        ("request", "rejected", "submitted eligible evaluated rejected"),
        ("request", "abandoned", "submitted abandoned"),
        ("own", "active", "active reported closed"),
        ("own", "abandoned", "active abandoned"),
        ("own", "of-a-newer-version", "active reported closed"),
        // What a merge brought about stands first.
        ("programme", "eligible", "eligible active reported closed"),
    ] {
        let fields = json!({"title": "x", "origin": origin, "status": status});
        let fields = fields.as_object().expect("an object");
        assert_eq!(way(Kind::Project, fields).join(" "), expected, "{origin} {status}");
    }
    for (status, expected) in [
        ("held", "planned held reported validated restituted"),
        ("postponed", "planned postponed held reported validated restituted"),
        ("cancelled", "planned cancelled"),
    ] {
        let fields = json!({"title": "x", "status": status});
        assert_eq!(way(Kind::Consultation, fields.as_object().expect("an object")).join(" "), expected);
    }
    assert!(way(Kind::Conflict, &serde_json::Map::new()).is_empty());
    for (origin, count) in [("request", 12), ("own", 5), ("programme", 5)] {
        let fields = json!({"title": "x", "origin": origin});
        assert_eq!(statuses(Kind::Project, fields.as_object().expect("an object")).len(), count, "{origin}");
    }
}

#[test]
fn a_request_goes_on_by_itself_when_its_last_opinion_is_open() {
    let eligible = || {
        Office::project(json!({
            "title": "x", "origin": "request", "status": "eligible", "evaluators": ["A"],
            "eligibility": {"ELIG-1": {"met": true}, "ELIG-2": {"met": true}},
        }))
    };
    let go_on = |office: &mut Office| go_on_evaluated(&mut office.doc, RECORD, &vocabulary()).expect("a project");
    let mut office = eligible();
    assert!(!go_on(&mut office), "the opinion is awaited");
    evaluate(&mut office, "A");
    assert!(go_on(&mut office));
    assert_eq!(office.field("/status"), json!("evaluated"));
    assert!(!go_on(&mut office), "it is evaluated already");
    // Neither back from a later status, nor over a divergence, nor from before it was eligible.
    for status in ["approved", "submitted"] {
        let mut office =
            Office::project(json!({"title": "x", "origin": "request", "status": status, "evaluators": ["A"]}));
        evaluate(&mut office, "A");
        assert!(!go_on(&mut office), "{status}");
    }
    let mut office = eligible();
    let mut other = office.fork(2);
    evaluate(&mut office, "A");
    office.patch(json!({"status": "abandoned"})).expect("a step");
    other.patch(json!({"status": "submitted"})).expect("a step back");
    office.merge(&mut other);
    assert!(!go_on(&mut office), "the status is for a person to settle");
}

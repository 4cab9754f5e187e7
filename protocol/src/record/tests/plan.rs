//! A signed agreement enters the plan of the quarter after the signature, once.

use super::*;
use crate::record::plan::{enter, entered};

/// Enters the plan as the engine does, after a change that was made from `before`.
fn go_on(office: &mut Office) -> bool {
    let quarter = entered(&office.doc).expect("a record").expect("an agreement");
    let entered = enter(&mut office.doc, RECORD, quarter).expect("a project");
    assert_eq!(office.doc.commit().is_some(), entered);
    entered
}

fn lines(office: &mut Office) -> Vec<(String, Value)> {
    let plan = office.field("/plan");
    plan.as_object().into_iter().flatten().map(|(id, line)| (id.clone(), line.clone())).collect()
}

#[test]
fn the_quarter_follows_from_the_signature() {
    let quarter = |fields: Value| entered(&Office::project(fields).doc).expect("a project");
    let signed = |date: &str| quarter(json!({"title": "x", "status": "agreed", "agreement_signed_date": date}));
    for (date, expected) in [
        ("2009-10-02", (2010, 1)),
        ("2010-03", (2010, 2)),
        ("2010-34", (2010, 3)),
        ("2010", (2011, 1)),
        ("2010-02/2010-07", (2010, 4)),
        ("2010-05-31/..", (2010, 3)),
    ] {
        assert_eq!(signed(date), Some(expected), "{date}");
    }
    assert_eq!(quarter(json!({"title": "x", "status": "agreed"})), None);
    assert_eq!(quarter(json!({"title": "x", "status": "active", "agreement_signed_date": "2010-03"})), None);
    assert_eq!(entered(&Office::conflict(json!({"title": "x"})).doc).expect("a conflict"), None);
    assert_eq!(entered(&AutoCommit::new()).expect("nothing yet"), None);
}

#[test]
fn two_offices_that_sign_apart_have_one_line() {
    let mut office = Office::project(json!({"title": "x", "status": "agreed", "agreement_signed_date": "2009-10-02"}));
    let mut other = office.fork(2);
    assert!(go_on(&mut office) && go_on(&mut other));
    let (id, _) = lines(&mut office).remove(0);
    office.patch(json!({"plan": {(id.as_str()): {"planned": "Deux sessions"}}})).expect("an edit");
    office.merge(&mut other);
    other.merge(&mut office);
    for office in [&mut office, &mut other] {
        let expected = json!({"quarter": "2010-33", "planned": "Deux sessions"});
        let reading = office.read();
        assert_eq!((reading.concurrent, reading.decisions), (Vec::new(), Vec::new()));
        assert_eq!(lines(office), [(id.clone(), expected)]);
        assert!(!go_on(office), "it is there");
    }
}

#[test]
fn a_line_that_stands_is_enough_and_a_withdrawn_one_comes_back() {
    let fields = |quarter: &str| json!({"title": "x", "status": "agreed", "agreement_signed_date": "2009-10-02", "plan": {"new": {"quarter": quarter}}});
    assert!(!go_on(&mut Office::project(fields("2010-02"))));
    let mut office = Office::project(fields("2010"));
    assert!(go_on(&mut office), "a year is no quarter");
    let id = crate::ids::ItemId::planned(RECORD, (2010, 1)).to_string();
    office.patch(json!({"plan": {(id.as_str()): null}})).expect("withdrawn");
    assert_eq!(office.field(&format!("/plan/{id}/withdrawn")), json!(true));
    assert!(go_on(&mut office));
    assert_eq!(office.field(&format!("/plan/{id}")), json!({"quarter": "2010-33"}));
    office.patch(json!({"plan": {(id.as_str()): {"quarter": "2010-34"}}})).expect("moved");
    assert!(!go_on(&mut office), "somebody moved it");
    assert_eq!(lines(&mut office).len(), 2);
}

use super::*;

fn at(list: &str, id: &str, value: Value) -> Value {
    let mut patch = json!({list: {}});
    patch[list][id] = value;
    patch
}

#[test]
fn both_additions_to_a_list_survive() {
    let mut gao = Office::conflict(json!({"title": "x"}));
    let mut bamako = gao.fork(2);
    let one = new_item(gao.patch(json!({"incidents": {"new": {"deaths": 1}}})));
    let two = new_item(bamako.patch(json!({"incidents": {"new": {"deaths": 2}}})));
    gao.patch(json!({"regions": ["ML-7"]})).expect("a valid patch");
    bamako.patch(json!({"regions": ["ML-8"]})).expect("a valid patch");
    gao.merge(&mut bamako);
    let mut expected = json!({});
    expected[&one] = json!({"deaths": 1});
    expected[&two] = json!({"deaths": 2});
    assert_eq!((gao.field("/incidents"), gao.field("/regions")), (expected, json!(["ML-7", "ML-8"])));
    assert_eq!(gao.read().concurrent, []);
}

#[test]
fn an_item_is_withdrawn_kept_and_restored() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let id = new_item(office.patch(json!({"incidents": {"new": {"deaths": 1}}})));
    let withdrawn = |office: &mut Office| office.field(&format!("/incidents/{id}/withdrawn"));
    office.patch(at("incidents", &id, Value::Null)).expect("a withdrawal");
    assert_eq!((withdrawn(&mut office), office.field(&format!("/incidents/{id}/deaths"))), (json!(true), json!(1)));
    assert_eq!(office.patch(at("incidents", &id, Value::Null)).map(|w| w.changed).ok(), Some(false));
    let found = problems(office.patch(at("incidents", &id, json!({"deaths": 2}))));
    assert_eq!(found, [(format!("/incidents/{id}"), "withdrawn")]);
    office.patch(at("incidents", &id, json!({"withdrawn": false, "deaths": 2}))).expect("a restoration");
    assert_eq!((withdrawn(&mut office), office.field(&format!("/incidents/{id}/deaths"))), (Value::Null, json!(2)));
    let again = office.patch(at("incidents", &id, json!({"withdrawn": false})));
    assert_eq!(again.map(|w| w.changed).ok(), Some(false));
}

#[test]
fn withdrawn_here_and_edited_there_comes_up_for_a_decision() {
    for (nested, decision) in [(false, true), (true, false)] {
        let mut gao = Office::conflict(json!({"title": "x"}));
        let id = new_item(gao.patch(json!({"alerts": {"new": {"level": "watch"}}})));
        let mut bamako = gao.fork(2);
        gao.patch(at("alerts", &id, Value::Null)).expect("a withdrawal");
        let edit = if nested { json!({"responses": {"new": {"by": "préfet"}}}) } else { json!({"level": "alert"}) };
        bamako.patch(at("alerts", &id, edit)).expect("an edit");
        gao.merge(&mut bamako);
        bamako.merge(&mut gao);
        let reading = gao.read();
        assert_eq!(reading, bamako.read());
        assert_eq!(reading.decisions, [format!("/alerts/{id}")]);
        let pointer = format!("/alerts/{id}/withdrawn");
        assert_eq!(reading.concurrent.len(), 1);
        assert_eq!(reading.concurrent[0].pointer, pointer);
        assert_eq!(gao.field(&pointer), Value::Null, "shown until somebody decides");
        gao.settle(&pointer, Choice::Value(json!(decision))).expect("a decision");
        assert!(gao.read().decisions.is_empty());
        assert_eq!(gao.field(&pointer), if decision { json!(true) } else { Value::Null });
    }
}

#[test]
fn an_edit_of_what_was_edited_before_is_not_hidden_by_a_withdrawal_either() {
    for edits_before in [1, 2] {
        let mut gao = Office::conflict(json!({"title": "x"}));
        let id = new_item(gao.patch(json!({"incidents": {"new": {"response": "none"}}})));
        let mut bamako = gao.fork(2);
        for number in 0..edits_before {
            gao.patch(at("incidents", &id, json!({"deaths": number + 1}))).expect("an edit");
            bamako.patch(at("incidents", &id, json!({"displaced": number + 1}))).expect("an edit");
        }
        gao.merge(&mut bamako);
        bamako.merge(&mut gao);
        gao.patch(at("incidents", &id, json!({"response": "some"}))).expect("an edit");
        bamako.patch(at("incidents", &id, Value::Null)).expect("a withdrawal");
        gao.merge(&mut bamako);
        assert_eq!(gao.read().decisions, [format!("/incidents/{id}")], "{edits_before}");
        assert_eq!(gao.field(&format!("/incidents/{id}/response")), json!("some"));
    }
}

#[test]
fn withdrawing_what_changed_since_and_editing_what_was_withdrawn_since_are_answered() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let id = new_item(office.patch(json!({"incidents": {"new": {"deaths": 1}}})));
    let read = office.heads();
    office.patch(at("incidents", &id, json!({"deaths": 2}))).expect("an edit");
    let answer = changed(office.patch_from(&read, at("incidents", &id, Value::Null)));
    assert_eq!((&answer[0].read, &answer[0].now), (&json!({"deaths": 1}), &json!({"deaths": 2})));
    let read = office.heads();
    office.patch(at("incidents", &id, Value::Null)).expect("a withdrawal");
    let answer = changed(office.patch_from(&read, at("incidents", &id, json!({"displaced": 3}))));
    assert_eq!(answer[0].pointer, format!("/incidents/{id}/withdrawn"));
}

#[test]
fn an_item_that_came_after_reading_cannot_be_meant() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let read = office.heads();
    let id = new_item(office.patch(json!({"incidents": {"new": {"deaths": 1}}})));
    let found = problems(office.patch_from(&read, at("incidents", &id, json!({"deaths": 2}))));
    assert_eq!(found, [(format!("/incidents/{id}"), "unknown-item")]);
}

#[test]
fn ledger_lines_are_added_and_reversed_only() {
    let money = json!({"amount": 16_000_000, "currency": "USD"});
    let mut office = Office::project(json!({"title": "x"}));
    let line =
        json!({"contributions": {"new": {"partner": "PNUD", "date": "2007", "money": money, "stage": "received"}}});
    let id = new_item(office.patch(line));
    for edit in [Value::Null, json!({"partner": "x"}), json!({"withdrawn": true})] {
        let found = problems(office.patch(at("contributions", &id, edit)));
        assert_eq!(found, [(format!("/contributions/{id}"), "append-only")]);
    }
    let reverse = |id: &str| json!({"contributions": {"new": {"reverses": id}}});
    let reversal = new_item(office.patch(reverse(&id)));
    for wrong in [&id, &reversal, "aaaaaaaaaa-9-9"] {
        assert_eq!(problems(office.patch(reverse(wrong))), [("/contributions/new/reverses".into(), "bad-reversal")]);
    }
    for money in
        [json!({"amount": 5}), json!({"amount": 1.5, "currency": "USD"}), json!({"amount": 5, "currency": "usd"})]
    {
        assert!(office.patch(json!({"contributions": {"new": {"money": money}}})).is_err());
    }
}

#[test]
fn one_row_of_a_sheet_changes_without_touching_the_others() {
    let mut office = Office::project(json!({"title": "x", "sections": {"1": {"present": true, "page": 3}}}));
    let mut other = office.fork(2);
    office.patch(json!({"sections": {"2": {"present": false}}})).expect("a valid patch");
    other.patch(json!({"sections": {"1": {"present": false}}})).expect("a valid patch");
    office.merge(&mut other);
    assert_eq!(office.field("/sections"), json!({"1": {"present": false}, "2": {"present": false}}));
    assert_eq!(
        problems(office.patch(json!({"sections": {"15": {"present": true}}}))),
        [("/sections".into(), "unknown-key")]
    );
    let mut third = office.fork(3);
    office.patch(json!({"sections": {"1": {"page": 4}}})).expect("a valid patch");
    third.patch(json!({"sections": {"1": null}})).expect("a valid patch");
    office.merge(&mut third);
    let concurrent = office.read().concurrent;
    assert_eq!(concurrent[0].pointer, "/sections/1");
    office.settle("/sections/1", Choice::Value(json!({"page": 5}))).expect("a third value");
    assert_eq!(office.field("/sections/1"), json!({"page": 5}));
}

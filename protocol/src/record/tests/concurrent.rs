use super::*;

/// Two offices that set the phase apart, and then each have both.
fn apart(gao_phase: Value, bamako_phase: Value) -> (Office, Office) {
    let mut gao = Office::conflict(json!({"title": "x", "phase": {"is": "settled", "since": "2010"}}));
    let mut bamako = gao.fork(2);
    gao.patch(json!({"phase": gao_phase})).expect("a valid patch");
    bamako.patch(json!({"phase": bamako_phase})).expect("a valid patch");
    gao.merge(&mut bamako);
    bamako.merge(&mut gao);
    (gao, bamako)
}

#[test]
fn concurrent_values_are_listed_with_their_changes_and_settled() {
    let relapsed = json!({"is": "relapsed", "since": "2026-11-20"});
    let calmer = json!({"is": "de-escalating"});
    let (mut gao, mut bamako) = apart(relapsed.clone(), calmer.clone());
    assert_eq!(gao.read(), bamako.read(), "the same is shown everywhere");
    let concurrent = gao.read().concurrent;
    assert_eq!(concurrent.len(), 1);
    assert_eq!(concurrent[0].pointer, "/phase");
    let mut values: Vec<&Value> = concurrent[0].values.iter().map(|value| &value.value).collect();
    values.sort_by_key(|value| value.to_string());
    assert_eq!(values, [&calmer, &relapsed], "phase and date stay together");
    let shown: Vec<&ConcurrentValue> = concurrent[0].values.iter().filter(|value| value.shown).collect();
    assert_eq!((shown.len(), &shown[0].value), (1, &gao.field("/phase")));

    let of_gao = concurrent[0].values.iter().find(|value| value.value == relapsed).and_then(|value| value.change);
    let change = of_gao.expect("a committed value has its change");
    let author = bamako.doc.get_change_by_hash(&change).expect("the change is there").actor_id().clone();
    assert_eq!(author, gao.feed.actor());
    bamako.settle("/phase", Choice::Existing(change)).expect("a choice");
    gao.merge(&mut bamako);
    assert_eq!((gao.field("/phase"), gao.read().concurrent), (relapsed, Vec::new()));
    assert_eq!(problems(gao.settle("/phase", Choice::Existing(change))), [("/phase".into(), "not-concurrent")]);
}

#[test]
fn a_third_value_settles_and_bad_choices_are_refused() {
    let (mut gao, _) = apart(json!({"is": "violent"}), json!({"is": "open"}));
    let nobody = gao.heads()[0];
    let creation = gao.doc.get_changes(&[])[0].hash();
    for (pointer, choice, code) in [
        ("/phase", Choice::Existing(creation), "unknown-choice"),
        ("/phase", Choice::Value(json!({"is": "peace"})), "unknown-key"),
        ("/title", Choice::Value(json!("y")), "not-concurrent"),
        ("/nope", Choice::Existing(nobody), "not-concurrent"),
        ("/incidents/aaaaaaaaaa-1-1/withdrawn", Choice::Value(json!(true)), "not-concurrent"),
        ("phase", Choice::Existing(nobody), "not-concurrent"),
    ] {
        assert_eq!(problems(gao.settle(pointer, choice)), [(pointer.to_owned(), code)]);
    }
    gao.settle("/phase", Choice::Value(json!({"is": "latent"}))).expect("a third value");
    assert_eq!((gao.field("/phase"), gao.read().concurrent), (json!({"is": "latent"}), Vec::new()));
}

#[test]
fn settling_what_one_did_not_see_is_answered_with_what_came() {
    let (mut gao, mut bamako) = apart(json!({"is": "violent"}), json!({"is": "open"}));
    let seen = gao.heads();
    bamako.patch(json!({"phase": {"is": "truce"}})).expect("a valid patch");
    let mut kidal = gao.fork(3);
    kidal.patch(json!({"phase": {"is": "latent"}})).expect("a valid patch");
    gao.merge(&mut bamako);
    gao.merge(&mut kidal);
    let result = settle(&mut gao.doc, &seen, "/phase", &Choice::Value(json!({"is": "open"})), &vocabulary());
    gao.doc.rollback();
    assert_eq!(changed(result)[0].pointer, "/phase");
}

#[test]
fn equal_values_are_not_concurrent() {
    let (mut gao, _) = apart(json!({"since": "2026", "is": "open"}), json!({"is": "open", "since": "2026"}));
    assert!(gao.read().concurrent.is_empty());
    assert_eq!(gao.patch(json!({"phase": {"is": "open", "since": "2026"}})).map(|w| w.changed).ok(), Some(false));
}

#[test]
fn clearing_a_field_another_sets_is_concurrent_too() {
    let (mut gao, _) = apart(Value::Null, json!({"is": "open"}));
    let concurrent = gao.read().concurrent;
    assert_eq!(concurrent.len(), 1);
    assert!(concurrent[0].values.iter().any(|value| value.value.is_null()));
    gao.settle("/phase", Choice::Value(Value::Null)).expect("a choice");
    assert_eq!((gao.field("/phase"), gao.read().concurrent.len()), (Value::Null, 0));
}

#[test]
fn a_field_changed_since_it_was_read_is_answered_with_both_values() {
    let mut office = Office::conflict(json!({"title": "x", "event_count": 1}));
    let read = office.heads();
    office.patch(json!({"event_count": 2, "notes": "n"})).expect("a valid patch");
    let answer = changed(office.patch_from(&read, json!({"event_count": 3, "title": "y"})));
    let expected = Changed { pointer: "/event_count".into(), read: json!(1), now: json!(2), wanted: json!(3) };
    assert_eq!(answer, [expected]);
    assert_eq!(office.field("/title"), json!("x"), "nothing of the request was written");
    // What the other wrote is wanted too; what was read is sent back; a new base knows the value.
    assert_eq!(office.patch_from(&read, json!({"event_count": 2})).map(|w| w.changed).ok(), Some(false));
    assert_eq!(office.patch_from(&read, json!({"event_count": 1, "title": "y"})).map(|w| w.changed).ok(), Some(true));
    assert_eq!((office.field("/event_count"), office.field("/title")), (json!(2), json!("y")));
    office.patch(json!({"event_count": 3})).expect("a valid patch");
}

#[test]
fn writing_over_concurrent_values_needs_sight_of_all() {
    let mut gao = Office::conflict(json!({"title": "x"}));
    let mut bamako = gao.fork(2);
    gao.patch(json!({"phase": {"is": "violent"}})).expect("a valid patch");
    let read = gao.heads();
    bamako.patch(json!({"phase": {"is": "open"}})).expect("a valid patch");
    gao.merge(&mut bamako);
    assert_eq!(changed(gao.patch_from(&read, json!({"phase": {"is": "latent"}})))[0].pointer, "/phase");
    gao.patch(json!({"phase": {"is": "latent"}})).expect("who saw both may decide");
    assert!(gao.read().concurrent.is_empty());
}

#[test]
fn unknown_heads_are_refused() {
    let mut office = Office::conflict(json!({"title": "x"}));
    let foreign = Office::create(9, Kind::Conflict, json!({"title": "z"})).expect("another record").heads();
    for base in [foreign, Vec::new()] {
        assert!(matches!(office.patch_from(&base, json!({"title": "y"})), Err(RecordError::UnknownHeads)));
    }
}

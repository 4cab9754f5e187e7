//! Records that are tied as the same conflict.

use super::*;

fn conflict(number: u64, phase: Option<&str>, regions: &[&str]) -> Row {
    let mut conflict = row(number, Kind::Conflict, &format!("c{number}"));
    conflict.record.status = phase.map(str::to_owned);
    conflict.record.regions = regions.iter().map(|region| (*region).to_owned()).collect();
    conflict.created.at = UnixSeconds(number as i64);
    conflict
}

/// The same record with ties to others.
fn tied(mut row: Row, others: &[u64]) -> Row {
    let tie = |(at, other): (usize, &u64)| {
        let other = self::row(*other, Kind::Conflict, "").id;
        item("links", at as u32, json!({"record": other, "relation": "same-conflict"}))
    };
    row.record.items.extend(others.iter().enumerate().map(tie));
    row
}

/// Titles of each group, the speaker's first.
fn groups(views: &Views) -> Vec<String> {
    let page = views.list(&grouped(), None, 100).unwrap();
    let ids: Vec<RecordId> = page.records.iter().map(|record| record.id).collect();
    let of = |group: Group| group.records.iter().map(|record| record.title.clone()).collect::<Vec<_>>().join(" ");
    let mut groups: Vec<String> = views.groups(&ids).unwrap().into_iter().map(of).collect();
    assert_eq!(page.total, groups.len() as u64);
    groups.sort();
    groups
}

fn grouped() -> Filter {
    Filter { kind: Some(Kind::Conflict), grouped: true, ..Filter::default() }
}

#[test]
fn what_is_tied_is_one_however_the_ties_run_and_whenever_they_come() {
    let rows = |ties: [&[u64]; 4]| -> Vec<Row> {
        (1..=4).zip(ties).map(|(n, ties)| tied(conflict(n, None, &["ML-7"]), ties)).collect()
    };
    for (ties, expected) in [
        ([&[][..], &[], &[], &[]], vec!["c1", "c2", "c3", "c4"]),
        ([&[2], &[], &[], &[]], vec!["c1 c2", "c3", "c4"]),
        // From both offices, to itself, to what is not here.
        ([&[2], &[1], &[3], &[9]], vec!["c1 c2", "c3", "c4"]),
        // A chain, and a ring.
        ([&[2], &[3], &[4], &[]], vec!["c1 c2 c3 c4"]),
        ([&[2], &[3], &[1], &[]], vec!["c1 c2 c3", "c4"]),
        ([&[4], &[], &[2], &[]], vec!["c1 c4", "c2 c3"]),
    ] {
        let rows = rows(ties);
        let together = shown(&rows);
        assert_eq!(groups(&together), expected, "{ties:?}");
        let one_by_one = Views::new().unwrap();
        rows.iter().rev().for_each(|row| one_by_one.apply(std::slice::from_ref(row)).unwrap());
        assert_eq!(groups(&one_by_one), expected, "{ties:?}");
        // Every tie is taken back.
        one_by_one.apply(&(1..=4).map(|n| conflict(n, None, &["ML-7"])).collect::<Vec<_>>()).unwrap();
        assert_eq!(groups(&one_by_one), ["c1", "c2", "c3", "c4"], "{ties:?}");
    }
}

#[test]
fn a_chain_that_loses_its_middle_is_two_and_one_whose_middle_comes_late_is_one() {
    let views = shown(&[tied(conflict(1, None, &[]), &[2]), tied(conflict(3, None, &[]), &[2])]);
    assert_eq!(groups(&views), ["c1", "c3"]);
    let middle = conflict(2, None, &[]);
    views.apply(std::slice::from_ref(&middle)).unwrap();
    assert_eq!(groups(&views), ["c1 c2 c3"]);
    views.forget(middle.id).unwrap();
    assert_eq!(groups(&views), ["c1", "c3"]);
}

#[test]
fn only_conflicts_of_the_programme_are_one_and_only_by_ties_that_stand() {
    let mut project = tied(row(2, Kind::Project, "c2"), &[1]);
    project.record.regions = Vec::new();
    let mut events = tied(conflict(3, None, &[]), &[1]);
    events.record.source_ref = Some("UCDP-2020-ML-7".into());
    let mut withdrawn = tied(conflict(4, None, &[]), &[1]);
    withdrawn.record.items[0].counts = false;
    let mut other = tied(conflict(5, None, &[]), &[1]);
    other.record.items[0].values.insert("relation".into(), json!("related"));
    let mut nonsense = tied(conflict(6, None, &[]), &[1]);
    nonsense.record.items[0].values.insert("record".into(), json!(["x"]));
    let one = tied(conflict(1, None, &[]), &[2, 3]);
    let views = shown(&[one.clone(), project, events, withdrawn, other, nonsense]);
    assert_eq!(groups(&views), ["c1", "c3", "c4", "c5", "c6"]);
    assert!(views.groups(&[one.id]).unwrap()[0].ties.is_empty());
}

#[test]
fn the_first_record_whose_phase_is_established_speaks() {
    let group = |rows: &[Row]| groups(&shown(rows)).remove(0);
    assert_eq!(group(&[conflict(1, None, &[]), tied(conflict(2, None, &[]), &[1])]), "c1 c2");
    assert_eq!(group(&[conflict(1, Some("unknown"), &[]), tied(conflict(2, Some("truce"), &[]), &[1])]), "c2 c1");
    assert_eq!(group(&[conflict(1, Some("open"), &[]), tied(conflict(2, Some("truce"), &[]), &[1])]), "c1 c2");
    // When it changes, so does who speaks.
    let views = shown(&[conflict(1, None, &[]), tied(conflict(2, Some("truce"), &[]), &[1])]);
    views.apply(&[Row { arrival: Arrival(9), ..conflict(1, Some("open"), &[]) }]).unwrap();
    assert_eq!(groups(&views), ["c1 c2"]);
}

#[test]
fn a_group_counts_once_in_totals_and_in_each_region_that_any_of_its_records_names() {
    let mut second = tied(conflict(2, Some("truce"), &["ML-8", "ML-7"]), &[1]);
    second.record.search = "Puits\n".into();
    second.record.stakes = vec!["land-tenure".into()];
    second.record.to_complete = vec![toguna_protocol::record::Flag { pointer: "/x".into(), code: "x".into() }];
    let views =
        shown(&[conflict(1, None, &["ML-7"]), second, tied(conflict(3, None, &[]), &[2]), conflict(4, None, &[])]);
    let picture = serde_json::to_value(views.picture().unwrap()).unwrap();
    assert_eq!(picture["conflict_phases"], json!({"truce": 1, "unstated": 1}));
    assert_eq!(
        picture["conflicts"],
        json!([
            {"region": null, "phase": "unstated", "count": 1},
            {"region": "ML-7", "phase": "truce", "count": 1},
            {"region": "ML-8", "phase": "truce", "count": 1},
        ])
    );
    assert_eq!(views.by_status(&grouped()).unwrap(), [("truce".to_owned(), 1), (UNSTATED.to_owned(), 1)].into());
    assert_eq!(
        views.by_status(&Filter::default()).unwrap(),
        [("truce".to_owned(), 1), (UNSTATED.to_owned(), 3)].into()
    );
    let some = |text: &str| Some(text.to_owned());
    let about =
        |keys: &[&str]| Some(AnyStake { stakes: keys.iter().map(|k| (*k).into()).collect(), ..AnyStake::default() });
    for (filter, apart, together) in [
        (Filter::default(), vec!["c4", "c3", "c2", "c1"], vec!["c4", "c2"]),
        (Filter { region: some("ML-7"), ..Filter::default() }, vec!["c2", "c1"], vec!["c2"]),
        (Filter { region: some("ML-8"), ..Filter::default() }, vec!["c2"], vec!["c2"]),
        (Filter { region: some(NATIONAL), ..Filter::default() }, vec!["c4", "c3"], vec!["c4"]),
        (Filter { status: some(UNSTATED), ..Filter::default() }, vec!["c4", "c3", "c1"], vec!["c4"]),
        (Filter { status: some("truce"), ..Filter::default() }, vec!["c2"], vec!["c2"]),
        (Filter { text: some("puits"), ..Filter::default() }, vec!["c2"], vec!["c2"]),
        (Filter { text: some("c1"), ..Filter::default() }, vec!["c1"], vec!["c2"]),
        (Filter { need: Some(Need::ToComplete), ..Filter::default() }, vec!["c2"], vec!["c2"]),
        (Filter { stake: about(&["pastoral", "land-tenure"]), ..Filter::default() }, vec!["c2"], vec!["c2"]),
        (Filter { stake: about(&["' OR 1 --"]), ..Filter::default() }, vec![], vec![]),
        (Filter { stake: about(&[]), ..Filter::default() }, vec![], vec![]),
    ] {
        assert_eq!(titles(&views, filter.clone()), apart, "{filter:?}");
        let filter = Filter { grouped: true, ..filter };
        assert_eq!(titles(&views, filter.clone()), together, "{filter:?}");
        // An export has each record of the groups that the list shows.
        let of_groups = if together.contains(&"c2") { 2 } else { 0 } + together.len();
        assert_eq!(views.matching(&filter).unwrap().len(), of_groups, "{filter:?}");
    }
    let ids: Vec<RecordId> = views.matching(&grouped()).unwrap();
    let spoken_for = views.outlines(&ids).unwrap().iter().filter(|outline| outline.tied).count();
    assert_eq!(spoken_for, 2);
}

#[test]
fn a_group_has_one_mark_on_the_map() {
    let placed = |mut row: Row, lat: f64, precision: &str| {
        let place = json!({"name": "x", "lat": lat, "lon": 2.5, "precision": precision});
        row.record.place = serde_json::from_value(place).unwrap();
        row
    };
    let one = placed(conflict(1, Some("open"), &["ML-8"]), 19.0, "region");
    let two = placed(tied(conflict(2, None, &["ML-8"]), &[1]), 19.5, "village");
    let three = placed(tied(conflict(3, None, &["ML-8"]), &[1]), 19.75, "exact");
    let found = |rows: &[Row]| {
        let places = shown(rows).conflict_places().unwrap().conflicts;
        places.into_iter().map(|p| (p.point(), p.is_wide(), p.record.title)).collect::<Vec<_>>()
    };
    assert_eq!(found(&[one.clone(), two.clone(), three.clone()]), [(Some((19.5, 2.5)), false, "c1".to_owned())]);
    let wide = tied(conflict(4, None, &["ML-7"]), &[1]);
    assert_eq!(found(&[one, wide]), [(None, true, "c1".to_owned())]);
}

#[test]
fn ties_are_told_from_both_ends() {
    let [one, two, three] =
        [tied(conflict(1, None, &[]), &[2]), tied(conflict(2, None, &[]), &[1]), tied(conflict(3, None, &[]), &[2])];
    let ids = [one.id, two.id, three.id];
    let views = shown(&[one, two, three]);
    let all = views.groups(&ids).unwrap();
    assert_eq!(all.iter().map(|group| group.ties.len()).collect::<Vec<_>>(), [2, 3, 1]);
    assert_eq!(all[2].ties[0].holder, ids[2]);
    assert_eq!(all[2].ties[0].other, ids[1]);
    assert_eq!(views.groups(&[RecordId([9; 16])]).unwrap(), [Group::default()]);
}

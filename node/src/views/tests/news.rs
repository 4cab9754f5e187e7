//! What changed by whom, what was settled elsewhere, and which conflicts are likely the same.

use toguna_protocol::engine::{Contender, Settlement, rows::Heard};

use super::*;

const GAO: AuthorKey = AuthorKey([1; 32]);
const BAMAKO: AuthorKey = AuthorKey([2; 32]);

fn heard(office: AuthorKey, first: u64, last: u64) -> Heard {
    Heard { feed: FeedId(office.0), office, seq: Seq(last), first: Arrival(first), last: Arrival(last) }
}

fn stamp(office: AuthorKey, at: i64) -> Stamp {
    Stamp { by: "Awa".into(), office, at: UnixSeconds(at), entry: EntryHash([at as u8; 32]) }
}

/// A conflict of Gao that Bamako changed, a project of Bamako, and an old consultation of Gao.
fn written() -> Views {
    let mut shared = Row { arrival: Arrival(20), ..row(1, Kind::Conflict, "shared") };
    (shared.created, shared.updated) = (stamp(GAO, 100), stamp(BAMAKO, 900));
    shared.heard = vec![heard(GAO, 5, 15), heard(BAMAKO, 20, 20)];
    let mut project = Row { arrival: Arrival(18), ..row(2, Kind::Project, "project") };
    (project.created, project.updated) = (stamp(BAMAKO, 800), stamp(BAMAKO, 800));
    project.heard = vec![heard(BAMAKO, 18, 18)];
    let mut old = Row { arrival: Arrival(3), ..row(3, Kind::Consultation, "old") };
    (old.created, old.updated) = (stamp(GAO, 50), stamp(GAO, 60));
    old.heard = vec![heard(GAO, 2, 3)];
    shown(&[shared, project, old])
}

#[test]
fn a_record_goes_beyond_a_place_until_all_that_stands_of_it_in_every_feed_is_held() {
    let views = written();
    let beyond = |held: &[(AuthorKey, u64)]| -> Vec<(u8, Vec<u64>, u64)> {
        let place = held.iter().map(|(office, seq)| (FeedId(office.0), Seq(*seq))).collect();
        let beyond = views.beyond(&place).unwrap();
        beyond
            .iter()
            .map(|(id, reach)| (id.0[15], reach.feeds.values().map(|seq| seq.0).collect(), reach.last.0))
            .collect()
    };
    assert_eq!(beyond(&[]), [(1, vec![15, 20], 20), (2, vec![18], 18), (3, vec![3], 3)]);
    assert_eq!(beyond(&[(GAO, 14), (BAMAKO, 18)]), [(1, vec![15, 20], 20)]);
    assert_eq!(beyond(&[(GAO, 15), (BAMAKO, 19)]), [(1, vec![20], 20)]);
    assert_eq!(beyond(&[(GAO, 15), (BAMAKO, 20)]), []);
    let whole = views.beyond(&[].into_iter().collect()).unwrap();
    let place = [(FeedId(GAO.0), Seq(15)), (FeedId(BAMAKO.0), Seq(19))].into_iter().collect();
    let held: Vec<bool> = whole.values().map(|reach| reach.is_held_by(&place)).collect();
    assert_eq!(held, [false, true, true]);
}

#[test]
fn changes_are_counted_for_every_office_that_made_them() {
    let views = written();
    let told = |since: Since| -> Vec<(AuthorKey, u64, u64)> {
        let sum = |counts: &std::collections::BTreeMap<Kind, u64>| counts.values().sum();
        let offices = views.changes_by_office(since).unwrap();
        offices.iter().map(|(office, changes)| (*office, sum(&changes.new), sum(&changes.changed))).collect()
    };
    let after = |arrival| Since::Arrival(Arrival(arrival));
    assert_eq!(told(after(0)), [(GAO, 2, 0), (BAMAKO, 2, 0)], "new for both, since nothing of it was there");
    assert_eq!(told(after(10)), [(GAO, 0, 1), (BAMAKO, 1, 1)]);
    assert_eq!(told(after(19)), [(BAMAKO, 0, 1)]);
    assert_eq!(told(after(20)), []);
    assert_eq!(told(after(u64::MAX)), []);
    // Without an arrival to go by, the one that changed it last.
    assert_eq!(told(Since::Moment(UnixSeconds(700))), [(BAMAKO, 1, 1)]);
    assert_eq!(told(Since::Moment(UnixSeconds(0))), [(GAO, 1, 0), (BAMAKO, 2, 0)]);
    let of = |since, office| Filter { changed: Some(Changed { since, office }), ..Filter::default() };
    for (filter, found) in [
        (of(after(10), None), vec!["shared", "project"]),
        (of(after(10), Some(GAO)), vec!["shared"]),
        (of(after(15), Some(GAO)), vec![]),
        (of(Since::Moment(UnixSeconds(60)), Some(GAO)), vec!["old"]),
        (Filter { kind: Some(Kind::Project), ..of(after(0), Some(BAMAKO)) }, vec!["project"]),
        (Filter { text: Some("proj".into()), region: Some("ML-7".into()), ..of(after(0), None) }, vec!["project"]),
    ] {
        assert_eq!(titles(&views, filter.clone()), found, "{filter:?}");
    }
}

#[test]
fn whoever_had_a_value_is_told_who_settled_and_whoever_settled_is_not() {
    let contender = |office, value: &str, kept| Contender { value: json!(value), kept, stamp: stamp(office, 1) };
    let settlement = |at: i64, by| Settlement {
        field: "/title".into(),
        values: vec![contender(GAO, "a", true), contender(BAMAKO, "b", false), contender(GAO, "c", false)],
        chosen: json!("a"),
        stamp: stamp(by, at),
        reason: Some("because".into()),
    };
    let mut row = row(1, Kind::Conflict, "one");
    row.settled = vec![settlement(10, BAMAKO), Settlement { field: "/phase".into(), ..settlement(20, BAMAKO) }];
    let views = shown(std::slice::from_ref(&row));
    let told = views.settled_elsewhere(GAO).unwrap();
    assert_eq!(told.iter().map(|one| one.settlement.field.as_str()).collect::<Vec<_>>(), ["/phase", "/title"]);
    assert_eq!((&told[1].settlement, told[1].record.title.as_str()), (&row.settled[0], "one"));
    assert_eq!(views.settled_elsewhere(BAMAKO).unwrap(), []);
    views.apply(&[Row { settled: Vec::new(), ..row }]).unwrap();
    assert_eq!(views.settled_elsewhere(GAO).unwrap(), []);
}

/// A conflict with a title, in some regions.
fn conflict(number: u64, title: &str, regions: &[&str]) -> Row {
    let mut row = row(number, Kind::Conflict, title);
    row.record.regions = regions.iter().map(|region| (*region).to_owned()).collect();
    row
}

fn link(ordinal: u32, to: &Row, relation: &str) -> ItemRow {
    item("links", ordinal, json!({"record": to.id, "relation": relation}))
}

fn pairs(views: &Views) -> Vec<(u64, u64)> {
    let number = |id: RecordId| u64::from_be_bytes(id.0[8..].try_into().unwrap());
    let (pairs, total) = views.likely_same(100).unwrap();
    assert_eq!(total, pairs.len() as u64);
    pairs.iter().map(|pair| (number(pair.one.id), number(pair.other.id))).collect()
}

#[test]
fn conflicts_with_near_names_in_one_region_are_offered_until_somebody_says() {
    let mut rows = vec![
        conflict(1, "Puits de Tin-Essako", &["ML-8"]),
        conflict(2, "Le puits de Tin Essako", &["ML-7", "ML-8"]),
        conflict(3, "Puits de Tin-Essako", &["ML-5"]),
        conflict(4, "Terres du delta", &["ML-8"]),
        conflict(5, "Rébellion du Nord", &[]),
        conflict(6, "La rebellion du nord", &[]),
        conflict(7, "Terres du delta", &["ML-8"]),
        Row { ..row(8, Kind::Project, "Puits de Tin-Essako") },
    ];
    rows[3].record.aliases = vec!["Le puits de Tin Esako".into()];
    rows[6].record.source_ref = Some(format!("{SOURCE_PREFIX}1"));
    let views = shown(&rows);
    assert_eq!(pairs(&views), [(1, 2), (1, 4), (2, 4), (5, 6)]);
    assert_eq!(views.likely_same(1).unwrap().1, 4);
    // Tied, or declared two, from either side; and a tie that is taken back.
    let mut later = |number: usize, items: Vec<ItemRow>| {
        let row = &mut rows[number - 1];
        (row.record.items, row.arrival) = (items, Arrival(row.arrival.0 + 100));
        views.apply(std::slice::from_ref(row)).unwrap();
    };
    let (one, two) = (conflict(1, "", &[]), conflict(2, "", &[]));
    later(2, vec![link(1, &one, "same-conflict")]);
    later(4, vec![link(1, &one, "distinct"), link(2, &two, "distinct")]);
    assert_eq!(pairs(&views), [(5, 6)]);
    later(2, vec![ItemRow { counts: false, ..link(1, &one, "same-conflict") }]);
    assert_eq!(pairs(&views), [(1, 2), (5, 6)]);
    // A row of before changes nothing, another name does, and so does a record that goes.
    views.apply(&[conflict(2, "Autre chose", &["ML-8"])]).unwrap();
    assert_eq!(pairs(&views), [(1, 2), (5, 6)]);
    views.apply(&[Row { arrival: Arrival(900), ..conflict(2, "Autre chose", &["ML-8"]) }]).unwrap();
    views.forget(conflict(6, "", &[]).id).unwrap();
    assert_eq!(pairs(&views), []);
}

#[test]
fn what_very_many_are_named_with_says_nothing() {
    let rows: Vec<Row> = (0..400).map(|n| conflict(n, &format!("Pâturages numéro {n:03}"), &["ML-7"])).collect();
    let views = shown(&rows);
    assert_eq!(views.likely_same(8).unwrap(), (Vec::new(), 0));
    // Two of them called the same are still found, as long as there are not too many.
    let last = conflict(400, "Pâturages", &["ML-8"]);
    views.apply(&[last, conflict(401, "Pâturage", &["ML-8"])]).unwrap();
    assert_eq!(pairs(&views), [(400, 401)]);
}

mod groups;
mod matters;
mod news;
mod plan;
mod tracker;
mod tree;

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use toguna_protocol::{
    engine::rows::{Row, Stamp},
    ids::{Arrival, AuthorKey, EntryHash, FeedId, ItemId, RecordId, Seq, UnixSeconds},
    projection::{Facts, ItemRow, RecordRow},
    record::{
        Kind,
        common::{Amount, Currency, Money},
    },
};

use super::*;

fn row(number: u64, kind: Kind, title: &str) -> Row {
    let mut id = RecordId([0; 16]);
    id.0[8..].copy_from_slice(&number.to_be_bytes());
    let stamp =
        Stamp { by: "Awa".into(), office: AuthorKey([1; 32]), at: UnixSeconds(1_000), entry: EntryHash([2; 32]) };
    let record = RecordRow {
        kind,
        title: title.into(),
        status: None,
        aliases: Vec::new(),
        regions: vec!["ML-7".into()],
        place: None,
        date: None,
        event_count: 1,
        origin: None,
        announced: None,
        stakes: Vec::new(),
        sensitivity: None,
        source_ref: None,
        need: None,
        search: format!("{title}\n"),
        concurrent: 0,
        decisions: 0,
        unknown: 0,
        flags: Vec::new(),
        to_complete: Vec::new(),
        facts: Facts::default(),
        items: Vec::new(),
    };
    Row {
        id,
        record,
        created: stamp.clone(),
        updated: stamp,
        arrival: Arrival(number),
        waiting: 0,
        set_aside: 0,
        settled: Vec::new(),
        heard: Vec::new(),
    }
}

fn item(list: &str, ordinal: u32, values: Value) -> ItemRow {
    let values: Map<String, Value> = values.as_object().cloned().unwrap_or_default();
    let item = ItemId::new(FeedId([3; 32]), Seq(1), ordinal);
    ItemRow { list: list.into(), item, parent: None, withdrawn: false, counts: true, values }
}

fn shown(rows: &[Row]) -> Views {
    let views = Views::new().unwrap();
    views.apply(rows).unwrap();
    views
}

fn titles(views: &Views, filter: Filter) -> Vec<String> {
    let page = views.list(&filter, None, 100).unwrap();
    assert_eq!(page.total, page.records.len() as u64);
    page.records.into_iter().map(|record| record.title).collect()
}

fn text(text: &str) -> Filter {
    Filter { text: Some(text.into()), ..Filter::default() }
}

#[test]
fn words_are_found_whatever_their_accents_case_and_end() {
    let views = shown(&[
        row(1, Kind::Conflict, "Puits de Ménaka"),
        row(2, Kind::Conflict, "Rencontre inter-communautaire à Gossi"),
        row(3, Kind::Conflict, "L’eau et l’école"),
        // Written by a machine that keeps accents apart.
        row(4, Kind::Conflict, "E\u{301}leveurs"),
    ]);
    for (typed, found) in [
        ("menaka", vec![1]),
        ("MÉNAKA", vec![1]),
        ("me\u{301}naka", vec![1]),
        ("mena", vec![1]),
        ("naka", vec![]),
        ("puits menaka", vec![1]),
        ("menaka gossi", vec![]),
        ("inter-communautaire", vec![2]),
        ("communautaire-inter", vec![]),
        ("ecole", vec![3]),
        ("a", vec![2]),
        ("p", vec![]),
        ("eleveurs", vec![4]),
        ("  ", vec![4, 3, 2, 1]),
        ("", vec![4, 3, 2, 1]),
    ] {
        let page = views.list(&text(typed), None, 100).unwrap();
        let numbers: Vec<u64> = page.records.iter().map(|record| record.arrival.0).collect();
        assert_eq!(numbers, found, "{typed:?}");
    }
}

#[test]
fn nothing_that_is_typed_is_taken_for_an_operator() {
    let views = shown(&[row(1, Kind::Conflict, "Puits NOT OR NEAR de Ménaka body")]);
    for typed in [
        "\"",
        "\"\"",
        "'",
        "menaka\"",
        "\"menaka",
        "menaka OR",
        "NOT",
        "NEAR(",
        "(",
        ")",
        "*",
        "^menaka",
        "-menaka",
        "body:menaka",
        "menaka*",
        "{body}:x",
        "a AND",
        "men\0aka",
        "\u{202e}menaka",
        "menaka\\",
        "ⓐ",
        "%",
        "_",
        ";--",
        "\u{301}",
        "+",
        "menaka + puits",
        "NEAR(menaka, 2)",
        "🕊",
    ] {
        let page = views.list(&text(typed), None, 10);
        assert!(page.is_ok(), "{typed:?}: {page:?}");
    }
    for (typed, found) in [("not", 1), ("near", 1), ("body", 1), ("^menaka", 1), ("menaka*", 1), ("!?", 0)] {
        assert_eq!(titles(&views, text(typed)).len(), found, "{typed:?}");
    }
}

#[test]
fn filters_narrow_together() {
    let mut rows = vec![
        row(1, Kind::Conflict, "one"),
        row(2, Kind::Conflict, "two"),
        row(3, Kind::Project, "three"),
        row(4, Kind::Consultation, "four"),
    ];
    rows[1].record.status = Some("truce".into());
    rows[1].record.regions = vec!["ML-8".into(), "ML-7".into()];
    rows[2].record.status = Some("truce".into());
    rows[2].record.source_ref = Some("PRJ-1".into());
    rows[3].record.regions = Vec::new();
    let views = shown(&rows);
    let some = |text: &str| Some(text.to_owned());
    let none = Filter::default;
    for (filter, found) in [
        (none(), vec!["four", "three", "two", "one"]),
        (Filter { kind: Some(Kind::Conflict), ..none() }, vec!["two", "one"]),
        (Filter { region: some("ML-8"), ..none() }, vec!["two"]),
        (Filter { region: some(NATIONAL), ..none() }, vec!["four"]),
        (Filter { status: some("truce"), ..none() }, vec!["three", "two"]),
        (Filter { status: some("truce"), kind: Some(Kind::Project), ..none() }, vec!["three"]),
        (Filter { source_ref: some("PRJ-1"), ..none() }, vec!["three"]),
        (Filter { since: Some(Arrival(3)), ..none() }, vec!["three", "four"]),
        (Filter { since: Some(Arrival(u64::MAX)), ..none() }, vec![]),
        (Filter { text: some("tw"), region: some("ML-7"), ..none() }, vec!["two"]),
        (Filter { region: some("' OR 1=1 --"), ..none() }, vec![]),
    ] {
        assert_eq!(titles(&views, filter.clone()), found, "{filter:?}");
    }
}

#[test]
fn pages_are_whole_while_records_change() {
    let rows: Vec<Row> = (1..=25).map(|n| row(n, Kind::Conflict, &format!("record {n}"))).collect();
    let views = shown(&rows);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = views.list(&Filter::default(), after, 7).unwrap();
        assert_eq!(page.total, 25);
        seen.extend(page.records.iter().map(|record| record.title.clone()));
        // The oldest record, which no page has shown, changes: it moves to the newer end, and nothing comes twice.
        views.apply(&[Row { arrival: Arrival(100), ..row(1, Kind::Conflict, "record 1") }]).unwrap();
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    let expected: Vec<String> = (2..=25).rev().map(|n| format!("record {n}")).collect();
    assert_eq!(seen, expected);
    let again = views.list(&Filter { since: Some(Arrival(100)), ..Filter::default() }, None, 10).unwrap();
    assert_eq!(again.records[0].title, "record 1");
    for cursor in ["", "1", "x-aaaaaaaaaaaaaaaaaaaaaaaaaa", "1-", "1-1", "-1-aaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert!(cursor.parse::<Cursor>().is_err(), "{cursor}");
    }
}

#[test]
fn a_row_never_replaces_a_newer_one() {
    let views = shown(&[Row { arrival: Arrival(9), ..row(1, Kind::Conflict, "newer") }]);
    views.apply(&[Row { arrival: Arrival(8), ..row(1, Kind::Conflict, "older") }]).unwrap();
    assert_eq!(titles(&views, text("older")), Vec::<String>::new());
    assert_eq!(titles(&views, Filter::default()), ["newer"]);
    // The same number: judged anew, as after a fork.
    views.apply(&[Row { arrival: Arrival(9), ..row(1, Kind::Project, "judged anew") }]).unwrap();
    assert_eq!(titles(&views, text("newer")), Vec::<String>::new());
    assert_eq!(titles(&views, text("judged")), ["judged anew"]);
    assert_eq!(views.count().unwrap(), 1);
}

#[test]
fn a_record_that_is_forgotten_leaves_nothing_behind() {
    let mut one = row(1, Kind::Consultation, "one");
    one.record.items = vec![item("recommendations", 1, json!({"theme": "justice"}))];
    let views = shown(&[one.clone(), row(2, Kind::Conflict, "two")]);
    for _ in 0..2 {
        views.forget(one.id).unwrap();
        assert_eq!(titles(&views, Filter::default()), ["two"]);
        assert!(titles(&views, text("one")).is_empty() && views.picture().unwrap().recommendations.is_empty());
    }
    views.apply(&[one]).unwrap();
    assert_eq!(titles(&views, text("one")), ["one"]);
}

#[test]
fn what_was_not_applied_is_counted() {
    let views = shown(&[
        Row { waiting: 2, ..row(1, Kind::Conflict, "one") },
        Row { waiting: 1, set_aside: 3, ..row(2, Kind::Conflict, "two") },
        row(3, Kind::Conflict, "three"),
    ]);
    assert_eq!(views.unapplied().unwrap(), Unapplied { waiting: 3, set_aside: 3 });
    views.apply(&[row(2, Kind::Conflict, "two")]).unwrap();
    assert_eq!(views.unapplied().unwrap(), Unapplied { waiting: 2, set_aside: 0 });
}

#[test]
fn rows_are_shown_all_or_none() {
    let views = shown(&[row(1, Kind::Conflict, "one")]);
    // More than the database's numbers hold.
    let bad = Row { arrival: Arrival(u64::MAX), ..row(3, Kind::Conflict, "three") };
    assert!(views.apply(&[row(2, Kind::Conflict, "two"), bad]).is_err());
    assert_eq!(titles(&views, Filter::default()), ["one"]);
}

#[test]
fn the_picture_counts_what_stands() {
    let mut meeting = row(1, Kind::Consultation, "conference");
    meeting.record.items = vec![
        item("recommendations", 1, json!({"theme": "justice", "status": "adopted"})),
        item("recommendations", 2, json!({"theme": "justice", "status": "done"})),
        item("recommendations", 3, json!({"status": "adopted"})),
        item("recommendations", 4, json!({"theme": "justice"})),
        ItemRow { counts: false, withdrawn: true, ..item("recommendations", 5, json!({"theme": "justice"})) },
    ];
    let parent = Some(meeting.record.items[0].item.clone());
    meeting.record.items.push(ItemRow { parent, ..item("recommendations/follow_ups", 6, json!({"note": "x"})) });
    let phase = |number, phase: Option<&str>, regions: &[&str]| {
        let mut conflict = row(number, Kind::Conflict, "conflict");
        conflict.record.status = phase.map(str::to_owned);
        conflict.record.regions = regions.iter().map(|region| (*region).to_owned()).collect();
        conflict
    };
    let views = shown(&[
        meeting,
        phase(2, Some("truce"), &["ML-7", "ML-8"]),
        phase(3, Some("truce"), &["ML-7"]),
        phase(4, None, &["ML-7"]),
        phase(5, Some("violent"), &[]),
    ]);
    let picture = serde_json::to_value(views.picture().unwrap()).unwrap();
    assert_eq!(picture["complete"], false);
    assert_eq!(
        picture["conflicts"],
        json!([
            {"region": null, "phase": "violent", "count": 1},
            {"region": "ML-7", "phase": "truce", "count": 2},
            {"region": "ML-7", "phase": "unstated", "count": 1},
            {"region": "ML-8", "phase": "truce", "count": 1},
        ])
    );
    assert_eq!(picture["conflict_phases"], json!({"truce": 2, "unstated": 1, "violent": 1}));
    assert_eq!(
        picture["recommendations"],
        json!([
            {"theme": null, "count": 1, "by_status": {"adopted": 1}, "without_follow_up": 1},
            {"theme": "justice", "count": 3, "by_status": {"adopted": 1, "done": 1, "unstated": 1}, "without_follow_up": 2},
        ])
    );
    let counts = Counts { consultation: 1, conflict: 4, project: 0, recommendation: 4 };
    assert_eq!(views.counts().unwrap(), counts);
}

#[test]
fn money_of_each_currency_is_added_by_itself_and_reversals_cancel() {
    let line = |ordinal, partner: &str, stage: &str, amount: i64, currency: &str| {
        let money = json!({"amount": amount, "currency": currency});
        item("contributions", ordinal, json!({"partner": partner, "stage": stage, "money": money}))
    };
    let off = |item: ItemRow| ItemRow { counts: false, ..item };
    let mut one = row(1, Kind::Project, "one");
    one.record.need = Some(Money { amount: Amount(100), currency: Currency("USD".into()) });
    one.record.items = vec![
        line(1, "UNDP", "received", 60, "USD"),
        line(2, "Danida", "pledged", 70, "USD"),
        off(line(3, "Danida", "pledged", 1_000, "USD")),
        off(line(4, "Danida", "pledged", 1_000, "USD")),
        line(5, "State", "received", 500, "XOF"),
        item("contributions", 6, json!({"partner": "nobody"})),
        // What a hostile office may have written.
        item("contributions", 7, json!({"partner": "UNDP", "money": {"amount": -5, "currency": "USD"}})),
        item("contributions", 8, json!({"partner": "UNDP", "money": {"amount": "5", "currency": "USD"}})),
    ];
    let mut two = row(2, Kind::Project, "two");
    two.record.need = Some(Money { amount: Amount(800), currency: Currency("XOF".into()) });
    let picture = serde_json::to_value(shown(&[one, two]).picture().unwrap()).unwrap();
    assert_eq!(
        picture["contributions"],
        json!({
            "USD": {"need": 100, "cumulative": 130, "balance": 0, "surplus": 30,
                "by_stage": {"received": 60, "pledged": 70, "unstated": 0},
                "partners": [{"partner": "Danida", "amount": 70}, {"partner": "UNDP", "amount": 60}]},
            "XOF": {"need": 800, "cumulative": 500, "balance": 300, "surplus": 0, "by_stage": {"received": 500},
                "partners": [{"partner": "State", "amount": 500}]},
        })
    );
}

#[test]
fn a_rows_digest_covers_all_but_its_arrival() {
    let one = row(1, Kind::Conflict, "one");
    assert_eq!(row_digest(&one), row_digest(&Row { arrival: Arrival(77), ..one.clone() }));
    let mut other = one.clone();
    other.record.search.push('x');
    assert_ne!(row_digest(&one), row_digest(&other));
    assert_ne!(row_digest(&one), row_digest(&Row { waiting: 1, ..one.clone() }));
    let views = shown(std::slice::from_ref(&one));
    assert_eq!(views.digest(one.id).unwrap(), Some(row_digest(&one)));
    assert_eq!(views.digest(RecordId([9; 16])).unwrap(), None);
}

/// Prints the figures; run it with `--ignored --nocapture`.
#[test]
#[ignore = "prints figures over 10,000 records, proves nothing; run it in release"]
fn ten_thousand_records_fill_and_page_quickly() {
    let pack = crate::pack::Pack::embedded();
    let mut samples = crate::sample::Samples::new(&pack, 7);
    let rows: Vec<Row> = (1..=10_000)
        .map(|n| {
            let (draft, edits) = samples.with_edits(3);
            let mut row = row(n, draft.kind, draft.record["title"].as_str().unwrap_or_default());
            row.record.search = serde_json::to_string(&(&draft.record, &edits)).unwrap();
            row.record.items =
                (0..6).map(|i| item("incidents", i, json!({"date": "2010", "text": "Bétail volé"}))).collect();
            if draft.kind == Kind::Consultation {
                row.record.facts.report_parts = 1;
                let above = self::row(n / 3, Kind::Consultation, "").id;
                row.record.items.push(item("links", 6, json!({"record": above, "relation": "feeds"})));
            }
            row
        })
        .collect();
    let bytes: usize = rows.iter().map(|row| row.record.search.len()).sum();
    let views = Views::new().unwrap();
    let began = Instant::now();
    rows.chunks(256).for_each(|rows| views.apply(rows).unwrap());
    println!("filled in {:?}, {} bytes of text a record", began.elapsed(), bytes / rows.len());
    let pages: i64 = views.db().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    println!("{} kB of memory", pages * 4);
    let some = |text: &str| Some(text.to_owned());
    for (name, filter) in [
        ("all", Filter::default()),
        ("region", Filter { region: some("ML-7"), ..Filter::default() }),
        ("kind", Filter { kind: Some(Kind::Conflict), ..Filter::default() }),
        ("word", text("betail")),
        ("letter", text("b")),
        ("two", text("betail puits")),
        ("since", Filter { since: Some(Arrival(5_000)), ..Filter::default() }),
    ] {
        let mut times: Vec<Duration> = (0..100)
            .map(|_| {
                let began = Instant::now();
                views.list(&filter, None, 50).unwrap();
                began.elapsed()
            })
            .collect();
        times.sort();
        println!("{name}: median {:?}, p95 {:?}", times[50], times[94]);
    }
    let under = |id: RecordId| TreeFilter { under: Some(id), ..TreeFilter::default() };
    for (name, filter) in [
        ("tree", TreeFilter::default()),
        ("tree of a region", TreeFilter { region: some("ML-7"), ..TreeFilter::default() }),
        ("tree under one", under(views.tree(&TreeFilter::default(), 0, 1).unwrap().branches[0].1.top.record.id)),
    ] {
        let began = Instant::now();
        let found = views.tree(&filter, 0, 50).unwrap();
        println!("{name}: {:?}, {} of {}", began.elapsed(), found.total, found.records);
    }
    let began = Instant::now();
    views.picture().unwrap();
    println!("picture {:?}", began.elapsed());
    let began = Instant::now();
    let pairs = views.likely_same(8).unwrap().1;
    println!("{pairs} pairs that are likely the same {:?}", began.elapsed());
    let began = Instant::now();
    views.changes_by_office(Since::Moment(UnixSeconds(0))).unwrap();
    println!("changes by office {:?}", began.elapsed());
}

#[test]
fn records_are_listed_in_the_order_in_which_they_are_named() {
    let rows = [1, 2, 3].map(|number| row(number, Kind::Conflict, &format!("Puits {number}")));
    let views = shown(&rows);
    let listed = views.listed(&[rows[2].id, RecordId([9; 16]), rows[0].id]).unwrap();
    assert_eq!(listed.iter().map(|record| record.id).collect::<Vec<_>>(), [rows[2].id, rows[0].id]);
}

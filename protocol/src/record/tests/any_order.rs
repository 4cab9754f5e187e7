//! Whatever three offices do apart, and in whatever order their copies meet, all read the same.

use proptest::prelude::*;

use super::*;

/// What an office may do, by number.
fn work(office: &mut Office, choice: u8, number: u8) {
    let text = office.field("/narrative").as_str().unwrap_or_default().to_owned();
    let items = office.read().typed::<Conflict>().incidents;
    let open = items.iter().find(|(_, item)| !item.withdrawn).map(|(id, _)| id.to_string());
    let on_item = |value: Value| open.as_ref().map(|id| json!({"incidents": {id.as_str(): value}}));
    let phase = ["open", "violent", "truce"][usize::from(number) % 3];
    let patch = match choice % 9 {
        0 => json!({"phase": {"is": phase}}),
        1 => json!({"narrative": format!("{text} é{number}👍")}),
        2 => json!({"narrative": text.chars().skip(usize::from(number) % 4).collect::<String>()}),
        3 => json!({"aliases": {format!("{}", number % 4): true}}),
        4 => json!({"aliases": {format!("{}", number % 4): null}}),
        5 => json!({"incidents": {"new": {"deaths": number, "text": "vol"}}}),
        6 => on_item(json!({"deaths": number})).unwrap_or(json!({})),
        7 => on_item(Value::Null).unwrap_or(json!({})),
        _ => json!({"title": format!("titre {}", number % 3)}),
    };
    office.patch(patch).expect("a valid patch");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_merging_does_not_matter(
        steps in prop::collection::vec((0..3usize, any::<u8>(), any::<u8>(), prop::option::of(0..3usize)), 1..25),
        orders in prop::collection::vec(Just([0usize, 1, 2]).prop_shuffle(), 3),
    ) {
        let mut first = Office::conflict(json!({"title": "x", "narrative": "récit", "incidents": {"new": {"deaths": 1}}}));
        let mut offices = vec![first.fork(2), first.fork(3)];
        offices.insert(0, first);
        for (who, choice, number, meets) in steps {
            work(&mut offices[who], choice, number);
            if let Some(other) = meets.filter(|other| *other != who) {
                let mut copy = offices[other].fork(100 + other as u8);
                offices[who].merge(&mut copy);
            }
        }
        let mut readings = Vec::new();
        for order in orders {
            let mut reader = offices[order[0]].fork(50);
            for other in &order[1..] {
                reader.merge(&mut offices[*other]);
            }
            readings.push(reader.read());
        }
        prop_assert_eq!(&readings[0], &readings[1]);
        prop_assert_eq!(&readings[0], &readings[2]);
        let _: Conflict = readings[0].typed();
    }
}

//! Consultations by what they stand under.

use super::*;

/// A consultation called `c` and its number.
fn meeting(number: u64, level: Option<&str>, date: Option<&str>) -> Row {
    let mut row = row(number, Kind::Consultation, &format!("c{number}"));
    row.record.date = date.map(|date| date.parse().unwrap());
    row.record.facts.level = level.map(str::to_owned);
    row.record.facts.meeting_type = Some("forum".into());
    row
}

fn local(number: u64) -> Row {
    meeting(number, Some("local"), None)
}

/// The same with ties to what it stands under.
fn under(mut row: Row, ties: &[(&str, u64)]) -> Row {
    for (relation, other) in ties {
        let other = self::row(*other, Kind::Consultation, "").id;
        let at = row.record.items.len() as u32;
        row.record.items.push(item("links", at, json!({"record": other, "relation": relation})));
    }
    row
}

/// A branch in one line: `c1(c2(+3) c4)`.
fn told(branch: &Branch) -> String {
    let mut below: Vec<String> = branch.below.iter().map(told).collect();
    if branch.more > 0 {
        below.push(format!("+{}", branch.more));
    }
    let inside = if below.is_empty() { String::new() } else { format!("({})", below.join(" ")) };
    format!("{}{inside}", branch.top.record.title)
}

fn page(views: &Views, filter: &TreeFilter) -> TreePage {
    views.tree(filter, 0, 50).unwrap()
}

/// The whole tree, one line for each that stands under no other.
fn whole(views: &Views) -> Vec<String> {
    let page = page(views, &TreeFilter::default());
    assert_eq!(page.total, page.branches.len() as u64);
    page.branches.iter().map(|(_, branch)| told(branch)).collect()
}

fn count(branch: &Branch) -> u64 {
    1 + branch.more + branch.below.iter().map(count).sum::<u64>()
}

#[test]
fn what_is_tied_stands_below_whenever_it_comes_and_what_gives_back_stands_last() {
    let rows = [
        meeting(1, Some("national"), Some("2005-11-21")),
        under(meeting(2, Some("regional"), Some("2005")), &[("feeds", 1)]),
        under(meeting(3, Some("regional"), Some("2005-06")), &[("restitutes", 1)]),
        under(meeting(4, Some("local"), None), &[("feeds", 2)]),
        under(meeting(5, Some("national"), Some("2005-11-22")), &[("part-of", 1)]),
        under(local(6), &[("series", 5), ("about", 1), ("same-activity", 2)]),
    ];
    let expected = ["c1(c2(c4) c5(c6) c3)"];
    assert_eq!(whole(&shown(&rows)), expected);
    let one_by_one = Views::new().unwrap();
    rows.iter().rev().for_each(|row| one_by_one.apply(std::slice::from_ref(row)).unwrap());
    assert_eq!(whole(&one_by_one), expected);
    // The tie is taken back, and the record above goes away.
    let mut loose = rows[1].clone();
    loose.record.items[0].counts = false;
    one_by_one.apply(&[loose]).unwrap();
    assert_eq!(whole(&one_by_one), ["c1(c5(c6) c3)", "c2(c4)"]);
    one_by_one.forget(rows[0].id).unwrap();
    let mut left = whole(&one_by_one);
    left.sort();
    assert_eq!(left, ["c2(c4)", "c3", "c5(c6)"]);
}

#[test]
fn those_of_one_day_are_sorted_by_their_names() {
    let called = |mut row: Row, title: &str| {
        row.record.title = title.into();
        row
    };
    let part = |number, title| called(under(meeting(number, None, Some("2009")), &[("series", 1)]), title);
    let views = shown(&[
        called(meeting(1, None, None), "Série"),
        part(2, "Tombouctou"),
        part(3, "Gao"),
        part(4, "École"),
        called(meeting(5, None, None), "Ségou"),
        called(meeting(6, None, None), "Écoles"),
    ]);
    assert_eq!(whole(&views), ["Série(École Gao Tombouctou)", "Écoles", "Ségou"]);
}

#[test]
fn rings_are_cut_at_one_tie_and_hide_nobody() {
    for (ties, expected) in [
        // To itself, and two that name each other.
        (vec![(1, "part-of", 1)], vec!["c1", "c2", "c3"]),
        (vec![(1, "feeds", 2), (2, "feeds", 1)], vec!["c2(c1)", "c3"]),
        // The closer relation holds.
        (vec![(1, "feeds", 2), (2, "part-of", 1)], vec!["c1(c2)", "c3"]),
        (vec![(1, "feeds", 2), (2, "feeds", 3), (3, "feeds", 1)], vec!["c3(c2(c1))"]),
        // A way out of the ring is taken.
        (vec![(1, "part-of", 2), (2, "part-of", 1), (2, "feeds", 3)], vec!["c3(c2(c1))"]),
        // Two above: the closer one, the other is named.
        (vec![(1, "feeds", 2), (1, "restitutes", 3)], vec!["c3(c1)", "c2"]),
    ] {
        let rows: Vec<Row> = (1..=3)
            .map(|n| {
                let of: Vec<(&str, u64)> =
                    ties.iter().filter(|tie| tie.0 == n).map(|(_, relation, other)| (*relation, *other)).collect();
                under(local(n), &of)
            })
            .collect();
        let views = shown(&rows);
        assert_eq!(whole(&views), expected, "{ties:?}");
        let all: u64 = page(&views, &TreeFilter::default()).branches.iter().map(|(_, branch)| count(branch)).sum();
        assert_eq!(all, 3, "{ties:?}");
        // Asked for from any of them, the tree is the same.
        for row in &rows {
            let of_one = page(&views, &TreeFilter { under: Some(row.id), ..TreeFilter::default() });
            assert_eq!(of_one.path.last().unwrap().record.id, row.id, "{ties:?}");
            assert!(expected.iter().any(|tree| tree.starts_with(&of_one.path[0].record.title)), "{ties:?}");
        }
    }
    let views = shown(&[under(local(1), &[("feeds", 2)]), under(local(2), &[("feeds", 1)])]);
    let ring = page(&views, &TreeFilter::default());
    let named: Vec<&str> = ring.branches[0].1.top.also.iter().map(|(_, other)| other.title.as_str()).collect();
    assert_eq!(named, ["c1"], "the tie that is not drawn is told");
}

#[test]
fn a_lower_level_stands_below_a_higher_one_where_both_are_tied_to_each_other() {
    let national = |number| meeting(number, Some("national"), None);
    let views = shown(&[under(national(1), &[("feeds", 2)]), under(local(2), &[("feeds", 1)])]);
    assert_eq!(whole(&views), ["c1(c2)"]);
}

#[test]
fn what_stands_alone_comes_by_level_and_every_group_is_counted() {
    let mut elsewhere = under(local(9), &[("part-of", 1)]);
    elsewhere.record.kind = Kind::Project;
    let views = shown(&[
        meeting(1, Some("international"), None),
        meeting(2, None, None),
        meeting(3, Some("galactic"), Some("2010")),
        meeting(4, Some("regional"), Some("2008")),
        meeting(5, Some("regional"), Some("2009")),
        under(local(6), &[("feeds", 7)]),
        meeting(7, Some("national"), None),
        // A record that is not here, and one that is no consultation.
        under(local(8), &[("feeds", 77), ("part-of", 9)]),
        elsewhere,
    ]);
    let all = page(&views, &TreeFilter::default());
    let told: Vec<(&str, String)> = all.branches.iter().map(|(group, branch)| (group.key(), told(branch))).collect();
    let expected = [
        ("trees", "c7(c6)"),
        ("local", "c8"),
        ("regional", "c5"),
        ("regional", "c4"),
        ("international", "c1"),
        ("unstated", "c3"),
        ("unstated", "c2"),
    ];
    assert_eq!(told, expected.map(|(group, told)| (group, told.to_owned())));
    let groups: Vec<(&str, u64)> = all.groups.iter().map(|(group, count)| (group.key(), *count)).collect();
    assert_eq!(groups, [("trees", 1), ("local", 1), ("regional", 2), ("international", 1), ("unstated", 2)]);
    assert_eq!((all.total, all.records), (7, 8));
    let regional = TreeFilter {
        group: TreeGroup::ALL.into_iter().find(|group| group.key() == "regional"),
        ..TreeFilter::default()
    };
    let one = views.tree(&regional, 1, 1).unwrap();
    assert_eq!((one.total, one.branches[0].1.top.record.title.as_str()), (2, "c4"));
    assert_eq!(one.groups, all.groups, "the other groups stay within reach");
}

#[test]
fn a_region_keeps_what_concerns_it_with_all_that_is_above() {
    let of = |mut row: Row, regions: &[&str]| {
        row.record.regions = regions.iter().map(|region| (*region).to_owned()).collect();
        row
    };
    let views = shown(&[
        of(meeting(1, Some("national"), None), &[]),
        of(under(local(2), &[("feeds", 1)]), &["ML-7"]),
        of(under(local(3), &[("feeds", 1)]), &["ML-8"]),
        of(under(local(4), &[("feeds", 3)]), &["ML-7", "ML-8"]),
        of(local(5), &["ML-8"]),
    ]);
    let asked = |region: &str| {
        let page = page(&views, &TreeFilter { region: Some(region.into()), ..TreeFilter::default() });
        page.branches.iter().map(|(_, branch)| told(branch)).collect::<Vec<_>>()
    };
    assert_eq!(asked("ML-7"), ["c1(c2 c3(c4))"]);
    assert_eq!(asked("ML-8"), ["c1(c3(c4) +1)", "c5"]);
    assert_eq!(asked(NATIONAL), ["c1(+2)"]);
    assert!(asked("' OR 1 --").is_empty());
}

#[test]
fn whether_results_were_given_back_follows_the_restitutions_that_are_tied() {
    use Restitution::{Held, Missing, NotDue, Planned};
    let with = |mut row: Row, status: Option<&str>| {
        row.record.status = status.map(str::to_owned);
        row
    };
    for (status, restitutions, expected) in [
        ("reported", vec![], NotDue),
        ("validated", vec![], Missing),
        ("validated", vec!["cancelled"], Missing),
        ("validated", vec!["postponed"], Planned),
        ("validated", vec!["held", "planned"], Held),
        ("validated", vec!["planned", "reported"], Held),
        ("reported", vec!["planned"], Planned),
        ("reported", vec!["held"], Held),
    ] {
        let mut rows = vec![with(local(1), Some(status))];
        rows.extend(
            (2..).zip(&restitutions).map(|(n, status)| with(under(local(n), &[("restitutes", 1)]), Some(status))),
        );
        let page = page(&shown(&rows), &TreeFilter { under: Some(rows[0].id), ..TreeFilter::default() });
        assert_eq!(page.path[0].restitution, expected, "{status} {restitutions:?}");
    }
}

#[test]
fn a_restitution_without_a_status_was_held_if_its_date_is_past() {
    use Restitution::{Held, Planned};
    for (date, expected) in [
        (None, Planned),
        (Some("2009-11-02"), Held),
        (Some("2009-11-03"), Planned),
        (Some("2009"), Planned),
        (Some("2008"), Held),
        (Some("2008-05/.."), Planned),
    ] {
        let mut above = local(1);
        above.record.status = Some("validated".into());
        let below = under(meeting(2, None, date), &[("restitutes", 1)]);
        let filter = TreeFilter { under: Some(above.id), today: (2009, 11, 3), ..TreeFilter::default() };
        let page = page(&shown(&[above, below]), &filter);
        assert_eq!(page.path[0].restitution, expected, "{date:?}");
    }
}

#[test]
fn a_tree_shows_what_its_rows_say_and_its_counts() {
    let mut row = meeting(1, Some("national"), Some("2005-11-21/2005-11-23"));
    row.record.facts.report_parts = 3;
    row.record.items = (0..3).map(|at| item("recommendations", at, json!({"number": "1"}))).collect();
    row.record.items[0].counts = false;
    let page = page(&shown(&[row.clone()]), &TreeFilter::default());
    let top = &page.branches[0].1.top;
    assert_eq!((top.level.as_deref(), top.meeting_type.as_deref()), (Some("national"), Some("forum")));
    assert_eq!((top.date, top.report_parts, top.recommendations), (row.record.date, 3, 2));
    assert_eq!((top.relation, page.path.len()), (None, 0));
}

#[test]
fn however_many_and_however_deep_a_page_stays_small_and_leaves_no_one_out_of_reach() {
    // A conference with a thousand workshops, and a chain of two thousand.
    let mut rows = vec![meeting(1, Some("national"), None)];
    rows.extend((2..=1_001).map(|n| under(local(n), &[("part-of", 1)])));
    rows.extend((2_000..4_000).map(|n| under(local(n), &[("feeds", n + 1)])));
    rows.push(local(4_000));
    let views = shown(&rows);
    let page = page(&views, &TreeFilter::default());
    let drawn = |branch: &Branch| {
        fn walk(branch: &Branch) -> usize {
            1 + branch.below.iter().map(walk).sum::<usize>()
        }
        walk(branch)
    };
    assert!(page.branches.iter().map(|(_, branch)| drawn(branch)).sum::<usize>() < 250);
    assert_eq!((page.total, page.records), (2, 3_002));
    // Page by page, everything under the conference.
    let under = TreeFilter { under: Some(rows[0].id), ..TreeFilter::default() };
    let mut seen = BTreeSet::new();
    for skip in (0..1_000).step_by(100) {
        seen.extend(views.tree(&under, skip, 100).unwrap().branches.iter().map(|(_, branch)| branch.top.record.id));
    }
    assert_eq!(seen.len(), 1_000);
    let deepest = views.tree(&TreeFilter { under: Some(rows[1_001].id), ..TreeFilter::default() }, 0, 10).unwrap();
    assert_eq!(deepest.path.len(), 12, "as far as there is room");
}

//! The plan of a quarter over all projects, and projects under their statuses.

use super::*;

fn project(number: u64, title: &str, origin: &str, status: &str, plan: &[Value]) -> Row {
    let mut row = row(number, Kind::Project, title);
    row.record.origin = (!origin.is_empty()).then(|| origin.to_owned());
    row.record.status = (!status.is_empty()).then(|| status.to_owned());
    let lines = plan.iter().enumerate().map(|(at, line)| item("plan", at as u32 + 1, line.clone()));
    row.record.items = lines.collect();
    row
}

#[test]
fn a_quarter_has_the_lines_that_lie_in_it_however_their_date_is_written() {
    let line = |quarter: &str| json!({"quarter": quarter, "planned": quarter});
    let mut withdrawn = project(6, "withdrawn", "own", "active", &[line("2010-33")]);
    withdrawn.record.items[0].counts = false;
    let views = shown(&[
        project(1, "quarter", "request", "active", &[line("2010-33"), json!({"quarter": "2010-34"})]),
        project(
            2,
            "Month",
            "own",
            "active",
            &[json!({"quarter": "2010-02", "executed": "done", "executed_date": "2010-03"})],
        ),
        project(
            3,
            "day",
            "own",
            "closed",
            &[json!({"quarter": "2010-01-05", "executed": "not-done", "why_not": "rains"})],
        ),
        project(4, "year", "own", "agreed", &[line("2010")]),
        project(5, "none", "own", "submitted", &[]),
        withdrawn,
    ]);
    let plan = views.plan((2010, 1), 0, 10).unwrap();
    let titles: Vec<&str> = plan.lines.iter().map(|line| line.record.title.as_str()).collect();
    assert_eq!((titles, plan.total), (vec!["day", "Month", "quarter"], 3));
    let outcomes: Vec<(&str, u64)> = plan.by_outcome.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    assert_eq!(outcomes, [("done", 1), ("not-done", 1), (UNSTATED, 1)]);
    assert_eq!(plan.lines[0].why_not.as_deref(), Some("rains"));
    assert_eq!(plan.lines[1].executed_date.map(|date| date.to_string()).as_deref(), Some("2010-03"));
    let without: Vec<&str> = plan.without.iter().map(|record| record.title.as_str()).collect();
    assert_eq!((without, plan.without_total), (vec!["withdrawn", "year"], 2));
    // Pages follow each other and leave nothing out.
    let second = views.plan((2010, 1), 2, 2).unwrap();
    assert_eq!((second.lines.len(), second.lines[0].record.title.as_str(), second.total), (1, "quarter", 3));
    assert!(views.plan((1999, 4), 0, 10).unwrap().lines.is_empty());
}

#[test]
fn projects_are_grouped_by_origin_and_status_with_the_latest_of_each() {
    let views = shown(&[
        project(1, "one", "request", "submitted", &[]),
        project(2, "two", "request", "submitted", &[]),
        project(3, "three", "request", "submitted", &[]),
        project(4, "four", "own", "active", &[]),
        project(5, "five", "", "", &[]),
        row(6, Kind::Conflict, "no project"),
    ]);
    let told = |filter: &Filter| {
        let groups = views.projects_by_status(filter, 2).unwrap();
        let titles = |group: &StatusGroup| group.records.iter().map(|record| record.title.clone()).collect::<Vec<_>>();
        let told = |group: &StatusGroup| {
            format!("{} {} {} {}", group.origin, group.status, group.total, titles(group).join(" "))
        };
        groups.iter().map(told).collect::<Vec<_>>()
    };
    let projects = Filter { kind: Some(Kind::Project), ..Filter::default() };
    assert_eq!(told(&projects), ["own active 1 four", "request submitted 3 three two", "unstated unstated 1 five"]);
    let unstated = Filter { origin: Some(UNSTATED.into()), ..projects };
    assert_eq!(titles(&views, unstated.clone()), ["five"]);
    assert_eq!(told(&unstated), ["unstated unstated 1 five"]);
}

//! The tracker of recommendations, and what stands behind the picture's figures.

use super::*;

fn recommendation(ordinal: u32, values: Value) -> ItemRow {
    item("recommendations", ordinal, values)
}

fn follow_up(ordinal: u32, of: &ItemRow, values: Value) -> ItemRow {
    ItemRow { parent: Some(of.item.clone()), ..item("recommendations/follow_ups", ordinal, values) }
}

fn off(item: ItemRow) -> ItemRow {
    ItemRow { counts: false, withdrawn: true, ..item }
}

/// Two consultations: the first has six recommendations, one of them withdrawn, the second has three.
fn tracked() -> Views {
    let mut one = row(1, Kind::Consultation, "one");
    one.record.announced = Some(4);
    let first = recommendation(1, json!({"number": "2", "theme": "justice", "status": "adopted"}));
    let second = recommendation(2, json!({"number": "10", "theme": "justice", "status": "done", "due_date": "2010"}));
    one.record.items = vec![
        first.clone(),
        second,
        recommendation(
            3,
            json!({"number": "1", "addressees": ["Ministère de la Sécurité", "Élus"], "status": "adopted", "due_date": "2010-06", "priority": "high"}),
        ),
        recommendation(4, json!({"theme": "justice", "addressee_level": "local", "due_date": "2010-06/.."})),
        off(recommendation(5, json!({"number": "3", "theme": "justice"}))),
        recommendation(6, json!({"number": "1-2"})),
        follow_up(7, &first, json!({"date": "2010-05", "note": "earlier"})),
        follow_up(8, &first, json!({"date": "2011", "note": "later"})),
        follow_up(9, &first, json!({"note": "without a date"})),
        off(follow_up(10, &first, json!({"date": "2012", "note": "withdrawn"}))),
    ];
    let mut two = row(2, Kind::Consultation, "two");
    two.record.announced = Some(3);
    two.record.items = vec![
        recommendation(1, json!({"number": "1", "due_date": "2010-06-30"})),
        recommendation(2, json!({"number": "F-1", "theme": "other", "status": "done"})),
        recommendation(3, json!({"number": "16", "theme": "other", "status": "done"})),
    ];
    shown(&[one, two])
}

fn numbers(views: &Views, filter: &RecommendationFilter) -> Vec<String> {
    let page = views.recommendations(filter, None, 100).unwrap();
    assert_eq!((page.total, page.next), (page.recommendations.len() as u64, None));
    let named = |one: ListedRecommendation| format!("{} {}", one.consultation.title, one.number.unwrap_or_default());
    page.recommendations.into_iter().map(named).collect()
}

#[test]
fn recommendations_are_narrowed_by_everything_at_once() {
    let views = tracked();
    let some = |text: &str| Some(text.to_owned());
    let all = RecommendationFilter::default;
    let day = Some((2010, 7, 1));
    for (filter, found) in [
        // By due date, then consultation, then number as people count; what has no number comes last.
        (all(), vec!["one 10", "one 1", "two 1", "one ", "one 1-2", "one 2", "two 16", "two F-1"]),
        (RecommendationFilter { theme: some("justice"), ..all() }, vec!["one 10", "one ", "one 2"]),
        (RecommendationFilter { theme: some(UNSTATED), ..all() }, vec!["one 1", "two 1", "one 1-2"]),
        (RecommendationFilter { status: some("adopted"), ..all() }, vec!["one 1", "one 2"]),
        (RecommendationFilter { status: some(UNSTATED), theme: some("justice"), ..all() }, vec!["one "]),
        (RecommendationFilter { level: some("local"), ..all() }, vec!["one "]),
        (RecommendationFilter { priority: some("high"), ..all() }, vec!["one 1"]),
        (RecommendationFilter { addressee: some("ministere de la SECURITE"), ..all() }, vec!["one 1"]),
        (RecommendationFilter { addressee: some("élu"), ..all() }, vec!["one 1"]),
        (RecommendationFilter { addressee: some("mairie"), ..all() }, vec![]),
        // Done is not overdue, nor is what may still be in time: some day after June.
        (RecommendationFilter { overdue_on: day, ..all() }, vec!["one 1", "two 1"]),
        (RecommendationFilter { overdue_on: Some((2010, 6, 30)), ..all() }, vec![]),
        (
            RecommendationFilter { without_follow_up: true, ..all() },
            vec!["one 10", "one 1", "two 1", "one ", "one 1-2", "two 16", "two F-1"],
        ),
        (RecommendationFilter { theme: some("' OR 1=1 --"), ..all() }, vec![]),
    ] {
        assert_eq!(numbers(&views, &filter), found, "{filter:?}");
    }
}

#[test]
fn the_latest_follow_up_is_told_with_their_number() {
    let views = tracked();
    let page = views.recommendations(&RecommendationFilter::default(), None, 100).unwrap();
    let first = page.recommendations.iter().find(|one| one.number.as_deref() == Some("2")).unwrap();
    assert_eq!(first.follow_ups, 3);
    let last = first.last.clone().unwrap();
    assert_eq!((last.note.as_deref(), last.date), (Some("later"), "2011".parse().ok()));
    assert!(page.recommendations.iter().filter(|one| one.last.is_none()).all(|one| one.follow_ups == 0));
}

#[test]
fn pages_of_recommendations_go_on_after_one_that_is_withdrawn_meanwhile() {
    let views = tracked();
    let all = RecommendationFilter::default();
    let mut seen = Vec::new();
    let mut after: Option<RecommendationId> = None;
    loop {
        let page = views.recommendations(&all, after.as_ref(), 2).unwrap();
        seen.extend(page.recommendations.iter().map(|one| one.id.clone()));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen.len(), 8);
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 8, "none comes twice");
    let withdrawn = RecommendationId { item: item("x", 5, json!({})).item, record: seen[0].record };
    let rest = views.recommendations(&all, Some(&withdrawn), 10).unwrap().recommendations;
    let rest: Vec<_> = rest.iter().map(|one| one.number.as_deref()).collect();
    assert_eq!(rest, [Some("16"), Some("F-1")], "what would stand after it");
    let unknown = RecommendationId { item: item("x", 99, json!({})).item, ..withdrawn };
    assert_eq!(views.recommendations(&all, Some(&unknown), 2).unwrap().recommendations[0].id, seen[0]);
    for text in ["", "/", "a/b", &format!("{}/", unknown.record), &unknown.item.to_string()] {
        assert!(text.parse::<RecommendationId>().is_err(), "{text}");
    }
}

#[test]
fn a_report_that_announces_another_number_is_told() {
    let told = tracked().announced_otherwise().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.title.as_str(), told[0].1, told[0].2), ("one", 4, 5));
}

#[test]
fn declared_activities_stand_beside_those_that_have_a_record() {
    let project = |number, origin: &str, status: Option<&str>| {
        let mut project = row(number, Kind::Project, "project");
        project.record.origin = Some(origin.into());
        project.record.status = status.map(str::to_owned);
        project
    };
    let mut programme = project(1, "programme", Some("active"));
    let total = json!({"label": "Activités", "planned": 87, "executed": 79, "period": "2010"});
    programme.record.items = vec![
        item("declared_totals", 1, total.clone()),
        item("declared_totals", 2, json!({"money": {"amount": 1, "currency": "USD"}})),
        off(item("declared_totals", 3, total)),
    ];
    let views = shown(&[
        programme,
        project(2, "own", Some("closed")),
        project(3, "own", Some("closed")),
        project(4, "own", None),
        project(5, "request", Some("closed")),
    ]);
    let activities = views.activities().unwrap();
    let [declared] = &activities.declared[..] else { panic!("{activities:?}") };
    assert_eq!(
        (declared.planned, declared.executed, declared.label.as_deref()),
        (Some(87), Some(79), Some("Activités"))
    );
    assert_eq!(activities.recorded, [("closed".to_owned(), 2), (UNSTATED.to_owned(), 1)].into());
    let own = Filter { origin: Some("own".into()), ..Filter::default() };
    assert_eq!(titles(&views, own.clone()).len(), 3);
    assert_eq!(titles(&views, Filter { status: Some(UNSTATED.into()), ..own }).len(), 1);
}

#[test]
fn the_lines_of_contributions_are_those_that_the_sums_are_made_of() {
    let line = |ordinal, money: Value| item("contributions", ordinal, json!({"partner": "UNDP", "money": money}));
    let mut project = row(1, Kind::Project, "project");
    project.record.items = vec![
        line(1, json!({"amount": 60, "currency": "USD"})),
        line(2, json!({"amount": -5, "currency": "USD"})),
        line(3, json!({"amount": "5", "currency": "USD"})),
        line(4, json!({"currency": "USD"})),
        line(5, json!(null)),
        off(line(6, json!({"amount": 7, "currency": "USD"}))),
        line(7, json!({"amount": 7, "currency": "XOF"})),
    ];
    let views = shown(&[project]);
    let lines = views.contribution_lines().unwrap();
    for (currency, sums) in views.picture().unwrap().contributions {
        let of_currency = lines.iter().filter(|line| line.money.currency.0 == currency);
        assert_eq!(of_currency.map(|line| line.money.amount.0).sum::<i64>(), sums.cumulative, "{currency}");
    }
    assert_eq!(lines.len(), 3);
}

#[test]
fn alerts_come_with_the_first_that_was_done() {
    let mut conflict = row(1, Kind::Conflict, "conflict");
    let alert = |ordinal, values: Value| item("alerts", ordinal, values);
    let answered = alert(1, json!({"level": "watch", "date": "2010-01-01", "closed_date": "2010-02"}));
    let response = |ordinal, date: &str| ItemRow {
        parent: Some(answered.item.clone()),
        ..item("alerts/responses", ordinal, json!({"date": date}))
    };
    conflict.record.items = vec![
        answered.clone(),
        alert(2, json!({"level": "watch", "date": "2010-03-01"})),
        alert(3, json!({"level": "emergency", "date": "2010-04-01"})),
        off(alert(4, json!({"level": "emergency"}))),
        alert(5, json!({"level": "alert", "closed_because": "calmed"})),
        response(6, "2010-01-09"),
        response(7, "2010-01-03"),
        off(response(8, "2010-01-02")),
    ];
    let alerts = shown(&[conflict]).alerts().unwrap();
    let levels: Vec<(&str, bool)> = alerts.iter().map(|a| (a.level.as_deref().unwrap(), a.open)).collect();
    assert_eq!(levels, [("emergency", true), ("watch", true), ("alert", false), ("watch", false)]);
    let first = &alerts[3];
    assert_eq!((first.answered, first.responses), ("2010-01-03".parse().ok(), 2));
    assert_eq!((alerts[0].answered, alerts[0].responses), (None, 0));
}

#[test]
fn events_of_another_source_are_counted_by_themselves() {
    let place = |precision: &str| json!({"name": "x", "lat": 19.5, "lon": 2.5, "precision": precision});
    let placed = |number, precision: &str, regions: &[&str]| {
        let mut conflict = row(number, Kind::Conflict, precision);
        conflict.record.place = serde_json::from_value(place(precision)).unwrap();
        conflict.record.regions = regions.iter().map(|region| (*region).to_owned()).collect();
        conflict
    };
    let mut events = placed(1, "exact", &["ML-7"]);
    events.record.source_ref = Some("UCDP-2020-ML-7".into());
    events.record.items = vec![
        item("incidents", 1, json!({"place": place("village")})),
        item("incidents", 2, json!({"place": place("village")})),
        item("incidents", 3, json!({"place": {"name": "somewhere", "precision": "region"}})),
    ];
    let views = shown(&[
        events,
        placed(2, "exact", &["ML-8"]),
        placed(3, "village", &["ML-8"]),
        placed(4, "commune", &["ML-8"]),
        placed(5, "country", &[]),
        placed(6, "region", &["ML-7", "ML-8"]),
    ]);
    let places = views.conflict_places().unwrap();
    assert_eq!(places.events, [(19.5, 2.5, 2)]);
    let told: Vec<(&str, bool, bool)> = places
        .conflicts
        .iter()
        .map(|placed| (placed.record.title.as_str(), placed.point().is_some(), placed.is_wide()))
        .collect();
    let expected =
        [("region", false, true), ("country", false, true), ("village", true, false), ("exact", true, false)];
    assert_eq!(told, expected);
    let picture = views.picture().unwrap();
    assert_eq!(picture.conflict_phases, [(UNSTATED.to_owned(), 5)].into());
    assert_eq!(picture.conflicts.iter().map(|cell| cell.count).sum::<u64>(), 6, "one counts in two regions");
    let own = Filter { without_events: true, region: Some("ML-7".into()), ..Filter::default() };
    assert_eq!(titles(&views, own), ["region"]);
}

//! What is open: due, passed, unheard of, and what nobody has done anything about.

use toguna_protocol::record::date::Day;

use super::*;

const TODAY: Day = (2026, 11, 26);

fn within(list: &str, ordinal: u32, of: &ItemRow, values: Value) -> ItemRow {
    ItemRow { parent: Some(of.item.clone()), ..item(list, ordinal, values) }
}

fn off(item: ItemRow) -> ItemRow {
    ItemRow { counts: false, withdrawn: true, ..item }
}

fn holding(number: u64, kind: Kind, title: &str, items: Vec<ItemRow>) -> Row {
    let mut row = row(number, kind, title);
    row.record.items = items;
    row
}

/// What answers to a filter: title, and the text or date that tells items of the test apart.
fn told(views: &Views, filter: &MatterFilter) -> Vec<String> {
    let page = views.open_matters(filter, 0, 100).unwrap();
    assert_eq!(page.total, page.matters.len() as u64);
    let tell = |one: &OpenMatter| {
        let date = one.date.map(|date| date.to_string()).unwrap_or_default();
        format!("{} {} {date}", one.record.title, one.matter.key()).trim().to_owned()
    };
    page.matters.iter().map(tell).collect()
}

fn of(matters: &[Matter]) -> MatterFilter {
    MatterFilter { matters: matters.to_vec(), ..MatterFilter::default() }
}

fn dated() -> MatterFilter {
    of(&Matter::DATED)
}

fn recommendations() -> Row {
    let one = |ordinal, values| item("recommendations", ordinal, values);
    let told_of = one(1, json!({"status": "adopted", "due_date": "2026-11-25"}));
    let items = vec![
        within("recommendations/follow_ups", 11, &told_of, json!({"note": "begun"})),
        told_of,
        one(2, json!({"status": "adopted", "due_date": "2026"})),
        one(3, json!({"status": "done", "due_date": "2010"})),
        one(4, json!({"status": "dropped", "due_date": "2010"})),
        one(5, json!({"status": "in-progress", "due_date": "2025"})),
        off(one(6, json!({"status": "adopted", "due_date": "2010"}))),
        one(7, json!({"status": "proposed"})),
    ];
    holding(1, Kind::Consultation, "r", items)
}

#[test]
fn a_recommendation_is_open_until_it_ends_and_unheard_of_until_somebody_speaks() {
    let views = shown(&[recommendations()]);
    assert_eq!(
        told(&views, &dated()),
        ["r recommendation 2025", "r recommendation 2026-11-25", "r recommendation 2026"]
    );
    // A date that is known to the year only has passed with the year.
    let passed = MatterFilter { passed_on: Some(TODAY), ..dated() };
    assert_eq!(told(&views, &passed), ["r recommendation 2025", "r recommendation 2026-11-25"]);
    assert_eq!(told(&views, &MatterFilter { passed_on: Some((2027, 1, 1)), ..dated() }).len(), 3);
    assert_eq!(told(&views, &MatterFilter { in_time_on: Some(TODAY), ..dated() }), ["r recommendation 2026"]);
    assert_eq!(told(&views, &of(&[Matter::Unheard])), ["r unheard"]);
    let page = views.open_matters(&of(&[Matter::Unheard]), 0, 1).unwrap();
    assert_eq!(page.matters[0].fields["due_date"], "2026");
}

#[test]
fn meetings_and_agreements_are_open_until_what_was_to_follow_is_entered() {
    let meeting = |ordinal, values| item("mediation_meetings", ordinal, values);
    let agreement = |ordinal, values| item("agreements", ordinal, values);
    let reviewed = agreement(3, json!({"end_date": "2030", "follow_up_due": "2026-03"}));
    let rows = [
        holding(
            1,
            Kind::Conflict,
            "met",
            vec![
                meeting(1, json!({"date": "2026-01-10", "next_date": "2026-02"})),
                meeting(2, json!({"date": "2026-02-03"})),
            ],
        ),
        holding(
            2,
            Kind::Conflict,
            "unmet",
            vec![
                meeting(1, json!({"date": "2026-02-03", "next_date": "2026-05-01"})),
                meeting(2, json!({"date": "2026-01-10"})),
                off(meeting(3, json!({"date": "2026-06-10"}))),
                meeting(4, json!({"issues": "no date"})),
            ],
        ),
        holding(
            3,
            Kind::Conflict,
            "agreed",
            vec![
                agreement(1, json!({"signed_date": "2017-01", "term_years": 10})),
                agreement(2, json!({"end_date": "2020", "stage": "expired"})),
                within("agreements/follow_ups", 9, &reviewed, json!({"date": "2026-03-02"})),
                reviewed,
            ],
        ),
        holding(
            4,
            Kind::Conflict,
            "endless",
            vec![
                agreement(1, json!({"form": "oral"})),
                agreement(2, json!({"term_years": 10, "follow_up_due": "2026-04"})),
                agreement(3, json!({"term_years": 10, "stage": "broken"})),
            ],
        ),
        holding(
            5,
            Kind::Project,
            "planned",
            vec![
                item("plan", 1, json!({"quarter": "2026-34"})),
                item("plan", 2, json!({"quarter": "2026-33", "executed": "not-done"})),
            ],
        ),
    ];
    let mut closed = holding(6, Kind::Project, "closed", vec![item("plan", 1, json!({"quarter": "2026-33"}))]);
    closed.record.status = Some("closed".into());
    let views = shown(&[rows.as_slice(), &[closed]].concat());
    let expected = [
        "endless agreement-review 2026-04",
        "unmet meeting 2026-05-01",
        "planned plan 2026-34",
        "agreed agreement-end 2027-01",
        "agreed agreement-end 2030",
    ];
    assert_eq!(told(&views, &dated()), expected);
    let soon = MatterFilter { until: Some((2027, 1, 31)), ..dated() };
    assert_eq!(told(&views, &soon), expected[..4]);
    let page = views.open_matters(&soon, 0, 100).unwrap();
    assert_eq!(page.matters.iter().map(|one| one.has_passed(TODAY)).collect::<Vec<_>>(), [true, true, true, false]);
    // An agreement whose end is not known is to be completed, and no deadline; the one whose term is known comes first.
    let unknown = views.open_matters(&of(&[Matter::EndUnknown]), 0, 10).unwrap();
    let terms: Vec<_> = unknown.matters.iter().map(|one| one.fields.get("term_years").cloned()).collect();
    assert_eq!((unknown.total, terms), (2, vec![Some(json!(10)), None]));
}

#[test]
fn decisions_and_alerts_come_by_how_pressing_they_are() {
    let decision = |ordinal, values| item("decisions", ordinal, values);
    let alert = |ordinal, values| item("alerts", ordinal, values);
    let answered = alert(15, json!({"level": "watch", "date": "2026-10-01"}));
    let row = holding(
        1,
        Kind::Conflict,
        "c",
        vec![
            decision(1, json!({"execution": "partly", "date": "2001"})),
            decision(2, json!({"execution": "contradicted", "date": "2009"})),
            decision(3, json!({"execution": "contradicted", "date": "2003"})),
            decision(4, json!({"execution": "not-carried-out"})),
            decision(5, json!({"execution": "carried-out"})),
            decision(6, json!({"date": "2004"})),
            alert(11, json!({"level": "vigilance", "date": "2026-09"})),
            alert(12, json!({"level": "emergency", "date": "2026-11-20"})),
            alert(13, json!({"level": "emergency", "date": "2026-10", "closed_because": "false"})),
            alert(14, json!({"date": "2026-01-01"})),
            within("alerts/responses", 21, &answered, json!({"date": "2026-10-09"})),
            within("alerts/responses", 22, &answered, json!({"date": "2026-10-04"})),
            within("alerts/responses", 23, &answered, json!({"note": "undated"})),
            answered,
        ],
    );
    let views = shown(&[row]);
    let expected = ["c decision", "c decision 2003", "c decision 2009", "c decision 2001"];
    assert_eq!(told(&views, &of(&[Matter::Decision])), expected);
    let alerts = ["c alert 2026-11-20", "c alert 2026-09", "c alert 2026-01-01"];
    assert_eq!(told(&views, &of(&[Matter::Alert])), alerts);
    let answered = views.open_matters(&of(&[Matter::AnsweredAlert]), 0, 10).unwrap().matters;
    assert_eq!(answered.iter().map(|one| one.answered).collect::<Vec<_>>(), ["2026-10-04".parse().ok()]);
}

#[test]
fn open_matters_are_narrowed_by_region_paged_and_gone_with_their_record() {
    let due = |number: u64, region: Option<&str>| {
        let date = format!("2026-01-{number:02}");
        let mut row =
            holding(number, Kind::Consultation, "r", vec![item("recommendations", 1, json!({"due_date": date}))]);
        row.record.regions = region.into_iter().map(str::to_owned).collect();
        row
    };
    let views = shown(&[due(1, Some("ML-7")), due(2, None), due(3, Some("ML-8"))]);
    let by = |region: &str| MatterFilter { region: Some(region.into()), ..dated() };
    assert_eq!(told(&views, &by("ML-8")), ["r recommendation 2026-01-03"]);
    assert_eq!(told(&views, &by(NATIONAL)), ["r recommendation 2026-01-02"]);
    assert_eq!(told(&views, &by("' OR 1=1 --")), [""; 0]);
    let page = views.open_matters(&dated(), 1, 1).unwrap();
    assert_eq!((page.total, page.matters[0].date), (3, "2026-01-02".parse().ok()));
    assert_eq!(told(&views, &of(&[])), [""; 0]);
    views.forget(due(1, None).id).unwrap();
    views.apply(&[Row { arrival: Arrival(9), ..row(2, Kind::Consultation, "r") }]).unwrap();
    assert_eq!(told(&views, &dated()), ["r recommendation 2026-01-03"]);
}

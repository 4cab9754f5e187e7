use serde_json::json;
use toguna_protocol::record::Kind;

use super::*;

fn fields(kind: Kind) -> Vec<&'static Field> {
    kind.schema().fields().collect()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("the test gives an object")
}

fn given(pairs: &[(&str, &str)]) -> Given {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Given::of_pairs(pairs).expect("few inputs")
}

fn patched(kind: Kind, pairs: &[(&str, &str)], read: Value) -> Result<Value, Vec<Fault>> {
    patch(&fields(kind), &given(pairs), &object(read), &Pack::embedded()).map(Value::Object)
}

#[test]
fn what_was_typed_becomes_a_patch() {
    let typed = [
        ("title", "  Puits de Tin-Essako "),
        ("regions", ""),
        ("regions", "ML-8"),
        ("regions", "ML-7"),
        ("phase/is", "open"),
        ("phase/since", "20/11/2026"),
        ("place/lat", "19,95"),
        ("place/lon", "2.97"),
        ("incidents/new/date", "22/11/2026"),
        ("incidents/new/incident_type", "cattle-theft"),
        ("incidents/new/deaths", "1 200"),
        ("incidents/new-2/date", ""),
    ];
    let expected = json!({
        "title": "Puits de Tin-Essako",
        "regions": {"ML-7": true, "ML-8": true},
        "place": {"lat": 19.95, "lon": 2.97},
        "phase": {"is": "open", "since": "2026-11-20"},
        "incidents": {"new": {"date": "2026-11-22", "incident_type": "cattle-theft", "deaths": 1200}},
    });
    assert_eq!(patched(Kind::Conflict, &typed, json!({})), Ok(expected));
}

#[test]
fn what_stands_in_a_form_as_it_was_read_is_not_written() {
    let read = object(json!({
        "title": "Étude",
        "regions": ["ML-7", "ML-8"],
        "description": "Deux\nlignes",
        "partners": ["PNUD", "Norvège"],
        "quantity": 3,
        "start_date": "2009-33",
        "need": {"amount": 443_400_050, "currency": "USD"},
        "sections": {"budget": {"present": true, "page": 12}},
        "plan": {"x1": {"planned": "Un atelier", "executed": "yes"}},
    }));
    let schema = fields(Kind::Project);
    let pack = Pack::embedded();
    let shown = Given::of_record(&schema, &read, &pack);
    assert_eq!(shown.text("need/amount"), Some("4434000,50"));
    assert_eq!(shown.text("start_date"), Some("T1 2009"));
    assert_eq!(shown.text("partners"), Some("PNUD\nNorvège"));
    assert_eq!(patch(&schema, &shown, &read, &pack), Ok(Map::new()));
}

#[test]
fn members_and_values_come_and_go_one_by_one() {
    let read = json!({"title": "A", "regions": ["ML-7", "ML-8"], "aliases": ["un", "deux"], "narrative": "mot"});
    let typed = [("regions", ""), ("regions", "ML-8"), ("aliases", "deux\n trois \n\n"), ("narrative", "")];
    let expected = json!({
        "regions": {"ML-7": null}, "aliases": {"un": null, "trois": true}, "narrative": null,
    });
    assert_eq!(patched(Kind::Conflict, &typed, read), Ok(expected));
}

#[test]
fn amounts_follow_their_currency() {
    for (currency, amount, meant) in [
        ("XOF", "1 500 000", Some(1_500_000)),
        ("XOF", "1500,5", None),
        ("USD", "4 434 000", Some(443_400_000)),
        ("USD", "12.5", Some(1_250)),
        ("USD", "12,345", None),
        ("USD", "-3", None),
        ("USD", ",5", None),
    ] {
        let typed = [("need/amount", amount), ("need/currency", currency)];
        let found = patched(Kind::Project, &typed, json!({}));
        match meant {
            Some(meant) => assert_eq!(found, Ok(json!({"need": {"amount": meant, "currency": currency}}))),
            None => assert_eq!(found.unwrap_err()[0].code, "not-an-amount", "{amount} {currency}"),
        }
    }
    assert_eq!(patched(Kind::Project, &[("need/amount", ""), ("need/currency", "XOF")], json!({})), Ok(json!({})));
}

#[test]
fn everything_that_cannot_be_understood_is_told_at_once() {
    let typed = [("start_date", "hier"), ("quantity", "beaucoup"), ("title", "Ça")];
    let faults = patched(Kind::Project, &typed, json!({})).unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    assert_eq!(told, [("/quantity", "not-a-number"), ("/start_date", "not-a-date")]);
}

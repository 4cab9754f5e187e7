//! The dossier of one record: what it says and how it came to say it, less what may not stand on paper.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::{
        HistoryStep,
        past::{PastOffice, PastRecord},
        rows::Stamp,
    },
    frontier::Frontier,
    ids::RecordId,
    record::{
        Date, Kind,
        date::Day,
        schema::{Field, Shape},
    },
};

use super::{Content, Openness, Report, ReportKind, Subject};
use crate::exchange::export::is_still_to_come;

/// Fields that are in no dossier: keys of sources, ties to other records, opinions and who is to give them.
const LEFT_OUT: [&str; 4] = ["source_ref", "links", "evaluations", "evaluators"];

/// Dates of what somebody is still to go to.
const AHEAD: [&str; 2] = ["next_date", "follow_up_due"];

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Whether its title, texts and places are left out, since it is restricted.
    pub restricted: bool,
    /// Its fields, without withdrawn items.
    pub fields: Map<String, Value>,
    /// Its changes, the oldest first.
    pub history: Vec<Step>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Who, where, when.
    pub stamp: Stamp,
    /// Why; never of a restricted record.
    pub reason: Option<String>,
    /// JSON pointers of the fields that it changed.
    pub fields: Vec<String>,
}

/// The dossier of a record; `None` of a mission that is still to come, of which nothing may be handed on.
pub fn report(
    record: RecordId,
    past: PastRecord,
    day: Day,
    knowledge: &Frontier,
    offices: Vec<PastOffice>,
) -> Option<Report> {
    let text = |name: &str| past.fields.get(name).and_then(Value::as_str);
    let date = ["start_date", "end_date"].iter().find_map(|name| text(name)?.parse::<Date>().ok());
    if past.kind == Kind::Consultation && is_still_to_come(text("status"), date, day) {
        return None;
    }
    let restricted = Openness::of(past.strictest.as_deref()) == Openness::Restricted;
    let paper = Paper { restricted, day };
    let schema: Vec<&'static Field> = past.kind.schema().fields().collect();
    let fields = paper.of(&schema, &past.fields);
    let history = past.history.into_iter().map(|step| paper.step(step)).collect();
    let dossier = Dossier { record, kind: past.kind, restricted, fields, history };
    let content = Content::Dossier(Box::new(dossier));
    Some(Report::new(ReportKind::Dossier, Subject::Record(record), day, knowledge, offices, content))
}

/// What may stand on paper.
struct Paper {
    restricted: bool,
    day: Day,
}

impl Paper {
    fn of(&self, fields: &[&'static Field], values: &Map<String, Value>) -> Map<String, Value> {
        let kept = fields.iter().filter_map(|field| {
            let value = values.get(field.name).filter(|_| !LEFT_OUT.contains(&field.name))?;
            Some((field.name.to_owned(), self.value(field.name, &field.shape, value)?))
        });
        kept.collect()
    }

    fn value(&self, name: &str, shape: &Shape, value: &Value) -> Option<Value> {
        match *shape {
            Shape::Restricted | Shape::Sealed(_) => None,
            // A line is a text too: other names it goes by, who is party to it.
            Shape::Narrative | Shape::Paragraph | Shape::Line if self.restricted => None,
            Shape::Set(Shape::Line) if self.restricted => None,
            Shape::Compound { parts, .. } if parts.iter().any(|part| part.name == "lat") => self.place(value),
            Shape::Compound { parts, .. } => filled(self.of(&parts.iter().collect::<Vec<_>>(), value.as_object()?)),
            Shape::Sheet(_, inner) => {
                let rows = value.as_object()?.iter();
                filled(rows.filter_map(|(key, row)| Some((key.clone(), self.value(key, inner, row)?))).collect())
            }
            Shape::Items(inner) | Shape::Ledger(inner) => self.items(name, inner, value),
            Shape::Date if AHEAD.contains(&name) && self.is_to_come(value) => None,
            _ => Some(value.clone()),
        }
    }

    /// A place by its name alone.
    fn place(&self, value: &Value) -> Option<Value> {
        let mut place = value.as_object().filter(|_| !self.restricted)?.clone();
        place.remove("lat");
        place.remove("lon");
        Some(Value::Object(place))
    }

    fn items(&self, list: &str, fields: &'static [Field], value: &Value) -> Option<Value> {
        let fields: Vec<&'static Field> = fields.iter().collect();
        let stands = |item: &&Map<String, Value>| {
            item.get("withdrawn") != Some(&Value::Bool(true)) && !self.is_mission(list, item)
        };
        let items = value.as_object()?.iter().filter_map(|(id, item)| {
            let item = item.as_object().filter(stands)?;
            let mut kept = self.of(&fields, item);
            // Where somebody is still to go stands in the plan of a quarter that is not over.
            if list == "plan"
                && !item.contains_key("executed")
                && item.get("quarter").is_none_or(|on| self.is_to_come(on))
            {
                kept.remove("planned");
            }
            Some((id.clone(), Value::Object(kept)))
        });
        filled(items.collect())
    }

    /// Whether an item tells of a mediation that is still to come, or may be. One without a date is over where something
    /// came of it.
    fn is_mission(&self, list: &str, item: &Map<String, Value>) -> bool {
        let is_over = || ["outcome", "minutes"].iter().any(|name| item.contains_key(*name));
        list == "mediation_meetings" && item.get("date").map_or_else(|| !is_over(), |date| self.is_to_come(date))
    }

    /// Whether a date may be the day of the dossier or a later one.
    fn is_to_come(&self, date: &Value) -> bool {
        let date = date.as_str().and_then(|date| date.parse::<Date>().ok());
        date.and_then(Date::latest).is_none_or(|latest| latest >= self.day)
    }

    fn step(&self, step: HistoryStep) -> Step {
        let named = |pointer: &String| !LEFT_OUT.iter().any(|name| pointer.split('/').nth(1) == Some(name));
        let fields = step.changes.into_iter().map(|change| change.field).filter(named).collect();
        Step { stamp: step.stamp, reason: step.reason.filter(|_| !self.restricted), fields }
    }
}

/// What is left of a value, if anything is.
fn filled(values: Map<String, Value>) -> Option<Value> {
    (!values.is_empty()).then_some(Value::Object(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(kind: Kind, restricted: bool, fields: &Value) -> Value {
        let paper = Paper { restricted, day: (2026, 11, 26) };
        let schema: Vec<&'static Field> = kind.schema().fields().collect();
        Value::Object(paper.of(&schema, fields.as_object().unwrap()))
    }

    #[test]
    fn of_a_restricted_record_keys_numbers_and_dates_are_printed_and_no_text_wherever_it_stands() {
        let project = json!({
            "title": "Appui à Léré", "regions": ["ML-6"], "partners": ["Norvège"], "applicant": "Association de Léré",
            "need": {"amount": 5000, "currency": "USD"}, "start_date": "2010",
            "eligibility": {
                "ELIG-1": {"met": true, "by": "Commission", "why": "Vu sur place à Léré."},
                "ELIG-2": {"why": "Vu sur place à Léré."},
            },
            "contributions": {"a": {"partner": "Norvège", "date": "2010", "money": {"amount": 7, "currency": "USD"}}},
        });
        let kept = json!({
            "regions": ["ML-6"], "need": {"amount": 5000, "currency": "USD"}, "start_date": "2010",
            "eligibility": {"ELIG-1": {"met": true}},
            "contributions": {"a": {"date": "2010", "money": {"amount": 7, "currency": "USD"}}},
        });
        assert_eq!(printed(Kind::Project, true, &project), kept);
        assert_eq!(printed(Kind::Project, false, &project), project);
        let conflict = json!({"aliases": ["Mare de Léré"], "phase": {"is": "truce", "since": "2010"}});
        assert_eq!(printed(Kind::Conflict, true, &conflict), json!({"phase": {"is": "truce", "since": "2010"}}));
    }

    #[test]
    fn where_somebody_is_still_to_go_is_in_no_dossier() {
        let meetings = |meetings: Value| {
            let printed = printed(Kind::Conflict, false, &json!({"mediation_meetings": meetings}));
            printed.get("mediation_meetings").cloned().unwrap_or_default()
        };
        for (meeting, expected) in [
            (json!({"date": "2026-12-03", "mediators": ["Cadi"]}), false),
            (json!({"date": "2026-11-26"}), false),
            (json!({"date": "2026"}), false),
            (json!({"mediators": ["Cadi"]}), false),
            (json!({"mediators": ["Cadi"], "outcome": "Une trêve."}), true),
            (json!({"date": "2026-11-25", "mediators": ["Cadi"]}), true),
        ] {
            assert_eq!(meetings(json!({"a": meeting})).get("a").is_some(), expected, "{meeting}");
        }
        let agreements = json!({"a": {"signed_date": "2025", "end_date": "2035", "follow_up_due": "2027-01"}});
        let printed = printed(Kind::Conflict, false, &json!({"agreements": agreements}));
        assert_eq!(printed["agreements"]["a"], json!({"signed_date": "2025", "end_date": "2035"}));
    }
}

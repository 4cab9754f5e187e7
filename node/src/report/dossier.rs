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

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The record.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Whether texts and places are left out, since it is restricted.
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
            Some((field.name.to_owned(), self.value(field, value)?))
        });
        kept.collect()
    }

    fn value(&self, field: &Field, value: &Value) -> Option<Value> {
        match field.shape {
            Shape::Restricted | Shape::Sealed(_) => None,
            Shape::Narrative | Shape::Paragraph if self.restricted => None,
            Shape::Compound { parts, .. } if parts.iter().any(|part| part.name == "lat") => self.place(value),
            Shape::Items(inner) | Shape::Ledger(inner) => self.items(field.name, inner, value),
            Shape::Date if field.name == "next_date" && self.is_to_come(value) => None,
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
        let stands = |item: &&Map<String, Value>| item.get("withdrawn") != Some(&Value::Bool(true));
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
        let items: Map<String, Value> = items.collect();
        (!items.is_empty()).then_some(Value::Object(items))
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

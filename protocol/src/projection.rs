//! From a record's reading to rows for reading: what lists, search, counts and exports need, and nothing else.
//!
//! A pure function of the reading and the country pack's keys; views keep the rows in whatever database they like and
//! can throw them away at any time.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    ids::{ItemId, RecordId},
    record::{
        Date, Flag, Kind, Reading, Vocabulary,
        common::{Money, Place},
        consultation::REPORT,
        flags,
        schema::{Field, Shape},
        to_complete,
    },
};

/// One record, for lists, maps and search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    /// What it is about.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Status of a consultation or project, phase of a conflict.
    pub status: Option<String>,
    /// Other names that a conflict goes by.
    pub aliases: Vec<String>,
    /// Keys of its regions; none means the whole country.
    pub regions: Vec<String>,
    /// Where it is, if that is known better than by region.
    pub place: Option<Place>,
    /// When it began; else when it ended; for a conflict without either, since when its phase holds.
    pub date: Option<Date>,
    /// How many events it stands for.
    pub event_count: u64,
    /// Where a project comes from.
    // A stored row that lacks this or one of the next three is of an earlier version: it is not read, and so made anew.
    #[serde(deserialize_with = "Option::deserialize")]
    pub origin: Option<String>,
    /// How many recommendations a consultation's report announces.
    #[serde(deserialize_with = "Option::deserialize")]
    pub announced: Option<u64>,
    /// What a conflict is about: keys of the country pack.
    pub stakes: Vec<String>,
    /// Who may see it, where that was said.
    pub sensitivity: Option<String>,
    /// Key in the source it was imported from.
    pub source_ref: Option<String>,
    /// What a project needs in all.
    pub need: Option<Money>,
    /// Every text of the record, line by line, for full-text search: title, aliases, narratives, places, items that
    /// are not withdrawn. No keys, no ids, no sealed opinions.
    pub search: String,
    /// How many fields have concurrent values.
    pub concurrent: usize,
    /// How many items were withdrawn by one office and edited by another.
    pub decisions: usize,
    /// How many fields only a newer version can read.
    pub unknown: usize,
    /// What breaks a rule of the workflow.
    pub flags: Vec<Flag>,
    /// What is still to be filled in.
    pub to_complete: Vec<Flag>,
    /// What reports and the tree of consultations are made of.
    pub facts: Facts,
    /// Every item of every list.
    pub items: Vec<ItemRow>,
}

/// Values of a record that reports and the tree of consultations are made of, and lists do not show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// How far a consultation reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What kind of meeting a consultation is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_type: Option<String>,
    /// How many of the four parts of its report say something.
    #[serde(default, skip_serializing_if = "is_none")]
    pub report_parts: usize,
    /// How many took part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<u64>,
    /// How many of them were women.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants_women: Option<u64>,
    /// How many of them were young.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants_youth: Option<u64>,
    /// The objective that a project serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// Since when the phase of a conflict holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_since: Option<Date>,
    /// Of several sensitivities that offices gave it, the strictest; else the one it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strictest: Option<String>,
}

/// One item of a list: a recommendation, an incident, a contribution, a follow-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRow {
    /// The list, with the one it is nested in: `recommendations`, `recommendations/follow_ups`.
    pub list: String,
    /// The item.
    pub item: ItemId,
    /// The item it is nested in.
    pub parent: Option<ItemId>,
    /// Whether it, or the item it is nested in, was withdrawn.
    pub withdrawn: bool,
    /// Whether it counts: not withdrawn, and in a ledger neither reversed nor itself a reversal.
    pub counts: bool,
    /// Its fields but for nested lists, which have rows of their own.
    pub values: Map<String, Value>,
}

impl ItemRow {
    /// A field that holds a text or a key.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    /// A field that holds a date.
    pub fn date(&self, name: &str) -> Option<Date> {
        self.text(name).and_then(|date| date.parse().ok())
    }

    /// A field that holds a count.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.values.get(name).and_then(Value::as_u64)
    }
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The rows of one record.
pub fn project(record: RecordId, reading: &Reading, vocabulary: &Vocabulary) -> RecordRow {
    let fields = &reading.fields;
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    let count = |key: &str| fields.get(key).and_then(Value::as_u64);
    let date = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
    let phase = fields.get("phase");
    let status = match reading.kind {
        Kind::Conflict => phase.and_then(|phase| phase.get("is")).and_then(Value::as_str).map(str::to_owned),
        Kind::Consultation | Kind::Project => text("status"),
    };
    let keys = |name: &str| {
        let members = fields.get(name).and_then(Value::as_array).into_iter().flatten();
        members.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let schema: Vec<&'static Field> = reading.kind.schema().fields().collect();
    let mut walk = Walk::default();
    walk.object(&schema, fields, "", None, false);
    let is_told = |part: &&&str| text(part).is_some_and(|text| !text.trim().is_empty());
    RecordRow {
        kind: reading.kind,
        title: text("title").unwrap_or_default(),
        status,
        aliases: keys("aliases"),
        regions: keys("regions"),
        place: fields.get("place").and_then(|place| serde_json::from_value(place.clone()).ok()),
        date: date(fields.get("start_date"))
            .or_else(|| date(fields.get("end_date")))
            .or_else(|| date(phase.and_then(|phase| phase.get("since")))),
        event_count: fields.get("event_count").and_then(Value::as_u64).unwrap_or(1),
        origin: text("origin"),
        announced: count("recommendations_announced"),
        stakes: keys("stakes"),
        sensitivity: text("sensitivity"),
        source_ref: text("source_ref"),
        need: fields.get("need").and_then(|need| serde_json::from_value(need.clone()).ok()),
        search: walk.search,
        concurrent: reading.concurrent.len(),
        decisions: reading.decisions.len(),
        unknown: reading.unknown.len(),
        flags: flags(record, reading, vocabulary),
        to_complete: to_complete(reading),
        facts: Facts {
            level: text("level"),
            meeting_type: text("meeting_type"),
            report_parts: REPORT.iter().filter(is_told).count(),
            participants: count("participants"),
            participants_women: count("participants_women"),
            participants_youth: count("participants_youth"),
            objective: text("objective"),
            end_date: date(fields.get("end_date")),
            phase_since: date(phase.and_then(|phase| phase.get("since"))),
            strictest: strictest(reading),
        },
        items: walk.items,
    }
}

/// The strictest of the sensitivities that offices gave a record apart, else the one it has; `None` where it has none.
pub fn strictest(reading: &Reading) -> Option<String> {
    match reading.concurrent.iter().find(|field| field.pointer == "/sensitivity") {
        Some(clashing) => strictest_of(clashing.values.iter().map(|seen| seen.value.as_str())),
        None => reading.fields.get("sensitivity").and_then(Value::as_str).map(str::to_owned),
    }
}

/// The strictest of some sensitivities, where nothing said is internal and what only a newer version knows is strictest.
pub fn strictest_of<'v>(values: impl Iterator<Item = Option<&'v str>>) -> Option<String> {
    let strictness = |value: &&str| match *value {
        "public" => 0,
        "internal" => 1,
        _ => 2,
    };
    values.map(|value| value.unwrap_or("internal")).max_by_key(strictness).map(str::to_owned)
}

#[derive(Default)]
struct Walk {
    search: String,
    items: Vec<ItemRow>,
}

impl Walk {
    fn object(
        &mut self,
        fields: &[&'static Field],
        values: &Map<String, Value>,
        list: &str,
        parent: Option<&ItemId>,
        withdrawn: bool,
    ) {
        for field in fields {
            let Some(value) = values.get(field.name) else { continue };
            match field.shape {
                Shape::Items(inner) | Shape::Ledger(inner) => {
                    let list = if list.is_empty() { field.name.to_owned() } else { format!("{list}/{}", field.name) };
                    self.list(inner, value, &list, parent, withdrawn);
                }
                _ if withdrawn => {}
                shape => self.text(&shape, value),
            }
        }
    }

    fn list(
        &mut self,
        fields: &'static [Field],
        value: &Value,
        list: &str,
        parent: Option<&ItemId>,
        parent_withdrawn: bool,
    ) {
        let Some(items) = value.as_object() else { return };
        let reversed: Vec<&str> = items.values().filter_map(|line| line.get("reverses")?.as_str()).collect();
        let fields: Vec<&'static Field> = fields.iter().collect();
        for (id, value) in items {
            let (Ok(item), Some(value)) = (id.parse::<ItemId>(), value.as_object()) else { continue };
            let withdrawn = parent_withdrawn || value.get("withdrawn") == Some(&Value::Bool(true));
            let nested = |key: &str| fields.iter().any(|f| f.name == key && f.shape.item_fields().is_some());
            self.items.push(ItemRow {
                list: list.to_owned(),
                item: item.clone(),
                parent: parent.cloned(),
                withdrawn,
                counts: !withdrawn && !value.contains_key("reverses") && !reversed.contains(&id.as_str()),
                values: value
                    .iter()
                    .filter(|(key, _)| *key != "withdrawn" && !nested(key))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            });
            self.object(&fields, value, list, Some(&item), withdrawn);
        }
    }

    fn text(&mut self, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Line | Shape::Paragraph | Shape::Narrative, Value::String(text)) => {
                self.search.push_str(text);
                self.search.push('\n');
            }
            (Shape::Set(Shape::Line), Value::Array(members)) => {
                members.iter().for_each(|member| self.text(&Shape::Line, member));
            }
            (Shape::Sheet(_, inner), Value::Object(rows)) => rows.values().for_each(|row| self.text(inner, row)),
            (Shape::Compound { parts, .. }, Value::Object(values)) => {
                for part in *parts {
                    if let Some(value) = values.get(part.name) {
                        self.text(&part.shape, value);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;

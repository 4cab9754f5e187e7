//! From an outline to what leaves of it: the rules applied, nothing said in words yet.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toguna_protocol::{
    engine::rows::Stamp,
    ids::RecordId,
    record::{
        Date, Kind,
        common::{Place, Precision},
    },
};

use super::rules::{
    FEW, Part, Terms, Withheld, hidden_names, is_hidden, is_point, is_public, is_recent, place_of, tells,
};
use crate::views::Outline;

/// A value that leaves, is not there, or is kept back.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held<T> {
    Given(T),
    Unstated,
    Withheld,
}

impl<T> Held<T> {
    fn of(value: Option<T>, withheld: bool) -> Self {
        match value {
            _ if withheld => Held::Withheld,
            Some(value) => Held::Given(value),
            None => Held::Unstated,
        }
    }
}

/// A count as it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Unstated,
    /// Fewer than five.
    Few,
    Number(u64),
}

impl Count {
    fn of(count: Option<u64>, withheld: &Withheld) -> Self {
        match count {
            None => Count::Unstated,
            Some(count) if count < FEW && withheld.has(Part::SmallCounts) => Count::Few,
            Some(count) => Count::Number(count),
        }
    }
}

/// One record as it leaves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) id: RecordId,
    /// Whether another record speaks for it, as the same conflict.
    pub(super) tied: bool,
    pub(super) kind: Kind,
    pub(super) title: Held<String>,
    pub(super) status: Option<String>,
    pub(super) regions: Vec<String>,
    pub(super) date: Held<Date>,
    pub(super) place: Held<String>,
    pub(super) precision: Option<Precision>,
    /// Latitude and longitude.
    pub(super) point: Option<(f64, f64)>,
    /// In the order of [`counted`].
    pub(super) counts: Vec<Count>,
    pub(super) created: Stamp,
    pub(super) updated: Stamp,
    pub(super) to_complete: u64,
    pub(super) sensitivity: Option<String>,
    /// In the order of the kind's narratives; empty where they were not asked for.
    pub(super) texts: Vec<Held<String>>,
    pub(super) incidents: Vec<PlacedIncident>,
}

/// An incident that has a point of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlacedIncident {
    pub(super) point: (f64, f64),
    pub(super) place: Option<String>,
    pub(super) precision: Option<Precision>,
    pub(super) date: Option<String>,
    pub(super) incident_type: Option<String>,
    pub(super) deaths: Count,
    pub(super) displaced: Count,
}

/// How many records leave, and how many do not or not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Records that are in the file.
    pub(super) rows: u64,
    /// Records that are not, by the rule that leaves them out; `no-point` for those that a map cannot show.
    pub(super) left_out: BTreeMap<&'static str, u64>,
    /// Records that are in it without their title, or their date, or their place.
    pub(super) redacted: u64,
    /// Records that are in it beside another that speaks for them, as the same conflict.
    pub(super) tied: u64,
}

impl Tally {
    pub(super) fn leave_out(&mut self, because: &'static str) {
        *self.left_out.entry(because).or_default() += 1;
    }
}

/// What is counted of a kind, as paths of fields from the kind on.
pub(in crate::exchange) fn counted(kind: Kind) -> &'static [&'static [&'static str]] {
    match kind {
        Kind::Conflict => &[
            &["event_count"],
            &["incidents"],
            &["incidents", "deaths"],
            &["incidents", "displaced"],
            &["alerts"],
            &["mediation_meetings"],
            &["decisions"],
            &["agreements"],
        ],
        Kind::Consultation => &[&["event_count"], &["recommendations"]],
        Kind::Project => &[&["event_count"], &["plan"], &["reports"], &["contributions"]],
    }
}

/// A record under the rules; `None` if it does not leave. `texts`: its narratives, if they were asked for.
pub(super) fn shown(
    outline: &Outline,
    texts: Vec<Option<String>>,
    terms: &Terms<'_>,
    tally: &mut Tally,
) -> Option<Shown> {
    let withheld = Withheld::of(outline, terms);
    if let Some(rule) = withheld.left_out_by {
        tally.leave_out(rule);
        return None;
    }
    let incidents = settled_incidents(outline, &withheld, terms);
    let listed = &outline.listed;
    let place = outline.place.as_ref();
    let shown = Shown {
        id: listed.id,
        tied: outline.tied,
        kind: listed.kind,
        title: Held::of(Some(listed.title.clone()), withheld.has(Part::Title)),
        status: listed.status.clone(),
        regions: listed.regions.clone(),
        date: Held::of(outline.date, withheld.has(Part::Date)),
        place: Held::of(place.and_then(|place| name_of(place, terms)), withheld.has(Part::Place)),
        precision: place.and_then(|place| place.precision).filter(|_| !withheld.has(Part::Place)),
        point: place.and_then(|place| point_of(place, terms)).filter(|_| !withheld.has(Part::Coordinates)),
        counts: counts(outline, &incidents, &withheld),
        created: listed.created.clone(),
        updated: listed.updated.clone(),
        to_complete: listed.to_complete as u64,
        sensitivity: outline.sensitivity.clone(),
        texts: told(outline, texts, &withheld, terms),
        incidents: placed(outline, &incidents, &withheld, terms),
    };
    if [Part::Title, Part::Date, Part::Place].into_iter().any(|part| withheld.has(part)) {
        tally.redacted += 1;
    }
    Some(shown)
}

/// The incidents that may be spoken of.
fn settled_incidents<'o>(outline: &'o Outline, withheld: &Withheld, terms: &Terms<'_>) -> Vec<&'o Map<String, Value>> {
    let left_out = |incident: &Map<String, Value>| withheld.has(Part::RecentIncidents) && is_recent(incident, terms);
    outline.incidents.iter().filter(|incident| !left_out(incident)).collect()
}

fn counts(outline: &Outline, incidents: &[&Map<String, Value>], withheld: &Withheld) -> Vec<Count> {
    let count = |path: &&[&str]| {
        let count = match **path {
            ["event_count"] => Some(outline.event_count),
            ["incidents"] => Some(incidents.len() as u64),
            // Nothing stated is not none.
            ["incidents", field] => {
                incidents.iter().filter_map(|incident| number(incident, field)).reduce(u64::saturating_add)
            }
            [list] => Some(outline.items.get(list).copied().unwrap_or_default()),
            _ => None,
        };
        Count::of(count, withheld)
    };
    counted(outline.listed.kind).iter().map(count).collect()
}

fn number(item: &Map<String, Value>, field: &str) -> Option<u64> {
    item.get(field).and_then(Value::as_u64)
}

/// Narratives, where none tells of a place that is withheld.
fn told(outline: &Outline, texts: Vec<Option<String>>, withheld: &Withheld, terms: &Terms<'_>) -> Vec<Held<String>> {
    let hidden = hidden_names(outline, terms.pack);
    let told = |text: Option<String>| {
        let tells = withheld.has(Part::Texts) || text.as_deref().is_some_and(|text| tells(text, &hidden));
        Held::of(text, tells)
    };
    texts.into_iter().map(told).collect()
}

fn placed(
    outline: &Outline,
    incidents: &[&Map<String, Value>],
    withheld: &Withheld,
    terms: &Terms<'_>,
) -> Vec<PlacedIncident> {
    if !is_public(outline) {
        return Vec::new();
    }
    let text = |incident: &Map<String, Value>, field: &str| Some(incident.get(field)?.as_str()?.to_owned());
    let placed = |incident: &&Map<String, Value>| {
        let place = place_of(incident.get("place")?)?;
        if !is_point(&place) || is_hidden(&place, true, terms.pack) {
            return None;
        }
        Some(PlacedIncident {
            point: point_of(&place, terms)?,
            place: name_of(&place, terms),
            precision: place.precision,
            date: text(incident, "date"),
            incident_type: text(incident, "incident_type"),
            deaths: Count::of(number(incident, "deaths"), withheld),
            displaced: Count::of(number(incident, "displaced"), withheld),
        })
    };
    incidents.iter().filter_map(placed).collect()
}

/// The name as written, or else the gazetteer's.
fn name_of(place: &Place, terms: &Terms<'_>) -> Option<String> {
    let written = place.name.as_ref().map(|name| name.0.clone());
    written.or_else(|| Some(terms.pack.places().get(&place.key.as_ref()?.0)?.name.clone()))
}

/// The coordinates as entered, or else the gazetteer's.
fn point_of(place: &Place, terms: &Terms<'_>) -> Option<(f64, f64)> {
    let entered = place.lat.zip(place.lon).map(|(lat, lon)| (lat.0, lon.0));
    entered.or_else(|| {
        let known = terms.pack.places().get(&place.key.as_ref()?.0)?;
        Some((known.lat, known.lon))
    })
}

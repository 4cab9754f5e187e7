//! What never leaves in an export, and what leaves only in part: the one table of it.
//!
//! `node/README.md` holds the same table for people; a test compares them.

use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};
use toguna_protocol::{
    ids::UnixSeconds,
    record::{
        Date, Kind,
        common::{Place, Precision},
        date::Day,
    },
};

use super::Format;
use crate::{letters::plain, pack::Pack, views::Outline};

/// Days for which an incident is recent.
const RECENT_DAYS: i64 = 30;

/// Counts below it are written as "fewer than".
pub(crate) const FEW: u64 = 5;

/// Words by which a place is known for a camp, a well or a depot, without accents. Whole words, in any number.
const HIDDEN_WORDS: [&str; 16] = [
    "puits",
    "puisard",
    "forage",
    "camp",
    "campement",
    "cantonnement",
    "depot",
    "entrepot",
    "well",
    "borehole",
    "encampment",
    "depots",
    "hassi",
    "bir",
    "anou",
    "cache",
];

/// A part of what an export holds of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole record.
    Record,
    /// Its title.
    Title,
    /// Its dates.
    Date,
    /// Name and precision of its place.
    Place,
    /// The coordinates of its place.
    Coordinates,
    /// Narratives and notes.
    Texts,
    /// Counts that are small.
    SmallCounts,
    /// Incidents that are recent, in counts and on the map.
    RecentIncidents,
}

/// What an export is made under.
pub(super) struct Terms<'a> {
    pub(super) format: Format,
    /// Somebody who may has asked for narratives and notes.
    pub(super) texts: bool,
    /// The day of the export.
    pub(super) today: Day,
    pub(super) pack: &'a Pack,
}

impl<'a> Terms<'a> {
    pub(super) fn new(format: Format, texts: bool, now: UnixSeconds, pack: &'a Pack) -> Self {
        let today = Timestamp::from_second(now.0).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
        Terms { format, texts, today: day(today), pack }
    }
}

/// A day of the calendar, as records have it.
fn day(date: civil::Date) -> Day {
    (date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// One rule.
pub(super) struct Rule {
    /// Its name, and the end of the message that counts the records it keeps back.
    pub(super) key: &'static str,
    /// The rule in words.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds that node/README.md says the same"))]
    pub(super) says: &'static str,
    applies: fn(&Outline, &Terms<'_>) -> bool,
    withholds: &'static [Part],
}

/// Every rule. A part is withheld if any of them says so; the first that withholds the record is the one it is counted
/// under.
pub(super) const RULES: [Rule; 9] = [
    Rule {
        key: "restricted",
        says: "Records of restricted sensitivity, or of one that only a newer version knows, are left out of every \
               format and counted.",
        applies: |outline, _| !matches!(outline.sensitivity.as_deref(), None | Some("internal" | "public")),
        withholds: &[Part::Record],
    },
    Rule {
        key: "internal",
        says: "Records that are not public are left out of GeoJSON and counted; internal is what a record is where \
               nothing was said.",
        applies: |outline, terms| terms.format == Format::GeoJson && !is_public(outline),
        withholds: &[Part::Record],
    },
    Rule {
        key: "coordinates",
        says: "Coordinates leave only of public records, and only of a place that is exact or a village.",
        applies: |outline, _| !is_public(outline) || !outline.place.as_ref().is_some_and(is_point),
        withholds: &[Part::Coordinates],
    },
    Rule {
        key: "hidden-place",
        says: "Camps, wells and depots never leave: neither name nor coordinates of a place that is called so, or that \
               is exact or a village (or, in a record that is not public, of no stated precision) and not in the \
               gazetteer.",
        applies: |outline, terms| {
            outline.place.as_ref().is_some_and(|place| is_hidden(place, is_public(outline), terms.pack))
        },
        withholds: &[Part::Place, Part::Coordinates],
    },
    Rule {
        key: "telling-title",
        says: "A title that names a camp, a well, a depot or a place that is withheld does not leave either.",
        applies: |outline, terms| is_telling(outline, terms.pack),
        withholds: &[Part::Title],
    },
    Rule {
        key: "future-mission",
        says: "Of consultations that are still to be held, or planned or postponed without a date, neither title, date \
               and place nor texts leave.",
        applies: |outline, terms| is_future_mission(outline, terms.today),
        withholds: &[Part::Title, Part::Date, Part::Place, Part::Coordinates, Part::Texts],
    },
    Rule {
        key: "texts",
        says: "Narratives and notes leave only with `complete=1`, asked for by a head of office, a national coordinator \
               or a national director, and never in GeoJSON.",
        applies: |_, terms| !terms.texts || terms.format == Format::GeoJson,
        withholds: &[Part::Texts],
    },
    Rule {
        key: "small-counts",
        says: "Counts of people and events under 5 are written `<5`.",
        applies: |_, _| true,
        withholds: &[Part::SmallCounts],
    },
    Rule {
        key: "recent-incidents",
        says: "Incidents of the last 30 days, and those of unknown date, are neither counted nor placed.",
        applies: |_, _| true,
        withholds: &[Part::RecentIncidents],
    },
];

/// What the rules withhold of one record.
pub(super) struct Withheld {
    parts: Vec<Part>,
    /// The rule that leaves the whole record out.
    pub(super) left_out_by: Option<&'static str>,
}

impl Withheld {
    pub(super) fn of(outline: &Outline, terms: &Terms<'_>) -> Self {
        let mut withheld = Withheld { parts: Vec::new(), left_out_by: None };
        for rule in RULES.iter().filter(|rule| (rule.applies)(outline, terms)) {
            withheld.parts.extend(rule.withholds);
            if rule.withholds.contains(&Part::Record) {
                withheld.left_out_by.get_or_insert(rule.key);
            }
        }
        withheld
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

/// Whether somebody has said that the record is for everyone.
pub(super) fn is_public(outline: &Outline) -> bool {
    outline.sensitivity.as_deref() == Some("public")
}

/// Whether a place is known well enough for a point.
pub(super) fn is_point(place: &Place) -> bool {
    matches!(place.precision, Some(Precision::Exact | Precision::Village))
}

/// Whether a place is, or may be, a camp, a well or a depot. The gazetteer lacks most of them, which is how they are told
/// from settlements.
pub(super) fn is_hidden(place: &Place, public: bool, pack: &Pack) -> bool {
    let known = place.key.as_ref().and_then(|key| pack.places().get(&key.0));
    let names = place.name.as_deref().into_iter().chain(known.map(|known| known.name.as_str()));
    if names.into_iter().any(has_hidden_word) {
        return true;
    }
    match place.precision {
        _ if known.is_some() => false,
        Some(Precision::Exact | Precision::Village) => true,
        // Of a public record somebody has looked at what it says.
        None => !public,
        Some(_) => false,
    }
}

/// Whether a title gives away what is withheld.
fn is_telling(outline: &Outline, pack: &Pack) -> bool {
    let title = &outline.listed.title;
    has_hidden_word(title) || tells(title, &hidden_names(outline, pack))
}

/// Names of the withheld places of a record and its incidents, folded.
pub(super) fn hidden_names(outline: &Outline, pack: &Pack) -> Vec<String> {
    let public = is_public(outline);
    let of_incidents = outline.incidents.iter().filter_map(|incident| place_of(incident.get("place")?));
    let places = outline.place.clone().into_iter().chain(of_incidents);
    let hidden = places.filter(|place| is_hidden(place, public, pack));
    let names = hidden.filter_map(|place| place.name).map(|name| words(&name).join(" "));
    names.filter(|name| !name.is_empty()).collect()
}

/// Whether a text names one of some places.
pub(super) fn tells(text: &str, hidden_names: &[String]) -> bool {
    if hidden_names.is_empty() {
        return false;
    }
    let text = format!(" {} ", words(text).join(" "));
    hidden_names.iter().any(|name| text.contains(&format!(" {name} ")))
}

/// A place that stands in an item.
pub(super) fn place_of(value: &serde_json::Value) -> Option<Place> {
    serde_json::from_value(value.clone()).ok()
}

/// Whether a meeting is still to be held, as far as that is known. One whose date may lie in the future counts as such.
fn is_future_mission(outline: &Outline, today: Day) -> bool {
    outline.listed.kind == Kind::Consultation && is_still_to_come(outline.listed.status.as_deref(), outline.date, today)
}

/// Whether a consultation of this status and date is still to be held, as far as that is known.
pub(crate) fn is_still_to_come(status: Option<&str>, date: Option<Date>, today: Day) -> bool {
    match date {
        // Of what is over only a date in the future could still be told; then one of the two is wrong.
        Some(date) if matches!(status, Some("planned" | "postponed") | None) => may_be_from(date, today),
        Some(date) => date.earliest() > today,
        None => matches!(status, Some("planned" | "postponed")),
    }
}

/// Whether a date may be this day or a later one.
fn may_be_from(date: Date, day: Day) -> bool {
    date.latest().is_none_or(|latest| latest >= day)
}

/// Whether an incident is recent. What may be counts as such.
pub(super) fn is_recent(incident: &serde_json::Map<String, serde_json::Value>, terms: &Terms<'_>) -> bool {
    let date = incident.get("date").and_then(serde_json::Value::as_str).and_then(|date| date.parse::<Date>().ok());
    date.is_none_or(|date| may_be_recent(date, terms.today))
}

/// Whether a date may be one of the last days before a day, or later: of incidents then the public is told nothing.
pub(crate) fn may_be_recent(date: Date, today: Day) -> bool {
    let civil = i16::try_from(today.0).ok().zip(i8::try_from(today.1).ok()).zip(i8::try_from(today.2).ok());
    let civil = civil.and_then(|((year, month), day)| civil::Date::new(year, month, day).ok());
    let from = civil.and_then(|today| today.checked_sub(RECENT_DAYS.days()).ok()).unwrap_or(civil::Date::MIN);
    may_be_from(date, day(from))
}

fn has_hidden_word(text: &str) -> bool {
    words(text).iter().any(|word| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        HIDDEN_WORDS.iter().any(|hidden| word == hidden || singular == *hidden)
    })
}

/// The words of a text in lower case, without accents.
pub(in crate::exchange) fn words(text: &str) -> Vec<String> {
    let folded: String = plain(text).flat_map(char::to_lowercase).collect();
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::exchange::export::tests::{NOW, outline};

    fn withheld(kind: Kind, record: Value, format: Format, texts: bool) -> (Option<&'static str>, Vec<Part>) {
        let pack = Pack::embedded();
        let terms = Terms::new(format, texts, NOW, &pack);
        let withheld = Withheld::of(&outline(kind, record), &terms);
        let always = [Part::SmallCounts, Part::RecentIncidents];
        let mut parts: Vec<Part> = Vec::new();
        for part in withheld.parts.into_iter().filter(|part| !always.contains(part)) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        (withheld.left_out_by, parts)
    }

    #[test]
    fn sensitivity_decides_what_of_a_record_leaves() {
        use Part::{Coordinates as C, Record as R, Texts as T};
        let gao = json!({"key": "gao", "precision": "village", "name": "Gao", "lat": 16.27, "lon": -0.04});
        let gao = match Pack::embedded().places().search("Gao", 1).first() {
            Some(place) => json!({"key": place.key, "precision": "village", "name": "Gao", "lat": 16.27, "lon": -0.04}),
            None => gao,
        };
        /// The record's sensitivity, the format, whether texts are asked for, by what it is left out, and the parts withheld.
        type Case<'c> = (Option<&'c str>, Format, bool, Option<&'c str>, &'c [Part]);
        let table: [Case<'_>; 9] = [
            (Some("public"), Format::Csv, true, None, &[]),
            (Some("public"), Format::Csv, false, None, &[T]),
            (Some("public"), Format::GeoJson, true, None, &[T]),
            (Some("internal"), Format::Xlsx, true, None, &[C]),
            (None, Format::Csv, false, None, &[C, T]),
            (None, Format::GeoJson, false, Some("internal"), &[R, C, T]),
            (Some("internal"), Format::GeoJson, true, Some("internal"), &[R, C, T]),
            (Some("restricted"), Format::Csv, true, Some("restricted"), &[R, C]),
            (Some("restricted"), Format::GeoJson, true, Some("restricted"), &[R, C, T]),
        ];
        for (sensitivity, format, texts, left_out_by, parts) in table {
            let record = json!({"title": "Éleveurs et agriculteurs", "place": gao, "sensitivity": sensitivity});
            let found = withheld(Kind::Conflict, record, format, texts);
            assert_eq!(found, (left_out_by, parts.to_vec()), "{sensitivity:?} {format:?} {texts}");
        }
    }

    #[test]
    fn a_sensitivity_that_is_not_known_here_is_the_strictest() {
        let pack = Pack::embedded();
        let mut newer = outline(Kind::Conflict, json!({"title": "x"}));
        newer.sensitivity = Some("secret".into());
        let withheld = Withheld::of(&newer, &Terms::new(Format::Csv, true, NOW, &pack));
        assert_eq!(withheld.left_out_by, Some("restricted"));
    }

    #[test]
    fn camps_wells_and_depots_are_told_by_their_words_and_by_not_being_in_the_gazetteer() {
        let pack = Pack::embedded();
        let key = pack.places().search("Tinzawatène", 1)[0].key.clone();
        let table = [
            (json!({"name": "Tinzawatène", "key": key, "precision": "village"}), false),
            (json!({"name": "Puits de Tinzawatène", "key": key, "precision": "exact"}), true),
            (json!({"name": "CAMPEMENTS nomades", "precision": "cercle"}), true),
            (json!({"name": "Dépôt de Gao", "precision": "commune"}), true),
            (json!({"name": "In-Tedjedit", "precision": "exact"}), true),
            (json!({"name": "In-Tedjedit", "precision": "village"}), true),
            (json!({"name": "In-Tedjedit"}), true),
            (json!({"name": "Campagne de Ségou", "precision": "cercle"}), false),
            (json!({"name": "Région de Kidal", "precision": "region"}), false),
        ];
        for (place, expected) in table {
            let record = json!({"title": "x", "place": place});
            let (_, parts) = withheld(Kind::Conflict, record, Format::Csv, false);
            assert_eq!(parts.contains(&Part::Place), expected, "{place}");
        }
    }

    #[test]
    fn a_title_does_not_give_away_what_is_withheld() {
        let place = json!({"name": "In-Tedjedit", "precision": "exact"});
        let incident = json!({"new": {"place": place, "date": "2009"}});
        for (record, expected) in [
            (json!({"title": "Le puits de Tin-Essako"}), true),
            (json!({"title": "Autour d'in tedjedit", "place": place}), true),
            (json!({"title": "Vol à In-Tedjedit", "incidents": incident}), true),
            (json!({"title": "Éleveurs et agriculteurs", "place": place}), false),
        ] {
            let (_, parts) = withheld(Kind::Conflict, record.clone(), Format::Csv, false);
            assert_eq!(parts.contains(&Part::Title), expected, "{record}");
        }
    }

    #[test]
    fn of_a_future_mission_nothing_leaves_that_tells_when_and_where() {
        // The day of the tests is 26 November 2026.
        let table = [
            (Some("planned"), Some("2026-12-03"), true),
            (Some("planned"), Some("2026-11-26"), true),
            (Some("planned"), Some("2026-11-25"), false),
            (Some("planned"), Some("2026"), true),
            (Some("planned"), Some("2026-11-01/.."), true),
            (Some("planned"), None, true),
            (Some("postponed"), None, true),
            (Some("cancelled"), Some("2026-12-03"), true),
            (Some("held"), Some("2026"), false),
            (Some("held"), Some("2009-11-02"), false),
            (None, Some("2027"), true),
            (None, None, false),
        ];
        for (status, date, expected) in table {
            let record = json!({"title": "Mission à Tessalit", "status": status, "start_date": date});
            let (_, parts) = withheld(Kind::Consultation, record, Format::Csv, true);
            for part in [Part::Title, Part::Date, Part::Place, Part::Texts] {
                assert_eq!(parts.contains(&part), expected, "{status:?} {date:?} {part:?}");
            }
        }
    }

    #[test]
    fn the_readme_holds_the_same_table() {
        let readme = include_str!("../../../README.md");
        for rule in RULES {
            let line = format!("| `{}` | {} |", rule.key, rule.says);
            assert!(readme.contains(&line), "node/README.md lacks:\n{line}");
        }
    }
}

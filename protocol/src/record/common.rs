//! What all kinds of record share, and the values they are built from.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::ids::RecordId;

use super::{
    date::Date,
    schema::{Items, Set, Shape, Shaped, choice, compound, fields, item},
    vocabulary::{PlaceKey, RegionKey},
};

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $shape:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Shaped for $name {
            const SHAPE: Shape = Shape::$shape;
        }
    };
}

text_type! {
    /// One line: a name, a reference.
    Line, Line
}
text_type! {
    /// Some lines that are kept as one value.
    Paragraph, Paragraph
}
text_type! {
    /// A long text, edited by several people at once. Holds no name and no telephone number of an informant, witness,
    /// victim or minor.
    Narrative, Narrative
}
text_type! {
    /// Three capital letters of ISO 4217: `XOF`, `USD`.
    Currency, Currency
}

/// An amount in the currency's minor unit: cents for `USD`, francs for `XOF`, which has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub i64);

impl Shaped for Amount {
    const SHAPE: Shape = Shape::Amount;
}

/// Degrees north of the equator.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latitude(pub f64);

impl Shaped for Latitude {
    const SHAPE: Shape = Shape::Degrees(90);
}

/// Degrees east of Greenwich.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Longitude(pub f64);

impl Shaped for Longitude {
    const SHAPE: Shape = Shape::Degrees(180);
}

choice! {
    /// Who may see a record.
    pub enum Sensitivity {
        Public = "public",
        Internal = "internal",
        Restricted = "restricted",
    }
}
choice! {
    /// How exact a place is. Only [`Precision::Exact`] and [`Precision::Village`] are drawn as points.
    pub enum Precision {
        Exact = "exact",
        Village = "village",
        Commune = "commune",
        Cercle = "cercle",
        Region = "region",
        Country = "country",
    }
}
choice! {
    /// How far something reaches, or at which level somebody decides.
    pub enum Level {
        Local = "local",
        Regional = "regional",
        National = "national",
        International = "international",
    }
}
choice! {
    /// How this record is tied to another.
    pub enum Relation {
        PartOf = "part-of",
        Series = "series",
        Feeds = "feeds",
        Restitutes = "restitutes",
        About = "about",
        SameActivity = "same-activity",
        SameConflict = "same-conflict",
        Distinct = "distinct",
        Related = "related",
    }
}

impl Relation {
    /// Those by which a consultation stands under another, the closest first: the results that it gives back, what it is
    /// part of, what it feeds, its series. The tie is always an item of the one that stands below.
    pub const UPWARD: [Relation; 4] = [Relation::Restitutes, Relation::PartOf, Relation::Feeds, Relation::Series];
}

compound! {
    /// Where something is.
    together ["lat", "lon"]
    pub struct Place {
        /// Key in the gazetteer; absent for a well, fraction or camp that is not in it.
        pub key: Option<PlaceKey>,
        /// Name as written.
        pub name: Option<Line>,
        /// Degrees north, rounded to 5 decimals (about a metre).
        pub lat: Option<Latitude>,
        /// Degrees east, rounded to 5 decimals.
        pub lon: Option<Longitude>,
        /// How exact the place is.
        pub precision: Option<Precision>,
    }
}
compound! {
    /// An amount of one currency. Amounts of different currencies are never added.
    together ["amount", "currency"]
    pub struct Money {
        /// In the currency's minor unit.
        pub amount: Amount,
        /// ISO 4217.
        pub currency: Currency,
    }
}

fields! {
    /// What every kind of record has.
    pub struct Common {
        /// What the record is called; the only field that must be there.
        pub title: Line,
        /// Regions concerned; none means the whole country.
        pub regions: Set<RegionKey>,
        /// The finer place.
        pub place: Option<Place>,
        /// Reference of the paper the record was entered from.
        pub paper_reference: Option<Line>,
        /// Where the signed original lies.
        pub original_kept_at: Option<Line>,
        /// Who may see the record; internal where nothing is said.
        pub sensitivity: Option<Sensitivity>,
        /// Other records this one is tied to.
        pub links: Items<Link>,
        /// Anything else worth keeping.
        pub notes: Narrative,
        /// How many events the record stands for ("ten meetings"); one where nothing is said, 0 for a part of a series
        /// that is counted there.
        pub event_count: Option<u64>,
        /// Key of the record in the source it was imported from, by which a second import finds it.
        pub source_ref: Option<Line>,
    }
}
item! {
    /// A tie to another record.
    pub struct Link {
        /// The other record.
        pub record: Option<RecordId>,
        /// How this record is tied to it.
        pub relation: Option<Relation>,
        /// Why.
        pub note: Option<Line>,
    }
}
item! {
    /// What somebody did about a recommendation, a decision or an agreement, and when.
    pub struct FollowUp {
        /// When.
        pub date: Option<Date>,
        /// By which institution.
        pub by: Option<Line>,
        /// What was done or found.
        pub note: Option<Paragraph>,
    }
}

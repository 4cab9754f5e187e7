//! The lists of a pack: a key that never changes, what people read, and what little the program must know beyond that.

use serde::{Deserialize, Serialize};

/// What every entry of a list has.
pub trait Term {
    /// What records hold. Never changes, and is never reused for something else.
    fn key(&self) -> &str;
    /// What people read, in French.
    fn fr(&self) -> &str;
    /// What people read, in English.
    fn en(&self) -> &str;
}

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// What records hold.
            pub key: String,
            /// What people read, in French.
            pub fr: String,
            /// What people read, in English.
            pub en: String,
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl Term for $name {
            fn key(&self) -> &str {
                &self.key
            }

            fn fr(&self) -> &str {
                &self.fr
            }

            fn en(&self) -> &str {
                &self.en
            }
        }
    )*};
}

terms! {
    /// An entry that is no more than a key and its names: an objective, an area, a section of a proposal.
    Plain {}

    /// A currency.
    Currency {
        /// Digits after the decimal mark: amounts are kept as integers of the smallest unit.
        minor_digits: u8,
    }

    /// What a conflict is about.
    Stake {
        /// The group it is counted under; `None` for "not specified".
        group: Option<String>,
    }

    /// A kind of incident, as offices name it.
    IncidentType {
        /// The nearest type of ACLED's code book, for exports.
        acled: AcledType,
    }

    /// A criterion that a request must meet.
    Criterion {
        /// Whether a request that fails it is refused.
        required: bool,
    }

    /// A theme of recommendations.
    Theme {
        /// The section of the conference's report it stands in.
        section: String,
    }

    /// A group of actors of security governance.
    ActorGroup {
        /// `statutory` or `non-statutory`.
        category: String,
    }

    /// An institution, organ, role, force, association or partner that records name.
    Actor {
        /// `state`, `organ`, `role`, `programme`, `consultative`, `force`, `private`, `civil` or `partner`.
        kind: String,
        /// `local`, `regional`, `national` or `international`.
        level: String,
        /// The actor it belongs to.
        parent: Option<String>,
    }

    /// A region of one version of the gazetteer.
    Region {
        /// `region` or `district`.
        kind: String,
        /// Its ISO 3166-2 code, where one is known.
        iso_3166_2: Option<String>,
        /// Its OCHA P-code, where one is known. Not to be confused with the ISO code: the numbers differ.
        ocha_pcode: Option<String>,
        /// The region it was part of in the version before, where it was cut out of one.
        split_from: Option<String>,
        /// The name of its chief town.
        capital: String,
        /// Latitude of the chief town (WGS84).
        lat: f64,
        /// Longitude of the chief town (WGS84).
        lon: f64,
    }
}

/// A type and sub-type of ACLED's code book.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AcledType {
    /// `event_type`, such as `Battles`.
    pub event: String,
    /// `sub_event_type`, such as `Armed clash`.
    pub sub_event: String,
}

/// The regions as they were drawn at one time. Keys keep their meaning from one version to the next; a region that is
/// cut in two keeps its key for what is left, and says so by the new one's [`Region::split_from`].
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gazetteer {
    /// The year it is known by.
    pub key: String,
    /// What people read, in French.
    pub fr: String,
    /// What people read, in English.
    pub en: String,
    /// The version before.
    pub follows: Option<String>,
    /// The file of the regions' outlines, where the pack has them for this version.
    pub outlines: Option<String>,
    /// Its regions, in their usual order.
    pub regions: Vec<Region>,
}

impl Gazetteer {
    /// A region by its key.
    pub fn region(&self, key: &str) -> Option<&Region> {
        self.regions.iter().find(|region| region.key == key)
    }
}

/// The box around a country, in degrees (WGS84).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Least latitude.
    pub south: f64,
    /// Greatest latitude.
    pub north: f64,
    /// Least longitude.
    pub west: f64,
    /// Greatest longitude.
    pub east: f64,
}

impl Bounds {
    /// Whether a point lies inside.
    pub fn contains(&self, lat: f64, lon: f64) -> bool {
        (self.south..=self.north).contains(&lat) && (self.west..=self.east).contains(&lon)
    }
}

//! Records: consultations, community conflicts and projects, and how they lie in an Automerge document.
//!
//! Each kind is declared once, as a struct ([`Consultation`], [`Conflict`], [`Project`]). The declaration gives both
//! the typed struct and the table of fields ([`schema::Field`]) by which generic code does everything else.

pub mod common;
pub mod conflict;
pub mod consultation;
pub mod date;
pub mod evaluation;
pub mod project;
pub mod schema;
pub mod vocabulary;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use common::Common;
pub use conflict::Conflict;
pub use consultation::Consultation;
pub use date::Date;
pub use project::Project;
pub use vocabulary::{List, Vocabulary};

use schema::{Field, Fields};

use crate::ids::{FeedId, ItemId, Seq};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A meeting, mission or conference.
    Consultation,
    /// A community conflict.
    Conflict,
    /// A request, activity or programme.
    Project,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Consultation, Kind::Conflict, Kind::Project];

    /// The key in documents and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Consultation => "consultation",
            Kind::Conflict => "conflict",
            Kind::Project => "project",
        }
    }

    /// The kind of a key; `None` for a kind that only a newer version knows.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The fields of this kind, the shared ones first.
    pub fn schema(self) -> Schema {
        let own = match self {
            Kind::Consultation => Consultation::FIELDS,
            Kind::Conflict => Conflict::FIELDS,
            Kind::Project => Project::FIELDS,
        };
        Schema { kind: self.key(), parts: [Common::FIELDS, own] }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A kind's key and fields. All generic code takes one as an argument, so that tests can be an older or newer version.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The kind's key.
    pub kind: &'static str,
    /// The shared fields, then the kind's own.
    pub parts: [&'static [Field]; 2],
}

impl Schema {
    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.parts.into_iter().flatten()
    }
}

/// Gives out the ids of the items that one entry creates.
#[derive(Debug, Clone)]
pub struct ItemIds {
    feed: FeedId,
    seq: Seq,
    next: u32,
}

impl ItemIds {
    /// For the entry `seq` of `feed`, which is about to be made.
    pub fn new(feed: FeedId, seq: Seq) -> Self {
        ItemIds { feed, seq, next: 0 }
    }

    /// The next unused id.
    pub fn next_id(&mut self) -> ItemId {
        let id = ItemId::new(self.feed, self.seq, self.next);
        self.next += 1;
        id
    }
}

//! Bringing records in and out. In: the programme's history, files of records, and events for demonstrations.
//!
//! Every source first becomes [`Draft`]s, which are checked as a whole; then [`import`] hands them to a
//! [`RecordSink`], which is the HTTP API or, in tests, a map. Each draft carries the key of its source, so an import
//! can be repeated at any time: what is there is left alone, and only links that could not be made before are added.
//!
//! A file of records is a table (`sheet`) or JSON Lines: one record a line, in the shape of the HTTP API, with `source_ref`. The record at
//! the other end of a link may be named by its own source key, as `"record": "source:CFL-DOGON"`, since its id is not
//! known before it is made, and it may be made at another office.

mod check;
pub mod events;
pub mod export;
mod here;
mod lines;
#[cfg(test)]
pub(crate) mod memory;
pub mod programme;
mod run;
pub mod sheet;

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use toguna_protocol::record::Kind;

pub use check::all as check;
pub use here::Here;
pub use lines::records;
pub use run::{Found, ImportError, Mode, RecordSink, Report, SinkError, import};

/// How a source key begins that names a record by its id, which some office has made already.
pub(crate) const RECORD: &str = "record:";

/// A record that is to be imported.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The key by which a second import knows it again.
    pub source_ref: String,
    /// What kind of record it is.
    pub kind: Kind,
    /// The record in the shape of the HTTP API, `source_ref` included, without the links in `links`.
    pub record: Map<String, Value>,
    /// Links to records that are named by their source key.
    pub links: Vec<SourceLink>,
    /// Where it stands.
    pub at: Position,
}

impl Draft {
    /// The regions it names; none means the whole country.
    pub fn regions(&self) -> Vec<&str> {
        match self.record.get("regions").and_then(Value::as_array) {
            Some(regions) => regions.iter().filter_map(Value::as_str).collect(),
            None => Vec::new(),
        }
    }
}

/// A link to a record that is known by its source key only.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceLink {
    /// The other record's source key.
    pub target: String,
    /// The rest of the link: relation and note.
    pub rest: Map<String, Value>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The file's name, as the person gave it.
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// Why a line cannot be imported. Never holds what a record says, only where and what kind of thing is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The line.
    #[serde(flatten)]
    pub at: Position,
    /// The field as a JSON pointer, or a column of a table; empty for the line as a whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { file, line } = &self.at;
        match self.field.as_str() {
            "" => write!(f, "{file}, line {line}: {}", self.problem),
            field => write!(f, "{file}, line {line}, {field}: {}", self.problem),
        }
    }
}

impl Position {
    fn fault(&self, field: impl Into<String>, problem: impl Into<String>) -> Fault {
        Fault { at: self.clone(), field: field.into(), problem: problem.into() }
    }
}

//! Temporary.
use crate::{
    ids::RecordId,
    record::{Kind, Reading, Vocabulary},
};
use serde::{Deserialize, Serialize};
/// Row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    /// Kind.
    pub kind: Kind,
}
/// Project.
pub fn project(_r: RecordId, reading: &Reading, _v: &Vocabulary) -> RecordRow {
    RecordRow { kind: reading.kind }
}

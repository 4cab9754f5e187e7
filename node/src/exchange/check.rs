//! What must hold before the first record is written.

use toguna_protocol::record::Vocabulary;

use super::{Draft, Fault};

/// Everything that is wrong with the drafts.
pub(super) fn all(drafts: &[Draft], vocabulary: &Vocabulary) -> Vec<Fault> {
    let _ = (drafts, vocabulary);
    Vec::new()
}

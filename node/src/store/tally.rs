//! How much a store has written and holds: what shows that something silently vanished.
//!
//! sled opens some damaged files without a word and without part of their rows, or as they were some time ago (seen
//! with 600 kB of a file overwritten). So each commit carries a row that counts commits and values, and a small file
//! beside the database, the mark, says how many commits were once durable.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Own row of a store: counts after the commit that wrote it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tally {
    /// Engine writes so far; also the version of the values in the newest.
    pub(super) commits: u64,
    /// Values in the shelf's tables.
    pub(super) values: u64,
}

impl Tally {
    /// The row's key.
    pub(super) const KEY: &[u8] = b"tally";

    pub(super) fn encode(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.commits.to_be_bytes());
        bytes[8..].copy_from_slice(&self.values.to_be_bytes());
        bytes
    }

    /// `None` for a row of another length.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (commits, values) = bytes.split_first_chunk()?;
        let values = values.try_into().ok()?;
        Some(Tally { commits: u64::from_be_bytes(*commits), values: u64::from_be_bytes(values) })
    }
}

/// The file `<n>.mark` beside a database: commits(8, big-endian) ‖ the first bytes of their BLAKE3 hash(8).
///
/// Written after a sync and never synced itself: a mark that stays behind the database says nothing, only one ahead
/// of it does, and a commit that has to wait for a second sync would cost twice as much.
pub(super) struct Mark {
    path: PathBuf,
    file: Option<File>,
}

impl Mark {
    /// The mark of the database in `dir`.
    pub(super) fn of(dir: &Path) -> Self {
        Mark { path: dir.with_extension("mark"), file: None }
    }

    /// Commits that were once durable; 0 where nothing can be read.
    pub(super) fn read(&self) -> u64 {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        let commits = bytes.first_chunk().map_or(0, |commits| u64::from_be_bytes(*commits));
        if bytes == Self::encode(commits) { commits } else { 0 }
    }

    /// Notes that so many commits are durable.
    pub(super) fn write(&mut self, commits: u64) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(File::options().write(true).create(true).truncate(false).open(&self.path)?),
        };
        file.write_all_at(&Self::encode(commits), 0)
    }

    fn encode(commits: u64) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&commits.to_be_bytes());
        bytes[8..].copy_from_slice(&blake3::hash(&commits.to_be_bytes()).as_bytes()[..8]);
        bytes
    }
}

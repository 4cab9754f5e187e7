//! The journal of exports: who took what out, when and by which filter, and nothing of what was in it.
//!
//! One line of JSON for each export in `exports.jsonl` of the data directory, readable by its owner only. A line is on
//! the disk before the first byte of its export leaves. Lines are only ever added.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toguna_protocol::ids::UnixSeconds;
use utoipa::ToSchema;

use crate::durable;

/// The journal's file in the data directory.
pub const JOURNAL_FILE: &str = "exports.jsonl";

/// Bytes from the end that are read when the journal is shown: some thousand lines.
const SHOWN: u64 = 512 * 1024;

/// An export, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JournalLine {
    /// When, by this office's clock, in seconds since 1970.
    #[schema(value_type = i64)]
    pub at: UnixSeconds,
    /// Who: the account, or whom the command line was given.
    pub by: String,
    /// The account's role; null for the command line.
    pub role: Option<String>,
    /// `page` or `command`. There may come more.
    pub way: String,
    /// Kind of the records.
    pub kind: String,
    /// The region that was asked for.
    pub region: Option<String>,
    /// The status or phase that was asked for.
    pub status: Option<String>,
    /// The origin of projects that was asked for.
    pub origin: Option<String>,
    /// The stake that was asked for, or the group of stakes.
    pub stake: Option<String>,
    /// Whether only the programme's own conflicts were asked for, without imported events.
    // A line of an earlier version does not say.
    #[serde(default)]
    pub own: bool,
    /// Whether words were searched for. Which is not kept: they may be somebody's name.
    pub words: bool,
    /// `csv`, `xlsx` or `geojson`.
    pub format: String,
    /// Whether narratives and notes went along.
    pub texts: bool,
    /// How many records left.
    pub rows: u64,
    /// How many the rules left out.
    pub left_out: u64,
}

/// The journal of one data directory. Cheap to make.
#[derive(Debug, Clone)]
pub struct Journal {
    dir: PathBuf,
}

impl Journal {
    /// The journal of a data directory; its file is made with the first line.
    pub fn of(dir: &Path) -> Self {
        Journal { dir: dir.to_owned() }
    }

    /// Adds a line; it is durable when this returns.
    ///
    /// # Errors
    /// The disk's. The line may then be there in part, which [`Self::latest`] passes over.
    pub fn add(&self, line: &JournalLine) -> io::Result<()> {
        durable::add_line(&self.dir, JOURNAL_FILE, &serde_json::to_string(line)?)
    }

    /// The latest lines, the newest first, at most `limit`; none if nothing was ever exported.
    ///
    /// # Errors
    /// The disk's.
    pub fn latest(&self, limit: usize) -> io::Result<Vec<JournalLine>> {
        let bytes = durable::read_end(&self.dir.join(JOURNAL_FILE), SHOWN)?;
        // A line that was cut, by a power cut or by beginning in its midst, is no JSON.
        let lines = bytes.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        Ok(lines.take(limit).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn line(at: i64) -> JournalLine {
        JournalLine {
            at: UnixSeconds(at),
            by: "Awa Diallo".into(),
            role: Some("head-of-office".into()),
            way: "page".into(),
            kind: "conflict".into(),
            region: Some("ML-8".into()),
            status: None,
            origin: None,
            stake: Some("land-and-resources".into()),
            own: true,
            words: true,
            format: "csv".into(),
            texts: false,
            rows: 12,
            left_out: 2,
        }
    }

    #[test]
    fn lines_are_added_and_come_back_the_newest_first_for_their_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let journal = Journal::of(home.path());
        assert_eq!(journal.latest(10).unwrap(), []);
        (1..=3).for_each(|at| journal.add(&line(at)).unwrap());
        assert_eq!(journal.latest(2).unwrap(), [line(3), line(2)]);
        let path = home.path().join(JOURNAL_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_line_that_a_power_cut_left_in_part_spoils_no_other() {
        let home = tempfile::tempdir().unwrap();
        let journal = Journal::of(home.path());
        journal.add(&line(1)).unwrap();
        let path = home.path().join(JOURNAL_FILE);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"at\":2,\"by\":\"A"].concat()).unwrap();
        assert_eq!(journal.latest(10).unwrap(), [line(1)]);
        journal.add(&line(3)).unwrap();
        assert_eq!(journal.latest(10).unwrap(), [line(3), line(1)]);
    }

    #[test]
    fn a_line_of_an_earlier_version_is_read() {
        let home = tempfile::tempdir().unwrap();
        let earlier = r#"{"at":1,"by":"Awa","role":null,"way":"page","kind":"conflict","region":"ML-8","status":null,
            "words":false,"format":"csv","texts":false,"rows":12,"left_out":2}"#;
        fs::write(home.path().join(JOURNAL_FILE), earlier.replace('\n', "") + "\n").unwrap();
        let read = Journal::of(home.path()).latest(10).unwrap();
        assert_eq!((read[0].region.as_deref(), read[0].stake.as_deref(), read[0].own), (Some("ML-8"), None, false));
    }

    #[test]
    fn a_long_journal_is_read_from_its_end() {
        let home = tempfile::tempdir().unwrap();
        let one = serde_json::to_string(&line(1)).unwrap() + "\n";
        fs::write(home.path().join(JOURNAL_FILE), one.repeat(5_000)).unwrap();
        let journal = Journal::of(home.path());
        journal.add(&line(2)).unwrap();
        let latest = journal.latest(usize::MAX).unwrap();
        assert!((1_000..5_001).contains(&latest.len()), "{}", latest.len());
        assert_eq!(latest[0], line(2));
    }
}

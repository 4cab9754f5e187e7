//! What was printed here: a line for each report in `reports.jsonl` of the data directory, durable before the report is
//! shown. It names the report, the knowledge it was made from, who made it and when, and its figures, so that the same
//! can be made again and every figure can be seen beside the one that was printed last. It holds no text of a record.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toguna_protocol::{
    frontier::Frontier,
    ids::{FeedId, Seq, UnixSeconds},
    record::date::Day,
};

use super::{Fingerprint, Report, ReportKind, Subject};
use crate::durable;

/// The file in the data directory.
pub const REPORTS_FILE: &str = "reports.jsonl";

/// Bytes from the end that are read where any report may be asked for: some thousand of them.
const READ: u64 = 32 * 1024 * 1024;

/// Bytes from the end in which the last reports stand.
const READ_LATEST: u64 = 512 * 1024;

/// A report that was made here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What it can be known by.
    pub fingerprint: Fingerprint,
    /// [`super::VERSION`] when it was made.
    pub version: u32,
    /// Which report.
    pub kind: ReportKind,
    /// What it is on.
    pub subject: Subject,
    /// From which knowledge.
    pub knowledge: Vec<(FeedId, Seq)>,
    /// The day that it was first made on.
    pub day: Day,
    /// When that knowledge was noted: when this was made, or the earlier report from whose knowledge it was.
    pub known_at: UnixSeconds,
    /// When it was made, by this office's clock.
    pub at: UnixSeconds,
    /// Who made it.
    pub by: String,
    /// The role of that account.
    pub role: String,
    /// The form that asked for it: whoever sends one twice makes one report.
    pub form: String,
    /// Its figures by name.
    pub figures: BTreeMap<String, i64>,
}

/// Who made a report, when and by which form.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// By this office's clock.
    pub at: UnixSeconds,
    /// The account's name.
    pub by: &'a str,
    /// Its role.
    pub role: &'a str,
    /// What tells the form from any other.
    pub form: &'a str,
}

impl Kept {
    /// The knowledge it was made from.
    pub fn known(&self) -> Frontier {
        self.knowledge.iter().copied().collect()
    }

    /// The line of a report.
    pub fn of(report: &Report, day: Day, known_at: UnixSeconds, made: Made<'_>) -> Self {
        let Made { at, by, role, form } = made;
        Kept {
            fingerprint: report.fingerprint(),
            version: report.version,
            kind: report.kind,
            subject: report.subject,
            knowledge: report.knowledge.clone(),
            day,
            known_at,
            at,
            by: by.to_owned(),
            role: role.to_owned(),
            form: form.to_owned(),
            figures: report.figures(),
        }
    }
}

/// The reports of one data directory. Cheap to make.
#[derive(Debug, Clone)]
pub struct KeptReports {
    dir: PathBuf,
}

impl KeptReports {
    /// Those of a data directory; the file is made with the first.
    pub fn of(dir: &Path) -> Self {
        KeptReports { dir: dir.to_owned() }
    }

    /// Keeps one; it is durable when this returns.
    ///
    /// # Errors
    /// The disk's.
    pub fn add(&self, kept: &Kept) -> io::Result<()> {
        durable::add_line(&self.dir, REPORTS_FILE, &serde_json::to_string(kept)?)
    }

    /// All that were made here, the newest first. Lines that a power cut left in part, or that a newer version wrote in
    /// another way, are passed over.
    ///
    /// # Errors
    /// The disk's.
    pub fn all(&self) -> io::Result<Vec<Kept>> {
        self.read(READ)
    }

    /// The latest of them, for what is looked at often.
    ///
    /// # Errors
    /// The disk's.
    pub fn latest(&self) -> io::Result<Vec<Kept>> {
        self.read(READ_LATEST)
    }

    fn read(&self, most: u64) -> io::Result<Vec<Kept>> {
        let bytes = durable::read_end(&self.dir.join(REPORTS_FILE), most)?;
        Ok(bytes.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

/// Of every figure the value that was printed last.
#[derive(Debug, Clone, Default)]
pub struct LastPrinted(Vec<Kept>);

impl LastPrinted {
    /// Among some reports, the newest first. Digests and dossiers have no figures of their own.
    pub fn among(kept: Vec<Kept>) -> Self {
        LastPrinted(
            kept.into_iter().filter(|kept| !matches!(kept.kind, ReportKind::Digest | ReportKind::Dossier)).collect(),
        )
    }

    /// The value of a figure, and the report it was printed in. What a report counted none of it does not name.
    pub fn of(&self, figure: &str) -> Option<(i64, &Kept)> {
        let is_printed = |kept: &&Kept| kept.kind != ReportKind::Brief || !is_cell(figure);
        let kept = self.0.iter().find(is_printed)?;
        Some((kept.figures.get(figure).copied().unwrap_or(0), kept))
    }
}

/// Whether a figure stands in the midst of a table: one page has no room for those.
fn is_cell(figure: &str) -> bool {
    let of_region = figure.starts_with("conflicts/") && figure.matches('/').count() > 1;
    of_region || (figure.starts_with("recommendations/") && !figure.starts_with("recommendations/all/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Period;

    fn kept(at: i64, figures: &[(&str, i64)]) -> Kept {
        Kept {
            fingerprint: Fingerprint::of(&at.to_be_bytes()),
            version: 1,
            kind: ReportKind::Annual,
            subject: Subject::Period(Period::year(2010)),
            knowledge: vec![(FeedId([1; 32]), Seq(7))],
            day: (2026, 11, 26),
            known_at: UnixSeconds(at),
            at: UnixSeconds(at),
            by: "Awa".into(),
            role: "reader".into(),
            form: String::new(),
            figures: figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }
    }

    #[test]
    fn reports_come_back_the_newest_first_and_a_torn_line_spoils_no_other() {
        let home = tempfile::tempdir().unwrap();
        let reports = KeptReports::of(home.path());
        assert_eq!(reports.all().unwrap(), []);
        reports.add(&kept(1, &[("conflicts", 14)])).unwrap();
        let path = home.path().join(REPORTS_FILE);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], b"{\"fingerprint\":"].concat()).unwrap();
        reports.add(&kept(2, &[])).unwrap();
        assert_eq!(reports.all().unwrap(), [kept(2, &[]), kept(1, &[("conflicts", 14)])]);
    }

    #[test]
    fn of_each_figure_the_last_value_counts_and_one_that_was_not_named_was_nought() {
        let brief = Kept { kind: ReportKind::Brief, ..kept(3, &[("conflicts", 3), ("conflicts/ML-8/truce", 9)]) };
        let digest = Kept { kind: ReportKind::Digest, ..kept(4, &[]) };
        let last = LastPrinted::among(vec![digest, brief, kept(2, &[("conflicts", 2), ("conflicts/ML-8/truce", 1)])]);
        let of = |name: &str| last.of(name).map(|(value, kept)| (value, kept.at.0));
        assert_eq!(of("conflicts"), Some((3, 3)));
        assert_eq!(of("conflicts/ML-8/truce"), Some((1, 2)), "a page of totals does not print it");
        assert_eq!(of("conflicts/settled"), Some((0, 3)));
        assert_eq!(LastPrinted::default().of("conflicts"), None);
    }
}

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

/// Bytes from the end that are read at most where the newest are asked for: some ten thousand of them.
const READ: u64 = 32 * 1024 * 1024;

/// The newest, where nobody has asked for a certain one.
const NEWEST: usize = 200;

/// Reports of one page, and as many of more pages, among which the last value of a figure is looked for.
const WITH_FIGURES: usize = 50;

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
    /// Digests and dossiers have none of their own.
    fn has_figures(&self) -> bool {
        !matches!(self.kind, ReportKind::Digest | ReportKind::Dossier)
    }

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

    /// The newest that were made here, the last first. Lines that a power cut left in part, or that a newer version wrote
    /// in another way, are passed over.
    ///
    /// # Errors
    /// The disk's.
    pub fn newest(&self) -> io::Result<Vec<Kept>> {
        let mut newest = Vec::new();
        durable::lines_back(&self.dir.join(REPORTS_FILE), READ, |line| {
            newest.extend(serde_json::from_slice::<Kept>(line));
            newest.len() < NEWEST
        })?;
        Ok(newest)
    }

    /// The newest that have figures, the last first, however many digests and dossiers were made since.
    ///
    /// # Errors
    /// The disk's.
    pub fn with_figures(&self) -> io::Result<Vec<Kept>> {
        let (mut found, mut briefs) = (Vec::<Kept>::new(), 0);
        durable::lines_back(&self.dir.join(REPORTS_FILE), READ, |line| {
            match serde_json::from_slice::<Kept>(line) {
                Ok(kept) if kept.kind == ReportKind::Brief => {
                    briefs += 1;
                    found.extend((briefs <= WITH_FIGURES).then_some(kept));
                }
                Ok(kept) if kept.has_figures() => found.push(kept),
                _ => {}
            }
            found.len() - briefs.min(WITH_FIGURES) < WITH_FIGURES
        })?;
        Ok(found)
    }

    /// A report that was made here, whenever that was; of several times that it was made the first.
    ///
    /// # Errors
    /// The disk's.
    pub fn first(&self, fingerprint: Fingerprint) -> io::Result<Option<Kept>> {
        let name = fingerprint.to_string();
        let mut first = None;
        durable::lines_back(&self.dir.join(REPORTS_FILE), u64::MAX, |line| {
            // Only a line that names it is worth the reading.
            if std::str::from_utf8(line).is_ok_and(|line| line.contains(&name)) {
                let kept = serde_json::from_slice::<Kept>(line).ok();
                first = kept.filter(|kept| kept.fingerprint == fingerprint).or(first.take());
            }
            true
        })?;
        Ok(first)
    }
}

/// Of every figure the value that was printed last.
#[derive(Debug, Clone, Default)]
pub struct LastPrinted(Vec<Kept>);

impl LastPrinted {
    /// Among some reports that have figures, the newest first.
    pub fn among(kept: Vec<Kept>) -> Self {
        LastPrinted(kept.into_iter().filter(Kept::has_figures).collect())
    }

    /// The value of a figure, and the report it was printed in. Of a table that counts everything an empty cell was
    /// nought; any other figure that is not named was not printed.
    pub fn of(&self, figure: &str) -> Option<(i64, &Kept)> {
        let counts_all = ["conflicts", "recommendations/", "alerts/"].iter().any(|table| figure.starts_with(table));
        self.0.iter().find_map(|kept| {
            let value = kept.figures.get(figure).copied().or(counts_all.then_some(0));
            Some((value.filter(|_| is_printed(figure, kept.kind))?, kept))
        })
    }
}

/// Whether a report of this kind has room for a figure.
pub(super) fn is_printed(figure: &str, kind: ReportKind) -> bool {
    kind != ReportKind::Brief || !is_cell(figure)
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
        assert_eq!(reports.newest().unwrap(), []);
        reports.add(&kept(1, &[("conflicts", 14)])).unwrap();
        let path = home.path().join(REPORTS_FILE);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], b"{\"fingerprint\":"].concat()).unwrap();
        reports.add(&kept(2, &[])).unwrap();
        assert_eq!(reports.newest().unwrap(), [kept(2, &[]), kept(1, &[("conflicts", 14)])]);
    }

    #[test]
    fn hundreds_of_dossiers_hide_neither_the_last_figures_nor_a_report() {
        let home = tempfile::tempdir().unwrap();
        let reports = KeptReports::of(home.path());
        let annual = kept(1, &[("conflicts", 14)]);
        reports.add(&annual).unwrap();
        reports.add(&Kept { at: UnixSeconds(2), ..annual.clone() }).unwrap();
        let dossier = Kept { kind: ReportKind::Dossier, form: "x".repeat(2000), ..kept(3, &[]) };
        let lines = format!("{}\n", serde_json::to_string(&dossier).unwrap()).repeat(NEWEST * 2);
        let path = home.path().join(REPORTS_FILE);
        std::fs::write(&path, [std::fs::read(&path).unwrap(), lines.into_bytes()].concat()).unwrap();
        assert_eq!(reports.newest().unwrap().len(), NEWEST);
        let last = LastPrinted::among(reports.with_figures().unwrap());
        assert_eq!(last.of("conflicts").map(|(value, kept)| (value, kept.at.0)), Some((14, 2)));
        assert_eq!(reports.first(annual.fingerprint).unwrap(), Some(annual), "of both the first");
        assert_eq!(reports.first(Fingerprint::of(b"never")).unwrap(), None);
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
        for never in ["declared/r/i/planned", "money/USD/partner/0011223344556677", "money/USD/surplus"] {
            assert_eq!(of(never), None, "{never} was never printed");
        }
        let earlier = kept(1, &[("declared/r/i/planned", 87)]);
        let last = LastPrinted::among(vec![kept(2, &[]), earlier]);
        assert_eq!(last.of("declared/r/i/planned").map(|(value, kept)| (value, kept.at.0)), Some((87, 1)));
        assert_eq!(LastPrinted::default().of("conflicts"), None);
    }
}

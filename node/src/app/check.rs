//! The check of a whole node: what the store holds, whether it is what was signed, and whether it is what is shown.

#[cfg(test)]
mod tests;

use std::{sync::Arc, thread, time::Duration};

use serde::Serialize;
use toguna_protocol::{
    engine::rows,
    ids::RecordId,
    ledger::{Ledger, LedgerError},
    record::Vocabulary,
    shelf::ShelfError,
};

use super::App;
use crate::{
    driver::DriverError,
    store::{Store, StoreError},
    views::{self, Views, ViewsError},
};

/// How often a record that changes during the check is looked at again.
const TRIES: usize = 5;

/// How long a change takes at most, mostly, from the store into the views.
const PAUSE: Duration = Duration::from_millis(200);

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CheckReport {
    /// Whether all is as it must be.
    pub sound: bool,
    /// Values of the store that open under their seal.
    pub values: u64,
    /// Entries whose place, backlink and signature were checked.
    pub entries: u64,
    /// Records that were rebuilt from their entries and compared with what is shown.
    pub records: u64,
    /// What is wrong.
    pub problems: Vec<CheckProblem>,
}

/// Something that is not as it must be. Names places in the store, never what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CheckProblem {
    /// Where it was found.
    pub step: CheckStep,
    /// Why, for programs.
    pub code: &'static str,
    /// The value, entry or record.
    pub place: String,
}

/// The steps of a check, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStep {
    /// Every value opens under its seal.
    Values,
    /// Every feed is whole: backlinks, signatures, indexes.
    Feeds,
    /// Every record, rebuilt from its entries, is what the views show.
    Records,
}

/// A check could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The feeds could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The views could not be read.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
    /// The checking thread panicked.
    #[error("the check broke off: the log says more")]
    BrokeOff,
}

impl From<ShelfError> for CheckError {
    fn from(error: ShelfError) -> Self {
        CheckError::Ledger(error.into())
    }
}

impl App {
    /// Checks everything while the node goes on. `progress` is told the step, how much of it is done, and how much
    /// there is of it where that is known.
    pub async fn check(
        &self,
        progress: impl FnMut(CheckStep, u64, Option<u64>) + Send + 'static,
    ) -> Result<CheckReport, CheckError> {
        while !self.views.is_complete() || self.status().await?.behind {
            tokio::time::sleep(PAUSE).await;
        }
        let (store, views) = (self.store.clone(), self.views.clone());
        let mut check =
            Check { store, views, vocabulary: self.pack.vocabulary(), progress, report: CheckReport::default() };
        let run = move || check.run().map(|()| check.report);
        tokio::task::spawn_blocking(run).await.map_err(|_| CheckError::BrokeOff)?
    }
}

struct Check<P> {
    store: Arc<dyn Store>,
    views: Arc<Views>,
    vocabulary: Vocabulary,
    progress: P,
    report: CheckReport,
}

impl<P: FnMut(CheckStep, u64, Option<u64>)> Check<P> {
    fn run(&mut self) -> Result<(), CheckError> {
        // Taken first: whatever is shown by now is in the store.
        let shown = self.views.ids()?;
        let Check { store, progress, .. } = self;
        let values = store.check(&mut |done| progress(CheckStep::Values, done, None))?;
        self.report.values = values.sound;
        for place in values.damaged {
            self.problem(CheckStep::Values, "damaged", place);
        }
        let ledger = Ledger::open(self.store.clone())?;
        let Check { progress, .. } = self;
        let total = ledger.feeds().map(|feed| feed.tip.seq.0 - feed.start.seq.0).sum();
        let feeds = ledger.check(&mut |done| progress(CheckStep::Feeds, done, Some(total)))?;
        self.report.entries = feeds.entries;
        for fault in &feeds.faults {
            self.problem(CheckStep::Feeds, fault.code, format!("entry {} of feed {}", fault.seq, fault.feed));
        }
        for record in shown.iter().filter(|record| !feeds.records.contains(record)) {
            self.problem(CheckStep::Records, "without-entries", format!("record {record}"));
        }
        let total = feeds.records.len() as u64;
        for (done, record) in feeds.records.iter().enumerate() {
            self.record(*record, &ledger)?;
            (self.progress)(CheckStep::Records, done as u64 + 1, Some(total));
        }
        self.report.records = total;
        self.report.sound = self.report.problems.is_empty();
        Ok(())
    }

    /// Compares a record made anew with what is shown; again if it changes meanwhile.
    fn record(&mut self, record: RecordId, ledger: &Ledger<Arc<dyn Store>>) -> Result<(), CheckError> {
        let mut row = rows::rebuild(record, ledger, &self.vocabulary)?;
        for _ in 0..TRIES {
            if self.views.digest(record)? == row.as_ref().map(views::row_digest) {
                return Ok(());
            }
            thread::sleep(PAUSE);
            row = rows::rebuild(record, &Ledger::open(self.store.clone())?, &self.vocabulary)?;
        }
        self.problem(CheckStep::Records, "shown-differs", format!("record {record}"));
        Ok(())
    }

    fn problem(&mut self, step: CheckStep, code: &'static str, place: String) {
        self.report.problems.push(CheckProblem { step, code, place });
    }
}

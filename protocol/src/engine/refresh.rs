//! What is derived from entries: documents and rows, brought up to date when there is time, and never before the
//! entries are durable.

use std::collections::BTreeMap;

use super::{Effect, Engine, Observation, Work, documents::on_threads, node_row, rows, rows::Row, settled};
use crate::{
    document::{Document, Placement},
    ids::{Arrival, AuthorKey, Now, RecordId},
    ledger::{Ledger, LedgerError},
    limits::MAX_FEEDS,
    projection, record,
    session::Baseline,
    shelf::{Batch, Shelf, ShelfError, Table},
};

/// Rows put back together: of an index some hundred bytes each, of a feed with its proof some thousand.
const MENDED_AT_ONCE: usize = 256;

/// Rows brought up to date in one go before anything else gets its turn.
const REFRESH_AT_ONCE: usize = 32;

/// Entries looked at in one go while catching up after a start.
const CATCH_UP_AT_ONCE: usize = 4_096;

/// Bytes of derived rows that are written together.
const ROWS_AT_ONCE: usize = 256 * 1024;

impl<S: Shelf> Engine<S> {
    /// Brings some rows up to date that are behind.
    pub(super) fn refresh(&mut self, now: Now) {
        let stale: Vec<RecordId> = self.documents.stale().take(REFRESH_AT_ONCE).collect();
        self.refresh_records(&stale, now);
    }

    /// Brings the documents and rows of some records up to date.
    pub(super) fn refresh_records(&mut self, records: &[RecordId], now: Now) {
        if let Err(error) = self.documents.prepare(records, &self.ledger) {
            self.observe(Observation::Unreadable(error.to_string()));
        }
        let (ledger, vocabulary) = (&self.ledger, &self.settings.vocabulary);
        let made = on_threads(self.documents.loaded(records), |(record, document)| {
            (record, Made::of(record, document, ledger, vocabulary))
        });
        for (entry, placement) in self.documents.take_moved() {
            if let Placement::SetAside(reason) = placement {
                self.observe(Observation::SetAside { entry, code: reason.code() });
            }
        }
        for (record, made) in made {
            match made {
                Made::Row(encoded, row) => {
                    if let Err(error) = self.lanes.saw(&row, &self.ledger) {
                        self.observe(Observation::Unreadable(error.to_string()));
                    }
                    self.unwritten_rows.insert(record, Some(encoded));
                    self.effects.push_back(Effect::Changed(row));
                }
                Made::Gone => {
                    self.lanes.forget(record);
                    self.unwritten_rows.insert(record, None);
                    self.effects.push_back(Effect::Gone(record));
                }
                Made::Nothing => {}
            }
        }
        for record in records {
            self.documents.refreshed(*record);
            // A project may have become ready to open what is held back here.
            if let Err(error) = self.open_evaluations(*record, now) {
                self.observe(Observation::Unreadable(error.to_string()));
            }
        }
    }

    /// Writes down derived rows, without waiting for them.
    pub(super) fn write_rows(&mut self) {
        let mut batch = Batch::default();
        for peer in std::mem::take(&mut self.unwritten_baselines) {
            batch.put(Table::Peers, peer.0, self.baselines[&peer].encode());
        }
        if !batch.is_empty() {
            self.persist(batch, false, Work::Noted);
        }
        while !self.unwritten_rows.is_empty() {
            let mut batch = Batch::default();
            while batch.size() < ROWS_AT_ONCE {
                let Some((record, row)) = self.unwritten_rows.pop_first() else { break };
                match row {
                    Some(row) => batch.put(Table::Records, record.0, row),
                    None => batch.remove(Table::Records, record.0),
                }
            }
            if self.unwritten_rows.is_empty() && !self.has_stale_rows() && !self.rows_lost {
                batch.put(Table::Node, node_row::REFLECTED, self.ledger.last_arrival().0.to_be_bytes());
            }
            self.offices.write_news(&mut batch);
            self.lanes.write_news(&mut batch);
            self.persist(batch, false, Work::Noted);
        }
    }

    /// Puts right what the store may have lost.
    pub(super) fn mend(&mut self) -> Result<(), LedgerError> {
        self.unmended = false;
        let mended = self.ledger.mend()?;
        // Until everything derived was made anew, no row is to be relied on.
        let mut batch = Batch::default();
        batch.remove(Table::Node, node_row::REFLECTED);
        // A whole index may have been lost: more than a store takes at once.
        for write in mended.writes {
            batch.writes.push(write);
            if batch.writes.len() == MENDED_AT_ONCE {
                self.persist(std::mem::take(&mut batch), true, Work::Mended);
            }
        }
        self.persist(batch, true, Work::Mended);
        Ok(())
    }

    /// After a start: the rows of records with entries that the stored rows may not reflect are behind, and records
    /// with opinions held back here are looked at again.
    pub(super) fn catch_up(&mut self, mut reflected: Arrival) -> Result<(), LedgerError> {
        self.held_back = self.records_held_back()?;
        self.held_back.iter().for_each(|record| self.documents.forget(*record));
        loop {
            let arrivals = self.ledger.arrivals_after(reflected, CATCH_UP_AT_ONCE)?;
            let Some((last, _)) = arrivals.last() else { return Ok(()) };
            reflected = last.arrival;
            arrivals.iter().for_each(|(_, record)| self.documents.forget(*record));
        }
    }
}

/// What is remembered of peers. What cannot be read is forgotten: it only saved bytes.
pub(super) fn read_baselines<S: Shelf>(shelf: &S) -> Result<BTreeMap<AuthorKey, Baseline>, ShelfError> {
    let mut baselines = BTreeMap::new();
    shelf.scan(Table::Peers, &[], None, &mut |key, value| {
        let read = AuthorKey::from_slice(key).zip(Baseline::decode(&value).ok());
        baselines.extend(read.filter(|_| baselines.len() < MAX_FEEDS));
        true
    })?;
    Ok(baselines)
}

/// What became of a record's row.
enum Made {
    Row(Vec<u8>, Box<Row>),
    /// Nothing of the record is applied: it has not begun, or stood in a branch of a forked feed only.
    Gone,
    Nothing,
}

impl Made {
    fn of<S: Shelf>(
        record: RecordId,
        document: &Document,
        ledger: &Ledger<S>,
        vocabulary: &record::Vocabulary,
    ) -> Self {
        if document.is_blank() {
            return Made::Gone;
        }
        match make_row(record, document, ledger, vocabulary) {
            Some(row) => Made::Row(rows::encode(&row, document), Box::new(row)),
            None => Made::Nothing,
        }
    }
}

/// The row of a record; `None` for a kind that only a newer version knows, which is kept and passed on all the same.
pub(super) fn make_row<S: Shelf>(
    record: RecordId,
    document: &Document,
    ledger: &Ledger<S>,
    vocabulary: &record::Vocabulary,
) -> Option<Row> {
    let reading = record::read(document.automerge(), None).ok()?;
    let history = document.history();
    let stamp = |change: &crate::document::ChangeEntry| rows::stamp(change, ledger.feed(&change.feed));
    Some(Row {
        id: record,
        record: projection::project(record, &reading, vocabulary),
        created: stamp(history.first()?),
        updated: stamp(history.last()?),
        arrival: ledger.last_arrival(),
        waiting: document.waiting().count(),
        set_aside: document.set_aside().count(),
        settled: settled::settlements(document, &reading, &stamp),
        // What cannot be read is told where the document is loaded, from the same places.
        heard: rows::heard(record, ledger).unwrap_or_default(),
    })
}

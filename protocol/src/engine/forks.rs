//! Forks: an author signed two entries with one number. The feed ends before them, on every node alike.

use super::{ConnId, Engine, Observation, Work};
use crate::{
    feed::{Feed, ForkProof, ProofSide, Tip},
    frame::Reason,
    ids::{FeedId, Now, RecordId, Seq},
    ledger::{FeedRefusal, ForkOutcome, LedgerError},
    limits::MAX_EARLY_FORKS,
    session::SessionError,
    shelf::{Shelf, Table},
};

impl<S: Shelf> Engine<S> {
    /// A peer showed its side of a fork. With ours it makes the proof.
    pub(super) fn learn_side(
        &mut self,
        conn: ConnId,
        feed: FeedId,
        base: Seq,
        theirs: ProofSide,
        now: Now,
    ) -> Result<(), SessionError> {
        let Some(held) = self.ledger.feed(&feed) else { return Ok(()) };
        if base < held.start.seq || base > held.tip.seq {
            return Ok(());
        }
        let (Some(hash), Some(ours)) = (self.ledger.hash_at(held, base)?, self.ledger.side_after(held, base)?) else {
            return Ok(());
        };
        match ForkProof::join(&held.genesis, Tip { seq: base, hash }, ours, theirs) {
            Some(proof) => self.learn_fork(Some(conn), proof, now),
            None => Ok(()),
        }
    }

    /// A proof that a feed forked. It is checked by itself, whoever sent it, and takes effect when it is durable.
    pub(super) fn learn_fork(&mut self, from: Option<ConnId>, proof: ForkProof, now: Now) -> Result<(), SessionError> {
        if proof.feed == self.own && self.proves_fork_of_own(&proof) {
            self.close_own_feed("it forked: this node wrote it in two places", now);
        }
        if self.is_writing_root(proof.feed) || self.is_forking(proof.feed) {
            self.remember_fork(proof);
            return Ok(());
        }
        match self.ledger.fork(&proof)? {
            Ok(outcome) if outcome.changed.is_empty() => {
                if let Some(session) = from.and_then(|conn| self.sessions.get_mut(&conn)) {
                    session.release(&proof.feed);
                }
            }
            Ok(outcome) => {
                let mut batch = outcome.batch.clone();
                for record in self.records_beyond(&outcome)? {
                    batch.remove(Table::Records, record.0);
                }
                self.persist(batch, true, Work::Forked(Box::new(outcome), Box::new(proof)));
            }
            Err(FeedRefusal::NotYet) => self.remember_fork(proof),
            Err(FeedRefusal::NoProof) => return Err(SessionError::Offence(Reason::Signature)),
            Err(_) => {}
        }
        Ok(())
    }

    fn proves_fork_of_own(&self, proof: &ForkProof) -> bool {
        self.ledger.feed(&proof.feed).is_some_and(|feed| proof.holds(&feed.genesis))
    }

    fn remember_fork(&mut self, proof: ForkProof) {
        if self.early_forks.len() < MAX_EARLY_FORKS && !self.early_forks.contains(&proof) {
            self.early_forks.push_back(proof);
        }
    }

    fn is_writing_root(&self, root: FeedId) -> bool {
        self.ledger.feeds().any(|feed| feed.root == root && self.ledger.is_writing(&feed.id))
    }

    /// Whether a fork of this feed is on its way into the store: nothing may be added to it meanwhile.
    pub(super) fn is_forking(&self, root: FeedId) -> bool {
        self.pending.iter().any(|pending| matches!(&pending.work, Work::Forked(_, proof) if proof.feed == root))
    }

    /// The records with entries in what becomes a branch: their documents may lose some.
    fn records_beyond(&self, outcome: &ForkOutcome) -> Result<Vec<RecordId>, LedgerError> {
        let Some(branch) = outcome.changed.iter().find(|feed| Some(feed.id) == outcome.took_over) else {
            return Ok(Vec::new());
        };
        // Until the fork is durable these entries are found under the feed they parted from.
        let parted_from = |feed: &&Feed| feed.rows == branch.rows && feed.tip == branch.tip;
        let Some(held) = self.ledger.feeds().find(parted_from) else { return Ok(Vec::new()) };
        self.ledger.records_of(&Feed { start: branch.start, ..held.clone() })
    }

    /// A fork is durable: documents are made anew, and every peer is told.
    pub(super) fn forked(&mut self, outcome: &ForkOutcome, proof: &ForkProof, now: Now) {
        self.ledger.forked(outcome);
        let branch = outcome.took_over.and_then(|id| self.ledger.feed(&id)).cloned();
        match branch.map(|branch| self.ledger.records_of(&branch)).transpose() {
            Ok(records) => records.into_iter().flatten().for_each(|record| self.documents.forget(record)),
            Err(error) => self.observe(Observation::Unreadable(error.to_string())),
        }
        for session in self.sessions.values_mut() {
            session.release(&proof.feed);
            session.tell_fork(proof, now);
            session.send_frontier(&self.ledger, now);
        }
        self.observe(Observation::Forked { feed: proof.feed, end: proof.base.seq });
    }

    /// Forks that could not take effect before may be able to now.
    pub(super) fn retry_forks(&mut self, now: Now) {
        for proof in std::mem::take(&mut self.early_forks) {
            if let Err(error) = self.learn_fork(None, proof, now) {
                self.observe(Observation::Unreadable(error.to_string()));
            }
        }
    }
}

//! Forks: an author signed two entries with one number. The feed ends before them, on every node alike.

use super::{Engine, Observation, Pending, Work, node_row};
use crate::{
    feed::{ForkProof, ProofSide, Tip},
    frame::Reason,
    ids::{CompartmentId, FeedId, Now, Seq},
    ledger::{FeedRefusal, ForkOutcome},
    limits::MAX_EARLY_FORKS,
    session::SessionError,
    shelf::{Shelf, Table},
};

impl Pending {
    /// Whether a fork is on its way into the store.
    pub(super) fn is_fork(&self) -> bool {
        matches!(self.work, Work::Forked(..))
    }
}

impl<S: Shelf> Engine<S> {
    /// A peer showed its side of a fork. With ours it makes the proof.
    pub(super) fn learn_side(
        &mut self,
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
        match ForkProof::join(held.genesis, Tip { seq: base, hash }, ours, theirs) {
            Some(proof) => self.learn_fork(proof, now),
            None => Ok(()),
        }
    }

    /// A proof that a feed forked. It is checked by itself, whoever sent it, and takes effect when it is durable.
    pub(super) fn learn_fork(&mut self, proof: ForkProof, now: Now) -> Result<(), SessionError> {
        let genesis = &proof.genesis;
        if genesis.network != self.signer.network() || genesis.compartment != CompartmentId::GENERAL {
            return Err(SessionError::Offence(Reason::OutOfTurn));
        }
        if !proof.holds() {
            return Err(SessionError::Offence(Reason::Signature));
        }
        self.take_fork(proof, now)
    }

    fn take_fork(&mut self, proof: ForkProof, now: Now) -> Result<(), SessionError> {
        let root = proof.feed();
        if root == self.own {
            self.close_own_feed("it forked: this node wrote it in two places");
        }
        if self.retry_at.is_some() || self.is_writing_root(root) || self.is_forking(root) {
            self.remember_fork(proof);
            return Ok(());
        }
        match self.ledger.fork(&proof)? {
            Ok(outcome) if outcome.changed.is_empty() => {
                self.sessions.values_mut().for_each(|session| session.release([root]));
                self.pump(now);
            }
            Ok(outcome) => {
                let mut batch = outcome.batch.clone();
                if outcome.took_over.is_some() {
                    // Documents may lose changes: should we stop before their rows are made anew, all are.
                    batch.remove(Table::Node, node_row::REFLECTED);
                }
                self.persist(batch, true, Work::Forked(Box::new(outcome), Box::new(proof)));
            }
            Err(FeedRefusal::NotYet) => self.remember_fork(proof),
            Err(FeedRefusal::TooMany) => {}
        }
        Ok(())
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
        self.pending.iter().any(|pending| matches!(&pending.work, Work::Forked(_, proof) if proof.feed() == root))
    }

    /// A fork is durable: documents are made anew, and every peer is told.
    pub(super) fn forked(&mut self, outcome: &ForkOutcome, proof: &ForkProof, now: Now) {
        self.ledger.forked(outcome).into_iter().for_each(|record| self.documents.forget(record));
        let branch = outcome.took_over.and_then(|id| self.ledger.feed(&id)).cloned();
        match branch.map(|branch| self.ledger.records_of(&branch)).transpose() {
            Ok(records) => records.into_iter().flatten().for_each(|record| self.documents.forget(record)),
            Err(error) => self.observe(Observation::Unreadable(error.to_string())),
        }
        let root = proof.feed();
        let changed: Vec<FeedId> = outcome.changed.iter().map(|feed| feed.id).chain([root]).collect();
        for session in self.sessions.values_mut() {
            session.release(changed.iter().copied());
            session.send_frontier(&self.ledger, now);
        }
        self.observe(Observation::Forked { feed: root, end: proof.base.seq });
    }

    /// Forks that could not take effect before may be able to now.
    pub(super) fn retry_forks(&mut self, now: Now) {
        for proof in std::mem::take(&mut self.early_forks) {
            if let Err(error) = self.take_fork(proof, now) {
                self.observe(Observation::Unreadable(error.to_string()));
            }
        }
    }
}

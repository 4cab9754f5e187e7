//! The end of a feed ahead of the rest of it: asked for by who lacks much of it.

use super::{Incoming, Session, SessionError};
use crate::{
    chunk::Packed,
    feed::Genesis,
    frame::{Frame, Reason},
    ids::{EntryHash, FeedId, Now, Seq},
    ledger::Ledger,
    limits::MAX_AHEAD,
    shelf::Shelf,
};

impl Session {
    /// Asks for the last entries of those feeds of which we lack much. Of a branch we lack, none come.
    pub(super) fn ask_ahead<S: Shelf>(&mut self, numbers: &[(FeedId, Seq)], ledger: &Ledger<S>, now: Now) {
        let wanted = numbers.iter().filter(|(feed, theirs)| self.version() >= 2 && ledger.wants_ahead(feed, *theirs));
        let wanted: Vec<FeedId> = wanted.map(|(feed, _)| *feed).take(MAX_AHEAD).collect();
        for feed in wanted {
            if self.asked_ahead.insert(feed) {
                self.send(&Frame::AskAhead(feed), now);
            }
        }
    }

    /// The peer lacks much of a feed, and wants the last entries of it first.
    pub(super) fn answer_ahead<S: Shelf>(
        &mut self,
        feed: &FeedId,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<(), SessionError> {
        self.count_question()?;
        if let Some((genesis, before, run)) = ledger.last_run(feed)? {
            self.send(&Frame::Ahead(genesis, before, Packed::plain(&run)), now);
        }
        Ok(())
    }

    /// What we asked for, and nothing else.
    pub(super) fn hear_ahead(
        &mut self,
        genesis: Genesis,
        before: EntryHash,
        packed: Packed,
    ) -> Result<Incoming, SessionError> {
        match self.asked_ahead.remove(&packed.feed) {
            true => Ok(Incoming::Ahead(genesis, before, packed)),
            false => Err(SessionError::Offence(Reason::OutOfTurn)),
        }
    }
}

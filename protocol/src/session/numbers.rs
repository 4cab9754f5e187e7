//! How a session begins, and what both sides hold: whole frontiers, what changed since the last mark, and the moments at which both are level.

use std::collections::BTreeMap;

use super::{Baseline, FAST, Identity, Incoming, Session, SessionError, Stage, baseline::Mark};
use crate::{
    chunk::Effort,
    frame::{Dictionary, Frame, Reason, hello_mac},
    frontier::{Digest, Frontier},
    ids::{FeedId, Now, Seq},
    ledger::Ledger,
    limits::{MAX_FRAME_BEFORE_HELLO, MIN_WINDOW},
    shelf::Shelf,
};

impl Session {
    /// The first frame: the peer proves that it belongs here, and both begin where they last held the same.
    pub(super) fn greet<S: Shelf>(
        &mut self,
        us: &Identity<'_>,
        bytes: &[u8],
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<Incoming, SessionError> {
        if bytes.len() > MAX_FRAME_BEFORE_HELLO {
            return Err(SessionError::Offence(Reason::Stranger));
        }
        let hello = match Frame::decode(bytes, &mut self.receiving)? {
            Frame::Hello(hello) => hello,
            Frame::Bye(reason) => return Err(SessionError::Bye(reason)),
            _ => return Err(SessionError::Offence(Reason::Stranger)),
        };
        if self.peer == self.ours {
            return Err(SessionError::Offence(Reason::Ourselves));
        }
        if hello.mac != hello_mac(us.secret, &self.peer, &self.ours, &hello) {
            return Err(SessionError::Offence(Reason::Stranger));
        }
        if now.moment.0.saturating_sub(self.opened.0) <= FAST {
            self.effort = Effort::Fast;
        }
        let Stage::Greeting { hello: ours, frontier, feeds } =
            std::mem::replace(&mut self.stage, Stage::Live { heard: false })
        else {
            return Err(SessionError::Offence(Reason::OutOfTurn));
        };
        let version = us.speaks.min(hello.version);
        let known = if hello.feeds == ours.feeds { feeds } else { Vec::new() };
        self.sending = Dictionary::with(known.iter().copied()).speaking(version);
        self.receiving = Dictionary::with(known).speaking(version);
        let known = self.baseline.take().filter(|baseline| baseline.is_with(hello.epoch) || keeps_baselines());
        let baseline = self.baseline.insert(known.unwrap_or_else(|| Baseline::new(us.epoch, hello.epoch)));
        self.beacons.is_at(hello.epoch);
        if hello.digest == ours.digest {
            self.beacons.we_hold(frontier.iter());
            self.beacons.peer_holds(frontier.iter());
            self.stage = Stage::Live { heard: true };
            self.note(hello.digest, &frontier);
            (self.confirmed, self.expected, self.reach) = (frontier.clone(), frontier.clone(), frontier);
            return Ok(Incoming::Admitted { clock: hello.clock });
        }
        // A feed of which nothing is held any more, as after a fork at its very beginning, has no number to be told.
        let holds_some = |mark: &&Mark| mark.numbers.iter().all(|(feed, _)| ledger.frontier().names(&feed));
        let named = baseline.named(hello.baseline).filter(|_| version >= 2).filter(holds_some).cloned();
        let suppose = baseline.may_suppose();
        // The peer may suppose that we still hold what we once did, though a feed has ended at a fork since.
        baseline.marks().flat_map(|mark| mark.numbers.iter()).for_each(|(feed, seq)| self.reach.raise(feed, seq));
        match named {
            Some(mark) => {
                self.send_changed(&mark, ledger, now);
                // Its present store remembers the mark, and so holds what the mark says. What only we remember may
                // have been before it was put back from an old copy.
                if suppose {
                    self.stage = Stage::Supposed;
                    (self.confirmed, self.expected) = (mark.numbers.clone(), mark.numbers);
                }
            }
            None => self.send_frontier(ledger, now),
        }
        Ok(Incoming::Admitted { clock: hello.clock })
    }

    /// The peer told all that it holds.
    pub(super) fn hear_numbers<S: Shelf>(
        &mut self,
        digest: Digest,
        numbers: Vec<(FeedId, Seq)>,
        ledger: &Ledger<S>,
        now: Now,
    ) -> Result<Incoming, SessionError> {
        self.count_question()?;
        self.hear_frontier(&numbers);
        self.agree(digest, ledger, now);
        self.ask_ahead(&numbers, ledger, now);
        Ok(Incoming::Holds(numbers))
    }

    /// All that the peer holds, where it told what is otherwise than at the mark that we named.
    pub(super) fn changed_since(&self, changed: Vec<(FeedId, Seq)>) -> Result<Vec<(FeedId, Seq)>, SessionError> {
        let agreed = self.baseline.as_ref().and_then(|baseline| baseline.agreed.as_ref());
        let mark = agreed.ok_or(SessionError::Offence(Reason::OutOfTurn))?;
        let mut numbers: BTreeMap<FeedId, Seq> = mark.numbers.iter().collect();
        numbers.extend(changed);
        Ok(numbers.into_iter().collect())
    }

    /// Both hold the same, and the peer has told so.
    pub(super) fn note(&mut self, digest: Digest, numbers: &Frontier) {
        let Some(baseline) = &mut self.baseline else { return };
        if baseline.agreed.as_ref().is_none_or(|mark| mark.digest != digest) {
            baseline.agree(Mark { digest, numbers: numbers.clone() });
            self.baseline_is_news = true;
        }
    }

    /// We tell a digest while both hold the same, as far as we know: the peer may name it the next time.
    pub(super) fn tell<S: Shelf>(&mut self, ledger: &Ledger<S>) -> Digest {
        let digest = ledger.digest();
        if let Some(baseline) = self.baseline.as_mut().filter(|baseline| !baseline.has_told(&digest)) {
            baseline.tell(Mark { digest, numbers: ledger.frontier().clone() });
            self.baseline_is_news = true;
        }
        digest
    }

    /// What is remembered of the peer, if that is news since this was last called.
    pub fn take_baseline(&mut self) -> Option<Baseline> {
        std::mem::take(&mut self.baseline_is_news).then(|| self.baseline.clone()).flatten()
    }

    /// Says what is otherwise here than at a mark that the peer knows.
    pub(super) fn send_changed<S: Shelf>(&mut self, mark: &Mark, ledger: &Ledger<S>, now: Now) {
        let is_other = |(feed, seq): &(FeedId, Seq)| !mark.numbers.names(feed) || mark.numbers.get(feed) != *seq;
        let numbers: Vec<_> = ledger.frontier().iter().filter(is_other).collect();
        ledger.frontier().iter().for_each(|(feed, seq)| self.reach.raise(feed, seq));
        self.beacons.we_hold(ledger.frontier().iter());
        self.send(&Frame::Changed(ledger.digest(), numbers), now);
    }

    /// Says all that we hold: at the start, and whenever the peer should try again what we could not take.
    pub fn send_frontier<S: Shelf>(&mut self, ledger: &Ledger<S>, now: Now) {
        if !self.is_admitted() {
            return;
        }
        self.waiting.clear();
        let numbers: Vec<_> = ledger.frontier().iter().collect();
        numbers.iter().for_each(|(feed, seq)| self.reach.raise(*feed, *seq));
        self.beacons.we_hold(numbers.iter().copied());
        self.send(&Frame::Frontier(ledger.digest(), numbers), now);
    }

    /// The peer told what became durable there, with its digest where it takes both to hold the same.
    pub(super) fn hear_all_it_has<S: Shelf>(
        &mut self,
        numbers: &[(FeedId, Seq)],
        digest: Option<Digest>,
        ledger: &Ledger<S>,
        now: Now,
    ) {
        numbers.iter().for_each(|(feed, seq)| self.hear_have(*feed, *seq, now));
        match digest {
            Some(digest) => self.agree(digest, ledger, now),
            None if !numbers.is_empty() && self.is_level(ledger) => {
                let digest = self.tell(ledger);
                self.send(&Frame::Have(Vec::new(), Some(digest)), now);
            }
            None => {}
        }
    }

    fn hear_frontier(&mut self, numbers: &[(FeedId, Seq)]) {
        let supposed = matches!(self.stage, Stage::Supposed);
        self.stage = Stage::Live { heard: true };
        let supposed_to_hold = std::mem::replace(&mut self.confirmed, numbers.iter().copied().collect());
        self.beacons.peer_holds(self.confirmed.iter());
        if keeps_baselines() {
            let remembered = self.baseline.iter().flat_map(Baseline::marks).flat_map(|mark| mark.numbers.iter());
            remembered.for_each(|(feed, seq)| self.confirmed.raise(feed, seq));
        }
        let mut expected = self.confirmed.clone();
        // What we sent while we only supposed what the peer holds is under way, unless it holds less than that.
        self.flights.retain(|flight| {
            let holds = self.confirmed.get(&flight.feed);
            supposed && (supposed_to_hold.get(&flight.feed)..flight.last).contains(&holds)
        });
        self.flights.iter().for_each(|flight| expected.raise(flight.feed, flight.last));
        self.expected = expected;
        self.introduced.clear();
        self.held.clear();
        self.idle_at = None;
        // What was under way may be lost, and a peer that asks again and again must not fill our memory.
        self.window = MIN_WINDOW;
    }

    /// Whether both sides hold the same numbers, as far as we know.
    pub(super) fn is_level<S: Shelf>(&self, ledger: &Ledger<S>) -> bool {
        matches!(self.stage, Stage::Live { heard: true })
            && self.flights.is_empty()
            && self.confirmed == *ledger.frontier()
    }

    /// The peer told its digest. If its numbers are ours, then so must be its digest, or some feed forked.
    pub(super) fn agree<S: Shelf>(&mut self, digest: Digest, ledger: &Ledger<S>, now: Now) {
        if self.is_level(ledger) {
            if digest == ledger.digest() {
                self.note(digest, ledger.frontier());
                // The peer is to know the same, so that both begin there the next time.
                if self.baseline.as_ref().is_some_and(|baseline| !baseline.has_told(&digest)) {
                    let digest = self.tell(ledger);
                    self.send(&Frame::Have(Vec::new(), Some(digest)), now);
                }
            } else {
                self.suspect_all(ledger, now);
            }
        }
    }
}

/// Whether a bug is planted: what is remembered of a peer outlives the peer's store.
fn keeps_baselines() -> bool {
    #[cfg(any(test, feature = "testing"))]
    return crate::plant::keeps_baselines();
    #[cfg(not(any(test, feature = "testing")))]
    false
}

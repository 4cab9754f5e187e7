//! What comes from peers and from the store: frames, entries, batches that became durable or did not.

use std::collections::BTreeSet;

use super::{BundleRefusal, ConnId, DraftError, Effect, Engine, Observation, Pending, PersistId, Work};
use crate::{
    chunk::{Codec, Packed},
    feed::{Feed, Genesis},
    frame::Reason,
    ids::{Arrival, AuthorKey, CompartmentId, EntryHash, FeedId, Moment, Now, RecordId, Seq},
    ledger::{Accepted, UnpackError},
    limits::{MAX_FEEDS, MAX_SESSIONS, MAX_UNWRITTEN},
    session::{Incoming, Session, SessionError},
    shelf::{Batch, Shelf},
    verify::{Link, RawRun, VerifyError},
};

/// Milliseconds after a failed write until peers are asked again for what was refused.
const RETRY_AFTER: u64 = 10_000;

/// Two connections of one peer within this many milliseconds: both sides dialled at once.
const DIALLED_AT_ONCE: u64 = 5_000;

impl<S: Shelf> Engine<S> {
    pub(super) fn connected(&mut self, conn: ConnId, peer: AuthorKey, dialled: bool, now: Now) {
        if self.sessions.len() >= MAX_SESSIONS {
            self.effects.push_back(Effect::Disconnect(conn, Reason::Limit));
            return;
        }
        // A connection that is dead without our knowing was cut short as well.
        if self.sessions.values().any(|session| session.peer() == peer && session.is_sending()) {
            self.cut_short(peer);
        }
        let baseline = self.baselines.get(&peer);
        let session = Session::open(&self.identity(), (peer, dialled), baseline, &self.ledger, now);
        self.sessions.insert(conn, session);
    }

    pub(super) fn closed(&mut self, conn: ConnId) {
        if let Some(session) = self.sessions.remove(&conn).filter(Session::is_sending) {
            self.cut_short(session.peer());
        }
    }

    fn cut_short(&mut self, peer: AuthorKey) {
        if let Some(baseline) = self.baselines.get_mut(&peer) {
            baseline.cut_short();
        }
    }

    pub(super) fn frame(&mut self, conn: ConnId, bytes: &[u8], now: Now) {
        let Some(mut session) = self.sessions.remove(&conn) else { return };
        let result = session.receive(&self.identity(), bytes, &self.ledger, now);
        self.sessions.insert(conn, session);
        let result = result.and_then(|incoming| match incoming {
            Some(incoming) => self.incoming(conn, incoming, now),
            None => Ok(()),
        });
        let result = result.and_then(|()| {
            // What others hold is told before entries take the link.
            self.tell_beacons(conn, now);
            match self.sessions.get_mut(&conn) {
                Some(session) => {
                    let order = self.lanes.order(&self.offices, session.peer());
                    Ok(session.pump(&self.ledger, &order, now)?)
                }
                None => Ok(()),
            }
        });
        if let Err(error) = result {
            self.end_session(conn, &error);
        }
    }

    pub(super) fn end_session(&mut self, conn: ConnId, error: &SessionError) {
        let Some(mut session) = self.sessions.remove(&conn) else { return };
        let reason = error.reason();
        if !matches!(error, SessionError::Bye(_)) {
            while let Some(frame) = session.poll_send() {
                self.effects.push_back(Effect::Send(conn, frame));
            }
            self.effects.push_back(Effect::Send(conn, session.bye(reason)));
        }
        self.effects.push_back(Effect::Disconnect(conn, reason));
        let (peer, detail) = (session.peer(), error.to_string());
        self.observe(Observation::SessionEnded { conn, peer, reason, detail });
    }

    fn incoming(&mut self, conn: ConnId, incoming: Incoming, now: Now) -> Result<(), SessionError> {
        match incoming {
            Incoming::Admitted { clock } => {
                self.effects.push_back(Effect::Admit(conn));
                let peer = self.sessions[&conn].peer();
                let clock_ahead = clock.0.saturating_sub(now.wall.0);
                if self.clocks.len() < MAX_FEEDS || self.clocks.contains_key(&peer) {
                    self.clocks.insert(peer, (now.wall, clock_ahead));
                }
                self.observe(Observation::Admitted { conn, peer, clock_ahead });
                self.keep_one_session(conn, peer);
                self.remember_beacons(conn);
                Ok(())
            }
            Incoming::Holds(numbers) => {
                let ours = self.ledger.verified_tip(&self.own).map_or(Seq(0), |tip| tip.seq);
                if numbers.iter().any(|(feed, seq)| *feed == self.own && *seq > ours) {
                    self.close_own_feed("a peer holds more of it than we do");
                }
                Ok(())
            }
            Incoming::Run(run) => self.run(conn, run, now),
            Incoming::Fork(proof) => self.learn_fork(proof, now),
            Incoming::Side(feed, base, side) => self.learn_side(feed, base, side, now),
            Incoming::Ahead(genesis, before, packed) => self.ahead(genesis, before, packed),
            Incoming::Beacons(beacons) => self.learn_beacons(conn, beacons, now),
        }
    }

    /// Of two connections with one peer the newer one stays; of two that were dialled from both ends at once, the one
    /// that the lower key dialled, so that both ends keep the same.
    fn keep_one_session(&mut self, conn: ConnId, peer: AuthorKey) {
        let newest = &self.sessions[&conn];
        let (opened, preferred) = (newest.opened(), newest.dialled_by_lower());
        let others = self.sessions.iter().filter(|(other, session)| **other != conn && session.peer() == peer);
        let loser = |(other, session): (&ConnId, &Session)| {
            let at_once = opened.0.abs_diff(session.opened().0) < DIALLED_AT_ONCE;
            if at_once && session.is_admitted() && session.dialled_by_lower() && !preferred { conn } else { *other }
        };
        let losers: Vec<ConnId> = others.filter(|(_, session)| session.is_admitted()).map(loser).collect();
        for loser in losers {
            self.end_session(loser, &SessionError::Offence(Reason::Replaced));
        }
    }

    /// Entries of a feed came. They are checked against what we hold, and go to the store as a whole or not at all.
    fn run(&mut self, conn: ConnId, packed: Packed, now: Now) -> Result<(), SessionError> {
        let (id, last, stripped) = (packed.feed, packed.last(), packed.codec == Codec::STRIPPED);
        let before = Seq(packed.first.0 - 1);
        let Some(feed) = self.feed_of(&packed)? else {
            // A branch whose proof has not taken effect here: worth asking again for, where a proof is on its way.
            let again = !self.early_forks.is_empty() || self.pending.iter().any(Pending::is_fork);
            self.hold(conn, id, again, now);
            return Ok(());
        };
        if self.retry_at.is_some() || self.writing > MAX_UNWRITTEN || self.is_forking(feed.root) {
            self.hold(conn, id, true, now);
            return Ok(());
        }
        let run = match self.unpack(&feed, packed)? {
            Ok(run) => run,
            // What was already under way when we told the peer to wait: it starts again from what we said we hold.
            Err(UnpackError::Gap) => return Ok(()),
            Err(_) => {
                self.session(conn, |session, _| session.ask_plain(id, before, now));
                return Ok(());
            }
        };
        match self.ledger.check_run(&feed, run)? {
            // Put together from what we hold, it may have come out wrong because we do not hold the same.
            Err(VerifyError::Signature(_) | VerifyError::Differs(_)) if stripped => {
                self.session(conn, |session, _| session.ask_plain(id, before, now));
            }
            Ok(entries) if entries.is_empty() && last <= feed.tip.seq => {
                self.session(conn, |session, ledger| session.have(&[(id, feed.tip.seq)], ledger, now));
            }
            Ok(entries) if entries.is_empty() => {
                // The store is writing these, or what they overlap with: the peer hears of it when that is done.
                let ahead = self.ledger.verified_tip(&id).map_or(Seq(0), |tip| tip.seq);
                if last > ahead {
                    self.hold(conn, id, true, now);
                }
            }
            Ok(entries) => {
                if self.ledger.feed(&id).is_none() && self.ledger.begin(feed.genesis).is_err() {
                    self.hold(conn, id, false, now);
                    return Ok(());
                }
                if id == self.own {
                    self.close_own_feed("a peer holds more of it than we do");
                }
                let mut batch = Batch::default();
                let accepted = self.ledger.stage(id, entries, &mut batch);
                let bytes = batch.size();
                self.writing += bytes;
                let peer = self.sessions.get(&conn).map(Session::peer);
                self.persist(batch, true, Work::Received { peer, accepted, bytes });
            }
            // As above.
            Err(VerifyError::Gap { .. }) => {}
            Err(VerifyError::Differs(seq)) if seq <= feed.start.seq => {
                return Err(SessionError::Offence(Reason::Malformed));
            }
            Err(VerifyError::Differs(_)) if self.ledger.is_writing(&id) => self.hold(conn, id, true, now),
            Err(VerifyError::Differs(seq)) => {
                let session = self.sessions.get_mut(&conn).expect("the frame came over it");
                session.suspect(&feed, seq, &self.ledger, now)?;
            }
            // The peer does not know of the fork yet, and learns of it from us.
            Err(VerifyError::PastEnd(_)) => self.hold(conn, id, false, now),
            Err(VerifyError::Signature(_)) => return Err(SessionError::Offence(Reason::Signature)),
        }
        Ok(())
    }

    /// The last entries of a feed came that we lack much of: they are stored, and then read like any others.
    fn ahead(&mut self, genesis: Genesis, before: EntryHash, packed: Packed) -> Result<(), SessionError> {
        self.check_genesis(&genesis)?;
        // A fork that is on its way into the store ends what would be held ahead.
        if self.retry_at.is_some() || self.writing > MAX_UNWRITTEN || self.is_forking(genesis.id()) {
            return Ok(());
        }
        let mut batch = Batch::default();
        match self.ledger.stage_ahead(genesis, before, packed.unpack_plain()?, &mut batch) {
            Ok(entries) if entries.is_empty() => Ok(()),
            Ok(entries) => {
                self.persist(batch, true, Work::Ahead(entries));
                Ok(())
            }
            Err(VerifyError::Signature(_)) => Err(SessionError::Offence(Reason::Signature)),
            Err(_) => Err(SessionError::Offence(Reason::Malformed)),
        }
    }

    /// A feed must be of this network, and of the compartment that all are in.
    fn check_genesis(&self, genesis: &Genesis) -> Result<(), SessionError> {
        let ours = genesis.network == self.signer.network() && genesis.compartment == CompartmentId::GENERAL;
        if ours { Ok(()) } else { Err(SessionError::Offence(Reason::OutOfTurn)) }
    }

    pub(super) fn unpack(&self, feed: &Feed, packed: Packed) -> Result<Result<RawRun, UnpackError>, SessionError> {
        match packed.codec {
            Codec::STRIPPED => Ok(self.ledger.unpack(feed, packed)?),
            _ => Ok(Ok(packed.unpack_plain()?)),
        }
    }

    /// The feed a run belongs to: one we hold, or a new one that the run itself begins.
    pub(super) fn feed_of(&self, run: &Packed) -> Result<Option<Feed>, SessionError> {
        if let Some(held) = self.ledger.feed(&run.feed) {
            return Ok(Some(held.clone()));
        }
        let Some(Link::Genesis(genesis)) = run.link else { return Ok(None) };
        if genesis.id() != run.feed {
            return Ok(None);
        }
        self.check_genesis(&genesis)?;
        Ok(Some(Feed::begin(genesis)))
    }

    fn hold(&mut self, conn: ConnId, feed: FeedId, again: bool, now: Now) {
        let seq = self.ledger.feed(&feed).map_or(Seq(0), |feed| feed.tip.seq);
        self.session(conn, |session, _| session.hold(feed, seq, again, now));
    }

    fn session(&mut self, conn: ConnId, act: impl FnOnce(&mut Session, &crate::ledger::Ledger<S>)) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            act(session, &self.ledger);
        }
    }

    pub(super) fn persisted(&mut self, id: PersistId, now: Now) {
        // A batch that was given up after a failure may still be reported.
        if self.pending.front().is_none_or(|pending| pending.id != id) {
            return;
        }
        let pending = self.pending.pop_front().expect("it was looked at");
        match pending.work {
            Work::Own(own) => self.own_persisted(*own, now),
            Work::Received { peer, accepted, bytes } => {
                self.writing -= bytes;
                self.received(peer, &accepted, now);
            }
            Work::Forked(outcome, proof) => self.forked(&outcome, &proof, now),
            Work::Ahead(entries) => {
                let records: BTreeSet<RecordId> = entries.iter().map(|entry| entry.header().record).collect();
                self.ledger.hold_ahead(entries);
                records.iter().for_each(|record| self.documents.forget(*record));
                // That is what they came for: they do not wait until there is time for all that pours in.
                self.refresh_records(&records.into_iter().collect::<Vec<_>>(), now);
            }
            Work::Beacons { thank } => {
                if let Some(session) = thank.and_then(|conn| self.sessions.get_mut(&conn)) {
                    session.thank_for_beacons(now);
                }
                return;
            }
            Work::Mended => {
                if let Err(error) = self.catch_up(Arrival(0)) {
                    self.observe(Observation::Unreadable(error.to_string()));
                }
            }
            Work::Noted => return,
            Work::Draft(id, kept) => {
                self.effects.push_back(Effect::Drafted(id, Ok(kept)));
                return;
            }
            Work::Bundle(id, taken) => self.effects.push_back(Effect::Bundled(id, Ok(*taken))),
        }
        self.retry_forks(now);
        self.pump(now);
    }

    /// Entries from a peer are durable: they are acknowledged now; documents and rows follow when there is time.
    fn received(&mut self, peer: Option<AuthorKey>, accepted: &[Accepted], now: Now) {
        let anew = self.ledger.persisted(accepted);
        for one in accepted {
            let Some(feed) = self.ledger.feed(&one.feed) else { continue };
            self.offices.arrived(feed.genesis.author, &one.entry);
            self.documents.arrived_from_peer(&one.entry);
        }
        anew.into_iter().for_each(|record| self.documents.forget(record));
        if let Some(last) = accepted.last()
            && let Some(feed) = self.ledger.feed(&last.feed)
        {
            self.offices.heard(feed.genesis.author, &last.entry, now.wall);
        }
        if let (Some(peer), Some(last)) = (peer, accepted.last()) {
            let news = [(last.feed, last.entry.header().seq)];
            self.sessions.values_mut().for_each(|session| session.have(&news, &self.ledger, now));
            self.observe(Observation::Received { peer, entries: accepted.len() });
        }
    }

    pub(super) fn not_persisted(&mut self, id: PersistId, why: &str, now: Now) {
        if self.pending.front().is_none_or(|pending| pending.id > id) {
            return;
        }
        self.ledger.roll_back();
        self.drafts.forget();
        self.sent.forget();
        self.writing = 0;
        self.retry_at = Some(Moment(now.moment.0 + RETRY_AFTER));
        self.effects.push_back(Effect::ResumePersisting);
        self.observe(Observation::NotPersisted(why.to_owned()));
        for Pending { work, .. } in std::mem::take(&mut self.pending) {
            match work {
                Work::Own(own) => self.own_refused(*own, why, now),
                // Our own card goes out again with the next thing we write.
                Work::Received { peer: None, .. } => {}
                Work::Received { accepted, .. } => {
                    // Every peer may have to send these again.
                    let feed = accepted[0].feed;
                    let seq = self.ledger.feed(&feed).map_or(Seq(0), |feed| feed.tip.seq);
                    self.sessions.values_mut().for_each(|session| session.hold(feed, seq, true, now));
                }
                Work::Forked(_, proof) => self.early_forks.push_back(*proof),
                Work::Mended => self.unmended = true,
                Work::Noted => self.rows_lost = true,
                // They come again in their turn.
                Work::Ahead(_) => {}
                Work::Bundle(id, _) => {
                    self.effects.push_back(Effect::Bundled(id, Err(BundleRefusal::NotSaved(why.to_owned()))));
                }
                Work::Draft(id, _) => {
                    self.effects.push_back(Effect::Drafted(id, Err(DraftError::NotSaved(why.to_owned()))));
                }
                // Whoever brought them is not thanked, and brings them again in its next session.
                Work::Beacons { .. } => self.beacons.write_again(),
            }
        }
    }

    pub(super) fn pump(&mut self, now: Now) {
        let mut failed = Vec::new();
        for (conn, session) in &mut self.sessions {
            let order = self.lanes.order(&self.offices, session.peer());
            if let Err(error) = session.pump(&self.ledger, &order, now) {
                failed.push((*conn, SessionError::from(error)));
            }
        }
        failed.iter().for_each(|(conn, error)| self.end_session(*conn, error));
    }

    pub(super) fn tick(&mut self, now: Now) {
        let mut ended = Vec::new();
        for (conn, session) in &mut self.sessions {
            if let Err(error) = session.tick(now) {
                ended.push((*conn, error));
            }
        }
        ended.iter().for_each(|(conn, error)| self.end_session(*conn, error));
        if self.retry_at.is_some_and(|at| now.moment >= at) {
            self.retry_at = None;
        }
        if self.retry_at.is_none() {
            if self.unmended
                && let Err(error) = self.mend()
            {
                self.observe(Observation::Unreadable(error.to_string()));
            }
            self.retry_forks(now);
            self.ask_again(now);
        }
        self.tick_beacons(now);
        self.pump(now);
        self.refresh(now);
        self.write_rows();
    }

    /// Peers that were told to wait are told where to go on, now that the store can take it.
    fn ask_again(&mut self, now: Now) {
        if self.writing > 0 || self.pending.iter().any(Pending::is_fork) {
            return;
        }
        for session in self.sessions.values_mut().filter(|session| session.wants_frontier()) {
            session.send_frontier(&self.ledger, now);
        }
    }

    pub(super) fn stop(&mut self) {
        self.write_beacons();
        let all: Vec<ConnId> = self.sessions.keys().copied().collect();
        for conn in all {
            self.end_session(conn, &SessionError::Offence(Reason::Stopping));
        }
        self.write_rows();
    }

    /// Hands the sessions' frames to the links, and keeps what they agreed on with their peers.
    pub(super) fn drain_sessions(&mut self) {
        for (conn, session) in &mut self.sessions {
            if let Some(baseline) = session.take_baseline() {
                let peer = session.peer();
                if self.baselines.len() < MAX_FEEDS || self.baselines.contains_key(&peer) {
                    self.baselines.insert(peer, baseline);
                    self.unwritten_baselines.insert(peer);
                }
            }
            while let Some(frame) = session.poll_send() {
                self.effects.push_back(Effect::Send(*conn, frame));
            }
        }
    }
}

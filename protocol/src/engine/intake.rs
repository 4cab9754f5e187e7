//! What comes from peers and from the store: frames, entries, batches that became durable or did not.

use super::{
    ConnId, Effect, Engine, Observation, Pending, PersistId, REFRESH_AT_ONCE, ROWS_AT_ONCE, Work,
    documents::Moved,
    node_row,
    rows::{self, Row},
};
use crate::{
    document::{Document, Placement, Standing},
    feed::Genesis,
    frame::Reason,
    ids::{Arrival, AuthorKey, CompartmentId, FeedId, Moment, Now, RecordId, Seq},
    ledger::{Accepted, FeedRefusal, LedgerError},
    limits::{MAX_SESSIONS, MAX_UNWRITTEN},
    projection, record,
    session::{Incoming, Session, SessionError},
    shelf::{Batch, Shelf, Table},
    verify::{RawRun, VerifyError},
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
        let session = Session::open(&self.identity(), peer, dialled, &self.ledger, now);
        self.sessions.insert(conn, session);
    }

    pub(super) fn frame(&mut self, conn: ConnId, bytes: &[u8], now: Now) {
        let Some(mut session) = self.sessions.remove(&conn) else { return };
        let result = session.receive(&self.identity(), bytes, &self.ledger, now);
        self.sessions.insert(conn, session);
        let result = result.and_then(|incoming| match incoming {
            Some(incoming) => self.incoming(conn, incoming, now),
            None => Ok(()),
        });
        let result = result.and_then(|()| match self.sessions.get_mut(&conn) {
            Some(session) => Ok(session.pump(&self.ledger, now)?),
            None => Ok(()),
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
                self.keep_one_session(conn, peer);
                let clock_ahead = clock.0.saturating_sub(now.wall.0);
                self.observe(Observation::Admitted { conn, peer, clock_ahead });
                Ok(())
            }
            Incoming::Holds(numbers) => {
                let ours = self.ledger.verified_tip(&self.own).map_or(Seq(0), |tip| tip.seq);
                if numbers.iter().any(|(feed, seq)| *feed == self.own && *seq > ours) {
                    self.close_own_feed("a peer holds more of it than we do", now);
                }
                Ok(())
            }
            Incoming::Genesis(genesis) => self.genesis(&genesis),
            Incoming::Run(run) => self.run(conn, run, now),
            Incoming::Fork(proof) => self.learn_fork(Some(conn), proof, now),
            Incoming::Side(feed, base, side) => self.learn_side(conn, feed, base, side, now),
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

    fn genesis(&mut self, genesis: &Genesis) -> Result<(), SessionError> {
        if genesis.network != self.signer.network() || genesis.compartment != CompartmentId::GENERAL {
            return Err(SessionError::Offence(Reason::OutOfTurn));
        }
        match self.ledger.begin(*genesis) {
            Err(FeedRefusal::TooMany) => Err(SessionError::Offence(Reason::Limit)),
            _ => Ok(()),
        }
    }

    /// Entries of a feed came. They are checked against what we hold, and go to the store as a whole or not at all.
    fn run(&mut self, conn: ConnId, run: RawRun, now: Now) -> Result<(), SessionError> {
        let (feed, last) = (run.feed, run.last());
        let Some(held) = self.ledger.feed(&feed) else {
            self.hold(conn, feed, now);
            return Ok(());
        };
        let (root, durable) = (held.root, held.tip.seq);
        if self.retry_at.is_some() || self.writing > MAX_UNWRITTEN || self.is_forking(root) {
            self.hold(conn, feed, now);
            return Ok(());
        }
        match self.ledger.check_run(run)? {
            Ok(entries) if entries.is_empty() && last <= durable => {
                self.session(conn, |session, _| session.have(&[(feed, durable)], now));
            }
            Ok(entries) if entries.is_empty() => {
                // The store is writing these, or what they overlap with: the peer hears of it when that is done.
                let ahead = self.ledger.verified_tip(&feed).map_or(Seq(0), |tip| tip.seq);
                if last > ahead {
                    self.hold(conn, feed, now);
                }
            }
            Ok(entries) => {
                if feed == self.own {
                    self.close_own_feed("a peer holds more of it than we do", now);
                }
                let mut batch = Batch::default();
                let accepted = self.ledger.stage(feed, entries, &mut batch);
                let bytes = batch.size();
                self.writing += bytes;
                let peer = self.sessions.get(&conn).map(Session::peer);
                self.persist(batch, true, Work::Received { peer, accepted, bytes });
            }
            Err(VerifyError::Gap { .. }) if self.sessions[&conn].is_waiting(&feed) => {}
            Err(VerifyError::Gap { .. }) => return Err(SessionError::Offence(Reason::OutOfTurn)),
            Err(VerifyError::Backlink(_)) if self.ledger.is_writing(&feed) => self.hold(conn, feed, now),
            Err(VerifyError::Backlink(_)) => {
                let session = self.sessions.get_mut(&conn).expect("the frame came over it");
                session.suspect(feed, &self.ledger, now)?;
            }
            Err(VerifyError::PastEnd(_)) => {
                let proof = self.ledger.feeds().find_map(|branch| branch.proof.clone().filter(|_| branch.root == root));
                self.hold(conn, feed, now);
                if let Some(proof) = proof {
                    self.session(conn, |session, _| session.tell_fork(&proof, now));
                }
            }
            Err(VerifyError::Signature(_)) => return Err(SessionError::Offence(Reason::Signature)),
        }
        Ok(())
    }

    fn hold(&mut self, conn: ConnId, feed: FeedId, now: Now) {
        let seq = self.ledger.feed(&feed).map_or(Seq(0), |feed| feed.tip.seq);
        self.session(conn, |session, _| session.hold(feed, seq, now));
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
            Work::Own(own) => {
                let record = own.record();
                self.own_persisted(*own, now);
                self.after_refresh(record, now);
            }
            Work::Received { peer, accepted, bytes } => {
                self.writing -= bytes;
                self.received(peer, &accepted, now);
            }
            Work::Forked(outcome, proof) => self.forked(&outcome, &proof, now),
            Work::Derived => return,
        }
        self.retry_forks(now);
        self.pump(now);
    }

    /// Entries from a peer are durable: they are acknowledged now; documents and rows follow when there is time.
    fn received(&mut self, peer: Option<AuthorKey>, accepted: &[Accepted], now: Now) {
        self.ledger.persisted(accepted);
        for one in accepted {
            let Some(feed) = self.ledger.feed(&one.feed) else { continue };
            let standing = if feed.is_branch() { Standing::Branch } else { Standing::Trunk };
            self.offices.arrived(feed.genesis.author, &one.entry);
            self.documents.arrived(one, standing);
        }
        if let (Some(peer), Some(last)) = (peer, accepted.last()) {
            let news = [(last.feed, last.entry.header().seq)];
            self.sessions.values_mut().for_each(|session| session.have(&news, now));
            self.observe(Observation::Received { peer, entries: accepted.len() });
        }
    }

    pub(super) fn not_persisted(&mut self, id: PersistId, why: &str, now: Now) {
        if self.pending.front().is_none_or(|pending| pending.id > id) {
            return;
        }
        self.ledger.roll_back();
        self.writing = 0;
        self.retry_at = Some(Moment(now.moment.0 + RETRY_AFTER));
        self.effects.push_back(Effect::ResumePersisting);
        self.observe(Observation::NotPersisted(why.to_owned()));
        for Pending { work, .. } in std::mem::take(&mut self.pending) {
            match work {
                Work::Own(own) => self.own_refused(*own, why, now),
                Work::Received { accepted, .. } => {
                    // Every peer may have to send these again.
                    let feed = accepted[0].feed;
                    let seq = self.ledger.feed(&feed).map_or(Seq(0), |feed| feed.tip.seq);
                    self.sessions.values_mut().for_each(|session| session.hold(feed, seq, now));
                }
                Work::Forked(_, proof) => self.early_forks.push_back(*proof),
                Work::Derived => self.rows_lost = true,
            }
        }
    }

    pub(super) fn pump(&mut self, now: Now) {
        let mut failed = Vec::new();
        let retry = self.retry_at.is_none() && self.writing == 0;
        for (conn, session) in &mut self.sessions {
            if retry && session.wants_frontier() {
                session.send_frontier(&self.ledger, now);
            }
            if let Err(error) = session.pump(&self.ledger, now) {
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
        self.pump(now);
        self.refresh(now);
        self.write_rows();
    }

    pub(super) fn stop(&mut self) {
        let all: Vec<ConnId> = self.sessions.keys().copied().collect();
        for conn in all {
            self.end_session(conn, &SessionError::Offence(Reason::Stopping));
        }
        self.write_rows();
    }

    /// Hands the sessions' frames to the links.
    pub(super) fn drain_sessions(&mut self) {
        for (conn, session) in &mut self.sessions {
            while let Some(frame) = session.poll_send() {
                self.effects.push_back(Effect::Send(*conn, frame));
            }
        }
    }

    /// Brings some rows up to date that are behind.
    pub(super) fn refresh(&mut self, now: Now) {
        let stale: Vec<RecordId> = self.documents.stale().take(REFRESH_AT_ONCE).collect();
        for record in stale {
            self.refresh_record(record);
            self.after_refresh(record, now);
        }
    }

    /// Brings one record's document and row up to date.
    pub(super) fn refresh_record(&mut self, record: RecordId) {
        let made = match self.documents.get(record, &self.ledger) {
            Ok(Some((document, moved))) => {
                let row = make_row(record, document, &self.ledger, &self.settings.vocabulary);
                Ok((row.map(|row| (rows::encode(&row, document), row)), moved))
            }
            Ok(None) => Ok((None, Vec::new())),
            Err(error) => Err(error),
        };
        self.documents.refreshed(record);
        match made {
            Ok((row, moved)) => {
                self.observe_placements(moved);
                if let Some((encoded, row)) = row {
                    self.unwritten_rows.insert(record, encoded);
                    self.effects.push_back(Effect::Changed(Box::new(row)));
                }
            }
            Err(error) => self.observe(Observation::Unreadable(error.to_string())),
        }
    }

    /// A project may have become ready to open what is held back here.
    fn after_refresh(&mut self, record: RecordId, now: Now) {
        if let Err(error) = self.open_evaluations(record, now) {
            self.observe(Observation::Unreadable(error.to_string()));
        }
    }

    fn observe_placements(&mut self, moved: Vec<Moved>) {
        for Moved { entry, placement } in moved {
            if let Placement::SetAside(reason) = placement {
                self.observe(Observation::SetAside { entry, code: reason.code() });
            }
        }
    }

    /// Writes down derived rows, without waiting for them.
    fn write_rows(&mut self) {
        while !self.unwritten_rows.is_empty() {
            let mut batch = Batch::default();
            while batch.size() < ROWS_AT_ONCE {
                let Some((record, row)) = self.unwritten_rows.pop_first() else { break };
                batch.put(Table::Records, record.0, row);
            }
            if self.unwritten_rows.is_empty() && !self.has_stale_rows() && !self.rows_lost {
                batch.put(Table::Node, node_row::REFLECTED, self.ledger.last_arrival().0.to_be_bytes());
            }
            self.persist(batch, false, Work::Derived);
        }
    }

    /// After a start: the rows of records with entries that the stored rows may not reflect are behind.
    pub(super) fn catch_up(&mut self, mut reflected: Arrival) -> Result<(), LedgerError> {
        loop {
            let arrivals = self.ledger.arrivals_after(reflected, super::CATCH_UP_AT_ONCE)?;
            let Some((last, _)) = arrivals.last() else { return Ok(()) };
            reflected = last.arrival;
            arrivals.iter().for_each(|(_, record)| self.documents.forget(*record));
        }
    }
}

/// The row of a record; `None` for a kind that only a newer version knows, which is kept and passed on all the same.
fn make_row<S: Shelf>(
    record: RecordId,
    document: &Document,
    ledger: &crate::ledger::Ledger<S>,
    vocabulary: &record::Vocabulary,
) -> Option<Row> {
    let reading = record::read(document.automerge(), None).ok()?;
    let history = document.history();
    let stamp = |change: &&crate::document::ChangeEntry| rows::stamp(change, ledger.feed(&change.feed));
    Some(Row {
        id: record,
        record: projection::project(record, &reading, vocabulary),
        created: history.first().map(stamp)?,
        updated: history.last().map(stamp)?,
        arrival: ledger.last_arrival(),
        waiting: document.waiting().count(),
        set_aside: document.set_aside().count(),
    })
}

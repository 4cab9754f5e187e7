//! Two offices' engines on a thin link under virtual time: every byte takes its time, and the link may be cut again and
//! again.
//!
//! What waits for the line when the link goes down is gone, and so is the frame that is on it; what has left it arrives.
//! Neither end is told: each learns of it from the connection that is dialled when the link is up again.

use std::collections::VecDeque;

use toguna_protocol::{
    engine::{ConnId, Event},
    ids::Moment,
};

use super::Desk;

/// Bytes a second, each way: 64 kbit/s.
const RATE: u64 = 8_000;

/// Milliseconds across.
const DELAY: u64 = 300;

/// Milliseconds there and back.
pub const ROUND_TRIP: u64 = 2 * DELAY;

/// Milliseconds from the moment the link comes up until the end that dialled may speak, and until the other may: one
/// round trip for the connection, one for its keys.
const SPEAKS: [u64; 2] = [4 * DELAY, 5 * DELAY];

/// Milliseconds that pass at once.
const STEP: u64 = 10;

/// Milliseconds after which two offices are taken never to agree.
const ENDLESS: u64 = 600_000;

/// What the link did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Bytes of frames that left the line, in both directions; of those that were cut, the part that did.
    pub bytes: usize,
    /// How often it was cut before both held the same.
    pub cuts: usize,
    /// Milliseconds until both held the same.
    pub took: u64,
}

/// One direction.
#[derive(Default)]
struct Line {
    waiting: VecDeque<(ConnId, Vec<u8>)>,
    /// When the line is done with the first that waits.
    done: Option<u64>,
    /// When each frame under way arrives.
    flying: VecDeque<(u64, ConnId, Vec<u8>)>,
    bytes: usize,
}

impl Line {
    /// Moves on to a moment; returns what arrives.
    fn advance(&mut self, now: u64) -> Vec<(ConnId, Vec<u8>)> {
        while let Some(done) = self.done.filter(|done| *done <= now) {
            let (conn, frame) = self.waiting.pop_front().expect("the line is busy with something");
            self.bytes += frame.len();
            self.flying.push_back((done + DELAY, conn, frame));
            self.begin(done);
        }
        let mut arrived = Vec::new();
        while let Some((_, conn, frame)) = self.flying.pop_front_if(|(at, ..)| *at <= now) {
            arrived.push((conn, frame));
        }
        arrived
    }

    fn begin(&mut self, now: u64) {
        self.done = self.waiting.front().map(|(_, frame)| now + (frame.len() as u64 * 1_000).div_ceil(RATE));
    }

    fn put(&mut self, conn: ConnId, frames: Vec<Vec<u8>>, now: u64) {
        self.waiting.extend(frames.into_iter().map(|frame| (conn, frame)));
        if self.done.is_none() {
            self.begin(now);
        }
    }

    fn cut(&mut self, now: u64) {
        if let (Some(done), Some((_, frame))) = (self.done, self.waiting.front()) {
            let left = (done.saturating_sub(now) * RATE / 1_000) as usize;
            self.bytes += frame.len().saturating_sub(left);
        }
        self.waiting.clear();
        self.done = None;
    }

    fn is_still(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }
}

/// Joins two offices over a thin link until both hold the same and have nothing more to say. `flaps`: milliseconds for
/// which the link is up, and then down, in turns.
///
/// # Panics
/// If they do not come to hold the same.
pub fn join(a: &mut Desk, b: &mut Desk, flaps: Option<(u64, u64)>) -> Carried {
    let start = a.now.moment.max(b.now.moment).0;
    let (mut lines, mut carried) = (<[Line; 2]>::default(), Carried::default());
    let mut level = None;
    for now in (0..ENDLESS).step_by(STEP as usize) {
        let (period, up) = flaps.map_or((ENDLESS, ENDLESS), |(up, down)| (up + down, up));
        let (round, since) = (now / period, now % period);
        if since == up {
            lines.iter_mut().for_each(|line| line.cut(now));
            carried.cuts += usize::from(level.is_none());
        }
        for (side, speaks) in SPEAKS.into_iter().enumerate() {
            let (desk, peer) = if side == 0 { (&mut *a, &*b) } else { (&mut *b, &*a) };
            let peer = peer.engine.author();
            desk.now.moment = Moment(start + now);
            if now % 1_000 == 0 {
                desk.handle(Event::Tick);
            }
            if since == speaks && speaks < up {
                let old = std::mem::replace(&mut desk.conn, ConnId(round + 2));
                desk.handle(Event::Connected { conn: desk.conn, peer, dialled: side == 0 });
                desk.handle(Event::Closed(old));
            }
            for (conn, frame) in lines[1 - side].advance(now) {
                desk.handle(Event::Frame(conn, frame));
            }
            let frames = std::mem::take(&mut desk.outgoing);
            if since < up && since >= speaks {
                lines[side].put(desk.conn, frames, now);
            }
            assert!(!desk.closed, "two honest offices go on");
        }
        if level.is_none() && a.engine.ledger().digest() == b.engine.ledger().digest() {
            level = Some(now);
            carried.took = now;
        }
        if level.is_some() && lines.iter().all(Line::is_still) {
            break;
        }
    }
    assert!(level.is_some(), "both come to hold the same");
    carried.bytes = lines.iter().map(|line| line.bytes).sum();
    carried
}

//! Between the engine's connections and the links: frames wait here while a link is slow.

use std::collections::{HashMap, VecDeque};

use toguna_protocol::{
    engine::{ConnId, Event},
    frame::Reason,
};

use crate::net::{self, Net, NetEvent, SendError};

/// Bytes that may wait for one link. The engine sends no more chunks than its window allows; what exceeds that are
/// answers to a peer that asks without reading.
const MAX_WAITING: usize = 16 * 1024 * 1024;

/// Frames on their way out.
pub(super) struct Links {
    net: Option<Net>,
    waiting: HashMap<ConnId, VecDeque<Vec<u8>>>,
}

impl Links {
    pub(super) fn new(net: Option<Net>) -> Self {
        Links { net, waiting: HashMap::new() }
    }

    /// Turns what happened on the links into an event for the engine, where it concerns it.
    pub(super) fn take(&mut self, event: NetEvent) -> Option<Event> {
        match event {
            NetEvent::Connected { conn, peer, dialler, .. } => {
                let conn = ConnId(conn.0);
                self.waiting.insert(conn, VecDeque::new());
                Some(Event::Connected { conn, peer, dialled: dialler })
            }
            NetEvent::Frame { conn, bytes } => Some(Event::Frame(ConnId(conn.0), bytes)),
            NetEvent::Writable { conn } => {
                self.flush(ConnId(conn.0));
                None
            }
            NetEvent::Closed { conn, .. } => {
                let conn = ConnId(conn.0);
                self.waiting.remove(&conn);
                Some(Event::Closed(conn))
            }
            // The links log these themselves.
            NetEvent::Listening { .. } | NetEvent::ListenFailed { .. } | NetEvent::DialFailed { .. } => None,
        }
    }

    pub(super) fn send(&mut self, conn: ConnId, frame: Vec<u8>) {
        let Some(waiting) = self.waiting.get_mut(&conn) else { return };
        waiting.push_back(frame);
        self.flush(conn);
        let waits = |frames: &VecDeque<Vec<u8>>| frames.iter().map(Vec::len).sum::<usize>();
        if self.waiting.get(&conn).is_some_and(|frames| frames.len() > net::QUEUE && waits(frames) > MAX_WAITING) {
            self.close(conn, Reason::Limit);
        }
    }

    fn flush(&mut self, conn: ConnId) {
        let (Some(net), Some(waiting)) = (&self.net, self.waiting.get_mut(&conn)) else { return };
        while let Some(frame) = waiting.pop_front() {
            match net.send(net::ConnId(conn.0), frame.clone()) {
                Ok(_) => {}
                Err(SendError::Full) => {
                    waiting.push_front(frame);
                    return;
                }
                // `Closed` follows.
                Err(_) => return waiting.clear(),
            }
        }
    }

    pub(super) async fn admit(&mut self, conn: ConnId) {
        if let Some(net) = &self.net {
            // The links have been shut down: the connection is gone as well.
            let _ = net.admit(net::ConnId(conn.0)).await;
        }
    }

    pub(super) fn close(&mut self, conn: ConnId, reason: Reason) {
        self.flush(conn);
        self.waiting.remove(&conn);
        if let Some(net) = &self.net {
            let stranger = reason == Reason::Stranger;
            let reason = if stranger { net::STRANGER.to_owned() } else { reason.to_string() };
            net.close(net::ConnId(conn.0), &reason);
        }
    }

    pub(super) async fn shutdown(&mut self) {
        if let Some(net) = self.net.take() {
            net.shutdown().await;
        }
    }
}

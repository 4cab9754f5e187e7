//! Whom to dial, where and when: pure bookkeeping, told of every outcome, with the time as an argument.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use libp2p::{Multiaddr, PeerId};
use toguna_protocol::ids::AuthorKey;
use tokio::time::Instant;

use super::{
    Backoff, Carrier, STRANGER,
    addresses::{author_of, carrier_of, is_loopback, peer_in},
    backoff::Jitter,
    link::End,
};

/// Peers found on the local network that are kept at once; anyone there can announce any number.
const MAX_FOUND: usize = 256;

/// Addresses kept of one peer found on the local network.
const MAX_ADDRESSES: usize = 16;

/// A link that stood for this long was a good one: the next failure counts as the first.
const GOOD: Duration = Duration::from_secs(10);

/// How long a peer's further addresses are awaited: they are announced together, but heard of one by one.
const GATHER: Duration = Duration::from_millis(200);

/// How long the one of two nodes that found each other waits for the other to dial.
const YIELD: Duration = Duration::from_secs(3);

/// How we know of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its address was configured.
    Configured,
    /// It was found on the local network.
    Found,
    /// It dialled us.
    Inbound,
}

/// How things stand with one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Where it is dialled or, for [`Origin::Inbound`], where it came from.
    pub addrs: Vec<Multiaddr>,
    /// Its key, once known.
    pub peer: Option<AuthorKey>,
    /// How we know of it.
    pub origin: Origin,
    /// Whether a connection to it stands.
    pub connected: bool,
    /// Why the last dial failed or the last connection ended.
    pub last_error: Option<String>,
    /// When it is dialled next; `None` while it is connected or being dialled.
    pub next_attempt: Option<Duration>,
}

/// A peer to keep a connection to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TargetId(u64);

struct Target {
    origin: Origin,
    addrs: Vec<Multiaddr>,
    peer: Option<PeerId>,
    failures: u32,
    refusals: u32,
    /// When to dial; `None` while it is connected or being dialled.
    due: Option<Instant>,
    dialling: bool,
    last_error: Option<String>,
}

/// A dial to make now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) target: TargetId,
    pub(super) peer: Option<PeerId>,
    pub(super) addrs: Vec<Multiaddr>,
}

/// How a connection went.
pub(super) struct Course {
    pub(super) end: End,
    pub(super) admitted: bool,
    pub(super) lasted: Duration,
}

/// Everyone we dial, and who is connected.
pub(super) struct Peers {
    local: PeerId,
    backoff: Backoff,
    jitter: Jitter,
    targets: BTreeMap<TargetId, Target>,
    last_target: u64,
    connected: HashMap<PeerId, Vec<Multiaddr>>,
}

impl Peers {
    pub(super) fn new(local: PeerId, backoff: Backoff, seed: u64) -> Self {
        Peers {
            local,
            backoff,
            jitter: Jitter::new(seed),
            targets: BTreeMap::new(),
            last_target: 0,
            connected: HashMap::new(),
        }
    }

    /// Keeps a connection to an address; one that is known already becomes due at once.
    pub(super) fn configured(&mut self, addr: Multiaddr, now: Instant) {
        let known = |target: &&mut Target| target.origin == Origin::Configured && target.addrs.contains(&addr);
        match self.targets.values_mut().find(known) {
            Some(target) => target.due = target.due.map(|_| now),
            None => {
                let peer = peer_in(&addr);
                self.insert(Origin::Configured, addr, peer, now);
            }
        }
    }

    /// A peer announced itself on the local network. The one with the lower id dials first, so that two nodes that
    /// find each other do not end up with two connections.
    pub(super) fn found(&mut self, peer: PeerId, addr: Multiaddr, now: Instant) {
        let known = |target: &&mut Target| target.origin == Origin::Found && target.peer == Some(peer);
        if let Some(target) = self.targets.values_mut().find(known) {
            if target.addrs.len() < MAX_ADDRESSES && !target.addrs.contains(&addr) {
                target.addrs.push(addr);
            }
            return;
        }
        if peer == self.local || self.targets.values().filter(|t| t.origin == Origin::Found).count() >= MAX_FOUND {
            return;
        }
        let due = now + if self.local < peer { GATHER } else { YIELD };
        self.insert(Origin::Found, addr, Some(peer), due);
    }

    /// An announcement ran out. A peer without addresses is forgotten when its next dial is due, so that a stranger
    /// who announces itself anew is still left alone for as long as before.
    pub(super) fn lost(&mut self, peer: PeerId, addr: &Multiaddr) {
        for target in self.targets.values_mut().filter(|t| t.origin == Origin::Found && t.peer == Some(peer)) {
            target.addrs.retain(|known| known != addr);
        }
    }

    fn insert(&mut self, origin: Origin, addr: Multiaddr, peer: Option<PeerId>, due: Instant) {
        self.last_target += 1;
        let target = Target {
            origin,
            addrs: vec![addr],
            peer,
            failures: 0,
            refusals: 0,
            due: Some(due),
            dialling: false,
            last_error: None,
        };
        self.targets.insert(TargetId(self.last_target), target);
    }

    /// When the next dial is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.targets.values().filter_map(|target| target.due).min()
    }

    /// The dials that are due. Each must be answered by [`Peers::failed`] or [`Peers::opened`].
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Attempt> {
        let due: Vec<TargetId> =
            self.targets.iter().filter(|(_, t)| t.due.is_some_and(|due| due <= now)).map(|(id, _)| *id).collect();
        due.into_iter().filter_map(|id| self.take(id, now)).collect()
    }

    fn take(&mut self, id: TargetId, now: Instant) -> Option<Attempt> {
        let peer = self.targets.get(&id)?.peer;
        let connected = peer.is_some_and(|peer| self.connected.contains_key(&peer));
        let dialling = peer.is_some() && self.targets.values().any(|t| t.dialling && t.peer == peer);
        let target = self.targets.get_mut(&id)?;
        if target.addrs.is_empty() {
            self.targets.remove(&id);
            return None;
        }
        if connected {
            target.due = None;
            return None;
        }
        if dialling {
            // The same peer under another address: see what becomes of that first.
            target.due = Some(now + YIELD);
            return None;
        }
        target.due = None;
        target.dialling = true;
        Some(Attempt { target: id, peer, addrs: target.choice() })
    }

    /// A dial reached nobody; `again`: it is to be made again at once. True if the reason is another than last time.
    pub(super) fn failed(&mut self, id: TargetId, reason: &str, again: bool, now: Instant) -> bool {
        let Some(target) = self.targets.get_mut(&id) else { return true };
        target.dialling = false;
        target.failures = target.failures.saturating_add(1);
        let wait = self.backoff.after_failures(target.failures, target.is_near(), &mut self.jitter);
        target.due = Some(if again { now } else { now + wait });
        target.last_error.replace(reason.to_owned()).as_deref() != Some(reason)
    }

    /// A peer is being dialled already: whom that dial is for.
    pub(super) fn dialling(&mut self, peer: PeerId) -> Option<TargetId> {
        let (id, target) = self.targets.iter_mut().find(|(_, t)| t.peer == Some(peer) && !t.dialling)?;
        target.dialling = true;
        target.due = None;
        Some(*id)
    }

    /// A dial reached ourselves; nothing will come of that address until our own changes.
    pub(super) fn reached_ourselves(&mut self, id: TargetId, now: Instant) {
        if let Some(target) = self.targets.get_mut(&id) {
            target.dialling = false;
            target.last_error = Some("the address is our own".to_owned());
            target.due = Some(now + self.backoff.after_stranger(&mut self.jitter));
        }
    }

    /// A connection stands; `target` is whom we dialled, if we did.
    pub(super) fn opened(&mut self, peer: PeerId, remote: Multiaddr, target: Option<TargetId>) {
        self.connected.entry(peer).or_default().push(remote);
        if let Some(target) = target.and_then(|id| self.targets.get_mut(&id)) {
            target.dialling = false;
            target.peer = Some(peer);
        }
    }

    /// The engine admitted the peer: earlier refusals are forgotten.
    pub(super) fn admitted(&mut self, peer: PeerId) {
        for target in self.targets.values_mut().filter(|t| t.peer == Some(peer)) {
            target.refusals = 0;
            target.last_error = None;
        }
    }

    /// A connection ended. If it was the last to that peer, the peer is dialled again, when depends on how it went.
    pub(super) fn closed(&mut self, peer: PeerId, remote: &Multiaddr, course: &Course, now: Instant) {
        if let Some(remotes) = self.connected.get_mut(&peer) {
            if let Some(at) = remotes.iter().position(|known| known == remote) {
                remotes.swap_remove(at);
            }
            if !remotes.is_empty() {
                return;
            }
            self.connected.remove(&peer);
        }
        for target in self.targets.values_mut().filter(|t| t.peer == Some(peer) && !t.dialling) {
            target.last_error = Some(course.end.reason());
            let refused = match &course.end {
                End::Theirs => !course.admitted,
                End::Offence(_) => true,
                End::Ours(_) | End::Broken(_) => false,
            };
            let wait = if course.end == End::Ours(STRANGER.to_owned()) {
                self.backoff.after_stranger(&mut self.jitter)
            } else if refused {
                target.refusals = target.refusals.saturating_add(1);
                self.backoff.after_refusals(target.refusals, &mut self.jitter)
            } else {
                let good = course.admitted && course.lasted >= GOOD;
                target.failures = if good { 1 } else { target.failures.saturating_add(1) };
                self.backoff.after_failures(target.failures, target.is_near(), &mut self.jitter)
            };
            target.due = Some(now + wait);
        }
    }

    /// How things stand with everyone: whom we dial first, then who came by themselves.
    pub(super) fn status(&self, now: Instant) -> Vec<PeerStatus> {
        let dialled = self.targets.values().map(|target| PeerStatus {
            addrs: target.addrs.clone(),
            peer: target.peer.as_ref().and_then(author_of),
            origin: target.origin,
            connected: target.peer.is_some_and(|peer| self.connected.contains_key(&peer)),
            last_error: target.last_error.clone(),
            next_attempt: target.due.map(|due| due.saturating_duration_since(now)),
        });
        let mut inbound: Vec<PeerStatus> = self
            .connected
            .iter()
            .filter(|(peer, _)| !self.targets.values().any(|target| target.peer.as_ref() == Some(*peer)))
            .map(|(peer, remotes)| PeerStatus {
                addrs: remotes.clone(),
                peer: author_of(peer),
                origin: Origin::Inbound,
                connected: true,
                last_error: None,
                next_attempt: None,
            })
            .collect();
        inbound.sort_by_key(|status| status.peer);
        dialled.chain(inbound).collect()
    }
}

impl Target {
    fn is_near(&self) -> bool {
        self.addrs.iter().all(is_loopback)
    }

    /// QUIC first, where the peer offers both: on a local network it stands sooner and survives loss better. Every
    /// other attempt takes TCP, since some networks let no UDP pass.
    fn choice(&self) -> Vec<Multiaddr> {
        let wanted = if self.failures.is_multiple_of(2) { Carrier::Quic } else { Carrier::Tcp };
        let chosen: Vec<_> = self.addrs.iter().filter(|addr| carrier_of(addr) == wanted).cloned().collect();
        if chosen.is_empty() { self.addrs.clone() } else { chosen }
    }
}

#[cfg(test)]
mod tests {
    use libp2p::identity::Keypair;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn addr(text: &str) -> Multiaddr {
        text.parse().expect("an address")
    }

    fn peer() -> PeerId {
        Keypair::generate_ed25519().public().to_peer_id()
    }

    fn course(end: End, admitted: bool, lasted: u64) -> Course {
        Course { end, admitted, lasted: Duration::from_secs(lasted) }
    }

    fn wait(peers: &Peers, now: Instant) -> Duration {
        peers.next_due().expect("a dial is due some time") - now
    }

    #[test]
    fn an_address_that_answers_nobody_is_tried_ever_more_rarely() {
        let now = Instant::now();
        let mut peers = Peers::new(peer(), Backoff::default(), 1);
        peers.configured(addr("/ip4/10.0.0.1/tcp/7374"), now);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let attempt = peers.take_due(now + HOUR).pop().expect("due");
            assert_eq!(peers.next_due(), None, "not dialled twice at once");
            assert_eq!(
                peers.failed(attempt.target, "nobody", false, now),
                waits.is_empty(),
                "news the first time only"
            );
            waits.push(wait(&peers, now).as_secs_f64());
        }
        assert!(waits[0] <= 1.0 && waits[3] > 3.9 && waits[7] > 14.9, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 30.0), "{waits:?}");
        assert_eq!(peers.status(now)[0].last_error.as_deref(), Some("nobody"));
    }

    #[test]
    fn the_wait_depends_on_how_the_connection_went() {
        let stranger = || End::Ours(STRANGER.to_owned());
        let broken = || End::Broken("cable".to_owned());
        // end, admitted, lasted, at least, at most
        let cases = [
            (broken(), true, 3600, 0.5, 1.0),
            (broken(), false, 1, 0.5, 1.0),
            (End::Theirs, true, 3600, 0.5, 1.0),
            (End::Theirs, false, 1, 2.5, 5.0),
            (End::Offence("a frame too long".to_owned()), true, 3600, 2.5, 5.0),
            (stranger(), false, 1, 300.0, 600.0),
        ];
        for (end, admitted, lasted, least, most) in cases {
            let (now, gao, at) = (Instant::now(), peer(), addr("/ip4/10.0.0.1/tcp/7374"));
            let mut peers = Peers::new(peer(), Backoff::default(), 1);
            peers.configured(at.clone(), now);
            let attempt = peers.take_due(now).pop().expect("due");
            peers.opened(gao, at.clone(), Some(attempt.target));
            let name = format!("{end:?}");
            peers.closed(gao, &at, &course(end, admitted, lasted), now);
            let wait = wait(&peers, now).as_secs_f64();
            assert!(wait >= least && wait <= most, "{name}: {wait}");
        }
    }

    #[test]
    fn refusals_add_up_until_the_peer_admits_us() {
        let (now, gao, at) = (Instant::now(), peer(), addr("/ip4/10.0.0.1/tcp/7374"));
        let mut peers = Peers::new(peer(), Backoff::default(), 1);
        peers.configured(at.clone(), now);
        let refuse = |peers: &mut Peers| {
            let attempt = peers.take_due(now + HOUR).pop().expect("due");
            peers.opened(gao, at.clone(), Some(attempt.target));
            peers.closed(gao, &at, &course(End::Theirs, false, 0), now);
            wait(peers, now)
        };
        for _ in 0..7 {
            refuse(&mut peers);
        }
        assert!(refuse(&mut peers) >= Duration::from_secs(300));
        peers.admitted(gao);
        assert!(refuse(&mut peers) <= Duration::from_secs(5));
    }

    #[test]
    fn a_connected_peer_is_not_dialled_under_any_address() {
        let (now, gao) = (Instant::now(), peer());
        let mut peers = Peers::new(peer(), Backoff::default(), 1);
        peers.configured(addr(&format!("/ip4/10.0.0.1/tcp/7374/p2p/{gao}")), now);
        peers.configured(addr(&format!("/ip4/10.0.0.1/udp/7374/quic-v1/p2p/{gao}")), now);
        let (came, again) = (addr("/ip4/10.0.0.1/tcp/5555"), addr("/ip4/10.0.0.1/tcp/6666"));
        peers.opened(gao, came.clone(), None);
        peers.opened(gao, again.clone(), None);
        assert_eq!(peers.take_due(now + HOUR), vec![]);
        peers.closed(gao, &came, &course(End::Ours("replaced".to_owned()), true, 60), now);
        assert_eq!(peers.next_due(), None, "another connection stands");
        assert!(peers.status(now).iter().all(|status| status.connected));
        peers.closed(gao, &again, &course(End::Theirs, true, 60), now);
        assert_eq!(peers.take_due(now + HOUR).len(), 1, "one address at a time");
    }

    #[test]
    fn of_two_that_find_each_other_one_dials_and_prefers_quic() {
        let now = Instant::now();
        let (mut low, mut high) = (peer(), peer());
        if high < low {
            (low, high) = (high, low);
        }
        let (tcp, quic) = (addr("/ip4/10.0.0.1/tcp/1"), addr("/ip4/10.0.0.1/udp/1/quic-v1"));
        let find = |local, other| {
            let mut peers = Peers::new(local, Backoff::default(), 1);
            peers.found(other, tcp.clone(), now);
            peers.found(other, quic.clone(), now);
            peers.found(local, tcp.clone(), now);
            peers
        };
        assert_eq!(find(high, low).take_due(now + GATHER), vec![]);
        assert_eq!(find(high, low).take_due(now + YIELD).len(), 1);

        let mut peers = find(low, high);
        let attempt = peers.take_due(now + GATHER).pop().expect("the lower dials first");
        assert_eq!(attempt.addrs, vec![quic.clone()]);
        peers.failed(attempt.target, "no UDP here", false, now);
        assert_eq!(peers.take_due(now + HOUR).pop().expect("due").addrs, vec![tcp.clone()]);

        let mut peers = find(low, high);
        peers.lost(high, &tcp);
        peers.lost(high, &quic);
        assert_eq!(peers.take_due(now + HOUR), vec![]);
        assert_eq!(peers.status(now), vec![], "forgotten");
    }

    #[test]
    fn a_stranger_that_announces_itself_anew_is_still_left_alone() {
        let (now, other, at) = (Instant::now(), peer(), addr("/ip4/10.0.0.1/tcp/1"));
        let mut peers = Peers::new(peer(), Backoff::default(), 1);
        peers.found(other, at.clone(), now);
        let attempt = peers.take_due(now + YIELD).pop().expect("due");
        peers.opened(other, at.clone(), Some(attempt.target));
        peers.closed(other, &at, &course(End::Ours(STRANGER.to_owned()), false, 1), now);
        peers.lost(other, &at);
        peers.found(other, at, now);
        assert!(wait(&peers, now) >= Duration::from_secs(300));
    }

    #[test]
    fn announcements_are_bounded() {
        let now = Instant::now();
        let mut peers = Peers::new(peer(), Backoff::default(), 1);
        let somebody = peer();
        for port in 0..100 {
            peers.found(somebody, addr(&format!("/ip4/10.0.0.1/tcp/{port}")), now);
        }
        for _ in 0..2 * MAX_FOUND {
            peers.found(peer(), addr("/ip4/10.0.0.1/tcp/1"), now);
        }
        let status = peers.status(now);
        assert_eq!(status.len(), MAX_FOUND);
        assert!(status.iter().all(|status| status.addrs.len() <= MAX_ADDRESSES));
    }
}

//! The task that owns the swarm: listens, dials, and starts a task for each connection's stream.
//!
//! It never waits for the engine: what it has to tell goes into an outbox first, so that commands are always taken
//! and two loops cannot wait for each other.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    io::ErrorKind,
    time::Duration,
};

use futures::StreamExt;
use libp2p::{
    Multiaddr, PeerId, Swarm, TransportError,
    core::transport::ListenerId,
    mdns,
    swarm::{
        ConnectionId, DialError, SwarmEvent,
        dial_opts::{DialOpts, PeerCondition},
    },
};
use toguna_protocol::ids::AuthorKey;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Command, ConnId, Links, NetError, NetEvent, NetSettings,
    addresses::{author_of, carrier_of, peer_in},
    knocking::{Door, is_silence, kind_in},
    link::{Doubt, Ended, Patience, STOPPING, link},
    locked,
    peers::{Attempt, Course, Peers, TargetId},
    streams::{OpenedStream, StreamEvent},
    transport::{self, Behaviour, BehaviourEvent},
};

/// Failed dials that wait to be told; further ones are not told while the engine is that far behind.
const MAX_UNTOLD: usize = 1024;

/// How long until listening is tried again where it failed.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);

/// A dial that failed sooner than this has an answer that will not change for a while.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Doubts about links that wait for the worker.
const DOUBTS: usize = 64;

/// How long a shutdown may take: the time links have to send what is queued, twice.
const STOPPING_TIME: Duration = Duration::from_secs(8);

/// A dial under way.
struct Dial {
    target: Option<TargetId>,
    /// The connection it may come to replace.
    beside: Option<ConnectionId>,
    addr: Multiaddr,
    since: Instant,
}

/// A connection as libp2p knows it.
struct Connection {
    peer: PeerId,
    author: AuthorKey,
    remote: Multiaddr,
    /// What we dialled; `None` if the peer dialled.
    dial: Option<Dial>,
    /// Set once the stream stands.
    open: Option<Open>,
    /// Whether it may be dead.
    doubted: bool,
}

#[derive(Clone, Copy)]
struct Open {
    conn: ConnId,
    since: Instant,
    admitted: bool,
}

/// Events that wait for room in the channel.
struct Outbox {
    events: mpsc::Sender<NetEvent>,
    waiting: VecDeque<NetEvent>,
}

impl Outbox {
    fn put(&mut self, event: NetEvent) {
        self.waiting.push_back(event);
    }

    /// Passes one event on; false once nobody listens any more. Nothing is lost if it is not awaited to the end.
    async fn pass_on(&mut self) -> bool {
        if self.waiting.is_empty() {
            return pending().await;
        }
        let Ok(permit) = self.events.reserve().await else { return false };
        if let Some(event) = self.waiting.pop_front() {
            permit.send(event);
        }
        true
    }
}

/// See the module.
pub(super) struct Worker {
    swarm: Swarm<Behaviour>,
    local: AuthorKey,
    peers: Peers,
    patience: Patience,
    commands: mpsc::Receiver<Command>,
    outbox: Outbox,
    links: Links,
    running: JoinSet<(ConnectionId, Ended)>,
    door: Door,
    doubts: mpsc::Receiver<Doubt>,
    doubting: mpsc::Sender<Doubt>,
    dials: HashMap<ConnectionId, Dial>,
    connections: HashMap<ConnectionId, Connection>,
    listeners: HashMap<ListenerId, Multiaddr>,
    /// Addresses on which we could not listen, and when to try again.
    unheard: Vec<Multiaddr>,
    listen_again: Option<Instant>,
    last_conn: u64,
}

impl Worker {
    pub(super) fn new(
        settings: NetSettings,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<NetEvent>,
        links: Links,
    ) -> Result<Self, NetError> {
        let door = Door::default();
        let swarm = transport::swarm(&settings, &door)?;
        let (doubting, doubts) = mpsc::channel(DOUBTS);
        let local = author_of(swarm.local_peer_id()).ok_or_else(|| NetError::Key("not Ed25519".to_owned()))?;
        let mut worker = Worker {
            peers: Peers::new(*swarm.local_peer_id(), settings.backoff, settings.seed),
            patience: Patience { stall: settings.stall, heartbeat: settings.heartbeat, admission: settings.admission },
            swarm,
            local,
            commands,
            outbox: Outbox { events, waiting: VecDeque::new() },
            links,
            running: JoinSet::new(),
            door,
            doubts,
            doubting,
            dials: HashMap::new(),
            connections: HashMap::new(),
            listeners: HashMap::new(),
            unheard: Vec::new(),
            listen_again: None,
            last_conn: 0,
        };
        for addr in settings.listen {
            worker.listen(addr, false);
        }
        for addr in settings.peers {
            worker.peers.configured(addr, Instant::now());
        }
        Ok(worker)
    }

    pub(super) fn local(&self) -> AuthorKey {
        self.local
    }

    /// Runs until the last handle is dropped, a shutdown is asked for, or nobody takes the events.
    pub(super) async fn run(mut self) {
        loop {
            let due = self.peers.next_due().into_iter().chain(self.listen_again).min();
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => if let Some(done) = self.obey(command) {
                        break self.shut_down(done).await;
                    },
                    None => break,
                },
                heard = self.outbox.pass_on() => if !heard { break },
                event = self.swarm.select_next_some() => self.on_swarm(event),
                Some(Ok((connection, ended))) = self.running.join_next() => self.on_end(connection, ended),
                Some(doubt) = self.doubts.recv() => self.on_doubt(doubt),
                () = until(due) => self.on_due(Instant::now()),
            }
        }
    }

    /// Returns whom to tell when we have shut down, if that is the command.
    fn obey(&mut self, command: Command) -> Option<oneshot::Sender<()>> {
        match command {
            Command::Admitted(conn) => self.on_admitted(conn),
            Command::Dial(addr) => {
                let peer = peer_in(&addr);
                self.dial(None, None, peer, vec![addr]);
            }
            Command::AddPeer(addr) => self.peers.configured(addr, Instant::now()),
            Command::Status(reply) => {
                // Whoever asked may have gone away meanwhile.
                let _gone = reply.send(self.peers.status(Instant::now()));
            }
            Command::Shutdown(done) => return Some(done),
        }
        None
    }

    fn on_due(&mut self, now: Instant) {
        for Attempt { target, peer, addrs } in self.peers.take_due(now) {
            self.dial(Some(target), None, peer, addrs);
        }
        if self.listen_again.is_some_and(|due| due <= now) {
            self.listen_again = None;
            for addr in std::mem::take(&mut self.unheard) {
                self.listen(addr, true);
            }
        }
    }

    fn listen(&mut self, addr: Multiaddr, again: bool) {
        match self.swarm.listen_on(addr.clone()) {
            Ok(listener) => {
                self.listeners.insert(listener, addr);
            }
            Err(error) => self.on_listen_failed(addr, transport_reason(&error), again),
        }
    }

    /// An address that is not ours yet (a network that comes up after us), or a port that a node still holds which is
    /// stopping: tried again, but told of once.
    fn on_listen_failed(&mut self, addr: Multiaddr, reason: String, again: bool) {
        self.unheard.push(addr.clone());
        self.listen_again = Some(Instant::now() + LISTEN_AGAIN);
        if !again {
            tracing::warn!(%addr, reason, "cannot be reached at this address, will try again");
            self.outbox.put(NetEvent::ListenFailed { addr, reason });
        }
    }

    /// A fresh port each time: a dead connection may still hold the pair of addresses that reuse would take.
    fn dial(
        &mut self,
        target: Option<TargetId>,
        beside: Option<ConnectionId>,
        peer: Option<PeerId>,
        addrs: Vec<Multiaddr>,
    ) {
        let Some(addr) = addrs.first().cloned() else { return };
        addrs.iter().for_each(|addr| self.door.call_on(addr));
        let options = match peer {
            Some(peer) => {
                DialOpts::peer_id(peer).addresses(addrs).condition(PeerCondition::Always).allocate_new_port().build()
            }
            None => DialOpts::unknown_peer_id().address(addr.clone()).allocate_new_port().build(),
        };
        let connection = options.connection_id();
        self.dials.insert(connection, Dial { target, beside, addr, since: Instant::now() });
        if let Err(error) = self.swarm.dial(options) {
            self.on_dial_failed(connection, &error);
        }
    }

    fn on_swarm(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::NewListenAddr { address, .. } => {
                tracing::info!(addr = %address, "listening");
                self.outbox.put(NetEvent::Listening { addr: address });
            }
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                let reason = reason.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
                if let Some(addr) = self.listeners.remove(&listener_id) {
                    self.on_listen_failed(addr, reason, false);
                }
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                let Some(author) = author_of(&peer_id) else { return };
                let dial = self.dials.remove(&connection_id);
                let remote = endpoint.get_remote_address().clone();
                self.connections.insert(
                    connection_id,
                    Connection { peer: peer_id, author, remote, dial, open: None, doubted: false },
                );
            }
            SwarmEvent::ConnectionClosed { connection_id, cause, .. } => {
                let reason = cause.map_or_else(|| "closed".to_owned(), |error| error.to_string());
                self.on_closed_unopened(connection_id, &reason);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.on_dial_failed(connection_id, &error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(addr = %send_back_addr, %error, "an incoming connection failed");
            }
            SwarmEvent::Behaviour(BehaviourEvent::Streams(OpenedStream { connection, outcome })) => match outcome {
                StreamEvent::Ready(stream) => self.on_stream(connection, stream),
                StreamEvent::Refused(reason) => {
                    self.on_closed_unopened(connection, &reason);
                    self.swarm.close_connection(connection);
                }
            },
            SwarmEvent::Behaviour(BehaviourEvent::Mdns(mdns::Event::Discovered(found))) => {
                found.into_iter().for_each(|(peer, addr)| self.peers.found(peer, addr, Instant::now()));
            }
            SwarmEvent::Behaviour(BehaviourEvent::Mdns(mdns::Event::Expired(lost))) => {
                lost.iter().for_each(|(peer, addr)| self.peers.lost(*peer, addr));
            }
            _ => {}
        }
    }

    fn on_stream(&mut self, id: ConnectionId, stream: libp2p::Stream) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        self.last_conn += 1;
        let conn = ConnId(self.last_conn);
        connection.open = Some(Open { conn, since: Instant::now(), admitted: false });
        let (queue, link) = link(conn, self.outbox.events.clone(), self.doubting.clone(), self.patience);
        locked(&self.links).insert(conn, queue);
        let (peer, author, remote) = (connection.peer, connection.author, connection.remote.clone());
        let target = connection.dial.as_ref().and_then(|dial| dial.target);
        let carrier = carrier_of(&remote);
        let dialler = connection.dial.is_some();
        self.peers.opened(peer, remote.clone(), target);
        tracing::info!(peer.id = %author, conn = conn.0, ?carrier, dialler, "connected");
        let connected = NetEvent::Connected { conn, peer: author, dialler, carrier, remote };
        self.running.spawn(async move { (id, link.run(connected, stream).await) });
    }

    /// A link may be dead, or is not after all. Whoever dialled it dials beside it.
    fn on_doubt(&mut self, Doubt { conn, dead }: Doubt) {
        let doubted = self.connections.iter_mut().find(|(_, c)| c.open.is_some_and(|open| open.conn == conn));
        let Some((id, connection)) = doubted else { return };
        connection.doubted = dead;
        let (id, peer, author) = (*id, connection.peer, connection.author);
        let Some(addr) = connection.dial.as_ref().map(|dial| dial.addr.clone()) else { return };
        tracing::info!(peer.id = %author, conn = conn.0, dead, "no acknowledgement, or again");
        if !dead {
            self.door.call_off(&addr);
        } else if !self.dials.values().any(|dial| dial.beside == Some(id)) {
            self.dial(None, Some(id), Some(peer), vec![addr]);
        }
    }

    fn on_admitted(&mut self, conn: ConnId) {
        let connection = self
            .connections
            .values_mut()
            .find_map(|c| c.open.as_mut().filter(|open| open.conn == conn).map(|open| (c.peer, open)));
        if let Some((peer, open)) = connection {
            open.admitted = true;
            self.peers.admitted(peer);
        }
    }

    /// A link ended: the connection goes with it.
    fn on_end(&mut self, id: ConnectionId, Ended { end, read, written }: Ended) {
        self.swarm.close_connection(id);
        let Some(Connection { peer, author, remote, open: Some(open), .. }) = self.connections.remove(&id) else {
            return;
        };
        locked(&self.links).remove(&open.conn);
        let reason = end.reason();
        let course = Course { end, admitted: open.admitted, lasted: open.since.elapsed() };
        tracing::info!(
            peer.id = %author,
            conn = open.conn.0,
            reason,
            bytes_in = read,
            bytes_out = written,
            duration_ms = course.lasted.as_millis() as u64,
            "closed"
        );
        self.peers.closed(peer, &remote, &course, Instant::now());
        if let Some(dial) = self.dials.values_mut().find(|dial| dial.beside == Some(id)) {
            // What was dialled beside it now takes its place.
            dial.beside = None;
            dial.target = self.peers.dialling(peer);
        }
        self.outbox.put(NetEvent::Closed { conn: open.conn, peer: author, reason });
    }

    /// A connection on which no stream came to stand is a failed dial; one whose stream stood ends by `on_end`,
    /// after the last frame that was read from it.
    fn on_closed_unopened(&mut self, id: ConnectionId, reason: &str) {
        if self.connections.get(&id).is_some_and(|connection| connection.open.is_none())
            && let Some(Connection { dial: Some(dial), .. }) = self.connections.remove(&id)
        {
            self.tell_dial_failed(dial, Failure { reason: reason.to_owned(), silent: false });
        }
    }

    fn on_dial_failed(&mut self, id: ConnectionId, error: &DialError) {
        let Some(dial) = self.dials.remove(&id) else { return };
        if let Some(beside) = dial.beside {
            let old = self.connections.get(&beside).filter(|old| old.doubted).map(|old| old.peer);
            if let Some(peer) = old.filter(|_| dial.since.elapsed() > AT_ONCE) {
                self.dial(None, Some(beside), Some(peer), vec![dial.addr]);
            }
            return;
        }
        match error {
            DialError::LocalPeerId { .. } => {
                if let Some(target) = dial.target {
                    self.peers.reached_ourselves(target, Instant::now());
                }
            }
            _ => self.tell_dial_failed(dial, dial_reason(error)),
        }
    }

    fn tell_dial_failed(&mut self, Dial { target, addr, since, .. }: Dial, Failure { reason, silent }: Failure) {
        // Who was knocked at for long in vain is knocked at again: the link may come up at any moment.
        let again = silent && since.elapsed() > AT_ONCE;
        // An office that is away for weeks would fill the log: a reason is logged when it changes.
        if target.is_none_or(|target| self.peers.failed(target, &reason, again, Instant::now())) {
            tracing::info!(%addr, reason, "not reached");
        }
        if self.outbox.waiting.len() < MAX_UNTOLD {
            self.outbox.put(NetEvent::DialFailed { addr, reason });
        }
    }

    /// Closes what is open, waits for it, and stops listening. An engine that no longer takes events cannot hold it up.
    async fn shut_down(&mut self, done: oneshot::Sender<()>) {
        for (listener, _) in self.listeners.drain() {
            self.swarm.remove_listener(listener);
        }
        locked(&self.links).values().for_each(|queue| queue.close(STOPPING));
        let closed = async {
            while !self.running.is_empty() || !self.outbox.waiting.is_empty() {
                tokio::select! {
                    heard = self.outbox.pass_on() => if !heard { break },
                    Some(Ok((connection, ended))) = self.running.join_next() => self.on_end(connection, ended),
                    _ = self.swarm.select_next_some() => {}
                }
            }
        };
        // What has not closed by then is cut off when the swarm is dropped.
        let _late = timeout(STOPPING_TIME, closed).await;
        // Whoever asked may have gone away meanwhile.
        let _gone = done.send(());
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// Why a dial failed.
struct Failure {
    /// For an operator.
    reason: String,
    /// Whether nobody has said anything.
    silent: bool,
}

/// What an operator can use of a failed dial: the cause, without libp2p's layers around it.
fn dial_reason(error: &DialError) -> Failure {
    let reason = match error {
        DialError::WrongPeerId { .. } => "another node answers at this address".to_owned(),
        DialError::Denied { cause } => innermost(cause),
        DialError::Transport(attempts) => match attempts.last() {
            Some((_, error)) => {
                let silent = matches!(error, TransportError::Other(error) if is_silence(&error.to_string()));
                return Failure { reason: transport_reason(error), silent };
            }
            None => "no address could be dialled".to_owned(),
        },
        other => other.to_string(),
    };
    Failure { reason, silent: false }
}

fn transport_reason(error: &TransportError<std::io::Error>) -> String {
    match error {
        TransportError::MultiaddrNotSupported(_) => "this kind of address is not supported".to_owned(),
        TransportError::Other(error) => innermost(error),
    }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    match kind_in(&text) {
        Some(ErrorKind::ConnectionRefused) => "nobody answers at this address".to_owned(),
        Some(ErrorKind::TimedOut) => "no answer in time".to_owned(),
        Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => {
            "there is no way to this address now".to_owned()
        }
        _ => text,
    }
}

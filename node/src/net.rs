//! Links to other nodes: who is reachable, one ordered stream of frames per connection, and nothing about what the
//! frames say.
//!
//! Two carriers: TCP + Noise + Yamux with the lazy multistream upgrade for thin links, QUIC for the local network.
//! Peers come from configuration and, where it is switched on, from mDNS. On every connection the dialler opens one
//! stream of the protocol `/toguna/1`; on it travel frames, each a LEB128 length and as many bytes. A length of 0 is a
//! heartbeat: it acknowledges frames (`frames`, `pulse`), keeps the way open, and is never passed on.
//!
//! Links come and go. An address is knocked at twice a second until somebody answers (`knocking`). Where an
//! acknowledgement fails to come and nothing is heard, whoever dialled dials anew beside the connection, which may
//! be dead: the system would try it ever more rarely. If it turns out to live, the dial is called off; if the new one
//! stands first, the engine keeps that.
//!
//! The loop: [`start`] spawns a `Worker` that owns the libp2p swarm; each connection's stream is owned by a task of
//! its own (`link`), so that a peer that does not read holds up nobody else. Frames to send go straight to that
//! task's bounded queue, frames received come through the one bounded channel of [`NetEvent`]s; while that is full,
//! nothing is read from any socket.
//!
//! What this module holds in memory at most: [`EVENTS`] + one frame per connection received, [`QUEUE`] frames per
//! connection to send, and the carrier's windows, which `transport` sets.

mod addresses;
mod backoff;
mod frames;
mod gather;
mod knocking;
mod link;
mod peers;
mod pulse;
mod streams;
#[cfg(test)]
mod tests;
mod transport;
mod worker;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use backoff::Backoff;
use libp2p::Multiaddr;
use link::LinkQueue;
pub use peers::{Origin, PeerStatus};
use toguna_protocol::{ids::AuthorKey, limits};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use zeroize::Zeroizing;

/// Events that wait for the engine, over all connections.
pub const EVENTS: usize = 64;

/// Frames that wait for one connection's socket. Twice what the engine produces before it holds back, so that an
/// acknowledgement still finds room.
pub const QUEUE: usize = 2 * limits::MAX_QUEUED_FRAMES;

/// The reason with which the engine closes a connection to a node of another network. Such a peer is left alone for
/// [`Backoff::stranger`].
pub const STRANGER: &str = "stranger";

/// Commands that wait for the worker; it never waits for the engine, so they never wait for long.
const COMMANDS: usize = 64;

/// How this node links to others. Start from [`NetSettings::new`].
pub struct NetSettings {
    /// The device's Ed25519 seed.
    pub secret_key: Zeroizing<[u8; 32]>,
    /// Addresses to listen on, `/ip4/…/tcp/…` or `/ip4/…/udp/…/quic-v1`.
    pub listen: Vec<Multiaddr>,
    /// Addresses to keep a connection to, with or without `/p2p/ID` at their end.
    pub peers: Vec<Multiaddr>,
    /// Whether to look for members on the local network, and to be found there.
    pub mdns: bool,
    /// When to dial again.
    pub backoff: Backoff,
    /// Seed of the jitter in dialling: nodes that lost the same link must not come back in step.
    pub seed: u64,
    /// A connection on which a write makes no progress for this long is closed, and dialled anew.
    pub stall: Duration,
    /// A heartbeat goes out after this long without a frame; after three times as long without a byte from the peer
    /// the connection is closed.
    pub heartbeat: Duration,
    /// A connection that is not admitted within this time is closed.
    pub admission: Duration,
}

impl NetSettings {
    /// Neither listens nor dials; times that suit a thin link with a round trip of seconds.
    pub fn new(secret_key: [u8; 32]) -> Self {
        NetSettings {
            secret_key: Zeroizing::new(secret_key),
            listen: Vec::new(),
            peers: Vec::new(),
            mdns: false,
            backoff: Backoff::default(),
            seed: 0,
            stall: Duration::from_secs(60),
            heartbeat: Duration::from_secs(60),
            admission: Duration::from_secs(60),
        }
    }
}

/// A connection, numbered from 1 in the order in which this process opened them: the highest is the newest.
///
/// There can be several to one peer, when both dial at once, or when one is dead without our knowing. The two ends may
/// see them open in another order, so only one of them may close the older: if both did, both would be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What a connection runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// TCP with Noise and Yamux.
    Tcp,
    /// QUIC.
    Quic,
}

/// What happened on the links. Events of one connection come in order: `Connected`, frames, `Closed`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetEvent {
    /// We can be reached at this address.
    Listening {
        /// The address, with the port the system chose where 0 was asked for.
        addr: Multiaddr,
    },
    /// We can not, or no longer, be reached at this address.
    ListenFailed {
        /// The address.
        addr: Multiaddr,
        /// Why, for an operator.
        reason: String,
    },
    /// A connection stands and frames can be sent. The peer's key is proved; whether it may take part is the
    /// engine's to find out, which answers with [`Net::admit`] or [`Net::close`].
    Connected {
        /// The connection.
        conn: ConnId,
        /// The peer's key.
        peer: AuthorKey,
        /// Whether we dialled.
        dialler: bool,
        /// What it runs over.
        carrier: Carrier,
        /// The peer's address as seen from here.
        remote: Multiaddr,
    },
    /// A frame came in.
    Frame {
        /// The connection.
        conn: ConnId,
        /// The frame, 1 to [`limits::MAX_FRAME`] bytes.
        bytes: Vec<u8>,
    },
    /// The queue of a connection had reached [`limits::MAX_QUEUED_FRAMES`] and is half empty again.
    Writable {
        /// The connection.
        conn: ConnId,
    },
    /// The connection is gone; its number is never used again.
    Closed {
        /// The connection.
        conn: ConnId,
        /// The peer's key.
        peer: AuthorKey,
        /// Why, for an operator.
        reason: String,
    },
    /// A peer could not be reached. It will be tried again if it is configured or was found by mDNS.
    DialFailed {
        /// The address dialled; the first, where there were several.
        addr: Multiaddr,
        /// Why, for an operator.
        reason: String,
    },
}

/// The links could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The device key is unusable.
    #[error("reading the device key: {0}")]
    Key(String),
    /// Noise, QUIC or the resolver could not be set up.
    #[error("setting up the transports: {0}")]
    Transport(String),
    /// mDNS could not be started.
    #[error("starting local discovery: {0}; switch mDNS off to go on without it")]
    Mdns(std::io::Error),
}

/// A frame was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closed or never was.
    #[error("the connection is closed")]
    Closed,
    /// [`QUEUE`] frames wait already; go on after [`NetEvent::Writable`].
    #[error("the connection's queue is full, wait until it is writable")]
    Full,
    /// The frame is empty or above [`limits::MAX_FRAME`].
    #[error("a frame of {0} bytes cannot be sent, the least is 1 and the most is {max}", max = limits::MAX_FRAME)]
    Size(usize),
}

/// The links have been shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the links have been shut down")]
pub struct NetClosed;

/// What the handle asks of the worker.
enum Command {
    Admitted(ConnId),
    Dial(Multiaddr),
    AddPeer(Multiaddr),
    Status(oneshot::Sender<Vec<PeerStatus>>),
    Shutdown(oneshot::Sender<()>),
}

/// The queues of the connections that stand, shared by the worker, which fills it, and the handles, which send.
type Links = Arc<Mutex<HashMap<ConnId, LinkQueue>>>;

/// The links' map; a thread that panicked while holding it left it whole, since each access is one insert or look-up.
fn locked(links: &Links) -> MutexGuard<'_, HashMap<ConnId, LinkQueue>> {
    links.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Speaks to the running links. Cheap to clone; the links end when the last handle is dropped.
#[derive(Clone)]
pub struct Net {
    local: AuthorKey,
    commands: mpsc::Sender<Command>,
    links: Links,
}

/// Starts listening and dialling; events come from the receiver, which must be read for anything to go on.
pub async fn start(settings: NetSettings) -> Result<(Net, mpsc::Receiver<NetEvent>), NetError> {
    let (commands, command_queue) = mpsc::channel(COMMANDS);
    let (events, event_queue) = mpsc::channel(EVENTS);
    let links = Links::default();
    let worker = worker::Worker::new(settings, command_queue, events, links.clone())?;
    let local = worker.local();
    let _detached: JoinHandle<()> = tokio::spawn(worker.run());
    Ok((Net { local, commands, links }, event_queue))
}

impl Net {
    /// Our own key, by which peers know us.
    pub fn local(&self) -> AuthorKey {
        self.local
    }

    /// Queues a frame and returns how many now wait on that connection; at [`limits::MAX_QUEUED_FRAMES`] or more,
    /// produce no more until [`NetEvent::Writable`]. Never blocks.
    pub fn send(&self, conn: ConnId, frame: Vec<u8>) -> Result<usize, SendError> {
        if frame.is_empty() || frame.len() > limits::MAX_FRAME {
            return Err(SendError::Size(frame.len()));
        }
        locked(&self.links).get(&conn).ok_or(SendError::Closed)?.push(frame)
    }

    /// Frames that wait on a connection; `None` when it is closed.
    pub fn queued(&self, conn: ConnId) -> Option<usize> {
        locked(&self.links).get(&conn).map(LinkQueue::queued)
    }

    /// Closes a connection after what is queued has gone out, at most some seconds later. [`NetEvent::Closed`]
    /// follows with this reason; [`STRANGER`] keeps us from dialling that peer for a while. Unknown connections are
    /// ignored: they are closed already.
    pub fn close(&self, conn: ConnId, reason: &str) {
        if let Some(queue) = locked(&self.links).get(&conn) {
            queue.close(reason);
        }
    }

    /// The peer has proved that it belongs to our network: frames up to [`limits::MAX_FRAME`] are taken from now on.
    pub async fn admit(&self, conn: ConnId) -> Result<(), NetClosed> {
        if let Some(queue) = locked(&self.links).get(&conn) {
            queue.admit();
        }
        self.command(Command::Admitted(conn)).await
    }

    /// Dials an address once, now, even where a connection to that peer stands (it may be dead).
    pub async fn dial(&self, addr: Multiaddr) -> Result<(), NetClosed> {
        self.command(Command::Dial(addr)).await
    }

    /// Keeps a connection to an address from now on, as if it had been configured.
    pub async fn add_peer(&self, addr: Multiaddr) -> Result<(), NetClosed> {
        self.command(Command::AddPeer(addr)).await
    }

    /// Every peer we dial or are connected to.
    pub async fn peers(&self) -> Result<Vec<PeerStatus>, NetClosed> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Status(reply)).await?;
        answer.await.map_err(|_| NetClosed)
    }

    /// Closes every connection, after what is queued has gone out, and stops listening. Returns when all is done;
    /// the event channel ends then.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.command(Command::Shutdown(reply)).await.is_ok() {
            // An error means that the worker ended without answering: then it is done as well.
            let _ended = done.await;
        }
    }

    async fn command(&self, command: Command) -> Result<(), NetClosed> {
        self.commands.send(command).await.map_err(|_| NetClosed)
    }
}

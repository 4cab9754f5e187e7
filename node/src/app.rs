//! A node as everything above the driver sees it: commands go in, records and rows come out.
//!
//! [`open`] starts a node on a data directory; the [`App`] it returns can be cloned freely. Pages, the HTTP API,
//! imports and the command line know nothing else of the node.

mod bundles;
mod carried;
mod check;
mod drafts;
mod past;
mod standing;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use toguna_protocol::{
    engine::{
        Command, CommandError, Engine, HistoryStep, Office, OpenError, QueryError, Receipt, RecordView, Saved,
        rows::Row,
    },
    frontier::Frontier,
    ids::{Arrival, AuthorKey, EntryHash, Epoch, FeedId, NetworkId, RecordId, Seq},
    limits,
};
use tokio::sync::{broadcast, oneshot};

pub use self::bundles::{BundleAskError, Parcel};
pub use self::carried::{Brought, CarryError, LookedInto};
pub use self::check::{CheckError, CheckProblem, CheckReport, CheckStep};
pub use self::drafts::DraftAskError;
pub use self::past::PastError;
pub use self::standing::{Elsewhere, Standing};
use crate::{
    driver::{self, Driving},
    pack::Pack,
    store::{self, Store},
    views::Views,
};
// What the handle hands out and takes, for those above it who know no rooms below.
pub use crate::{
    driver::DriverError,
    net::{NetSettings, PeerStatus},
    store::{Doubt, Options as StoreOptions},
};

/// How a node is opened.
pub struct Settings {
    /// Where everything of the node lies.
    pub data_dir: PathBuf,
    /// The office's name.
    pub name: String,
    /// The key of its region; absent for the national team.
    pub region: Option<String>,
    /// The device's Ed25519 secret key.
    pub device_key: [u8; 32],
    /// What opens the network.
    pub network_secret: Vec<u8>,
    /// The country pack.
    pub pack: Arc<Pack>,
    /// The links; without them the node neither listens nor dials.
    pub net: Option<NetSettings>,
    /// How the store is opened.
    pub store: store::Options,
    /// Seconds by which this office's clock is ahead of the system's: for demonstrations and tests of wrong clocks.
    pub clock_ahead: i64,
}

/// A node could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The tip file.
    #[error(transparent)]
    Tip(#[from] store::tip::TipError),
    /// What the store holds.
    #[error(transparent)]
    Engine(#[from] OpenError),
    /// The views.
    #[error(transparent)]
    Views(#[from] crate::views::ViewsError),
    /// The links.
    #[error(transparent)]
    Net(#[from] crate::net::NetError),
    /// Threads or random bytes.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// A command that was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The engine refused it, or the store could not keep it.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
}

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// There is no such record, or it cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
}

/// Something that happened, for those who follow along. Holds no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum Happening {
    /// A record is new or has changed.
    Record {
        /// The record.
        id: RecordId,
        /// "Changed since" counts by it.
        arrival: Arrival,
    },
    /// A peer came, went, or told what it or another office holds.
    Peers,
}

/// A node, as far as numbers tell.
#[derive(Debug, Clone, Serialize)]
pub struct NodeStatus {
    /// The network.
    pub network: NetworkId,
    /// Our device key.
    pub author: AuthorKey,
    /// The feed we write to.
    pub own_feed: FeedId,
    /// The store's mark.
    pub epoch: Epoch,
    /// 32 hexadecimal digits: equal on two nodes that hold the same.
    pub digest: String,
    /// Feed → highest number held.
    pub frontier: Vec<(FeedId, Seq)>,
    /// The last arrival number.
    pub arrival: Arrival,
    /// The offices.
    pub offices: Vec<Office>,
    /// Entries that other offices are known to hold and we lack; absent where none has been heard of.
    pub known_missing: Option<u64>,
    /// The open sessions.
    pub sessions: Vec<SessionStatus>,
    /// Entries we hold that an office without a session was not yet known to hold when it was last heard of.
    pub waiting: BTreeMap<AuthorKey, u64>,
    /// Records whose rows are behind.
    pub behind: bool,
}

/// One open session.
#[derive(Debug, Clone, Serialize)]
pub struct SessionStatus {
    /// The peer's device key.
    pub peer: AuthorKey,
    /// Entries we hold and the peer has not said it holds; absent until it has said anything.
    pub waiting_to_leave: Option<u64>,
    /// Entries the peer has said it holds and we do not.
    pub lacking: Option<u64>,
}

/// A running node.
#[derive(Clone)]
pub struct App {
    driving: Driving,
    views: Arc<Views>,
    store: Arc<dyn Store>,
    pack: Arc<Pack>,
    happenings: broadcast::Sender<Happening>,
    doubt: Option<Doubt>,
    data_dir: Arc<Path>,
}

/// Opens a node. Its threads end when [`App::stop`] is called or the last handle is dropped.
pub async fn open(settings: Settings) -> Result<App, StartError> {
    driver::start(settings).await
}

impl App {
    pub(crate) fn new(
        driving: Driving,
        views: Arc<Views>,
        store: Arc<dyn Store>,
        pack: Arc<Pack>,
        happenings: broadcast::Sender<Happening>,
        doubt: Option<Doubt>,
        data_dir: Arc<Path>,
    ) -> Self {
        App { driving, views, store, pack, happenings, doubt, data_dir }
    }

    /// Carries out a command. When this returns `Ok`, it is durable and the views show it.
    pub async fn submit(&self, command: Command) -> Result<Saved, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.driving.command(command, reply).await?;
        Ok(answer.await.map_err(|_| DriverError)??)
    }

    /// A record as it is.
    pub async fn record(&self, id: RecordId) -> Result<RecordView, AskError> {
        Ok(self.ask(move |engine| engine.record(id)).await??)
    }

    /// A record as it was right after an entry.
    pub async fn record_at(&self, id: RecordId, entry: EntryHash) -> Result<RecordView, AskError> {
        Ok(self.ask(move |engine| engine.record_at(id, entry)).await??)
    }

    /// A record's changes, the oldest first.
    pub async fn history(&self, id: RecordId) -> Result<Vec<HistoryStep>, AskError> {
        Ok(self.ask(move |engine| engine.history(id)).await??)
    }

    /// What each office has of a record, by its own last word.
    pub async fn receipts(&self, id: RecordId) -> Result<Vec<Receipt>, AskError> {
        Ok(self.ask(move |engine| engine.receipts(id)).await??)
    }

    /// The node in numbers.
    pub async fn status(&self) -> Result<NodeStatus, DriverError> {
        self.ask(|engine| status(engine)).await
    }

    /// Every peer we dial or are connected to; empty for a node without links.
    pub async fn peers(&self) -> Vec<PeerStatus> {
        match self.driving.net() {
            Some(net) => net.peers().await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// The read models.
    pub fn views(&self) -> &Arc<Views> {
        &self.views
    }

    /// The store, for checking and measuring it.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The country pack.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// Where everything of the node lies, for those above it who keep files of their own.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Why the store may hold less than it once did, if opening it raised a doubt.
    pub fn doubt(&self) -> Option<&Doubt> {
        self.doubt.as_ref()
    }

    /// What happens from now on. A slow reader misses the oldest and is told so.
    pub fn follow(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    /// Ends sessions and links, writes down what is derived, and returns when the store is at rest.
    pub async fn stop(&self) {
        self.driving.stop().await;
    }

    /// Asks the engine a question between two events.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Engine<Arc<dyn Store>>) -> T + Send + 'static,
    ) -> Result<T, DriverError> {
        let (reply, answer) = oneshot::channel();
        let question = move |engine: &mut Engine<Arc<dyn Store>>| {
            // Nobody waits for the answer any more: nothing to do.
            let _ = reply.send(question(engine));
        };
        self.driving.ask(Box::new(question)).await?;
        answer.await.map_err(|_| DriverError)
    }
}

fn status(engine: &Engine<Arc<dyn Store>>) -> NodeStatus {
    let ours: Frontier = engine.ledger().frontier().clone();
    let session = |session: &toguna_protocol::session::Session| SessionStatus {
        peer: session.peer(),
        waiting_to_leave: session.confirmed().map(|theirs| ours.lead_over(theirs)),
        lacking: session.confirmed().map(|theirs| theirs.lead_over(&ours)),
    };
    let is_open = |office: &AuthorKey| engine.sessions().any(|(_, session)| session.peer() == *office);
    let lead = |office: AuthorKey| Some((office, ours.lead_over(&engine.last_known(&office)?)));
    let offices = engine.offices();
    let apart =
        offices.iter().map(|office| office.author).filter(|office| !is_open(office) && *office != engine.author());
    NodeStatus {
        waiting: apart.filter_map(lead).collect(),
        network: engine.network(),
        author: engine.author(),
        own_feed: engine.own_feed(),
        epoch: engine.epoch(),
        digest: engine.ledger().digest().to_string(),
        frontier: ours.iter().take(limits::MAX_FEEDS).collect(),
        arrival: engine.ledger().last_arrival(),
        offices,
        known_missing: engine.known_missing(),
        sessions: engine.sessions().filter(|(_, s)| s.is_admitted()).map(|(_, s)| session(s)).collect(),
        behind: engine.has_stale_rows(),
    }
}

/// What the views thread is told: a row to show, or a reply to give once the rows before it are shown.
pub(crate) enum Shown {
    /// A row.
    Row(Box<Row>),
    /// A record that has no row any more.
    Gone(RecordId),
    /// A reply.
    Reply(oneshot::Sender<Result<Saved, CommandError>>, Result<Saved, CommandError>),
}

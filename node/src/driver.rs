//! The one loop that owns the engine: it turns commands, frames and finished writes into events, and carries out the
//! effects.
//!
//! ```text
//!  app ──command──▶ ┌────────┐ ──persist──▶ writer thread ──▶ store, tip file
//!  net ──frame────▶ │ driver │ ◀─persisted──┘
//!                   │ thread │ ──row, reply──▶ shower thread ──▶ views, then the reply
//!                   └────────┘ ──send──▶ net
//! ```
//!
//! Three threads, so that neither a slow disk nor a large index keeps frames from flowing: the driver computes, the
//! writer waits for the disk, the shower fills the views.

mod links;
mod shower;
mod writer;

use std::{
    collections::HashMap,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use toguna_protocol::{
    bundle::{Maker, Salt},
    engine::{
        self, BundleRefusal, BundleStep, Command, CommandError, CommandId, Contents, DraftError, DraftStep, Effect,
        Engine, Event, Kept, Observation, OpenError, Saved, Taken,
    },
    frame::VERSION,
    ids::{Moment, Now, UnixSeconds},
    ledger::LedgerError,
};
use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::{debug, info, warn};

use self::{links::Links, writer::Writer};
use crate::{
    app::{App, Happening, Settings, Shown, StartError},
    net::{self, Net, NetEvent, NetSettings},
    store::{self, Doubt, Store, TipFile},
    views::Views,
};

/// The driver no longer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is stopping: try again when it runs")]
pub struct DriverError;

type Node = Engine<Arc<dyn Store>>;
type Question = Box<dyn FnOnce(&mut Node) + Send>;
type Reply = oneshot::Sender<Result<Saved, CommandError>>;
type BundleReply = oneshot::Sender<Result<Taken, BundleRefusal>>;
type DraftReply = oneshot::Sender<Result<Option<Kept>, DraftError>>;

/// What the driver is told.
pub(crate) enum Message {
    Command(Command, Reply),
    Ask(Question),
    /// A bundle is to be made.
    Export(Contents, Salt, oneshot::Sender<Result<Maker, LedgerError>>),
    /// Something of a bundle came.
    Bundle(BundleStep, BundleReply),
    /// What somebody types is to be kept or dropped.
    Draft(DraftStep, DraftReply),
    Net(NetEvent),
    Persisted(engine::PersistId),
    NotPersisted(engine::PersistId, String),
    Stop(oneshot::Sender<()>),
}

/// Messages that may wait for the driver; senders wait beyond.
const MESSAGES: usize = 1024;

/// How often time alone is an event.
const TICK: Duration = Duration::from_millis(250);

/// Happenings kept for slow followers.
const HAPPENINGS: usize = 1024;

/// Speaks to the driver.
#[derive(Clone)]
pub(crate) struct Driving {
    messages: mpsc::Sender<Message>,
    net: Option<Net>,
}

impl Driving {
    pub(crate) async fn command(&self, command: Command, reply: Reply) -> Result<(), DriverError> {
        self.messages.send(Message::Command(command, reply)).await.map_err(|_| DriverError)
    }

    pub(crate) async fn ask(&self, question: Question) -> Result<(), DriverError> {
        self.messages.send(Message::Ask(question)).await.map_err(|_| DriverError)
    }

    pub(crate) async fn export(
        &self,
        contents: Contents,
        salt: Salt,
        reply: oneshot::Sender<Result<Maker, LedgerError>>,
    ) -> Result<(), DriverError> {
        self.messages.send(Message::Export(contents, salt, reply)).await.map_err(|_| DriverError)
    }

    pub(crate) async fn bundle(&self, step: BundleStep, reply: BundleReply) -> Result<(), DriverError> {
        self.messages.send(Message::Bundle(step, reply)).await.map_err(|_| DriverError)
    }

    pub(crate) async fn draft(&self, step: DraftStep, reply: DraftReply) -> Result<(), DriverError> {
        self.messages.send(Message::Draft(step, reply)).await.map_err(|_| DriverError)
    }

    pub(crate) fn net(&self) -> Option<&Net> {
        self.net.as_ref()
    }

    pub(crate) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.messages.send(Message::Stop(done)).await.is_ok() {
            // An error means that the driver has ended already.
            let _ = stopped.await;
        }
    }
}

/// Opens the store, the engine, the views and the links, and starts the threads.
pub(crate) async fn start(settings: Settings) -> Result<App, StartError> {
    let started = Instant::now();
    let clock = Clock::start(settings.clock_ahead);
    let opened = store::open(&settings.data_dir, &settings.store)?;
    let (store, doubt) = (opened.store, opened.doubt);
    let mut tip_file = TipFile::open(&settings.data_dir)?;
    let (net, pack, data_dir) = (settings.net, settings.pack, settings.data_dir.into());
    let mut engine_settings = engine::Settings {
        device_key: settings.device_key,
        network_secret: settings.network_secret,
        name: settings.name,
        region: settings.region,
        vocabulary: Arc::new(pack.vocabulary()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        speaks: VERSION,
        entropy: [0; 32],
        doubt: may_have_lost(&store, &mut tip_file, doubt.as_ref())?,
    };
    getrandom::fill(&mut engine_settings.entropy)
        .map_err(|error| StartError::System { doing: "asking for random bytes", source: error.into() })?;
    let engine = Engine::open(engine_settings, store.clone(), clock.now())?;
    let views = Arc::new(Views::new()?);
    let (happenings, _) = broadcast::channel(HAPPENINGS);
    let (messages, inbox) = mpsc::channel(MESSAGES);
    let net = start_links(net, &messages).await?;
    let system = |doing| move |source| StartError::System { doing, source };
    let writer = Writer::start(store.clone(), tip_file, messages.downgrade()).map_err(system("starting the writer"))?;
    let shower =
        shower::start(store.clone(), views.clone(), happenings.clone()).map_err(system("starting the shower"))?;
    let driver = Driver {
        engine,
        clock,
        inbox,
        writer: Some(writer),
        shower,
        links: Links::new(net.clone()),
        replies: HashMap::new(),
        bundle_replies: HashMap::new(),
        draft_replies: HashMap::new(),
        next_command: 0,
        happenings: happenings.clone(),
        clear_doubt: doubt.is_some().then(|| store.clone()),
    };
    // A runtime of its own: the driver must come to its end in good order also while its caller's is going down.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(system("starting the driver"))?;
    thread::Builder::new()
        .name("driver".into())
        .spawn(move || runtime.block_on(driver.run()))
        .map_err(system("starting the driver"))?;
    info!(duration_ms = started.elapsed().as_millis() as u64, "node is up");
    Ok(App::new(Driving { messages, net }, views, store, pack, happenings, doubt, data_dir))
}

/// Whether the store may hold less than this office once wrote and announced. If not, the tip file is level with it
/// before anything is announced.
fn may_have_lost(store: &Arc<dyn Store>, tip_file: &mut TipFile, doubt: Option<&Doubt>) -> Result<bool, StartError> {
    let own = engine::own_tip(store).map_err(OpenError::from)?;
    let own = own.map(|(feed, tip)| store::tip::Tip { feed, seq: tip.seq, hash: tip.hash });
    let continuity = tip_file.go_on(own.as_ref())?;
    // A new store has no past to lose.
    let lost = doubt.is_some() || (own.is_some() && continuity.demands_new_incarnation());
    if lost {
        warn!(?continuity, ?doubt, "the store may not hold all that was written: going on in a new incarnation");
    }
    Ok(lost)
}

/// Starts the links, whose events go to the driver.
async fn start_links(
    settings: Option<NetSettings>,
    messages: &mpsc::Sender<Message>,
) -> Result<Option<Net>, StartError> {
    let Some(settings) = settings else { return Ok(None) };
    let (net, mut events) = net::start(settings).await?;
    // Weak, so that the driver ends with the last handle of the node and not with its links.
    let messages = messages.downgrade();
    tokio::spawn(async move {
        while let (Some(event), Some(driver)) = (events.recv().await, messages.upgrade()) {
            if driver.send(Message::Net(event)).await.is_err() {
                break;
            }
        }
    });
    Ok(Some(net))
}

/// The two clocks.
struct Clock {
    start: Instant,
    ahead: i64,
}

impl Clock {
    fn start(ahead: i64) -> Self {
        Clock { start: Instant::now(), ahead }
    }

    fn now(&self) -> Now {
        let since_epoch = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs() as i64,
            Err(before) => -(before.duration().as_secs() as i64),
        };
        Now {
            wall: UnixSeconds(since_epoch.saturating_add(self.ahead)),
            moment: Moment(self.start.elapsed().as_millis() as u64),
        }
    }
}

struct Driver {
    engine: Node,
    clock: Clock,
    inbox: mpsc::Receiver<Message>,
    writer: Option<Writer>,
    shower: std::sync::mpsc::Sender<Shown>,
    links: Links,
    replies: HashMap<CommandId, Reply>,
    bundle_replies: HashMap<CommandId, BundleReply>,
    draft_replies: HashMap<CommandId, DraftReply>,
    next_command: u64,
    happenings: broadcast::Sender<Happening>,
    /// The store's doubt is cleared once the engine's first writes, which answer it, are durable.
    clear_doubt: Option<Arc<dyn Store>>,
}

impl Driver {
    async fn run(mut self) {
        self.carry_out().await;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let idle = self.engine.has_time_for_rows();
            let message = tokio::select! {
                biased;
                _ = tick.tick() => {
                    self.handle(Event::Tick).await;
                    continue;
                }
                message = self.inbox.recv() => message,
                () = std::future::ready(()), if idle => {
                    self.handle(Event::Idle).await;
                    continue;
                }
            };
            match message {
                None => return self.stop(None).await,
                Some(Message::Stop(done)) => return self.stop(Some(done)).await,
                Some(message) => self.take(message).await,
            }
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Command(command, reply) => {
                let id = self.next_command();
                self.replies.insert(id, reply);
                self.handle(Event::Command(id, command)).await;
            }
            Message::Ask(question) => question(&mut self.engine),
            Message::Export(contents, salt, reply) => {
                let maker = self.engine.make_bundle(contents, &salt, self.clock.now());
                // Whoever wanted it has gone.
                let _ = reply.send(maker);
            }
            Message::Bundle(step, reply) => {
                let id = self.next_command();
                self.bundle_replies.insert(id, reply);
                self.handle(Event::Bundle(id, step)).await;
            }
            Message::Draft(step, reply) => {
                let id = self.next_command();
                self.draft_replies.insert(id, reply);
                self.handle(Event::Draft(id, step)).await;
            }
            Message::Net(event) => {
                if let Some(event) = self.links.take(event) {
                    self.handle(event).await;
                }
            }
            Message::Persisted(id) => {
                self.handle(Event::Persisted(id)).await;
                self.answer_doubt();
            }
            Message::NotPersisted(id, why) => self.handle(Event::NotPersisted(id, why)).await,
            Message::Stop(_) => unreachable!("the loop ends on it"),
        }
    }

    fn next_command(&mut self) -> CommandId {
        self.next_command += 1;
        CommandId(self.next_command)
    }

    /// Once the new feed that answers a doubt is durable, the store may forget the doubt; not before, since a start
    /// without it would go on in the old one.
    fn answer_doubt(&mut self) {
        let own = self.engine.own_feed();
        if self.engine.ledger().feed(&own).is_some_and(|feed| !feed.is_empty())
            && let Some(store) = self.clear_doubt.take()
            && let Err(error) = store.clear_doubt()
        {
            warn!(%error, "the store stays in doubt until the next start");
        }
    }

    async fn handle(&mut self, event: Event) {
        self.engine.handle(event, self.clock.now());
        self.carry_out().await;
    }

    async fn carry_out(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Persist { id, batch, durable, own } => {
                    if let Some(writer) = &self.writer {
                        writer.write(id, batch, durable, own);
                    }
                }
                Effect::ResumePersisting => {
                    if let Some(writer) = &self.writer {
                        writer.resume();
                    }
                }
                Effect::Send(conn, frame) => self.links.send(conn, frame),
                Effect::Admit(conn) => self.links.admit(conn).await,
                Effect::Disconnect(conn, reason) => self.links.close(conn, reason),
                Effect::Reply(id, result) => {
                    if let Some(reply) = self.replies.remove(&id) {
                        self.show(Shown::Reply(reply, result));
                    }
                }
                Effect::Bundled(id, result) => {
                    if let Some(reply) = self.bundle_replies.remove(&id) {
                        // Whoever brought it has gone; what was taken stands.
                        let _ = reply.send(result);
                    }
                }
                Effect::Drafted(id, result) => {
                    if let Some(reply) = self.draft_replies.remove(&id) {
                        // Whoever typed it has gone; what was kept stands.
                        let _ = reply.send(result);
                    }
                }
                Effect::Changed(row) => self.show(Shown::Row(row)),
                Effect::Gone(record) => self.show(Shown::Gone(record)),
                Effect::Observed(observation) => self.observe(&observation),
            }
        }
    }

    fn show(&self, shown: Shown) {
        if self.shower.send(shown).is_err() {
            warn!("the views no longer fill: start the node again");
        }
    }

    fn observe(&self, observation: &Observation) {
        match observation {
            Observation::Admitted { peer, clock_ahead, .. } => {
                info!(peer.id = %peer, clock_ahead, "peer is in");
            }
            Observation::SessionEnded { peer, reason, detail, .. } => {
                info!(peer.id = %peer, ?reason, detail, "session ended");
            }
            Observation::Received { peer, entries } => debug!(peer.id = %peer, entries, "entries are durable"),
            Observation::BeaconsHeard { peer, beacons } => debug!(peer.id = %peer, beacons, "beacons are new"),
            Observation::SetAside { entry, code } => warn!(entry.hash = %entry, code, "entry set aside"),
            Observation::Forked { feed, end } => warn!(feed.id = %feed, entry.seq = end.0, "feed ended at a fork"),
            Observation::OwnFeedClosed(why) => {
                warn!(why, "our own feed is closed: what is written next begins a new one")
            }
            Observation::NewIncarnation(why) => info!(why, "new incarnation of our own feed"),
            Observation::NotPersisted(why) => warn!(why, "the store could not write"),
            Observation::Unreadable(why) => warn!(why, "the store could not be read"),
            _ => {}
        }
        if matches!(
            observation,
            Observation::Admitted { .. }
                | Observation::SessionEnded { .. }
                | Observation::Received { .. }
                | Observation::BeaconsHeard { .. }
        ) {
            // Nobody follows: nobody misses it.
            let _ = self.happenings.send(Happening::Peers);
        }
    }

    async fn stop(mut self, done: Option<oneshot::Sender<()>>) {
        self.handle(Event::Stop).await;
        self.links.shutdown().await;
        if let Some(writer) = self.writer.take() {
            writer.finish();
        }
        if let Some(done) = done {
            // Whoever asked has gone: the node has stopped all the same.
            let _ = done.send(());
        }
    }
}

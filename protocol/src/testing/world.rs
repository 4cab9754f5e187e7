//! Nodes, the links between them, and the order in which things happen.

mod fingerprint;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde_json::Value;

use super::{Chance, MemoryShelf};
use crate::{
    engine::{
        BundleRefusal, Command, CommandError, CommandId, ConnId, DraftError, Effect, Engine, Event, Intent, Kept,
        Observation, PersistId, RecordView, Saved, Settings, Taken, rows::Row,
    },
    frame::{Reason, VERSION},
    frontier::Digest,
    ids::{AuthorKey, Moment, Now, RecordId, UnixSeconds},
    record::{Kind, Vocabulary},
    shelf::Batch,
};

/// A node of a [`World`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// A link of a [`World`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(pub u64);

enum Order {
    Write { id: PersistId, batch: Batch, durable: bool },
    Resume,
}

/// One office.
pub struct Node {
    /// What is stored.
    pub shelf: MemoryShelf,
    /// Batches are refused while this is set.
    pub failing: bool,
    /// Batches wait while this is set.
    pub stuck: bool,
    /// Every row that was told, by record.
    pub rows: BTreeMap<RecordId, Row>,
    /// Everything that was observed.
    pub observed: Vec<Observation>,
    /// Answers to commands.
    pub replies: BTreeMap<CommandId, Result<Saved, CommandError>>,
    /// The highest version of the protocol that it speaks when it is next started.
    pub speaks: u8,
    /// The key of its region when it is next started.
    pub region: Option<String>,
    /// Answers about bundles.
    pub bundled: BTreeMap<CommandId, Result<Taken, BundleRefusal>>,
    /// Answers about drafts.
    pub drafted: BTreeMap<CommandId, Result<Option<Kept>, DraftError>>,
    key: [u8; 32],
    name: String,
    engine: Option<Engine<MemoryShelf>>,
    orders: VecDeque<Order>,
    refusing: bool,
}

impl Node {
    /// A node that is down.
    fn new(key: [u8; 32], shelf: MemoryShelf) -> Self {
        Node {
            shelf,
            failing: false,
            stuck: false,
            rows: BTreeMap::new(),
            observed: Vec::new(),
            replies: BTreeMap::new(),
            bundled: BTreeMap::new(),
            drafted: BTreeMap::new(),
            speaks: VERSION,
            region: None,
            key,
            name: format!("Office {}", key[0]),
            engine: None,
            orders: VecDeque::new(),
            refusing: false,
        }
    }
}

/// What one end of a link has sent and the other not heard yet.
#[derive(Default)]
struct Way {
    frames: VecDeque<Vec<u8>>,
    /// The sender has closed: nothing comes after `frames`.
    closed: bool,
    sent_bytes: usize,
    sent: Vec<Vec<u8>>,
}

struct Link {
    ends: [NodeId; 2],
    ways: [Way; 2],
}

/// Something that can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The next frame of one end of a link arrives at the other.
    Deliver(LinkId, usize),
    /// A node's store writes its next batch.
    Write(NodeId),
    /// A node finds time for rows.
    Derive(NodeId),
}

/// Nodes, links, and a clock.
pub struct World {
    /// The time.
    pub now: Now,
    /// Where chance comes from.
    pub chance: Chance,
    nodes: Vec<Node>,
    links: BTreeMap<LinkId, Link>,
    pub(super) next: u64,
    vocabulary: Arc<Vocabulary>,
}

/// The secret of every network of the tests.
pub const SECRET: &[u8] = b"a secret of tests";

/// The end of a link that a test holds itself.
const NOBODY: NodeId = NodeId(usize::MAX);

impl World {
    /// A world without nodes.
    pub fn new(seed: u64) -> Self {
        let now = Now { wall: UnixSeconds(1_795_000_000), moment: Moment(1_000_000) };
        let (nodes, links, vocabulary) = Default::default();
        World { now, chance: Chance::new(seed), nodes, links, next: 0, vocabulary }
    }

    /// A world of some nodes that are up.
    pub fn of(seed: u64, count: usize) -> Self {
        let mut world = World::new(seed);
        for _ in 0..count {
            world.add();
        }
        world
    }

    /// A world of the same nodes with copies of their stores, all of them down.
    pub fn copy(&self) -> World {
        let mut world = World::new(0);
        (world.now, world.chance, world.next) = (self.now, self.chance.clone(), self.next);
        let down = |node: &Node| Node {
            speaks: node.speaks,
            region: node.region.clone(),
            ..Node::new(node.key, node.shelf.copy())
        };
        world.nodes = self.nodes.iter().map(down).collect();
        world
    }

    /// Adds a node with an empty store and starts it.
    pub fn add(&mut self) -> NodeId {
        let mut key = [0; 32];
        key[0] = self.nodes.len() as u8 + 1;
        self.place(key, MemoryShelf::default())
    }

    /// Adds a second node with the store and the key of another, as if its data directory had been copied.
    pub fn add_copy(&mut self, of: NodeId) -> NodeId {
        let original = &self.nodes[of.0];
        let (key, shelf) = (original.key, original.shelf.copy());
        self.place(key, shelf)
    }

    fn place(&mut self, key: [u8; 32], shelf: MemoryShelf) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node::new(key, shelf));
        self.start(id, false);
        id
    }

    /// Starts a node that is down. `doubt`: the tip file shows that the store may not be whole.
    ///
    /// # Panics
    /// If its store cannot be opened.
    pub fn start(&mut self, id: NodeId, doubt: bool) {
        let mut entropy = [0; 32];
        entropy.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.chance.draw().to_be_bytes()));
        let node = &mut self.nodes[id.0];
        let settings = Settings {
            speaks: node.speaks,
            device_key: node.key,
            network_secret: SECRET.to_vec(),
            name: node.name.clone(),
            region: node.region.clone(),
            version: "0.1.0".into(),
            vocabulary: self.vocabulary.clone(),
            entropy,
            doubt,
        };
        // What the views would read at a start.
        node.rows = stored_rows(&node.shelf);
        node.engine = Some(Engine::open(settings, node.shelf.clone(), self.now).expect("the store opens"));
        self.carry_out(id);
    }

    /// A node loses power, with what its store had not synced.
    pub fn crash(&mut self, id: NodeId) {
        self.cut_all(id);
        let node = &mut self.nodes[id.0];
        (node.engine, node.refusing) = (None, false);
        node.orders.clear();
        node.shelf.crash();
    }

    /// A node stops in order.
    pub fn stop(&mut self, id: NodeId) {
        self.handle(id, Event::Stop);
        while self.write_next(id) {}
        self.cut_all(id);
        let node = &mut self.nodes[id.0];
        node.engine = None;
        node.shelf.apply(Batch::default(), true);
    }

    /// Whether a node is up.
    pub fn is_up(&self, id: NodeId) -> bool {
        self.nodes.get(id.0).is_some_and(|node| node.engine.is_some())
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// A node, to change it.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0]
    }

    /// All nodes that are up.
    pub fn up(&self) -> Vec<NodeId> {
        (0..self.nodes.len()).map(NodeId).filter(|id| self.is_up(*id)).collect()
    }

    /// A node's engine.
    ///
    /// # Panics
    /// If the node is down.
    pub fn engine(&mut self, id: NodeId) -> &mut Engine<MemoryShelf> {
        self.nodes[id.0].engine.as_mut().expect("the node is up")
    }

    /// Links two nodes that are up.
    pub fn link(&mut self, a: NodeId, b: NodeId) -> LinkId {
        self.next += 1;
        let (id, conn) = (LinkId(self.next), ConnId(self.next));
        self.links.insert(id, Link { ends: [a, b], ways: Default::default() });
        let keys = [a, b].map(|node| self.engine(node).author());
        self.handle(a, Event::Connected { conn, peer: keys[1], dialled: true });
        // The first may have closed at once.
        if self.links.contains_key(&id) {
            self.handle(b, Event::Connected { conn, peer: keys[0], dialled: false });
        }
        id
    }

    /// Links a node with a peer that a test plays by hand: [`Self::inject`] gives the node its frames, [`Self::sent`]
    /// of 0 tells what the node sent. A link that the node closes stays until [`Self::deliver`].
    pub fn link_by_hand(&mut self, node: NodeId, peer: AuthorKey) -> LinkId {
        self.next += 1;
        let (id, conn) = (LinkId(self.next), ConnId(self.next));
        self.links.insert(id, Link { ends: [node, NOBODY], ways: Default::default() });
        self.handle(node, Event::Connected { conn, peer, dialled: false });
        id
    }

    /// Whether a link is still there.
    pub fn is_linked(&self, link: LinkId) -> bool {
        self.links.contains_key(&link)
    }

    /// The links there are.
    pub fn links(&self) -> Vec<LinkId> {
        self.links.keys().copied().collect()
    }

    /// Cuts a link; what is under way is lost.
    pub fn cut(&mut self, id: LinkId) {
        let Some(link) = self.links.remove(&id) else { return };
        for end in link.ends {
            if self.is_up(end) {
                self.handle(end, Event::Closed(ConnId(id.0)));
            }
        }
    }

    /// Cuts every link of a node.
    pub fn cut_all(&mut self, node: NodeId) {
        let all: Vec<LinkId> =
            self.links.iter().filter(|(_, link)| link.ends.contains(&node)).map(|(id, _)| *id).collect();
        all.into_iter().for_each(|link| self.cut(link));
    }

    /// Bytes of the frames that went from `ends[from]` over a link.
    pub fn sent_bytes(&self, link: LinkId, from: usize) -> usize {
        self.links[&link].ways[from].sent_bytes
    }

    /// The frames that went from `ends[from]` over a link.
    pub fn sent(&self, link: LinkId, from: usize) -> &[Vec<u8>] {
        &self.links[&link].ways[from].sent
    }

    /// Gives a command to a node.
    pub fn command(&mut self, id: NodeId, intent: Intent) -> CommandId {
        self.next += 1;
        let command = CommandId(self.next);
        self.handle(id, Event::Command(command, Command { person: "Awa".into(), reason: None, intent }));
        command
    }

    /// Creates a conflict and waits until it is durable.
    ///
    /// # Panics
    /// If it is refused.
    pub fn create(&mut self, id: NodeId, title: &str) -> RecordId {
        let fields = serde_json::json!({"kind": "conflict", "title": title});
        let command = self.command(id, Intent::Create(Kind::Conflict, fields));
        self.saved(id, command).record
    }

    /// Patches a record as it is at this node, and waits until that is durable.
    ///
    /// # Panics
    /// If it is refused.
    pub fn patch(&mut self, id: NodeId, record: RecordId, patch: Value) -> Saved {
        let heads = self.view(id, record).heads;
        let command = self.command(id, Intent::Patch(record, heads, patch));
        self.saved(id, command)
    }

    /// The answer to a command, once the store has written.
    ///
    /// # Panics
    /// If it was refused or is not answered.
    pub fn saved(&mut self, id: NodeId, command: CommandId) -> Saved {
        while !self.nodes[id.0].replies.contains_key(&command) && self.write_next(id) {}
        match self.nodes[id.0].replies.get(&command) {
            Some(Ok(saved)) => saved.clone(),
            other => panic!("not saved: {other:?}"),
        }
    }

    /// A record as a node sees it.
    ///
    /// # Panics
    /// If it is not there.
    pub fn view(&mut self, id: NodeId, record: RecordId) -> RecordView {
        self.engine(id).record(record).expect("the record is there")
    }

    /// Gives an event to a node and carries out what follows, but for what takes time.
    pub fn handle(&mut self, id: NodeId, event: Event) {
        let now = self.now;
        self.engine(id).handle(event, now);
        self.carry_out(id);
    }

    /// Gives a node a frame over a link, whoever it is from.
    pub fn inject(&mut self, to: NodeId, link: LinkId, frame: Vec<u8>) {
        self.handle(to, Event::Frame(ConnId(link.0), frame));
    }

    fn carry_out(&mut self, id: NodeId) {
        while let Some(effect) = self.nodes[id.0].engine.as_mut().and_then(Engine::poll_effect) {
            let node = &mut self.nodes[id.0];
            match effect {
                Effect::Persist { id, batch, durable, .. } => {
                    node.orders.push_back(Order::Write { id, batch, durable })
                }
                Effect::ResumePersisting => node.orders.push_back(Order::Resume),
                Effect::Send(conn, frame) => self.send(id, LinkId(conn.0), frame),
                Effect::Admit(_) => {}
                Effect::Disconnect(conn, _) => self.close(id, LinkId(conn.0)),
                Effect::Reply(command, result) => drop(node.replies.insert(command, result)),
                Effect::Drafted(command, result) => drop(node.drafted.insert(command, result)),
                Effect::Bundled(command, result) => drop(node.bundled.insert(command, result)),
                Effect::Changed(row) => drop(node.rows.insert(row.id, *row)),
                Effect::Gone(record) => drop(node.rows.remove(&record)),
                Effect::Observed(observation) => node.observed.push(observation),
            }
        }
    }

    fn send(&mut self, from: NodeId, link: LinkId, frame: Vec<u8>) {
        let Some(link) = self.links.get_mut(&link) else { return };
        let way = &mut link.ways[usize::from(link.ends[0] != from)];
        way.sent_bytes += frame.len();
        way.sent.push(frame.clone());
        way.frames.push_back(frame);
    }

    fn close(&mut self, from: NodeId, link: LinkId) {
        let Some(link) = self.links.get_mut(&link) else { return };
        link.ways[usize::from(link.ends[0] != from)].closed = true;
    }

    /// Delivers the next frame that `ends[from]` sent over a link. Returns whether there was anything.
    pub fn deliver(&mut self, id: LinkId, from: usize) -> bool {
        let Some(link) = self.links.get_mut(&id) else { return false };
        let (to, way) = (link.ends[1 - from], &mut link.ways[from]);
        match way.frames.pop_front() {
            Some(_) if to == NOBODY => {}
            Some(frame) => self.handle(to, Event::Frame(ConnId(id.0), frame)),
            None if way.closed => self.cut(id),
            None => return false,
        }
        true
    }

    /// Writes a node's next batch and reports it. Returns whether there was one.
    pub fn write_next(&mut self, id: NodeId) -> bool {
        let Some(persist) = self.apply_next(id) else { return false };
        if let Some(event) = persist {
            self.handle(id, event);
        }
        true
    }

    /// Writes a node's next batch and keeps the report of it.
    pub fn apply_next(&mut self, id: NodeId) -> Option<Option<Event>> {
        let node = &mut self.nodes[id.0];
        if node.stuck || node.engine.is_none() {
            return None;
        }
        Some(match node.orders.pop_front()? {
            Order::Resume => {
                node.refusing = false;
                None
            }
            Order::Write { id, batch, durable } => {
                node.refusing |= node.failing;
                if node.refusing {
                    Some(Event::NotPersisted(id, "the disk is full".into()))
                } else {
                    node.shelf.apply(batch, durable);
                    Some(Event::Persisted(id))
                }
            }
        })
    }

    /// What can happen next.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (id, link) in &self.links {
            for (from, way) in link.ways.iter().enumerate() {
                if !way.frames.is_empty() || way.closed {
                    steps.push(Step::Deliver(*id, from));
                }
            }
        }
        for (number, node) in self.nodes.iter().enumerate() {
            if !node.orders.is_empty() && !node.stuck && node.engine.is_some() {
                steps.push(Step::Write(NodeId(number)));
            }
            if node.engine.as_ref().is_some_and(Engine::has_stale_rows) {
                steps.push(Step::Derive(NodeId(number)));
            }
        }
        steps
    }

    /// Lets one thing happen that can, by chance. Returns false when nothing can.
    pub fn step(&mut self) -> bool {
        let steps = self.steps();
        if steps.is_empty() {
            return false;
        }
        let chosen = steps[self.chance.below(steps.len())];
        self.take(chosen);
        true
    }

    /// Lets one thing happen.
    pub fn take(&mut self, step: Step) {
        match step {
            Step::Deliver(link, from) => drop(self.deliver(link, from)),
            Step::Write(node) => drop(self.write_next(node)),
            Step::Derive(node) => self.handle(node, Event::Idle),
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, milliseconds: u64) {
        self.now.moment.0 += milliseconds;
        self.now.wall.0 += (milliseconds / 1000) as i64;
        self.up().into_iter().for_each(|node| self.handle(node, Event::Tick));
    }

    /// Lets everything happen that can, and this many seconds pass.
    ///
    /// # Panics
    /// If that takes so many steps that it must be going round in circles.
    pub fn pass(&mut self, seconds: usize) {
        self.pass_until_quiet_for(usize::MAX, seconds);
    }

    /// Lets everything happen that can, and time pass, until for a while nothing more does.
    ///
    /// # Panics
    /// If that takes so many steps that it must be going round in circles.
    pub fn settle(&mut self) {
        self.pass_until_quiet_for(12, usize::MAX);
    }

    fn pass_until_quiet_for(&mut self, seconds: usize, at_most: usize) {
        let (mut quiet, mut passed, mut steps) = (0, 0, 0);
        while quiet < seconds && passed < at_most {
            let mut busy = false;
            while self.step() {
                busy = true;
                steps += 1;
                assert!(steps < 200_000, "the nodes never come to rest");
            }
            quiet = if busy { 0 } else { quiet + 1 };
            passed += 1;
            self.tick(1_000);
        }
    }

    /// The digest of each node that is up.
    pub fn digests(&self) -> Vec<Digest> {
        self.nodes.iter().filter_map(|node| node.engine.as_ref()).map(|engine| engine.ledger().digest()).collect()
    }

    /// Every record a node holds, as it sees it.
    pub fn views(&mut self, id: NodeId) -> BTreeMap<RecordId, RecordView> {
        let records: Vec<RecordId> = self.nodes[id.0].rows.keys().copied().collect();
        records.into_iter().map(|record| (record, self.view(id, record))).collect()
    }

    /// Checks that all nodes that are up hold the same and show the same.
    ///
    /// # Panics
    /// If they do not.
    pub fn assert_converged(&mut self) {
        let up = self.up();
        let digests = self.digests();
        let frontiers: Vec<_> = up.iter().map(|id| self.engine(*id).ledger().frontier().clone()).collect();
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "digests differ: {frontiers:?}");
        let first = self.views(up[0]);
        for id in up {
            let views = self.views(id);
            assert!(views.keys().eq(first.keys()), "node {} holds other records", id.0);
            for (record, view) in &views {
                assert_eq!(view, &first[record], "node {} shows another {record:?}", id.0);
                let row = &self.nodes[id.0].rows[record];
                assert_eq!(
                    (&row.record.title, row.set_aside + row.waiting, &row.updated),
                    (&title(view), view.standstills.len(), &view.updated),
                    "node {} has an old row",
                    id.0
                );
            }
        }
    }

    /// The reasons for which a node ended sessions.
    pub fn ended(&self, id: NodeId) -> Vec<Reason> {
        let reason = |observation: &Observation| match observation {
            Observation::SessionEnded { reason, .. } => Some(*reason),
            _ => None,
        };
        self.nodes[id.0].observed.iter().filter_map(reason).collect()
    }
}

fn title(view: &RecordView) -> String {
    view.fields.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn stored_rows(shelf: &MemoryShelf) -> BTreeMap<RecordId, Row> {
    use crate::{engine::rows, shelf::Shelf, shelf::Table};
    let mut found = BTreeMap::new();
    let scanned = shelf.scan(Table::Records, &[], None, &mut |_, value| {
        let row = rows::decode(&value).expect("a row that this version wrote");
        found.insert(row.id, row);
        true
    });
    scanned.expect("memory can be read");
    found
}

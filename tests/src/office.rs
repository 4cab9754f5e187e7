//! An office as the tests use it: a real node on a directory of its own.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use toguna::{
    app::{self, App, Settings, StartError, SubmitError},
    net::NetSettings,
    pack::Pack,
    sample::Samples,
    store::{self, TipFile},
};
use toguna_protocol::{
    engine::{Command, Intent, RecordView, Saved, own_tip},
    ids::RecordId,
    record::Kind,
};

use crate::eventually;

/// The network of a test that has only one.
pub const SECRET: &[u8] = b"the offices of this test, and nobody else";

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Arc::new(Pack::embedded()));

/// An office's node. Dropping it is a power cut for everything but the disk.
pub struct Office {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The node; absent while it is down.
    pub app: Option<App>,
    key_name: String,
    peers: Vec<SocketAddr>,
    secret: Vec<u8>,
    directory: PathBuf,
    /// What keeps the directory alive.
    _home: Option<TempDir>,
    /// How its store is opened.
    pub store: store::Options,
    /// Seconds by which its clock is ahead.
    pub clock_ahead: i64,
}

impl Office {
    /// A new office that dials nobody yet. Call [`Office::start`].
    pub fn new(name: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let directory = home.path().join("data");
        let mut office = Office::at(name, &directory);
        office._home = Some(home);
        office
    }

    /// An office on a directory that may hold something.
    pub fn at(name: &str, directory: &Path) -> Self {
        Office {
            name: name.to_owned(),
            key_name: name.to_owned(),
            address: free_address(),
            app: None,
            peers: Vec::new(),
            secret: SECRET.to_vec(),
            directory: directory.to_owned(),
            _home: None,
            store: store::Options::default(),
            clock_ahead: 0,
        }
    }

    /// Gives it another network's secret.
    pub fn with_secret(mut self, secret: &[u8]) -> Self {
        self.secret = secret.to_vec();
        self
    }

    /// An address it keeps dialling.
    pub fn dials(mut self, peer: SocketAddr) -> Self {
        self.peers.push(peer);
        self
    }

    /// Gives it a fixed address.
    pub fn listening_at(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Gives it the device key of another office: a copy of that office's machine.
    pub fn copy_of(mut self, other: &Office) -> Self {
        self.key_name = other.key_name.clone();
        self
    }

    /// The device's secret key.
    pub fn device_key(&self) -> [u8; 32] {
        toguna_protocol::ids::NetworkId::of_secret(self.key_name.as_bytes()).0
    }

    /// Makes the files that tell a copied store from its original agree, as they do in the copy of a whole disk.
    ///
    /// # Panics
    /// If there is no store.
    pub fn believe_it_never_moved(&self) {
        let opened = store::open(&self.directory, &self.store).expect("the store opens");
        let (feed, tip) = own_tip(&opened.store).expect("the store reads").expect("the store has an own feed");
        let mut file = TipFile::open(&self.directory).expect("the tip file opens");
        file.record(store::tip::Tip { feed, seq: tip.seq, hash: tip.hash }).expect("the tip file is written");
    }

    /// Starts the node.
    pub async fn try_start(&mut self) -> Result<(), StartError> {
        let mut net = NetSettings::new(self.device_key());
        let multiaddr = |address: &SocketAddr| {
            format!("/ip4/{}/tcp/{}", address.ip(), address.port()).parse().expect("an address is well formed")
        };
        net.listen = vec![multiaddr(&self.address)];
        net.peers = self.peers.iter().map(multiaddr).collect();
        let settings = Settings {
            data_dir: self.directory.clone(),
            name: self.name.clone(),
            region: None,
            device_key: self.device_key(),
            network_secret: self.secret.clone(),
            pack: PACK.clone(),
            net: Some(net),
            store: self.store.clone(),
            clock_ahead: self.clock_ahead,
        };
        self.app = Some(app::open(settings).await?);
        Ok(())
    }

    /// Starts the node.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(&mut self) {
        self.try_start().await.unwrap_or_else(|error| panic!("{} does not start: {error}", self.name));
    }

    /// Stops the node in good order.
    pub async fn stop(&mut self) {
        if let Some(app) = self.app.take() {
            app.stop().await;
        }
    }

    /// The running node.
    ///
    /// # Panics
    /// While it is down.
    pub fn app(&self) -> &App {
        self.app.as_ref().expect("the office is up")
    }

    /// Carries out an intent as a person of this office.
    pub async fn submit(&self, intent: Intent) -> Result<Saved, SubmitError> {
        self.app().submit(Command { person: format!("officer of {}", self.name), reason: None, intent }).await
    }

    /// Makes a conflict.
    ///
    /// # Panics
    /// If it is not saved.
    pub async fn conflict(&self, title: &str, narrative: &str) -> RecordId {
        let fields = json!({"title": title, "narrative": narrative});
        self.submit(Intent::Create(Kind::Conflict, fields)).await.expect("a conflict is saved").record
    }

    /// Enters made-up records, the first `count` of a seed.
    ///
    /// # Panics
    /// If one is not saved.
    pub async fn enter_samples(&self, seed: u64, count: usize) -> Vec<RecordId> {
        let mut records = Vec::with_capacity(count);
        let drafts: Vec<_> = Samples::new(&PACK, seed).take(count).collect();
        for draft in drafts {
            let saved = self.submit(Intent::Create(draft.kind, Value::Object(draft.record))).await;
            records.push(saved.expect("a made-up record is saved").record);
        }
        records
    }

    /// Patches a record as it is seen here now.
    pub async fn patch(&self, record: RecordId, patch: Value) -> Result<Saved, SubmitError> {
        let heads = self.view(record).await.heads;
        self.submit(Intent::Patch(record, heads, patch)).await
    }

    /// A record as it is here.
    ///
    /// # Panics
    /// If it is not here.
    pub async fn view(&self, record: RecordId) -> RecordView {
        self.app().record(record).await.expect("the record is here")
    }

    /// Whether a record is here.
    pub async fn holds(&self, record: RecordId) -> bool {
        self.app().record(record).await.is_ok()
    }

    /// The digest of all it holds.
    pub async fn digest(&self) -> String {
        self.app().status().await.expect("the node runs").digest
    }
}

/// Waits until all these offices hold the same.
///
/// # Panics
/// If they do not come to agree.
pub async fn converge(offices: &[&Office]) {
    eventually("all offices hold the same", async || {
        let first = offices[0].digest().await;
        for office in &offices[1..] {
            if office.digest().await != first {
                return false;
            }
        }
        true
    })
    .await;
}

/// An address nobody listens on.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("a bound socket has an address")
}

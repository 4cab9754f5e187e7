//! Offices for the measurement: the real program on its own directory, each in a namespace of the link.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use toguna::{
    config::{self, NetworkSecret, NewOffice, SECRET_FILE, SecretSource},
    pack::Pack,
    store::{self, Durability, TipFile},
};
use toguna_protocol::{
    engine::own_tip,
    ids::RecordId,
    shelf::{Batch, Shelf, Table},
    testing::MemoryShelf,
};
use toguna_tests::pair::Desk;

use crate::emulator::{self, ADDRESSES};

/// Where the program answers, within its namespace.
const HTTP: &str = "127.0.0.1:7373";

/// How often an office is asked how it stands.
const ASKING: Duration = Duration::from_millis(25);

/// How long a program may take to end.
const STOPPING: Duration = Duration::from_secs(15);

/// Bytes of rows that go into a store at once.
const BATCH: usize = 512 * 1024;

/// Makes an office's directory, without a store.
pub(crate) fn make(directory: &Path, name: &str, secret: &Path) {
    let source = SecretSource::Create(secret.to_owned());
    let office = NewOffice { data_dir: directory, name, region: None, pack: None, secret: source };
    config::create(&office).expect("an office can be set up in a new directory");
}

/// The engine of an office that was made.
pub(crate) fn desk(directory: &Path, name: &str, pack: &Pack) -> Desk {
    let key = fs::read(directory.join("device.key")).expect("the office has a key");
    let secret = NetworkSecret::read(&directory.join(SECRET_FILE)).expect("the office has the secret");
    let key = key.try_into().expect("a key has 32 bytes");
    Desk::of(name, key, secret.as_bytes(), Arc::new(pack.vocabulary()))
}

/// Another directory of an office, with a store that holds this.
pub(crate) fn settle(from: &Path, to: &Path, shelf: &MemoryShelf) {
    fs::create_dir_all(to).expect("a directory can be made");
    for file in [config::FILE, SECRET_FILE, "device.key", "api.token"] {
        fs::copy(from.join(file), to.join(file)).expect("a file can be copied");
    }
    let opened = store::open(to, &store::Options::default()).expect("a new store opens");
    let (mut batch, mut batches) = (Batch::default(), Vec::new());
    for table in Table::ALL {
        let put = &mut |key: &[u8], value: Vec<u8>| {
            batch.put(table, key, value);
            if batch.size() > BATCH {
                batches.push(std::mem::take(&mut batch));
            }
            true
        };
        shelf.scan(table, &[], None, put).expect("memory can be read");
    }
    batches.push(batch);
    opened.store.commit_all(&batches, Durability::Durable).expect("the store takes rows");
    let (feed, tip) = own_tip(&opened.store).expect("the store reads").expect("the office has written");
    let mut file = TipFile::open(to).expect("the tip file opens");
    file.record(store::tip::Tip { feed, seq: tip.seq, hash: tip.hash }).expect("the tip file is written");
}

/// How an office stood, and when.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) digest: String,
    /// Whether it knows of a peer that neither lacks anything.
    pub(crate) level: bool,
    /// Since when the record that is looked for can be read.
    pub(crate) readable: Option<Instant>,
    pub(crate) at: Instant,
}

/// A running office. Dropping it ends the program.
pub(crate) struct Running {
    child: Child,
    watch: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
    seen: Arc<Mutex<Option<Seen>>>,
}

impl Running {
    /// Starts the program on a directory, at one end of a link, and waits until it answers.
    pub(crate) fn start(program: &Path, directory: &Path, side: usize, space: &str, wanted: RecordId) -> Self {
        let log = fs::File::create(directory.join("log")).expect("a log can be made");
        let at = |side: usize| format!("/ip4/{}/tcp/7374", ADDRESSES[side]);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", space]).arg(program).arg("--data-dir").arg(directory);
        command.args(["--log-level", "info,toguna=debug", "run", "--no-mdns", "--http", HTTP, "--listen", &at(side)]);
        // As in an office's settings, one of the two knows the other's address.
        if side == 0 {
            command.args(["--peer", &at(1)]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let child = child.expect("the program starts");
        let (over, seen) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Option<Seen>>>::default());
        let watching = Watching {
            space: space.to_owned(),
            token: fs::read_to_string(directory.join("api.token")).expect("the office has a token"),
            wanted,
            over: over.clone(),
            seen: seen.clone(),
        };
        let watch = Some(std::thread::spawn(move || watching.run()));
        let running = Running { child, watch, over, seen };
        while running.seen().is_none() {
            std::thread::sleep(ASKING);
        }
        running
    }

    /// How it stood when it was last asked.
    pub(crate) fn seen(&self) -> Option<Seen> {
        self.seen.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(watch) = self.watch.take() {
            // It panicked: then there was nothing to see.
            let _panicked = watch.join();
        }
        // In good order, as a person ends it; it may have ended by itself.
        if let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ended = kill_process(id, Signal::TERM);
        }
        let asked = Instant::now();
        while asked.elapsed() < STOPPING && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(ASKING);
        }
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Asks one office again and again.
struct Watching {
    space: String,
    token: String,
    wanted: RecordId,
    over: Arc<AtomicBool>,
    seen: Arc<Mutex<Option<Seen>>>,
}

impl Watching {
    fn run(self) {
        emulator::enter(&self.space).expect("the namespace is there");
        let mut readable = None;
        while !self.over.load(Ordering::SeqCst) {
            std::thread::sleep(ASKING);
            let Some(status) = self.get("/api/v1/status") else { continue };
            let at = Instant::now();
            if readable.is_none() && self.get(&format!("/api/v1/records/{}", self.wanted)).is_some() {
                readable = Some(Instant::now());
            }
            let nothing = |peer: &Value| peer["lacking"] == 0 && peer["waiting_to_leave"] == 0;
            let level = status["peers"].as_array().is_some_and(|peers| peers.iter().any(nothing));
            let digest = status["digest"].as_str().unwrap_or_default().to_owned();
            *self.seen.lock().expect("nobody panics with it") = Some(Seen { digest, level, readable, at });
        }
    }

    /// One answer as JSON; none where there is no good one.
    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(HTTP).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let token = self.token.trim();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {HTTP}\r\nAuthorization: Bearer {token}\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8(answer).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        head.split(' ').nth(1).filter(|code| *code == "200")?;
        serde_json::from_str(body).ok()
    }
}

/// The program to measure: beside this one, built for release.
pub(crate) fn program() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let beside = here.parent().and_then(Path::parent).map(|profile| profile.join("toguna"));
    beside
        .filter(|program| program.exists())
        .ok_or_else(|| "the program is not built: cargo build --release -p toguna, then measure again".to_owned())
}

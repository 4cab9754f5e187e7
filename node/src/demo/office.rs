//! One office of the demonstration: its directory, and its node as a child process.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use toguna_protocol::ids::UnixSeconds;
use tokio::process::{Child, ChildStdin, Command};

use super::DemoError;
use crate::{
    accounts::{AccountName, Accounts, NameError, Role},
    client::Client,
    config::{self, NODE_FILE, NewOffice, Running, SecretSource},
    web::{TOKEN_FILE, Token},
};

/// An office's place in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// In directory names, link names and JSON.
    pub(super) key: &'static str,
    /// For people.
    pub(super) name: &'static str,
    /// Its region.
    pub(super) region: &'static str,
}

/// The three offices, along the line of their links.
pub(super) const OFFICES: [Place; 3] = [
    Place { key: "kidal", name: "Kidal", region: "ML-8" },
    Place { key: "gao", name: "Gao", region: "ML-7" },
    Place { key: "bamako", name: "Bamako", region: "ML-BKO" },
];

/// How long a node may take to come up: seconds on a slow disk.
const COMING_UP: Duration = Duration::from_secs(30);
/// How long a node may take to stop in order.
const GOING_DOWN: Duration = Duration::from_secs(8);
/// How often a node that comes up is looked for.
const LOOK: Duration = Duration::from_millis(25);
/// Lines of a log that are shown when its node ended by itself.
const LAST_WORDS: usize = 3;

/// An office.
pub(super) struct DemoOffice {
    pub(super) place: Place,
    directory: PathBuf,
    http: SocketAddr,
    listen: SocketAddr,
    client: Client,
    /// Held while its node is started or ended, which happens one after the other.
    switch: tokio::sync::Mutex<()>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Where the node dials to reach the next office.
    dials: Option<SocketAddr>,
    /// The page where links are cut and restored, for the node's pages to name.
    links_page: Option<String>,
    /// Seconds by which its clock is ahead, from the next start on.
    clock_ahead: i64,
    running: Option<Process>,
}

/// A node's process. It stops when its input ends, so it never outlives this one, however this one ends.
struct Process {
    child: Child,
    _input: Option<ChildStdin>,
}

impl DemoOffice {
    /// Sets the office up in a directory of its own. `port`: where its pages are to be, if nobody else is there.
    pub(super) fn prepare(place: Place, ground: &Path, secret: &Path, port: u16) -> Result<Self, DemoError> {
        let directory = ground.join(place.key);
        let secret = SecretSource::File(secret.to_owned());
        let new = NewOffice { data_dir: &directory, name: place.name, region: Some(place.region), pack: None, secret };
        config::create(&new)?;
        make_accounts(&directory)?;
        let http = free_port(port)?;
        let token = Token::read(&directory).map_err(config::ConfigError::from)?;
        let client = Client::http(&format!("http://{http}"), token)
            .map_err(|source| DemoError::Asking { office: place.name, source })?;
        let (switch, inner) = (tokio::sync::Mutex::default(), Mutex::new(Inner::default()));
        Ok(DemoOffice { place, directory, http, listen: free_port(0)?, client, switch, inner })
    }

    /// Where other offices reach it.
    pub(super) fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Where its HTTP interface is.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The file that opens its HTTP interface.
    pub(super) fn token_file(&self) -> PathBuf {
        self.directory.join(TOKEN_FILE)
    }

    /// Where it keeps everything.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its HTTP interface, used in a person's name.
    pub(super) fn client_of(&self, person: &str) -> Client {
        self.client.clone().speaking_for(Some(person), None)
    }

    /// Its HTTP interface.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic while it was held left it whole: each access is one assignment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a link to the office behind `address` from the next start on.
    pub(super) fn dial(&self, address: SocketAddr) {
        self.inner().dials = Some(address);
    }

    /// Lets its pages name the page where links are cut and restored, from the next start on.
    pub(super) fn name_links_page(&self, url: String) {
        self.inner().links_page = Some(url);
    }

    /// The process id of its node, if one runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.inner().running.as_ref().and_then(|process| process.child.id())
    }

    /// Sets its clock wrong by so many seconds, from the next start on.
    pub(super) fn set_clock(&self, ahead: i64) {
        self.inner().clock_ahead = ahead;
    }

    /// Seconds by which its clock is ahead.
    pub(super) fn clock_ahead(&self) -> i64 {
        self.inner().clock_ahead
    }

    /// Whether its node runs.
    pub(super) fn is_up(&self) -> bool {
        self.inner().running.as_mut().is_some_and(|process| matches!(process.child.try_wait(), Ok(None)))
    }

    /// Starts its node, unless it runs, and returns when it can be asked.
    pub(super) async fn start(&self) -> Result<(), DemoError> {
        let _alone = self.switch.lock().await;
        if self.is_up() {
            return Ok(());
        }
        let process = self.spawn()?;
        let pid = process.child.id();
        self.inner().running = Some(process);
        let begun = Instant::now();
        loop {
            let told = fs::read(self.directory.join(NODE_FILE)).ok();
            let told: Option<Running> = told.and_then(|text| serde_json::from_slice(&text).ok());
            if told.is_some_and(|running| Some(running.pid) == pid) && self.client.status().await.is_ok() {
                return Ok(());
            }
            if !self.is_up() || begun.elapsed() > COMING_UP {
                return Err(DemoError::Ended { office: self.place.name, words: self.last_words() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn spawn(&self) -> Result<Process, DemoError> {
        let failed = |doing: &str| DemoError::io(format!("{doing} the node of {}", self.place.name));
        let program = std::env::current_exe().map_err(failed("finding the program for"))?;
        let log =
            File::options().create(true).append(true).open(self.log_file()).map_err(failed("opening the log of"))?;
        let mut command = Command::new(program);
        command.arg("run").arg("--data-dir").arg(&self.directory);
        command.arg("--http").arg(self.http.to_string());
        command.arg("--listen").arg(multiaddr(self.listen));
        if let Some(address) = self.inner().dials {
            command.arg("--peer").arg(multiaddr(address));
        }
        command.arg("--demo-visitor").arg(account_name(VISITOR));
        if let Some(url) = &self.inner().links_page {
            command.arg("--demo-links").arg(url);
        }
        command.arg(format!("--clock-ahead={}", self.clock_ahead()));
        command.args(["--no-mdns", "--log", "json", "--until-input-ends"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        // Ctrl-C is for this process alone, which then stops its nodes in order.
        command.process_group(0);
        let mut child = command.spawn().map_err(failed("starting"))?;
        Ok(Process { _input: child.stdin.take(), child })
    }

    /// Ends its node as a power cut would: `kill -9`.
    pub(super) async fn kill(&self) {
        let _alone = self.switch.lock().await;
        let process = self.inner().running.take();
        if let Some(mut process) = process {
            // An error means that it has ended already.
            let _ = process.child.kill().await;
        }
    }

    /// Lets its node stop in order; ends it if it takes too long.
    pub(super) async fn stop(&self) {
        let _alone = self.switch.lock().await;
        let process = self.inner().running.take();
        if let Some(Process { mut child, _input: input }) = process {
            drop(input);
            if tokio::time::timeout(GOING_DOWN, child.wait()).await.is_err() {
                // An error means that it has ended meanwhile.
                let _ = child.kill().await;
            }
        }
    }

    /// Where its node's log lines go.
    pub(super) fn log_file(&self) -> PathBuf {
        self.directory.join("node.log")
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join(" / ")
    }
}

/// What a visitor is who has chosen nothing yet: somebody who may do what a record needs.
const VISITOR: Role = Role::RegionalOfficer;

fn account_name(role: Role) -> String {
    format!("Démo – {}", role.fr())
}

/// Makes an account of every role, for its visitors to try. No password opens them.
fn make_accounts(directory: &Path) -> Result<(), DemoError> {
    let named = |role| Ok((AccountName::new(&account_name(role))?, role));
    let named = Role::ALL.into_iter().map(named).collect::<Result<Vec<_>, NameError>>()?;
    let now = UnixSeconds(jiff::Timestamp::now().as_second());
    Ok(Accounts::open(directory)?.add_unguarded(named, now)?)
}

fn multiaddr(address: SocketAddr) -> String {
    format!("/ip4/{}/tcp/{}", address.ip(), address.port())
}

/// Ports that no system gives to whoever asks for any: one that is free now still is when its node comes to listen, however
/// many connections are opened meanwhile. (Linux gives those from 32768 on, IANA says from 49152.)
const QUIET: RangeInclusive<u16> = 20_000..=29_999;
/// How many of them are tried.
const TRIES: usize = 100;

/// A loopback port that nobody has: this one if it is free, else one of the quiet ones.
pub(super) fn free_port(wished: u16) -> Result<SocketAddr, DemoError> {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr());
    if wished != 0
        && let Ok(address) = listen(wished)
    {
        return Ok(address);
    }
    for _ in 0..TRIES {
        let drawn =
            getrandom::u32().map_err(|error| DemoError::io("asking the system for random bytes")(error.into()))?;
        let port = QUIET.start() + (drawn % u32::from(QUIET.end() - QUIET.start())) as u16;
        if let Ok(address) = listen(port) {
            return Ok(address);
        }
    }
    listen(0).map_err(DemoError::io("looking for a free port"))
}

//! What an office's node is told before it starts: the data directory, its settings file and its secrets.
//!
//! ```text
//! DATA_DIR/toguna.toml     the settings, written by `toguna init`, for people to edit
//!          device.key      32 bytes, owner only: this machine's identity and signature
//!          network.secret  one line, owner only: what every office of the network shares
//!          api.token       one line, owner only: opens the HTTP interface
//!          tls.pem         certificate and key, owner only: shown to other machines, see [`crate::certificate`]
//!          node.json       while a node runs: its process id and HTTP address
//!          accounts.json   who may sign in, see [`crate::accounts`]
//!          …               the store's own files, see [`crate::store`]
//! ```
//!
//! The file is parsed once, by [`Config::read`]; what a command's flags say is laid over it ([`Overrides`]), and what
//! neither says has a default. Nothing else in the program reads settings.

mod new;
mod raw;
mod running;
mod secrets;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use libp2p::Multiaddr;
use toguna_protocol::ids::NetworkId;

pub(crate) use self::raw::multiaddr;
pub use self::{
    new::{Made, NewOffice, SecretSource, create},
    raw::{FILE, LogFormat},
    running::{NODE_FILE, Running, RunningError},
    secrets::{NetworkSecret, SECRET_FILE, SecretError},
};
use crate::{
    certificate::{self, Certificate, CertificateError},
    pack::{Pack, PackError},
    store::EngineKind,
    web::{Token, TokenError},
};

/// Where the HTTP interface listens if nobody says otherwise: this machine only.
pub const DEFAULT_HTTP: &str = "127.0.0.1:7373";

/// Where other offices reach this one if nobody says otherwise.
pub const DEFAULT_LISTEN: [&str; 2] = ["/ip4/0.0.0.0/tcp/7374", "/ip4/0.0.0.0/udp/7374/quic-v1"];

/// The settings of one office, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything of the office lies.
    pub data_dir: PathBuf,
    /// The office's name.
    pub name: String,
    /// The key of its region; absent for the national team.
    pub region: Option<String>,
    /// The country pack.
    pub pack: Arc<Pack>,
    /// The network that the office was set up for.
    pub network: NetworkId,
    /// Where the HTTP interface listens.
    pub http: SocketAddr,
    /// Where other offices reach this one.
    pub listen: Vec<Multiaddr>,
    /// Offices to keep a link to.
    pub peers: Vec<Multiaddr>,
    /// Whether to look for offices on the local network.
    pub mdns: bool,
    /// How log lines are written; absent: as text on a terminal, as JSON elsewhere.
    pub log: Option<LogFormat>,
    /// What a new store is made with; absent: the default, and whatever an existing one was made with.
    pub store_engine: Option<EngineKind>,
    /// How other machines reach it.
    pub tls: Tls,
}

/// How the HTTP interface is served to other machines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// A certificate that somebody else made, and its private key; absent: the office's own.
    pub given: Option<(PathBuf, PathBuf)>,
    /// Further names under which browsers may address this node.
    pub names: Vec<String>,
    /// On addresses of this machine to itself too.
    pub always: bool,
}

/// What a command's flags say; each comes before the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Where the HTTP interface listens.
    pub http: Option<SocketAddr>,
    /// Where other offices reach this one; empty for what the file says.
    pub listen: Vec<Multiaddr>,
    /// Offices to keep a link to, beside those of the file.
    pub peers: Vec<Multiaddr>,
    /// Do not look for offices on the local network.
    pub no_mdns: bool,
    /// How log lines are written.
    pub log: Option<LogFormat>,
}

/// The settings cannot be used. Says which file and field, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no office in the directory.
    #[error(
        "there is no office in {}: set one up with `toguna init`, or name another directory with --data-dir",
        .0.display()
    )]
    NoOffice(PathBuf),
    /// There is an office in the directory already.
    #[error("there is an office in {} already: choose another directory for a new one", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The settings file is not well formed, or has a field that does not belong there.
    #[error("{}, line {line}: {problem}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A field of the settings file, or a flag, has a value that cannot be.
    #[error("{place}: {problem}")]
    Field {
        /// The file with the field, or the flag.
        place: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// `network.secret` opens another network than the one the office was set up for.
    #[error(
        "the file {SECRET_FILE} belongs to another network than this office: put the right one back, \
         or set up a new office for the other network"
    )]
    OtherNetwork,
    /// A secret is missing or malformed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The token of the HTTP interface is missing, malformed or could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The country pack cannot be used.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl ConfigError {
    fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> ConfigError + 'a {
        move |source| ConfigError::Io { doing, path: path.to_owned(), source }
    }
}

impl Config {
    /// Reads and checks the settings of the office in `data_dir`.
    pub fn read(data_dir: &Path) -> Result<Self, ConfigError> {
        raw::read(data_dir)?.check(data_dir)
    }

    /// Lays a command's flags over the file.
    pub fn with(mut self, flags: Overrides) -> Self {
        self.http = flags.http.unwrap_or(self.http);
        if !flags.listen.is_empty() {
            self.listen = flags.listen;
        }
        for peer in flags.peers {
            if !self.peers.contains(&peer) {
                self.peers.push(peer);
            }
        }
        self.mdns &= !flags.no_mdns;
        self.log = flags.log.or(self.log);
        self
    }

    /// Whether the HTTP interface is served under TLS: wherever anybody but this machine could listen in.
    pub fn is_under_tls(&self) -> bool {
        self.tls.always || !self.http.ip().is_loopback()
    }

    /// The certificate of the HTTP interface: the one that is given, else the office's own, which is made if it is not
    /// there yet.
    pub fn certificate(&self) -> Result<Certificate, CertificateError> {
        match &self.tls.given {
            Some((certificate, key)) => Certificate::given(certificate, key),
            None => Certificate::own(&self.data_dir, &self.name, &certificate::names_here(&self.tls.names)),
        }
    }

    /// The names under which the HTTP interface may be addressed, beside those of this machine to itself.
    pub fn http_names(&self) -> Vec<String> {
        let mut names = self.tls.names.clone();
        if !self.http.ip().is_unspecified() {
            names.push(self.http.ip().to_string());
        }
        if let Some(host) = certificate::host_name().filter(|_| self.is_under_tls()) {
            names.extend([format!("{host}.local"), host]);
        }
        names
    }

    /// The device's key, which stays on this machine.
    pub fn device_key(&self) -> Result<zeroize::Zeroizing<[u8; 32]>, SecretError> {
        secrets::read_device_key(&self.data_dir)
    }

    /// What every request to the HTTP interface has to show.
    pub fn token(&self) -> Result<Token, ConfigError> {
        Ok(Token::read(&self.data_dir)?)
    }

    /// What the offices of the network share, checked against the network that the office was set up for.
    pub fn network_secret(&self) -> Result<NetworkSecret, ConfigError> {
        let secret = NetworkSecret::read(&self.data_dir.join(SECRET_FILE))?;
        if secret.network() != self.network {
            return Err(ConfigError::OtherNetwork);
        }
        Ok(secret)
    }
}

/// Refuses a region that the pack does not have, and lists those it has.
fn known_region(pack: &Pack, region: &str, place: &str) -> Result<(), ConfigError> {
    if pack.region(region).is_some() {
        return Ok(());
    }
    let known: Vec<String> =
        pack.gazetteer().regions.iter().map(|region| format!("{} ({})", region.key, region.fr)).collect();
    let problem = format!("the country pack has no region {region:?}; it has {}", known.join(", "));
    Err(ConfigError::Field { place: place.to_owned(), problem })
}

/// Refuses an office's name that cards cannot carry.
fn usable_name(name: &str, place: &str) -> Result<(), ConfigError> {
    let most = toguna_protocol::limits::MAX_OFFICE_NAME;
    let length = name.trim().chars().count();
    if (1..=most).contains(&length) && !name.contains(char::is_control) {
        return Ok(());
    }
    let problem = format!("an office's name is one line of 1 to {most} characters");
    Err(ConfigError::Field { place: place.to_owned(), problem })
}

#[cfg(test)]
mod tests;

//! The settings file as it is written, and the one place where it is checked.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use libp2p::{Multiaddr, multiaddr::Protocol};
use serde::Deserialize;
use toguna_protocol::ids::NetworkId;

use super::{Config, ConfigError, DEFAULT_HTTP, DEFAULT_LISTEN, Tls, known_region, usable_name};
use crate::{pack::Pack, store::EngineKind};

/// The settings file's name in the data directory.
pub const FILE: &str = "toguna.toml";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The file, field by field, with nothing checked but its shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    name: String,
    region: Option<String>,
    network: String,
    pack: Option<PathBuf>,
    http: Option<String>,
    listen: Option<Vec<String>>,
    #[serde(default)]
    peers: Vec<String>,
    #[serde(default = "yes")]
    mdns: bool,
    log: Option<LogFormat>,
    #[serde(default)]
    store: RawStore,
    #[serde(default)]
    tls: RawTls,
}

/// The settings that begin with `tls.`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTls {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    always: bool,
}

impl RawTls {
    fn check(self, data_dir: &Path) -> Result<Tls, (&'static str, String)> {
        let given = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some((data_dir.join(certificate), data_dir.join(key))),
            (None, None) => None,
            (Some(_), None) => {
                return Err(("tls.key", "name the file of the certificate's private key too".to_owned()));
            }
            (None, Some(_)) => return Err(("tls.certificate", "name the file of the certificate too".to_owned())),
        };
        let is_name = |name: &&String| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            !name.bytes().all(plain) || name.is_empty()
        };
        match self.names.iter().find(is_name) {
            Some(name) => Err(("tls.names", format!("{name:?} is not a name of a machine, such as gao.example.ml"))),
            None => Ok(Tls { given, names: self.names, always: self.always }),
        }
    }
}

/// The settings that begin with `store.`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStore {
    engine: Option<EngineKind>,
}

fn yes() -> bool {
    true
}

pub(super) fn read(data_dir: &Path) -> Result<Raw, ConfigError> {
    let path = data_dir.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ConfigError::NoOffice(data_dir.to_owned()));
        }
        Err(error) => return Err(ConfigError::io("reading", &path)(error)),
    };
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError::Syntax { path, line, problem: error.message().replace('\n', "; ") }
    })
}

impl Raw {
    pub(super) fn check(self, data_dir: &Path) -> Result<Config, ConfigError> {
        let file = data_dir.join(FILE);
        let place = |field: &str| format!("{}, {field}", file.display());
        let wrong = |field: &str, problem: String| ConfigError::Field { place: place(field), problem };
        let pack = match &self.pack {
            Some(directory) => Pack::load(&data_dir.join(directory))?,
            None => Pack::embedded(),
        };
        usable_name(&self.name, &place("name"))?;
        if let Some(region) = &self.region {
            known_region(&pack, region, &place("region"))?;
        }
        let network: NetworkId = self.network.parse().map_err(|error| {
            wrong("network", format!("{error}; `toguna init` wrote the right one, put it back from a copy"))
        })?;
        let http = self.http.as_deref().unwrap_or(DEFAULT_HTTP);
        let http: SocketAddr = http
            .parse()
            .map_err(|_| wrong("http", format!("{http:?} is not an address with a port, such as {DEFAULT_HTTP}")))?;
        let listen = self.listen.unwrap_or_else(|| DEFAULT_LISTEN.map(str::to_owned).to_vec());
        let addresses = |field: &str, texts: &[String]| -> Result<Vec<Multiaddr>, ConfigError> {
            texts.iter().map(|text| multiaddr(text).map_err(|problem| wrong(field, problem))).collect()
        };
        Ok(Config {
            data_dir: data_dir.to_owned(),
            name: self.name.trim().to_owned(),
            region: self.region,
            pack: Arc::new(pack),
            network,
            http,
            listen: addresses("listen", &listen)?,
            peers: addresses("peers", &self.peers)?,
            mdns: self.mdns,
            log: self.log,
            store_engine: self.store.engine,
            tls: self.tls.check(data_dir).map_err(|(field, problem)| wrong(field, problem))?,
        })
    }
}

/// An address of a node: TCP, or QUIC over UDP. Also the parser of the command line.
pub(crate) fn multiaddr(text: &str) -> Result<Multiaddr, String> {
    let example = "write it as /ip4/192.168.1.10/tcp/7374 or /ip4/192.168.1.10/udp/7374/quic-v1";
    let address: Multiaddr = text.parse().map_err(|_| format!("{text:?} is not a multiaddress: {example}"))?;
    let carried = |protocol: Protocol<'_>| matches!(protocol, Protocol::Tcp(_) | Protocol::QuicV1);
    if address.iter().any(carried) { Ok(address) } else { Err(format!("{text:?} names no port: {example}")) }
}

//! Setting up an office: its directory, keys, token and settings file.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::{
    Config, ConfigError, DEFAULT_HTTP, DEFAULT_LISTEN, FILE, NetworkSecret, SECRET_FILE, SecretError, known_region,
    secrets, usable_name,
};
use crate::{pack::Pack, web::Token};

/// Where a new office's network secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file that another office made.
    File(PathBuf),
    /// A new network: the secret is written to this file, for the other offices, if it is not there yet.
    Create(PathBuf),
}

/// What a new office is to be.
#[derive(Debug, Clone)]
pub struct NewOffice<'a> {
    /// Its directory; made if it is not there.
    pub data_dir: &'a Path,
    /// Its name.
    pub name: &'a str,
    /// The key of its region; absent for the national team.
    pub region: Option<&'a str>,
    /// A country pack other than the built-in one.
    pub pack: Option<&'a Path>,
    /// The network's secret.
    pub secret: SecretSource,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// The office's settings.
    pub config: Config,
    /// The new network's secret file, to be carried to the other offices; absent if it was there.
    pub new_secret: Option<PathBuf>,
}

/// Sets up an office. The settings file comes last: without it the directory holds no office, so a set-up that was
/// interrupted is told from one that was not.
pub fn create(office: &NewOffice<'_>) -> Result<Made, ConfigError> {
    let data_dir = office.data_dir;
    let file = data_dir.join(FILE);
    if file.exists() {
        return Err(ConfigError::Exists(data_dir.to_owned()));
    }
    let pack = match office.pack {
        Some(directory) => Pack::load(directory)?,
        None => Pack::embedded(),
    };
    usable_name(office.name, "--name")?;
    if let Some(region) = office.region {
        known_region(&pack, region, "--region")?;
    }
    let (secret, new_secret) = match &office.secret {
        SecretSource::Create(path) if !path.exists() => {
            let secret = NetworkSecret::random()?;
            secret.write(path)?;
            (secret, Some(path.clone()))
        }
        SecretSource::Create(path) | SecretSource::File(path) => (NetworkSecret::read(path)?, None),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(ConfigError::io("making", data_dir))?;
    // What an interrupted set-up left behind was never used.
    remove_leftover(&data_dir.join(SECRET_FILE))?;
    secret.write(&data_dir.join(SECRET_FILE))?;
    Token::of(data_dir)?;
    match secrets::write_device_key(data_dir) {
        Err(SecretError::Exists(_)) => drop(secrets::read_device_key(data_dir)?),
        other => other?,
    }
    let pack = office.pack.map(fs::canonicalize).transpose().map_err(ConfigError::io("finding", data_dir))?;
    let text = settings_text(office, &secret, pack.as_deref());
    secrets::write_new(&file, text.as_bytes())?;
    Ok(Made { config: Config::read(data_dir)?, new_secret })
}

fn remove_leftover(path: &Path) -> Result<(), ConfigError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ConfigError::io("removing", path)(error)),
        _ => Ok(()),
    }
}

/// The file a person finds: every setting is there, those that have a default as comments.
fn settings_text(office: &NewOffice<'_>, secret: &NetworkSecret, pack: Option<&Path>) -> String {
    // A JSON string is a TOML string.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let region = match office.region {
        Some(region) => format!("region = {}", quoted(region)),
        None => "# region = \"ML-7\"   # the national team has none".to_owned(),
    };
    let pack = match pack {
        Some(pack) => format!("pack = {}", quoted(&pack.to_string_lossy())),
        None => "# pack = \"/path/to/pack\"   # Mali's is built in".to_owned(),
    };
    let listen = DEFAULT_LISTEN.map(quoted).join(", ");
    format!(
        "# Settings of this office. The node reads them when it starts; flags of `toguna run` come before them.\n\
         name = {name}\n\
         {region}\n\n\
         # The network that {SECRET_FILE} opens. Do not change it.\n\
         network = {network}\n\n\
         # The country's regions, places and terms.\n\
         {pack}\n\n\
         # Where pages, tools and scripts reach this node. An address of this machine to itself speaks plain HTTP; any\n\
         # other, such as 0.0.0.0:7373 for everybody on the local network, TLS with the office's own certificate.\n\
         # http = {http}\n\n\
         # Where other offices reach this one, and offices to keep a link to.\n\
         # listen = [{listen}]\n\
         # peers = [\"/ip4/192.168.1.10/tcp/7374\"]\n\n\
         # Whether to look for offices on the local network.\n\
         # mdns = true\n\n\
         # Log lines: \"text\" for people, \"json\" for tools.\n\
         # log = \"text\"\n\n\
         # What a new store is made with: \"sled\", or \"redb\", which takes less room and saves more slowly.\n\
         # A store that is there is changed by `toguna store convert`.\n\
         # store.engine = \"sled\"\n\n\
         # A certificate that somebody else made, in place of the own one; further names under which browsers reach\n\
         # this node; and TLS on this machine to itself too.\n\
         # tls.certificate = \"fullchain.pem\"\n\
         # tls.key = \"privkey.pem\"\n\
         # tls.names = [\"gao.example.ml\"]\n\
         # tls.always = true\n",
        name = quoted(office.name.trim()),
        network = quoted(&secret.network().to_string()),
        http = quoted(DEFAULT_HTTP),
    )
}

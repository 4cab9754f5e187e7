//! Reaching the office of a data directory: its node, if one runs, or else its store in this process.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use toguna_protocol::ids::RecordId;

use super::{Exit, Failure};
use crate::{
    app::{self, App},
    client::Client,
    config::{Config, Running},
    store,
    web::{self, Token, WebSettings},
};

/// How long a node that is just starting is waited for.
const STARTING: Duration = Duration::from_secs(3);
/// How often it is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// An office that answers.
pub(super) struct Office {
    pub(super) client: Client,
    pub(super) config: Config,
    /// Why changes are made, where that was said.
    reason: Option<String>,
    /// The store was opened here, and is to be closed in order.
    inside: Option<App>,
}

/// Finds the node that runs on `data_dir`, or opens the store without links.
pub(super) async fn reach(data_dir: &Path, by: Option<&str>, reason: Option<&str>) -> Result<Office, Failure> {
    let config = Config::read(data_dir)?;
    let (client, inside) = match running(data_dir).await? {
        Some(node) => (client_of(&node, config.token()?)?, None),
        None => {
            let app = app::open(settings(&config)?).await?;
            let web = web_settings(&config)?;
            let token = web.token.clone();
            (Client::inside(web::router(app.clone(), web), token), Some(app))
        }
    };
    let office = Office { client: client.speaking_for(by, reason), config, reason: reason.map(str::to_owned), inside };
    if office.inside.is_some()
        && let Err(failure) = office.views_are_complete().await
    {
        office.close().await;
        return Err(failure);
    }
    Ok(office)
}

/// How a node that runs is asked. The token never leaves this machine, or only to whoever shows the certificate that the
/// node has written down.
fn client_of(node: &Running, token: Token) -> Result<Client, Failure> {
    let address: SocketAddr = match node.http.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, node.http.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, node.http.port()).into(),
        _ => node.http,
    };
    match node.certificate {
        Some(fingerprint) => Ok(Client::pinned(address, fingerprint, token)?),
        None if address.ip().is_loopback() => Ok(Client::http(&format!("http://{address}"), token)?),
        None => Err(Failure::new(
            Exit::Failed,
            format!(
                "the node at {address} speaks plain HTTP, which others could read: start it again with this version"
            ),
        )),
    }
}

/// The node that runs, waiting a moment for one that is just starting.
async fn running(data_dir: &Path) -> Result<Option<Running>, Failure> {
    let begun = tokio::time::Instant::now();
    loop {
        match Running::find(data_dir) {
            Ok(found) => return Ok(found),
            Err(busy) if begun.elapsed() >= STARTING => return Err(busy.into()),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// How the office's store is opened, without links.
pub(super) fn settings(config: &Config) -> Result<app::Settings, Failure> {
    Ok(app::Settings {
        data_dir: config.data_dir.clone(),
        name: config.name.clone(),
        region: config.region.clone(),
        device_key: *config.device_key()?,
        network_secret: config.network_secret()?.as_bytes().to_vec(),
        pack: config.pack.clone(),
        net: None,
        store: store_options(config),
        clock_ahead: 0,
    })
}

/// How the office's store is opened.
pub(super) fn store_options(config: &Config) -> store::Options {
    store::Options { engine: config.store_engine, ..store::Options::default() }
}

/// How the office's HTTP interface is served.
pub(super) fn web_settings(config: &Config) -> Result<WebSettings, Failure> {
    let (hosts, by_number) = (config.http_names(), config.is_under_tls());
    Ok(WebSettings { token: config.token()?, office: config.name.clone(), hosts, by_number })
}

impl Office {
    /// Ends what was opened here.
    pub(super) async fn close(&self) {
        if let Some(app) = &self.inside {
            app.stop().await;
        }
    }

    /// Why changes are made, where that was said.
    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether a node runs, and not only its store was opened.
    pub(super) fn is_running(&self) -> bool {
        self.inside.is_none()
    }

    /// Waits until every stored record can be found; a node that runs answers at once, this process answers once.
    async fn views_are_complete(&self) -> Result<(), Failure> {
        let progress = super::out::spinner("Opening the store");
        loop {
            let status = self.client.status().await?;
            if status.get("views_complete").and_then(serde_json::Value::as_bool) != Some(false) {
                progress.finish_and_clear();
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The whole id of a record, from its first letters.
    pub(super) async fn record_id(&self, letters: &str) -> Result<String, Failure> {
        let letters = letters.to_ascii_lowercase();
        if letters.parse::<RecordId>().is_ok() {
            return Ok(letters);
        }
        let known = self.client.all(&[]).await?;
        let ids: Vec<&str> = known.iter().filter_map(|record| record.get("id")?.as_str()).collect();
        match unique(&letters, &ids) {
            Ok(id) => Ok(id.to_owned()),
            Err(0) => Err(Failure::new(Exit::NotFound, format!("there is no record whose id begins with {letters:?}"))),
            Err(many) => {
                let message = format!("{many} records have an id that begins with {letters:?}: give more letters");
                Err(Failure::usage(message))
            }
        }
    }
}

/// The only one of `ids` that begins with `letters`, or how many do.
pub(super) fn unique<'a>(letters: &str, ids: &[&'a str]) -> Result<&'a str, usize> {
    let found: Vec<&'a str> = ids.iter().copied().filter(|id| !letters.is_empty() && id.starts_with(letters)).collect();
    match found[..] {
        [one] => Ok(one),
        _ => Err(found.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_for_one_id_or_none() {
        let ids = ["abcd", "abef", "xyz"];
        for (letters, expected) in
            [("abc", Ok("abcd")), ("xyz", Ok("xyz")), ("ab", Err(2)), ("q", Err(0)), ("", Err(0))]
        {
            assert_eq!(unique(letters, &ids), expected, "{letters}");
        }
    }
}

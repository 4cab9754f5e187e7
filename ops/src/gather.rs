//! Asking nodes how they stand. The structs hold what is compared and reported, and ignore the rest of an answer.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use toguna_protocol::ids::{AuthorKey, FeedId, NetworkId, Seq};

use crate::pinned::{self, Fingerprint};

/// A node to ask.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its address, as in `http://127.0.0.1:7373` on this machine, `https://192.168.1.10:7373` elsewhere.
    pub url: String,
    /// The file with its token.
    pub token_file: PathBuf,
    /// The certificate that it must show, where its address is one of `https`.
    pub certificate: Option<Fingerprint>,
}

/// What came of asking one node.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The node's address.
    pub url: String,
    /// How it stands; absent if it did not say.
    pub status: Option<Status>,
    /// Why it did not say.
    pub error: Option<String>,
}

/// A node's `/api/v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The node.
    pub node: Node,
    /// Its network.
    pub network: NetworkId,
    /// Equal on two nodes that hold the same.
    pub digest: String,
    /// Feed → highest number held.
    pub frontier: BTreeMap<FeedId, Seq>,
    /// Whether its lists and counts are whole.
    pub views_complete: bool,
    /// Records by kind.
    pub counts: Counts,
    /// Its store.
    pub store: Store,
    /// The offices, as far as it knows them.
    pub offices: Vec<Office>,
    /// Its links.
    pub peers: Vec<Peer>,
}

/// Who a node is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The office's name.
    pub name: String,
    /// Its device key.
    pub author: AuthorKey,
    /// The program's version.
    pub version: String,
    /// Seconds since it started.
    pub uptime_s: u64,
}

/// How many records there are of each kind, and recommendations in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Consultations.
    pub consultation: u64,
    /// Community conflicts.
    pub conflict: u64,
    /// Projects.
    pub project: u64,
    /// Recommendations.
    pub recommendation: u64,
}

impl Counts {
    /// Records of all kinds.
    pub fn records(&self) -> u64 {
        self.consultation + self.conflict + self.project
    }
}

/// A node's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Bytes on the disk.
    pub bytes: Option<u64>,
    /// Why it may hold less than it once did.
    pub doubt: Option<String>,
}

/// An office as a node knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Its device key.
    pub author: AuthorKey,
    /// Its name, once it has arrived.
    pub name: Option<String>,
    /// Entries of it that the node holds.
    pub entries: u64,
    /// When the last of them arrived; RFC 3339.
    pub last_arrived_at: Option<String>,
}

/// A link as a node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The other office's name, once known.
    pub name: Option<String>,
    /// Where it is.
    pub address: Option<String>,
    /// Whether the link stands.
    pub connected: bool,
    /// Entries that the other is not known to hold.
    pub waiting_to_leave: Option<u64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Asks all nodes at once. A node that fails is part of the answer, not an error.
///
/// # Errors
/// If no HTTP client can be set up.
pub async fn gather(targets: &[Target], patience: Duration) -> anyhow::Result<Vec<Answer>> {
    let client = reqwest::Client::builder().timeout(patience).redirect(reqwest::redirect::Policy::none()).build()?;
    let mut asking = tokio::task::JoinSet::new();
    for (at, target) in targets.iter().cloned().enumerate() {
        let client = client.clone();
        asking.spawn(async move {
            let (status, error) = match tokio::time::timeout(patience, ask(&client, &target)).await {
                Ok(Ok(status)) => (Some(status), None),
                Ok(Err(error)) => (None, Some(format!("{error:#}"))),
                Err(_) => (None, Some("the node does not answer in time".to_owned())),
            };
            (at, Answer { url: target.url, status, error })
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

async fn ask(client: &reqwest::Client, target: &Target) -> anyhow::Result<Status> {
    use anyhow::Context;
    let file = &target.token_file;
    let token = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let base = target.url.trim_end_matches('/');
    let (status, body) = if base.starts_with("https://") {
        let certificate =
            target.certificate.context("an https:// address needs the --fingerprint of its certificate")?;
        pinned::get(base, "/api/v1/status", token.trim(), certificate).await?
    } else {
        pinned::stays_here(base).await?;
        let response = client.get(format!("{base}/api/v1/status")).bearer_auth(token.trim()).send().await;
        let response = response.map_err(reqwest::Error::without_url).context("the node does not answer")?;
        (response.status().as_u16(), response.bytes().await.map_err(reqwest::Error::without_url)?)
    };
    match status {
        200 => serde_json::from_slice(&body).context("the node's answer was not understood; is it of another version?"),
        401 | 403 => anyhow::bail!("the node does not take the token of {}", file.display()),
        status => anyhow::bail!("the node answered with status {status}"),
    }
}

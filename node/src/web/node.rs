//! The node itself: status, peers, the national picture.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use toguna_protocol::engine::{Intent, Office, Saved};

use super::{
    Shared, Web,
    problem::ApiError,
    receipts::RegionBody,
    request::Author,
    shape::{NodeBody, OfficeBody, PeerBody, Peers, PictureBody, StatusBody, StoreBody},
};
use crate::{
    app::{Doubt, NodeStatus, PeerStatus},
    views::{Views, ViewsError},
};

/// How often one who waits for the views looks again.
const INDEXING: Duration = Duration::from_millis(20);

/// How long one waits for what just came in.
const CATCHING_UP: Duration = Duration::from_secs(10);

impl Web {
    /// Asks the views where a thread may wait for them.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Views) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let views = self.app.views().clone();
        Ok(blocking(move || question(&views)).await??)
    }

    /// Waits until every stored record is shown, and for a while until nothing that just came in is behind: on a busy
    /// link something always is.
    pub(super) async fn indexed(&self) -> Result<(), ApiError> {
        let began = Instant::now();
        while !self.app.views().is_complete()
            || (began.elapsed() < CATCHING_UP && self.app.ask(|engine| engine.has_stale_rows()).await?)
        {
            tokio::time::sleep(INDEXING).await;
        }
        Ok(())
    }

    /// Carries out a command and counts it.
    pub(super) async fn save(&self, author: Author, intent: Intent) -> Result<Saved, ApiError> {
        let saved = self.app.submit(author.wants(intent)).await?;
        self.metrics.saved(saved.entry.is_some());
        Ok(saved)
    }
}

/// Runs what takes long on a thread of its own.
///
/// # Errors
/// [`ApiError::Internal`] if it panicked.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(Box::new(error)))
}

/// The node in numbers: itself, its peers, what it holds, and how fresh each office's records are.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    responses((status = 200, description = "The node", body = StatusBody)),
    tag = "node"
)]
pub(super) async fn status(State(web): State<Shared>) -> Result<Json<StatusBody>, ApiError> {
    let status = web.app.status().await?;
    let peers = web.app.peers().await;
    let store = web.app.store().clone();
    let bytes = blocking(move || store.size()).await?;
    let counts = web.read(Views::counts).await?;
    let own = status.offices.iter().find(|office| office.author == status.author);
    let node = NodeBody {
        name: web.settings.office.clone(),
        region: own.and_then(|office| office.region.clone()),
        author: status.author,
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: web.metrics.uptime().as_secs(),
    };
    let doubt = web.app.doubt().map(in_words);
    Ok(Json(StatusBody {
        node,
        peers: peer_bodies(&peers, &status),
        network: status.network,
        epoch: status.epoch,
        digest: status.digest,
        frontier: status.frontier.into_iter().collect::<BTreeMap<_, _>>(),
        arrival: status.arrival,
        views_complete: web.app.views().is_complete() && !status.behind,
        counts,
        store: StoreBody { bytes: bytes.ok(), doubt },
        offices: office_bodies(&status.offices),
        regions: RegionBody::all(&status.offices),
        known_missing: status.known_missing,
    }))
}

/// Every peer that is dialled or connected.
#[utoipa::path(
    get,
    path = "/api/v1/peers",
    responses((status = 200, description = "The peers", body = Peers)),
    tag = "node"
)]
pub(super) async fn peers(State(web): State<Shared>) -> Result<Json<Peers>, ApiError> {
    let status = web.app.status().await?;
    Ok(Json(Peers { peers: peer_bodies(&web.app.peers().await, &status) }))
}

/// The merged national picture, as far as this office holds it.
#[utoipa::path(
    get,
    path = "/api/v1/picture",
    responses((status = 200, description = "The picture", body = PictureBody)),
    tag = "node"
)]
pub(super) async fn picture(State(web): State<Shared>) -> Result<Json<PictureBody>, ApiError> {
    let picture = web.read(Views::picture).await?;
    let offices = web.app.ask(|engine| engine.offices()).await?;
    Ok(Json(PictureBody { picture, offices: office_bodies(&offices) }))
}

fn in_words(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Salvaged { kept, lost: Some(lost), .. } => {
            format!("the database was damaged: {kept} values were carried over, {lost} have to come back from peers")
        }
        Doubt::Salvaged { kept, lost: None, .. } => {
            format!(
                "the database was damaged: {kept} values were carried over, others may have to come back from peers"
            )
        }
        Doubt::Imported => "the store was filled from an export: what is newer has to come back from peers".to_owned(),
    }
}

fn office_bodies(offices: &[Office]) -> Vec<OfficeBody> {
    offices.iter().map(|office| OfficeBody::of(office, offices)).collect()
}

fn peer_bodies(peers: &[PeerStatus], status: &NodeStatus) -> Vec<PeerBody> {
    let body = |peer: &PeerStatus| {
        let session = status.sessions.iter().find(|session| Some(session.peer) == peer.peer);
        let office = status.offices.iter().find(|office| Some(office.author) == peer.peer);
        PeerBody {
            author: peer.peer,
            name: office.and_then(|office| office.name.clone()),
            address: peer.addrs.first().map(ToString::to_string),
            connected: peer.connected,
            waiting_to_leave: match session {
                Some(session) => session.waiting_to_leave,
                None => peer.peer.and_then(|peer| status.waiting.get(&peer).copied()),
            },
            lacking: session.and_then(|session| session.lacking),
            last_error: peer.last_error.clone(),
            next_attempt_s: peer.next_attempt.map(|wait| wait.as_secs()),
        }
    };
    peers.iter().map(body).collect()
}

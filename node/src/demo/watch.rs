//! Asking every node how it stands, again and again.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use serde_json::Value;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, timeout},
};

use super::{
    DemoError,
    entering::Counts,
    office::{DemoOffice, OFFICES},
    relay::Link,
};
use crate::client::Client;

/// How often the table is brought up to date.
const EVERY: Duration = Duration::from_millis(300);
/// How often a node is asked while something is waited for.
const WAITING: Duration = Duration::from_millis(40);
/// How long an answer may take before the node counts as down.
const ANSWER: Duration = Duration::from_secs(5);

/// How one office stands, as its node last said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Standing {
    /// Whether its node answers.
    pub(super) up: bool,
    /// Entries it holds.
    pub(super) holds: u64,
    /// Entries that another office holds and it does not.
    pub(super) lacks: u64,
    /// Equal where the same is held.
    pub(super) digest: String,
    /// What can be found in its lists.
    pub(super) counts: Counts,
    /// Whether those are whole.
    pub(super) complete: bool,
    /// When something of each office last arrived, in the order of [`OFFICES`]; RFC 3339.
    pub(super) heard: [Option<String>; 3],
    /// Feed → highest number held.
    pub(super) frontier: BTreeMap<String, u64>,
}

/// How all offices and links stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scene {
    /// In the order of [`OFFICES`].
    pub(super) offices: [Standing; 3],
    /// Whether each link is up: Kidal–Gao, Gao–Bamako.
    pub(super) links: [bool; 2],
}

impl Scene {
    /// Whether every node is up and all hold the same.
    pub(super) fn is_converged(&self) -> bool {
        let [first, ..] = &self.offices;
        !first.digest.is_empty()
            && self.offices.iter().all(|office| office.up && office.lacks == 0 && office.digest == first.digest)
    }
}

/// Keeps an eye on the offices.
pub(super) struct Watch {
    eye: Eye,
    background: JoinHandle<()>,
}

/// What looking takes.
#[derive(Clone)]
struct Eye {
    clients: [Client; 3],
    links: Arc<[Link; 2]>,
    scenes: watch::Sender<Scene>,
}

impl Watch {
    pub(super) fn start(offices: &[DemoOffice; 3], links: Arc<[Link; 2]>) -> Self {
        let clients = [0, 1, 2].map(|at: usize| offices[at].client().clone());
        let eye = Eye { clients, links, scenes: watch::Sender::new(Scene::default()) };
        let looking = eye.clone();
        let background = tokio::spawn(async move {
            loop {
                looking.look().await;
                tokio::time::sleep(EVERY).await;
            }
        });
        Watch { eye, background }
    }

    /// How things stand, from now on.
    pub(super) fn follow(&self) -> watch::Receiver<Scene> {
        self.eye.scenes.subscribe()
    }

    /// How things stand now.
    pub(super) async fn look(&self) -> Scene {
        self.eye.look().await
    }

    /// Waits until things stand as they should. Looks anew each time, so nothing old is taken for it.
    pub(super) async fn until(
        &self,
        what: &str,
        deadline: Instant,
        as_it_should: impl Fn(&Scene) -> bool,
    ) -> Result<Scene, DemoError> {
        let begun = Instant::now();
        loop {
            let scene = self.look().await;
            if as_it_should(&scene) {
                return Ok(scene);
            }
            if Instant::now() >= deadline {
                return Err(DemoError::TooLate { what: what.to_owned(), waited: begun.elapsed() });
            }
            tokio::time::sleep(WAITING).await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.background.abort();
    }
}

impl Eye {
    async fn look(&self) -> Scene {
        let answers = self.clients.each_ref().map(|client| timeout(ANSWER, client.status()));
        let answers = futures::future::join_all(answers).await;
        let links = [self.links[0].is_up(), self.links[1].is_up()];
        let mut seen = Scene::default();
        self.scenes.send_modify(|scene| {
            for (standing, answer) in scene.offices.iter_mut().zip(answers) {
                match answer {
                    Ok(Ok(status)) => *standing = read(&status),
                    // What it last said still tells what it lacks.
                    _ => standing.up = false,
                }
            }
            scene.links = links;
            count_what_lacks(scene);
            seen = scene.clone();
        });
        seen
    }
}

fn read(status: &Value) -> Standing {
    let number = |pointer: &str| status.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let offices = status.get("offices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let heard = OFFICES.map(|place| {
        let office = offices.iter().find(|office| office.get("name").and_then(Value::as_str) == Some(place.name))?;
        Some(office.get("last_arrived_at")?.as_str()?.to_owned())
    });
    let frontier = status.get("frontier").and_then(Value::as_object).into_iter().flatten();
    let frontier: BTreeMap<String, u64> =
        frontier.map(|(feed, seq)| (feed.clone(), seq.as_u64().unwrap_or(0))).collect();
    Standing {
        up: true,
        holds: frontier.values().sum(),
        lacks: 0,
        digest: status.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned(),
        counts: Counts {
            consultations: number("/counts/consultation"),
            conflicts: number("/counts/conflict"),
            projects: number("/counts/project"),
            recommendations: number("/counts/recommendation"),
        },
        complete: status.get("views_complete").and_then(Value::as_bool).unwrap_or(true),
        heard,
        frontier,
    }
}

fn count_what_lacks(scene: &mut Scene) {
    let mut all: BTreeMap<&String, u64> = BTreeMap::new();
    for (feed, seq) in scene.offices.iter().flat_map(|office| &office.frontier) {
        let most = all.entry(feed).or_default();
        *most = (*most).max(*seq);
    }
    let all: u64 = all.values().sum();
    for office in &mut scene.offices {
        office.lacks = all - office.holds;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_office_lacks_is_what_any_other_holds_beyond_it() {
        let status = |frontier: Value| read(&json!({"digest": "d", "frontier": frontier}));
        let offices = [json!({"a": 5, "b": 1}), json!({"b": 4}), json!({"c": 2})].map(status);
        let mut scene = Scene { offices, links: [false; 2] };
        count_what_lacks(&mut scene);
        assert_eq!(scene.offices.each_ref().map(|office| (office.holds, office.lacks)), [(6, 5), (4, 7), (2, 9)]);
        assert!(!scene.is_converged(), "equal digests alone are not enough");
    }
}

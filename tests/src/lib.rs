//! What the suites of this crate share: real offices, links that can be cut, peers that misbehave; and a simulation.
//!
//! In the first four every part is the real one: the node's own store, links, driver and views, on loopback. Read
//! [`office`] first. In [`sim`] the engine is real and all around it made up, and [`check`] watches it; [`scale`]
//! does the same for more nodes than can each have a store of their own. [`demonstration`] and [`browser`] are for what
//! people see.

pub mod budget;
pub mod office;
pub mod pair;
pub mod relay;
pub mod stranger;
pub mod written;

pub mod check;
pub mod scale;
pub mod sim;
pub mod small;

pub mod demonstration;
pub mod browser;

use std::time::{Duration, Instant};

/// The longest any test waits for something that happens by itself. Far beyond what it takes, for slow machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `holds` returns true.
///
/// # Panics
/// After [`PATIENCE`], naming what was waited for.
pub async fn eventually<F: AsyncFnMut() -> bool>(what: &str, mut holds: F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < PATIENCE, "still not after {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

//! Worlds that are wholly made up, but for the engine in them: the same seed gives the same run on every machine.
//!
//! ```text
//! options ──▶ plan ──▶ world: agenda ──▶ office: Engine ──▶ store, links ──▶ agenda …
//!                        │                        everything is told to `crate::check`
//!                        └── a failure ──▶ smaller: the same with fewer offices, days and deeds
//! ```
//!
//! - [`options`], [`plan`]: what a run is asked to be, and all that will happen in it, drawn before it begins.
//! - [`clock`], [`links`], [`store`]: time, roads and disks, and how they fail.
//! - [`users`], [`liars`]: who works in the world, and who lies.
//! - [`office`], [`world`], `wires`, `deeds`: an engine and its hands; what happens there, between them, and to them.
//! - [`smaller`]: what is left of a failure when everything is left out that it can do without.

pub mod options;
pub mod clock;
pub mod plan;
pub mod links;
pub mod store;
pub mod bytes;
pub mod users;
pub mod liars;
pub mod office;
pub mod world;
mod sticks;
mod wires;
mod deeds;
pub mod smaller;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::{bytes::Bytes, clock::Time, options::Options, options::Plant, world::World};
use crate::check::{Broken, Violation};

/// What came of a run that kept all promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Virtual milliseconds from the end of the last fault until all held the same.
    pub converged_after: Time,
    /// Virtual milliseconds in all.
    pub lasted: Time,
    /// What went over the roads.
    pub bytes: Bytes,
    /// Commands that were confirmed, refused, and could not be written.
    pub commands: [u64; 3],
    /// Records in the end, and fields of theirs with concurrent values.
    pub records: [usize; 2],
    /// Bundles that were made, the bytes in them, and bundles that were refused.
    pub bundles: [u64; 3],
    /// What went wrong, as planned, by name.
    pub faults: Vec<(&'static str, u64)>,
}

/// Runs one world to its end.
///
/// # Errors
/// The first promise that was broken. A panic is one.
pub fn run(options: &Options) -> Result<Outcome, Violation> {
    toguna_protocol::plant::keep_baselines(options.plant == Some(Plant::KeepBaseline));
    toguna_protocol::plant::skip_signatures(options.plant == Some(Plant::SkipSignature));
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(options)?;
        let converged_after = world.run()?;
        let (lasted, commands, records) = (world.now(), world.commands, world.records);
        let (faults, sticks) = (world.faults.into_iter().collect(), world.sticks);
        let bundles = [sticks.made, sticks.bytes, sticks.refused];
        Ok(Outcome { converged_after, lasted, bytes: world.bytes, commands, records, bundles, faults })
    }));
    toguna_protocol::plant::skip_signatures(false);
    toguna_protocol::plant::keep_baselines(false);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(Violation { broken: Broken::Crash, rule: "panic", found: text.to_owned() })
    })
}

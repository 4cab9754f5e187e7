//! What a run is asked to be: everything that decides how it goes, so that it can be named and repeated.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// What kind of world it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Offices on thin links that are up for minutes a day, with power cuts, full disks, backups put back.
    Mali,
    /// The same, and members that lie.
    Hostile,
    /// Offices without any link, with sticks that go between them, and the same faults.
    Usb,
    /// Many offices on better links, with little to write and no faults but cuts. For still more see [`crate::scale`].
    Scale,
}

/// A known bug, planted to see whether it is found. All but the last two are planted around the product, in what the
/// simulator does for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// What is written here is reported as durable when the store begins to write it.
    EarlyAck,
    /// A restored or copied store goes on with its old feed.
    ForgetTip,
    /// Entries from peers are applied and shown as soon as they come, before they were accepted.
    ApplyUnaccepted,
    /// Of two concurrent values one is not shown.
    DropConcurrent,
    /// Signatures of entries are taken for right.
    SkipSignature,
    /// What is remembered of a peer is kept when the peer's store was put back or lost something.
    KeepBaseline,
}

impl Profile {
    /// All, with their names.
    pub const ALL: [(&'static str, Profile); 4] =
        [("mali", Profile::Mali), ("hostile", Profile::Hostile), ("usb", Profile::Usb), ("scale", Profile::Scale)];
}

impl Plant {
    /// All, with their names.
    pub const ALL: [(&'static str, Plant); 6] = [
        ("early-ack", Plant::EarlyAck),
        ("forget-tip", Plant::ForgetTip),
        ("apply-unaccepted", Plant::ApplyUnaccepted),
        ("drop-concurrent", Plant::DropConcurrent),
        ("skip-signature", Plant::SkipSignature),
        ("keep-baseline", Plant::KeepBaseline),
    ];
}

fn find<T: Copy>(all: &[(&'static str, T)], name: &str) -> Result<T, String> {
    let names = || all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or_else(|| format!("one of {}", names()))
}

fn name_of<T: PartialEq>(all: &[(&'static str, T)], value: &T) -> &'static str {
    all.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        find(&Self::ALL, name)
    }
}

impl FromStr for Plant {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        find(&Self::ALL, name)
    }
}

/// All that decides how a run goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where chance comes from.
    pub seed: u64,
    /// Honest offices.
    pub nodes: usize,
    /// Days of work and faults; after them all links stay up.
    pub days: u64,
    /// What kind of world.
    pub profile: Profile,
    /// A bug.
    pub plant: Option<Plant>,
    /// Of the plan only these deeds, by number; absent: all.
    pub only: Option<BTreeSet<usize>>,
}

impl fmt::Display for Options {
    /// The arguments that ask for this run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { seed, nodes, days, profile, plant, only } = self;
        let profile = name_of(&Profile::ALL, profile);
        write!(f, "--seed {seed} --nodes {nodes} --days {days} --profile {profile}")?;
        if let Some(plant) = plant {
            write!(f, " --plant {}", name_of(&Plant::ALL, plant))?;
        }
        if let Some(only) = only {
            let numbers: Vec<String> = only.iter().map(usize::to_string).collect();
            write!(f, " --only {}", if numbers.is_empty() { "none".to_owned() } else { numbers.join(",") })?;
        }
        Ok(())
    }
}

//! One node of many: a real engine on a shared shelf.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use toguna_protocol::{
    engine::{Engine, Settings, rows::Row},
    feed::Signer,
    frame::VERSION,
    ids::{AuthorKey, Moment, NetworkId, Now, RecordId, UnixSeconds},
    testing::{Chance, SECRET},
};

use super::shelf::{Archive, SharedShelf};
use crate::{
    check::Violation,
    sim::{
        clock::{SECOND, Time},
        users,
    },
};

/// When the world begins, in seconds since 1970.
const BEGINNING: i64 = 1_795_000_000;

/// A node.
pub(super) struct Node {
    pub(super) engine: Engine<SharedShelf>,
    pub(super) shelf: SharedShelf,
    pub(super) author: AuthorKey,
    pub(super) chance: Chance,
    /// Whether it applies what it receives.
    pub(super) applies: bool,
    /// What its views show: of a node that does not, what was written there.
    pub(super) rows: BTreeMap<RecordId, Row>,
    /// Entries written here.
    pub(super) written: usize,
    /// Whether a tick is on the agenda, and until when ticks are due even without a session.
    pub(super) ticking: bool,
    pub(super) awake_until: Time,
    /// Whether time for rows is on the agenda.
    pub(super) idling: bool,
}

/// Both clocks at a moment of the world.
pub(super) fn at(now: Time) -> Now {
    Now { wall: UnixSeconds(BEGINNING + (now / SECOND) as i64), moment: Moment(now) }
}

impl Node {
    pub(super) fn new(
        number: usize,
        applies: bool,
        archive: &Arc<Mutex<Archive>>,
        mut chance: Chance,
    ) -> Result<Self, Violation> {
        let (mut device_key, mut entropy) = ([0; 32], [0; 32]);
        device_key[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
        entropy.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&chance.draw().to_be_bytes()));
        let author = Signer::new(&device_key, NetworkId::of_secret(SECRET)).author();
        let settings = Settings {
            speaks: VERSION,
            device_key,
            network_secret: SECRET.to_vec(),
            name: format!("Office {number}"),
            region: None,
            version: "0.1.0".to_owned(),
            vocabulary: users::vocabulary(),
            entropy,
            doubt: false,
        };
        let shelf = SharedShelf::new(archive.clone());
        let opened = Engine::open(settings, shelf.clone(), at(0));
        let mut engine =
            opened.map_err(|error| Violation::safety("opens", format!("office {number} does not start: {error}")))?;
        if !applies {
            engine.hold_only();
        }
        Ok(Node {
            engine,
            shelf,
            author,
            chance,
            applies,
            rows: BTreeMap::new(),
            written: 0,
            ticking: false,
            awake_until: 0,
            idling: false,
        })
    }
}

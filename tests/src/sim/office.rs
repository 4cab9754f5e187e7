//! One honest office: a real engine on a disk that fails.

use std::collections::BTreeMap;

use toguna_protocol::{
    engine::{Engine, RecordView, Settings, rows, rows::Row},
    feed::Signer,
    frame::{OLDEST_VERSION, VERSION},
    ids::{AuthorKey, Moment, NetworkId, Now, RecordId, UnixSeconds},
    shelf::{Shelf, Table},
    testing::{Chance, SECRET},
};

use super::{
    clock::{SECOND, Time},
    store::{Store, WornShelf},
    users,
};

/// When the world begins, in seconds since 1970.
const BEGINNING: i64 = 1_795_000_000;

/// An office.
pub struct Office {
    /// What it has on disk.
    pub store: Store,
    /// Its node; absent while it is down.
    pub engine: Option<Engine<WornShelf>>,
    /// How often its node was started: what was meant for an earlier start comes to nothing.
    pub boot: u32,
    /// Its own source of chance.
    pub chance: Chance,
    /// Seconds by which its clock is ahead.
    pub clock_ahead: i64,
    /// What its views show.
    pub rows: BTreeMap<RecordId, Row>,
    /// A record that somebody has begun to edit.
    pub form: Option<RecordView>,
    /// A copy of its data directory.
    pub backup: Option<super::store::Backup>,
    /// Whether a step of its writer is on the agenda.
    pub writing: bool,
    /// Whether a tick is.
    pub ticking: bool,
    /// Whether time for rows is.
    pub idling: bool,
    /// Until when ticks are due even without a session.
    pub awake_until: Time,
    /// What it speaks: some offices run the version before, until a start after an update.
    speaks: u8,
    number: usize,
}

impl Office {
    /// An office with an empty disk, down.
    pub fn new(number: usize, store: Store, mut chance: Chance) -> Self {
        let speaks = if chance.once_in(4) { OLDEST_VERSION } else { VERSION };
        Office {
            store,
            engine: None,
            boot: 0,
            chance,
            clock_ahead: 0,
            rows: BTreeMap::new(),
            form: None,
            backup: None,
            writing: false,
            ticking: false,
            idling: false,
            awake_until: 0,
            speaks,
            number,
        }
    }

    /// Its device key.
    pub fn author(&self) -> AuthorKey {
        Signer::new(&self.device_key(), NetworkId::of_secret(SECRET)).author()
    }

    fn device_key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(self.number as u64 + 1).to_be_bytes());
        key
    }

    /// Its two clocks.
    pub fn now(&self, now: Time) -> Now {
        let wall = UnixSeconds(BEGINNING + (now / SECOND) as i64 + self.clock_ahead);
        Now { wall, moment: Moment(now) }
    }

    /// Starts its node on what is on its disk.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn start(&mut self, now: Time, doubt: bool) -> Result<(), String> {
        if self.boot > 0 && self.chance.once_in(2) {
            self.speaks = VERSION;
        }
        let mut entropy = [0; 32];
        entropy.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.chance.draw().to_be_bytes()));
        let settings = Settings {
            version: "0.1.0".to_owned(),
            speaks: self.speaks,
            device_key: self.device_key(),
            network_secret: SECRET.to_vec(),
            name: format!("Office {}", self.number),
            region: None,
            vocabulary: users::vocabulary(),
            entropy,
            doubt,
        };
        self.rows = stored_rows(&self.store.shelf);
        let engine = Engine::open(settings, self.store.shelf.clone(), self.now(now));
        self.engine = Some(engine.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Its node is gone, in whatever way.
    pub fn end(&mut self) {
        self.engine = None;
        self.boot += 1;
        (self.writing, self.ticking, self.idling, self.form) = (false, false, false, None);
    }

    /// Whether nothing is left to do here but to wait for others.
    pub fn is_at_rest(&self) -> bool {
        self.store.is_at_rest() && self.engine.as_ref().is_some_and(|engine| !engine.has_stale_rows())
    }
}

/// What the views read at a start.
fn stored_rows(shelf: &WornShelf) -> BTreeMap<RecordId, Row> {
    let mut found = BTreeMap::new();
    let scanned = shelf.scan(Table::Records, &[], None, &mut |_, value| {
        found.extend(rows::decode(&value).map(|row| (row.id, row)));
        true
    });
    // What cannot be read is shown once it was worked out anew.
    scanned.map(|()| found).unwrap_or_default()
}

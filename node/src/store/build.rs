//! Building a database anew beside the one in use: to salvage it, to make it small again, or with another engine.
//!
//! Rows are carried over as they are stored, so that nothing is unsealed that need not be. Until `CURRENT` names the
//! new database the old one is untouched; a build that was interrupted is removed at the next opening.

use std::{fs, path::Path};

use super::{
    Engine, EngineError, EngineKind, OpenError, SealedStore, Store, StoreError,
    engine::{AnyEngine, RawWrite},
    files,
    open::{InUse, Opening, Options, find},
    seal::Place,
    sealed::OWN_TABLE,
};

/// A database that takes so many times what it holds is worth building anew.
pub const BLOATED: u64 = 4;

/// Bytes carried over between two engine writes.
const PORTION: usize = 256 * 1024;

/// A database on its way.
pub(super) struct Build {
    store: SealedStore<AnyEngine>,
    portion: Vec<RawWrite>,
    bytes: usize,
}

impl Build {
    /// Begins the generation `number`.
    pub(super) fn begin(opening: &Opening, number: u32, engine: EngineKind) -> Result<Self, OpenError> {
        let dir = opening.generations.building(number);
        let store = opening.seal(engine.open(&dir)?, &dir);
        Ok(Build { store, portion: Vec::new(), bytes: 0 })
    }

    /// What has been built so far.
    pub(super) fn store(&self) -> &SealedStore<AnyEngine> {
        &self.store
    }

    /// Adds rows, now or with later ones.
    pub(super) fn put(&mut self, rows: Vec<RawWrite>) -> Result<(), EngineError> {
        self.bytes += rows.iter().map(|row| row.value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        self.portion.extend(rows);
        if self.bytes >= PORTION { self.flush() } else { Ok(()) }
    }

    /// Adds what still waits, durably: sled uses no room again that was not synced, and would take twice as much.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        self.bytes = 0;
        self.store.engine().write(std::mem::take(&mut self.portion))?;
        self.store.engine().sync()
    }
}

/// What becomes of a generation that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Former {
    /// It was damaged: it is kept for a specialist.
    SetAside,
    /// The new one holds the very same.
    Remove,
}

/// Takes the finished build of the generation after `number` into use.
pub(super) fn take_into_use(
    opening: &Opening,
    number: u32,
    former: Former,
) -> Result<SealedStore<AnyEngine>, OpenError> {
    let io = OpenError::io;
    let generations = &opening.generations;
    generations.finish(number + 1).map_err(io("finishing the new database"))?;
    if former == Former::Remove {
        generations.mark_replaced(number).map_err(io("noting that the old database is replaced"))?;
    }
    generations.switch(number + 1).map_err(io("naming the database in use"))?;
    match former {
        Former::SetAside => generations.set_aside(number).and_then(|_| generations.remove_beside(number)),
        Former::Remove => generations.remove(number),
    }
    .map_err(io("clearing the old database away"))?;
    let store = opening.open_generation(number + 1)?;
    store.take_stock()?;
    Ok(store)
}

/// Where a rebuild stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every value of the old database is read and opened.
    Checking,
    /// Its rows are written to the new one.
    Copying,
    /// The new one is opened and compared with the old one.
    Comparing,
}

/// Told where a rebuild stands, how many values of this step are done, and how many there are.
pub type Progress<'a> = dyn FnMut(Step, u64, u64) + 'a;

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// The engine before.
    pub from: EngineKind,
    /// The engine now.
    pub to: EngineKind,
    /// Values carried over.
    pub values: u64,
    /// Bytes that the old database took on the disk.
    pub before: u64,
    /// Bytes that the new one takes.
    pub after: u64,
}

impl Rebuilt {
    /// Whether the new database is worth having. If not, the old one stays in use.
    pub fn is_gain(&self) -> bool {
        self.from != self.to || self.after < self.before
    }
}

/// Why a store was not built anew. It is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The store could not be opened, or there is no room for a second one.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Not all that was written can be read.
    #[error(
        "the store is damaged ({damaged} values unreadable, {missing} missing) and was left as it is: \
         start the node to salvage it, then try again"
    )]
    Damaged {
        /// Values that do not open.
        damaged: u64,
        /// Values that are not there any more.
        missing: u64,
    },
    /// What was read back is not what was written.
    #[error("the new database did not keep what was written to it, so the old one stays: check the disk")]
    Unlike,
    /// Reading or writing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EngineError> for RebuildError {
    fn from(error: EngineError) -> Self {
        RebuildError::Store(error.into())
    }
}

/// Builds the store of a data directory anew, with the engine `to`, or with its own to make it small. Nobody else may
/// have the data directory open.
pub fn rebuild(
    data_dir: &Path,
    options: &Options,
    to: Option<EngineKind>,
    progress: &mut Progress<'_>,
) -> Result<Rebuilt, RebuildError> {
    let (_lock, opening, in_use) = find(data_dir, options)?;
    let to = to.unwrap_or_else(|| opening.engine_of(in_use.number));
    let rebuilt = build_anew(&opening, &in_use, to, progress)?;
    if rebuilt.is_gain() {
        replace(&opening, in_use)?;
    }
    Ok(rebuilt)
}

/// Builds the next generation, as durable and as whole as the one in use. It is removed again if it is no gain.
pub(super) fn build_anew(
    opening: &Opening,
    in_use: &InUse,
    to: EngineKind,
    progress: &mut Progress<'_>,
) -> Result<Rebuilt, RebuildError> {
    let built = copy_and_compare(opening, in_use, to, progress);
    if !built.as_ref().is_ok_and(Rebuilt::is_gain) {
        let building = opening.generations.building(in_use.number + 1);
        files::ignore_missing(fs::remove_dir_all(building))
            .map_err(OpenError::io("removing a build that is not used"))?;
    }
    built
}

/// Closes the database in use and takes the one that [`build_anew`] made.
pub(super) fn replace(opening: &Opening, in_use: InUse) -> Result<InUse, OpenError> {
    let InUse { number, store } = in_use;
    drop(store);
    Ok(InUse { number: number + 1, store: take_into_use(opening, number, Former::Remove)? })
}

fn copy_and_compare(
    opening: &Opening,
    in_use: &InUse,
    to: EngineKind,
    progress: &mut Progress<'_>,
) -> Result<Rebuilt, RebuildError> {
    let source = &in_use.store;
    let values = source.values();
    let checked = source.check(&mut |done| progress(Step::Checking, done, values))?;
    if !checked.damaged.is_empty() || checked.missing > 0 {
        return Err(RebuildError::Damaged { damaged: checked.damaged.len() as u64, missing: checked.missing });
    }
    opening.make_sure_of_space(live(source)?.saturating_mul(ROOM), "building the store anew")?;

    let number = in_use.number + 1;
    let mut build = Build::begin(opening, number, to)?;
    let copied = walk(source.engine(), &mut |done| progress(Step::Copying, done, values), &mut |key, value| {
        build.put(vec![RawWrite { key: key.to_vec(), value: Some(value.to_vec()) }])
    })?;
    build.flush()?;
    build.store().take_stock()?;
    build.store().sync()?;
    // Closed and opened again, so that nothing is compared that only stands in memory.
    drop(build);
    let dir = opening.generations.building(number);
    let new = to.open(&dir)?;
    let held = walk(&*new, &mut |done| progress(Step::Comparing, done, values), &mut |_, _| Ok(()))?;
    drop(new);
    if held != copied {
        return Err(RebuildError::Unlike);
    }
    files::sync_tree(&dir).map_err(OpenError::io("syncing the new database"))?;
    let after = files::size_of_dir(&dir).map_err(OpenError::io("measuring the new database"))?;
    Ok(Rebuilt { from: opening.engine_of(in_use.number), to, values, before: source.size()?, after })
}

/// Room for a new database, in sizes of what it is to hold: sled was seen to take four, with the smallest of values.
const ROOM: u64 = 4;

/// Whether a store takes more than `floor` bytes and many times what it holds.
pub(super) fn is_bloated(store: &SealedStore<AnyEngine>, floor: u64) -> Result<bool, StoreError> {
    let size = store.size()?;
    Ok(size > floor && size > live(store)?.saturating_mul(BLOATED))
}

/// Bytes of the rows that a store holds.
fn live(store: &SealedStore<AnyEngine>) -> Result<u64, EngineError> {
    let mut bytes = 0;
    store.engine().scan(&[], None, &mut |key, value| {
        bytes += (key.len() + value.len()) as u64;
        true
    })?;
    Ok(bytes)
}

/// Takes the key and the value of a row.
type VisitRow<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), EngineError> + 'a;

/// Visits every row of an engine; returns a hash over all of them. `progress` is told how many values were passed.
fn walk(
    engine: &dyn Engine,
    progress: &mut dyn FnMut(u64),
    visit: &mut VisitRow<'_>,
) -> Result<blake3::Hash, EngineError> {
    let mut hasher = blake3::Hasher::new();
    let mut values = 0;
    let mut failed = None;
    engine.scan(&[], None, &mut |key, value| {
        for part in [key, value] {
            hasher.update(&(part.len() as u64).to_be_bytes()).update(part);
        }
        if Place::of_first(key).is_some_and(|place| place.table != OWN_TABLE) {
            values += 1;
            progress(values);
        }
        failed = visit(key, value).err();
        failed.is_none()
    })?;
    failed.map_or_else(|| Ok(hasher.finalize()), Err)
}

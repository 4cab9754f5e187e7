//! What can still be read of a damaged database, carried over into a new one.
//!
//! First the engine is asked, on a copy, since sled changes what it opens. But a flipped bit in what was written since
//! the last start keeps sled from opening at all, and all would be lost, unsent work included. So what the engine does
//! not give is looked for in the bytes of the files: every stored piece begins with a magic, says where it belongs and
//! which version it is, and opens only if not a bit of it changed. Of each key the newest whole value is taken. A
//! value that had been removed can come back this way; the caller, being in doubt, looks through all it has anyhow.
//!
//! The damaged files are kept as they were.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use toguna_protocol::shelf::Table;

use super::{
    Doubt, Engine, EngineKind, OpenError, SealedStore,
    build::{Build, Former, take_into_use},
    engine::{AnyEngine, MAX_STORED, RawWrite},
    files,
    generations::Generations,
    open::{DOUBT, FORMAT, FORMAT_1, Opening},
    seal::{MAGIC, Piece, Place},
    sealed::{OWN_TABLE, suspect_file},
    tally::{Mark, Tally},
};

/// Bytes of a damaged file looked through at a time.
const WINDOW: usize = 1024 * 1024;

/// Builds the generation after `number` from what can be read of it, takes it into use and sets the old one aside.
pub(super) fn salvage(opening: &Opening, number: u32) -> Result<SealedStore<AnyEngine>, OpenError> {
    let io = OpenError::io;
    let generations = &opening.generations;
    let damaged = generations.dir(number);
    let engine = opening.engine_of(number);
    // The copy and the new database, each as large as the damaged one.
    let size = files::size_of_dir(&damaged).map_err(io("measuring the damaged database"))?;
    opening.make_sure_of_space(size.saturating_mul(2), "salvaging the damaged store")?;

    let mut rescue = Rescue::into(Build::begin(opening, number + 1, engine)?, Mark::of(&damaged).read());
    let mut complete = false;
    if let Some(source) = open_copy(opening, number, engine)? {
        complete = rescue.ask(&source)?;
    }
    if !complete {
        rescue.search(&damaged)?;
    }
    if rescue.opened == 0 && rescue.seen > 0 {
        // Rather another key than so much damage: nothing is changed, so that the right key finds all as it was.
        files::ignore_missing(fs::remove_file(suspect_file(&damaged))).map_err(io("tidying up"))?;
        return Err(OpenError::WrongKey);
    }
    let (kept, lost) = rescue.finish(number)?;
    let store = take_into_use(opening, number, Former::SetAside)?;
    files::ignore_missing(fs::remove_dir_all(generations.copy(number))).map_err(io("tidying up"))?;
    tracing::warn!(
        set_aside = Generations::set_aside_name(number),
        values.kept = kept,
        values.lost = lost,
        "the store was damaged: what could be read was carried over, the rest has to come from peers"
    );
    Ok(store)
}

/// Opens a copy of the damaged database: first as it is, then without snapshots, which makes sled read its whole log.
/// Other engines have none, and fail twice the same way.
fn open_copy(opening: &Opening, number: u32, engine: EngineKind) -> Result<Option<SealedStore<AnyEngine>>, OpenError> {
    let copy = opening.generations.copy(number);
    for with_snapshots in [true, false] {
        let wanted = |name: &str| with_snapshots || !name.starts_with("snap.");
        files::ignore_missing(fs::remove_dir_all(&copy))
            .and_then(|()| files::copy_dir(&opening.generations.dir(number), &copy, &wanted))
            .map_err(OpenError::io("copying the damaged database"))?;
        match engine.open(&copy) {
            Ok(engine) => return Ok(Some(opening.seal(engine, &copy))),
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// The new database on its way. Pieces are carried over as they are stored: what is sealed to its place stays sealed.
struct Rescue {
    build: Build,
    /// Values come across, sound or not.
    seen: u64,
    /// Those that opened, the store's own included.
    opened: u64,
    /// Shelf values carried over.
    kept: u64,
    /// The greatest version come across: later ones must be greater.
    newest: u64,
    /// Commits that were once durable in the damaged store.
    durable: u64,
    /// What the damaged store had last counted.
    tally: Option<Tally>,
}

impl Rescue {
    fn into(build: Build, durable: u64) -> Self {
        let (seen, opened, kept, newest) = (0, 0, 0, 0);
        Rescue { build, seen, opened, kept, newest, durable, tally: None }
    }

    /// What the damaged store held in the end. An older count says nothing of what the later commits added.
    fn last_tally(&self) -> Option<Tally> {
        self.tally.filter(|tally| tally.commits >= self.durable)
    }

    /// Carries over what the engine gives; returns whether that was all.
    fn ask(&mut self, source: &SealedStore<AnyEngine>) -> Result<bool, OpenError> {
        let mut failed = None;
        let mut sound = true;
        let scanned = source.engine().scan(&[], None, &mut |raw, first| {
            let Some(place) = Place::of_first(raw) else { return false };
            match sound_pieces(source, place, first) {
                Some((pieces, value)) => failed = self.keep(place, pieces, &value).err(),
                None => {
                    self.seen += 1;
                    sound = false;
                }
            }
            failed.is_none()
        });
        failed.map_or(Ok(()), Err)?;
        self.build.flush()?;
        let whole = self.last_tally().is_some_and(|tally| tally.values == self.kept);
        Ok(sound && whole && scanned.is_ok())
    }

    /// Carries over what else can be found in the bytes of the files.
    fn search(&mut self, damaged: &Path) -> Result<(), OpenError> {
        let io = OpenError::io;
        let mut finds = Finds::default();
        for path in files::files_under(damaged).map_err(io("listing the damaged database"))? {
            finds.look_through(self, path).map_err(io("reading the damaged database"))?;
        }
        for ((table, key), versions) in &finds.values {
            let place = Place { table: *table, key };
            if !worth_finding(place) {
                continue;
            }
            // The engine may have given an older value.
            let given = self.build.store().engine().get(&place.piece(0))?;
            let given = given.as_deref().and_then(Piece::parse).map(|first| first.version);
            let newer =
                versions.iter().rev().take_while(|((version, _), _)| given.is_none_or(|given| given < *version));
            for (_, pieces) in newer {
                let pieces = finds.read(place, pieces).map_err(io("reading the damaged database"))?;
                let first = pieces.first().and_then(|write| write.value.as_deref());
                if let Some(value) = first.and_then(|first| self.build.store().unseal(place, first, &pieces)) {
                    self.keep(place, pieces, &value)?;
                    self.kept -= u64::from(given.is_some());
                    break;
                }
            }
        }
        self.build.flush()?;
        Ok(())
    }

    fn keep(&mut self, place: Place<'_>, pieces: Vec<RawWrite>, value: &[u8]) -> Result<(), OpenError> {
        self.seen += 1;
        self.opened += 1;
        let version = pieces.first().and_then(|write| Piece::parse(write.value.as_deref()?));
        self.newest = self.newest.max(version.map_or(0, |first| first.version));
        if (place.table, place.key) == (OWN_TABLE, Tally::KEY) {
            self.tally = self.tally.max(Tally::decode(value));
            return Ok(());
        }
        self.kept += u64::from(place.table != OWN_TABLE);
        Ok(self.build.put(pieces)?)
    }

    /// Completes the new database; returns how many values it has, and how many fewer than generation `number`.
    fn finish(self, number: u32) -> Result<(u64, Option<u64>), OpenError> {
        let lost = self.last_tally().map(|tally| tally.values.saturating_sub(self.kept));
        let commits = self.newest.max(self.tally.map_or(0, |tally| tally.commits)).max(self.durable);
        let set_aside = Generations::set_aside_name(number);
        self.build.store().set_tally(Tally { commits, values: self.kept });
        let doubt = Doubt::Salvaged { set_aside, kept: self.kept, lost };
        self.build.store().write_own(&[(FORMAT, Some(FORMAT_1)), (DOUBT, Some(&doubt.encode()))])?;
        Ok((self.kept, lost))
    }
}

/// Whether a row that the engine no longer gives is wanted: not one that is made anew from others, and of the store's
/// own only its counts.
fn worth_finding(place: Place<'_>) -> bool {
    match place.table {
        OWN_TABLE => place.key == Tally::KEY,
        table => ![Table::Peers as u8, Table::Records as u8].contains(&table),
    }
}

/// The stored pieces of a value and the value, if it opens.
fn sound_pieces(source: &SealedStore<AnyEngine>, place: Place<'_>, first: &[u8]) -> Option<(Vec<RawWrite>, Vec<u8>)> {
    let mut pieces = vec![RawWrite { key: place.piece(0), value: Some(first.to_vec()) }];
    for index in 1..Piece::parse(first)?.count {
        let key = place.piece(index);
        let value = source.engine().get(&key).ok()?;
        pieces.push(RawWrite { key, value });
    }
    let value = source.unseal(place, first, &pieces)?;
    Some((pieces, value))
}

/// Where a piece lies: which file, from which byte, how many.
#[derive(Debug, Clone, Copy)]
struct Spot {
    file: usize,
    offset: u64,
    length: usize,
}

/// Which writing of a value a piece belongs to, in order of age.
type Written = (u64, [u8; 20]);

/// The pieces of one writing, by index.
type Spots = BTreeMap<u16, Spot>;

/// Pieces found in files: place → writing → index → spot.
#[derive(Default)]
struct Finds {
    files: Vec<PathBuf>,
    values: BTreeMap<(u8, Vec<u8>), BTreeMap<Written, Spots>>,
}

impl Finds {
    /// Notes every sound piece of a file.
    fn look_through(&mut self, rescue: &mut Rescue, path: PathBuf) -> io::Result<()> {
        let mut file = File::open(&path)?;
        self.files.push(path);
        let mut window = Vec::with_capacity(WINDOW + MAX_STORED);
        let mut start = 0_u64;
        loop {
            let read = file.by_ref().take(WINDOW as u64).read_to_end(&mut window)?;
            // A piece that begins in the last 4 KiB may go on in the next window, so it waits for that.
            let end = if read == 0 { window.len() } else { window.len().saturating_sub(MAX_STORED) };
            let mut at = 0;
            while at < end {
                at += self.note(rescue, &window[at..], start + at as u64).unwrap_or(1);
            }
            if read == 0 {
                return Ok(());
            }
            let at = at.min(window.len());
            window.drain(..at);
            start += at as u64;
        }
    }

    /// Notes the piece that these bytes begin with, and tells its length.
    fn note(&mut self, rescue: &mut Rescue, bytes: &[u8], offset: u64) -> Option<usize> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let (piece, length) = Piece::find(bytes)?;
        rescue.seen += 1;
        rescue.build.store().opens(&piece).then(|| {
            rescue.opened += 1;
            let spot = Spot { file: self.files.len() - 1, offset, length };
            let key = (piece.place.table, piece.place.key.to_vec());
            let written = (piece.version, piece.salt);
            self.values.entry(key).or_default().entry(written).or_default().insert(piece.index, spot);
            length
        })
    }

    /// Reads the pieces of one writing, as engine writes.
    fn read(&self, place: Place<'_>, pieces: &Spots) -> io::Result<Vec<RawWrite>> {
        let read = |(index, spot): (&u16, &Spot)| {
            let mut bytes = vec![0; spot.length];
            let file = File::open(&self.files[spot.file])?;
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, spot.offset)?;
            Ok(RawWrite { key: place.piece(*index), value: Some(bytes) })
        };
        pieces.iter().map(read).collect()
    }
}

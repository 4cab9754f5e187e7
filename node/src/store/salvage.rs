//! What can still be read of a damaged database, carried over into a new one.
//!
//! The damaged files are read from a copy, since sled changes what it opens, and kept as they were.

use std::{fs, io, path::Path};

use super::{
    Doubt, Engine, OpenError, SealedStore,
    engine::RawWrite,
    files,
    generations::Generations,
    open::{DOUBT, FORMAT, FORMAT_1, Opening},
    seal::{Head, Place},
    sealed::suspect_file,
    sled::SledEngine,
    space::Floor,
};

/// Bytes carried over between two engine writes.
const PORTION: usize = 256 * 1024;

/// Builds the generation after `number` from what can be read of it, takes it into use and sets the old one aside.
pub(super) fn salvage(opening: &Opening, number: u32) -> Result<SealedStore<SledEngine>, OpenError> {
    let generations = &opening.generations;
    let damaged = generations.dir(number);
    make_sure_of_space(opening, &damaged)?;

    let building = generations.building(number + 1);
    let target = opening.seal(SledEngine::open(&building)?, &building);
    let mut found = Findings::default();
    if let Some(source) = open_copy(opening, number)? {
        found = carry_over(&source, &target)?;
    } else {
        found.unreadable_parts = true;
    }
    if found.kept == 0 && found.lost > 0 {
        // More likely another key than so much damage: nothing is changed, so that the right key finds all as it was.
        ignore_missing(fs::remove_file(suspect_file(&damaged))).map_err(OpenError::io("tidying up"))?;
        return Err(OpenError::WrongKey);
    }
    let doubt = Doubt::Salvaged {
        set_aside: Generations::set_aside_name(number),
        kept: found.kept,
        lost: found.lost,
        unreadable_parts: found.unreadable_parts,
    };
    target.write_own(&[(FORMAT, Some(FORMAT_1)), (DOUBT, Some(&doubt.encode()))])?;
    drop(target);

    let io = OpenError::io;
    generations.finish(number + 1).map_err(io("finishing the salvaged database"))?;
    generations.switch(number + 1).map_err(io("naming the database in use"))?;
    generations.set_aside(number).map_err(io("setting the damaged database aside"))?;
    ignore_missing(fs::remove_file(suspect_file(&damaged))).map_err(io("tidying up"))?;
    ignore_missing(fs::remove_dir_all(generations.copy(number))).map_err(io("tidying up"))?;
    tracing::warn!(
        set_aside = Generations::set_aside_name(number),
        values.kept = found.kept,
        values.lost = found.lost,
        "the store was damaged: what could be read was carried over, the rest has to come from peers"
    );
    let dir = generations.dir(number + 1);
    Ok(opening.seal(SledEngine::open(&dir)?, &dir))
}

#[derive(Default)]
struct Findings {
    kept: u64,
    lost: u64,
    unreadable_parts: bool,
}

/// Room for the copy and for the new database, each as large as the damaged one.
fn make_sure_of_space(opening: &Opening, damaged: &Path) -> Result<(), OpenError> {
    let doing = "measuring the damaged database";
    let size = files::size_of_dir(damaged).map_err(OpenError::io(doing))?;
    let floor = Floor::new(damaged, opening.options.free_floor, opening.options.free_space.clone());
    floor
        .admits(size.saturating_mul(2))
        .map_err(OpenError::io(doing))?
        .map_err(|full| OpenError::NoSpaceToSalvage { free: full.free, needed: full.needed })
}

/// Opens a copy of the damaged database: first as it is, then without snapshots, which makes sled read its whole log.
fn open_copy(opening: &Opening, number: u32) -> Result<Option<SealedStore<SledEngine>>, OpenError> {
    let copy = opening.generations.copy(number);
    for with_snapshots in [true, false] {
        ignore_missing(fs::remove_dir_all(&copy))
            .and_then(|()| copy_dir(&opening.generations.dir(number), &copy, with_snapshots))
            .map_err(OpenError::io("copying the damaged database"))?;
        match SledEngine::open(&copy) {
            Ok(engine) => return Ok(Some(opening.seal(engine, &copy))),
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn copy_dir(from: &Path, to: &Path, with_snapshots: bool) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target, with_snapshots)?;
        } else if with_snapshots || !entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Copies every value that opens, as it is stored: what is sealed to its place stays sealed.
fn carry_over<E: Engine>(source: &SealedStore<E>, target: &SealedStore<SledEngine>) -> Result<Findings, OpenError> {
    let mut found = Findings::default();
    let mut portion: Vec<RawWrite> = Vec::new();
    let mut bytes = 0;
    let mut failed = None;
    found.unreadable_parts = !scan_around_damage(source.engine(), &mut |raw, head| {
        let Some(place) = Place::of_head(raw) else { return true };
        match sound_pieces(source, place, head) {
            Some(pieces) => {
                found.kept += 1;
                bytes += pieces.iter().map(|write| write.value.as_ref().map_or(0, Vec::len)).sum::<usize>();
                portion.extend(pieces);
            }
            None => found.lost += 1,
        }
        if bytes >= PORTION {
            bytes = 0;
            failed = target.engine().write(std::mem::take(&mut portion)).err();
        }
        failed.is_none()
    });
    match failed {
        Some(error) => Err(error.into()),
        None => {
            target.engine().write(portion)?;
            Ok(found)
        }
    }
}

/// The stored pieces of a value, if it opens.
fn sound_pieces<E: Engine>(source: &SealedStore<E>, place: Place<'_>, head: &[u8]) -> Option<Vec<RawWrite>> {
    source.open(place, head).ok()?;
    let mut pieces = vec![RawWrite { key: place.head(), value: Some(head.to_vec()) }];
    for index in 1..Head::parse(head)?.count {
        let key = place.tail(index);
        let value = source.engine().get(&key).ok()?;
        pieces.push(RawWrite { key, value });
    }
    Some(pieces)
}

/// Visits every row that the engine can still list, in order, jumping over the parts where it fails. Returns whether
/// there were none of those.
fn scan_around_damage(engine: &dyn Engine, visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
    let mut whole = true;
    let mut from = Vec::new();
    loop {
        let mut stopped = false;
        let mut after = from.clone();
        let end = engine.scan(&from, None, &mut |key, value| {
            // The smallest key after this one.
            after = [key, &[0]].concat();
            stopped = !visit(key, value);
            !stopped
        });
        if end.is_ok() || stopped {
            return whole;
        }
        whole = false;
        match after_damage(engine, &after) {
            Some(next) => from = next,
            None => return whole,
        }
    }
}

/// Digits (of base 256) in the numbers that [`after_damage`] reads engine keys as.
const DIGITS: usize = super::engine::MAX_STORED_KEY;

/// A key not far behind `from`, from which the engine can list again. Keys are taken as numbers: doubling steps find a
/// place that can be read, halving steps lead back towards the damage.
fn after_damage(engine: &dyn Engine, from: &[u8]) -> Option<Vec<u8>> {
    let readable = |key: &[u8]| engine.scan(key, None, &mut |_, _| false).is_ok();
    let mut start = [0; DIGITS];
    start[..from.len()].copy_from_slice(from);
    let bits = DIGITS * 8;
    let reached = (0..bits).find(|bit| plus(&start, *bit).is_none_or(|key| readable(&key)))?;
    let mut unreadable = start;
    for bit in (0..reached).rev() {
        match plus(&unreadable, bit) {
            Some(key) if !readable(&key) => unreadable = key,
            _ => {}
        }
    }
    plus(&unreadable, 0).map(|key| key.to_vec())
}

/// `number + 2^bit`; `None` past the greatest number.
fn plus(number: &[u8; DIGITS], bit: usize) -> Option<[u8; DIGITS]> {
    let mut sum = *number;
    let mut carry = 1_u8 << (bit % 8);
    for digit in sum[..DIGITS - bit / 8].iter_mut().rev() {
        let overflow;
        (*digit, overflow) = digit.overflowing_add(carry);
        if !overflow {
            return Some(sum);
        }
        carry = 1;
    }
    None
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

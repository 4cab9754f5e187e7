//! Power cuts: what an engine wrote and synced is recorded, and a disk is made of it on which the power went at any
//! moment. What was synced before that moment is there; of each page written after, the old or the new one.

use std::sync::{Mutex, MutexGuard};

use ::redb::StorageBackend;

use super::*;
use crate::store::{Engine, SealedStore, key::DataKey, redb::RedbEngine, sled::SledEngine};

/// Bytes that a disk writes whole or not at all.
const PAGE: usize = 4096;
/// Commits that are recorded.
const COMMITS: u64 = 40;
/// Power cuts, for each engine.
const CUTS: usize = 40;

/// What a disk was told, in order.
#[derive(Debug, Clone)]
enum Told {
    Write {
        offset: usize,
        bytes: Vec<u8>,
    },
    Length(usize),
    Sync,
    /// All up to this number was acknowledged as durable, and the mark said this.
    Acknowledged {
        number: u64,
        mark: Vec<u8>,
    },
}

impl Told {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Told::Write { offset, bytes } => {
                image.resize(image.len().max(offset + bytes.len()), 0);
                image[*offset..][..bytes.len()].copy_from_slice(bytes);
            }
            Told::Length(length) => image.resize(*length, 0),
            Told::Sync | Told::Acknowledged { .. } => {}
        }
    }

    /// The parts of it that reach the disk each by itself.
    fn pages(&self) -> Vec<Told> {
        let Told::Write { offset, bytes } = self else { return vec![self.clone()] };
        let mut pages = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = ((offset + at) / PAGE * PAGE + PAGE - offset).min(bytes.len());
            pages.push(Told::Write { offset: offset + at, bytes: bytes[at..end].to_vec() });
            at = end;
        }
        pages
    }
}

/// A disk in memory that remembers what it was told.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<(Vec<u8>, Vec<Told>)>>);

impl Recorder {
    fn inner(&self) -> MutexGuard<'_, (Vec<u8>, Vec<Told>)> {
        self.0.lock().unwrap()
    }

    fn tell(&self, told: Told) {
        let mut inner = self.inner();
        told.apply(&mut inner.0);
        inner.1.push(told);
    }

    /// Tells by which pages a file differs from what is known of it.
    fn compare(&self, file: &Path) {
        let (now, before) = (fs::read(file).unwrap(), self.inner().0.clone());
        if now.len() != before.len() {
            self.tell(Told::Length(now.len()));
        }
        for (number, page) in now.chunks(PAGE).enumerate() {
            let offset = number * PAGE;
            if before.get(offset..(offset + page.len()).min(before.len())) != Some(page) {
                self.tell(Told::Write { offset, bytes: page.to_vec() });
            }
        }
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.inner().0.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let inner = self.inner();
        let bytes = inner.0.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(bytes.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.tell(Told::Length(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.tell(Told::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.tell(Told::Write { offset: offset as usize, bytes: data.to_vec() });
        Ok(())
    }
}

/// A data directory, the database file in it when recording began, and all that came then.
struct Recording {
    dir: tempfile::TempDir,
    base: Vec<u8>,
    told: Vec<Told>,
}

/// Commits numbered batches, some deferred, and passes each step to `after`, which is told whether it was durable.
fn work(engine: impl Engine, data_dir: &Path, lot: &mut Lot, mut after: impl FnMut(bool)) {
    let key = DataKey::read(data_dir).unwrap();
    let store = SealedStore::new(engine, &key, &data_dir.join("store/1"), 0, FreeSpace::from_fn(|_| Ok(u64::MAX)));
    assert!(store.take_stock().unwrap());
    for number in last(&store) + 1..=COMMITS {
        store.commit(&numbered(number), Durability::Deferred).unwrap();
        after(false);
        if lot.below(3) > 0 {
            store.sync().unwrap();
            after(true);
        }
    }
}

fn record(engine: EngineKind, lot: &mut Lot) -> Recording {
    let dir = memory_dir();
    filled(dir.path(), engine, 10);
    drop(reopen(dir.path()));
    let recorder = Recorder::default();
    let (file, database) = (database_file(dir.path(), 1, engine), dir.path().join("store/1"));
    let sled = (engine == EngineKind::Sled).then(|| SledEngine::open(&database).unwrap());
    let base = fs::read(&file).unwrap();
    recorder.inner().0.clone_from(&base);
    let mut number = 10;
    let after = |is_durable: bool| {
        number += u64::from(!is_durable);
        if engine == EngineKind::Sled {
            recorder.compare(&file);
        }
        if is_durable {
            // sled's files were synced the moment before; redb has told of it.
            recorder.tell(Told::Sync);
            recorder.tell(Told::Acknowledged { number, mark: fs::read(dir.path().join("store/1.mark")).unwrap() });
        }
    };
    match sled {
        Some(sled) => work(sled, dir.path(), lot, after),
        None => work(RedbEngine::over(recorder.clone(), &database).unwrap(), dir.path(), lot, after),
    }
    let told = recorder.inner().1.clone();
    Recording { dir, base, told }
}

impl Recording {
    /// What is on the disk if the power goes after so many steps, the last number acknowledged, and the mark.
    fn cut(&self, steps: usize, lot: &mut Lot) -> (Vec<u8>, u64, Option<Vec<u8>>) {
        let synced = self.told[..steps].iter().rposition(|told| matches!(told, Told::Sync)).unwrap_or(0);
        let mut image = self.base.clone();
        self.told[..synced].iter().for_each(|told| told.apply(&mut image));
        // From nearly nothing of the rest to nearly all of it.
        let odds = 1 + lot.below(7);
        for told in self.told[synced..steps].iter().flat_map(Told::pages) {
            if lot.below(8) < odds {
                told.apply(&mut image);
            }
        }
        let acknowledged = self.told[..steps].iter().rev().find_map(|told| match told {
            Told::Acknowledged { number, mark } => Some((*number, mark.clone())),
            _ => None,
        });
        let (number, mark) = acknowledged.unzip();
        (image, number.unwrap_or(10), mark)
    }
}

fn power_cuts(engine: EngineKind) {
    let mut lot = Lot::begin("power cuts", engine);
    let recording = record(engine, &mut lot);
    let place = memory_dir();
    for round in 0..CUTS {
        let steps = 1 + lot.below(recording.told.len());
        let (image, acknowledged, mark) = recording.cut(steps, &mut lot);
        let dir = place.path().join(round.to_string());
        files::copy_dir(recording.dir.path(), &dir, &|_| true).unwrap();
        fs::write(database_file(&dir, 1, engine), image).unwrap();
        match mark {
            Some(mark) => fs::write(dir.join("store/1.mark"), mark).unwrap(),
            None => fs::remove_file(dir.join("store/1.mark")).unwrap(),
        }

        let case = format!("{engine}, round {round}, after step {steps} of {}", recording.told.len());
        let opened = reopen(&dir);
        assert_eq!(opened.doubt, None, "{case}: a power cut is no damage");
        let held = last(&*opened.store);
        assert!(held >= acknowledged, "{case}: {acknowledged} acknowledged, {held} held");
        assert_whole_up_to(&*opened.store, held);
        assert_eq!(rows(&*opened.store).len() as u64, 2 * held + 1, "{case}: no part of a later commit");
        assert!(opened.store.check(&mut |_| ()).unwrap().damaged.is_empty(), "{case}");
        opened.store.commit(&numbered(held + 1), Durability::Durable).unwrap();
        drop(opened);
        assert_eq!(last(&*reopen(&dir).store), held + 1, "{case}: it goes on");
        fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn sled_survives_power_cuts_at_any_moment() {
    power_cuts(EngineKind::Sled);
}

#[test]
fn redb_survives_power_cuts_at_any_moment() {
    power_cuts(EngineKind::Redb);
}

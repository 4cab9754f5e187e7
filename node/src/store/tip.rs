//! The tip file: how far this office's own feed had come, on which machine and in which directory.
//!
//! An entry that was sent and then forgotten would be written again with the same number: a fork. A store that was
//! restored from a copy, or copied to another machine, forgets in just that way and looks sound. So after each own
//! append that is durable, and before it is acknowledged, the tip is written here; on opening the two are compared, and
//! what the power kept from being written here is made up for before anything of it is told to anyone.
//!
//! ```text
//! slot 0 at byte 0, slot 1 at byte 4096, each:
//! magic "tip1"(4) ‖ counter(8) ‖ feed(32) ‖ seq(8) ‖ hash(32) ‖ machine(32) ‖ device(8) ‖ inode(8) ‖ born(16) ‖ check(32)
//! ```
//!
//! Numbers are big-endian; check is BLAKE3 of what stands before it. The slots are written in turn, in place, and
//! synced with `fdatasync`: the file's size and name never change, so that is one write and one flush of the disk's
//! cache, where a temporary file with a rename costs the journal three. A write that the power cuts off spoils one
//! slot; the other, a sector away, still holds the tip before, and a tip file behind the store is normal.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use toguna_protocol::ids::{EntryHash, FeedId, Seq};

use crate::durable;

const NAME: &str = "tip";
const MAGIC: &[u8; 4] = b"tip1";
const CHECKED: usize = 4 + 8 + 32 + 8 + 32 + 32 + 8 + 8 + 16;
const SLOT: usize = CHECKED + 32;
/// Two slots never share a disk sector, so no torn write spoils both.
const STRIDE: u64 = 4096;

/// The end of an own feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// The feed.
    pub feed: FeedId,
    /// The number of its last entry.
    pub seq: Seq,
    /// That entry's hash.
    pub hash: EntryHash,
}

/// Where a store lives. A copy lives elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// A hash of the operating system's machine id; all zero where there is none.
    pub machine: [u8; 32],
    /// The device that holds the directory `store`.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// When the directory was made, in nanoseconds since 1970; 0 where the file system does not say. An inode number is
    /// used again after a directory was removed, and a copy put back in its place often gets the very same one.
    pub born: u128,
}

impl Home {
    /// The home of a data directory's store, which must exist.
    pub fn of(data_dir: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(data_dir.join("store"))?;
        let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"].iter().find_map(|path| fs::read(path).ok());
        let machine = machine.map_or([0; 32], |id| blake3::derive_key("toguna 2026 machine", id.trim_ascii()));
        let born = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let born = born.map_or(0, |since| since.as_nanos());
        Ok(Home { machine, device: metadata.dev(), inode: metadata.ino(), born })
    }
}

/// Whether this office may go on with its own feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// Yes: the store holds the last tip or more.
    Same,
    /// No: the store holds less than what was acknowledged, or something else.
    Lost,
    /// No: the store was copied or restored from elsewhere.
    Moved,
    /// No: there is no readable tip file. So it is in a new office, too.
    Missing,
}

impl Continuity {
    /// Whether the office has to go on in a new incarnation.
    pub fn demands_new_incarnation(self) -> bool {
        self != Continuity::Same
    }
}

/// The rule of the tip file: what was last written there, and where; the tip of the store's own feed; where it lives now.
pub fn continuity(last: Option<(&Tip, &Home)>, own: Option<&Tip>, home: &Home) -> Continuity {
    let Some((tip, home_then)) = last else { return Continuity::Missing };
    match own {
        Some(own) if own.feed == tip.feed && own.seq > tip.seq => {}
        Some(own) if own == tip => {}
        // Also where a new incarnation was stored and the power went before it came here: one incarnation more
        // costs nothing, a fork would.
        _ => return Continuity::Lost,
    }
    if home_then == home { Continuity::Same } else { Continuity::Moved }
}

/// Why a tip could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TipError {
    /// The tip file, or the directory it speaks of, cannot be read or written.
    #[error("{doing} the tip file: {source}")]
    Io {
        /// "reading" or "writing".
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// An earlier write failed, and what failed to sync is not tried again.
    #[error("the tip file could not be written before: check the disk, then start again")]
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    counter: u64,
    tip: Tip,
    home: Home,
}

impl Slot {
    fn encode(&self) -> [u8; SLOT] {
        let mut bytes = Vec::with_capacity(SLOT);
        bytes.extend(MAGIC);
        bytes.extend(self.counter.to_be_bytes());
        bytes.extend(self.tip.feed.0);
        bytes.extend(self.tip.seq.0.to_be_bytes());
        bytes.extend(self.tip.hash.0);
        bytes.extend(self.home.machine);
        bytes.extend(self.home.device.to_be_bytes());
        bytes.extend(self.home.inode.to_be_bytes());
        bytes.extend(self.home.born.to_be_bytes());
        bytes.extend(blake3::hash(&bytes).as_bytes());
        bytes.try_into().expect("the fields have fixed lengths")
    }

    /// `None` for a slot never written, cut off or changed.
    fn decode(bytes: &[u8; SLOT]) -> Option<Self> {
        let (checked, check) = bytes.split_at(CHECKED);
        if blake3::hash(checked).as_bytes() != check {
            return None;
        }
        let mut rest = checked.strip_prefix(MAGIC)?;
        Some(Slot {
            counter: u64::from_be_bytes(take(&mut rest)?),
            tip: Tip {
                feed: FeedId(take(&mut rest)?),
                seq: Seq(u64::from_be_bytes(take(&mut rest)?)),
                hash: EntryHash(take(&mut rest)?),
            },
            home: Home {
                machine: take(&mut rest)?,
                device: u64::from_be_bytes(take(&mut rest)?),
                inode: u64::from_be_bytes(take(&mut rest)?),
                born: u128::from_be_bytes(take(&mut rest)?),
            },
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}

/// The tip file of a data directory. The process holds the directory's lock.
#[derive(Debug)]
pub struct TipFile {
    data_dir: PathBuf,
    home: Home,
    /// `None` until the first tip is recorded.
    file: Option<File>,
    last: Option<Slot>,
    failed: bool,
}

impl TipFile {
    /// Reads the tip file of a data directory whose store is open. Nothing is written.
    pub fn open(data_dir: &Path) -> Result<Self, TipError> {
        let home = Home::of(data_dir).map_err(|source| TipError::Io { doing: "reading", source })?;
        Self::open_at(data_dir, home)
    }

    /// As [`TipFile::open`], with a given home.
    pub fn open_at(data_dir: &Path, home: Home) -> Result<Self, TipError> {
        let reading = |source| TipError::Io { doing: "reading", source };
        let file = match File::options().read(true).write(true).open(data_dir.join(NAME)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(reading(error)),
        };
        let mut last: Option<Slot> = None;
        for offset in [0, STRIDE] {
            let Some(file) = &file else { break };
            let mut bytes = [0; SLOT];
            match file.read_exact_at(&mut bytes, offset) {
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(reading(error)),
                // A file cut short has a slot less.
                Err(_) => continue,
                Ok(()) => {}
            }
            last = Slot::decode(&bytes).into_iter().chain(last).max_by_key(|slot| slot.counter);
        }
        Ok(TipFile { data_dir: data_dir.to_owned(), home, file, last, failed: false })
    }

    /// Compares the file with the tip of the store's own feed (`None`: the store has no own feed).
    pub fn continuity(&self, own: Option<&Tip>) -> Continuity {
        continuity(self.last.as_ref().map(|last| (&last.tip, &last.home)), own, &self.home)
    }

    /// As [`TipFile::continuity`], for an office that now goes on from `own`: a tip file that is behind the store is
    /// brought up to it. Otherwise a copy of the store as old as this file could take its place unnoticed, though the
    /// entries between had been announced.
    pub fn go_on(&mut self, own: Option<&Tip>) -> Result<Continuity, TipError> {
        let continuity = self.continuity(own);
        if let (Continuity::Same, Some(own), Some(last)) = (continuity, own, &self.last)
            && last.tip != *own
        {
            self.record(*own)?;
        }
        Ok(continuity)
    }

    /// Writes a tip whose entry is durable in the store; once this returns the entry may be acknowledged.
    pub fn record(&mut self, tip: Tip) -> Result<(), TipError> {
        if self.failed {
            return Err(TipError::Failed);
        }
        let counter = self.last.map_or(1, |last| last.counter + 1);
        let slot = Slot { counter, tip, home: self.home };
        self.write(&slot).map_err(|source| {
            self.failed = true;
            TipError::Io { doing: "writing", source }
        })?;
        self.last = Some(slot);
        Ok(())
    }

    fn write(&mut self, slot: &Slot) -> io::Result<()> {
        let offset = slot.counter % 2 * STRIDE;
        if let (Some(file), Some(_)) = (&self.file, &self.last) {
            file.write_all_at(&slot.encode(), offset)?;
            return file.sync_data();
        }
        // Missing, or nothing in it can be read: made anew at its full length.
        let mut contents = vec![0; 2 * STRIDE as usize];
        contents[offset as usize..][..SLOT].copy_from_slice(&slot.encode());
        durable::replace(&self.data_dir, NAME, &contents)?;
        self.file = Some(File::options().read(true).write(true).open(self.data_dir.join(NAME))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Home = Home { machine: [1; 32], device: 2, inode: 3, born: 4 };

    fn tip(feed: u8, seq: u64, hash: u8) -> Tip {
        Tip { feed: FeedId([feed; 32]), seq: Seq(seq), hash: EntryHash([hash; 32]) }
    }

    fn reopened(dir: &Path) -> TipFile {
        TipFile::open_at(dir, HOME).unwrap()
    }

    #[test]
    fn continuity_is_kept_only_by_the_same_store_in_the_same_place() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(reopened(dir.path()).continuity(None), Continuity::Missing);
        assert_eq!(reopened(dir.path()).continuity(Some(&tip(7, 5, 9))), Continuity::Missing);
        reopened(dir.path()).record(tip(7, 5, 9)).unwrap();
        let cases = [
            (HOME, Some(tip(7, 5, 9)), Continuity::Same),
            (HOME, Some(tip(7, 6, 1)), Continuity::Same),
            (HOME, Some(tip(7, 4, 9)), Continuity::Lost),
            (HOME, Some(tip(7, 5, 8)), Continuity::Lost),
            (HOME, Some(tip(8, 6, 9)), Continuity::Lost),
            (HOME, None, Continuity::Lost),
            (Home { machine: [0; 32], ..HOME }, Some(tip(7, 5, 9)), Continuity::Moved),
            (Home { device: 0, ..HOME }, Some(tip(7, 5, 9)), Continuity::Moved),
            (Home { inode: 0, ..HOME }, Some(tip(7, 6, 9)), Continuity::Moved),
            (Home { born: 0, ..HOME }, Some(tip(7, 5, 9)), Continuity::Moved),
        ];
        for (home, own, expected) in cases {
            let file = TipFile::open_at(dir.path(), home).unwrap();
            assert_eq!(file.continuity(own.as_ref()), expected, "{home:?} {own:?}");
            assert_eq!(expected.demands_new_incarnation(), expected != Continuity::Same);
        }
    }

    #[test]
    fn a_start_makes_up_for_a_tip_that_the_power_kept_from_being_written() {
        let dir = tempfile::tempdir().unwrap();
        reopened(dir.path()).record(tip(7, 2, 2)).unwrap();
        // Entry 3 is in the store; a start announces it; then the store of before, without it, is put back.
        assert_eq!(reopened(dir.path()).go_on(Some(&tip(7, 3, 3))).unwrap(), Continuity::Same);
        assert_eq!(reopened(dir.path()).go_on(Some(&tip(7, 2, 2))).unwrap(), Continuity::Lost);
        // What demands a new incarnation leaves the file as it was, so that every later start sees it too.
        assert_eq!(reopened(dir.path()).go_on(Some(&tip(7, 3, 3))).unwrap(), Continuity::Same);
    }

    #[test]
    fn a_write_cut_off_anywhere_leaves_the_tip_before() {
        let dir = tempfile::tempdir().unwrap();
        for seq in 1..=4 {
            let mut file = reopened(dir.path());
            file.record(tip(7, seq, seq as u8)).unwrap();
            let newest = reopened(dir.path());
            assert_eq!(newest.last.unwrap().tip, tip(7, seq, seq as u8));
            let path = dir.path().join(NAME);
            let whole = fs::read(&path).unwrap();
            let offset = (newest.last.unwrap().counter % 2 * STRIDE) as usize;
            for at in (0..SLOT).step_by(7) {
                let mut torn = whole.clone();
                torn[offset + at..offset + SLOT].fill(0xee);
                fs::write(&path, &torn).unwrap();
                let before = reopened(dir.path()).last.map(|slot| slot.tip);
                assert_eq!(before, (seq > 1).then(|| tip(7, seq - 1, seq as u8 - 1)), "cut at {at}");
            }
            fs::write(&path, &whole).unwrap();
        }
    }

    #[test]
    fn a_tip_file_of_which_nothing_can_be_read_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        for contents in [&b""[..], b"short", &[0; 8192]] {
            fs::write(dir.path().join(NAME), contents).unwrap();
            let mut file = reopened(dir.path());
            assert_eq!(file.continuity(Some(&tip(1, 1, 1))), Continuity::Missing);
            file.record(tip(1, 1, 1)).unwrap();
            assert_eq!(reopened(dir.path()).continuity(Some(&tip(1, 1, 1))), Continuity::Same);
        }
    }

    #[test]
    fn a_copied_data_directory_is_known_for_one() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (dir.path().join("here"), dir.path().join("there"));
        fs::create_dir_all(here.join("store")).unwrap();
        fs::create_dir_all(there.join("store")).unwrap();
        TipFile::open(&here).unwrap().record(tip(7, 5, 9)).unwrap();
        fs::copy(here.join(NAME), there.join(NAME)).unwrap();
        assert_eq!(TipFile::open(&here).unwrap().continuity(Some(&tip(7, 5, 9))), Continuity::Same);
        assert_eq!(TipFile::open(&there).unwrap().continuity(Some(&tip(7, 5, 9))), Continuity::Moved);
    }
}

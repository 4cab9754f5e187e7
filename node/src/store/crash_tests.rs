//! The store against what happens to it in the field, with either engine: killed processes, power cuts, damaged files,
//! full disks. What is drawn by lot is drawn from [`SEED`].

mod cuts;
mod rebuilds;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use toguna_protocol::shelf::{Batch, Table};

use super::{
    Doubt, Durability, EngineError, EngineKind, FreeSpace, OpenError, Opened, Options, Store, StoreError, files, key,
    lock, open, redb,
};

/// Set for a child process: the data directory it is to work in until it is killed.
const CHILD: &str = "TOGUNA_TEST_WORK_UNTIL_KILLED";
/// Times that a child is killed, for each engine.
const KILLS: u64 = 15;

const ENGINES: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Redb];

/// Where the numbers drawn by lot begin; other ones are other rounds of the same tests.
const SEED: u64 = 20_091_102;

/// Numbers drawn by lot, the same ones each time (SplitMix64).
struct Lot(u64);

impl Lot {
    /// For the test `name` with an engine; tells the seed.
    fn begin(name: &str, engine: EngineKind) -> Self {
        let seed = SEED + engine as u64;
        writeln!(std::io::stdout(), "{name}, {engine}: seed {seed}").unwrap();
        Lot(seed)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((drawn ^ (drawn >> 31)) % bound as u64) as usize
    }
}

/// A directory in memory, where the system has such a place, for tests that make their own power cuts: syncs cost nothing.
fn memory_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn with(engine: EngineKind) -> Options {
    Options { engine: Some(engine), ..Options::default() }
}

/// The file that holds all rows of the database `number`.
fn database_file(data_dir: &Path, number: u32, engine: EngineKind) -> PathBuf {
    let name = match engine {
        EngineKind::Sled => "db",
        EngineKind::Redb => redb::FILE,
    };
    data_dir.join("store").join(number.to_string()).join(name)
}

fn reopen(dir: &Path) -> Opened {
    open(dir, &Options::default()).unwrap()
}

/// Numbered rows of several pages' worth, so that commits cross chunks and log segments.
fn numbered(number: u64) -> Batch {
    let mut batch = Batch::default();
    batch.put(Table::Arrivals, number.to_be_bytes(), number.to_be_bytes());
    batch.put(Table::Entries, number.to_be_bytes(), vec![number as u8; (number as usize * 997) % 9000]);
    batch.put(Table::Node, *b"last", number.to_be_bytes());
    batch
}

fn last(store: &dyn Store) -> u64 {
    let last = store.get(Table::Node, b"last").unwrap();
    last.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

fn assert_whole_up_to(store: &dyn Store, last: u64) {
    assert_whole(store, 1, last);
}

fn assert_whole(store: &dyn Store, first: u64, last: u64) {
    for number in first..=last {
        for write in numbered(number).writes.into_iter().take(2) {
            assert_eq!(store.get(write.table, &write.key).unwrap(), write.value, "{number} of {last}");
        }
    }
}

fn rows(store: &dyn Store) -> BTreeMap<(Table, Vec<u8>), Vec<u8>> {
    let mut rows = BTreeMap::new();
    for table in Table::ALL {
        let mut visit = |key: &[u8], value| rows.insert((table, key.to_vec()), value).is_none();
        store.scan(table, &[], None, &mut visit).unwrap();
    }
    rows
}

fn filled(dir: &Path, engine: EngineKind, count: u64) {
    let store = open(dir, &with(engine)).unwrap().store;
    let batches: Vec<Batch> = (1..=count).map(numbered).collect();
    store.commit_all(&batches, Durability::Durable).unwrap();
}

/// The other half of [`no_acknowledged_batch_is_lost_to_kill_9`]: does nothing unless that test starts it.
#[test]
fn child_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let store = reopen(Path::new(&dir)).store;
    let mut out = std::io::stdout();
    for number in last(&*store) + 1.. {
        store.commit(&numbered(number), Durability::Durable).unwrap();
        writeln!(out, "committed {number}").unwrap();
    }
}

/// A process of this program that does nothing but `work`, a test above, in a data directory.
fn child(work: &str, dir: &Path) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("store::crash_tests::{work}"), "--nocapture"]);
    child.env(CHILD, dir).stdout(Stdio::piped()).stderr(Stdio::null());
    child
}

#[test]
fn no_acknowledged_batch_is_lost_to_kill_9() {
    for engine in ENGINES {
        let mut lot = Lot::begin("kill -9", engine);
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), engine, 1);
        let mut acknowledged = 1;
        for round in 0..KILLS {
            let mut child = child("child_writes_until_it_is_killed", dir.path()).spawn().unwrap();
            let committed = |line: String| line.rsplit_once("committed ")?.1.parse::<u64>().ok();
            let mut numbers =
                BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(committed);
            // Every fifth child dies while it opens the store, the others in the midst of commits.
            if round % 5 == 0 {
                std::thread::sleep(Duration::from_millis(lot.below(25) as u64));
            } else {
                acknowledged = numbers.by_ref().take(1 + lot.below(20)).last().unwrap_or(acknowledged);
            }
            child.kill().unwrap();
            acknowledged = numbers.last().unwrap_or(acknowledged);
            child.wait().unwrap();

            let opened = reopen(dir.path());
            assert_eq!(opened.doubt, None, "{engine}, round {round}");
            let held = last(&*opened.store);
            assert!(held >= acknowledged, "{engine}, round {round}: {acknowledged} acknowledged, {held} held");
            // The newest in each round, all of them in the end.
            assert_whole(&*opened.store, if round + 1 == KILLS { 1 } else { held.saturating_sub(50) + 1 }, held);
        }
        assert!(acknowledged > KILLS, "the children hardly wrote: {acknowledged}");
    }
}

#[test]
fn a_closed_store_comes_back_as_it_was() {
    for engine in ENGINES {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), engine, 50);
        assert!(database_file(dir.path(), 1, engine).exists());
        let opened = reopen(dir.path());
        assert_eq!(opened.doubt, None);
        assert_whole_up_to(&*opened.store, 50);
        assert!(opened.store.size().unwrap() > 50 * 4_000);
        assert_eq!(opened.store.check(&mut |_| ()).unwrap().damaged, Vec::<String>::new());
    }
}

#[test]
fn a_second_opening_is_refused_with_the_pid_of_the_first() {
    for engine in ENGINES {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), &with(engine)).unwrap();
        let pid = std::process::id();
        let refusal = open(dir.path(), &Options::default()).err().unwrap();
        assert!(
            matches!(&refusal, OpenError::Lock(lock::LockError::Held { pid: Some(held) }) if *held == pid),
            "{refusal}"
        );
        drop(first);
        reopen(dir.path());
    }
}

#[test]
fn an_unfinished_snapshot_is_removed_before_opening() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), EngineKind::Sled, 5);
    let unfinished = dir.path().join("store/1/snap.00000000FFFFFFFF.generating");
    fs::write(&unfinished, b"cut off").unwrap();
    assert_whole_up_to(&*reopen(dir.path()).store, 5);
    assert!(!unfinished.exists());
}

#[test]
fn a_key_that_opens_nothing_changes_nothing() {
    for engine in ENGINES {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), engine, 20);
        let key_file = dir.path().join(key::KEY_FILE);
        let right = fs::read(&key_file).unwrap();
        fs::remove_file(&key_file).unwrap();
        assert!(matches!(open(dir.path(), &Options::default()), Err(OpenError::Key(key::KeyError::Missing))));
        assert!(!key_file.exists(), "no new key for an old store");
        fs::write(&key_file, [9; 32]).unwrap();
        for _ in 0..2 {
            assert!(matches!(open(dir.path(), &Options::default()), Err(OpenError::WrongKey)));
        }
        fs::write(&key_file, right).unwrap();
        let opened = reopen(dir.path());
        assert_eq!(opened.doubt, None);
        assert_whole_up_to(&*opened.store, 20);
    }
}

#[test]
fn an_interrupted_import_is_not_taken_for_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Vec::new();
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    filled(&source, EngineKind::Redb, 30);
    reopen(&source).store.export(&mut archive).unwrap();
    reopen(&target).store.import(&mut &archive[..archive.len() / 2]).unwrap_err();
    assert!(matches!(open(&target, &Options::default()), Err(OpenError::UnfinishedImport)));
    fs::remove_dir_all(target.join("store")).unwrap();
    // The key of the removed store is still there, and as good as any.
    reopen(&target).store.import(&mut &archive[..]).unwrap();
    for _ in 0..2 {
        let opened = reopen(&target);
        assert_eq!(opened.doubt, Some(Doubt::Imported), "reported until it is cleared");
        assert_eq!(rows(&*opened.store), rows(&*reopen(&source).store));
    }
    reopen(&target).store.clear_doubt().unwrap();
    assert_eq!(reopen(&target).doubt, None);
}

#[test]
fn salvage_waits_until_there_is_space_for_it() {
    for engine in ENGINES {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), engine, 20);
        fs::write(dir.path().join("store/1.suspect"), b"").unwrap();
        let free = Arc::new(AtomicU64::new(100_000));
        let probe = free.clone();
        let free_space = FreeSpace::from_fn(move |_| Ok(probe.load(Ordering::SeqCst)));
        let options = Options { free_floor: 0, free_space, ..Options::default() };
        assert!(matches!(open(dir.path(), &options), Err(OpenError::NoSpace { free: 100_000, .. })));
        free.store(u64::MAX, Ordering::SeqCst);
        let opened = open(dir.path(), &options).unwrap();
        // Two rows per number and one over all.
        let whole = Doubt::Salvaged { set_aside: "1.damaged".to_owned(), kept: 41, lost: Some(0) };
        assert_eq!(opened.doubt, Some(whole));
        assert_whole_up_to(&*opened.store, 20);
        drop(opened);
        assert_eq!(fs::read_to_string(dir.path().join("store/CURRENT")).unwrap(), "2\n");
        assert!(database_file(dir.path(), 2, engine).exists(), "salvaged with the engine it had");
        assert!(dir.path().join("store/1.damaged").exists());
        assert!(!dir.path().join("store/1.suspect").exists());
    }
}

/// What a failing disk does to the database file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    FlipBit,
    ZeroPage,
    OverwriteSegments,
    CutOff,
}

impl Harm {
    fn strike(self, bytes: &mut Vec<u8>, lot: &mut Lot) {
        let at = lot.below(bytes.len());
        let end = bytes.len();
        let upto = |length: usize| at..(at + length).min(end);
        match self {
            Harm::FlipBit => bytes[at] ^= 1 << lot.below(8),
            Harm::ZeroPage => bytes[at / 4096 * 4096..][..4096.min(end - at / 4096 * 4096)].fill(0),
            Harm::OverwriteSegments => bytes[upto(300_000)].fill(0xa5),
            Harm::CutOff => bytes.truncate(at),
        }
    }
}

/// How often each harm is done to each engine, and how many values it may cost: a page holds some forty of the smallest.
const HARMS: [(Harm, usize, usize); 4] = [
    (Harm::FlipBit, 8, 2),
    (Harm::ZeroPage, 4, 40),
    (Harm::OverwriteSegments, 2, usize::MAX),
    (Harm::CutOff, 3, usize::MAX),
];

fn damaged_files_cost_what_was_hit(engine: EngineKind) {
    let mut lot = Lot::begin("damaged files", engine);
    let dir = memory_dir();
    let sound = dir.path().join("sound");
    filled(&sound, engine, 30);
    // sled writes a snapshot when it opens: what came later is read from its log, and breaks otherwise.
    let (second, rest) = (reopen(&sound).store, (31..=60).map(numbered).collect::<Vec<_>>());
    second.commit_all(&rest, Durability::Durable).unwrap();
    let whole = rows(&*second);
    drop(second);

    for (kind, times, may_lose) in HARMS {
        for round in 0..times {
            let case = format!("{engine}, {kind:?}, round {round}");
            let hurt = dir.path().join("hurt");
            files::copy_dir(&sound, &hurt, &|_| true).unwrap();
            let file = database_file(&hurt, 1, engine);
            let mut bytes = fs::read(&file).unwrap();
            kind.strike(&mut bytes, &mut lot);
            fs::write(&file, bytes).unwrap();

            // Damage that opening does not meet is met by reading everything, and mended by the next opening.
            let first = reopen(&hurt);
            for (key, value) in &whole {
                match first.store.get(key.0, &key.1) {
                    Ok(Some(read)) => assert!(read == *value || key.0 == Table::Node, "{case}: a wrong value is read"),
                    Ok(None) => assert!(first.doubt.is_some(), "{case}: a value is missed without a word"),
                    Err(error) => assert!(error.to_string().contains("damaged"), "{case}: {error}"),
                }
            }
            let _ = first.store.check(&mut |_| ());
            drop(first);
            let opened = reopen(&hurt);
            let checked = opened.store.check(&mut |_| ()).unwrap();
            assert_eq!((checked.damaged.len(), checked.missing), (0, 0), "{case}");
            let left = rows(&*opened.store);
            let lost = whole.len() - left.len();
            let right = |key: &(Table, Vec<u8>), value| whole.get(key) == Some(value) || key.0 == Table::Node;
            assert!(left.iter().all(|(key, value)| right(key, value)), "{case}: a wrong value");
            assert!(lost <= may_lose, "{case}: {lost} of {} lost", whole.len());
            assert!(lost == 0 || opened.doubt.is_some(), "{case}: {lost} lost, and nobody was told");
            drop(opened);
            fs::remove_dir_all(hurt).unwrap();
        }
    }
}

#[test]
fn a_damaged_sled_file_costs_what_it_hit_and_never_goes_unnoticed() {
    damaged_files_cost_what_was_hit(EngineKind::Sled);
}

#[test]
fn a_damaged_redb_file_costs_what_it_hit_and_never_goes_unnoticed() {
    damaged_files_cost_what_was_hit(EngineKind::Redb);
}

/// A small file system of its own, unmounted at the end.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where mounting is not permitted.
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(dir.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(SmallDisk { dir })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: sled's threads let go of its files a moment after the store is closed.
        let _ = Command::new("umount").arg("--lazy").arg(self.dir.path()).status();
    }
}

#[test]
fn on_a_full_disk_writes_are_refused_and_reading_goes_on() {
    let Some(disk) = SmallDisk::mount("6m") else {
        writeln!(std::io::stderr(), "skipped: mounting a small disk is not permitted here").unwrap();
        return;
    };
    let ballast = disk.dir.path().join("ballast");
    // With a floor the store stops in time. Without one the disk stops the engine, which may then refuse even to read;
    // nothing that was acknowledged is lost all the same.
    for (engine, free_floor) in ENGINES.into_iter().flat_map(|engine| [(engine, 2 << 20), (engine, 0)]) {
        fs::write(&ballast, vec![0; 1 << 20]).unwrap();
        let data_dir = disk.dir.path().join(format!("{engine}-{free_floor}"));
        let options = Options { free_floor, ..with(engine) };
        let opened = open(&data_dir, &options).unwrap();
        let mut held = 0;
        let refusal = loop {
            match opened.store.commit(&numbered(held + 1), Durability::Durable) {
                Ok(()) => held += 1,
                Err(error) => break error,
            }
        };
        assert!(held > 100, "{engine}: {held}");
        if free_floor > 0 {
            assert!(matches!(refusal, StoreError::DiskFull { .. }), "{refusal}");
            assert_whole_up_to(&*opened.store, held);
        }
        drop(opened);
        // Opening needs some room of its own: a floor keeps it, without one a person may have to make it.
        if free_floor == 0 {
            match open(&data_dir, &options) {
                Ok(opened) => assert!(last(&*opened.store) >= held),
                Err(OpenError::Engine(EngineError::Io { .. })) => {}
                Err(other) => panic!("{engine}: {other}"),
            }
            fs::remove_file(&ballast).unwrap();
        }
        let opened = open(&data_dir, &options).unwrap();
        assert_eq!(opened.doubt, None, "{engine}, {free_floor}: a full disk is no damage");
        assert_whole_up_to(&*opened.store, held);
        drop(opened);
        fs::remove_dir_all(&data_dir).unwrap();
    }
}

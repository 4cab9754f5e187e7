//! The store against what happens to it in the field: killed processes, damaged files, full disks.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use toguna_protocol::shelf::{Batch, Table};

use super::{
    Doubt, Durability, EngineError, FreeSpace, OpenError, Opened, Options, Store, StoreError, key, lock, open,
};

/// Set for a child process: the data directory it is to write to until it is killed.
const CHILD: &str = "TOGUNA_TEST_WRITE_UNTIL_KILLED";
const KILLS: u64 = 25;

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

fn filled(dir: &Path, count: u64) {
    let store = reopen(dir).store;
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

#[test]
fn no_acknowledged_batch_is_lost_to_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::crash_tests::child_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let committed = |line: String| line.rsplit_once("committed ")?.1.parse::<u64>().ok();
        let mut numbers =
            BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(committed);
        // Every fifth child dies while it opens the store, the others in the midst of commits.
        if round % 5 == 0 {
            std::thread::sleep(Duration::from_millis(round));
        } else {
            acknowledged = numbers.by_ref().take(1 + (round as usize * 7) % 20).last().unwrap_or(acknowledged);
        }
        child.kill().unwrap();
        acknowledged = numbers.last().unwrap_or(acknowledged);
        child.wait().unwrap();

        let opened = reopen(dir.path());
        assert_eq!(opened.doubt, None, "round {round}");
        let held = last(&*opened.store);
        assert!(held >= acknowledged, "round {round}: {acknowledged} acknowledged, {held} held");
        // The newest in each round, all of them in the end.
        assert_whole(&*opened.store, if round + 1 == KILLS { 1 } else { held.saturating_sub(50) + 1 }, held);
    }
    assert!(acknowledged > KILLS, "the children hardly wrote: {acknowledged}");
}

#[test]
fn a_closed_store_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 50);
    let opened = reopen(dir.path());
    assert_eq!(opened.doubt, None);
    assert_whole_up_to(&*opened.store, 50);
    assert!(opened.store.size().unwrap() > 50 * 4_000);
    assert_eq!(opened.store.check(&mut |_| ()).unwrap().damaged, Vec::<String>::new());
}

#[test]
fn a_second_opening_is_refused_with_the_pid_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let first = reopen(dir.path());
    let pid = std::process::id();
    let refusal = open(dir.path(), &Options::default()).err().unwrap();
    assert!(
        matches!(&refusal, OpenError::Lock(lock::LockError::Held { pid: Some(held) }) if *held == pid),
        "{refusal}"
    );
    drop(first);
    reopen(dir.path());
}

#[test]
fn an_unfinished_snapshot_is_removed_before_opening() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 5);
    let unfinished = dir.path().join("store/1/snap.00000000FFFFFFFF.generating");
    fs::write(&unfinished, b"cut off").unwrap();
    assert_whole_up_to(&*reopen(dir.path()).store, 5);
    assert!(!unfinished.exists());
}

#[test]
fn a_key_that_opens_nothing_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 20);
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

#[test]
fn an_interrupted_import_is_not_taken_for_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = Vec::new();
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    filled(&source, 30);
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
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 20);
    fs::write(dir.path().join("store/1.suspect"), b"").unwrap();
    let free = Arc::new(AtomicU64::new(100_000));
    let probe = free.clone();
    let options = Options { free_floor: 0, free_space: FreeSpace::from_fn(move |_| Ok(probe.load(Ordering::SeqCst))) };
    assert!(matches!(open(dir.path(), &options), Err(OpenError::NoSpaceToSalvage { free: 100_000, .. })));
    free.store(u64::MAX, Ordering::SeqCst);
    let opened = open(dir.path(), &options).unwrap();
    // Two rows per number and one over all.
    let whole = Doubt::Salvaged { set_aside: "1.damaged".to_owned(), kept: 41, lost: Some(0) };
    assert_eq!(opened.doubt, Some(whole));
    assert_whole_up_to(&*opened.store, 20);
    drop(opened);
    assert_eq!(fs::read_to_string(dir.path().join("store/CURRENT")).unwrap(), "2\n");
    assert!(dir.path().join("store/1.damaged/db").exists());
    assert!(!dir.path().join("store/1.suspect").exists());
}

/// What a failing disk does to the database file.
enum Harm {
    FlipBit,
    ZeroPage,
    OverwriteSegments,
    CutOff,
}

fn harm(file: &Path, harm: &Harm, thousandth: usize) {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.len() / 1000 * thousandth;
    let end = bytes.len();
    let upto = |length: usize| at..(at + length).min(end);
    match harm {
        Harm::FlipBit => bytes[at] ^= 1,
        Harm::ZeroPage => bytes[upto(4096)].fill(0),
        Harm::OverwriteSegments => bytes[upto(600_000)].fill(0xa5),
        Harm::CutOff => bytes.truncate(at),
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_file_costs_what_it_hit_and_never_goes_unnoticed() {
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("sound");
    filled(&sound, 80);
    let before = rows(&*reopen(&sound).store);
    // sled writes a snapshot when it opens: what came later is read from its log, and breaks otherwise.
    let (second, rest) = (reopen(&sound).store, (81..=160).map(numbered).collect::<Vec<_>>());
    second.commit_all(&rest, Durability::Durable).unwrap();
    let whole = rows(&*second);
    drop(second);
    assert!(whole.len() > before.len());

    // Thousandths of the file's length, and how many values may be lost.
    let cases = [
        (Harm::FlipBit, 250, 2),
        (Harm::FlipBit, 630, 2),
        (Harm::FlipBit, 820, 2),
        (Harm::ZeroPage, 250, 6),
        (Harm::ZeroPage, 820, 6),
        (Harm::OverwriteSegments, 650, 80),
        (Harm::CutOff, 150, 280),
        (Harm::CutOff, 650, 120),
    ];
    for (number, (kind, thousandth, may_lose)) in cases.into_iter().enumerate() {
        let hurt = dir.path().join(number.to_string());
        let copied = Command::new("cp").arg("-r").args([&sound, &hurt]).status().unwrap();
        assert!(copied.success());
        harm(&hurt.join("store/1/db"), &kind, thousandth);

        // Damage that opening does not meet is met by reading everything, and mended by the next opening.
        let first = reopen(&hurt);
        let _ = first.store.check(&mut |_| ());
        drop(first);
        let opened = reopen(&hurt);
        let checked = opened.store.check(&mut |_| ()).unwrap();
        assert_eq!((checked.damaged.len(), checked.missing), (0, 0), "case {number}");
        let left = rows(&*opened.store);
        let lost = whole.len() - left.len();
        assert!(left.iter().all(|(key, value)| whole.get(key).is_some_and(|v| v == value || key.0 == Table::Node)));
        assert!(lost <= may_lose, "case {number}: {lost} of {} lost", whole.len());
        assert!(lost == 0 || opened.doubt.is_some(), "case {number}: {lost} lost, and nobody was told");
        fs::remove_dir_all(hurt).unwrap();
    }
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
    let Some(disk) = SmallDisk::mount("16m") else {
        writeln!(std::io::stderr(), "skipped: mounting a small disk is not permitted here").unwrap();
        return;
    };
    let ballast = disk.dir.path().join("ballast");
    // With a floor the store stops in time. Without one the disk stops sled, which may then refuse even to read; nothing
    // that was acknowledged is lost all the same.
    for (name, free_floor) in [("floor", 4 << 20), ("none", 0)] {
        fs::write(&ballast, vec![0; 2 << 20]).unwrap();
        let data_dir = disk.dir.path().join(name);
        let options = Options { free_floor, ..Options::default() };
        let opened = open(&data_dir, &options).unwrap();
        let mut held = 0;
        let refusal = loop {
            match opened.store.commit(&numbered(held + 1), Durability::Durable) {
                Ok(()) => held += 1,
                Err(error) => break error,
            }
        };
        assert!(held > 100, "{held}");
        if free_floor > 0 {
            assert!(matches!(refusal, StoreError::DiskFull { .. }), "{refusal}");
            assert_whole_up_to(&*opened.store, held);
        }
        drop(opened);
        // Opening needs some room of its own: a floor keeps it, without one a person has to make it.
        if free_floor == 0 {
            assert!(matches!(open(&data_dir, &options), Err(OpenError::Engine(EngineError::Io { .. }))));
            fs::remove_file(&ballast).unwrap();
        }
        let opened = open(&data_dir, &options).unwrap();
        assert_eq!(opened.doubt, None, "{name}: a full disk is no damage");
        assert_whole_up_to(&*opened.store, held);
        drop(opened);
        fs::remove_dir_all(&data_dir).unwrap();
    }
}

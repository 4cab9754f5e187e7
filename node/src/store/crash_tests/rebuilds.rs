//! Databases that are built anew: smaller, with another engine, and whatever happens meanwhile.

use super::*;
use crate::store::{RebuildError, Rebuilt, rebuild};

fn other(engine: EngineKind) -> EngineKind {
    ENGINES.into_iter().find(|other| *other != engine).unwrap()
}

fn rebuilt(dir: &Path, to: Option<EngineKind>) -> Result<Rebuilt, RebuildError> {
    rebuild(dir, &Options::default(), to, &mut |_, _, _| ())
}

/// The names under `store/`.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("store")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A store that once held far more than it does; and what it holds.
fn bloated(dir: &Path, engine: EngineKind) -> BTreeMap<(Table, Vec<u8>), Vec<u8>> {
    filled(dir, engine, 150);
    let store = reopen(dir).store;
    let mut removal = Batch::default();
    for number in (1..=150).filter(|number| number % 30 != 0) {
        removal.remove(Table::Arrivals, u64::to_be_bytes(number));
        removal.remove(Table::Entries, u64::to_be_bytes(number));
    }
    store.commit(&removal, Durability::Durable).unwrap();
    rows(&*store)
}

#[test]
fn a_converted_store_holds_the_same_there_and_back() {
    for engine in ENGINES {
        let dir = memory_dir();
        filled(dir.path(), engine, 40);
        // What is in doubt stays in doubt.
        fs::write(dir.path().join("store/1.suspect"), b"").unwrap();
        let opened = reopen(dir.path());
        let (before, doubt) = (rows(&*opened.store), opened.doubt.clone());
        drop(opened);
        for (number, to) in [(3, other(engine)), (4, engine)] {
            let mut steps = Vec::new();
            let mut progress = |step, done, all| {
                assert!(done <= all && all == 81, "{step:?}: {done} of {all}");
                steps.push(step);
            };
            let built = rebuild(dir.path(), &Options::default(), Some(to), &mut progress).unwrap();
            assert_eq!((built.from, built.to, built.values), (other(to), to, 81));
            assert_eq!(steps.len(), 3 * 81);
            assert_eq!(names(dir.path()), ["1.damaged", &number.to_string(), &format!("{number}.mark"), "CURRENT"]);
            assert!(database_file(dir.path(), number, to).exists());
            let opened = reopen(dir.path());
            assert_eq!((&rows(&*opened.store), &opened.doubt), (&before, &doubt));
            assert_eq!(opened.store.check(&mut |_| ()).unwrap().missing, 0);
        }
    }
}

#[test]
fn a_bloated_store_is_made_small_by_command_or_when_it_is_opened() {
    for engine in ENGINES {
        let by_command = memory_dir();
        let before = bloated(by_command.path(), engine);
        let built = rebuilt(by_command.path(), None).unwrap();
        // sled mostly gets there by itself: a log segment once emptied is cut off.
        assert!(built.is_gain() || engine == EngineKind::Sled, "{built:?}");
        assert_eq!(rows(&*reopen(by_command.path()).store), before);
        let by_itself = memory_dir();
        assert_eq!(bloated(by_itself.path(), engine), before);
        let size = reopen(by_itself.path()).store.size().unwrap();
        let names_above = |floor| {
            let opened = open(by_itself.path(), &Options { compact_above: Some(floor), ..Options::default() }).unwrap();
            assert_eq!((&opened.doubt, rows(&*opened.store)), (&None, before.clone()));
            names(by_itself.path())
        };
        let untouched = ["1", "1.mark", "CURRENT"];
        assert_eq!(names_above(size * 2), untouched, "{engine}: below the floor it stays");
        let expected = if built.is_gain() { ["2", "2.mark", "CURRENT"] } else { untouched };
        assert_eq!(names(by_command.path()), expected);
        assert_eq!(names_above(0), expected, "{engine}, {size} bytes");
    }
}

#[test]
fn a_store_that_is_open_damaged_or_without_room_is_left_as_it_is() {
    for engine in ENGINES {
        let dir = memory_dir();
        filled(dir.path(), engine, 40);
        let opened = reopen(dir.path());
        let before = rows(&*opened.store);
        let refusal = rebuilt(dir.path(), Some(other(engine))).unwrap_err();
        assert!(matches!(refusal, RebuildError::Open(OpenError::Lock(lock::LockError::Held { .. }))), "{refusal}");
        drop(opened);

        let free_space = FreeSpace::from_fn(|_| Ok(100_000));
        let options = Options { free_floor: 0, free_space, ..Options::default() };
        let refusal = rebuild(dir.path(), &options, Some(other(engine)), &mut |_, _, _| ()).unwrap_err();
        assert!(matches!(refusal, RebuildError::Open(OpenError::NoSpace { .. })), "{refusal}");
        assert_eq!(names(dir.path()), ["1", "1.mark", "CURRENT"]);
        assert_eq!(rows(&*reopen(dir.path()).store), before);
    }
}

/// The other half of [`a_rebuild_that_is_killed_loses_nothing`]: does nothing unless that test starts it.
#[test]
fn child_converts_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    for to in ENGINES.into_iter().rev().cycle() {
        rebuilt(Path::new(&dir), Some(to)).unwrap();
    }
}

#[test]
fn a_rebuild_that_is_killed_loses_nothing() {
    let mut lot = Lot::begin("killed rebuilds", EngineKind::Sled);
    let dir = memory_dir();
    filled(dir.path(), EngineKind::Sled, 15);
    let before = rows(&*reopen(dir.path()).store);
    for round in 0..KILLS {
        let mut child = child("rebuilds::child_converts_until_it_is_killed", dir.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + lot.below(500) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        let opened = reopen(dir.path());
        assert_eq!((opened.doubt.clone(), rows(&*opened.store)), (None, before.clone()), "round {round}");
        drop(opened);
        let left = names(dir.path());
        assert_eq!(left.len(), 3, "round {round}: one database, its mark and CURRENT, not {left:?}");
    }
    let current = fs::read_to_string(dir.path().join("store/CURRENT")).unwrap();
    assert!(current.trim().parse::<u32>().unwrap() > 3, "hardly a conversion ever came to its end: {current}");
}

//! The same entries make the same document, in whatever order they come and whenever a fork is found.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{AutomergeError, ObjType, transaction::Transaction};
use proptest::prelude::*;

use super::{
    hostile::{forge, operation},
    *,
};

/// A small reproducible source of choices (xorshift), so that one number tells a whole scenario.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// One writer. Two of them share a feed: they are its branches.
struct Office {
    feed: FeedId,
    standing: Standing,
    next: u64,
    document: Document,
}

/// The offices of a scenario: four honest ones, two branches of one feed, and a forger.
struct World {
    choices: Choices,
    offices: Vec<Office>,
    entries: Vec<(VerifiedEntry, Standing)>,
    /// Every change made, with its last operation.
    changes: Vec<(ChangeHash, u64)>,
    clock: i64,
}

const FORGER: usize = 6;

impl World {
    fn new(seed: u64) -> Self {
        let office = |number: u8, standing, next| Office { feed: feed(number), standing, next, document: created() };
        let mut offices: Vec<Office> =
            (1..=4).map(|n| office(n, Standing::Trunk, if n == 1 { 2 } else { 1 })).collect();
        let forked = created();
        let root = entry(feed(5), 1, &set(&forked, feed(5), 1, "phase", "open"));
        offices.extend([office(5, Standing::Branch, 2), office(5, Standing::Branch, 2)]);
        offices.extend([office(6, Standing::Trunk, 1)]);
        for branch in &mut offices[4..6] {
            branch.document.insert(&root, Standing::Trunk);
        }
        let mut world = World {
            choices: Choices(seed | 1),
            offices,
            entries: vec![(creation(), Standing::Trunk), (root, Standing::Trunk)],
            changes: forked.history().iter().map(|facts| (facts.change, facts.max_op)).collect(),
            clock: 10,
        };
        for _ in 0..30 {
            world.step();
        }
        world
    }

    fn step(&mut self) {
        let at = self.choices.below(self.offices.len());
        if self.choices.below(2) == 0 {
            for _ in 0..self.choices.below(6) {
                let (entry, _) = &self.entries[self.choices.below(self.entries.len())];
                self.offices[at].document.insert(entry, Standing::Trunk);
            }
            return;
        }
        self.clock += 1;
        let (what, where_) = (self.choices.below(6), self.choices.below(4));
        let office = &self.offices[at];
        let edit = |tx: &mut Transaction<'_>| random_edit(tx, what, where_);
        let edited = office.document.edit(office.feed, &by("Awa", self.clock), edit).expect("own edits are sound");
        let Some(edited) = edited else { return };
        let payload = if at == FORGER { self.forged(&edited.payload) } else { edited.payload };
        let change = Change::try_from(&payload[..]).unwrap();
        let office = &mut self.offices[at];
        let entry = entry(office.feed, office.next, &payload);
        office.next += 1;
        office.document.insert(&entry, Standing::Trunk);
        self.changes.push((change.hash(), change.max_op()));
        self.entries.push((entry, office.standing));
    }

    /// What the forger makes of a sound change.
    fn forged(&mut self, payload: &[u8]) -> Vec<u8> {
        let (lie, seq) = (self.choices.below(5), self.choices.below(3) + 1);
        let seen: Vec<(ChangeHash, u64)> =
            (0..self.choices.below(3) + 1).map(|_| self.changes[self.choices.below(self.changes.len())]).collect();
        forge(payload, |json| match lie {
            // Rests on any changes, however they exclude each other, with numbers that may fit.
            0 | 1 => {
                let deps: BTreeSet<String> = seen.iter().map(|(hash, _)| hash.to_string()).collect();
                json["deps"] = deps.into_iter().collect();
                json["startOp"] = (seen.iter().map(|(_, max_op)| max_op).max().unwrap() + 1).into();
                json["seq"] = seq.into();
                json["ops"] = vec![operation(&serde_json::json!({}))].into();
            }
            2 => json["ops"][0]["obj"] = format!("{}@{}", 1 + seq, feed(5).actor()).into(),
            3 => json["seq"] = seq.into(),
            _ => {}
        })
    }
}

fn random_edit(tx: &mut Transaction<'_>, what: usize, at: usize) -> Result<(), AutomergeError> {
    let object = |tx: &Transaction<'_>, key: &str| Ok::<_, AutomergeError>(tx.get(ROOT, key)?.map(|found| found.1));
    match what {
        0 => tx.put(ROOT, ["title", "phase", "a", "b"][at], at as i64 * 7),
        1 => tx.delete(ROOT, ["title", "phase", "a", "b"][at]),
        2 => {
            let Some(notes) = object(tx, "notes")? else { return Ok(()) };
            let len = tx.length(&notes);
            tx.splice(
                &notes,
                len * at / 4,
                ((len - len * at / 4) / 3) as isize,
                [vec!["é"], vec!["ab", " c"], vec![], vec!["x y"]][at].clone(),
            )
        }
        3 => {
            let Some(items) = object(tx, "items")? else { return Ok(()) };
            let item = tx.put_object(&items, ["i", "j", "k", "l"][at], ObjType::Map)?;
            let text = tx.put_object(&item, "text", ObjType::List)?;
            tx.splice(&text, 0, 0, ["un", " bœuf"])
        }
        4 => {
            let Some(list) = object(tx, "list")? else { return Ok(()) };
            let len = tx.length(&list);
            match at {
                0 if len > 0 => tx.delete(&list, 0),
                1 if len > 0 => tx.put(&list, len - 1, 3),
                _ => tx.insert(&list, len / 2, at as i64),
            }
        }
        _ => {
            let Some(items) = object(tx, "items")? else { return Ok(()) };
            let keys: Vec<String> = tx.keys(&items).collect();
            let Some(key) = keys.get(at % keys.len().max(1)) else { return Ok(()) };
            let Some((_, item)) = tx.get(&items, key.as_str())? else { return Ok(()) };
            tx.put(&item, "withdrawn", at == 0)
        }
    }
}

fn placements(document: &Document) -> BTreeMap<EntryHash, Placement> {
    document.placements().collect()
}

/// Everything in an object, concurrent values and the operations that made them included.
fn content(automerge: &Automerge, object: &automerge::ObjId) -> Vec<String> {
    let props: Vec<automerge::Prop> = match automerge.object_type(object).unwrap() {
        ObjType::Map | ObjType::Table => automerge.keys(object).map(Into::into).collect(),
        ObjType::List | ObjType::Text => (0..automerge.length(object)).map(Into::into).collect(),
    };
    let mut lines = Vec::new();
    for prop in props {
        for (value, id) in automerge.get_all(object, prop.clone()).unwrap() {
            lines.push(format!("{object} {prop} {value} {id}"));
            if value.is_object() {
                lines.extend(content(automerge, &id));
            }
        }
    }
    lines
}

/// Both documents are the same in every respect that shows.
fn assert_same(one: &Document, other: &Document, how: &str) {
    assert_eq!(placements(one), placements(other), "{how}");
    assert_eq!(one.heads(), other.heads(), "{how}");
    assert_eq!(content(one.automerge(), &ROOT), content(other.automerge(), &ROOT), "{how}");
    assert_eq!(one.history(), other.history(), "{how}");
}

/// Inserts one by one in a random order; forks may be found late.
fn insert_all(entries: &[(VerifiedEntry, Standing)], choices: &mut Choices) -> Document {
    let mut order: Vec<_> = entries.iter().collect();
    choices.shuffle(&mut order);
    let mut document = Document::empty(record());
    let mut told: BTreeMap<EntryHash, Placement> = BTreeMap::new();
    let mut undiscovered = Vec::new();
    for (entry, standing) in order {
        let late = *standing == Standing::Branch && choices.below(2) == 0;
        if late {
            undiscovered.push(entry.hash());
        }
        told.extend(document.insert(entry, if late { Standing::Trunk } else { *standing }));
        if choices.below(8) == 0 {
            for entry in undiscovered.drain(..) {
                told.extend(document.restand(&entry, Standing::Branch));
            }
        }
        assert_eq!(told, placements(&document), "every change of a placement is reported");
    }
    for entry in undiscovered {
        document.restand(&entry, Standing::Branch);
    }
    document
}

fn check(seed: u64) -> Document {
    let World { entries, mut choices, .. } = World::new(seed);
    let rebuilt = Document::rebuild(record(), entries.iter().cloned());
    for (_, placement) in rebuilt.placements() {
        assert_ne!(placement, Placement::SetAside(SetAside::Failed), "a check is missing");
    }
    for _ in 0..3 {
        assert_same(&rebuilt, &insert_all(&entries, &mut choices), "one by one");
    }
    let stored = entries.iter().map(|(entry, standing)| StoredEntry {
        entry: entry.clone(),
        standing: *standing,
        applied: rebuilt.placement(&entry.hash()) == Some(Placement::Applied),
    });
    let mut stored: Vec<StoredEntry> = stored.collect();
    choices.shuffle(&mut stored);
    assert_same(&rebuilt, &Document::restore(record(), stored.clone()), "restored");
    // A restored document judges what comes later as one that saw everything come.
    let cut = choices.below(stored.len());
    let (known, later) = stored.split_at(cut);
    let mut resumed = Document::rebuild(record(), known.iter().map(|s| (s.entry.clone(), s.standing)));
    let known = known
        .iter()
        .map(|s| StoredEntry { applied: resumed.placement(&s.entry.hash()) == Some(Placement::Applied), ..s.clone() });
    resumed = Document::restore(record(), known);
    let (together, single) = later.split_at(choices.below(later.len() + 1));
    resumed.insert_all(together.iter().map(|stored| (&stored.entry, stored.standing)));
    for stored in single {
        resumed.insert(&stored.entry, stored.standing);
    }
    assert_same(&rebuilt, &resumed, "restored in between");
    rebuilt
}

#[test]
fn scenarios_reach_every_kind_of_placement() {
    let mut codes = BTreeSet::new();
    for seed in 0..40 {
        codes.extend(check(seed * 7_919 + 13).placements().map(|(_, placement)| match placement {
            Placement::Applied => "applied",
            Placement::Waiting { .. } => "waiting",
            Placement::SetAside(reason) => reason.code(),
        }));
    }
    for code in ["applied", "clash-lost", "depends-on-set-aside", "unsupported-branch", "wrong-change-seq"] {
        assert!(codes.contains(code), "no scenario came to {code}, only to {codes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_never_shows(seed in any::<u64>()) {
        check(seed);
    }
}

#[test]
fn too_many_waiting_changes_are_dropped_the_same_way_in_any_order() {
    let document = created();
    let limit = crate::limits::MAX_WAITING_PER_RECORD;
    // All rest on one change that comes last.
    let base = entry(feed(2), 1, &set(&document, feed(2), 1, "phase", "open"));
    let mut author = document.clone();
    author.insert(&base, Standing::Trunk);
    let mut entries = Vec::new();
    for number in 0..limit as u64 + 3 {
        let mut id = [0xee; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        entries.push(entry(FeedId(id), 1, &set(&author, FeedId(id), 2, "phase", number)));
    }
    let stored =
        |entry: &VerifiedEntry| StoredEntry { entry: entry.clone(), standing: Standing::Trunk, applied: false };
    let mut one = Document::restore(record(), entries.iter().map(stored));
    let two = Document::restore(record(), entries.iter().rev().map(stored));
    assert_eq!(placements(&one), placements(&two));
    let mut hashes: Vec<EntryHash> = entries.iter().map(VerifiedEntry::hash).collect();
    hashes.sort_unstable();
    let dropped: Vec<EntryHash> = one.set_aside().map(|(entry, _)| entry).collect();
    assert_eq!(dropped, hashes[limit..]);
    assert!(!one.wants_reload());
    one.insert(&creation(), Standing::Trunk);
    one.insert(&base, Standing::Trunk);
    assert!(one.wants_reload(), "what was dropped could be applied now");
}

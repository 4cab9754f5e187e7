//! Offices that write one record, honest and not, and the documents they come to.

mod hostile;
mod orders;
mod speed;

use automerge::{ROOT, ReadDoc, ScalarValue, transaction::Transactable};

use super::*;
use crate::{
    entry::{Header, PayloadKind},
    ids::PayloadHash,
};

/// The feed with this number.
fn feed(number: u8) -> FeedId {
    FeedId([number; 32])
}

/// The record that the first entry of feed 1 creates.
fn record() -> RecordId {
    RecordId::created_by(feed(1), Seq(1))
}

/// An entry as `verify` would pass it on.
fn entry(feed: FeedId, seq: u64, payload: &[u8]) -> VerifiedEntry {
    let header = Header {
        feed,
        seq: Seq(seq),
        backlink: EntryHash([0; 32]),
        kind: PayloadKind::CHANGE,
        record: record(),
        payload_hash: PayloadHash::of(payload),
    };
    VerifiedEntry::new(header, payload.to_vec(), None)
}

fn by(person: &str, at: i64) -> Authorship {
    Authorship { person: person.into(), reason: None, at: UnixSeconds(at) }
}

/// The payload of an edit that must succeed and write something.
fn payload(
    document: &Document,
    feed: FeedId,
    at: i64,
    edit: impl FnOnce(&mut automerge::transaction::Transaction<'_>) -> Result<(), automerge::AutomergeError>,
) -> Vec<u8> {
    document.edit(feed, &by("Awa", at), edit).expect("the edit is sound").expect("the edit writes something").payload
}

/// The entry that creates the record: a title, a text in pieces, a map of items and a list.
fn creation() -> VerifiedEntry {
    let payload = payload(&Document::empty(record()), feed(1), 0, |tx| {
        tx.put(ROOT, "title", "Puits de Tin-Essako")?;
        let notes = tx.put_object(ROOT, "notes", automerge::ObjType::List)?;
        tx.splice(&notes, 0, 0, ["né", " à", " Gao", ",", " vu"])?;
        tx.put_object(ROOT, "items", automerge::ObjType::Map)?;
        let list = tx.put_object(ROOT, "list", automerge::ObjType::List)?;
        tx.insert(&list, 0, "a")
    });
    entry(feed(1), 1, &payload)
}

/// A document that holds the creation only.
fn created() -> Document {
    let mut document = Document::empty(record());
    assert_eq!(document.insert(&creation(), Standing::Trunk), [(creation().hash(), Placement::Applied)]);
    document
}

fn set(document: &Document, feed: FeedId, at: i64, key: &str, value: impl Into<ScalarValue>) -> Vec<u8> {
    payload(document, feed, at, |tx| tx.put(ROOT, key, value))
}

#[test]
fn an_edit_is_one_change_with_its_author_reason_and_time() {
    let document = created();
    let by = Authorship { person: "Awa".into(), reason: Some("vérifié sur place".into()), at: UnixSeconds(77) };
    let edited = document.edit(feed(2), &by, |tx| tx.put(ROOT, "phase", "truce")).unwrap().unwrap();
    let entry = entry(feed(2), 1, &edited.payload);
    let (change, heads) = (edited.change, document.heads());
    let mut mine = document.clone();
    assert_eq!(mine.insert(&entry, Standing::Trunk), [(entry.hash(), Placement::Applied)]);
    let facts = mine.change_of(&entry.hash()).unwrap();
    assert_eq!((facts.person.as_str(), facts.reason.as_deref(), facts.at), ("Awa", by.reason.as_deref(), by.at));
    assert_eq!((facts.change, &facts.deps, facts.feed, facts.seq), (change, &heads, feed(2), Seq(1)));
    assert_eq!(mine.heads(), [change]);
    assert_eq!(mine.history().iter().map(|facts| facts.entry).collect::<Vec<_>>(), [creation().hash(), entry.hash()]);
    assert_eq!(document.heads(), heads, "the edit was made on a copy");
}

#[test]
fn an_edit_that_writes_nothing_or_fails_leaves_nothing() {
    let document = created();
    assert!(document.edit(feed(2), &by("Awa", 0), |_| Ok::<_, ()>(())).unwrap().is_none());
    let refused = document.edit(feed(2), &by("Awa", 0), |tx| {
        tx.put(ROOT, "phase", "truce").unwrap();
        Err::<(), _>("no")
    });
    assert_eq!(refused.err(), Some(EditError::Refused("no")));
    let long = "é".repeat(crate::limits::MAX_PAYLOAD);
    let too_large = document.edit(feed(2), &by("Awa", 0), |tx| tx.put(ROOT, "x", long));
    assert_eq!(too_large.err(), Some(EditError::Unacceptable(SetAside::TooLarge)));
}

#[test]
fn what_waits_is_applied_once_its_past_is_here() {
    let mut author = created();
    let second = entry(feed(2), 1, &set(&author, feed(2), 1, "phase", "open"));
    author.insert(&second, Standing::Trunk);
    let third = entry(feed(2), 2, &set(&author, feed(2), 2, "phase", "truce"));

    let mut document = Document::empty(record());
    let missing = author.change_of(&second.hash()).unwrap().change;
    let waiting = Placement::Waiting { missing: vec![missing] };
    assert_eq!(document.insert(&third, Standing::Trunk), [(third.hash(), waiting)]);
    assert_eq!(document.insert(&creation(), Standing::Trunk), [(creation().hash(), Placement::Applied)]);
    let mut moved = document.insert(&second, Standing::Trunk);
    moved.sort_by_key(|(entry, _)| *entry);
    let mut expected = vec![(second.hash(), Placement::Applied), (third.hash(), Placement::Applied)];
    expected.sort_by_key(|(entry, _)| *entry);
    assert_eq!(moved, expected);
    assert_eq!(document.insert(&third, Standing::Trunk), [], "adding it again changes nothing");
    assert_eq!(document.automerge().get(ROOT, "phase").unwrap().unwrap().0.as_str(), Some("truce"));
}

/// Feed 3 was forked after its first entry; each branch set another value. Feed 2 saw the first branch, feed 4 the
/// second.
struct Fork {
    root: VerifiedEntry,
    branches: [VerifiedEntry; 2],
    witnesses: [VerifiedEntry; 2],
}

fn fork() -> Fork {
    let mut document = created();
    let root = entry(feed(3), 1, &set(&document, feed(3), 1, "phase", "open"));
    document.insert(&root, Standing::Trunk);
    let branch = |value: &str| entry(feed(3), 2, &set(&document, feed(3), 2, "phase", value));
    let branches = [branch("truce"), branch("violent")];
    let witness = |branch: &VerifiedEntry, number: u8| {
        let mut document = document.clone();
        document.insert(branch, Standing::Trunk);
        entry(feed(number), 1, &set(&document, feed(number), 3, "seen", i64::from(number)))
    };
    let witnesses = [witness(&branches[0], 2), witness(&branches[1], 4)];
    Fork { root, branches, witnesses }
}

#[test]
fn branch_entries_count_only_where_someone_built_upon_them() {
    let Fork { root, branches, witnesses } = fork();
    let mut document = created();
    document.insert(&root, Standing::Trunk);
    for branch in &branches {
        let unsupported = Placement::SetAside(SetAside::UnsupportedBranch);
        assert_eq!(document.insert(branch, Standing::Branch), [(branch.hash(), unsupported)]);
    }
    document.insert(&witnesses[1], Standing::Trunk);
    assert_eq!(document.placement(&branches[1].hash()), Some(Placement::Applied));
    assert_eq!(document.placement(&witnesses[1].hash()), Some(Placement::Applied));

    // Now both are supported: the lower hash is applied, the other is set aside with what rests on it.
    document.insert(&witnesses[0], Standing::Trunk);
    let lower = usize::from(branches[1].hash() < branches[0].hash());
    let other = 1 - lower;
    let placement = |entry: &VerifiedEntry| document.placement(&entry.hash()).unwrap();
    assert_eq!(placement(&branches[lower]), Placement::Applied);
    assert_eq!(placement(&witnesses[lower]), Placement::Applied);
    let lost = Placement::SetAside(SetAside::ClashLost(branches[lower].hash()));
    assert_eq!(placement(&branches[other]), lost);
    let dependent = Placement::SetAside(SetAside::DependsOnSetAside(branches[other].hash()));
    assert_eq!(placement(&witnesses[other]), dependent);
}

#[test]
fn a_later_entry_never_displaces_an_earlier_one_of_its_feed() {
    let document = created();
    // Twenty attempts at one change seq: without the rule, one of them would have the lower hash.
    for attempt in 0..20 {
        let first = entry(feed(2), 1, &set(&document, feed(2), 1, "phase", "open"));
        let again = entry(feed(2), 2, &set(&document, feed(2), attempt, "phase", "violent"));
        for order in [[&first, &again], [&again, &first]] {
            let mut document = document.clone();
            order.iter().for_each(|entry| drop(document.insert(entry, Standing::Trunk)));
            assert_eq!(document.placement(&first.hash()), Some(Placement::Applied));
            let lost = Placement::SetAside(SetAside::ClashLost(first.hash()));
            assert_eq!(document.placement(&again.hash()), Some(lost));
        }
    }
}

#[test]
fn one_change_in_two_entries_counts_once() {
    let document = created();
    let payload = set(&document, feed(2), 1, "phase", "open");
    let (first, second) = (entry(feed(2), 4, &payload), entry(feed(2), 9, &payload));
    for order in [[&first, &second], [&second, &first]] {
        let mut document = document.clone();
        order.iter().for_each(|entry| drop(document.insert(entry, Standing::Trunk)));
        assert_eq!(document.placement(&first.hash()), Some(Placement::Applied));
        assert_eq!(document.placement(&second.hash()), Some(Placement::SetAside(SetAside::Repeats(first.hash()))));
    }
}

#[test]
fn a_clash_that_ends_with_an_earlier_one_is_no_clash() {
    let document = created();
    let clash = |at: i64| set(&document, feed(2), at, "phase", "open");
    // Two clashing changes of feed 2, one of which will be applied.
    let (first, second) = (entry(feed(2), 1, &clash(1)), entry(feed(2), 1, &clash(2)));
    let (loser, winner) = if first.hash() < second.hash() { (&second, &first) } else { (&first, &second) };
    let mut misled = document.clone();
    misled.insert(loser, Standing::Trunk);
    // Two clashing changes of feed 3, whose lower one rests on the loser.
    for at in 0.. {
        let lower = entry(feed(3), 1, &set(&misled, feed(3), at, "a", 1));
        let higher = entry(feed(3), 1, &set(&document, feed(3), at, "a", 2));
        if lower.hash() > higher.hash() {
            continue;
        }
        let mut document = document.clone();
        document.insert_all([&lower, &higher, loser, winner].map(|entry| (entry, Standing::Trunk)));
        assert_eq!(document.placement(&winner.hash()), Some(Placement::Applied));
        assert_eq!(document.placement(&higher.hash()), Some(Placement::Applied));
        let dependent = Placement::SetAside(SetAside::DependsOnSetAside(loser.hash()));
        assert_eq!(document.placement(&lower.hash()), Some(dependent));
        return;
    }
}

#[test]
fn a_change_that_rests_on_both_of_two_clashing_ones_is_set_aside() {
    let document = created();
    let make = |key: &str| {
        payload(&document, feed(2), 1, |tx| {
            tx.put(ROOT, "phase", "open")?;
            tx.put_object(ROOT, key, automerge::ObjType::Map).map(|_| ())
        })
    };
    let clashing = [entry(feed(2), 1, &make("a")), entry(feed(2), 1, &set(&document, feed(2), 1, "b", 1))];
    let hashes = clashing.each_ref().map(|entry| Change::try_from(entry.payload()).unwrap().hash());
    let mut seen = document.clone();
    seen.insert(&clashing[0], Standing::Trunk);
    let upon = payload(&seen, feed(3), 2, |tx| {
        let made = tx.get(ROOT, "a")?.unwrap().1;
        tx.put(&made, "x", 1)
    });
    let upon =
        entry(feed(3), 1, &hostile::forge(&upon, |json| json["deps"] = hashes.map(|h| h.to_string()).to_vec().into()));
    let loser = clashing.iter().map(VerifiedEntry::hash).max().unwrap();
    for order in [[0, 1], [1, 0]] {
        let mut document = document.clone();
        for at in order {
            document.insert(&clashing[at], Standing::Trunk);
        }
        let dependent = Placement::SetAside(SetAside::DependsOnSetAside(loser));
        assert_eq!(document.insert(&upon, Standing::Trunk), [(upon.hash(), dependent)]);
    }
}

#[test]
fn objects_are_found_however_long_ago_they_were_made() {
    let mut document = created();
    let mut made = Vec::new();
    for seq in 1..=70u64 {
        let key = format!("k{seq}");
        let payload = payload(&document, feed(2), 1, |tx| {
            let items = tx.get(ROOT, "items")?.unwrap().1;
            tx.put_object(&items, key.as_str(), automerge::ObjType::Map).map(|_| ())
        });
        document.insert(&entry(feed(2), seq, &payload), Standing::Trunk);
        made.push(key);
    }
    let all = payload(&document, feed(3), 2, |tx| {
        let items = tx.get(ROOT, "items")?.unwrap().1;
        for key in &made {
            let item = tx.get(&items, key.as_str())?.unwrap().1;
            tx.put(&item, "x", 1)?;
        }
        Ok(())
    });
    let all = entry(feed(3), 1, &all);
    assert_eq!(document.insert(&all, Standing::Trunk), [(all.hash(), Placement::Applied)]);
}

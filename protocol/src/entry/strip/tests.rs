//! Random histories of one record by several authors, stripped and put together again.

use automerge::{AutoCommit, ObjType, ROOT, ReadDoc, ScalarValue, transaction::Transactable};
use proptest::prelude::*;

use super::*;
use crate::change::hash_of;

/// Feeds with the entries that were written to them, as both ends hold them up to some numbers.
#[derive(Default)]
struct Feeds {
    entries: BTreeMap<FeedId, Vec<RawEntry>>,
    /// What the receiver holds of feeds other than the one that is sent.
    held: BTreeMap<FeedId, Seq>,
}

impl Feeds {
    fn record(&self, feed: FeedId, seq: Seq) -> RecordId {
        self.entries[&feed][seq.0 as usize - 1].record_at(feed, seq)
    }
}

impl Known for Feeds {
    fn find(&self, change: &ChangeHash, record: RecordId) -> Option<(FeedId, Seq)> {
        let places = self.held.iter().flat_map(|(feed, held)| (1..=held.0).map(|seq| (*feed, Seq(seq))));
        let is_it = |(feed, seq): &(FeedId, Seq)| {
            let payload = &self.entries[feed][seq.0 as usize - 1].payload;
            hash_of(payload) == *change && self.record(*feed, *seq) == record
        };
        places.into_iter().find(is_it)
    }

    fn parent(&self, feed: FeedId, seq: Seq) -> Option<Parent> {
        self.held.get(&feed).filter(|held| seq <= **held && seq.0 > 0)?;
        let entry = &self.entries[&feed][seq.0 as usize - 1];
        let head = Head::parse(&entry.payload).ok()?;
        Some(Parent::new(head, self.record(feed, seq), &entry.payload))
    }

    fn feed_of(&self, actor: &ActorId) -> Option<FeedId> {
        self.entries.keys().copied().find(|feed| feed.actor() == *actor)
    }
}

fn feed(number: u8) -> FeedId {
    FeedId([number; 32])
}

/// One author's copy of the record.
struct Author {
    feed: FeedId,
    doc: AutoCommit,
}

fn edit(doc: &mut AutoCommit, what: u8, at: u8) {
    let key = ["a", "b", "c", "d"][usize::from(at % 4)];
    let list = doc.get(ROOT, "list").unwrap().unwrap().1;
    let len = doc.length(&list);
    match what % 9 {
        0 | 1 => doc.put(ROOT, key, format!("valeur {at}")).unwrap(),
        2 => doc.delete(ROOT, key).unwrap(),
        3 => doc.splice(&list, len / 2, isize::from(len > 3), ["un", " mot", " de", " plus"]).unwrap(),
        4 => drop(doc.put_object(ROOT, key, ObjType::Map).unwrap()),
        // What records do not use, and so what only others make.
        5 => doc.put(ROOT, key, ScalarValue::counter(3)).unwrap(),
        6 => {
            let text = doc.put_object(ROOT, key, ObjType::Text).unwrap();
            doc.splice_text(&text, 0, 0, "né à Gao").unwrap();
        }
        7 => (0..20u8).for_each(|n| doc.put(ROOT, format!("{key}{n}"), i64::from(n)).unwrap()),
        _ => doc.put(ROOT, key, i64::from(at)).unwrap(),
    }
}

/// Plays steps of (author, what, at): the author edits, or takes in what another has.
fn play(steps: &[(u8, u8, u8)]) -> Feeds {
    let mut feeds = Feeds::default();
    let mut first = AutoCommit::new().with_actor(feed(0).actor());
    first.put_object(ROOT, "list", ObjType::List).unwrap();
    first.commit();
    let mut authors: Vec<Author> = Vec::new();
    for number in 0..3 {
        let mut doc = first.fork();
        doc.set_actor(feed(number).actor());
        authors.push(Author { feed: feed(number), doc });
        feeds.entries.insert(feed(number), Vec::new());
    }
    let creation = first.get_changes(&[])[0].raw_bytes().to_vec();
    let of_record = |payload| RawEntry { kind: PayloadKind::CHANGE, record: None, payload };
    feeds.entries.get_mut(&feed(0)).unwrap().push(of_record(creation));
    let record = RecordId::created_by(feed(0), Seq(1));
    for (n, (author, what, at)) in steps.iter().enumerate() {
        let (author, other) = (usize::from(author % 3), usize::from(at % 3));
        if what % 16 >= 12 && author != other {
            let mut theirs = authors[other].doc.fork();
            authors[author].doc.merge(&mut theirs).unwrap();
            continue;
        }
        let Author { feed, doc } = &mut authors[author];
        edit(doc, *what, *at);
        let message = ["Awa", "Awa", "Fatou\u{1f}vérifié"][usize::from(at % 3)].to_owned();
        let options = automerge::transaction::CommitOptions::default().with_message(message);
        if doc.commit_with(options.with_time(1_795_000_000 + 60 * n as i64)).is_none() {
            continue;
        }
        let payload = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
        let mut entry = RawEntry { kind: PayloadKind::CHANGE, record: Some(record), payload };
        match at % 11 {
            // Not its author's, no change at all, of a kind that only a newer version knows.
            0 => entry.payload[20] ^= 1,
            1 => entry.payload.truncate(30),
            2 => entry.kind = PayloadKind(77),
            _ => {}
        }
        feeds.entries.get_mut(feed).unwrap().push(entry);
    }
    feeds
}

fn there_and_back(feeds: &mut Feeds, of: FeedId, from: usize, to: usize, held: &[u8]) -> Result<(), TestCaseError> {
    feeds.held = held
        .iter()
        .enumerate()
        .map(|(n, held)| {
            let id = feed(n as u8);
            let most = feeds.entries[&id].len() as u64;
            (id, Seq(if id == of { from as u64 } else { u64::from(*held).min(most) }))
        })
        .collect();
    let entries = feeds.entries[&of][from..to].to_vec();
    let trail = from.checked_sub(1).map_or_else(Trail::default, |at| Trail::of(&feeds.entries[&of][at].payload));
    let place = (of, of, Seq(from as u64 + 1));
    let stripped = strip(&entries, place, trail.clone(), feeds);
    let back = expand(&stripped, entries.len(), place, trail.clone(), feeds);
    prop_assert_eq!(back.as_ref(), Ok(&entries));
    // Cut or altered it gives an error or other entries, never a panic.
    for at in (0..stripped.body.len()).step_by(5) {
        let cut = Stripped { body: stripped.body[..at].to_vec(), ..stripped.clone() };
        prop_assert!(expand(&cut, entries.len(), place, trail.clone(), feeds).is_err());
        let mut altered = stripped.clone();
        altered.body[at] ^= 0x41;
        let _ = expand(&altered, entries.len(), place, trail.clone(), feeds);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_run_comes_out_as_it_was(
        steps in proptest::collection::vec(any::<(u8, u8, u8)>(), 1..24),
        cut in any::<(u8, u8)>(),
        held in any::<[u8; 3]>(),
    ) {
        let mut feeds = play(&steps);
        for number in 0..3 {
            let count = feeds.entries[&feed(number)].len();
            let from = usize::from(cut.0) % (count + 1);
            let to = from + usize::from(cut.1) % (count - from + 1);
            if from < to {
                there_and_back(&mut feeds, feed(number), from, to, &held)?;
            }
        }
    }
}

#[test]
fn what_follows_from_what_the_receiver_holds_does_not_travel() {
    let mut feeds = play(&[(0, 0, 3), (0, 8, 4), (1, 12, 0), (1, 0, 5), (0, 12, 7), (0, 8, 3)]);
    feeds.held = [(feed(0), Seq(1)), (feed(1), Seq(1)), (feed(2), Seq(0))].into();
    let entries = feeds.entries[&feed(0)][1..].to_vec();
    assert_eq!(entries.len(), 3);
    let trail = Trail::of(&feeds.entries[&feed(0)][0].payload);
    let stripped = strip(&entries, (feed(0), feed(0), Seq(2)), trail, &feeds);
    let tails: usize = entries.iter().map(|entry| tail(&entry.payload).len()).sum();
    let fields = stripped.body.len() - tails - 1;
    // Of each some bits, the minutes since the one before, what it rests on, its length; once the person's name.
    assert!(fields <= 3 * 7 + 16, "{fields} bytes of fields");
    assert_eq!(stripped.named, [feed(1)]);
}

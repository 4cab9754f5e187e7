//! Runs of entries, packed and stripped, and the changes in them, up to their application to a document.

use crate::{
    change::{self, Head},
    chunk::Packed,
    document::{Document, Standing},
    entry::{
        RawEntry, VerifiedEntry,
        strip::{self, Stripped, Trail},
    },
    fuzz::past::past,
    ids::{FeedId, Seq},
    limits::{MAX_CHANGE_OPS, MAX_CHUNK_EXPANDED, MAX_PAYLOAD},
    testing::Pen,
    verify::RawRun,
    wire::Reader,
};

const FEED: FeedId = FeedId([5; 32]);

/// A chunk that needs nothing else to be unpacked.
pub(super) fn chunk(bytes: &[u8]) {
    let Ok(packed) = Packed::read(FEED, Reader::new(bytes)) else { return };
    let Ok(run) = packed.unpack_plain() else { return };
    assert!(run.entries.iter().map(|entry| entry.payload.len()).sum::<usize>() <= MAX_CHUNK_EXPANDED);
    let mut again = Vec::new();
    Packed::plain(&run).write(&mut again);
    let again = Packed::read(FEED, Reader::new(&again)).expect("what was packed is read").unpack_plain();
    assert_eq!(again, Ok(run));
}

/// A run of the past, one that packs, and a bomb.
pub(super) fn chunks() -> Vec<Vec<u8>> {
    let mut pen = Pen::new(7);
    pen.scribble(3, 1);
    let runs: [RawRun; 2] = [pen.run(pen.feed(), 0, 3), pen.run(pen.feed(), 1, 2)];
    let mut all: Vec<Vec<u8>> = Vec::new();
    for run in runs {
        let mut out = Vec::new();
        Packed::plain(&run).write(&mut out);
        all.push(out);
    }
    let zeros = zstd::bulk::compress(&vec![0; 8 << 20], 19).expect("zeros can be packed");
    let mut bomb = all[1][..2 + 8 + 64].to_vec();
    bomb.extend_from_slice(&[1, 0xc0, 0x80, 0x10]);
    bomb.extend_from_slice(&zeros);
    all.push(bomb);
    all
}

/// Where a stripped body is to stand: the first byte chooses the feed, the second the number of the first entry.
fn place(bytes: &[u8]) -> Option<(FeedId, usize, &[u8])> {
    let (head, rest) = bytes.split_at_checked(3)?;
    let feeds: Vec<FeedId> = past().feeds.keys().copied().collect();
    let feed = feeds[usize::from(head[0]) % feeds.len()];
    let held = past().feeds[&feed].1.len();
    Some((feed, usize::from(head[1]) % (held + 1), rest)).filter(|_| head[2] < 128)
}

fn trail(feed: FeedId, first: usize) -> Trail {
    let entries = &past().feeds[&feed].1;
    first.checked_sub(1).map_or_else(Trail::default, |at| Trail::of(entries[at].payload()))
}

/// The body of a stripped run.
pub(super) fn stripped(bytes: &[u8]) {
    let Some((feed, first, body)) = place(bytes) else { return };
    if body.len() > MAX_CHUNK_EXPANDED {
        return;
    }
    let (count, at) = (usize::from(bytes[2]) + 1, (feed, feed, Seq(first as u64 + 1)));
    let named = past().feeds.keys().copied().collect();
    let body = Stripped { named, body: body.to_vec() };
    let Ok(entries) = strip::expand(&body, count, at, trail(feed, first), past()) else { return };
    assert!(entries.iter().all(|entry| entry.payload.len() <= MAX_PAYLOAD));
    let again = strip::strip(&entries, at, trail(feed, first), past());
    assert_eq!(strip::expand(&again, count, at, trail(feed, first), past()), Ok(entries), "nothing is lost");
}

/// Every run of the past, from every place.
pub(super) fn stripped_bodies() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (number, (feed, (_, entries))) in past().feeds.iter().enumerate() {
        let raw: Vec<RawEntry> = entries.iter().map(RawEntry::of).collect();
        for first in 0..raw.len() {
            let at = (*feed, *feed, Seq(first as u64 + 1));
            let Stripped { named, body } = strip::strip(&raw[first..], at, trail(*feed, first), past());
            // The list of feeds is fixed here: what names others than it would is no seed.
            let fixed: Vec<FeedId> = past().feeds.keys().copied().take(named.len()).collect();
            if named == fixed {
                all.push([&[number as u8, first as u8, (raw.len() - first - 1) as u8][..], &body].concat());
            }
        }
    }
    all
}

/// Compact operations; the first byte chooses where they begin to count.
pub(super) fn operations(bytes: &[u8]) {
    let Some((start, compact)) = bytes.split_first() else { return };
    if compact.len() > MAX_PAYLOAD {
        return;
    }
    let start = [1, 100, 1 << 50, u64::MAX][usize::from(start % 4)];
    let Ok(columns) = change::expand_columns(compact, start) else { return };
    // Each byte stands for at most one operation, whose row takes some twenty bytes at most in any column form.
    assert!(columns.len() <= 64 + 40 * compact.len(), "{} bytes of {}", columns.len(), compact.len());
    let mut outline = past().changes().find_map(|entry| Some(Head::parse(entry.payload()).ok()?.outline)).expect("one");
    outline.start_op = start;
    let payload = change::build(&outline, &columns);
    let Ok(head) = Head::parse(&payload) else { return };
    assert!(head.ops <= MAX_CHANGE_OPS as u64);
    if let Some(again) = change::compact(&head, &payload) {
        assert_eq!(change::expand_columns(&again, start), Ok(columns), "compact operations come out as they were");
    }
}

/// The operations of all changes of the past.
pub(super) fn compact_operations() -> Vec<Vec<u8>> {
    let compact = |entry: &VerifiedEntry| {
        let head = Head::parse(entry.payload()).ok()?;
        Some([&[1][..], &change::compact(&head, entry.payload())?].concat())
    };
    past().changes().filter_map(compact).collect()
}

/// A change as a payload: read, stripped, and applied to the record that all others of the past are applied to. Its
/// checksum is put right, so that what lies behind it is reached.
pub(super) fn change(bytes: &[u8]) {
    let mut payload = bytes.to_vec();
    if payload.len() > 8 {
        let hash = change::hash_of(&payload);
        payload[4..8].copy_from_slice(&hash.0[..4]);
    }
    if let Ok(head) = Head::parse(&payload) {
        let rebuilt = change::build(&head.outline, head.columns(&payload));
        // Numbers in a longer form than need be are all that may differ.
        assert!(rebuilt.len() <= payload.len());
        if let Some(compact) = change::compact(&head, &payload) {
            let columns = change::expand_columns(&compact, head.outline.start_op);
            assert_eq!(columns.as_deref(), Ok(head.columns(&payload)));
        }
    }
    let entries: Vec<&VerifiedEntry> = past().changes().collect();
    let record = entries[0].header().record;
    let honest: Vec<&VerifiedEntry> = entries.into_iter().filter(|entry| entry.header().record == record).collect();
    let mut document = Document::empty(record);
    honest.iter().for_each(|entry| drop(document.insert(entry, Standing::Trunk)));
    let heads = document.heads();
    for last in past().feeds.values().filter_map(|(_, entries)| entries.last()) {
        let header = crate::entry::Header { seq: last.header().seq.next(), record, ..*last.header() };
        let hostile = VerifiedEntry::new(header, payload.clone(), None);
        document.insert(&hostile, Standing::Trunk);
        let placed = document.placement(&hostile.hash());
        assert!(placed.is_some(), "every entry has its place");
    }
    if document.history().len() == honest.len() {
        assert_eq!(document.heads(), heads, "what is not applied changes nothing");
    }
}

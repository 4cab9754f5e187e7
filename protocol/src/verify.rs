//! From bytes that a peer sent to entries that are known to be their author's.
//!
//! A [`RawRun`] is what a chunk carried: consecutive entries of one feed and one signature over the last. Its headers
//! are rebuilt from the place the run starts at, so the one signature answers for the order, the records and the
//! payloads of all of them.

pub use crate::entry::RawEntry;
use crate::{
    entry::{Header, PayloadKind, Signature, VerifiedEntry},
    feed::{Feed, Genesis, Tip, signature_holds},
    ids::{EntryHash, FeedId, PayloadHash, RecordId, Seq},
    wire::{self, Reader, WireError},
};

/// A run of entries of one feed as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRun {
    /// The feed, or the branch.
    pub feed: FeedId,
    /// The number of the first entry.
    pub first: Seq,
    /// What it continues.
    pub link: Link,
    /// At least one.
    pub entries: Vec<RawEntry>,
    /// The author's signature over the last entry.
    pub signature: Signature,
}

/// What a run continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It begins a feed, which is unknown to nobody who reads on.
    Genesis(Genesis),
    /// The first eight bytes of the hash of the entry before it.
    Entry([u8; 8]),
}

impl Link {
    /// The first eight bytes of the hash of what comes before.
    pub fn prefix(&self) -> [u8; 8] {
        match self {
            Link::Genesis(genesis) => first_eight(&genesis.id().0),
            Link::Entry(prefix) => *prefix,
        }
    }
}

/// The first eight bytes of a hash: enough to tell two entries apart that no one forges, and for what someone forges a
/// signature follows.
pub fn first_eight(hash: &[u8; 32]) -> [u8; 8] {
    hash[..8].try_into().expect("a hash has 32 bytes")
}

impl RawRun {
    /// The number of the last entry.
    pub fn last(&self) -> Seq {
        Seq(self.first.0 + self.entries.len() as u64 - 1)
    }
}

/// Why a run was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The run starts after a place we do not hold.
    #[error("entry {first} was sent where {expected} is next")]
    Gap {
        /// Where the run starts.
        first: Seq,
        /// What we lack first.
        expected: Seq,
    },
    /// The run holds or continues another entry with this number than we do: the feed may have forked.
    #[error("entry {0} is another one than ours")]
    Differs(Seq),
    /// The signature is not the author's over what was sent.
    #[error("the signature of entry {0} is not its author's")]
    Signature(Seq),
    /// The run reaches past a proven fork of its feed.
    #[error("the feed ended at entry {0}, where it was shown to fork")]
    PastEnd(Seq),
}

/// Rebuilds the headers of a run that starts right after `before` and checks its signature. The caller has found
/// `before` in what it holds of `feed`.
pub fn verify_run(feed: &Feed, before: Tip, run: RawRun) -> Result<Vec<VerifiedEntry>, VerifyError> {
    if run.first != before.seq.next() {
        return Err(VerifyError::Gap { first: run.first, expected: before.seq.next() });
    }
    if run.link.prefix() != first_eight(&before.hash.0) {
        return Err(VerifyError::Differs(before.seq));
    }
    if let Some(end) = feed.end.filter(|end| run.last() > *end) {
        return Err(VerifyError::PastEnd(end));
    }
    #[cfg(any(test, feature = "testing"))]
    return once::checked(&before.hash, run, |run| check_from(feed, before, run));
    #[cfg(not(any(test, feature = "testing")))]
    check_from(feed, before, run)
}

fn check_from(feed: &Feed, before: Tip, run: RawRun) -> Result<Vec<VerifiedEntry>, VerifyError> {
    let last = run.last();
    let mut tip = before;
    let mut entries = Vec::with_capacity(run.entries.len());
    for raw in run.entries {
        let seq = tip.seq.next();
        let header = Header {
            feed: feed.root,
            seq,
            backlink: tip.hash,
            kind: raw.kind,
            record: raw.record.unwrap_or_else(|| RecordId::created_by(feed.root, seq)),
            payload_hash: PayloadHash::of(&raw.payload),
        };
        let signature = (seq == last).then_some(run.signature);
        let entry = VerifiedEntry::new(header, raw.payload, signature);
        tip = Tip { seq, hash: entry.hash() };
        entries.push(entry);
    }
    #[cfg(any(test, feature = "testing"))]
    if crate::plant::skips_signatures() {
        return Ok(entries);
    }
    if !signature_holds(&feed.genesis, &tip.hash, &run.signature) {
        return Err(VerifyError::Signature(last));
    }
    Ok(entries)
}

/// An entry as our own store keeps it; sealed by the store, hence trusted when it comes back.
pub mod stored {
    use super::*;
    use crate::ids::Arrival;

    /// Signature follows.
    const SIGNED: u8 = 1;

    /// The value under `feed ‖ seq`: arrival, backlink, kind, record, flags, signature where held, payload.
    pub fn encode(entry: &VerifiedEntry, arrival: Arrival) -> Vec<u8> {
        let header = entry.header();
        let mut out = Vec::with_capacity(entry.payload().len() + 128);
        wire::put_number(&mut out, arrival.0);
        out.extend_from_slice(&header.backlink.0);
        out.push(header.kind.0);
        out.extend_from_slice(&header.record.0);
        out.push(if entry.signature().is_some() { SIGNED } else { 0 });
        if let Some(signature) = entry.signature() {
            out.extend_from_slice(&signature.0);
        }
        out.extend_from_slice(entry.payload());
        out
    }

    /// Reads only the arrival of what [`encode`] wrote.
    pub fn decode_arrival(value: &[u8]) -> Result<Arrival, WireError> {
        Reader::new(value).number("arrival").map(Arrival)
    }

    /// Reads back what [`encode`] wrote for the entry `seq` of the feed whose root is `root`.
    pub fn decode(root: FeedId, seq: Seq, value: &[u8]) -> Result<(VerifiedEntry, Arrival), WireError> {
        let mut reader = Reader::new(value);
        let arrival = Arrival(reader.number("arrival")?);
        let rest = reader.rest();
        #[cfg(any(test, feature = "testing"))]
        let entry = once::read(root, seq, rest, || decode_entry(root, seq, rest));
        #[cfg(not(any(test, feature = "testing")))]
        let entry = decode_entry(root, seq, rest);
        Ok((entry?, arrival))
    }

    fn decode_entry(root: FeedId, seq: Seq, rest: &[u8]) -> Result<VerifiedEntry, WireError> {
        let mut reader = Reader::new(rest);
        let backlink = EntryHash(reader.array("backlink")?);
        let kind = PayloadKind(reader.byte("kind")?);
        let record = RecordId(reader.array("record")?);
        let signature = match reader.byte("flags")? {
            0 => None,
            SIGNED => Some(Signature(reader.array("signature")?)),
            _ => return Err(WireError::Invalid("flags")),
        };
        let payload = reader.rest().to_vec();
        let payload_hash = PayloadHash::of(&payload);
        let header = Header { feed: root, seq, backlink, kind, record, payload_hash };
        Ok(VerifiedEntry::new(header, payload, signature))
    }
}

/// What is checked and read once for all nodes of a made-up world.
#[cfg(any(test, feature = "testing"))]
mod once {
    use super::*;
    use crate::memo::Memo;

    /// The hash before a run, and the run's signature.
    type Start = (EntryHash, [u8; 64]);
    /// A stored entry's place and length.
    type Place = (FeedId, Seq, usize);
    /// What it was read from, and what it is.
    type Read = (Box<[u8]>, VerifiedEntry);

    thread_local! {
        static CHECKED: Memo<Start, (RawRun, Vec<VerifiedEntry>)> = Memo::default();
        static READ: Memo<Place, Read> = Memo::default();
    }

    /// A run after a place: what comes of it hangs on nothing else, as long as its feed goes on.
    pub(super) fn checked(
        before: &EntryHash,
        run: RawRun,
        check: impl FnOnce(RawRun) -> Result<Vec<VerifiedEntry>, VerifyError>,
    ) -> Result<Vec<VerifiedEntry>, VerifyError> {
        if !crate::memo::is_on() {
            return check(run);
        }
        CHECKED.with(|memo| {
            memo.recall(
                || (*before, run.signature.0),
                |(known, entries)| (*known == run).then(|| Ok(entries.clone())),
                || check(run.clone()),
                |result| Some((run.clone(), result.as_ref().ok()?.clone())),
            )
        })
    }

    /// A stored entry, all but its arrival.
    pub(super) fn read(
        root: FeedId,
        seq: Seq,
        value: &[u8],
        read: impl FnOnce() -> Result<VerifiedEntry, WireError>,
    ) -> Result<VerifiedEntry, WireError> {
        READ.with(|memo| {
            memo.recall(
                || (root, seq, value.len()),
                |(known, entry)| (**known == *value).then(|| Ok(entry.clone())),
                read,
                |result| Some((value.into(), result.as_ref().ok()?.clone())),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        feed::Signer,
        ids::{Incarnation, NetworkId},
    };

    fn run_of(count: u64) -> (Feed, Vec<VerifiedEntry>, RawRun) {
        let signer = Signer::new(&[3; 32], NetworkId([1; 32]));
        let mut feed = Feed::begin(signer.genesis(Incarnation([2; 16])));
        let start = feed.tip;
        let entries: Vec<_> = (0..count)
            .map(|n| {
                let record = RecordId::created_by(feed.id, Seq(n + 1));
                let entry = signer.append(feed.id, feed.tip, PayloadKind::CHANGE, record, vec![n as u8; 10]);
                feed.tip = Tip { seq: entry.header().seq, hash: entry.hash() };
                entry
            })
            .collect();
        feed.tip = start;
        let run = RawRun {
            feed: feed.id,
            first: Seq(1),
            link: Link::Genesis(feed.genesis),
            entries: entries.iter().map(RawEntry::of).collect(),
            signature: *entries.last().unwrap().signature().unwrap(),
        };
        (feed, entries, run)
    }

    #[test]
    fn a_run_becomes_the_entries_it_was_made_of() {
        let (feed, entries, run) = run_of(3);
        let verified = verify_run(&feed, feed.tip, run).unwrap();
        assert_eq!(
            verified.iter().map(VerifiedEntry::hash).collect::<Vec<_>>(),
            entries.iter().map(VerifiedEntry::hash).collect::<Vec<_>>()
        );
        assert_eq!(verified.iter().map(|e| e.signature().is_some()).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn every_alteration_of_a_run_is_refused() {
        type Alter = fn(&mut RawRun);
        let cases: [(&str, Alter, VerifyError); 8] = [
            ("payload", |run| run.entries[1].payload[0] ^= 1, VerifyError::Signature(Seq(3))),
            ("record", |run| run.entries[0].record = Some(RecordId([9; 16])), VerifyError::Signature(Seq(3))),
            ("kind", |run| run.entries[2].kind = PayloadKind(7), VerifyError::Signature(Seq(3))),
            ("order", |run| run.entries.swap(0, 1), VerifyError::Signature(Seq(3))),
            ("left out", |run| drop(run.entries.remove(1)), VerifyError::Signature(Seq(2))),
            ("signature", |run| run.signature.0[0] ^= 1, VerifyError::Signature(Seq(3))),
            ("link", |run| run.link = Link::Entry([9; 8]), VerifyError::Differs(Seq(0))),
            ("gap", |run| run.first = Seq(2), VerifyError::Gap { first: Seq(2), expected: Seq(1) }),
        ];
        for (name, alter, error) in cases {
            let (feed, _, mut run) = run_of(3);
            alter(&mut run);
            assert_eq!(verify_run(&feed, feed.tip, run), Err(error), "{name}");
        }
    }

    #[test]
    fn nothing_is_accepted_past_the_end_of_a_forked_feed() {
        let (mut feed, _, run) = run_of(3);
        feed.end = Some(Seq(2));
        assert_eq!(verify_run(&feed, feed.tip, run), Err(VerifyError::PastEnd(Seq(2))));
    }

    #[test]
    fn a_stored_entry_comes_back_as_it_was() {
        use crate::ids::Arrival;
        let (feed, entries, _) = run_of(2);
        for entry in &entries {
            let value = stored::encode(entry, Arrival(7));
            assert_eq!(stored::decode(feed.id, entry.header().seq, &value), Ok((entry.clone(), Arrival(7))));
            assert!(stored::decode(feed.id, entry.header().seq, &value[..60]).is_err());
        }
    }
}

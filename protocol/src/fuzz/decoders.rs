//! Formats with one encoding: whatever can be read is written back as it came.

use crate::{
    beacon::{Base, Beacon, Claim, Delta, Holdings, Told},
    bundle::{self, Item, Keys},
    engine::rows,
    feed::{ForkProof, Genesis, OfficeCard, ProofSide, Signer},
    frame::{Dictionary, Frame, VERSION},
    fuzz::past::past,
    ids::{Arrival, Epoch, FeedId, NetworkId, Seq, UnixSeconds},
    limits::{MAX_BEACON_FEEDS, MAX_FRAME, MAX_SEQ},
    session::Baseline,
    testing::{Pen, SECRET},
    verify::stored as stored_entry,
    wire::Reader,
};

/// Bytes that were taken from the front of others.
fn taken<'a>(bytes: &'a [u8], reader: Reader<'_>) -> &'a [u8] {
    &bytes[..bytes.len() - reader.rest().len()]
}

/// A frame, to a receiver that knows no feed, and to one that knows some.
pub(super) fn frame(bytes: &[u8]) {
    if bytes.len() > MAX_FRAME {
        return;
    }
    for known in [0, 3] {
        let before = Dictionary::with((0..known).map(|feed| FeedId([feed; 32])));
        let Ok(frame) = Frame::decode(bytes, &mut before.clone()) else { continue };
        let again = frame.encode(&mut before.clone());
        match frame {
            Frame::Hello(hello) if hello.version > VERSION => assert!(bytes.starts_with(&again)),
            _ => assert_eq!(again, bytes, "a frame has one encoding"),
        }
    }
}

/// A bundle as a file, and what is in one: whoever has the secret may have made it by no rule at all.
pub(super) fn bundle(bytes: &[u8]) {
    let keys = || Keys::of_secret(SECRET);
    if let Ok(items) = bundle::decode(keys(), bytes) {
        assert_eq!(
            bundle::open(keys(), bytes).and_then(|plain| bundle::parse(&plain)).map(|items| items.len()),
            Ok(items.len())
        );
    }
    if let Ok(items) = bundle::parse(bytes) {
        assert!(items.len() <= bytes.len(), "every item takes some bytes");
        assert!(matches!((items.first(), items.last()), (Some(Item::Opened(_)), Some(Item::Closed(_)))));
    }
}

/// A proof of a fork, one side of it, and a genesis.
pub(super) fn proof(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    if let Ok(genesis) = Genesis::read(&mut reader) {
        assert_eq!(genesis.encode()[..], *taken(bytes, reader));
    }
    let mut reader = Reader::new(bytes);
    if let Ok(side) = ProofSide::read(&mut reader) {
        let mut out = Vec::new();
        side.write(&mut out);
        assert_eq!(out, taken(bytes, reader));
    }
    let mut reader = Reader::new(bytes);
    if let Ok(proof) = ForkProof::read(&mut reader) {
        let mut out = Vec::new();
        proof.write(&mut out);
        assert_eq!(out, taken(bytes, reader));
        let [one, other] = proof.sides.clone();
        let joined = ForkProof::join(proof.genesis, proof.base, other, one);
        assert!(!proof.holds() || joined == Some(proof), "the sides have one order");
    }
}

/// Proofs by an author that wrote twice.
pub(super) fn proofs() -> Vec<Vec<u8>> {
    let mut pen = Pen::new(7);
    pen.scribble(2, 1);
    let mut other = pen.clone();
    pen.scribble(2, 2);
    other.scribble(1, 3);
    let proof = ForkProof::join(pen.genesis, pen.at(2), pen.side(2), other.side(2)).expect("they do fork");
    let (mut whole, mut side) = (Vec::new(), Vec::new());
    proof.write(&mut whole);
    proof.sides[0].write(&mut side);
    vec![whole, side]
}

/// An office card. CBOR has other encodings of the same: it reads back, but need not come as it was.
pub(super) fn card(bytes: &[u8]) {
    if let Some(card) = OfficeCard::decode(bytes) {
        assert_eq!(OfficeCard::decode(&card.encode()), Some(card));
    }
}

/// Cards of the national team and of an office.
pub(super) fn cards() -> Vec<Vec<u8>> {
    let card = |name: &str, region: Option<&str>| OfficeCard {
        name: name.to_owned(),
        region: region.map(str::to_owned),
        at: 1_795_000_000,
    };
    vec![card("Gao", Some("ML-7")).encode(), card("Équipe nationale", None).encode()]
}

/// A beacon as it travels, and as it is kept.
pub(super) fn beacon(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    if let Ok(beacon) = Beacon::read(&mut reader) {
        assert_eq!(beacon.encode(), taken(bytes, reader));
    }
    let mut reader = Reader::new(bytes);
    let Ok(told) = Told::read(&mut reader) else { return };
    let mut out = Vec::new();
    told.write(&mut out);
    assert_eq!(out, taken(bytes, reader));
    for base in [Holdings::default(), base()] {
        let Ok(holds) = told.delta.apply(&base) else { continue };
        assert!(holds.iter().count() <= MAX_BEACON_FEEDS);
        assert!(holds.iter().all(|(_, seq)| seq > Seq(0) && seq <= Seq(MAX_SEQ as u64)));
        assert_eq!(Delta::between(&base, &holds).apply(&base), Ok(holds), "differences have an inverse");
    }
}

fn base() -> Holdings {
    Holdings::of([(FeedId([1; 32]), Seq(5)), (FeedId([2; 32]), Seq(MAX_SEQ as u64)), (FeedId([3; 32]), Seq(1))])
}

/// A beacon whole, and against a base.
pub(super) fn beacons() -> Vec<Vec<u8>> {
    let signer = Signer::new(&[1; 32], NetworkId::of_secret(SECRET));
    let holds = Holdings::of([(FeedId([1; 32]), Seq(6)), (FeedId([3; 32]), Seq(1)), (FeedId([9; 32]), Seq(300))]);
    let beacon = Beacon::sign(&signer, Claim::new(3, UnixSeconds(1_795_000_000), "0.1.0"), holds);
    let mut told = Vec::new();
    beacon.told(Base::Sender, &base()).write(&mut told);
    vec![beacon.encode(), told]
}

/// What is remembered of a peer. It comes from our own store, so it need only be read without harm and kept.
pub(super) fn baseline(bytes: &[u8]) {
    if let Ok(baseline) = Baseline::decode(bytes) {
        assert_eq!(Baseline::decode(&baseline.encode()), Ok(baseline));
    }
}

/// With an agreed mark and one that was told.
pub(super) fn baselines() -> Vec<Vec<u8>> {
    let mark = |digest: u8| [&[digest; 16][..], &[2], &[1; 32], &[5], &[2; 32], &[0x80, 0x01]].concat();
    let epochs = [Epoch([1; 8]).0, Epoch([2; 8]).0].concat();
    vec![[&epochs[..], &mark(3)].concat(), [&epochs[..], &mark(0), &mark(4)].concat()]
}

/// A stored entry, and a stored row.
pub(super) fn stored(bytes: &[u8]) {
    let root = FeedId([1; 32]);
    if let Ok((entry, arrival)) = stored_entry::decode(root, Seq(1), bytes) {
        assert_eq!(stored_entry::encode(&entry, arrival), bytes);
        assert_eq!(stored_entry::decode_arrival(bytes), Ok(arrival));
    }
    let _ = rows::decode(bytes);
}

/// Entries of the past.
pub(super) fn stored_entries() -> Vec<Vec<u8>> {
    past().changes().take(3).map(|entry| stored_entry::encode(entry, Arrival(300))).collect()
}

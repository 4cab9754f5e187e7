use super::*;
use crate::{
    engine::Contents,
    testing::{NodeId, SECRET, World},
};

fn keys() -> Keys {
    Keys::of_secret(SECRET)
}

fn some_bundle(records: usize) -> Vec<u8> {
    let mut world = World::of(1, 1);
    world.settle();
    for number in 0..records {
        let record = world.create(NodeId(0), "Puits");
        let words: Vec<String> = (0..200).map(|at| format!("{:x}", (at + number * 200) as u64 * 0x9e37_79b9)).collect();
        world.patch(NodeId(0), record, serde_json::json!({"narrative": words.join(" ")}));
    }
    world.bundle(NodeId(0), Contents::default())
}

#[test]
fn a_bundle_comes_out_the_same_in_whatever_pieces_it_is_read() {
    let file = some_bundle(150);
    assert!(file.len() > 2 * 64 * 1024, "{} bytes", file.len());
    let whole = decode(keys(), &file).unwrap();
    for size in [1, 57, 4_096, 65_536, 100_000] {
        let (mut reader, mut items) = (Reader::new(keys()), Vec::new());
        file.chunks(size).for_each(|piece| reader.push(piece, &mut items).unwrap());
        reader.finish(&mut items).unwrap();
        assert!(items == whole, "in pieces of {size}");
    }
}

#[test]
fn every_kind_of_damage_has_its_name() {
    let file = some_bundle(150);
    let read = |file: &[u8]| decode(keys(), file).map(|_| ());
    for at in [0, 5, 8, 9, 30, 41, 48, 49, 56, HEAD, HEAD + 70_000, file.len() - 70_000, file.len() - 1] {
        let mut flipped = file.clone();
        flipped[at] ^= 1 << (at % 8);
        let expected = match at {
            0..8 => BundleError::NotOne,
            8..HEAD => BundleError::Head,
            _ => {
                let segment = (at - HEAD) / 65_536;
                let from = (HEAD + segment * 65_536) as u64;
                let last = file.len() as u64 - from <= 65_536;
                if last { BundleError::CutShort } else { BundleError::Damaged { from, to: from + 65_536 } }
            }
        };
        assert_eq!(read(&flipped), Err(expected), "a flipped bit in byte {at}");
    }
    for len in [0, 3, 8, 20, HEAD, HEAD + 1, HEAD + 100, HEAD + 65_536, HEAD + 65_537, file.len() - 1] {
        let expected = if len == 0 { BundleError::NotOne } else { BundleError::CutShort };
        assert_eq!(read(&file[..len]), Err(expected), "cut to {len} bytes");
    }
    let longer = [&file[..], &[0]].concat();
    assert!(read(&longer).is_err());
    assert_eq!(read(b"PK\x03\x04 something else"), Err(BundleError::NotOne));
    assert_eq!(decode(Keys::of_secret(b"another"), &file).map(|_| ()), Err(BundleError::AnotherNetwork));
}

#[test]
fn strangers_learn_neither_the_network_nor_what_is_in_it() {
    let mut world = World::of(1, 1);
    world.settle();
    world.create(NodeId(0), "Puits");
    let (one, other) = (world.bundle(NodeId(0), Contents::default()), world.bundle(NodeId(0), Contents::default()));
    let shared = one[9..].windows(8).filter(|window| other[9..].windows(8).any(|w| w == *window)).count();
    assert_eq!(shared, 0, "two bundles of one network have nothing in common");
}

#[test]
fn nothing_that_is_cut_or_altered_inside_panics() {
    let file = some_bundle(2);
    let plain = open(keys(), &file).unwrap();
    assert!(parse(&plain).is_ok());
    for at in 0..plain.len() {
        assert!(parse(&plain[..at]).is_err(), "cut at {at}");
        for flip in [0x01, 0x80, 0xff] {
            let mut altered = plain.clone();
            altered[at] ^= flip;
            let _ = parse(&altered);
        }
    }
}

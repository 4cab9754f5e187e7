//! The specification's stripped chunk comes out as the entry it stands for. It is an example to read, not to write: how
//! Zstandard packs may change with its version, and what it reads may not.

use data_encoding::HEXLOWER;

use super::Ledger;
use crate::{
    chunk::{Codec, Effort},
    frame::{Dictionary, Frame},
    ids::Seq,
    shelf::Batch,
    testing::MemoryShelf,
    verify::{Link, RawRun},
};

/// An example of the README by its name.
fn example(name: &str) -> Vec<u8> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(&format!("\nExample: {name}\n```text\n")).expect("the README has the example");
    let (block, _) = rest.split_once("```").expect("a block ends");
    HEXLOWER.decode(block.split_whitespace().collect::<String>().as_bytes()).expect("it is hexadecimal")
}

#[test]
fn the_stripped_chunk_of_the_specification_is_the_second_chunk() {
    let mut ledger = Ledger::open(MemoryShelf::default()).unwrap();
    // The frontier before it names the feed.
    let mut dictionary = Dictionary::default();
    Frame::decode(&example("frontier"), &mut dictionary).expect("the example is sound");
    let mut plain = |name: &str| match Frame::decode(&example(name), &mut dictionary) {
        Ok(Frame::Chunk(packed)) => packed.unpack_plain().expect("the example is sound"),
        other => panic!("{name} is no chunk: {other:?}"),
    };
    let (first, second): (RawRun, RawRun) = (plain("chunk"), plain("second chunk"));
    let Link::Genesis(genesis) = first.link else { panic!("the first chunk begins its feed") };
    let id = ledger.begin_own(genesis);
    let mut batch = Batch::default();
    let feed = ledger.feed(&id).unwrap().clone();
    let entries = ledger.check_run(&feed, first).unwrap().unwrap();
    let accepted = ledger.stage(id, entries, &mut batch);
    ledger.shelf().apply(batch, true);
    ledger.persisted(&accepted);
    let feed = ledger.feed(&id).unwrap().clone();
    let packed = match Frame::decode(&example("stripped chunk"), &mut dictionary) {
        Ok(Frame::Chunk(packed)) => packed,
        other => {
            panic!("it is no chunk: {other:?}\nours: {}", HEXLOWER.encode(&written(&ledger, &second, &mut dictionary)))
        }
    };
    assert_eq!(packed.codec, Codec::STRIPPED);
    assert_eq!(ledger.unpack(&feed, packed).unwrap().unwrap(), second);
}

/// What we would write.
fn written(ledger: &Ledger<MemoryShelf>, run: &RawRun, dictionary: &mut Dictionary) -> Vec<u8> {
    let packed = ledger.pack(ledger.feed(&run.feed).unwrap(), run, |_| Seq(1), Effort::Thin).unwrap();
    Frame::Chunk(packed).encode(dictionary)
}

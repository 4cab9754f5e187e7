//! Every decoder under what real nodes say and mutations of it. `protocol/fuzz` runs the same targets under libFuzzer.
//! `TOGUNA_FUZZ=20` makes twenty times as many mutations; `TOGUNA_KEEP=1` first puts today's seeds into the corpus, so
//! that what is said today is read by every later version.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use toguna_protocol::{
    fuzz::{TARGETS, Target},
    testing::Chance,
};

/// Mutations of each target for one of its shares.
const MUTATIONS: usize = 250;

/// How many times as long as a quick test this is to be.
fn times() -> usize {
    std::env::var("TOGUNA_FUZZ").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// What the kept inputs and the seeds of a target are.
fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let mut inputs = (target.seeds)();
    let mut files: Vec<_> =
        fs::read_dir(corpus(target)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    inputs.extend(files.iter().map(|file| fs::read(file).expect("a kept input can be read")));
    inputs
}

/// Where the inputs of a target are kept.
fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/fuzz/corpus").join(target.name)
}

/// Keeps the seeds of a target under names that follow from their bytes.
fn keep(target: &Target) {
    fs::create_dir_all(corpus(target)).expect("the corpus can be written");
    for seed in (target.seeds)() {
        let name: String = blake3::hash(&seed).to_hex().chars().take(16).collect();
        fs::write(corpus(target).join(name), &seed).expect("the corpus can be written");
    }
}

/// Numbers that lie at some bound, as they are encoded.
const NUMBERS: [&[u8]; 6] = [
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    &[0x80, 0x40],
    &[0xc0, 0x80, 0x10],
    &[0x80, 0x01],
];

fn mutate(chance: &mut Chance, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = inputs[chance.below(inputs.len())].clone();
    for _ in 0..1 + chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(7) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            2 if at < bytes.len() => bytes[at] = chance.draw() as u8,
            3 => bytes.truncate(at),
            4 => {
                let end = (at + 1 + chance.below(8)).min(bytes.len());
                drop(bytes.drain(at..end));
            }
            5 => {
                let end = (at + 1).min(bytes.len());
                drop(bytes.splice(at..end, NUMBERS[chance.below(NUMBERS.len())].iter().copied()));
            }
            _ => {
                let other = &inputs[chance.below(inputs.len())];
                let from = chance.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

#[test]
fn no_decoder_breaks_its_promises() {
    let keeps = std::env::var_os("TOGUNA_KEEP").is_some();
    TARGETS.iter().filter(|_| keeps).for_each(keep);
    for target in &TARGETS {
        let (start, inputs) = (Instant::now(), inputs(target));
        assert!(!inputs.is_empty(), "{} has seeds", target.name);
        inputs.iter().for_each(|input| (target.run)(input));
        for seed in 0..(MUTATIONS * target.share * times()) as u64 {
            let input = mutate(&mut Chance::new(seed), &inputs);
            let outcome = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(outcome.is_ok(), "target {}, seed {seed}: {input:02x?}", target.name);
        }
        println!("{}: {} inputs, {:?}", target.name, inputs.len(), start.elapsed());
    }
}

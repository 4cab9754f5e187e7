//! A small world of nodes in memory, for tests: stores that crash, links that are cut, time that passes when told.
//!
//! Everything that happens is drawn from one seed, so a seed names a run. Built for this crate's own tests, and with
//! the feature `testing` for those of others.

mod by_hand;
mod shelf;
mod sticks;
mod world;

pub use self::{
    by_hand::{ByHand, Pen},
    shelf::MemoryShelf,
    world::{LinkId, Node, NodeId, SECRET, Step, World},
};

/// SplitMix64 (Steele, Lea and Flood, 2014): enough chance for a test, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The sequence that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound as u64) as usize
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

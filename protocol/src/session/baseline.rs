//! What two nodes remember of the last time they held the same, so that they need not say all they hold again.
//!
//! A *mark* is a digest with the numbers it stands for. Whoever tells a digest while both hold the same keeps it as
//! *told*; whoever hears one that equals its own keeps it as *agreed*, and names it in its next hello. As a digest that
//! one has heard is one that the other has told, the other can look it up, and says only what changed since.
//!
//! A mark never survives a change of either store's epoch: a store that lost something would be taken to hold it.

use crate::{
    frontier::{Digest, Frontier},
    ids::{Epoch, FeedId, Seq},
    limits::{MAX_FEEDS, MAX_SEQ},
    wire::{self, Reader, WireError},
};

/// What both held at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) digest: Digest,
    pub(super) numbers: Frontier,
}

impl Mark {
    /// How a hello names it.
    pub(super) fn id(&self) -> [u8; 8] {
        self.digest.0[..8].try_into().expect("a digest has 16 bytes")
    }
}

/// What is remembered of one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// Our store's mark and the peer's, when it was made.
    ours: Epoch,
    theirs: Epoch,
    /// The latest first.
    told: Vec<Mark>,
    pub(super) agreed: Option<Mark>,
    /// Whether the last session ended while entries were under way. Never stored.
    cut: bool,
}

/// Marks that were told are kept this many: the last may not have arrived.
const TOLD: usize = 2;

impl Baseline {
    pub(super) fn new(ours: Epoch, theirs: Epoch) -> Self {
        Baseline { ours, theirs, told: Vec::new(), agreed: None, cut: false }
    }

    /// Whether it was made on our present store.
    pub(super) fn is_of(&self, ours: Epoch) -> bool {
        self.ours == ours
    }

    /// Whether it was made with the peer's present store.
    pub(super) fn is_with(&self, theirs: Epoch) -> bool {
        self.theirs == theirs
    }

    /// The mark that the peer named.
    pub(super) fn named(&self, id: [u8; 8]) -> Option<&Mark> {
        self.marks().find(|mark| mark.id() == id)
    }

    /// A session ended while entries were under way: the peer may hold much more than the mark says.
    pub(crate) fn cut_short(&mut self) {
        self.cut = true;
    }

    /// Whether the peer is likely to hold just what the mark says. Else it is asked first: on a link that is up for
    /// seconds, what it holds already would be all that gets through, each time.
    pub(super) fn may_suppose(&self) -> bool {
        !self.cut
    }

    /// Both hold this.
    pub(super) fn agree(&mut self, mark: Mark) {
        self.agreed = Some(mark);
        self.cut = false;
    }

    /// Every mark that the peer may go by.
    pub(super) fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.told.iter().chain(&self.agreed)
    }

    /// What both held when they last met, by the peer's word.
    pub fn agreed(&self) -> Option<&Frontier> {
        self.agreed.as_ref().map(|mark| &mark.numbers)
    }

    /// Whether the digest was told.
    pub(super) fn has_told(&self, digest: &Digest) -> bool {
        self.told.iter().any(|mark| mark.digest == *digest)
    }

    /// Keeps what is told now.
    pub(super) fn tell(&mut self, mark: Mark) {
        self.told.insert(0, mark);
        self.told.truncate(TOLD);
    }

    /// As the store keeps it: both epochs; the agreed mark and those that were told, each the digest, the number of feeds,
    /// and per feed its id and number. Instead of no agreed mark, one of zeros without feeds.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = [self.ours.0, self.theirs.0].concat();
        let none = Mark { digest: Digest([0; 16]), numbers: Frontier::default() };
        for Mark { digest, numbers } in std::iter::once(self.agreed.as_ref().unwrap_or(&none)).chain(&self.told) {
            out.extend_from_slice(&digest.0);
            wire::put_number(&mut out, numbers.iter().count() as u64);
            for (feed, seq) in numbers.iter() {
                out.extend_from_slice(&feed.0);
                wire::put_number(&mut out, seq.0);
            }
        }
        out
    }

    /// Reads what [`Self::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let (ours, theirs) = (Epoch(reader.array("epoch")?), Epoch(reader.array("epoch")?));
        let mut marks = Vec::new();
        while marks.is_empty() || !reader.is_empty() && marks.len() <= TOLD {
            let digest = Digest(reader.array("digest")?);
            let count = reader.number_up_to(MAX_FEEDS * 2, "feeds")?;
            let number = |_| Ok((FeedId(reader.array("feed")?), Seq(reader.number_up_to(MAX_SEQ, "seq")? as u64)));
            let numbers = (0..count).map(number).collect::<Result<_, WireError>>()?;
            marks.push(Mark { digest, numbers });
        }
        reader.end()?;
        let agreed = Some(marks.remove(0)).filter(|mark| mark.digest != Digest([0; 16]));
        Ok(Baseline { ours, theirs, told: marks, agreed, cut: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_reads_back_and_no_cut_one_reads_the_same() {
        let numbers: Frontier = [(FeedId([1; 32]), Seq(5)), (FeedId([2; 32]), Seq(300))].into_iter().collect();
        let mark = Mark { digest: Digest([7; 16]), numbers };
        for (told, agreed) in [(0, None), (0, Some(mark.clone())), (1, None), (2, Some(mark.clone()))] {
            let mut baseline = Baseline { agreed, ..Baseline::new(Epoch([1; 8]), Epoch([2; 8])) };
            (0..told).for_each(|_| baseline.tell(mark.clone()));
            let bytes = baseline.encode();
            assert_eq!(Baseline::decode(&bytes).as_ref(), Ok(&baseline));
            assert_eq!(baseline.named(mark.id()).is_some(), told > 0 || baseline.agreed.is_some());
            for len in 0..bytes.len() {
                assert_ne!(Baseline::decode(&bytes[..len]).as_ref(), Ok(&baseline));
            }
        }
    }

    #[test]
    fn after_a_cut_nothing_is_supposed_until_both_agree_again() {
        let mut baseline = Baseline::new(Epoch([1; 8]), Epoch([2; 8]));
        assert!(baseline.may_suppose());
        baseline.cut_short();
        assert!(!baseline.may_suppose());
        baseline.agree(Mark { digest: Digest([7; 16]), numbers: Frontier::default() });
        assert!(baseline.may_suppose());
    }
}

//! The feeds that one direction of a session has named, and how numbers of feeds are written with it.

use std::collections::BTreeMap;

use bitstream_io::{BigEndian, BitRead, BitReader, BitWrite, BitWriter};

use super::{VERSION, read_seq};
use crate::{
    ids::{FeedId, Seq},
    limits::{MAX_FEEDS, MAX_PROBE, MAX_SEQ},
    wire::{self, Reader, WireError},
};

/// The parameter of a Rice code is less than this: one that holds every number needs no more bits.
const RICE_BITS: u32 = 52;

/// The feeds that one direction of a session has named, by number from 1.
#[derive(Debug, Clone)]
pub struct Dictionary {
    feeds: Vec<FeedId>,
    numbers: BTreeMap<FeedId, u64>,
    /// How many of the first were known to both sides from the start.
    listed: usize,
    /// What the session speaks.
    version: u8,
}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary { feeds: Vec::new(), numbers: BTreeMap::new(), listed: 0, version: VERSION }
    }
}

impl Dictionary {
    /// Starts with the feeds that both sides know, in the order of their ids.
    pub fn with(feeds: impl IntoIterator<Item = FeedId>) -> Self {
        let mut dictionary = Dictionary::default();
        feeds.into_iter().for_each(|feed| dictionary.name(feed));
        dictionary.listed = dictionary.feeds.len();
        dictionary
    }

    /// The same in a session that speaks this version of the protocol.
    pub fn speaking(self, version: u8) -> Self {
        Dictionary { version, ..self }
    }

    /// The version that the session speaks.
    pub(crate) fn version(&self) -> u8 {
        self.version
    }

    fn name(&mut self, feed: FeedId) {
        self.feeds.push(feed);
        self.numbers.insert(feed, self.feeds.len() as u64);
    }

    pub(super) fn write(&mut self, feed: FeedId, out: &mut Vec<u8>) {
        match self.numbers.get(&feed) {
            Some(number) => wire::put_number(out, *number),
            None => {
                wire::put_number(out, 0);
                out.extend_from_slice(&feed.0);
                self.name(feed);
            }
        }
    }

    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Result<FeedId, WireError> {
        match reader.number_up_to(self.feeds.len(), "feed number")? {
            0 if self.feeds.len() >= MAX_FEEDS * 2 => Err(WireError::TooLarge("feeds named")),
            0 => {
                let feed = FeedId(reader.array("feed id")?);
                if self.numbers.contains_key(&feed) {
                    return Err(WireError::Invalid("feed named twice"));
                }
                self.name(feed);
                Ok(feed)
            }
            number => Ok(self.feeds[number - 1]),
        }
    }

    pub(super) fn write_numbers(&mut self, numbers: &[(FeedId, Seq)], out: &mut Vec<u8>) {
        wire::put_number(out, numbers.len() as u64);
        for (feed, seq) in numbers {
            self.write(*feed, out);
            wire::put_number(out, seq.0);
        }
    }

    pub(super) fn read_numbers(&mut self, reader: &mut Reader<'_>) -> Result<Vec<(FeedId, Seq)>, WireError> {
        let count = reader.number_up_to(MAX_FEEDS * 2, "feeds")?;
        (0..count).map(|_| Ok((self.read(reader)?, read_seq(reader)?))).collect()
    }

    pub(super) fn write_items<T>(
        &mut self,
        items: &[(FeedId, Seq, T)],
        out: &mut Vec<u8>,
        mut write: impl FnMut(&T, &mut Vec<u8>),
    ) {
        wire::put_number(out, items.len() as u64);
        for (feed, seq, item) in items {
            self.write(*feed, out);
            wire::put_number(out, seq.0);
            write(item, out);
        }
    }

    pub(super) fn read_items<'a, T>(
        &mut self,
        reader: &mut Reader<'a>,
        read: impl Fn(&mut Reader<'a>) -> Result<T, WireError>,
    ) -> Result<Vec<(FeedId, Seq, T)>, WireError> {
        let count = reader.number_up_to(MAX_PROBE, "compared entries")?;
        (0..count).map(|_| Ok((self.read(reader)?, read_seq(reader)?, read(reader)?))).collect()
    }

    /// Whether the session can tell these numbers by their place: they, in the order of the feeds' ids, are all of feeds that both sides knew from the start.
    pub(super) fn lists(&self, numbers: &[(FeedId, Seq)]) -> bool {
        let is_listed = |feed| self.numbers.get(feed).is_some_and(|number| *number <= self.listed as u64);
        self.version >= 2
            && numbers.iter().all(|(feed, _)| is_listed(feed))
            && numbers.is_sorted_by_key(|(feed, _)| feed)
    }

    /// One number for each feed that both sides knew from the start, in their order: 0 for one that is not named, else
    /// its number and one. They are Rice codes (R. F. Rice, JPL Publication 79-22, 1979) with the parameter in front
    /// that makes them shortest: about as many bits as the numbers have, and none for naming the feeds.
    pub(super) fn write_listed(&self, numbers: &[(FeedId, Seq)], out: &mut Vec<u8>) {
        let numbers: BTreeMap<_, _> = numbers.iter().map(|(feed, seq)| (*feed, seq.0 + 1)).collect();
        let values = || self.feeds[..self.listed].iter().map(|feed| numbers.get(feed).copied().unwrap_or_default());
        let length = |bits: u32| values().map(|value| (value >> bits) + u64::from(bits) + 1).sum::<u64>();
        let bits = (0..RICE_BITS).min_by_key(|bits| length(*bits)).expect("there are some");
        out.push(bits as u8);
        let mut writer = BitWriter::endian(out, BigEndian);
        let written = values().try_for_each(|value| {
            writer.write_unary::<1>((value >> bits) as u32)?;
            writer.write_var(bits, value & ((1 << bits) - 1))
        });
        written.and_then(|()| writer.byte_align()).expect("a vector takes all that is written");
    }

    /// Reads what [`Self::write_listed`] wrote.
    pub(super) fn read_listed(&self, mut reader: Reader<'_>) -> Result<Vec<(FeedId, Seq)>, WireError> {
        let bits = u32::from(reader.byte("bits of numbers")?);
        if bits >= RICE_BITS {
            return Err(WireError::TooLarge("bits of numbers"));
        }
        let bytes = reader.rest();
        let mut reader = BitReader::endian(bytes, BigEndian);
        let cut = |_: std::io::Error| WireError::Truncated("numbers");
        let mut numbers = Vec::new();
        for feed in &self.feeds[..self.listed] {
            let high = u64::from(reader.read_unary::<1>().map_err(cut)?);
            let value = high << bits | reader.read_var::<u64>(bits).map_err(cut)?;
            if value > MAX_SEQ as u64 + 1 {
                return Err(WireError::TooLarge("seq"));
            }
            numbers.extend(value.checked_sub(1).map(|seq| (*feed, Seq(seq))));
        }
        // One frontier has one encoding.
        let mut again = vec![];
        self.write_listed(&numbers, &mut again);
        if again.get(1..) == Some(bytes) && again[0] == bits as u8 {
            Ok(numbers)
        } else {
            Err(WireError::Invalid("numbers"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{frame::Frame, frontier::Digest};

    fn feed(number: usize) -> FeedId {
        FeedId([(number >> 8) as u8; 32].map(|byte| byte.wrapping_mul(7) ^ number as u8))
    }

    fn both_know(count: usize) -> Dictionary {
        let feeds: std::collections::BTreeSet<FeedId> = (0..count).map(feed).collect();
        Dictionary::with(feeds)
    }

    #[test]
    fn a_hundred_offices_are_told_in_less_than_200_bytes() {
        // After a year some have written a hundred entries and some a thousand, and one is the national office.
        let mut numbers: Vec<_> = (0..100).map(|n| (feed(n), Seq(100 + (n as u64 * 7_919) % 900))).collect();
        numbers[9].1 = Seq(20_000);
        numbers.sort();
        let frame = Frame::Frontier(Digest([1; 16]), numbers);
        let bytes = frame.encode(&mut both_know(100));
        assert!(bytes.len() <= 200, "{} bytes", bytes.len());
        assert_eq!(Frame::decode(&bytes, &mut both_know(100)), Ok(frame));
    }

    #[test]
    fn a_feed_that_the_other_does_not_know_is_named() {
        let numbers = vec![(FeedId([0xff; 32]), Seq(3))];
        let frame = Frame::Frontier(Digest([1; 16]), numbers);
        let bytes = frame.encode(&mut both_know(3));
        assert_eq!(bytes.len(), 1 + 16 + 1 + 33 + 1);
        assert_eq!(Frame::decode(&bytes, &mut both_know(3)), Ok(frame));
    }

    proptest! {
        #[test]
        fn numbers_of_known_feeds_read_back_and_have_one_encoding(
            known in 0usize..60,
            seqs in prop::collection::vec(prop_oneof![Just(None), (0u64..300).prop_map(Some), (0..=MAX_SEQ as u64).prop_map(Some)], 60),
            flip in any::<prop::sample::Index>(),
        ) {
            let dictionary = both_know(known);
            let numbers: Vec<_> = dictionary.feeds.iter().zip(&seqs).filter_map(|(feed, seq)| Some((*feed, Seq((*seq)?)))).collect();
            prop_assert!(dictionary.lists(&numbers));
            let mut bytes = vec![];
            dictionary.write_listed(&numbers, &mut bytes);
            prop_assert_eq!(dictionary.read_listed(Reader::new(&bytes)), Ok(numbers.clone()));
            for cut in 0..bytes.len() {
                prop_assert_ne!(dictionary.read_listed(Reader::new(&bytes[..cut])), Ok(numbers.clone()));
            }
            let at = flip.index(bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            prop_assert_ne!(dictionary.read_listed(Reader::new(&bytes)), Ok(numbers.clone()));
            bytes[at / 8] ^= 1 << (at % 8);
            bytes.push(0);
            prop_assert!(dictionary.read_listed(Reader::new(&bytes)).is_err());
        }
    }
}

//! Values cut into small pieces, each sealed to its place.
//!
//! ```text
//! head   key    table(1) ‖ shelf key
//!        value  format(1)=1 ‖ count(2) ‖ salt(20) ‖ XChaCha20-Poly1305 of the first piece ‖ tag(16)
//! tail i key    table(1)+128 ‖ length of shelf key(1) ‖ shelf key ‖ i(2)          1 ≤ i < count
//!        value  XChaCha20-Poly1305 of piece i ‖ tag(16)
//! nonce  salt(20) ‖ i(4)
//! associated data  table(1) ‖ length of shelf key(1) ‖ shelf key ‖ i(4) ‖ count(4)
//! ```
//!
//! Numbers are big-endian. The salt is random and new for every value written, and one for all its pieces: a piece of
//! another value, or of an older value of the same key, does not open. So integrity and binding come in one, whatever
//! the engine below returns. What sealing cannot notice is a whole value replaced by its own older self.
//!
//! Heads stand in the order of the shelf's keys; tails stand apart so that they never come between two heads.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};

use toguna_protocol::shelf::Table;

use super::{
    engine::{MAX_STORED, RawWrite},
    key::DataKey,
};

/// The only layout of a head so far.
const FORMAT: u8 = 1;
const SALT: usize = 20;
const TAG: usize = 16;
const HEAD_PREFIX: usize = 1 + 2 + SALT;
/// Bytes of a value that the head holds.
pub(super) const HEAD_PIECE: usize = MAX_STORED - HEAD_PREFIX - TAG;
/// Bytes of a value that each tail holds.
pub(super) const TAIL_PIECE: usize = MAX_STORED - TAG;
/// Added to the table number for tails: tables are numbered below it.
const TAILS: u8 = 128;

/// Where a value belongs: a table's number and a key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) table: u8,
    pub(super) key: &'a [u8],
}

impl<'a> Place<'a> {
    /// The place whose head is stored under this engine key; `None` for the key of a tail.
    pub(super) fn of_head(raw: &'a [u8]) -> Option<Self> {
        let (&table, key) = raw.split_first()?;
        (table < TAILS).then_some(Place { table, key })
    }

    /// The engine key of the head.
    pub(super) fn head(self) -> Vec<u8> {
        [&[self.table], self.key].concat()
    }

    /// The engine key of a tail.
    pub(super) fn tail(self, index: u16) -> Vec<u8> {
        [&[self.table + TAILS, self.key_len()], self.key, &index.to_be_bytes()].concat()
    }

    /// The place in words, for messages: table and key, never a value.
    pub(super) fn name(self) -> String {
        let key = data_encoding::HEXLOWER.encode(self.key);
        match Table::ALL.iter().find(|table| **table as u8 == self.table) {
            Some(table) => format!("key {key} in table {table:?}"),
            None => format!("key {key} in table number {}", self.table),
        }
    }

    fn key_len(self) -> u8 {
        u8::try_from(self.key.len()).expect("the store refuses keys over 64 bytes")
    }

    fn associated(self, index: u16, count: u16) -> Vec<u8> {
        let numbers = [u32::from(index).to_be_bytes(), u32::from(count).to_be_bytes()].concat();
        [&[self.table, self.key_len()], self.key, &numbers].concat()
    }
}

/// The head of a stored value, taken apart but not yet opened.
pub(super) struct Head<'a> {
    /// Pieces of the value, this one included.
    pub(super) count: u16,
    salt: [u8; SALT],
    sealed: &'a [u8],
}

impl<'a> Head<'a> {
    /// `None` if these bytes are no head.
    pub(super) fn parse(stored: &'a [u8]) -> Option<Self> {
        let (prefix, sealed) = stored.split_at_checked(HEAD_PREFIX)?;
        let count = u16::from_be_bytes([prefix[1], prefix[2]]);
        let salt = prefix[3..].try_into().ok()?;
        (prefix[0] == FORMAT && count > 0).then_some(Head { count, salt, sealed })
    }
}

/// Seals and opens values under one key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    pub(super) fn new(key: &DataKey) -> Self {
        let key = key.derive("toguna 2026 store seal");
        Sealer { cipher: XChaCha20Poly1305::new((&*key).into()) }
    }

    /// The engine writes that hold a value: its head, then its tails in order.
    pub(super) fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<RawWrite>, getrandom::Error> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let (first, rest) = value.split_at(value.len().min(HEAD_PIECE));
        let count = u16::try_from(1 + rest.len().div_ceil(TAIL_PIECE)).expect("a batch is at most 1 MiB");

        let mut head = Vec::with_capacity(HEAD_PREFIX + first.len() + TAG);
        head.push(FORMAT);
        head.extend(count.to_be_bytes());
        head.extend(salt);
        head.extend(self.seal_piece(place, &salt, 0, count, first));
        let mut writes = vec![RawWrite { key: place.head(), value: Some(head) }];
        for (index, piece) in (1..count).zip(rest.chunks(TAIL_PIECE)) {
            let value = Some(self.seal_piece(place, &salt, index, count, piece));
            writes.push(RawWrite { key: place.tail(index), value });
        }
        Ok(writes)
    }

    fn seal_piece(&self, place: Place<'_>, salt: &[u8; SALT], index: u16, count: u16, piece: &[u8]) -> Vec<u8> {
        let aad = place.associated(index, count);
        self.cipher
            .encrypt(&nonce(salt, index), Payload { msg: piece, aad: &aad })
            .expect("only messages of 256 GB and more are refused")
    }

    /// The value whose head is given; tails are asked of `tail` by their index. `None` if anything is missing,
    /// damaged, or belongs elsewhere.
    pub(super) fn open<E>(
        &self,
        place: Place<'_>,
        stored: &[u8],
        mut tail: impl FnMut(u16) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let Some(head) = Head::parse(stored) else { return Ok(None) };
        let Some(mut value) = self.open_piece(place, &head, 0, head.sealed) else { return Ok(None) };
        for index in 1..head.count {
            let Some(piece) = tail(index)?.and_then(|sealed| self.open_piece(place, &head, index, &sealed)) else {
                return Ok(None);
            };
            value.extend(piece);
        }
        Ok(Some(value))
    }

    fn open_piece(&self, place: Place<'_>, head: &Head<'_>, index: u16, sealed: &[u8]) -> Option<Vec<u8>> {
        let aad = place.associated(index, head.count);
        self.cipher.decrypt(&nonce(&head.salt, index), Payload { msg: sealed, aad: &aad }).ok()
    }
}

fn nonce(salt: &[u8; SALT], index: u16) -> XNonce {
    let mut nonce = [0; 24];
    nonce[..SALT].copy_from_slice(salt);
    nonce[SALT..].copy_from_slice(&u32::from(index).to_be_bytes());
    nonce.into()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, convert::Infallible};

    use super::*;

    const PLACE: Place<'static> = Place { table: 3, key: b"key" };

    fn sealer() -> Sealer {
        Sealer::new(&DataKey::new([7; 32]))
    }

    fn sealed(value: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
        sealer().seal(PLACE, value).unwrap().into_iter().map(|w| (w.key, w.value.unwrap())).collect()
    }

    fn open(by: &Sealer, place: Place<'_>, rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Vec<u8>> {
        let head = rows.get(&place.head())?;
        by.open(place, head, |index| Ok::<_, Infallible>(rows.get(&place.tail(index)).cloned())).unwrap()
    }

    #[test]
    fn values_of_every_length_come_back_in_pieces_that_engines_can_hold() {
        for length in [
            0,
            1,
            HEAD_PIECE - 1,
            HEAD_PIECE,
            HEAD_PIECE + 1,
            HEAD_PIECE + TAIL_PIECE,
            HEAD_PIECE + TAIL_PIECE + 1,
            1 << 20,
        ] {
            let value: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let rows = sealed(&value);
            assert!(rows.values().all(|stored| stored.len() <= MAX_STORED), "{length}");
            assert_eq!(open(&sealer(), PLACE, &rows), Some(value), "{length}");
        }
    }

    #[test]
    fn nothing_of_the_value_can_be_read_in_what_is_stored() {
        let value = b"a sentence that nobody may read".repeat(300);
        for stored in sealed(&value).values() {
            assert!(!stored.windows(8).any(|window| window == b"sentence"));
        }
    }

    #[test]
    fn no_flipped_bit_and_no_cut_is_read_as_a_value() {
        let rows = sealed(&[5; HEAD_PIECE + 40]);
        for (key, stored) in &rows {
            for at in (0..stored.len()).filter(|at| at % 97 == 0 || *at < 64 || stored.len() - at < 20) {
                let mut damaged = rows.clone();
                damaged.get_mut(key).unwrap()[at] ^= 1 << (at % 8);
                assert_eq!(open(&sealer(), PLACE, &damaged), None, "bit flipped in byte {at}");
                let mut cut = rows.clone();
                cut.get_mut(key).unwrap().truncate(at);
                assert_eq!(open(&sealer(), PLACE, &cut), None, "cut to {at} bytes");
            }
        }
    }

    #[test]
    fn a_value_opens_only_where_it_was_put() {
        let rows = sealed(&[5; HEAD_PIECE + 2 * TAIL_PIECE]);
        let moved = |to: Place<'_>| {
            let pieces = [(PLACE.head(), to.head()), (PLACE.tail(1), to.tail(1)), (PLACE.tail(2), to.tail(2))];
            pieces.into_iter().map(|(from, to)| (to, rows[&from].clone())).collect::<BTreeMap<_, _>>()
        };
        for other in [Place { table: 4, key: b"key" }, Place { table: 3, key: b"kex" }, Place { table: 3, key: b"ke" }]
        {
            assert_eq!(open(&sealer(), other, &moved(other)), None, "{other:?}");
        }
        assert_eq!(open(&Sealer::new(&DataKey::new([8; 32])), PLACE, &rows), None, "another key");

        let mut swapped = rows.clone();
        swapped.insert(PLACE.tail(1), rows[&PLACE.tail(2)].clone());
        swapped.insert(PLACE.tail(2), rows[&PLACE.tail(1)].clone());
        assert_eq!(open(&sealer(), PLACE, &swapped), None, "pieces in another order");

        let mut missing = rows.clone();
        missing.remove(&PLACE.tail(2));
        assert_eq!(open(&sealer(), PLACE, &missing), None, "a piece missing");

        let older = sealed(&[6; HEAD_PIECE + 2 * TAIL_PIECE]);
        let mut mixed = rows.clone();
        mixed.insert(PLACE.tail(1), older[&PLACE.tail(1)].clone());
        assert_eq!(open(&sealer(), PLACE, &mixed), None, "a piece of the key's older value");
    }

    #[test]
    fn no_two_places_share_an_engine_key() {
        let keys: [&[u8]; 5] = [b"", b"a", b"a\0", b"a\0\x01", b"\x01a"];
        let mut seen = std::collections::BTreeSet::new();
        for table in [1, 2] {
            for key in keys {
                let place = Place { table, key };
                for raw in [place.head(), place.tail(1), place.tail(0x6100)] {
                    assert!(seen.insert(raw), "{place:?}");
                }
            }
        }
    }
}

//! Values cut into small pieces, each sealed to its place.
//!
//! ```text
//! engine key of piece 0      table(1) ‖ shelf key
//! engine key of piece i > 0  table(1)+128 ‖ length of shelf key(1) ‖ shelf key ‖ i(2)
//! engine value  magic "tgv1"(4) ‖ length of all this(2) ‖ i(2) ‖ count(2) ‖ version(8) ‖ salt(20)
//!               ‖ table(1) ‖ length of shelf key(1) ‖ shelf key ‖ XChaCha20-Poly1305 of the piece ‖ tag(16)
//! nonce         salt(20) ‖ i(4)
//! associated    everything before the ciphertext
//! ```
//!
//! Numbers are big-endian. The salt is random and new for every value written, and one for all its pieces: a piece of
//! another value, or of an older value of the same key, does not open. So integrity and binding come in one, whatever
//! the engine below returns. What sealing cannot notice is a whole value replaced by its own older self.
//!
//! A piece says where it belongs, so that values can be found in the bytes of a file that no engine opens any more
//! ([`super::salvage`]); the version, which grows with every commit, then tells the newest.
//!
//! First pieces stand in the order of the shelf's keys; the others stand apart so that they never come in between.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use toguna_protocol::shelf::Table;

use super::{
    MAX_KEY,
    engine::{MAX_STORED, RawWrite},
    key::DataKey,
};

/// What every stored piece begins with.
pub(super) const MAGIC: &[u8; 4] = b"tgv1";
const SALT: usize = 20;
const TAG: usize = 16;
const FIXED: usize = 4 + 2 + 2 + 2 + 8 + SALT + 1 + 1;
/// Bytes of a value in one piece: what is left beside the longest key.
pub(super) const PIECE: usize = MAX_STORED - FIXED - MAX_KEY - TAG;
/// Added to the table number for all pieces but the first: tables are numbered below it.
const LATER: u8 = 128;

/// Where a value belongs: a table's number and a key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) table: u8,
    pub(super) key: &'a [u8],
}

impl<'a> Place<'a> {
    /// The place whose first piece has this engine key; `None` for the keys of later pieces.
    pub(super) fn of_first(raw: &'a [u8]) -> Option<Self> {
        let (&table, key) = raw.split_first()?;
        (table < LATER).then_some(Place { table, key })
    }

    /// The engine key of a piece.
    pub(super) fn piece(self, index: u16) -> Vec<u8> {
        match index {
            0 => [&[self.table], self.key].concat(),
            _ => [&[self.table + LATER, self.key_len()], self.key, &index.to_be_bytes()].concat(),
        }
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
}

/// A stored piece, taken apart but not yet opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) place: Place<'a>,
    pub(super) index: u16,
    /// Pieces of the value.
    pub(super) count: u16,
    /// Which of two values of one key is newer.
    pub(super) version: u64,
    pub(super) salt: [u8; SALT],
    associated: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Piece<'a> {
    /// Reads the piece that `bytes` begin with, and how many of them it takes; `None` if they begin with none.
    pub(super) fn find(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
        let index = u16::from_be_bytes(take(&mut rest)?);
        let count = u16::from_be_bytes(take(&mut rest)?);
        let version = u64::from_be_bytes(take(&mut rest)?);
        let salt = take(&mut rest)?;
        let [table, key_len] = take(&mut rest)?;
        let key = rest.get(..usize::from(key_len))?;
        let (associated, sealed) = bytes.get(..length)?.split_at_checked(FIXED + key.len())?;
        let whole = index < count && key.len() <= MAX_KEY && length <= MAX_STORED;
        let place = Place { table, key };
        whole.then_some((Piece { place, index, count, version, salt, associated, sealed }, length))
    }

    /// Reads a stored value that is one piece and nothing more.
    pub(super) fn parse(stored: &'a [u8]) -> Option<Self> {
        Self::find(stored).filter(|(_, length)| *length == stored.len()).map(|(piece, _)| piece)
    }

    /// Whether both are pieces of one written value.
    fn belongs_with(&self, other: &Piece<'_>) -> bool {
        self.place == other.place && (self.count, self.version, self.salt) == (other.count, other.version, other.salt)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
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

    /// The engine writes that hold a value, one per piece.
    pub(super) fn seal(&self, place: Place<'_>, version: u64, value: &[u8]) -> Result<Vec<RawWrite>, getrandom::Error> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let count = u16::try_from(value.len().div_ceil(PIECE).max(1)).expect("a batch is at most 1 MiB");
        let pieces = (0..count).map(|index| {
            let start = usize::from(index) * PIECE;
            let piece = &value[start..value.len().min(start + PIECE)];
            let length = FIXED + place.key.len() + piece.len() + TAG;
            let mut stored = Vec::with_capacity(length);
            stored.extend(MAGIC);
            stored.extend(u16::try_from(length).expect("a piece is at most 4 KiB").to_be_bytes());
            stored.extend(index.to_be_bytes());
            stored.extend(count.to_be_bytes());
            stored.extend(version.to_be_bytes());
            stored.extend(salt);
            stored.extend([place.table, place.key_len()]);
            stored.extend(place.key);
            let sealed = self
                .cipher
                .encrypt(&nonce(&salt, index), Payload { msg: piece, aad: &stored })
                .expect("only messages of 256 GB and more are refused");
            stored.extend(sealed);
            RawWrite { key: place.piece(index), value: Some(stored) }
        });
        Ok(pieces.collect())
    }

    /// The value whose first stored piece is given; the others are asked of `piece` by their index. `None` if anything
    /// is missing, damaged, or belongs elsewhere.
    pub(super) fn open<E>(
        &self,
        place: Place<'_>,
        first: &[u8],
        mut piece: impl FnMut(u16) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let Some(first) = Piece::parse(first).filter(|first| first.place == place && first.index == 0) else {
            return Ok(None);
        };
        let Some(mut value) = self.open_piece(&first) else { return Ok(None) };
        for index in 1..first.count {
            let Some(stored) = piece(index)? else { return Ok(None) };
            let next = Piece::parse(&stored).filter(|next| next.index == index && next.belongs_with(&first));
            let Some(opened) = next.and_then(|next| self.open_piece(&next)) else { return Ok(None) };
            value.extend(opened);
        }
        Ok(Some(value))
    }

    /// The part of a value that one piece holds.
    pub(super) fn open_piece(&self, piece: &Piece<'_>) -> Option<Vec<u8>> {
        let payload = Payload { msg: piece.sealed, aad: piece.associated };
        self.cipher.decrypt(&nonce(&piece.salt, piece.index), payload).ok()
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
        sealer().seal(PLACE, 1, value).unwrap().into_iter().map(|w| (w.key, w.value.unwrap())).collect()
    }

    fn open(by: &Sealer, place: Place<'_>, rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Vec<u8>> {
        let head = rows.get(&place.piece(0))?;
        by.open(place, head, |index| Ok::<_, Infallible>(rows.get(&place.piece(index)).cloned())).unwrap()
    }

    #[test]
    fn values_of_every_length_come_back_in_pieces_that_engines_can_hold() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 1 << 20] {
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
        let rows = sealed(&[5; PIECE + 40]);
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
        let rows = sealed(&[5; 3 * PIECE]);
        let moved = |to: Place<'_>| {
            let pieces = [(PLACE.piece(0), to.piece(0)), (PLACE.piece(1), to.piece(1)), (PLACE.piece(2), to.piece(2))];
            pieces.into_iter().map(|(from, to)| (to, rows[&from].clone())).collect::<BTreeMap<_, _>>()
        };
        for other in [Place { table: 4, key: b"key" }, Place { table: 3, key: b"kex" }, Place { table: 3, key: b"ke" }]
        {
            assert_eq!(open(&sealer(), other, &moved(other)), None, "{other:?}");
        }
        assert_eq!(open(&Sealer::new(&DataKey::new([8; 32])), PLACE, &rows), None, "another key");

        let mut swapped = rows.clone();
        swapped.insert(PLACE.piece(1), rows[&PLACE.piece(2)].clone());
        swapped.insert(PLACE.piece(2), rows[&PLACE.piece(1)].clone());
        assert_eq!(open(&sealer(), PLACE, &swapped), None, "pieces in another order");

        let mut missing = rows.clone();
        missing.remove(&PLACE.piece(2));
        assert_eq!(open(&sealer(), PLACE, &missing), None, "a piece missing");

        let older = sealed(&[6; 3 * PIECE]);
        let mut mixed = rows.clone();
        mixed.insert(PLACE.piece(1), older[&PLACE.piece(1)].clone());
        assert_eq!(open(&sealer(), PLACE, &mixed), None, "a piece of the key's older value");
    }

    #[test]
    fn no_two_places_share_an_engine_key() {
        let keys: [&[u8]; 5] = [b"", b"a", b"a\0", b"a\0\x01", b"\x01a"];
        let mut seen = std::collections::BTreeSet::new();
        for table in [1, 2] {
            for key in keys {
                let place = Place { table, key };
                for raw in [place.piece(0), place.piece(1), place.piece(0x6100)] {
                    assert!(seen.insert(raw), "{place:?}");
                }
            }
        }
    }
}

//! One office's word as it is kept: what it holds now, since when, and what it held before.

use std::collections::VecDeque;

use serde::Serialize;

use crate::{
    beacon::{Beacon, Delta, Holdings},
    ids::{AuthorKey, UnixSeconds},
    limits::{MAX_FORMER_BEACONS, MAX_FORMER_NUMBERS},
    wire::{self, Reader, WireError},
};

/// How something came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Carrier {
    /// It was made here.
    Here,
    /// Over a link with the office it is about.
    Link,
    /// Over a link with another office.
    Office {
        /// That office.
        via: AuthorKey,
    },
    /// In a bundle.
    Bundle {
        /// Who made it.
        via: AuthorKey,
    },
}

/// When an office said something, and how we learned of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Word {
    /// By that office's clock, right or wrong.
    pub stated_at: UnixSeconds,
    /// By ours.
    pub heard_at: UnixSeconds,
    /// The way it took to us.
    pub carrier: Carrier,
}

/// What an office said before.
struct Former {
    /// When it first said so.
    since: Word,
    /// What makes its holdings of the ones it said next.
    undo: Delta,
}

/// An office's newest beacon.
pub(in crate::engine) struct Kept {
    pub(in crate::engine) beacon: Beacon,
    /// Beacons are numbered as they come here.
    pub(super) number: u64,
    pub(in crate::engine) word: Word,
    /// When the office first said that it holds just this.
    since: Word,
    /// The latest first.
    former: VecDeque<Former>,
}

impl Kept {
    /// The first of the office's words from which on what it said it holds has satisfied `covers` without a break; the
    /// oldest that is kept, where it may have been earlier. `None` if it does not now.
    pub(in crate::engine) fn since(&self, covers: impl Fn(&Holdings) -> bool) -> Option<Word> {
        let mut held = self.beacon.holds().clone();
        if !covers(&held) {
            return None;
        }
        let mut since = self.since;
        for former in &self.former {
            match former.undo.apply(&held) {
                Ok(before) if covers(&before) => (held, since) = (before, former.since),
                _ => break,
            }
        }
        Some(since)
    }

    /// A newer beacon in place of an older one.
    pub(super) fn after(before: Option<Kept>, beacon: Beacon, number: u64, word: Word) -> Self {
        let Some(Kept { beacon: old, since, mut former, .. }) = before else {
            return Kept { beacon, number, word, since: word, former: VecDeque::new() };
        };
        let undo = Delta::between(beacon.holds(), old.holds());
        if undo.is_empty() {
            return Kept { beacon, number, word, since, former };
        }
        former.push_front(Former { since, undo });
        let numbers = |former: &VecDeque<Former>| former.iter().map(|former| former.undo.len()).sum::<usize>();
        while former.len() > MAX_FORMER_BEACONS || numbers(&former) > MAX_FORMER_NUMBERS {
            former.pop_back();
        }
        Kept { beacon, number, word, since: word, former }
    }

    pub(super) fn size(&self) -> usize {
        self.beacon.encode().len()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        wire::put_number(&mut out, self.number);
        write_word(&self.word, &mut out);
        write_word(&self.since, &mut out);
        wire::put_number(&mut out, self.former.len() as u64);
        for former in &self.former {
            write_word(&former.since, &mut out);
            former.undo.write(&mut out);
        }
        out.extend_from_slice(&self.beacon.encode());
        out
    }

    pub(super) fn decode(row: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(row);
        let number = reader.number("beacon number")?;
        let (word, since) = (read_word(&mut reader)?, read_word(&mut reader)?);
        let count = reader.number_up_to(MAX_FORMER_BEACONS, "former beacons")?;
        let former = (0..count)
            .map(|_| Ok(Former { since: read_word(&mut reader)?, undo: Delta::read(&mut reader)? }))
            .collect::<Result<_, WireError>>()?;
        let beacon = Beacon::read(&mut reader)?;
        reader.end()?;
        Ok(Kept { beacon, number, word, since, former })
    }
}

fn write_word(word: &Word, out: &mut Vec<u8>) {
    wire::put_number(out, word.stated_at.0.max(0) as u64);
    wire::put_number(out, word.heard_at.0.max(0) as u64);
    match word.carrier {
        Carrier::Here => out.push(0),
        Carrier::Link => out.push(1),
        Carrier::Office { via } => {
            out.push(2);
            out.extend_from_slice(&via.0);
        }
        Carrier::Bundle { via } => {
            out.push(3);
            out.extend_from_slice(&via.0);
        }
    }
}

fn read_word(reader: &mut Reader<'_>) -> Result<Word, WireError> {
    let mut time = |field| Ok(UnixSeconds(reader.number(field)?.try_into().unwrap_or(i64::MAX)));
    let (stated_at, heard_at) = (time("stated at")?, time("heard at")?);
    let carrier = match reader.byte("carrier")? {
        0 => Carrier::Here,
        1 => Carrier::Link,
        2 => Carrier::Office { via: AuthorKey(reader.array("carrier")?) },
        3 => Carrier::Bundle { via: AuthorKey(reader.array("carrier")?) },
        _ => return Err(WireError::Invalid("carrier")),
    };
    Ok(Word { stated_at, heard_at, carrier })
}

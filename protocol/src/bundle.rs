//! The same frames as in a session, in a file that is carried by hand.
//!
//! ```text
//! clear     magic, version, salt, a check of the key, a check of all this
//! sealed    in segments of 64 KiB, the last marked as the last:
//!             opening      who made it, when, for whom, and what it goes on from (its *base*)
//!             forks        proofs that the base does not know of
//!             chunks       what the base lacks, in the order in which it arrived at the maker
//!             beacons      what offices have said they hold, the maker's own among them: acknowledgements
//!             closing      how much there was, and whether another part follows
//! ```
//!
//! Base and content give the *reach*: what somebody holds who held the base and took all. A bundle whose base is the
//! reach of another goes on from it, which is all there is to a split. Nobody can be asked to repeat something, so a
//! bundle whose base is not held is refused before anything is taken ([`crate::engine`]).
//!
//! [`Maker`] writes, [`Reader`] reads; both take bytes piece by piece and need memory for a segment and a frame only.

mod make;
mod read;
mod seal;

use crate::{
    beacon::{Holdings, Told},
    chunk::Packed,
    feed::ForkProof,
    frontier::{Digest, Frontier},
    ids::{AuthorKey, BundleName, FeedId, UnixSeconds},
    limits::{MAX_BUNDLE_PARTS, MAX_FEEDS, MAX_SEQ},
    wire::{self, Reader as Fields, WireError},
};

pub use self::{
    make::{Maker, Order},
    read::{Reader, decode, open, parse},
    seal::{HEAD, Keys, MAGIC, Salt, VERSION},
};

/// Why bytes are not a bundle that can be read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It does not begin like one.
    #[error("this is not a Toguna bundle: look for the right file")]
    NotOne,
    /// Its version, or something in it, is not known to this program.
    #[error("this bundle was made by a newer version of Toguna: update this node, then read it again")]
    Newer,
    /// Its clear head is damaged.
    #[error("the bundle is damaged at its beginning: copy it once more from where it was made")]
    Head,
    /// Its key is not made of our secret.
    #[error("this bundle is of another network: it was made with another network secret than this office's")]
    AnotherNetwork,
    /// A segment does not open.
    #[error("the bundle is damaged between byte {from} and byte {to}: copy it once more from where it was made")]
    Damaged {
        /// The first byte of the segment.
        from: u64,
        /// The byte after it.
        to: u64,
    },
    /// It ends before its end.
    #[error(
        "the bundle is not whole, or damaged at its end: copying broke off or the stick was pulled out too early; \
         copy it once more"
    )]
    CutShort,
    /// It opens, and what is in it does not follow the format.
    #[error("the bundle was not made by the rules ({0}): ask for another one")]
    Malformed(#[from] WireError),
}

/// What a bundle goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From nothing: it holds everything.
    Nothing,
    /// From the reach of another bundle, such as the former part of a split.
    After(BundleName),
    /// From what its addressee held, by what is known of it at the maker's; when it said so, by its clock, or 0.
    Heard(UnixSeconds),
}

/// What a bundle says of itself before all else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Follows from the salt, so that no two bundles have the same.
    pub name: BundleName,
    /// The node that made it.
    pub maker: AuthorKey,
    /// When, by the maker's clock.
    pub made_at: UnixSeconds,
    /// For whom, if for one.
    pub addressee: Option<AuthorKey>,
    /// Its place in a split, from 1; 0 for one that stands alone.
    pub part: u32,
    /// What it goes on from, in a word.
    pub origin: Origin,
    /// What it goes on from.
    pub base: Frontier,
}

/// What a bundle says in the end, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Another part follows.
    pub more: bool,
    /// Entries in it.
    pub entries: u64,
    /// Beacons in it.
    pub beacons: u64,
    /// The digest of its reach, if that was all the maker held.
    pub digest: Option<Digest>,
    /// The base and what is in it: not written, but counted by the reader.
    pub reach: Frontier,
}

/// One thing in a bundle, in order: the opening, then forks, runs and what was said, then the closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The beginning.
    Opened(Box<Opening>),
    /// A feed forked.
    Fork(Box<ForkProof>),
    /// Entries.
    Run(Box<Packed>),
    /// A beacon, with a feed of its author, and what it comes to.
    Said(FeedId, Box<Told>, Holdings),
    /// The end.
    Closed(Box<Closing>),
}

const ALONE: u8 = 0;
const NAMED: u8 = 1;
const HEARD: u8 = 2;

impl Opening {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.maker.0);
        wire::put_number(out, self.made_at.0.max(0) as u64);
        out.push(u8::from(self.addressee.is_some()));
        out.extend_from_slice(self.addressee.as_ref().map_or(&[], |addressee| &addressee.0[..]));
        wire::put_number(out, self.part.into());
        match self.origin {
            Origin::Nothing => out.push(ALONE),
            Origin::After(name) => {
                out.push(NAMED);
                out.extend_from_slice(&name.0);
            }
            Origin::Heard(at) => {
                out.push(HEARD);
                wire::put_number(out, at.0.max(0) as u64);
            }
        }
        wire::put_number(out, self.base.iter().count() as u64);
        for (feed, seq) in self.base.iter() {
            out.extend_from_slice(&feed.0);
            wire::put_number(out, seq.0);
        }
    }

    fn read(name: BundleName, bytes: &[u8]) -> Result<Self, BundleError> {
        let mut fields = Fields::new(bytes);
        let maker = AuthorKey(fields.array("maker")?);
        let made_at = read_time(&mut fields, "made at")?;
        let addressee = match fields.byte("addressee")? {
            0 => None,
            1 => Some(AuthorKey(fields.array("addressee")?)),
            _ => return Err(WireError::Invalid("addressee").into()),
        };
        let part = fields.number_up_to(MAX_BUNDLE_PARTS, "part")? as u32;
        let origin = match fields.byte("origin")? {
            ALONE => Origin::Nothing,
            NAMED => Origin::After(BundleName(fields.array("origin")?)),
            HEARD => Origin::Heard(read_time(&mut fields, "origin")?),
            _ => return Err(BundleError::Newer),
        };
        let count = fields.number_up_to(MAX_FEEDS * 2, "base")?;
        let number = |_| {
            let feed = FeedId(fields.array("feed id")?);
            Ok((feed, crate::ids::Seq(fields.number_up_to(MAX_SEQ, "seq")? as u64)))
        };
        let base = (0..count).map(number).collect::<Result<_, WireError>>()?;
        fields.end()?;
        Ok(Opening { name, maker, made_at, addressee, part, origin, base })
    }
}

fn read_time(fields: &mut Fields<'_>, field: &'static str) -> Result<UnixSeconds, WireError> {
    Ok(UnixSeconds(fields.number_up_to(i64::MAX as usize, field)? as i64))
}

/// Before the closing; no frame has this type.
const CLOSING: u8 = 0;

impl Closing {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[CLOSING, u8::from(self.more)]);
        wire::put_number(out, self.entries);
        wire::put_number(out, self.beacons);
        out.extend_from_slice(self.digest.as_ref().map_or(&[], |digest| &digest.0[..]));
    }

    fn read(bytes: &[u8], reach: Frontier) -> Result<Self, WireError> {
        let mut fields = Fields::new(bytes);
        let more = match fields.byte("more")? {
            more @ (0 | 1) => more == 1,
            _ => return Err(WireError::Invalid("more")),
        };
        let (entries, beacons) = (fields.number("entries")?, fields.number("beacons")?);
        let digest = if fields.is_empty() { None } else { Some(Digest(fields.array("digest")?)) };
        fields.end()?;
        Ok(Closing { more, entries, beacons, digest, reach })
    }
}

#[cfg(test)]
mod tests;

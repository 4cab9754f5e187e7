//! Reading a bundle piece by piece. Everything is authentic before it is parsed, and bounded all the same.

use super::{
    BundleError, CLOSING, Closing, Item, Opening,
    seal::{Keys, Opener},
};
use crate::{
    beacon::{Base, Holdings},
    chunk::{Codec, Packed},
    frame::{Dictionary, Frame},
    frontier::Frontier,
    ids::{BundleName, FeedId, Seq},
    limits::{MAX_BUNDLE_RECORD, MAX_FEEDS},
    wire::{Reader as Fields, WireError},
};

/// Takes a file's bytes and gives what is in it.
pub struct Reader {
    opener: Opener,
    records: Records,
}

impl Reader {
    /// Before the first byte.
    pub fn new(keys: Keys) -> Self {
        Reader { opener: Opener::new(keys), records: Records::default() }
    }

    /// Takes further bytes; what they complete is appended to `items`. After an error nothing more is to be pushed.
    pub fn push(&mut self, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), BundleError> {
        if let Some(name) = self.opener.push(bytes, &mut self.records.plain)? {
            self.records.name = name;
        }
        self.records.take(items)
    }

    /// The file has ended: what was in it is whole.
    pub fn finish(mut self, items: &mut Vec<Item>) -> Result<(), BundleError> {
        self.opener.finish(&mut self.records.plain)?;
        self.records.take(items)?;
        self.records.end()
    }
}

/// Reads a whole file at once.
pub fn decode(keys: Keys, file: &[u8]) -> Result<Vec<Item>, BundleError> {
    let (mut reader, mut items) = (Reader::new(keys), Vec::new());
    reader.push(file, &mut items)?;
    reader.finish(&mut items)?;
    Ok(items)
}

/// Opens a whole file at once: the bytes of its records.
pub fn open(keys: Keys, file: &[u8]) -> Result<Vec<u8>, BundleError> {
    let (mut opener, mut plain) = (Opener::new(keys), Vec::new());
    opener.push(file, &mut plain)?;
    opener.finish(&mut plain)?;
    Ok(plain)
}

/// Reads what a file holds once it is opened.
pub fn parse(plain: &[u8]) -> Result<Vec<Item>, BundleError> {
    let (mut records, mut items) = (Records { plain: plain.to_vec(), ..Records::default() }, Vec::new());
    records.take(&mut items)?;
    records.end()?;
    Ok(items)
}

/// The records of an opened bundle.
struct Records {
    name: BundleName,
    /// What is opened and not yet taken.
    plain: Vec<u8>,
    /// The base, and all that came since; `None` before the opening.
    reach: Option<Frontier>,
    base: Holdings,
    last: Holdings,
    dictionary: Dictionary,
    entries: u64,
    beacons: u64,
    closed: bool,
}

impl Default for Records {
    fn default() -> Self {
        Records {
            name: BundleName([0; BundleName::LEN]),
            plain: Vec::new(),
            reach: None,
            base: Holdings::default(),
            last: Holdings::default(),
            dictionary: Dictionary::default(),
            entries: 0,
            beacons: 0,
            closed: false,
        }
    }
}

impl Records {
    fn take(&mut self, items: &mut Vec<Item>) -> Result<(), BundleError> {
        let plain = std::mem::take(&mut self.plain);
        let mut rest = &plain[..];
        loop {
            let mut fields = Fields::new(rest);
            let len = match fields.number_up_to(MAX_BUNDLE_RECORD, "record") {
                Ok(len) => len,
                Err(WireError::Truncated(_)) => break,
                Err(error) => return Err(error.into()),
            };
            let Ok(record) = fields.bytes(len, "record") else { break };
            self.record(record, items)?;
            rest = fields.rest();
        }
        self.plain = rest.to_vec();
        Ok(())
    }

    fn record(&mut self, record: &[u8], items: &mut Vec<Item>) -> Result<(), BundleError> {
        if self.closed {
            return Err(WireError::Trailing.into());
        }
        let Some(reach) = &mut self.reach else {
            let opening = Opening::read(self.name, record)?;
            self.base = Holdings::of(opening.base.iter());
            self.reach = Some(opening.base.clone());
            items.push(Item::Opened(Box::new(opening)));
            return Ok(());
        };
        if let Some((&CLOSING, fields)) = record.split_first() {
            let closing = Closing::read(fields, std::mem::take(reach))?;
            if (closing.entries, closing.beacons) != (self.entries, self.beacons) {
                return Err(WireError::Invalid("counts").into());
            }
            self.closed = true;
            items.push(Item::Closed(Box::new(closing)));
            return Ok(());
        }
        match Frame::decode(record, &mut self.dictionary)? {
            Frame::Fork(proof) => {
                proof.branches().into_iter().try_for_each(|branch| raise(reach, branch, proof.base.seq))?;
                items.push(Item::Fork(Box::new(proof)));
            }
            Frame::Chunk(run) => {
                check_run(&run, reach)?;
                raise(reach, run.feed, run.last())?;
                self.entries += run.count as u64;
                items.push(Item::Run(Box::new(run)));
            }
            Frame::Beacons(told) => {
                for (feed, told) in told {
                    let base = match told.base {
                        Base::Receiver => &self.base,
                        Base::Last => &self.last,
                        Base::Sender => return Err(WireError::Invalid("beacon base").into()),
                    };
                    self.last = told.delta.apply(base)?;
                    self.beacons += 1;
                    items.push(Item::Said(feed, Box::new(told), self.last.clone()));
                }
            }
            _ => return Err(WireError::Invalid("frame in a bundle").into()),
        }
        Ok(())
    }

    fn end(&self) -> Result<(), BundleError> {
        match self.closed && self.plain.is_empty() {
            true => Ok(()),
            false => Err(WireError::Truncated("record").into()),
        }
    }
}

fn check_run(run: &Packed, reach: &Frontier) -> Result<(), BundleError> {
    if run.codec.0 > Codec::STRIPPED.0 {
        return Err(BundleError::Newer);
    }
    if run.first > reach.get(&run.feed).next() {
        return Err(WireError::Invalid("run after what is not there").into());
    }
    Ok(())
}

/// Members that name feeds without end must not fill our memory.
fn raise(reach: &mut Frontier, feed: FeedId, seq: Seq) -> Result<(), BundleError> {
    if !reach.names(&feed) && reach.len() >= MAX_FEEDS * 2 {
        return Err(WireError::TooLarge("feeds").into());
    }
    reach.raise(feed, seq);
    Ok(())
}

//! One Automerge change chunk, read without Automerge: its head cheaply, its operations when they are looked at.
//!
//! The layout is that of <https://automerge.org/automerge-binary-format-spec/#_change_chunks>. Only what our own
//! records are made of is known here: maps, lists, single values, deletions. Texts, counters, marks and tables are
//! refused, because no record has them (`record` keeps long texts as lists) and each is another way to upset a
//! document.

mod columns;
mod compact;
mod pieces;

use std::ops::Range;

use automerge::{ActorId, ChangeHash};
use sha2::{Digest, Sha256};

use self::columns::{Booleans, Delta, Malformed, Reader, Rle, put_signed};
pub(crate) use self::{
    compact::{columns as expand_columns, compact},
    pieces::pieces,
};
use crate::{limits, wire};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHECKSUM: Range<usize> = 4..8;
/// The type of a chunk that is one uncompressed change.
const CHANGE: u8 = 1;

/// Why bytes are no change that a record may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    TooLarge,
    Malformed,
    /// Deflated: twenty kilobytes can stand for twenty megabytes.
    Compressed,
    /// Bytes follow the change.
    TrailingBytes,
    /// A kind of operation or column that records do not use.
    Unsupported,
    TooManyOperations,
    TooManyDependencies,
}

impl From<Malformed> for Unreadable {
    fn from(Malformed: Malformed) -> Self {
        Unreadable::Malformed
    }
}

/// The columns a change may have, in the order in which they must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Column {
    ObjectActor,
    ObjectNumber,
    KeyActor,
    KeyNumber,
    KeyText,
    Insert,
    Action,
    ValueMeta,
    Value,
    PredCount,
    PredActor,
    PredNumber,
}

/// Column numbers of the format, in the order of [`Column`].
const SPECS: [u64; 12] = [0x01, 0x02, 0x11, 0x13, 0x15, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73];

/// What stands before the columns of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    /// In ascending order.
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) actor: ActorId,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) time: i64,
    pub(crate) message: String,
    /// Actors other than the change's own that its operations refer to, in ascending order.
    pub(crate) others: Vec<ActorId>,
}

/// A change as far as it can be read without its operations.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) outline: Outline,
    /// Number of operations, at least 1.
    pub(crate) ops: u64,
    columns: [Range<usize>; SPECS.len()],
    columns_from: usize,
}

/// A change's hash, of which its checksum is the first four bytes: SHA-256 over type, length and content.
pub(crate) fn hash_of(payload: &[u8]) -> ChangeHash {
    ChangeHash(Sha256::digest(payload.get(CHECKSUM.end..).unwrap_or_default()).into())
}

/// Puts a change chunk together from its outline and what stands from the columns on.
pub(crate) fn build(outline: &Outline, columns: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(columns.len() + 128);
    wire::put_number(&mut body, outline.deps.len() as u64);
    outline.deps.iter().for_each(|dep| body.extend_from_slice(&dep.0));
    wire::put_bytes(&mut body, outline.actor.to_bytes());
    wire::put_number(&mut body, outline.seq);
    wire::put_number(&mut body, outline.start_op);
    put_signed(&mut body, outline.time);
    wire::put_bytes(&mut body, outline.message.as_bytes());
    wire::put_number(&mut body, outline.others.len() as u64);
    outline.others.iter().for_each(|other| wire::put_bytes(&mut body, other.to_bytes()));
    body.extend_from_slice(columns);
    let mut payload = Vec::with_capacity(body.len() + 16);
    payload.extend_from_slice(&MAGIC);
    payload.extend_from_slice(&[0; 4]);
    payload.push(CHANGE);
    wire::put_bytes(&mut payload, &body);
    let hash = hash_of(&payload);
    payload[CHECKSUM].copy_from_slice(&hash.0[..4]);
    payload
}

/// Puts the columns of all operations one after another, each with its number in the format and its length; an empty
/// one is left out.
fn put_columns(columns: [Vec<u8>; SPECS.len()]) -> Vec<u8> {
    let mut out = Vec::new();
    let present = || SPECS.into_iter().zip(&columns).filter(|(_, column)| !column.is_empty());
    wire::put_number(&mut out, present().count() as u64);
    for (spec, column) in present() {
        wire::put_number(&mut out, spec);
        wire::put_number(&mut out, column.len() as u64);
    }
    present().for_each(|(_, column)| out.extend_from_slice(column));
    out
}

impl Head {
    /// When the change was made, by its author's clock; `None` for what is no change.
    pub(crate) fn time_of(payload: &[u8]) -> Option<i64> {
        Self::parse(payload).ok().map(|head| head.outline.time)
    }

    /// The number of the last operation.
    pub(crate) fn max_op(&self) -> u64 {
        self.outline.start_op.saturating_add(self.ops - 1)
    }

    /// Reads the head and measures the operations without expanding them. The checksum is the caller's to check.
    pub(crate) fn parse(payload: &[u8]) -> Result<Head, Unreadable> {
        if payload.len() > limits::MAX_PAYLOAD {
            return Err(Unreadable::TooLarge);
        }
        let mut reader = Reader(payload);
        if reader.take(4)? != MAGIC {
            return Err(Unreadable::Malformed);
        }
        reader.take(4)?;
        match reader.take(1)?[0] {
            CHANGE => {}
            2 => return Err(Unreadable::Compressed),
            _ => return Err(Unreadable::Malformed),
        }
        let len = reader.unsigned()?;
        let body = reader.take(len)?;
        if !reader.is_empty() {
            return Err(Unreadable::TrailingBytes);
        }
        let head = Self::parse_body(body, payload.len() - body.len())?;
        head.measure(payload)?;
        Ok(head)
    }

    fn parse_body(body: &[u8], offset: usize) -> Result<Head, Unreadable> {
        let mut reader = Reader(body);
        let count = reader.unsigned()?;
        if count > limits::MAX_CHANGE_DEPS as u64 {
            return Err(Unreadable::TooManyDependencies);
        }
        let mut deps = Vec::new();
        for _ in 0..count {
            deps.push(ChangeHash(reader.take(32)?.try_into().map_err(|_| Malformed)?));
        }
        let actor = actor(&mut reader)?;
        let seq = reader.unsigned()?;
        let start_op = reader.unsigned()?;
        let time = reader.signed()?;
        let len = reader.unsigned()?;
        let message = std::str::from_utf8(reader.take(len)?).map_err(|_| Malformed)?.to_owned();
        let count = reader.unsigned()?;
        if count > limits::MAX_CHANGE_DEPS as u64 {
            return Err(Unreadable::TooManyDependencies);
        }
        let mut others = Vec::new();
        for _ in 0..count {
            others.push(self::actor(&mut reader)?);
        }
        let sorted = deps.is_sorted_by(|a, b| a < b) && others.is_sorted_by(|a, b| a < b);
        if !sorted || others.contains(&actor) || seq == 0 || start_op == 0 {
            return Err(Unreadable::Malformed);
        }
        let columns_from = offset + body.len() - reader.0.len();
        let columns = columns(&mut reader, body.len(), offset)?;
        if !reader.is_empty() {
            return Err(Unreadable::TrailingBytes);
        }
        let outline = Outline { deps, actor, seq, start_op, time, message, others };
        Ok(Head { outline, ops: 0, columns, columns_from }).and_then(|mut head| {
            // The number of operations is that of their actions; every other column must agree when it is read.
            let range = &head.columns[Column::Action as usize];
            let action = &body[range.start - offset..range.end - offset];
            head.ops =
                Rle::<u64>::new(action).rows(limits::MAX_CHANGE_OPS as u64)?.ok_or(Unreadable::TooManyOperations)?;
            if head.ops == 0 { Err(Unreadable::Malformed) } else { Ok(head) }
        })
    }

    fn column<'a>(&self, payload: &'a [u8], column: Column) -> &'a [u8] {
        &payload[self.columns[column as usize].clone()]
    }

    /// Bounds what the run-length columns stand for, before anyone expands them.
    fn measure(&self, payload: &[u8]) -> Result<(), Unreadable> {
        let most = limits::MAX_CHANGE_OPS as u64;
        let preds = Rle::<u64>::new(self.column(payload, Column::PredCount)).total(most, |n| n)?;
        let keys = Rle::<&str>::new(self.column(payload, Column::KeyText))
            .total(limits::MAX_CHANGE_KEYS as u64, |key| key.len() as u64)?;
        if preds.is_none() || keys.is_none() { Err(Unreadable::TooManyOperations) } else { Ok(()) }
    }

    /// Whether it may leave one of several values at a key: some operation takes the place of several others, or deletes a
    /// key. Automerge writes the choice of the value that is shown already as a deletion of the others.
    pub(crate) fn joins(&self, payload: &[u8]) -> bool {
        let column = |column| Rle::<u64>::new(self.column(payload, column));
        let any = |column: Rle<'_, u64>, is: fn(u64) -> bool| {
            matches!(column.total(u64::MAX, |value| u64::from(is(value))), Ok(Some(1..)))
        };
        let is_deletion = |action: u64| action == u64::from(Action::Delete.code());
        if any(column(Column::PredCount), |count| count > 1) {
            return true;
        }
        if !any(column(Column::Action), is_deletion) {
            return false;
        }
        let mut keys = Rle::<&str>::new(self.column(payload, Column::KeyText));
        let mut actions = column(Column::Action);
        (0..self.ops)
            .any(|_| matches!((actions.next(), keys.next()), (Ok(Some(action)), Ok(Some(_))) if is_deletion(action)))
    }

    /// What stands from the columns on.
    pub(crate) fn columns<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        &payload[self.columns_from..]
    }

    /// The checksum the change claims.
    pub(crate) fn claimed_checksum(payload: &[u8]) -> Option<&[u8]> {
        payload.get(CHECKSUM)
    }

    /// Reads every operation. `actors` gives, for the change's own actor and then each of the others, its number in
    /// the document.
    pub(crate) fn operations<'a>(&self, payload: &'a [u8], actors: &[u32]) -> Result<Operations<'a>, Unreadable> {
        let column = |column| self.column(payload, column);
        let mut object = (Rle::new(column(Column::ObjectActor)), Rle::new(column(Column::ObjectNumber)));
        let mut key = (Rle::new(column(Column::KeyActor)), Delta::new(column(Column::KeyNumber)));
        let mut text = Rle::<&str>::new(column(Column::KeyText));
        let mut insert = Booleans::new(column(Column::Insert));
        let mut action = Rle::<u64>::new(column(Column::Action));
        let mut meta = Rle::<u64>::new(column(Column::ValueMeta));
        let mut values = Reader(column(Column::Value));
        let mut count = Rle::<u64>::new(column(Column::PredCount));
        let mut pred = (Rle::new(column(Column::PredActor)), Delta::new(column(Column::PredNumber)));

        let named = |actor: Option<u64>, number: Option<u64>| match (actor, number) {
            (None, None) => Ok(None),
            (Some(actor), Some(number @ 1..)) => {
                let actor = usize::try_from(actor).ok().and_then(|at| actors.get(at)).ok_or(Malformed)?;
                Ok(Some(OpRef { number, actor: *actor }))
            }
            _ => Err(Malformed),
        };
        let mut operations = Operations { rows: Vec::new(), preds: Vec::new() };
        for _ in 0..self.ops {
            let object = named(object.0.next()?, object.1.next()?)?;
            let key = match (key.0.next()?, key.1.next()?, text.next()?) {
                (None, None, Some(text)) => Key::Text(text),
                (None, Some(0), None) => Key::Front,
                (Some(actor), Some(number), None) => Key::Element(named(Some(actor), Some(number))?.ok_or(Malformed)?),
                _ => return Err(Unreadable::Malformed),
            };
            let meta = meta.expect()?;
            let raw = values.take(meta >> 4)?;
            let from = operations.preds.len();
            for _ in 0..count.expect()? {
                let pred = named(Some(pred.0.expect()?), pred.1.next()?)?.ok_or(Malformed)?;
                operations.preds.push(pred);
            }
            let action = Action::read(action.expect()?, meta & 0xf, raw)?;
            operations.rows.push(Operation {
                object,
                key,
                insert: insert.next()?,
                action,
                value_type: (meta & 0xf) as u8,
                value: raw,
                preds: from..operations.preds.len(),
            });
        }
        let done = [object.0.is_done(), object.1.is_done(), key.0.is_done(), key.1.is_done(), text.is_done()]
            .into_iter()
            .chain([insert.is_done(), action.is_done(), meta.is_done(), values.is_empty(), count.is_done()])
            .chain([pred.0.is_done(), pred.1.is_done()])
            .all(|done| done);
        if done { Ok(operations) } else { Err(Unreadable::Malformed) }
    }
}

fn actor(reader: &mut Reader<'_>) -> Result<ActorId, Malformed> {
    let len = reader.unsigned()?;
    // Ours are 16 bytes; any other length is somebody else's.
    if len == 16 { Ok(ActorId::from(reader.take(len)?)) } else { Err(Malformed) }
}

/// Where each known column lies in the payload. `offset` is where the body begins there.
fn columns(reader: &mut Reader<'_>, body_len: usize, offset: usize) -> Result<[Range<usize>; SPECS.len()], Unreadable> {
    let count = reader.unsigned()?;
    if count > SPECS.len() as u64 {
        return Err(Unreadable::Unsupported);
    }
    let mut listed: Vec<(usize, u64)> = Vec::new();
    for _ in 0..count {
        let (spec, len) = (reader.unsigned()?, reader.unsigned()?);
        if spec & 8 != 0 {
            return Err(Unreadable::Compressed);
        }
        let column = SPECS.iter().position(|known| *known == spec).ok_or(Unreadable::Unsupported)?;
        if len == 0 || listed.last().is_some_and(|(before, _)| *before >= column) {
            return Err(Unreadable::Malformed);
        }
        listed.push((column, len));
    }
    let mut ranges = [const { 0..0 }; SPECS.len()];
    for range in &mut ranges {
        *range = offset..offset;
    }
    for (column, len) in listed {
        let start = offset + body_len - reader.0.len();
        let taken = reader.take(len)?;
        ranges[column] = start..start + taken.len();
    }
    Ok(ranges)
}

/// An operation's name: its number and the number its author's actor has in this document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpRef {
    pub(crate) number: u64,
    pub(crate) actor: u32,
}

/// All operations of a change, in order.
#[derive(Debug)]
pub(crate) struct Operations<'a> {
    pub(crate) rows: Vec<Operation<'a>>,
    /// The predecessors of all rows, one after another.
    pub(crate) preds: Vec<OpRef>,
}

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Operation<'a> {
    /// The object written to; `None` is the root map.
    pub(crate) object: Option<OpRef>,
    pub(crate) key: Key<'a>,
    pub(crate) insert: bool,
    pub(crate) action: Action,
    /// The type of the value that is put, and its bytes.
    pub(crate) value_type: u8,
    pub(crate) value: &'a [u8],
    /// Which of [`Operations::preds`] are this operation's.
    pub(crate) preds: Range<usize>,
}

/// Where in its object an operation writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    Text(&'a str),
    /// Before the first element of a sequence.
    Front,
    /// At an element of a sequence, or after it for an insertion.
    Element(OpRef),
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Make(ObjectKind),
    /// Puts one value.
    Put,
    Delete,
}

/// The objects records are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    Map,
    List,
}

impl Action {
    /// Its number in the format.
    fn code(self) -> u8 {
        match self {
            Action::Make(ObjectKind::Map) => 0,
            Action::Put => 1,
            Action::Make(ObjectKind::List) => 2,
            Action::Delete => 3,
        }
    }

    fn read(action: u64, value_type: u64, raw: &[u8]) -> Result<Action, Unreadable> {
        const NULL: u64 = 0;
        const STRING: u64 = 6;
        const COUNTER: u64 = 8;
        const TIMESTAMP: u64 = 9;
        let without_value =
            |made| if value_type == NULL && raw.is_empty() { Ok(made) } else { Err(Unreadable::Malformed) };
        match action {
            0 => without_value(Action::Make(ObjectKind::Map)),
            1 if value_type == COUNTER || value_type > TIMESTAMP => Err(Unreadable::Unsupported),
            1 => {
                let readable = value_type != STRING || std::str::from_utf8(raw).is_ok();
                if readable { Ok(Action::Put) } else { Err(Unreadable::Malformed) }
            }
            2 => without_value(Action::Make(ObjectKind::List)),
            3 => without_value(Action::Delete),
            _ => Err(Unreadable::Unsupported),
        }
    }
}

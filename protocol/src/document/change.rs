//! One Automerge change chunk, read without Automerge: its head cheaply, its operations when they are looked at.
//!
//! The layout is that of <https://automerge.org/automerge-binary-format-spec/#_change_chunks>. Only what our own
//! records are made of is known here: maps, lists, single values, deletions. Texts, counters, marks and tables are
//! refused, because no record has them (`record` keeps long texts as lists) and each is another way to upset a
//! document.

use std::ops::Range;

use automerge::{ActorId, ChangeHash};

use super::{
    SetAside,
    columns::{Booleans, Delta, Malformed, Reader, Rle},
};
use crate::limits;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHECKSUM: Range<usize> = 4..8;

impl From<Malformed> for SetAside {
    fn from(Malformed: Malformed) -> Self {
        SetAside::Malformed
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

/// What stands before the operations, and where their columns lie.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) deps: Vec<ChangeHash>,
    pub(super) actor: ActorId,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) time: i64,
    pub(super) message: String,
    /// Actors other than the change's own that its operations refer to.
    pub(super) others: Vec<ActorId>,
    /// Number of operations, at least 1.
    pub(super) ops: u64,
    columns: [Range<usize>; SPECS.len()],
}

impl Head {
    /// When the change was made, by its author's clock; `None` for what is no change.
    pub(super) fn time_of(payload: &[u8]) -> Option<i64> {
        Self::parse(payload).ok().map(|head| head.time)
    }

    /// The number of the last operation.
    pub(super) fn max_op(&self) -> u64 {
        self.start_op.saturating_add(self.ops - 1)
    }

    /// Reads the head and measures the operations without expanding them. The checksum is the caller's to check.
    pub(super) fn parse(payload: &[u8]) -> Result<Head, SetAside> {
        if payload.len() > limits::MAX_PAYLOAD {
            return Err(SetAside::TooLarge);
        }
        let mut reader = Reader(payload);
        if reader.take(4)? != MAGIC {
            return Err(SetAside::Malformed);
        }
        reader.take(4)?;
        match reader.take(1)?[0] {
            1 => {}
            2 => return Err(SetAside::Compressed),
            _ => return Err(SetAside::Malformed),
        }
        let len = reader.unsigned()?;
        let body = reader.take(len)?;
        if !reader.is_empty() {
            return Err(SetAside::TrailingBytes);
        }
        let head = Self::parse_body(body, payload.len() - body.len())?;
        head.measure(payload)?;
        Ok(head)
    }

    fn parse_body(body: &[u8], offset: usize) -> Result<Head, SetAside> {
        let mut reader = Reader(body);
        let count = reader.unsigned()?;
        if count > limits::MAX_CHANGE_DEPS as u64 {
            return Err(SetAside::TooManyDependencies);
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
            return Err(SetAside::TooManyDependencies);
        }
        let mut others = Vec::new();
        for _ in 0..count {
            others.push(self::actor(&mut reader)?);
        }
        let sorted = deps.is_sorted_by(|a, b| a < b) && others.is_sorted_by(|a, b| a < b);
        if !sorted || others.contains(&actor) || seq == 0 || start_op == 0 {
            return Err(SetAside::Malformed);
        }
        let columns = columns(&mut reader, body.len(), offset)?;
        if !reader.is_empty() {
            return Err(SetAside::TrailingBytes);
        }
        Ok(Head { deps, actor, seq, start_op, time, message, others, ops: 0, columns }).and_then(|mut head| {
            // The number of operations is that of their actions; every other column must agree when it is read.
            let range = &head.columns[Column::Action as usize];
            let action = &body[range.start - offset..range.end - offset];
            head.ops =
                Rle::<u64>::new(action).rows(limits::MAX_CHANGE_OPS as u64)?.ok_or(SetAside::TooManyOperations)?;
            if head.ops == 0 { Err(SetAside::Malformed) } else { Ok(head) }
        })
    }

    fn column<'a>(&self, payload: &'a [u8], column: Column) -> &'a [u8] {
        &payload[self.columns[column as usize].clone()]
    }

    /// Bounds what the run-length columns stand for, before anyone expands them.
    fn measure(&self, payload: &[u8]) -> Result<(), SetAside> {
        let most = limits::MAX_CHANGE_OPS as u64;
        let preds = Rle::<u64>::new(self.column(payload, Column::PredCount)).total(most, |n| n)?;
        let keys = Rle::<&str>::new(self.column(payload, Column::KeyText))
            .total(limits::MAX_CHANGE_KEYS as u64, |key| key.len() as u64)?;
        if preds.is_none() || keys.is_none() { Err(SetAside::TooManyOperations) } else { Ok(()) }
    }

    /// The checksum the change claims.
    pub(super) fn claimed_checksum(payload: &[u8]) -> Option<&[u8]> {
        payload.get(CHECKSUM)
    }

    /// Reads every operation. `actors` gives, for the change's own actor and then each of the others, its number in
    /// the document.
    pub(super) fn operations<'a>(&self, payload: &'a [u8], actors: &[u32]) -> Result<Operations<'a>, SetAside> {
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
                _ => return Err(SetAside::Malformed),
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
                preds: from..operations.preds.len(),
            });
        }
        let done = [object.0.is_done(), object.1.is_done(), key.0.is_done(), key.1.is_done(), text.is_done()]
            .into_iter()
            .chain([insert.is_done(), action.is_done(), meta.is_done(), values.is_empty(), count.is_done()])
            .chain([pred.0.is_done(), pred.1.is_done()])
            .all(|done| done);
        if done { Ok(operations) } else { Err(SetAside::Malformed) }
    }
}

fn actor(reader: &mut Reader<'_>) -> Result<ActorId, Malformed> {
    let len = reader.unsigned()?;
    // Ours are 16 bytes; any other length is somebody else's.
    if len == 16 { Ok(ActorId::from(reader.take(len)?)) } else { Err(Malformed) }
}

/// Where each known column lies in the payload. `offset` is where the body begins there.
fn columns(reader: &mut Reader<'_>, body_len: usize, offset: usize) -> Result<[Range<usize>; SPECS.len()], SetAside> {
    let count = reader.unsigned()?;
    if count > SPECS.len() as u64 {
        return Err(SetAside::Unsupported);
    }
    let mut listed: Vec<(usize, u64)> = Vec::new();
    for _ in 0..count {
        let (spec, len) = (reader.unsigned()?, reader.unsigned()?);
        if spec & 8 != 0 {
            return Err(SetAside::Compressed);
        }
        let column = SPECS.iter().position(|known| *known == spec).ok_or(SetAside::Unsupported)?;
        if len == 0 || listed.last().is_some_and(|(before, _)| *before >= column) {
            return Err(SetAside::Malformed);
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
pub(super) struct OpRef {
    pub(super) number: u64,
    pub(super) actor: u32,
}

/// All operations of a change, in order.
#[derive(Debug)]
pub(super) struct Operations<'a> {
    pub(super) rows: Vec<Operation<'a>>,
    /// The predecessors of all rows, one after another.
    pub(super) preds: Vec<OpRef>,
}

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operation<'a> {
    /// The object written to; `None` is the root map.
    pub(super) object: Option<OpRef>,
    pub(super) key: Key<'a>,
    pub(super) insert: bool,
    pub(super) action: Action,
    /// Which of [`Operations::preds`] are this operation's.
    pub(super) preds: Range<usize>,
}

/// Where in its object an operation writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Text(&'a str),
    /// Before the first element of a sequence.
    Front,
    /// At an element of a sequence, or after it for an insertion.
    Element(OpRef),
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Make(ObjectKind),
    /// Puts one value.
    Put,
    Delete,
}

/// The objects records are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Map,
    List,
}

impl Action {
    fn read(action: u64, value_type: u64, raw: &[u8]) -> Result<Action, SetAside> {
        const NULL: u64 = 0;
        const STRING: u64 = 6;
        const COUNTER: u64 = 8;
        const TIMESTAMP: u64 = 9;
        let without_value =
            |made| if value_type == NULL && raw.is_empty() { Ok(made) } else { Err(SetAside::Malformed) };
        match action {
            0 => without_value(Action::Make(ObjectKind::Map)),
            1 if value_type == COUNTER || value_type > TIMESTAMP => Err(SetAside::Unsupported),
            1 => {
                let readable = value_type != STRING || std::str::from_utf8(raw).is_ok();
                if readable { Ok(Action::Put) } else { Err(SetAside::Malformed) }
            }
            2 => without_value(Action::Make(ObjectKind::List)),
            3 => without_value(Action::Delete),
            _ => Err(SetAside::Unsupported),
        }
    }
}

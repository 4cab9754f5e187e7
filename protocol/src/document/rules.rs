//! What the operations of a change may refer to, so that applying it can neither panic nor depend on the order of
//! arrival.
//!
//! Automerge trusts its input: an unknown object panics, an unknown element panics, and a predecessor that belongs
//! to another place takes effect or not depending on what else is in the batch. Everything is therefore checked
//! against the change's own causal past, and against nothing else.

use super::SetAside;
use crate::change::{Action, Key, ObjectKind, OpRef, Operation, Operations};

/// Where an operation's effect lies: its object, and the place there that later operations name to overwrite it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot<'a> {
    object: Option<OpRef>,
    place: Place<'a>,
    makes: Option<ObjectKind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    Key(&'a str),
    Element(OpRef),
    /// A deletion leaves nothing that could be named again.
    Nowhere,
}

/// The slots of one change's operations. Runs of inserted or deleted elements take one row.
#[derive(Debug, Default)]
pub(super) struct Slots {
    rows: Vec<Row>,
    len: u32,
}

#[derive(Debug)]
struct Row {
    /// The first operation, counted from the change's start op.
    first: u32,
    object: Option<OpRef>,
    place: RowPlace,
    makes: Option<ObjectKind>,
}

#[derive(Debug, PartialEq, Eq)]
enum RowPlace {
    Key(Box<str>),
    Element(OpRef),
    /// Insertions: each operation is its own element.
    Own,
    Nowhere,
}

impl Slots {
    fn push(&mut self, object: Option<OpRef>, place: RowPlace, makes: Option<ObjectKind>) {
        let extends_last = self.rows.last().is_some_and(|last| {
            matches!(place, RowPlace::Own | RowPlace::Nowhere)
                && makes.is_none()
                && last.makes.is_none()
                && last.place == place
                && last.object == object
        });
        if !extends_last {
            self.rows.push(Row { first: self.len, object, place, makes });
        }
        self.len += 1;
    }

    /// The slot of the operation `op`, which is number `offset` of this change.
    pub(super) fn get(&self, op: OpRef, offset: u64) -> Option<Slot<'_>> {
        if offset >= u64::from(self.len) {
            return None;
        }
        let row = &self.rows[self.rows.partition_point(|row| u64::from(row.first) <= offset) - 1];
        let place = match &row.place {
            RowPlace::Key(key) => Place::Key(key),
            RowPlace::Element(element) => Place::Element(*element),
            RowPlace::Own => Place::Element(op),
            RowPlace::Nowhere => Place::Nowhere,
        };
        Some(Slot { object: row.object, place, makes: row.makes })
    }

    /// The slots of operations that are known to be in order.
    pub(super) fn of_checked(operations: &Operations<'_>) -> Slots {
        let mut slots = Slots::default();
        for row in &operations.rows {
            slots.push(row.object, row_place(row), made(row));
        }
        slots
    }
}

fn row_place(row: &Operation<'_>) -> RowPlace {
    match row.key {
        _ if row.action == Action::Delete => RowPlace::Nowhere,
        _ if row.insert => RowPlace::Own,
        Key::Text(key) => RowPlace::Key(key.into()),
        Key::Element(element) => RowPlace::Element(element),
        Key::Front => RowPlace::Nowhere,
    }
}

fn made(row: &Operation<'_>) -> Option<ObjectKind> {
    match row.action {
        Action::Make(kind) => Some(kind),
        _ => None,
    }
}

/// Checks every operation of a change whose first operation is `start`; `past` finds an operation of its causal past.
pub(super) fn check<'s>(
    operations: &Operations<'_>,
    start: OpRef,
    past: impl Fn(OpRef) -> Option<Slot<'s>>,
) -> Result<Slots, SetAside> {
    let mut slots = Slots::default();
    for row in &operations.rows {
        let known = |op: OpRef| {
            if op.actor == start.actor && op.number >= start.number {
                slots.get(op, op.number - start.number)
            } else {
                past(op)
            }
        };
        check_row(row, &operations.preds[row.preds.clone()], known)?;
        slots.push(row.object, row_place(row), made(row));
    }
    Ok(slots)
}

fn check_row<'s>(
    row: &Operation<'_>,
    preds: &[OpRef],
    known: impl Fn(OpRef) -> Option<Slot<'s>>,
) -> Result<(), SetAside> {
    let kind = match row.object {
        None => ObjectKind::Map,
        Some(object) => known(object).and_then(|slot| slot.makes).ok_or(SetAside::UnknownObject)?,
    };
    let place = match (kind, row.key) {
        (ObjectKind::Map, Key::Text(key)) if !row.insert && !key.is_empty() => Place::Key(key),
        (ObjectKind::List, Key::Front) if row.insert => Place::Nowhere,
        (ObjectKind::List, Key::Element(element)) => {
            let at = known(element).ok_or(SetAside::UnknownElement)?;
            if at.object != row.object || at.place != Place::Element(element) {
                return Err(SetAside::UnknownElement);
            }
            Place::Element(element)
        }
        _ => return Err(SetAside::MisplacedKey),
    };
    match row.action {
        Action::Delete if row.insert || preds.is_empty() => return Err(SetAside::Malformed),
        _ if row.insert && !preds.is_empty() => return Err(SetAside::Malformed),
        _ => {}
    }
    let mut once = preds.to_vec();
    once.sort_unstable();
    once.dedup();
    let same_place = |pred: &OpRef| known(*pred).is_some_and(|at| at.object == row.object && at.place == place);
    if once.len() != preds.len() || !preds.iter().all(same_place) {
        return Err(SetAside::UnknownPredecessor);
    }
    Ok(())
}

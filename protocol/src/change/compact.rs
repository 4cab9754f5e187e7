//! The operations of a change as they travel: a third less than Automerge's columns under the same compression, since
//! each operation's fields stand together, as the same fields stood in the feed's preceding changes.
//!
//! A sequence of groups, each one operation or a run of pieces of text put in one after another:
//!
//! | field | when |
//! |---|---|
//! | bits: 1 another object than the group before, 2 insertion, 4 and 8 action, 16 has predecessors, 32 to 128 type of the value, 7 = a byte with the type follows | |
//! | object: 0 = root, else actor + 1, number | bit 1 |
//! | key: its bytes and a zero; with bit 2 an element: 0 = front, else actor + 1, number | |
//! | value: see [`put_value`]; of a text that is put in all pieces and a zero | |
//! | predecessors: count − 1, each actor, number | bit 16 |
//!
//! A deletion with bit 2 is that of an element of a list. An actor is 0 for the change's own and counts its other actors from 1. A number is twice the operation's number, or
//! for the operations of this change twice the distance from its first, plus 1.

use std::ops::Range;

use super::{
    Head, Key, OpRef, Operation, Operations,
    columns::{put_booleans, put_deltas, put_runs},
    pieces::pieces,
};
use crate::{
    change::Action,
    limits::{MAX_CHANGE_OPS, MAX_PAYLOAD},
    wire::{self, Reader, WireError},
};

mod bit {
    pub(super) const OBJECT: u8 = 1;
    pub(super) const INSERT: u8 = 2;
    pub(super) const ACTION: u8 = 4;
    pub(super) const PREDS: u8 = 16;
    pub(super) const TYPE: u8 = 32;
}

/// Types of values (Automerge's binary format, *value metadata*).
mod value_type {
    pub(super) const TRUE: u8 = 2;
    pub(super) const UINT: u8 = 3;
    pub(super) const INT: u8 = 4;
    pub(super) const FLOAT: u8 = 5;
    pub(super) const TEXT: u8 = 6;
    /// In the bits of a group: the type follows.
    pub(super) const OTHER: u8 = 7;
    pub(super) const TIMESTAMP: u8 = 9;
}

/// A change's operations, compact; `None` for what does not come out as it was, and so is left as it is.
pub(crate) fn compact(head: &Head, payload: &[u8]) -> Option<Vec<u8>> {
    let actors: Vec<u32> = (0..=u32::try_from(head.outline.others.len()).ok()?).collect();
    let operations = head.operations(payload, &actors).ok()?;
    let start = head.outline.start_op;
    let mut out = Vec::with_capacity(payload.len());
    let (mut at, mut object) = (0, None);
    while at < operations.rows.len() {
        let len = text_run(&operations, at, start);
        put_group(&operations, at..at + len, start, &mut object, &mut out)?;
        at += len;
    }
    (columns(&out, start).ok()? == head.columns(payload)).then_some(out)
}

/// How many operations from here on put in a text, piece after piece; 1 for any other.
fn text_run(operations: &Operations<'_>, first: usize, start: u64) -> usize {
    let is_piece = |row: &Operation<'_>| {
        row.insert && row.preds.is_empty() && row.action == Action::Put && row.value_type == value_type::TEXT
    };
    let row = &operations.rows[first];
    if !is_piece(row) {
        return 1;
    }
    let follows = |at: &usize| {
        let before = OpRef { number: start + *at as u64 - 1, actor: 0 };
        let next = &operations.rows[*at];
        is_piece(next) && next.object == row.object && next.key == Key::Element(before)
    };
    1 + (first + 1..operations.rows.len()).take_while(follows).count()
}

fn put_group(
    operations: &Operations<'_>,
    group: Range<usize>,
    start: u64,
    object: &mut Option<OpRef>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let rows = &operations.rows[group];
    let row = &rows[0];
    let preds = &operations.preds[row.preds.clone()];
    // Elements are put in or taken out, and never changed.
    let of_list = match row.key {
        Key::Text(_) if !row.insert => false,
        Key::Front | Key::Element(_) if row.insert != (row.action == Action::Delete) => true,
        _ => return None,
    };
    let kind = row.value_type.min(value_type::OTHER);
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(
        flag(row.object != *object, bit::OBJECT)
            | flag(of_list, bit::INSERT)
            | (row.action.code() * bit::ACTION)
            | flag(!preds.is_empty(), bit::PREDS)
            | (kind * bit::TYPE),
    );
    if kind == value_type::OTHER {
        out.push(row.value_type);
    }
    if row.object != *object {
        put_name(row.object, start, out);
        *object = row.object;
    }
    match row.key {
        Key::Text(key) => put_text(key.as_bytes(), out)?,
        Key::Front => out.push(0),
        Key::Element(element) => put_name(Some(element), start, out),
    }
    if of_list && row.value_type == value_type::TEXT {
        let text: Vec<u8> = rows.iter().flat_map(|row| row.value).copied().collect();
        put_text(&text, out)?;
    } else {
        put_value(row.value_type, row.value, out)?;
    }
    if !preds.is_empty() {
        wire::put_number(out, preds.len() as u64 - 1);
        for pred in preds {
            wire::put_number(out, pred.actor.into());
            put_op_number(pred.number, start, out);
        }
    }
    Some(())
}

fn put_name(name: Option<OpRef>, start: u64, out: &mut Vec<u8>) {
    match name {
        None => out.push(0),
        Some(name) => {
            wire::put_number(out, u64::from(name.actor) + 1);
            put_op_number(name.number, start, out);
        }
    }
}

fn put_op_number(number: u64, start: u64, out: &mut Vec<u8>) {
    // Operation numbers have 32 bits and some: doubling them does not overflow.
    wire::put_number(out, if number >= start { (number - start) * 2 + 1 } else { number * 2 });
}

/// Bytes that hold no zero, and a zero.
fn put_text(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if text.contains(&0) {
        return None;
    }
    out.extend_from_slice(text);
    out.push(0);
    Some(())
}

/// A value: a text with a zero after it; whole numbers and timestamps in LEB128; eight bytes of a floating point
/// number; nothing for null, false and true; anything else with its length before it.
fn put_value(kind: u8, raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match kind {
        value_type::TEXT => return put_text(raw, out),
        ..=value_type::TRUE if !raw.is_empty() => return None,
        value_type::UINT | value_type::INT | value_type::TIMESTAMP => {
            let ends = raw.iter().position(|byte| byte & 0x80 == 0)?;
            if ends + 1 != raw.len() {
                return None;
            }
            out.extend_from_slice(raw);
        }
        value_type::FLOAT if raw.len() != 8 => return None,
        ..=value_type::FLOAT => out.extend_from_slice(raw),
        _ => wire::put_bytes(out, raw),
    }
    Some(())
}

/// The columns of the operations that [`compact`] wrote, where the first has the number `start`.
pub(crate) fn columns(compact: &[u8], start: u64) -> Result<Vec<u8>, WireError> {
    let mut rows = Rows::default();
    let mut reader = Reader::new(compact);
    let mut object = None;
    while !reader.is_empty() {
        rows.read_group(&mut reader, start, &mut object)?;
    }
    Ok(rows.columns())
}

type Name = Option<(u64, u64)>;

/// Operations column by column.
#[derive(Default)]
struct Rows<'a> {
    objects: Vec<Name>,
    keys: Vec<Option<&'a str>>,
    elements: Vec<Name>,
    inserts: Vec<bool>,
    actions: Vec<u8>,
    metas: Vec<u64>,
    values: Vec<u8>,
    pred_counts: Vec<u64>,
    preds: Vec<(u64, u64)>,
}

impl<'a> Rows<'a> {
    fn read_group(&mut self, reader: &mut Reader<'a>, start: u64, object: &mut Name) -> Result<(), WireError> {
        let bits = reader.byte("operation bits")?;
        let (of_list, action) = (bits & bit::INSERT != 0, bits / bit::ACTION % 4);
        let insert = of_list && action != Action::Delete.code();
        let kind = match bits / bit::TYPE {
            value_type::OTHER => reader.byte("operation value type")? & 0xf,
            kind => kind,
        };
        if bits & bit::OBJECT != 0 {
            *object = read_name(reader, start)?;
        }
        let (key, element) = if of_list { (None, read_name(reader, start)?) } else { (Some(read_text(reader)?), None) };
        if of_list && kind == value_type::TEXT {
            let text = read_text(reader)?;
            return self.push_text(*object, element, text, (start, action));
        }
        let value = read_value(reader, kind)?;
        let preds = if bits & bit::PREDS != 0 { reader.number_up_to(MAX_CHANGE_OPS, "predecessors")? + 1 } else { 0 };
        for _ in 0..preds {
            let actor = reader.number("predecessor")?;
            self.preds.push((actor, read_op_number(reader, start)?));
        }
        self.push(*object, key, element, (insert, action), (kind, value), preds as u64)
    }

    /// A text that is put in piece after piece.
    fn push_text(&mut self, object: Name, mut element: Name, text: &str, at: (u64, u8)) -> Result<(), WireError> {
        let (start, action) = at;
        let cut = pieces(text);
        // An empty text is one piece.
        for piece in if cut.is_empty() { vec![""] } else { cut } {
            let own = start.saturating_add(self.actions.len() as u64);
            self.push(object, None, element, (true, action), (value_type::TEXT, piece.as_bytes()), 0)?;
            element = Some((0, own));
        }
        Ok(())
    }

    fn push(
        &mut self,
        object: Name,
        key: Option<&'a str>,
        element: Name,
        (insert, action): (bool, u8),
        (kind, value): (u8, &[u8]),
        preds: u64,
    ) -> Result<(), WireError> {
        if self.actions.len() >= MAX_CHANGE_OPS {
            return Err(WireError::TooLarge("operations"));
        }
        self.objects.push(object);
        self.keys.push(key);
        self.elements.push(element);
        self.inserts.push(insert);
        self.actions.push(action);
        self.metas.push((value.len() as u64) << 4 | u64::from(kind));
        self.values.extend_from_slice(value);
        self.pred_counts.push(preds);
        Ok(())
    }

    fn columns(&self) -> Vec<u8> {
        let split = |names: &[Name]| -> (Vec<Option<u64>>, Vec<Option<u64>>) {
            names.iter().map(|name| (name.map(|(actor, _)| actor), name.map(|(_, number)| number))).unzip()
        };
        let all = |numbers: &[u64]| numbers.iter().copied().map(Some).collect::<Vec<_>>();
        let (object_actors, object_numbers) = split(&self.objects);
        let (key_actors, mut key_numbers) = split(&self.elements);
        // The front has number 0 and no actor.
        for (number, key) in key_numbers.iter_mut().zip(&self.keys) {
            *number = number.or(key.is_none().then_some(0));
        }
        let (pred_actors, pred_numbers): (Vec<_>, Vec<_>) =
            self.preds.iter().map(|(a, n)| (Some(*a), Some(*n))).unzip();
        let put = wire::put_number;
        let actions: Vec<u64> = self.actions.iter().map(|action| u64::from(*action)).collect();
        // In the order of the format's column numbers.
        super::put_columns([
            put_runs(&object_actors, |n, out| put(out, *n)),
            put_runs(&object_numbers, |n, out| put(out, *n)),
            put_runs(&key_actors, |n, out| put(out, *n)),
            put_deltas(&key_numbers),
            put_runs(&self.keys, |key, out| wire::put_bytes(out, key.as_bytes())),
            put_booleans(&self.inserts),
            put_runs(&all(&actions), |n, out| put(out, *n)),
            put_runs(&all(&self.metas), |n, out| put(out, *n)),
            self.values.clone(),
            put_runs(&all(&self.pred_counts), |n, out| put(out, *n)),
            put_runs(&pred_actors, |n, out| put(out, *n)),
            put_deltas(&pred_numbers),
        ])
    }
}

fn read_name(reader: &mut Reader<'_>, start: u64) -> Result<Name, WireError> {
    match reader.number("operation actor")? {
        0 => Ok(None),
        actor => Ok(Some((actor - 1, read_op_number(reader, start)?))),
    }
}

fn read_op_number(reader: &mut Reader<'_>, start: u64) -> Result<u64, WireError> {
    let number = reader.number("operation number")?;
    Ok(if number % 2 == 1 { start.saturating_add(number / 2) } else { number / 2 })
}

/// Bytes up to a zero.
fn read_text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, WireError> {
    let len = reader.rest().iter().position(|byte| *byte == 0).ok_or(WireError::Truncated("operation text"))?;
    let text = reader.bytes(len, "operation text")?;
    reader.byte("operation text")?;
    std::str::from_utf8(text).map_err(|_| WireError::Invalid("operation text"))
}

fn read_value<'a>(reader: &mut Reader<'a>, kind: u8) -> Result<&'a [u8], WireError> {
    match kind {
        value_type::TEXT => read_text(reader).map(str::as_bytes),
        ..=value_type::TRUE => Ok(&[]),
        value_type::UINT | value_type::INT | value_type::TIMESTAMP => {
            let len = reader.rest().iter().position(|byte| byte & 0x80 == 0).ok_or(WireError::Truncated("value"))?;
            reader.bytes(len + 1, "operation value")
        }
        value_type::FLOAT => reader.bytes(8, "operation value"),
        _ => {
            let len = reader.number_up_to(MAX_PAYLOAD, "operation value")?;
            reader.bytes(len, "operation value")
        }
    }
}

#[cfg(test)]
mod tests {
    use automerge::{AutoCommit, ObjType, ROOT, ReadDoc, ScalarValue, transaction::Transactable};

    use super::*;

    fn last_change(doc: &mut AutoCommit) -> Vec<u8> {
        doc.commit();
        doc.get_last_local_change().expect("something was written").raw_bytes().to_vec()
    }

    /// Every kind of value and operation that records are made of, over several changes.
    fn changes() -> Vec<Vec<u8>> {
        let mut doc = AutoCommit::new();
        let mut made = Vec::new();
        let list = doc.put_object(ROOT, "text", ObjType::List).unwrap();
        let items = doc.put_object(ROOT, "items", ObjType::Map).unwrap();
        doc.splice(&list, 0, 0, ["Le", " puits", " est", " à", " sec."]).unwrap();
        doc.put(ROOT, "title", "Puits").unwrap();
        made.push(last_change(&mut doc));
        for value in [
            ScalarValue::Null,
            ScalarValue::Boolean(true),
            ScalarValue::Uint(300),
            ScalarValue::Int(-5),
            ScalarValue::F64(0.5),
            ScalarValue::Timestamp(1_795_000_000),
            ScalarValue::Bytes(vec![0, 1, 2]),
            "".into(),
        ] {
            doc.put(ROOT, "title", value).unwrap();
        }
        doc.splice(&list, 1, 2, [" grand", " puits", " n'est", " pas"]).unwrap();
        made.push(last_change(&mut doc));
        let item = doc.put_object(&items, "i", ObjType::Map).unwrap();
        doc.put(&item, "by", "Awa").unwrap();
        doc.insert(&list, 0, 7).unwrap();
        doc.insert(&list, 3, "un mot et un autre").unwrap();
        doc.insert(&list, 3, "").unwrap();
        doc.delete(ROOT, "title").unwrap();
        made.push(last_change(&mut doc));
        made
    }

    #[test]
    fn operations_come_out_as_they_were() {
        for (n, payload) in changes().iter().enumerate() {
            let head = Head::parse(payload).unwrap();
            let columns_before = head.columns(payload);
            // A piece that is no piece is left as it is.
            match compact(&head, payload) {
                Some(compact) => {
                    assert!(n < 2, "what is no piece was taken for some");
                    assert_eq!(columns(&compact, head.outline.start_op), Ok(columns_before.to_vec()));
                }
                None => assert_eq!(n, 2),
            }
        }
    }

    #[test]
    fn nothing_that_is_cut_or_altered_panics() {
        let payload = &changes()[1];
        let head = Head::parse(payload).unwrap();
        let compact = compact(&head, payload).unwrap();
        for at in 0..compact.len() {
            let _ = columns(&compact[..at], head.outline.start_op);
            for flip in [0x01, 0x55, 0x80, 0xff] {
                let mut altered = compact.clone();
                altered[at] ^= flip;
                let _ = columns(&altered, u64::MAX);
            }
        }
    }

    #[test]
    fn what_holds_a_zero_is_left_as_it_is() {
        let mut doc = AutoCommit::new();
        doc.put(ROOT, "k", "a\u{0}b").unwrap();
        let payload = last_change(&mut doc);
        assert_eq!(compact(&Head::parse(&payload).unwrap(), &payload), None);
        assert!(doc.get(ROOT, "k").unwrap().is_some());
    }
}

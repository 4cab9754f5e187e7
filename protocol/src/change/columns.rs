//! The columns of an Automerge change, read strictly: one encoding per meaning, every length known before anything
//! is expanded.
//!
//! Automerge's own reader expands runs as it goes, so sixty bytes can stand for billions of operations. This one is
//! consulted first, and what it does not like never reaches Automerge.

use crate::wire;

/// The bytes do not follow the format. What exactly is wrong helps nobody: the author's program is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads numbers and slices from the front of a byte slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: u64) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(len).map_err(|_| Malformed)?;
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The bytes of one LEB128 number, without its continuation bits.
    fn groups(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.0.iter().position(|byte| byte & 0x80 == 0).ok_or(Malformed)? + 1;
        if len > 10 {
            return Err(Malformed);
        }
        self.take(len as u64)
    }

    /// An unsigned LEB128 number in its shortest form.
    pub(crate) fn unsigned(&mut self) -> Result<u64, Malformed> {
        let groups = self.groups()?;
        let last = groups[groups.len() - 1];
        if groups.len() > 1 && last == 0 || groups.len() == 10 && last > 1 {
            return Err(Malformed);
        }
        Ok(groups.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)))
    }

    /// A signed LEB128 number in its shortest form.
    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let groups = self.groups()?;
        let last = groups[groups.len() - 1];
        if let [.., before, _] = groups {
            let padding = if before & 0x40 == 0 { 0 } else { 0x7f };
            if last == padding {
                return Err(Malformed);
            }
        }
        if groups.len() == 10 && last != 0 && last != 0x7f {
            return Err(Malformed);
        }
        let sign = if last & 0x40 == 0 { 0 } else { -1 };
        Ok(groups.iter().rev().fold(sign, |value, byte| value << 7 | i64::from(byte & 0x7f)))
    }
}

/// A value that a run-length column holds.
pub(crate) trait Cell<'a>: Copy {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed>;
}

impl<'a> Cell<'a> for u64 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.unsigned()
    }
}

impl<'a> Cell<'a> for i64 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.signed()
    }
}

impl<'a> Cell<'a> for &'a str {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let len = reader.unsigned()?;
        std::str::from_utf8(reader.take(len)?).map_err(|_| Malformed)
    }
}

/// A run-length column: `n > 0`, value: the value n times; `-n`, n values: those; `0`, n: null n times.
///
/// An absent column is null on every row, as Automerge writes a column of nothing but nulls.
#[derive(Debug, Clone)]
pub(crate) struct Rle<'a, T> {
    reader: Reader<'a>,
    absent: bool,
    left: u64,
    run: Run<T>,
}

#[derive(Debug, Clone, Copy)]
enum Run<T> {
    Same(Option<T>),
    Literal,
}

impl<'a, T: Cell<'a>> Rle<'a, T> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Rle { reader: Reader(bytes), absent: bytes.is_empty(), left: 0, run: Run::Same(None) }
    }

    fn open_run(&mut self) -> Result<(), Malformed> {
        let count = self.reader.signed()?;
        (self.left, self.run) = match count {
            0 => (self.reader.unsigned()?, Run::Same(None)),
            1.. => (count.unsigned_abs(), Run::Same(Some(T::read(&mut self.reader)?))),
            _ => (count.unsigned_abs(), Run::Literal),
        };
        if self.left == 0 { Err(Malformed) } else { Ok(()) }
    }

    /// The value of the next row.
    pub(crate) fn next(&mut self) -> Result<Option<T>, Malformed> {
        if self.absent {
            return Ok(None);
        }
        if self.left == 0 {
            self.open_run()?;
        }
        self.left -= 1;
        match self.run {
            Run::Same(value) => Ok(value),
            Run::Literal => T::read(&mut self.reader).map(Some),
        }
    }

    /// The value of the next row, where null is not allowed.
    pub(crate) fn expect(&mut self) -> Result<T, Malformed> {
        self.next()?.ok_or(Malformed)
    }

    /// Whether every row has been read.
    pub(crate) fn is_done(&self) -> bool {
        self.left == 0 && self.reader.is_empty()
    }

    /// Number of rows, counted run by run; `None` when there are more than `most`.
    pub(crate) fn rows(mut self, most: u64) -> Result<Option<u64>, Malformed> {
        let mut rows = 0u64;
        while !self.reader.is_empty() {
            self.open_run()?;
            rows = rows.saturating_add(self.left);
            if rows > most {
                return Ok(None);
            }
            if matches!(self.run, Run::Literal) {
                for _ in 0..self.left {
                    T::read(&mut self.reader)?;
                }
            }
        }
        Ok(Some(rows))
    }

    /// The sum over all rows of what `weigh` says of a value, run by run; `None` when it exceeds `most`.
    pub(crate) fn total(mut self, most: u64, weigh: impl Fn(T) -> u64) -> Result<Option<u64>, Malformed> {
        let mut total = 0u64;
        while !self.reader.is_empty() {
            self.open_run()?;
            match self.run {
                Run::Same(None) => {}
                Run::Same(Some(value)) => total = total.saturating_add(weigh(value).saturating_mul(self.left)),
                Run::Literal => {
                    for _ in 0..self.left {
                        total = total.saturating_add(weigh(T::read(&mut self.reader)?));
                    }
                }
            }
            if total > most {
                return Ok(None);
            }
        }
        Ok(Some(total))
    }
}

/// A column of signed differences, each to the last value that was not null.
#[derive(Debug, Clone)]
pub(crate) struct Delta<'a> {
    differences: Rle<'a, i64>,
    value: i64,
}

impl<'a> Delta<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Delta { differences: Rle::new(bytes), value: 0 }
    }

    /// The value of the next row; negative ones are malformed, as every delta column holds operation numbers.
    pub(crate) fn next(&mut self) -> Result<Option<u64>, Malformed> {
        let Some(difference) = self.differences.next()? else { return Ok(None) };
        self.value = self.value.checked_add(difference).ok_or(Malformed)?;
        u64::try_from(self.value).map(Some).map_err(|_| Malformed)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.differences.is_done()
    }
}

/// A column of booleans: lengths of alternating runs, beginning with `false`.
#[derive(Debug, Clone)]
pub(crate) struct Booleans<'a> {
    reader: Reader<'a>,
    left: u64,
    value: bool,
    first: bool,
}

impl<'a> Booleans<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Booleans { reader: Reader(bytes), left: 0, value: true, first: true }
    }

    pub(crate) fn next(&mut self) -> Result<bool, Malformed> {
        while self.left == 0 {
            self.left = self.reader.unsigned()?;
            self.value = !self.value;
            if self.left == 0 && !self.first {
                return Err(Malformed);
            }
            self.first = false;
        }
        self.left -= 1;
        Ok(self.value)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.left == 0 && self.reader.is_empty()
    }
}

/// A run-length column of values; nothing where all are null.
pub(crate) fn put_runs<T: PartialEq>(values: &[Option<T>], put: impl Fn(&T, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    if values.iter().all(Option::is_none) {
        return out;
    }
    // Values that differ from their neighbours stand together.
    let mut single: Vec<&T> = Vec::new();
    let flush = |single: &mut Vec<&T>, out: &mut Vec<u8>| {
        if !single.is_empty() {
            put_signed(out, -(single.len() as i64));
            single.drain(..).for_each(|value| put(value, out));
        }
    };
    for run in values.chunk_by(|a, b| a == b) {
        match &run[0] {
            Some(value) if run.len() == 1 => single.push(value),
            Some(value) => {
                flush(&mut single, &mut out);
                put_signed(&mut out, run.len() as i64);
                put(value, &mut out);
            }
            None => {
                flush(&mut single, &mut out);
                put_signed(&mut out, 0);
                wire::put_number(&mut out, run.len() as u64);
            }
        }
    }
    flush(&mut single, &mut out);
    out
}

/// A run-length column of the differences between values.
pub(crate) fn put_deltas(values: &[Option<u64>]) -> Vec<u8> {
    let mut last = 0i64;
    let differences = values.iter().map(|value| {
        value.map(|value| {
            let value = value as i64;
            value.wrapping_sub(std::mem::replace(&mut last, value))
        })
    });
    put_runs(&differences.collect::<Vec<_>>(), |difference, out| put_signed(out, *difference))
}

/// The lengths of alternating runs, beginning with false.
pub(crate) fn put_booleans(values: &[bool]) -> Vec<u8> {
    let mut out = Vec::new();
    if values.first() == Some(&true) {
        wire::put_number(&mut out, 0);
    }
    values.chunk_by(|a, b| a == b).for_each(|run| wire::put_number(&mut out, run.len() as u64));
    out
}

/// Appends a signed number in LEB128, in its shortest form.
pub(crate) fn put_signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_encoding() {
        let unsigned: [(&[u8], Result<u64, Malformed>); 7] = [
            (&[0], Ok(0)),
            (&[0x7f], Ok(127)),
            (&[0x80, 1], Ok(128)),
            (&[0x80, 0], Err(Malformed)),
            (&[0x80], Err(Malformed)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(u64::MAX)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], Err(Malformed)),
        ];
        for (bytes, expected) in unsigned {
            assert_eq!(Reader(bytes).unsigned(), expected, "{bytes:x?}");
        }
        let signed: [(&[u8], Result<i64, Malformed>); 8] = [
            (&[0], Ok(0)),
            (&[0x7f], Ok(-1)),
            (&[0x40], Ok(-64)),
            (&[0xc0, 0], Ok(64)),
            (&[0xff, 0x7f], Err(Malformed)),
            (&[0x80, 0], Err(Malformed)),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f], Ok(i64::MIN)),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], Err(Malformed)),
        ];
        for (bytes, expected) in signed {
            assert_eq!(Reader(bytes).signed(), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn runs_are_counted_without_being_expanded() {
        // i64::MAX times the value 3.
        let bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 3];
        assert_eq!(Rle::<u64>::new(&bytes).rows(1_000), Ok(None));
        assert_eq!(Rle::<u64>::new(&bytes).total(1_000, |n| n), Ok(None));
        // Twice 5, then null, then 1 and 2.
        let bytes = [2, 5, 0, 1, 0x7e, 1, 2];
        assert_eq!(Rle::<u64>::new(&bytes).rows(5), Ok(Some(5)));
        assert_eq!(Rle::<u64>::new(&bytes).total(13, |n| n), Ok(Some(13)));
        let mut column = Rle::<u64>::new(&bytes);
        let rows: Vec<_> = (0..5).map(|_| column.next()).collect();
        assert_eq!(rows, [Ok(Some(5)), Ok(Some(5)), Ok(None), Ok(Some(1)), Ok(Some(2))]);
        assert!(column.is_done());
        assert_eq!(column.next(), Err(Malformed));
    }
}

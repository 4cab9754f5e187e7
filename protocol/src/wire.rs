//! Reading and writing the hand-made hot formats: fixed fields, and numbers in LEB128.
//!
//! LEB128 is the variable-length integer of the DWARF standard, version 5, section 7.6, here limited to 64 bits and
//! to the shortest form, so that every value has one encoding.

/// Bytes that do not follow the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside a field.
    #[error("ends inside {0}")]
    Truncated(&'static str),
    /// A number, a length or a list exceeds its bound.
    #[error("{0} is over its bound")]
    TooLarge(&'static str),
    /// A field holds what it must not.
    #[error("{0} is not valid")]
    Invalid(&'static str),
    /// Bytes follow where none may.
    #[error("bytes follow the end")]
    Trailing,
}

/// Reads fields one after another from a borrowed slice. Never copies, never allocates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn bytes(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], WireError> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(WireError::Truncated(field))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], WireError> {
        Ok(self.bytes(N, field)?.try_into().expect("the slice has N bytes"))
    }

    pub(crate) fn byte(&mut self, field: &'static str) -> Result<u8, WireError> {
        Ok(self.bytes(1, field)?[0])
    }

    pub(crate) fn number(&mut self, field: &'static str) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(field)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(WireError::TooLarge(field));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(WireError::Invalid(field)) } else { Ok(value) };
            }
        }
        Err(WireError::TooLarge(field))
    }

    /// A number that must not exceed `bound`: lengths and counts are checked before anything is reserved for them.
    pub(crate) fn number_up_to(&mut self, bound: usize, field: &'static str) -> Result<usize, WireError> {
        let value = self.number(field)?;
        usize::try_from(value).ok().filter(|v| *v <= bound).ok_or(WireError::TooLarge(field))
    }

    /// A signed number, zigzag: 0, -1, 1, -2 … are 0, 1, 2, 3 …
    pub(crate) fn zigzag(&mut self, field: &'static str) -> Result<i64, WireError> {
        let value = self.number(field)?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn end(self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(WireError::Trailing) }
    }
}

/// Appends a number in LEB128.
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number, zigzag, in LEB128.
pub(crate) fn put_zigzag(out: &mut Vec<u8>, value: i64) {
    put_number(out, (value << 1 ^ value >> 63) as u64);
}

/// Appends a length in LEB128 and the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_encoding() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.number("n"), Ok(value));
            assert_eq!(reader.end(), Ok(()));
        }
        for (bytes, error) in [
            (&[0x80][..], WireError::Truncated("n")),
            (&[0x80, 0x00], WireError::Invalid("n")),
            (&[0xff; 10], WireError::TooLarge("n")),
            (&[0xff; 11], WireError::TooLarge("n")),
        ] {
            assert_eq!(Reader::new(bytes).number("n"), Err(error));
        }
        assert_eq!(Reader::new(&[0x81, 0x01]).number_up_to(128, "n"), Err(WireError::TooLarge("n")));
    }
}

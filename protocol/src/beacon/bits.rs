//! Small numbers in few bits: Elias' gamma code (1975), as many zeros as the number has further binary digits after its
//! first, then the number. 1 takes one bit, 2 and 3 take three. The last byte is filled up with zeros.

use crate::wire::{Reader, WireError};

/// Appends gamma codes.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bits that are still free in the last byte.
    free: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        BitWriter { out, free: 0 }
    }

    /// Writes a number above 0.
    pub(super) fn gamma(&mut self, number: u64) {
        let digits = u64::BITS - number.leading_zeros();
        (1..digits).for_each(|_| self.bit(false));
        (0..digits).rev().for_each(|digit| self.bit(number >> digit & 1 == 1));
    }

    fn bit(&mut self, bit: bool) {
        if self.free == 0 {
            self.out.push(0);
            self.free = 8;
        }
        self.free -= 1;
        if let Some(last) = self.out.last_mut() {
            *last |= u8::from(bit) << self.free;
        }
    }
}

/// Reads gamma codes.
pub(super) struct BitReader<'r, 'a> {
    reader: &'r mut Reader<'a>,
    byte: u8,
    /// Bits of the byte that are not read yet.
    left: u32,
}

impl<'r, 'a> BitReader<'r, 'a> {
    pub(super) fn new(reader: &'r mut Reader<'a>) -> Self {
        BitReader { reader, byte: 0, left: 0 }
    }

    pub(super) fn gamma(&mut self, field: &'static str) -> Result<u64, WireError> {
        let mut further = 0;
        while !self.bit(field)? {
            further += 1;
            if further == u64::BITS {
                return Err(WireError::TooLarge(field));
            }
        }
        let mut number = 1;
        for _ in 0..further {
            number = number << 1 | u64::from(self.bit(field)?);
        }
        Ok(number)
    }

    fn bit(&mut self, field: &'static str) -> Result<bool, WireError> {
        if self.left == 0 {
            self.byte = self.reader.byte(field)?;
            self.left = 8;
        }
        self.left -= 1;
        Ok(self.byte >> self.left & 1 == 1)
    }

    /// Ends the last byte, which must hold nothing more.
    pub(super) fn end(self, field: &'static str) -> Result<(), WireError> {
        let rest = self.byte & ((1_u16 << self.left) - 1) as u8;
        if rest == 0 { Ok(()) } else { Err(WireError::Invalid(field)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_encoding() {
        let numbers = [1, 2, 3, 4, 127, 128, 1 << 40, u64::MAX, 1];
        let mut bytes = Vec::new();
        let mut writer = BitWriter::new(&mut bytes);
        numbers.iter().for_each(|number| writer.gamma(*number));
        let mut reader = Reader::new(&bytes);
        let mut bits = BitReader::new(&mut reader);
        numbers.iter().for_each(|number| assert_eq!(bits.gamma("n"), Ok(*number)));
        assert_eq!(bits.end("n"), Ok(()));
        assert!(reader.is_empty());
    }

    #[test]
    fn what_is_cut_too_large_or_not_filled_with_zeros_is_refused() {
        let read = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            let mut bits = BitReader::new(&mut reader);
            bits.gamma("n").and_then(|number| bits.end("n").map(|()| number))
        };
        assert_eq!(read(&[0b1000_0000]), Ok(1));
        assert_eq!(read(&[0b1000_0001]), Err(WireError::Invalid("n")));
        assert_eq!(read(&[0b0000_0001]), Err(WireError::Truncated("n")));
        assert_eq!(read(&[0; 9]), Err(WireError::TooLarge("n")));
        assert_eq!(read(&[]), Err(WireError::Truncated("n")));
    }
}

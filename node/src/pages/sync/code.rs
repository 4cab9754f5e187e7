//! Short codes to be read aloud on the telephone, in the letters of Crockford's base 32, which leaves out those that
//! sound or look alike.

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Six letters of a digest in hexadecimal digits: two offices that hold the same have the same.
pub(super) fn of_digest(digest: &str) -> String {
    let bits = u64::from_str_radix(digest.get(..8).unwrap_or("0"), 16).unwrap_or(0);
    spelt(bits >> 2, 6, 3)
}

/// Eight letters of a file's hash: the same before and after it was carried.
pub(super) fn of_file(hash: &blake3::Hash) -> String {
    let bits = hash.as_bytes()[..5].iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    spelt(bits, 8, 4)
}

/// The last `5 * letters` of some bits, with a space after so many letters.
fn spelt(bits: u64, letters: u32, group: usize) -> String {
    let letter = |at: u32| char::from(LETTERS[(bits >> (5 * (letters - 1 - at)) & 31) as usize]);
    let code: String = (0..letters).map(letter).collect();
    format!("{} {}", &code[..group], &code[group..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_show_the_first_bits() {
        for (digest, code) in
            [("00000000ff", "000 000"), ("ffffffff00", "ZZZ ZZZ"), ("08421084", "111 111"), ("", "000 000")]
        {
            assert_eq!(of_digest(digest), code, "{digest}");
        }
        let mut bytes = [0; 32];
        (bytes[0], bytes[4]) = (0xf8, 1);
        assert_eq!(of_file(&blake3::Hash::from_bytes(bytes)), "Z000 0001");
    }
}

//! The recovery code: what opens the node to somebody when nobody remembers a password. It is kept on paper.

use std::fmt;

use zeroize::Zeroizing;

/// Digits and letters that are not taken for one another on paper (Crockford's base32: no I, L, O, U).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code; each carries five random bits.
const LENGTH: usize = 25;
/// Letters between two dashes.
const GROUP: usize = 5;

/// A recovery code, to be shown once. Wiped from memory when dropped; [`fmt::Debug`] does not print it.
#[derive(PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<[u8; LENGTH]>);

/// A text is no recovery code. Never holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code has five groups of five letters and digits: see the paper it was written on")]
pub struct CodeError;

impl RecoveryCode {
    /// A new code.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut letters = Zeroizing::new([0; LENGTH]);
        getrandom::fill(&mut *letters)?;
        // 256 is a multiple of 32: every letter is as likely.
        letters.iter_mut().for_each(|letter| *letter = LETTERS[usize::from(*letter % 32)]);
        Ok(RecoveryCode(letters))
    }

    /// Reads a code as people write it: in any case, with or without dashes and blanks, O for 0, I or L for 1.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut letters = Zeroizing::new([0; LENGTH]);
        let mut count = 0;
        for character in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}')) {
            let letter = match character.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                other => u8::try_from(other).map_err(|_| CodeError)?,
            };
            if !LETTERS.contains(&letter) {
                return Err(CodeError);
            }
            *letters.get_mut(count).ok_or(CodeError)? = letter;
            count += 1;
        }
        if count == LENGTH { Ok(RecoveryCode(letters)) } else { Err(CodeError) }
    }

    /// What is hashed of it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }
}

/// As it is to be written down: `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`.
impl fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_written_down() {
        let code = RecoveryCode::random().unwrap();
        let shown = code.to_string();
        assert_eq!(shown.len(), 29);
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [5; 5]);
        assert_ne!(shown, RecoveryCode::random().unwrap().to_string());
        let careless = shown.replace('0', "o").replace('1', "l").to_lowercase();
        for text in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " – "),
            careless.clone(),
            careless.to_uppercase().replace('L', "I"),
            format!("  {shown}\r\n"),
        ] {
            assert_eq!(RecoveryCode::parse(&text), Ok(RecoveryCode::parse(&shown).unwrap()), "{text}");
        }
        assert_eq!(RecoveryCode::parse(&shown).unwrap().as_bytes(), code.as_bytes());
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let good = "0123456789ABCDEFGHJKMNPQR";
        assert!(RecoveryCode::parse(good).is_ok());
        let long = format!("{good}A");
        for bad in ["", &good[1..], &long, &good.replace('R', "U"), &good.replace('R', "é"), &good.replace('R', "*")] {
            assert_eq!(RecoveryCode::parse(bad), Err(CodeError), "{bad}");
        }
    }
}

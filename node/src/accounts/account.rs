//! One person's account.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use toguna_protocol::ids::UnixSeconds;
use unicode_normalization::UnicodeNormalization;

use super::{Role, password::PasswordHash};
use crate::words::Lang;

/// The most characters of a name.
pub const MAX_NAME: usize = 80;

/// A text is no name of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty or too long.
    #[error("a name has 1 to {MAX_NAME} characters")]
    Length,
    /// It has a character that is not seen.
    #[error("a name is one line, without control characters and marks that are not seen")]
    Unseen,
}

/// The name by which a person signs in: one line, 1 to 80 characters, no blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

impl AccountName {
    /// Takes a text for a name; blanks around it do not count.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let name: String = text.trim().nfc().take(MAX_NAME + 1).collect();
        match name.chars().count() {
            1..=MAX_NAME if name.contains(is_unseen) => Err(NameError::Unseen),
            1..=MAX_NAME => Ok(AccountName(name)),
            _ => Err(NameError::Length),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are names of one account: case makes no difference.
    pub fn is_same(&self, other: &AccountName) -> bool {
        self.folded() == other.folded()
    }

    pub(super) fn folded(&self) -> String {
        folded(&self.0)
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for AccountName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        AccountName::new(&text)
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> String {
        name.0
    }
}

/// What two spellings of one name have in common. Of a text that is too long for a name no more than shows that.
pub(super) fn folded(text: &str) -> String {
    text.trim().nfc().take(MAX_NAME + 1).flat_map(char::to_lowercase).nfc().collect()
}

/// Characters by which two names could differ though they look the same, or could look like something else: controls,
/// line and paragraph separators, joiners and blanks without width, marks of direction.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(character, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// What an account is known by in a cookie. Drawn at random, so that no cookie of an account that was removed opens
/// one that was made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct AccountId(pub(super) [u8; 8]);

impl AccountId {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes)?;
        Ok(AccountId(bytes))
    }
}

impl TryFrom<String> for AccountId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(AccountId).ok_or("an account's id is not 16 hexadecimal digits")
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> String {
        HEXLOWER.encode(&id.0)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub(super) id: AccountId,
    /// The name by which the person signs in, unique on this node whatever the case.
    pub name: AccountName,
    /// What the person is.
    pub role: Role,
    /// The language that the person chose; absent for the browser's.
    pub language: Option<Lang>,
    /// `None` if no password opens it, as with the demonstration's. A file must say so: a hash that is missing is damage.
    #[serde(deserialize_with = "Deserialize::deserialize")]
    pub(super) hash: Option<PasswordHash>,
    /// How many passwords the account has had. A session of an earlier one has ended.
    pub(super) generation: u32,
    /// When it was made, by this node's clock.
    pub created: UnixSeconds,
}

impl Account {
    /// What this account's own things on this node are kept under: no account that is made later has the same.
    pub fn mark(&self) -> String {
        self.id.into()
    }

    /// Whether a password opens it.
    pub fn has_password(&self) -> bool {
        self.hash.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_characters_that_are_seen() {
        for (text, expected) in [
            ("Awa", Ok("Awa")),
            ("  Aïssata Diallo ", Ok("Aïssata Diallo")),
            ("Ai\u{308}ssata", Ok("Aïssata")),
            ("", Err(NameError::Length)),
            (" \t\n", Err(NameError::Length)),
            ("a\nb", Err(NameError::Unseen)),
            ("a\u{202E}b", Err(NameError::Unseen)),
            ("a\u{200F}b", Err(NameError::Unseen)),
            ("a\u{200B}b", Err(NameError::Unseen)),
            ("a\u{1b}[31m", Err(NameError::Unseen)),
        ] {
            assert_eq!(AccountName::new(text).as_ref().map(AccountName::as_str).map_err(|e| *e), expected, "{text:?}");
        }
        assert!(AccountName::new(&"é".repeat(80)).is_ok());
        assert_eq!(AccountName::new(&"é".repeat(81)), Err(NameError::Length));
    }

    #[test]
    fn case_blanks_around_and_ways_to_write_an_accent_make_no_other_name() {
        for (one, other, same) in [
            ("Awa", "aWA ", true),
            ("AÏSSATA", "ai\u{308}ssata", true),
            ("Awa", "Ewa", false),
            ("Awa Ba", "AwaBa", false),
        ] {
            assert_eq!(folded(one) == folded(other), same, "{one} {other}");
            let [one, other] = [one, other].map(|text| AccountName::new(text).unwrap());
            assert_eq!(one.is_same(&other), same);
        }
        assert!(folded(&"a".repeat(1_000_000)).len() <= MAX_NAME + 1);
    }
}

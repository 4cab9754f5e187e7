//! Letters without their accents, so that what is typed on any keyboard finds what was written on any other.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The letters of a text without their accents, and with ligatures and wide forms taken apart (Unicode's NFKD).
pub(crate) fn plain(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().filter(|letter| !is_combining_mark(*letter))
}

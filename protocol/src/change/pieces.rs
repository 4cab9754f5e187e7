//! How long texts are cut: each piece is a word with the blanks before it.
//!
//! Records keep long texts in such pieces, and so what travels of a text need not say where one piece ends.

/// The most characters that a piece has; what knows no blanks is cut there.
const PIECE: usize = 64;

/// The pieces of a text.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut length, mut in_word) = (0, 0, false);
    for (at, character) in text.char_indices() {
        let blank = character.is_whitespace();
        if in_word && blank || length == PIECE {
            out.push(&text[start..at]);
            (start, length) = (at, 0);
        }
        in_word = !blank;
        length += 1;
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

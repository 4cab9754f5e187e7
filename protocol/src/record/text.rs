//! Texts: what may stand in them, and how an edit of a long text that was made against an older version is moved to
//! the present one, so that two people's edits both survive.

use automerge::{AutomergeError, ChangeHash, ObjId, ReadDoc, transaction::Transactable};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Whether a character may not stand in any text: controls, which break terminals and files, and the marks that
/// reorder what is read without being seen. The plain left-to-right and right-to-left marks and the joiners of
/// Arabic script and emoji are no danger and stay.
fn is_forbidden(character: char) -> bool {
    (character.is_control() && character != '\n' && character != '\t')
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        || matches!(character, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Line ends as `\n`, whatever the browser or file made of them.
pub(super) fn with_plain_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Whether a text that is about to be written holds a character that may not be.
pub(super) fn has_forbidden(text: &str) -> bool {
    text.chars().any(is_forbidden)
}

/// A text from a document, whoever wrote it, fit for a screen. As many characters as before.
pub(super) fn readable_text(text: &str) -> String {
    if !has_forbidden(text) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// One edit in character positions of the text that the person read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    at: usize,
    delete: usize,
    insert: String,
}

/// Splits into words and the blanks between them; a line end stands alone.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut previous: Option<u8> = None;
    for (at, character) in text.char_indices() {
        let class = match character {
            '\n' => 2,
            c if c.is_whitespace() => 1,
            _ => 0,
        };
        if previous.is_some_and(|p| p != class || class == 2) {
            out.push(&text[start..at]);
            start = at;
        }
        previous = Some(class);
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

/// The edits that turn one text into another, by words; within a replaced run only the characters that differ.
fn edits(old: &str, new: &str) -> Vec<Edit> {
    let (old_words, new_words) = (words(old), words(new));
    let mut starts = vec![0];
    for word in &old_words {
        starts.push(starts[starts.len() - 1] + word.chars().count());
    }
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old_words, &new_words) {
        let (from, to) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let before: Vec<char> = old_words[from.clone()].concat().chars().collect();
        let after: Vec<char> = new_words[to].concat().chars().collect();
        let prefix = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        let rest = before.len().min(after.len()) - prefix;
        let suffix = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        out.push(Edit {
            at: starts[from.start] + prefix,
            delete: before.len() - prefix - suffix,
            insert: after[prefix..after.len() - suffix].iter().collect(),
        });
    }
    out
}

/// Changes a text so that it says what the person wrote, where `base` is what the person had read; what others
/// changed since stays. Tells whether anything was written.
pub(super) fn merge_edit<T: Transactable + ReadDoc>(
    tx: &mut T,
    text: &ObjId,
    base_heads: &[ChangeHash],
    base: &str,
    wanted: &str,
) -> Result<bool, AutomergeError> {
    let edits = edits(base, wanted);
    let unchanged_since = readable_text(&tx.text(text)?) == base;
    let mut splices = Vec::new();
    for edit in edits {
        if unchanged_since {
            splices.push((edit.at, edit.delete, edit.insert));
        } else {
            moved_to_now(tx, text, base_heads, edit, &mut splices)?;
        }
    }
    // From the end backwards, so that no splice moves the place of one that is still to come.
    let mut wrote = false;
    for (at, delete, insert) in
        splices.into_iter().rev().filter(|(_, delete, insert)| *delete > 0 || !insert.is_empty())
    {
        tx.splice_text(text, at, delete as isize, &insert)?;
        wrote = true;
    }
    Ok(wrote)
}

/// Finds where an edit belongs now: text goes after the character it followed, and of the characters to delete those
/// go that are still there.
fn moved_to_now<T: ReadDoc>(
    tx: &T,
    text: &ObjId,
    base_heads: &[ChangeHash],
    edit: Edit,
    splices: &mut Vec<(usize, usize, String)>,
) -> Result<(), AutomergeError> {
    let length = tx.length(text);
    // Position now, and whether the character is still there.
    let place_now = |index: usize| -> Result<(usize, bool), AutomergeError> {
        let cursor = tx.get_cursor(text, index, Some(base_heads))?;
        let at = tx.get_cursor_position(text, &cursor, None)?;
        Ok((at, at < length && tx.get_cursor(text, at, None)? == cursor))
    };
    let insert_at = match edit.at.checked_sub(1) {
        None => 0,
        Some(before) => match place_now(before)? {
            (at, true) => at + 1,
            (at, false) => at.min(length),
        },
    };
    splices.push((insert_at, 0, edit.insert));
    for index in edit.at..edit.at + edit.delete {
        if let (at, true) = place_now(index)? {
            splices.push((at, 1, String::new()));
        }
    }
    Ok(())
}

//! Texts: what may stand in them, and how an edit of a long text that was made against an older version is moved to
//! the present one, so that two people's edits both survive.

use std::collections::BTreeMap;

use automerge::{AutomergeError, ObjId, ReadDoc, transaction::Transactable};
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

/// Whether a text that is about to be written holds a character that may not be: control characters other than line
/// breaks and tabs, and marks that change the direction of text.
pub fn has_forbidden(text: &str) -> bool {
    text.chars().any(is_forbidden)
}

/// A text from a document, whoever wrote it, fit for a screen. As many characters as before.
pub(crate) fn readable_text(text: &str) -> String {
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

/// Steps a diff may take. More than this many take seconds, and their result is a mosaic that nobody would call an
/// edit: the text between the first and the last difference is replaced as a whole then.
const MAX_DIFF_STEPS: usize = 32_000_000;

/// Whether a diff would take too many steps, at least: words times the words that only one side has.
fn too_different(old: &[&str], new: &[&str]) -> bool {
    let mut balance = BTreeMap::<&str, isize>::new();
    old.iter().for_each(|word| *balance.entry(word).or_default() += 1);
    new.iter().for_each(|word| *balance.entry(word).or_default() -= 1);
    let differing: usize = balance.values().map(|count| count.unsigned_abs()).sum();
    (old.len() + new.len()) * differing > MAX_DIFF_STEPS
}

/// The edits that turn one text into another, by words; within a replaced run only the characters that differ.
fn edits(old: &str, new: &str) -> Vec<Edit> {
    let (old_words, new_words) = (words(old), words(new));
    let mut starts = vec![0];
    for word in &old_words {
        starts.push(starts[starts.len() - 1] + word.chars().count());
    }
    let ops = if too_different(&old_words, &new_words) {
        vec![DiffOp::Replace { old_index: 0, old_len: old_words.len(), new_index: 0, new_len: new_words.len() }]
    } else {
        capture_diff_slices(Algorithm::Myers, &old_words, &new_words)
    };
    let mut out = Vec::new();
    for op in ops {
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
///
/// What others changed is found by a second diff. Asking Automerge's cursors for the place of every character gives
/// the same texts, but takes minutes where a text of forty thousand characters was rewritten.
pub(super) fn merge_edit<T: Transactable + ReadDoc>(
    tx: &mut T,
    text: &ObjId,
    base: &str,
    wanted: &str,
) -> Result<bool, AutomergeError> {
    let now = readable_text(&tx.text(text)?);
    let theirs = if now == base { Vec::new() } else { edits(base, &now) };
    let splices = moved(edits(base, wanted), &theirs, base.chars().count());
    let wrote = !splices.is_empty();
    // From the end backwards, so that no splice moves the place of one that is still to come.
    for splice in splices.into_iter().rev() {
        tx.splice_text(text, splice.at, splice.delete as isize, &splice.insert)?;
    }
    Ok(wrote)
}

/// Moves edits of a text of so many characters past the edits that others made to it: an insertion goes after the
/// character it followed, and of the characters to delete those go that are still there.
fn moved(mine: Vec<Edit>, theirs: &[Edit], length: usize) -> Vec<Edit> {
    // Where each character is now, if it still is; and where something that follows it belongs.
    let mut place = Vec::with_capacity(length);
    let mut after = Vec::with_capacity(length);
    let (mut now, mut theirs) = (0, theirs.iter().peekable());
    while place.len() < length {
        match theirs.next_if(|edit| edit.at == place.len()) {
            Some(edit) => {
                now += edit.insert.chars().count();
                place.resize(place.len() + edit.delete, None);
                after.resize(place.len(), now);
            }
            None => {
                place.push(Some(now));
                now += 1;
                after.push(now);
            }
        }
    }
    let mut out: Vec<Edit> = Vec::new();
    for edit in mine {
        if !edit.insert.is_empty() {
            let at = edit.at.checked_sub(1).map_or(0, |before| after[before]);
            out.push(Edit { at, delete: 0, insert: edit.insert });
        }
        for at in place[edit.at..edit.at + edit.delete].iter().flatten() {
            match out.last_mut() {
                Some(last) if last.delete > 0 && last.at + last.delete == *at => last.delete += 1,
                _ => out.push(Edit { at: *at, delete: 1, insert: String::new() }),
            }
        }
    }
    out
}

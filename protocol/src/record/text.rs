//! Texts: what may stand in them, and how a long text is kept and edited so that two people's edits both survive.
//!
//! A long text is an Automerge list of *pieces*, each a word with the blanks before it. A person's edit takes out the
//! pieces that it changes and puts others in; what lies around them keeps its identity, so that edits made apart meet
//! word by word. Automerge's own texts are lists of single characters: five times as many operations to make, check,
//! apply and keep, and where two people correct one word a mixture of both corrections' letters.

use std::{collections::BTreeMap, ops::Range};

use automerge::{AutomergeError, ObjId, ReadDoc, transaction::Transactable};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::view::{Piece, View};
use crate::change::pieces;

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

/// One edit: what stands at these places of the old text gives way to a new text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    from: usize,
    to: usize,
    insert: Vec<char>,
}

/// The edits that turn one text into another, in character positions: by words, and within a replaced run only the
/// characters that differ.
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
        let start = starts[from.start];
        out.push(Edit {
            from: start + prefix,
            to: start + before.len() - suffix,
            insert: after[prefix..after.len() - suffix].to_vec(),
        });
    }
    out
}

/// A text as its characters, with the places where its pieces begin and the last one ends.
struct Ruled {
    text: Vec<char>,
    bounds: Vec<usize>,
}

impl Ruled {
    fn new(pieces: &[Piece]) -> Self {
        let (mut text, mut bounds) = (Vec::new(), vec![0]);
        for piece in pieces {
            text.extend(piece.text.chars());
            bounds.push(text.len());
        }
        Ruled { text, bounds }
    }

    /// The piece that a place lies in or at the beginning of.
    fn piece_at(&self, at: usize) -> usize {
        self.bounds.partition_point(|bound| *bound <= at) - 1
    }

    /// The first piece that begins at a place or after it.
    fn piece_from(&self, at: usize) -> usize {
        self.bounds.partition_point(|bound| *bound < at)
    }

    /// Moves an insertion or a deletion back to where it begins and ends between pieces, if that gives the same text:
    /// « le grand puits » is « le puits » with « grand␣ » after the blank as well as with « ␣grand » before it. What
    /// lies before `from` was edited already.
    fn between_pieces(&self, edit: Edit, from: usize) -> Edit {
        let is_bound = |at: usize| self.bounds.binary_search(&at).is_ok();
        if !edit.insert.is_empty() && edit.from < edit.to {
            return edit;
        }
        let mut moved = edit.clone();
        while !(is_bound(moved.from) && is_bound(moved.to)) {
            let last = moved.insert.last().copied().unwrap_or_else(|| self.text[moved.to - 1]);
            if moved.from == from || self.text[moved.from - 1] != last {
                return edit;
            }
            if !moved.insert.is_empty() {
                moved.insert.rotate_right(1);
            }
            (moved.from, moved.to) = (moved.from - 1, moved.to - 1);
        }
        moved
    }

    /// Edits by whole pieces, in order: the pieces to take out, and the text to put in their place.
    fn by_pieces(&self, edits: Vec<Edit>) -> Vec<(Range<usize>, String)> {
        let mut joined: Vec<Edit> = Vec::new();
        for edit in edits {
            let edit = self.between_pieces(edit, joined.last().map_or(0, |last| last.to));
            match joined.last_mut() {
                // Both change one piece.
                Some(last) if self.piece_at(edit.from) < self.piece_from(last.to) => {
                    last.insert.extend(&self.text[last.to..edit.from]);
                    last.insert.extend(edit.insert);
                    last.to = edit.to;
                }
                _ => joined.push(edit),
            }
        }
        let whole = |edit: Edit| {
            let first = self.piece_at(edit.from);
            let end = self.piece_from(edit.to).max(first);
            let (before, after) = (&self.text[self.bounds[first]..edit.from], &self.text[edit.to..self.bounds[end]]);
            (first..end, before.iter().chain(&edit.insert).chain(after).collect())
        };
        joined.into_iter().map(whole).collect()
    }
}

/// Puts a text into a list, in pieces.
pub(super) fn insert<T: Transactable>(tx: &mut T, list: &ObjId, at: usize, text: &str) -> Result<(), AutomergeError> {
    tx.splice(list, at, 0, pieces(text))
}

/// Changes a text so that it says what the person wrote, where `base` is what the person had read; what others
/// changed since stays. Tells whether anything was written.
pub(super) fn merge_edit<T: Transactable + ReadDoc>(
    tx: &mut T,
    list: &ObjId,
    base: &[Piece],
    wanted: &str,
) -> Result<bool, AutomergeError> {
    let read: String = base.iter().map(|piece| piece.text.as_str()).collect();
    let now: BTreeMap<ObjId, usize> =
        View::new(tx, None).pieces(list).into_iter().enumerate().map(|(at, piece)| (piece.id, at)).collect();
    let places: Vec<Option<usize>> = base.iter().map(|piece| now.get(&piece.id).copied()).collect();
    // Where what follows each piece of `base` belongs: after it, or, where another took it out, before the next that
    // is still there, and so after what was put in its place.
    let mut after = vec![0; base.len() + 1];
    let mut next = now.len();
    for (at, place) in places.iter().enumerate().rev() {
        after[at + 1] = place.map_or(next, |place| place + 1);
        next = place.unwrap_or(next);
    }
    let mut wrote = false;
    // From the end backwards, so that no edit moves the place of one that is still to come.
    for (out, text) in Ruled::new(base).by_pieces(edits(&read, wanted)).into_iter().rev() {
        for place in places[out.clone()].iter().rev().flatten() {
            tx.delete(list, *place)?;
            wrote = true;
        }
        if !text.is_empty() {
            insert(tx, list, after[out.start], &text)?;
            wrote = true;
        }
    }
    Ok(wrote)
}

//! Conflicts that are likely the same: near names, a region in common, and nobody has tied them to each other or said that
//! they are two. Found when a conflict is shown, by comparing it with those whose names share the beginning of a word, so
//! that a page that lists them compares nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};

use toguna_protocol::{
    engine::rows::Row,
    ids::{Arrival, RecordId},
    record::Kind,
};
use unicode_normalization::char::is_combining_mark;

use super::{ListedRecord, NATIONAL, Views, ViewsError};
use crate::{exchange::events::SOURCE_PREFIX, pack::fold};

/// Conflicts of one region at most that are compared for the beginning of one word: a word that more have says nothing.
const MAX_SHARING: usize = 48;

/// Letters of a word's beginning by which conflicts are looked up: what comes after may be spelt in two ways.
const BEGINNING: usize = 4;

/// Words that most conflicts are named with, folded.
const COMMON: &[&str] = &[
    "and",
    "autres",
    "aux",
    "avec",
    "between",
    "clash",
    "conflict",
    "conflicts",
    "conflit",
    "conflits",
    "communaute",
    "communautes",
    "contre",
    "dans",
    "des",
    "entre",
    "intercommunautaire",
    "intercommunautaires",
    "les",
    "par",
    "pour",
    "sur",
    "the",
    "une",
];

/// From which part of their words, or of their letters, two names are near.
const NEAR_WORDS: f64 = 0.7;
const NEAR_LETTERS: f64 = 0.86;

/// One of the names of a conflict: its words, folded and sorted.
type Name = Vec<String>;

#[derive(Debug, Clone)]
struct Known {
    arrival: Arrival,
    regions: BTreeSet<String>,
    names: Vec<Name>,
    /// Records that it is tied to, in whatever way.
    tied: BTreeSet<RecordId>,
}

impl Known {
    /// What it is looked up by: for each region, the beginnings of all words of its names.
    fn marks(&self) -> BTreeSet<(String, String)> {
        let words: BTreeSet<String> = self.names.iter().flatten().map(|word| beginning(word)).collect();
        self.regions.iter().flat_map(|region| words.iter().map(move |word| (region.clone(), word.clone()))).collect()
    }
}

/// The conflicts that are shown, and which of them are near each other.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    known: BTreeMap<RecordId, Known>,
    by_mark: BTreeMap<(String, String), BTreeSet<RecordId>>,
    /// Both ways round.
    near: BTreeSet<(RecordId, RecordId)>,
}

impl Likeness {
    /// Takes a record in, or anew.
    pub(super) fn show(&mut self, row: &Row) {
        if self.known.get(&row.id).is_some_and(|known| known.arrival > row.arrival) {
            return;
        }
        self.forget(row.id);
        let record = &row.record;
        let events = record.source_ref.as_deref().is_some_and(|source| source.starts_with(SOURCE_PREFIX));
        if record.kind != Kind::Conflict || events {
            return;
        }
        let names: BTreeSet<Name> =
            [&record.title].into_iter().chain(&record.aliases).map(|name| words_of(name)).collect();
        let links = record.items.iter().filter(|item| item.list == "links" && item.counts);
        let mut regions: BTreeSet<String> = record.regions.iter().cloned().collect();
        if regions.is_empty() {
            regions.insert(NATIONAL.to_owned());
        }
        let known = Known {
            arrival: row.arrival,
            regions,
            names: names.into_iter().filter(|name| !name.is_empty()).collect(),
            tied: links.filter_map(|link| link.values.get("record")?.as_str()?.parse().ok()).collect(),
        };
        let mut others = BTreeSet::new();
        for mark in known.marks() {
            let sharing = self.by_mark.entry(mark).or_default();
            if sharing.len() <= MAX_SHARING {
                others.extend(sharing.iter().copied());
            }
            sharing.insert(row.id);
        }
        for other in others {
            if self.known.get(&other).is_some_and(|other| are_near(&known.names, &other.names)) {
                self.near.extend([(row.id, other), (other, row.id)]);
            }
        }
        self.known.insert(row.id, known);
    }

    /// Shows a record no longer.
    pub(super) fn forget(&mut self, record: RecordId) {
        let Some(known) = self.known.remove(&record) else { return };
        for mark in known.marks() {
            if let Some(sharing) = self.by_mark.get_mut(&mark) {
                sharing.remove(&record);
                if sharing.is_empty() {
                    self.by_mark.remove(&mark);
                }
            }
        }
        let from = (record, RecordId([0; 16]));
        let partners: Vec<RecordId> =
            self.near.range(from..).take_while(|(one, _)| *one == record).map(|(_, other)| *other).collect();
        for other in partners {
            self.near.remove(&(record, other));
            self.near.remove(&(other, record));
        }
    }

    /// Pairs that are near and not tied, the one that was shown first before the other.
    fn untied(&self) -> impl Iterator<Item = (RecordId, RecordId)> {
        let tied =
            |one: &RecordId, other: &RecordId| self.known.get(one).is_some_and(|known| known.tied.contains(other));
        let pairs = self.near.iter().filter(|(one, other)| one < other);
        pairs.filter(move |(one, other)| !tied(one, other) && !tied(other, one)).copied()
    }
}

/// Two conflicts that may be the same.
#[derive(Debug, Clone, PartialEq)]
pub struct LikelySame {
    /// The one.
    pub one: ListedRecord,
    /// The other.
    pub other: ListedRecord,
}

impl Views {
    /// At most `limit` pairs of conflicts that are likely the same, with how many there are. Events of another source are
    /// no conflicts of the programme, and in none.
    pub fn likely_same(&self, limit: usize) -> Result<(Vec<LikelySame>, u64), ViewsError> {
        let (pairs, total) = {
            let likeness = self.likeness.lock().unwrap_or_else(PoisonError::into_inner);
            let pairs: Vec<(RecordId, RecordId)> = likeness.untied().collect();
            (pairs.iter().take(limit).copied().collect::<Vec<_>>(), pairs.len() as u64)
        };
        let mut found = Vec::with_capacity(pairs.len());
        for (one, other) in pairs {
            let mut both = self.listed(&[one, other])?;
            // One of them may have gone since.
            if let (Some(other), Some(one), true) = (both.pop(), both.pop(), both.is_empty()) {
                found.push(LikelySame { one, other });
            }
        }
        Ok((found, total))
    }
}

/// The words of a name that tell it from others, folded and sorted.
fn words_of(name: &str) -> Name {
    // Accents that stand by themselves are no letters, and part no word.
    let words = name.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).map(fold);
    let words = words.filter(|word| word.chars().count() > 2 || is_number(word));
    let telling: BTreeSet<String> = words.filter(|word| !COMMON.contains(&word.as_str())).collect();
    telling.into_iter().collect()
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn beginning(word: &str) -> String {
    word.chars().take(BEGINNING).collect()
}

fn are_near(ours: &[Name], theirs: &[Name]) -> bool {
    ours.iter().any(|our| theirs.iter().any(|their| is_near(our, their)))
}

fn is_near(one: &Name, other: &Name) -> bool {
    // What is told apart by its number is told apart.
    let numbers = |name: &Name| name.iter().filter(|word| is_number(word)).cloned().collect::<Vec<_>>();
    if numbers(one) != numbers(other) {
        return false;
    }
    let alike = |word: &String| other.iter().any(|theirs| are_alike(word, theirs));
    let shared = one.iter().filter(|word| alike(word)).count();
    let all = one.len() + other.len() - shared;
    if shared as f64 >= NEAR_WORDS * all as f64 {
        return true;
    }
    let (one, other) = (one.concat(), other.concat());
    let (shorter, longer) = (one.len().min(other.len()) as f64, one.len().max(other.len()) as f64);
    shorter >= NEAR_LETTERS * longer && strsim::normalized_damerau_levenshtein(&one, &other) >= NEAR_LETTERS
}

/// Whether two words are the same but for how they are spelt.
fn are_alike(one: &str, other: &str) -> bool {
    let longest = one.chars().count().max(other.chars().count());
    one == other || longest > BEGINNING && strsim::osa_distance(one, other) <= longest / 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_whatever_their_spelling_and_order() {
        for (one, other, near) in [
            ("Ifoghas, Idnanes et autres à Kidal", "Conflit entre les Idnanes et les Ifoghas (Kidal)", true),
            ("Tinzawatène", "TINZAWATEN", true),
            ("Occupation et minage de Tinzawatène", "Occupation de Tinzawaten", false),
            ("Puits de Tin-Essako", "Le puits de Tin Essako", true),
            ("Touaregs et Peuls à Gao", "Touaregs et Arabes à Gao", false),
            ("Touaregs et Peuls à Gao", "Peulhs et Touareg à Gao", true),
            ("Plateau dogon", "Plaine du Séno", false),
            ("Puits 1", "Puits 2", false),
            ("Puits 12", "Le puits (12)", true),
            ("Conflit", "Conflits", false),
            ("", "", false),
        ] {
            let (one, other) = (words_of(one), words_of(other));
            let found = !one.is_empty() && !other.is_empty() && is_near(&one, &other);
            assert_eq!(found, near, "{one:?} {other:?}");
        }
    }
}

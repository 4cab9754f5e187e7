//! Finding a place by what somebody typed. Names in Mali are written in many ways (Tinzawatène, Ti-n-Zaouâtene,
//! Tinzwatene), keyboards lack accents, and nobody should have to know the official spelling.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::letters::plain;

/// A place of the gazetteer.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What records hold.
    pub key: String,
    /// The usual name.
    pub name: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The region it lies in, by the oldest version of the gazetteer.
    pub region: String,
    /// Latitude (WGS84).
    pub lat: f64,
    /// Longitude (WGS84).
    pub lon: f64,
    /// Inhabitants, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<u32>,
    /// Other names and spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alt_names: Vec<String>,
}

/// Kinds of place, the better known ones first: between equally good matches the earlier kind is offered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// The country's capital.
    NationalCapital,
    /// Chief town of a region.
    RegionCapital,
    /// Chief town of a cercle.
    CercleSeat,
    /// A town.
    Town,
    /// The middle of a cercle.
    Cercle,
    /// A commune of the capital.
    BamakoCommune,
    /// A village, fraction, camp or well.
    Village,
    /// A quarter of the capital.
    Quarter,
}

impl PlaceKind {
    /// How finely a record is placed that names a place of this kind, as records write it.
    pub fn precision(self) -> &'static str {
        match self {
            PlaceKind::Cercle => "cercle",
            PlaceKind::BamakoCommune => "commune",
            _ => "village",
        }
    }
}

/// The places of a pack, ready for searching.
#[derive(Debug, Clone)]
pub struct Places {
    places: Vec<Place>,
    /// Names of all places with the index of their place.
    names: Vec<Name>,
}

#[derive(Debug, Clone)]
struct Name {
    place: usize,
    folded: String,
    spoken: String,
    words: Vec<String>,
    usual: bool,
}

/// Below this likeness (of 1) two spellings are taken for different names.
const LEAST_LIKENESS: f64 = 0.6;

impl Places {
    pub(super) fn new(places: Vec<Place>) -> Self {
        let mut names = Vec::new();
        for (at, place) in places.iter().enumerate() {
            for (n, text) in std::iter::once(&place.name).chain(&place.alt_names).enumerate() {
                let folded = fold(text);
                if !folded.is_empty() {
                    let words = text.split(|c: char| !c.is_alphanumeric()).map(fold).filter(|w| w.len() > 2).collect();
                    names.push(Name { place: at, spoken: spell_as_spoken(&folded), folded, words, usual: n == 0 });
                }
            }
        }
        Places { places, names }
    }

    /// All of them, in the order of the file.
    pub fn as_slice(&self) -> &[Place] {
        &self.places
    }

    /// A place by its key.
    pub fn get(&self, key: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.key == key)
    }

    /// The one place that is spelled like `text`: by its usual name, by another one, or as it is spoken. `None` where
    /// there is none, or several that nothing tells apart.
    pub fn named(&self, text: &str) -> Option<&Place> {
        let folded = fold(text);
        if folded.is_empty() {
            return None;
        }
        let spoken = spell_as_spoken(&folded);
        let spelled: [&dyn Fn(&Name) -> bool; 3] =
            [&|name| name.usual && name.folded == folded, &|name| name.folded == folded, &|name| name.spoken == spoken];
        let of = |is_like: &dyn Fn(&Name) -> bool| -> BTreeSet<usize> {
            self.names.iter().filter(|name| is_like(name)).map(|name| name.place).collect()
        };
        let found = spelled.into_iter().map(of).find(|found| !found.is_empty())?;
        let only = found.first().filter(|_| found.len() == 1)?;
        Some(&self.places[*only])
    }

    /// Whether a place is called so, however it is spelled.
    pub fn is_called(&self, key: &str, text: &str) -> bool {
        let folded = fold(text);
        let spoken = spell_as_spoken(&folded);
        let called = |name: &Name| self.places[name.place].key == key && name.spoken == spoken;
        !folded.is_empty() && self.names.iter().any(called)
    }

    /// The places whose name is most like `query`, best first, at most `limit`. Case, accents, hyphens and the usual
    /// variations of spelling do not count; a few wrong letters are forgiven.
    pub fn search(&self, query: &str, limit: usize) -> Vec<&Place> {
        let folded = fold(query);
        if folded.is_empty() {
            return Vec::new();
        }
        let spoken = spell_as_spoken(&folded);
        let mut best = vec![0u32; self.places.len()];
        for name in &self.names {
            let score = name.score(&folded, &spoken);
            best[name.place] = best[name.place].max(score);
        }
        let mut found: Vec<usize> = (0..best.len()).filter(|&at| best[at] > 0).collect();
        found.sort_by_key(|&at| {
            let place = &self.places[at];
            (Reverse(best[at]), place.kind, Reverse(place.population), &place.name)
        });
        found.into_iter().take(limit).map(|at| &self.places[at]).collect()
    }
}

impl Name {
    /// How well a query matches, 0 for not at all. A hundred separates the ways in which a name can match, so that a
    /// name that begins as typed always stands before one that merely resembles it.
    fn score(&self, folded: &str, spoken: &str) -> u32 {
        let tail = |name: &str, query: &str| (name.len() - query.len()).min(90) as u32;
        if self.folded == folded {
            return if self.usual { 1_000 } else { 990 };
        }
        if self.spoken == spoken {
            return if self.usual { 960 } else { 950 };
        }
        if self.folded.starts_with(folded) {
            return 900 - tail(&self.folded, folded);
        }
        if self.spoken.starts_with(spoken) {
            return 800 - tail(&self.spoken, spoken);
        }
        if folded.len() > 2 && self.words.iter().any(|word| word.starts_with(folded)) {
            return 700 - tail(&self.folded, folded);
        }
        if folded.len() > 3 && self.folded.contains(folded) {
            return 600 - tail(&self.folded, folded);
        }
        let likeness = likeness(&self.spoken, spoken);
        if spoken.len() > 3 && likeness >= LEAST_LIKENESS { (likeness * 500.0) as u32 } else { 0 }
    }
}

/// How alike two words are, 1 for equal. Also compares with the beginning of the name, since people search while
/// they are still typing; that counts a little less.
fn likeness(name: &str, query: &str) -> f64 {
    let shortest = name.len().min(query.len()) as f64;
    let longest = name.len().max(query.len()) as f64;
    // The edit distance is at least the difference in length, so most names need no closer look.
    let whole = if shortest / longest < LEAST_LIKENESS {
        0.0
    } else {
        1.0 - strsim::osa_distance(name, query) as f64 / longest
    };
    let beginning = match name.get(..query.len()) {
        Some(beginning) => 0.9 * (1.0 - strsim::osa_distance(beginning, query) as f64 / query.len() as f64),
        None => 0.0,
    };
    whole.max(beginning)
}

/// Letters and digits only, in lower case, without accents; the open vowels and the eng of the national languages
/// become the letters a French keyboard has.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in plain(text).flat_map(char::to_lowercase) {
        match c {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ɛ' => folded.push('e'),
            'ɔ' => folded.push('o'),
            'ɲ' => folded.push_str("ny"),
            'ŋ' => folded.push('n'),
            c if c.is_alphanumeric() => folded.push(c),
            _ => {}
        }
    }
    folded
}

/// Brings the common ways of writing one sound together: `ou` and `u` (`w` before a vowel), `dj` and `j`, `gh` and
/// `g`, doubled letters and single ones.
fn spell_as_spoken(folded: &str) -> String {
    let letters: Vec<char> = folded.chars().collect();
    let mut spoken = String::with_capacity(letters.len());
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        let (sound, taken) = match (letters[at], next) {
            ('o', Some('u')) if letters.get(at + 2).is_some_and(|c| "aeiouy".contains(*c)) => ('w', 2),
            ('o', Some('u')) => ('u', 2),
            ('d', Some('j')) => ('j', 2),
            ('g', Some('u')) if letters.get(at + 2).is_some_and(|c| "ei".contains(*c)) => ('g', 2),
            (c @ ('g' | 'k' | 't' | 'r'), Some('h')) => (c, 2),
            ('c' | 'q', _) => ('k', 1),
            ('y', _) => ('i', 1),
            (c, _) => (c, 1),
        };
        if !spoken.ends_with(sound) {
            spoken.push(sound);
        }
        at += taken;
    }
    spoken
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::pack::Pack;

    #[test]
    fn a_place_is_found_however_it_is_spelled() {
        let pack = Pack::embedded();
        for (query, expected) in [
            ("tinzwatene", "Tinzawatène"),
            ("tinzawaten", "Tinzawatène"),
            ("Ti-n-Zaouâtene", "Tinzawatène"),
            ("tin zaouatene", "Tinzawatène"),
            ("tinzouaten", "Tinzawatène"),
            ("TINZAW", "Tinzawatène"),
            ("menaka", "Ménaka"),
            ("Ménaka", "Ménaka"),
            ("minaka", "Ménaka"),
            ("gao", "Gao"),
            ("segu", "Ségou"),
            ("abeibara", "Abeïbara"),
            ("aguelhoc", "Aguelhok"),
            ("jenne", "Djenné"),
            ("tombuctu", "Tombouctou"),
            ("andera", "Andéranboukan"),
            ("bandjagara", "Bandiagara"),
        ] {
            let found = pack.places().search(query, 5);
            assert_eq!(found.first().map(|place| place.name.as_str()), Some(expected), "{query}");
        }
    }

    #[test]
    fn a_place_that_is_spelled_like_one_place_only_is_known_by_that() {
        let pack = Pack::embedded();
        let key = |text: &str| pack.places().named(text).map(|place| place.key.as_str());
        for (text, expected) in [
            ("Tinzawatène", Some("GN-2476086")),
            ("tinzwatene", Some("GN-2476086")),
            ("TIN ZAOUATEN", Some("GN-2476086")),
            ("ti-n-zawatene", Some("GN-2476086")),
            ("Gao", Some("GN-2457163")),
            ("menaka", Some("GN-2453514")),
            ("tinzawa", None),
            ("puits à 40 km au nord", None),
            ("", None),
        ] {
            assert_eq!(key(text), expected, "{text}");
        }
        let twice: Vec<&str> = pack.places().as_slice().iter().map(|place| place.name.as_str()).collect();
        let twice = twice.iter().find(|name| twice.iter().filter(|other| other == name).count() > 1);
        assert_eq!(twice.and_then(|name| key(name)), None, "{twice:?} may be any of them");
        assert!(pack.places().is_called("GN-2476086", "Tin-Zawaten"));
        assert!(!pack.places().is_called("GN-2476086", "Kidal") && !pack.places().is_called("GN-2476086", ""));
    }

    #[test]
    fn what_resembles_nothing_finds_nothing() {
        let pack = Pack::embedded();
        for query in ["", " -", "qqqqxxxx", "xyz"] {
            assert_eq!(pack.places().search(query, 5), Vec::<&crate::pack::Place>::new(), "{query}");
        }
    }

    #[test]
    fn a_search_takes_less_than_a_keystroke() {
        let pack = Pack::embedded();
        let queries = ["tinzwatene", "menaka", "b", "cercle de gourma", "a name far longer than any place has"];
        // The fastest of some rounds: a busy machine says nothing about the search.
        let round = || {
            let started = Instant::now();
            queries.iter().for_each(|query| drop(pack.places().search(query, 10)));
            started.elapsed() / queries.len() as u32
        };
        let fastest = (0..10).map(|_| round()).min().expect("ten rounds");
        // Unoptimised builds are some twenty times slower than what people run.
        let limit = Duration::from_millis(if cfg!(debug_assertions) { 60 } else { 5 });
        assert!(fastest < limit, "{fastest:?} for a search");
    }
}

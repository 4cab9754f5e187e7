//! The languages of the pages, and which of them a person reads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language of the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French, the language of the offices.
    #[default]
    Fr,
    /// English.
    En,
}

/// A key that is none of a language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language of the pages: write fr or en")]
pub struct UnknownLang;

impl Lang {
    /// Every language, French first.
    pub const ALL: [Lang; 2] = [Lang::Fr, Lang::En];

    /// The key in files, on the command line and in the `lang` attribute of pages (ISO 639-1).
    pub fn key(self) -> &'static str {
        match self {
            Lang::Fr => "fr",
            Lang::En => "en",
        }
    }

    /// The language that an `Accept-Language` header likes best; French where it names none of ours, or is not well
    /// formed. Of two that it likes as much, the one that stands first.
    pub fn accepted(header: &str) -> Lang {
        let mut best = (0.0, Lang::default());
        for part in header.split(',') {
            let mut pieces = part.split(';').map(str::trim);
            let tag = pieces.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let lang = if primary == "*" { Ok(Lang::default()) } else { primary.parse() };
            let weight = pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
            if let (Ok(lang), Ok(weight)) = (lang, weight)
                && weight > best.0
                && weight <= 1.0
            {
                best = (weight, lang);
            }
        }
        best.1
    }
}

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(key: &str) -> Result<Self, UnknownLang> {
        Lang::ALL.into_iter().find(|lang| lang.key() == key).ok_or(UnknownLang)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gets_the_language_it_likes_best() {
        let table = [
            ("", Lang::Fr),
            ("fr", Lang::Fr),
            ("en", Lang::En),
            ("EN-gb", Lang::En),
            ("en-US,en;q=0.9,fr;q=0.8", Lang::En),
            ("fr-ML, fr;q=0.9, en;q=0.8", Lang::Fr),
            ("en;q=0.5, fr;q=0.7", Lang::Fr),
            ("de, ar;q=0.9, en;q=0.1", Lang::En),
            ("bm, ta", Lang::Fr),
            ("*", Lang::Fr),
            ("en, *", Lang::En),
            ("en;q=0.2, *;q=0.9", Lang::Fr),
            ("en;q=0", Lang::Fr),
            ("en;q=2, fr;q=0.1", Lang::Fr),
            ("en;q=NaN", Lang::Fr),
            ("en; q=0.8 , fr ;q=0.3", Lang::En),
            ("english", Lang::Fr),
            (";;,,=", Lang::Fr),
        ];
        for (header, expected) in table {
            assert_eq!(Lang::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn a_key_reads_back_what_it_writes() {
        for lang in Lang::ALL {
            assert_eq!(lang.to_string().parse(), Ok(lang));
            assert_eq!(serde_json::to_value(lang).unwrap(), lang.key());
            assert_eq!(<Lang as clap::ValueEnum>::from_str(lang.key(), false), Ok(lang));
        }
        for key in ["", "FR", "fr-ML", "de"] {
            assert_eq!(key.parse::<Lang>(), Err(UnknownLang), "{key}");
        }
    }
}

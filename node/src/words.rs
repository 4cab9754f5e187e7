//! The words of the pages: every label, choice and sentence in French and in English, and how dates, moments, numbers
//! and amounts of money are written in each.
//!
//! The words lie in Fluent files (projectfluent.org) below `node/words`, one directory for each language, and are built
//! into the program: `record.ftl` holds the fields of records with their choices, the kinds, and what is flagged in a
//! record; `dates.ftl` dates and moments; `people.ftl` accounts and the demonstration; `carry.ftl` links and bundles;
//! `drafts.ftl` drafts and news; `national.ftl` the national picture, the tracker and the map; `export.ftl` exported
//! files and what is said of them; `import.ftl` files that are imported; `certificate.ftl` what a browser sees of the
//! node; `conflicts.ftl` the list and the page of conflicts; `consultations.ftl` the tree and the page of consultations;
//! `blank.ftl` forms on paper; `reports.ftl` reports; `today.ftl` what waits, deadlines and reviews; `pages.ftl` all that
//! stands on pages besides. A message that English lacks is shown in French.
//! Tests hold that nothing is missing in either.
//!
//! # How a field finds its words
//! A field is named by its path: the kind, then the names of the fields down to it, without the ids of items. Its
//! message is the path joined by `-`: `conflict-incidents-place`. Leading names are dropped one by one until there is
//! one: `incidents-place`, then `place`, which so serves every place. Choices are attributes of the message, under the
//! key of the choice (`true` and `false` where the field is one of those); `.one` is one item of a list, with its
//! article; `.hint` is a line of help. Each is looked for by itself, so that a longer message may hold only a hint.

mod amounts;
mod dates;
mod lang;
pub(crate) mod typed;

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

pub use amounts::{decimal, money, number};
pub use fluent_bundle::FluentValue;
pub use lang::{Lang, UnknownLang};

type Bundle = FluentBundle<FluentResource>;

/// Name and text of each file of one language.
type Files<'a> = [(&'a str, &'a str)];

const FRENCH: &Files<'static> = &[
    ("fr/record.ftl", include_str!("../words/fr/record.ftl")),
    ("fr/dates.ftl", include_str!("../words/fr/dates.ftl")),
    ("fr/pages.ftl", include_str!("../words/fr/pages.ftl")),
    ("fr/national.ftl", include_str!("../words/fr/national.ftl")),
    ("fr/drafts.ftl", include_str!("../words/fr/drafts.ftl")),
    ("fr/carry.ftl", include_str!("../words/fr/carry.ftl")),
    ("fr/people.ftl", include_str!("../words/fr/people.ftl")),
    ("fr/export.ftl", include_str!("../words/fr/export.ftl")),
    ("fr/conflicts.ftl", include_str!("../words/fr/conflicts.ftl")),
    ("fr/consultations.ftl", include_str!("../words/fr/consultations.ftl")),
    ("fr/blank.ftl", include_str!("../words/fr/blank.ftl")),
    ("fr/today.ftl", include_str!("../words/fr/today.ftl")),
    ("fr/projects.ftl", include_str!("../words/fr/projects.ftl")),
    ("fr/import.ftl", include_str!("../words/fr/import.ftl")),
    ("fr/certificate.ftl", include_str!("../words/fr/certificate.ftl")),
    ("fr/reports.ftl", include_str!("../words/fr/reports.ftl")),
];
const ENGLISH: &Files<'static> = &[
    ("en/record.ftl", include_str!("../words/en/record.ftl")),
    ("en/dates.ftl", include_str!("../words/en/dates.ftl")),
    ("en/pages.ftl", include_str!("../words/en/pages.ftl")),
    ("en/national.ftl", include_str!("../words/en/national.ftl")),
    ("en/drafts.ftl", include_str!("../words/en/drafts.ftl")),
    ("en/carry.ftl", include_str!("../words/en/carry.ftl")),
    ("en/people.ftl", include_str!("../words/en/people.ftl")),
    ("en/export.ftl", include_str!("../words/en/export.ftl")),
    ("en/conflicts.ftl", include_str!("../words/en/conflicts.ftl")),
    ("en/consultations.ftl", include_str!("../words/en/consultations.ftl")),
    ("en/blank.ftl", include_str!("../words/en/blank.ftl")),
    ("en/today.ftl", include_str!("../words/en/today.ftl")),
    ("en/projects.ftl", include_str!("../words/en/projects.ftl")),
    ("en/import.ftl", include_str!("../words/en/import.ftl")),
    ("en/certificate.ftl", include_str!("../words/en/certificate.ftl")),
    ("en/reports.ftl", include_str!("../words/en/reports.ftl")),
];

/// The words of both languages, ready to be said.
pub struct Words {
    fr: Bundle,
    en: Bundle,
}

/// A file of words cannot be used.
#[derive(Debug, thiserror::Error)]
enum WordsError {
    /// A file breaks the rules of Fluent, or holds a message that another one holds already.
    #[error("{file} of the words: {problem}")]
    File { file: String, problem: String },
    /// A language's tag is none.
    #[error("{tag} is not the tag of a language")]
    Tag { tag: &'static str },
}

impl Words {
    /// The words that were built into the program; read when they are first asked for.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read the same bytes.
    pub fn embedded() -> &'static Self {
        static WORDS: LazyLock<Words> = LazyLock::new(|| {
            Words::read(FRENCH, ENGLISH)
                .unwrap_or_else(|error| panic!("the built-in words are checked by a test: {error}"))
        });
        &WORDS
    }

    fn read(french: &Files<'_>, english: &Files<'_>) -> Result<Self, WordsError> {
        Ok(Words { fr: bundle(Lang::Fr, french)?, en: bundle(Lang::En, english)? })
    }

    /// What stands under `id`: a message (`only-here`) or one of its attributes (`kind-conflict.new`). The id itself
    /// if there is none.
    pub fn say(&self, lang: Lang, id: &str) -> String {
        self.say_with(lang, id, &[])
    }

    /// As [`Self::say`], with what the message asks for by name. Numbers are written as [`number`] writes them;
    /// what must not be, a year, is given as text.
    pub fn say_with(&self, lang: Lang, id: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let (message, attribute) = match id.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (id, None),
        };
        let values: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let said = self.order(lang).find_map(|bundle| text(bundle, message, attribute, &values));
        said.unwrap_or_else(|| id.to_owned())
    }

    /// The label of a field, by its path from the kind on. The field's own name if it has no label: a newer version's.
    pub fn label(&self, lang: Lang, path: &[&str]) -> String {
        self.of_field(lang, path, None).unwrap_or_else(|| path.last().copied().unwrap_or_default().to_owned())
    }

    /// The label of one choice of a field. The key itself if it has no label: a newer version's.
    pub fn choice(&self, lang: Lang, path: &[&str], key: &str) -> String {
        self.of_field(lang, path, Some(key)).unwrap_or_else(|| key.to_owned())
    }

    /// One item of a list, with its article, as it stands behind "add": "an incident". The list's label if there is
    /// nothing better.
    pub fn one(&self, lang: Lang, path: &[&str]) -> String {
        self.of_field(lang, path, Some("one")).unwrap_or_else(|| self.label(lang, path))
    }

    /// The line of help that stands beneath a field, where it has one.
    pub fn hint(&self, lang: Lang, path: &[&str]) -> Option<String> {
        self.of_field(lang, path, Some("hint"))
    }

    fn of_field(&self, lang: Lang, path: &[&str], attribute: Option<&str>) -> Option<String> {
        self.order(lang).find_map(|bundle| {
            let message = message_of(bundle, path, attribute)?;
            text(bundle, &message, attribute, &FluentArgs::new())
        })
    }

    /// The languages in the order in which they are asked.
    fn order(&self, lang: Lang) -> impl Iterator<Item = &Bundle> {
        let english = (lang == Lang::En).then_some(&self.en);
        english.into_iter().chain([&self.fr])
    }
}

/// The message that serves a field: the longest end of its path that has what is asked for.
fn message_of(bundle: &Bundle, path: &[&str], attribute: Option<&str>) -> Option<String> {
    (0..path.len()).map(|from| path[from..].join("-")).find(|id| {
        bundle.get_message(id).is_some_and(|message| match attribute {
            Some(name) => message.get_attribute(name).is_some(),
            None => message.value().is_some(),
        })
    })
}

fn text(bundle: &Bundle, message: &str, attribute: Option<&str>, values: &FluentArgs<'_>) -> Option<String> {
    let message = bundle.get_message(message)?;
    let pattern = match attribute {
        Some(name) => message.get_attribute(name)?.value(),
        None => message.value()?,
    };
    // A value that was not given shows as its name in the text; a page with that is better than none.
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(values), &mut errors).into_owned())
}

fn bundle(lang: Lang, files: &Files<'_>) -> Result<Bundle, WordsError> {
    let tag = lang.key();
    let id: LanguageIdentifier = tag.parse().map_err(|_| WordsError::Tag { tag })?;
    let mut bundle = Bundle::new_concurrent(vec![id]);
    // The marks that keep right-to-left names apart show as boxes on old machines and get into copied text.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match lang {
        Lang::Fr => amounts::in_french,
        Lang::En => amounts::in_english,
    }));
    for (file, text) in files {
        let refuse = |problem: String| WordsError::File { file: (*file).to_owned(), problem };
        let all = |problems: Vec<String>| refuse(problems.join("; "));
        let resource = FluentResource::try_new((*text).to_owned())
            .map_err(|(_, errors)| all(errors.iter().map(ToString::to_string).collect()))?;
        bundle.add_resource(resource).map_err(|errors| all(errors.iter().map(ToString::to_string).collect()))?;
    }
    Ok(bundle)
}

#[cfg(test)]
mod tests;

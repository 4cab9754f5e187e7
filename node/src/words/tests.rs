use std::collections::BTreeSet;
use std::path::Path;

use fluent_bundle::{
    FluentError,
    resolver::{ResolverError, errors::ReferenceKind},
};
use toguna_protocol::record::{
    Kind,
    schema::{Field, Shape},
};

use super::*;

type FieldPath = Vec<&'static str>;

/// Every field of every kind with its path, those of items and of compound values included.
fn fields() -> Vec<(FieldPath, Shape)> {
    fn walk(path: &[&'static str], field: &Field, found: &mut Vec<(FieldPath, Shape)>) {
        let path = [path, &[field.name]].concat();
        found.push((path.clone(), field.shape));
        below(&field.shape).iter().for_each(|field| walk(&path, field, found));
    }
    fn below(shape: &Shape) -> &'static [Field] {
        match shape {
            Shape::Items(fields) | Shape::Ledger(fields) | Shape::Compound { parts: fields, .. } => fields,
            Shape::Set(inner) | Shape::Sheet(_, inner) | Shape::Sealed(inner) => below(inner),
            _ => &[],
        }
    }
    let mut found = Vec::new();
    for kind in Kind::ALL {
        kind.schema().fields().for_each(|field| walk(&[kind.key()], field, &mut found));
    }
    assert!(found.len() > 150, "the walk reaches the fields of items");
    found
}

/// The keys that a field may have, where they are not a matter of the country pack.
fn keys(shape: &Shape) -> &'static [&'static str] {
    match shape {
        Shape::Choice(keys) => keys,
        Shape::Flag => &["true", "false"],
        Shape::Set(inner) | Shape::Sheet(_, inner) | Shape::Sealed(inner) => keys(inner),
        _ => &[],
    }
}

/// What the pages ask of a field: `None` is its label; and whether they can do without.
fn asked(shape: &Shape) -> Vec<(Option<&'static str>, bool)> {
    let mut asked = vec![(None, false)];
    asked.extend(keys(shape).iter().map(|key| (Some(*key), false)));
    if matches!(shape, Shape::Items(_) | Shape::Ledger(_) | Shape::Set(Shape::Line)) {
        asked.push((Some("one"), false));
    }
    let warned = matches!(shape, Shape::Narrative | Shape::Restricted);
    asked.push((Some("hint"), !warned));
    asked
}

fn languages() -> [(Lang, &'static Bundle, &'static Files<'static>); 2] {
    let words = Words::embedded();
    [(Lang::Fr, &words.fr, FRENCH), (Lang::En, &words.en, ENGLISH)]
}

/// The ids of the messages in a file, in order.
fn messages(text: &str) -> Vec<&str> {
    let ids = text.lines().filter_map(|line| line.split_once(" ="));
    ids.map(|(id, _)| id).filter(|id| id.starts_with(|first: char| first.is_ascii_lowercase())).collect()
}

/// A message as what can be said of it: its own id if it has a value, and `id.attribute` for each attribute.
fn sayable(bundle: &Bundle, id: &str) -> Vec<String> {
    let message = bundle.get_message(id).expect("the file holds it");
    let own = message.value().map(|_| id.to_owned());
    own.into_iter().chain(message.attributes().map(|attribute| format!("{id}.{}", attribute.id()))).collect()
}

fn all_sayable(bundle: &Bundle, files: &Files<'_>) -> Vec<String> {
    files.iter().flat_map(|(_, text)| messages(text)).flat_map(|id| sayable(bundle, id)).collect()
}

fn said(id: &str, attribute: Option<&str>) -> String {
    attribute.map_or_else(|| id.to_owned(), |attribute| format!("{id}.{attribute}"))
}

#[test]
fn every_field_and_every_choice_has_its_words_in_both_languages() {
    for (lang, bundle, _) in languages() {
        let mut missing = Vec::new();
        for (path, shape) in fields() {
            for (attribute, optional) in asked(&shape) {
                if !optional && message_of(bundle, &path, attribute).is_none() {
                    missing.push(said(&path.join("-"), attribute));
                }
            }
        }
        assert!(missing.is_empty(), "{lang}: {missing:#?}");
    }
}

#[test]
fn no_message_about_records_is_there_for_nothing() {
    for (lang, bundle, files) in languages() {
        let mut used = BTreeSet::new();
        for (path, shape) in fields() {
            for (attribute, _) in asked(&shape) {
                used.extend(message_of(bundle, &path, attribute).map(|id| said(&id, attribute)));
            }
        }
        // No file but the first speaks of records, so that a word of the pages never stands for a field by accident.
        let of_records = messages(files[0].1).into_iter().flat_map(|id| sayable(bundle, id));
        let of_fields = of_records.filter(|id| !id.starts_with("kind-") && !id.starts_with("flag-"));
        assert_eq!(of_fields.collect::<BTreeSet<_>>(), used, "{lang}");
    }
}

#[test]
fn both_languages_have_the_same_messages_and_attributes_once_each() {
    let [french, english] = languages().map(|(lang, bundle, files)| {
        let all = all_sayable(bundle, files);
        let once: BTreeSet<String> = all.iter().cloned().collect();
        let twice: Vec<&String> = once.iter().filter(|id| all.iter().filter(|other| other == id).count() > 1).collect();
        assert!(twice.is_empty(), "{lang}: {twice:?}");
        once
    });
    let apart: Vec<&String> = french.symmetric_difference(&english).collect();
    assert!(apart.is_empty(), "in one language only: {apart:#?}");
}

#[test]
fn kinds_have_their_plural_and_their_new_one() {
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| format!("kind-{kind}")).collect();
    for (lang, bundle, files) in languages() {
        let held = messages(files[0].1).into_iter().filter(|id| id.starts_with("kind-"));
        assert_eq!(held.map(str::to_owned).collect::<BTreeSet<_>>(), kinds, "{lang}");
        for kind in &kinds {
            let sayable = sayable(bundle, kind);
            for form in ["", ".plural", ".new"] {
                assert!(sayable.contains(&format!("{kind}{form}")), "{lang}: {kind}{form}");
            }
        }
    }
}

/// The codes that a source of the protocol gives: its texts of small letters and hyphens, field names apart.
fn codes(source: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/src/record").join(source);
    let text = std::fs::read_to_string(&path).expect("the protocol lies beside the node");
    let quoted = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    let is_code = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let names: BTreeSet<&str> = fields().into_iter().filter_map(|(path, _)| path.last().copied()).collect();
    quoted.filter(is_code).filter(|text| !names.contains(&**text)).collect()
}

#[test]
fn every_code_that_flags_something_has_its_sentence() {
    let known: BTreeSet<String> = ["workflow.rs", "complete.rs"].into_iter().flat_map(codes).collect();
    assert!(known.len() > 30, "{known:?}");
    for (lang, _, files) in languages() {
        let held = messages(files[0].1).into_iter().filter_map(|id| id.strip_prefix("flag-"));
        assert_eq!(held.map(str::to_owned).collect::<BTreeSet<_>>(), known, "{lang}");
    }
}

#[test]
fn every_message_can_be_said() {
    for (lang, bundle, files) in languages() {
        for id in all_sayable(bundle, files) {
            let (message, attribute) = id.split_once('.').map_or((&*id, None), |(id, name)| (id, Some(name)));
            let message = bundle.get_message(message).expect("it was listed");
            let pattern = match attribute {
                Some(name) => message.get_attribute(name).expect("it was listed").value(),
                None => message.value().expect("it was listed"),
            };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, None, &mut errors);
            assert!(!text.trim().is_empty(), "{lang}: {id}");
            for error in errors {
                let variable = matches!(
                    error,
                    FluentError::ResolverError(ResolverError::Reference(ReferenceKind::Variable { .. }))
                );
                assert!(variable, "{lang}: {id}: {error}");
            }
        }
    }
}

#[test]
fn what_people_write_freely_comes_with_the_rule_that_protects_others() {
    let words = Words::embedded();
    let rules = [
        (Lang::Fr, "N'écrivez ni nom ni téléphone d'un informateur, d'un témoin, d'une victime ou d'un mineur."),
        (Lang::En, "Write neither name nor telephone number of an informant, a witness, a victim or a minor."),
    ];
    for (lang, rule) in rules {
        for (path, _) in fields().into_iter().filter(|(_, shape)| *shape == Shape::Narrative) {
            let hint = words.hint(lang, &path).unwrap_or_default();
            assert!(hint.contains(rule), "{lang}: {path:?}: {hint}");
        }
    }
}

#[test]
fn french_signs_do_not_begin_a_line() {
    for (file, text) in FRENCH {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            for torn in [" :", " ;", " !", " ?", " »", "« "] {
                assert!(!line.contains(torn), "{file}: a space that does not break is wanted: {line}");
            }
        }
    }
}

#[test]
fn a_field_finds_the_words_nearest_to_it() {
    let words = Words::embedded();
    let label = |path: &[&str]| words.label(Lang::Fr, path);
    assert_eq!(label(&["conflict", "place"]), "Lieu");
    assert_eq!(label(&["conflict", "incidents", "place"]), "Lieu");
    assert_eq!(label(&["conflict", "end_date"]), "Date de fin");
    assert_eq!(label(&["conflict", "alerts", "date"]), "Date de l'alerte");
    assert_eq!(label(&["project", "need", "currency"]), "Devise");
    assert_eq!(words.choice(Lang::Fr, &["conflict", "phase", "is"], "de-escalating"), "En apaisement");
    assert_eq!(words.choice(Lang::En, &["conflict", "phase", "is"], "de-escalating"), "De-escalating");
    assert_eq!(words.choice(Lang::Fr, &["consultation", "status"], "reported"), "Rapport déposé");
    assert_eq!(words.choice(Lang::Fr, &["project", "status"], "reported"), "Rapport remis");
    assert_eq!(words.choice(Lang::Fr, &["project", "eligibility", "met"], "false"), "Non rempli");
    assert_eq!(words.one(Lang::Fr, &["conflict", "incidents"]), "un incident");
    assert_eq!(words.one(Lang::En, &["conflict", "incidents"]), "an incident");
    assert_eq!(words.hint(Lang::Fr, &["conflict", "incidents", "date"]), None);
    assert_eq!(words.say(Lang::Fr, "kind-consultation.new"), "Nouvelle concertation");
    let add = [("what", FluentValue::from(words.one(Lang::Fr, &["conflict", "incidents"])))];
    assert_eq!(words.say_with(Lang::Fr, "add-one", &add), "Ajouter un incident");
}

#[test]
fn what_only_a_newer_version_knows_is_shown_by_its_key() {
    let words = Words::embedded();
    for lang in Lang::ALL {
        assert_eq!(words.label(lang, &["conflict", "incidents", "weather"]), "weather");
        assert_eq!(words.label(lang, &[]), "");
        assert_eq!(words.choice(lang, &["conflict", "phase", "is"], "frozen"), "frozen");
        assert_eq!(words.choice(lang, &["conflict", "phase", "is"], "no key at all."), "no key at all.");
        assert_eq!(words.one(lang, &["conflict", "omens"]), "omens");
        assert_eq!(words.say(lang, "flag-something-new"), "flag-something-new");
        assert_eq!(words.say(lang, "kind-conflict.something-new"), "kind-conflict.something-new");
    }
}

#[test]
fn what_english_lacks_is_said_in_french() {
    let french = "phase = Phase\n    .open = Ouvert\nonly-here = Ici seulement\n";
    let words = Words::read(&[("fr", french)], &[("en", "phase = Stage\n")]).expect("words");
    assert_eq!(words.label(Lang::En, &["conflict", "phase"]), "Stage");
    assert_eq!(words.choice(Lang::En, &["conflict", "phase"], "open"), "Ouvert");
    assert_eq!(words.say(Lang::En, "only-here"), "Ici seulement");
}

#[test]
fn a_faulty_file_is_refused_by_name() {
    let good: &Files<'_> = &[("fr/record.ftl", "date = Date\n")];
    let cases =
        [("date = Date\ndate = Jour\n", "date"), ("date = Date { $day\n", "Expected"), ("= Date\n", "Expected")];
    for (text, expected) in cases {
        let error = Words::read(good, &[("en/pages.ftl", text)]).err().expect(text).to_string();
        assert!(error.starts_with("en/pages.ftl of the words: ") && error.contains(expected), "{error}");
    }
    let twice: &Files<'_> = &[("a.ftl", "date = Date\n"), ("b.ftl", "date = Date\n")];
    assert!(Words::read(twice, good).err().expect("one id in two files").to_string().starts_with("b.ftl"));
}

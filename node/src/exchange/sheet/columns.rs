//! The columns that a kind has, and by which names each is known.

use std::collections::BTreeMap;

use toguna_protocol::record::{
    Kind,
    schema::{Field, Shape},
};

use super::excerpt;
use crate::{
    exchange::export::{rules::words, shape::counted},
    words::{Lang, Words},
};

/// What columns are called besides their label and their key.
const OTHER_NAMES: [(&str, &[&str]); 8] = [
    ("/title", &["Titre", "Nom", "Name"]),
    ("/start_date", &["Date", "Début", "Start"]),
    ("/end_date", &["Fin", "End"]),
    ("/need/amount", &["Montant", "Budget", "Coût", "Amount", "Cost"]),
    ("/place/name", &["Localité", "Location"]),
    ("/phase/since", &["Depuis"]),
    ("/notes", &["Remarques", "Observations", "Remarks"]),
    ("/narrative", &["Récit", "Description"]),
];

/// What a cell is for: a field of a record, or one part of a field that has several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// The kind's key, with which labels are found.
    pub kind: &'static str,
    /// The field.
    pub field: &'static Field,
    /// The part of it.
    pub part: Option<&'static Field>,
}

impl Column {
    /// Its JSON pointer: `/phase/is`.
    pub fn pointer(&self) -> String {
        match self.part {
            Some(part) => format!("/{}/{}", self.field.name, part.name),
            None => format!("/{}", self.field.name),
        }
    }

    /// What it holds.
    pub fn shape(&self) -> &'static Shape {
        &self.part.unwrap_or(self.field).shape
    }

    /// What one member of it is, where it holds several.
    pub fn member(&self) -> &'static Shape {
        match self.shape() {
            Shape::Set(inner) => inner,
            shape => shape,
        }
    }

    /// The path by which its words are found.
    pub fn path(&self) -> Vec<&'static str> {
        [self.kind, self.field.name].into_iter().chain(self.part.map(|part| part.name)).collect()
    }

    /// Whether it is the part by which the whole field is known: the name of a place, the phase, the amount.
    pub fn is_main(&self) -> bool {
        self.part.is_none_or(|part| ["name", "is", "amount"].contains(&part.name))
    }
}

/// The columns of a kind, in the order of its fields. Lists, and what only a verb of its own may write, have none.
pub fn columns(kind: Kind) -> Vec<Column> {
    let kind_key = kind.key();
    let of = |field: &'static Field| match field.shape {
        Shape::Compound { parts, .. } => {
            // The part by which the field is known stands first.
            let of_part = |part| Column { kind: kind_key, field, part: Some(part) };
            let (main, rest): (Vec<Column>, Vec<Column>) = parts.iter().map(of_part).partition(Column::is_main);
            main.into_iter().chain(rest).collect()
        }
        Shape::Items(_) | Shape::Ledger(_) | Shape::Sheet(..) | Shape::Sealed(_) | Shape::Restricted => Vec::new(),
        _ => vec![Column { kind: kind_key, field, part: None }],
    };
    kind.schema().fields().flat_map(of).collect()
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// As it is written, no more than a few words of it.
    pub name: String,
    /// What it was understood as.
    pub meaning: Meaning,
    /// Whether any cell below holds something.
    pub filled: bool,
}

impl Head {
    /// Whether it is of the field at this pointer.
    pub fn is_of(&self, pointer: &str) -> bool {
        matches!(&self.meaning, Meaning::Field(column) if column.pointer() == pointer)
    }
}

/// What a column was understood as.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A field, or a part of one.
    Field(Column),
    /// The id of the record, in an export.
    Id,
    /// What the record is, in an export.
    Kind,
    /// What an export counts or tells of a record, and what is no part of it.
    Told,
    /// What may not be entered yet.
    Closed(&'static str),
    /// No field of this kind; the column whose name is most like it.
    Unknown {
        /// That column.
        like: Option<Column>,
    },
}

/// Names of columns, folded.
pub(super) struct Names {
    known: BTreeMap<String, Meaning>,
}

impl Names {
    pub(super) fn of(kind: Kind) -> Self {
        let mut names = Names { known: BTreeMap::new() };
        for column in columns(kind) {
            names.column(&column);
        }
        let words = Words::embedded();
        for lang in Lang::ALL {
            names.add(&words.say(lang, "export-id"), Meaning::Id);
            names.add(&words.say(lang, "export-kind"), Meaning::Kind);
            for id in ["created-office", "created-on", "updated-office", "updated-on", "to-complete"] {
                names.add(&words.say(lang, &format!("export-{id}")), Meaning::Told);
            }
        }
        names.add("id", Meaning::Id);
        names.add("kind", Meaning::Kind);
        for field in kind.schema().fields() {
            let meaning = match field.shape {
                Shape::Restricted => Meaning::Closed(field.name),
                Shape::Items(_) | Shape::Ledger(_) | Shape::Sheet(..) | Shape::Sealed(_) => Meaning::Told,
                _ => continue,
            };
            names.labelled(&[kind.key(), field.name], &meaning);
        }
        for path in counted(kind) {
            names.labelled(&[&[kind.key()], *path].concat(), &Meaning::Told);
        }
        for (pointer, others) in OTHER_NAMES {
            let column = columns(kind).into_iter().find(|column| column.pointer() == pointer);
            let others = others.iter().filter(|_| column.is_some());
            others.for_each(|other| column.into_iter().for_each(|column| names.add(other, Meaning::Field(column))));
        }
        names
    }

    /// A column by its key, that of its field too where it is the main part, and its labels.
    fn column(&mut self, column: &Column) {
        let meaning = Meaning::Field(*column);
        self.add(&column.pointer(), meaning.clone());
        if column.is_main() {
            self.labelled(&[column.kind, column.field.name], &meaning);
        }
        if column.part.is_some() {
            let path = column.path();
            self.labelled(&path, &meaning);
            // The amount of what, where a table has but one: the label alone may be that of other fields too.
            let words = Words::embedded();
            for lang in Lang::ALL {
                let of = words.label(lang, &path[..2]);
                self.add(&format!("{of} – {}", words.label(lang, &path)), meaning.clone());
            }
        }
    }

    fn labelled(&mut self, path: &[&str], meaning: &Meaning) {
        let words = Words::embedded();
        self.add(path.last().copied().unwrap_or_default(), meaning.clone());
        Lang::ALL.into_iter().for_each(|lang| self.add(&words.label(lang, path), meaning.clone()));
    }

    /// The first to have a name keeps it.
    fn add(&mut self, name: &str, meaning: Meaning) {
        self.known.entry(folded(name)).or_insert(meaning);
    }

    /// What the head of a column means.
    pub(super) fn head(&self, cell: &str) -> Head {
        let name = folded(cell);
        let meaning = match self.known.get(&name) {
            Some(meaning) if !name.is_empty() => meaning.clone(),
            _ => Meaning::Unknown { like: self.like(&name) },
        };
        Head { name: excerpt(cell), meaning, filled: false }
    }

    /// The column with the name that is most like another one.
    fn like(&self, name: &str) -> Option<Column> {
        nearest(name, self.known.keys().map(String::as_str)).first().and_then(|known| match self.known.get(*known) {
            Some(Meaning::Field(column)) => Some(*column),
            _ => None,
        })
    }
}

/// A name without case, accents, signs and the s or x of the plural.
pub(super) fn folded(text: &str) -> String {
    let singular = |word: String| match word.strip_suffix(['s', 'x']) {
        Some(singular) if singular.len() > 2 => singular.to_owned(),
        _ => word,
    };
    words(text).into_iter().map(singular).collect::<Vec<_>>().join(" ")
}

/// Characters of a name that are compared with others: a longer one is no misspelling.
const COMPARED: usize = 80;

/// Those of some names that are like another one, the most alike first.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    if name.is_empty() || name.len() > COMPARED {
        return Vec::new();
    }
    let mut near: Vec<(f64, &str)> = names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.84)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_known_by_its_labels_and_its_key() {
        let words = Words::embedded();
        for kind in Kind::ALL {
            let names = Names::of(kind);
            for column in columns(kind) {
                let mut called = vec![column.pointer(), column.pointer().trim_start_matches('/').replace('/', "_")];
                for lang in Lang::ALL {
                    let label = super::super::label(words, lang, &column);
                    called.extend([label.to_uppercase(), format!("  {label} *")]);
                }
                for called in called {
                    assert_eq!(names.head(&called).meaning, Meaning::Field(column), "{kind}: {called}");
                }
            }
        }
    }

    #[test]
    fn other_names_stand_for_columns_that_are_there_and_for_no_other() {
        for kind in Kind::ALL {
            let names = Names::of(kind);
            for (pointer, others) in OTHER_NAMES {
                for other in others.iter().filter(|_| columns(kind).iter().any(|column| column.pointer() == pointer)) {
                    let head = names.head(other);
                    assert!(head.is_of(pointer) || matches!(head.meaning, Meaning::Field(_)), "{kind}: {other}");
                }
            }
        }
        let names = Names::of(Kind::Conflict);
        for (name, pointer) in [
            ("Région", "/regions"),
            ("REGIONS CONCERNEES", "/regions"),
            ("Date", "/start_date"),
            ("phase", "/phase/is"),
            ("Nom du lieu", "/place/name"),
            ("lieu", "/place/name"),
            ("Enjeu", "/stakes"),
        ] {
            assert!(names.head(name).is_of(pointer), "{name}: {:?}", names.head(name));
        }
    }

    #[test]
    fn what_no_field_is_known_for_is_told_with_the_nearest() {
        let names = Names::of(Kind::Conflict);
        let Meaning::Unknown { like: Some(like) } = names.head("Intitlué").meaning else { panic!("unknown") };
        assert_eq!(like.pointer(), "/title");
        assert_eq!(names.head("Couleur du ciel").meaning, Meaning::Unknown { like: None });
        assert_eq!(names.head("").meaning, Meaning::Unknown { like: None });
        assert_eq!(names.head("Identifiant").meaning, Meaning::Id);
        assert_eq!(names.head("Incidents").meaning, Meaning::Told);
        assert_eq!(names.head("Nombre de morts").meaning, Meaning::Told);
        assert_eq!(names.head("Personnes-ressources").meaning, Meaning::Closed("resource_persons"));
    }
}

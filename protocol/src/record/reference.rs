//! The fields of every kind as a table for people who write to the API, from the same declarations as everything else.

use super::{
    Kind,
    schema::{Field, Shape},
};

/// The field reference in Markdown: one section per kind, one line per field, items and parts indented by their path.
pub fn reference() -> String {
    let mut out = String::new();
    for kind in Kind::ALL {
        out.push_str(&format!("## {kind}\n\n| field | value | what it holds |\n|---|---|---|\n"));
        kind.schema().fields().for_each(|field| line(&mut out, "", field));
        out.push('\n');
    }
    out
}

fn line(out: &mut String, path: &str, field: &Field) {
    out.push_str(&format!("| `{path}{}` | {} | {} |\n", field.name, describe(&field.shape), field.doc.trim()));
    let inner = match &field.shape {
        Shape::Sheet(_, inner) | Shape::Sealed(inner) => inner,
        shape => shape,
    };
    let (below, fields) = match inner {
        Shape::Items(fields) | Shape::Ledger(fields) => (format!("{path}{}/…/", field.name), fields),
        Shape::Compound { parts, .. } => (format!("{path}{}.", field.name), parts),
        _ => return,
    };
    fields.iter().for_each(|field| line(out, &below, field));
}

/// What to write for a field, in a few words.
pub fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Line => "line".into(),
        Shape::Paragraph => "text, one value".into(),
        Shape::Narrative => "long text, merged".into(),
        Shape::Date => "date (EDTF)".into(),
        Shape::Count => "whole number".into(),
        Shape::Amount => "whole number of minor units".into(),
        Shape::Currency => "ISO 4217".into(),
        Shape::Degrees(limit) => format!("degrees, ±{limit}"),
        Shape::Flag => "true or false".into(),
        Shape::Choice(keys) => keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "),
        Shape::Key(list) => format!("key of {}", list.key()),
        Shape::Record => "record id".into(),
        Shape::Item => "item id".into(),
        Shape::Compound { .. } => "object, one value".into(),
        Shape::Set(inner) => format!("set: {}", describe(inner)),
        Shape::Sheet(list, _) => format!("object by key of {}", list.key()),
        Shape::Items(_) => "items by id".into(),
        Shape::Ledger(_) => "lines by id, added and reversed only".into(),
        Shape::Sealed(_) => "sealed".into(),
        Shape::Restricted => "refused until restricted compartments exist".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_reference_with_its_words() {
        let text = reference();
        for expected in [
            "| `title` | line | What the record is called; the only field that must be there. |",
            "| `phase.since` | date (EDTF) | The date from which that holds. |",
            "| `agreements/…/clauses/…/text` | text, one value | Wording. |",
            "| `contributions/…/money.currency` | ISO 4217 | ISO 4217. |",
            "| `eligibility.met` | true or false | Met or not. |",
            "| `regions` | set: key of regions | Regions concerned; none means the whole country. |",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(text.lines().filter(|line| line.starts_with("| `")).all(|line| line.matches('|').count() == 4));
    }

    #[test]
    fn no_field_has_the_name_of_something_else() {
        fn check(fields: &[Field]) {
            for (at, field) in fields.iter().enumerate() {
                assert!(!["id", "kind", "meta", "withdrawn"].contains(&field.name), "{}", field.name);
                assert!(fields[..at].iter().all(|earlier| earlier.name != field.name), "{} twice", field.name);
                if let Some(inner) = field.shape.item_fields() {
                    check(inner);
                }
                if matches!(field.shape, Shape::Ledger(_)) {
                    let inner = field.shape.item_fields().unwrap_or_default();
                    assert!(inner.iter().any(|field| field.name == "reverses" && field.shape == Shape::Item));
                }
            }
        }
        for kind in Kind::ALL {
            check(&kind.schema().fields().copied().collect::<Vec<_>>());
        }
    }
}

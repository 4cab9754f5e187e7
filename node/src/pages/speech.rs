//! What a page says, in the language of whoever reads it: labels of fields, terms of the country pack, dates and numbers.

use fluent_bundle::FluentValue;
use serde_json::{Map, Value};
use toguna_protocol::{
    ids::UnixSeconds,
    record::{
        Date, List,
        schema::{Field, Shape},
    },
};

use super::{demo::Demonstration, form::minor_digits};
use crate::{
    pack::{Pack, Term},
    views::UNSTATED,
    words::{self, Lang, Words},
};

/// A language, and what is needed to speak it.
#[derive(Clone, Copy)]
pub(super) struct Speech<'a> {
    pub(super) lang: Lang,
    pub(super) words: &'a Words,
    pub(super) pack: &'a Pack,
    /// The moment at which the page is made.
    pub(super) now: UnixSeconds,
    /// The demonstration that the page is a part of, which every page says.
    pub(super) demo: Option<&'a Demonstration>,
}

/// Stakes that are counted together.
pub(super) struct StakeGroup {
    /// Key and name of the group; `None` for what belongs to none.
    pub(super) group: Option<(String, String)>,
    /// Keys and names.
    pub(super) stakes: Vec<(String, String)>,
}

impl Speech<'_> {
    pub(super) fn say(&self, id: &str) -> String {
        self.words.say(self.lang, id)
    }

    /// A sentence with texts in it.
    pub(super) fn say_of(&self, id: &str, values: &[(&str, &str)]) -> String {
        let values: Vec<(&str, FluentValue<'_>)> =
            values.iter().map(|(name, value)| (*name, FluentValue::from(*value))).collect();
        self.words.say_with(self.lang, id, &values)
    }

    /// A sentence that counts something.
    pub(super) fn count(&self, id: &str, count: u64) -> String {
        self.words.say_with(self.lang, id, &[("count", FluentValue::from(count as f64))])
    }

    /// A part in per cent of the whole; nothing of nothing.
    pub(super) fn share(&self, part: u64, of: u64) -> Option<String> {
        let (whole, tenth) = tenths(part, of)?;
        Some(self.say_of("share", &[("whole", &whole.to_string()), ("tenth", &tenth.to_string())]))
    }

    pub(super) fn label(&self, path: &[&str]) -> String {
        self.words.label(self.lang, path)
    }

    pub(super) fn choice(&self, path: &[&str], key: &str) -> String {
        self.words.choice(self.lang, path, key)
    }

    /// A choice in words; for [`UNSTATED`] what the message says.
    pub(super) fn choice_or(&self, path: &[&str], key: &str, unstated: &str) -> String {
        if key == UNSTATED { self.say(unstated) } else { self.choice(path, key) }
    }

    pub(super) fn date(&self, date: &Date) -> String {
        self.words.date(self.lang, date)
    }

    pub(super) fn moment(&self, at: UnixSeconds) -> String {
        self.words.moment(self.lang, at)
    }

    pub(super) fn clock(&self, at: UnixSeconds) -> String {
        self.words.clock(self.lang, at)
    }

    pub(super) fn ago(&self, at: UnixSeconds) -> String {
        self.words.ago(self.lang, self.now.0.saturating_sub(at.0).max(0) as u64)
    }

    /// The name of a term of the pack; the key itself where the pack does not have it.
    pub(super) fn term(&self, list: List, key: &str) -> String {
        self.pack
            .terms(list)
            .into_iter()
            .find(|term| term.key() == key)
            .map_or_else(|| key.to_owned(), |t| self.name(t))
    }

    fn name(&self, term: &dyn Term) -> String {
        match self.lang {
            Lang::Fr => term.fr().to_owned(),
            Lang::En => term.en().to_owned(),
        }
    }

    /// The name of a stake, or of a group of stakes.
    pub(super) fn stake(&self, key: &str) -> String {
        let group = self.pack.stake_groups().iter().find(|group| group.key == key);
        group.map_or_else(|| self.term(List::Stakes, key), |group| self.name(group))
    }

    /// The stakes under the groups that they are counted under, in the pack's order; those of no group last.
    pub(super) fn stakes(&self) -> Vec<StakeGroup> {
        let of = |group: Option<&str>| {
            let stakes = self.pack.stakes().iter().filter(|stake| stake.group.as_deref() == group);
            stakes.map(|stake| (stake.key.clone(), self.name(stake))).collect()
        };
        let groups = self.pack.stake_groups().iter().map(|group| StakeGroup {
            group: Some((group.key.clone(), self.name(group))),
            stakes: of(Some(&group.key)),
        });
        groups.chain([StakeGroup { group: None, stakes: of(None) }]).collect()
    }

    /// The terms of a list in the pack's order: keys and names.
    pub(super) fn terms(&self, list: List) -> Vec<(String, String)> {
        self.pack.terms(list).into_iter().map(|term| (term.key().to_owned(), self.name(term))).collect()
    }

    /// The names of regions; "the whole country" for none.
    pub(super) fn regions<'r>(&self, keys: impl IntoIterator<Item = &'r str>) -> String {
        let names: Vec<String> = keys.into_iter().map(|key| self.region(key)).collect();
        if names.is_empty() { self.say("whole-country") } else { names.join(", ") }
    }

    pub(super) fn region(&self, key: &str) -> String {
        self.pack.region(key).map_or_else(|| key.to_owned(), |region| self.name(region))
    }

    /// A value of a record as one line of text.
    pub(super) fn value(&self, field: &Field, path: &[&str], value: &Value) -> String {
        self.shaped(&field.shape, path, value)
    }

    fn shaped(&self, shape: &Shape, path: &[&str], value: &Value) -> String {
        match (shape, value) {
            (_, Value::Null) => String::new(),
            (Shape::Choice(_), Value::String(key)) => self.choice(path, key),
            (Shape::Key(List::Regions), Value::String(key)) => self.region(key),
            (Shape::Key(list), Value::String(key)) => self.term(*list, key),
            (Shape::Date, Value::String(date)) => {
                date.parse().map_or_else(|_| date.clone(), |date: Date| self.date(&date))
            }
            (Shape::Flag, Value::Bool(flag)) => self.say(if *flag { "yes" } else { "no" }),
            (Shape::Count, Value::Number(count)) => {
                count.as_u64().map_or_else(|| count.to_string(), |count| words::number(self.lang, count))
            }
            (Shape::Compound { parts, .. }, Value::Object(compound)) => self.compound(parts, path, compound),
            (Shape::Set(inner), Value::Array(members)) => {
                members.iter().map(|member| self.shaped(inner, path, member)).collect::<Vec<_>>().join(", ")
            }
            (Shape::Sealed(inner), value) => self.shaped(inner, path, value),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        }
    }

    fn compound(&self, parts: &'static [Field], path: &[&str], compound: &Map<String, Value>) -> String {
        if let (Some(amount), Some(currency)) =
            (compound.get("amount").and_then(Value::as_i64), compound.get("currency").and_then(Value::as_str))
        {
            return words::money(self.lang, amount, currency, minor_digits(currency, self.pack));
        }
        let place = parts.iter().any(|part| part.name == "precision");
        let name = compound.get("name").and_then(Value::as_str).unwrap_or_default();
        let known = |part: &&Field| compound.get(part.name).is_some_and(|value| !value.is_null());
        let part = |part: &Field| {
            let path: Vec<&str> = path.iter().copied().chain([part.name]).collect();
            match (part.name, &compound[part.name]) {
                ("key", _) if place && compound.get("name").is_some() => None,
                ("key", Value::String(key)) if place => self.pack.places().get(key).map(|found| found.name.clone()),
                // Coordinates mean something to a map and little to a reader.
                ("lat" | "lon", _) if place => None,
                // "Région de Gao" says how well it is known.
                ("precision", value) if place => Some(self.shaped(&part.shape, &path, value))
                    .filter(|precision| !name.starts_with(precision.as_str())),
                ("since", Value::String(since)) => {
                    since.parse().ok().map(|since: Date| self.words.since(self.lang, &since))
                }
                (_, value) => Some(self.shaped(&part.shape, &path, value)),
            }
        };
        parts.iter().filter(known).filter_map(part).collect::<Vec<_>>().join(", ")
    }
}

/// A share in per cent and tenths of it, rounded to the nearest; `None` of nothing.
fn tenths(part: u64, of: u64) -> Option<(u64, u64)> {
    let permille = (u128::from(part) * 2000 + u128::from(of)).checked_div(u128::from(of) * 2)?;
    let permille = u64::try_from(permille).ok()?;
    Some((permille / 10, permille % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_a_tenth() {
        assert_eq!(tenths(79, 87), Some((90, 8)));
        assert_eq!(tenths(2, 3), Some((66, 7)));
        assert_eq!(tenths(3, 2), Some((150, 0)));
        assert_eq!(tenths(1, 0), None);
        assert_eq!(tenths(u64::MAX, u64::MAX), Some((100, 0)));
    }
}

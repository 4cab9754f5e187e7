//! From `--set FIELD=VALUE` and its kin to a record or a merge patch in the shape of the HTTP API.
//!
//! The table of fields says what a value is to be: a number, a set, a part of a compound. What it means is checked by
//! the node alone.

use std::{collections::BTreeMap, fs, io::Read};

use serde_json::{Map, Value, json};
use toguna_protocol::record::{
    Kind,
    schema::{Field, Shape},
};

use crate::cli::{Exit, Failure, args::FieldArgs, office::unique};

/// The JSON object in a file, or on standard input for `-`; an empty one where there is no file.
pub(super) fn from_file(path: Option<&str>) -> Result<Map<String, Value>, Failure> {
    let Some(path) = path else { return Ok(Map::new()) };
    let text = text_of(path)?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(mut object)) => {
            // What the API adds for reading is not written back.
            object.remove("meta");
            object.remove("id");
            Ok(object)
        }
        Ok(_) => Err(Failure::usage(format!("{path} does not hold a JSON object"))),
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Err(Failure::usage(format!("{path} is not JSON ({place})")))
        }
    }
}

fn text_of(path: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match path {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        path => fs::read_to_string(path).map(|read| text = read),
    };
    read.map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::new(exit, format!("reading {path}: {error}"))
    })?;
    Ok(text)
}

/// Lays what the flags say over `body`. `record` is the record as it was read, by which items are found.
pub(super) fn apply(
    args: &FieldArgs,
    kind: Kind,
    record: &Map<String, Value>,
    body: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let table: Vec<&'static Field> = kind.schema().fields().collect();
    for given in &args.set {
        let (path, text) = halves(given)?;
        let (pointer, shape) = resolve(&table, path, record)?;
        put(body, &pointer, value(&shape, text, path)?);
    }
    let mut new_items = NewItems::default();
    for given in &args.add {
        let (path, text) = halves(given)?;
        let (list, rest) = path.split_once('.').map_or((path, None), |(list, rest)| (list, Some(rest)));
        match (field(&table, list)?.shape, rest) {
            (Shape::Items(fields) | Shape::Ledger(fields), Some(rest)) => {
                let fields: Vec<&'static Field> = fields.iter().collect();
                let (pointer, shape) = resolve(&fields, rest, &Map::new())?;
                let key = new_items.key(list, rest);
                let whole: Vec<String> = [list.to_owned(), key].into_iter().chain(pointer).collect();
                put(body, &whole, value(&shape, text, path)?);
            }
            (Shape::Items(_) | Shape::Ledger(_), None) => {
                return Err(Failure::usage(format!("--add {list}: name a field of the new item, as in {list}.date=…")));
            }
            _ => member(&table, path, text, json!(true), record, body)?,
        }
    }
    for given in &args.remove {
        let (path, text) = halves(given)?;
        member(&table, path, text, Value::Null, record, body)?;
    }
    let items = [(&args.withdraw, Value::Null), (&args.restore, json!({"withdrawn": false}))];
    for (paths, verdict) in items {
        for path in paths {
            let pointer = item(&table, path, record)?;
            put(body, &pointer, verdict.clone());
        }
    }
    Ok(())
}

/// A value for the field at a JSON pointer.
pub(super) fn value_at(kind: Kind, pointer: &str, text: &str) -> Result<Value, Failure> {
    let mut fields: Vec<&'static Field> = kind.schema().fields().collect();
    let mut shape = None;
    for step in pointer.split('/').skip(1) {
        match shape {
            // A step into a list is an item's id, and says nothing about the shape.
            Some(Shape::Items(inner) | Shape::Ledger(inner)) => {
                fields = inner.iter().collect();
                shape = None;
            }
            _ if step == "withdrawn" => shape = Some(Shape::Flag),
            Some(Shape::Sheet(_, row)) => shape = Some(*row),
            _ => shape = Some(field(&fields, step)?.shape),
        }
    }
    value(&shape.ok_or_else(|| Failure::usage(format!("{pointer} names no field")))?, text, pointer)
}

fn halves(given: &str) -> Result<(&str, &str), Failure> {
    let halves = given.split_once('=');
    halves
        .ok_or_else(|| Failure::usage(format!("{given:?} has no `=`: write FIELD=VALUE, and FIELD= to clear a field")))
}

fn field(fields: &[&'static Field], name: &str) -> Result<&'static Field, Failure> {
    if let Some(field) = fields.iter().find(|field| field.name == name) {
        return Ok(field);
    }
    let near = fields.iter().map(|field| (strsim::jaro_winkler(name, field.name), field.name));
    let near = near.filter(|(likeness, _)| *likeness > 0.75).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, near)) => format!("did you mean {near}?"),
        None => format!("there are {}", fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::usage(format!("there is no field {name:?}: {hint}")))
}

/// Where a dotted path leads, as the keys of the patch, and the shape of what stands there.
fn resolve(
    fields: &[&'static Field],
    path: &str,
    record: &Map<String, Value>,
) -> Result<(Vec<String>, Shape), Failure> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let found = field(fields, name)?;
    let Some(rest) = rest else { return Ok((vec![name.to_owned()], found.shape)) };
    let (mut below, shape) = match found.shape {
        Shape::Compound { parts, .. } => resolve(&parts.iter().collect::<Vec<_>>(), rest, &Map::new())?,
        Shape::Items(inner) | Shape::Ledger(inner) => {
            let (letters, rest) = rest.split_once('.').ok_or_else(|| {
                Failure::usage(format!("{path}: name a field of the item, as in {name}.ITEM.{}", inner[0].name))
            })?;
            let (id, item) = known_item(record, name, letters)?;
            let (mut pointer, shape) = resolve(&inner.iter().collect::<Vec<_>>(), rest, &item)?;
            pointer.insert(0, id);
            (pointer, shape)
        }
        Shape::Sheet(_, row) => match rest.split_once('.') {
            None => (vec![rest.to_owned()], *row),
            Some((key, part)) => match row {
                Shape::Compound { parts, .. } => {
                    let (mut pointer, shape) = resolve(&parts.iter().collect::<Vec<_>>(), part, &Map::new())?;
                    pointer.insert(0, key.to_owned());
                    (pointer, shape)
                }
                _ => return Err(Failure::usage(format!("{path}: {name}.{key} has no parts"))),
            },
        },
        _ => return Err(Failure::usage(format!("{path}: {name} has no parts"))),
    };
    below.insert(0, name.to_owned());
    Ok((below, shape))
}

/// An item of a list by the first letters of its id.
fn known_item(record: &Map<String, Value>, list: &str, letters: &str) -> Result<(String, Map<String, Value>), Failure> {
    let items = record.get(list).and_then(Value::as_object).cloned().unwrap_or_default();
    let ids: Vec<&str> = items.keys().map(String::as_str).collect();
    match unique(letters, &ids) {
        Ok(id) => Ok((id.to_owned(), items[id].as_object().cloned().unwrap_or_default())),
        Err(0) => {
            Err(Failure::new(Exit::NotFound, format!("no item of {list} has an id that begins with {letters:?}")))
        }
        Err(many) => Err(Failure::usage(format!("{many} items of {list} begin with {letters:?}: give more letters"))),
    }
}

/// Where `LIST.ITEM`, or an item within an item, stands.
fn item(fields: &[&'static Field], path: &str, record: &Map<String, Value>) -> Result<Vec<String>, Failure> {
    let mut steps = path.split('.');
    let (mut fields, mut record, mut pointer) = (fields.to_vec(), record.clone(), Vec::new());
    while let Some(list) = steps.next() {
        let (Some(inner), Some(letters)) = (field(&fields, list)?.shape.item_fields(), steps.next()) else {
            return Err(Failure::usage(format!("{path}: write LIST.ITEM, as in incidents.k3xq")));
        };
        let (id, found) = known_item(&record, list, letters)?;
        pointer.extend([list.to_owned(), id]);
        (fields, record) = (inner.iter().collect(), found);
    }
    Ok(pointer)
}

/// Adds a member to a set, or takes it out.
fn member(
    table: &[&'static Field],
    path: &str,
    text: &str,
    verdict: Value,
    record: &Map<String, Value>,
    body: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let (mut pointer, shape) = resolve(table, path, record)?;
    if !matches!(shape, Shape::Set(_)) {
        return Err(Failure::usage(format!("{path} is no set: use --set {path}=…")));
    }
    pointer.push(text.trim().to_owned());
    put(body, &pointer, verdict);
    Ok(())
}

/// The keys under which new items are asked for: a field that comes again begins the next item of its list.
#[derive(Default)]
struct NewItems {
    lists: BTreeMap<String, (usize, Vec<String>)>,
}

impl NewItems {
    fn key(&mut self, list: &str, field: &str) -> String {
        let (number, filled) = self.lists.entry(list.to_owned()).or_insert((1, Vec::new()));
        if filled.iter().any(|known| known == field) {
            *number += 1;
            filled.clear();
        }
        filled.push(field.to_owned());
        format!("new-{number}")
    }
}

fn put(body: &mut Map<String, Value>, pointer: &[String], value: Value) {
    let Some((first, rest)) = pointer.split_first() else { return };
    if rest.is_empty() {
        body.insert(first.clone(), value);
        return;
    }
    let below = body.entry(first.clone()).or_insert_with(|| json!({}));
    if !below.is_object() {
        *below = json!({});
    }
    if let Value::Object(below) = below {
        put(below, rest, value);
    }
}

/// A value of a shape as a person types it; `@FILE` stands for what is in a file.
fn value(shape: &Shape, text: &str, path: &str) -> Result<Value, Failure> {
    let text = match text.strip_prefix('@') {
        Some(file) if file.starts_with('@') => file.to_owned(),
        Some(file) => text_of(file)?,
        None => text.to_owned(),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Value::Null);
    }
    let wrong = |expected: &str| Failure::new(Exit::Refused, format!("{path}: expected {expected}"));
    Ok(match shape {
        Shape::Count | Shape::Amount => {
            json!(trimmed.replace([',', ' ', '_'], "").parse::<i64>().map_err(|_| wrong("a whole number"))?)
        }
        Shape::Degrees(_) => json!(trimmed.parse::<f64>().map_err(|_| wrong("degrees, such as 16.27"))?),
        Shape::Flag => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "yes" => json!(true),
            "false" | "no" => json!(false),
            _ => return Err(wrong("yes or no")),
        },
        Shape::Set(_) => json!(trimmed.split(',').map(str::trim).filter(|one| !one.is_empty()).collect::<Vec<_>>()),
        Shape::Compound { parts, .. } if !trimmed.starts_with('{') => match parts.first() {
            // The main part alone: `phase=open`, `place=Ménaka`, `need=4434000` would lack its currency.
            Some(main) => json!({main.name: value(&main.shape, trimmed, path)?}),
            None => Value::Null,
        },
        Shape::Compound { .. } | Shape::Sheet(..) | Shape::Items(_) | Shape::Ledger(_) => {
            serde_json::from_str(trimmed).map_err(|_| wrong("its parts, each with --set, or all as JSON"))?
        }
        _ => json!(text.trim_end()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(args: FieldArgs, kind: Kind, record: &Value) -> Result<Value, Failure> {
        let mut body = Map::new();
        apply(&args, kind, record.as_object().expect("an object"), &mut body)?;
        Ok(Value::Object(body))
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn flags_become_the_patch_that_the_interface_takes() {
        let record = json!({"incidents": {"abc-1": {"text": "x"}, "abd-1": {}}});
        let args = FieldArgs {
            set: words(&[
                "phase=open",
                "start_date=2009-11",
                "regions=ML-7, ML-8",
                "persons_affected=1,200",
                "narrative=",
                "place.name=Ménaka",
                "place.precision=commune",
                "incidents.abc.deaths=3",
            ]),
            add: words(&["aliases=Tin-Za", "incidents.date=2009", "incidents.text=a", "incidents.date=2010"]),
            remove: words(&["stakes=pastoral"]),
            withdraw: words(&["incidents.abd"]),
            ..FieldArgs::default()
        };
        let expected = json!({
            "phase": {"is": "open"},
            "start_date": "2009-11",
            "regions": ["ML-7", "ML-8"],
            "persons_affected": 1200,
            "narrative": null,
            "place": {"name": "Ménaka", "precision": "commune"},
            "incidents": {
                "abc-1": {"deaths": 3},
                "new-1": {"date": "2009", "text": "a"},
                "new-2": {"date": "2010"},
                "abd-1": null,
            },
            "aliases": {"Tin-Za": true},
            "stakes": {"pastoral": null},
        });
        assert_eq!(patch(args, Kind::Conflict, &record).expect("a patch"), expected);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        let record = json!({"incidents": {"abc-1": {}, "abd-1": {}}});
        let cases = [
            ("narative=x", "did you mean narrative?"),
            ("narrative", "has no `=`"),
            ("persons_affected=many", "persons_affected: expected a whole number"),
            ("title.x=1", "title has no parts"),
            ("incidents.ab.text=x", "2 items of incidents begin with"),
            ("incidents.zz.text=x", "no item of incidents"),
            ("incidents=x", "expected its parts"),
            ("phase.iz=open", "there is no field \"iz\""),
        ];
        for (given, expected) in cases {
            let args = FieldArgs { set: words(&[given]), ..FieldArgs::default() };
            let failure = patch(args, Kind::Conflict, &record).expect_err(given);
            assert!(format!("{failure:?}").contains(&expected.replace('"', "\\\"")), "{given}: {failure:?}");
        }
    }

    #[test]
    fn a_settled_value_has_the_shape_of_its_field() {
        let cases = [
            ("/phase", "truce", json!({"is": "truce"})),
            ("/incidents/abc-1/deaths", "2", json!(2)),
            ("/incidents/abc-1/withdrawn", "no", json!(false)),
        ];
        for (pointer, text, expected) in cases {
            assert_eq!(value_at(Kind::Conflict, pointer, text).expect(pointer), expected);
        }
    }
}

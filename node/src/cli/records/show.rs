//! A record as a person reads it in a terminal.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Map, Value};
use toguna_protocol::record::{
    Kind,
    schema::{Field, Shape},
};

use crate::{
    cli::out::{folded, moment, money, plain, program, short, table, width, words},
    pack::Pack,
};

/// The offices' names by their keys.
pub(super) struct Names(pub(super) BTreeMap<String, String>);

impl Names {
    fn of(&self, author: Option<&Value>) -> String {
        let key = author.and_then(Value::as_str).unwrap_or_default();
        self.0.get(key).cloned().unwrap_or_else(|| short(key).to_owned())
    }
}

/// Columns that a field's name takes.
const LABEL: usize = 22;

/// The whole record.
pub(super) fn record(record: &Value, pack: &Pack, names: &Names) -> String {
    let mut text = String::new();
    let line = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
    let _infallible = writeln!(text, "{}", line("title"));
    let _infallible = writeln!(text, "{} {}", words(line("kind")), line("id"));
    for (what, key) in [("Created", "created"), ("Changed", "updated")] {
        if let Some(stamp) = record.pointer(&format!("/meta/{key}")) {
            let by = stamp.get("by").and_then(Value::as_str).unwrap_or("–");
            let office = names.of(stamp.get("office"));
            let _infallible = writeln!(text, "{what} {} by {by}, {office}", moment(stamp.get("at")));
        }
    }
    text.push('\n');
    let fields: Vec<&'static Field> = match Kind::from_key(line("kind")) {
        Some(kind) => {
            // What this kind is about comes before what every kind has.
            let [shared, own] = kind.schema().parts;
            own.iter().chain(shared).filter(|field| field.name != "title").collect()
        }
        None => Vec::new(),
    };
    if let Some(values) = record.as_object() {
        object(&mut text, &fields, values, 0, pack);
    }
    concurrent(&mut text, record, names);
    marks(&mut text, record);
    text
}

fn object(text: &mut String, fields: &[&'static Field], values: &Map<String, Value>, indent: usize, pack: &Pack) {
    for field in fields {
        let Some(value) = values.get(field.name) else { continue };
        match (field.shape.item_fields(), value.as_object()) {
            (Some(inner), Some(items)) => list(text, field.name, inner, items, indent, pack),
            (Some(_), None) => {}
            (None, _) if is_empty(value) => {}
            (None, _) => labelled(text, &words(field.name), &shown(field, value, pack), indent),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    }
}

fn list(
    text: &mut String,
    name: &str,
    fields: &'static [Field],
    items: &Map<String, Value>,
    indent: usize,
    pack: &Pack,
) {
    if items.is_empty() {
        return;
    }
    let fields: Vec<&'static Field> = fields.iter().collect();
    let _infallible = writeln!(text, "{:indent$}{} ({})", "", words(name), items.len());
    for (id, item) in items {
        let withdrawn = item.get("withdrawn").and_then(Value::as_bool).unwrap_or(false);
        let mark = if withdrawn { "  withdrawn" } else { "" };
        let _infallible = writeln!(text, "{:indent$}  · {id}{mark}", "");
        if let (false, Some(values)) = (withdrawn, item.as_object()) {
            object(text, &fields, values, indent + 4, pack);
        }
    }
}

fn labelled(text: &mut String, label: &str, value: &str, indent: usize) {
    let column = LABEL + indent;
    let wide = usize::from(width()).saturating_sub(column).max(30);
    for (at, line) in folded(value, wide).lines().enumerate() {
        let label = if at == 0 { label } else { "" };
        let line = format!("{:indent$}{label:<LABEL$}{line}", "");
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
}

/// A value with the pack's words beside its keys.
fn shown(field: &Field, value: &Value, pack: &Pack) -> String {
    match (field.name, field.shape, value) {
        ("regions", _, Value::Array(keys)) => {
            let named = keys.iter().filter_map(Value::as_str).map(|key| match pack.region(key) {
                Some(region) => format!("{} ({key})", region.fr),
                None => key.to_owned(),
            });
            named.collect::<Vec<_>>().join(", ")
        }
        (_, Shape::Compound { .. }, Value::Object(parts)) => match (parts.get("amount"), parts.get("currency")) {
            (Some(amount), Some(Value::String(currency))) => money(amount.as_i64().unwrap_or(0), currency, pack),
            _ => compound(parts),
        },
        (_, Shape::Sheet(..), Value::Object(rows)) => {
            rows.iter().map(|(key, row)| format!("{key}: {}", plain(row))).collect::<Vec<_>>().join("\n")
        }
        _ => plain(value),
    }
}

/// `open since 2009-11`, `Ménaka, precision commune`: the first part is what the value is.
fn compound(parts: &Map<String, Value>) -> String {
    let main = ["is", "name"].into_iter().find_map(|name| Some((name, parts.get(name)?)));
    let rest = parts.iter().filter(|(name, _)| main.is_none_or(|(known, _)| known != name.as_str()));
    let rest: Map<String, Value> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    match main {
        Some((_, value)) if rest.is_empty() => plain(value),
        Some(("is", value)) => format!("{} {}", plain(value), plain(&Value::Object(rest))),
        Some((_, value)) => format!("{}, {}", plain(value), plain(&Value::Object(rest))),
        None => plain(&Value::Object(rest)),
    }
}

fn concurrent(text: &mut String, record: &Value, names: &Names) {
    let fields = record.pointer("/meta/concurrent").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if fields.is_empty() {
        return;
    }
    let _infallible = writeln!(text, "\nOffices gave different values without having seen each other's:");
    let mut table = table(&["Field", "Value", "By", "Office", "When", "Entry", ""]);
    for field in fields {
        let pointer = field.get("field").and_then(Value::as_str).unwrap_or_default();
        for value in field.get("values").and_then(Value::as_array).into_iter().flatten() {
            let said = match value.get("value") {
                Some(Value::Object(parts)) => compound(parts),
                Some(value) => plain(value),
                None => "nothing".to_owned(),
            };
            let line = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("–").to_owned();
            let shown = value.get("shown").and_then(Value::as_bool).unwrap_or(false);
            table.add_row([
                pointer.to_owned(),
                said,
                line("by"),
                names.of(value.get("office")),
                moment(value.get("at")),
                short(&line("entry")).to_owned(),
                if shown { "shown".to_owned() } else { String::new() },
            ]);
        }
    }
    let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
    let _infallible = writeln!(text, "{table}");
    let _infallible = writeln!(
        text,
        "Choose one: {} records settle {} --field FIELD --entry ENTRY --reason WHY",
        program(),
        short(id)
    );
}

fn marks(text: &mut String, record: &Value) {
    let lists = [
        ("decisions", "Withdrawn by one office and edited by another"),
        ("flags", "Against the rules of the workflow"),
        ("to_complete", "Still to be filled in"),
        ("unknown", "Only a newer version can read"),
    ];
    for (key, label) in lists {
        let marked = record.pointer(&format!("/meta/{key}")).and_then(Value::as_array).into_iter().flatten();
        let marked: Vec<String> = marked
            .map(|one| match (one.get("pointer").and_then(Value::as_str), one.get("code").and_then(Value::as_str)) {
                (Some(""), Some(code)) => code.to_owned(),
                (Some(pointer), Some("required" | "missing") | None) => pointer.to_owned(),
                (Some(pointer), Some(code)) => format!("{pointer} ({code})"),
                _ => plain(one),
            })
            .collect();
        if !marked.is_empty() {
            text.push('\n');
            text.push_str(&folded(&format!("{label}: {}", marked.join(", ")), usize::from(width())));
            text.push('\n');
        }
    }
}

/// Who changed what, the newest first.
pub(super) fn history(body: &Value) -> String {
    let mut text = String::new();
    let steps = body.get("history").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for step in steps.iter().rev() {
        let line = |key: &str| step.get(key).and_then(Value::as_str);
        let entry = line("entry").map(short).unwrap_or_default();
        let office = line("office_name").or_else(|| line("office").map(short)).unwrap_or("–");
        let _infallible =
            writeln!(text, "{}  {} by {}, {office}", entry, moment(step.get("at")), line("by").unwrap_or("–"));
        if let Some(reason) = line("reason") {
            labelled(&mut text, "  because", reason, 0);
        }
        for change in step.get("changes").and_then(Value::as_array).into_iter().flatten() {
            let field = change.get("field").and_then(Value::as_str).unwrap_or_default();
            let value = |key: &str| change.get(key).unwrap_or(&Value::Null);
            changed(&mut text, field, value("before"), value("after"));
        }
        text.push('\n');
    }
    text
}

/// Which offices have a record.
pub(super) fn receipts(body: &Value) -> comfy_table::Table {
    let mut table = table(&["Office", "Has it", "Since", "Known by", "Last word"]);
    for receipt in body.get("receipts").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| receipt.get(key).and_then(Value::as_str).unwrap_or_default();
        let count = |key: &str| receipt.get(key).map_or_else(|| "–".to_owned(), plain);
        let name = Some(text("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| short(text("office")));
        let state = match text("state") {
            "here" => "here".to_owned(),
            "has" => "yes".to_owned(),
            "partial" => format!("an older state: {} of {} entries", count("entries"), count("of")),
            "lacks" => "not yet".to_owned(),
            _ => "unknown".to_owned(),
        };
        let word = receipt.get("last_word").filter(|word| !word.is_null());
        let carrier = word.filter(|_| text("state") != "here").and_then(|word| word.get("carrier"));
        let of_carrier = |key: &str| carrier.and_then(|carrier| carrier.get(key)).and_then(Value::as_str);
        let via = of_carrier("via_name").or_else(|| of_carrier("via").map(short)).unwrap_or("another office");
        let known_by = match of_carrier("kind") {
            Some("link") => "link".to_owned(),
            Some("office") => format!("link, via {via}"),
            Some("bundle") => format!("bundle of {via}"),
            _ => "–".to_owned(),
        };
        let since = moment(receipt.pointer("/since/stated_at"));
        table.add_row([name.to_owned(), state, since, known_by, moment(word.and_then(|word| word.get("stated_at")))]);
    }
    table
}

/// Characters of a value of which the history shows no more.
const GLIMPSE: usize = 300;
/// Characters up to which two values stand in one line.
const ONE_LINE: usize = 30;

/// A field before and after a change.
fn changed(text: &mut String, field: &str, before: &Value, after: &Value) {
    let label = format!("  {}", field.trim_start_matches('/'));
    let (was, now) = (glimpse(before), glimpse(after));
    let fits = label.chars().count() < LABEL;
    if !fits {
        let _infallible = writeln!(text, "{label}");
    }
    let label = if fits { label.as_str() } else { "" };
    if before.is_null() {
        labelled(text, label, &now, 0);
    } else if was.chars().count() <= ONE_LINE {
        labelled(text, label, &format!("{was} → {now}"), 0);
    } else {
        labelled(text, label, &format!("was: {was}"), 0);
        labelled(text, "", &format!("now: {now}"), 0);
    }
}

fn glimpse(value: &Value) -> String {
    let text = match value {
        Value::Object(parts) => compound(parts),
        other => plain(other),
    };
    match text.char_indices().nth(GLIMPSE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

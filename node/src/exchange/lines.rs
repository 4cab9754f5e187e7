//! Files of records: JSON Lines in the shape of the HTTP API.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toguna_protocol::limits;
use toguna_protocol::record::Kind;

use super::{Draft, Fault, Position, SourceLink};

/// What stands before a source key where a record's id is expected.
const SOURCE: &str = "source:";

/// Reads a file of records, one a line; empty lines are skipped. Either every line is good, or all faults are listed.
pub fn records(file: &str, text: &str) -> Result<Vec<Draft>, Vec<Fault>> {
    let mut drafts = Vec::new();
    let mut faults = Vec::new();
    let mut first_use: BTreeMap<String, usize> = BTreeMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = Position { file: file.to_owned(), line: at + 1 };
        match draft(at.clone(), line) {
            Ok(draft) => match first_use.get(&draft.source_ref) {
                Some(line) => faults.push(at.fault("/source_ref", format!("is the same as on line {line}"))),
                None => {
                    first_use.insert(draft.source_ref.clone(), at.line);
                    drafts.push(draft);
                }
            },
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(drafts) } else { Err(faults) }
}

fn draft(at: Position, line: &str) -> Result<Draft, Fault> {
    let parsed: Value =
        serde_json::from_str(line).map_err(|error| at.fault("", format!("is not JSON (column {})", error.column())))?;
    let Value::Object(mut record) = parsed else {
        return Err(at.fault("", "is not an object: one record a line is expected"));
    };
    // What an export adds for reading is not written back.
    record.remove("meta");
    if record.remove("id").is_some() {
        return Err(at.fault("/id", "cannot be chosen: leave it out, the record gets a new one"));
    }
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let Some(kind) = text("kind").and_then(Kind::from_key) else {
        let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::key).collect();
        return Err(at.fault("/kind", format!("must be one of {}", known.join(", "))));
    };
    if text("title").is_none() {
        return Err(at.fault("/title", "is missing"));
    }
    let Some(source_ref) = text("source_ref").map(str::to_owned) else {
        return Err(at.fault("/source_ref", "is missing: without it a second import would make the record twice"));
    };
    if source_ref.chars().count() > limits::MAX_SHORT_TEXT {
        return Err(at.fault("/source_ref", format!("is longer than {} characters", limits::MAX_SHORT_TEXT)));
    }
    let links = take_source_links(&at, &mut record)?;
    Ok(Draft { source_ref, kind, record, links, at })
}

/// Takes the links that name a source key out of the record.
fn take_source_links(at: &Position, record: &mut Map<String, Value>) -> Result<Vec<SourceLink>, Fault> {
    let Some(Value::Object(links)) = record.get_mut("links") else {
        return Ok(Vec::new());
    };
    let mut taken = Vec::new();
    for (key, link) in std::mem::take(links) {
        let target = link.get("record").and_then(Value::as_str).and_then(|text| text.strip_prefix(SOURCE));
        match (target.map(str::to_owned), link) {
            (Some(target), _) if target.trim().is_empty() => {
                return Err(at.fault(format!("/links/{key}/record"), "names no source key"));
            }
            (Some(target), Value::Object(mut rest)) => {
                rest.remove("record");
                taken.push(SourceLink { target, rest });
            }
            (_, link) => {
                links.insert(key, link);
            }
        }
    }
    if links.is_empty() {
        record.remove("links");
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_faulty_line_is_named_with_its_field() {
        let good = r#"{"kind":"conflict","title":"Un titre","source_ref":"A"}"#;
        let cases = [
            ("{\"kind\":", "f, line 3: is not JSON (column 8)"),
            ("[]", "f, line 3: is not an object: one record a line is expected"),
            (r#"{"kind":"war","title":"t","source_ref":"B"}"#, "/kind: must be one of consultation, conflict, project"),
            (r#"{"kind":"conflict","title":" ","source_ref":"B"}"#, "/title: is missing"),
            (r#"{"kind":"conflict","title":"t"}"#, "/source_ref: is missing"),
            (r#"{"kind":"conflict","title":"t","source_ref":"A"}"#, "/source_ref: is the same as on line 1"),
            (r#"{"id":"x","kind":"conflict","title":"t","source_ref":"B"}"#, "/id: cannot be chosen"),
            (
                r#"{"kind":"conflict","title":"t","source_ref":"B","links":{"new-1":{"record":"source: "}}}"#,
                "/links/new-1/record: names no source key",
            ),
        ];
        for (line, expected) in cases {
            let faults = records("f", &format!("{good}\n\n{line}\n")).expect_err(line);
            assert_eq!(faults.len(), 1, "{line}");
            assert!(faults[0].to_string().contains(expected), "{line}: {}", faults[0]);
        }
        let both = records("f", "1\n2\n").expect_err("two faults");
        assert_eq!(both.iter().map(|fault| fault.at.line).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn links_by_source_key_are_set_apart_from_those_by_id() {
        let line = r#"{"kind":"project","title":"t","source_ref":"A","meta":{"x":1},"links":{
            "new-1":{"record":"source:B","relation":"about"},"new-2":{"record":"aaaa","relation":"related"}}}"#;
        let drafts = records("f", &line.replace('\n', " ")).expect("a good line");
        let [draft] = &drafts[..] else { panic!("one draft") };
        assert_eq!(draft.links.iter().map(|link| link.target.as_str()).collect::<Vec<_>>(), ["B"]);
        assert_eq!(draft.links[0].rest["relation"], "about");
        assert_eq!(draft.record["links"].as_object().map(Map::len), Some(1));
        assert!(!draft.record.contains_key("meta"));
    }
}

//! Made-up records: realistic French prose of natural length for benchmarks, simulations and demonstrations, and the
//! small set of examples. The same seed gives the same records on every machine.
//!
//! No community is named, and places are no finer than a region: what is made up must not be taken for a real event.

mod examples;
mod prose;

use serde_json::{Map, Value, json};
use toguna_protocol::record::Kind;

use crate::exchange::{Draft, Position};
use crate::pack::{Pack, Term};

pub use examples::examples;
use prose::PROSE;

/// An endless supply of records.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    pack: &'a Pack,
    seed: u64,
    made: usize,
    dice: Dice,
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, fast, and the same everywhere. Not for secrets.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// True so many times in a hundred.
    fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.between(0, from.len() as u64 - 1) as usize]
    }

    fn key<T: Term>(&mut self, from: &[T]) -> String {
        self.pick(from).key().to_owned()
    }
}

impl<'a> Samples<'a> {
    /// The records of a seed.
    pub fn new(pack: &'a Pack, seed: u64) -> Self {
        Samples { pack, seed, made: 0, dice: Dice(seed) }
    }

    /// A record and the merge patches that so many later edits of it are, each against the version before it. Patches
    /// only add items and never change one, since items have no ids before the record is made.
    pub fn with_edits(&mut self, edits: usize) -> (Draft, Vec<Value>) {
        let draft = self.draft();
        let mut record = draft.record.clone();
        let patches = (0..edits).map(|_| Value::Object(self.edit(draft.kind, &mut record))).collect();
        (draft, patches)
    }

    fn draft(&mut self) -> Draft {
        self.made += 1;
        let kind = *self.dice.pick(&Kind::ALL);
        let source_ref = format!("SAMPLE-{}-{}", self.seed, self.made);
        let region = self.dice.pick(&self.pack.gazetteers()[0].regions).clone();
        let mut record = match kind {
            Kind::Consultation => self.consultation(),
            Kind::Conflict => self.conflict(),
            Kind::Project => self.project(),
        };
        record.insert("kind".to_owned(), json!(kind.key()));
        record.insert("source_ref".to_owned(), json!(source_ref));
        record.insert("regions".to_owned(), json!([region.key]));
        record.insert("place".to_owned(), json!({"name": region.fr, "precision": "region"}));
        record.insert("title".to_owned(), json!(self.say(&PROSE.titles[&kind]).replace("{R}", &region.fr)));
        let at = Position { file: "samples".to_owned(), line: self.made };
        Draft { source_ref, kind, record, links: Vec::new(), at }
    }

    fn consultation(&mut self) -> Map<String, Value> {
        let status = *self.dice.pick(&["planned", "held", "held", "reported"]);
        let participants = self.dice.between(12, 180);
        let women = participants * self.dice.between(10, 45) / 100;
        let mut record = object(json!({
            "status": status,
            "level": self.dice.pick(&["local", "regional"]),
            "meeting_type": self.dice.pick(&["consultation", "inter-community", "awareness", "workshop", "training"]),
            "start_date": self.day(),
            "conveners": [self.dice.pick(self.pack.actors()).fr.clone()],
            "themes": [self.dice.key(self.pack.themes())],
            "participants": participants,
            "participants_women": women,
            "purpose": self.paragraph(&PROSE.purposes, 120),
            "outputs": self.paragraph(&PROSE.outcomes, 380),
        }));
        if status == "reported" {
            record.insert("report_problems".to_owned(), json!(self.paragraph(&PROSE.causes, 160)));
        }
        record
    }

    fn conflict(&mut self) -> Map<String, Value> {
        let stakes = &self.pack.stakes()[..self.pack.stakes().len() - 1];
        let phase = *self.dice.pick(&["latent", "open", "open", "violent", "de-escalating", "truce", "settled"]);
        let since = self.day();
        object(json!({
            "phase": {"is": phase, "since": since},
            "stakes": [self.dice.key(stakes), self.dice.key(stakes)],
            "parties": {
                "new-1": {"name": self.say(&PROSE.parties), "role": "primary"},
                "new-2": {"name": self.say(&PROSE.parties), "role": "primary"},
            },
            "start_date": self.dice.between(2005, 2025).to_string(),
            "narrative": self.paragraph(&PROSE.causes, 450),
            "incidents": {"new-1": self.incident()},
        }))
    }

    fn project(&mut self) -> Map<String, Value> {
        let origin = *self.dice.pick(&["request", "request", "own"]);
        let status = if origin == "own" { *self.dice.pick(&["active", "closed"]) } else { "submitted" };
        object(json!({
            "origin": origin,
            "status": status,
            "objective": self.dice.key(self.pack.objectives()),
            "areas": [self.dice.key(self.pack.areas())],
            "applicant": self.say(&PROSE.applicants),
            "beneficiaries": self.say(&PROSE.beneficiaries),
            "description": self.paragraph(&PROSE.activities, 480),
            "need": {"amount": self.dice.between(8, 240) * 50_000, "currency": self.pack.currencies()[0].key.clone()},
            "start_date": self.day(),
            "plan": {"new-1": self.plan_line()},
        }))
    }

    /// One later edit; `record` follows it as far as the next edit must know.
    fn edit(&mut self, kind: Kind, record: &mut Map<String, Value>) -> Map<String, Value> {
        let choice = self.dice.between(0, 9);
        let patch = match (kind, choice) {
            (Kind::Conflict, 0..=3) => json!({"incidents": {"new-1": self.incident()}}),
            (Kind::Conflict, 4..=5) => {
                let phase = *self.dice.pick(&["open", "violent", "de-escalating", "truce", "settled", "relapsed"]);
                json!({"phase": {"is": phase, "since": self.day()}})
            }
            (Kind::Conflict, _) => self.appended(record, "narrative", &PROSE.outcomes),
            (Kind::Consultation, 0..=2) => json!({"recommendations": {"new-1": self.recommendation()}}),
            (Kind::Consultation, 3..=4) => {
                let before = record.get("participants_youth").and_then(Value::as_u64).unwrap_or(2);
                let counted = before + self.dice.between(1, 5);
                record.insert("participants_youth".to_owned(), json!(counted));
                json!({"participants_youth": counted})
            }
            (Kind::Consultation, _) => self.appended(record, "outputs", &PROSE.outcomes),
            (Kind::Project, 0..=3) => json!({"reviews": {"new-1": self.review()}}),
            (Kind::Project, 4..=5) => json!({"plan": {"new-1": self.plan_line()}}),
            (Kind::Project, _) => self.appended(record, "description", &PROSE.activities),
        };
        object(patch)
    }

    fn appended(&mut self, record: &mut Map<String, Value>, field: &str, from: &[String]) -> Value {
        let before = record.get(field).and_then(Value::as_str).unwrap_or_default();
        let template = self.dice.pick(from);
        let text = format!("{before} {}", self.say(template));
        record.insert(field.to_owned(), json!(text));
        json!({field: text})
    }

    fn incident(&mut self) -> Value {
        json!({
            "date": self.day(),
            "incident_type": self.dice.key(self.pack.incident_types()),
            "known": self.dice.pick(&["seen-by-office", "several-sources", "one-source", "rumour"]),
            "deaths": if self.dice.chance(20) { self.dice.between(1, 6) } else { 0 },
            "text": self.paragraph(&PROSE.incidents, 110),
        })
    }

    fn recommendation(&mut self) -> Value {
        json!({
            "text_fr": self.say(&PROSE.recommendations),
            "theme": self.dice.key(self.pack.themes()),
            "addressees": [self.dice.pick(self.pack.actors()).fr.clone()],
            "status": "proposed",
        })
    }

    fn review(&mut self) -> Value {
        json!({"date": self.day(), "difficulties": self.paragraph(&PROSE.difficulties, 90)})
    }

    fn plan_line(&mut self) -> Value {
        let quarter = format!("{}-{}", self.dice.between(2008, 2026), self.dice.between(33, 36));
        json!({"quarter": quarter, "planned": self.say(&PROSE.planned)})
    }

    fn day(&mut self) -> String {
        let (year, month) = (self.dice.between(2008, 2026), self.dice.between(1, 12));
        format!("{year}-{month:02}-{:02}", self.dice.between(1, 28))
    }

    /// Sentences until about `length` characters are reached.
    fn paragraph(&mut self, from: &[String], length: u64) -> String {
        // Most notes are short, some are long: a third to two times the usual length.
        let length = (length * self.dice.between(60, 150) / 100) as usize;
        let mut text = String::new();
        while text.len() < length {
            let template = self.dice.pick(from);
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&self.say(template));
        }
        text
    }

    /// A sentence from a template: one of the words of each `{a|b}`, a number for each `{N}`.
    fn say(&mut self, template: &str) -> String {
        let mut text = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, more)) = rest.split_once('{') {
            let (slot, after) = more.split_once('}').unwrap_or((more, ""));
            text.push_str(before);
            match slot {
                "N" => text.push_str(&self.dice.between(2, 60).to_string()),
                "R" => text.push_str("{R}"),
                words => {
                    let words: Vec<&str> = words.split('|').collect();
                    text.push_str(self.dice.pick::<&str>(&words));
                }
            }
            rest = after;
        }
        text + rest
    }
}

impl Iterator for Samples<'_> {
    type Item = Draft;

    fn next(&mut self) -> Option<Draft> {
        Some(self.draft())
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => unreachable!("records and patches are written as objects"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use automerge::AutoCommit;
    use toguna_protocol::ids::{FeedId, RecordId, Seq};
    use toguna_protocol::record::{self, ItemIds};

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_records() {
        let pack = Pack::embedded();
        let some = |seed| Samples::new(&pack, seed).take(30).collect::<Vec<_>>();
        assert_eq!(some(7), some(7));
        assert_ne!(some(7), some(8));
        let keys: BTreeSet<String> = some(7).into_iter().map(|draft| draft.source_ref).collect();
        assert_eq!(keys.len(), 30);
    }

    #[test]
    fn records_are_about_as_long_as_real_ones() {
        let pack = Pack::embedded();
        let sizes: Vec<usize> =
            Samples::new(&pack, 1).take(600).map(|draft| Value::Object(draft.record).to_string().len()).collect();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((1_000..=1_200).contains(&mean), "{mean} bytes on average");
        assert!(sizes.iter().all(|size| (500..2_500).contains(size)), "{:?}", (sizes.iter().min(), sizes.iter().max()));
    }

    #[test]
    fn every_record_and_every_edit_is_accepted() {
        let pack = Pack::embedded();
        let vocabulary = pack.vocabulary();
        let mut samples = Samples::new(&pack, 3);
        for n in 0..60 {
            let (draft, patches) = samples.with_edits(10);
            let mut document = AutoCommit::new();
            let mut ids = ItemIds::new(FeedId([0; 32]), Seq(1));
            record::create(&mut document, draft.kind, &Value::Object(draft.record), &mut ids, &vocabulary)
                .unwrap_or_else(|error| panic!("record {n}: {error:?}"));
            document.commit();
            for patch in patches {
                let base = document.get_heads();
                let written = record::patch(&mut document, RecordId([0; 16]), &base, &patch, &mut ids, &vocabulary);
                assert!(written.expect("a patch").changed, "record {n}: {patch}");
                document.commit();
            }
        }
    }

    #[test]
    fn examples_are_marked_and_come_at_every_status() {
        let pack = Pack::embedded();
        let examples = examples(&pack, jiff::civil::date(2026, 11, 23));
        assert!(
            examples.iter().all(|draft| draft.record["title"].as_str().is_some_and(|t| t.starts_with("Exemple – ")))
        );
        let statuses: BTreeSet<&str> = examples
            .iter()
            .filter(|draft| draft.kind == Kind::Project)
            .filter_map(|draft| draft.record["status"].as_str())
            .collect();
        assert_eq!(statuses, record::project::ProjectStatus::KEYS.iter().copied().collect());
        let alerts = examples.iter().find_map(|draft| draft.record.get("alerts")).expect("an alert");
        assert!(alerts["new-1"].get("responses").is_none());
        let due = examples.iter().find_map(|draft| draft.record.get("recommendations")).expect("recommendations");
        assert_eq!(due.as_object().map(Map::len), Some(3));
        assert_eq!(due["new-1"]["due_date"], "2026-11-08");
        let faults = crate::exchange::check(&examples, &pack.vocabulary());
        assert_eq!(faults, Vec::new());
    }
}

//! People at the offices: they enter the programme's sample records, edit what they see, settle what is concurrent, and
//! evaluate requests. What they want may be refused; that is theirs to live with.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde_json::{Value, json};
use toguna::{pack::Pack, sample::Samples};
use toguna_protocol::{
    engine::{Command, Engine, Intent, RecordView, rows::Row},
    ids::RecordId,
    record::{Choice, Kind, Vocabulary},
    shelf::Shelf,
    testing::Chance,
};

static PACK: LazyLock<Pack> = LazyLock::new(Pack::embedded);
static VOCABULARY: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| Arc::new(PACK.vocabulary()));

const EVALUATORS: [&str; 2] = ["Fatou", "Ibrahim"];

/// The keys that records may use.
pub fn vocabulary() -> Arc<Vocabulary> {
    VOCABULARY.clone()
}

/// What somebody at an office wants. `form` is a record as it was seen when somebody began to edit it, perhaps long
/// ago.
pub fn wish<S: Shelf>(
    chance: &mut Chance,
    engine: &mut Engine<S>,
    rows: &BTreeMap<RecordId, Row>,
    form: &mut Option<RecordView>,
) -> Option<Command> {
    let intent = if rows.is_empty() || chance.below(10) < 3 {
        new_record(chance)
    } else {
        let records: Vec<&RecordId> = rows.keys().collect();
        // Everybody works on the newest cases: that is where they meet.
        let most = if chance.once_in(2) { records.len().min(2) } else { records.len() };
        let view = match form.take() {
            Some(view) if chance.once_in(2) => view,
            _ => engine.record(*records[chance.below(most)]).ok()?,
        };
        if chance.once_in(5) {
            *form = Some(view);
            return None;
        }
        change(chance, &view)
    };
    Some(Command {
        person: "A. Maïga".to_owned(), reason: chance.once_in(4).then(|| "on the spot".to_owned()), intent
    })
}

fn new_record(chance: &mut Chance) -> Intent {
    let (draft, _) = Samples::new(&PACK, chance.draw()).with_edits(0);
    let mut record = draft.record;
    if draft.kind == Kind::Project && chance.once_in(2) {
        record.insert("evaluators".to_owned(), json!(EVALUATORS));
    }
    Intent::Create(draft.kind, Value::Object(record))
}

fn change(chance: &mut Chance, view: &RecordView) -> Intent {
    if !view.concurrent.is_empty() && chance.once_in(3) {
        let field = &view.concurrent[chance.below(view.concurrent.len())];
        let value = field.values[chance.below(field.values.len())].value.clone();
        return Intent::Settle(view.id, view.heads.clone(), field.field.clone(), Choice::Value(value));
    }
    if view.fields.contains_key("evaluators") && chance.once_in(3) {
        let evaluator = EVALUATORS[chance.below(EVALUATORS.len())].to_owned();
        let opinion = json!({"relevance": format!("opinion {}", chance.below(100)), "verdict": "favourable"});
        return Intent::Evaluate(view.id, evaluator, opinion);
    }
    let text = match view.kind {
        Kind::Conflict => "narrative",
        Kind::Consultation => "outputs",
        Kind::Project => "description",
    };
    let patch = match (chance.below(10), view.kind) {
        (0..3, _) => {
            json!({ text: spliced(chance, view.fields.get(text).and_then(Value::as_str).unwrap_or_default()) })
        }
        (3..5, _) => json!({"title": format!("Puits de Tin-Essako, {}", chance.below(5))}),
        (5..8, Kind::Conflict) => json!({"persons_affected": chance.below(6) * 10}),
        (5..8, Kind::Consultation) => json!({"participants": 200 + chance.below(6)}),
        (5..8, Kind::Project) => json!({"beneficiaries": format!("{} familles", chance.below(6))}),
        (8, _) => json!({"title": format!("Cas {}", chance.below(3)), text: "Repris au propre."}),
        (_, Kind::Conflict) => json!({"incidents": {"new-1": {"deaths": chance.below(4)}}}),
        (_, Kind::Consultation) => {
            json!({"recommendations": {"new-1": {"text_fr": "Clôturer le puits.", "status": "proposed"}}})
        }
        (_, Kind::Project) => json!({"reviews": {"new-1": {"date": "2026-03-02", "difficulties": "Pluies."}}}),
    };
    Intent::Patch(view.id, view.heads.clone(), patch)
}

/// A text with a sentence more somewhere, or a word less.
fn spliced(chance: &mut Chance, text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    let at = chance.below(words.len());
    if chance.once_in(4) && words.len() > 3 {
        words.remove(at);
    } else {
        words.insert(
            at,
            ["Le puits est sec depuis mai.", "Les anciens ont été reçus.", "La piste est coupée."][chance.below(3)],
        );
    }
    words.join(" ")
}

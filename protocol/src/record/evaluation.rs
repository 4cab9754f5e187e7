//! Sealed evaluations: each evaluator commits to an opinion before anyone's opinion can be read.
//!
//! An evaluation item first holds `evaluator` and `commitment`, a hash. The opinion itself stays on the evaluator's
//! node, outside its feed. Once every named evaluator has committed, each node publishes its `opening`: the opinion
//! and the nonce, which together must give the commitment.

use std::collections::BTreeMap;

use automerge::{ObjType, ROOT, transaction::Transactable};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use crate::ids::{ItemId, RecordId};

use super::{
    ItemIds, Kind, Problem, Project, RecordError,
    common::{Line, Paragraph},
    read::{Reading, kind_of, read},
    schema::{Shaped, choice, compound},
    value::{canonical_json, check, stored},
    view::{RecordDoc, View},
    vocabulary::Vocabulary,
};

choice! {
    /// What an evaluator concludes.
    pub enum Verdict {
        Favourable = "favourable",
        WithReservations = "with-reservations",
        Unfavourable = "unfavourable",
    }
}

compound! {
    /// What an evaluator thinks of a request.
    together []
    pub struct Opinion {
        /// Relevance of the request.
        pub relevance: Option<Paragraph>,
        /// Moral standing of the initiators.
        pub moral_standing: Option<Paragraph>,
        /// Coherence of the budget.
        pub budget_coherence: Option<Paragraph>,
        /// The conclusion.
        pub verdict: Option<Verdict>,
    }
}
compound! {
    /// An opinion as published, with the number that was hashed along with it.
    together ["opinion", "nonce"]
    pub struct Opening {
        /// The opinion.
        pub opinion: Option<Opinion>,
        /// 32 bytes as hexadecimal digits.
        pub nonce: Option<Line>,
    }
}

/// How far one evaluator's opinion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// Committed, not yet published.
    Closed,
    /// Published, and it is what was committed to.
    Opened,
    /// Published, but not what was committed to: it does not count.
    Broken,
}

/// The opinion in the form in which it is hashed and published: checked, trimmed, without empty parts.
pub fn checked_opinion(opinion: &Value) -> Result<Value, RecordError> {
    match check(&Opinion::SHAPE, opinion, &Vocabulary::default()) {
        Ok(Some(opinion)) => Ok(opinion),
        Ok(None) => {
            Err(RecordError::Invalid(vec![Problem::new("/opinion", "required", "an opinion must say something")]))
        }
        Err(fault) => {
            Err(RecordError::Invalid(vec![Problem::new(format!("/opinion{}", fault.part), fault.code, fault.detail)]))
        }
    }
}

/// The commitment to an opinion, as hexadecimal digits: BLAKE3 over the record's id, the evaluator (its length as 8
/// bytes big-endian, then UTF-8), the nonce, and the opinion as canonical JSON. Whoever knows only the commitment
/// learns nothing of the opinion, as long as the nonce is random.
pub fn commit(record: RecordId, evaluator: &str, nonce: &[u8; 32], opinion: &Value) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("toguna 2026 sealed evaluation");
    hasher.update(record.as_bytes());
    hasher.update(&(evaluator.len() as u64).to_be_bytes());
    hasher.update(evaluator.as_bytes());
    hasher.update(nonce);
    hasher.update(canonical_json(opinion).as_bytes());
    HEXLOWER.encode(hasher.finalize().as_bytes())
}

/// Whether a published opinion is what the evaluator had committed to.
pub fn verify_opening(record: RecordId, evaluator: &str, commitment: &str, opening: &Value) -> bool {
    let nonce = opening.get("nonce").and_then(Value::as_str).and_then(|nonce| HEXLOWER.decode(nonce.as_bytes()).ok());
    let nonce: Option<[u8; 32]> = nonce.and_then(|bytes| bytes.try_into().ok());
    match (nonce, opening.get("opinion")) {
        (Some(nonce), Some(opinion)) => commit(record, evaluator, &nonce, opinion) == commitment,
        _ => false,
    }
}

/// Whether every named evaluator has committed exactly once, so that opinions may be published.
pub fn ready_to_open(project: &Project) -> bool {
    let commitments = |evaluator: &Line| {
        let own = |item: &&super::project::Evaluation| {
            !item.withdrawn && item.evaluator.as_ref().is_some_and(|sealed| sealed.0 == *evaluator)
        };
        project.evaluations.values().filter(own).filter(|item| item.commitment.is_some()).count()
    };
    !project.evaluators.is_empty() && project.evaluators.iter().all(|evaluator| commitments(evaluator) == 1)
}

/// The evaluations of a project that count, by evaluator; several for one evaluator are a mistake to be settled.
pub fn seals(record: RecordId, fields: &Map<String, Value>) -> BTreeMap<String, Vec<Seal>> {
    let mut out = BTreeMap::<String, Vec<Seal>>::new();
    for item in fields.get("evaluations").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let (Some(evaluator), Some(commitment)) = (text("evaluator"), text("commitment")) else { continue };
        if item.get("withdrawn") == Some(&Value::Bool(true)) {
            continue;
        }
        let seal = match item.get("opening") {
            None => Seal::Closed,
            Some(opening) if verify_opening(record, evaluator, commitment, opening) => Seal::Opened,
            Some(_) => Seal::Broken,
        };
        out.entry(evaluator.to_owned()).or_default().push(seal);
    }
    out
}

/// Writes an evaluator's commitment into a project.
///
/// # Errors
/// [`RecordError::Invalid`] if the record is no project, does not name the evaluator, or holds a commitment of theirs.
pub fn add_commitment<T: Transactable + RecordDoc>(
    tx: &mut T,
    evaluator: &str,
    commitment: &str,
    ids: &mut ItemIds,
) -> Result<ItemId, RecordError> {
    let reading = project(tx)?;
    let project: Project = reading.typed();
    let refuse = |code, detail| Err(RecordError::Invalid(vec![Problem::new("/evaluations", code, detail)]));
    if !project.evaluators.iter().any(|named| named.0 == evaluator) {
        return refuse("not-an-evaluator", "the project does not name this evaluator");
    }
    let holds = |item: &super::project::Evaluation| {
        !item.withdrawn && item.evaluator.as_ref().is_some_and(|sealed| &*sealed.0 == evaluator)
    };
    if project.evaluations.values().any(holds) {
        return refuse("already-committed", "this evaluator has already committed to an opinion");
    }
    if HEXLOWER.decode(commitment.as_bytes()).map(|bytes| bytes.len()) != Ok(32) {
        return refuse("bad-commitment", "expected 32 bytes as hexadecimal digits");
    }
    let list = match View::new(tx, None).maps(&[ROOT], "evaluations").pop() {
        Some(list) => list,
        None => tx.put_object(ROOT, "evaluations", ObjType::Map)?,
    };
    let id = ids.next_id();
    let item = tx.put_object(&list, id.as_str(), ObjType::Map)?;
    tx.put(&item, "evaluator", evaluator)?;
    tx.put(&item, "commitment", commitment)?;
    Ok(id)
}

/// Publishes an opinion that an item of the project commits to.
///
/// # Errors
/// [`RecordError::Invalid`] if an evaluator has yet to commit, if the item is unknown, withdrawn or already opened, or
/// if the opinion is not the one that was committed to.
pub fn add_opening<T: Transactable + RecordDoc>(
    tx: &mut T,
    record: RecordId,
    item: &ItemId,
    opinion: &Value,
    nonce: &[u8; 32],
) -> Result<(), RecordError> {
    let project: Project = project(tx)?.typed();
    let refuse = |code, detail| Err(RecordError::Invalid(vec![Problem::new("/evaluations", code, detail)]));
    if !ready_to_open(&project) {
        return refuse("opinions-not-committed", "opinions are published once every named evaluator has committed");
    }
    let Some(evaluation) = project.evaluations.get(item).filter(|evaluation| !evaluation.withdrawn) else {
        return refuse("unknown-item", "the project has no such evaluation");
    };
    if evaluation.opening.is_some() {
        return refuse("already-opened", "this opinion is already published");
    }
    let opening = json!({"opinion": checked_opinion(opinion)?, "nonce": HEXLOWER.encode(nonce)});
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let evaluator = text(evaluation.evaluator.as_ref().map(|sealed| &*sealed.0));
    let commitment = text(evaluation.commitment.as_ref().map(|sealed| &*sealed.0));
    if !verify_opening(record, &evaluator, &commitment, &opening) {
        return refuse("opinion-does-not-match", "this is not the opinion that was committed to");
    }
    let view = View::new(tx, None);
    let maps = view.maps(&view.maps(&[ROOT], "evaluations"), item.as_str());
    super::write::put(tx, &maps, "opening", stored(&Opening::SHAPE, Some(&opening)))?;
    super::write::put(tx, &maps, "withdrawn", automerge::ScalarValue::Boolean(false))
}

fn project<D: RecordDoc>(doc: &D) -> Result<Reading, RecordError> {
    if kind_of(doc)? != Kind::Project {
        return Err(RecordError::Invalid(vec![Problem::new(
            "/evaluations",
            "unknown-field",
            "only projects are evaluated",
        )]));
    }
    read(doc, None)
}

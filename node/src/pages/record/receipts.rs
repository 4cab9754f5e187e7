//! "Has Bamako got it?": what each office has of a record, in a sentence each.

use axum::extract::{Path, State};
use maud::{Markup, html};
use toguna_protocol::{
    engine::{Carrier, Engine, Office, QueryError, Receipt, ReceiptState},
    ids::RecordId,
};

use super::{address, kind_of, office_name};
use crate::pages::{Shared, error::PageError, speech::Speech, visitor::Visitor};

/// The list alone, for a page that is open already.
pub(in crate::pages) async fn receipts(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id)): Path<(String, String)>,
) -> Result<Markup, PageError> {
    let (kind, id): (_, RecordId) = (kind_of(&kinds)?, id.parse().map_err(|_| PageError::NotFound)?);
    let asked = move |engine: &mut Engine<_>| Ok::<_, QueryError>((engine.receipts(id)?, engine.offices()));
    let (receipts, offices) = pages.app.ask(asked).await??;
    Ok(list(visitor.speech(&pages), &address(kind, id), &receipts, &offices))
}

/// Which other offices have the record at an address.
pub(super) fn list(speech: Speech<'_>, here: &str, receipts: &[Receipt], offices: &[Office]) -> Markup {
    html! {
        ul.receipts aria-label=(speech.say("receipts-title")) aria-live="polite" data-receipts=(format!("{here}/receipts")) {
            @for sentence in sentence(speech, receipts, offices) {
                li.arrived[sentence.arrived] { (if sentence.arrived { "✓ " } else { "○ " }) (sentence.text) }
            }
        }
    }
}

/// What is known of one office, or of all others.
pub(in crate::pages) struct Sentence {
    pub(in crate::pages) text: String,
    /// Whether the record has arrived there as it is here.
    pub(in crate::pages) arrived: bool,
}

/// Which other offices have a record. "Only here" where none has it.
pub(in crate::pages) fn sentence(speech: Speech<'_>, receipts: &[Receipt], offices: &[Office]) -> Vec<Sentence> {
    let others = receipts.iter().filter(|receipt| receipt.state != ReceiptState::Here);
    let mut told: Vec<Sentence> = others.map(|receipt| of_office(speech, receipt, offices)).collect();
    if !told.iter().any(|sentence| sentence.arrived) {
        told.insert(0, Sentence { text: speech.say("only-here"), arrived: false });
    }
    told
}

fn of_office(speech: Speech<'_>, receipt: &Receipt, offices: &[Office]) -> Sentence {
    let office = receipt.name.clone().unwrap_or_else(|| speech.say("office-unnamed"));
    let (id, arrived) = match receipt.state {
        ReceiptState::Has | ReceiptState::Here => ("received-at", true),
        ReceiptState::Partial => ("received-in-part", false),
        ReceiptState::Lacks => ("not-yet-at", false),
        ReceiptState::Unknown => ("unknown-at", false),
    };
    let word = receipt.since.or(receipt.last_word);
    let moment = word.map(|word| speech.moment(word.stated_at)).unwrap_or_default();
    let way = match word.map(|word| word.carrier) {
        Some(Carrier::Office { via }) => {
            speech.say_of("way-office", &[("office", &office_name(speech, offices, &via))])
        }
        Some(Carrier::Bundle { .. }) => speech.say("way-bundle"),
        _ => speech.say("way-link"),
    };
    let text = speech.say_of(id, &[("office", &office), ("moment", &moment), ("way", &way)]);
    Sentence { text, arrived }
}

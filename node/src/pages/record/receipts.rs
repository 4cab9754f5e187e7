//! "Has Bamako got it?": what each office has of a record, in a sentence each.

use toguna_protocol::engine::{Carrier, Office, Receipt, ReceiptState};

use super::office_name;
use crate::pages::speech::Speech;

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

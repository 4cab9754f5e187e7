//! Forms that were sent: what one asks for is carried out once, and with it goes the draft that the form has left.
//!
//! Somebody presses twice, a browser sends again what had no answer, the power goes between saving and answering and a
//! draft is taken up that was saved already: each time the same form is sent twice, and nobody wants a second record.
//! That a form was saved is written with what it saved, so neither is ever there without the other. A form that was
//! opened again, or in which something else was typed meanwhile, is another one.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{
    Engine, Intent, OpenForm,
    drafts::{ACCOUNT, account_key},
};
use crate::{
    ids::RecordId,
    ledger::LedgerError,
    limits::MAX_SENT_FORMS,
    shelf::{Batch, Shelf, Table},
};

/// A form that somebody sends, with the drafts it has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentForm {
    /// What the drafts of one person have in common, and nobody else's.
    pub account: String,
    /// The form's address.
    pub form: String,
    /// The form as it is open. Without a mark it is carried out as often as it is sent.
    pub open: OpenForm,
}

/// One form with all that it asks for.
type SentId = [u8; 16];

impl SentForm {
    /// `None` for what does no harm when it is done twice, or of which nobody can say that it is the same.
    fn id(&self, intent: &Intent) -> Option<SentId> {
        let (record, asked) = match intent {
            Intent::Create(kind, fields) => (kind.key().as_bytes(), fields),
            Intent::Patch(record, _, patch) => (&record.0[..], patch),
            Intent::Evaluate(record, _, opinion) => (&record.0[..], opinion),
            Intent::Settle(..) | Intent::Open(..) | Intent::Sent(..) => return None,
        };
        let mut hasher = blake3::Hasher::new_derive_key("toguna 2026 forms that were sent");
        hasher.update(&self.open.mark.to_be_bytes());
        hasher.update(blake3::hash(self.form.as_bytes()).as_bytes());
        hasher.update(blake3::hash(record).as_bytes());
        serde_json::to_writer(&mut hasher, asked).expect("what is asked for is plain data, and hashing does not fail");
        let id = hasher.finalize().as_bytes()[..16].try_into().expect("a hash has 32 bytes");
        (self.open.mark != 0).then_some(id)
    }

    /// Where it is kept which forms of the account were saved.
    fn key(&self) -> [u8; ACCOUNT] {
        account_key(&self.account)
    }
}

/// Which forms were saved, of the accounts that sent one since the start: the latest last, those included that are still
/// being written.
#[derive(Debug, Default)]
pub(super) struct SentForms(BTreeMap<[u8; ACCOUNT], Vec<(SentId, RecordId)>>);

impl SentForms {
    fn of<S: Shelf>(&mut self, key: [u8; ACCOUNT], shelf: &S) -> Result<&mut Vec<(SentId, RecordId)>, LedgerError> {
        let room = match self.0.entry(key) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(room) => room,
        };
        let value = shelf.get(Table::Drafts, &key)?.unwrap_or_default();
        let (pairs, _) = value.as_chunks::<{ 16 + RecordId::LEN }>();
        let pairs = pairs.iter().filter_map(|pair| {
            let (id, record) = pair.split_at(16);
            Some((id.try_into().ok()?, RecordId::from_slice(record)?))
        });
        Ok(room.insert(pairs.collect()))
    }

    /// An account is gone, and what it sent with it.
    pub(super) fn drop_all(&mut self, account: &str, batch: &mut Batch) {
        self.0.remove(&account_key(account));
        batch.remove(Table::Drafts, account_key(account));
    }

    /// Only these accounts are there still.
    pub(super) fn keep_only(&mut self, accounts: &BTreeSet<[u8; ACCOUNT]>) {
        self.0.retain(|account, _| accounts.contains(account));
    }

    /// A write was refused: what is really there is read again.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl<S: Shelf> Engine<S> {
    /// The record that this form has made or changed, if just this was sent before.
    pub(super) fn sent_before(&mut self, intent: &Intent) -> Result<Option<RecordId>, LedgerError> {
        let Intent::Sent(form, intent) = intent else { return Ok(None) };
        let Some(sent) = form.id(intent) else { return Ok(None) };
        let saved = self.sent.of(form.key(), self.ledger.shelf())?;
        Ok(saved.iter().find(|(id, _)| *id == sent).map(|(_, record)| *record))
    }

    /// Notes with what a form saves that it was sent, and drops its draft.
    pub(super) fn note_sent(
        &mut self,
        form: &SentForm,
        intent: &Intent,
        record: RecordId,
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        self.drop_draft(&form.account, &form.form, form.open, batch)?;
        let Some(sent) = form.id(intent) else { return Ok(()) };
        let saved = self.sent.of(form.key(), self.ledger.shelf())?;
        saved.push((sent, record));
        let surplus = saved.len().saturating_sub(MAX_SENT_FORMS);
        saved.drain(..surplus);
        let value = saved.iter().flat_map(|(id, record)| [&id[..], &record.0[..]].concat()).collect::<Vec<u8>>();
        batch.put(Table::Drafts, form.key(), value);
        Ok(())
    }
}

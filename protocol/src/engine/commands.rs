//! A person's command: an edit on a copy of the document, an entry, a batch; and the reply once it is durable.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Command, CommandError, CommandId, Effect, Engine, Intent, Observation, Saved, Work};
use crate::{
    document::{Document, EditError},
    entry::PayloadKind,
    ids::{ItemId, Now, RecordId},
    ledger::{Accepted, LedgerError},
    limits::{MAX_PERSON_NAME, MAX_REASON},
    record::{self, ItemIds, RecordError, Written, evaluation, plan, workflow},
    shelf::{Batch, Shelf, Table},
};

/// An edit of ours that the store is writing.
pub(super) struct OwnEdit {
    command: CommandId,
    record: RecordId,
    new_items: BTreeMap<String, ItemId>,
    /// Whether an opinion is held back with it.
    holds_back: bool,
    accepted: Vec<Accepted>,
}

impl<S: Shelf> Engine<S> {
    /// Carries out a command, or lets it wait for the one before it on the same record.
    pub(super) fn command(&mut self, id: CommandId, command: Command, now: Now) {
        let sent = match self.sent_before(&command.intent) {
            Ok(sent) => sent,
            Err(error) => return self.reply(id, Err(error.into())),
        };
        let record = sent.or(command.intent.record());
        if let Some(queue) = record.and_then(|record| self.waiting.get_mut(&record)) {
            queue.push_back((id, command));
            return;
        }
        let done = match sent {
            Some(record) => self.saved_before(record).map(Some),
            None => self.carry_out(id, &command, record, now),
        };
        match done {
            Ok(None) => {}
            Ok(Some(saved)) => self.reply(id, Ok(saved)),
            Err(error) => self.reply(id, Err(error)),
        }
    }

    fn reply(&mut self, id: CommandId, result: Result<Saved, CommandError>) {
        if id == CommandId::OURS {
            return;
        }
        self.effects.push_back(Effect::Reply(id, result));
    }

    /// Makes the entry and hands it to the store; or answers at once when nothing had to be written.
    fn carry_out(
        &mut self,
        id: CommandId,
        command: &Command,
        record: Option<RecordId>,
        now: Now,
    ) -> Result<Option<Saved>, CommandError> {
        let by = self.authorship(command, now.wall);
        if by.person.is_empty() || by.person.chars().count() > MAX_PERSON_NAME {
            return Err(CommandError::Authorship("the name of the person"));
        }
        if by.reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
            return Err(CommandError::Authorship("the reason"));
        }
        let nonce = self.draw();
        self.ensure_own_feed(now);
        let tip = self.ledger.verified_tip(&self.own).expect("our own feed is in the ledger");
        let seq = tip.seq.next();
        let mut batch = Batch::default();
        let made = RecordId::created_by(self.own, seq);
        let new = Document::empty(made);
        let document = match record {
            None => &new,
            Some(record) => {
                let known = self.documents.get(record, &self.ledger)?;
                known.filter(|document| !document.is_blank()).ok_or(CommandError::NotFound)?
            }
        };
        let heads = document.heads();
        let edit = Edit {
            ids: ItemIds::new(self.own, seq),
            vocabulary: &self.settings.vocabulary,
            nonce,
            record: record.unwrap_or(made),
        };
        let edited = document.edit(self.own, &by, |tx| edit.make(&command.intent, tx, &mut batch));
        let edited = match edited {
            Ok(Some(edited)) => edited,
            Ok(None) => {
                let record = record.unwrap_or(made);
                return Ok(Some(Saved { record, entry: None, heads, new_items: Default::default() }));
            }
            Err(EditError::Refused(error)) => return Err(error.into()),
            Err(error) => return Err(CommandError::TooMuch(error.to_string())),
        };
        let record = record.unwrap_or(made);
        if let Intent::Sent(form, intent) = &command.intent {
            self.note_sent(form, intent, record, &mut batch)?;
        }
        let entry = self.signer.append(self.own, tip, PayloadKind::CHANGE, record, edited.payload);
        let accepted = self.ledger.stage(self.own, vec![entry], &mut batch);
        let new_items = edited.value.new_items;
        self.waiting.entry(record).or_default();
        let holds_back = matches!(command.intent.bare(), Intent::Evaluate(..));
        self.persist(
            batch,
            true,
            Work::Own(Box::new(OwnEdit { command: id, record, new_items, holds_back, accepted })),
        );
        Ok(None)
    }

    /// The answer to a form that was sent again: its record, as it is now.
    fn saved_before(&mut self, record: RecordId) -> Result<Saved, CommandError> {
        let document = self.documents.get(record, &self.ledger)?.ok_or(CommandError::NotFound)?;
        Ok(Saved { record, entry: None, heads: document.heads(), new_items: Default::default() })
    }

    /// Our own entry is durable: it is part of the document, shown, and only then confirmed.
    pub(super) fn own_persisted(&mut self, own: OwnEdit, now: Now) {
        let OwnEdit { command, record, new_items, holds_back, accepted } = own;
        // Nothing is held ahead of a feed of our own that we still write to.
        self.ledger.persisted(&accepted);
        if holds_back {
            self.held_back.insert(record);
        }
        self.offices.heard(self.signer.author(), &accepted[0].entry, now.wall);
        let entry = &accepted[0].entry;
        self.documents.arrived(entry);
        self.refresh_records(&[record], now);
        let result = match self.documents.get(record, &self.ledger) {
            Ok(Some(document)) => Ok(Saved { record, entry: Some(entry.hash()), heads: document.heads(), new_items }),
            Ok(None) => Err(CommandError::NotFound),
            Err(error) => Err(error.into()),
        };
        self.reply(command, result);
        self.next_command(record, now);
        // It may have been the last commitment, or an opening after which the next has its turn.
        if let Err(error) = self.open_evaluations(record, now) {
            self.observe(Observation::Unreadable(error.to_string()));
        }
    }

    /// Our own entry could not be written.
    pub(super) fn own_refused(&mut self, own: OwnEdit, why: &str, now: Now) {
        self.reply(own.command, Err(CommandError::NotSaved(why.to_owned())));
        self.next_command(own.record, now);
    }

    /// The next command that waited for this record gets its turn.
    fn next_command(&mut self, record: RecordId, now: Now) {
        let mut queue = self.waiting.remove(&record).unwrap_or_default();
        while let Some((id, command)) = queue.pop_front() {
            self.command(id, command, now);
            if let Some(waiting) = self.waiting.get_mut(&record) {
                waiting.append(&mut queue);
                return;
            }
        }
    }
}

/// Everything an intent needs to be written into a document.
struct Edit<'a> {
    ids: ItemIds,
    vocabulary: &'a record::Vocabulary,
    /// For the commitment of an evaluation: nobody else can guess it.
    nonce: [u8; 32],
    record: RecordId,
}

impl Edit<'_> {
    /// Writes the intent, and the line of the plan that an agreement brings with it.
    fn make(
        self,
        intent: &Intent,
        tx: &mut automerge::transaction::Transaction<'_>,
        batch: &mut Batch,
    ) -> Result<Written, RecordError> {
        let (record, before) = (self.record, plan::entered(tx)?);
        let written = self.write(intent, tx, batch)?;
        if let Some(quarter) = plan::entered(tx)?.filter(|_| written.changed && before.is_none()) {
            plan::enter(tx, record, quarter)?;
        }
        Ok(written)
    }

    /// Writes the intent; what must stay on this node goes into the batch.
    fn write(
        mut self,
        intent: &Intent,
        tx: &mut automerge::transaction::Transaction<'_>,
        batch: &mut Batch,
    ) -> Result<Written, RecordError> {
        match intent {
            Intent::Create(kind, fields) => record::create(tx, *kind, fields, &mut self.ids, self.vocabulary),
            Intent::Patch(_, base, patch) => {
                record::patch(tx, self.record, base, patch, &mut self.ids, self.vocabulary)
            }
            Intent::Settle(_, seen, pointer, choice) => {
                record::settle(tx, seen, pointer, choice, self.vocabulary)?;
                Ok(Written { changed: true, new_items: Default::default() })
            }
            Intent::Evaluate(_, evaluator, opinion) => {
                let commitment = evaluation::commit(self.record, evaluator, &self.nonce, opinion);
                let item = evaluation::add_commitment(tx, evaluator, &commitment, &mut self.ids)?;
                let held_back = HeldBack { item: item.clone(), nonce: self.nonce, opinion: opinion.clone() };
                batch.put(Table::Private, held_back.key(self.record), held_back.encode());
                Ok(Written { changed: true, new_items: [("/evaluations/new".to_owned(), item)].into() })
            }
            Intent::Open(_, held_back) => {
                let HeldBack { item, nonce, opinion } = held_back;
                evaluation::add_opening(tx, self.record, item, opinion, nonce)?;
                workflow::go_on_evaluated(tx, self.record, self.vocabulary)?;
                batch.remove(Table::Private, held_back.key(self.record));
                Ok(Written { changed: true, new_items: Default::default() })
            }
            Intent::Sent(_, intent) => self.write(intent, tx, batch),
        }
    }
}

/// An opinion that stays on this node until every named evaluator has committed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HeldBack {
    /// The evaluation's item.
    pub item: ItemId,
    nonce: [u8; 32],
    opinion: Value,
}

impl HeldBack {
    /// Who opens what is held back: nobody at a keyboard.
    const PERSON: &str = "Toguna";

    fn key(&self, record: RecordId) -> Vec<u8> {
        [&record.0[..], self.item.as_str().as_bytes()].concat()
    }

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an opinion is plain data")
    }
}

impl<S: Shelf> Engine<S> {
    /// The records with opinions that are held back here.
    pub(super) fn records_held_back(&self) -> Result<BTreeSet<RecordId>, LedgerError> {
        let mut records = BTreeSet::new();
        self.ledger.shelf().scan(Table::Private, &[], None, &mut |key, _| {
            records.extend(key.get(..RecordId::LEN).and_then(RecordId::from_slice));
            true
        })?;
        Ok(records)
    }

    /// Publishes what this office holds back of a project's evaluations, once every named evaluator has committed.
    /// Called whenever the project changed, since the last commitment may come from anywhere. One at a time: the
    /// next follows when this one is durable.
    pub(super) fn open_evaluations(&mut self, record: RecordId, now: Now) -> Result<(), CommandError> {
        if !self.held_back.contains(&record) || self.waiting.contains_key(&record) {
            return Ok(());
        }
        let mut held_back: Vec<HeldBack> = Vec::new();
        let scanned = self.ledger.shelf().scan(Table::Private, &record.0, None, &mut |key, value| {
            let ours = key.starts_with(&record.0);
            held_back.extend(ours.then(|| serde_json::from_slice(&value).ok()).flatten());
            ours
        });
        scanned.map_err(LedgerError::from)?;
        if held_back.is_empty() {
            self.held_back.remove(&record);
            return Ok(());
        }
        let known = self.documents.get(record, &self.ledger)?;
        let Some(document) = known.filter(|document| !document.is_blank()) else { return Ok(()) };
        let project: record::Project = record::read(document.automerge(), None)?.typed();
        let is_open = |held_back: &HeldBack| {
            let evaluation = project.evaluations.get(&held_back.item);
            evaluation.is_some_and(|evaluation| !evaluation.withdrawn && evaluation.opening.is_none())
        };
        let next = held_back.into_iter().find(is_open).filter(|_| evaluation::ready_to_open(&project));
        if let Some(next) = next {
            let intent = Intent::Open(record, next);
            let command = Command { person: HeldBack::PERSON.to_owned(), reason: None, intent };
            self.command(CommandId::OURS, command, now);
        }
        Ok(())
    }
}

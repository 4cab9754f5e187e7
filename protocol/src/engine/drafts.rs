//! Unfinished forms, kept for whoever types them: whatever happens to browser or node, what was typed is given back.
//! They never leave this node.
//!
//! A form that is open in two places has two drafts, so that neither takes the place of the other's text; whoever
//! writes the later one is told of the other. A third takes the place of the older of the two.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use serde::{Deserialize, Serialize};

use super::{CommandId, Effect, Engine, Work};
use crate::{
    ids::{Now, UnixSeconds},
    limits::{MAX_DRAFT, MAX_DRAFTS},
    shelf::{Batch, Shelf, ShelfError, Table},
};

/// A form as it is open in a browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenForm {
    /// Drawn at random when it was opened, so that two that are open are told apart.
    pub mark: u64,
    /// The number of the draft that it was filled with; 0 for none.
    pub resumed: u64,
    /// The highest number that whoever has it open knows of; 0 for none.
    pub seen: u64,
}

/// What was typed into a form, and is not saved yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The form's address.
    pub form: String,
    /// Later drafts of the same form have higher numbers, from 1.
    pub number: u64,
    /// When it was kept, by this office's clock.
    pub at: UnixSeconds,
    mark: u64,
    /// Name and value of each input, in their order.
    pub inputs: Vec<(String, String)>,
}

/// That a draft is kept, without what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftNote {
    /// The form's address.
    pub form: String,
    /// Its number.
    pub number: u64,
    /// When it was kept, by this office's clock.
    pub at: UnixSeconds,
    mark: u64,
}

/// A draft that has just been kept. It is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub number: u64,
    /// When, by this office's clock.
    pub at: UnixSeconds,
    /// Whether there is a draft of the same form that another one, open elsewhere, left meanwhile.
    pub elsewhere: bool,
}

/// What is to be done about a draft. `account`: what the drafts of one person have in common, and nobody else's.
#[derive(Debug, Clone)]
pub enum DraftStep {
    /// What was typed is kept: account, address of the form, and what stands in it.
    Keep(String, String, OpenForm, Vec<(String, String)>),
    /// What a form left, or was filled with, is dropped: account and address of the form.
    Drop(String, String, OpenForm),
    /// Everything that an account has is dropped: there is nobody any more who could go on with it.
    DropAll(String),
    /// Everything is dropped that belongs to none of these accounts: they are all there are.
    DropOthers(Vec<String>),
}

/// Why a draft was not kept or not dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// More than [`MAX_DRAFT`] bytes.
    #[error("a draft holds at most {MAX_DRAFT} bytes")]
    TooLarge,
    /// The store cannot write.
    #[error("the draft is not saved: {0}")]
    NotSaved(String),
    /// The store cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ShelfError),
}

/// Bytes of the key that all drafts of an account have in common, and of the form in it.
pub(super) const ACCOUNT: usize = 16;
const FORM: usize = 15;

/// `account ‖ form ‖ 0 or 1`. Hashes, so that no key tells who is filling in what.
type Key = [u8; ACCOUNT + FORM + 1];

pub(super) fn account_key(account: &str) -> [u8; ACCOUNT] {
    blake3::derive_key("toguna 2026 drafts of an account", account.as_bytes())[..ACCOUNT]
        .try_into()
        .expect("a hash has 32 bytes")
}

fn key(account: &str, form: &str, place: u8) -> Key {
    let form = blake3::derive_key("toguna 2026 drafts of a form", form.as_bytes());
    let mut key = [place; ACCOUNT + FORM + 1];
    key[..ACCOUNT].copy_from_slice(&account_key(account));
    key[ACCOUNT..ACCOUNT + FORM].copy_from_slice(&form[..FORM]);
    key
}

/// Which drafts there are of the accounts that asked since the start, those included that are still being written.
#[derive(Debug, Default)]
pub(super) struct Drafts(BTreeMap<[u8; ACCOUNT], BTreeMap<Key, DraftNote>>);

impl Drafts {
    /// The drafts of an account, read when they are first asked for.
    fn of<S: Shelf>(&mut self, account: &str, shelf: &S) -> Result<&mut BTreeMap<Key, DraftNote>, ShelfError> {
        let account = account_key(account);
        let vacant = match self.0.entry(account) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(vacant) => vacant,
        };
        let mut notes = BTreeMap::new();
        shelf.scan(Table::Drafts, &account, None, &mut |key, value| {
            let ours = key.starts_with(&account);
            // Beside them lies which forms of this account were saved.
            let read = (ours && key.len() == ACCOUNT + FORM + 1).then(|| Some((key.try_into().ok()?, decode(&value)?)));
            notes.extend(read.flatten().map(|(key, draft): (Key, Draft)| (key, note_of(&draft))));
            ours
        })?;
        Ok(vacant.insert(notes))
    }

    /// A write was refused: what is really there is read again.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

fn decode(value: &[u8]) -> Option<Draft> {
    serde_json::from_slice(value).ok()
}

fn note_of(draft: &Draft) -> DraftNote {
    DraftNote { form: draft.form.clone(), number: draft.number, at: draft.at, mark: draft.mark }
}

impl DraftNote {
    /// Whether a form left this draft or was filled with it.
    fn is_of(&self, open: OpenForm) -> bool {
        self.mark == open.mark || self.number == open.resumed
    }
}

impl<S: Shelf> Engine<S> {
    /// Keeps or drops a draft. The answer follows once that is durable.
    pub(super) fn draft(&mut self, id: CommandId, step: DraftStep, now: Now) {
        let mut batch = Batch::default();
        let kept = match step {
            DraftStep::Keep(account, form, open, inputs) => {
                self.keep_draft(&account, form, open, inputs, now, &mut batch).map(Some)
            }
            DraftStep::Drop(account, form, open) => {
                let dropped = self.drop_draft(&account, &form, open, &mut batch);
                dropped.map(|()| None).map_err(DraftError::from)
            }
            DraftStep::DropAll(account) => self.drop_drafts(&account, &mut batch).map(|()| None),
            DraftStep::DropOthers(accounts) => {
                let dropped = self.drop_others(&accounts, &mut batch);
                dropped.map(|()| None).map_err(DraftError::from)
            }
        };
        match kept {
            Ok(kept) if !batch.is_empty() => self.persist(batch, true, Work::Draft(id, kept)),
            done => self.effects.push_back(Effect::Drafted(id, done)),
        }
    }

    fn keep_draft(
        &mut self,
        account: &str,
        form: String,
        open: OpenForm,
        inputs: Vec<(String, String)>,
        now: Now,
        batch: &mut Batch,
    ) -> Result<Kept, DraftError> {
        let size = form.len() + inputs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if size > MAX_DRAFT {
            return Err(DraftError::TooLarge);
        }
        let keys = [0, 1].map(|place| key(account, &form, place));
        let drafts = self.drafts.of(account, self.ledger.shelf())?;
        let held = keys.map(|key| drafts.get(&key));
        let latest = held.into_iter().flatten().max_by_key(|note| note.number);
        let elsewhere = latest.is_some_and(|latest| !latest.is_of(open) && latest.number > open.seen);
        let number = latest.map_or(0, |latest| latest.number) + 1;
        // Its own place, a free one, or that of the older draft.
        let own = held.iter().position(|note| note.is_some_and(|note| note.is_of(open)));
        let place = own.or_else(|| held.iter().position(Option::is_none));
        let place = place.unwrap_or_else(|| usize::from(held[0].map(|note| note.number) > held[1].map(|n| n.number)));
        let draft = Draft { form, number, at: now.wall, mark: open.mark, inputs };
        batch.put(Table::Drafts, keys[place], serde_json::to_vec(&draft).expect("a draft is plain text"));
        drafts.insert(keys[place], note_of(&draft));
        if drafts.len() > MAX_DRAFTS {
            let others = drafts.iter().filter(|(key, _)| **key != keys[place]);
            if let Some(oldest) = others.min_by_key(|(_, note)| (note.at, note.number)).map(|(key, _)| *key) {
                drafts.remove(&oldest);
                batch.remove(Table::Drafts, oldest);
            }
        }
        Ok(Kept { number, at: draft.at, elsewhere })
    }

    pub(super) fn drop_draft(
        &mut self,
        account: &str,
        form: &str,
        open: OpenForm,
        batch: &mut Batch,
    ) -> Result<(), ShelfError> {
        let drafts = self.drafts.of(account, self.ledger.shelf())?;
        for key in [0, 1].map(|place| key(account, form, place)) {
            if drafts.get(&key).is_some_and(|note| note.is_of(open)) {
                drafts.remove(&key);
                batch.remove(Table::Drafts, key);
            }
        }
        Ok(())
    }

    fn drop_drafts(&mut self, account: &str, batch: &mut Batch) -> Result<(), DraftError> {
        let drafts = self.drafts.of(account, self.ledger.shelf())?;
        std::mem::take(drafts).into_keys().for_each(|key| batch.remove(Table::Drafts, key));
        self.sent.drop_all(account, batch);
        Ok(())
    }

    fn drop_others(&mut self, accounts: &[String], batch: &mut Batch) -> Result<(), ShelfError> {
        let kept: BTreeSet<_> = accounts.iter().map(|account| account_key(account)).collect();
        // What is still being written must not come back; what stays is read again when it is asked for.
        let beginning = |key: &[u8]| key.get(..ACCOUNT).and_then(|account| account.try_into().ok());
        let written = self.drafts.0.values().flat_map(|drafts| drafts.keys().map(|key| key.to_vec()));
        let mut others: BTreeSet<Vec<u8>> = written.collect();
        self.ledger.shelf().scan(Table::Drafts, &[], None, &mut |key, _| {
            others.insert(key.to_vec());
            true
        })?;
        others.retain(|key| beginning(key).is_some_and(|account: [u8; ACCOUNT]| !kept.contains(&account)));
        self.drafts.0.retain(|account, _| kept.contains(account));
        self.sent.keep_only(&kept);
        others.into_iter().for_each(|key| batch.remove(Table::Drafts, key));
        Ok(())
    }

    /// The drafts of one form that an account has, the latest first: at most two.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn drafts_at(&self, account: &str, form: &str) -> Result<Vec<Draft>, ShelfError> {
        let mut drafts = Vec::new();
        for place in [0, 1] {
            let value = self.ledger.shelf().get(Table::Drafts, &key(account, form, place))?;
            drafts.extend(value.and_then(|value| decode(&value)));
        }
        drafts.sort_by_key(|draft: &Draft| std::cmp::Reverse(draft.number));
        Ok(drafts)
    }

    /// Which drafts an account has, the latest first: at most [`MAX_DRAFTS`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn drafts_of(&mut self, account: &str) -> Result<Vec<DraftNote>, ShelfError> {
        let drafts = self.drafts.of(account, self.ledger.shelf())?;
        let mut notes: Vec<DraftNote> = drafts.values().cloned().collect();
        notes.sort_by_key(|note| (std::cmp::Reverse(note.at), std::cmp::Reverse(note.number)));
        Ok(notes)
    }
}

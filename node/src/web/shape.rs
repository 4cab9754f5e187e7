//! The JSON of answers. Times are RFC 3339 in UTC, ids as [`toguna_protocol::ids`] writes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toguna_protocol::{
    engine::{HistoryStep, Office, RecordView, Saved, rows::Stamp},
    ids::{Arrival, AuthorKey, EntryHash, Epoch, FeedId, ItemId, NetworkId, RecordId, Seq, UnixSeconds},
    record::{Flag, Kind},
};
use utoipa::ToSchema;

use super::{etag, receipts::WordBody};
use crate::views::{Counts, ListedRecord, Page, Picture};

/// A time as text; null if it lies outside what a calendar holds.
pub(super) fn rfc3339(at: UnixSeconds) -> Option<String> {
    Timestamp::from_second(at.0).ok().map(|at| at.to_string())
}

/// Who made a change, where and when.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Made {
    /// The person.
    pub by: String,
    /// The office's device key.
    #[schema(value_type = String)]
    pub office: AuthorKey,
    /// By that office's clock, right or wrong.
    #[schema(format = DateTime)]
    pub at: Option<String>,
    /// The entry.
    #[schema(value_type = String)]
    pub entry: EntryHash,
}

impl From<Stamp> for Made {
    fn from(stamp: Stamp) -> Self {
        let Stamp { by, office, at, entry } = stamp;
        Made { by, office, at: rfc3339(at), entry }
    }
}

/// A field that needs a person's eye.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Mark {
    /// JSON pointer of the field.
    pub pointer: String,
    /// Why, for programs.
    pub code: String,
}

impl From<Flag> for Mark {
    fn from(flag: Flag) -> Self {
        Mark { pointer: flag.pointer, code: flag.code.into_owned() }
    }
}

fn marks(flags: Vec<Flag>) -> Vec<Mark> {
    flags.into_iter().map(Mark::from).collect()
}

/// One line of a list of records.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordLine {
    /// The record.
    #[schema(value_type = String)]
    pub id: RecordId,
    /// Its kind.
    #[schema(value_type = KindKey)]
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Status of a consultation or project, phase of a conflict.
    pub status: Option<String>,
    /// Keys of its regions; none means the whole country.
    pub regions: Vec<String>,
    /// The creating change.
    pub created: Made,
    /// The last change.
    pub updated: Made,
    /// "Changed since" counts by it.
    #[schema(value_type = u64)]
    pub arrival: Arrival,
    /// How many fields have concurrent values.
    pub concurrent: usize,
    /// How many items were withdrawn by one office and edited by another.
    pub decisions: usize,
    /// Rules of the workflow that it breaks.
    pub flags: Vec<Mark>,
    /// How much is still to be filled in.
    pub to_complete: usize,
    /// Entries that wait for others.
    pub waiting: usize,
    /// Entries that were set aside.
    pub set_aside: usize,
}

impl From<ListedRecord> for RecordLine {
    fn from(listed: ListedRecord) -> Self {
        RecordLine {
            id: listed.id,
            kind: listed.kind,
            title: listed.title,
            status: listed.status,
            regions: listed.regions,
            created: listed.created.into(),
            updated: listed.updated.into(),
            arrival: listed.arrival,
            concurrent: listed.concurrent,
            decisions: listed.decisions,
            flags: marks(listed.flags),
            to_complete: listed.to_complete,
            waiting: listed.waiting,
            set_aside: listed.set_aside,
        }
    }
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordPage {
    /// The records: those changed last first, or with `since` those changed first.
    pub records: Vec<RecordLine>,
    /// How many the whole list has.
    pub total: u64,
    /// What to pass as `after` for the next page; null on the last.
    pub next: Option<String>,
    /// False while the node is still indexing after its start: the list is then not whole.
    pub complete: bool,
}

impl From<Page> for RecordPage {
    fn from(page: Page) -> Self {
        RecordPage {
            records: page.records.into_iter().map(RecordLine::from).collect(),
            total: page.total,
            next: page.next.map(|next| next.to_string()),
            complete: page.complete,
        }
    }
}

/// A kind of record.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "kebab-case")]
pub enum KindKey {
    /// A meeting, mission or conference.
    Consultation,
    /// A community conflict.
    Conflict,
    /// A request, activity or programme.
    Project,
}

/// A record: its fields stand beside `id`, `kind` and `meta`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordBody {
    /// The record.
    pub id: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Its fields; lists are objects by item id.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
    /// What is known about it.
    pub meta: Meta,
}

/// What is known about a record beside its fields. Read-only.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Meta {
    /// The version, as in the header.
    pub etag: String,
    /// The creating change.
    pub created: Made,
    /// The last change.
    pub updated: Made,
    /// Fields with concurrent values.
    pub concurrent: Vec<ConcurrentField>,
    /// JSON pointers of items that were withdrawn by one office and edited by another.
    pub decisions: Vec<String>,
    /// Rules of the workflow that do not hold.
    pub flags: Vec<Mark>,
    /// What is still to be filled in.
    pub to_complete: Vec<Mark>,
    /// JSON pointers of fields that only a newer version can read.
    pub unknown: Vec<String>,
    /// Entries that are kept but not applied.
    pub standstills: Vec<Standstill>,
}

/// A field that several offices set without having seen each other's value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConcurrentField {
    /// JSON pointer of the field.
    pub field: String,
    /// The values.
    pub values: Vec<ConcurrentValue>,
}

/// One of several concurrent values.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConcurrentValue {
    /// The value.
    pub value: Value,
    /// Whether it is the one that is shown meanwhile.
    pub shown: bool,
    /// Who set it; absent only for a value of unknown origin.
    #[serde(flatten)]
    pub made: Option<Made>,
}

/// An entry that is kept but not applied.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Standstill {
    /// The entry.
    #[schema(value_type = String)]
    pub entry: EntryHash,
    /// `waiting`, or why it was set aside.
    pub code: String,
}

impl From<RecordView> for RecordBody {
    fn from(view: RecordView) -> Self {
        let concurrent = view.concurrent.into_iter().map(|field| ConcurrentField {
            field: field.field,
            values: field
                .values
                .into_iter()
                .map(|seen| ConcurrentValue { value: seen.value, shown: seen.shown, made: seen.stamp.map(Made::from) })
                .collect(),
        });
        let standstills = view.standstills.into_iter().map(|s| Standstill { entry: s.entry, code: s.code.to_owned() });
        let meta = Meta {
            etag: etag::of_heads(&view.heads),
            created: view.created.into(),
            updated: view.updated.into(),
            concurrent: concurrent.collect(),
            decisions: view.decisions,
            flags: marks(view.flags),
            to_complete: marks(view.to_complete),
            unknown: view.unknown,
            standstills: standstills.collect(),
        };
        RecordBody { id: view.id, kind: view.kind, fields: view.fields, meta }
    }
}

/// What a save brought about. It is durable.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SavedBody {
    /// The record.
    #[schema(value_type = String)]
    pub id: RecordId,
    /// The entry; null if everything asked for was already so.
    #[schema(value_type = Option<String>)]
    pub entry: Option<EntryHash>,
    /// The version after it, as in the header.
    pub etag: String,
    /// Ids of new items, by the JSON pointer under which they were asked for.
    #[schema(value_type = BTreeMap<String, String>)]
    pub new_items: BTreeMap<String, ItemId>,
}

impl From<Saved> for SavedBody {
    fn from(saved: Saved) -> Self {
        let Saved { record, entry, heads, new_items } = saved;
        SavedBody { id: record, entry, etag: etag::of_heads(&heads), new_items }
    }
}

/// A choice among concurrent values.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// JSON pointer of the field.
    pub field: String,
    /// What to settle on.
    pub choice: Choice,
    /// Why.
    pub reason: Option<String>,
}

/// What a field is settled on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Choice {
    /// The concurrent value that this entry wrote.
    #[schema(value_type = String)]
    Entry(EntryHash),
    /// A third value; null for none.
    Value(Value),
}

/// An evaluator's opinion of a request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationBody {
    /// One of the project's `evaluators`.
    pub evaluator: String,
    /// `relevance`, `moral_standing`, `budget_coherence` (texts) and `verdict` (`favourable`, `with-reservations`,
    /// `unfavourable`).
    pub opinion: Value,
}

/// A record's changes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct History {
    /// The oldest first, in an order that respects what each author had seen.
    pub history: Vec<Step>,
}

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Step {
    /// Who, where, when.
    #[serde(flatten)]
    pub made: Made,
    /// Its number in the office's feed.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// The office's name, once its card has arrived.
    pub office_name: Option<String>,
    /// The reason given.
    pub reason: Option<String>,
    /// What its author saw, and what it made of it.
    pub changes: Vec<FieldChange>,
}

/// A field before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// JSON pointer of the field.
    pub field: String,
    /// What the author saw; null for nothing.
    pub before: Value,
    /// What it became; null for nothing.
    pub after: Value,
}

impl History {
    /// The steps, with the names of the offices.
    pub fn of(steps: Vec<HistoryStep>, offices: &[Office]) -> Self {
        let name =
            |author| offices.iter().find(|office| office.author == author).and_then(|office| office.name.clone());
        let step = |step: HistoryStep| Step {
            office_name: name(step.stamp.office),
            made: step.stamp.into(),
            seq: step.seq,
            reason: step.reason,
            changes: step
                .changes
                .into_iter()
                .map(|change| FieldChange { field: change.field, before: change.before, after: change.after })
                .collect(),
        };
        History { history: steps.into_iter().map(step).collect() }
    }
}

/// The node in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatusBody {
    /// This node.
    pub node: NodeBody,
    /// The network.
    #[schema(value_type = String)]
    pub network: NetworkId,
    /// The store's mark; new after any doubt about what it holds.
    #[schema(value_type = String)]
    pub epoch: Epoch,
    /// 32 hexadecimal digits: equal on two nodes that hold the same.
    pub digest: String,
    /// Feed → highest number held.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub frontier: BTreeMap<FeedId, Seq>,
    /// The last arrival number.
    #[schema(value_type = u64)]
    pub arrival: Arrival,
    /// False while the node is still indexing after its start, or catching up with what just came in.
    pub views_complete: bool,
    /// What the views hold.
    pub counts: Counts,
    /// The store.
    pub store: StoreBody,
    /// How fresh each office's records are.
    pub offices: Vec<OfficeBody>,
    /// How fresh the records of each region's offices are.
    pub regions: Vec<super::receipts::RegionBody>,
    /// Entries that other offices are known to hold and that are not here; null where no other has been heard of.
    pub known_missing: Option<u64>,
    /// Every peer that is dialled or connected.
    pub peers: Vec<PeerBody>,
}

/// This node.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NodeBody {
    /// The office's name.
    pub name: String,
    /// The key of its region; null for the national team.
    pub region: Option<String>,
    /// Its device key.
    #[schema(value_type = String)]
    pub author: AuthorKey,
    /// The program's version.
    pub version: &'static str,
    /// Seconds since it began to serve.
    pub uptime_s: u64,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StoreBody {
    /// Bytes on the disk; null if they could not be measured.
    pub bytes: Option<u64>,
    /// Why it may hold less than it once did, if opening it raised a doubt.
    pub doubt: Option<String>,
}

/// An office, as far as anything of it is known here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OfficeBody {
    /// Its device key.
    #[schema(value_type = String)]
    pub author: AuthorKey,
    /// Its name; null until its card has arrived.
    pub name: Option<String>,
    /// The key of its region; null for the national team.
    pub region: Option<String>,
    /// Entries of its feeds that are held here.
    pub entries: u64,
    /// When it wrote the last of them, by its own clock.
    #[schema(format = DateTime)]
    pub last_entry_at: Option<String>,
    /// When the last of them came here, by our clock; null if nobody took note.
    #[schema(format = DateTime)]
    pub last_arrived_at: Option<String>,
    /// By its own clock: all that it had written by then is here. Null where nothing tells.
    #[schema(format = DateTime)]
    pub as_of: Option<String>,
    /// Entries of this office that others are known to hold and that are not here; null where nothing tells, which is
    /// not none.
    pub missing: Option<u64>,
    /// When it last said what it holds; null if that never came here.
    pub last_word: Option<WordBody>,
    /// The version of its program by that word.
    pub version: Option<String>,
}

impl OfficeBody {
    /// An office; the others lend their names.
    pub fn of(office: &Office, offices: &[Office]) -> Self {
        OfficeBody {
            author: office.author,
            name: office.name.clone(),
            region: office.region.clone(),
            entries: office.entries,
            last_entry_at: office.last_entry_at.and_then(rfc3339),
            last_arrived_at: office.last_arrived_at.and_then(rfc3339),
            as_of: office.fresh.as_of.and_then(rfc3339),
            missing: office.fresh.missing,
            last_word: office.fresh.last_word.map(|word| WordBody::of(word, offices)),
            version: office.fresh.version.clone(),
        }
    }
}

/// A peer that is dialled or connected.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PeerBody {
    /// Its device key, once known.
    #[schema(value_type = Option<String>)]
    pub author: Option<AuthorKey>,
    /// The office's name, once known.
    pub name: Option<String>,
    /// Where it is reached.
    pub address: Option<String>,
    /// Whether a connection stands.
    pub connected: bool,
    /// Entries we hold and it has not said it holds; without a connection, by what was last heard of it. Null until
    /// anything was.
    pub waiting_to_leave: Option<u64>,
    /// Entries it has said it holds and we do not.
    pub lacking: Option<u64>,
    /// Why the last attempt failed or the last connection ended.
    pub last_error: Option<String>,
    /// Seconds until it is dialled next.
    pub next_attempt_s: Option<u64>,
}

/// Every peer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Peers {
    /// Every peer that is dialled or connected.
    pub peers: Vec<PeerBody>,
}

/// The merged national picture, with how fresh each office's part in it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PictureBody {
    /// The numbers.
    #[serde(flatten)]
    pub picture: Picture,
    /// How fresh each office's records are.
    pub offices: Vec<OfficeBody>,
}

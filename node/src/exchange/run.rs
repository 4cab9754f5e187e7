//! The import itself: look, create, link. Small on purpose, since it runs against real offices' records.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use toguna_protocol::ids::RecordId;
use toguna_protocol::record::{Kind, Vocabulary};

use super::{Draft, Fault, SourceLink, check};

/// Where records go: the HTTP API, or a map in tests.
pub trait RecordSink {
    /// The record that was imported with this source key, by whichever office.
    fn find_by_source(&self, source_ref: &str) -> impl Future<Output = Result<Option<Found>, SinkError>> + Send;

    /// Makes a record from the shape of the HTTP API and returns its id. Durable when it returns.
    fn create(&self, record: Value) -> impl Future<Output = Result<RecordId, SinkError>> + Send;

    /// Changes a record by a merge patch against the version that `etag` names.
    fn patch(&self, id: RecordId, etag: &str, patch: Value) -> impl Future<Output = Result<(), SinkError>> + Send;
}

/// A record that is already there.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its id.
    pub id: RecordId,
    /// The version that was read.
    pub etag: String,
    /// The record in the shape of the HTTP API.
    pub record: Value,
}

/// The sink refused a record or could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct SinkError {
    /// The field at fault as a JSON pointer; empty where it is none.
    pub field: String,
    /// What is wrong. Holds nothing of the record's content.
    pub problem: String,
}

/// Whether an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reports what would be done.
    Preview,
    /// Does it.
    Write,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing was written.
    pub preview: bool,
    /// New records by kind.
    pub created: BTreeMap<Kind, usize>,
    /// Records that were there already, by kind. They are left as they are.
    pub present: BTreeMap<Kind, usize>,
    /// Links made to records that are there.
    pub linked: usize,
    /// Links whose other end is not here yet. Import again when it has arrived.
    pub open_links: usize,
}

/// An import could not be done, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Some lines are not as they must be. Nothing was written.
    #[error("nothing was imported: {} line(s) are at fault, the first being {}", .0.len(), .0[0])]
    Faulty(Vec<Fault>),
    /// A record was refused, or the node could not be reached. What was imported before stays; importing again goes
    /// on from there.
    #[error("stopped after {} new record(s), importing again goes on from there: {fault}", done.created.values().sum::<usize>())]
    Stopped {
        /// What was done until then.
        done: Report,
        /// Where and why it stopped.
        fault: Fault,
    },
}

/// Brings drafts in. All are checked before the first is written; those whose source key is known are left alone, save
/// that links which could not be made before are added. `progress` is told how many drafts are done.
pub async fn import<S: RecordSink>(
    drafts: &[Draft],
    vocabulary: &Vocabulary,
    sink: &S,
    mode: Mode,
    progress: &mut (dyn FnMut(usize) + Send),
) -> Result<Report, ImportError> {
    let faults = check::all(drafts, vocabulary);
    if !faults.is_empty() {
        return Err(ImportError::Faulty(faults));
    }
    let mut run = Run { sink, mode, ids: BTreeMap::new(), report: Report::default() };
    run.report.preview = mode == Mode::Preview;
    let mut waiting = Vec::new();
    for (done, draft) in drafts.iter().enumerate() {
        match run.bring_in(draft).await {
            Ok(true) => {}
            Ok(false) => waiting.push(draft),
            Err(error) => return Err(run.stopped(draft, error)),
        }
        progress(done + 1);
    }
    for draft in waiting {
        if let Err(error) = run.add_links(draft).await {
            return Err(run.stopped(draft, error));
        }
    }
    Ok(run.report)
}

/// What a source key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// A record that is there.
    Here(RecordId),
    /// A record that this import would make, in a preview.
    Would,
    /// No record that is here.
    Nothing,
}

struct Run<'a, S> {
    sink: &'a S,
    mode: Mode,
    /// What is known of source keys so far.
    ids: BTreeMap<String, Known>,
    report: Report,
}

impl<S: RecordSink> Run<'_, S> {
    fn stopped(self, draft: &Draft, error: SinkError) -> ImportError {
        let fault = draft.at.fault(error.field, error.problem);
        ImportError::Stopped { done: self.report, fault }
    }

    /// Creates the record if it is not there. Says whether all its links stand; the rest is for the second pass, when
    /// every record of this import has been made.
    async fn bring_in(&mut self, draft: &Draft) -> Result<bool, SinkError> {
        if let Some(found) = self.sink.find_by_source(&draft.source_ref).await? {
            self.ids.insert(draft.source_ref.clone(), Known::Here(found.id));
            *self.report.present.entry(draft.kind).or_default() += 1;
            return Ok(draft.links.is_empty());
        }
        let mut links = Vec::new();
        for link in &draft.links {
            match self.look_up(&link.target).await? {
                Known::Here(id) => links.push(link_to(id, link)),
                Known::Would | Known::Nothing => {}
            }
        }
        *self.report.created.entry(draft.kind).or_default() += 1;
        if self.mode == Mode::Preview {
            self.ids.insert(draft.source_ref.clone(), Known::Would);
            return Ok(draft.links.is_empty());
        }
        let mut record = draft.record.clone();
        let made = links.len();
        add_items(&mut record, links);
        let id = self.sink.create(Value::Object(record)).await?;
        self.report.linked += made;
        self.ids.insert(draft.source_ref.clone(), Known::Here(id));
        Ok(made == draft.links.len())
    }

    /// Adds the links that the record lacks and that can be made by now.
    async fn add_links(&mut self, draft: &Draft) -> Result<(), SinkError> {
        let found = self.sink.find_by_source(&draft.source_ref).await?;
        let mut links = Vec::new();
        for link in &draft.links {
            match self.look_up(&link.target).await? {
                Known::Here(id) if found.as_ref().is_some_and(|found| has_link(&found.record, id, link)) => {}
                Known::Here(id) => links.push(link_to(id, link)),
                Known::Would => self.report.linked += 1,
                Known::Nothing => self.report.open_links += 1,
            }
        }
        self.report.linked += links.len();
        match found {
            Some(found) if self.mode == Mode::Write && !links.is_empty() => {
                let mut patch = Map::new();
                add_items(&mut patch, links);
                self.sink.patch(found.id, &found.etag, Value::Object(patch)).await
            }
            _ => Ok(()),
        }
    }

    async fn look_up(&mut self, source_ref: &str) -> Result<Known, SinkError> {
        if let Some(known) = self.ids.get(source_ref)
            && *known != Known::Nothing
        {
            return Ok(*known);
        }
        let known = match self.sink.find_by_source(source_ref).await? {
            Some(found) => Known::Here(found.id),
            None => Known::Nothing,
        };
        self.ids.insert(source_ref.to_owned(), known);
        Ok(known)
    }
}

fn link_to(id: RecordId, link: &SourceLink) -> Value {
    let mut item = link.rest.clone();
    item.insert("record".to_owned(), json!(id.to_string()));
    Value::Object(item)
}

/// Whether a record has such a link. One that somebody withdrew counts: it is not for an import to restore it.
fn has_link(record: &Value, id: RecordId, link: &SourceLink) -> bool {
    let Some(links) = record.get("links").and_then(Value::as_object) else {
        return false;
    };
    links.values().any(|there| {
        there.get("record").and_then(Value::as_str) == Some(id.to_string().as_str())
            && there.get("relation") == link.rest.get("relation")
    })
}

/// Adds new links to a record or patch, beside those it has.
fn add_items(record: &mut Map<String, Value>, links: Vec<Value>) {
    if links.is_empty() {
        return;
    }
    let items = record.entry("links").or_insert_with(|| json!({}));
    if let Value::Object(items) = items {
        for (at, link) in links.into_iter().enumerate() {
            items.insert(format!("new-source-{at}"), link);
        }
    }
}


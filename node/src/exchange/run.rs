//! The import itself: look, create, link. Small on purpose, since it runs against real offices' records.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use toguna_protocol::ids::RecordId;
use toguna_protocol::record::{Kind, Vocabulary};

use super::{Draft, Fault, RECORD, SourceLink, check};

/// Where records go: the HTTP API, or a map in tests.
pub trait RecordSink {
    /// The record that was imported with this source key, by whichever office.
    fn find_by_source(&self, source_ref: &str) -> impl Future<Output = Result<Option<Found>, SinkError>> + Send;

    /// The record with this id, if it is here.
    fn find_by_id(&self, id: RecordId) -> impl Future<Output = Result<Option<Found>, SinkError>> + Send;

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

impl Report {
    /// New records of all kinds.
    pub fn new_records(&self) -> usize {
        self.created.values().sum()
    }

    /// Records of all kinds that were there already.
    pub fn present_records(&self) -> usize {
        self.present.values().sum()
    }
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
    #[error("stopped after {} new record(s), importing again goes on from there: {fault}", done.new_records())]
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
    let report = Report { preview: mode == Mode::Preview, ..Report::default() };
    let mut run = Run { sink, mode, ids: BTreeMap::new(), report };
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
        if let Some(found) = self.find(&draft.source_ref).await? {
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
        if self.mode == Mode::Preview {
            *self.report.created.entry(draft.kind).or_default() += 1;
            self.ids.insert(draft.source_ref.clone(), Known::Would);
            return Ok(draft.links.is_empty());
        }
        let mut record = draft.record.clone();
        let made = links.len();
        add_items(&mut record, links);
        let id = self.sink.create(Value::Object(record)).await?;
        *self.report.created.entry(draft.kind).or_default() += 1;
        self.report.linked += made;
        self.ids.insert(draft.source_ref.clone(), Known::Here(id));
        Ok(made == draft.links.len())
    }

    /// Adds the links that the record lacks and that can be made by now.
    async fn add_links(&mut self, draft: &Draft) -> Result<(), SinkError> {
        let found = self.find(&draft.source_ref).await?;
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

    /// The record that a key stands for, be it the id that some office gave it.
    async fn find(&self, source_ref: &str) -> Result<Option<Found>, SinkError> {
        if let Some(id) = source_ref.strip_prefix(RECORD).and_then(|id| id.parse().ok())
            && let Some(found) = self.sink.find_by_id(id).await?
        {
            return Ok(Some(found));
        }
        self.sink.find_by_source(source_ref).await
    }

    async fn look_up(&mut self, source_ref: &str) -> Result<Known, SinkError> {
        if let Some(known) = self.ids.get(source_ref) {
            return Ok(*known);
        }
        let found = self.find(source_ref).await?;
        let known = found.map_or(Known::Nothing, |found| Known::Here(found.id));
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
pub(super) fn add_items(record: &mut Map<String, Value>, links: Vec<Value>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::memory::MemorySink;
    use crate::exchange::records;
    use crate::pack::Pack;

    const TWO: &str = concat!(
        r#"{"kind":"project","title":"Un projet","source_ref":"P","#,
        r#""links":{"new-1":{"record":"source:C","relation":"about"}}}"#,
        "\n",
        r#"{"kind":"conflict","title":"Un conflit","source_ref":"C"}"#,
        "\n"
    );

    async fn bring(sink: &MemorySink, text: &str, mode: Mode) -> Result<Report, ImportError> {
        let drafts = records("f", text).expect("good lines");
        import(&drafts, &Pack::embedded().vocabulary(), sink, mode, &mut |_| {}).await
    }

    #[tokio::test]
    async fn a_second_import_changes_nothing() {
        let sink = MemorySink::default();
        let first = bring(&sink, TWO, Mode::Write).await.expect("an import");
        assert_eq!((first.new_records(), first.linked, first.open_links), (2, 1, 0));
        let before = sink.writes();
        let second = bring(&sink, TWO, Mode::Write).await.expect("an import");
        assert_eq!((second.present_records(), second.linked, second.created.len()), (2, 0, 0));
        assert_eq!(sink.writes(), before);
    }

    #[tokio::test]
    async fn a_link_waits_for_a_record_of_another_office() {
        let sink = MemorySink::default();
        let (project, conflict) = TWO.split_once('\n').expect("two lines");
        let alone = bring(&sink, project, Mode::Write).await.expect("an import");
        assert_eq!((alone.linked, alone.open_links), (0, 1));
        bring(&sink, conflict, Mode::Write).await.expect("an import");
        let again = bring(&sink, project, Mode::Write).await.expect("an import");
        assert_eq!((again.linked, again.open_links), (1, 0));
        let found = sink.find_by_source("P").await.expect("a sink").expect("a record");
        assert_eq!(found.record["links"].as_object().map(Map::len), Some(1));
    }

    #[tokio::test]
    async fn a_preview_says_what_an_import_would_do_and_writes_nothing() {
        let sink = MemorySink::default();
        let preview = bring(&sink, TWO, Mode::Preview).await.expect("a preview");
        assert_eq!(sink.writes(), 0);
        let import = bring(&sink, TWO, Mode::Write).await.expect("an import");
        assert_eq!(preview, Report { preview: true, ..import });
    }

    #[tokio::test]
    async fn a_link_that_somebody_withdrew_stays_withdrawn() {
        let sink = MemorySink::default();
        bring(&sink, TWO, Mode::Write).await.expect("an import");
        sink.withdraw_links("P");
        let again = bring(&sink, TWO, Mode::Write).await.expect("an import");
        assert_eq!(again.linked, 0);
    }

    #[tokio::test]
    async fn an_import_that_stops_says_where_and_goes_on_from_there() {
        let sink = MemorySink::default();
        sink.refuse_after(1);
        let error = bring(&sink, TWO, Mode::Write).await.expect_err("a refusal");
        assert!(error.to_string().contains("stopped after 1 new record(s)"), "{error}");
        assert!(error.to_string().contains("f, line 2, /title: refused"), "{error}");
        sink.refuse_after(usize::MAX);
        let rest = bring(&sink, TWO, Mode::Write).await.expect("an import");
        assert_eq!((rest.new_records(), rest.present_records(), rest.linked), (1, 1, 1));
    }

    #[tokio::test]
    async fn one_faulty_line_keeps_everything_out() {
        let sink = MemorySink::default();
        let faulty = format!("{TWO}{}\n", r#"{"kind":"conflict","title":"t","source_ref":"X","phase":{"is":"war"}}"#);
        let error = bring(&sink, &faulty, Mode::Write).await.expect_err("a fault");
        assert_eq!(sink.writes(), 0);
        assert!(error.to_string().contains("f, line 3, /phase/is"), "{error}");
    }
}

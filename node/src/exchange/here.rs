//! Records go to the node of this process, in the name of whoever imports them.

use automerge::ChangeHash;
use data_encoding::HEXLOWER;
use serde_json::Value;
use toguna_protocol::{
    engine::{Command, CommandError, Intent, QueryError, RecordView},
    ids::RecordId,
    record::{Kind, RecordError},
};

use super::{Found, RecordSink, SinkError};
use crate::{
    app::{App, AskError, SubmitError},
    views::Filter,
};

/// See the module.
#[derive(Clone)]
pub struct Here {
    /// The node.
    pub app: App,
    /// Who imports.
    pub person: String,
    /// Why, as the history of each record will say.
    pub reason: String,
}

impl Here {
    async fn submit(&self, intent: Intent) -> Result<RecordId, SinkError> {
        let command = Command { person: self.person.clone(), reason: Some(self.reason.clone()), intent };
        let saved = self.app.submit(command).await.map_err(|error| match error {
            SubmitError::Refused(CommandError::Record(RecordError::Invalid(problems))) if !problems.is_empty() => {
                SinkError { field: problems[0].pointer.clone(), problem: problems[0].detail.to_owned() }
            }
            error => failed(&error),
        })?;
        Ok(saved.record)
    }
}

impl RecordSink for Here {
    async fn find_by_source(&self, source_ref: &str) -> Result<Option<Found>, SinkError> {
        // What is not found is made: nobody may be told so while the node is still reading.
        if !self.app.views().is_complete() {
            let problem = "the node is still reading its records: wait a moment";
            return Err(SinkError { field: String::new(), problem: problem.to_owned() });
        }
        let filter = Filter { source_ref: Some(source_ref.to_owned()), ..Filter::default() };
        let views = self.app.views().clone();
        let page = tokio::task::spawn_blocking(move || views.list(&filter, None, 1)).await;
        let page = page.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        match page.records.first() {
            Some(listed) => self.find_by_id(listed.id).await,
            None => Ok(None),
        }
    }

    async fn find_by_id(&self, id: RecordId) -> Result<Option<Found>, SinkError> {
        match self.app.record(id).await {
            Ok(view) => Ok(Some(found(view))),
            Err(AskError::Query(QueryError::NotFound)) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn create(&self, record: Value) -> Result<RecordId, SinkError> {
        let kind = record.get("kind").and_then(Value::as_str).and_then(Kind::from_key);
        let kind = kind.ok_or_else(|| SinkError { field: "/kind".to_owned(), problem: "is unknown".to_owned() })?;
        self.submit(Intent::Create(kind, record)).await
    }

    async fn patch(&self, id: RecordId, etag: &str, patch: Value) -> Result<(), SinkError> {
        let heads = HEXLOWER.decode(etag.as_bytes()).map_err(|error| failed(&error))?;
        let heads = heads.as_chunks::<32>().0.iter().map(|head| ChangeHash(*head)).collect();
        self.submit(Intent::Patch(id, heads, patch)).await?;
        Ok(())
    }
}

fn found(view: RecordView) -> Found {
    let etag = HEXLOWER.encode(&view.heads.iter().flat_map(|head| head.0).collect::<Vec<u8>>());
    Found { id: view.id, etag, record: Value::Object(view.fields) }
}

fn failed(error: &dyn std::error::Error) -> SinkError {
    SinkError { field: String::new(), problem: error.to_string() }
}

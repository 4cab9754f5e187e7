//! Imports write through the same client as everybody else.

use serde_json::{Map, Value};
use toguna_protocol::ids::RecordId;

use super::{Answer, Client, ClientError};
use crate::exchange::{Found, RecordSink, SinkError};

impl RecordSink for Client {
    async fn find_by_source(&self, source_ref: &str) -> Result<Option<Found>, SinkError> {
        let (records, _, _) = self.page(&[("source_ref", source_ref.to_owned())], 1, None).await?;
        let Some(id) = records.first().and_then(|record| record.get("id")).and_then(Value::as_str) else {
            return Ok(None);
        };
        Ok(Some(found(self.record(id).await?)?))
    }

    async fn find_by_id(&self, id: RecordId) -> Result<Option<Found>, SinkError> {
        match self.record(&id.to_string()).await {
            Ok(answer) => Ok(Some(found(answer)?)),
            Err(ClientError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(&self, record: Value) -> Result<RecordId, SinkError> {
        Ok(record_id(&self.new_record(&record).await?.body)?)
    }

    async fn patch(&self, id: RecordId, etag: &str, patch: Value) -> Result<(), SinkError> {
        self.edit(&id.to_string(), etag, &patch).await?;
        Ok(())
    }
}

fn found(answer: Answer) -> Result<Found, ClientError> {
    let etag = answer.etag.ok_or_else(|| ClientError::Shape("a record came without its version".to_owned()))?;
    Ok(Found { id: record_id(&answer.body)?, etag, record: answer.body })
}

fn record_id(body: &Value) -> Result<RecordId, ClientError> {
    let id = body.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    id.ok_or_else(|| ClientError::Shape("there is no record id in it".to_owned()))
}

impl From<ClientError> for SinkError {
    fn from(error: ClientError) -> Self {
        let problem = error.to_string();
        let field = match error {
            ClientError::Refused(refused) => match refused.problems.first() {
                Some(first) => return SinkError { field: first.pointer.clone(), problem: first.detail.clone() },
                None => refused.changed.first().and_then(pointer).unwrap_or_default(),
            },
            _ => String::new(),
        };
        SinkError { field, problem }
    }
}

fn pointer(changed: &Map<String, Value>) -> Option<String> {
    Some(changed.get("pointer")?.as_str()?.to_owned())
}

//! A record sink for tests: a map that knows as much of merge patches as an import needs.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Map, Value, json};
use toguna_protocol::ids::RecordId;

use super::{Found, RecordSink, SinkError};

/// Records by their source keys.
#[derive(Debug)]
pub(crate) struct MemorySink {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    records: BTreeMap<String, (RecordId, Map<String, Value>)>,
    writes: usize,
    creations_left: usize,
}

impl Default for MemorySink {
    fn default() -> Self {
        let kept = Kept { records: BTreeMap::new(), writes: 0, creations_left: usize::MAX };
        MemorySink { kept: Mutex::new(kept) }
    }
}

impl MemorySink {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().expect("no test panics while it holds the lock")
    }

    /// How many times anything was written.
    pub(crate) fn writes(&self) -> usize {
        self.kept().writes
    }

    /// All records.
    pub(crate) fn records(&self) -> Vec<Map<String, Value>> {
        self.kept().records.values().map(|(_, record)| record.clone()).collect()
    }

    /// Refuses every creation but the next few.
    pub(crate) fn refuse_after(&self, creations: usize) {
        self.kept().creations_left = creations;
    }

    /// Withdraws all links of a record.
    pub(crate) fn withdraw_links(&self, source_ref: &str) {
        let mut kept = self.kept();
        let (_, record) = kept.records.get_mut(source_ref).expect("a record");
        for link in record["links"].as_object_mut().expect("links").values_mut() {
            link["withdrawn"] = json!(true);
        }
    }
}

impl RecordSink for MemorySink {
    async fn find_by_source(&self, source_ref: &str) -> Result<Option<Found>, SinkError> {
        let kept = self.kept();
        Ok(kept.records.get(source_ref).map(|(id, record)| Found {
            id: *id,
            etag: kept.writes.to_string(),
            record: Value::Object(record.clone()),
        }))
    }

    async fn find_by_id(&self, id: RecordId) -> Result<Option<Found>, SinkError> {
        let source_ref = self.kept().records.iter().find(|(_, (known, _))| *known == id).map(|(key, _)| key.clone());
        match source_ref {
            Some(source_ref) => self.find_by_source(&source_ref).await,
            None => Ok(None),
        }
    }

    async fn create(&self, record: Value) -> Result<RecordId, SinkError> {
        let mut kept = self.kept();
        if kept.creations_left == 0 {
            return Err(SinkError { field: "/title".to_owned(), problem: "refused".to_owned() });
        }
        kept.creations_left -= 1;
        kept.writes += 1;
        let id = RecordId(u128::to_be_bytes(kept.writes as u128));
        let record = record.as_object().expect("an object").clone();
        let source_ref = record["source_ref"].as_str().expect("a source key").to_owned();
        assert!(kept.records.insert(source_ref, (id, record)).is_none(), "a record is made once");
        Ok(id)
    }

    async fn patch(&self, id: RecordId, etag: &str, patch: Value) -> Result<(), SinkError> {
        let mut kept = self.kept();
        assert_eq!(etag, kept.writes.to_string(), "the version that was read");
        kept.writes += 1;
        let writes = kept.writes;
        let (_, record) = kept.records.values_mut().find(|(known, _)| *known == id).expect("a record");
        for (field, items) in patch.as_object().expect("an object") {
            let kept = record.entry(field.clone()).or_insert_with(|| json!({}));
            for (key, item) in items.as_object().expect("items") {
                kept[format!("{key}-{writes}")] = item.clone();
            }
        }
        Ok(())
    }
}

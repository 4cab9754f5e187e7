//! Exports of a real node, read back; and every record that must not leave, looked for in every file.

mod files;
mod large;

use std::{
    io::Read,
    sync::{Arc, LazyLock},
};

use automerge::AutoCommit;
use serde_json::{Value, json};
use tempfile::TempDir;
use toguna_protocol::{
    engine::{
        Command, Intent,
        rows::{Row, Stamp},
    },
    ids::{Arrival, AuthorKey, EntryHash, FeedId, RecordId, Seq, UnixSeconds},
    projection::project,
    record::{self, ItemIds, Kind},
};

use super::*;
use crate::{
    app::{self, Settings, StoreOptions},
    pack::Pack,
    views::{Outline, Views},
};

pub(super) static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Arc::new(Pack::embedded()));

/// 26 November 2026, 10 o'clock.
pub(super) const NOW: UnixSeconds = UnixSeconds(1_795_687_200);

/// A record's row, as the engine makes it; `null` fields are left out.
fn row(kind: Kind, mut fields: Value) -> Row {
    fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let mut document = AutoCommit::new();
    let mut ids = ItemIds::new(FeedId([1; 32]), Seq(1));
    let vocabulary = PACK.vocabulary();
    record::create(&mut document, kind, &fields, &mut ids, &vocabulary).expect("a valid record");
    document.commit();
    let id = RecordId([7; 16]);
    let record = project(id, &record::read(&document, None).expect("a record"), &vocabulary);
    let stamp = Stamp { by: "Awa".into(), office: AuthorKey([1; 32]), at: NOW, entry: EntryHash([2; 32]) };
    Row {
        id,
        record,
        created: stamp.clone(),
        updated: stamp,
        arrival: Arrival(1),
        waiting: 0,
        set_aside: 0,
        settled: Vec::new(),
        heard: Vec::new(),
    }
}

/// What the views say of a record.
pub(super) fn outline(kind: Kind, fields: Value) -> Outline {
    let row = row(kind, fields);
    let views = Views::new().unwrap();
    views.apply(std::slice::from_ref(&row)).unwrap();
    views.outlines(&[row.id]).unwrap().remove(0)
}

/// A place of the gazetteer, as records hold it.
fn place(name: &str, precision: &str) -> Value {
    let known = PACK.places().search(name, 1)[0];
    json!({"key": known.key, "name": name, "precision": precision})
}

struct Office {
    app: App,
    home: TempDir,
}

impl Office {
    async fn new() -> Office {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings {
            data_dir: home.path().to_owned(),
            name: "Gao".into(),
            region: Some("ML-7".into()),
            device_key: [7; 32],
            network_secret: b"the offices of this test".to_vec(),
            pack: PACK.clone(),
            net: None,
            store: StoreOptions::default(),
            clock_ahead: 0,
        };
        let app = app::open(settings).await.unwrap();
        while !app.views().is_complete() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Office { app, home }
    }

    async fn create(&self, kind: Kind, fields: Value) -> RecordId {
        let command = Command { person: "Awa".into(), reason: None, intent: Intent::Create(kind, fields) };
        self.app.submit(command).await.unwrap().record
    }

    fn order(&self, kind: Kind, format: Format, texts: bool) -> Order {
        Order {
            kind,
            filter: Filter::default(),
            format,
            lang: Lang::Fr,
            texts,
            now: NOW,
            by: "Awa Diallo".into(),
            role: Some("head-of-office"),
            way: "page",
        }
    }

    async fn export(&self, order: Order) -> (String, Vec<u8>) {
        let mut export = export(&self.app, order).await.unwrap();
        let mut bytes = std::mem::take(&mut export.head);
        export.rest.read_to_end(&mut bytes).unwrap();
        bytes.extend_from_slice(export.tail);
        assert_eq!(bytes.len() as u64, export.bytes);
        (export.name, bytes)
    }

    async fn text(&self, kind: Kind, format: Format, texts: bool) -> String {
        String::from_utf8(self.export(self.order(kind, format, texts)).await.1).unwrap()
    }
}

/// The text of every part of a workbook.
fn unpacked(workbook: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut all = String::new();
    for at in 0..archive.len() {
        archive.by_index(at).unwrap().read_to_string(&mut all).unwrap();
    }
    all
}

use serde_json::json;
use tempfile::TempDir;
use toguna_protocol::{
    engine::{Command, Intent},
    record::Kind,
    shelf::{Batch, Table},
};

use super::*;
use crate::{
    app::{self, Settings},
    pack::Pack,
    store::{Durability, Options},
};

/// A node with one record.
async fn office() -> (App, RecordId, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let app = app::open(Settings {
        data_dir: home.path().to_owned(),
        name: "Gao".into(),
        region: None,
        device_key: [7; 32],
        network_secret: b"the offices of this test".to_vec(),
        pack: Arc::new(Pack::embedded()),
        net: None,
        store: Options::default(),
        clock_ahead: 0,
    });
    let app = app.await.unwrap();
    let intent = Intent::Create(Kind::Conflict, json!({"title": "Puits"}));
    let saved = app.submit(Command { person: "Awa".into(), reason: None, intent }).await.unwrap();
    // The row is written down at the next tick.
    while app.store().get(Table::Records, &saved.record.0).unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (app, saved.record, home)
}

/// Replaces the last row of a table, or removes it.
fn alter_last(app: &App, table: Table, alter: Option<fn(&mut Vec<u8>)>) {
    let mut last = None;
    app.store()
        .scan(table, &[], None, &mut |key, value| {
            last = Some((key.to_vec(), value));
            true
        })
        .unwrap();
    let (key, mut value) = last.unwrap();
    let mut batch = Batch::default();
    match alter {
        Some(alter) => {
            alter(&mut value);
            batch.put(table, key, value);
        }
        None => batch.remove(table, key),
    }
    app.store().commit(&batch, Durability::Durable).unwrap();
}

#[tokio::test]
async fn a_sound_node_is_found_sound() {
    let (app, _, _home) = office().await;
    let steps = Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = steps.clone();
    let report = app.check(move |step, done, total| told.lock().unwrap().push((step, done, total))).await.unwrap();
    assert!(report.sound && report.problems.is_empty(), "{report:?}");
    assert_eq!((report.entries, report.records), (2, 1));
    let steps = steps.lock().unwrap();
    for last in [(CheckStep::Feeds, 2, Some(2)), (CheckStep::Records, 1, Some(1))] {
        assert!(steps.contains(&last), "{steps:?}");
    }
    assert!(steps.is_sorted());
}

#[tokio::test]
async fn what_was_altered_is_found() {
    type Alter = fn(&App, RecordId);
    let cases: [(&str, Alter); 6] = [
        ("shown-differs", |app, record| {
            let stored = app.store().get(Table::Records, &record.0).unwrap().unwrap();
            let mut row = rows::decode(&stored).unwrap();
            row.record.title.push('!');
            app.views().apply(&[row]).unwrap();
        }),
        ("without-entries", |app, record| {
            let stored = app.store().get(Table::Records, &record.0).unwrap().unwrap();
            let row = rows::decode(&stored).unwrap();
            app.views().apply(&[rows::Row { id: RecordId([9; 16]), ..row }]).unwrap();
        }),
        ("signature", |app, _| alter_last(app, Table::Entries, Some(|value| *value.last_mut().unwrap() ^= 1))),
        ("missing", |app, _| alter_last(app, Table::Entries, None)),
        ("arrival-index", |app, _| alter_last(app, Table::Arrivals, None)),
        ("record-index", |app, _| alter_last(app, Table::RecordEntries, None)),
    ];
    for (code, alter) in cases {
        let (app, record, _home) = office().await;
        alter(&app, record);
        let report = app.check(|_, _, _| {}).await.unwrap();
        assert!(!report.sound);
        assert!(report.problems.iter().any(|problem| problem.code == code), "{code}: {report:?}");
        assert!(report.problems.iter().all(|problem| !problem.place.contains("Puits")), "{report:?}");
    }
}

//! The ordinary troubles of an office: a full disk, the program started twice, a clock that is wrong.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde_json::json;
use toguna::{
    app::{StartError, SubmitError},
    store::{self, FreeSpace},
};
use toguna_protocol::{
    engine::{CommandError, Intent},
    record::Kind,
};
use toguna_tests::{
    eventually,
    office::{Office, converge},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_saves_and_goes_on_reading_and_sending() {
    let free = Arc::new(AtomicU64::new(u64::MAX));
    let mut gao = Office::new("Gao");
    let probe = free.clone();
    gao.store = store::Options {
        free_space: FreeSpace::from_fn(move |_| Ok(probe.load(Ordering::SeqCst))),
        ..store::Options::default()
    };
    gao.start().await;
    let before = gao.conflict("Before the disk was full", "").await;

    free.store(1_000, Ordering::SeqCst);
    let refused = gao.submit(Intent::Create(Kind::Conflict, json!({"title": "Too much"}))).await;
    match refused {
        Err(SubmitError::Refused(CommandError::NotSaved(why))) => assert!(why.contains("make space"), "{why}"),
        other => panic!("not refused: {other:?}"),
    }
    assert!(gao.holds(before).await);
    // It still sends what it has, and takes nothing it could not keep.
    let mut bamako = Office::new("Bamako").dials(gao.address);
    bamako.start().await;
    eventually("what was there arrives in Bamako", async || bamako.holds(before).await).await;
    let theirs = bamako.conflict("While Gao's disk is full", "").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!gao.holds(theirs).await);

    free.store(u64::MAX, Ordering::SeqCst);
    let after = gao.conflict("After space was made", "").await;
    converge(&[&gao, &bamako]).await;
    assert!(gao.holds(theirs).await && bamako.holds(after).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_one_data_directory_is_refused_by_name() {
    let mut gao = Office::new("Gao");
    gao.start().await;
    let mut second = Office::at("Gao", gao.directory());
    match second.try_start().await {
        Err(StartError::Store(error @ store::OpenError::Lock(_))) => {
            assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        }
        other => panic!("not refused: {other:?}"),
    }
    gao.conflict("Undisturbed", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_a_year_breaks_nothing() {
    const YEAR: i64 = 365 * 24 * 3_600;
    let mut gao = Office::new("Gao");
    let mut bamako = Office::new("Bamako").dials(gao.address);
    gao.start().await;
    bamako.start().await;
    let record = gao.conflict("Before the battery died", "First.").await;
    converge(&[&gao, &bamako]).await;
    gao.stop().await;
    gao.clock_ahead = -YEAR;
    gao.start().await;
    gao.patch(record, json!({"narrative": "First.\nSecond."})).await.unwrap();
    converge(&[&gao, &bamako]).await;
    bamako.patch(record, json!({"narrative": "First.\nSecond.\nThird."})).await.unwrap();
    converge(&[&gao, &bamako]).await;
    assert_eq!(gao.view(record).await.fields["narrative"], "First.\nSecond.\nThird.");
    // The history goes by what each had seen, not by what the clocks said.
    let history = bamako.app().history(record).await.unwrap();
    let narratives: Vec<_> =
        history.iter().flat_map(|step| &step.changes).filter(|c| c.field == "/narrative").collect();
    assert_eq!(
        narratives.iter().map(|c| c.after.as_str().unwrap()).collect::<Vec<_>>(),
        ["First.", "First.\nSecond.", "First.\nSecond.\nThird."]
    );
    assert!(history[1].stamp.at < history[0].stamp.at);
}

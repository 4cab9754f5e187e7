//! Stores that are not what they were: restored from a copy, copied to another machine, run twice. No office may ever
//! write two entries with one number; and where a copy did run twice, every office ends with the same records.

use std::{fs, path::Path};

use serde_json::json;
use toguna_protocol::engine::Intent;
use toguna_protocol::record::Kind;
use toguna_tests::{
    eventually,
    office::{Office, converge},
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn forked_feeds(office: &Office) -> usize {
    let count = |engine: &mut toguna_protocol::engine::Engine<_>| {
        engine.ledger().feeds().filter(|feed| feed.end.is_some()).count()
    };
    office.app().ask(count).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_restored_from_an_old_copy_goes_on_without_a_fork() {
    let mut gao = Office::new("Gao");
    gao.start().await;
    let old = gao.conflict("Before the copy", "").await;
    gao.stop().await;
    let backup = tempfile::tempdir().unwrap();
    copy(gao.directory(), &backup.path().join("data"));

    let mut bamako = Office::new("Bamako").dials(gao.address);
    gao.start().await;
    bamako.start().await;
    let lost = gao.conflict("After the copy", "").await;
    converge(&[&gao, &bamako]).await;
    gao.stop().await;

    fs::remove_dir_all(gao.directory()).unwrap();
    copy(&backup.path().join("data"), gao.directory());
    gao.start().await;
    // Written before anyone could tell it that it had lost something.
    let new = gao.conflict("After the restore", "").await;
    converge(&[&gao, &bamako]).await;
    for office in [&gao, &bamako] {
        for record in [old, lost, new] {
            assert!(office.holds(record).await, "{}", office.name);
        }
        assert_eq!(forked_feeds(office).await, 0, "{}", office.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_copied_to_another_machine_goes_on_without_a_fork() {
    let mut gao = Office::new("Gao");
    gao.start().await;
    gao.conflict("On the old laptop", "").await;
    gao.stop().await;
    let new_home = tempfile::tempdir().unwrap();
    copy(gao.directory(), &new_home.path().join("data"));
    let mut copied = Office::at("Gao", &new_home.path().join("data"));
    let mut bamako = Office::new("Bamako").dials(gao.address).dials(copied.address);

    // Both write, first the one and then the other, and Bamako hears of both.
    gao.start().await;
    bamako.start().await;
    let on_old = gao.conflict("Still on the old laptop", "").await;
    converge(&[&gao, &bamako]).await;
    gao.stop().await;
    copied.start().await;
    let on_new = copied.conflict("On the new laptop", "").await;
    converge(&[&copied, &bamako]).await;
    for record in [on_old, on_new] {
        assert!(bamako.holds(record).await && copied.holds(record).await);
    }
    assert_eq!(forked_feeds(&bamako).await, 0);
}

/// Makes two offices that both go on writing one feed, as a copy of a disk image does when it runs twice: the files
/// that tell a copy are made to agree.
async fn twice(records: usize) -> (Office, Office) {
    let mut gao = Office::new("Gao");
    gao.start().await;
    for n in 0..records {
        gao.conflict(&format!("Shared {n}"), "Shared.").await;
    }
    gao.stop().await;
    let twin_home = tempfile::tempdir().unwrap().keep();
    copy(gao.directory(), &twin_home.join("data"));
    let twin = Office::at("Gao", &twin_home.join("data")).copy_of(&gao);
    (gao, twin)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_shown_by_honest_relays_ends_in_the_same_records_everywhere() {
    for order in [[0, 1], [1, 0]] {
        let (mut gao, mut twin) = twice(3).await;
        let mut kidal = Office::new("Kidal").dials(gao.address);
        let mut bamako = Office::new("Bamako").dials(twin.address);
        twin.believe_it_never_moved();
        twin.start().await;
        gao.start().await;
        kidal.start().await;
        bamako.start().await;
        let ours = gao.conflict("Written by the first", "").await;
        let theirs = twin.conflict("Written by the second", "").await;
        assert_eq!(ours, theirs, "a record is named by the feed and number of its creating entry");
        let alone = twin.conflict("Written by the second alone", "").await;
        eventually("each relay holds one side", async || kidal.holds(ours).await && bamako.holds(alone).await).await;
        // Kidal builds on what it saw: that side's record lives on.
        kidal.patch(ours, json!({"narrative": "Kidal was there."})).await.unwrap();
        gao.stop().await;
        twin.stop().await;

        // Two honest relays meet, in either order; then a fourth office hears of it from one of them alone.
        let (mut first, mut second) =
            (Office::new("Mopti").dials(kidal.address), Office::new("Ségou").dials(bamako.address));
        if order == [1, 0] {
            std::mem::swap(&mut first, &mut second);
        }
        first.start().await;
        second.start().await;
        let mut bridge = Office::new("Bridge").dials(kidal.address).dials(bamako.address);
        bridge.start().await;
        converge(&[&kidal, &bamako, &first, &second, &bridge]).await;
        for office in [&kidal, &bamako, &first, &second, &bridge] {
            eventually("rows follow", async || !office.app().status().await.unwrap().behind).await;
            assert_eq!(forked_feeds(office).await, 1, "{}", office.name);
            assert!(!office.holds(alone).await, "{}: nobody depends on it", office.name);
            let kept = office.view(ours).await;
            assert_eq!(kept.fields["title"], "Written by the first", "{}: Kidal's edit depends on it", office.name);
            assert_eq!(kept.fields["narrative"], "Kidal was there.");
            // What is not applied is kept, and shown to be so.
            assert_eq!(kept.standstills.len(), 1);
        }
        // The author comes back, learns of the fork, and goes on in a new incarnation.
        gao.start().await;
        converge(&[&gao, &kidal, &bamako]).await;
        let after =
            gao.submit(Intent::Create(Kind::Conflict, json!({"title": "After the fork"}))).await.unwrap().record;
        eventually("the author's new records travel", async || bamako.holds(after).await).await;
        assert_eq!(forked_feeds(&bamako).await, 1);
    }
}

//! Offices that work apart and come together: whatever the links do, all end with one picture.

use serde_json::json;
use toguna_protocol::{
    engine::{Carrier, Intent, ReceiptState},
    record::{Choice, Kind},
};
use toguna_tests::{
    eventually,
    office::{Office, converge},
    relay::Relay,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_offices_converge_after_a_week_apart() {
    let mut gao = Office::new("Gao");
    let link = Relay::to(gao.address).await.unwrap();
    let mut bamako = Office::new("Bamako").dials(link.address);
    gao.start().await;
    bamako.start().await;
    let record = gao.conflict("Wells of the north", "First line.").await;
    eventually("the record is in Bamako", async || bamako.holds(record).await).await;

    link.cut();
    for n in 0..20 {
        gao.conflict(&format!("Gao {n}"), "Seen by the office.").await;
        bamako.conflict(&format!("Bamako {n}"), "Heard by telephone.").await;
    }
    gao.patch(record, json!({"phase": {"is": "violent"}, "narrative": "Line of Gao.\nFirst line."})).await.unwrap();
    bamako.patch(record, json!({"phase": {"is": "truce"}, "narrative": "First line.\nLine of Bamako."})).await.unwrap();
    let new_item = json!({"incidents": {"new": {"incident_type": "cattle-theft"}}});
    gao.patch(record, new_item.clone()).await.unwrap();
    bamako.patch(record, new_item).await.unwrap();
    assert_ne!(gao.digest().await, bamako.digest().await);

    link.restore();
    converge(&[&gao, &bamako]).await;
    let (here, there) = (gao.view(record).await, bamako.view(record).await);
    assert_eq!((&here.fields, &here.concurrent), (&there.fields, &there.concurrent));
    assert_eq!(here.fields["narrative"], "Line of Gao.\nFirst line.\nLine of Bamako.");
    assert_eq!(here.fields["incidents"].as_object().unwrap().len(), 2);
    assert_eq!(here.concurrent.len(), 1);
    assert_eq!(here.concurrent[0].field, "/phase");

    let choice = Choice::Value(json!({"is": "de-escalating"}));
    bamako.submit(Intent::Settle(record, there.heads, "/phase".into(), choice)).await.unwrap();
    eventually("Gao sees the settled phase", async || gao.view(record).await.concurrent.is_empty()).await;
    assert_eq!(gao.view(record).await.fields["phase"]["is"], "de-escalating");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_in_a_line_share_one_picture_and_a_late_joiner_gets_it_whole() {
    let mut gao = Office::new("Gao");
    let mut kidal = Office::new("Kidal").dials(gao.address);
    let mut bamako = Office::new("Bamako").dials(gao.address);
    for office in [&mut kidal, &mut gao, &mut bamako] {
        office.start().await;
    }
    let mut records = Vec::new();
    for n in 0..30 {
        for office in [&kidal, &gao, &bamako] {
            records.push(office.conflict(&format!("{} {n}", office.name), "Text.").await);
        }
    }
    converge(&[&kidal, &gao, &bamako]).await;

    let mut mopti = Office::new("Mopti").dials(kidal.address);
    mopti.start().await;
    converge(&[&kidal, &gao, &bamako, &mopti]).await;
    for record in records {
        assert!(mopti.holds(record).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_learns_who_has_its_record_over_links_it_never_has() {
    let mut gao = Office::new("Gao");
    let mut kidal = Office::new("Kidal").dials(gao.address);
    let mut bamako = Office::new("Bamako").dials(gao.address);
    for office in [&mut kidal, &mut gao, &mut bamako] {
        office.start().await;
    }
    let record = kidal.conflict("Puits", "Récit.").await;
    let states = async || {
        let receipts = kidal.app().receipts(record).await.expect("the record is there");
        let state = |name: &str| {
            let receipt = receipts.iter().find(|receipt| receipt.name.as_deref() == Some(name))?;
            Some((receipt.state, receipt.since.map(|since| since.carrier)))
        };
        [state("Kidal"), state("Gao"), state("Bamako")]
    };
    let via = gao.app().status().await.expect("it runs").author;
    let expected = [
        Some((ReceiptState::Here, None)),
        Some((ReceiptState::Has, Some(Carrier::Link))),
        Some((ReceiptState::Has, Some(Carrier::Office { via }))),
    ];
    eventually("Kidal knows that all have its record", async || states().await == expected).await;
    eventually("nothing is missing in Bamako", async || {
        bamako.app().status().await.expect("it runs").known_missing == Some(0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_cut_again_and_again_goes_on_where_it_stopped() {
    let mut gao = Office::new("Gao");
    let link = Relay::to(gao.address).await.unwrap();
    gao.start().await;
    gao.enter_samples(1, 800).await;
    // What one uninterrupted transfer costs, to compare with.
    let whole = Relay::to(gao.address).await.unwrap();
    let mut straight = Office::new("Straight").dials(whole.address);
    straight.start().await;
    converge(&[&gao, &straight]).await;
    let straight_bytes = whole.carried();
    straight.stop().await;

    let mut bamako = Office::new("Bamako").dials(link.address);
    link.cut();
    bamako.start().await;
    let mut cuts = 0;
    while gao.digest().await != bamako.digest().await {
        link.restore_for(straight_bytes / 3);
        eventually("the link is cut or all is there", async || {
            !link.is_up() || gao.digest().await == bamako.digest().await
        })
        .await;
        cuts += 1;
        assert!(cuts < 40, "no progress");
    }
    assert!(cuts > 2, "the transfer was not cut at all");
    let repeated = link.carried().saturating_sub(straight_bytes);
    // Each cut costs a handshake, a hello and what was under way, and nothing that was accepted is sent again.
    assert!(
        repeated < cuts * 24 * 1024,
        "{repeated} bytes more than the {straight_bytes} of a straight transfer, over {cuts} cuts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_every_kind_travel() {
    let mut gao = Office::new("Gao");
    let mut bamako = Office::new("Bamako").dials(gao.address);
    gao.start().await;
    bamako.start().await;
    let mut records = Vec::new();
    for kind in Kind::ALL {
        let fields = json!({"title": format!("A {kind}"), "regions": ["ML-7"]});
        records.push(gao.submit(Intent::Create(kind, fields)).await.unwrap().record);
    }
    converge(&[&gao, &bamako]).await;
    for record in records {
        let (here, there) = (gao.view(record).await, bamako.view(record).await);
        assert_eq!((here.kind, here.fields, here.created), (there.kind, there.fields, there.created));
    }
}

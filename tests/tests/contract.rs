//! What `toguna-ops` reads of a node is what a node says: two crates that never link to each other, held together here.

use std::time::Duration;

use jiff::Timestamp;
use toguna::{
    certificate::Certificate,
    web::{self, TOKEN_FILE, TlsListener, Token, WebSettings},
};
use toguna_ops::{
    diff::{Limits, compare},
    gather::{Target, gather},
};
use toguna_tests::office::{Office, converge};
use tokio::net::TcpListener;

/// Serves an office's API and tells where.
async fn serve(office: &Office) -> Target {
    let token = Token::of(office.directory()).expect("a token is made");
    let settings = WebSettings { token, office: office.name.clone(), hosts: Vec::new(), by_number: false };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let router = web::router(office.app().clone(), settings);
    tokio::spawn(web::serve(listener, router, std::future::pending()));
    Target { url, token_file: office.directory().join(TOKEN_FILE), certificate: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_table_is_filled_from_what_nodes_say() {
    let mut gao = Office::new("Gao");
    let mut bamako = Office::new("Bamako").dials(gao.address);
    gao.start().await;
    bamako.start().await;
    gao.conflict("Puits", "Récit.").await;
    converge(&[&gao, &bamako]).await;
    let targets = [serve(&gao).await, serve(&bamako).await];
    let answers = gather(&targets, Duration::from_secs(10)).await.expect("a client can be made");
    for (answer, office) in answers.iter().zip([&gao, &bamako]) {
        let status = answer.status.as_ref().unwrap_or_else(|| panic!("{}: {:?}", office.name, answer.error));
        assert_eq!(status.node.name, office.name);
        assert_eq!(status.digest, office.digest().await);
        assert_eq!(status.counts.records(), 1);
        assert_eq!(status.offices.len(), 2);
        assert!(status.offices.iter().all(|office| office.name.is_some() && office.last_arrived_at.is_some()));
        assert!(status.peers.iter().any(|peer| peer.connected && peer.waiting_to_leave == Some(0)));
    }
    let health = compare(&answers, &Limits { silent_after: Duration::from_secs(3_600) }, Timestamp::now());
    assert!(health.findings.is_empty(), "{:?}", health.findings);

    bamako.stop().await;
    let wrong = Target { token_file: bamako.directory().join("tip"), ..targets[0].clone() };
    let answers = gather(&[wrong], Duration::from_secs(10)).await.expect("a client can be made");
    assert!(answers[0].status.is_none() && answers[0].error.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_network_the_operator_asks_the_node_with_the_right_certificate_alone() {
    let mut gao = Office::new("Gao");
    gao.start().await;
    let token = Token::of(gao.directory()).expect("a token is made");
    let settings = WebSettings { token, office: gao.name.clone(), hosts: Vec::new(), by_number: true };
    let certificate = Certificate::own(gao.directory(), "Gao", &[]).expect("a certificate is made");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let url = format!("https://{}", listener.local_addr().expect("it is bound"));
    let listener = TlsListener::new(listener, certificate.server().expect("it serves"), "").expect("it is bound");
    tokio::spawn(web::serve(listener, web::router(gao.app().clone(), settings), std::future::pending()));
    let right = certificate.fingerprint().to_string().parse().expect("a fingerprint");
    let wrong = "00".repeat(32).parse().expect("a fingerprint");
    let target = |certificate| Target { url: url.clone(), token_file: gao.directory().join(TOKEN_FILE), certificate };
    let targets = [target(Some(right)), target(Some(wrong)), target(None)];
    let answers = gather(&targets, Duration::from_secs(10)).await.expect("a client can be made");
    let known: Vec<bool> = answers.iter().map(|answer| answer.status.is_some()).collect();
    assert_eq!(known, [true, false, false], "{answers:?}");
}

//! `kill -9` under load: what was acknowledged is there after every start, and no entry is ever written twice.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use toguna_protocol::ids::RecordId;
use toguna_tests::{
    eventually,
    office::{Office, converge},
};

const ROUNDS: u64 = 50;

fn start(office: &Office, peer: &Office) -> Child {
    Command::new(env!("CARGO_BIN_EXE_office"))
        .arg(office.directory())
        .args([&office.name, &office.address.to_string(), &peer.address.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the office starts")
}

/// Reads what the office acknowledges, kills it after a while, and returns all that it acknowledged.
fn acknowledged_until_killed(mut child: Child, after: Duration) -> Vec<RecordId> {
    let lines = BufReader::new(child.stdout.take().expect("it is piped"));
    let reading = std::thread::spawn(move || {
        // The last line may be cut off: it was not acknowledged to anyone who could have read it.
        lines.lines().map_while(Result::ok).filter_map(|line| line.parse().ok()).collect::<Vec<RecordId>>()
    });
    std::thread::sleep(after);
    child.kill().expect("it runs");
    child.wait().expect("it can be waited for");
    reading.join().expect("reading goes well")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_in_fifty_power_cuts() {
    let mut bamako = Office::new("Bamako");
    bamako.start().await;
    let mut gao = Office::new("Gao").dials(bamako.address);
    let mut acknowledged = Vec::new();
    let mut most = 0;
    for round in 0..ROUNDS {
        // From the first moments of a start to some way into the work.
        let after = Duration::from_millis(40 + round * 37 % 700);
        let child = start(&gao, &bamako);
        let saved = tokio::task::spawn_blocking(move || acknowledged_until_killed(child, after)).await.unwrap();
        most = most.max(saved.len());
        acknowledged.extend(saved);
    }
    assert!(most > 3 && acknowledged.len() > 50, "the load was too light to show anything: {}", acknowledged.len());
    gao.start().await;
    for record in &acknowledged {
        assert!(gao.holds(*record).await, "an acknowledged record is lost");
    }
    converge(&[&gao, &bamako]).await;
    eventually("Bamako has them all", async || {
        for record in &acknowledged {
            if !bamako.holds(*record).await {
                return false;
            }
        }
        true
    })
    .await;
    let forks = |engine: &mut toguna_protocol::engine::Engine<_>| {
        engine.ledger().feeds().filter(|feed| feed.end.is_some()).count()
    };
    assert_eq!(bamako.app().ask(forks).await.unwrap(), 0);
}

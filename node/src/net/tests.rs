//! Real nodes on loopback.

use std::time::Duration;

use libp2p::Multiaddr;
use tokio::{sync::mpsc, time::timeout};

use super::*;

/// A node under test, and everything that has happened to it.
struct Node {
    net: Net,
    events: mpsc::Receiver<NetEvent>,
    addr: Multiaddr,
}

const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// Long enough for a busy machine; no test waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings(key: u8, listen: &str) -> NetSettings {
    let mut settings = NetSettings::new([key; 32]);
    settings.seed = u64::from(key);
    settings.listen = vec![listen.parse().expect("an address")];
    settings
}

impl Node {
    async fn start(settings: NetSettings) -> Node {
        let (net, mut events) = start(settings).await.expect("the links start");
        match timeout(PATIENCE, events.recv()).await.expect("in time") {
            Some(NetEvent::Listening { addr }) => Node { net, events, addr },
            other => panic!("expected to listen, got {other:?}"),
        }
    }

    async fn next(&mut self) -> NetEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("the links run")
    }

    /// The next event that `pick` takes; others are passed over.
    async fn until<T>(&mut self, mut pick: impl FnMut(NetEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(self.next().await) {
                return found;
            }
        }
    }

    async fn connected(&mut self) -> ConnId {
        let conn = self
            .until(|event| match event {
                NetEvent::Connected { conn, .. } => Some(conn),
                _ => None,
            })
            .await;
        self.net.admit(conn).await.expect("the links run");
        conn
    }
}

#[tokio::test]
async fn two_nodes_exchange_frames() {
    for listen in [TCP, QUIC] {
        let mut gao = Node::start(settings(1, listen)).await;
        let mut kidal = settings(2, listen);
        kidal.peers = vec![gao.addr.clone()];
        let mut kidal = Node::start(kidal).await;
        let conn = kidal.connected().await;
        kidal.net.send(conn, b"hello".to_vec()).expect("sent");
        let conn = gao.connected().await;
        assert_eq!(gao.next().await, NetEvent::Frame { conn, bytes: b"hello".to_vec() });
    }
}

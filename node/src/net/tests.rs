//! Real nodes on loopback. [`exchange`]: what honest nodes do; [`recovery`]: links that break and come back;
//! [`hostile`]: peers that break the rules.

mod exchange;
mod hostile;
mod recovery;

use std::time::Duration;

use libp2p::Multiaddr;
use tokio::{sync::mpsc, time::timeout};

use super::{ConnId, Net, NetEvent, NetSettings, start};

const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// Long enough for a busy machine; no test waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node under test.
struct Node {
    net: Net,
    events: mpsc::Receiver<NetEvent>,
    addr: Multiaddr,
}

fn settings(key: u8, listen: &str, peers: &[&Node]) -> NetSettings {
    let mut settings = NetSettings::new([key; 32]);
    settings.seed = u64::from(key);
    settings.listen = vec![addr(listen)];
    settings.peers = peers.iter().map(|node| node.addr.clone()).collect();
    settings
}

fn addr(text: &str) -> Multiaddr {
    text.parse().expect("an address")
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

    /// The first of the next events that `pick` takes; others are passed over.
    async fn until<T>(&mut self, pick: impl Fn(NetEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(self.next().await) {
                return found;
            }
        }
    }

    /// The next connection.
    async fn connected(&mut self) -> ConnId {
        self.until(|event| match event {
            NetEvent::Connected { conn, .. } => Some(conn),
            _ => None,
        })
        .await
    }

    /// The next connection, admitted at once.
    async fn admitted(&mut self) -> ConnId {
        let conn = self.connected().await;
        self.net.admit(conn).await.expect("the links run");
        conn
    }

    /// The next frame.
    async fn frame(&mut self) -> (ConnId, Vec<u8>) {
        self.until(|event| match event {
            NetEvent::Frame { conn, bytes } => Some((conn, bytes)),
            _ => None,
        })
        .await
    }

    /// The reason for which the next connection to end does.
    async fn closed(&mut self) -> (ConnId, String) {
        self.until(|event| match event {
            NetEvent::Closed { conn, reason, .. } => Some((conn, reason)),
            _ => None,
        })
        .await
    }
}

//! Honest nodes on links that hold.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use libp2p::multiaddr::Protocol;
use toguna_protocol::{ids::AuthorKey, limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, sleep_until},
};

use super::*;
use crate::net::{Carrier, NetClosed, NetError, Origin, QUEUE, SendError};

#[tokio::test]
async fn two_nodes_know_each_other_and_exchange_frames() {
    for (listen, expected) in [(TCP, Carrier::Tcp), (QUIC, Carrier::Quic)] {
        let mut gao = Node::start(settings(1, listen, &[])).await;
        let mut kidal = Node::start(settings(2, listen, &[&gao])).await;
        let NetEvent::Connected { conn: out, peer, dialler: true, carrier, .. } = kidal.next().await else {
            panic!("Kidal dialled")
        };
        assert_eq!((peer, carrier), (gao.net.local(), expected));
        kidal.net.send(out, b"hello".to_vec()).expect("taken");
        let NetEvent::Connected { conn: into, peer, dialler: false, carrier, .. } = gao.next().await else {
            panic!("Gao was dialled")
        };
        assert_eq!((peer, carrier), (kidal.net.local(), expected));
        assert_eq!(gao.frame().await, (into, b"hello".to_vec()));
        gao.net.send(into, b"welcome".to_vec()).expect("taken");
        assert_eq!(kidal.frame().await, (out, b"welcome".to_vec()));

        let status = gao.net.peers().await.expect("the links run");
        assert_eq!((status.len(), status[0].origin, status[0].connected), (1, Origin::Inbound, true));
        let status = kidal.net.peers().await.expect("the links run");
        assert_eq!((status[0].origin, status[0].next_attempt), (Origin::Configured, None));
        assert_eq!(status[0].peer, Some(gao.net.local()));
    }
}

/// Sends `count` numbered frames of the largest size as fast as the queue takes them, while taking as many.
async fn pour(mut node: Node, conn: ConnId, count: u32) -> Node {
    let (mut sent, mut received) = (0_u32, 0_u32);
    let mut may_send = true;
    loop {
        while may_send && sent < count {
            let mut frame = vec![sent as u8; limits::MAX_FRAME];
            frame[..4].copy_from_slice(&sent.to_be_bytes());
            may_send = node.net.send(conn, frame).expect("taken") < limits::MAX_QUEUED_FRAMES;
            sent += 1;
        }
        if sent == count && received == count {
            return node;
        }
        match node.next().await {
            NetEvent::Frame { bytes, .. } => {
                assert_eq!(bytes[..4], received.to_be_bytes(), "in order");
                assert!(bytes[4..].iter().all(|byte| *byte == received as u8), "unchanged");
                received += 1;
            }
            NetEvent::Writable { .. } => may_send = true,
            other => panic!("unexpected: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_write_at_full_speed_and_neither_stands_still() {
    const FRAMES: u32 = 300;
    for listen in [TCP, QUIC] {
        let mut gao = Node::start(settings(1, listen, &[])).await;
        let mut kidal = Node::start(settings(2, listen, &[&gao])).await;
        let out = kidal.admitted().await;
        kidal.net.send(out, b"hello".to_vec()).expect("taken");
        let into = gao.admitted().await;
        gao.frame().await;
        let start = Instant::now();
        tokio::join!(pour(gao, into, FRAMES), pour(kidal, out, FRAMES));
        let rate = f64::from(2 * FRAMES) * limits::MAX_FRAME as f64 / start.elapsed().as_secs_f64() / 1e6;
        println!("{listen}: {rate:.0} MB/s, both ways together");
    }
}

#[tokio::test]
async fn three_in_a_line_hear_their_neighbours_only() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut kidal = Node::start(settings(2, TCP, &[&gao])).await;
    let mut bamako = Node::start(settings(3, TCP, &[&gao])).await;
    for (node, name) in [(&mut kidal, "Kidal"), (&mut bamako, "Bamako")] {
        let conn = node.admitted().await;
        node.net.send(conn, name.as_bytes().to_vec()).expect("taken");
    }
    let mut names = vec![gao.frame().await.1, gao.frame().await.1];
    names.sort();
    assert_eq!(names, [b"Bamako".to_vec(), b"Kidal".to_vec()]);
    for node in [&kidal, &bamako] {
        let status = node.net.peers().await.expect("the links run");
        assert_eq!(status.iter().map(|s| s.peer).collect::<Vec<_>>(), [Some(gao.net.local())]);
    }
}

/// Follows one node as its engine would: of two connections to a peer the node with the lower key closes the older
/// one, and the other node waits for that. (If each closed what it takes for the older, two that dial each other at
/// once would close both.) Returns the connections that stand in the end, and how many there have been.
async fn keep_the_newest(node: &mut Node, other: AuthorKey) -> (Vec<ConnId>, usize) {
    let (mut standing, mut seen) = (Vec::new(), 0);
    // Quiet for this long means that it is settled.
    while let Ok(event) = timeout(Duration::from_secs(1), node.events.recv()).await {
        match event.expect("the links run") {
            NetEvent::Connected { conn, .. } => {
                seen += 1;
                node.net.admit(conn).await.expect("the links run");
                if node.net.local() < other {
                    standing.iter().for_each(|older| node.net.close(*older, "replaced"));
                }
                standing.push(conn);
            }
            NetEvent::Closed { conn, .. } => standing.retain(|known| *known != conn),
            _ => {}
        }
    }
    (standing, seen)
}

#[tokio::test]
async fn two_that_dial_each_other_end_with_one_connection() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut kidal = Node::start(settings(2, TCP, &[])).await;
    tokio::try_join!(gao.net.add_peer(kidal.addr.clone()), kidal.net.add_peer(gao.addr.clone())).expect("both run");
    let (first, second) = (gao.net.local(), kidal.net.local());
    let (at_gao, at_kidal) = tokio::join!(keep_the_newest(&mut gao, second), keep_the_newest(&mut kidal, first));
    assert_eq!((at_gao.0.len(), at_kidal.0.len()), (1, 1));
    assert!(at_gao.1 <= 2 && at_kidal.1 <= 2, "dialled again although connected: {at_gao:?}, {at_kidal:?}");
}

#[tokio::test]
async fn what_was_queued_before_closing_arrives() {
    for listen in [TCP, QUIC] {
        let mut gao = Node::start(settings(1, listen, &[])).await;
        let mut kidal = Node::start(settings(2, listen, &[&gao])).await;
        let out = kidal.admitted().await;
        kidal.net.send(out, b"hello".to_vec()).expect("taken");
        let into = gao.admitted().await;
        gao.frame().await;
        for _ in 0..10 {
            kidal.net.send(out, vec![7; limits::MAX_FRAME]).expect("taken");
        }
        kidal.net.close(out, "enough");
        kidal.net.close(out, "the first reason stays");
        assert_eq!(kidal.net.send(out, vec![1]), Err(SendError::Closed));
        for _ in 0..10 {
            assert_eq!(gao.frame().await.1.len(), limits::MAX_FRAME, "{listen}");
        }
        assert_eq!(gao.closed().await, (into, "closed by the peer".to_owned()));
        assert_eq!(kidal.closed().await, (out, "enough".to_owned()));
        assert_eq!(kidal.net.queued(out), None);
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error() {
    let gao = Node::start(settings(1, TCP, &[])).await;
    let mut kidal = Node::start(settings(2, TCP, &[&gao])).await;
    let conn = kidal.connected().await;
    let net = kidal.net.clone();
    assert_eq!(net.send(conn, vec![]), Err(SendError::Size(0)));
    assert_eq!(net.send(conn, vec![0; limits::MAX_FRAME + 1]), Err(SendError::Size(limits::MAX_FRAME + 1)));
    assert_eq!(net.send(ConnId(99), vec![1]), Err(SendError::Closed));
    // On this single thread the link cannot take anything before the queue is full.
    let taken = (0..=QUEUE).map_while(|_| net.send(conn, vec![1]).ok()).collect::<Vec<_>>();
    assert_eq!(taken, (1..=QUEUE).collect::<Vec<_>>());
    assert_eq!(net.send(conn, vec![1]), Err(SendError::Full));
    assert_eq!(kidal.next().await, NetEvent::Writable { conn });

    net.shutdown().await;
    net.close(conn, "closed already");
    assert_eq!(net.send(conn, vec![1]), Err(SendError::Closed));
    assert_eq!(net.admit(conn).await, Err(NetClosed));
    assert_eq!(net.peers().await, Err(NetClosed));
}

/// Passes TCP on to `to`, each way `delay` later, and counts the bytes of each direction.
async fn slow_relay(to: SocketAddr, delay: Duration) -> (Multiaddr, Arc<[AtomicUsize; 2]>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let counted = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counts = counted.clone();
    tokio::spawn(async move {
        let (near, _) = listener.accept().await.expect("a connection");
        let far = TcpStream::connect(to).await.expect("the node listens");
        near.set_nodelay(true).and(far.set_nodelay(true)).expect("a TCP socket");
        let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
        for (way, (mut from, mut to)) in [(near_read, far_write), (far_read, near_write)].into_iter().enumerate() {
            let counts = counts.clone();
            let (under_way, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = from.read(&mut buffer).await {
                    counts[way].fetch_add(read, Ordering::SeqCst);
                    under_way.send((Instant::now() + delay, buffer[..read].to_vec())).expect("the other half runs");
                }
            });
            tokio::spawn(async move {
                while let Some((due, bytes)) = arriving.recv().await {
                    sleep_until(due.into()).await;
                    to.write_all(&bytes).await.expect("passed on");
                }
            });
        }
    });
    (addr(&format!("/ip4/127.0.0.1/tcp/{port}")), counted)
}

pub(super) fn socket_of(addr: &Multiaddr) -> SocketAddr {
    let port = addr.iter().find_map(|part| match part {
        Protocol::Tcp(port) | Protocol::Udp(port) => Some(port),
        _ => None,
    });
    SocketAddr::from(([127, 0, 0, 1], port.expect("an address with a port")))
}

#[tokio::test]
async fn a_link_costs_little_to_set_up_and_nothing_to_keep() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let (relay, counted) = slow_relay(socket_of(&gao.addr), Duration::ZERO).await;
    let mut kidal = settings(2, TCP, &[]);
    kidal.peers = vec![relay];
    let mut kidal = Node::start(kidal).await;
    let read = || [counted[0].load(Ordering::SeqCst), counted[1].load(Ordering::SeqCst)];
    let out = kidal.admitted().await;
    kidal.net.send(out, vec![1; 60]).expect("taken");
    let into = gao.admitted().await;
    gao.net.send(into, vec![2; 60]).expect("taken");
    kidal.frame().await;
    // What both have heard they acknowledge a second later.
    sleep(Duration::from_millis(1_500)).await;
    let standing = read();
    println!(
        "TCP payload until a frame of 60 bytes has gone each way: {} bytes out, {} back",
        standing[0], standing[1]
    );
    assert!(standing[0] + standing[1] < 1_300, "{standing:?}");

    sleep(Duration::from_secs(1)).await;
    assert_eq!(read(), standing, "an idle link sends nothing between heartbeats");
    kidal.net.send(out, vec![1; 60]).expect("taken");
    gao.frame().await;
    gao.frame().await;
    sleep(Duration::from_millis(300)).await;
    println!("one more frame of 60 bytes: {} bytes out, {} back", read()[0] - standing[0], read()[1] - standing[1]);
}

#[tokio::test]
async fn an_answer_is_back_two_round_trips_after_tcp_stands() {
    const ONE_WAY: Duration = Duration::from_millis(250);
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let (relay, _) = slow_relay(socket_of(&gao.addr), ONE_WAY).await;
    let mut kidal = settings(2, TCP, &[]);
    kidal.peers = vec![relay];
    let start = Instant::now();
    let mut kidal = Node::start(kidal).await;
    let out = kidal.admitted().await;
    kidal.net.send(out, b"hello".to_vec()).expect("taken");
    let into = gao.admitted().await;
    gao.net.send(into, b"welcome".to_vec()).expect("taken");
    kidal.frame().await;
    let round_trips = start.elapsed().as_secs_f64() / (2.0 * ONE_WAY.as_secs_f64());
    println!("an answer after {round_trips:.2} round trips");
    assert!(round_trips < 2.9, "{round_trips:.2} round trips; a third means that an upgrade is no longer lazy");
}

/// A node that looks for others, under a key that no test in another process has.
async fn searching(key: u8) -> Result<Node, NetError> {
    let mut settings = settings(key, "/ip4/0.0.0.0/tcp/0", &[]);
    settings.secret_key[..4].copy_from_slice(&std::process::id().to_be_bytes());
    settings.listen.push(addr("/ip4/0.0.0.0/udp/0/quic-v1"));
    settings.mdns = true;
    let (net, events) = start(settings).await?;
    Ok(Node { net, events, addr: addr("/ip4/0.0.0.0/tcp/0") })
}

#[tokio::test]
async fn a_node_on_the_local_network_is_found() {
    let (mut one, mut two) = match (searching(1).await, searching(2).await) {
        (Ok(one), Ok(two)) => (one, two),
        (Err(error), _) | (_, Err(error)) => return println!("skipped: {error}"),
    };
    let (first, second) = (one.net.local(), two.net.local());
    let meets = |wanted| {
        move |event| match event {
            NetEvent::Connected { peer, carrier, .. } if peer == wanted => Some(carrier),
            _ => None,
        }
    };
    let both = async { tokio::join!(one.until(meets(second)), two.until(meets(first))) };
    match timeout(Duration::from_secs(10), both).await {
        Ok(carriers) => assert_eq!(carriers, (Carrier::Quic, Carrier::Quic), "preferred on a local network"),
        Err(_) => println!("skipped: no multicast on this machine"),
    }
}

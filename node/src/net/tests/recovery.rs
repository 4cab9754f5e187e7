//! Links that break, and come back.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{Instant, sleep},
};

use super::*;
use crate::net::{STRANGER, SendError};

#[tokio::test]
async fn a_peer_that_dies_and_comes_back_is_found_within_two_seconds() {
    for listen in [TCP, QUIC] {
        let gao = Node::start(settings(1, listen, &[])).await;
        let mut kidal = Node::start(settings(2, listen, &[&gao])).await;
        let first = kidal.admitted().await;
        let at = gao.addr.to_string();
        // Dropped without a word: what the kernel says of its sockets is all that Kidal hears.
        drop(gao);
        assert_eq!(kidal.closed().await.0, first);
        assert_eq!(kidal.net.send(first, vec![1]), Err(SendError::Closed));
        // Both in one process: the system frees the port only once QUIC has said farewell.
        while listen == QUIC && std::net::UdpSocket::bind(exchange::socket_of(&addr(&at))).is_err() {
            sleep(Duration::from_millis(10)).await;
        }
        let gao = Node::start(settings(1, &at, &[])).await;
        let second = timeout(Duration::from_secs(2) + Duration::from_millis(500), kidal.connected());
        assert!(second.await.unwrap_or_else(|_| panic!("{listen}: not within two seconds")) > first);
        drop(gao);
    }
}

#[tokio::test]
async fn a_peer_that_is_not_there_yet_is_tried_again() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("bound");
    let at = format!("/ip4/127.0.0.1/tcp/{}", free.port());
    let mut kidal = settings(2, TCP, &[]);
    kidal.peers = vec![addr(&at)];
    let mut kidal = Node::start(kidal).await;
    let NetEvent::DialFailed { addr, reason } = kidal.next().await else { panic!("nobody is there") };
    assert_eq!((addr.to_string(), reason.as_str()), (at.clone(), "nobody answers at this address"));
    let status = kidal.net.peers().await.expect("the links run");
    assert_eq!((status[0].connected, status[0].last_error.as_ref()), (false, Some(&reason)));
    let _gao = Node::start(settings(1, &at, &[])).await;
    kidal.connected().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_listened_on_once_it_is_free() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().expect("bound").port());
    let (_net, mut events) = start(settings(1, &at, &[])).await.expect("the links start");
    let Some(NetEvent::ListenFailed { addr, .. }) = events.recv().await else { panic!("the port is taken") };
    assert_eq!(addr.to_string(), at);
    drop(taken);
    let again = timeout(PATIENCE, events.recv()).await.expect("in time");
    assert_eq!(again, Some(NetEvent::Listening { addr }));
}

#[tokio::test]
async fn a_stranger_is_left_alone_and_leaves_us_alone() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut other = Node::start(settings(2, TCP, &[&gao])).await;
    let out = other.connected().await;
    other.net.send(out, b"hello from another network".to_vec()).expect("taken");
    let into = gao.connected().await;
    gao.net.add_peer(other.addr.clone()).await.expect("the links run");
    let (second, _) = (gao.connected().await, other.connected().await);
    for conn in [into, second] {
        gao.net.close(conn, STRANGER);
        assert_eq!(gao.closed().await.1, STRANGER);
        other.closed().await;
    }
    let wait = |node: &Node| {
        let net = node.net.clone();
        async move { net.peers().await.expect("the links run")[0].next_attempt.expect("not connected") }
    };
    assert!(wait(&gao).await >= Duration::from_secs(290));
    assert!(wait(&other).await >= Duration::from_secs(2));
}

/// What a radio link does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Air {
    /// Connections up to this one, counted from 1, are passed on no more, and are not closed either.
    dead: usize,
    /// Whether anything is passed on at all.
    clear: bool,
    /// Whether further connections are passed on.
    open: bool,
}

const CLEAR: Air = Air { dead: 0, clear: true, open: true };

/// A radio link to a node: where to dial, and what it does.
async fn radio(gao: &Node) -> (Multiaddr, watch::Sender<Air>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let to = exchange::socket_of(&gao.addr);
    let (air, seen) = watch::channel(CLEAR);
    tokio::spawn(async move {
        for number in 1.. {
            let (near, _) = listener.accept().await.expect("a connection");
            let mut seen = seen.clone();
            tokio::spawn(async move {
                seen.wait_for(|air| air.open).await.expect("the test runs");
                let far = tokio::net::TcpStream::connect(to).await.expect("the node listens");
                let (near, far) = (near.into_split(), far.into_split());
                tokio::join!(pass(near.0, far.1, number, seen.clone()), pass(far.0, near.1, number, seen));
            });
        }
    });
    (addr(&format!("/ip4/127.0.0.1/tcp/{port}")), air)
}

/// Holds both sockets open as long as nothing passes.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, number: usize, mut air: watch::Receiver<Air>) {
    let mut piece = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        if air.wait_for(|air| air.clear && air.dead < number).await.is_err() {
            return;
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_dead_way_is_noticed_and_dialled_anew() {
    let mut gao = settings(1, TCP, &[]);
    gao.heartbeat = Duration::from_millis(100);
    let mut gao = Node::start(gao).await;
    let (way, air) = radio(&gao).await;
    let mut kidal = settings(2, TCP, &[]);
    kidal.heartbeat = Duration::from_millis(100);
    kidal.peers = vec![way];
    let mut kidal = Node::start(kidal).await;
    let first = kidal.admitted().await;
    kidal.net.send(first, b"hello".to_vec()).expect("taken");
    gao.admitted().await;
    // Heartbeats hold an idle link well past the time after which silence ends it.
    sleep(Duration::from_secs(1)).await;
    assert_eq!(kidal.net.queued(first), Some(0));
    air.send_replace(Air { dead: 1, ..CLEAR });
    assert_eq!(kidal.closed().await, (first, "silent for 300ms".to_owned()));
    kidal.connected().await;
}

#[tokio::test]
async fn beside_a_link_that_does_not_acknowledge_another_is_dialled() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let (way, air) = radio(&gao).await;
    let mut kidal = settings(2, TCP, &[]);
    kidal.peers = vec![way];
    let mut kidal = Node::start(kidal).await;
    let first = kidal.admitted().await;
    kidal.net.send(first, b"hello".to_vec()).expect("taken");
    gao.admitted().await;
    gao.frame().await;
    // What is acknowledged leaves no doubt, however long the link is silent after.
    sleep(Duration::from_secs(5)).await;
    air.send_replace(Air { dead: 1, ..CLEAR });
    kidal.net.send(first, b"lost on the way".to_vec()).expect("taken");
    let began = Instant::now();
    let NetEvent::Connected { conn: second, .. } = kidal.next().await else { panic!("the first is still open") };
    assert!(second > first);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(5), "{took:?}");
    kidal.net.send(second, b"once more".to_vec()).expect("taken");
    assert_eq!(gao.frame().await.1, b"once more");
    // The engine closes the first, and nothing more is dialled.
    kidal.net.close(first, "replaced");
    assert_eq!(kidal.closed().await.0, first);
    assert!(timeout(Duration::from_secs(5), kidal.events.recv()).await.is_err(), "one connection is enough");
}

#[tokio::test]
async fn a_link_that_was_doubted_and_answers_is_left_alone() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let (way, air) = radio(&gao).await;
    let mut kidal = settings(2, TCP, &[]);
    kidal.peers = vec![way];
    let mut kidal = Node::start(kidal).await;
    let first = kidal.admitted().await;
    kidal.net.send(first, b"hello".to_vec()).expect("taken");
    gao.admitted().await;
    gao.frame().await;
    sleep(Duration::from_secs(2)).await;
    air.send_replace(Air { clear: false, open: false, ..CLEAR });
    kidal.net.send(first, b"late".to_vec()).expect("taken");
    sleep(Duration::from_secs(4)).await;
    air.send_replace(Air { open: false, ..CLEAR });
    assert_eq!(gao.frame().await.1, b"late");
    // The dial beside it is called off, so that the way is free for nobody when it opens.
    sleep(Duration::from_secs(4)).await;
    air.send_replace(CLEAR);
    let more = timeout(Duration::from_secs(4), kidal.events.recv()).await;
    assert!(more.is_err(), "the first connection is enough: {more:?}");
}

#[tokio::test]
async fn a_reader_that_stalls_holds_up_nothing_but_itself() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut bamako = Node::start(settings(3, TCP, &[])).await;
    let mut kidal = settings(2, TCP, &[&gao, &bamako]);
    kidal.stall = Duration::from_secs(1);
    let mut kidal = Node::start(kidal).await;
    let mut conns = Vec::new();
    for _ in 0..2 {
        let NetEvent::Connected { conn, peer, .. } = kidal.next().await else { panic!("Kidal dialled") };
        kidal.net.send(conn, b"hello".to_vec()).expect("taken");
        conns.push((peer, conn));
    }
    let to = |node: &Node| conns.iter().find(|(peer, _)| *peer == node.net.local()).expect("connected").1;
    let (to_gao, to_bamako) = (to(&gao), to(&bamako));
    gao.admitted().await;
    bamako.admitted().await;
    bamako.frame().await;

    // Gao reads at full speed for a while, which opens its window wide.
    for _ in 0..200 {
        while kidal.net.send(to_gao, vec![9; 60_000]).is_err() {
            kidal.next().await;
        }
        gao.frame().await;
    }

    // Gao's engine takes no more events; Kidal sends to it whatever its queue takes until the link is given up.
    let mut taken = 0;
    let (conn, reason) = loop {
        while kidal.net.send(to_gao, vec![9; 60_000]).is_ok() {
            taken += 1;
        }
        match kidal.next().await {
            NetEvent::Closed { conn, reason, .. } => break (conn, reason),
            _ => continue,
        }
    };
    assert_eq!((conn, reason.as_str()), (to_gao, "stalled: no progress in writing for 1s"));
    println!("a stalled reader took {:.1} MB before the link was given up", f64::from(taken) * 0.06);
    assert!(taken < 500, "{taken} frames of 60 kB are more than windows and queues may hold");
    kidal.net.send(to_bamako, b"still here".to_vec()).expect("taken");
    assert_eq!(bamako.frame().await.1, b"still here");
}

#[tokio::test]
async fn a_connection_that_is_stuck_can_be_closed_at_once() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut kidal = Node::start(settings(2, TCP, &[&gao])).await;
    let conn = kidal.connected().await;
    kidal.net.send(conn, b"hello".to_vec()).expect("taken");
    gao.admitted().await;
    // Gao takes no more events, so that in the end nothing moves.
    while let Ok(Some(NetEvent::Writable { .. })) = {
        while kidal.net.send(conn, vec![9; 60_000]).is_ok() {}
        timeout(Duration::from_millis(500), kidal.events.recv()).await
    } {}
    kidal.net.close(conn, "no acknowledgement");
    let closed = timeout(Duration::from_secs(10), kidal.closed()).await.expect("long before the write is given up");
    assert_eq!(closed, (conn, "no acknowledgement".to_owned()));
}

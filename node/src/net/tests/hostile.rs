//! Peers that break the rules.

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::{Stream, Swarm, swarm::SwarmEvent};
use toguna_protocol::limits;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::sleep};

use super::*;
use crate::net::{
    frames::put_frame,
    knocking::Door,
    streams::{OpenedStream, StreamEvent},
    transport::{self, Behaviour, BehaviourEvent, PER_PEER},
};

/// A peer that speaks libp2p and our protocol's name, and then says what it likes.
fn stranger() -> Swarm<Behaviour> {
    transport::swarm(&NetSettings::new([66; 32]), &Door::default()).expect("a swarm")
}

/// The swarm's next stream.
async fn open(swarm: &mut Swarm<Behaviour>, to: &Multiaddr) -> Option<Stream> {
    swarm.dial(to.clone()).expect("an address");
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::Behaviour(BehaviourEvent::Streams(OpenedStream { outcome, .. })) => match outcome {
                StreamEvent::Ready(stream) => return Some(stream),
                StreamEvent::Refused(_) => return None,
            },
            SwarmEvent::OutgoingConnectionError { .. } => return None,
            _ => {}
        }
    }
}

/// A stream to the node, on a connection that is kept going in the background.
async fn raw_stream(to: &Multiaddr) -> Stream {
    let mut swarm = stranger();
    let stream = open(&mut swarm, to).await.expect("a stream");
    tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    stream
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    put_frame(&mut wire, body);
    wire
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection_with_a_named_reason() {
    let hello = framed(b"hello");
    let over = framed(&vec![0; limits::MAX_FRAME + 1])[..3].to_vec();
    let too_long = format!("a frame of {} bytes where {} are allowed", limits::MAX_FRAME + 1, limits::MAX_FRAME);
    let cases = [
        // before admission nothing but a small frame
        (false, framed(&[1; 513]), "a frame of 513 bytes where 512 are allowed"),
        (true, [hello.clone(), over].concat(), too_long.as_str()),
        (true, [hello.clone(), vec![0xff; 8]].concat(), "a malformed frame length"),
        (true, [hello.clone(), vec![0x80, 0x00]].concat(), "a malformed frame length"),
        (true, [hello, vec![5, 1, 2]].concat(), "the peer closed in the middle of a frame"),
    ];
    for listen in [TCP, QUIC] {
        let mut gao = Node::start(settings(1, listen, &[])).await;
        for (admit, wire, reason) in &cases {
            let mut stream = raw_stream(&gao.addr).await;
            stream.write_all(wire).await.expect("sent");
            stream.close().await.expect("sent");
            let conn = gao.connected().await;
            if *admit {
                gao.net.admit(conn).await.expect("the links run");
            }
            assert_eq!(gao.closed().await, (conn, (*reason).to_owned()), "{listen}");
        }
    }
}

#[tokio::test]
async fn what_follows_a_hello_waits_for_the_admission() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut stream = raw_stream(&gao.addr).await;
    stream.write_all(&framed(b"hello")).await.expect("sent");
    stream.write_all(&framed(&[7; 8_000])).await.expect("sent");
    stream.flush().await.expect("sent");
    let conn = gao.connected().await;
    assert_eq!(gao.frame().await.1, b"hello");
    sleep(Duration::from_millis(200)).await;
    assert!(gao.events.try_recv().is_err(), "the second frame was passed on, or ended the connection");
    gao.net.admit(conn).await.expect("the links run");
    assert_eq!(gao.frame().await.1.len(), 8_000);
}

#[tokio::test]
async fn a_peer_that_is_never_admitted_or_says_nothing_is_dropped() {
    let mut node = settings(1, TCP, &[]);
    node.admission = Duration::from_millis(500);
    node.heartbeat = Duration::from_secs(1);
    let mut gao = Node::start(node).await;
    let mut stream = raw_stream(&gao.addr).await;
    stream.write_all(&framed(b"hello")).await.expect("sent");
    gao.connected().await;
    assert_eq!(gao.closed().await.1, "not admitted within 500ms");

    let mut stream = raw_stream(&gao.addr).await;
    stream.write_all(&framed(b"hello")).await.expect("sent");
    gao.admitted().await;
    assert_eq!(gao.closed().await.1, "silent for 3s");
}

#[tokio::test]
async fn garbage_on_the_port_does_no_harm() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let to = exchange::socket_of(&gao.addr);
    for garbage in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 4096], &[0xff; 4096], b"\x13/multistream/1.0.0\n\x07/noise\n\xff"]
    {
        let mut socket = TcpStream::connect(to).await.expect("the node listens");
        socket.write_all(garbage).await.expect("sent");
        socket.shutdown().await.expect("sent");
    }
    let mut at_length = TcpStream::connect(to).await.expect("the node listens");
    at_length.write_all(b"\x13/multi").await.expect("sent");
    let mut kidal = Node::start(settings(2, TCP, &[&gao])).await;
    let conn = kidal.connected().await;
    kidal.net.send(conn, b"hello".to_vec()).expect("taken");
    assert_eq!(gao.frame().await.1, b"hello");
}

#[tokio::test]
async fn another_node_at_the_address_is_not_taken_for_the_peer() {
    let gao = Node::start(settings(1, TCP, &[])).await;
    let other = stranger().local_peer_id().to_string();
    let mut kidal = settings(2, TCP, &[]);
    kidal.peers = vec![addr(&format!("{}/p2p/{other}", gao.addr))];
    let mut kidal = Node::start(kidal).await;
    let NetEvent::DialFailed { reason, .. } = kidal.next().await else { panic!("Gao is not that peer") };
    assert_eq!(reason, "another node answers at this address");
}

#[tokio::test]
async fn one_peer_gets_so_many_connections_and_one_stream_on_each() {
    let mut gao = Node::start(settings(1, TCP, &[])).await;
    let mut swarm = stranger();
    let mut streams = Vec::new();
    for _ in 0..PER_PEER {
        let mut stream = open(&mut swarm, &gao.addr).await.expect("a stream");
        stream.write_all(&framed(b"hello")).await.expect("sent");
        streams.push(stream);
    }
    // One more looks open to its dialler, or not, until the node's refusal comes.
    let further = open(&mut swarm, &gao.addr).await;
    tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    for _ in 0..PER_PEER {
        gao.connected().await;
    }
    if let Some(mut further) = further {
        let sent = further.write_all(&framed(b"hello")).await;
        let answer = timeout(PATIENCE, further.read(&mut [0])).await.expect("in time");
        assert!(sent.is_err() || matches!(answer, Err(_) | Ok(0)), "one connection more was let in");
    }
    assert_eq!(gao.net.peers().await.expect("the links run")[0].addrs.len(), PER_PEER as usize);
}

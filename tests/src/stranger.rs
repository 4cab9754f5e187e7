//! A peer made by hand: it speaks the links' protocol, and says what a test wants it to say.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use toguna::net::{self, ConnId, Net, NetEvent, NetSettings, SendError};
use toguna_protocol::{
    feed::Signer,
    frame::{Dictionary, Frame, Hello, VERSION, feeds_digest, hello_mac},
    frontier::Digest,
    ids::{AuthorKey, Epoch, NetworkId, Seq, UnixSeconds},
    limits::MAX_WINDOW,
};
use tokio::{sync::mpsc, time::timeout};

use crate::{PATIENCE, office::SECRET, written::Written};

/// One connection of a handmade peer.
pub struct Stranger {
    /// Signs entries with the peer's key.
    pub signer: Signer,
    net: Net,
    events: mpsc::Receiver<NetEvent>,
    conn: ConnId,
    office: AuthorKey,
    sending: Dictionary,
    receiving: Dictionary,
}

impl Stranger {
    /// Connects to an office, with a device key made from `seed`.
    ///
    /// # Panics
    /// If no connection comes about.
    pub async fn connect(seed: u8, to: SocketAddr) -> Self {
        let mut settings = NetSettings::new([seed; 32]);
        settings.peers = vec![format!("/ip4/{}/tcp/{}", to.ip(), to.port()).parse().expect("an address")];
        let (net, mut events) = net::start(settings).await.expect("the links start");
        let (conn, office) = loop {
            let event = timeout(PATIENCE, events.recv()).await.expect("the office answers");
            if let NetEvent::Connected { conn, peer, .. } = event.expect("the links run") {
                break (conn, peer);
            }
        };
        let signer = Signer::new(&[seed; 32], NetworkId::of_secret(SECRET));
        let (sending, receiving) = (Dictionary::default(), Dictionary::default());
        Stranger { signer, net, events, conn, office, sending, receiving }
    }

    /// The hello of a member that holds nothing, or, with another secret, of one that is none.
    pub fn hello(&self, secret: &[u8]) -> Frame {
        let mut hello = Hello {
            version: VERSION,
            mac: [0; 16],
            epoch: Epoch([7; 8]),
            digest: Digest([9; 16]),
            feeds: feeds_digest([]),
            baseline: [0; 8],
            clock: UnixSeconds(1_795_000_000),
        };
        hello.mac = hello_mac(secret, &self.net.local(), &self.office, &hello);
        Frame::Hello(hello)
    }

    /// Says hello as a member, and waits for the office's.
    ///
    /// # Panics
    /// If the office does not answer.
    pub async fn enter(&mut self) {
        let hello = self.hello(SECRET);
        self.say(&hello);
        assert!(matches!(self.hear().await, Some(Frame::Hello(_))), "the office says hello first");
        // What follows may be large.
        let _ = self.net.admit(self.conn).await;
    }

    /// Sends a frame.
    pub fn say(&mut self, frame: &Frame) {
        let bytes = frame.encode(&mut self.sending);
        self.say_bytes(bytes);
    }

    /// Sends a feed as fast as the office takes it, with no more than a node's window unacknowledged, and returns once
    /// all of it is durable there. Nothing may have been said of any feed before.
    ///
    /// # Panics
    /// If the office refuses any of it, or falls silent.
    pub async fn pour(&mut self, written: &Written) {
        let mut frames = written.frames.iter().peekable();
        let mut under_way: VecDeque<(Seq, usize)> = VecDeque::new();
        let mut bytes = 0;
        while frames.peek().is_some() || !under_way.is_empty() {
            while let Some((last, frame)) = frames.peek()
                && bytes + frame.len() <= MAX_WINDOW
            {
                match self.net.send(self.conn, frame.clone()) {
                    Ok(_) => {
                        under_way.push_back((*last, frame.len()));
                        bytes += frame.len();
                        frames.next();
                    }
                    Err(SendError::Full) => break,
                    Err(error) => panic!("the office went away: {error}"),
                }
            }
            match timeout(PATIENCE, self.events.recv()).await.expect("the office goes on").expect("the links run") {
                NetEvent::Frame { bytes: frame, .. } => {
                    let frame = Frame::decode(&frame, &mut self.receiving).expect("offices send proper frames");
                    let numbers = match frame {
                        Frame::Have(numbers, _) => numbers,
                        Frame::Hold(..) | Frame::Bye(_) => panic!("the office does not take it: {frame:?}"),
                        _ => continue,
                    };
                    let held = numbers.iter().find(|(feed, _)| *feed == written.feed).map_or(Seq(0), |(_, seq)| *seq);
                    while let Some((_, len)) = under_way.pop_front_if(|(last, _)| *last <= held) {
                        bytes -= len;
                    }
                }
                NetEvent::Closed { conn, reason, .. } if conn == self.conn => panic!("the office hung up: {reason}"),
                _ => {}
            }
        }
    }

    /// Sends any bytes as a frame; a closed connection swallows them.
    pub fn say_bytes(&mut self, bytes: Vec<u8>) {
        let _ = self.net.send(self.conn, bytes);
    }

    /// The next frame from the office; `None` once it has closed the connection.
    ///
    /// # Panics
    /// If nothing comes for long.
    pub async fn hear(&mut self) -> Option<Frame> {
        loop {
            match timeout(PATIENCE, self.events.recv()).await.expect("the office says something")? {
                NetEvent::Frame { bytes, .. } => {
                    return Some(Frame::decode(&bytes, &mut self.receiving).expect("offices send proper frames"));
                }
                NetEvent::Closed { conn, .. } if conn == self.conn => return None,
                _ => {}
            }
        }
    }

    /// Everything the office says until it closes the connection.
    pub async fn hear_out(&mut self) -> Vec<Frame> {
        let mut heard = Vec::new();
        while let Some(frame) = self.hear().await {
            heard.push(frame);
        }
        heard
    }

    /// What the office says within a while.
    pub async fn hear_for(&mut self, time: Duration) -> Vec<Frame> {
        let mut heard = Vec::new();
        while let Ok(Some(frame)) = timeout(time, self.hear()).await {
            heard.push(frame);
        }
        heard
    }
}

//! A bad link between two network namespaces: every IP packet between them passes through this process, which gives it
//! the rate, the delay and the losses of the link, and counts it.
//!
//! Each direction by itself: a bounded queue, a line that takes its time for every byte, chance, then the way across.
//! While the link is down, what is handed to it is dropped and what waits is gone; what has left the line still arrives.

use std::{
    collections::VecDeque,
    fs::File,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use toguna_protocol::testing::Chance;
use tokio::{
    runtime::{Handle, Runtime},
    time::{Instant, sleep_until},
};
use tokio_tun::Tun;

/// Bits a second, each way.
const RATE: u64 = 64_000;
/// How long a packet is under way once it has left the line.
const DELAY: Duration = Duration::from_millis(300);
/// Packets lost of a hundred.
const LOST: usize = 1;
/// Packets that may wait for the line.
const QUEUE: usize = 100;
/// The largest packet, in bytes.
const MTU: i32 = 1_500;

/// What one direction has sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    /// Bytes of IP packets that left the line, headers and what was sent again included.
    pub(crate) bytes: u64,
    /// How many packets these were.
    pub(crate) packets: u64,
}

struct Direction {
    chance: Chance,
    /// When the line is done with each packet that waits.
    waiting: VecDeque<(Instant, Vec<u8>)>,
    /// When each packet under way arrives.
    flying: VecDeque<(Instant, Vec<u8>)>,
    free_at: Instant,
    sent: Sent,
    last: Instant,
    /// Since when each packet is told of, where it is.
    told: Option<(usize, Instant)>,
}

impl Direction {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        let (waiting, flying, sent) = Default::default();
        Direction { chance: Chance::new(seed), waiting, flying, free_at: now, sent, last: now, told: None }
    }

    fn offer(&mut self, packet: &[u8], now: Instant) {
        self.last = now;
        // The first is on the line and not in the queue.
        if self.waiting.len() <= QUEUE {
            self.free_at = self.free_at.max(now) + Duration::from_secs(packet.len() as u64 * 8) / RATE as u32;
            self.waiting.push_back((self.free_at, packet.to_vec()));
        }
    }

    /// Moves on what is due; returns what arrives now.
    fn advance(&mut self, now: Instant) -> Vec<Vec<u8>> {
        while let Some((left, packet)) = self.waiting.pop_front_if(|(done, _)| *done <= now) {
            self.sent.bytes += packet.len() as u64;
            self.sent.packets += 1;
            let arrives = self.chance.below(100) >= LOST;
            if let Some((side, since)) = self.told {
                let at = left.saturating_duration_since(since).as_secs_f64();
                let fate = if arrives { "" } else { ", lost" };
                eprintln!("{at:8.3} s  {}  {:4} bytes{fate}", ["-->", "<--"][side], packet.len());
            }
            if arrives {
                self.flying.push_back((left + DELAY, packet));
            }
        }
        let mut arrived = Vec::new();
        while let Some((_, packet)) = self.flying.pop_front_if(|(arrival, _)| *arrival <= now) {
            arrived.push(packet);
        }
        arrived
    }

    fn next(&self) -> Option<Instant> {
        let times = [self.waiting.front(), self.flying.front()];
        times.into_iter().flatten().map(|(at, _)| *at).min()
    }

    fn go_down(&mut self) {
        self.waiting.clear();
        self.free_at = Instant::now();
    }
}

type Way = Arc<Mutex<Direction>>;

fn locked(way: &Way) -> MutexGuard<'_, Direction> {
    way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two namespaces and the link between them. Dropping it removes both.
pub(crate) struct Link {
    /// The namespaces' names.
    pub(crate) spaces: [String; 2],
    up: Arc<AtomicBool>,
    ways: [Way; 2],
    _runtime: Runtime,
}

/// The address in either namespace.
pub(crate) const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

impl Link {
    /// Makes the namespaces and the link, which is down.
    ///
    /// # Errors
    /// Without the right to make them, or without a device for user-made links.
    pub(crate) fn new(seed: u64) -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let spaces = ["a", "b"].map(|side| format!("toguna-{}-{side}", std::process::id()));
        let ways = [seed, seed + 1].map(|seed| Arc::new(Mutex::new(Direction::new(seed))));
        let link = Link { spaces, up: Arc::default(), ways, _runtime: runtime };
        let handle = link._runtime.handle().clone();
        let mut ends = Vec::new();
        for space in &link.spaces {
            ip(&["netns", "add", space])?;
            ip(&["-n", space, "link", "set", "lo", "up"])?;
            ends.push(Arc::new(open_end(space, &handle)?));
        }
        for (side, space) in link.spaces.iter().enumerate() {
            ip(&["-n", space, "link", "set", "link0", "mtu", &MTU.to_string(), "up"])?;
            ip(&["-n", space, "addr", "add", ADDRESSES[side], "peer", ADDRESSES[1 - side], "dev", "link0"])?;
        }
        for (side, way) in link.ways.iter().enumerate() {
            let (from, to) = (ends[side].clone(), ends[1 - side].clone());
            handle.spawn(carry(from, to, way.clone(), link.up.clone()));
        }
        Ok(link)
    }

    /// Brings the link up or takes it down.
    pub(crate) fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::SeqCst);
        if !up {
            self.ways.iter().for_each(|way| locked(way).go_down());
        }
    }

    /// What has been sent, either way.
    pub(crate) fn sent(&self) -> [Sent; 2] {
        [0, 1].map(|side| locked(&self.ways[side]).sent)
    }

    /// Tells of every packet that leaves the line from now on.
    pub(crate) fn tell_packets(&self) {
        let now = Instant::now();
        self.ways.iter().enumerate().for_each(|(side, way)| locked(way).told = Some((side, now)));
    }

    /// For how long nobody has sent anything while it was up.
    pub(crate) fn idle(&self) -> Duration {
        let last = self.ways.iter().map(|way| locked(way).last).max();
        last.map_or(Duration::ZERO, |last| last.elapsed())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for space in &self.spaces {
            // What could not be made cannot be removed either.
            let _ = ip(&["netns", "del", space]);
        }
    }
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(args).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("ip: {error}")),
    }
}

/// Moves the calling thread into a namespace, for ever.
pub(crate) fn enter(space: &str) -> Result<(), String> {
    let file = File::open(format!("/run/netns/{space}")).map_err(|error| format!("opening {space}: {error}"))?;
    move_into_link_name_space(std::os::fd::AsFd::as_fd(&file), Some(LinkNameSpaceType::Network))
        .map_err(|error| format!("entering {space}: {error}"))
}

/// A device belongs to the namespace in which it was made, its file to whoever holds it.
fn open_end(space: &str, handle: &Handle) -> Result<Tun, String> {
    std::thread::scope(|threads| {
        let opening = threads.spawn(|| {
            enter(space)?;
            let _runtime = handle.enter();
            let made = Tun::builder().name("link0").build().map_err(|error| error.to_string())?;
            made.into_iter().next().ok_or_else(|| "no device was made".to_owned())
        });
        opening.join().unwrap_or_else(|_| Err("opening the device panicked".to_owned()))
    })
}

async fn carry(from: Arc<Tun>, to: Arc<Tun>, way: Way, up: Arc<AtomicBool>) {
    let mut packet = vec![0; 65_536];
    loop {
        let next = locked(&way).next();
        let due = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = from.recv(&mut packet) => {
                let Ok(len) = read else { return };
                if up.load(Ordering::SeqCst) {
                    locked(&way).offer(&packet[..len], Instant::now());
                }
            }
            () = due => {}
        }
        let arrived = locked(&way).advance(Instant::now());
        for packet in arrived {
            // The namespace may be gone already.
            let _gone = to.send(&packet).await;
        }
    }
}

//! Dialling over links that come and go: knocks at an address again and again until somebody answers.
//!
//! A system that tries to connect waits longer after each try that went unanswered, and sleeps through a link that is
//! up for seconds. So every knock here is a connection of its own, given up before the system would sleep over it. Some
//! are left more time, for links whose answers take long. Who answers first and proves who it is, is taken.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures::{Future, FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use libp2p::{
    Multiaddr, PeerId, Transport, TransportError,
    core::{
        muxing::StreamMuxerBox,
        transport::{Boxed, DialOpts, ListenerId, TransportEvent},
    },
    multiaddr::Protocol,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

/// How long one dial goes on knocking.
const KNOCKING: Duration = Duration::from_secs(10);

/// Between two knocks: what a link that has just come up is kept waiting at most. A knock takes 60 bytes where the link
/// is up and nobody is there, and nothing where it is down.
const PACE: Duration = Duration::from_millis(500);

/// Between two knocks, whomever they are for.
const SHARED_PACE: Duration = Duration::from_millis(250);

/// An address that has not answered for this long is knocked at less often, by this factor.
const AWAY: Duration = Duration::from_secs(600);
const RARELY: u32 = 4;

/// How long a knock waits for its answer. Systems knock again after a second, ever more rarely.
const LISTENING: Duration = Duration::from_millis(950);

/// Every so many knocks one waits longer, for as long.
const PATIENT: u32 = 8;
const LISTENING_LONG: Duration = Duration::from_secs(8);

/// How long whoever has answered has to prove who it is before others are knocked for beside it, and until it is given
/// up: one round trip, and one with a lost packet; the link may have gone down in between.
const PROVING: Duration = Duration::from_millis(2_500);
const PROVING_LONG: Duration = Duration::from_secs(10);

/// Addresses of which it is remembered since when they are silent.
const MAX_SILENT: usize = 1_024;

type Connection = (PeerId, StreamMuxerBox);
type Carrier = Boxed<Connection>;

/// Says when a knock is answered.
#[derive(Clone)]
pub(super) struct Answered {
    knock: u32,
    /// Which knock of the dial was answered last, and when.
    last: watch::Sender<Option<(u32, Instant)>>,
}

impl Answered {
    /// It is, now.
    pub(super) fn note(&self) {
        self.last.send_replace(Some((self.knock, Instant::now())));
    }
}

/// What several dials share.
#[derive(Clone, Default)]
pub(super) struct Door {
    knocking: Arc<AtomicUsize>,
    silent_since: Arc<Mutex<HashMap<Multiaddr, Instant>>>,
    called_off: Arc<Mutex<Vec<Multiaddr>>>,
}

impl Door {
    fn silent(&self) -> MutexGuard<'_, HashMap<Multiaddr, Instant>> {
        self.silent_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called_off(&self) -> MutexGuard<'_, Vec<Multiaddr>> {
        self.called_off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the knocking at an address, since a connection that seemed dead is not.
    pub(super) fn call_off(&self, addr: &Multiaddr) {
        self.called_off().push(place(addr));
    }

    /// Before an address is dialled.
    pub(super) fn call_on(&self, addr: &Multiaddr) {
        let place = place(addr);
        self.called_off().retain(|off| *off != place);
    }

    fn is_called_off(&self, addr: &Multiaddr) -> bool {
        self.called_off().contains(&place(addr))
    }

    fn pace(&self, addr: &Multiaddr) -> Duration {
        let together = SHARED_PACE * u32::try_from(self.knocking.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        let away = self.silent().get(&place(addr)).is_some_and(|since| since.elapsed() > AWAY);
        PACE.max(together) * if away { RARELY } else { 1 }
    }

    fn heard(&self, addr: &Multiaddr) {
        self.silent().remove(&place(addr));
    }

    fn unheard(&self, addr: &Multiaddr) {
        let mut silent = self.silent();
        if silent.len() >= MAX_SILENT {
            silent.clear();
        }
        silent.entry(place(addr)).or_insert_with(Instant::now);
    }
}

/// An address without the name of the peer at its end, which may or may not be known.
fn place(addr: &Multiaddr) -> Multiaddr {
    addr.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect()
}

/// Counts a dial among those that knock.
struct Knocker<'a>(&'a AtomicUsize);

impl<'a> Knocker<'a> {
    fn new(knocking: &'a AtomicUsize) -> Self {
        knocking.fetch_add(1, Ordering::Relaxed);
        Knocker(knocking)
    }
}

impl Drop for Knocker<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

type Make = Arc<dyn Fn(Answered) -> Carrier + Send + Sync>;

/// A carrier that knocks.
pub(super) struct Knocking {
    listening: Carrier,
    make: Make,
    door: Door,
}

impl Knocking {
    /// `make` makes the carrier of one knock, which says when it was answered.
    pub(super) fn new(make: impl Fn(Answered) -> Carrier + Send + Sync + 'static, door: Door) -> Self {
        let nobody = Answered { knock: 0, last: watch::Sender::new(None) };
        Knocking { listening: make(nobody), make: Arc::new(make), door }
    }
}

impl Transport for Knocking {
    type Output = Connection;
    type Error = io::Error;
    type ListenerUpgrade = <Carrier as Transport>::ListenerUpgrade;
    type Dial = BoxFuture<'static, io::Result<Connection>>;

    fn listen_on(&mut self, id: ListenerId, addr: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.listening.listen_on(id, addr)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.listening.remove_listener(id)
    }

    fn dial(&mut self, addr: Multiaddr, options: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
        let mut dial = Dial {
            make: self.make.clone(),
            addr,
            options,
            knocks: FuturesUnordered::new(),
            answered: watch::Sender::new(None),
            count: 0,
        };
        // What cannot be dialled at all is told at once.
        dial.knock()?;
        let door = self.door.clone();
        Ok(async move { dial.run(&door).await }.boxed())
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        Pin::new(&mut self.listening).poll(cx)
    }
}

struct Dial {
    make: Make,
    addr: Multiaddr,
    options: DialOpts,
    knocks: FuturesUnordered<BoxFuture<'static, io::Result<Connection>>>,
    answered: watch::Sender<Option<(u32, Instant)>>,
    count: u32,
}

impl Dial {
    fn knock(&mut self) -> Result<(), TransportError<io::Error>> {
        let answered = Answered { knock: self.count, last: self.answered.clone() };
        let connecting = (self.make)(answered).dial(self.addr.clone(), self.options)?;
        let patient = self.count % PATIENT == PATIENT - 1;
        let listening = if patient { LISTENING_LONG } else { LISTENING };
        self.knocks.push(given_up(connecting, self.count, self.answered.subscribe(), listening).boxed());
        self.count += 1;
        Ok(())
    }

    async fn run(&mut self, door: &Door) -> io::Result<Connection> {
        let _counted = Knocker::new(&door.knocking);
        let end = Instant::now() + KNOCKING;
        let mut next = Instant::now() + door.pace(&self.addr);
        let mut failure = no_answer();
        loop {
            tokio::select! {
                Some(knock) = self.knocks.next() => match knock {
                    Ok(connection) => {
                        door.heard(&self.addr);
                        return Ok(connection);
                    }
                    Err(error) if is_silence(&error.to_string()) => failure = error,
                    Err(error) => return Err(error),
                },
                () = sleep_until(next) => {
                    next += door.pace(&self.addr);
                    let now = Instant::now();
                    let proving = self.answered.borrow().is_some_and(|(_, at)| now.duration_since(at) < PROVING);
                    if proving {
                        continue;
                    }
                    if door.is_called_off(&self.addr) {
                        return Err(io::Error::new(io::ErrorKind::Interrupted, "another connection stands"));
                    }
                    if now >= end {
                        door.unheard(&self.addr);
                        return Err(failure);
                    }
                    if let Err(TransportError::Other(error)) = self.knock() {
                        failure = error;
                    }
                }
            }
        }
    }
}

fn no_answer() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::TIMEDOUT.raw_os_error())
}

/// Gives a knock up where nobody answers in time or another was answered first, and later where whoever answered does
/// not prove who it is.
async fn given_up(
    connecting: impl Future<Output = io::Result<Connection>>,
    knock: u32,
    mut answered: watch::Receiver<Option<(u32, Instant)>>,
    listening: Duration,
) -> io::Result<Connection> {
    let mut connecting = std::pin::pin!(connecting);
    let began = Instant::now();
    let since = |last: &Option<(u32, Instant)>| last.is_some_and(|(_, at)| at >= began);
    let ours = tokio::select! {
        connected = &mut connecting => return connected,
        last = timeout(listening, answered.wait_for(since)) => {
            matches!(last, Ok(Ok(last)) if last.is_some_and(|(answered, _)| answered == knock))
        }
    };
    if !ours {
        return Err(no_answer());
    }
    timeout(PROVING_LONG, connecting).await.unwrap_or_else(|_| Err(no_answer()))
}

/// What went wrong, by the system's number: libp2p's layers hide an error's type, but not its text.
pub(super) fn kind_in(text: &str) -> Option<io::ErrorKind> {
    let number = text.rsplit_once("(os error ").and_then(|(_, rest)| rest.strip_suffix(')')?.parse().ok());
    number.map(|number| io::Error::from_raw_os_error(number).kind())
}

/// Whether nobody has said anything, so that the next knock may be answered.
pub(super) fn is_silence(text: &str) -> bool {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkDown, NetworkUnreachable, TimedOut};
    let silent = [AddrNotAvailable, HostUnreachable, NetworkDown, NetworkUnreachable, TimedOut];
    kind_in(text).is_some_and(|kind| silent.contains(&kind))
}

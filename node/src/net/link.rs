//! One connection's stream: frames in, frames out, at the same time, until either side ends it.

use std::{
    future::pending,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, io::BufReader};
use toguna_protocol::limits;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    ConnId, NetEvent, QUEUE, SendError,
    frames::{FrameError, put_frame, put_heartbeat, read_body, read_heartbeat, read_length, wire_len, write_all},
    pulse::Pulse,
};

/// Frames are gathered up to this many bytes into one write.
const BATCH: usize = 4 * 1024;

/// How long a closing connection may take to send what is queued, and then again to hear that the peer has read it.
const LINGER: Duration = Duration::from_secs(2);

/// The reason for closing when the node ends.
pub(super) const STOPPING: &str = "the node is stopping";

/// The times that end a link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) stall: Duration,
    pub(super) heartbeat: Duration,
    pub(super) admission: Duration,
}

/// Who ended a link, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// We did, for this reason.
    Ours(String),
    /// The peer did, between two frames.
    Theirs,
    /// The peer broke the rules of framing.
    Offence(String),
    /// The way between us broke.
    Broken(String),
}

impl End {
    /// The reason for an operator.
    pub(super) fn reason(&self) -> String {
        match self {
            End::Ours(reason) | End::Offence(reason) | End::Broken(reason) => reason.clone(),
            End::Theirs => FrameError::Ended.to_string(),
        }
    }
}

/// A link's end, and the bytes of the frames that passed, prefixes included.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) read: u64,
    pub(super) written: u64,
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Ended => End::Theirs,
            FrameError::TooLong { .. } | FrameError::Length => End::Offence(error.to_string()),
            _ => End::Broken(error.to_string()),
        }
    }
}

/// What the engine has said of a connection.
#[derive(Debug, Default)]
struct Verdict {
    admitted: bool,
    closing: Option<String>,
}

/// The near end of a link: takes frames, the admission, and the wish to close.
pub(super) struct LinkQueue {
    frames: mpsc::Sender<Vec<u8>>,
    verdict: watch::Sender<Verdict>,
    pressed: Arc<AtomicBool>,
}

impl LinkQueue {
    /// Queues a frame; returns how many wait.
    pub(super) fn push(&self, frame: Vec<u8>) -> Result<usize, SendError> {
        if self.verdict.borrow().closing.is_some() {
            return Err(SendError::Closed);
        }
        let waiting = self.queued() + 1;
        if waiting >= limits::MAX_QUEUED_FRAMES {
            // Before the frame, so that the link cannot empty the queue without seeing that it must tell us.
            self.pressed.store(true, Ordering::SeqCst);
        }
        match self.frames.try_send(frame) {
            Ok(()) => Ok(waiting),
            Err(mpsc::error::TrySendError::Full(_)) => Err(SendError::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(SendError::Closed),
        }
    }

    /// Frames that wait.
    pub(super) fn queued(&self) -> usize {
        self.frames.max_capacity() - self.frames.capacity()
    }

    /// Large frames are welcome from now on.
    pub(super) fn admit(&self) {
        self.verdict.send_modify(|verdict| verdict.admitted = true);
    }

    /// Ends the link once what is queued has gone out. The first reason stays.
    pub(super) fn close(&self, reason: &str) {
        self.verdict.send_modify(|verdict| {
            verdict.closing.get_or_insert_with(|| reason.to_owned());
        });
    }
}

/// Whether a link is taken for dead, or was and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) conn: ConnId,
    pub(super) dead: bool,
}

/// The pulse, as reading and writing share it.
#[derive(Clone)]
struct SharedPulse {
    pulse: Arc<Mutex<Pulse>>,
    changed: Arc<Notify>,
}

impl SharedPulse {
    fn new() -> Self {
        SharedPulse { pulse: Arc::new(Mutex::new(Pulse::new(Instant::now()))), changed: Arc::default() }
    }

    /// A thread that panicked with it left it whole.
    fn locked(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T>(&self, what: impl FnOnce(&mut Pulse, Instant) -> T) -> T {
        let noted = what(&mut self.locked(), Instant::now());
        self.changed.notify_waiters();
        noted
    }

    /// Tells whoever listens when the link is to be doubted, and when no longer.
    async fn watch(&self, conn: ConnId, doubts: mpsc::Sender<Doubt>) -> End {
        let mut dead = false;
        loop {
            let changed = self.changed.notified();
            let due = self.locked().doubtful();
            let doubted = due.is_some_and(|due| due <= Instant::now());
            if doubted != dead {
                dead = doubted;
                if doubts.send(Doubt { conn, dead }).await.is_err() {
                    return pending().await;
                }
                continue;
            }
            tokio::select! {
                () = changed => {}
                () = until(due), if !dead => {}
            }
        }
    }
}

/// Waits for a moment; without one, for ever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// The far end: owns the stream and moves frames until the link ends.
pub(super) struct Link {
    conn: ConnId,
    frames: mpsc::Receiver<Vec<u8>>,
    verdict: watch::Receiver<Verdict>,
    pressed: Arc<AtomicBool>,
    events: mpsc::Sender<NetEvent>,
    doubts: mpsc::Sender<Doubt>,
    patience: Patience,
}

/// Makes both ends of a link.
pub(super) fn link(
    conn: ConnId,
    events: mpsc::Sender<NetEvent>,
    doubts: mpsc::Sender<Doubt>,
    patience: Patience,
) -> (LinkQueue, Link) {
    let (frames, queue) = mpsc::channel(QUEUE);
    let (verdict, heard) = watch::channel(Verdict::default());
    let pressed = Arc::new(AtomicBool::new(false));
    let near = LinkQueue { frames, verdict, pressed: pressed.clone() };
    (near, Link { conn, frames: queue, verdict: heard, pressed, events, doubts, patience })
}

impl Link {
    /// Announces the link, moves frames both ways until it ends, and says why it did. Reading never waits for
    /// writing, nor writing for reading: two nodes that both send at full speed would stand still for ever.
    pub(super) async fn run(self, connected: NetEvent, stream: impl AsyncRead + AsyncWrite + Unpin) -> Ended {
        if self.events.send(connected).await.is_err() {
            return Ended { end: End::Ours(STOPPING.to_owned()), read: 0, written: 0 };
        }
        let (reader, writer) = stream.split();
        let Link { conn, frames, verdict, pressed, events, doubts, patience } = self;
        let pulse = SharedPulse::new();
        let watching = pulse.clone();
        let admission = expelled(verdict.clone(), patience.admission);
        let overdue = overdue(verdict.clone());
        let (heard, told) = (verdict.clone(), events.clone());
        let mut reading = Reading { conn, verdict: heard, events: told, patience, pulse: pulse.clone(), bytes: 0 };
        let mut writing = Writing { conn, frames, verdict, pressed, events, patience, pulse, bytes: 0 };
        let end = {
            let mut taking_in = pin!(reading.run(reader));
            tokio::select! {
                end = &mut taking_in => end,
                end = admission => end,
                end = overdue => end,
                end = watching.watch(conn, doubts) => end,
                end = writing.run(writer) => {
                    if matches!(end, End::Ours(_)) {
                        // A carrier drops what it has not sent when a connection is closed, so the peer closes its
                        // side first; one that does not has no claim to the rest.
                        let _late = timeout(LINGER, taking_in).await;
                    }
                    end
                }
            }
        };
        Ended { end, read: reading.bytes, written: writing.bytes }
    }
}

/// Ends a link that nobody admits.
async fn expelled(mut verdict: watch::Receiver<Verdict>, after: Duration) -> End {
    let judged = |verdict: &Verdict| verdict.admitted || verdict.closing.is_some();
    if timeout(after, verdict.wait_for(judged)).await.is_err() {
        return End::Ours(format!("not admitted within {after:?}"));
    }
    pending().await
}

/// Ends a link that does not close in an orderly way because a write is stuck: most often that is why it is closed.
async fn overdue(mut verdict: watch::Receiver<Verdict>) -> End {
    let reason = closing(&mut verdict).await;
    sleep(LINGER).await;
    End::Ours(reason)
}

struct Reading {
    conn: ConnId,
    verdict: watch::Receiver<Verdict>,
    events: mpsc::Sender<NetEvent>,
    patience: Patience,
    pulse: SharedPulse,
    bytes: u64,
}

impl Reading {
    async fn run(&mut self, reader: impl AsyncRead + Unpin) -> End {
        match self.read_frames(BufReader::new(reader)).await {
            Ok(end) => end,
            Err(error) => End::from(error),
        }
    }

    async fn read_frames(&mut self, mut reader: impl AsyncRead + Unpin) -> Result<End, FrameError> {
        let silence = self.patience.heartbeat * 3;
        let mut greeted = false;
        loop {
            let length = read_length(&mut reader, silence).await?;
            if length == 0 {
                let read = read_heartbeat(&mut reader, silence).await?;
                self.pulse.note(|pulse, now| pulse.hear_heartbeat(read, now));
                continue;
            }
            if length > limits::MAX_FRAME_BEFORE_HELLO && !self.admitted(greeted).await {
                return Err(FrameError::TooLong { length, most: limits::MAX_FRAME_BEFORE_HELLO });
            }
            let pulse = &self.pulse;
            let bytes = read_body(&mut reader, length, silence, || pulse.note(Pulse::hear)).await?;
            pulse.note(Pulse::hear_frame);
            self.bytes += wire_len(length);
            greeted = true;
            let closing = self.verdict.borrow().closing.is_some();
            if !closing && self.events.send(NetEvent::Frame { conn: self.conn, bytes }).await.is_err() {
                return Ok(End::Ours(STOPPING.to_owned()));
            }
        }
    }

    /// Whether large frames may come. A member sends its first entries right behind its hello: while the engine has
    /// yet to judge that hello, they wait in the socket. `expelled` bounds the wait.
    async fn admitted(&mut self, greeted: bool) -> bool {
        if !greeted {
            return self.verdict.borrow().admitted;
        }
        match self.verdict.wait_for(|verdict| verdict.admitted || verdict.closing.is_some()).await {
            Ok(verdict) => verdict.admitted,
            Err(_) => false,
        }
    }
}

struct Writing {
    conn: ConnId,
    frames: mpsc::Receiver<Vec<u8>>,
    verdict: watch::Receiver<Verdict>,
    pressed: Arc<AtomicBool>,
    events: mpsc::Sender<NetEvent>,
    patience: Patience,
    pulse: SharedPulse,
    bytes: u64,
}

/// What there is to write next.
enum Next {
    Frame(Vec<u8>),
    Heartbeat,
    Close(String),
}

impl Writing {
    async fn run(&mut self, mut writer: impl AsyncWrite + Unpin) -> End {
        match self.write_frames(&mut writer).await {
            Ok(reason) => {
                // What cannot be sent any more is for the next connection; `overdue` bounds the wait.
                let _cut_short = self.finish(&mut writer).await;
                End::Ours(reason)
            }
            Err(error) => End::from(error),
        }
    }

    /// Returns the reason for which we close.
    async fn write_frames(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<String, FrameError> {
        let mut batch = Vec::new();
        loop {
            batch.clear();
            match self.next().await {
                Next::Frame(frame) => {
                    // Beside frames an acknowledgement costs hardly anything.
                    if let Some(read) = self.pulse.note(Pulse::thank_if_owing) {
                        put_heartbeat(&mut batch, read);
                    }
                    put_frame(&mut batch, &frame);
                    let frames = 1 + self.gather(&mut batch);
                    self.pulse.note(|pulse, now| pulse.say(frames, now));
                }
                Next::Heartbeat => put_heartbeat(&mut batch, self.pulse.note(Pulse::thank)),
                Next::Close(reason) => return Ok(reason),
            }
            write_all(writer, &batch, self.patience.stall).await?;
            self.bytes += batch.len() as u64;
            if self.frames.len() <= limits::MAX_QUEUED_FRAMES / 2 && self.pressed.swap(false, Ordering::SeqCst) {
                // An engine that is gone needs no telling: the reading side ends the link.
                let _gone = self.events.send(NetEvent::Writable { conn: self.conn }).await;
            }
        }
    }

    async fn next(&mut self) -> Next {
        let idle = Instant::now() + self.patience.heartbeat;
        loop {
            let changed = self.pulse.changed.notified();
            let owing = self.pulse.locked().owing();
            let due = owing.map_or(idle, |owing| owing.min(idle));
            tokio::select! {
                biased;
                reason = closing(&mut self.verdict) => return Next::Close(reason),
                Some(frame) = self.frames.recv() => return Next::Frame(frame),
                () = sleep_until(due) => return Next::Heartbeat,
                () = changed => {}
            }
        }
    }

    /// Adds further frames to a batch; returns how many.
    fn gather(&mut self, batch: &mut Vec<u8>) -> u16 {
        let mut frames = 0;
        while batch.len() < BATCH
            && let Ok(frame) = self.frames.try_recv()
        {
            put_frame(batch, &frame);
            frames += 1;
        }
        frames
    }

    /// Sends what was queued before the wish to close, and closes our side.
    async fn finish(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<(), FrameError> {
        self.frames.close();
        let mut batch = Vec::new();
        while let Ok(frame) = self.frames.try_recv() {
            batch.clear();
            put_frame(&mut batch, &frame);
            self.gather(&mut batch);
            write_all(writer, &batch, LINGER).await?;
            self.bytes += batch.len() as u64;
        }
        Ok(writer.close().await?)
    }
}

/// Resolves once the engine wants the connection closed, or nobody is left who could send on it.
async fn closing(verdict: &mut watch::Receiver<Verdict>) -> String {
    match verdict.wait_for(|verdict| verdict.closing.is_some()).await {
        Ok(verdict) => verdict.closing.clone().unwrap_or_default(),
        Err(_) => STOPPING.to_owned(),
    }
}

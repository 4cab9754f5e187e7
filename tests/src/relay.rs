//! A link between two nodes: a TCP relay that can be cut, at once or in the middle of a transfer.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::JoinHandle,
};

/// Bytes are relayed in pieces of this size, so that a cut falls where it was ordered.
const PIECE: usize = 512;

/// A relay to one address. While it is down, connections are refused and those that stood are gone.
pub struct Relay {
    /// Where to dial.
    pub address: SocketAddr,
    up: watch::Sender<bool>,
    meter: Arc<Meter>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Meter {
    carried: AtomicU64,
    /// Bytes until the relay cuts itself; negative: never.
    left: AtomicI64,
}

impl Relay {
    /// Starts a relay to `target`, up.
    pub async fn to(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (up, state) = watch::channel(true);
        let meter = Arc::new(Meter { carried: AtomicU64::new(0), left: AtomicI64::new(i64::MIN) });
        let accepting = tokio::spawn(accept(listener, target, state, up.clone(), meter.clone()));
        Ok(Relay { address, up, meter, accepting })
    }

    /// Cuts the link: every connection breaks, and new ones are refused.
    pub fn cut(&self) {
        self.up.send_replace(false);
    }

    /// Restores the link, until it has carried `bytes` more, counted in both directions.
    pub fn restore_for(&self, bytes: u64) {
        self.meter.left.store(bytes as i64, Ordering::SeqCst);
        self.up.send_replace(true);
    }

    /// Restores the link.
    pub fn restore(&self) {
        self.meter.left.store(i64::MIN, Ordering::SeqCst);
        self.up.send_replace(true);
    }

    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    /// Bytes carried so far, both directions together.
    pub fn carried(&self) -> u64 {
        self.meter.carried.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    state: watch::Receiver<bool>,
    up: watch::Sender<bool>,
    meter: Arc<Meter>,
) {
    while let Ok((near, _)) = listener.accept().await {
        let (mut state, up, meter) = (state.clone(), up.clone(), meter.clone());
        if !*state.borrow_and_update() {
            continue;
        }
        tokio::spawn(async move {
            let Ok(far) = TcpStream::connect(target).await else { return };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::select! {
                _ = state.wait_for(|up| !up) => {}
                () = carry(near_in, far_out, &meter, &up) => {}
                () = carry(far_in, near_out, &meter, &up) => {}
            }
        });
    }
}

async fn carry(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, meter: &Meter, up: &watch::Sender<bool>) {
    let mut piece = [0; PIECE];
    while let Ok(len @ 1..) = from.read(&mut piece).await {
        let before = meter.left.fetch_sub(len as i64, Ordering::SeqCst);
        if before >= 0 && before < len as i64 {
            up.send_replace(false);
            return;
        }
        meter.carried.fetch_add(len as u64, Ordering::SeqCst);
        if to.write_all(&piece[..len]).await.is_err() {
            return;
        }
    }
}

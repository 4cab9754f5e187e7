//! Connections under TLS, for a server that others on the network reach.
//!
//! Hands are shaken beside each other and for a bounded time, and one address has a bounded number of connections: who
//! is slow, or says nothing at all, holds up nobody else. Whoever speaks plain HTTP is told so.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::AbortHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Connections at once: of all addresses, and of one. A browser opens six.
const CONNECTIONS: usize = 512;
const OF_ONE_ADDRESS: usize = 48;

/// How long shaking hands may take, over a slow network with a slow machine.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait before connections are accepted again when the system refuses: too many files are open.
const PAUSE: Duration = Duration::from_millis(200);

/// The first byte of a TLS connection: the type of a handshake record (RFC 8446, section 5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// Connections that have shaken hands and wait to be served.
const READY: usize = 16;

/// Listens for connections under TLS.
pub struct TlsListener {
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
    address: SocketAddr,
    accepting: AbortHandle,
}

impl TlsListener {
    /// Takes connections from a listener. `plain`: what somebody reads who asks in plain HTTP.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn new(listener: TcpListener, config: Arc<ServerConfig>, plain: &str) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(READY);
        let plain = answer(plain);
        let accepting = tokio::spawn(accept(listener, TlsAcceptor::from(config), plain.into(), sender)).abort_handle();
        Ok(TlsListener { ready, address, accepting })
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // Nobody accepts any more, as when the program ends.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    plain: Arc<[u8]>,
    ready: mpsc::Sender<(Connection, SocketAddr)>,
) {
    let places = Places::default();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Some(place) = places.take(peer.ip()) else { continue };
        let (acceptor, plain, ready) = (acceptor.clone(), plain.clone(), ready.clone());
        tokio::spawn(async move {
            if let Ok(Ok(Some(stream))) = timeout(HANDSHAKE, greeted(stream, &acceptor, &plain)).await {
                // The server has ended meanwhile.
                let _ = ready.send((Connection { stream, _place: place }, peer)).await;
            }
        });
    }
}

/// Shakes hands; or tells a plain request what to do, and gives nothing.
async fn greeted(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
    plain: &[u8],
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first[0] == HANDSHAKE_RECORD {
        return acceptor.accept(stream).await.map(Some);
    }
    // What has been asked is taken first: a connection that is closed over unread bytes loses the answer.
    let mut asked = [0; 8_192];
    let _ = stream.read(&mut asked).await?;
    if first[0].is_ascii_alphabetic() {
        stream.write_all(plain).await?;
    }
    stream.shutdown().await?;
    Ok(None)
}

/// An answer to plain HTTP.
fn answer(text: &str) -> Vec<u8> {
    let length = text.len();
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}"
    )
    .into_bytes()
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// The place of one connection, free again when it is dropped.
struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    fn take(&self, address: IpAddr) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, of_this): (usize, usize) = (taken.values().sum(), taken.get(&address).copied().unwrap_or(0));
        if all >= CONNECTIONS || of_this >= OF_ONE_ADDRESS {
            return None;
        }
        taken.insert(address, of_this + 1);
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_this) = taken.get_mut(&self.address) {
            *of_this -= 1;
            if *of_this == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// A connection that has shaken hands.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    _place: Place,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bounded_number_of_places_and_gives_them_back() {
        let places = Places::default();
        let [one, other] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let mut held: Vec<Place> = (0..OF_ONE_ADDRESS).map(|_| places.take(one).expect("a place")).collect();
        assert!(places.take(one).is_none());
        assert!(places.take(other).is_some());
        held.pop();
        assert!(places.take(one).is_some());
        drop(held);
        assert!(places.0.lock().unwrap().is_empty());
        let all: Vec<Option<Place>> =
            (0..CONNECTIONS + 1).map(|at| places.take(IpAddr::from([10, 1, (at / 9) as u8, 1]))).collect();
        assert!(all.last().is_some_and(Option::is_none) && all[CONNECTIONS - 1].is_some());
    }
}

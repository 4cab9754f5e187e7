//! Small writes gathered into one packet.
//!
//! The layers of a connection each write and flush their few bytes by themselves, and every packet of a thin link costs
//! 52 bytes of headers. What is flushed here goes out a moment later, together with what follows within it. Reading drives
//! it: whoever has said something goes on to listen.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{AsyncRead, AsyncWrite, Future};
use tokio::time::{Sleep, sleep};

/// How long a write waits for company: much less than any link takes, much more than the layers need between two.
const MOMENT: Duration = Duration::from_millis(3);

/// Bytes that are held back at most.
const MOST: usize = 4 * 1024;

/// A stream whose writes are gathered.
pub(super) struct Gathered<S> {
    stream: S,
    held: Vec<u8>,
    /// Until when what was flushed waits.
    due: Option<Pin<Box<Sleep>>>,
}

impl<S> Gathered<S> {
    pub(super) fn new(stream: S) -> Self {
        Gathered { stream, held: Vec::new(), due: None }
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    /// Hands on everything that is held.
    fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.drain(..written);
        }
        self.due = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if let Some(due) = &mut self.due
            && due.as_mut().poll(cx).is_ready()
            && let Poll::Ready(Err(error)) = self.poll_release(cx)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.held.len() + bytes.len() > MOST {
            ready!(self.poll_release(cx))?;
        }
        if bytes.len() > MOST {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        self.held.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            return Pin::new(&mut self.stream).poll_flush(cx);
        }
        if self.due.is_none() {
            self.due = Some(Box::pin(sleep(MOMENT)));
            // Whoever reads looks after it.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_release(cx))?;
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures::{AsyncReadExt, AsyncWriteExt};
    use tokio::{
        io::AsyncReadExt as _,
        net::{TcpListener, TcpStream},
        time::{Instant, timeout},
    };

    use super::*;

    async fn pair() -> (Gathered<libp2p::tcp::tokio::TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let near = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        near.set_nodelay(true).expect("a TCP socket");
        let (far, _) = listener.accept().await.expect("it was connected to");
        (Gathered::new(libp2p::tcp::tokio::TcpStream(near)), far)
    }

    #[tokio::test]
    async fn what_is_written_within_a_moment_arrives_at_once_and_in_order() {
        let (mut near, mut far) = pair().await;
        for part in [&b"one"[..], b"two", b"three"] {
            near.write_all(part).await.expect("held");
            near.flush().await.expect("held");
        }
        let mut answer = [0; 1];
        let listening = tokio::spawn(async move { near.read(&mut answer).await });
        let mut heard = [0; 64];
        let read = far.read(&mut heard).await.expect("it arrives");
        assert_eq!(&heard[..read], b"onetwothree");
        listening.abort();
    }

    #[tokio::test]
    async fn much_is_not_held_back_and_nothing_is_lost_on_closing() {
        let (mut near, mut far) = pair().await;
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let wanted = sent.clone();
        let writing = tokio::spawn(async move {
            for part in sent.chunks(999) {
                near.write_all(part).await.expect("taken");
            }
            near.close().await.expect("closed");
        });
        let mut heard = Vec::new();
        let began = Instant::now();
        timeout(Duration::from_secs(10), far.read_to_end(&mut heard)).await.expect("in time").expect("read");
        assert!(heard == wanted, "{} of {} bytes after {:?}", heard.len(), wanted.len(), began.elapsed());
        writing.await.expect("it ends");
    }
}

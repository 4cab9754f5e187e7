//! A link between two offices: a relay of TCP connections that can be cut and restored.

use std::{fmt, net::SocketAddr, str::FromStr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::DemoError;

/// The two ends of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkName {
    /// The end that dials.
    pub(super) from: &'static str,
    /// The other end.
    pub(super) to: &'static str,
}

impl LinkName {
    pub(super) const KIDAL_GAO: LinkName = LinkName { from: "kidal", to: "gao" };
    pub(super) const GAO_BAMAKO: LinkName = LinkName { from: "gao", to: "bamako" };
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl FromStr for LinkName {
    type Err = ();

    /// Either order of the two ends.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.to_ascii_lowercase();
        let (a, b) = text.split_once('-').ok_or(())?;
        let known = [LinkName::KIDAL_GAO, LinkName::GAO_BAMAKO].into_iter();
        known.into_iter().find(|link| (link.from, link.to) == (a, b) || (link.from, link.to) == (b, a)).ok_or(())
    }
}

/// A link. Cut when opened.
pub(super) struct Link {
    name: LinkName,
    address: SocketAddr,
    up: watch::Sender<bool>,
}

impl Link {
    /// Carries connections to `target` from now on, whenever the link is up.
    pub(super) async fn open(name: LinkName, target: SocketAddr) -> Result<Self, DemoError> {
        let failed = || DemoError::io(format!("opening the link {name}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let (up, is_up) = watch::channel(false);
        tokio::spawn(relay(listener, target, is_up));
        Ok(Link { name, address, up })
    }

    pub(super) fn name(&self) -> LinkName {
        self.name
    }

    /// Where the one end dials to reach the other.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    /// Cuts the link, ending every connection over it, or restores it.
    pub(super) fn set(&self, up: bool) {
        self.up.send_replace(up);
    }
}

async fn relay(listener: TcpListener, target: SocketAddr, up: watch::Receiver<bool>) {
    // Accepting fails when the process has too many files open; a moment later it may not.
    loop {
        match listener.accept().await {
            // While the link is cut a connection is closed at once. The port stays ours meanwhile: were it given up,
            // somebody else might have it when the link is restored.
            Ok((near, _)) if *up.borrow() => drop(tokio::spawn(carry(near, target, up.clone()))),
            Ok(_) => {}
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

async fn carry(mut near: TcpStream, target: SocketAddr, mut up: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    tokio::select! {
        // How the connection ended is for its two ends to tell.
        _ = copy_bidirectional(&mut near, &mut far) => {}
        // An error means that the link is gone altogether.
        _ = up.wait_for(|up| !*up) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn a_link_is_named_from_either_end() {
        assert_eq!("kidal-gao".parse(), Ok(LinkName::KIDAL_GAO));
        assert_eq!("Bamako-Gao".parse(), Ok(LinkName::GAO_BAMAKO));
        assert_eq!("kidal-bamako".parse::<LinkName>(), Err(()));
    }

    #[tokio::test]
    async fn a_cut_ends_connections_and_lets_none_through_until_it_is_restored() {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = echo.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = echo.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ended = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        let link = Link::open(LinkName::KIDAL_GAO, target).await.unwrap();
        let try_it = async |stream: &mut TcpStream| {
            let mut byte = [0];
            stream.write_all(b"x").await.is_ok() && matches!(stream.read(&mut byte).await, Ok(1))
        };
        let mut early = TcpStream::connect(link.address()).await.unwrap();
        assert!(!try_it(&mut early).await, "a link begins cut");
        link.set(true);
        let mut carried = TcpStream::connect(link.address()).await.unwrap();
        assert!(try_it(&mut carried).await);
        link.set(false);
        assert!(!try_it(&mut carried).await, "a cut ends what stands");
        link.set(true);
        let mut again = TcpStream::connect(link.address()).await.unwrap();
        assert!(try_it(&mut again).await);
    }
}

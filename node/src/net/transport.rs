//! The carriers and their bounds.

use std::time::Duration;

use futures::future::Either;
use libp2p::{
    PeerId, Swarm, Transport,
    connection_limits::{self, ConnectionLimits},
    core::{muxing::StreamMuxerBox, transport::Boxed, upgrade::Version},
    dns, identity, mdns, noise, quic,
    swarm::{self, NetworkBehaviour, behaviour::toggle::Toggle},
    tcp, yamux,
};
#[cfg(target_os = "linux")]
use rustix::net::sockopt::{set_tcp_thin_linear_timeouts, set_tcp_user_timeout};
use toguna_protocol::limits;

use super::{
    NetError, NetSettings,
    gather::Gathered,
    knocking::{Answered, Door, Knocking},
    streams::Streams,
};

/// How long a connection may take to stand: a resolver, TCP, Noise and a lost packet or two, at 600 ms each way.
const CONNECTING: Duration = Duration::from_secs(20);

/// A connection without our stream is closed after this long; one with it lives as long as the link.
const IDLE: Duration = Duration::from_secs(30);

/// A QUIC peer that sends nothing is gone after this long; keep-alives go out four times as often.
const QUIC_SILENCE: Duration = Duration::from_secs(60);

/// Streams a peer may open on a connection. One is used; the rest is room for a relay's and a later protocol's. Each
/// may hold 256 KiB unread in Yamux, whose window grows beyond that only while we read faster than a round trip
/// fills it; unread streams of strangers stay at that.
const STREAMS: u32 = 8;

/// Bytes a QUIC peer may send before we read them. Four frames; a local link has a round trip of milliseconds.
const QUIC_WINDOW: u32 = 4 * limits::MAX_FRAME as u32;

/// Bytes that the peer's system has not acknowledged for this long are given up, and the connection with them.
const UNHEARD: Duration = Duration::from_secs(20);

/// Connections to one peer at once: the one in use, and those that a link which is up for seconds has left behind
/// within [`UNHEARD`] and a [`NetSettings::admission`].
pub(super) const PER_PEER: u32 = 16;

/// Connections that others are setting up.
const PENDING: u32 = 16;

/// TCP and QUIC as one.
type Carriers = Boxed<(PeerId, StreamMuxerBox)>;

/// What runs on every connection.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    mdns: Toggle<mdns::tokio::Behaviour>,
    streams: Streams,
}

/// Builds the swarm, which knocks as `door` says; it neither listens nor dials yet.
pub(super) fn swarm(settings: &NetSettings, door: &Door) -> Result<Swarm<Behaviour>, NetError> {
    let keypair = identity::Keypair::ed25519_from_bytes(*settings.secret_key)
        .map_err(|error| NetError::Key(error.to_string()))?;
    let local = keypair.public().to_peer_id();
    let mdns = if settings.mdns {
        Some(mdns::tokio::Behaviour::new(mdns::Config::default(), local).map_err(NetError::Mdns)?)
    } else {
        None
    };
    let behaviour = Behaviour {
        limits: connection_limits::Behaviour::new(connection_limits()),
        mdns: Toggle::from(mdns),
        streams: Streams::default(),
    };
    let config = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(IDLE)
        .with_substream_upgrade_protocol_override(Version::V1Lazy)
        .with_max_negotiating_inbound_streams(2);
    Ok(Swarm::new(carriers(&keypair, door)?, behaviour, local, config))
}

/// A quarter of all connections is kept for those we dial, so that strangers cannot take every place.
fn connection_limits() -> ConnectionLimits {
    let total = limits::MAX_SESSIONS as u32;
    ConnectionLimits::default()
        .with_max_established(Some(total))
        .with_max_established_incoming(Some(total * 3 / 4))
        .with_max_established_per_peer(Some(PER_PEER))
        .with_max_pending_incoming(Some(PENDING))
        .with_max_pending_outgoing(Some(total))
}

/// Both carriers, with names looked up where the system has a resolver. A laptop off every network may have none;
/// addresses by number work all the same.
fn carriers(keypair: &identity::Keypair, door: &Door) -> Result<Carriers, NetError> {
    match dns::tokio::Transport::system(by_number(keypair, door)?) {
        Ok(named) => Ok(named.boxed()),
        Err(error) => {
            tracing::warn!(%error, "no resolver: peers can be reached by number only");
            by_number(keypair, door)
        }
    }
}

fn by_number(keypair: &identity::Keypair, door: &Door) -> Result<Carriers, NetError> {
    let noise = noise::Config::new(keypair).map_err(|error| NetError::Transport(error.to_string()))?;
    let tcp = Knocking::new(move |answered| over_tcp(&noise, answered), door.clone());

    let mut config = quic::Config::new(keypair).disable_path_mtu_discovery();
    config.handshake_timeout = CONNECTING;
    config.max_idle_timeout = QUIC_SILENCE.as_millis() as u32;
    config.keep_alive_interval = QUIC_SILENCE / 4;
    config.max_concurrent_stream_limit = STREAMS;
    config.max_stream_data = QUIC_WINDOW;
    config.max_connection_data = QUIC_WINDOW;
    let quic = quic::tokio::Transport::new(config);

    Ok(tcp
        .or_transport(quic)
        .map(|carrier, _| match carrier {
            Either::Left(connection) => connection,
            Either::Right((peer, muxer)) => (peer, StreamMuxerBox::new(muxer)),
        })
        .boxed())
}

/// TCP with Noise and Yamux. What the dialler has to say of them it says without waiting, so that a connection stands
/// after two round trips, and with the second the first frame is under way.
fn over_tcp(noise: &noise::Config, answered: Answered) -> Carriers {
    let mut streams = yamux::Config::default();
    streams.set_max_num_streams(STREAMS as usize);
    tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .map(move |stream, _| {
            answered.note();
            for_thin_links(&stream);
            Gathered::new(stream)
        })
        .upgrade(Version::V1Lazy)
        .authenticate(noise.clone())
        .multiplex(streams)
        .timeout(CONNECTING)
        .boxed()
}

/// What the system does otherwise for links that rarely lose a packet. Where it cannot be asked for, a connection takes
/// longer to find its way again, and that is all.
#[cfg(target_os = "linux")]
fn for_thin_links(tcp::tokio::TcpStream(socket): &tcp::tokio::TcpStream) {
    let unheard = set_tcp_user_timeout(socket, UNHEARD.as_millis() as u32);
    if let Err(error) = unheard.and(set_tcp_thin_linear_timeouts(socket, true)) {
        tracing::debug!(%error, "a socket could not be told of thin links");
    }
}

#[cfg(not(target_os = "linux"))]
fn for_thin_links(_: &tcp::tokio::TcpStream) {}

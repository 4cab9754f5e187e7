//! The libp2p side of a connection: one stream, opened by the dialler, handed over as soon as it stands.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
    time::Duration,
};

use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol,
    core::{Endpoint, transport::PortUse, upgrade::ReadyUpgrade},
    swarm::{
        ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
        SubstreamProtocol, THandlerInEvent, ToSwarm,
        handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound},
    },
};

use super::addresses::author_of;

/// The protocol on the stream; a change that old nodes cannot read gets another number.
const PROTOCOL: StreamProtocol = StreamProtocol::new("/toguna/1");

/// How long the stream may take to stand: several round trips of the slowest link.
const NEGOTIATION: Duration = Duration::from_secs(20);

/// What became of a connection's stream.
#[derive(Debug)]
pub(super) enum StreamEvent {
    /// It stands.
    Ready(Stream),
    /// The peer does not speak our protocol, or the connection broke first.
    Refused(String),
}

/// Opens or awaits the one stream of one connection.
pub(super) struct StreamOpener {
    dialler: bool,
    requested: bool,
    outcome: Option<StreamEvent>,
    done: bool,
    waker: Option<Waker>,
}

impl StreamOpener {
    fn new(dialler: bool) -> Self {
        StreamOpener { dialler, requested: false, outcome: None, done: false, waker: None }
    }

    /// Only the first stream counts: a further one is dropped, which resets it.
    fn settle(&mut self, outcome: StreamEvent) {
        if !self.done {
            self.done = true;
            self.outcome = Some(outcome);
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
    }
}

impl ConnectionHandler for StreamOpener {
    type FromBehaviour = std::convert::Infallible;
    type ToBehaviour = StreamEvent;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ()).with_timeout(NEGOTIATION)
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Self::ToBehaviour>> {
        if let Some(outcome) = self.outcome.take() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(outcome));
        }
        if self.dialler && !self.requested {
            self.requested = true;
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol: self.listen_protocol() });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, event: Self::FromBehaviour) {
        match event {}
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol>) {
        match event {
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, .. }) => {
                self.settle(StreamEvent::Ready(protocol));
            }
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. }) if !self.dialler => {
                self.settle(StreamEvent::Ready(protocol));
            }
            ConnectionEvent::DialUpgradeError(failed) => {
                self.settle(StreamEvent::Refused(format!("no stream: {}", failed.error)));
            }
            _ => {}
        }
    }
}

/// Gives every connection its [`StreamOpener`], and turns away identities that are not Ed25519.
#[derive(Default)]
pub(super) struct Streams {
    ready: VecDeque<OpenedStream>,
}

/// A connection's outcome, by the connection's libp2p name.
#[derive(Debug)]
pub(super) struct OpenedStream {
    pub(super) connection: ConnectionId,
    pub(super) outcome: StreamEvent,
}

/// The peer proved an identity that cannot author entries.
#[derive(Debug, thiserror::Error)]
#[error("the peer's identity is not an Ed25519 key")]
struct NotEd25519;

fn opener(peer: PeerId, dialler: bool) -> Result<StreamOpener, ConnectionDenied> {
    match author_of(&peer) {
        Some(_) => Ok(StreamOpener::new(dialler)),
        None => Err(ConnectionDenied::new(NotEd25519)),
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = StreamOpener;
    type ToSwarm = OpenedStream;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<StreamOpener, ConnectionDenied> {
        opener(peer, false)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<StreamOpener, ConnectionDenied> {
        opener(peer, true)
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, _: PeerId, connection: ConnectionId, outcome: StreamEvent) {
        self.ready.push_back(OpenedStream { connection, outcome });
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<OpenedStream, THandlerInEvent<Self>>> {
        // The swarm polls again after every handler event, so no waker is needed.
        match self.ready.pop_front() {
            Some(opened) => Poll::Ready(ToSwarm::GenerateEvent(opened)),
            None => Poll::Pending,
        }
    }
}

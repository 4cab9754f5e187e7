//! Reading what an address says: its peer, its carrier, how near it is.

use libp2p::{Multiaddr, PeerId, identity::PublicKey, multiaddr::Protocol};
use toguna_protocol::ids::AuthorKey;

use super::Carrier;

/// The peer's Ed25519 key; `None` for every other kind of identity. An Ed25519 peer id holds the whole key.
pub(super) fn author_of(peer: &PeerId) -> Option<AuthorKey> {
    let multihash = peer.as_ref();
    if multihash.code() != 0 {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(multihash.digest()).ok()?;
    Some(AuthorKey(key.try_into_ed25519().ok()?.to_bytes()))
}

/// The peer that an address names at its end.
pub(super) fn peer_in(addr: &Multiaddr) -> Option<PeerId> {
    match addr.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

/// What a connection to or from this address runs over.
pub(super) fn carrier_of(addr: &Multiaddr) -> Carrier {
    if addr.iter().any(|part| matches!(part, Protocol::QuicV1)) { Carrier::Quic } else { Carrier::Tcp }
}

/// Whether the address is on this machine, where trying again costs nothing.
pub(super) fn is_loopback(addr: &Multiaddr) -> bool {
    match addr.iter().next() {
        Some(Protocol::Ip4(ip)) => ip.is_loopback(),
        Some(Protocol::Ip6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use libp2p::{identity::Keypair, multihash::Multihash};

    use super::*;

    #[test]
    fn only_ed25519_identities_have_an_author() {
        let keypair = Keypair::generate_ed25519();
        let peer = keypair.public().to_peer_id();
        let author = author_of(&peer).expect("an Ed25519 identity");
        assert_eq!(author.0, keypair.public().try_into_ed25519().expect("Ed25519").to_bytes());

        // RSA and ECDSA identities are named by the SHA-256 (0x12) of their key; secp256k1 (type 2) by the key itself.
        let hashed = Multihash::wrap(0x12, &[7; 32]).expect("32 bytes fit");
        assert_eq!(author_of(&PeerId::from_multihash(hashed).expect("a peer id")), None);
        let secp = [&[8, 2, 18, 33, 2][..], &[7; 32]].concat();
        let inline = Multihash::wrap(0, &secp).expect("37 bytes fit");
        assert_eq!(author_of(&PeerId::from_multihash(inline).expect("a peer id")), None);
    }

    #[test]
    fn addresses_tell_peer_carrier_and_nearness() {
        let peer = Keypair::generate_ed25519().public().to_peer_id();
        let cases = [
            ("/ip4/127.0.0.1/tcp/1".to_owned(), None, Carrier::Tcp, true),
            (format!("/ip4/192.168.1.4/udp/1/quic-v1/p2p/{peer}"), Some(peer), Carrier::Quic, false),
            ("/ip6/::1/udp/1/quic-v1".to_owned(), None, Carrier::Quic, true),
            (format!("/dns4/gao.example/tcp/7374/p2p/{peer}"), Some(peer), Carrier::Tcp, false),
        ];
        for (text, peer, carrier, loopback) in cases {
            let addr: Multiaddr = text.parse().expect("an address");
            assert_eq!((peer_in(&addr), carrier_of(&addr), is_loopback(&addr)), (peer, carrier, loopback), "{text}");
        }
    }
}

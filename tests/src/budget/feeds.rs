//! What it costs two offices to tell each other all they hold, when they never held the same.

use toguna_protocol::{
    frame::Frame,
    testing::{ByHand, LinkId, NodeId, Pen, World},
};

use super::Row;
use crate::pair::Taken;

/// Offices that have written.
const OFFICES: u8 = 100;

/// Entries of a run.
const RUN: usize = 128;

/// The types of the two frames that tell all a node holds (`protocol/README.md`, *Frontier*).
const FRONTIERS: [u8; 2] = [2, 15];

/// Two offices know the feeds of a hundred, `least` to ten times as many entries of each, the one more of some and the
/// other of the rest. What counts is both frontiers.
pub(super) fn a_hundred_offices(least: usize) -> Row {
    let mut world = World::of(1, 2);
    let nodes = [NodeId(0), NodeId(1)];
    let mut by_hand = nodes.map(|node| ByHand::enter(&mut world, node, Pen::new(250).author()));
    for office in 1..=OFFICES {
        let mut pen = Pen::new(office);
        pen.scribble(least + usize::from(office) * 7_919 % (9 * least), 0);
        let all = pen.entries.len();
        let shares = if office % 2 == 0 { [all, all - least / 4] } else { [all - least / 4, all] };
        for (peer, share) in by_hand.iter_mut().zip(shares) {
            for after in (0..share).step_by(RUN) {
                peer.say(&mut world, &Frame::plain(&pen.run(pen.feed(), after, share.min(after + RUN))));
                while world.write_next(peer.node) {}
            }
        }
    }
    // Each has heard of the other through somebody else.
    for (peer, other) in by_hand.iter_mut().zip([nodes[1], nodes[0]]) {
        let engine = world.engine(other);
        let own = engine.ledger().feed(&engine.own_feed()).expect("an office has a feed").clone();
        let card = engine.ledger().run_after(&own, own.start.seq).expect("memory can be read");
        peer.say(&mut world, &Frame::plain(&card.expect("its card is its first entry")));
        while world.write_next(peer.node) {}
    }
    by_hand.into_iter().for_each(|peer| world.cut(peer.link));
    let link = world.link(nodes[0], nodes[1]);
    world.settle();
    world.assert_converged();
    let [there, back] = [0, 1].map(|side| frontier(&world, link, side).expect("both say all they hold"));
    let taken = Taken { there, back, crossings: 2 };
    Row::new("100 feeds, no common baseline", taken.bytes(), taken, None, 400, 1.0)
}

/// Bytes of the first frontier that one side of a link has sent.
fn frontier(world: &World, link: LinkId, side: usize) -> Option<usize> {
    world.sent(link, side).iter().find(|frame| FRONTIERS.contains(&frame[0])).map(Vec::len)
}

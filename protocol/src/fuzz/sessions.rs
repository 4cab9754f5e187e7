//! Two honest nodes on a link, and two members that say anything at any moment: a script of what happens next.

use crate::{
    feed::ForkProof,
    frame::Frame,
    fuzz::past,
    ids::Seq,
    testing::{ByHand, LinkId, NodeId, Pen, World},
    wire::Reader,
};

/// What a liar may draw out of a node that it gives nothing: beside a window of entries, answers of bounded size to what
/// it says.
const FREE: usize = 64 * 1024;
/// Bytes of answer to a byte that was sent: a question of some bytes brings hashes, or the numbers of all feeds.
const FOR_EACH: usize = 64;

/// Steps of one script: more say nothing new.
const STEPS: usize = 200;

struct Stage {
    world: World,
    link: Option<LinkId>,
    liars: [ByHand; 2],
    said: [usize; 2],
    pens: [Pen; 2],
}

/// Carries out a script, then lets the honest nodes settle: they must agree, whatever was said.
pub(super) fn session(bytes: &[u8]) {
    let mut world = World::of(1, 2);
    let [a, b] = [0, 1].map(NodeId);
    let link = Some(world.link(a, b));
    // One feed that goes on in two ways.
    let pens = [Pen::new(40), Pen::new(40)];
    let liars = [(a, 40), (b, 41)].map(|(node, key)| ByHand::enter(&mut world, node, Pen::new(key).author()));
    let mut stage = Stage { world, link, liars, said: [0; 2], pens };
    let mut reader = Reader::new(bytes);
    for _ in 0..STEPS {
        if stage.step(&mut reader).is_none() {
            break;
        }
        stage.check();
    }
    let Stage { mut world, .. } = stage;
    world.links().into_iter().for_each(|link| world.cut(link));
    world.tick(11_000);
    world.link(a, b);
    world.settle();
    world.assert_converged();
}

impl Stage {
    fn step(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let what = reader.byte("step").ok()?;
        let (who, node) = (usize::from(what >> 4 & 1), NodeId(usize::from(what >> 4 & 1)));
        match what & 15 {
            0 | 1 => drop(self.link.map(|link| self.world.deliver(link, who))),
            2 | 3 => drop(self.world.write_next(node)),
            4 => drop(self.world.create(node, "Puits")),
            5 => self.world.tick(1_000),
            6 => {
                self.link.take().into_iter().for_each(|link| self.world.cut(link));
                self.link = Some(self.world.link(NodeId(0), NodeId(1)));
            }
            7 => {
                self.world.cut(self.liars[who].link);
                self.liars[who] = ByHand::enter(&mut self.world, node, Pen::new(40 + who as u8).author());
                self.said[who] = 0;
            }
            8 => self.pens[who].scribble(1 + usize::from(what >> 5), what),
            9 => {
                let pen = &self.pens[who];
                if !pen.entries.is_empty() {
                    self.say(who, &Frame::plain(&pen.run(pen.feed(), 0, pen.entries.len())));
                }
            }
            10 => {
                let [one, other] = &self.pens;
                if !one.entries.is_empty() && !other.entries.is_empty() {
                    let proof = ForkProof::join(one.genesis, one.at(0), one.side(0), other.side(0));
                    proof.into_iter().for_each(|proof| self.say(who, &Frame::Fork(proof)));
                }
            }
            11 => {
                let own = self.world.engine(node).own_feed();
                self.say(who, &Frame::Have(vec![(own, Seq(u64::from(what >> 5)))], None));
            }
            _ => {
                let len = usize::from(reader.byte("length").ok()?);
                let frame = reader.bytes(len, "frame").ok()?.to_vec();
                self.say_raw(who, frame);
            }
        }
        Some(())
    }

    fn say(&mut self, who: usize, frame: &Frame) {
        self.say_raw(who, frame.encode(&mut Default::default()));
    }

    fn say_raw(&mut self, who: usize, frame: Vec<u8>) {
        self.said[who] += frame.len();
        if self.world.is_linked(self.liars[who].link) {
            self.world.inject(NodeId(who), self.liars[who].link, frame);
        }
    }

    fn check(&self) {
        for (liar, said) in self.liars.iter().zip(self.said) {
            if self.world.is_linked(liar.link) {
                let sent = self.world.sent_bytes(liar.link, 0);
                assert!(sent <= FREE + FOR_EACH * said, "{sent} bytes sent to someone who said {said}");
            }
        }
    }
}

/// An ordinary run of two nodes, and every frame of the past said by a liar in it.
pub(super) fn scripts() -> Vec<Vec<u8>> {
    let ordinary: Vec<u8> = [2, 18, 0, 16, 4, 0, 16, 18, 2, 20, 0, 16, 5].repeat(3);
    let frames = past::frames().into_iter().filter(|frame| frame.len() < 256);
    let told = frames.flat_map(|frame| [&[12, frame.len() as u8][..], &frame].concat());
    let forks: Vec<u8> = vec![8, 24, 40, 9, 25, 2, 18, 10, 2, 18, 0, 16, 26, 0, 16, 11, 43];
    vec![ordinary.clone(), ordinary.into_iter().chain(told).collect(), forks]
}

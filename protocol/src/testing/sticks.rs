//! Bundles that a test carries from one node to another.

use super::{NodeId, SECRET, World};
use crate::{
    bundle::{self, Item, Keys},
    engine::{BundleRefusal, BundleStep, CommandId, Contents, Event, Taken},
    ids::AuthorKey,
};

impl World {
    /// Makes a bundle at a node.
    ///
    /// # Panics
    /// If memory cannot be read.
    pub fn bundle(&mut self, at: NodeId, contents: Contents) -> Vec<u8> {
        let mut salt = [0; 32];
        salt.chunks_mut(8).for_each(|eight| eight.copy_from_slice(&self.chance.draw().to_le_bytes()));
        let now = self.now;
        let engine = self.engine(at);
        let mut maker = engine.make_bundle(contents, &salt, now).expect("memory can be read");
        let mut file = Vec::new();
        while let Some(piece) = maker.step(engine.ledger()).expect("memory can be read") {
            file.extend(piece);
        }
        file
    }

    /// Takes a bundle in at a node, a few items at a time, as far as it is taken.
    ///
    /// # Panics
    /// If it does not open, or the node does not answer.
    pub fn carry(&mut self, file: &[u8], to: NodeId) -> Result<Taken, BundleRefusal> {
        let items = bundle::decode(Keys::of_secret(SECRET), file).expect("the bundle opens");
        let mut sum = Taken::default();
        let mut maker = AuthorKey([0; 32]);
        for item in items {
            let step = match item {
                Item::Opened(opening) => {
                    maker = opening.maker;
                    BundleStep::Open(opening)
                }
                Item::Closed(closing) => BundleStep::Close(closing),
                item => BundleStep::Take(maker, vec![item]),
            };
            let mut next = Some(step);
            while let Some(step) = next.take() {
                let mut taken = self.take_step(to, step)?;
                let rest = std::mem::take(&mut taken.rest);
                sum.add(taken);
                next = Some(rest).filter(|rest| !rest.is_empty()).map(|rest| BundleStep::Take(maker, rest));
            }
        }
        Ok(sum)
    }

    fn take_step(&mut self, to: NodeId, step: BundleStep) -> Result<Taken, BundleRefusal> {
        self.next += 1;
        let id = CommandId(self.next);
        self.handle(to, Event::Bundle(id, step));
        while !self.node(to).bundled.contains_key(&id) && self.write_next(to) {}
        self.node_mut(to).bundled.remove(&id).expect("the node answers")
    }
}

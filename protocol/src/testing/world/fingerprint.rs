//! What tells one state of a world from another.

use super::{Order, World};

impl World {
    /// A number for all that decides how things go on, but for time and chance: worlds with the same one come to the same.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &dyn std::fmt::Debug| {
            hasher.update(format!("{part:?};").as_bytes());
        };
        for node in &self.nodes {
            let Some(engine) = &node.engine else {
                add(&"down");
                continue;
            };
            add(&(engine.epoch(), engine.own_feed(), engine.ledger().digest(), node.refusing, engine.has_stale_rows()));
            engine.ledger().feeds().for_each(|feed| add(&(feed.tip, feed.end, engine.ledger().verified_tip(&feed.id))));
            engine.sessions().for_each(|session| add(&session));
            engine.baselines().for_each(|baseline| add(&baseline));
            for order in &node.orders {
                match order {
                    Order::Write { batch, durable, .. } => add(&(batch, durable)),
                    Order::Resume => add(&"resume"),
                }
            }
        }
        for (id, link) in &self.links {
            add(id);
            link.ways.iter().for_each(|way| add(&(&way.frames, way.closed)));
        }
        *hasher.finalize().as_bytes()
    }
}

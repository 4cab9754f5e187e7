//! Our own feed: opened anew whenever this node can no longer be sure of all it wrote, closed for ever when others show
//! that it is not.

use super::{Engine, Observation, Work, node_row};
use crate::{
    entry::PayloadKind,
    feed::OfficeCard,
    ids::{Incarnation, Now, RecordId, Seq},
    shelf::{Batch, Shelf, Table},
};

impl<S: Shelf> Engine<S> {
    /// Begins a new incarnation of our own feed. It and the epoch are written with its first entry.
    pub(super) fn open_own_feed(&mut self, why: &'static str) {
        let incarnation = Incarnation(self.draw()[..16].try_into().expect("a hash has 32 bytes"));
        let genesis = self.signer.genesis(incarnation);
        // A full table of feeds must not keep our own from being opened: it is ours that the others make room for.
        self.own = self.ledger.begin_own(genesis);
        self.own_is_open = true;
        self.observe(Observation::NewIncarnation(why));
    }

    /// Our own feed can no longer be trusted to be whole here: it is closed for ever. The next thing we write begins a
    /// new one, so that a peer that claims things at random costs us no more than we write.
    pub(super) fn close_own_feed(&mut self, why: &'static str) {
        if self.own_is_open {
            self.own_is_open = false;
            let mut batch = Batch::default();
            batch.remove(Table::Node, node_row::OWN);
            self.persist(batch, true, Work::Noted);
            self.observe(Observation::OwnFeedClosed(why));
        }
    }

    /// Before our next entry: opens a new feed in place of one that was closed, and begins it with our card. A new
    /// feed counts only once its card is written, since the card's batch names the feed as ours.
    pub(super) fn ensure_own_feed(&mut self, now: Now) {
        if !self.own_is_open {
            self.open_own_feed("the one before was closed");
        }
        if self.ledger.verified_tip(&self.own).is_none_or(|tip| tip.seq == Seq(0)) {
            let (name, region) = (self.settings.name.clone(), self.settings.region.clone());
            self.write_card(OfficeCard { name, region, at: now.wall.0 });
        }
    }

    pub(super) fn write_card(&mut self, mut card: OfficeCard) {
        // Our newest card counts, even where the clock was set back.
        let newest = self.offices.card(&self.signer.author()).map_or(i64::MIN, |held| held.at.saturating_add(1));
        card.at = card.at.max(newest);
        let tip = self.ledger.verified_tip(&self.own).expect("our own feed is in the ledger");
        let nothing = RecordId([0; 16]);
        let entry = self.signer.append(self.own, tip, PayloadKind::OFFICE, nothing, card.encode());
        let mut batch = Batch::default();
        batch.put(Table::Node, node_row::EPOCH, self.epoch.0);
        batch.put(Table::Node, node_row::OWN, self.own.0);
        let accepted = self.ledger.stage(self.own, vec![entry], &mut batch);
        self.persist(batch, true, Work::Received { peer: None, accepted, bytes: 0 });
    }
}

//! What stands in an honest author's feed is what that author wrote, and it was written once.

use std::collections::{BTreeMap, BTreeSet};

use toguna_protocol::{
    engine::Observation,
    feed::Genesis,
    ids::{AuthorKey, EntryHash, FeedId, Seq},
};

use super::{Violation, Written};

/// What honest authors have written, as seen on their own disks.
#[derive(Debug, Default)]
pub struct Authors {
    honest: BTreeSet<AuthorKey>,
    feeds: BTreeMap<FeedId, AuthorKey>,
    written: BTreeMap<(FeedId, Seq), EntryHash>,
}

impl Authors {
    /// An author that keeps the rules.
    pub fn trust(&mut self, author: AuthorKey) {
        self.honest.insert(author);
    }

    /// A feed that somebody holds.
    pub fn know(&mut self, genesis: &Genesis) {
        if self.honest.contains(&genesis.author) {
            self.feeds.insert(genesis.id(), genesis.author);
        }
    }

    /// Entries are on the disk of `holder` for good.
    pub fn durable(&mut self, holder: &AuthorKey, entries: &[Written]) -> Result<(), Violation> {
        for Written { feed, seq, hash } in entries {
            let Some(author) = self.feeds.get(feed) else { continue };
            match self.written.get(&(*feed, *seq)) {
                Some(known) if known == hash => {}
                Some(_) if author == holder => {
                    return Err(Violation::safety("one feed", format!("{author} wrote entry {seq} of {feed} twice")));
                }
                None if author == holder => drop(self.written.insert((*feed, *seq), *hash)),
                _ => {
                    let found =
                        format!("{holder} accepted entry {seq} of {feed}, which its author {author} never wrote");
                    return Err(Violation::safety("verified", found));
                }
            }
        }
        Ok(())
    }

    /// An engine told something.
    pub fn observed(&self, observation: &Observation) -> Result<(), Violation> {
        match observation {
            Observation::Forked { feed, end } if self.feeds.contains_key(feed) => {
                Err(Violation::safety("one feed", format!("the honest feed {feed} was shown to fork after {end}")))
            }
            _ => Ok(()),
        }
    }
}

//! Placements: the part of a change's standing that the whole set of entries decides.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;

use super::{Graph, Verdict};
use crate::{
    document::{Placement, SetAside},
    ids::EntryHash,
    limits,
};

/// Nodes whose placement changed.
#[derive(Debug, Default)]
pub(in crate::document) struct Moved {
    /// Before any of it: what each moved node's placement was.
    pub(in crate::document) before: BTreeMap<u32, Placement>,
}

impl Moved {
    /// Adds what moved after this.
    pub(in crate::document) fn join(&mut self, later: Moved) {
        for (at, before) in later.before {
            self.before.entry(at).or_insert(before);
        }
    }
}

impl Graph {
    /// Brings placements up to date after these changes came, or entries that carry them were refused.
    pub(in crate::document) fn settle(&mut self, changes: &[ChangeHash]) -> Moved {
        let mut moved = Moved::default();
        if !self.contested && !self.overflows() {
            // Without branches and clashes, only what rests on the changes can move.
            for change in changes {
                self.settle_from(change, &mut moved);
            }
            if !self.overflows() {
                return moved;
            }
        }
        moved.join(self.settle_all());
        moved
    }

    fn overflows(&self) -> bool {
        let waiting = self.nodes.iter().filter(|node| matches!(node.placement, Placement::Waiting { .. }));
        self.overflowing || waiting.count() > limits::MAX_WAITING_PER_RECORD
    }

    fn place_at(&mut self, at: u32, placement: Placement, moved: &mut Moved) -> bool {
        let node = &mut self.nodes[at as usize];
        if node.placement == placement {
            return false;
        }
        let before = std::mem::replace(&mut node.placement, placement);
        moved.before.entry(at).or_insert(before);
        true
    }

    fn settle_from(&mut self, change: &ChangeHash, moved: &mut Moved) {
        let mut queue: Vec<u32> = self.by_hash.get(change).copied().into_iter().collect();
        if queue.is_empty() {
            queue.extend(self.children.get(change).into_iter().flatten());
        }
        while let Some(at) = queue.pop() {
            let placement = self.place(at, true, None);
            let is_new = self.place_at(at, placement, moved);
            if is_new {
                queue.extend(self.children_of(at));
            }
        }
    }

    /// Brings every placement up to date.
    pub(in crate::document) fn settle_all(&mut self) -> Moved {
        let mut moved = Moved::default();
        let order = self.topological();
        let supported = self.supported(&order);
        let lost = self.clashes(&order, &supported);
        for at in order {
            let placement = self.place(at, supported[at as usize], lost.get(&at).copied());
            self.place_at(at, placement, &mut moved);
        }
        let mut waiting: Vec<(EntryHash, u32)> = (0u32..)
            .zip(&self.nodes)
            .filter(|(_, node)| matches!(node.placement, Placement::Waiting { .. }))
            .map(|(at, node)| (node.facts.entry, at))
            .collect();
        self.overflowing = waiting.len() > limits::MAX_WAITING_PER_RECORD;
        if self.overflowing {
            waiting.sort_unstable();
            for (_, at) in waiting.split_off(limits::MAX_WAITING_PER_RECORD) {
                self.place_at(at, Placement::SetAside(SetAside::TooManyWaiting), &mut moved);
                self.nodes[at as usize].payload = None;
            }
        }
        moved
    }

    /// Every node after those it rests on.
    fn topological(&self) -> Vec<u32> {
        let known = |at: u32| self.nodes[at as usize].facts.deps.iter().filter(|dep| self.by_hash.contains_key(*dep));
        let all = 0..u32::try_from(self.nodes.len()).expect("node numbers fit");
        let mut open: Vec<usize> = all.clone().map(|at| known(at).count()).collect();
        let mut order: Vec<u32> = all.filter(|at| open[*at as usize] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            for child in self.children_of(order[next]) {
                open[child as usize] -= 1;
                if open[child as usize] == 0 {
                    order.push(child);
                }
            }
            next += 1;
        }
        order
    }

    fn known_deps(&self, at: u32) -> impl Iterator<Item = Option<u32>> {
        self.nodes[at as usize].facts.deps.iter().map(|dep| self.by_hash.get(dep).copied())
    }

    /// A branch entry counts only where an entry outside every branch rests on it.
    fn supported(&self, order: &[u32]) -> Vec<bool> {
        let mut supported: Vec<bool> = self.nodes.iter().map(super::Node::is_trunk).collect();
        for at in order.iter().rev().filter(|at| !self.nodes[**at as usize].is_trunk()) {
            supported[*at as usize] = self.children_of(*at).into_iter().any(|child| supported[child as usize]);
        }
        supported
    }

    /// Which changes give way to another of the same actor and change seq, and to which entry.
    ///
    /// Clashes are decided from the past onwards, because losing one takes with it all that rests on the loser and
    /// may so end a later clash. Where clashes hang on each other in a circle, which only a forger makes, the one
    /// with the lowest winner is decided first.
    fn clashes(&self, order: &[u32], supported: &[bool]) -> BTreeMap<u32, EntryHash> {
        let mut lost = BTreeMap::new();
        let mut alive = vec![false; self.nodes.len()];
        for at in order {
            alive[*at as usize] = self.nodes[*at as usize].verdict == Verdict::Sound && supported[*at as usize];
        }
        loop {
            for at in order {
                alive[*at as usize] &= self.known_deps(*at).all(|dep| dep.is_some_and(|dep| alive[dep as usize]));
            }
            let mut clashes: BTreeMap<(u32, u64), Vec<u32>> = BTreeMap::new();
            for at in order.iter().filter(|at| alive[**at as usize]) {
                let node = &self.nodes[*at as usize];
                clashes.entry((node.actor, node.seq)).or_default().push(*at);
            }
            clashes.retain(|_, members| members.len() > 1);
            let contested: BTreeSet<u32> = clashes.values().flatten().copied().collect();
            let mut after = vec![false; self.nodes.len()];
            for at in order {
                let rests_on_clash = |dep: u32| contested.contains(&dep) || after[dep as usize];
                after[*at as usize] = self.known_deps(*at).flatten().any(rests_on_clash);
            }
            let rank = |at: &u32| self.nodes[*at as usize].rank();
            let mut decided: Vec<&Vec<u32>> =
                clashes.values().filter(|members| members.iter().all(|at| !after[*at as usize])).collect();
            if decided.is_empty() {
                let Some(first) = clashes.values().min_by_key(|members| members.iter().map(rank).min()) else {
                    return lost;
                };
                decided.push(first);
            }
            for members in decided {
                let winner = members.iter().min_by_key(|at| rank(at)).copied().expect("a clash has members");
                for loser in members.iter().filter(|at| **at != winner) {
                    lost.insert(*loser, self.nodes[winner as usize].facts.entry);
                    alive[*loser as usize] = false;
                }
            }
        }
    }

    fn place(&self, at: u32, supported: bool, lost_to: Option<EntryHash>) -> Placement {
        let node = &self.nodes[at as usize];
        if let Verdict::Broken(reason) = node.verdict {
            return Placement::SetAside(reason);
        }
        if !supported {
            return Placement::SetAside(SetAside::UnsupportedBranch);
        }
        let mut missing = Vec::new();
        let mut set_aside: Option<EntryHash> = None;
        for dep in &node.facts.deps {
            match self.node(dep) {
                None => match self.refused_changes.get(dep) {
                    Some(entry) => set_aside = set_aside.into_iter().chain([*entry]).min(),
                    None => missing.push(*dep),
                },
                Some(found) => match found.placement {
                    Placement::Applied => {}
                    Placement::Waiting { .. } | Placement::SetAside(SetAside::TooManyWaiting) => missing.push(*dep),
                    Placement::SetAside(_) => set_aside = set_aside.into_iter().chain([found.facts.entry]).min(),
                },
            }
        }
        if let Some(entry) = set_aside {
            return Placement::SetAside(SetAside::DependsOnSetAside(entry));
        }
        if !missing.is_empty() {
            return Placement::Waiting { missing };
        }
        match (lost_to, node.verdict) {
            (Some(kept), _) => Placement::SetAside(SetAside::ClashLost(kept)),
            (None, Verdict::Sound) => Placement::Applied,
            // All it rests on is applied, yet it was never judged: its payload was dropped.
            (None, _) => Placement::SetAside(SetAside::TooManyWaiting),
        }
    }
}

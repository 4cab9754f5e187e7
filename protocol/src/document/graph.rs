//! What a document knows of every change of its record, applied or not: who made it, what it rests on, and whether
//! it may be applied. Knows nothing of Automerge's own state.
//!
//! Two layers. A change's *verdict* depends on its causal past alone. Its *placement* adds what the whole set of
//! entries decides: which branch entries are supported, and which of two clashing changes is applied. Both are pure
//! functions of the set, so every node comes to the same ones whatever the order of arrival.

mod settle;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use automerge::{ActorId, Change, ChangeHash};

pub(super) use self::settle::Moved;
use super::{
    ChangeEntry, Placement, SetAside, Standing,
    rules::{self, Slot, Slots},
};
use crate::{
    change::{Head, OpRef},
    entry::VerifiedEntry,
    ids::{EntryHash, Seq},
    limits,
};

/// Stands for "no node" where a node number is kept.
const NONE: u32 = u32::MAX;

/// What a change's causal past says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something it rests on is not here yet, or has no verdict.
    Open,
    /// It may be applied as soon as all it rests on is.
    Sound,
    /// Something it rests on is broken, or it rests on two changes that exclude each other.
    Barred,
    /// It breaks a rule itself.
    Broken(SetAside),
}

/// An entry that carries a change. One change can come in several entries: in both branches of a fork, for example.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier {
    /// Position in the feed, then hash: the order in which carriers and clashing changes take precedence. The
    /// position comes first so that a later entry of a feed can never displace an earlier one.
    rank: (Seq, EntryHash),
    standing: Standing,
}

/// One change.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) facts: ChangeEntry,
    /// By rank; the first is the one that counts, the others repeat it.
    pub(super) carriers: Vec<Carrier>,
    /// Dropped when too many changes wait.
    pub(super) payload: Option<Arc<[u8]>>,
    pub(super) placement: Placement,
    pub(super) verdict: Verdict,
    actor: u32,
    seq: u64,
    start_op: u64,
    /// For each actor, by its number, the latest of its changes that this one rests on, itself included.
    clock: Vec<u32>,
    /// The change of the same actor before this one.
    previous: u32,
    /// An earlier change of the same actor, chosen so that any earlier one is reached in a few jumps; itself for the
    /// first.
    jump: u32,
    slots: OnceLock<Option<Arc<Slots>>>,
}

impl Node {
    pub(super) fn is_applied(&self) -> bool {
        self.placement == Placement::Applied
    }

    fn is_trunk(&self) -> bool {
        self.carriers.iter().any(|carrier| carrier.standing == Standing::Trunk)
    }

    fn rank(&self) -> (Seq, EntryHash) {
        self.carriers[0].rank
    }
}

/// Every change of one record.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// Entries whose payload could not become a change at all.
    pub(super) refused: BTreeMap<EntryHash, SetAside>,
    /// Change → the entry that carried it here and was refused; the lowest, where there are several.
    refused_changes: BTreeMap<ChangeHash, EntryHash>,
    by_hash: BTreeMap<ChangeHash, u32>,
    by_entry: BTreeMap<EntryHash, u32>,
    /// Change → those that name it as a dependency, whether it is here or not.
    children: BTreeMap<ChangeHash, Vec<u32>>,
    actors: BTreeMap<ActorId, u32>,
    /// How many changes there are for each actor and change seq.
    numbered: BTreeMap<(u32, u64), u32>,
    /// Whether any entry stands in a branch or any two changes clash: then placements are settled as a whole.
    contested: bool,
    /// Whether a change could be judged now but its payload was dropped.
    pub(super) starved: bool,
    /// Whether more changes wait than may.
    overflowing: bool,
}

/// What the causal past of a change gives it.
struct Past {
    actor: u32,
    clock: Vec<u32>,
}

impl Graph {
    pub(super) fn node(&self, hash: &ChangeHash) -> Option<&Node> {
        self.by_hash.get(hash).map(|at| &self.nodes[*at as usize])
    }

    pub(super) fn node_of_entry(&self, entry: &EntryHash) -> Option<&Node> {
        self.by_entry.get(entry).map(|at| &self.nodes[*at as usize])
    }

    /// Whether the entry was added before.
    pub(super) fn knows(&self, entry: &EntryHash) -> bool {
        self.by_entry.contains_key(entry) || self.refused.contains_key(entry)
    }

    /// Where an entry of this record stands; `None` when it was never added.
    pub(super) fn placement(&self, entry: &EntryHash) -> Option<Placement> {
        if let Some(refused) = self.refused.get(entry) {
            return Some(Placement::SetAside(*refused));
        }
        let node = self.node_of_entry(entry)?;
        let first = node.rank().1;
        Some(if first == *entry { node.placement.clone() } else { Placement::SetAside(SetAside::Repeats(first)) })
    }

    /// Every entry, by hash.
    pub(super) fn entries(&self) -> impl Iterator<Item = EntryHash> {
        let all: BTreeSet<EntryHash> = self.by_entry.keys().chain(self.refused.keys()).copied().collect();
        all.into_iter()
    }

    /// The applied changes, each after all it rests on; equal ones by hash.
    pub(super) fn applied(&self) -> Vec<u32> {
        let mut applied: Vec<u32> =
            (0..).zip(&self.nodes).filter(|(_, node)| node.is_applied()).map(|(at, _)| at).collect();
        applied.sort_by_key(|at| (self.nodes[*at as usize].facts.max_op, self.nodes[*at as usize].facts.change));
        applied
    }

    /// Reads a change for Automerge.
    pub(super) fn change(&self, at: u32) -> Option<Change> {
        Change::try_from(self.nodes[at as usize].payload.as_deref()?).ok()
    }

    /// The entries that carry the same change as this one, itself included.
    pub(super) fn carriers(&self, entry: &EntryHash) -> Vec<EntryHash> {
        match self.node_of_entry(entry) {
            Some(node) => node.carriers.iter().map(|carrier| carrier.rank.1).collect(),
            None => vec![*entry],
        }
    }

    /// Adds an entry that carries no acceptable change; `change` is the change's hash, where it got that far.
    pub(super) fn refuse(&mut self, entry: EntryHash, reason: SetAside, change: Option<ChangeHash>) {
        self.refused.insert(entry, reason);
        if let Some(change) = change {
            let lowest = self.refused_changes.entry(change).or_insert(entry);
            *lowest = entry.min(*lowest);
        }
    }

    /// Adds an entry's change, without judging it. Returns the change's node.
    pub(super) fn add(&mut self, entry: &VerifiedEntry, standing: Standing, head: Head, change: ChangeHash) -> u32 {
        let carrier = Carrier { rank: (entry.header().seq, entry.hash()), standing };
        self.contested |= standing == Standing::Branch;
        if let Some(at) = self.by_hash.get(&change).copied() {
            self.contested = true;
            self.by_entry.insert(entry.hash(), at);
            let node = &mut self.nodes[at as usize];
            node.carriers.push(carrier);
            node.carriers.sort_by_key(|carrier| carrier.rank);
            (node.facts.seq, node.facts.entry) = node.rank();
            if node.payload.is_none() {
                node.payload = Some(entry.payload().into());
            }
            return at;
        }
        let at = u32::try_from(self.nodes.len()).expect("a record has fewer than four billion changes");
        let next_actor = u32::try_from(self.actors.len()).expect("fewer actors than changes");
        let actor = *self.actors.entry(head.outline.actor.clone()).or_insert(next_actor);
        let same_number = self.numbered.entry((actor, head.outline.seq)).or_default();
        *same_number += 1;
        self.contested |= *same_number > 1;
        self.by_hash.insert(change, at);
        self.by_entry.insert(entry.hash(), at);
        for dep in &head.outline.deps {
            self.children.entry(*dep).or_default().push(at);
        }
        self.nodes.push(Node {
            carriers: vec![carrier],
            payload: Some(entry.payload().into()),
            placement: Placement::Waiting { missing: Vec::new() },
            verdict: Verdict::Open,
            actor,
            seq: head.outline.seq,
            start_op: head.outline.start_op,
            clock: Vec::new(),
            previous: NONE,
            jump: at,
            slots: OnceLock::new(),
            facts: ChangeEntry::new(entry, change, head),
        });
        at
    }

    /// Changes where an entry stands. Returns whether that was new.
    pub(super) fn restand(&mut self, entry: &EntryHash, standing: Standing) -> bool {
        let Some(at) = self.by_entry.get(entry) else { return false };
        let node = &mut self.nodes[*at as usize];
        let Some(carrier) = node.carriers.iter_mut().find(|carrier| carrier.rank.1 == *entry) else { return false };
        let new = carrier.standing != standing;
        carrier.standing = standing;
        self.contested |= standing == Standing::Branch;
        new
    }

    /// Gives a verdict to a change and to all that rest on it, as far as that is possible.
    ///
    /// `trusted` changes were judged when they came: only their clocks are computed.
    pub(super) fn judge_from(&mut self, at: u32, trusted: bool) {
        let mut queue = vec![at];
        while let Some(at) = queue.pop() {
            let node = &self.nodes[at as usize];
            if node.verdict != Verdict::Open {
                continue;
            }
            let verdict_of = |dep| self.node(dep).map_or(Verdict::Open, |node| node.verdict);
            let verdicts: Vec<Verdict> = node.facts.deps.iter().map(verdict_of).collect();
            let verdict = if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Barred | Verdict::Broken(_))) {
                Verdict::Barred
            } else if verdicts.contains(&Verdict::Open) {
                continue;
            } else {
                let Some(payload) = node.payload.clone() else {
                    self.starved = true;
                    continue;
                };
                self.judge(at, &payload, trusted)
            };
            self.nodes[at as usize].verdict = verdict;
            let hash = self.nodes[at as usize].facts.change;
            queue.extend(self.children.get(&hash).into_iter().flatten());
        }
    }

    fn judge(&mut self, at: u32, payload: &[u8], trusted: bool) -> Verdict {
        let examined = Head::parse(payload).map_err(|reason| Verdict::Broken(reason.into())).and_then(|head| {
            let past = self.past(&head)?;
            let slots = if trusted { None } else { Some(self.check(&head, payload, &past).map_err(Verdict::Broken)?) };
            Ok((past, slots))
        });
        match examined {
            Err(verdict) => verdict,
            Ok((mut past, slots)) => {
                let actor = past.actor as usize;
                if past.clock.len() <= actor {
                    past.clock.resize(actor + 1, NONE);
                }
                let previous = std::mem::replace(&mut past.clock[actor], at);
                let jump = self.jump_over(previous);
                let node = &mut self.nodes[at as usize];
                node.clock = past.clock;
                node.previous = previous;
                node.jump = jump.unwrap_or(at);
                if let Some(slots) = slots {
                    node.slots = OnceLock::from(Some(Arc::new(slots)));
                }
                Verdict::Sound
            }
        }
    }

    /// Judges a change that is in no entry yet, all of whose dependencies must be applied.
    pub(super) fn examine(&self, head: &Head, payload: &[u8]) -> Result<(), SetAside> {
        let past = self.past(head).map_err(|verdict| match verdict {
            Verdict::Broken(reason) => reason,
            _ => SetAside::Malformed,
        })?;
        self.check(head, payload, &past).map(|_| ())
    }

    /// Joins the clocks of a change's dependencies, and checks its seq and start op against them.
    fn past(&self, head: &Head) -> Result<Past, Verdict> {
        let mut clock: Vec<u32> = Vec::new();
        let mut last_op = 0;
        for dep in &head.outline.deps {
            let dep = self.node(dep).ok_or(Verdict::Open)?;
            last_op = last_op.max(dep.facts.max_op);
            if clock.len() < dep.clock.len() {
                clock.resize(dep.clock.len(), NONE);
            }
            for (known, theirs) in clock.iter_mut().zip(&dep.clock) {
                *known = self.later(*known, *theirs).ok_or(Verdict::Barred)?;
            }
        }
        // An actor that never wrote here gets the number it would be given next.
        let unseen = u32::try_from(self.actors.len()).unwrap_or(NONE);
        let actor = self.actors.get(&head.outline.actor).copied().unwrap_or(unseen);
        let previous = clock.get(actor as usize).filter(|at| **at != NONE);
        let seq = previous.map_or(0, |at| self.nodes[*at as usize].seq) + 1;
        if head.outline.seq != seq {
            return Err(Verdict::Broken(SetAside::WrongChangeSeq));
        }
        if head.outline.start_op != last_op + 1 || head.max_op() > limits::MAX_START_OP {
            return Err(Verdict::Broken(SetAside::WrongStartOp));
        }
        Ok(Past { actor, clock })
    }

    /// The later of two changes of one actor; `None` when they lie in two histories that exclude each other.
    fn later(&self, a: u32, b: u32) -> Option<u32> {
        if a == b || b == NONE {
            return Some(a);
        }
        if a == NONE {
            return Some(b);
        }
        let (early, late) = if self.nodes[a as usize].seq < self.nodes[b as usize].seq { (a, b) } else { (b, a) };
        let seq = self.nodes[early as usize].seq;
        (self.back_while(late, |node| node.seq > seq) == Some(early)).then_some(late)
    }

    /// Where the change after `previous` of one actor jumps to: skew-binary, so that going back n takes log n steps.
    fn jump_over(&self, previous: u32) -> Option<u32> {
        if previous == NONE {
            return None;
        }
        let first = self.nodes[previous as usize].jump;
        let second = self.nodes[first as usize].jump;
        let [seq, first_seq, second_seq] = [previous, first, second].map(|at| self.nodes[at as usize].seq);
        Some(if first != second && seq - first_seq == first_seq - second_seq { second } else { previous })
    }

    /// Goes back in one actor's history from `at` while `too_late` holds.
    fn back_while(&self, mut at: u32, too_late: impl Fn(&Node) -> bool) -> Option<u32> {
        while too_late(&self.nodes[at as usize]) {
            let Node { jump, previous, .. } = self.nodes[at as usize];
            at = if jump != at && too_late(&self.nodes[jump as usize]) { jump } else { previous };
            if at == NONE {
                return None;
            }
        }
        Some(at)
    }

    fn check(&self, head: &Head, payload: &[u8], past: &Past) -> Result<Slots, SetAside> {
        let mut actors = vec![past.actor];
        for other in &head.outline.others {
            let known = self.actors.get(other).filter(|at| past.clock.get(**at as usize).is_some_and(|c| *c != NONE));
            actors.push(*known.ok_or(SetAside::UnknownActor)?);
        }
        let operations = head.operations(payload, &actors)?;
        let start = OpRef { number: head.outline.start_op, actor: past.actor };
        rules::check(&operations, start, |op| self.slot(&past.clock, op))
    }

    /// The slot of an operation, where it lies in the past that `clock` describes.
    fn slot(&self, clock: &[u32], op: OpRef) -> Option<Slot<'_>> {
        let latest = *clock.get(op.actor as usize).filter(|at| **at != NONE)?;
        let node = &self.nodes[self.back_while(latest, |node| node.start_op > op.number)? as usize];
        node.slots.get_or_init(|| self.read_slots(node)).as_ref()?.get(op, op.number - node.start_op)
    }

    fn read_slots(&self, node: &Node) -> Option<Arc<Slots>> {
        let payload = node.payload.as_ref()?;
        let head = Head::parse(payload).ok()?;
        let number = |actor: &ActorId| self.actors.get(actor).copied();
        let actors: Option<Vec<u32>> =
            std::iter::once(&head.outline.actor).chain(&head.outline.others).map(number).collect();
        let operations = head.operations(payload, &actors?).ok()?;
        Some(Arc::new(Slots::of_checked(&operations)))
    }

    /// Sets aside a change that Automerge could not take, with everything that rests on it.
    pub(super) fn condemn(&mut self, at: u32, reason: SetAside) {
        self.nodes[at as usize].verdict = Verdict::Broken(reason);
        let mut queue = self.children_of(at);
        while let Some(at) = queue.pop() {
            if matches!(self.nodes[at as usize].verdict, Verdict::Open | Verdict::Sound) {
                self.nodes[at as usize].verdict = Verdict::Barred;
                queue.extend(self.children_of(at));
            }
        }
        self.contested = true;
    }

    fn children_of(&self, at: u32) -> Vec<u32> {
        self.children.get(&self.nodes[at as usize].facts.change).cloned().unwrap_or_default()
    }
}

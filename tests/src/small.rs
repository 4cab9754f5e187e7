//! Small worlds, and everything that can happen in them: a handful of frames and writes between two or three real
//! engines, taken in every order, with a few deeds that may fall between any two of them.
//!
//! A path is a list of choices, and is walked from the beginning, on copies of the stores; a path that comes to a place
//! where another has been ends there, since from there on the same would happen. Paths that part early are walked first, so
//! that of the first so many choices every order is seen. Rows are derived as soon as they can be: that touches nobody else.

use std::{
    cell::RefCell,
    collections::{HashSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
};

use toguna_protocol::testing::{NodeId, Step, World};

/// Something that is done once on a path, at any moment or never.
#[derive(Clone, Copy)]
pub struct Deed {
    /// What it is, for the report of a path.
    pub name: &'static str,
    /// Does it. Returns false where it cannot be done now.
    pub act: fn(&mut World) -> bool,
}

/// What is explored.
pub struct Small {
    /// The past: stores of nodes.
    pub past: fn() -> World,
    /// Starts the nodes on copies of these, and links them.
    pub begin: fn(&mut World),
    /// What may be done, each once.
    pub deeds: &'static [Deed],
    /// What must hold at the end, when all links are up and everything has come to rest.
    pub check: fn(&mut World),
}

/// What was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Paths that were walked.
    pub paths: usize,
    /// Places that are not the same.
    pub places: usize,
    /// Of so many first choices every order was seen; none where that is true of all there are.
    pub depth: Option<usize>,
}

#[derive(Clone, Copy)]
enum Choice {
    Step(Step),
    Deed(usize),
}

/// One path, as far as it was walked.
struct Walk<'a> {
    small: &'a Small,
    world: World,
    done: Vec<bool>,
    told: &'a RefCell<Vec<String>>,
}

impl Walk<'_> {
    fn choices(&self) -> Vec<Choice> {
        let steps = self.world.steps();
        // With nothing under way, a deed would come too late to meet anything.
        let deeds = (0..self.done.len()).filter(|deed| !self.done[*deed] && !steps.is_empty());
        let deeds: Vec<Choice> = deeds.map(Choice::Deed).collect();
        steps.into_iter().map(Choice::Step).chain(deeds).collect()
    }

    fn take(&mut self, choice: Choice) {
        match choice {
            Choice::Step(step) => {
                self.told.borrow_mut().push(format!("{step:?}"));
                self.world.take(step);
            }
            Choice::Deed(deed) => {
                self.done[deed] = true;
                let Deed { name, act } = self.small.deeds[deed];
                self.told.borrow_mut().push(name.to_owned());
                act(&mut self.world);
            }
        }
        self.derive();
    }

    fn derive(&mut self) {
        while let Some(step) = self.world.steps().into_iter().find(|step| matches!(step, Step::Derive(_))) {
            self.world.take(step);
        }
    }

    fn place(&self) -> Place {
        (self.world.fingerprint(), self.done.clone())
    }
}

/// Where a path has come to.
type Place = ([u8; 32], Vec<bool>);

/// Walks every path, or as many as `most` allows.
///
/// # Panics
/// If something does not hold on one of them; the path is told.
pub fn explore(small: &Small, most: usize) -> Seen {
    let past = (small.past)();
    let (mut places, mut paths) = (HashSet::new(), 0);
    let mut open: VecDeque<Vec<usize>> = VecDeque::from([Vec::new()]);
    while let Some(path) = open.front()
        && paths < most
    {
        let path = path.clone();
        open.pop_front();
        paths += 1;
        let told = RefCell::default();
        let walked = catch_unwind(AssertUnwindSafe(|| {
            let world = past.copy();
            let walk = Walk { small, world, done: vec![false; small.deeds.len()], told: &told };
            walk_to_the_end(walk, &path, &mut places)
        }));
        match walked {
            Ok(others) => open.extend(others),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
                panic!("{text}\nthe path on which it does not hold:\n  {}", told.into_inner().join("\n  "));
            }
        }
        // The shortest first.
        open.make_contiguous().sort_by_key(Vec::len);
    }
    Seen { paths, places: places.len(), depth: open.front().map(|path| path.len() - 1) }
}

/// Walks a path to its end: first as it is given, then always by the first choice. Returns the paths that part from it.
fn walk_to_the_end(mut walk: Walk<'_>, path: &[usize], places: &mut HashSet<Place>) -> Vec<Vec<usize>> {
    (walk.small.begin)(&mut walk.world);
    walk.derive();
    let (mut taken, mut others) = (Vec::new(), Vec::new());
    loop {
        let choices = walk.choices();
        let given = path.get(taken.len()).copied();
        if given.is_none() && !places.insert(walk.place()) {
            return others;
        }
        if choices.is_empty() {
            break;
        }
        if given.is_none() {
            others.extend((1..choices.len()).map(|other| [&taken[..], &[other]].concat()));
        }
        taken.push(given.unwrap_or(0));
        walk.take(choices[given.unwrap_or(0)]);
    }
    walk.world.settle();
    (walk.small.check)(&mut walk.world);
    others
}

/// What holds at the end of every small world: all hold and show the same, and no node ended a session for an offence.
///
/// # Panics
/// If not.
pub fn level(world: &mut World) {
    world.assert_converged();
    for node in world.up() {
        let check = world.engine(node).ledger().check(&mut |_| {}).expect("memory can be read");
        assert!(check.faults.is_empty(), "office {}: {:?}", node.0, check.faults);
    }
}

/// The feeds that some node holds as forked.
pub fn forks(world: &mut World) -> usize {
    let ended = |world: &mut World, node: NodeId| {
        world.engine(node).ledger().feeds().filter(|feed| !feed.is_branch() && feed.end.is_some()).count()
    };
    world.up().into_iter().map(|node| ended(world, node)).max().unwrap_or_default()
}

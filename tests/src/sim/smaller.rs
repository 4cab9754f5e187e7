//! What is left of a failure when everything is left out that it can do without.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{options::Options, plan::Plan, run};
use crate::check::Violation;

/// Looks for a smaller run that breaks the same rule: fewer offices, fewer days, fewer deeds. Ends after `at_most`.
pub fn smallest(options: &Options, violation: Violation, at_most: Duration) -> (Options, Violation) {
    let mut search = Search { best: options.clone(), violation, until: Instant::now() + at_most };
    while search.best.nodes > 2 && search.tries(|options| options.nodes -= 1) {}
    while search.best.days > 1 && search.tries(|options| options.days -= 1) {}
    search.leave_out_deeds();
    (search.best, search.violation)
}

struct Search {
    best: Options,
    violation: Violation,
    until: Instant,
}

impl Search {
    /// Whether a changed run breaks the same rule; it is then the best so far.
    fn tries(&mut self, change: impl FnOnce(&mut Options)) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        let mut options = self.best.clone();
        change(&mut options);
        match run(&options) {
            Err(violation) if (violation.broken, violation.rule) == (self.violation.broken, self.violation.rule) => {
                (self.best, self.violation) = (options, violation);
                true
            }
            _ => false,
        }
    }

    /// Leaves out deeds in ever smaller portions, as long as the failure stays (delta debugging, Zeller 1999).
    fn leave_out_deeds(&mut self) {
        let mut kept: Vec<usize> =
            Plan::of(&self.best).asked_for(&self.best).iter().map(|(number, _)| *number).collect();
        let mut portion = kept.len().div_ceil(2);
        while portion > 0 {
            let mut from = 0;
            while from < kept.len() {
                let fewer: Vec<usize> = kept
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| !(from..from + portion).contains(at))
                    .map(|(_, n)| *n)
                    .collect();
                let only: BTreeSet<usize> = fewer.iter().copied().collect();
                match self.tries(|options| options.only = Some(only)) {
                    true => kept = fewer,
                    false => from += portion,
                }
            }
            portion = if portion == 1 { 0 } else { portion.div_ceil(2) };
        }
    }
}

//! Virtual time: what is to happen, in the order in which it will.

use std::collections::BTreeMap;

/// Milliseconds since the world began.
pub type Time = u64;

/// A second.
pub const SECOND: Time = 1_000;
/// A minute.
pub const MINUTE: Time = 60 * SECOND;
/// An hour.
pub const HOUR: Time = 60 * MINUTE;
/// A day.
pub const DAY: Time = 24 * HOUR;

/// Things to come. Of two at one moment, the one that was entered first happens first.
#[derive(Debug)]
pub struct Agenda<H> {
    now: Time,
    entered: u64,
    to_come: BTreeMap<(Time, u64), H>,
}

impl<H> Default for Agenda<H> {
    fn default() -> Self {
        Agenda { now: 0, entered: 0, to_come: BTreeMap::new() }
    }
}

impl<H> Agenda<H> {
    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Enters something that happens at `time`, or at once where that is past.
    pub fn at(&mut self, time: Time, happening: H) {
        self.entered += 1;
        self.to_come.insert((time.max(self.now), self.entered), happening);
    }

    /// Enters something that happens after `delay` milliseconds.
    pub fn after(&mut self, delay: Time, happening: H) {
        self.at(self.now + delay, happening);
    }

    /// Lets time pass until the next thing happens.
    pub fn next_happening(&mut self) -> Option<H> {
        let ((time, _), happening) = self.to_come.pop_first()?;
        self.now = time;
        Some(happening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_first_happens_first_at_one_moment_and_nothing_happens_in_the_past() {
        let mut agenda = Agenda::default();
        for (time, what) in [(5, 'c'), (3, 'a'), (3, 'b')] {
            agenda.at(time, what);
        }
        assert_eq!((agenda.next_happening(), agenda.now()), (Some('a'), 3));
        agenda.at(1, 'd');
        let rest: Vec<(char, Time)> =
            std::iter::from_fn(|| agenda.next_happening().map(|what| (what, agenda.now()))).collect();
        assert_eq!(rest, [('b', 3), ('d', 3), ('c', 5)]);
    }
}

//! How fast passwords may be tried: freely for a few times, then ever more slowly.

use std::collections::BTreeMap;

use toguna_protocol::ids::UnixSeconds;

/// Failures for one name after which the next attempt has to wait.
const FREE_FOR_A_NAME: u32 = 5;
/// Failures for all names together after which every attempt has to wait.
const FREE_FOR_ALL: u32 = 20;
/// The longest wait, in seconds.
const LONGEST: i64 = 15 * 60;
/// Seconds without a failure after which those before no longer count. Longer than the longest wait, or waiting it out
/// would give the free attempts back.
const FORGOTTEN: i64 = 60 * 60;
/// Names that are kept at once. Filling this takes failures, of which twenty make everybody wait.
const NAMES: usize = 1_000;

/// The failures of late.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    names: BTreeMap<String, Failures>,
    all: Failures,
}

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: UnixSeconds,
}

impl Failures {
    /// Seconds until the next attempt; 0 if it may be made now.
    fn wait(&mut self, free: u32, now: UnixSeconds) -> i64 {
        // A clock that was put back must not make anybody wait until it has caught up.
        self.last = self.last.min(now);
        let since = now.0.saturating_sub(self.last.0);
        if since >= FORGOTTEN {
            self.count = 0;
        }
        match self.count.checked_sub(free) {
            Some(beyond) => (2_i64.saturating_pow(beyond + 1).min(LONGEST) - since).max(0),
            None => 0,
        }
    }

    fn add(&mut self, now: UnixSeconds) {
        self.count = self.count.saturating_add(1).min(u32::MAX / 2);
        self.last = now;
    }
}

impl Throttle {
    /// Seconds until a password may be tried for this name; 0 if it may be now.
    pub(super) fn wait(&mut self, name: &str, now: UnixSeconds) -> i64 {
        let own = self.names.get_mut(name).map_or(0, |failures| failures.wait(FREE_FOR_A_NAME, now));
        own.max(self.all.wait(FREE_FOR_ALL, now))
    }

    /// Counts an attempt that failed.
    pub(super) fn failed(&mut self, name: String, now: UnixSeconds) {
        self.all.add(now);
        if self.names.len() >= NAMES && !self.names.contains_key(&name) {
            let oldest = self.names.iter().min_by_key(|(_, failures)| failures.last).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.names.remove(&name));
        }
        self.names.entry(name).or_default().add(now);
    }

    /// Forgets a name's failures: whoever it is knows the password. Those of all names stay, or a person with an
    /// account could try the others' passwords without end.
    pub(super) fn succeeded(&mut self, name: &str) {
        self.names.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds(1_800_000_000 + seconds)
    }

    #[test]
    fn after_five_failures_a_name_waits_twice_as_long_each_time_and_others_do_not() {
        let mut throttle = Throttle::default();
        let mut now = 0;
        for _ in 0..5 {
            assert_eq!(throttle.wait("awa", at(now)), 0);
            throttle.failed("awa".to_owned(), at(now));
        }
        for expected in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(throttle.wait("awa", at(now)), expected);
            assert_eq!(throttle.wait("moussa", at(now)), 0);
            assert_eq!(throttle.wait("awa", at(now + expected - 1)), 1);
            now += expected;
            assert_eq!(throttle.wait("awa", at(now)), 0);
            throttle.failed("awa".to_owned(), at(now));
        }
        throttle.succeeded("awa");
        assert_eq!(throttle.wait("awa", at(now)), 0);
    }

    #[test]
    fn after_twenty_failures_everybody_waits_whatever_succeeds() {
        let mut throttle = Throttle::default();
        for number in 0..20 {
            assert_eq!(throttle.wait("moussa", at(0)), 0, "{number}");
            throttle.failed(format!("name {number}"), at(0));
        }
        throttle.succeeded("moussa");
        assert_eq!(throttle.wait("moussa", at(0)), 2);
        throttle.failed("name".to_owned(), at(2));
        assert_eq!(throttle.wait("moussa", at(2)), 4);
    }

    #[test]
    fn an_hour_without_failures_makes_good() {
        let mut throttle = Throttle::default();
        for _ in 0..25 {
            throttle.failed("awa".to_owned(), at(0));
        }
        assert_eq!(throttle.wait("awa", at(FORGOTTEN - 1)), 0);
        throttle.failed("awa".to_owned(), at(FORGOTTEN - 1));
        assert_eq!(throttle.wait("awa", at(FORGOTTEN - 1)), LONGEST);
        let later = at(2 * FORGOTTEN);
        assert_eq!(throttle.wait("awa", later), 0);
        throttle.failed("awa".to_owned(), later);
        assert_eq!(throttle.wait("awa", later), 0);
    }

    #[test]
    fn a_clock_that_is_put_back_locks_nobody_out() {
        let mut throttle = Throttle::default();
        for _ in 0..30 {
            throttle.failed("awa".to_owned(), at(1_000_000));
        }
        assert_eq!(throttle.wait("awa", at(0)), LONGEST);
        assert_eq!(throttle.wait("awa", at(LONGEST)), 0);
    }

    #[test]
    fn made_up_names_fill_no_memory() {
        let mut throttle = Throttle::default();
        for number in 0..(NAMES as i64 + 500) {
            throttle.failed(format!("name {number}"), at(number));
        }
        assert_eq!(throttle.names.len(), NAMES);
        assert!(throttle.names.contains_key(&format!("name {}", NAMES + 499)), "the oldest go first");
    }
}

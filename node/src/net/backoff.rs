//! When to dial again: soon at first, then ever more rarely, never in step with others.

use std::time::Duration;

/// How long to wait before dialling again. Every wait is drawn between half and all of what stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure; doubles with each further one.
    pub first: Duration,
    /// The most, however many failures. Short enough to meet a link that is up for minutes a day.
    pub cap: Duration,
    /// The first wait for an address on this machine, where a dial costs nothing.
    pub loopback_first: Duration,
    /// The most for an address on this machine.
    pub loopback_cap: Duration,
    /// After a peer closed a connection without admitting us; doubles with each further time, up to `stranger`.
    pub refused_first: Duration,
    /// After a peer turned out to belong to another network.
    pub stranger: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            first: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            loopback_first: Duration::from_millis(250),
            loopback_cap: Duration::from_secs(2),
            refused_first: Duration::from_secs(5),
            stranger: Duration::from_secs(600),
        }
    }
}

impl Backoff {
    /// The wait after `failures` dials (1 or more) that reached nobody, or a connection that broke.
    pub(super) fn after_failures(&self, failures: u32, loopback: bool, jitter: &mut Jitter) -> Duration {
        let (first, cap) = if loopback { (self.loopback_first, self.loopback_cap) } else { (self.first, self.cap) };
        jitter.spread(doubled(first, failures, cap))
    }

    /// The wait after `refusals` connections (1 or more) on which the peer did not want us.
    pub(super) fn after_refusals(&self, refusals: u32, jitter: &mut Jitter) -> Duration {
        jitter.spread(doubled(self.refused_first, refusals, self.stranger))
    }

    /// The wait after we did not want the peer.
    pub(super) fn after_stranger(&self, jitter: &mut Jitter) -> Duration {
        jitter.spread(self.stranger)
    }
}

fn doubled(first: Duration, times: u32, cap: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
    first.checked_mul(factor).unwrap_or(cap).min(cap)
}

/// A small seeded source of spread (SplitMix64, Steele, Lea and Flood 2014): nothing secret hangs on it, and a test
/// can repeat it.
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        Jitter(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between half and all of `most`.
    pub(super) fn spread(&mut self, most: Duration) -> Duration {
        let share = (self.next() >> 32) as u32;
        most / 2 + (most / 2).mul_f64(f64::from(share) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_capped() {
        let backoff = Backoff::default();
        let mut jitter = Jitter::new(7);
        let cases = [
            (1, false, 1_000),
            (2, false, 2_000),
            (5, false, 16_000),
            (6, false, 30_000),
            (40, false, 30_000),
            (u32::MAX, false, 30_000),
            (1, true, 250),
            (3, true, 1_000),
            (9, true, 2_000),
        ];
        for (failures, loopback, most) in cases {
            for _ in 0..100 {
                let wait = backoff.after_failures(failures, loopback, &mut jitter).as_millis();
                assert!(wait >= most / 2 && wait <= most, "{failures} failures: {wait} ms, expected {most} at most");
            }
        }
        assert!(backoff.after_refusals(1, &mut jitter) <= Duration::from_secs(5));
        assert!(backoff.after_refusals(30, &mut jitter) >= Duration::from_secs(300));
        assert!(backoff.after_stranger(&mut jitter) >= Duration::from_secs(300));
    }

    #[test]
    fn two_nodes_with_other_seeds_do_not_dial_in_step() {
        let waits = |seed| {
            let mut jitter = Jitter::new(seed);
            (1..8).map(|n| Backoff::default().after_failures(n, false, &mut jitter)).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}

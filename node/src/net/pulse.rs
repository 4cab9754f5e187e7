//! Whether the other end of a link still hears us: what was said to it, what it has acknowledged, and since when it is
//! silent. Pure bookkeeping, with the time as an argument.

use tokio::time::{Duration, Instant};

/// Who has heard frames and has nothing to say acknowledges them after this long.
const ANSWER: Duration = Duration::from_secs(1);

/// Who is owed an acknowledgement and hears nothing at all for this long takes the link for dead: two seconds of frames
/// that wait for the line, and a round trip.
pub(super) const SILENCE: Duration = Duration::from_secs(3);

/// One link's pulse.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Frames said so far, and how many of them the peer has acknowledged.
    said: u16,
    acknowledged: u16,
    /// When something was last said that is not acknowledged, while nothing has been heard since.
    asked: Instant,
    /// When anything was last heard.
    heard_at: Instant,
    /// Frames heard so far, and how many we have acknowledged.
    heard: u16,
    thanked: u16,
    /// When we last said anything, or first heard what we have not acknowledged.
    spoke: Instant,
}

impl Pulse {
    /// Of a link that has just come to stand.
    pub(super) fn new(now: Instant) -> Self {
        Pulse { said: 0, acknowledged: 0, asked: now, heard_at: now, heard: 0, thanked: 0, spoke: now }
    }

    /// So many frames went out.
    pub(super) fn say(&mut self, frames: u16, now: Instant) {
        if self.said == self.acknowledged {
            self.asked = now;
        }
        self.said = self.said.wrapping_add(frames);
        self.spoke = now;
    }

    /// A heartbeat goes out: what it says.
    pub(super) fn thank(&mut self, now: Instant) -> u16 {
        self.thanked = self.heard;
        self.spoke = now;
        self.heard
    }

    /// The same, where there is anything to acknowledge.
    pub(super) fn thank_if_owing(&mut self, now: Instant) -> Option<u16> {
        self.owing().map(|_| self.thank(now))
    }

    /// Part of a frame came in.
    pub(super) fn hear(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// A whole frame did.
    pub(super) fn hear_frame(&mut self, now: Instant) {
        self.heard_at = now;
        if self.heard == self.thanked {
            self.spoke = self.spoke.max(now);
        }
        self.heard = self.heard.wrapping_add(1);
    }

    /// A heartbeat did. A number that cannot be is as good as none.
    pub(super) fn hear_heartbeat(&mut self, read: u16, now: Instant) {
        self.heard_at = now;
        if read.wrapping_sub(self.acknowledged) <= self.said.wrapping_sub(self.acknowledged) {
            self.acknowledged = read;
        }
    }

    /// When we have to acknowledge what we heard, if we say nothing else before.
    pub(super) fn owing(&self) -> Option<Instant> {
        (self.heard != self.thanked).then(|| self.spoke + ANSWER)
    }

    /// When the peer is to be taken for gone, if nothing is heard before.
    pub(super) fn doubtful(&self) -> Option<Instant> {
        (self.said != self.acknowledged).then(|| self.asked.max(self.heard_at) + SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Pulse, Pulse, Instant) {
        let now = Instant::now();
        (Pulse::new(now), Pulse::new(now), now)
    }

    #[test]
    fn what_is_said_is_acknowledged_once_and_then_all_is_still() {
        let (mut a, mut b, now) = pair();
        assert_eq!((a.owing(), a.doubtful()), (None, None));
        a.say(3, now);
        (0..3).for_each(|_| b.hear_frame(now));
        assert_eq!(b.owing(), Some(now + ANSWER));
        assert_eq!(a.doubtful(), Some(now + SILENCE));
        let read = b.thank(now + ANSWER);
        a.hear_heartbeat(read, now + ANSWER);
        assert_eq!((a.owing(), a.doubtful(), b.owing(), b.doubtful()), (None, None, None, None));
    }

    #[test]
    fn a_link_is_doubted_only_while_something_is_unacknowledged_and_nothing_is_heard() {
        let (mut a, _, now) = pair();
        let second = Duration::from_secs(1);
        a.say(1, now);
        a.hear(now + second);
        assert_eq!(a.doubtful(), Some(now + second + SILENCE), "part of a frame is a sign of life");
        a.say(1, now + 2 * second);
        assert_eq!(a.doubtful(), Some(now + second + SILENCE), "saying more is none");
        a.hear_heartbeat(1, now + 3 * second);
        assert_eq!(a.doubtful(), Some(now + 3 * second + SILENCE), "one is not acknowledged");
        a.hear_heartbeat(2, now + 4 * second);
        assert_eq!(a.doubtful(), None);
        a.say(1, now + 60 * second);
        assert_eq!(a.doubtful(), Some(now + 60 * second + SILENCE), "a long rest is no silence");
    }

    #[test]
    fn who_speaks_anyway_acknowledges_with_that() {
        let (mut a, _, now) = pair();
        assert_eq!(a.thank_if_owing(now), None);
        a.hear_frame(now);
        assert_eq!((a.thank_if_owing(now), a.owing()), (Some(1), None));
    }

    #[test]
    fn counts_go_round_and_a_count_that_cannot_be_is_passed_over() {
        let (mut a, _, now) = pair();
        for _ in 0..70 {
            a.say(1_000, now);
            let said = a.said;
            a.hear_heartbeat(said, now);
            assert_eq!(a.doubtful(), None);
        }
        a.say(2, now);
        for wrong in [a.said.wrapping_add(1), a.acknowledged.wrapping_sub(1)] {
            a.hear_heartbeat(wrong, now);
            assert!(a.doubtful().is_some());
        }
    }
}

//! The layer of events: many points, drawn as few circles.

use std::collections::BTreeMap;

/// Events of one square of this many pixels share a circle: a country has thousands of events, and circles that lie on
/// top of each other tell nothing but cost their weight.
const SQUARE: f64 = 12.0;

/// Radius of a single event, in pixels, unless the greatest circle would be too large.
const SINGLE: f64 = 1.8;
/// The greatest radius, in pixels.
const GREATEST: f64 = 16.0;
/// The least radius, in pixels: what is less than this is not seen in print.
const LEAST: f64 = 1.5;

/// A circle: where it stands, and of how many events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) count: u64,
}

/// Puts together what lies close to each other, at the middle of the events.
pub(super) fn spots(events: impl Iterator<Item = (f64, f64, u64)>) -> Vec<Spot> {
    let mut squares: BTreeMap<(i64, i64), Spot> = BTreeMap::new();
    for (x, y, count) in events.filter(|event| event.2 > 0) {
        let square = ((x / SQUARE).floor() as i64, (y / SQUARE).floor() as i64);
        let spot = squares.entry(square).or_insert(Spot { x, y, count: 0 });
        let all = spot.count.saturating_add(count);
        let share = count as f64 / all as f64;
        *spot = Spot { x: spot.x + (x - spot.x) * share, y: spot.y + (y - spot.y) * share, count: all };
    }
    squares.into_values().collect()
}

/// The radius of a circle in pixels: its area is as the number of events.
pub(super) fn radius(count: u64, most: u64) -> f64 {
    let single = SINGLE.min(GREATEST / (most.max(1) as f64).sqrt());
    super::px((single * (count as f64).sqrt()).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_circle_and_no_event_is_lost() {
        let events = [(13.0, 13.0, 1), (17.0, 13.0, 3), (40.0, 13.0, 2), (41.0, 14.0, 0), (300.0, 1.0, 0)];
        let spots = spots(events.into_iter());
        assert_eq!(spots, [Spot { x: 16.0, y: 13.0, count: 4 }, Spot { x: 40.0, y: 13.0, count: 2 }]);
    }

    #[test]
    fn circles_grow_by_their_area_and_stay_small() {
        assert_eq!((radius(1, 10), radius(4, 10)), (1.8, 3.6));
        assert_eq!((radius(1, 1_000_000), radius(1_000_000, 1_000_000)), (LEAST, GREATEST));
    }
}

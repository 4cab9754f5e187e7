//! A region on the paper: its outline as a path, and the point where its figure stands.

use std::fmt::Write;

use super::projection::Projection;
use crate::pack::Shape;

/// Positions are rounded to halves of a pixel, and what then lies on a straight line is left out. Rounding looks at one
/// position only, so two neighbours that share a border share it afterwards, to the last digit, and no gap can open
/// between them; thinning out each region by itself would not keep that. Half a pixel is a tenth of a millimetre on a
/// printed page, and takes Mali's outlines to a quarter of what they weigh in degrees.
const STEPS_PER_PIXEL: i32 = 2;

/// Below this distance from the middle to the border, in pixels, a figure does not fit into a region.
const ROOM_FOR_A_FIGURE: f64 = 14.0;

/// The ways from a point to those around it.
const NEIGHBOURS: [(f64, f64); 8] =
    [(-1.0, -1.0), (0.0, -1.0), (1.0, -1.0), (-1.0, 0.0), (1.0, 0.0), (-1.0, 1.0), (0.0, 1.0), (1.0, 1.0)];

/// Closed lines in steps; the last position does not repeat the first.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    rings: Vec<Vec<(i32, i32)>>,
}

/// The point of a region that lies farthest from its border.
#[derive(Debug, Clone, Copy)]
pub(super) struct Middle {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Pixels from here to the border.
    room: f64,
}

impl Middle {
    /// Whether the region is too small for its figure.
    pub(super) fn is_tight(&self) -> bool {
        self.room < ROOM_FOR_A_FIGURE
    }
}

impl Outline {
    pub(super) fn of(shape: &Shape, projection: &Projection) -> Self {
        let round = |(lon, lat): &(f64, f64)| {
            let (x, y) = projection.project(*lat, *lon);
            let step = |pixels: f64| (pixels * f64::from(STEPS_PER_PIXEL)).round() as i32;
            (step(x), step(y))
        };
        Outline { rings: shape.rings.iter().map(|ring| straightened(ring.iter().map(round))).collect() }
    }

    /// What the `d` of a `<path>` holds.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for ring in &self.rings {
            let Some(&first) = ring.first() else { continue };
            path.push('M');
            number(&mut path, first.0);
            number(&mut path, first.1);
            path.push('l');
            let mut last = first;
            for &(x, y) in &ring[1..] {
                number(&mut path, x - last.0);
                number(&mut path, y - last.1);
                last = (x, y);
            }
            path.push('z');
        }
        path
    }

    /// The upper left and the lower right corner of the box around it, in pixels; `None` of nothing.
    pub(super) fn corners(&self) -> Option<((f64, f64), (f64, f64))> {
        let corner = |choose: fn(i32, i32) -> i32| {
            let positions = self.rings.iter().flatten().copied();
            positions.reduce(|a, b| (choose(a.0, b.0), choose(a.1, b.1)))
        };
        Some((pixels(&corner(i32::min)?), pixels(&corner(i32::max)?)))
    }

    /// Whether a point lies inside, in pixels.
    pub(super) fn holds(&self, x: f64, y: f64) -> bool {
        self.room(x, y) > 0.0
    }

    /// Where the figure stands: the best point of a coarse grid, improved by steps that get smaller.
    pub(super) fn middle(&self) -> Middle {
        let ((left, top), (right, bottom)) = self.corners().unwrap_or_default();
        let mut step = ((right - left).min(bottom - top) / 8.0).max(0.5);
        let at = |x: f64, y: f64| Middle { x, y, room: self.room(x, y) };
        let mut best = at((left + right) / 2.0, (top + bottom) / 2.0);
        let (columns, rows) = (((right - left) / step) as u32, ((bottom - top) / step) as u32);
        for (column, row) in (0..=columns).flat_map(|column| (0..=rows).map(move |row| (column, row))) {
            let tried = at(left + f64::from(column) * step, top + f64::from(row) * step);
            if tried.room > best.room {
                best = tried;
            }
        }
        while step > 0.25 {
            step /= 2.0;
            let from = best;
            for (x, y) in NEIGHBOURS {
                let tried = at(from.x + x * step, from.y + y * step);
                if tried.room > best.room {
                    best = tried;
                }
            }
        }
        best
    }

    /// Pixels from a point to the nearest border; less than nothing outside.
    fn room(&self, x: f64, y: f64) -> f64 {
        let mut inside = false;
        let mut nearest = f64::INFINITY;
        for ring in &self.rings {
            let mut from = ring.last();
            for to in ring {
                let (a, b) = (pixels(from.unwrap_or(to)), pixels(to));
                // A line to the east crosses the border an odd number of times, if it starts inside.
                if (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0) {
                    inside = !inside;
                }
                nearest = nearest.min(distance((x, y), a, b));
                from = Some(to);
            }
        }
        if inside { nearest } else { -nearest }
    }
}

fn pixels(at: &(i32, i32)) -> (f64, f64) {
    (f64::from(at.0) / f64::from(STEPS_PER_PIXEL), f64::from(at.1) / f64::from(STEPS_PER_PIXEL))
}

/// From a point to a line between two others.
fn distance(point: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((point.0 - a.0) * dx + (point.1 - a.1) * dy) / length } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    (point.0 - a.0 - along * dx).hypot(point.1 - a.1 - along * dy)
}

/// The ring without what adds nothing to it: a position that stands twice in a row, or between two others.
fn straightened(ring: impl Iterator<Item = (i32, i32)>) -> Vec<(i32, i32)> {
    let mut kept: Vec<(i32, i32)> = Vec::new();
    for at in ring {
        while let [.., before, last] = kept[..] {
            let (ax, ay) = (last.0 - before.0, last.1 - before.1);
            let (bx, by) = (at.0 - last.0, at.1 - last.1);
            let straight_on = ax * by == ay * bx && ax * bx + ay * by >= 0;
            if !straight_on {
                break;
            }
            kept.pop();
        }
        if kept.last() != Some(&at) {
            kept.push(at);
        }
    }
    if kept.len() > 1 && kept.first() == kept.last() {
        kept.pop();
    }
    kept
}

/// Writes steps as pixels, with a space only where two numbers would run together.
fn number(path: &mut String, steps: i32) {
    if steps >= 0 && path.ends_with(|c: char| c.is_ascii_digit()) {
        path.push(' ');
    }
    if steps < 0 {
        path.push('-');
    }
    let (whole, half) = ((steps / STEPS_PER_PIXEL).unsigned_abs(), steps % STEPS_PER_PIXEL != 0);
    if whole > 0 || !half {
        write!(path, "{whole}").expect("a string takes all that is written to it");
    }
    if half {
        path.push_str(".5");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_with_few_signs() {
        let outline = Outline { rings: vec![vec![(0, 0), (21, 1), (20, -1), (3, 20)], vec![(-3, 4), (-3, 5)]] };
        assert_eq!(outline.path(), "M0 0l10.5 .5-.5-1-8.5 10.5zM-1.5 2l0 .5z");
    }

    #[test]
    fn a_ring_keeps_its_corners_only() {
        let ring = [(0, 0), (0, 0), (2, 0), (4, 0), (4, 4), (2, 4), (2, 4), (0, 4), (0, 0)];
        assert_eq!(straightened(ring.into_iter()), [(0, 0), (4, 0), (4, 4), (0, 4)]);
        // A spit that leads out and back is a corner.
        assert_eq!(straightened([(0, 0), (9, 0), (5, 0), (5, 5)].into_iter()), [(0, 0), (9, 0), (5, 0), (5, 5)]);
    }

    #[test]
    fn the_middle_lies_inside_and_away_from_holes() {
        let square = |from: i32, to: i32| vec![(from, from), (to, from), (to, to), (from, to)];
        let plain = Outline { rings: vec![square(0, 200)] }.middle();
        assert_eq!((plain.x, plain.y, plain.room), (50.0, 50.0, 50.0));
        assert!(!plain.is_tight());
        let holed = Outline { rings: vec![square(0, 200), square(60, 140)] };
        assert_eq!(holed.room(50.0, 50.0), -20.0);
        assert!(holed.middle().room > 16.0 && !holed.middle().is_tight());
        assert!(Outline { rings: vec![square(0, 20)] }.middle().is_tight());
    }
}

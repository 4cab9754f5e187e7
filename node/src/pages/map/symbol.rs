//! Marks for points, told apart by their shape: colours fail in print and for some readers.

use super::px;

/// The shape of a point's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A circle.
    Circle,
    /// A square.
    Square,
    /// A triangle that stands on its base.
    Triangle,
    /// A square that stands on a corner.
    Diamond,
    /// An upright cross.
    Cross,
    /// A star with five points.
    Star,
}

impl Symbol {
    /// What the `d` of a `<path>` holds, for a mark around a point. All have about the same area.
    pub(super) fn path(self, x: f64, y: f64) -> String {
        let around = match self {
            Symbol::Circle => "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
            Symbol::Square => "m-5.5-5.5h11v11h-11z",
            Symbol::Triangle => "m0-8l8 13.5h-16z",
            Symbol::Diamond => "m0-8l8 8-8 8-8-8z",
            Symbol::Cross => "m-2.5-7.5h5v5h5v5h-5v5h-5v-5h-5v-5h5z",
            Symbol::Star => "m0-9.5l2.3 6.3 6.7 .2-5.3 4.1 1.9 6.5-5.6-3.8-5.6 3.8 1.9-6.5-5.3-4.1 6.7-.2z",
        };
        format!("M{} {}{around}", px(x), px(y))
    }
}

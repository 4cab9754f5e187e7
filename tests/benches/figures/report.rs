//! Figures beside their targets.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};

/// One measured figure.
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
}

#[derive(Clone, Copy)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    /// A figure without a target, to read the others by.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Figure { what: what.into(), value, unit, target: None }
    }

    /// A time in milliseconds.
    pub(crate) fn millis(what: impl Into<String>, time: Duration) -> Self {
        Figure::new(what, time.as_secs_f64() * 1e3, "ms")
    }

    /// The same, which must not be greater.
    pub(crate) fn at_most(self, target: f64) -> Self {
        Figure { target: Some(Target::AtMost(target)), ..self }
    }

    /// The same, which must not be less.
    pub(crate) fn at_least(self, target: f64) -> Self {
        Figure { target: Some(Target::AtLeast(target)), ..self }
    }

    /// Whether the target is met; `None` without one.
    fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtMost(most) => self.value <= most,
            Target::AtLeast(least) => self.value >= least,
        })
    }

    fn row(&self) -> [String; 4] {
        let number = |value: f64| if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") };
        let target = match self.target {
            Some(Target::AtMost(most)) => format!("≤ {most} {}", self.unit),
            Some(Target::AtLeast(least)) => format!("≥ {least} {}", self.unit),
            None => String::new(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        [self.what.clone(), format!("{} {}", number(self.value), self.unit), target, met.to_owned()]
    }

    fn json(&self, group: &str) -> Value {
        let (most, least) = match self.target {
            Some(Target::AtMost(most)) => (Some(most), None),
            Some(Target::AtLeast(least)) => (None, Some(least)),
            None => (None, None),
        };
        json!({
            "group": group, "what": self.what, "value": self.value, "unit": self.unit,
            "at_most": most, "at_least": least, "met": self.met(),
        })
    }
}

/// All figures of a run.
#[derive(Default)]
pub(crate) struct Report {
    groups: Vec<(&'static str, Vec<Figure>)>,
}

impl Report {
    pub(crate) fn add(&mut self, group: &'static str, figures: Vec<Figure>) {
        self.groups.push((group, figures));
    }

    /// One line each, in columns.
    pub(crate) fn table(&self) -> String {
        let rows: Vec<[String; 4]> = self.groups.iter().flat_map(|(_, figures)| figures).map(Figure::row).collect();
        let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (what, value, target) = (wide(0), wide(1), wide(2));
        let mut out = String::new();
        for [a, b, c, d] in &rows {
            writeln!(out, "{a:what$}  {b:>value$}  {c:target$}  {d}").expect("a string takes all");
        }
        out
    }

    /// `{"figures": […], "met": true if no target is missed}`.
    pub(crate) fn json(&self) -> String {
        let all = || self.groups.iter().flat_map(|(group, figures)| figures.iter().map(move |figure| (group, figure)));
        let met = all().all(|(_, figure)| figure.met() != Some(false));
        let figures: Vec<Value> = all().map(|(group, figure)| figure.json(group)).collect();
        format!("{:#}\n", json!({"figures": figures, "met": met}))
    }
}

/// The value below which so many in a hundred lie (nearest rank).
///
/// # Panics
/// Without any value.
pub(crate) fn percentile<T: Copy + PartialOrd>(values: &[T], percent: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("measured values can be compared"));
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

/// The middle one.
pub(crate) fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    percentile(values, 50)
}

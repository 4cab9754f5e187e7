//! Quarters of a year, by which projects are planned.

use toguna_protocol::record::{
    Date,
    date::{Day, Span},
};

/// A quarter of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quarter {
    year: u16,
    /// 1 to 4.
    number: u8,
}

impl Quarter {
    /// The quarter of a day.
    pub(super) fn of_day((year, month, _): Day) -> Self {
        Quarter { year, number: (month.clamp(1, 12) - 1) / 3 + 1 }
    }

    /// The quarter in which a date lies; `None` where it may lie in several.
    pub(super) fn of(date: Date) -> Option<Self> {
        date.quarter().map(|(year, number)| Quarter { year, number })
    }

    /// The one after it.
    pub(super) fn next(self) -> Self {
        match self.number {
            4 => Quarter { year: self.year.saturating_add(1), number: 1 },
            number => Quarter { number: number + 1, ..self },
        }
    }

    /// The one before it.
    pub(super) fn previous(self) -> Self {
        match self.number {
            1 => Quarter { year: self.year.saturating_sub(1), number: 4 },
            number => Quarter { number: number - 1, ..self },
        }
    }

    /// As records and addresses hold it.
    pub(super) fn date(self) -> Date {
        Date::In(Span::Quarter(self.year, self.number))
    }

    /// Year and number.
    pub(super) fn parts(self) -> (u16, u8) {
        (self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_follow_each_other_over_the_year() {
        let quarter = |text: &str| text.parse().ok().and_then(Quarter::of);
        assert_eq!(quarter("2026-11-25").map(|q| q.date().to_string()).as_deref(), Some("2026-36"));
        assert_eq!(quarter("2026-36").map(|q| q.next().date().to_string()).as_deref(), Some("2027-33"));
        assert_eq!(quarter("2027-01").map(|q| q.previous().date().to_string()).as_deref(), Some("2026-36"));
        assert_eq!(quarter("2026"), None);
        assert_eq!(Quarter::of_day((2026, 12, 31)).parts(), (2026, 4));
        assert_eq!(Quarter::of_day((2026, 1, 1)).next().parts(), (2026, 2));
    }
}

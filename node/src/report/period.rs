//! The period that a report is made for, and which dates lie in it.

use std::{fmt, str::FromStr};

use jiff::{civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use toguna_protocol::record::{
    Date,
    date::{Day, Span},
};

/// A year or a quarter, written as records write them: `2010`, `2010-33`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(Span);

/// A text that is neither a year nor a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a period: write 2010 or, for its first quarter, 2010-33")]
pub struct NoPeriod;

/// Whether a date lies in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lies {
    Within,
    Perhaps,
    Outside,
}

impl Period {
    /// A year.
    pub fn year(year: u16) -> Self {
        Period(Span::Year(year))
    }

    /// A quarter, from 1 to 4.
    pub fn quarter(year: u16, quarter: u8) -> Self {
        Period(Span::Quarter(year, quarter))
    }

    /// Whether it is a quarter.
    pub fn is_quarter(self) -> bool {
        matches!(self.0, Span::Quarter(..))
    }

    /// Its first day.
    pub fn first_day(self) -> Day {
        self.0.first_day()
    }

    /// Its last day.
    pub fn last_day(self) -> Day {
        self.0.last_day()
    }

    /// The same as a date.
    pub fn date(self) -> Date {
        Date::In(self.0)
    }

    /// The year it lies in, from its first day to the period's last.
    pub(super) fn year_so_far(self) -> (Day, Day) {
        let last = self.last_day();
        ((last.0, 1, 1), last)
    }

    pub(super) fn holds(self, date: Date) -> Lies {
        lies(date, self.first_day(), self.last_day())
    }

    /// Whether something that began and ended so may have been going on in it. `open`: whether it goes on where nothing
    /// is said of its end.
    pub(super) fn may_hold(self, began: Option<Date>, ended: Option<Date>, open: bool) -> bool {
        let Some(first) = began.or(ended) else { return false };
        let last = match ended {
            Some(ended) => ended.latest(),
            None if open => None,
            None => first.latest(),
        };
        first.earliest() <= self.last_day() && last.is_none_or(|last| last >= self.first_day())
    }
}

/// Whether a date lies between two days.
pub(super) fn lies(date: Date, from: Day, to: Day) -> Lies {
    let (earliest, latest) = (date.earliest(), date.latest());
    if earliest > to || latest.is_some_and(|latest| latest < from) {
        Lies::Outside
    } else if earliest >= from && latest.is_some_and(|latest| latest <= to) {
        Lies::Within
    } else {
        Lies::Perhaps
    }
}

/// The end of a day in seconds since 1970, by the time of Mali, which is UTC.
pub(super) fn seconds((year, month, day): Day) -> i64 {
    let civil = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok());
    let date = civil.and_then(|((year, month), day)| civil::Date::new(year, month, day).ok());
    let start = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    start.map_or(i64::MAX, |start| start.timestamp().as_second().saturating_add(24 * 3600))
}

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        match text.parse::<Span>() {
            Ok(span @ (Span::Year(_) | Span::Quarter(..))) => Ok(Period(span)),
            _ => Err(NoPeriod),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn dates_lie_in_a_period_for_sure_perhaps_or_not() {
        let quarter: Period = "2010-34".parse().unwrap();
        for (text, expected) in [
            ("2010-04-01", Lies::Within),
            ("2010-06", Lies::Within),
            ("2010-34", Lies::Within),
            ("2010", Lies::Perhaps),
            ("2008-10/2010-12", Lies::Perhaps),
            ("2010-05/..", Lies::Perhaps),
            ("2010-07-01", Lies::Outside),
            ("2010-03-31", Lies::Outside),
            ("2010-06-30/..", Lies::Outside),
        ] {
            assert_eq!(quarter.holds(date(text)), expected, "{text}");
        }
        assert_eq!(Period::year(2010).holds(date("2010")), Lies::Within);
    }

    #[test]
    fn what_goes_on_is_in_every_period_until_its_end() {
        let year = Period::year(2010);
        let some = |text: &str| Some(date(text));
        assert!(year.may_hold(some("2008-10"), None, true));
        assert!(!year.may_hold(some("2008-10"), None, false));
        assert!(year.may_hold(some("2008-10"), some("2010-01"), false));
        assert!(!year.may_hold(some("2008-10"), some("2009-12"), true));
        assert!(!year.may_hold(some("2011"), None, true));
        assert!(!year.may_hold(None, None, true), "nothing is known of it");
    }

    #[test]
    fn only_years_and_quarters_are_periods() {
        for text in ["2010", "2010-33", "2010-36"] {
            assert_eq!(text.parse::<Period>().map(|period| period.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "2010-05", "2010-05-01", "2009/2010", "2010/..", "x"] {
            assert_eq!(text.parse::<Period>(), Err(NoPeriod), "{text}");
        }
        assert_eq!(seconds((1970, 1, 1)), 86_400);
        assert_eq!(Period::quarter(2010, 2).year_so_far(), ((2010, 1, 1), (2010, 6, 30)));
    }
}

//! Dates as people know them: to the day, the month, the quarter or the year, after a date, or between two.
//!
//! Written in the extended date format of ISO 8601-2 (EDTF): `2009-11-02`, `2009-11`, `2009`, the quarter `2009-33`
//! (33 to 36), after `2010-12-31/..`, between `2005-03/2005-06`. A date that nobody knows is absent.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::DATE_YEARS;

use super::schema::{Shape, Shaped};

/// A date with its precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Date {
    /// Within this span.
    In(Span),
    /// After this span; how long after is not known.
    After(Span),
    /// Somewhere from the beginning of the first to the end of the second.
    Between(Span, Span),
}

/// A day, month, quarter or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// Year, month, day.
    Day(u16, u8, u8),
    /// Year, month.
    Month(u16, u8),
    /// Year, quarter from 1 to 4.
    Quarter(u16, u8),
    /// Year.
    Year(u16),
}

/// One day of the proleptic Gregorian calendar, for comparing: year, month, day.
pub type Day = (u16, u8, u8);

/// A text that is not a date as this module writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a date: write 2009-11-02, 2009-11, 2009, 2009-33 (first quarter), 2010-12-31/.. (after) or 2005-03/2005-06"
)]
pub struct ParseDateError;

/// Days of a month.
fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

impl Span {
    /// The first day of the span.
    pub fn first_day(self) -> Day {
        match self {
            Span::Day(y, m, d) => (y, m, d),
            Span::Month(y, m) => (y, m, 1),
            Span::Quarter(y, q) => (y, q * 3 - 2, 1),
            Span::Year(y) => (y, 1, 1),
        }
    }

    /// The last day of the span.
    pub fn last_day(self) -> Day {
        match self {
            Span::Day(y, m, d) => (y, m, d),
            Span::Month(y, m) => (y, m, days_in(y, m)),
            Span::Quarter(y, q) => (y, q * 3, days_in(y, q * 3)),
            Span::Year(y) => (y, 12, 31),
        }
    }
}

impl Date {
    /// The earliest day it can be; for "after", the day after.
    pub fn earliest(self) -> Day {
        match self {
            Date::In(span) | Date::Between(span, _) => span.first_day(),
            Date::After(span) => match span.last_day() {
                (y, 12, 31) => (y + 1, 1, 1),
                (y, m, d) if d == days_in(y, m) => (y, m + 1, 1),
                (y, m, d) => (y, m, d + 1),
            },
        }
    }

    /// The latest day it can be, where there is one.
    pub fn latest(self) -> Option<Day> {
        match self {
            Date::In(span) | Date::Between(_, span) => Some(span.last_day()),
            Date::After(_) => None,
        }
    }

    /// The quarter it lies in: year and 1 to 4; `None` where it may lie in several.
    pub fn quarter(self) -> Option<(u16, u8)> {
        let of = |(y, m, _): Day| (y, (m - 1) / 3 + 1);
        (of(self.earliest()) == of(self.latest()?)).then(|| of(self.earliest()))
    }

    /// The same date so many years later; 29 February becomes 28 where it must. `None` past year 9999.
    pub fn plus_years(self, years: u64) -> Option<Date> {
        let shift = |span: Span| {
            let year = |y: u16| u16::try_from(u64::from(y) + years).ok().filter(|y| *y <= 9999);
            Some(match span {
                Span::Day(y, m, d) => Span::Day(year(y)?, m, d.min(days_in(year(y)?, m))),
                Span::Month(y, m) => Span::Month(year(y)?, m),
                Span::Quarter(y, q) => Span::Quarter(year(y)?, q),
                Span::Year(y) => Span::Year(year(y)?),
            })
        };
        Some(match self {
            Date::In(span) => Date::In(shift(span)?),
            Date::After(span) => Date::After(shift(span)?),
            Date::Between(from, to) => Date::Between(shift(from)?, shift(to)?),
        })
    }
}

impl FromStr for Span {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        let number = |part: &str, len: usize| {
            (part.len() == len && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten()
        };
        let parts: Vec<&str> = text.split('-').collect();
        let year = number(parts[0], 4).filter(|y| DATE_YEARS.contains(y)).ok_or(ParseDateError)?;
        let two = |part: &str| number(part, 2).map(|n| n as u8).ok_or(ParseDateError);
        match parts[..] {
            [_] => Ok(Span::Year(year)),
            [_, part] => match two(part)? {
                month @ 1..=12 => Ok(Span::Month(year, month)),
                quarter @ 33..=36 => Ok(Span::Quarter(year, quarter - 32)),
                _ => Err(ParseDateError),
            },
            [_, month, day] => match (two(month)?, two(day)?) {
                (m @ 1..=12, d) if (1..=days_in(year, m)).contains(&d) => Ok(Span::Day(year, m, d)),
                _ => Err(ParseDateError),
            },
            _ => Err(ParseDateError),
        }
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        match text.split_once('/') {
            None => Ok(Date::In(text.parse()?)),
            Some((from, "..")) => Ok(Date::After(from.parse()?)),
            Some((from, to)) => {
                let (from, to): (Span, Span) = (from.parse()?, to.parse()?);
                if from.first_day() > to.last_day() {
                    return Err(ParseDateError);
                }
                Ok(Date::Between(from, to))
            }
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Span::Day(y, m, d) => write!(f, "{y:04}-{m:02}-{d:02}"),
            Span::Month(y, m) => write!(f, "{y:04}-{m:02}"),
            Span::Quarter(y, q) => write!(f, "{y:04}-{}", q + 32),
            Span::Year(y) => write!(f, "{y:04}"),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Date::In(span) => span.fmt(f),
            Date::After(span) => write!(f, "{span}/.."),
            Date::Between(from, to) => write!(f, "{from}/{to}"),
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Shaped for Date {
    const SHAPE: Shape = Shape::Date;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_back_what_they_write() {
        for text in [
            "2009-11-02",
            "2009-11",
            "2009",
            "2009-33",
            "2009-36",
            "2010-12-31/..",
            "2005-03/2005-06",
            "1900",
            "2012-02-29",
            "2000-02-29",
            "2008-10/2010-12",
        ] {
            assert_eq!(text.parse::<Date>().map(|d| d.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn slips_of_the_pen_are_not_dates() {
        for text in [
            "",
            "9999",
            "0009",
            "1799",
            "2009-00",
            "2009-13",
            "2009-37",
            "2009-11-31",
            "2011-02-29",
            "1900-02-29",
            "2009-1-1",
            "2009-11-02T00",
            "02/11/2009",
            "2009/2008",
            "../2009",
            "2009-11-02-01",
            "２００９",
            "+200",
            "2009/",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_knows_its_first_and_last_day() {
        let table = [
            ("2009-33", (2009, 1, 1), Some((2009, 3, 31)), Some((2009, 1))),
            ("2009", (2009, 1, 1), Some((2009, 12, 31)), None),
            ("2012-02", (2012, 2, 1), Some((2012, 2, 29)), Some((2012, 1))),
            ("2010-12-31/..", (2011, 1, 1), None, None),
            ("2010-11/..", (2010, 12, 1), None, None),
            ("2005-03/2005-06", (2005, 3, 1), Some((2005, 6, 30)), None),
        ];
        for (text, earliest, latest, quarter) in table {
            let date: Date = text.parse().expect(text);
            assert_eq!((date.earliest(), date.latest(), date.quarter()), (earliest, latest, quarter), "{text}");
        }
        let leap: Date = "2012-02-29".parse().expect("a leap day");
        assert_eq!(leap.plus_years(10).map(|d| d.to_string()).as_deref(), Some("2022-02-28"));
        assert_eq!(leap.plus_years(u64::from(u32::MAX)), None);
    }
}

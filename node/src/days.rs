//! Days of the calendar, for what is overdue and for how long something took.

use jiff::{Timestamp, civil, tz::TimeZone};
use toguna_protocol::{
    ids::UnixSeconds,
    record::{
        Date,
        date::{Day, Span},
    },
};

/// The day it is in Mali, whose time is UTC all year. The first day of all for a moment beyond the calendar.
pub(crate) fn today(now: UnixSeconds) -> Day {
    let Ok(now) = Timestamp::from_second(now.0) else { return (1, 1, 1) };
    let date = now.to_zoned(TimeZone::UTC).date();
    (date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// A date that is known to the day.
pub(crate) fn exact(date: Option<Date>) -> Option<Day> {
    match date? {
        Date::In(Span::Day(year, month, day)) => Some((year, month, day)),
        _ => None,
    }
}

/// Days from one to another; `None` where the other comes before.
pub(crate) fn between(from: Day, to: Day) -> Option<u64> {
    let civil = |(year, month, day): Day| {
        civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    let span = civil(from)?.until(civil(to)?).ok()?;
    u64::try_from(span.get_days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        assert_eq!(between((2024, 2, 28), (2024, 3, 1)), Some(2));
        assert_eq!(between((2009, 12, 31), (2010, 12, 31)), Some(365));
        assert_eq!(between((2010, 1, 1), (2010, 1, 1)), Some(0));
        assert_eq!(between((2010, 1, 2), (2010, 1, 1)), None);
        assert_eq!(between((2010, 2, 30), (2010, 3, 1)), None);
        assert_eq!(today(UnixSeconds(0)), (1970, 1, 1));
        assert_eq!(today(UnixSeconds(i64::MAX)), (1, 1, 1));
        assert_eq!(exact("2010-11-02".parse().ok()), Some((2010, 11, 2)));
        assert_eq!(exact("2010-11".parse().ok()), None);
    }
}

//! Dates by their precision, moments and how long ago something was, in words.

use fluent_bundle::FluentValue;
use jiff::{Timestamp, tz::TimeZone};
use toguna_protocol::{
    ids::UnixSeconds,
    record::{Date, date::Span},
};

use super::{Lang, Words};

/// Seconds of a minute, an hour and a day.
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Words {
    /// A date in words, no more exact than it is known: "22 novembre 2026", "1er trimestre 2009", "après 2010".
    pub fn date(&self, lang: Lang, date: &Date) -> String {
        match date {
            Date::In(span) => self.span(lang, *span, ""),
            Date::After(from) => self.around(lang, "date-after", &[("from", from)]),
            Date::Between(from, to) => self.around(lang, "date-between", &[("from", from), ("to", to)]),
        }
    }

    /// Since when something holds: "depuis le 20 novembre 2026", "depuis une date après 2010".
    pub fn since(&self, lang: Lang, date: &Date) -> String {
        match date {
            Date::In(span) => self.around(lang, "date-since", &[("from", span)]),
            Date::After(from) => self.around(lang, "date-since-after", &[("from", from)]),
            Date::Between(from, to) => self.around(lang, "date-since-between", &[("from", from), ("to", to)]),
        }
    }

    /// A phrase around spans.
    fn around(&self, lang: Lang, message: &str, spans: &[(&str, &Span)]) -> String {
        let inside = |span: &Span| FluentValue::from(self.span(lang, *span, ".inside"));
        let values: Vec<_> = spans.iter().map(|(name, span)| (*name, inside(span))).collect();
        self.say_with(lang, message, &values)
    }

    /// As [`Self::date`]; "date inconnue" where there is none.
    pub fn date_if_known(&self, lang: Lang, date: Option<&Date>) -> String {
        date.map_or_else(|| self.say(lang, "date-unknown"), |date| self.date(lang, date))
    }

    /// A span by itself, or `.inside` a longer phrase.
    fn span(&self, lang: Lang, span: Span, form: &str) -> String {
        let say = |message: &str, year: u16, parts: &[(&str, u8)]| {
            let mut values = vec![("year", FluentValue::from(year.to_string()))];
            values.extend(parts.iter().map(|(name, part)| (*name, FluentValue::from(*part))));
            self.say_with(lang, &format!("{message}{form}"), &values)
        };
        match span {
            Span::Day(year, month, day) => say("date-day", year, &[("month", month), ("day", day)]),
            Span::Month(year, month) => say("date-month", year, &[("month", month)]),
            Span::Quarter(year, quarter) => say("date-quarter", year, &[("quarter", quarter)]),
            Span::Year(year) => say("date-year", year, &[]),
        }
    }

    /// A moment to the minute, in the time of Mali, which is UTC all year: "23/11/2026, 14 h 05". "date inconnue" for
    /// a clock beyond the years that a calendar has.
    pub fn moment(&self, lang: Lang, at: UnixSeconds) -> String {
        let Ok(at) = Timestamp::from_second(at.0) else { return self.say(lang, "date-unknown") };
        let at = at.to_zoned(TimeZone::UTC);
        let two = |number: i8| FluentValue::from(format!("{number:02}"));
        let values = [
            ("day", two(at.day())),
            ("month", two(at.month())),
            ("year", FluentValue::from(at.year().to_string())),
            ("hour", two(at.hour())),
            ("minute", two(at.minute())),
        ];
        self.say_with(lang, "moment", &values)
    }

    /// The time of day to the minute, in the time of Mali: "14 h 05".
    pub fn clock(&self, lang: Lang, at: UnixSeconds) -> String {
        let minutes = at.0.rem_euclid(DAY as i64) / MINUTE as i64;
        let two = |number: i64| FluentValue::from(format!("{number:02}"));
        self.say_with(lang, "clock", &[("hour", two(minutes / 60)), ("minute", two(minutes % 60))])
    }

    /// How many seconds ago something was, in the largest unit that is full: "il y a 3 j".
    pub fn ago(&self, lang: Lang, seconds: u64) -> String {
        let (message, count) = match seconds {
            0..MINUTE => return self.say(lang, "ago-now"),
            MINUTE..HOUR => ("ago-minutes", seconds / MINUTE),
            HOUR..DAY => ("ago-hours", seconds / HOUR),
            DAY.. => ("ago-days", seconds / DAY),
        };
        self.say_with(lang, message, &[("count", FluentValue::from(count))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_as_exactly_as_they_are_known() {
        let table = [
            ("2026-11-22", "22 novembre 2026", "22 November 2026"),
            ("2026-11-01", "1er novembre 2026", "1 November 2026"),
            ("2010-08-21", "21 août 2010", "21 August 2010"),
            ("2026-11", "novembre 2026", "November 2026"),
            ("2026-01", "janvier 2026", "January 2026"),
            ("2026-12", "décembre 2026", "December 2026"),
            ("2009-33", "1er trimestre 2009", "1st quarter of 2009"),
            ("2009-34", "2e trimestre 2009", "2nd quarter of 2009"),
            ("2009-35", "3e trimestre 2009", "3rd quarter of 2009"),
            ("2009-36", "4e trimestre 2009", "4th quarter of 2009"),
            ("2010", "2010", "2010"),
            ("2010-12-31/..", "après le 31 décembre 2010", "after 31 December 2010"),
            ("2010-03-01/..", "après le 1er mars 2010", "after 1 March 2010"),
            ("2010-04/..", "après avril 2010", "after April 2010"),
            ("2009-33/..", "après le 1er trimestre 2009", "after the 1st quarter of 2009"),
            ("2010/..", "après 2010", "after 2010"),
            ("2005-03/2005-06", "entre mars 2005 et juin 2005", "between March 2005 and June 2005"),
            ("2008/2010-02-05", "entre 2008 et le 5 février 2010", "between 2008 and 5 February 2010"),
        ];
        let words = Words::embedded();
        for (text, french, english) in table {
            let date: Date = text.parse().expect(text);
            assert_eq!(words.date(Lang::Fr, &date), french);
            assert_eq!(words.date(Lang::En, &date), english);
            assert_eq!(words.date_if_known(Lang::Fr, Some(&date)), french);
        }
        assert_eq!(words.date_if_known(Lang::Fr, None), "date inconnue");
        assert_eq!(words.date_if_known(Lang::En, None), "date unknown");
    }

    #[test]
    fn since_when_something_holds_is_said_as_exactly() {
        let table = [
            ("2026-11-20", "depuis le 20 novembre 2026", "since 20 November 2026"),
            ("2026-11-01", "depuis le 1er novembre 2026", "since 1 November 2026"),
            ("2026-11", "depuis novembre 2026", "since November 2026"),
            ("2009-33", "depuis le 1er trimestre 2009", "since the 1st quarter of 2009"),
            ("2010", "depuis 2010", "since 2010"),
            ("2010/..", "depuis une date après 2010", "since a date after 2010"),
            (
                "2008-10/2010-12-31",
                "depuis une date entre octobre 2008 et le 31 décembre 2010",
                "since a date between October 2008 and 31 December 2010",
            ),
        ];
        for (text, french, english) in table {
            let date: Date = text.parse().expect(text);
            assert_eq!(Words::embedded().since(Lang::Fr, &date), french);
            assert_eq!(Words::embedded().since(Lang::En, &date), english);
        }
    }

    #[test]
    fn every_month_has_its_name() {
        for lang in Lang::ALL {
            let month = |month| Words::embedded().date(lang, &Date::In(Span::Month(2010, month)));
            let names: std::collections::BTreeSet<String> = (1..=12).map(month).collect();
            assert_eq!(names.len(), 12, "{names:?}");
        }
    }

    #[test]
    fn moments_are_said_in_the_time_of_mali() {
        let table = [
            (1_795_442_700, "23/11/2026, 14\u{a0}h\u{a0}05", "23/11/2026, 14:05"),
            (0, "01/01/1970, 00\u{a0}h\u{a0}00", "01/01/1970, 00:00"),
            (i64::MAX, "date inconnue", "date unknown"),
            (i64::MIN, "date inconnue", "date unknown"),
        ];
        for (at, french, english) in table {
            assert_eq!(Words::embedded().moment(Lang::Fr, UnixSeconds(at)), french);
            assert_eq!(Words::embedded().moment(Lang::En, UnixSeconds(at)), english);
        }
        assert_eq!(Words::embedded().clock(Lang::Fr, UnixSeconds(1_795_442_700)), "14\u{a0}h\u{a0}05");
        assert_eq!(Words::embedded().clock(Lang::En, UnixSeconds(1_795_442_700)), "14:05");
    }

    #[test]
    fn how_long_ago_is_said_in_the_largest_full_unit() {
        let table = [
            (0, "à l'instant", "just now"),
            (59, "à l'instant", "just now"),
            (60, "il y a 1\u{a0}min", "1\u{a0}min ago"),
            (3_599, "il y a 59\u{a0}min", "59\u{a0}min ago"),
            (3_600, "il y a 1\u{a0}h", "1\u{a0}h ago"),
            (86_399, "il y a 23\u{a0}h", "23\u{a0}h ago"),
            (3 * 86_400 + 5, "il y a 3\u{a0}j", "3\u{a0}d ago"),
            (1_204 * 86_400, "il y a 1\u{202f}204\u{a0}j", "1,204\u{a0}d ago"),
        ];
        for (seconds, french, english) in table {
            assert_eq!(Words::embedded().ago(Lang::Fr, seconds), french);
            assert_eq!(Words::embedded().ago(Lang::En, seconds), english);
        }
    }
}

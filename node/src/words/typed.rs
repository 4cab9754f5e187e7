//! What people type. Dates: 22/11/2026, 11/2026, 2026, T1 2009 (a quarter), après 2010, 2005 – 2007, in words too: 22
//! novembre 2026, 1er trimestre 2009. What the protocol writes ([`Date`]) and what [`super::Words::date`] says is read.
//! Numbers: with blanks between their digits, with a comma or a point before the decimals.

use toguna_protocol::record::{Date, date::Span};

use crate::letters::plain;

/// The months in French and in English, without accents.
const MONTHS: [[&str; 2]; 12] = [
    ["janvier", "january"],
    ["fevrier", "february"],
    ["mars", "march"],
    ["avril", "april"],
    ["mai", "may"],
    ["juin", "june"],
    ["juillet", "july"],
    ["aout", "august"],
    ["septembre", "september"],
    ["octobre", "october"],
    ["novembre", "november"],
    ["decembre", "december"],
];

/// Reads a date that somebody typed, in French or English.
pub(crate) fn date(text: &str) -> Option<Date> {
    let text = text.trim().to_lowercase();
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    for word in ["après le ", "après ", "apres le ", "apres ", "after ", "> "] {
        if let Some(rest) = text.strip_prefix(word) {
            return checked(Date::After(span(rest)?));
        }
    }
    let between = [("entre ", " et "), ("between ", " and "), ("de ", " à "), ("", " – "), ("", " - "), ("", " à ")];
    for (begin, middle) in between {
        if let Some((from, to)) = text.strip_prefix(begin).and_then(|rest| rest.split_once(middle)) {
            return checked(Date::Between(span(from)?, span(to)?));
        }
    }
    checked(Date::In(span(&text)?))
}

/// A date made of parts is only taken as the protocol would read it back.
fn checked(date: Date) -> Option<Date> {
    date.to_string().parse().ok()
}

fn span(text: &str) -> Option<Span> {
    let text = text.trim();
    if let Ok(Date::In(span)) = text.parse::<Date>() {
        return Some(span);
    }
    if let Some(span) = in_words(text) {
        return Some(span);
    }
    if let Some((quarter, year)) = text.strip_prefix(['t', 'q']).and_then(|rest| rest.split_once([' ', '/'])) {
        let quarter: u8 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
        return Some(Span::Quarter(year_of(year)?, quarter));
    }
    let parts: Vec<&str> = text.split(['/', '.', '-', ' ']).filter(|part| !part.is_empty()).collect();
    let small = |part: &str| part.parse::<u8>().ok();
    match parts[..] {
        [day, month, year] => Some(Span::Day(year_of(year)?, small(month)?, small(day)?)),
        [month, year] => Some(Span::Month(year_of(year)?, small(month)?)),
        [year] => Some(Span::Year(year_of(year)?)),
        _ => None,
    }
}

/// A span with its month or quarter in words.
fn in_words(text: &str) -> Option<Span> {
    let folded: String = plain(text).collect();
    let words: Vec<&str> = folded.split_whitespace().filter(|word| !["le", "the", "of", "de"].contains(word)).collect();
    match words[..] {
        [quarter, "trimestre" | "quarter", year] => {
            let quarter = numbered(quarter).filter(|quarter| (1..=4).contains(quarter))?;
            Some(Span::Quarter(year_of(year)?, quarter))
        }
        [day, month, year] => Some(Span::Day(year_of(year)?, month_of(month)?, numbered(day)?)),
        [month, year] => Some(Span::Month(year_of(year)?, month_of(month)?)),
        _ => None,
    }
}

/// A month by its name or its first letters, where these are enough.
fn month_of(word: &str) -> Option<u8> {
    let word = word.trim_end_matches('.');
    let begins = |names: &[&str; 2]| word.len() >= 3 && names.iter().any(|name| name.starts_with(word));
    let mut found = (1..=12_u8).zip(&MONTHS).filter(|(_, names)| begins(names)).map(|(month, _)| month);
    found.next().filter(|_| found.next().is_none())
}

/// A number that may have an ending: 1er, 2e, 3rd.
fn numbered(word: &str) -> Option<u8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let ending = &word[digits.len()..];
    ["", "er", "e", "eme", "st", "nd", "rd", "th"].contains(&ending).then(|| digits.parse().ok()).flatten()
}

/// Only with four digits: 26 could be any century.
fn year_of(text: &str) -> Option<u16> {
    let text = text.trim();
    (text.len() == 4).then(|| text.parse().ok()).flatten()
}

/// A date as it stands in an input, so that it reads back as the same.
pub(crate) fn date_text(date: Date) -> String {
    match date {
        Date::In(span) => span_text(span),
        Date::After(span) => format!("après {}", span_text(span)),
        Date::Between(from, to) => format!("{} – {}", span_text(from), span_text(to)),
    }
}

fn span_text(span: Span) -> String {
    match span {
        Span::Day(year, month, day) => format!("{day:02}/{month:02}/{year:04}"),
        Span::Month(year, month) => format!("{month:02}/{year:04}"),
        Span::Quarter(year, quarter) => format!("T{quarter} {year:04}"),
        Span::Year(year) => format!("{year:04}"),
    }
}

/// A whole number, blanks between its digits allowed.
pub(crate) fn count(text: &str) -> Option<u64> {
    let digits = unspaced(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// An amount of the major unit as a number of the minor one, of which `minor_digits` digits make one of the major.
pub(crate) fn amount(text: &str, minor_digits: u8) -> Option<u64> {
    let digits_after = usize::from(minor_digits);
    let text = unspaced(text);
    let (whole, rest) = text.split_once([',', '.']).unwrap_or((&text, ""));
    let fits = rest.len() <= digits_after && !whole.is_empty();
    fits.then(|| format!("{whole}{rest:0<digits_after$}")).and_then(|minor| count(&minor))
}

/// Degrees, with a comma or a point before the decimals.
pub(crate) fn degrees(text: &str) -> Option<f64> {
    text.replace(',', ".").parse::<f64>().ok().filter(|degrees| degrees.is_finite())
}

fn unspaced(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_type_them() {
        for (typed, meant) in [
            ("22/11/2026", "2026-11-22"),
            (" 2-1-2009 ", "2009-01-02"),
            ("2026-11-22", "2026-11-22"),
            ("11/2026", "2026-11"),
            ("2026", "2026"),
            ("T1 2009", "2009-33"),
            ("q4 2009", "2009-36"),
            ("après le 31/12/2010", "2010-12-31/.."),
            ("after 2010", "2010/.."),
            ("03/2005 – 06/2005", "2005-03/2005-06"),
            ("entre 2005 et 2007", "2005/2007"),
            ("de 2005 à 2007", "2005/2007"),
            ("22 novembre 2026", "2026-11-22"),
            ("le 1er août 2009", "2009-08-01"),
            ("3 Dec. 2009", "2009-12-03"),
            ("février 2010", "2010-02"),
            ("2e trimestre 2009", "2009-34"),
            ("the 4th quarter of 2009", "2009-36"),
            ("après le 22 novembre 2010", "2010-11-22/.."),
            ("entre le 1er mars 2005 et juin 2005", "2005-03-01/2005-06"),
        ] {
            assert_eq!(date(typed).map(|date| date.to_string()).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for typed in [
            "",
            "hier",
            "31/02/2026",
            "12/13/2026",
            "22/11/26",
            "T5 2009",
            "1/1/1",
            "2007 – 2005",
            "9999999",
            "jui 2009",
            "31 février 2009",
            "5e trimestre 2009",
            "12 brumaire 1800",
            "1xx mars 2009",
        ] {
            assert_eq!(date(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_date_in_a_form_reads_back_as_the_same() {
        for kept in ["2009-11-02", "2009-11", "2009", "2009-33", "2010-12-31/..", "2005-03/2005-06", "2010/.."] {
            let meant: Date = kept.parse().expect("a date of the protocol");
            assert_eq!(date(&date_text(meant)), Some(meant), "{kept}");
        }
    }

    #[test]
    fn what_is_said_of_a_date_reads_back_as_the_same() {
        use crate::words::{Lang, Words};
        for kept in [
            "2009-11-02",
            "2009-08-01",
            "2009-11",
            "2009",
            "2009-33",
            "2009-35",
            "2010-12-31/..",
            "2005-03/2005-06",
            "2010-34/..",
            "2005-01-01/2005-06",
        ] {
            let meant: Date = kept.parse().expect("a date of the protocol");
            for lang in Lang::ALL {
                let said = Words::embedded().date(lang, &meant);
                assert_eq!(date(&said), Some(meant), "{said}");
            }
        }
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        assert_eq!(count("1 204"), Some(1_204));
        assert_eq!(count("1\u{202f}204\u{a0}000"), Some(1_204_000));
        assert_eq!(count("12,5"), None);
        assert_eq!(count("-3"), None);
        let amounts = [
            ("1 500 000", 0, Some(1_500_000)),
            ("4 730,5", 2, Some(473_050)),
            ("4730.05", 2, Some(473_005)),
            ("4,730,000", 2, None),
            ("12,5", 0, None),
            (",5", 2, None),
        ];
        for (text, digits, expected) in amounts {
            assert_eq!(amount(text, digits), expected, "{text}");
        }
        assert_eq!(degrees("-0,04"), Some(-0.04));
        assert_eq!(degrees("nan"), None);
    }
}

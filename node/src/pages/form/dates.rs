//! Dates as people type them: 22/11/2026, 11/2026, 2026, T1 2009 (a quarter), après 2010, 2005 – 2007. What the protocol
//! writes ([`Date`]) is read too.

use toguna_protocol::record::{Date, date::Span};

/// Reads a date that somebody typed, in French or English.
pub(in crate::pages) fn read(text: &str) -> Option<Date> {
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

/// Only with four digits: 26 could be any century.
fn year_of(text: &str) -> Option<u16> {
    let text = text.trim();
    (text.len() == 4).then(|| text.parse().ok()).flatten()
}

/// A date as it stands in an input, so that it reads back as the same.
pub(in crate::pages) fn typed(date: Date) -> String {
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
        ] {
            assert_eq!(read(typed).map(|date| date.to_string()).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for typed in ["", "hier", "31/02/2026", "12/13/2026", "22/11/26", "T5 2009", "1/1/1", "2007 – 2005", "9999999"]
        {
            assert_eq!(read(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_date_in_a_form_reads_back_as_the_same() {
        for kept in ["2009-11-02", "2009-11", "2009", "2009-33", "2010-12-31/..", "2005-03/2005-06", "2010/.."] {
            let date: Date = kept.parse().expect("a date of the protocol");
            assert_eq!(read(&typed(date)), Some(date), "{kept}");
        }
    }
}

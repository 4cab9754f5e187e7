//! Numbers and amounts of money as each language writes them.

use fluent_bundle::FluentValue;

use super::Lang;

/// Between three digits and the next in French: a narrow space that does not break.
const NARROW: &str = "\u{202f}";
/// Between a number and its unit: a space that does not break.
const FIRM: &str = "\u{a0}";

/// A whole number with its thousands apart: "1 204" with a narrow space that does not break, "1,204" in English.
pub fn number(lang: Lang, number: u64) -> String {
    written(lang, &number.to_string())
}

/// A number with some decimals, rounded: "18,4411", "18.4411" in English.
pub fn decimal(lang: Lang, number: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", number.abs());
    let is_zero = digits.bytes().all(|digit| matches!(digit, b'0' | b'.'));
    format!("{}{}", if number < 0.0 && !is_zero { "−" } else { "" }, written(lang, &digits))
}

/// An amount in the currency's minor unit, of which `minor_digits` digits make one of the major unit. Cents are left
/// out where there are none: "4 730 000 USD", "12,50 EUR". The currency stands as it is given.
pub fn money(lang: Lang, amount_minor: i64, currency: &str, minor_digits: u8) -> String {
    let sign = if amount_minor < 0 { "−" } else { "" };
    let cents_digits = usize::from(minor_digits);
    let digits = format!("{:0>width$}", amount_minor.unsigned_abs(), width = cents_digits + 1);
    let (whole, cents) = digits.split_at(digits.len() - cents_digits);
    let amount = match cents.bytes().all(|digit| digit == b'0') {
        true => written(lang, whole),
        false => written(lang, &format!("{whole}.{cents}")),
    };
    format!("{sign}{amount}{FIRM}{currency}")
}

/// A number in a sentence, for Fluent.
pub(super) fn in_french<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    in_sentence(Lang::Fr, value)
}

/// A number in a sentence, for Fluent.
pub(super) fn in_english<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    in_sentence(Lang::En, value)
}

fn in_sentence(lang: Lang, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let plain = number.as_string();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", &*plain),
    };
    Some(format!("{sign}{}", written(lang, digits)))
}

/// Digits with at most one point among them, as the language writes them.
fn written(lang: Lang, digits: &str) -> String {
    let (between, point) = match lang {
        Lang::Fr => (NARROW, ","),
        Lang::En => (",", "."),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut out = String::with_capacity(digits.len() * 2);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push_str(between);
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push_str(point);
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;

    #[test]
    fn decimals_are_rounded_and_written_as_each_language_does() {
        for (number, decimals, french) in [
            (18.44111, 4, "18,4411"),
            (-7.98, 1, "−8,0"),
            (-0.01, 1, "0,0"),
            (12.5, 0, "12"),
            (1234.5, 1, "1\u{202f}234,5"),
        ] {
            assert_eq!(decimal(Lang::Fr, number, decimals), french);
        }
        assert_eq!(decimal(Lang::En, 18.44111, 2), "18.44");
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        let table = [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_204, "1\u{202f}204", "1,204"),
            (4_730_000, "4\u{202f}730\u{202f}000", "4,730,000"),
            (
                u64::MAX,
                "18\u{202f}446\u{202f}744\u{202f}073\u{202f}709\u{202f}551\u{202f}615",
                "18,446,744,073,709,551,615",
            ),
        ];
        for (value, french, english) in table {
            assert_eq!((&*number(Lang::Fr, value), &*number(Lang::En, value)), (french, english));
        }
    }

    #[test]
    fn money_shows_cents_only_where_there_are_some() {
        let table = [
            (473_000_000, "USD", 2, "4\u{202f}730\u{202f}000\u{a0}USD", "4,730,000\u{a0}USD"),
            (473_000_005, "USD", 2, "4\u{202f}730\u{202f}000,05\u{a0}USD", "4,730,000.05\u{a0}USD"),
            (150_000, "XOF", 0, "150\u{202f}000\u{a0}XOF", "150,000\u{a0}XOF"),
            (0, "XOF", 0, "0\u{a0}XOF", "0\u{a0}XOF"),
            (7, "EUR", 2, "0,07\u{a0}EUR", "0.07\u{a0}EUR"),
            (-123_450, "CHF", 2, "−1\u{202f}234,50\u{a0}CHF", "−1,234.50\u{a0}CHF"),
            (1_500, "TND", 3, "1,500\u{a0}TND", "1.500\u{a0}TND"),
            (i64::MIN, "X", 18, "−9,223372036854775808\u{a0}X", "−9.223372036854775808\u{a0}X"),
        ];
        for (amount, currency, digits, french, english) in table {
            assert_eq!(money(Lang::Fr, amount, currency, digits), french);
            assert_eq!(money(Lang::En, amount, currency, digits), english);
        }
    }

    #[test]
    fn numbers_in_sentences_are_written_the_same() {
        let say = |lang, count: f64| Words::embedded().say_with(lang, "records-only-here", &[("count", count.into())]);
        assert_eq!(say(Lang::Fr, 1_204.0), "1\u{202f}204 fiches ici seulement");
        assert_eq!(say(Lang::En, 1_204.0), "1,204 records only here");
        assert_eq!(say(Lang::Fr, 0.0), "0 fiche ici seulement");
        assert_eq!(say(Lang::En, 0.0), "0 records only here");
        assert_eq!(say(Lang::Fr, 90.8), "90,8 fiches ici seulement");
        assert_eq!(say(Lang::Fr, -1_000.0), "−1\u{202f}000 fiches ici seulement");
    }
}

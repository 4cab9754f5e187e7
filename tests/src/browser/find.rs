//! Visible words as XPath 1.0.

/// Text as it is compared: every run of white space is one space, whether lines may break at it or not.
pub fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as XPath writes it.
fn quoted(text: &str) -> String {
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => {
            let parts: Vec<String> = text.split('"').map(|part| format!("\"{part}\"")).collect();
            format!("concat({})", parts.join(", '\"', "))
        }
    }
}

/// Whether what an expression gives is this text.
fn is(expression: &str, text: &str) -> String {
    format!("normalize-space(translate({expression}, '\u{a0}\u{202f}', '  ')) = {}", quoted(&plain(text)))
}

/// Links, buttons and folds that are called so.
pub(super) fn named(words: &str) -> String {
    let called = format!("{} or {}", is(".", words), is("@aria-label", words));
    format!("//*[self::a or self::button or self::summary][{called}]")
}

/// Fields that are called so: by a label around them or elsewhere, or by a name of their own.
pub(super) fn control(label: &str) -> String {
    // A label around a list holds its choices too, and some labels end in a note.
    let called = format!("{} or {}", is(".", label), is("text()[normalize-space()]", label));
    format!(
        "//*[self::input[not(@type = 'hidden')] or self::textarea or self::select]\
         [@id = //label[{called}]/@for or ancestor::label[{called}] or {}]",
        is("@aria-label", label)
    )
}

/// The choice of a list that is called so.
pub(super) fn option(words: &str) -> String {
    format!("//option[{}]", is(".", words))
}

/// A path within another one.
pub(super) fn within(part: &str, path: &str) -> String {
    format!("{part}{path}")
}

/// The item of a list, the row of a table or the part of a page that holds this text and none within it does.
pub fn around(tag: &str, words: &str) -> String {
    let holds = format!("contains(normalize-space(translate(., '\u{a0}\u{202f}', '  ')), {})", quoted(&plain(words)));
    format!("//{tag}[{holds}][not(.//{tag}[{holds}])]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_xpath_wants_them() {
        for (text, expected) in [
            ("Aujourd'hui", r#""Aujourd'hui""#),
            (r#"le "puits""#, r#"'le "puits"'"#),
            (r#"l'eau "du" puits"#, r#"concat("l'eau ", '"', "du", '"', " puits")"#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn spaces_are_alike() {
        assert_eq!(plain(" 4\u{202f}730\u{202f}000\u{a0}USD\n mobilisés "), "4 730 000 USD mobilisés");
    }
}

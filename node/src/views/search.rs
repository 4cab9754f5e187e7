//! From what a person types to an expression of the full-text search.

/// Every word must occur, each as the beginning of a word, in any order; a single letter as a whole word, since nearly
/// every record has a word that begins with it. `None` if there is no word in the text.
///
/// Words are quoted, so nothing that is typed is taken for an operator; marks between two parts of a word
/// (`inter-communautaire`) make the parts stand next to each other.
pub(super) fn expression(text: &str) -> Option<String> {
    // A NUL would end the expression in the middle of a word.
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let quoted = words.filter(|word| word.chars().any(char::is_alphanumeric)).map(|word| {
        let end = if word.chars().count() > 1 { "*" } else { "" };
        format!("\"{}\"{end}", word.replace('"', "\"\""))
    });
    let expression = quoted.collect::<Vec<_>>().join(" AND ");
    (!expression.is_empty()).then_some(expression)
}

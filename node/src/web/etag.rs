//! Versions of a record as entity tags (RFC 9110, section 8.8.3): a tag holds the heads of the document, so that an
//! edit names what its author saw, and no table of versions is needed.

use automerge::ChangeHash;
use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE32_NOPAD;

use super::problem::ApiError;

/// The strong tag of a version, quotes included: the heads in ascending order, 32 bytes each, in lower-case base32.
pub(super) fn of_heads(heads: &[ChangeHash]) -> String {
    let mut heads: Vec<[u8; 32]> = heads.iter().map(|head| head.0).collect();
    heads.sort_unstable();
    format!("\"{}\"", BASE32_NOPAD.encode(&heads.concat()).to_lowercase())
}

/// The header's value.
pub(super) fn header_value(tag: &str) -> HeaderValue {
    HeaderValue::from_str(tag).expect("letters, digits and quotes")
}

/// The version that a request was made against.
///
/// # Errors
/// [`ApiError::NoVersion`] without `If-Match`, [`ApiError::UnknownVersion`] if it names none that could be known here:
/// several tags, a weak one, or `*`, which would overwrite what the person never saw.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Vec<ChangeHash>, ApiError> {
    let mut tags = headers.get_all(header::IF_MATCH).iter();
    let tag = tags.next().ok_or(ApiError::NoVersion)?;
    let heads = tag.to_str().ok().filter(|_| tags.next().is_none()).and_then(heads);
    heads.ok_or(ApiError::UnknownVersion)
}

fn heads(tag: &str) -> Option<Vec<ChangeHash>> {
    let text = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let bytes = BASE32_NOPAD.decode(text.to_uppercase().as_bytes()).ok()?;
    let (heads, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && !heads.is_empty()).then(|| heads.iter().map(|head| ChangeHash(*head)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_heads_in_any_order() {
        let heads = [ChangeHash([9; 32]), ChangeHash([3; 32])];
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, header_value(&of_heads(&heads)));
        assert_eq!(if_match(&headers).unwrap(), [heads[1], heads[0]]);
        assert_eq!(of_heads(&heads), of_heads(&[heads[1], heads[0]]));
    }

    #[test]
    fn other_tags_name_no_version() {
        let good = of_heads(&[ChangeHash([1; 32])]);
        assert!(matches!(if_match(&HeaderMap::new()), Err(ApiError::NoVersion)));
        let weak = format!("W/{good}");
        let two = format!("{good}, {good}");
        for tag in ["", "*", "\"\"", "\"abc\"", "abc", &weak, &two] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_str(tag).unwrap());
            assert!(matches!(if_match(&headers), Err(ApiError::UnknownVersion)), "{tag}");
        }
    }
}

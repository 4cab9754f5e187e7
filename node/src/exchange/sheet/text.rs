//! From bytes to text: what is no text is told by its first bytes, and letters are read by one rule.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{MAX_FILE, Unreadable};

/// How the letters of a file were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// With a byte order mark or without: everything that is valid UTF-8.
    Utf8,
    /// UTF-16, which only a byte order mark tells.
    Utf16,
    /// What spreadsheets of Western Europe write: everything else.
    Windows1252,
}

impl Charset {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Utf16 => "UTF-16",
            Charset::Windows1252 => "Windows-1252",
        }
    }
}

/// With what files of spreadsheet programs begin: a ZIP archive (XLSX, ODS) and a compound file (XLS).
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// The text of a file, with line ends as `\n`, one at its end too.
pub(super) fn decoded(bytes: &[u8]) -> Result<(String, Charset), Unreadable> {
    if bytes.len() > MAX_FILE {
        return Err(Unreadable::TooLarge);
    }
    if WORKBOOKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(Unreadable::Workbook);
    }
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or_else(|| {
        let encoding = if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 };
        (encoding, 0)
    });
    let charset = match encoding {
        _ if encoding == UTF_8 => Charset::Utf8,
        _ if encoding == WINDOWS_1252 => Charset::Windows1252,
        _ => Charset::Utf16,
    };
    let (text, damaged): (Cow<'_, str>, bool) = encoding.decode_without_bom_handling(&bytes[mark..]);
    // A table has no NUL; every picture, archive and document of another kind does.
    if damaged || text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok((text, charset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_by_one_rule() {
        let utf16: Vec<u8> = "\u{feff}Été\tà\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let table: [(&[u8], &str, Charset); 6] = [
            ("Été;à\r\n".as_bytes(), "Été;à\n", Charset::Utf8),
            ("\u{feff}Été;à\rb".as_bytes(), "Été;à\nb\n", Charset::Utf8),
            (b"a;b", "a;b\n", Charset::Utf8),
            (b"\xc9t\xe9;\xe0 \x9cuvre", "Été;à œuvre\n", Charset::Windows1252),
            (&utf16, "Été\tà\n", Charset::Utf16),
            (b"\xef\xbb\xbfa", "a\n", Charset::Utf8),
        ];
        for (bytes, text, charset) in table {
            assert_eq!(decoded(bytes), Ok((text.to_owned(), charset)), "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_apart() {
        let table: [(&[u8], Unreadable); 7] = [
            (b"", Unreadable::Empty),
            (b"\xef\xbb\xbf \r\n", Unreadable::Empty),
            (b"PK\x03\x04rest", Unreadable::Workbook),
            (b"\xd0\xcf\x11\xe0rest", Unreadable::Workbook),
            (b"Titre\0;x", Unreadable::NotText),
            (b"\x89PNG\r\n\x1a\n\0\0", Unreadable::NotText),
            (b"\xef\xbb\xbfa\xff", Unreadable::NotText),
        ];
        for (bytes, expected) in table {
            assert_eq!(decoded(bytes), Err(expected), "{bytes:?}");
        }
        assert_eq!(decoded(&vec![b'a'; MAX_FILE + 1]), Err(Unreadable::TooLarge));
    }
}

//! Whether a page can be used by everybody: with a keyboard, with a screen reader, with poor sight, with a thumb, on a
//! telephone 360 pixels wide; and what it weighs on a thin link.
//!
//! `audit.js` holds the rules, those of WCAG 2.2 at level AA that a program can check.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::{Browser, WIDTHS};

/// The rules.
const RULES: &str = include_str!("audit.js");

impl Browser {
    /// What is wrong with the page at each of [`WIDTHS`], each with the rule that it breaks.
    pub async fn audit(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for width in WIDTHS {
            self.width(width).await;
            // From now on the browser takes the keyboard to be in use, and shows what has the focus.
            self.keys(&Key::Tab.to_string()).await;
            let found = self.script(RULES, Vec::new()).await;
            let found = found.as_array().cloned().unwrap_or_default();
            wrong.extend(found.iter().filter_map(Value::as_str).map(|one| format!("{width} px, {one}")));
        }
        wrong
    }

    /// Opens an address with nothing in the browser's cache, and tells the bytes that came for it: page, stylesheet,
    /// script and icon, each with its headers, as they were on the wire.
    pub async fn weigh(&mut self, address: &str) -> u64 {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setCacheDisabled", json!({"cacheDisabled": true})).await;
        self.goto(address).await;
        let script =
            "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .reduce((sum, one) => sum + one.transferSize, 0)";
        let bytes = self.script(script, Vec::new()).await;
        self.devtools("Network.setCacheDisabled", json!({"cacheDisabled": false})).await;
        bytes.as_u64().unwrap_or_else(|| panic!("{address}: {bytes} bytes"))
    }
}

//! Any of the targets under libFuzzer: the environment variable `TARGET` names it.
//!
//! ```console
//! $ TARGET=frame cargo +nightly fuzz run any corpus/frame -- -max_total_time=120
//! ```

#![no_main]

use std::sync::OnceLock;

use toguna_protocol::fuzz::{TARGETS, Target};

static CHOSEN: OnceLock<Target> = OnceLock::new();

fn choose() -> Target {
    let name = std::env::var("TARGET").unwrap_or_default();
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    let chosen = TARGETS.into_iter().find(|target| target.name == name);
    chosen.unwrap_or_else(|| panic!("TARGET is one of {}", names.join(", ")))
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (CHOSEN.get_or_init(choose).run)(bytes));

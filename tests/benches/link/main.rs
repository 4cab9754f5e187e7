//! What sync takes on a bad link: 64 kbit/s, 600 ms there and back, 1 % of the packets lost, between two real programs.
//!
//! `cargo build --release -p toguna && cargo bench -p toguna-tests --bench link`; `-- --json` prints the rows as JSON,
//! `-- --help` tells what else there is. It makes network namespaces and a link between them, for which it must be run by
//! root on Linux; where it cannot, it says so and measures nothing. Bytes are those of IP packets in both directions, from
//! the moment the link comes up until it is quiet again.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what is asked for")]

#[cfg(target_os = "linux")]
mod emulator;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod offices;

#[cfg(target_os = "linux")]
fn main() {
    measure::run();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("not measured: a link between network namespaces needs Linux");
}

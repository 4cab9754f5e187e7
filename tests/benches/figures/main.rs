//! The figures a node must reach, measured on real nodes: own stores on disk, own threads, real links on loopback.
//!
//! `cargo bench -p toguna-tests` prints each beside its target; `-- --json` prints them as JSON; `-- NAME…` measures
//! only the groups whose names begin with one of these. Takes about five minutes; the longest is to fill a node with
//! 10,000 records of 12 changes, twice. Targets are for two slow cores with other work beside it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what is asked for")]

mod api;
mod exports;
mod intake;
mod nearby;
mod node;
mod pages;
mod paint;
mod report;
mod saves;
mod start;

use report::{Figure, Report};

/// What is measured together, by name.
type Group = (&'static str, fn() -> Vec<Figure>);

const GROUPS: [Group; 6] = [
    ("saves", saves::measure),
    ("nearby", nearby::measure),
    ("intake", intake::measure),
    ("start", start::measure),
    ("pages", pages::measure),
    ("exports", exports::measure),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [flag, rest @ ..] if flag == node::CHILD => return node::run(rest),
        [flag, format] if flag == exports::CHILD => return exports::run(format),
        _ => {}
    }
    let json = args.iter().any(|arg| arg == "--json");
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let mut report = Report::default();
    for (name, measure) in GROUPS {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted.as_str())) {
            eprintln!("measuring {name} …");
            report.add(name, measure());
        }
    }
    print!("{}", if json { report.json() } else { report.table() });
}

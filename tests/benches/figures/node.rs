//! A node in a process of its own, so that its memory is measured and nobody else's.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use toguna::views::{Filter, Views};
use toguna_protocol::record::Kind;
use toguna_tests::office::Office;

use crate::report::percentile;

/// The first argument of a process that is to be a node.
pub(crate) const CHILD: &str = "--node";

/// A runtime like a node's.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
}

/// Is a node on the directory in the first argument: tells how it started, then what its lists take, then ends.
pub(crate) fn run(args: &[String]) {
    let started = Instant::now();
    let [directory] = args else { panic!("{CHILD} DIRECTORY") };
    runtime().block_on(async {
        let mut office = Office::at("Gao", Path::new(directory));
        office.start().await;
        office.app().status().await.expect("the node answers");
        let usable = started.elapsed();
        while !office.app().views().is_complete() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let complete = started.elapsed();
        let resident = memory("VmRSS:");
        let lists = lists(office.app().views());
        let told = json!({
            "usable_ms": usable.as_secs_f64() * 1e3,
            "complete_ms": complete.as_secs_f64() * 1e3,
            "resident_mb": resident,
            "resident_after_lists_mb": memory("VmRSS:"),
            "peak_mb": memory("VmHWM:"),
            "shown": office.app().views().count().expect("the views answer"),
            "lists": lists,
        });
        println!("{told}");
        std::io::stdout().flush().expect("the parent listens");
        office.stop().await;
    });
}

/// What pages of lists take, p95 in milliseconds by name.
fn lists(views: &Views) -> Value {
    let of = |filter: Filter| filter;
    let cases = [
        ("all", Filter::default()),
        (
            "kind and region",
            of(Filter { kind: Some(Kind::Conflict), region: Some("ML-7".into()), ..Filter::default() }),
        ),
        ("status", of(Filter { kind: Some(Kind::Consultation), status: Some("held".into()), ..Filter::default() })),
        ("text", of(Filter { text: Some("puits".into()), ..Filter::default() })),
        ("beginning of a word", of(Filter { text: Some("pât".into()), ..Filter::default() })),
        ("two words", of(Filter { text: Some("comite village".into()), ..Filter::default() })),
    ];
    let mut told = serde_json::Map::new();
    for (name, filter) in cases {
        let (mut times, mut total, mut after) = (Vec::new(), 0, None);
        for _ in 0..100 {
            let start = Instant::now();
            let page = views.list(&filter, after, 50).expect("the views answer");
            times.push(start.elapsed().as_secs_f64() * 1e3);
            // Page after page, deep into the list, then from the top again.
            (total, after) = (page.total, page.next);
        }
        told.insert(name.to_owned(), json!({"p95_ms": percentile(&times, 95), "total": total}));
    }
    Value::Object(told)
}

/// A line of this process's memory, in megabytes (proc(5)).
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|found| found.strip_prefix(line));
    let kilobytes = found.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// Starts a node in a process of its own and returns what it tells.
pub(crate) fn told(directory: &Path) -> Value {
    let binary = std::env::current_exe().expect("a process knows its program");
    let mut child: Child = Command::new(binary)
        .arg(CHILD)
        .arg(directory)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the node's process starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("it was asked for");
    BufReader::new(out).read_line(&mut line).expect("the node tells");
    child.wait().expect("the node ends");
    serde_json::from_str(&line).expect("the node tells JSON")
}

//! A node in a process of its own, so that its memory is measured and nobody else's.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use toguna::web::Token;
use toguna_tests::office::Office;

use crate::api::{self, Client};

/// The first argument of a process that is to be a node.
pub(crate) const CHILD: &str = "--node";

/// A runtime like a node's.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
}

/// Is a node on the directory in the first argument. Tells how it started, and serves until its input ends.
pub(crate) fn run(args: &[String]) {
    let started = Instant::now();
    let [directory] = args else { panic!("{CHILD} DIRECTORY") };
    let tell = |what: Value| {
        println!("{what}");
        std::io::stdout().flush().expect("the parent listens");
    };
    runtime().block_on(async {
        let mut office = Office::at("Gao", Path::new(directory));
        office.start().await;
        let (client, serving) = api::serve(&office).await;
        office.app().status().await.expect("the node answers");
        let usable = started.elapsed();
        while !office.app().views().is_complete() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let complete = started.elapsed();
        tell(json!({
            "usable_ms": usable.as_secs_f64() * 1e3,
            "complete_ms": complete.as_secs_f64() * 1e3,
            "resident_mb": memory("VmRSS:"),
            "shown": office.app().views().count().expect("the views answer"),
            "address": client.address.to_string(),
        }));
        let input_ends = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
        input_ends.await.expect("the parent ends it");
        tell(json!({"resident_after_lists_mb": memory("VmRSS:"), "peak_mb": memory("VmHWM:")}));
        serving.abort();
        office.stop().await;
    });
}

/// A line of this process's memory, in megabytes (proc(5)).
pub(crate) fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|found| found.strip_prefix(line));
    let kilobytes = found.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// A node that runs in a process of its own.
pub(crate) struct Node {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// What it told when it was up.
    pub(crate) told: Value,
    /// Its API.
    pub(crate) client: Client,
}

impl Node {
    /// Starts one on a directory and waits until its views are complete.
    pub(crate) fn start(directory: &Path) -> Self {
        let binary = std::env::current_exe().expect("a process knows its program");
        let mut command = Command::new(binary);
        command.arg(CHILD).arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the node's process starts");
        let input = process.stdin.take().expect("it was asked for");
        let mut output = BufReader::new(process.stdout.take().expect("it was asked for")).lines();
        let told = hear(&mut output);
        let address = told["address"].as_str().and_then(|text| text.parse().ok()).expect("the node tells its address");
        let token = Token::read(directory).expect("the node has a token");
        Node { process, input, output, told, client: Client::new(address, token.as_str()) }
    }

    /// Ends it, and returns what it told last.
    pub(crate) fn end(mut self) -> Value {
        drop(self.input);
        let told = hear(&mut self.output);
        self.process.wait().expect("the node ends");
        told
    }
}

fn hear(output: &mut Lines<BufReader<ChildStdout>>) -> Value {
    let line = output.next().expect("the node tells something").expect("its output can be read");
    serde_json::from_str(&line).expect("the node tells JSON")
}

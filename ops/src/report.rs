//! What was found, for people and for programs.

use std::{collections::BTreeMap, time::Duration};

use comfy_table::{CellAlignment, Table, TableComponent, presets};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    diff::{Health, Level, age},
    gather::{Answer, Status},
};

/// Everything, for programs.
pub fn json(answers: &[Answer], health: &Health) -> String {
    format!("{:#}\n", json!({"health": health, "nodes": answers}))
}

/// Two tables and the findings, for people.
pub fn text(answers: &[Answer], health: &Health, now: Timestamp) -> String {
    let mut text = format!("{}\n", nodes(answers, health));
    let known: Vec<&Status> = answers.iter().filter_map(|answer| answer.status.as_ref()).collect();
    if !known.is_empty() {
        text += &format!("\nWhen something of each office last arrived\n{}\n", freshness(&known, now));
    }
    text += "\n";
    for finding in &health.findings {
        let level = match finding.level {
            Level::Ok => "OK",
            Level::Warning => "WARNING",
            Level::Critical => "CRITICAL",
        };
        text += &format!("{level}  {}: {}\n", finding.about, finding.what);
    }
    if health.level == Level::Ok {
        text += match known.len() {
            1 => "OK  the node answers and nothing is wrong with it\n",
            _ => "OK  all nodes answer and hold the same\n",
        };
    }
    text
}

fn table(heads: &[&str], numbers: std::ops::Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_header(heads.iter().copied());
    for (at, column) in table.column_iter_mut().enumerate() {
        if numbers.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn nodes(answers: &[Answer], health: &Health) -> Table {
    let heads = ["Office", "Address", "Records", "Entries", "Lacks", "Waiting to leave", "Links", "Digest", "Equal"];
    let mut table = table(&heads, 2..6);
    let first = answers.iter().find_map(|answer| answer.status.as_ref()).map(|status| &status.digest);
    for (answer, lacking) in answers.iter().zip(&health.lacking) {
        let Some(status) = &answer.status else {
            table.add_row(["no answer", &answer.url]);
            continue;
        };
        let entries: u64 = status.frontier.values().map(|seq| seq.0).sum();
        let waiting: u64 = status.peers.iter().filter_map(|peer| peer.waiting_to_leave).sum();
        let connected = status.peers.iter().filter(|peer| peer.connected).count();
        table.add_row([
            status.node.name.clone(),
            answer.url.clone(),
            status.counts.records().to_string(),
            entries.to_string(),
            lacking.unwrap_or(0).to_string(),
            waiting.to_string(),
            format!("{connected} of {}", status.peers.len()),
            status.digest.get(..8).unwrap_or(&status.digest).to_owned(),
            if Some(&status.digest) == first { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}

/// One row for each office, one column for each node.
fn freshness(known: &[&Status], now: Timestamp) -> Table {
    let mut offices: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, status) in known.iter().enumerate() {
        for office in &status.offices {
            let name = office.name.clone().unwrap_or_else(|| office.author.short());
            let cells = offices.entry(name).or_insert_with(|| vec!["never".to_owned(); known.len()]);
            cells[at] = match age(office.last_arrived_at.as_deref(), now) {
                _ if office.author == status.node.author => "here".to_owned(),
                Some(age) => format!("{} ago", span(age)),
                None => "never".to_owned(),
            };
        }
    }
    let heads: Vec<String> = known.iter().map(|status| format!("in {}", status.node.name)).collect();
    let heads: Vec<&str> = std::iter::once("Of").chain(heads.iter().map(String::as_str)).collect();
    let mut table = table(&heads, 0..0);
    for (name, cells) in offices {
        table.add_row(std::iter::once(name).chain(cells));
    }
    table
}

fn span(length: Duration) -> String {
    match length.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

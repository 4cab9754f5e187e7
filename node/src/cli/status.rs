//! `toguna status`, `peers` and `check`.

use serde_json::Value;

use super::{
    Exit, Failure, Out,
    office::Office,
    out::{ago, counted, moment, program, short, span, spinner, table, thousands},
};
use crate::pack::Pack;

/// The counts of `/status`, in the order in which people name them.
const COUNTS: [(&str, &str, &str); 4] = [
    ("consultation", "consultation", "consultations"),
    ("conflict", "conflict", "conflicts"),
    ("project", "project", "projects"),
    ("recommendation", "recommendation", "recommendations"),
];

pub(super) async fn status(office: &Office, out: &mut Out) -> Result<(), Failure> {
    let mut status = office.client.status().await?;
    if out.is_json() {
        status["running"] = Value::Bool(office.is_running());
        return out.value(&status);
    }
    let config = &office.config;
    let region = config.region.as_deref().and_then(|key| config.pack.region(key));
    let region = region.map_or_else(|| "national team".to_owned(), |region| format!("{} ({})", region.fr, region.key));
    out.line(format!("{} · {region}", config.name))?;
    let uptime = status.pointer("/node/uptime_s").and_then(Value::as_u64);
    out.line(match uptime.filter(|_| office.is_running()) {
        Some(seconds) => format!("The node has been running for {}.", span(seconds)),
        None if office.is_running() => "The node is running.".to_owned(),
        None => {
            let data_dir = config.data_dir.display();
            format!("No node is running: start it with `{} run --data-dir {data_dir}`.", program())
        }
    })?;
    let count = |key: &str| status.pointer(&format!("/counts/{key}")).and_then(Value::as_u64).unwrap_or(0);
    let counts: Vec<String> = COUNTS.iter().map(|(key, one, many)| counted(count(key), one, many)).collect();
    out.line(format!("It holds {}.", counts.join(", ")))?;
    if status.get("views_complete").and_then(Value::as_bool) == Some(false) {
        out.line("Lists and counts are still being filled: they show less than there is.")?;
    }
    if let Some(doubt) = status.pointer("/store/doubt").filter(|doubt| !doubt.is_null()) {
        out.line(format!("The store was in doubt when it was opened ({}).", super::out::plain(doubt)))?;
    }
    out.line("")?;
    out.line(offices(&status, &config.pack).to_string())?;
    out.line("")?;
    out.line(regions(&status, &config.pack).to_string())?;
    out.line(match status.get("known_missing").and_then(Value::as_u64) {
        None => "No other office has said what it holds: what is missing here is unknown.".to_owned(),
        Some(0) => "Nothing that another office is known to hold is missing here.".to_owned(),
        Some(missing) => {
            format!("{} that others are known to hold are not here yet.", counted(missing, "entry", "entries"))
        }
    })?;
    if office.is_running() {
        out.line("")?;
        links(&status, out)?;
    }
    Ok(())
}

fn offices(status: &Value, pack: &Pack) -> comfy_table::Table {
    let own = status.pointer("/node/author");
    let mut table = table(&["Office", "Region", ">Entries held", ">Missing here", "Last entry", "Last heard here"]);
    for office in status.get("offices").and_then(Value::as_array).into_iter().flatten() {
        let name = office.get("name").and_then(Value::as_str);
        let here = office.get("author") == own;
        let author = office.get("author").and_then(Value::as_str).unwrap_or_default();
        table.add_row([
            name.map_or_else(|| format!("not introduced yet ({})", short(author)), str::to_owned),
            region_name(office, pack),
            number_of(office, "entries"),
            number_of(office, "missing"),
            ago(office.get("last_entry_at")),
            if here { "here".to_owned() } else { ago(office.get("last_arrived_at")) },
        ]);
    }
    table
}

/// A number of the API; what is not known is not zero.
fn number_of(of: &Value, key: &str) -> String {
    of.get(key).and_then(Value::as_i64).map_or_else(|| "unknown".to_owned(), thousands)
}

/// The region that an office or a line speaks of.
fn region_name(of: &Value, pack: &Pack) -> String {
    match of.get("region").and_then(Value::as_str) {
        Some(key) => pack.region(key).map_or_else(|| key.to_owned(), |region| format!("{} ({key})", region.fr)),
        None => "national team".to_owned(),
    }
}

/// How fresh the data of each region is.
fn regions(status: &Value, pack: &Pack) -> comfy_table::Table {
    let mut table = table(&["Data of", ">Offices", "Complete up to", ">Known to be missing"]);
    for region in status.get("regions").and_then(Value::as_array).into_iter().flatten() {
        let as_of = region.get("as_of").filter(|at| !at.is_null());
        table.add_row([
            region_name(region, pack),
            number_of(region, "offices"),
            as_of.map_or_else(|| "unknown".to_owned(), |at| moment(Some(at))),
            number_of(region, "missing"),
        ]);
    }
    table
}

fn links(status: &Value, out: &mut Out) -> Result<(), Failure> {
    let peers = status.get("peers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if peers.is_empty() {
        return out
            .line("No other office is known yet: start the node with --peer, or wait for one nearby to be found.");
    }
    let mut table = table(&["Link to", "Address", "Now", ">Waiting to leave", ">Lacking here"]);
    for peer in peers {
        let text = |key: &str| peer.get(key).and_then(Value::as_str);
        let number = |key: &str| peer.get(key).and_then(Value::as_i64).map_or_else(|| "–".to_owned(), thousands);
        let connected = peer.get("connected").and_then(Value::as_bool).unwrap_or(false);
        let next = peer.get("next_attempt_s").and_then(Value::as_f64);
        let now = match (connected, text("last_error"), next) {
            (true, ..) => "connected".to_owned(),
            (false, Some(error), Some(next)) => format!("{error}; tried again in {next:.0} s"),
            (false, Some(error), None) => error.to_owned(),
            (false, None, _) => "being dialled".to_owned(),
        };
        let name = text("name").or_else(|| text("author").map(short)).unwrap_or("not reached yet");
        table.add_row([
            name.to_owned(),
            text("address").unwrap_or("–").to_owned(),
            now,
            number("waiting_to_leave"),
            number("lacking"),
        ]);
    }
    out.line(table.to_string())
}

pub(super) async fn peers(office: &Office, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.value(&office.client.get("/peers").await?.body);
    }
    if !office.is_running() {
        let data_dir = office.config.data_dir.display();
        return out.line(format!(
            "No node is running, so there are no links: start it with `{} run --data-dir {data_dir}`.",
            program()
        ));
    }
    links(&office.client.status().await?, out)
}

/// Verifies the store, and fails where it is not sound.
pub(super) async fn check(office: &Office, out: &mut Out) -> Result<(), Failure> {
    let progress = spinner("Checking the store, its chains and signatures");
    let answer = office.client.post("/check", None, None).await;
    progress.finish_and_clear();
    let report = answer?.body;
    let sound = report.get("sound").and_then(Value::as_bool).unwrap_or(false);
    if out.is_json() {
        out.value(&report)?;
    } else if sound {
        out.line("The store is sound.")?;
        for (name, value) in report.as_object().into_iter().flatten() {
            if value.is_u64() {
                out.line(format!("  {}: {}", super::out::words(name), super::out::plain(value)))?;
            }
        }
    }
    if sound {
        return Ok(());
    }
    let problems = report.get("problems").and_then(Value::as_array).into_iter().flatten();
    let problems: Vec<String> = problems.map(super::out::plain).collect();
    Err(Failure::new(Exit::Failed, "the store is not sound; start the node again to salvage it").with_details(problems))
}

//! Comparing nodes: pure, so that every rule can be tried.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use toguna_protocol::ids::{FeedId, Seq};

use crate::gather::{Answer, Status};

/// How bad it is. The numbers are exit codes as monitoring systems expect them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// All is well.
    Ok = 0,
    /// Something needs an eye.
    Warning = 1,
    /// Something is broken.
    Critical = 2,
}

/// From when on something is worth a word.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long nothing of an office may have arrived.
    pub silent_after: Duration,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The node or office it is about.
    pub about: String,
    /// What it is.
    pub what: String,
}

/// What the comparison says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The worst of the findings.
    pub level: Level,
    /// Whether all nodes that answered hold the same.
    pub equal: bool,
    /// Entries that each node lacks and another holds, in the order in which they were asked; absent for those that
    /// did not answer.
    pub lacking: Vec<Option<u64>>,
    /// What is not as it should be, the worst first.
    pub findings: Vec<Finding>,
}

/// Compares the answers.
pub fn compare(answers: &[Answer], limits: &Limits, now: Timestamp) -> Health {
    let mut findings = Vec::new();
    for answer in answers {
        match (&answer.status, &answer.error) {
            (Some(status), _) => look_at(status, limits, now, &mut findings),
            (None, error) => findings.push(Finding {
                level: Level::Critical,
                about: answer.url.clone(),
                what: error.clone().unwrap_or_else(|| "the node did not say how it stands".to_owned()),
            }),
        }
    }
    let known: Vec<&Status> = answers.iter().filter_map(|answer| answer.status.as_ref()).collect();
    if let Some((first, others)) = known.split_first() {
        for other in others.iter().filter(|other| other.network != first.network) {
            let what = format!("is in another network than {}", first.node.name);
            findings.push(Finding { level: Level::Critical, about: other.node.name.clone(), what });
        }
    }
    let all = everything(&known);
    let total: u64 = all.values().map(|seq| seq.0).sum();
    let lacks = |status: &Status| total - status.frontier.values().map(|seq| seq.0).sum::<u64>();
    for status in &known {
        let lacking = lacks(status);
        if lacking > 0 {
            let what = format!("lacks {lacking} entries that another node holds");
            findings.push(Finding { level: Level::Warning, about: status.node.name.clone(), what });
        }
    }
    let equal = known.windows(2).all(|two| two[0].digest == two[1].digest);
    if !equal && known.iter().all(|status| lacks(status) == 0) {
        let what = "as many entries of every feed, but not the same ones: a feed has forked".to_owned();
        findings.push(Finding { level: Level::Critical, about: "all nodes".to_owned(), what });
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    Health {
        level: findings.first().map_or(Level::Ok, |worst| worst.level),
        equal,
        lacking: answers.iter().map(|answer| answer.status.as_ref().map(lacks)).collect(),
        findings,
    }
}

/// The highest number of each feed that any node holds.
fn everything(known: &[&Status]) -> BTreeMap<FeedId, Seq> {
    let mut all: BTreeMap<FeedId, Seq> = BTreeMap::new();
    for (feed, seq) in known.iter().flat_map(|status| &status.frontier) {
        let most = all.entry(*feed).or_default();
        *most = (*most).max(*seq);
    }
    all
}

/// What one node says of itself.
fn look_at(status: &Status, limits: &Limits, now: Timestamp, findings: &mut Vec<Finding>) {
    let mut find = |level, what: String| findings.push(Finding { level, about: status.node.name.clone(), what });
    if let Some(doubt) = &status.store.doubt {
        find(Level::Critical, format!("its store may hold less than it once did ({doubt})"));
    }
    if !status.peers.is_empty() && status.peers.iter().all(|peer| !peer.connected) {
        find(Level::Warning, "no link stands".to_owned());
    }
    for office in status.offices.iter().filter(|office| office.author != status.node.author) {
        let silence = age(office.last_arrived_at.as_deref(), now);
        if silence.is_some_and(|silence| silence > limits.silent_after) {
            let name = office.name.as_deref().unwrap_or("an office without a name yet");
            let days = silence.map_or(0, |silence| silence.as_secs() / 86_400);
            find(Level::Warning, format!("nothing of {name} has arrived for {days} days"));
        }
    }
}

/// How long ago a moment was; none where there is none, nothing for one that lies ahead.
pub fn age(moment: Option<&str>, now: Timestamp) -> Option<Duration> {
    let at: Timestamp = moment?.parse().ok()?;
    Some(Duration::try_from(now.duration_since(at)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn key(letter: &str) -> String {
        letter.repeat(51) + "a"
    }

    fn status(name: &str, digest: &str, seqs: [u64; 2]) -> Value {
        json!({
            "node": {"name": name, "author": key("a"), "version": "0", "uptime_s": 1},
            "network": key("n"), "digest": digest, "views_complete": true,
            "frontier": {key("f"): seqs[0], key("g"): seqs[1]},
            "counts": {"consultation": 1, "conflict": 1, "project": 1, "recommendation": 1},
            "store": {"bytes": 1, "doubt": null},
            "offices": [{"author": key("b"), "name": "Kidal", "entries": 1, "last_arrived_at": "2026-11-23T11:00:00Z"}],
            "peers": [{"name": "Gao", "address": null, "connected": true, "waiting_to_leave": 0, "last_error": null}],
        })
    }

    fn answer(status: Value) -> Answer {
        let status = serde_json::from_value(status).expect("a status");
        Answer { url: "u".to_owned(), status: Some(status), error: None }
    }

    fn compared(answers: &[Answer]) -> Health {
        let limits = Limits { silent_after: Duration::from_secs(72 * 3_600) };
        compare(answers, &limits, NOW.parse().expect("a time"))
    }

    #[test]
    fn nodes_that_hold_the_same_are_well() {
        let health = compared(&[answer(status("Gao", "d", [1, 2])), answer(status("Bamako", "d", [1, 2]))]);
        assert_eq!((health.level, health.equal, health.findings.len()), (Level::Ok, true, 0));
    }

    #[test]
    fn every_fault_is_found_with_its_level() {
        let changed = |pointer: &str, value: Value| {
            let mut status = status("Gao", "d", [1, 2]);
            *status.pointer_mut(pointer).expect("a field") = value;
            status
        };
        let cases = [
            (changed("/store/doubt", json!("salvaged")), Level::Critical, "its store may hold less"),
            (changed("/network", json!(key("m"))), Level::Critical, "another network"),
            (changed("/digest", json!("e")), Level::Critical, "has forked"),
            (status("Gao", "e", [1, 0]), Level::Warning, "lacks 2 entries"),
            (changed("/peers/0/connected", json!(false)), Level::Warning, "no link stands"),
            (
                changed("/offices/0/last_arrived_at", json!("2026-11-01T00:00:00Z")),
                Level::Warning,
                "nothing of Kidal has arrived for 22 days",
            ),
        ];
        for (faulty, level, expected) in cases {
            let health = compared(&[answer(status("Bamako", "d", [1, 2])), answer(faulty)]);
            assert_eq!(health.level, level, "{expected}");
            assert!(health.findings.iter().any(|f| f.what.contains(expected)), "{expected}: {:?}", health.findings);
        }
    }

    #[test]
    fn a_node_that_does_not_answer_comes_before_what_needs_an_eye() {
        let silent = Answer { url: "http://gao".to_owned(), status: None, error: Some("refused".to_owned()) };
        let health = compared(&[answer(status("Kidal", "d", [1, 1])), answer(status("Bamako", "e", [1, 2])), silent]);
        assert_eq!((health.level, health.equal), (Level::Critical, false));
        assert_eq!(health.findings[0].about, "http://gao");
        assert_eq!(health.lacking, [Some(1), Some(0), None]);
    }
}

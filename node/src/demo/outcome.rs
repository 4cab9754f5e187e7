//! What came of it: whether all offices hold the same, whether nothing was lost, and the picture that Bamako has.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use serde_json::{Value, json};

use super::{
    DemoError, Stage,
    entering::Counts,
    office::{DemoOffice, OFFICES},
    story::Told,
};
use crate::{
    cli::{Exit, Failure, money, plain, program, table},
    pack::{Pack, Term},
};

/// The phase that the shared record is in once somebody has settled it: what the programme's history says of it.
pub(super) const SETTLED_ON: &str = "open";

/// The outcome.
pub(super) struct Outcome {
    converged: bool,
    digests: BTreeMap<&'static str, String>,
    counts: BTreeMap<&'static str, Counts>,
    expected: Counts,
    checks: Checks,
    duration_s: f64,
}

/// What must be so on every node.
struct Checks {
    /// The phase had the two values that were given apart, until somebody settled on one.
    concurrent_phase: bool,
    /// The phase is what was settled on.
    settled_phase: bool,
    /// Both sentences stand in the one text.
    both_narratives: bool,
    /// Both meetings stand in the list.
    both_items: bool,
    /// The killed node runs again, and what it had saved is everywhere.
    killed_node_came_back: bool,
}

impl Checks {
    fn named(&self) -> [(&'static str, &'static str, bool); 5] {
        [
            ("concurrent_phase", "both values of the phase were kept, for a person to settle", self.concurrent_phase),
            ("settled_phase", "what the person settled on is what every office shows", self.settled_phase),
            ("both_narratives", "both edits of one text survive", self.both_narratives),
            ("both_items", "both additions to one list survive", self.both_items),
            ("killed_node_came_back", "the killed node came back with all it had saved", self.killed_node_came_back),
        ]
    }
}

/// Waits until lists and counts show everything, then looks at the records themselves.
pub(super) async fn judge(stage: &Stage, told: &Told, begun: Instant) -> Result<Outcome, DemoError> {
    let expected = told.expected;
    let shown = stage.watch.until("every office shows all records", stage.deadline, |scene| {
        scene.is_converged() && scene.offices.iter().all(|office| office.complete && office.counts == expected)
    });
    let scene = match shown.await {
        Ok(scene) => scene,
        // The outcome says what is missing, better than an error would.
        Err(DemoError::TooLate { .. }) => stage.watch.look().await,
        Err(error) => return Err(error),
    };
    let keyed = || OFFICES.iter().map(|place| place.key).zip(&scene.offices);
    Ok(Outcome {
        converged: scene.is_converged(),
        digests: keyed().map(|(key, office)| (key, office.digest.clone())).collect(),
        counts: keyed().map(|(key, office)| (key, office.counts)).collect(),
        expected,
        checks: look_everywhere(stage, told).await?,
        duration_s: (begun.elapsed().as_secs_f64() * 10.0).round() / 10.0,
    })
}

/// Whether every office keeps the same two values of a record's phase.
pub(super) async fn both_are_kept(stage: &Stage, id: &str) -> Result<bool, DemoError> {
    let mut phases = BTreeSet::new();
    for office in stage.offices.iter() {
        phases.insert(phase_values(&record(office, id).await?));
    }
    Ok(phases.len() == 1 && phases.iter().all(|values| values.len() == 2))
}

async fn look_everywhere(stage: &Stage, told: &Told) -> Result<Checks, DemoError> {
    let mut checks = Checks {
        concurrent_phase: told.kept_both,
        settled_phase: true,
        both_narratives: true,
        both_items: true,
        killed_node_came_back: true,
    };
    for office in stage.offices.iter() {
        let shared = record(office, &told.shared).await?;
        let phase = shared.pointer("/phase/is").and_then(Value::as_str);
        checks.settled_phase &= phase == Some(SETTLED_ON) && phase_values(&shared).is_empty();
        let narrative = shared.get("narrative").and_then(Value::as_str).unwrap_or_default();
        checks.both_narratives &= told.sentences.iter().all(|sentence| narrative.matches(sentence).count() == 1);
        let meeting = |id: &String| shared.pointer(&format!("/mediation_meetings/{id}/outcome")).is_some();
        checks.both_items &= told.meetings.iter().all(meeting);
        let (id, note) = &told.saved_at_gao;
        let saved = record(office, id).await?;
        let notes = saved.get("notes").and_then(Value::as_str).unwrap_or_default();
        checks.killed_node_came_back &= notes.contains(note);
    }
    let pid = stage.offices[1].pid();
    checks.killed_node_came_back &= pid.is_some() && pid != told.killed;
    Ok(checks)
}

async fn record(office: &DemoOffice, id: &str) -> Result<Value, DemoError> {
    let answer = office.client().record(id).await;
    Ok(answer.map_err(|source| DemoError::Asking { office: office.place.name, source })?.body)
}

/// The concurrent values of a conflict's phase, as keys.
fn phase_values(record: &Value) -> BTreeSet<String> {
    let fields = record.pointer("/meta/concurrent").and_then(Value::as_array).into_iter().flatten();
    let phase = fields.filter(|field| field.get("field").and_then(Value::as_str) == Some("/phase"));
    let values = phase.filter_map(|field| field.get("values")?.as_array()).flatten();
    values.filter_map(|value| Some(value.pointer("/value/is")?.as_str()?.to_owned())).collect()
}

impl Outcome {
    /// Whether all is as it should be.
    pub(super) fn is_good(&self) -> bool {
        self.converged
            && self.counts.values().all(|counts| *counts == self.expected)
            && self.checks.named().iter().all(|(_, _, holds)| *holds)
    }

    /// What is not as it should be.
    pub(super) fn failure(&self) -> Failure {
        let mut details = Vec::new();
        if !self.converged {
            details.push("the offices do not hold the same".to_owned());
        }
        let wrong = self.counts.iter().filter(|(_, counts)| **counts != self.expected);
        details
            .extend(wrong.map(|(office, counts)| format!("{office} shows {counts:?} instead of {:?}", self.expected)));
        let broken = self.checks.named().into_iter().filter(|(_, _, holds)| !holds);
        details.extend(broken.map(|(key, what, _)| format!("it does not hold that {what} ({key})")));
        Failure::new(Exit::Failed, "the offices did not come together as they should").with_details(details)
    }

    pub(super) fn to_json(&self, stage: &Stage) -> Value {
        let checks: BTreeMap<&str, bool> =
            self.checks.named().into_iter().map(|(key, _, holds)| (key, holds)).collect();
        let addresses: BTreeMap<&str, Value> = stage
            .offices
            .iter()
            .map(|office| (office.place.key, json!({"http": office.url(), "token_file": office.token_file()})))
            .collect();
        json!({
            "converged": self.converged,
            "digests": self.digests,
            "counts": self.counts,
            "expected": self.expected,
            "checks": checks,
            "duration_s": self.duration_s,
            "addresses": addresses,
            "links": stage.control.url(),
            "links_page": stage.control.page(),
        })
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::from("\n");
        for (_, what, holds) in self.checks.named() {
            text += &format!("  {} {what}\n", if holds { "✓" } else { "✗" });
        }
        let digests: BTreeSet<&String> = self.digests.values().collect();
        let sign = if self.converged { "✓" } else { "✗" };
        let digests: Vec<&str> = digests.into_iter().map(String::as_str).collect();
        text + &format!("  {sign} one digest on all three: {}\n  {} s in all\n", digests.join(", "), self.duration_s)
    }
}

/// How to go on from here by hand.
pub(super) fn addresses(stage: &Stage, told: &Told) -> String {
    let mut text = String::from(
        "\nThe three offices stay up until Ctrl-C. Open them in a browser; you are signed in by itself:\n",
    );
    for office in stage.offices.iter() {
        text += &format!("  {:<7} {}   {}\n", office.place.name, office.url(), office.directory().display());
    }
    let [.., bamako] = &*stage.offices;
    let (program, directory) = (program(), bamako.directory().display());
    text += &format!(
        "\nSee in Bamako what both ends had entered, and how it was settled:\n\
         \x20 {program} records history {shared} \\\n\
         \x20   --data-dir {directory}\n\
         \nAsk the HTTP interface:\n\
         \x20 curl -H \"Authorization: Bearer $(cat {token})\" \\\n\
         \x20   '{url}/api/v1/records?kind=conflict'\n\
         \nCut a link, work apart, and restore it, in a browser or from a script:\n\
         \x20 {page}\n\
         \x20 curl {links}/kidal-gao -d up=false\n\
         \x20 curl {links}/kidal-gao -d up=true\n",
        page = stage.control.page(),
        links = stage.control.url(),
        shared = told.shared.get(..8).unwrap_or_default(),
        token = bamako.token_file().display(),
        url = bamako.url(),
    );
    text
}

/// The merged picture, as Bamako has it.
pub(super) async fn picture(stage: &Stage) -> Result<String, DemoError> {
    let [.., bamako] = &*stage.offices;
    let answer = bamako.client().get("/picture").await;
    let picture = answer.map_err(|source| DemoError::Asking { office: bamako.place.name, source })?.body;
    Ok(format!(
        "\nThe picture in Bamako\n\nConflicts by region and phase\n{}\n\nRecommendations by theme\n{}\n\nContributions\n{}\n",
        conflicts(&picture, &stage.pack),
        recommendations(&picture, &stage.pack),
        contributions(&picture, &stage.pack),
    ))
}

fn rows<'a>(picture: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    picture.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn conflicts(picture: &Value, pack: &Pack) -> String {
    let mut by_region: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(picture, "conflicts") {
        let region = match row.get("region").and_then(Value::as_str) {
            Some(key) => pack.region(key).map_or(key, |region| region.fr.as_str()).to_owned(),
            None => "whole country".to_owned(),
        };
        let phase = row.get("phase").and_then(Value::as_str).unwrap_or("unstated");
        let count = row.get("count").and_then(Value::as_u64).unwrap_or(0);
        by_region.entry(region).or_default().push(format!("{phase} {count}"));
    }
    let mut table = table(&["Region", "Phases"]);
    for (region, phases) in by_region {
        table.add_row([region, phases.join(", ")]);
    }
    table.to_string()
}

fn recommendations(picture: &Value, pack: &Pack) -> String {
    let mut table = table(&["Theme", ">Number", "Status"]);
    for row in rows(picture, "recommendations") {
        let theme = row.get("theme").and_then(Value::as_str);
        let label = theme.and_then(|key| pack.themes().iter().find(|theme| theme.key() == key));
        let statuses = row.get("by_status").and_then(Value::as_object).into_iter().flatten();
        let statuses: Vec<String> = statuses.map(|(status, count)| format!("{status} {}", plain(count))).collect();
        table.add_row([
            label.map_or_else(|| theme.unwrap_or("none").to_owned(), |theme| theme.en().to_owned()),
            row.get("count").map(plain).unwrap_or_default(),
            statuses.join(", "),
        ]);
    }
    table.to_string()
}

fn contributions(picture: &Value, pack: &Pack) -> String {
    let mut text = String::new();
    for (currency, sums) in picture.get("contributions").and_then(Value::as_object).into_iter().flatten() {
        let sum = |key: &str| money(sums.get(key).and_then(Value::as_i64).unwrap_or(0), currency, pack);
        let mut table = table(&["Partner", ">Amount"]);
        for partner in rows(sums, "partners") {
            let amount = partner.get("amount").and_then(Value::as_i64).unwrap_or(0);
            let name = partner.get("partner").and_then(Value::as_str).unwrap_or("unnamed").to_owned();
            table.add_row([name, money(amount, currency, pack)]);
        }
        table.add_row(["In all".to_owned(), sum("cumulative")]);
        table.add_row(["Needed".to_owned(), sum("need")]);
        table.add_row(["Still to be found".to_owned(), sum("balance")]);
        table.add_row(["Surplus".to_owned(), sum("surplus")]);
        text += &table.to_string();
    }
    text
}

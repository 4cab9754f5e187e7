//! What happens: each office works by itself, links come and go, the same record is edited at both ends, one node is
//! killed in the middle of it, and in the end a person settles what the two ends left open.

use serde_json::{Value, json};

use super::{DemoError, Stage, entering, office::DemoOffice, outcome, relay::LinkName};
use crate::{cli::DemoArgs, client::Answer};

const KIDAL: usize = 0;
const GAO: usize = 1;
const BAMAKO: usize = 2;

/// The record that both ends edit: the overview of the whole country, which names no community.
const SHARED: &str = "CFL-COUNTRY";
/// The record that Gao edits just before it is killed.
const AT_GAO: &str = "CFL-GAO";

const SAID_AT_KIDAL: &str = "Exemple : à Kidal, les notables ont obtenu une trêve autour des puits.";
const SAID_AT_BAMAKO: &str = "Exemple : à Bamako, l'équipe nationale prépare une rencontre intercommunautaire.";
const SETTLED_BECAUSE: &str = "Exemple : une trêve ou un apaisement en un lieu ne vaut pas pour l'ensemble du pays.";
const SAID_AT_GAO: &str = "Exemple : note enregistrée à Gao un instant avant la coupure de courant.";

/// What was done, by which the outcome is judged.
pub(super) struct Told {
    /// What every office must hold in the end.
    pub(super) expected: entering::Counts,
    /// The record that both ends edited.
    pub(super) shared: String,
    /// Sentences that must stand in its narrative.
    pub(super) sentences: [&'static str; 2],
    /// Whether every office kept both values of its phase until one was settled on.
    pub(super) kept_both: bool,
    /// Items that must stand in its list of mediation meetings.
    pub(super) meetings: [String; 2],
    /// The record that Gao had saved when it was killed, and what must stand in its notes.
    pub(super) saved_at_gao: (String, &'static str),
    /// The killed node's process, which must be another one by now.
    pub(super) killed: Option<u32>,
}

/// Tells the whole story.
pub(super) async fn tell(stage: &Stage, args: &DemoArgs) -> Result<Told, DemoError> {
    let shares = entering::deal(&stage.pack, args)?;
    stage.step("Three offices are up. No link stands between them.").await;
    enter_apart(stage, &shares).await?;
    links_come_and_go(stage).await?;
    tie_across_offices(stage, &shares).await?;
    let (shared, meetings) = work_apart(stage).await?;
    let (note, killed) = kill_in_the_middle(stage).await?;
    let kept_both = outcome::both_are_kept(stage, &shared).await?;
    settle(stage, &shared).await?;
    let (sentences, saved_at_gao) = ([SAID_AT_KIDAL, SAID_AT_BAMAKO], (note, SAID_AT_GAO));
    Ok(Told { expected: shares.expected, shared, sentences, kept_both, meetings, saved_at_gao, killed })
}

impl Stage {
    /// Says what happened, shows how things stand, and lets a spectator read.
    async fn step(&self, text: &str) {
        self.watch.look().await;
        self.screen.step(text).await;
        tokio::time::sleep(self.pause).await;
    }

    fn set(&self, link: LinkName, up: bool) {
        for known in self.links.iter().filter(|known| known.name() == link) {
            known.set(up);
        }
    }

    async fn converged(&self) -> Result<(), DemoError> {
        self.watch.until("all three offices hold the same", self.deadline, super::watch::Scene::is_converged).await?;
        Ok(())
    }
}

async fn enter_apart(stage: &Stage, shares: &entering::Shares) -> Result<(), DemoError> {
    let reports = entering::enter(stage, shares).await?;
    let entered: Vec<String> = stage
        .offices
        .iter()
        .filter_map(|office| Some((office.place.name, reports.get(office.place.key)?)))
        .map(|(name, report)| format!("{name} {}", report.new_records()))
        .collect();
    stage.step(&format!("Each office has entered its own records: {}.", entered.join(", "))).await;
    Ok(())
}

async fn links_come_and_go(stage: &Stage) -> Result<(), DemoError> {
    let wait = |what: &'static str, holder: usize, of: usize| {
        let own = stage.watch.follow().borrow().offices[of].holds;
        stage.watch.until(what, stage.deadline, move |scene| {
            scene.offices[holder].holds > own && scene.offices[of].holds > own
        })
    };
    stage.set(LinkName::KIDAL_GAO, true);
    wait("Gao holds what Kidal has entered", GAO, KIDAL).await?;
    stage
        .watch
        .until("Kidal and Gao hold the same", stage.deadline, |scene| {
            scene.offices[KIDAL].digest == scene.offices[GAO].digest
        })
        .await?;
    stage.step("The link Kidal–Gao came up: both hold the same.").await;
    stage.set(LinkName::KIDAL_GAO, false);
    stage.set(LinkName::GAO_BAMAKO, true);
    stage
        .watch
        .until("Gao and Bamako hold the same", stage.deadline, |scene| {
            scene.offices[GAO].digest == scene.offices[BAMAKO].digest
        })
        .await?;
    stage
        .step("That link is gone, Gao–Bamako came up: Bamako has Kidal's records, though never a link to Kidal.")
        .await;
    stage.set(LinkName::KIDAL_GAO, true);
    stage.converged().await?;
    stage.step("Kidal–Gao is up again, and Kidal has Bamako's records: all three hold the same.").await;
    Ok(())
}

/// Some records name one that is kept at another office. That one had not arrived when they were entered.
async fn tie_across_offices(stage: &Stage, shares: &entering::Shares) -> Result<(), DemoError> {
    let reports = entering::enter(stage, shares).await?;
    let links: usize = reports.values().map(|report| report.linked).sum();
    stage.converged().await?;
    stage.step(&format!("{links} references between records of different offices have been added.")).await;
    Ok(())
}

async fn work_apart(stage: &Stage) -> Result<(String, [String; 2]), DemoError> {
    stage.set(LinkName::KIDAL_GAO, false);
    stage.set(LinkName::GAO_BAMAKO, false);
    stage.step("Both links are cut. Kidal and Bamako now work on the same conflict, each by itself.").await;
    let today = jiff::Zoned::now().date().to_string();
    let [kidal, _, bamako] = &*stage.offices;
    let (id, at_kidal) = edit(kidal, "Bureau de Kidal", SHARED, |record| {
        let narrative = text(record, "narrative");
        json!({
            "phase": {"is": "truce", "since": today},
            "narrative": format!("{narrative}\n{SAID_AT_KIDAL}"),
            "mediation_meetings": {"new": {"date": today, "mediation": ["customary"], "outcome": SAID_AT_KIDAL}},
        })
    })
    .await?;
    let (_, at_bamako) = edit(bamako, "Équipe nationale", SHARED, |record| {
        let narrative = text(record, "narrative");
        json!({
            "phase": {"is": "de-escalating", "since": today},
            "narrative": format!("{SAID_AT_BAMAKO}\n{narrative}"),
            "mediation_meetings": {"new": {"date": today, "mediation": ["administrative"], "outcome": SAID_AT_BAMAKO}},
        })
    })
    .await?;
    let meeting = |answer: &Answer| {
        let items = answer.body.get("new_items").and_then(Value::as_object);
        items.and_then(|items| items.values().next()).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    stage.step("Kidal says truce, Bamako says de-escalating; both wrote into one text, both added a meeting.").await;
    Ok((id, [meeting(&at_kidal), meeting(&at_bamako)]))
}

async fn kill_in_the_middle(stage: &Stage) -> Result<(String, Option<u32>), DemoError> {
    let gao = &stage.offices[GAO];
    let killed = gao.pid();
    stage.set(LinkName::KIDAL_GAO, true);
    stage
        .watch
        .until("Gao holds what Kidal has written", stage.deadline, |scene| {
            scene.offices[KIDAL].digest == scene.offices[GAO].digest
        })
        .await?;
    let (note, _) = edit(
        gao,
        "Bureau de Gao",
        AT_GAO,
        |record| json!({"notes": format!("{}\n{SAID_AT_GAO}", text(record, "notes"))}),
    )
    .await?;
    stage.set(LinkName::GAO_BAMAKO, true);
    gao.kill().await;
    stage
        .step("Kidal's work has reached Gao, which saved a note of its own and was killed (kill -9) before it could pass either on.")
        .await;
    gao.start().await?;
    stage.step("Gao's node is started again.").await;
    stage.converged().await?;
    stage.step("It has lost nothing: all three hold the same again.").await;
    Ok((note, killed))
}

/// What the whole country is in is neither what Kidal said nor what Bamako did.
async fn settle(stage: &Stage, shared: &str) -> Result<(), DemoError> {
    let [.., bamako] = &*stage.offices;
    let asking = |source| DemoError::Asking { office: bamako.place.name, source };
    let client = bamako.client_of("Équipe nationale");
    let read = client.record(shared).await.map_err(asking)?;
    let choice = json!({
        "field": "/phase",
        "choice": {"value": {"is": outcome::SETTLED_ON}},
        "reason": SETTLED_BECAUSE,
    });
    client.post(&format!("/records/{shared}/settle"), Some(&choice), read.etag.as_deref()).await.map_err(asking)?;
    stage.converged().await?;
    stage.step("Bamako has seen both values and settled on a third, with its reason: all three show that one.").await;
    Ok(())
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Edits the record with this source key, as a person at an office does: reads it, then says what changes.
async fn edit(
    office: &DemoOffice,
    person: &str,
    source_ref: &str,
    patch: impl FnOnce(&Value) -> Value,
) -> Result<(String, Answer), DemoError> {
    let asking = |source| DemoError::Asking { office: office.place.name, source };
    let client = office.client_of(person);
    let (records, ..) = client.page(&[("source_ref", source_ref.to_owned())], 1, None).await.map_err(asking)?;
    let id = records.first().map(|record| text(record, "id").to_owned()).unwrap_or_default();
    let read = client.record(&id).await.map_err(asking)?;
    let etag = read.etag.unwrap_or_default();
    let saved = client.edit(&id, &etag, &patch(&read.body)).await.map_err(asking)?;
    Ok((id, saved))
}

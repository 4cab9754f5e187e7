//! How projects and consultations go forward: which steps there are, and what must be so before each.
//!
//! A step that is not allowed is refused where it is made. After a merge nothing is refused: what does not hold is
//! listed ([`flags`]), and so are the steps that a record entered from paper has not shown yet. Every step may be
//! taken back, because a wrong click must have a way out; history keeps both.

use std::borrow::Cow;

use automerge::{ROOT, transaction::Transactable};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::RecordId;

use super::{
    Consultation, Kind, Problem, Project, RecordError,
    consultation::ConsultationStatus,
    evaluation::{Seal, ready_to_open, seals},
    project::{CommitteeOutcome, Origin, ProjectStatus},
    read::{Reading, read, typed},
    view::RecordDoc,
    vocabulary::Vocabulary,
};

/// Something in a record that needs a person's eye.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flag {
    /// JSON pointer of the field concerned.
    pub pointer: String,
    /// Why, in words for programs: `eligibility-not-verified`.
    pub code: Cow<'static, str>,
}

/// Steps of a request, and of what the Programme carries out.
const PROJECT_STEPS: &[(ProjectStatus, ProjectStatus)] = {
    use ProjectStatus::*;
    &[
        (Submitted, Returned),
        (Submitted, Eligible),
        (Returned, Submitted),
        (Returned, Eligible),
        (Eligible, Evaluated),
        (Evaluated, Approved),
        (Evaluated, Rejected),
        (Approved, Agreed),
        (Agreed, Active),
        (Active, Suspended),
        (Suspended, Active),
        (Active, Reported),
        (Reported, Closed),
        (Submitted, Abandoned),
        (Returned, Abandoned),
        (Eligible, Abandoned),
        (Evaluated, Abandoned),
        (Approved, Abandoned),
        (Agreed, Abandoned),
        (Active, Abandoned),
        (Suspended, Abandoned),
    ]
};

/// What an own activity or another programme can be.
const WITHOUT_SELECTION: &[ProjectStatus] = {
    use ProjectStatus::*;
    &[Active, Suspended, Reported, Closed, Abandoned]
};

/// Steps of a consultation.
const CONSULTATION_STEPS: &[(ConsultationStatus, ConsultationStatus)] = {
    use ConsultationStatus::*;
    &[
        (Planned, Held),
        (Planned, Postponed),
        (Planned, Cancelled),
        (Postponed, Planned),
        (Postponed, Held),
        (Postponed, Cancelled),
        (Held, Reported),
        (Reported, Validated),
        (Validated, Restituted),
    ]
};

/// What lies on the way to a status, that status included. Suspended counts as active; an abandoned request may have
/// come any way.
fn way_to(status: ProjectStatus) -> &'static [ProjectStatus] {
    use ProjectStatus::*;
    match status {
        Returned => &[Returned],
        Eligible => &[Eligible],
        Evaluated => &[Eligible, Evaluated],
        Approved => &[Eligible, Evaluated, Approved],
        Rejected => &[Eligible, Evaluated, Rejected],
        Agreed | Active | Suspended => &[Eligible, Evaluated, Approved, Agreed],
        Reported | Closed => &[Eligible, Evaluated, Approved, Agreed, Reported],
        Submitted | Abandoned | Newer => &[],
    }
}

/// What is missing before a project may have a status.
fn missing_for(
    status: ProjectStatus,
    record: RecordId,
    fields: &Map<String, Value>,
    project: &Project,
    vocabulary: &Vocabulary,
) -> Vec<&'static str> {
    let mut codes = Vec::new();
    let mut need = |holds: bool, code| {
        if !holds {
            codes.push(code);
        }
    };
    match status {
        ProjectStatus::Returned => {
            let absent = project.sections.values().any(|section| section.present == Some(false));
            need(absent || project.returned_missing.is_some(), "missing-parts-not-stated");
        }
        ProjectStatus::Eligible => {
            let met =
                |key: &String| project.eligibility.iter().any(|(k, check)| k.0 == *key && check.met == Some(true));
            need(vocabulary.required_criteria.iter().all(met), "eligibility-not-verified");
        }
        ProjectStatus::Evaluated => {
            let seals = seals(record, fields);
            let opened = |name: &str| seals.get(name).is_some_and(|seals| seals[..] == [Seal::Opened]);
            need(!project.evaluators.is_empty(), "no-evaluator-named");
            need(project.evaluators.iter().all(|evaluator| opened(evaluator)), "opinions-not-opened");
        }
        ProjectStatus::Approved => need(decided(project, CommitteeOutcome::Approved), "joint-decision-missing"),
        ProjectStatus::Rejected => need(decided(project, CommitteeOutcome::Rejected), "joint-decision-missing"),
        ProjectStatus::Agreed => need(project.agreement_signed_date.is_some(), "agreement-not-signed"),
        ProjectStatus::Reported => need(project.reports.values().any(|report| !report.withdrawn), "report-missing"),
        _ => {}
    }
    codes
}

/// Whether the committee decided so, with the members present and the reasons on record.
fn decided(project: &Project, outcome: CommitteeOutcome) -> bool {
    project.committee_decisions.values().any(|decision| {
        !decision.withdrawn
            && decision.outcome == Some(outcome)
            && !decision.members_present.is_empty()
            && decision.reasons.is_some()
    })
}

/// What a project in this status should have and has not: what a merge broke, or what is still on paper only.
pub fn missing_steps(record: RecordId, reading: &Reading, vocabulary: &Vocabulary) -> Vec<&'static str> {
    if reading.kind != Kind::Project {
        return Vec::new();
    }
    let project: Project = reading.typed();
    let Some(status) = project.status else { return Vec::new() };
    missing_until(status, record, &reading.fields, &project, vocabulary)
}

fn missing_until(
    status: ProjectStatus,
    record: RecordId,
    fields: &Map<String, Value>,
    project: &Project,
    vocabulary: &Vocabulary,
) -> Vec<&'static str> {
    way_to(status)
        .iter()
        .filter(|step| is_selected(project) || **step == ProjectStatus::Reported)
        .flat_map(|step| missing_for(*step, record, fields, project, vocabulary))
        .collect()
}

/// Why a change of status that was just written is not allowed; empty if it is, or if the status did not change.
pub(super) fn refused_step(
    record: RecordId,
    before: &Reading,
    after: &Reading,
    vocabulary: &Vocabulary,
) -> Vec<Problem> {
    let codes = match before.kind {
        Kind::Consultation => {
            let status = |reading: &Reading| reading.typed::<Consultation>().status;
            refused_meeting(status(before), status(after))
        }
        Kind::Project => {
            let (old, new): (Project, Project) = (before.typed(), after.typed());
            refused_project(old.status, new.status, (record, &after.fields, &new), vocabulary)
        }
        Kind::Conflict => Vec::new(),
    };
    codes.into_iter().map(|code| Problem::new("/status", code, "the workflow does not allow this step yet")).collect()
}

/// Why a consultation may not go from one status to another.
fn refused_meeting(from: Option<ConsultationStatus>, to: Option<ConsultationStatus>) -> Vec<&'static str> {
    match (from, to) {
        (from, to) if from == to => Vec::new(),
        (None, _) => Vec::new(),
        (Some(from), Some(to)) if adjacent(CONSULTATION_STEPS, from, to) => Vec::new(),
        _ => vec!["step-not-allowed"],
    }
}

/// Why a project may not go from one status to another. `after`: the project as it then is.
fn refused_project(
    from: Option<ProjectStatus>,
    to: Option<ProjectStatus>,
    (record, fields, after): (RecordId, &Map<String, Value>, &Project),
    vocabulary: &Vocabulary,
) -> Vec<&'static str> {
    let missing = |to| missing_until(to, record, fields, after, vocabulary);
    match (from, to) {
        (from, to) if from == to => Vec::new(),
        (_, Some(to)) if !is_selected(after) && !WITHOUT_SELECTION.contains(&to) => vec!["not-a-request"],
        (None, Some(to)) => missing(to),
        (Some(from), Some(to)) if PROJECT_STEPS.contains(&(from, to)) => missing(to),
        (Some(from), Some(to)) if PROJECT_STEPS.contains(&(to, from)) => Vec::new(),
        // What stands in the way says more than that a step was left out.
        (Some(_), Some(to)) => {
            let mut codes = missing(to);
            codes.push("step-not-allowed");
            codes
        }
        (_, None) => vec!["step-not-allowed"],
    }
}

/// Whether a project passes selection: whatever is not known to be something else is a request.
pub fn is_selected(project: &Project) -> bool {
    !matches!(project.origin, Some(Origin::Own | Origin::Programme))
}

fn adjacent<S: Copy + PartialEq>(steps: &[(S, S)], from: S, to: S) -> bool {
    steps.contains(&(from, to)) || steps.contains(&(to, from))
}

/// A step that the workflow has from where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The key of the status that it leads to.
    pub to: &'static str,
    /// Whether it takes an earlier step back.
    pub back: bool,
    /// Why it would be refused as the record is, in words for programs; empty where it is allowed.
    pub missing: Vec<&'static str>,
}

/// The steps from where a record stands, those that go forward first. A record without a status is offered those by which
/// one begins; entered from paper, it may have any.
pub fn steps(record: RecordId, kind: Kind, fields: &Map<String, Value>, vocabulary: &Vocabulary) -> Vec<Step> {
    match kind {
        Kind::Conflict => Vec::new(),
        Kind::Consultation => {
            use ConsultationStatus::{Held, Planned};
            let from = typed::<Consultation>(fields).status;
            let step = |(to, back): (ConsultationStatus, bool)| Step {
                to: to.key(),
                back,
                missing: refused_meeting(from, Some(to)),
            };
            around(CONSULTATION_STEPS, from, &[Planned, Held]).into_iter().map(step).collect()
        }
        Kind::Project => {
            let project: Project = typed(fields);
            let selected = is_selected(&project);
            let begins = if selected { ProjectStatus::Submitted } else { ProjectStatus::Active };
            let step = |(to, back): (ProjectStatus, bool)| Step {
                to: to.key(),
                back,
                missing: refused_project(project.status, Some(to), (record, fields, &project), vocabulary),
            };
            let all = around(PROJECT_STEPS, project.status, &[begins]).into_iter();
            all.filter(|(to, _)| selected || WITHOUT_SELECTION.contains(to)).map(step).collect()
        }
    }
}

/// Why a record as it is would be refused a status, in words for programs; empty where it would not.
pub fn refused(
    record: RecordId,
    kind: Kind,
    fields: &Map<String, Value>,
    to: &str,
    vocabulary: &Vocabulary,
) -> Vec<&'static str> {
    match kind {
        Kind::Conflict => Vec::new(),
        Kind::Consultation => {
            refused_meeting(typed::<Consultation>(fields).status, Some(ConsultationStatus::from_key(to)))
        }
        Kind::Project => {
            let project: Project = typed(fields);
            let to = Some(ProjectStatus::from_key(to));
            refused_project(project.status, to, (record, fields, &project), vocabulary)
        }
    }
}

/// Where the steps of a table lead from a status, and whether that is back; where those lead that come first, if there is
/// no status.
fn around<S: Copy + PartialEq>(table: &[(S, S)], from: Option<S>, first: &[S]) -> Vec<(S, bool)> {
    let Some(from) = from else { return first.iter().map(|to| (*to, false)).collect() };
    let forward = table.iter().filter(|(start, _)| *start == from).map(|(_, end)| (*end, false));
    // What leads there and back is two steps of the table, and neither takes the other back.
    let back = table.iter().filter(|(start, end)| *end == from && !table.contains(&(from, *start)));
    forward.chain(back.map(|(start, _)| (*start, true))).collect()
}

/// The statuses that a record may have, in their order: without selection there are fewer.
pub fn statuses(kind: Kind, fields: &Map<String, Value>) -> Vec<&'static str> {
    match kind {
        Kind::Conflict => Vec::new(),
        Kind::Consultation => ConsultationStatus::KEYS.to_vec(),
        Kind::Project if is_selected(&typed(fields)) => ProjectStatus::KEYS.to_vec(),
        Kind::Project => WITHOUT_SELECTION.iter().map(|status| status.key()).collect(),
    }
}

/// The statuses through which a record of this kind goes, with the one that it has in its place among them. Where one lies
/// that only a newer version knows, nobody can say.
pub fn way(kind: Kind, fields: &Map<String, Value>) -> Vec<&'static str> {
    match kind {
        Kind::Conflict => Vec::new(),
        Kind::Consultation => {
            use ConsultationStatus::*;
            let branch = |status| match status {
                Postponed => Some((Planned, false)),
                Cancelled => Some((Planned, true)),
                _ => None,
            };
            let main = [Planned, Held, Reported, Validated, Restituted];
            let status = typed::<Consultation>(fields).status.filter(|status| *status != Newer);
            through(&main, status, branch).into_iter().map(ConsultationStatus::key).collect()
        }
        Kind::Project => {
            use ProjectStatus::*;
            let project: Project = typed(fields);
            let all = [Submitted, Eligible, Evaluated, Approved, Agreed, Active, Reported, Closed];
            let main = if is_selected(&project) { &all[..] } else { &all[5..] };
            let branch = |status| match status {
                Returned => Some((Submitted, false)),
                Rejected => Some((Evaluated, true)),
                Suspended => Some((Active, false)),
                Abandoned => Some((main[0], true)),
                _ => None,
            };
            through(main, project.status.filter(|status| *status != Newer), branch)
                .into_iter()
                .map(ProjectStatus::key)
                .collect()
        }
    }
}

/// A way with a status beside it put in where `branch` says that it leaves it, and whether the way ends there.
fn through<S: Copy + PartialEq>(main: &[S], status: Option<S>, branch: impl Fn(S) -> Option<(S, bool)>) -> Vec<S> {
    let Some(status) = status.filter(|status| !main.contains(status)) else { return main.to_vec() };
    let (after, ends) = branch(status).unwrap_or((status, false));
    let place = main.iter().position(|step| *step == after).map_or(0, |at| at + 1);
    let rest = if ends { &[][..] } else { &main[place..] };
    [&main[..place], &[status], rest].concat()
}

/// Says of a request that it is evaluated, where its last opinion has just been published and the workflow allows the
/// step. Whether it did.
///
/// # Errors
/// If the document cannot be read or written.
pub fn go_on_evaluated<T: Transactable + RecordDoc>(
    tx: &mut T,
    record: RecordId,
    vocabulary: &Vocabulary,
) -> Result<bool, RecordError> {
    let reading = read(tx, None)?;
    let evaluated = ProjectStatus::Evaluated.key();
    let mut steps = steps(record, reading.kind, &reading.fields, vocabulary).into_iter();
    let divergent = reading.concurrent.iter().any(|concurrent| concurrent.pointer == "/status");
    let goes_on = !divergent && steps.any(|step| step.to == evaluated && !step.back && step.missing.is_empty());
    if goes_on {
        super::write::put(tx, &[ROOT], "status", evaluated.into())?;
    }
    Ok(goes_on)
}

/// Evaluations are not taken back once an opinion is public: whoever has read another's could then commit anew.
pub(super) fn refused_evaluations(record: RecordId, before: &Reading) -> Vec<Problem> {
    let opened = seals(record, &before.fields).values().flatten().any(|seal| *seal != Seal::Closed);
    if !opened {
        return Vec::new();
    }
    vec![Problem::new("/evaluations", "sealed", "evaluations cannot be changed once an opinion is public")]
}

/// What in a record breaks a rule, was set apart by two offices, or is missing for its status. Nothing is dropped
/// for it.
pub fn flags(record: RecordId, reading: &Reading, vocabulary: &Vocabulary) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut flag = |pointer: &str, code| flags.push(Flag { pointer: pointer.to_owned(), code: Cow::Borrowed(code) });
    if reading.concurrent.iter().any(|concurrent| concurrent.pointer == "/status") {
        flag("/status", "status-concurrent");
    }
    for code in missing_steps(record, reading, vocabulary) {
        flag("/status", code);
    }
    if reading.kind == Kind::Consultation {
        let meeting: Consultation = reading.typed();
        for (pointer, some, code) in [
            ("/participants_women", meeting.participants_women, "more-women-than-participants"),
            ("/participants_youth", meeting.participants_youth, "more-youth-than-participants"),
        ] {
            if some.zip(meeting.participants).is_some_and(|(some, all)| some > all) {
                flag(pointer, code);
            }
        }
    }
    if reading.kind == Kind::Project {
        let project: Project = reading.typed();
        let seals = seals(record, &reading.fields);
        if seals.values().any(|seals| seals.len() > 1) {
            flag("/evaluations", "several-commitments");
        }
        if seals.values().flatten().any(|seal| *seal == Seal::Broken) {
            flag("/evaluations", "opinion-does-not-match");
        }
        if seals.values().flatten().any(|seal| *seal != Seal::Closed) && !ready_to_open(&project) {
            flag("/evaluations", "opened-before-all-committed");
        }
        if !is_selected(&project)
            && project
                .status
                .is_some_and(|status| !WITHOUT_SELECTION.contains(&status) && status != ProjectStatus::Newer)
        {
            flag("/status", "not-a-request");
        }
    }
    flags.sort();
    flags
}

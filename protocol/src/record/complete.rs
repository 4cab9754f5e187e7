//! What is still to be filled in: a list, never a barrier.

use super::{
    Conflict, Consultation, Kind, List, Project, Vocabulary,
    conflict::Phase,
    consultation::ConsultationStatus,
    project::{Origin, ProjectStatus},
    read::Reading,
    workflow::Flag,
};

/// What is missing in a record, by field. Codes are stable; labels belong to the pages.
pub fn to_complete(reading: &Reading) -> Vec<Flag> {
    let mut missing = Missing(Vec::new());
    match reading.kind {
        Kind::Consultation => missing.consultation(&reading.typed()),
        Kind::Conflict => missing.conflict(&reading.typed()),
        Kind::Project => missing.project(&reading.typed()),
    }
    missing.0
}

/// The sections of a proposal that are not there, or that nobody has looked for: keys of the pack's list.
pub fn missing_sections(project: &Project, vocabulary: &Vocabulary) -> Vec<String> {
    let present = |key: &str| project.sections.iter().any(|(k, section)| k.0 == key && section.present == Some(true));
    let sections = vocabulary.keys.get(&List::ProposalSections).into_iter().flatten();
    sections.filter(|key| !present(key)).cloned().collect()
}

struct Missing(Vec<Flag>);

impl Missing {
    fn need(&mut self, holds: bool, pointer: &str, code: &'static str) {
        if !holds {
            self.0.push(Flag { pointer: pointer.to_owned(), code: code.into() });
        }
    }

    fn consultation(&mut self, record: &Consultation) {
        use ConsultationStatus::{Held, Reported, Restituted, Validated};
        self.need(record.status.is_some(), "/status", "no-status");
        self.need(record.level.is_some(), "/level", "no-level");
        self.need(record.meeting_type.is_some(), "/meeting_type", "no-type");
        self.need(record.start_date.is_some() || record.end_date.is_some(), "/start_date", "no-date");
        let held = matches!(record.status, Some(Held | Reported | Validated | Restituted));
        self.need(!held || record.participants.is_some(), "/participants", "no-participants");
        let reported = matches!(record.status, Some(Reported | Validated | Restituted));
        let parts = [&record.report_problems, &record.report_avenues, &record.report_axes, &record.report_actions];
        self.need(!reported || parts.iter().any(|part| !part.is_empty()), "/report_problems", "no-report");
        for (id, item) in record.recommendations.iter().filter(|(_, item)| !item.withdrawn) {
            let at = |field: &str| format!("/recommendations/{id}/{field}");
            self.need(item.text_fr.is_some() || item.text_en.is_some(), &at("text_fr"), "no-text");
            self.need(!item.addressees.is_empty() || item.addressee_level.is_some(), &at("addressees"), "no-addressee");
        }
    }

    fn conflict(&mut self, record: &Conflict) {
        let phase = record.phase.as_ref().and_then(|phase| phase.is);
        self.need(phase.is_some_and(|phase| phase != Phase::Unknown), "/phase", "phase-not-established");
        let since = record.phase.as_ref().and_then(|phase| phase.since);
        self.need(since.is_some(), "/phase", "phase-without-date");
        self.need(!record.parties.is_empty(), "/parties", "no-parties");
        self.need(!record.stakes.is_empty(), "/stakes", "no-stakes");
        for (id, item) in record.incidents.iter().filter(|(_, item)| !item.withdrawn) {
            self.need(item.date.is_some(), &format!("/incidents/{id}/date"), "no-date");
            self.need(item.known.is_some(), &format!("/incidents/{id}/known"), "source-not-stated");
        }
        for (id, item) in record.alerts.iter().filter(|(_, item)| !item.withdrawn) {
            self.need(item.level.is_some(), &format!("/alerts/{id}/level"), "no-level");
            self.need(item.date.is_some(), &format!("/alerts/{id}/date"), "no-date");
            let closed = item.closed_date.is_none() || item.closed_because.is_some();
            self.need(closed, &format!("/alerts/{id}/closed_because"), "no-closing-reason");
        }
        for (id, item) in record.decisions.iter().filter(|(_, item)| !item.withdrawn) {
            self.need(item.execution.is_some(), &format!("/decisions/{id}/execution"), "execution-not-stated");
        }
        for (id, item) in record.agreements.iter().filter(|(_, item)| !item.withdrawn) {
            let end_known = item.term_years.is_none() || item.ends().is_some();
            self.need(end_known, &format!("/agreements/{id}/signed_date"), "end-unknown");
            self.need(!item.signatories.is_empty(), &format!("/agreements/{id}/signatories"), "no-signatories");
        }
    }

    fn project(&mut self, record: &Project) {
        self.need(record.origin.is_some(), "/origin", "no-origin");
        self.need(record.objective.is_some(), "/objective", "no-objective");
        self.need(!record.areas.is_empty(), "/areas", "no-area");
        self.need(record.status.is_some() || !record.plan.is_empty(), "/status", "no-status");
        if record.origin == Some(Origin::Request) {
            self.need(record.applicant.is_some(), "/applicant", "no-applicant");
            let stated = record.sections.values().filter(|section| section.present.is_some()).count();
            self.need(stated > 0, "/sections", "sections-not-checked");
        }
        let planned = record.plan.values().any(|line| !line.withdrawn && line.quarter.is_some());
        self.need(record.status != Some(ProjectStatus::Agreed) || planned, "/plan", "no-planned-quarter");
        for (id, line) in record.plan.iter().filter(|(_, line)| !line.withdrawn) {
            use super::project::Executed::{NotDone, Partly};
            let explained = !matches!(line.executed, Some(NotDone | Partly)) || line.why_not.is_some();
            self.need(explained, &format!("/plan/{id}/why_not"), "no-reason-for-not-executing");
        }
        for (id, line) in record.contributions.iter().filter(|(_, line)| line.reverses.is_none()) {
            self.need(line.money.is_some(), &format!("/contributions/{id}/money"), "no-amount");
            self.need(line.partner.is_some(), &format!("/contributions/{id}/partner"), "no-partner");
        }
    }
}

//! In which order a record is shown and typed: the parts of each kind, each with its fields.

use toguna_protocol::record::{Kind, schema::Field};

/// A part of a record under a heading: the message `section-…`, and the names of its fields.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) fields: Vec<&'static Field>,
}

type Names = &'static [(&'static str, &'static [&'static str])];

const CONSULTATION: Names = &[
    ("main", &["title", "meeting_type", "level", "status", "start_date", "end_date", "regions", "place"]),
    ("who", &["conveners", "chair", "rapporteurs", "supporters", "themes", "purpose"]),
    (
        "participants",
        &["participants", "participants_women", "participants_youth", "participants_expected", "actors_present"],
    ),
    ("report", &["report_problems", "report_avenues", "report_axes", "report_actions", "outputs"]),
    ("recommendations", &["recommendations", "recommendations_announced", "recommendations_announced_note"]),
];

const CONFLICT: Names = &[
    ("main", &["title", "phase", "regions", "place", "narrative"]),
    ("census", &["aliases", "parties", "stakes", "zones", "start_date", "end_date", "persons_affected"]),
    ("happened", &["incidents", "alerts"]),
    ("mediation", &["mediation_meetings", "decisions", "agreements", "solutions_proposed", "institutions"]),
];

const PROJECT: Names = &[
    ("main", &["title", "origin", "status", "status_reason", "regions", "place", "description", "beneficiaries"]),
    ("programme", &["programme", "objective", "areas", "quantity", "unit", "partners", "start_date", "end_date"]),
    ("request", &["applicant", "submitted_date", "sections", "returned_missing", "eligibility"]),
    ("selection", &["evaluators", "evaluations", "committee_decisions"]),
    ("agreement", &["agreement_signed_date", "agreement_parties", "agreement_conditions"]),
    ("execution", &["plan", "reports", "reviews"]),
    ("money", &["need", "budget_lines", "contributions", "declared_totals"]),
];

/// The sections of a kind. Fields that none of them names come last, so that a new one is never left out.
pub(super) fn sections(kind: Kind) -> Vec<Section> {
    let named = match kind {
        Kind::Consultation => CONSULTATION,
        Kind::Conflict => CONFLICT,
        Kind::Project => PROJECT,
    };
    let all: Vec<&'static Field> = kind.schema().fields().collect();
    let field = |name: &&str| all.iter().copied().find(|field| field.name == *name);
    let mut sections: Vec<Section> =
        named.iter().map(|(id, names)| Section { id, fields: names.iter().filter_map(field).collect() }).collect();
    let is_named = |field: &&&'static Field| named.iter().any(|(_, names)| names.contains(&field.name));
    let rest = all.iter().filter(|field| !is_named(field)).copied().collect();
    sections.push(Section { id: "paper", fields: rest });
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_one_section() {
        for kind in Kind::ALL {
            let mut shown: Vec<&str> =
                sections(kind).iter().flat_map(|section| section.fields.iter().map(|field| field.name)).collect();
            let mut all: Vec<&str> = kind.schema().fields().map(|field| field.name).collect();
            shown.sort_unstable();
            all.sort_unstable();
            assert_eq!(shown, all, "{kind}");
        }
        let named = [CONSULTATION, CONFLICT, PROJECT].into_iter().zip(Kind::ALL);
        for (names, kind) in named {
            let known: Vec<&str> = kind.schema().fields().map(|field| field.name).collect();
            let all = names.iter().flat_map(|(_, names)| names.iter());
            all.for_each(|name| assert!(known.contains(name), "{kind} has no field {name}"));
        }
    }
}

//! The examples: what the programme's history has none of, so that no list stands empty in a demonstration. Each is
//! marked « Exemple » and names no real community.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use toguna_protocol::record::Kind;

use super::object;
use crate::exchange::{Draft, Position};
use crate::pack::{Pack, Term};

/// Requests by status: the key, and what the title says.
const REQUESTS: [(&str, &str); 12] = [
    ("submitted", "Requête déposée"),
    ("returned", "Requête à compléter"),
    ("eligible", "Requête recevable"),
    ("evaluated", "Requête évaluée"),
    ("approved", "Requête approuvée"),
    ("rejected", "Requête rejetée"),
    ("agreed", "Convention signée"),
    ("active", "Projet en exécution"),
    ("suspended", "Projet suspendu"),
    ("reported", "Rapport remis"),
    ("closed", "Projet clôturé"),
    ("abandoned", "Projet abandonné"),
];

/// An alert without response, a request at each status, and recommendations that are overdue, due soon and due later,
/// seen from `today`.
pub fn examples(pack: &Pack, today: Date) -> Vec<Draft> {
    let mut drafts = vec![alert(pack, today), recommendations(pack, today)];
    drafts.extend(REQUESTS.iter().map(|(status, title)| request(pack, today, status, title)));
    for (at, draft) in drafts.iter_mut().enumerate() {
        draft.at.line = at + 1;
    }
    drafts
}

fn draft(pack: &Pack, kind: Kind, key: &str, title: &str, fields: Value) -> Draft {
    let source_ref = format!("EXEMPLE-{key}");
    let mut record = object(fields);
    record.insert("kind".to_owned(), json!(kind.key()));
    record.insert("source_ref".to_owned(), json!(source_ref));
    record.insert("title".to_owned(), json!(format!("Exemple – {title}")));
    record.insert("regions".to_owned(), json!([pack.capital_region()]));
    record.insert("notes".to_owned(), json!("Fiche d'exemple, sans lien avec des faits réels."));
    let at = Position { file: "examples".to_owned(), line: 1 };
    Draft { source_ref, kind, record, links: Vec::new(), at }
}

fn days(today: Date, days: i64) -> String {
    today.saturating_add(days.days()).to_string()
}

/// The quarter after the one that holds `day`, as records write it.
fn next_quarter(day: Date) -> String {
    let next = day.saturating_add(3.months());
    format!("{}-{}", next.year(), 33 + (next.month() - 1) / 3)
}

fn alert(pack: &Pack, today: Date) -> Draft {
    let fields = json!({
        "phase": {"is": "open", "since": days(today, -30)},
        "stakes": [pack.stakes()[1].key],
        "parties": {
            "new-1": {"name": "Usagers du premier quartier", "role": "primary"},
            "new-2": {"name": "Usagers du second quartier", "role": "primary"},
        },
        "alerts": {"new-1": {
            "level": "alert",
            "date": days(today, -3),
            "text": "Des groupes se rassemblent près de la borne-fontaine depuis deux soirs.",
            "asked": "Réunir les deux comités d'usagers avant le jour de marché.",
            "asked_of": ["Mairie d'exemple"],
        }},
    });
    draft(pack, Kind::Conflict, "ALERTE", "Partage d'une borne-fontaine (alerte sans réponse)", fields)
}

fn recommendations(pack: &Pack, today: Date) -> Draft {
    let due = [
        (-15, "Publier le compte rendu de la rencontre", "in-progress"),
        (20, "Tenir la réunion de suivi du comité", "adopted"),
        (150, "Évaluer l'application de la convention locale", "adopted"),
    ];
    let items: Map<String, Value> = due
        .iter()
        .enumerate()
        .map(|(at, (offset, text, status))| {
            let item = json!({
                "number": (at + 1).to_string(),
                "text_fr": text,
                "theme": pack.themes()[4].key,
                "addressee_level": "local",
                "addressees": ["Mairie d'exemple"],
                "due_date": days(today, *offset),
                "status": status,
            });
            (format!("new-{}", at + 1), item)
        })
        .collect();
    let fields = json!({
        "status": "reported",
        "level": "local",
        "meeting_type": "workshop",
        "start_date": days(today, -60),
        "participants": 24,
        "report_problems": "Le calendrier d'usage de l'eau n'est pas connu de tous.",
        "recommendations": items,
    });
    draft(pack, Kind::Consultation, "ATELIER", "Atelier de suivi d'une convention locale", fields)
}

fn request(pack: &Pack, today: Date, status: &str, title: &str) -> Draft {
    let mut fields = object(json!({
        "origin": "request",
        "status": status,
        "objective": pack.objectives()[1].key,
        "areas": [pack.areas()[2].key],
        "applicant": "Association d'exemple",
        "submitted_date": days(today, -200),
        "description": "Former les comités d'usagers à la médiation et rééditer la convention locale.",
        "need": {"amount": 3_500_000, "currency": pack.currencies()[0].key},
    }));
    let mut add = |field: &str, value: Value| fields.insert(field.to_owned(), value);
    let absent = if status == "returned" { 3 } else { 0 };
    let sections = pack.proposal_sections();
    let present = sections.len() - absent;
    let sheet = sections.iter().enumerate().map(|(at, term)| (term.key().to_owned(), json!({"present": at < present})));
    add("sections", Value::Object(sheet.collect()));
    // What every request that came so far has behind it.
    let behind = |after: &str| {
        let place = |key: &str| REQUESTS.iter().position(|(known, _)| *known == key);
        place(status) >= place(after) && status != "abandoned"
    };
    if behind("eligible") {
        let met = json!({"met": true, "by": "Équipe de gestion", "why": "Pièces vérifiées."});
        let sheet = pack.eligibility_criteria().iter().map(|term| (term.key().to_owned(), met.clone()));
        add("eligibility", Value::Object(sheet.collect()));
    }
    if behind("approved") {
        let (outcome, reasons) = match status {
            "rejected" => ("rejected", "Budget sans rapport avec les activités."),
            _ => ("approved", "Budget cohérent, demande pertinente."),
        };
        let decision = json!({
            "date": days(today, -120),
            "members_present": ["Coordonnateur national", "Expert conflits", "Assistant administratif et financier"],
            "outcome": outcome,
            "reasons": reasons,
        });
        add("committee_decisions", json!({"new-1": decision}));
    }
    if behind("agreed") {
        let signed = today.saturating_add((-100).days());
        add("agreement_signed_date", json!(signed.to_string()));
        add("agreement_parties", json!(["Association d'exemple", "Programme"]));
        add("plan", json!({"new-1": {"quarter": next_quarter(signed), "planned": "Deux sessions de formation"}}));
    }
    if behind("reported") {
        let report =
            json!({"report_type": "narrative", "received_date": days(today, -10), "text": "Deux sessions tenues."});
        add("reports", json!({"new-1": report}));
    }
    match status {
        "returned" => add("returned_missing", json!("Trois rubriques de la proposition manquent.")),
        "suspended" => add("status_reason", json!("Piste coupée par les pluies.")),
        "abandoned" => add("status_reason", json!("Retrait du demandeur.")),
        _ => None,
    };
    draft(pack, Kind::Project, &status.to_uppercase(), title, Value::Object(fields))
}

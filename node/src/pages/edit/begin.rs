//! Beginning a project: where it comes from tells which parts it passes, and so what the form of a new one has.

use maud::{Markup, html};
use serde_json::json;
use toguna_protocol::record::{
    Kind,
    project::{Origin, ProjectStatus},
    schema::Field,
    workflow,
};

use crate::{
    pack::{Pack, Term},
    pages::{
        form::{Given, inputs::Inputs},
        speech::Speech,
    },
};

/// The input that holds the origin from which a form was begun, and travels with all that is typed into it.
const BEGUN: &str = "begun";

/// Fields of what only requests pass: the proposal, selection, the agreement.
const OF_REQUESTS: [&str; 9] = [
    "applicant",
    "submitted_date",
    "sections",
    "returned_missing",
    "eligibility",
    "evaluators",
    "agreement_signed_date",
    "agreement_parties",
    "agreement_conditions",
];

/// A form that is begun for an origin; as it was for what is none.
pub(super) fn begin(mut given: Given, kind: Kind, origin: &str) -> Given {
    if kind == Kind::Project && Origin::KEYS.contains(&origin) {
        given.put(BEGUN, origin.to_owned());
        given.put("origin", origin.to_owned());
        if origin == Origin::Request.key() {
            given.put("status", ProjectStatus::Submitted.key().to_owned());
        }
    }
    given
}

/// The origin that a form was begun for.
pub(super) fn origin_of(given: &Given) -> Option<&str> {
    given.text(BEGUN).filter(|origin| Origin::KEYS.contains(origin))
}

/// What the page that follows one that was saved is asked for with.
pub(super) fn asked_again(given: &Given) -> String {
    origin_of(given).map(|origin| format!("&origin={origin}")).unwrap_or_default()
}

/// The heading of the form.
pub(super) fn heading(speech: Speech<'_>, given: &Given) -> Option<String> {
    origin_of(given).map(|origin| speech.say(&format!("kind-project.new-{origin}")))
}

/// In a form where some sections are ticked, the others are absent; where none is, nobody has looked. A section of which
/// the page is known is there.
pub(super) fn sections_looked_at(given: &mut Given, pack: &Pack) {
    if origin_of(given) != Some(Origin::Request.key()) {
        return;
    }
    let present = |given: &Given, key: &str| {
        given.text(&format!("sections/{key}/present")) == Some("yes")
            || given.is_filled(&format!("sections/{key}/page"))
    };
    let keys = || pack.proposal_sections().iter().map(Term::key);
    if keys().any(|key| present(given, key)) {
        for key in keys() {
            let said = if present(given, key) { "yes" } else { "no" };
            given.put(&format!("sections/{key}/present"), said.to_owned());
        }
    }
}

/// The input of a field in a form that was begun for an origin; `None` where the field is none of it, or has its usual
/// input.
pub(super) fn input(inputs: &Inputs<'_>, origin: &str, field: &Field, path: &[&str]) -> Option<Markup> {
    let fields = json!({"origin": origin}).as_object().cloned().unwrap_or_default();
    match field.name {
        "origin" => Some(html! {
            input type="hidden" name=(BEGUN) value=(origin);
            input type="hidden" name="origin" value=(origin);
        }),
        "status" => Some(inputs.some_of(field, path, &workflow::statuses(Kind::Project, &fields))),
        "sections" => Some(inputs.ticked(field, path)),
        _ => None,
    }
}

/// Whether a form that was begun for an origin is there for this section first of all.
pub(super) fn is_for(origin: &str, section: &str) -> bool {
    origin == Origin::Request.key() && section == "request"
}

/// Whether a form that was begun for an origin has a field.
pub(super) fn has(origin: &str, field: &Field) -> bool {
    origin == Origin::Request.key() || !OF_REQUESTS.contains(&field.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_absent_only_where_somebody_has_looked() {
        let pack = Pack::embedded();
        let keys: Vec<&str> = pack.proposal_sections().iter().map(Term::key).collect();
        let given = |begun: &str, typed: &[(&str, &str)]| {
            let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let begun = begin(Given::default(), Kind::Project, begun);
            let begun = begun.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>();
            let mut given = Given::of_pairs(begun.into_iter().chain(typed).collect()).expect("few inputs");
            sections_looked_at(&mut given, &pack);
            let said = |key: &&str| given.text(&format!("sections/{key}/present")).map(str::to_owned);
            keys.iter().map(said).collect::<Vec<_>>()
        };
        let (first, page) = (format!("sections/{}/present", keys[0]), format!("sections/{}/page", keys[1]));
        let said = given("request", &[(&first, "yes"), (&page, "12")]);
        assert_eq!(said[..3], [Some("yes".to_owned()), Some("yes".to_owned()), Some("no".to_owned())]);
        assert!(given("request", &[("title", "x")]).iter().all(Option::is_none));
        assert!(given("", &[(&first, "yes")])[1].is_none());
    }
}

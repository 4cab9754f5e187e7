//! What stands before the rows: as of when, how fresh each office is, and what is not in the file.

use fluent_bundle::FluentValue;
use toguna_protocol::{
    engine::Office,
    ids::{AuthorKey, UnixSeconds},
};

use super::{rules::Terms, shape::Tally, table::Tongue};

/// How the node stands at the moment of an export.
pub(super) struct Situation {
    pub(super) now: UnixSeconds,
    pub(super) own: AuthorKey,
    pub(super) offices: Vec<Office>,
    /// Every stored record can be found.
    pub(super) complete: bool,
}

/// The lines of the note.
pub(super) fn lines(situation: &Situation, terms: &Terms<'_>, tally: &Tally, tongue: &Tongue<'_>) -> Vec<String> {
    let mut lines = vec![moment(tongue, "data-as-of", situation.now)];
    lines.extend(situation.offices.iter().map(|office| fresh(situation, office, tongue)));
    if !situation.complete {
        lines.push(tongue.say("export-incomplete"));
    }
    lines.push(count(tongue, "export-rows", tally.rows));
    lines.extend(
        tally.left_out.iter().map(|(because, number)| count(tongue, &format!("export-left-out-{because}"), *number)),
    );
    if tally.tied > 0 {
        lines.push(count(tongue, "export-tied", tally.tied));
    }
    if tally.redacted > 0 {
        lines.push(count(tongue, "export-redacted", tally.redacted));
    }
    if terms.texts {
        lines.push(tongue.say("export-with-texts"));
    }
    lines.push(tongue.say("export-counts-explained"));
    lines
}

/// Of whose data everything is here until when.
fn fresh(situation: &Situation, office: &Office, tongue: &Tongue<'_>) -> String {
    let name = tongue.office(&office.author);
    let as_of = if office.author == situation.own { Some(situation.now) } else { office.fresh.as_of };
    let Some(as_of) = as_of else {
        return tongue.words.say_with(tongue.lang, "export-office-unknown", &[("office", FluentValue::from(name))]);
    };
    let missing = office.fresh.missing.unwrap_or_default();
    let id = if missing > 0 { "export-office-lacking" } else { "export-office-fresh" };
    let values = [
        ("office", FluentValue::from(name)),
        ("moment", FluentValue::from(tongue.words.moment(tongue.lang, as_of))),
        ("count", FluentValue::from(missing as f64)),
    ];
    tongue.words.say_with(tongue.lang, id, &values)
}

fn moment(tongue: &Tongue<'_>, id: &str, at: UnixSeconds) -> String {
    let moment = tongue.words.moment(tongue.lang, at);
    tongue.words.say_with(tongue.lang, id, &[("moment", FluentValue::from(moment))])
}

fn count(tongue: &Tongue<'_>, id: &str, count: u64) -> String {
    tongue.words.say_with(tongue.lang, id, &[("count", FluentValue::from(count as f64))])
}

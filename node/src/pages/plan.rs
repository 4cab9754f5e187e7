//! The plan: what the projects of one quarter were to bring, and what they brought; and how an agreement that is signed
//! enters the plan of the quarter after.

mod show;

use axum::extract::{Query, State};
use maud::Markup;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toguna_protocol::record::{Date, Kind, date::Day, project::ProjectStatus};

use super::{Shared, days, error::PageError, fresh::Situation, layout, quarter::Quarter, visitor::Visitor};
use crate::views::{QuarterPlan, Views};

/// Lines on a page.
const PAGE: usize = 200;

/// Which quarter is asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// As records hold it: `2027-33`.
    quarter: Option<String>,
    /// Lines that stand on the pages before.
    from: Option<usize>,
}

/// All that the page shows.
struct Plan {
    quarter: Quarter,
    present: Quarter,
    from: usize,
    plan: QuarterPlan,
    situation: Situation,
    may_write: bool,
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let present = Quarter::of_day(days::today(pages.now()));
    let quarter = match &asked.quarter {
        None => present,
        Some(text) => text.parse().ok().and_then(Quarter::of).ok_or(PageError::NotFound)?,
    };
    let from = asked.from.unwrap_or(0);
    let plan = pages.read(move |views: &Views| views.plan(quarter.parts(), from, PAGE)).await?;
    let situation = Situation::now(&pages, plan.complete).await?;
    let plan = Plan { quarter, present, from, plan, situation, may_write: visitor.may_write() };
    let speech = visitor.speech(&pages);
    let title = speech.say_of("plan-of", &[("quarter", &speech.date(&quarter.date()))]);
    Ok(layout::page(speech, Some(&visitor), "/projects", &title, &show::body(speech, &plan, &title)))
}

/// Enters a project whose agreement a patch signs in the plan of the quarter after the signature, if it has no line there.
/// Where the date of signature does not say which quarter that is, today does.
pub(super) fn enter(kind: Kind, fields: &Map<String, Value>, patch: &mut Map<String, Value>, today: Day) {
    let signs = patch.get("status").and_then(Value::as_str) == Some(ProjectStatus::Agreed.key());
    if kind != Kind::Project || !signs || patch.contains_key("plan") || fields.get("status") == patch.get("status") {
        return;
    }
    let date = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
    let signed = patch.get("agreement_signed_date").or_else(|| fields.get("agreement_signed_date"));
    let signed = date(signed).and_then(Quarter::of).unwrap_or_else(|| Quarter::of_day(today));
    let quarter = signed.next();
    let lines = fields.get("plan").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let stands = |line: &&Value| line.get("withdrawn") != Some(&Value::Bool(true));
    let mut planned = lines.filter(stands).filter_map(|line| date(line.get("quarter")).and_then(Quarter::of));
    if !planned.any(|planned| planned == quarter) {
        patch.insert("plan".to_owned(), json!({"new": {"quarter": quarter.date().to_string()}}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_enters_the_plan_of_the_quarter_after_once() {
        let today = (2026, 11, 25);
        let signed = |fields: Value, patch: Value| {
            let mut patch = patch.as_object().expect("an object").clone();
            enter(Kind::Project, fields.as_object().expect("an object"), &mut patch, today);
            patch.get("plan").and_then(|plan| plan["new"]["quarter"].as_str()).map(str::to_owned)
        };
        let agreed = json!({"status": "agreed", "agreement_signed_date": "2009-10-02"});
        let other = json!({"plan": {"a": {"quarter": "2010-33", "withdrawn": true}, "b": {"quarter": "2010"}}});
        for (fields, patch, quarter) in [
            (json!({}), agreed.clone(), Some("2010-33")),
            (json!({"agreement_signed_date": "2010-03"}), json!({"status": "agreed"}), Some("2010-34")),
            // A year says no quarter.
            (json!({"agreement_signed_date": "2010"}), json!({"status": "agreed"}), Some("2027-33")),
            (other, agreed.clone(), Some("2010-33")),
            (json!({"plan": {"a": {"quarter": "2010-02"}}}), agreed.clone(), None),
            (json!({"status": "agreed"}), agreed, None),
            (json!({}), json!({"status": "active"}), None),
        ] {
            assert_eq!(signed(fields.clone(), patch.clone()).as_deref(), quarter, "{fields} {patch}");
        }
    }
}

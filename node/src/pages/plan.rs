//! The plan: what the projects of one quarter were to bring, and what they brought.

mod show;

use axum::extract::{Query, State};
use maud::Markup;
use serde::Deserialize;

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

//! The national picture: every figure with the records behind it, and how far it can be trusted.

mod money;
mod show;

use axum::extract::State;
use maud::Markup;

use self::show::body;
pub(super) use self::{
    money::stage_name,
    show::{declared_total, in_order},
};
use super::{Shared, days, error::PageError, fresh::Situation, layout, visitor::Visitor};
use crate::views::{Activities, AlertLine, ConflictPlaces, ContributionLine, Picture, Views, ViewsError};

/// All that the page shows.
struct National {
    picture: Picture,
    places: ConflictPlaces,
    activities: Activities,
    contributions: Vec<ContributionLine>,
    alerts: Vec<AlertLine>,
    situation: Situation,
    today: toguna_protocol::record::date::Day,
}

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    let read = |views: &Views| {
        let places = views.conflict_places()?;
        let (activities, contributions, alerts) = (views.activities()?, views.contribution_lines()?, views.alerts()?);
        Ok::<_, ViewsError>((views.picture()?, places, activities, contributions, alerts))
    };
    let (picture, places, activities, contributions, alerts) = pages.read(read).await?;
    let situation = Situation::now(&pages, picture.complete).await?;
    let today = days::today(pages.now());
    let national = National { picture, places, activities, contributions, alerts, situation, today };
    let speech = visitor.speech(&pages);
    let title = speech.say("national-title");
    let body = body(speech, &pages.base_map, &national, &title);
    Ok(layout::page(speech, Some(&visitor), "/national", &title, &body))
}

//! The national picture: every figure with the records behind it, and how far it can be trusted.

mod money;
mod show;

use axum::extract::State;
use maud::{Markup, html};

use self::show::body;
pub(super) use self::{
    money::stage_name,
    show::{declared_total, in_order},
};
use super::{Shared, days, error::PageError, fresh::Situation, layout, reports, speech::Speech, visitor::Visitor};
use crate::{
    report::kept::LastPrinted,
    views::{Activities, AlertLine, ConflictPlaces, ContributionLine, Picture, Views, ViewsError},
};

/// All that the page shows.
struct National {
    picture: Picture,
    places: ConflictPlaces,
    activities: Activities,
    contributions: Vec<ContributionLine>,
    alerts: Vec<AlertLine>,
    situation: Situation,
    /// What was printed last of each figure.
    printed: LastPrinted,
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
    let (printed, today) = (reports::printed_last(&pages).await?, days::today(pages.now()));
    let national = National { picture, places, activities, contributions, alerts, situation, printed, today };
    let speech = visitor.speech(&pages);
    let title = speech.say("national-title");
    let body = body(speech, &pages.base_map, &national, &title);
    Ok(layout::page(speech, Some(&visitor), "/national", &title, &body))
}

impl National {
    /// Beside a figure: the value that was printed last of it, with that report.
    fn beside(&self, speech: Speech<'_>, figure: &str, shown: impl Fn(i64) -> String) -> Markup {
        html! {
            @if let Some((value, kept)) = self.printed.of(figure) {
                " " a.printed href=(reports::address(kept.fingerprint)) { (speech.say_of("printed-value", &[("value", &shown(value))])) }
            }
        }
    }

    /// As [`National::beside`], of a count.
    fn beside_count(&self, speech: Speech<'_>, figure: &str) -> Markup {
        self.beside(speech, figure, |count| crate::words::number(speech.lang, u64::try_from(count).unwrap_or(0)))
    }

    /// Which report it is that most of the figures beside the others are from.
    fn printed_last(&self, speech: Speech<'_>) -> Markup {
        html! {
            @match self.printed.of("conflicts") {
                None => p.aside { (speech.say("nothing-printed")) },
                Some((_, kept)) => p.aside {
                    (speech.say_of("last-printed", &[("report", &reports::name(speech, kept)), ("moment", &speech.moment(kept.at))]))
                    " " a.code href=(reports::address(kept.fingerprint)) { (kept.fingerprint.short()) }
                },
            }
        }
    }
}

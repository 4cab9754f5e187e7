//! What needs a person, the most pressing first: a few lines of each kind here, the whole list of a kind on its own page.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use toguna_protocol::{engine::Office, record::date::Day};

use super::{Reader, SHOWN, line, matters, same};
use crate::{
    pages::{Shared, days, error::PageError, layout, list, speech::Speech, visitor::Visitor},
    views::{Filter, LikelySame, Matter, MatterFilter, MatterPage, Need, Page, Views, ViewsError},
};

/// Lines on a page that lists all of a kind.
const PAGE: usize = 100;

/// Pairs of conflicts at most on their page.
const PAIRS: usize = 200;

/// Months ahead in which a deadline is near.
const MONTHS_AHEAD: u16 = 3;

/// The first day after those that are near.
fn until((year, month, day): Day) -> Day {
    let months = u16::from(month) - 1 + MONTHS_AHEAD;
    // Compared only, so that there need not be such a day.
    (year + months / 12, (months % 12) as u8 + 1, day)
}

/// Which open matters stand under one heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Alerts,
    AnsweredAlerts,
    Passed,
    Near,
    Decisions,
    Unheard,
    EndUnknown,
}

impl Group {
    const ALL: [Group; 7] = [
        Group::Alerts,
        Group::AnsweredAlerts,
        Group::Passed,
        Group::Near,
        Group::Decisions,
        Group::Unheard,
        Group::EndUnknown,
    ];

    /// Its name in messages and addresses.
    fn key(self) -> &'static str {
        match self {
            Group::Alerts => "alerts",
            Group::AnsweredAlerts => "answered-alerts",
            Group::Passed => "passed",
            Group::Near => "near",
            Group::Decisions => "decisions",
            Group::Unheard => "unheard",
            Group::EndUnknown => "end-unknown",
        }
    }

    fn filter(self, today: Day) -> MatterFilter {
        let of = |matters: &[Matter]| MatterFilter { matters: matters.to_vec(), ..MatterFilter::default() };
        match self {
            Group::Alerts => of(&[Matter::Alert]),
            Group::AnsweredAlerts => of(&[Matter::AnsweredAlert]),
            Group::Passed => MatterFilter { passed_on: Some(today), ..of(&Matter::DATED) },
            Group::Near => MatterFilter { in_time_on: Some(today), until: Some(until(today)), ..of(&Matter::DATED) },
            Group::Decisions => of(&[Matter::Decision]),
            Group::Unheard => of(&[Matter::Unheard]),
            Group::EndUnknown => of(&[Matter::EndUnknown]),
        }
    }

    /// Where the whole list stands.
    fn address(self) -> String {
        match self {
            Group::Passed | Group::Near => "/deadlines".to_owned(),
            // The tracker tells more of them, and takes one follow-up for several.
            Group::Unheard => "/recommendations?status=adopted&silent=1".to_owned(),
            _ => format!("/open/{}", self.key()),
        }
    }

    /// Whether its lines are folded: there may be very many, and none of them is pressing.
    fn is_folded(self) -> bool {
        matches!(self, Group::Unheard | Group::EndUnknown)
    }
}

/// All that needs a person, as far as it is shown.
pub(super) struct Needs {
    records: Vec<(Need, Page)>,
    groups: Vec<(Group, MatterPage)>,
    same: (Vec<LikelySame>, u64),
}

impl Needs {
    pub(super) fn read(views: &Views, today: Day) -> Result<Self, ViewsError> {
        let of_need = |need: Need| {
            let filter = Filter { need: Some(need), ..Filter::default() };
            Ok((need, views.list(&filter, None, SHOWN)?))
        };
        let of_group = |group: Group| Ok((group, views.open_matters(&group.filter(today), 0, SHOWN)?));
        Ok(Needs {
            records: Need::ALL.into_iter().map(of_need).collect::<Result<_, ViewsError>>()?,
            groups: Group::ALL.into_iter().map(of_group).collect::<Result<_, ViewsError>>()?,
            same: views.likely_same(SHOWN)?,
        })
    }

    pub(super) fn section(&self, speech: Speech<'_>, offices: &[Office], reader: &Reader) -> Markup {
        let nothing = self.records.iter().all(|(_, page)| page.total == 0)
            && self.groups.iter().all(|(_, page)| page.total == 0)
            && self.same.1 == 0;
        let group = |group: Group| self.group(speech, group, reader.today);
        html! {
            section {
                h2 { (speech.say("needs-a-person")) }
                @if nothing { p { (speech.say("needs-nobody")) } }
                (group(Group::Alerts))
                @for (need, page) in self.records.iter().filter(|(need, _)| *need != Need::ToComplete) {
                    (of_records(speech, *need, page, offices))
                }
                (group(Group::Passed))
                (group(Group::Near))
                (group(Group::Decisions))
                (self.same(speech, reader))
                (group(Group::AnsweredAlerts))
                (group(Group::Unheard))
                @for (need, page) in self.records.iter().filter(|(need, _)| *need == Need::ToComplete) {
                    (of_records(speech, *need, page, offices))
                }
                (group(Group::EndUnknown))
            }
        }
    }

    fn group(&self, speech: Speech<'_>, group: Group, today: Day) -> Markup {
        let Some((_, page)) = self.groups.iter().find(|(of, page)| *of == group && page.total > 0) else {
            return html! {};
        };
        let lines = html! { @for open in &page.matters { (matters::line(speech, open, today)) } };
        let heading = speech.count(&format!("open-{}", group.key()), page.total);
        let more = page.total - page.matters.len() as u64;
        listed(speech, (&heading, !group.is_folded()), &lines, more, &group.address())
    }

    fn same(&self, speech: Speech<'_>, reader: &Reader) -> Markup {
        let (pairs, total) = &self.same;
        if *total == 0 {
            return html! {};
        }
        let lines = html! { @for pair in pairs { (same::line(speech, pair, reader, "/")) } };
        listed(speech, (&speech.count("open-same", *total), true), &lines, total - pairs.len() as u64, "/open/same")
    }
}

fn of_records(speech: Speech<'_>, need: Need, page: &Page, offices: &[Office]) -> Markup {
    if page.total == 0 {
        return html! {};
    }
    let lines = html! { @for record in &page.records { (line(speech, record, offices)) } };
    let heading = speech.count(&format!("need-{}", need.key()), page.total);
    let more = page.total - page.records.len() as u64;
    listed(speech, (&heading, need != Need::ToComplete), &lines, more, &format!("/open/{}", need.key()))
}

/// A heading that folds, some lines, and where the others are.
fn listed(speech: Speech<'_>, (heading, unfolded): (&str, bool), lines: &Markup, more: u64, address: &str) -> Markup {
    html! {
        details.open open[unfolded] {
            summary { (heading) }
            ul { (lines) }
            p.aside {
                @if more > 0 { (speech.count("and-more", more)) " – " }
                a href=(address) { (speech.say("whole-list")) }
            }
        }
    }
}

/// What narrows a list.
#[derive(Deserialize, Default)]
pub(in crate::pages) struct Asked {
    region: Option<String>,
    /// How many are passed over.
    skip: Option<u64>,
    after: Option<String>,
}

impl Asked {
    fn region(&self) -> Option<String> {
        self.region.as_deref().map(str::trim).filter(|region| !region.is_empty()).map(str::to_owned)
    }

    /// The address of the page with what narrows the list, and one more value.
    fn address(&self, page: &str, more: (&str, &str)) -> String {
        let region = self.region();
        let given = region.as_deref().map(|region| ("region", region));
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(given.into_iter().chain([more])).finish();
        format!("{page}?{query}")
    }
}

/// Everything with a date by which it is to happen: what has passed first, then what is to come.
pub(in crate::pages) async fn deadlines(
    State(pages): State<Shared>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let filter = MatterFilter { matters: Matter::DATED.to_vec(), ..MatterFilter::default() };
    let title = visitor.speech(&pages).say("deadlines-title");
    of_matters(&pages, &visitor, filter, &asked, (&title, "/deadlines")).await
}

/// All of one kind that needs a person.
pub(in crate::pages) async fn open(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(what): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let speech = visitor.speech(&pages);
    if what == "same" {
        return pairs(&pages, &visitor).await;
    }
    if let Some(need) = Need::ALL.into_iter().find(|need| need.key() == what) {
        return of_need(&pages, &visitor, need, &asked).await;
    }
    let group = Group::ALL.into_iter().find(|group| group.key() == what).ok_or(PageError::NotFound)?;
    let filter = group.filter(days::today(pages.now()));
    let title = speech.say(&format!("open-{}.all", group.key()));
    of_matters(&pages, &visitor, filter, &asked, (&title, &format!("/open/{}", group.key()))).await
}

async fn of_matters(
    pages: &Shared,
    visitor: &Visitor,
    filter: MatterFilter,
    asked: &Asked,
    (title, here): (&str, &str),
) -> Result<Markup, PageError> {
    let speech = visitor.speech(pages);
    let filter = MatterFilter { region: asked.region(), ..filter };
    let skip = asked.skip.unwrap_or(0).min(u64::from(u32::MAX));
    let page = pages.read(move |views| views.open_matters(&filter, skip, PAGE)).await?;
    let shown = skip + page.matters.len() as u64;
    let today = days::today(pages.now());
    let body = html! {
        h1 { (title) }
        form.filters method="get" {
            (list::region_filter(speech, asked.region().as_deref()))
            button { (speech.say("show-list")) }
        }
        p role="status" { (speech.count("matters-found", page.total)) }
        ol.matters start=(skip + 1) { @for open in &page.matters { (matters::line(speech, open, today)) } }
        @if shown < page.total {
            p { a rel="next" href=(asked.address(here, ("skip", &shown.to_string()))) { (speech.say("next-page")) } }
        }
        p { a href="/" { (speech.say("back-to-today")) } }
    };
    Ok(layout::page(speech, Some(visitor), "/", title, &body))
}

async fn of_need(pages: &Shared, visitor: &Visitor, need: Need, asked: &Asked) -> Result<Markup, PageError> {
    let speech = visitor.speech(pages);
    let filter = Filter { need: Some(need), region: asked.region(), ..Filter::default() };
    let after = asked.after.as_ref().and_then(|after| after.parse().ok());
    let page = pages.read(move |views| views.list(&filter, after, PAGE)).await?;
    let offices = pages.app.ask(|engine| engine.offices()).await?;
    let title = speech.count(&format!("need-{}", need.key()), page.total);
    let body = html! {
        h1 { (title) }
        ul { @for record in &page.records { (line(speech, record, &offices)) } }
        @if let Some(next) = &page.next {
            p { a rel="next" href=(asked.address(&format!("/open/{}", need.key()), ("after", &next.to_string()))) { (speech.say("next-page")) } }
        }
        p { a href="/" { (speech.say("back-to-today")) } }
    };
    Ok(layout::page(speech, Some(visitor), "/", &title, &body))
}

async fn pairs(pages: &Shared, visitor: &Visitor) -> Result<Markup, PageError> {
    let speech = visitor.speech(pages);
    let (pairs, total) = pages.read(|views| views.likely_same(PAIRS)).await?;
    let title = speech.count("open-same", total);
    let reader = Reader { may_write: visitor.may_write(), csrf: visitor.csrf(), today: days::today(pages.now()) };
    let body = html! {
        h1 { (title) }
        ul { @for pair in &pairs { (same::line(speech, pair, &reader, "/open/same")) } }
        p { a href="/" { (speech.say("back-to-today")) } }
    };
    Ok(layout::page(speech, Some(visitor), "/", &title, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_counted_over_the_end_of_a_year() {
        assert_eq!(until((2026, 1, 31)), (2026, 4, 31));
        assert_eq!(until((2026, 9, 1)), (2026, 12, 1));
        assert_eq!(until((2026, 10, 5)), (2027, 1, 5));
        assert_eq!(until((2026, 12, 31)), (2027, 3, 31));
    }
}

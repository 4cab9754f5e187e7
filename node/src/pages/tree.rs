//! The tree of consultations: what fed what, what is part of what, and whose results were given back; then, by level,
//! those that stand alone. Also the lines of it that a consultation's own page shows.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use toguna_protocol::{
    ids::RecordId,
    record::{Kind, common::Relation, date::Day},
};

use super::{
    Shared, days,
    error::PageError,
    fresh::Situation,
    layout, list, live,
    record::{crumbs, linked},
    speech::Speech,
    visitor::Visitor,
};
use crate::{
    views::{Branch, Restitution, TreeFilter, TreeGroup, TreePage, TreeRecord},
    words,
};

/// Where the tree stands.
const ADDRESS: &str = "/consultations/tree";

/// Consultations on a page, without those that stand under them.
const PAGE: usize = 50;

/// Levels of a tree that are unfolded when the page is opened.
const UNFOLDED: usize = 2;

/// What narrows the tree; what is empty or absent does not.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    region: Option<String>,
    group: Option<String>,
    under: Option<String>,
    /// How many are passed over.
    skip: Option<u64>,
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

impl Asked {
    fn filter(&self, today: Day) -> Result<TreeFilter, PageError> {
        let group = |key: &str| TreeGroup::ALL.into_iter().find(|group| group.key() == key);
        let under = given(self.under.as_ref()).map(|id| id.parse::<RecordId>().map_err(|_| PageError::NotFound));
        Ok(TreeFilter {
            region: given(self.region.as_ref()).map(str::to_owned),
            under: under.transpose()?,
            group: given(self.group.as_ref()).map(|key| group(key).ok_or(PageError::NotFound)).transpose()?,
            today,
        })
    }

    /// The address of this part of the tree, but for what `instead` says.
    fn address(&self, instead: (&str, &str)) -> String {
        let asked = [("region", &self.region), ("group", &self.group), ("under", &self.under)];
        let kept = asked.into_iter().filter_map(|(name, value)| Some((name, given(value.as_ref())?)));
        let all = kept.filter(|(name, _)| *name != instead.0).chain([instead]).filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        if query.is_empty() { ADDRESS.to_owned() } else { format!("{ADDRESS}?{query}") }
    }
}

/// Where all that stands under a consultation is shown.
pub(super) fn address_under(id: RecordId) -> String {
    format!("{ADDRESS}?under={id}")
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let filter = asked.filter(days::today(pages.now()))?;
    let skip = asked.skip.unwrap_or(0).min(u64::from(u32::MAX));
    let is_under = filter.under.is_some();
    let page = pages.read(move |views| views.tree(&filter, skip as usize, PAGE)).await?;
    if is_under && page.path.is_empty() {
        return Err(PageError::NotFound);
    }
    let situation = Situation::now(&pages, page.complete).await?;
    let speech = visitor.speech(&pages);
    let title = speech.say("tree-title");
    let shown = skip + page.branches.len() as u64;
    let body = html! {
        (crumbs(speech, Kind::Consultation, None))
        h1 { (title) }
        (live::line(speech, None))
        p { (situation.line(speech)) }
        (situation.warning(speech))
        p.more { a href="/consultations" { (speech.say("tree-list")) } }
        @match page.path.last() {
            Some(last) => (under(speech, &page, last)),
            None => (whole(speech, &asked, &page, &situation)),
        }
        @if shown < page.total {
            p { a rel="next" href=(asked.address(("skip", &shown.to_string()))) { (speech.say("next-page")) } }
        }
    };
    Ok(layout::page(speech, Some(&visitor), "/consultations", &title, &body))
}

/// Everything, group by group.
fn whole(speech: Speech<'_>, asked: &Asked, page: &TreePage, situation: &Situation) -> Markup {
    html! {
        p.aside { (speech.say("tree-explained")) }
        form.filters method="get" {
            (list::region_filter(speech, asked.region.as_deref()))
            button { (speech.say("show-list")) }
        }
        p role="status" { (situation.total(speech, &speech.count("tree-records", page.records))) }
        ul.phases aria-label=(speech.say("tree-groups")) {
            @for (group, count) in &page.groups {
                @let chosen = given(asked.group.as_ref()) == Some(group.key());
                li {
                    a href=(asked.address(("group", group.key()))) aria-current=[chosen.then_some("true")] {
                        (group_name(speech, *group)) " " (words::number(speech.lang, *count))
                    }
                }
            }
            @if given(asked.group.as_ref()).is_some() {
                li { a href=(asked.address(("group", ""))) { (speech.say("tree-every-group")) } }
            }
        }
        @for part in page.branches.chunk_by(|one, next| one.0 == next.0) {
            section {
                h2 { (group_name(speech, part[0].0)) " (" (words::number(speech.lang, page.groups[&part[0].0])) ")" }
                (branches(speech, part.iter().map(|(_, branch)| branch)))
            }
        }
    }
}

fn group_name(speech: Speech<'_>, group: TreeGroup) -> String {
    speech.say(&format!("tree-{}", group.key()))
}

/// One consultation, what is above it, and all that stands under it.
fn under(speech: Speech<'_>, page: &TreePage, last: &TreeRecord) -> Markup {
    html! {
        (path(speech, &page.path))
        h2 { (speech.say("tree-under")) " (" (words::number(speech.lang, page.total)) ")" }
        @if page.total == 0 { p { (speech.say("tree-bottom")) } }
        (branches(speech, page.branches.iter().map(|(_, branch)| branch)))
        p { (linked(speech, &last.record)) }
    }
}

/// From the top of a tree down to one consultation.
pub(super) fn path<'r>(speech: Speech<'_>, path: impl IntoIterator<Item = &'r TreeRecord>) -> Markup {
    html! { ol.path { @for record in path { li { (line(speech, record)) } } } }
}

/// Consultations beside each other, each with what stands under it.
pub(super) fn branches<'b>(speech: Speech<'_>, all: impl IntoIterator<Item = &'b Branch>) -> Markup {
    html! { ul.tree { @for one in all { (branch(speech, one, 1)) } } }
}

/// Bounded by the depth to which the views give branches.
fn branch(speech: Speech<'_>, branch: &Branch, depth: usize) -> Markup {
    let Branch { top, below, more } = branch;
    let count = below.len() as u64 + more;
    let rest = |id: &str, count: u64| {
        html! { p.rest { a href=(address_under(top.record.id)) { (speech.count(id, count)) } } }
    };
    html! {
        li {
            (line(speech, top))
            @if below.is_empty() {
                @if *more > 0 { (rest("tree-below", *more)) }
            } @else {
                details open[depth <= UNFOLDED] {
                    summary { (speech.count("tree-below", count)) }
                    ul { @for one in below { (self::branch(speech, one, depth + 1)) } }
                    @if *more > 0 { (rest("tree-more", *more)) }
                }
            }
        }
    }
}

/// A consultation in a line or two.
fn line(speech: Speech<'_>, shown: &TreeRecord) -> Markup {
    html! {
        p {
            @if let Some(relation) = shown.relation { (hangs(speech, relation)) " " }
            (linked(speech, &shown.record))
            (lacking(speech, shown))
        }
        p.facts {
            (facts(speech, shown).join(" · "))
            @for (at, (relation, other)) in shown.also.iter().enumerate() {
                @if at == 0 { " · " (speech.say("tree-also")) " " } @else { ", " }
                (speech.choice(&["links", "relation"], relation.key())) " " (linked(speech, other))
            }
        }
    }
}

/// That those who spoke have not heard what became of it.
pub(super) fn lacking(speech: Speech<'_>, shown: &TreeRecord) -> Markup {
    let said = match shown.restitution {
        Restitution::Missing => "restitution-missing",
        Restitution::Planned => "restitution-planned",
        Restitution::NotDue | Restitution::Held => return html! {},
    };
    html! { " " span.mark { (speech.say(said)) } }
}

/// How a consultation hangs on the one above. What gives results back stands out.
fn hangs(speech: Speech<'_>, relation: Relation) -> Markup {
    let said = speech.say(&format!("tree-is-{}", relation.key()));
    html! { span.hangs.restitution[relation == Relation::Restitutes] { (said) } }
}

fn facts(speech: Speech<'_>, shown: &TreeRecord) -> Vec<String> {
    let choice = |field: &str, key: &Option<String>| Some(speech.choice(&["consultation", field], key.as_deref()?));
    let status = shown.record.status.as_deref();
    // Of what is still to be held nobody expects a report.
    let ahead = matches!(status, Some("planned" | "postponed" | "cancelled"));
    let report = (!ahead || shown.report_parts > 0).then(|| speech.count("report-parts", shown.report_parts));
    let recommendations =
        (shown.recommendations > 0).then(|| speech.count("recommendations-found", shown.recommendations));
    let all = [
        choice("level", &shown.level),
        choice("meeting_type", &shown.meeting_type),
        choice("status", &shown.record.status),
        shown.date.map(|date| speech.date(&date)),
        Some(speech.regions(shown.record.regions.iter().map(String::as_str))),
        report,
        recommendations,
    ];
    all.into_iter().flatten().collect()
}

//! A report as it is printed: A4, with its fingerprint and how far each office's entries reach.

use maud::{Markup, html};

use super::{ADDRESS, digest, dossier, sections, show};
use crate::{
    pages::{layout, speech::Speech},
    report::{Content, OfficeThen, Report, ReportKind, Subject, kept::Kept},
};

/// All that is shown of a report.
pub(super) struct Printed<'a> {
    pub(super) kept: &'a Kept,
    pub(super) report: &'a Report,
    /// Whether the present state gives other figures.
    pub(super) is_earlier: bool,
    /// Keys of the regions that no office is in.
    pub(super) without_office: Vec<String>,
    /// The office at which it is printed.
    pub(super) office: &'a str,
}

/// The whole page.
pub(super) fn page(speech: Speech<'_>, printed: &Printed<'_>) -> Markup {
    let title = show::name(speech, printed.kept);
    let body = html! {
        a.skip href="#main" { (speech.say("skip")) }
        nav.on-screen aria-label=(speech.say("nav")) {
            a href=(ADDRESS) { (speech.say("reports-title")) }
            " " a href="/national" { (speech.say("nav-national")) }
            " " span { (speech.say("blank-print")) }
        }
        main id="main" {
            (head(speech, printed, &title))
            @match (&printed.report.content, printed.report.subject) {
                (Content::Full(full), Subject::Period(period)) => (sections::body(speech, printed.report, period, full)),
                (Content::Full(_), Subject::Record(_)) => {}
                (Content::Digest(public), _) => (digest::body(speech, public)),
                (Content::Dossier(dossier), _) => (dossier::body(speech, dossier, &printed.report.offices)),
            }
            @if printed.report.kind == ReportKind::Brief { (freshness(speech, printed)) }
        }
    };
    let class = if printed.report.kind == ReportKind::Brief { "report brief" } else { "report" };
    layout::bare(speech, class, &title, &body)
}

fn head(speech: Speech<'_>, printed: &Printed<'_>, title: &str) -> Markup {
    let Printed { kept, report, .. } = printed;
    let is_same = report.fingerprint() == kept.fingerprint;
    html! {
        h1 { (title) }
        p { strong { (speech.say_of("data-as-of", &[("moment", &speech.moment(kept.known_at))])) } }
        @if !is_same { p.refused role="alert" { (speech.say("report-differs")) } }
        @if printed.is_earlier { p { strong.mark { (speech.say("report-earlier")) } " – " (speech.say("report-earlier-explained")) } }
        dl.top {
            dt { (speech.say("report-fingerprint")) }
            dd { span.code.fingerprint { @for group in report.fingerprint().groups() { span { (group) } " " } } }
            dt { (speech.say("report-made-by")) }
            // What the public reads names an office and nobody in it.
            dd { @if report.kind != ReportKind::Digest { (kept.by) ", " } (printed.office) ", " (speech.moment(kept.at)) }
        }
        @if report.kind != ReportKind::Brief { (freshness(speech, printed)) }
    }
}

/// How far each office's entries reach in the knowledge; regions without an office; why totals are "at least".
fn freshness(speech: Speech<'_>, printed: &Printed<'_>) -> Markup {
    let mut offices: Vec<&OfficeThen> = printed.report.offices.iter().collect();
    offices.sort_by(|one, other| one.name.cmp(&other.name));
    let named = |office: &OfficeThen| office.name.clone().unwrap_or_else(|| speech.say("office-unnamed"));
    let national =
        offices.iter().find(|office| office.region.as_deref().is_none_or(|key| key == speech.pack.capital_region()));
    let capital =
        || speech.pack.region(speech.pack.capital_region()).map_or_else(String::new, |region| region.capital.clone());
    let silent: Vec<String> = offices.iter().filter(|office| office.silent).map(|office| named(office)).collect();
    html! {
        section {
            h2 { (speech.say("report-freshness")) }
            table.records {
                thead { tr { th scope="col" { (speech.say("office")) } th scope="col" { (speech.say("report-until")) } } }
                tbody {
                    @for office in &offices {
                        tr {
                            th scope="row" { (named(office)) }
                            td data-label=(speech.say("report-until")) {
                                (office.until.map_or_else(|| speech.say("unknown"), |at| speech.moment(at)))
                                @if office.silent { " – " strong { (speech.say("report-silent")) } }
                            }
                        }
                    }
                    @if !printed.without_office.is_empty() {
                        tr {
                            th scope="row" { (speech.regions(printed.without_office.iter().map(String::as_str))) }
                            td { (speech.say_of("without-office", &[("office", &national.map_or_else(capital, |office| named(office)))])) }
                        }
                    }
                }
            }
            @if !silent.is_empty() {
                p { (speech.say_of("report-at-least", &[("offices", &silent.join(", "))])) }
            }
        }
    }
}

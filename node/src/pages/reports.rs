//! Reports: chosen and made here, and printed again from the same state of knowledge whenever somebody asks.
//!
//! Only the form makes one, and leaves a trace of who made it and when; looking at one changes nothing. A report that is
//! looked at is made anew from the records as they were, and its fingerprint tells whether it is the same.

mod digest;
mod dossier;
mod print;
mod sections;
mod show;

pub(super) use self::show::name;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::Markup;
use toguna_protocol::{engine::Office, frontier::Frontier, ids::AuthorKey, record::date::Day};

use self::print::Printed;
use super::{
    Pages, Shared, days,
    edit::see_other,
    error::{PageError, internal},
    form::Given,
    layout,
    record::office_name,
    speech::Speech,
    visitor::{Sent, Visitor},
};
use crate::{
    app::PastError,
    report::{
        Asked, Fingerprint, Gathering, Period, Report, ReportKind, Subject,
        dossier::report as dossier_of,
        kept::{Kept, KeptReports, LastPrinted, Made},
    },
};

/// Where reports are chosen.
pub(super) const ADDRESS: &str = "/reports";

/// The address of a report that was printed.
pub(super) fn address(fingerprint: Fingerprint) -> String {
    format!("{ADDRESS}/{fingerprint}")
}

/// Why there is no report: the page's own reasons, or one for whoever asked.
enum Refusal {
    Page(PageError),
    /// Entries of these offices are missing here; `None` for one that cannot be named.
    Lacking(Vec<Option<AuthorKey>>),
    /// A mission that is still to come: nothing of it is handed on.
    StillToCome,
    /// No quarter was chosen where one is needed, or no year.
    Period,
}

impl<E: Into<PageError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Page(error.into())
    }
}

impl Refusal {
    fn told(&self, speech: Speech<'_>, offices: &[Office]) -> Result<String, PageError> {
        match self {
            Refusal::Page(error) => Err(*error),
            Refusal::Period => Ok(speech.say("report-no-period")),
            Refusal::StillToCome => Ok(speech.say("dossier-still-to-come")),
            Refusal::Lacking(lacking) => {
                let name = |office: &Option<AuthorKey>| {
                    office.map_or_else(|| speech.say("office-unnamed"), |office| office_name(speech, offices, &office))
                };
                let names: Vec<String> = lacking.iter().map(name).collect();
                Ok(speech.say_of("report-lacking", &[("offices", &names.join(", "))]))
            }
        }
    }
}

async fn read_kept<T: Send + 'static>(
    pages: &Pages,
    read: impl FnOnce(&KeptReports) -> std::io::Result<T> + Send + 'static,
) -> Result<T, PageError> {
    let reports = KeptReports::of(pages.app.data_dir());
    let read = tokio::task::spawn_blocking(move || read(&reports)).await;
    read.map_err(|_| PageError::Stopping)?.map_err(|error| internal(&error))
}

/// Of every figure that was printed at this office the last value.
pub(super) async fn printed_last(pages: &Pages) -> Result<LastPrinted, PageError> {
    Ok(LastPrinted::among(read_kept(pages, KeptReports::with_figures).await?))
}

/// Makes a report of the records as they were at a state of knowledge.
async fn make(pages: &Pages, order: Order, knowledge: Frontier) -> Result<Report, Refusal> {
    let Order { kind, subject, day } = order;
    let vocabulary = pages.vocabulary.clone();
    let known = knowledge.clone();
    let made = pages.app.past(knowledge, move |past| match subject {
        Subject::Period(period) => {
            let mut gathering = Gathering::new(Asked { kind, period, day });
            past.rows(&vocabulary, |row| gathering.take(&row))?;
            Ok(Some(gathering.finish(&known, past.offices()?)))
        }
        Subject::Record(record) => Ok(dossier_of(record, past.record(record)?, day, &known, past.offices()?)),
    });
    let made = made.await.map_err(|error| match error {
        PastError::Lacking(lacking) => {
            let mut offices: Vec<Option<AuthorKey>> = lacking.into_iter().map(|lacking| lacking.office).collect();
            offices.sort_unstable();
            offices.dedup();
            Refusal::Lacking(offices)
        }
        PastError::Stopped(error) => Refusal::Page(error.into()),
        PastError::Query(error) => Refusal::Page(error.into()),
        error => Refusal::Page(internal(&error)),
    })?;
    made.ok_or(Refusal::StillToCome)
}

/// What is to be made.
#[derive(Clone, Copy)]
struct Order {
    kind: ReportKind,
    subject: Subject,
    day: Day,
}

impl Order {
    fn again(kept: &Kept, day: Day) -> Self {
        Order { kind: kept.kind, subject: kept.subject, day }
    }
}

/// The choice of a report, and what was printed here.
pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor) -> Result<Markup, PageError> {
    page(&pages, &visitor, &Given::default(), None).await
}

async fn page(pages: &Shared, visitor: &Visitor, given: &Given, refusal: Option<Refusal>) -> Result<Markup, PageError> {
    let (kept, speech) = (read_kept(pages, KeptReports::newest).await?, visitor.speech(pages));
    let told = match refusal {
        Some(refusal) => Some(refusal.told(speech, &pages.app.ask(|engine| engine.offices()).await?)?),
        None => None,
    };
    let title = speech.say("reports-title");
    let today = days::today(pages.now());
    let body = show::body(speech, &show::Choice { given, kept: &kept, told, today, csrf: visitor.csrf() }, &title)?;
    Ok(layout::page(speech, Some(visitor), ADDRESS, &title, &body))
}

/// Makes a report, keeps its line, and leads to it.
pub(super) async fn save(State(pages): State<Shared>, sent: Sent) -> Result<Response, PageError> {
    let Sent { visitor, given } = sent;
    match made(&pages, &visitor, &given).await {
        Ok(fingerprint) => Ok(see_other(&address(fingerprint))),
        Err(Refusal::Page(error)) => Err(error),
        Err(refusal) => {
            let page = page(&pages, &visitor, &given, Some(refusal)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn made(pages: &Shared, visitor: &Visitor, given: &Given) -> Result<Fingerprint, Refusal> {
    let (kind, subject) = subject_of(given)?;
    let earlier: Option<Fingerprint> = match given.text("knowledge").unwrap_or_default() {
        "" => None,
        earlier => Some(earlier.parse().map_err(|_| PageError::Form)?),
    };
    let form = form_of(visitor, given, kind, subject, earlier);
    // One at a time: whoever presses the button twice finds what the first press has made.
    let _one = pages.reporting.lock().await;
    let newest = read_kept(pages, KeptReports::newest).await?;
    if let Some(done) = newest.iter().find(|kept| !form.is_empty() && kept.form == form) {
        return Ok(done.fingerprint);
    }
    let at = pages.now();
    let (knowledge, day, known_at) = match earlier {
        None => (pages.app.knowledge().await?, days::today(at), at),
        Some(earlier) => {
            let earlier = read_kept(pages, move |reports| reports.first(earlier)).await?.ok_or(PageError::NotFound)?;
            (earlier.known(), earlier.day, earlier.known_at)
        }
    };
    let report = make(pages, Order { kind, subject, day }, knowledge).await?;
    let made = Made { at, by: visitor.name(), role: visitor.as_role().key(), form: &form };
    let line = Kept::of(&report, day, known_at, made);
    let reports = KeptReports::of(pages.app.data_dir());
    let added = tokio::task::spawn_blocking(move || reports.add(&line).map(|()| line.fingerprint)).await;
    Ok(added.map_err(|_| PageError::Stopping)?.map_err(|error| internal(&error))?)
}

/// What tells a form that was sent from any other: whoever goes back in the browser and chooses something else asks for
/// another report. Empty for one that does not say which it is: that makes a report each time.
fn form_of(
    visitor: &Visitor,
    given: &Given,
    kind: ReportKind,
    subject: Subject,
    earlier: Option<Fingerprint>,
) -> String {
    let Some(draft) = given.text("draft").filter(|draft| !draft.is_empty()) else { return String::new() };
    let on = match subject {
        Subject::Period(period) => period.to_string(),
        Subject::Record(record) => record.to_string(),
    };
    let earlier = earlier.map_or_else(String::new, |earlier| earlier.to_string());
    format!("{} {draft} {} {on} {earlier}", visitor.mark(), kind.key())
}

/// Which report was asked for, and on what.
fn subject_of(given: &Given) -> Result<(ReportKind, Subject), Refusal> {
    let key = given.text("kind").unwrap_or_default();
    if key == ReportKind::Dossier.key() {
        let record = given.text("record").and_then(|id| id.parse().ok()).ok_or(PageError::Form)?;
        return Ok((ReportKind::Dossier, Subject::Record(record)));
    }
    let kind = ReportKind::periodical(key).ok_or(PageError::Form)?;
    Ok((kind, Subject::Period(period_of(kind, given).ok_or(Refusal::Period)?)))
}

/// The period that was chosen; `None` where the kind needs another.
fn period_of(kind: ReportKind, given: &Given) -> Option<Period> {
    let year: Period = given.text("year").filter(|year| year.trim().len() == 4)?.trim().parse().ok()?;
    let year = year.first_day().0;
    let quarter = given.text("quarter").and_then(|quarter| quarter.parse().ok()).filter(|of| (1..=4).contains(of));
    match (kind, quarter) {
        (ReportKind::Annual, _) => Some(Period::year(year)),
        (ReportKind::Quarterly, None) => None,
        (_, Some(quarter)) => Some(Period::quarter(year, quarter)),
        (_, None) => Some(Period::year(year)),
    }
}

/// A report, printed again.
pub(super) async fn printed(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(fingerprint): Path<String>,
) -> Result<Response, PageError> {
    let fingerprint: Fingerprint = fingerprint.parse().map_err(|_| PageError::NotFound)?;
    // Of several times that it was made the first: the day and the person are those of the paper that is out there.
    let kept = read_kept(&pages, move |reports| reports.first(fingerprint)).await?.ok_or(PageError::NotFound)?;
    let speech = visitor.speech(&pages);
    // To look at one is as much work as to make it: one at a time here too.
    let _one = pages.reporting.lock().await;
    let report = match make(&pages, Order::again(&kept, kept.day), kept.known()).await {
        Ok(report) => report,
        Err(Refusal::Page(error)) => return Err(error),
        Err(refusal) => {
            let page = page(&pages, &visitor, &Given::default(), Some(refusal)).await?;
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
    };
    let is_earlier = is_earlier(&pages, &kept, &report).await?;
    let without = super::fresh::without_office(
        |key| report.offices.iter().any(|office| office.region.as_deref() == Some(key)),
        pages.base_map.boundaries(),
        pages.app.pack(),
    );
    let printed =
        Printed { kept: &kept, report: &report, is_earlier, without_office: without, office: visitor.office() };
    Ok(print::page(speech, &printed).into_response())
}

/// Whether a report made now would say something else.
async fn is_earlier(pages: &Pages, kept: &Kept, report: &Report) -> Result<bool, PageError> {
    let (today, known) = (days::today(pages.now()), pages.app.knowledge().await?);
    if kept.day == today && kept.known() == known {
        return Ok(false);
    }
    match make(pages, Order::again(kept, today), known).await {
        Ok(present) => Ok(present.content != report.content),
        Err(Refusal::Page(PageError::NotFound)) | Err(Refusal::Lacking(_) | Refusal::Period | Refusal::StillToCome) => {
            Ok(true)
        }
        Err(Refusal::Page(error)) => Err(error),
    }
}

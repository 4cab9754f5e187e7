//! A CSV file comes in: chosen, shown as it was understood, and taken only when somebody has seen that.
//!
//! The file is kept for whoever sent it (`kept`) and read anew for each page, so that what is confirmed is what was
//! shown. What can be wrong with it, and in which words, is the affair of `exchange::sheet`.

mod kept;
mod show;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequest, Multipart, Path, Request, State, multipart::MultipartError},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt;
use maud::Markup;
use toguna_protocol::record::Kind;

pub(super) use self::kept::Imports;
use self::kept::{Kept, Outcome, Stage};
use super::{
    Pages, Shared,
    edit::see_other,
    error::{PageError, internal},
    layout,
    record::{kind_of, plural},
    visitor::{Posted, Visitor},
};
use crate::{
    exchange::{
        Here, ImportError, Mode, import,
        sheet::{self, MAX_FILE, Sheet, Standing, Unreadable, excerpt},
    },
    flow::Spool,
};

/// Bytes of a request that brings a file: the file, and what a form has around it.
pub(super) const MAX_SENT: usize = MAX_FILE + 64 * 1024;

/// How long the answer to a confirmation waits for the import: most are done by then.
const PATIENCE: Duration = Duration::from_secs(4);

/// A file as it was understood, and how it stands to what is here.
struct Preview {
    sheet: Sheet,
    standing: Standing,
}

/// The address of a kind's imports.
fn address(kind: Kind) -> String {
    format!("/{}/import", plural(kind))
}

fn may_write(visitor: &Visitor) -> Result<(), PageError> {
    if visitor.may_write() { Ok(()) } else { Err(PageError::ReadOnly) }
}

/// The form in which a file is chosen.
pub(super) async fn choose(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(kinds): Path<String>,
) -> Result<Markup, PageError> {
    may_write(&visitor)?;
    Ok(page(&pages, &visitor, kind_of(&kinds)?, |speech, kind| show::form(speech, kind, &visitor.csrf(), None)))
}

/// A file to be filled in.
pub(super) async fn template(visitor: Visitor, Path(kinds): Path<String>) -> Result<Response, PageError> {
    let kind = kind_of(&kinds)?;
    let file = sheet::template(kind, visitor.lang)?;
    let headers: [(HeaderName, String); 2] = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}-import.csv\"", plural(kind))),
    ];
    Ok((headers, file).into_response())
}

/// Why a file was not kept.
enum Refusal {
    Sheet(Unreadable),
    /// The message `import-unreadable-…`.
    Sent(&'static str),
    Page(PageError),
}

impl<E: Into<PageError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Page(error.into())
    }
}

/// Takes a file, and keeps it if it can be read as a table.
pub(super) async fn send(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(kinds): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    may_write(&visitor)?;
    let kind = kind_of(&kinds)?;
    let form = Multipart::from_request(request, &pages).await.map_err(|_| PageError::Form)?;
    let kept = async {
        let (file, spool) = sent(&pages, &visitor, form).await?;
        let text = whole(&spool).await?;
        // What it says is read for the page.
        let read = tokio::task::spawn_blocking(move || sheet::look_into(&text, kind)).await;
        read.map_err(|_| PageError::Stopping)?.map_err(Refusal::Sheet)?;
        Ok::<_, Refusal>(pages.imports.keep(visitor.mark(), kind, file, spool)?)
    };
    let said = match kept.await {
        Ok(kept) => return Ok(see_other(&format!("{}/{}", address(kind), kept.id))),
        Err(Refusal::Page(error)) => return Err(error),
        Err(Refusal::Sent(id)) => visitor.speech(&pages).say(&format!("import-unreadable-{id}")),
        Err(Refusal::Sheet(error)) => error.said(pages.words, visitor.lang, kind),
    };
    let form = page(&pages, &visitor, kind, |speech, kind| show::form(speech, kind, &visitor.csrf(), Some(&said)));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, form).into_response())
}

/// The name and the bytes of the file that was sent. What shows that the form is ours comes before it.
async fn sent(pages: &Pages, visitor: &Visitor, mut form: Multipart) -> Result<(String, Spool), Refusal> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::Sheet(Unreadable::TooLarge),
        _ => Refusal::Page(PageError::Form),
    };
    let disk = |error: std::io::Error| {
        tracing::warn!(%error, "a file to be imported could not be kept");
        Refusal::Sent("disk")
    };
    let mut ours = false;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("csrf") => ours = visitor.sent(&field.text().await.map_err(broken)?),
            Some("file") if ours => {
                let name = excerpt(field.file_name().unwrap_or_default());
                let mut spool = pages.imports.spool().map_err(disk)?;
                while let Some(piece) = field.chunk().await.map_err(broken)? {
                    if spool.len() + piece.len() as u64 > MAX_FILE as u64 {
                        return Err(Refusal::Sheet(Unreadable::TooLarge));
                    }
                    spool.write(piece).await.map_err(disk)?;
                }
                spool.finish().await.map_err(disk)?;
                // A form in which nothing was chosen sends a file without name.
                let nothing = spool.len() == 0 && name.is_empty();
                return if nothing { Err(Refusal::Sent("nothing")) } else { Ok((name, spool)) };
            }
            _ => {}
        }
    }
    Err(if ours { Refusal::Sent("nothing") } else { Refusal::Page(PageError::Form) })
}

/// All bytes of a file that is kept.
async fn whole(spool: &Spool) -> Result<Vec<u8>, PageError> {
    let pieces = spool.pieces().map_err(|error| internal(&error))?;
    let pieces: Vec<axum::body::Bytes> = pieces.try_collect().await.map_err(|error| internal(&error))?;
    let whole = pieces.concat();
    if blake3::hash(&whole) != spool.hash() {
        tracing::error!("a file to be imported is not as it was sent");
        return Err(PageError::Internal);
    }
    Ok(whole)
}

/// A file as it is understood now. `None` where it is no longer kept.
async fn understood(pages: &Pages, kept: &Kept) -> Result<Option<Preview>, PageError> {
    let Some(spool) = kept.file() else { return Ok(None) };
    let text = whole(&spool).await?;
    let (kind, file, pack, views) = (kept.kind, kept.name.clone(), pages.app.pack().clone(), pages.app.views().clone());
    let read = move || {
        let mut sheet = sheet::read(&file, &text, kind, &pack).map_err(|_| PageError::NotFound)?;
        let standing = sheet::compare(&mut sheet, &views)?;
        Ok::<_, PageError>(Some(Preview { sheet, standing }))
    };
    tokio::task::spawn_blocking(read).await.map_err(|_| PageError::Stopping)?
}

/// A file that was sent: what would be imported, how far an import is, or what it has done.
pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path((kinds, id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    may_write(&visitor)?;
    let kind = kind_of(&kinds)?;
    let Some(kept) = pages.imports.of(&id, &visitor.mark(), kind) else { return Ok(gone(&pages, &visitor, kind)) };
    let stage = kept.stage();
    if let Stage::Running { done, of } = stage {
        let page = page(&pages, &visitor, kind, |speech, _| show::running(speech, done, of));
        let again = [(HeaderName::from_static("refresh"), HeaderValue::from_static("2"))];
        return Ok((again, page).into_response());
    }
    if let Stage::Done(outcome) = &stage {
        return Ok(page(&pages, &visitor, kind, |speech, kind| show::done(speech, kind, outcome)).into_response());
    }
    let Some(preview) = understood(&pages, &kept).await? else { return Ok(gone(&pages, &visitor, kind)) };
    let complete = pages.app.views().is_complete();
    let stopped = if let Stage::Stopped(outcome) = &stage { Some(outcome) } else { None };
    let shown = show::Shown { kept: &kept, preview: &preview, stopped, complete, csrf: &visitor.csrf() };
    Ok(page(&pages, &visitor, kind, |speech, _| show::preview(speech, &shown)).into_response())
}

/// The form anew, for a file that is no longer kept.
fn gone(pages: &Pages, visitor: &Visitor, kind: Kind) -> Response {
    let said = visitor.speech(pages).say("import-unreadable-gone");
    let form = page(pages, visitor, kind, |speech, kind| show::form(speech, kind, &visitor.csrf(), Some(&said)));
    (StatusCode::NOT_FOUND, form).into_response()
}

fn page(
    pages: &Pages,
    visitor: &Visitor,
    kind: Kind,
    body: impl FnOnce(super::speech::Speech<'_>, Kind) -> Markup,
) -> Markup {
    let speech = visitor.speech(pages);
    let title = speech.say_of("import-title", &[("kinds", &speech.say(&format!("kind-{}.plural", kind.key())))]);
    let body = maud::html! {
        p.crumbs { a href=(format!("/{}", plural(kind))) { (speech.say(&format!("kind-{}.plural", kind.key()))) } }
        h1 { (title) }
        (body(speech, kind))
    };
    layout::page(speech, Some(visitor), &format!("/{}", plural(kind)), &title, &body)
}

/// Imports what was shown, or drops it.
pub(super) async fn confirm(
    State(pages): State<Shared>,
    Path((kinds, id)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let Posted { visitor, given } = posted;
    let kind = kind_of(&kinds)?;
    let Some(kept) = pages.imports.of(&id, &visitor.mark(), kind) else { return Ok(gone(&pages, &visitor, kind)) };
    if given.text("do") == Some("drop") {
        pages.imports.drop_one(&kept);
        return Ok(see_other(&address(kind)));
    }
    let shown = given.text("good").and_then(|good| good.parse().ok()).ok_or(PageError::Form)?;
    let leave = given.text("do") == Some("leave");
    if pages.app.views().is_complete() && kept.begin() {
        let here = Here {
            app: pages.app.clone(),
            person: visitor.name().to_owned(),
            reason: visitor.speech(&pages).say("import-reason"),
        };
        let (pages, kept) = (pages.clone(), kept.clone());
        // By itself: whoever closes the page in between has not stopped it half-way.
        tokio::spawn(async move {
            let stage = carried_out(&pages, &kept, &here, shown, leave).await;
            kept.ends(stage);
        });
    }
    kept.ended(PATIENCE).await;
    Ok(see_other(&format!("{}/{}", address(kind), kept.id)))
}

/// Imports a file if it is still what was shown: so many good rows, and nothing left out that nobody has agreed to.
async fn carried_out(pages: &Pages, kept: &Arc<Kept>, here: &Here, shown: usize, leave: bool) -> Stage {
    // One after the other: two at once could each miss what the other is about to make.
    let _turn = pages.imports.turn().await;
    let preview = match understood(pages, kept).await {
        Ok(Some(preview)) => preview,
        Ok(None) | Err(_) => return Stage::Shown,
    };
    let sheet = preview.sheet;
    if sheet.drafts.len() != shown || sheet.leaves_something() && !leave {
        return Stage::Shown;
    }
    let of = sheet.drafts.len();
    kept.reached(0, of);
    let mut progress = |done: usize| kept.reached(done, of);
    let result = import(&sheet.drafts, &pages.vocabulary, here, Mode::Write, &mut progress).await;
    let left = sheet.faulty_rows;
    match result {
        Ok(report) => {
            Stage::Done(Outcome { new: report.new_records(), here: report.present_records(), left, stopped: None })
        }
        Err(ImportError::Stopped { done, fault }) => {
            tracing::warn!(rows = of, new = done.new_records(), "an import stopped half-way");
            let (new, here) = (done.new_records(), done.present_records());
            Stage::Stopped(Outcome { new, here, left, stopped: Some((fault.at.line, fault.problem)) })
        }
        Err(error) => {
            tracing::error!(%error, "a file was imported that should have been refused");
            Stage::Shown
        }
    }
}

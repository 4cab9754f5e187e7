//! A bundle from a stick: sent here by the browser, kept on the disk, read twice, and taken only if the first reading
//! found it whole.

use std::{collections::BTreeMap, io};

use axum::{
    extract::{FromRequest, Multipart, Path, Request, State, multipart::MultipartError},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use toguna_protocol::{
    bundle::BundleError,
    engine::{BundleRefusal, Office},
    ids::RecordId,
};

use super::{
    code, page,
    plis::{Acknowledged, Outcome},
};
use crate::{
    app::{BundleAskError, CarryError},
    flow::Spool,
    pages::{
        Pages, Shared, edit::see_other, error::PageError, layout, record::office_name, speech::Speech, visitor::Visitor,
    },
    views::Reach,
};

/// Bytes of a bundle that a browser may send.
pub(in crate::pages) const MAX_PLI: usize = 2_000_000_000;

/// Why nothing was taken: each has a sentence, `refused-…`.
enum Refusal {
    /// The bytes did not come: nothing was chosen, or too much.
    Sent(&'static str),
    /// The disk of this node.
    Disk(io::Error),
    Carried(CarryError),
    Page(PageError),
}

impl<E: Into<PageError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Page(error.into())
    }
}

/// Opens a bundle and shows what it brought.
pub(in crate::pages) async fn open(
    State(pages): State<Shared>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, PageError> {
    if !visitor.may_write() {
        return Err(PageError::ReadOnly);
    }
    let form = Multipart::from_request(request, &pages).await.map_err(|_| PageError::Form)?;
    let taken = async {
        let file = sent(&pages, &visitor, form).await?;
        take(&pages, &file).await
    };
    match taken.await {
        Ok(outcome) => {
            let id = pages.plis.brought(outcome).map_err(|_| PageError::Internal)?;
            Ok(see_other(&format!("/sync/opened/{id}")))
        }
        Err(Refusal::Page(error)) => Err(error),
        Err(refusal) => {
            let offices = pages.app.ask(|engine| engine.offices()).await?;
            let (status, why) = told(visitor.speech(&pages), refusal, &offices)?;
            Ok((status, page(&pages, &visitor, Some(&why)).await?).into_response())
        }
    }
}

/// Keeps the file that was sent. What shows that the form is ours comes before it.
async fn sent(pages: &Pages, visitor: &Visitor, mut form: Multipart) -> Result<Spool, Refusal> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::Sent("too-large"),
        _ => Refusal::Page(PageError::Form),
    };
    let mut ours = false;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("csrf") => ours = visitor.sent(&field.text().await.map_err(broken)?),
            Some("pli") if ours => {
                let mut file = pages.plis.spool().map_err(Refusal::Disk)?;
                while let Some(piece) = field.chunk().await.map_err(broken)? {
                    file.write(piece).await.map_err(Refusal::Disk)?;
                }
                file.finish().await.map_err(Refusal::Disk)?;
                return if file.len() == 0 { Err(Refusal::Sent("nothing")) } else { Ok(file) };
            }
            _ => {}
        }
    }
    Err(if ours { Refusal::Sent("nothing") } else { Refusal::Page(PageError::Form) })
}

async fn take(pages: &Pages, file: &Spool) -> Result<Outcome, Refusal> {
    let pieces = || Ok::<_, Refusal>(Box::pin(file.pieces().map_err(Refusal::Disk)?));
    // Twice through the file: what is damaged is known before anything is taken.
    pages.app.look_into_bundle(pieces()?).await.map_err(Refusal::Carried)?;
    let elsewhere = pages.app.elsewhere().await?;
    let before = pages.read(move |views| views.beyond(&elsewhere.anywhere)).await?;
    let brought = pages.app.take_in_bundle(pieces()?).await.map_err(Refusal::Carried)?;
    let (own, offices) = pages.app.ask(|engine| (engine.author(), engine.offices())).await?;
    let mut acknowledged = Vec::new();
    for office in offices.iter().filter(|office| office.author != own && brought.taken.said.contains(&office.author)) {
        acknowledged.extend(acknowledgement(pages, office, &before).await?);
    }
    let elsewhere = pages.app.elsewhere().await?;
    let only_here = pages.read(move |views| views.beyond(&elsewhere.anywhere)).await?.len() as u64;
    let (opening, taken) = (brought.opening, brought.taken);
    Ok(Outcome {
        at: pages.now(),
        maker: opening.maker,
        made_at: opening.made_at,
        for_another: opening.addressee.filter(|addressee| *addressee != own),
        records: taken.records.len() as u64,
        is_news: taken.new > 0 || !acknowledged.is_empty(),
        apart: taken.apart || taken.astray > 0,
        more: brought.more,
        code: code::of_file(&file.hash()),
        acknowledged,
        only_here,
    })
}

/// What an office has said of records that were only here before.
async fn acknowledgement(
    pages: &Pages,
    office: &Office,
    before: &BTreeMap<RecordId, Reach>,
) -> Result<Option<Acknowledged>, PageError> {
    let author = office.author;
    let held = pages.app.ask(move |engine| engine.known_to_hold(&author)).await?;
    let Some((held, word)) = held.zip(office.fresh.last_word) else { return Ok(None) };
    let records = before.values().filter(|beyond| beyond.is_held_by(&held)).count() as u64;
    Ok(Some(Acknowledged { office: author, stated_at: word.stated_at, records }))
}

/// Why nothing was taken, and what to do.
fn told(speech: Speech<'_>, refusal: Refusal, offices: &[Office]) -> Result<(StatusCode, Markup), PageError> {
    let mut office = String::new();
    let (status, id) = match refusal {
        Refusal::Page(error) => return Err(error),
        Refusal::Sent(id) => (StatusCode::UNPROCESSABLE_ENTITY, id),
        Refusal::Disk(error) => {
            tracing::warn!(%error, "a bundle could not be kept");
            (StatusCode::INSUFFICIENT_STORAGE, "disk")
        }
        Refusal::Carried(CarryError::Bundle(error)) => (StatusCode::UNPROCESSABLE_ENTITY, of_bundle(&error)),
        Refusal::Carried(CarryError::Lacks(opening, _)) => {
            office = office_name(speech, offices, &opening.maker);
            (StatusCode::UNPROCESSABLE_ENTITY, "base")
        }
        Refusal::Carried(CarryError::Ask(BundleAskError::Refused(BundleRefusal::NotSaved(why)))) => {
            tracing::warn!(why, "a bundle could not be taken");
            (StatusCode::INSUFFICIENT_STORAGE, "disk")
        }
        Refusal::Carried(error) => return Err(error.into()),
    };
    let office = [("office", office.as_str())];
    let why = html! {
        p { strong { (speech.say_of(&format!("refused-{id}"), &office)) } }
        p { (speech.say_of(&format!("refused-{id}.do"), &office)) }
    };
    Ok((status, why))
}

fn of_bundle(error: &BundleError) -> &'static str {
    match error {
        BundleError::NotOne => "not-one",
        BundleError::Newer => "newer",
        BundleError::AnotherNetwork => "another-network",
        BundleError::CutShort => "cut-short",
        _ => "damaged",
    }
}

/// What a bundle brought.
pub(in crate::pages) async fn opened(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Markup, PageError> {
    let outcome = pages.plis.outcome(&id).ok_or(PageError::NotFound)?;
    let offices = pages.app.ask(|engine| engine.offices()).await?;
    let speech = visitor.speech(&pages);
    let title = speech.say("opened-title");
    Ok(layout::page(speech, Some(&visitor), "/sync", &title, &body(speech, &outcome, &offices, &title)))
}

fn body(speech: Speech<'_>, outcome: &Outcome, offices: &[Office], title: &str) -> Markup {
    let maker = office_name(speech, offices, &outcome.maker);
    let office = [("office", maker.as_str())];
    html! {
        p.crumbs { a href="/sync" { (speech.say("nav-sync")) } }
        h1 { (title) }
        div.saved role="status" { p { strong { (brought(speech, outcome)) } } }
        p {
            (speech.say_of("opened-from", &[("office", &maker), ("moment", &speech.moment(outcome.made_at))])) " "
            (speech.say_of("head", &[("what", &speech.say("slip-code"))])) " " strong.code { (outcome.code) }
        }
        @if let Some(other) = outcome.for_another {
            p { (speech.say_of("opened-for-another", &[("office", &office_name(speech, offices, &other))])) }
        }
        @if !outcome.acknowledged.is_empty() {
            section {
                h2 { (speech.say("receipts-title")) }
                ul.receipts { @for word in &outcome.acknowledged { (acknowledged(speech, word, offices)) } }
            }
        }
        p {
            @if outcome.only_here == 0 { (speech.say("only-here-none")) }
            @else { a href="/sync/only-here" { (speech.count("records-only-here", outcome.only_here)) } }
        }
        @if outcome.more { p.mark { (speech.say("opened-more")) } }
        @if outcome.apart { p.mark { (speech.say_of("opened-apart", &office)) } }
        p { a href="/sync" { (speech.say("opened-back")) } }
    }
}

fn brought(speech: Speech<'_>, outcome: &Outcome) -> String {
    match outcome {
        Outcome { is_news: false, .. } => speech.say("opened-already"),
        Outcome { records: 0, .. } => speech.say("opened-no-records"),
        Outcome { records, .. } => speech.count("opened-records", *records),
    }
}

fn acknowledged(speech: Speech<'_>, word: &Acknowledged, offices: &[Office]) -> Markup {
    let (office, moment) = (office_name(speech, offices, &word.office), speech.moment(word.stated_at));
    let way = speech.say("way-bundle");
    let values = [("office", office.as_str()), ("moment", moment.as_str()), ("way", way.as_str())];
    html! {
        @if word.records > 0 {
            li.arrived { (speech.say_of("received-at", &values)) " – " (speech.count("opened-settled", word.records)) }
        } @else {
            li { (speech.say_of("opened-word", &values)) }
        }
    }
}

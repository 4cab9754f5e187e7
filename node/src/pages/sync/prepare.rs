//! A bundle for a stick: made, fetched, and the note that goes with it on paper.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use toguna_protocol::{
    engine::{Contents, Office},
    ids::{AuthorKey, FeedId, UnixSeconds},
};

use super::{code, page, plis::Slip, show::whose};
use crate::{
    app::{App, BundleAskError, CarryError},
    pages::{
        Pages, Shared,
        edit::see_other,
        error::PageError,
        layout,
        record::office_name,
        speech::Speech,
        visitor::{Posted, Visitor},
    },
};

/// Where the note of a bundle stands.
pub(super) fn address(id: &str) -> String {
    format!("/sync/plis/{id}")
}

/// Bytes in a unit that people read.
pub(super) fn size(speech: Speech<'_>, bytes: u64) -> String {
    match bytes {
        ..1_000_000 => speech.count("size-kilobytes", bytes.div_ceil(1_000)),
        _ => speech.count("size-megabytes", bytes.div_ceil(1_000_000)),
    }
}

/// Makes a bundle and shows its note.
pub(in crate::pages) async fn prepare(State(pages): State<Shared>, posted: Posted) -> Result<Response, PageError> {
    let addressee = match posted.given.text("for").unwrap_or_default() {
        "" => None,
        office => Some(office.parse().map_err(|_| PageError::Form)?),
    };
    let (own, offices) = pages.app.ask(|engine| (engine.author(), engine.offices())).await?;
    if addressee.is_some_and(|to| to == own || offices.iter().all(|office| office.author != to)) {
        return Err(PageError::Form);
    }
    match make(&pages, addressee, own).await {
        Ok(slip) => {
            let address = address(&slip.id);
            pages.plis.keep(slip);
            Ok(see_other(&address))
        }
        Err(MakeError::Page(error)) => Err(error),
        Err(MakeError::Disk(error)) => {
            tracing::warn!(%error, "a bundle could not be written");
            let why = html! { p { (posted.visitor.speech(&pages).say("pli-not-made")) } };
            let page = page(&pages, &posted.visitor, Some(&why)).await?;
            Ok((StatusCode::INSUFFICIENT_STORAGE, page).into_response())
        }
    }
}

/// Why there is no bundle.
enum MakeError {
    Disk(io::Error),
    Page(PageError),
}

impl<E: Into<PageError>> From<E> for MakeError {
    fn from(error: E) -> Self {
        MakeError::Page(error.into())
    }
}

async fn make(pages: &Pages, addressee: Option<AuthorKey>, own: AuthorKey) -> Result<Slip, MakeError> {
    let made_at = pages.now();
    let mut file = pages.plis.spool().map_err(MakeError::Disk)?;
    let mut next = Some(pages.app.export_bundle(Contents { addressee, ..Contents::default() }).await?);
    while let Some(parcel) = next.take() {
        let Some((piece, parcel)) = parcel.piece().await? else { break };
        file.write(Bytes::from(piece)).await.map_err(MakeError::Disk)?;
        next = Some(parcel);
    }
    file.finish().await.map_err(MakeError::Disk)?;
    // Read back: a disk that is worn out shows here and not at the other office.
    let pieces = file.pieces().map_err(MakeError::Disk)?;
    let seen = pages.app.look_into_bundle(Box::pin(pieces)).await?;
    let goes_on = !seen.opening.base.is_empty();
    let records = pages.app.between(seen.opening.base, seen.closing.reach).await?;
    Ok(Slip {
        id: seen.opening.name.to_string(),
        file_name: file_name(made_at),
        by_office: by_office(&pages.app, records.values()).await?,
        records: records.len() as u64,
        file,
        made_at,
        maker: own,
        addressee,
        goes_on,
        acknowledgements: seen.closing.beacons,
    })
}

/// How many records each office has written in. `feeds`: of each record those in which something of it stands.
async fn by_office(
    app: &App,
    feeds: impl Iterator<Item = &BTreeSet<FeedId>>,
) -> Result<BTreeMap<AuthorKey, u64>, PageError> {
    let authors = |engine: &mut toguna_protocol::engine::Engine<_>| {
        let feeds = engine.ledger().feeds().map(|feed| (feed.id, feed.genesis.author));
        feeds.collect::<BTreeMap<_, AuthorKey>>()
    };
    let authors = app.ask(authors).await?;
    let mut counts = BTreeMap::new();
    for feeds in feeds {
        let offices: BTreeSet<_> = feeds.iter().filter_map(|feed| authors.get(feed)).collect();
        offices.into_iter().for_each(|office| *counts.entry(*office).or_insert(0) += 1);
    }
    Ok(counts)
}

/// A name without place or community, by the time of Mali.
fn file_name(at: UnixSeconds) -> String {
    let at = jiff::Timestamp::from_second(at.0).unwrap_or_default();
    format!("pli-{}.toguna", at.strftime("%Y%m%d-%H%M"))
}

fn kept(pages: &Pages, visitor: &Visitor, id: &str) -> Result<Arc<Slip>, PageError> {
    if !visitor.may_write() {
        return Err(PageError::ReadOnly);
    }
    pages.plis.made().into_iter().find(|slip| slip.id == id).ok_or(PageError::NotFound)
}

/// The file.
pub(in crate::pages) async fn fetch(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let slip = kept(&pages, &visitor, &id)?;
    let pieces = slip.file.pieces().map_err(|error| {
        tracing::error!(%error, "a bundle could not be read");
        PageError::Internal
    })?;
    let disposition = format!("attachment; filename=\"{}\"", slip.file_name);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_LENGTH, HeaderValue::from(slip.file.len())),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(|_| PageError::Internal)?),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// The note that goes with it.
pub(in crate::pages) async fn slip(
    State(pages): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Markup, PageError> {
    let slip = kept(&pages, &visitor, &id)?;
    let offices = pages.app.ask(|engine| engine.offices()).await?;
    let speech = visitor.speech(&pages);
    let title = speech.say("slip-title");
    Ok(layout::page(speech, Some(&visitor), "/sync", &title, &body(speech, &slip, &offices, &title)))
}

fn body(speech: Speech<'_>, slip: &Slip, offices: &[Office], title: &str) -> Markup {
    let Slip { file, .. } = slip;
    html! {
        p.crumbs { a href="/sync" { (speech.say("nav-sync")) } }
        h1 { (title) }
        p.verbs {
            a.button href=(format!("{}/file", address(&slip.id))) download=(slip.file_name) { (speech.say("slip-fetch")) }
        }
        p.hint { (speech.say("slip-explained")) }
        dl.slip {
            dt { (speech.say("slip-file")) } dd { (slip.file_name) }
            dt { (speech.say("slip-made")) } dd { (speech.moment(slip.made_at)) }
            dt { (speech.say("slip-from")) } dd { (office_name(speech, offices, &slip.maker)) }
            dt { (speech.say("slip-for")) } dd { (whose(speech, offices, slip.addressee)) }
            dt { (speech.say("slip-contents")) }
            dd {
                strong { (speech.count("records-found", slip.records)) }
                @if slip.records == 0 { " – " (speech.say("slip-empty")) }
            }
            @for (office, records) in &slip.by_office {
                dt { (speech.say_of("slip-written-at", &[("office", &office_name(speech, offices, office))])) }
                dd { (speech.count("records-found", *records)) }
            }
            dt { (speech.say("receipts-title")) } dd { (speech.count("slip-acknowledgements", slip.acknowledgements)) }
            dt { (speech.say("slip-size")) } dd { (size(speech, file.len())) }
            dt { (speech.say("slip-code")) } dd { strong.code { (code::of_file(&file.hash())) } }
        }
        @if slip.goes_on { p { (speech.say_of("slip-goes-on", &[("office", &whose(speech, offices, slip.addressee))])) } }
        dl.hands {
            dt { (speech.say("slip-handed")) } dd { }
            dt { (speech.say("slip-carried")) } dd { }
            dt { (speech.say("slip-opened")) } dd { }
        }
    }
}

impl From<BundleAskError> for PageError {
    fn from(error: BundleAskError) -> Self {
        CarryError::from(error).into()
    }
}

impl From<CarryError> for PageError {
    fn from(error: CarryError) -> Self {
        match error {
            CarryError::Ask(BundleAskError::Stopped(error)) => error.into(),
            error => {
                tracing::error!(%error, "a bundle could not be made or taken");
                PageError::Internal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_moment_only() {
        assert_eq!(file_name(UnixSeconds(1_795_703_000)), "pli-20261126-1423.toguna");
        assert_eq!(file_name(UnixSeconds(i64::MAX)), "pli-19700101-0000.toguna");
    }
}

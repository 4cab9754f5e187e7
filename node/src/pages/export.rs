//! Lists as files. What of them leaves is decided by `exchange::export`; here is only who asks, and how the bytes flow.

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{Shared, error::PageError, list::Asked, record::kind_of, visitor::Visitor};
use crate::exchange::export::{Format, Order, export};

/// What an address says beside what narrows the list.
#[derive(Deserialize, Default)]
pub(super) struct Complete {
    complete: Option<String>,
}

impl Complete {
    fn is_asked(&self) -> bool {
        self.complete.as_deref() == Some("1")
    }
}

pub(super) async fn csv(
    state: State<Shared>,
    visitor: Visitor,
    kinds: Path<String>,
    asked: Query<Asked>,
    complete: Query<Complete>,
) -> Result<Response, PageError> {
    file(state, &visitor, &kinds, &asked, &complete, Format::Csv).await
}

pub(super) async fn xlsx(
    state: State<Shared>,
    visitor: Visitor,
    kinds: Path<String>,
    asked: Query<Asked>,
    complete: Query<Complete>,
) -> Result<Response, PageError> {
    file(state, &visitor, &kinds, &asked, &complete, Format::Xlsx).await
}

pub(super) async fn geojson(
    state: State<Shared>,
    visitor: Visitor,
    kinds: Path<String>,
    asked: Query<Asked>,
    complete: Query<Complete>,
) -> Result<Response, PageError> {
    file(state, &visitor, &kinds, &asked, &complete, Format::GeoJson).await
}

async fn file(
    State(pages): State<Shared>,
    visitor: &Visitor,
    kinds: &str,
    asked: &Asked,
    complete: &Complete,
    format: Format,
) -> Result<Response, PageError> {
    let kind = kind_of(kinds)?;
    let texts = complete.is_asked();
    if texts && !visitor.as_role().may_manage_records() {
        return Err(PageError::Role);
    }
    let order = Order {
        kind,
        filter: asked.filter(kind, pages.app.pack()),
        format,
        lang: visitor.lang,
        texts,
        now: pages.now(),
        by: visitor.name().to_owned(),
        role: Some(visitor.as_role().key()),
        way: "page",
    };
    let made = export(&pages.app, order).await?;
    let headers: [(HeaderName, String); 2] = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", made.name)),
    ];
    Ok((headers, Body::from_stream(made.into_pieces())).into_response())
}

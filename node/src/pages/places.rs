//! Names of places, offered while somebody types one.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;

use super::{Shared, visitor::Visitor};

/// Places that are offered at once.
const OFFERED: usize = 10;

/// What has been typed so far.
#[derive(Deserialize)]
pub(super) struct Asked {
    q: String,
}

/// The names of the places that were probably meant, the likeliest first.
pub(super) async fn named(State(pages): State<Shared>, _: Visitor, Query(asked): Query<Asked>) -> Json<Vec<String>> {
    // No name is longer; a search takes longer the more is typed.
    let typed: String = asked.q.chars().take(100).collect();
    let found = pages.app.pack().places().search(&typed, OFFERED);
    Json(found.into_iter().map(|place| place.name.clone()).collect())
}

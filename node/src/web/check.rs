//! The check of the whole node, asked for over the API.

use axum::{Json, extract::State};

use super::{Shared, problem::ApiError};
use crate::app::{CheckError, CheckReport};

/// Checks everything: that every stored value opens under its seal, that every feed is whole and its signatures are
/// its author's, and that every record, rebuilt from its entries, is what is shown. May take a minute; the node goes
/// on meanwhile.
#[utoipa::path(
    post,
    path = "/api/v1/check",
    responses((status = 200, description = "What was found", body = CheckReport)),
    tag = "node"
)]
pub(super) async fn check(State(web): State<Shared>) -> Result<Json<CheckReport>, ApiError> {
    let report = web.app.check(|_, _, _| {}).await.map_err(|error| match error {
        CheckError::Stopped(error) => ApiError::Stopping(error),
        other => ApiError::Internal(Box::new(other)),
    })?;
    Ok(Json(report))
}

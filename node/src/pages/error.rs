//! What a person is told when a page cannot be shown or a form not be saved: what happened, and what to do.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use toguna_protocol::engine::QueryError;

use crate::{
    accounts::AccountsError,
    app::{AskError, DriverError},
    exchange::export::ExportError,
    views::ViewsError,
};

/// Why there is no page. Each has a sentence, `error-…`, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageError {
    /// Nobody has signed in, and where to go on afterwards is told by the request itself.
    SignIn,
    /// Nothing stands at this address.
    NotFound,
    /// A reader may not write.
    ReadOnly,
    /// Accounts are the affair of others.
    NotManager,
    /// The account's role does not go so far.
    Role,
    /// The form was not made for this session: it expired, or somebody else's page sent it.
    Form,
    /// More than a form may hold.
    TooLarge,
    /// The record is of a kind that only a newer program knows.
    UnknownKind,
    /// The node is stopping.
    Stopping,
    /// Something of our own failed.
    Internal,
}

impl PageError {
    /// The status, and the end of the message's id.
    pub(super) fn told(self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            PageError::SignIn => (S::UNAUTHORIZED, "sign-in"),
            PageError::NotFound => (S::NOT_FOUND, "not-found"),
            PageError::ReadOnly => (S::FORBIDDEN, "read-only"),
            PageError::NotManager => (S::FORBIDDEN, "not-manager"),
            PageError::Role => (S::FORBIDDEN, "role"),
            PageError::Form => (S::FORBIDDEN, "form"),
            PageError::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large"),
            PageError::UnknownKind => (S::NOT_IMPLEMENTED, "unknown-kind"),
            PageError::Stopping => (S::SERVICE_UNAVAILABLE, "stopping"),
            PageError::Internal => (S::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl IntoResponse for PageError {
    /// A bare answer with the error beside it: who knows the visitor's language makes a page of it (`layout::tell`).
    fn into_response(self) -> Response {
        let mut response = match self {
            PageError::SignIn => Redirect::to("/sign-in").into_response(),
            other => other.told().0.into_response(),
        };
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) fn internal(error: &dyn std::error::Error) -> PageError {
    tracing::error!(%error, "a page could not be made");
    PageError::Internal
}

impl From<AskError> for PageError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Query(QueryError::NotFound) => PageError::NotFound,
            AskError::Query(QueryError::Record(_)) => PageError::UnknownKind,
            AskError::Stopped(_) => PageError::Stopping,
            error => internal(&error),
        }
    }
}

impl From<QueryError> for PageError {
    fn from(error: QueryError) -> Self {
        AskError::Query(error).into()
    }
}

impl From<DriverError> for PageError {
    fn from(_: DriverError) -> Self {
        PageError::Stopping
    }
}

impl From<ExportError> for PageError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Stopped(_) => PageError::Stopping,
            error => internal(&error),
        }
    }
}

impl From<ViewsError> for PageError {
    fn from(error: ViewsError) -> Self {
        internal(&error)
    }
}

impl From<AccountsError> for PageError {
    fn from(error: AccountsError) -> Self {
        internal(&error)
    }
}

//! Temporary.
/// Router.
pub fn router(_app: crate::app::App, _token: &str) -> axum::Router {
    axum::Router::new()
}

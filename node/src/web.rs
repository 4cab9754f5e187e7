//! The HTTP API under `/api/v1`: the one way in for pages, scripts, imports and the command line.
//!
//! ```text
//! request ─▶ measured ─▶ gzip ─▶ panics caught ─▶ Host checked ─▶ token checked ─▶ route ─▶ app
//! ```
//!
//! - [`router`] makes a router that a server listens with ([`serve`]) or that is called in-process without a network.
//! - Every answer that is not a success is a problem document ([`problem`]). It names the field at fault and never
//!   what stands in it; the same holds for logs and metrics.
//! - A success means that what was written is durable.
//! - The API describes itself at `/api/v1/openapi.json` ([`openapi`]).

pub mod bundles;
mod check;
mod etag;
mod events;
pub mod export;
mod guard;
mod metrics;
mod node;
pub mod openapi;
pub mod problem;
pub mod receipts;
mod records;
mod request;
pub mod shape;
mod tls;
mod token;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get, post},
    serve::Listener,
};
use tokio::sync::watch;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
};

pub(crate) use self::events::{Closing, follow, keep_alive};
pub(crate) use self::guard::is_ours;
use self::{metrics::Metrics, problem::ApiError};
pub use self::{
    tls::TlsListener,
    token::{TOKEN_FILE, Token, TokenError},
};
use crate::app::App;

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// Every address below the API's beginning at which there is nothing.
const NOTHING: &str = "/api/{*rest}";

/// Bytes of one request's body: every long text of a record at its limit fits.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long open requests may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How the API is served.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// What a request must show.
    pub token: Token,
    /// The office's name: who writes where a request does not say.
    pub office: String,
    /// Further names under which the API may be addressed, without port. The loopback's are always among them; any
    /// other would let a web page elsewhere reach the API by renaming its own server (DNS rebinding).
    pub hosts: Vec<String>,
    /// Whether the API may be addressed by any address in numbers, as it must where others on a network reach it under
    /// TLS. A web page elsewhere has a name, and cannot take that of a number.
    pub by_number: bool,
}

/// What every route sees.
pub(crate) struct Web {
    app: App,
    settings: WebSettings,
    metrics: Metrics,
}

type Shared = Arc<Web>;

/// The API of a node, with nothing beside it.
pub fn router(app: App, settings: WebSettings) -> Router {
    router_with(app, settings, Router::new().fallback(async || ApiError::NoRoute))
}

/// The API of a node, and beside it what people read. `pages` answers for every address that is not the API's.
pub fn router_with(app: App, settings: WebSettings, pages: Router) -> Router {
    let web: Shared = Arc::new(Web { app, settings, metrics: Metrics::new() });
    let guarded = Router::new()
        .route("/api/v1/status", get(node::status))
        .route("/api/v1/peers", get(node::peers))
        .route("/api/v1/picture", get(node::picture))
        .route("/api/v1/records", get(records::list).post(records::create))
        .route("/api/v1/records/{id}", get(records::show).patch(records::patch))
        .route("/api/v1/records/{id}/settle", post(records::settle))
        .route("/api/v1/records/{id}/evaluations", post(records::evaluate))
        .route("/api/v1/records/{id}/history", get(records::history))
        .route("/api/v1/records/{id}/receipts", get(receipts::receipts))
        .route("/api/v1/records/{id}/at/{entry}", get(records::show_at))
        .route("/api/v1/events", get(events::events))
        .route("/api/v1/export", get(export::journal).post(export::list))
        .route("/api/v1/bundles/export", post(bundles::export))
        .route("/api/v1/bundles/inspect", post(bundles::inspect))
        .route("/api/v1/bundles/import", post(bundles::import))
        .route("/api/v1/check", post(check::check))
        .route("/api/v1/metrics", get(metrics::show))
        .route("/metrics", get(metrics::show))
        .route(NOTHING, any(async || ApiError::NoRoute))
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(middleware::from_fn_with_state(web.clone(), guard::token));
    let open = Router::new()
        .route("/api/v1/openapi.json", get(openapi::show))
        .method_not_allowed_fallback(async || ApiError::Method);
    layered(open.merge(guarded).merge(pages.with_state(())), &web).with_state(web)
}

/// Puts what every request passes around some routes.
fn layered(routes: Router<Shared>, web: &Shared) -> Router<Shared> {
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(web.clone(), guard::host))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(middleware::map_response(guard::unkept))
        .layer(CompressionLayer::new().compress_when(worth_packing()))
        .layer(middleware::from_fn_with_state(web.clone(), metrics::measure))
}

/// Which answers are packed on the way: sealed bundles do not get smaller.
fn worth_packing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/octet-stream"))
}

/// Serves a router to whoever a listener takes in, plain or under TLS, until `shutdown` resolves, then lets open requests end: event streams at once, others within
/// seconds.
///
/// # Errors
/// None in practice: a connection that fails ends by itself.
pub async fn serve<L>(
    listener: L,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    L: Listener,
    L::Addr: std::fmt::Debug,
{
    let (close, closing) = watch::channel(false);
    let mut closed = closing.clone();
    let signal = async move {
        shutdown.await;
        close.send_replace(true);
        // Held until the server has ended: a dropped sender would look like a signal.
        close
    };
    let (ended, end) = tokio::sync::oneshot::channel();
    let server = axum::serve(listener, router.layer(Extension(Closing(closing)))).with_graceful_shutdown(async move {
        // Nobody waits for it once the server has ended.
        let _ = ended.send(signal.await);
    });
    let out_of_patience = async {
        // An error means that the signal was given and taken back, which it never is.
        let _ = closed.wait_for(|closing| *closing).await;
        tokio::time::sleep(GRACE).await;
    };
    let result = tokio::select! {
        result = server.into_future() => result,
        () = out_of_patience => Ok(()),
    };
    drop(end);
    result
}

//! The pages that officers work in: made on the server, served by the node itself, whole without scripts.
//!
//! ```text
//! request ─▶ (web's layers) ─▶ visitor ─▶ handler: a plain value of all that is shown ─▶ template ─▶ page
//! ```
//!
//! - `visitor` tells who asks, `layout` what is around every page, `speech` in which words, `form` turns what was typed
//!   into a patch and back. Every other module is one page, or one verb.
//! - A form that could not be saved comes back with all that was typed. What was saved is durable before the page that
//!   says so is shown.
//! - Addresses hold ids and keys, never what stands in a record.

pub mod map;

mod conflict_map;
mod days;
mod edit;
mod error;
mod form;
mod fresh;
mod layout;
mod list;
mod national;
mod part;
mod recommendations;
mod record;
mod sections;
mod settle;
mod sign_in;
mod speech;
mod sync;
mod today;
mod visitor;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use toguna_protocol::ids::UnixSeconds;

use self::{error::PageError, speech::Speech};
use crate::{
    accounts::Accounts,
    app::App,
    views::{Views, ViewsError},
    words::{Lang, Words},
};

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct PageSettings {
    /// The office's name.
    pub office: String,
    /// Seconds by which this office's clock is ahead of the system's, as for the node itself.
    pub clock_ahead: i64,
}

/// What every page sees.
struct Pages {
    app: App,
    accounts: Accounts,
    words: &'static Words,
    settings: PageSettings,
    /// The country on paper, drawn once.
    base_map: map::BaseMap,
}

type Shared = Arc<Pages>;

impl Pages {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(jiff::Timestamp::now().as_second().saturating_add(self.settings.clock_ahead))
    }

    fn speech(&self, lang: Lang) -> Speech<'_> {
        Speech { lang, words: self.words, pack: self.app.pack(), now: self.now() }
    }

    /// Reads the views where a thread may block.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Views) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<T, PageError> {
        let views = self.app.views().clone();
        let read = tokio::task::spawn_blocking(move || query(&views)).await;
        Ok(read.map_err(|_| PageError::Stopping)??)
    }
}

/// The pages of a node, to be served beside its API.
pub fn router(app: App, accounts: Accounts, settings: PageSettings) -> Router {
    let base_map = map::BaseMap::of(app.pack());
    let pages: Shared = Arc::new(Pages { app, accounts, words: Words::embedded(), settings, base_map });
    Router::new()
        .route("/", get(today::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/sync", get(sync::show))
        .route("/national", get(national::show))
        .route("/recommendations", get(recommendations::show).post(recommendations::follow_up))
        .route("/conflicts/map", get(conflict_map::show))
        .route("/{kinds}", get(list::show))
        .route("/{kinds}/new", get(edit::new).post(edit::create))
        .route("/{kinds}/{id}", get(record::show))
        .route("/{kinds}/{id}/history", get(record::history))
        .route("/{kinds}/{id}/edit", get(edit::show).post(edit::save))
        .route("/{kinds}/{id}/edit/{*part}", get(edit::show_part).post(edit::save_part))
        .route("/{kinds}/{id}/withdraw/{*part}", post(edit::withdraw))
        .route("/{kinds}/{id}/restore/{*part}", post(edit::restore))
        .route("/{kinds}/{id}/settle/{*part}", get(settle::show).post(settle::save))
        .route(&layout::style_path(), get(layout::style))
        .route(layout::ICON_PATH, get(layout::icon))
        .fallback(async || PageError::NotFound)
        .layer(middleware::from_fn_with_state(pages.clone(), layout::around))
        .with_state(pages)
}

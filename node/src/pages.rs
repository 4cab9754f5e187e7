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
//! - One script makes pages better and is needed by none: `page.js`, for `drafts`, `places` and `live`.

pub mod map;

mod account;
mod accounts;
mod blank;
mod conflict_map;
mod demo;
mod drafts;
mod edit;
mod error;
mod evaluate;
mod export;
mod form;
mod fresh;
mod import;
mod journal;
mod layout;
mod list;
mod live;
mod national;
mod noted;
mod part;
mod place_map;
mod places;
mod plan;
mod quarter;
mod recommendations;
mod record;
mod reports;
mod sections;
mod settle;
mod sign_in;
mod speech;
mod step;
mod sync;
mod tie;
mod today;
mod tree;
mod visitor;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use toguna_protocol::{ids::UnixSeconds, record::Vocabulary};

pub use self::demo::Demonstration;
pub(crate) use self::layout::{STYLE, style_path};
use self::{error::PageError, speech::Speech};
use crate::{
    accounts::Accounts,
    app::App,
    certificate::Fingerprint,
    days,
    views::{Views, ViewsError},
    words::{Lang, Words},
};

/// Bytes of a form: a paste of a megabyte, each byte of it as the three that browsers send, so that the form can come
/// back with all of it and say what is too long.
const MAX_FORM: usize = 4 * 1024 * 1024;

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct PageSettings {
    /// The office's name.
    pub office: String,
    /// Seconds by which this office's clock is ahead of the system's, as for the node itself.
    pub clock_ahead: i64,
    /// The certificate under which others reach the pages; absent where only this machine does, without one.
    pub certificate: Option<Fingerprint>,
}

/// What every page sees.
struct Pages {
    app: App,
    accounts: Accounts,
    words: &'static Words,
    /// The keys that records may use, by which the workflow tells what a step lacks.
    vocabulary: Vocabulary,
    settings: PageSettings,
    /// The country on paper, drawn once.
    base_map: map::BaseMap,
    plis: sync::Plis,
    noted: noted::Noted,
    imports: import::Imports,
    /// Held by whoever makes a report or looks at one: one at a time.
    reporting: tokio::sync::Mutex<()>,
    demo: Option<Demonstration>,
}

type Shared = Arc<Pages>;

impl Pages {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(jiff::Timestamp::now().as_second().saturating_add(self.settings.clock_ahead))
    }

    fn speech(&self, lang: Lang) -> Speech<'_> {
        Speech { lang, words: self.words, pack: self.app.pack(), now: self.now(), demo: self.demo.as_ref() }
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
    router_of(app, accounts, settings, None)
}

/// The pages of a node of the demonstration, which sign their visitor in by themselves. For loopback addresses only.
pub fn router_of_demo(app: App, accounts: Accounts, settings: PageSettings, demo: Demonstration) -> Router {
    router_of(app, accounts, settings, Some(demo))
}

fn router_of(app: App, accounts: Accounts, settings: PageSettings, demo: Option<Demonstration>) -> Router {
    let base_map = map::BaseMap::of(app.pack());
    let plis = sync::Plis::within(app.data_dir());
    let noted = noted::Noted::within(app.data_dir());
    let imports = import::Imports::within(app.data_dir());
    let (words, vocabulary) = (Words::embedded(), app.pack().vocabulary());
    let reporting = tokio::sync::Mutex::default();
    let pages: Shared =
        Arc::new(Pages { app, accounts, words, vocabulary, settings, base_map, plis, noted, imports, reporting, demo });
    Router::new()
        .merge(people())
        .route("/", get(today::show))
        .route("/changes", get(today::changes))
        .route("/deadlines", get(today::deadlines))
        .route("/open/{what}", get(today::open))
        .route("/reviews", post(today::mark))
        .route("/same", post(today::answer))
        .route("/settled", post(today::agree))
        .route("/sync", get(sync::show))
        .route("/national", get(national::show))
        .route("/plan", get(plan::show))
        .route("/recommendations", get(recommendations::show).post(recommendations::follow_up))
        .route(reports::ADDRESS, get(reports::show).post(reports::save))
        .route("/reports/{fingerprint}", get(reports::printed))
        .route("/conflicts/map", get(conflict_map::show))
        .route("/consultations/tree", get(tree::show))
        .route("/drafts", post(drafts::keep))
        .route("/drafts/drop", post(drafts::drop_one))
        .route("/places", get(places::named))
        .route(place_map::IMAGE_PATH, get(place_map::image))
        .route(layout::LIVE_PATH, get(live::events))
        .route("/sync/only-here", get(sync::only_here))
        .route("/sync/plis", post(sync::prepare))
        .route("/sync/plis/{id}", get(sync::slip))
        .route("/sync/plis/{id}/file", get(sync::fetch))
        .route("/sync/opened", post(sync::open).layer(DefaultBodyLimit::max(sync::MAX_PLI)))
        .route("/sync/opened/{id}", get(sync::opened))
        .route("/journal", get(journal::show))
        .route("/{kinds}", get(list::show))
        .route("/{kinds}/export.csv", get(export::csv))
        .route("/{kinds}/export.xlsx", get(export::xlsx))
        .route("/{kinds}/export.geojson", get(export::geojson))
        .route("/{kinds}/blank", get(blank::record))
        .route("/{kinds}/blank/{list}", get(blank::item))
        .route("/{kinds}/import", get(import::choose).post(import::send).layer(DefaultBodyLimit::max(import::MAX_SENT)))
        .route("/{kinds}/import/template.csv", get(import::template))
        .route("/{kinds}/import/{id}", get(import::show).post(import::confirm))
        .route("/{kinds}/new", get(edit::new).post(edit::create))
        .route("/{kinds}/{id}", get(record::show))
        .route("/{kinds}/{id}/history", get(record::history))
        .route("/{kinds}/{id}/earlier/{entry}/{side}/{*pointer}", get(record::earlier).post(record::take_back))
        .route("/{kinds}/{id}/receipts", get(record::receipts))
        .route("/{kinds}/{id}/edit", get(edit::show).post(edit::save))
        .route("/{kinds}/{id}/edit/{*part}", get(edit::show_part).post(edit::save_part))
        .route("/{kinds}/{id}/withdraw/{*part}", post(edit::withdraw))
        .route("/{kinds}/{id}/restore/{*part}", post(edit::restore))
        .route("/{kinds}/{id}/step", get(step::back).post(step::save))
        .route("/{kinds}/{id}/tie", get(tie::show).post(tie::save))
        .route("/consultations/{id}/new/{relation}", get(edit::new_under).post(edit::create_under))
        .route("/projects/{id}/evaluate", get(evaluate::show).post(evaluate::save))
        .route("/{kinds}/{id}/settle/{*part}", get(settle::show).post(settle::save))
        .route(&layout::style_path(), get(layout::style))
        .route(&layout::script_path(), get(layout::script))
        .route(layout::ICON_PATH, get(layout::icon))
        .fallback(async || PageError::NotFound)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(pages.clone(), layout::around))
        .with_state(pages)
}

/// The pages about whoever sits at the keyboard.
fn people() -> Router<Shared> {
    // Where a form of these pages is refused, its address stays in the browser.
    let (to_account, to_accounts) =
        (get(async || edit::see_other("/account")), get(async || edit::see_other("/accounts")));
    Router::new()
        .route("/account", get(account::show))
        .route("/account/language", to_account.clone().post(account::save_language))
        .route("/account/password", to_account.post(account::save_password))
        .route("/accounts", get(accounts::show).post(accounts::add))
        .route("/accounts/password", to_accounts.clone().post(accounts::save_password))
        .route("/accounts/remove", to_accounts.post(accounts::remove))
        .route("/demo/role", post(demo::choose))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
}

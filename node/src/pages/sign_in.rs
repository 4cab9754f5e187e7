//! Signing in and out.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    Pages, Shared, drafts,
    edit::see_other,
    error::PageError,
    form::Given,
    layout,
    visitor::{HOST_ONLY, Sent, Visitor, cookie_name, typed},
};
use crate::{
    accounts::{Session, SignInError},
    web::is_ours,
    words::Lang,
};

/// A form that was sent when its session had ended. The page of signing in carries it, so that nothing has to be kept
/// for somebody who may not come back.
pub(super) struct Carried {
    /// Its address.
    pub(super) form: String,
    pub(super) given: Given,
}

/// What the names of carried inputs begin with.
const CARRIED: &str = "typed:";

impl Carried {
    /// What the page of signing in brought with it.
    fn of(given: &Given) -> Option<Self> {
        let form = given.text("form").filter(|form| drafts::is_form(form))?.to_owned();
        let typed = given.pairs().filter_map(|(name, value)| Some((name.strip_prefix(CARRIED)?, value)));
        let typed = typed.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Carried { form, given: Given::of_pairs(typed)? })
    }

    fn inputs(&self) -> Markup {
        html! {
            input type="hidden" name="form" value=(self.form);
            @for (name, value) in self.given.pairs().filter(|(name, _)| *name != "csrf") {
                input type="hidden" name=(format!("{CARRIED}{name}")) value=(value);
            }
        }
    }
}

/// Asks somebody to sign in again whose form was sent too late.
pub(super) fn interrupted(pages: &Pages, lang: Lang, carried: &Carried) -> Response {
    match page(pages, lang, "", Some(("session-ended", 0)), Some(carried)) {
        Ok(page) => (StatusCode::UNAUTHORIZED, page).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Where somebody goes on who has signed in: today, or the form that was interrupted, filled in as it was.
async fn enter_at(pages: &Pages, session: &Session, carried: Option<&Carried>) -> Result<String, &'static str> {
    match carried.filter(|_| session.account().role.may_write()) {
        Some(Carried { form, given }) => drafts::carry(pages, &session.account().mark(), form, given).await,
        None => Ok("/".to_owned()),
    }
}

pub(super) async fn show(State(pages): State<Shared>, headers: HeaderMap) -> Result<Markup, PageError> {
    page(&pages, Visitor::lang_of(&pages, &headers), "", None, None)
}

/// Lets somebody in who knows the password.
pub(super) async fn enter(State(pages): State<Shared>, request: Request) -> Result<Response, PageError> {
    let lang = Visitor::lang_of(&pages, request.headers());
    // A page elsewhere must not sign its visitor in under a name of its own.
    if !is_ours(request.headers()) {
        return Err(PageError::Form);
    }
    let cookie = cookie_name(&pages, request.headers());
    let given = typed(request, &pages).await?;
    let name = given.text("name").unwrap_or_default().to_owned();
    let password = given.text("password").unwrap_or_default().to_owned();
    let carried = Carried::of(&given);
    let (here, now) = (pages.clone(), pages.now());
    let named = name.clone();
    // Hashing takes a tenth of a second by design.
    let entered = tokio::task::spawn_blocking(move || here.accounts.sign_in(&named, &password, now)).await;
    let refused = match entered.map_err(|_| PageError::Stopping)? {
        Ok(session) => match enter_at(&pages, &session, carried.as_ref()).await {
            Ok(address) => return Ok(with_cookie(see_other(&address), &cookie_of(&cookie, &session))),
            // It stays in the page until there is room for it.
            Err(id) => (id, 0),
        },
        Err(SignInError::Wrong) => ("sign-in-wrong", 0),
        Err(SignInError::Wait { seconds }) => ("sign-in-wait", seconds.max(1) as u64),
        Err(error) => {
            tracing::error!(%error, "somebody could not be signed in");
            return Err(PageError::Internal);
        }
    };
    Ok(page(&pages, lang, &name, Some(refused), carried.as_ref())?.into_response())
}

/// Forgets the session.
pub(super) async fn leave(State(pages): State<Shared>, headers: HeaderMap, _: Sent) -> Response {
    let name = cookie_name(&pages, &headers);
    with_cookie(see_other("/sign-in"), &format!("{name}=; Path=/; Max-Age=0; {}", guards(&name)))
}

/// A session as a browser is told to keep it, under this name.
pub(super) fn cookie_of(name: &str, session: &Session) -> String {
    format!("{name}={}; Path=/; {}", session.cookie(), guards(name))
}

/// From whom a browser is to keep a cookie.
fn guards(name: &str) -> &'static str {
    match name.starts_with(HOST_ONLY) {
        true => "HttpOnly; SameSite=Strict; Secure",
        false => "HttpOnly; SameSite=Strict",
    }
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn page(
    pages: &Pages,
    lang: Lang,
    name: &str,
    refused: Option<(&str, u64)>,
    carried: Option<&Carried>,
) -> Result<Markup, PageError> {
    let speech = pages.speech(lang);
    let nobody = pages.accounts.list()?.is_empty();
    let body = html! {
        h1 { (speech.say_of("sign-in-at", &[("office", &pages.settings.office)])) }
        @if nobody {
            p { (speech.say("sign-in-nobody")) }
            pre { "toguna user add NOM --role head-of-office" }
        } @else {
            @if let Some((id, wait)) = refused { div.refused role="alert" { p { (speech.count(id, wait)) } } }
            form.record method="post" action="/sign-in" {
                @if let Some(carried) = carried { (carried.inputs()) }
                div.field { label for="name" { (speech.say("account-name")) } input id="name" name="name" value=(name) required autocomplete="username" maxlength="80"; }
                div.field { label for="password" { (speech.say("password")) } input id="password" name="password" type="password" required autocomplete="current-password" maxlength="200"; }
                p.verbs { button.button { (speech.say("sign-in")) } }
            }
        }
    };
    Ok(layout::page(speech, None, "", &speech.say("sign-in"), &body))
}

//! Signing in and out.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    Pages, Shared,
    edit::see_other,
    error::PageError,
    layout,
    visitor::{Sent, Visitor, cookie_name, typed},
};
use crate::{
    accounts::{Session, SignInError},
    web::is_ours,
    words::Lang,
};

pub(super) async fn show(State(pages): State<Shared>, headers: HeaderMap) -> Result<Markup, PageError> {
    page(&pages, Visitor::lang_of(&pages, &headers), "", None)
}

/// Lets somebody in who knows the password.
pub(super) async fn enter(State(pages): State<Shared>, request: Request) -> Result<Response, PageError> {
    let lang = Visitor::lang_of(&pages, request.headers());
    // A page elsewhere must not sign its visitor in under a name of its own.
    if !is_ours(request.headers()) {
        return Err(PageError::Form);
    }
    let cookie = cookie_name(request.headers());
    let given = typed(request, &pages).await?;
    let name = given.text("name").unwrap_or_default().to_owned();
    let password = given.text("password").unwrap_or_default().to_owned();
    let (here, now) = (pages.clone(), pages.now());
    let named = name.clone();
    // Hashing takes a tenth of a second by design.
    let entered = tokio::task::spawn_blocking(move || here.accounts.sign_in(&named, &password, now)).await;
    let refused = match entered.map_err(|_| PageError::Stopping)? {
        Ok(session) => return Ok(with_cookie(see_other("/"), &cookie_of(&cookie, &session))),
        Err(SignInError::Wrong) => ("sign-in-wrong", 0),
        Err(SignInError::Wait { seconds }) => ("sign-in-wait", seconds.max(1) as u64),
        Err(error) => {
            tracing::error!(%error, "somebody could not be signed in");
            return Err(PageError::Internal);
        }
    };
    Ok(page(&pages, lang, &name, Some(refused))?.into_response())
}

/// Forgets the session.
pub(super) async fn leave(headers: HeaderMap, _: Sent) -> Response {
    let name = cookie_name(&headers);
    with_cookie(see_other("/sign-in"), &format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"))
}

/// A session as a browser is told to keep it, under this name.
pub(super) fn cookie_of(name: &str, session: &Session) -> String {
    format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", session.cookie())
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn page(pages: &Pages, lang: Lang, name: &str, refused: Option<(&str, u64)>) -> Result<Markup, PageError> {
    let speech = pages.speech(lang);
    let nobody = pages.accounts.list()?.is_empty();
    let body = html! {
        h1 { (speech.say_of("sign-in-at", &[("office", &pages.settings.office)])) }
        @if nobody {
            p { (speech.say("sign-in-nobody")) }
            pre { "toguna user add NOM --role head-of-office" }
        } @else {
            @if let Some((id, wait)) = refused { div.refused role="alert" { p { (speech.count(id, wait)) } } }
            form.record method="post" {
                div.field { label for="name" { (speech.say("account-name")) } input id="name" name="name" value=(name) required autocomplete="username" maxlength="80"; }
                div.field { label for="password" { (speech.say("password")) } input id="password" name="password" type="password" required autocomplete="current-password" maxlength="200"; }
                p.verbs { button.button { (speech.say("sign-in")) } }
            }
        }
    };
    Ok(layout::page(speech, None, "", &speech.say("sign-in"), &body))
}

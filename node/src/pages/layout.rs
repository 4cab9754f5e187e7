//! What every page has around it: head, navigation, who is signed in, and the stylesheet.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use super::{
    Pages, Shared, demo,
    error::PageError,
    sign_in::{cookie_of, with_cookie},
    speech::Speech,
    visitor::{Visitor, cookie_name},
};
use crate::accounts::SESSION_SECONDS;

/// The stylesheet, and the address that changes with it.
pub(crate) const STYLE: &str = concat!(include_str!("style.css"), include_str!("map/map.css"));

/// What the stylesheet's address ends in.
pub(crate) fn style_path() -> String {
    format!("/style-{}.css", &blake3::hash(STYLE.as_bytes()).to_hex()[..12])
}

/// The script, and the address that changes with it.
const SCRIPT: &str = include_str!("page.js");

/// What the script's address ends in.
pub(super) fn script_path() -> String {
    format!("/page-{}.js", &blake3::hash(SCRIPT.as_bytes()).to_hex()[..12])
}

/// The roof over the house of words: what a browser shows on the tab.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#14508c" d="M2 13 16 4l14 9v3H2zM5 18h3v10H5zm9 0h4v10h-4zm10 0h3v10h-3z"/></svg>"##;

/// Where [`ICON`] is served.
pub(super) const ICON_PATH: &str = "/icon.svg";

/// Where pages that are open follow the news.
pub(super) const LIVE_PATH: &str = "/live";

/// Nothing from elsewhere, no script in a page, nobody's frame. (Beside it the referrer is kept to our own pages, and not
/// from them too: browsers would send our own forms without their origin.)
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; connect-src 'self'; script-src 'self'";

/// The pages that the navigation names, with their messages.
const PLACES: [(&str, &str); 8] = [
    ("/", "nav-today"),
    ("/conflicts", "nav-conflicts"),
    ("/consultations", "nav-consultations"),
    ("/projects", "nav-projects"),
    ("/recommendations", "nav-recommendations"),
    ("/national", "nav-national"),
    ("/reports", "nav-reports"),
    ("/sync", "nav-sync"),
];

/// A whole page. `at`: the address of the part of the navigation it belongs to.
pub(super) fn page(speech: Speech<'_>, visitor: Option<&Visitor>, at: &str, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(speech.lang.key()) {
            (head(title, visitor.is_some()))
            body {
                a.skip href="#main" { (speech.say("skip")) }
                (demo::line(speech, visitor))
                header {
                    p.office {
                        a href="/" { "Toguna" }
                        @if let Some(visitor) = visitor { " · " (visitor.office()) }
                    }
                    @if let Some(visitor) = visitor {
                        nav aria-label=(speech.say("nav")) {
                            @for (href, id) in PLACES {
                                a href=(href) aria-current=[(href == at).then_some("page")] { (speech.say(id)) }
                            }
                        }
                        (signed_in(speech, visitor))
                    }
                }
                main id="main" { (body) }
            }
        }
    }
}

/// A page for paper, without what stands around the others. `class`: what its rules go by.
pub(super) fn bare(speech: Speech<'_>, class: &str, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(speech.lang.key()) {
            (head(title, false))
            body class=(class) { (body) }
        }
    }
}

/// What a browser is told before it shows anything.
fn head(title: &str, with_script: bool) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="referrer" content="same-origin";
            title { (title) " – Toguna" }
            link rel="stylesheet" href=(style_path());
            @if with_script { script defer src=(script_path()) {} }
            link rel="icon" href=(ICON_PATH) type="image/svg+xml";
        }
    }
}

fn signed_in(speech: Speech<'_>, visitor: &Visitor) -> Markup {
    let role = speech.say(&visitor.role());
    // Accounts of the demonstration are called by their role already.
    let called_so = visitor.name().ends_with(&role);
    html! {
        form.who method="post" action="/sign-out" {
            input type="hidden" name="csrf" value=(visitor.csrf());
            a href="/account" { (visitor.name()) @if !called_so { " (" (role) ")" } }
            " "
            button.plain { (speech.say("sign-out")) }
        }
    }
}

/// What a browser is told to keep, where it is to keep something else than it did: the session of somebody who was let in
/// just now, or one of which less than half of its time is left.
fn kept_anew(pages: &Pages, request: &mut Request) -> Option<String> {
    // What a page that was left open asks by itself keeps nobody signed in.
    if request.uri().path() == LIVE_PATH {
        return None;
    }
    let session = demo::let_in(pages, request).or_else(|| {
        let (session, now) = (Visitor::session_of(pages, request.headers())?, pages.now());
        let left = session.expires().0.saturating_sub(now.0);
        (left < SESSION_SECONDS / 2).then(|| session.renewed(now))
    })?;
    Some(cookie_of(&cookie_name(pages, request.headers()), &session))
}

/// Puts the headers around every page that keep it safe, makes pages of errors, and keeps a session going that is used.
pub(super) async fn around(State(pages): State<Shared>, mut request: Request, next: Next) -> Response {
    let kept = kept_anew(&pages, &mut request);
    let lang = Visitor::lang_of(&pages, request.headers());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions().get::<PageError>().copied()
        && error != PageError::SignIn
    {
        let speech = pages.speech(lang);
        let (status, id) = error.told();
        let body = html! {
            h1 { (speech.say(&format!("error-{id}"))) }
            p { (speech.say(&format!("error-{id}.do"))) }
            p { a href="/" { (speech.say("back-to-today")) } }
        };
        let title = speech.say(&format!("error-{id}"));
        response = (status, page(speech, None, "", &title, &body)).into_response();
    }
    // Whoever signed in, out or anew just now has been told already what to keep.
    if let Some(cookie) = kept.filter(|_| !response.headers().contains_key(header::SET_COOKIE)) {
        response = with_cookie(response, &cookie);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The stylesheet: kept by the browser for ever, since its address names what is in it.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

/// The script, kept in the same way.
pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}

/// The icon.
pub(super) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)
}

//! A person's own account: the password, and the language of the pages.

use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Pages, Shared,
    edit::see_other,
    error::PageError,
    form::Given,
    layout,
    sign_in::{cookie_of, with_cookie},
    speech::Speech,
    visitor::{Sent, Visitor, cookie_name},
};
use crate::{
    accounts::{AccountsError, MAX_PASSWORD, MIN_PASSWORD, Password, SignInError},
    words::Lang,
};

/// What the address says beside the page.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// What has just been saved: `password` or `language`.
    saved: Option<String>,
}

/// What the page says on top.
#[derive(Clone, Copy)]
enum Told {
    Nothing,
    Saved(&'static str),
    /// A message, and a number for it.
    Refused(&'static str, u64),
}

pub(super) async fn show(State(pages): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Markup {
    let told = match asked.saved.as_deref() {
        Some("password") => Told::Saved("password-changed"),
        Some("language") => Told::Saved("language-changed"),
        _ => Told::Nothing,
    };
    page(&pages, &visitor, told)
}

/// Sets a new password for whoever types the present one.
pub(super) async fn save_password(
    State(pages): State<Shared>,
    headers: HeaderMap,
    Sent { visitor, given }: Sent,
) -> Result<Response, PageError> {
    let refuse = |id, count| Ok(page(&pages, &visitor, Told::Refused(id, count)).into_response());
    let new = match new_password(&given) {
        Ok(new) => new,
        Err(id) => return refuse(id, 0),
    };
    let (here, now, name) = (pages.clone(), pages.now(), visitor.name().to_owned());
    let current = given.text("current").unwrap_or_default().to_owned();
    // Hashing takes a tenth of a second by design.
    let changed = tokio::task::spawn_blocking(move || here.accounts.change_password(&name, &current, &new, now)).await;
    match changed.map_err(|_| PageError::Stopping)? {
        Ok(session) => {
            Ok(with_cookie(see_other("/account?saved=password"), &cookie_of(&cookie_name(&pages, &headers), &session)))
        }
        Err(SignInError::Wrong) => refuse("password-current-wrong", 0),
        Err(SignInError::Wait { seconds }) => refuse("sign-in-wait", seconds.max(1) as u64),
        Err(SignInError::Accounts(error)) => Err(error.into()),
    }
}

/// Sets the language of the account's pages.
pub(super) async fn save_language(
    State(pages): State<Shared>,
    Sent { visitor, given }: Sent,
) -> Result<Response, PageError> {
    let language = match given.text("language") {
        Some("") => None,
        Some(key) => Some(key.parse::<Lang>().map_err(|_| PageError::Form)?),
        None => return Err(PageError::Form),
    };
    let name = visitor.name().to_owned();
    changing(&pages, move |pages| pages.accounts.set_language(&name, language)).await??;
    Ok(see_other("/account?saved=language"))
}

/// Changes accounts where a thread may block: it waits for the disk, and for whoever else changes them.
pub(super) async fn changing<T: Send + 'static>(
    pages: &Shared,
    change: impl FnOnce(&Pages) -> Result<T, AccountsError> + Send + 'static,
) -> Result<Result<T, AccountsError>, PageError> {
    let here = pages.clone();
    tokio::task::spawn_blocking(move || change(&here)).await.map_err(|_| PageError::Stopping)
}

/// The new password that was typed twice; else the message that says what is wrong with it.
pub(super) fn new_password(given: &Given) -> Result<Password, &'static str> {
    let typed = given.text("new").unwrap_or_default();
    if given.text("again") != Some(typed) {
        return Err("password-differs");
    }
    Password::new(typed).map_err(|_| "password-length")
}

/// The two inputs of a new password. `before`: what their ids begin with, where a page has several.
pub(super) fn new_password_inputs(speech: Speech<'_>, before: &str) -> Markup {
    let inputs = [("new", "password-new"), ("again", "password-again")];
    html! {
        @for (name, id) in inputs {
            div.field {
                label for={ (before) (name) } { (speech.say(id)) }
                input.short id={ (before) (name) } name=(name) type="password" required autocomplete="new-password"
                    minlength=(MIN_PASSWORD) maxlength=(MAX_PASSWORD);
            }
        }
    }
}

fn page(pages: &Pages, visitor: &Visitor, told: Told) -> Markup {
    let speech = visitor.speech(pages);
    let title = speech.say("account-title");
    let body = html! {
        h1 { (title) }
        @match told {
            Told::Nothing => {}
            Told::Saved(id) => { p.saved role="status" { (speech.say(id)) } }
            Told::Refused(id, count) => { div.refused role="alert" { p { (speech.count(id, count)) } } }
        }
        p { (visitor.name()) " · " (speech.say(&visitor.role())) }
        @if visitor.may_manage_accounts() { p { a href="/accounts" { (speech.say("accounts-title")) } } }
        section {
            h2 { (speech.say("language-title")) }
            (language_form(speech, visitor))
        }
        section {
            h2 { (speech.say("password-title")) }
            @if visitor.account().has_password() { (password_form(speech, visitor)) }
            @else { p { (speech.say("password-none")) } }
        }
        @if let Some(certificate) = &pages.settings.certificate {
            section {
                h2 { (speech.say("certificate-title")) }
                p { (speech.say("certificate-explained")) }
                p.code.fingerprint { @for group in certificate.groups() { span { (group) } " " } }
            }
        }
    };
    layout::page(speech, Some(visitor), "/account", &title, &body)
}

fn language_form(speech: Speech<'_>, visitor: &Visitor) -> Markup {
    let chosen = visitor.account().language;
    html! {
        form.record method="post" action="/account/language" {
            input type="hidden" name="csrf" value=(visitor.csrf());
            fieldset {
                legend { (speech.say("language-which")) }
                @for language in Lang::ALL {
                    label.value {
                        input type="radio" name="language" value=(language.key()) checked[chosen == Some(language)];
                        " " span lang=(language.key()) { (speech.say(&format!("language-{language}"))) }
                    }
                }
                label.value {
                    input type="radio" name="language" value="" checked[chosen.is_none()];
                    " " (speech.say("language-browser"))
                }
            }
            p.verbs { button.button { (speech.say("save")) } }
        }
    }
}

fn password_form(speech: Speech<'_>, visitor: &Visitor) -> Markup {
    html! {
        form.record method="post" action="/account/password" {
            input type="hidden" name="csrf" value=(visitor.csrf());
            // Lets programs that keep passwords know whose it is.
            input type="hidden" name="name" value=(visitor.name()) autocomplete="username";
            div.field {
                label for="current" { (speech.say("password-current")) }
                input.short id="current" name="current" type="password" required autocomplete="current-password"
                    maxlength=(MAX_PASSWORD);
            }
            (new_password_inputs(speech, ""))
            p.hint { (speech.say("password-rule")) }
            p.verbs { button.button { (speech.say("password-change")) } }
        }
    }
}

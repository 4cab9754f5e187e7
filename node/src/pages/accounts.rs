//! The accounts of this node, for those who manage them: list, add, set another password, remove.
//!
//! Names stand in forms and never in addresses. Nobody changes his or her own account here, where the present password is
//! not asked for.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Pages, Shared,
    account::{changing, new_password, new_password_inputs},
    demo::role_name,
    edit::see_other,
    error::PageError,
    form::Given,
    layout,
    speech::Speech,
    visitor::{Sent, Visitor},
};
use crate::accounts::{Account, AccountName, AccountsError, MAX_NAME, NewAccount, Role};

/// What the address says beside the page.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// What has just been done: `added`, `password` or `removed`.
    done: Option<String>,
}

/// All that the page shows.
#[derive(Default)]
struct Sheet {
    accounts: Vec<Account>,
    /// The message that says what has just been done.
    done: Option<&'static str>,
    /// The message that says why nothing was done.
    refused: Option<&'static str>,
    /// What was typed for a new account.
    given: Given,
}

fn may_manage(visitor: &Visitor) -> Result<(), PageError> {
    if visitor.may_manage_accounts() { Ok(()) } else { Err(PageError::NotManager) }
}

pub(super) async fn show(
    State(pages): State<Shared>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    may_manage(&visitor)?;
    let done = match asked.done.as_deref() {
        Some("added") => Some("accounts-added"),
        Some("password") => Some("accounts-password-set"),
        Some("removed") => Some("accounts-removed"),
        _ => None,
    };
    Sheet { done, ..Sheet::default() }.page(&pages, &visitor)
}

/// Makes an account.
pub(super) async fn add(State(pages): State<Shared>, Sent { visitor, given }: Sent) -> Result<Response, PageError> {
    may_manage(&visitor)?;
    let new = match new_account(&given) {
        Ok(new) => new,
        Err(id) => return Sheet { refused: Some(id), given, ..Sheet::default() }.answer(&pages, &visitor),
    };
    // Whoever is here has an account, so that no recovery code comes with this one.
    match changing(&pages, |pages| pages.accounts.add(new, pages.now())).await? {
        Ok(_) => Ok(see_other("/accounts?done=added")),
        Err(error) => {
            let refused = Some(refusal(error)?);
            Sheet { refused, given, ..Sheet::default() }.answer(&pages, &visitor)
        }
    }
}

/// Sets another person's password.
pub(super) async fn save_password(
    State(pages): State<Shared>,
    Sent { visitor, given }: Sent,
) -> Result<Response, PageError> {
    may_manage(&visitor)?;
    let new = other_than(&visitor, &given).and_then(|name| Ok((name, new_password(&given)?)));
    let (name, password) = match new {
        Ok(new) => new,
        Err(id) => return Sheet { refused: Some(id), ..Sheet::default() }.answer(&pages, &visitor),
    };
    let changed = changing(&pages, move |pages| pages.accounts.set_password(&name, &password)).await?;
    changed_or_told(&pages, &visitor, changed, "/accounts?done=password")
}

/// Removes another person's account.
pub(super) async fn remove(State(pages): State<Shared>, Sent { visitor, given }: Sent) -> Result<Response, PageError> {
    may_manage(&visitor)?;
    let name = match other_than(&visitor, &given) {
        Ok(name) => name,
        Err(id) => return Sheet { refused: Some(id), ..Sheet::default() }.answer(&pages, &visitor),
    };
    let changed = changing(&pages, move |pages| pages.accounts.remove(&name)).await?;
    if let Ok(account) = &changed
        && let Err(error) = pages.app.drop_drafts(&account.mark()).await
    {
        tracing::warn!(%error, "the drafts of an account that was removed are still there");
    }
    changed_or_told(&pages, &visitor, changed, "/accounts?done=removed")
}

fn changed_or_told(
    pages: &Pages,
    visitor: &Visitor,
    changed: Result<Account, AccountsError>,
    then: &str,
) -> Result<Response, PageError> {
    match changed {
        Ok(_) => Ok(see_other(then)),
        Err(error) => Sheet { refused: Some(refusal(error)?), ..Sheet::default() }.answer(pages, visitor),
    }
}

/// The message for what a person can put right.
fn refusal(error: AccountsError) -> Result<&'static str, PageError> {
    match error {
        AccountsError::Taken => Ok("accounts-taken"),
        AccountsError::Unknown => Ok("accounts-unknown"),
        AccountsError::LastManager => Ok("accounts-last-manager"),
        AccountsError::Busy => Ok("accounts-busy"),
        error => Err(error.into()),
    }
}

/// The account that a form names, unless it is the visitor's own.
fn other_than(visitor: &Visitor, given: &Given) -> Result<String, &'static str> {
    let name = given.text("name").and_then(|name| AccountName::new(name).ok()).ok_or("accounts-unknown")?;
    if name.is_same(&visitor.account().name) { Err("accounts-own") } else { Ok(name.as_str().to_owned()) }
}

fn new_account(given: &Given) -> Result<NewAccount, &'static str> {
    let name = AccountName::new(given.text("name").unwrap_or_default()).map_err(|_| "accounts-name-refused")?;
    let role = given.text("role").and_then(Role::from_key).ok_or("accounts-role-missing")?;
    Ok(NewAccount { name, role, language: None, password: new_password(given)? })
}

impl Sheet {
    fn answer(self, pages: &Pages, visitor: &Visitor) -> Result<Response, PageError> {
        Ok(self.page(pages, visitor)?.into_response())
    }

    fn page(self, pages: &Pages, visitor: &Visitor) -> Result<Markup, PageError> {
        let sheet = Sheet { accounts: pages.accounts.list()?, ..self };
        let speech = visitor.speech(pages);
        let title = speech.say("accounts-title");
        let body = html! {
            h1 { (title) }
            @if let Some(id) = sheet.done { p.saved role="status" { (speech.say(id)) } }
            @if let Some(id) = sheet.refused { div.refused role="alert" { p { (speech.say(id)) } } }
            p { (speech.say("accounts-explained")) }
            (sheet.list(speech, visitor))
            section {
                h2 { (speech.say("accounts-add")) }
                (sheet.add_form(speech, visitor))
            }
        };
        Ok(layout::page(speech, Some(visitor), "/accounts", &title, &body))
    }

    fn list(&self, speech: Speech<'_>, visitor: &Visitor) -> Markup {
        html! {
            table.records {
                thead {
                    tr {
                        th scope="col" { (speech.say("account-name")) }
                        th scope="col" { (speech.say("accounts-role")) }
                        th scope="col" { (speech.say("accounts-made")) }
                        th scope="col" { span.unseen { (speech.say("edit")) } }
                    }
                }
                tbody {
                    @for (at, account) in self.accounts.iter().enumerate() {
                        tr {
                            th scope="row" { (account.name) }
                            td { (role_name(speech, account.role)) }
                            td { (speech.moment(account.created)) }
                            td {
                                @if account.name == visitor.account().name {
                                    a href="/account" { (speech.say("account-title")) }
                                } @else {
                                    (verbs(speech, visitor, account, &format!("of-{at}-")))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn add_form(&self, speech: Speech<'_>, visitor: &Visitor) -> Markup {
        let given = |name: &str| self.given.text(name).unwrap_or_default();
        html! {
            form.record method="post" action="/accounts" {
                input type="hidden" name="csrf" value=(visitor.csrf());
                div.field {
                    label for="name" { (speech.say("account-name")) }
                    input.short id="name" name="name" value=(given("name")) required maxlength=(MAX_NAME) autocomplete="off";
                }
                div.field {
                    label for="role" { (speech.say("accounts-role")) }
                    select.short id="role" name="role" required {
                        option value="" { (speech.say("choose")) }
                        @for role in Role::ALL {
                            option value=(role.key()) selected[given("role") == role.key()] { (role_name(speech, role)) }
                        }
                    }
                }
                (new_password_inputs(speech, ""))
                p.hint { (speech.say("password-rule")) " " (speech.say("accounts-password-told")) }
                p.verbs { button.button { (speech.say("accounts-add")) } }
            }
        }
    }
}

/// What can be done with somebody's account. Both verbs are behind a step of their own, so that none is done by a slip.
fn verbs(speech: Speech<'_>, visitor: &Visitor, account: &Account, before: &str) -> Markup {
    let hidden = html! {
        input type="hidden" name="csrf" value=(visitor.csrf());
        input type="hidden" name="name" value=(account.name);
    };
    html! {
        details {
            summary { (speech.say("password-new")) }
            form method="post" action="/accounts/password" {
                (hidden)
                (new_password_inputs(speech, before))
                p.verbs { button { (speech.say("password-change")) } }
            }
        }
        details {
            summary { (speech.say("accounts-remove")) }
            form method="post" action="/accounts/remove" {
                (hidden)
                p { (speech.say_of("accounts-remove-sure", &[("name", account.name.as_str())])) }
                p.verbs { button { (speech.say("accounts-remove")) } }
            }
        }
    }
}

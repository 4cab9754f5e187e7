//! Who asks for a page: the account that signed in, what it may do, and what it posted.

use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    Pages, Shared, drafts,
    edit::see_other,
    error::PageError,
    form::Given,
    sign_in::{self, Carried},
    speech::Speech,
};
use crate::{
    accounts::{Account, Role, Session},
    web::is_ours,
    words::Lang,
};

/// The cookie that holds a session, where the node is addressed without a port.
pub(super) const COOKIE: &str = "toguna";

/// What a cookie's name begins with that a browser sends back to the host that set it alone, and only under TLS.
pub(super) const HOST_ONLY: &str = "__Host-";

/// Somebody who has signed in.
pub(super) struct Visitor {
    session: Session,
    pub(super) lang: Lang,
    office: String,
}

impl Visitor {
    /// The session that a request shows, if it still holds.
    pub(super) fn session_of(pages: &Pages, headers: &HeaderMap) -> Option<Session> {
        // A browser may have kept one that no longer holds beside one that does.
        cookies(pages, headers).find_map(|value| pages.accounts.of_cookie(value, pages.now()))
    }

    /// The language of whoever asks: the account's choice, else the browser's.
    pub(super) fn lang_of(pages: &Pages, headers: &HeaderMap) -> Lang {
        let chosen = Self::session_of(pages, headers).and_then(|session| session.account().language);
        chosen.unwrap_or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            accepted.map_or(Lang::Fr, Lang::accepted)
        })
    }

    /// What a form must send back to be taken for ours.
    pub(super) fn csrf(&self) -> String {
        self.session.csrf()
    }

    /// What the account's own things are kept under.
    pub(super) fn mark(&self) -> String {
        self.session.account().mark()
    }

    /// Whether what a form sent back is that.
    pub(super) fn sent(&self, csrf: &str) -> bool {
        self.session.csrf_holds(csrf)
    }

    pub(super) fn account(&self) -> &Account {
        self.session.account()
    }

    pub(super) fn name(&self) -> &str {
        self.session.account().name.as_str()
    }

    /// The message that names its role.
    pub(super) fn role(&self) -> String {
        format!("role-{}", self.session.account().role.key())
    }

    pub(super) fn may_manage_accounts(&self) -> bool {
        self.session.account().role.may_manage_accounts()
    }

    /// The account's role.
    pub(super) fn as_role(&self) -> Role {
        self.session.account().role
    }

    pub(super) fn may_write(&self) -> bool {
        self.session.account().role.may_write()
    }

    pub(super) fn office(&self) -> &str {
        &self.office
    }

    pub(super) fn speech<'p>(&self, pages: &'p Pages) -> Speech<'p> {
        pages.speech(self.lang)
    }
}

/// What the session's cookie is called here. A browser keeps the cookies of one machine together whatever the port (RFC
/// 6265, section 8.5), and of several nodes on it none must take another's. Under TLS it has the prefix that no plain
/// page and no other host can set (RFC 6265bis, section 4.1.3.2).
pub(super) fn cookie_name(pages: &Pages, headers: &HeaderMap) -> String {
    let prefix = if pages.settings.certificate.is_some() { HOST_ONLY } else { "" };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let port = host.and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
    let port = port.filter(|port| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()));
    port.map_or_else(|| format!("{prefix}{COOKIE}"), |port| format!("{prefix}{COOKIE}-{port}"))
}

/// The values of the session's cookie among all that were sent (RFC 6265, section 4.2.1).
fn cookies<'h>(pages: &Pages, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> + use<'h> {
    let name = cookie_name(pages, headers);
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = sent.flat_map(|value| value.split(';'));
    pairs.filter_map(move |pair| pair.trim().strip_prefix(&*name)?.strip_prefix('='))
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, pages: &Shared) -> Result<Self, PageError> {
        let session = Self::session_of(pages, &parts.headers).ok_or(PageError::SignIn)?;
        let lang = Self::lang_of(pages, &parts.headers);
        Ok(Visitor { session, lang, office: pages.settings.office.clone() })
    }
}

/// A form that somebody who has signed in has sent from a page of ours.
pub(super) struct Sent {
    pub(super) visitor: Visitor,
    pub(super) given: Given,
}

/// A form that somebody who may write has sent from a page of ours.
pub(super) struct Posted {
    pub(super) visitor: Visitor,
    pub(super) given: Given,
}

impl FromRequest<Shared> for Sent {
    type Rejection = PageError;

    async fn from_request(request: Request, pages: &Shared) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, pages).await?;
        let given = typed(Request::from_parts(parts, body), pages).await?;
        if !visitor.sent(given.text("csrf").unwrap_or_default()) {
            return Err(PageError::Form);
        }
        Ok(Sent { visitor, given })
    }
}

impl FromRequest<Shared> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, pages: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let form = parts.uri.path().to_owned();
        let lang = Visitor::lang_of(pages, &parts.headers);
        // What a page elsewhere has sent is nobody's text.
        let is_kept = drafts::is_form(&form) && parts.headers.contains_key(header::ORIGIN) && is_ours(&parts.headers);
        let visitor = Visitor::from_request_parts(&mut parts, pages).await;
        let request = Request::from_parts(parts, body);
        let visitor = match visitor {
            Ok(visitor) => visitor,
            Err(PageError::SignIn) if is_kept => {
                let given = typed(request, pages).await.map_err(IntoResponse::into_response)?;
                return Err(sign_in::interrupted(pages, lang, &Carried { form, given }));
            }
            Err(error) => return Err(error.into_response()),
        };
        let given = typed(request, pages).await.map_err(IntoResponse::into_response)?;
        if !visitor.may_write() {
            return Err(PageError::ReadOnly.into_response());
        }
        if visitor.sent(given.text("csrf").unwrap_or_default()) {
            return Ok(Posted { visitor, given });
        }
        if !is_kept {
            return Err(PageError::Form.into_response());
        }
        // It was opened in an earlier session: shown again in this one, it can be sent.
        let carried = drafts::carry(pages, &visitor.mark(), &form, &given).await;
        Err(carried.map_or_else(|_| PageError::Form.into_response(), |filled| see_other(&filled)))
    }
}

/// What a form holds, whoever sent it.
pub(super) async fn typed(request: Request, pages: &Shared) -> Result<Given, PageError> {
    let form = Form::<Vec<(String, String)>>::from_request(request, pages).await;
    let Form(pairs) = form.map_err(|rejection| match rejection {
        FormRejection::BytesRejection(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            PageError::TooLarge
        }
        _ => PageError::Form,
    })?;
    Given::of_pairs(pairs).ok_or(PageError::TooLarge)
}

#[cfg(test)]
mod tests;

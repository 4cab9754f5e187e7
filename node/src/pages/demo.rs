//! The demonstration: its visitor is signed in by itself, reads on every page that it is one, and may try every role.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use maud::{Markup, html};

use super::{
    Pages, Shared, drafts,
    edit::see_other,
    error::PageError,
    layout::{ICON_PATH, script_path, style_path},
    sign_in::{cookie_of, with_cookie},
    speech::Speech,
    visitor::{Sent, Visitor, cookie_name},
};
use crate::accounts::{Role, Session};

/// The demonstration that a node is a part of.
#[derive(Debug, Clone)]
pub struct Demonstration {
    /// The account that a visitor gets who has none: one that no password opens.
    pub visitor: String,
    /// The address of the page where links are cut and restored by hand.
    pub links: Option<String>,
}

/// Signs in a visitor of the demonstration who comes without a session, before the page looks for one.
pub(super) fn let_in(pages: &Pages, request: &mut Request) -> Option<Session> {
    let demo = pages.demo.as_ref()?;
    let path = request.uri().path();
    // What a page brings along does not wait for its session. A form does: its text comes back in the new one.
    let has_a_visitor = path != "/sign-in" && ![ICON_PATH, &script_path(), &style_path()].contains(&path);
    if !has_a_visitor || Visitor::session_of(pages, request.headers()).is_some() {
        return None;
    }
    // Where the account has been removed or got a password meanwhile, the visitor signs in as anywhere else.
    let session = pages.accounts.admit(&demo.visitor, pages.now()).ok()?;
    let shown = format!("{}={}", cookie_name(pages, request.headers()), session.cookie());
    request.headers_mut().append(header::COOKIE, HeaderValue::from_str(&shown).ok()?);
    Some(session)
}

/// Goes on in another role.
pub(super) async fn choose(State(pages): State<Shared>, headers: HeaderMap, sent: Sent) -> Result<Response, PageError> {
    if pages.demo.is_none() {
        return Err(PageError::NotFound);
    }
    let role = sent.given.text("role").and_then(Role::from_key);
    let accounts = pages.accounts.list()?;
    let account = accounts.iter().find(|account| Some(account.role) == role && !account.has_password());
    let session = pages.accounts.admit(account.ok_or(PageError::NotFound)?.name.as_str(), pages.now())?;
    let at = came_from(&headers).unwrap_or_else(|| "/".to_owned());
    Ok(with_cookie(
        see_other(seen_by(session.account().role, &at)),
        &cookie_of(&cookie_name(&pages, &headers), &session),
    ))
}

/// The page of this node from which a form was sent; its own pages tell it to each other and to nobody else.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (_, address) = text(header::REFERER)?.split_once("://")?;
    let path = address.strip_prefix(text(header::HOST)?)?;
    // Two slashes would name another host.
    (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
}

/// The page itself for whoever may see it; of a form or an import the record or list that it belongs to, for whoever may
/// not write.
fn seen_by(role: Role, at: &str) -> &str {
    let path = at.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let kept = match parts[..] {
        _ if role.may_write() => return at,
        [_, "import", ..] | [_, "new"] => 1,
        [_, _, "evaluate" | "tie"] => 2,
        _ if drafts::is_form(path) => 2,
        _ => return at,
    };
    path.match_indices('/').nth(kept).map_or(at, |(end, _)| &path[..end])
}

/// The line above every page of the demonstration.
pub(super) fn line(speech: Speech<'_>, visitor: Option<&Visitor>) -> Markup {
    let Some(demo) = speech.demo else { return html! {} };
    html! {
        div.demo {
            span { (speech.say("demo-line")) }
            @if let Some(visitor) = visitor {
                form method="post" action="/demo/role" {
                    input type="hidden" name="csrf" value=(visitor.csrf());
                    label for="demo-role" { (speech.say("demo-try-as")) } " "
                    select id="demo-role" name="role" {
                        @for role in Role::ALL {
                            option value=(role.key()) selected[role == visitor.account().role] { (role_name(speech, role)) }
                        }
                    }
                    " " button { (speech.say("demo-change")) }
                }
            }
            @if let Some(links) = &demo.links { a href=(links) { (speech.say("demo-links")) } }
        }
    }
}

/// What a role is called.
pub(super) fn role_name(speech: Speech<'_>, role: Role) -> String {
    speech.say(&format!("role-{}", role.key()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_role_stays_on_the_page_from_which_it_was_chosen() {
        let sent = |referer: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:7373"));
            if let Some(referer) = referer {
                headers.insert(header::REFERER, HeaderValue::from_str(referer).expect("plain text"));
            }
            came_from(&headers)
        };
        let here = sent(Some("http://127.0.0.1:7373/conflicts?region=ML-8"));
        assert_eq!(here.as_deref(), Some("/conflicts?region=ML-8"));
        for elsewhere in [
            None,
            Some("http://127.0.0.1:7374/conflicts"),
            Some("http://127.0.0.1:7373//elsewhere.example/"),
            Some("http://127.0.0.1:73731/"),
            Some("x"),
        ] {
            assert_eq!(sent(elsewhere), None, "{elsewhere:?}");
        }
        let id = toguna_protocol::ids::RecordId([7; 16]);
        let (record, project) = (format!("/conflicts/{id}"), format!("/projects/{id}"));
        for (path, reader) in [
            ("/".to_owned(), "/"),
            ("/national".to_owned(), "/national"),
            (record.clone(), record.as_str()),
            ("/conflicts/new".to_owned(), "/conflicts"),
            (format!("{record}/edit"), record.as_str()),
            (format!("{record}/edit/incidents/new?draft=3"), record.as_str()),
            (format!("{record}/tie?other=x"), record.as_str()),
            (format!("/projects/{id}/evaluate"), project.as_str()),
            ("/conflicts/import".to_owned(), "/conflicts"),
            ("/conflicts/import/12".to_owned(), "/conflicts"),
        ] {
            assert_eq!(seen_by(Role::Reader, &path), reader, "{path}");
            assert_eq!(seen_by(Role::RegionalOfficer, &path), path);
        }
    }
}

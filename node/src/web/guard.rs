//! What every request has to pass first: the right host name, and the token.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::Response,
};

use super::{Shared, problem::ApiError};

/// Names of this machine to itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Lets a request pass that names this node. A web page elsewhere that had its own name resolved to this machine
/// still names itself.
pub(super) async fn host(State(web): State<Shared>, request: Request, next: Next) -> Result<Response, ApiError> {
    let named = named_host(request.uri(), request.headers()).ok_or(ApiError::Host)?;
    let mut ours = LOOPBACK.into_iter().chain(web.settings.hosts.iter().map(String::as_str));
    if ours.any(|ours| ours.eq_ignore_ascii_case(named)) || web.settings.by_number && is_number(named) {
        Ok(next.run(request).await)
    } else {
        Err(ApiError::Host)
    }
}

/// Whether a host is an address in numbers, IPv6 between brackets.
fn is_number(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok(),
    }
}

/// The host that a request names, without its port. A request in-process may name it in its address alone.
fn named_host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok()?,
        (None, _) => uri.authority()?.as_str(),
        (Some(_), Some(_)) => return None,
    };
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => Some(name),
        _ => Some(host),
    }
}

/// Whether a form was sent from a page of this server (Fetch, section 3.1, the Origin header). Whatever is no browser
/// does not say where it comes from.
pub(crate) fn is_ours(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else { return true };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    origin.split_once("://").map(|(_, named)| named) == host
}

/// Asks whoever gets an answer neither to keep it on a disk nor to take it for anything but what it says it is.
pub(super) async fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Lets a request pass that shows the token.
pub(super) async fn token(State(web): State<Shared>, request: Request, next: Next) -> Result<Response, ApiError> {
    let mut shown = request.headers().get_all(header::AUTHORIZATION).iter();
    let admitted = match (shown.next(), shown.next()) {
        (Some(shown), None) => bearer(shown.as_bytes()).is_some_and(|shown| web.settings.token.admits(shown)),
        _ => false,
    };
    if admitted { Ok(next.run(request).await) } else { Err(ApiError::Token) }
}

/// What follows the scheme, which is written in any case (RFC 9110, section 11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

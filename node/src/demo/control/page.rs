//! The page of buttons that cut and restore links and power, in the manner of the offices' own pages.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header},
    response::IntoResponse,
};
use maud::{DOCTYPE, Markup, html};

use super::Board;
use crate::{
    demo::{
        office::{DemoOffice, OFFICES},
        relay::{Link, LinkName},
    },
    pages::{STYLE, style_path},
    words::{Lang, Words},
};

/// Nothing from elsewhere, and no script.
const POLICY: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// Whether somebody looks at the answer, and no script reads it.
pub(super) fn is_asked_for(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

pub(super) async fn show(State(board): State<Board>, headers: HeaderMap) -> impl IntoResponse {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    (POLICY, page(&board, accepted.map_or(Lang::Fr, Lang::accepted)))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

fn page(board: &Board, lang: Lang) -> Markup {
    let say = |id: &str| Words::embedded().say(lang, id);
    html! {
        (DOCTYPE)
        html lang=(lang.key()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="same-origin";
                title { (say("demo-title")) " – Toguna" }
                link rel="stylesheet" href=(style_path());
            }
            body {
                main {
                    h1 { (say("demo-title")) }
                    p { (say("demo-links-explained")) }
                    table.records {
                        tbody { @for link in board.links.iter() { (row(link, &say)) } }
                    }
                    h2 { (say("offices")) }
                    p { (say("demo-offices-explained")) }
                    table.records {
                        tbody { @for office in board.offices.iter() { (office_row(office, &say)) } }
                    }
                }
            }
        }
    }
}

fn row(link: &Link, say: &impl Fn(&str) -> String) -> Markup {
    let (stands, verb) = if link.is_up() { ("link-up", "demo-cut") } else { ("link-cut", "demo-restore") };
    html! {
        tr {
            th scope="row" { (ends(link.name())) }
            td role="status" { (say(stands)) }
            td {
                form method="post" action={ "/demo/links/" (link.name()) } {
                    input type="hidden" name="up" value=(!link.is_up());
                    button aria-label={ (say(verb)) " " (ends(link.name())) } { (say(verb)) }
                }
            }
        }
    }
}

/// Seconds that a clock is set back by, to see what that does.
const A_YEAR: i64 = 365 * 24 * 3_600;

fn office_row(office: &DemoOffice, say: &impl Fn(&str) -> String) -> Markup {
    let (is_up, name) = (office.is_up(), office.place.name);
    let stands = match (is_up, office.clock_ahead()) {
        (false, _) => "demo-node-down",
        (true, 0) => "demo-node-up",
        (true, _) => "demo-node-up-wrong-clock",
    };
    html! {
        tr {
            th scope="row" { a href=(office.url()) { (name) } }
            td role="status" { (say(stands)) }
            td {
                form method="post" action={ "/demo/offices/" (office.place.key) } {
                    input type="hidden" name="up" value=(!is_up);
                    @if is_up {
                        button aria-label={ (say("demo-power-cut")) " " (name) } { (say("demo-power-cut")) }
                    } @else {
                        button aria-label={ (say("demo-power-on")) " " (name) } { (say("demo-power-on")) }
                        " "
                        button aria-label={ (say("demo-power-on-late")) " " (name) } name="clock_ahead" value=(-A_YEAR) {
                            (say("demo-power-on-late"))
                        }
                    }
                }
            }
        }
    }
}

/// The two offices of a link, as people call them.
fn ends(link: LinkName) -> String {
    let name =
        |key: &str| OFFICES.iter().find(|place| place.key == key).map_or_else(|| key.to_owned(), |p| p.name.into());
    format!("{} – {}", name(link.from), name(link.to))
}

//! The demonstration's own HTTP address, on this machine only: cuts and restores links, and the power of offices.
//!
//! ```text
//! GET  /demo                  a page with buttons for each link and each office
//! GET  /demo/links            how the links stand, as JSON
//! POST /demo/links/{a}-{b}    with `up=false` cuts one, with `up=true` restores it; as JSON: `{"up": false}`
//! POST /demo/links/{a}-{b}/cut, …/restore    the same without a body
//! GET  /demo/offices          how the offices' nodes stand, as JSON
//! POST /demo/offices/{office} with `up=false` ends the node as a power cut does, with `up=true` starts it again, whose
//!                             clock is then ahead by `clock_ahead` seconds, or right where nothing is said
//! ```
//!
//! A form is answered with the page, everything else with how the links or the offices stand.

mod page;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Form, Json, Router,
    extract::{FromRequest, Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    DemoError,
    office::{DemoOffice, free_port},
    relay::{Link, LinkName},
};
use crate::{pages, web::is_ours};

/// The control's server; it ends with this.
pub(super) struct Control {
    address: SocketAddr,
    server: JoinHandle<()>,
}

/// What every route sees.
#[derive(Clone)]
struct Board {
    links: Arc<[Link; 2]>,
    offices: Arc<[DemoOffice; 3]>,
}

/// What is wished for a link or an office.
#[derive(Deserialize)]
struct Wish {
    up: bool,
    /// Seconds by which an office's clock is to be ahead.
    #[serde(default)]
    clock_ahead: i64,
}

impl Control {
    /// Listens, at this port if nobody else does.
    pub(super) async fn start(
        port: u16,
        links: Arc<[Link; 2]>,
        offices: Arc<[DemoOffice; 3]>,
    ) -> Result<Self, DemoError> {
        let failed = || DemoError::io("listening for the control of the links");
        let listener = TcpListener::bind(free_port(port)?).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let router = router(Board { links, offices });
        let server = tokio::spawn(async move {
            // Serving ends with an error only if accepting does, and never in practice.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Control { address, server })
    }

    /// Where scripts ask for links.
    pub(super) fn url(&self) -> String {
        format!("http://{}/demo/links", self.address)
    }

    /// Where people do.
    pub(super) fn page(&self) -> String {
        format!("http://{}/demo", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(board: Board) -> Router {
    Router::new()
        .route("/demo", get(page::show))
        .route("/demo/links", get(list))
        .route("/demo/links/{link}", post(set))
        .route("/demo/links/{link}/cut", post(async |board, name| put(board, name, false)))
        .route("/demo/links/{link}/restore", post(async |board, name| put(board, name, true)))
        .route("/demo/offices", get(async |State(board): State<Board>| offices_as_json(&board)))
        .route("/demo/offices/{office}", post(power))
        .route(&pages::style_path(), get(page::style))
        .layer(middleware::from_fn(from_here))
        .with_state(board)
}

/// Lets a request pass unless a browser says that a page of somebody else sends it.
async fn from_here(request: Request, next: Next) -> Response {
    if is_ours(request.headers()) { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() }
}

fn all(links: &[Link; 2]) -> Json<Value> {
    let link = |link: &Link| json!({"link": link.name().to_string(), "up": link.is_up()});
    Json(json!({"links": links.iter().map(link).collect::<Vec<_>>()}))
}

async fn list(State(board): State<Board>) -> Json<Value> {
    all(&board.links)
}

/// What a request wishes, and whether it came from the page.
async fn wished(request: Request) -> Result<(Wish, bool), Response> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (is_form, is_shown) = (kind.starts_with("application/x-www-form-urlencoded"), page::is_asked_for(&request));
    let wish = match is_form {
        true => Form::<Wish>::from_request(request, &()).await.map_err(IntoResponse::into_response)?.0,
        false => Json::<Wish>::from_request(request, &()).await.map_err(IntoResponse::into_response)?.0,
    };
    Ok((wish, is_form && is_shown))
}

async fn set(board: State<Board>, name: Path<String>, request: Request) -> Result<Response, Response> {
    let (wish, is_shown) = wished(request).await?;
    let answer = put(board, name, wish.up).map_err(IntoResponse::into_response)?;
    Ok(if is_shown { Redirect::to("/demo").into_response() } else { answer.into_response() })
}

fn offices_as_json(board: &Board) -> Json<Value> {
    let office = |office: &DemoOffice| {
        json!({
            "office": office.place.key,
            "up": office.is_up(),
            "clock_ahead": office.clock_ahead(),
            "http": office.url(),
        })
    };
    Json(json!({"offices": board.offices.iter().map(office).collect::<Vec<_>>()}))
}

/// Cuts an office's power, or restores it and waits until its node can be asked.
async fn power(State(board): State<Board>, Path(name): Path<String>, request: Request) -> Result<Response, Response> {
    let (wish, is_shown) = wished(request).await?;
    let office = board.offices.iter().find(|office| office.place.key == name);
    let office = office.ok_or_else(|| {
        problem(StatusCode::NOT_FOUND, "there is no such office", "there are kidal, gao and bamako").into_response()
    })?;
    if wish.up {
        office.set_clock(wish.clock_ahead);
        office.start().await.map_err(|error| {
            let detail = error.to_string();
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the node does not start", &detail).into_response()
        })?;
    } else {
        office.kill().await;
    }
    Ok(if is_shown { Redirect::to("/demo").into_response() } else { offices_as_json(&board).into_response() })
}

fn problem(status: StatusCode, title: &str, detail: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({"title": title, "status": status.as_u16(), "detail": detail})))
}

fn put(
    State(board): State<Board>,
    Path(name): Path<String>,
    up: bool,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let name = name.parse::<LinkName>().ok();
    match board.links.iter().find(|link| Some(link.name()) == name) {
        Some(link) => {
            link.set(up);
            Ok(all(&board.links))
        }
        None => Err(problem(StatusCode::NOT_FOUND, "there is no such link", "there are kidal-gao and gao-bamako")),
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::{config::NetworkSecret, demo::office::OFFICES};

    const FORM: &str = "application/x-www-form-urlencoded";

    async fn board() -> Board {
        let target = free_port(0).unwrap();
        let open = |name| Link::open(name, target);
        let links = Arc::new([open(LinkName::KIDAL_GAO).await.unwrap(), open(LinkName::GAO_BAMAKO).await.unwrap()]);
        let ground = tempfile::tempdir().unwrap();
        let secret = ground.path().join("network.secret");
        NetworkSecret::random().unwrap().write(&secret).unwrap();
        let offices = OFFICES.map(|place| DemoOffice::prepare(place, ground.path(), &secret, 0).unwrap());
        Board { links, offices: Arc::new(offices) }
    }

    async fn page(board: &Board, language: &str) -> String {
        let request = Request::get("/demo").header("Accept-Language", language).body(Body::empty()).unwrap();
        let response = router(board.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_link_is_cut_and_restored_by_name() {
        let board = board().await;
        let json = "application/json";
        let cases = [
            ("/demo/links/kidal-gao", json, r#"{"up":true}"#, 200, [true, false]),
            ("/demo/links/bamako-gao/restore", json, "", 200, [true, true]),
            ("/demo/links/gao-kidal/cut", json, "", 200, [false, true]),
            ("/demo/links/kidal-bamako/restore", json, "", 404, [false, true]),
            ("/demo/links/gao-bamako", FORM, "up=false", 200, [false, false]),
            ("/demo/links/gao-bamako", FORM, "up=true", 200, [false, true]),
            ("/demo/links/gao-bamako", FORM, "up=perhaps", 422, [false, true]),
            ("/demo/links/gao-bamako", json, "{}", 422, [false, true]),
            ("/demo/links/kidal-bamako", FORM, "up=true", 404, [false, true]),
            ("/demo/offices/bamako", FORM, "up=false", 200, [false, true]),
            ("/demo/offices/bamako", FORM, "clock_ahead=0", 422, [false, true]),
            ("/demo/offices/sikasso", json, r#"{"up":true}"#, 404, [false, true]),
        ];
        for (path, kind, body, status, expected) in cases {
            let request = Request::post(path).header("content-type", kind).body(Body::from(body)).unwrap();
            let response = router(board.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path} {body}");
            assert_eq!(board.links.each_ref().map(Link::is_up), expected, "{path} {body}");
        }
    }

    #[tokio::test]
    async fn the_page_shows_how_the_links_stand_and_its_buttons_change_it() {
        let board = board().await;
        let shown = page(&board, "fr").await;
        assert_eq!(shown.matches(">Rétablir la liaison</button>").count(), 2, "{shown}");
        assert!(shown.contains("Démonstration") && shown.contains("Liaison coupée"), "{shown}");
        let bamako = board.offices[2].url();
        assert!(shown.contains(&bamako), "it leads back to the offices: {shown}");
        assert!(shown.contains(r#"action="/demo/links/gao-bamako""#), "{shown}");
        let press = |origin: &str| {
            let request = Request::post("/demo/links/gao-bamako").header("Host", "127.0.0.1:7380");
            let request =
                request.header("Origin", origin).header("Content-Type", FORM).header("Accept", "text/html,*/*");
            router(board.clone()).oneshot(request.body(Body::from("up=true")).unwrap())
        };
        assert_eq!(press("http://ailleurs.example").await.unwrap().status().as_u16(), 403);
        assert!(!board.links[1].is_up());
        let pressed = press("http://127.0.0.1:7380").await.unwrap();
        assert_eq!((pressed.status().as_u16(), &pressed.headers()["location"]), (303, &"/demo".parse().unwrap()));
        assert!(board.links[1].is_up());
        assert_eq!(shown.matches("Poste arrêté").count(), 3, "none was started: {shown}");
        let shown = page(&board, "en").await;
        assert!(shown.contains("Gao – Bamako") && shown.contains("Connected") && shown.contains("Cut<"), "{shown}");
    }
}

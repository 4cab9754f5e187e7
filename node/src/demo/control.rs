//! The demonstration's own HTTP address, on this machine only: cuts and restores links.
//!
//! `GET /demo/links` lists them; `POST /demo/links/{a}-{b}` with `{"up": false}` cuts one, with `{"up": true}`
//! restores it; so do `POST …/cut` and `POST …/restore` without a body.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    DemoError,
    office::free_port,
    relay::{Link, LinkName},
};

/// The port it gets if nobody else has it.
const PORT: u16 = 7380;

/// The control's server; it ends with this.
pub(super) struct Control {
    address: SocketAddr,
    server: JoinHandle<()>,
}

type Links = Arc<[Link; 2]>;

#[derive(Deserialize)]
struct Wish {
    up: bool,
}

impl Control {
    pub(super) async fn start(links: Links) -> Result<Self, DemoError> {
        let failed = || DemoError::io("listening for the control of the links");
        let listener = TcpListener::bind(free_port(PORT)?).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let router = router(links);
        let server = tokio::spawn(async move {
            // Serving ends with an error only if accepting does, and never in practice.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Control { address, server })
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://{}/demo/links", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(links: Links) -> Router {
    Router::new()
        .route("/demo/links", get(list))
        .route("/demo/links/{link}", post(set))
        .route("/demo/links/{link}/cut", post(async |links, name| put(links, name, false)))
        .route("/demo/links/{link}/restore", post(async |links, name| put(links, name, true)))
        .with_state(links)
}

fn all(links: &[Link; 2]) -> Json<Value> {
    let link = |link: &Link| json!({"link": link.name().to_string(), "up": link.is_up()});
    Json(json!({"links": links.iter().map(link).collect::<Vec<_>>()}))
}

async fn list(State(links): State<Links>) -> Json<Value> {
    all(&links)
}

async fn set(
    links: State<Links>,
    name: Path<String>,
    Json(wish): Json<Wish>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    put(links, name, wish.up)
}

fn put(
    State(links): State<Links>,
    Path(name): Path<String>,
    up: bool,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let name = name.parse::<LinkName>().ok();
    match links.iter().find(|link| Some(link.name()) == name) {
        Some(link) => {
            link.set(up);
            Ok(all(&links))
        }
        None => {
            let problem = json!({"title": "there is no such link", "status": 404, "detail": "there are kidal-gao and gao-bamako"});
            Err((StatusCode::NOT_FOUND, Json(problem)))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_link_is_cut_and_restored_by_name() {
        let target = free_port(0).unwrap();
        let open = |name| Link::open(name, target);
        let links = Arc::new([open(LinkName::KIDAL_GAO).await.unwrap(), open(LinkName::GAO_BAMAKO).await.unwrap()]);
        let cases = [
            ("/demo/links/kidal-gao", r#"{"up":true}"#, 200, [true, false]),
            ("/demo/links/bamako-gao/restore", "", 200, [true, true]),
            ("/demo/links/gao-kidal/cut", "", 200, [false, true]),
            ("/demo/links/kidal-bamako/restore", "", 404, [false, true]),
        ];
        for (path, body, status, expected) in cases {
            let request =
                Request::post(path).header("content-type", "application/json").body(Body::from(body)).unwrap();
            let response = router(links.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert_eq!([links[0].is_up(), links[1].is_up()], expected, "{path}");
        }
    }
}

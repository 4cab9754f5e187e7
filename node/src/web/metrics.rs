//! Numbers for monitoring, in OpenMetrics text. Labels hold routes, methods and status codes; never names, places,
//! ids of records or anything else that a record says.

use std::{
    sync::{Mutex, PoisonError, atomic::AtomicU64},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tracing::{debug, warn};

use super::{Shared, node::blocking, problem::ApiError};
use crate::views::Views;

/// Media type of the answer: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds; a list page should be in the fourth, a save in the third or fourth.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.015, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
    status: u16,
}

type Durations = Family<Route, Histogram, fn() -> Histogram>;

/// What is counted as it happens, and where what is measured on demand is put.
pub(super) struct Metrics {
    registry: Mutex<Registry>,
    started: Instant,
    requests: Durations,
    saves: Counter,
    unchanged: Counter,
    gauges: Gauges,
}

#[derive(Default)]
struct Gauges {
    entries: Gauge,
    records: Gauge,
    recommendations: Gauge,
    offices: Gauge,
    sessions: Gauge,
    waiting_to_leave: Gauge,
    lacking: Gauge,
    waiting: Gauge,
    set_aside: Gauge,
    store_bytes: Gauge,
    views_complete: Gauge,
    uptime: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("toguna");
        let (saves, unchanged, gauges) = (Counter::default(), Counter::default(), Gauges::default());
        let requests: Durations = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let help = "Time from a request's head to its answer's head";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, requests.clone());
        registry.register("saves", "Entries written by requests", saves.clone());
        registry.register("saves_unchanged", "Requests that asked for what was already so", unchanged.clone());
        for (name, help, gauge) in [
            ("entries", "Entries held", &gauges.entries),
            ("records", "Records shown", &gauges.records),
            ("recommendations", "Recommendations shown", &gauges.recommendations),
            ("offices", "Offices known", &gauges.offices),
            ("sessions", "Sessions with peers", &gauges.sessions),
            ("entries_waiting_to_leave", "Entries that connected peers have yet to get", &gauges.waiting_to_leave),
            ("entries_lacking", "Entries that connected peers hold and this node does not", &gauges.lacking),
            ("entries_waiting", "Entries that wait for others", &gauges.waiting),
            ("entries_set_aside", "Entries kept but not applied", &gauges.set_aside),
            ("views_complete", "1 once every stored record is shown", &gauges.views_complete),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register_with_unit("store", "Bytes on the disk", Unit::Bytes, gauges.store_bytes.clone());
        registry.register_with_unit("uptime", "Since the node began to serve", Unit::Seconds, gauges.uptime.clone());
        let registry = Mutex::new(registry);
        Metrics { registry, started: Instant::now(), requests, saves, unchanged, gauges }
    }

    /// Time since the node began to serve.
    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// A save was carried out; `written` if it took an entry.
    pub(super) fn saved(&self, written: bool) {
        if written {
            self.saves.inc()
        } else {
            self.unchanged.inc()
        };
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(out)
    }
}

/// Measures a request and tells the log of it, without anything that it holds.
pub(super) async fn measure(
    State(web): State<Shared>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = matched.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        // Anyone can make methods up; labels stay few.
        _ => "other",
    };
    let began = Instant::now();
    let response = next.run(request).await;
    let (took, status) = (began.elapsed(), response.status().as_u16());
    let duration_ms = took.as_millis() as u64;
    if response.status().is_server_error() {
        warn!(http.method = method, http.route = route, http.status = status, duration_ms, "request failed");
    } else {
        debug!(http.method = method, http.route = route, http.status = status, duration_ms, "request");
    }
    web.metrics.requests.get_or_create(&Route { method, route, status }).observe(took.as_secs_f64());
    response
}

/// Numbers for monitoring.
#[utoipa::path(
    get,
    operation_id = "metrics",
    path = "/api/v1/metrics",
    responses((status = 200, description = "OpenMetrics text; also at `/metrics`", body = String, content_type = "application/openmetrics-text")),
    tag = "node"
)]
pub(super) async fn show(State(web): State<Shared>) -> Result<impl IntoResponse, ApiError> {
    let status = web.app.status().await?;
    let store = web.app.store().clone();
    let bytes = blocking(move || store.size()).await?;
    let (counts, unapplied) = web.read(|views| Ok((Views::counts(views)?, views.unapplied()?))).await?;
    let gauges = &web.metrics.gauges;
    let sum = |of: fn(&crate::app::SessionStatus) -> Option<u64>| -> i64 {
        status.sessions.iter().filter_map(of).sum::<u64>() as i64
    };
    gauges.entries.set(status.offices.iter().map(|office| office.entries).sum::<u64>() as i64);
    gauges.records.set((counts.consultation + counts.conflict + counts.project) as i64);
    gauges.recommendations.set(counts.recommendation as i64);
    gauges.offices.set(status.offices.len() as i64);
    gauges.sessions.set(status.sessions.len() as i64);
    gauges.waiting_to_leave.set(sum(|session| session.waiting_to_leave));
    gauges.lacking.set(sum(|session| session.lacking));
    gauges.waiting.set(unapplied.waiting as i64);
    gauges.set_aside.set(unapplied.set_aside as i64);
    gauges.views_complete.set(i64::from(web.app.views().is_complete() && !status.behind));
    gauges.uptime.set(web.metrics.uptime().as_secs_f64());
    if let Ok(bytes) = bytes {
        gauges.store_bytes.set(bytes as i64);
    }
    let text = web.metrics.text().map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS))], text))
}

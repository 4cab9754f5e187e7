//! How soon a page is seen: in a real browser, with nothing in its cache, over 1 Mbit/s.

use std::time::{Duration, Instant};

use serde_json::json;
use toguna_tests::{
    PATIENCE,
    browser::{Browser, Wish},
};

use crate::{
    api::READER,
    report::{Figure, median},
};

/// Times that each page is opened.
const TIMES: usize = 7;

/// Bytes a second in each direction: 1 Mbit/s.
const RATE: u32 = 125_000;

/// Milliseconds until the first paint, at most.
const PAINT_MS: f64 = 500.0;

/// The pages that people open first.
const PAGES: [(&str, &str); 6] = [
    ("today", "/"),
    ("conflicts", "/conflicts"),
    ("recommendations", "/recommendations"),
    ("projects", "/projects"),
    ("national", "/national"),
    ("sync", "/sync"),
];

/// The first paint of the pages of a node; nothing where no browser is installed.
pub(crate) async fn measure(root: &str) -> Vec<Figure> {
    let wish = Wish { target: env!("CARGO_TARGET_TMPDIR"), name: "paint", scripts: true };
    let Some(mut browser) = Browser::open(wish).await else { return Vec::new() };
    browser.goto(&format!("{root}/sign-in")).await;
    let (name, password) = READER;
    browser.fill("Nom du compte", name).await;
    browser.fill("Mot de passe", password).await;
    browser.keys("\u{E007}").await;
    browser.see("Aujourd'hui").await;
    browser.devtools("Network.enable", json!({})).await;
    let link = json!({"offline": false, "latency": 0, "downloadThroughput": RATE, "uploadThroughput": RATE});
    browser.devtools("Network.emulateNetworkConditions", link).await;
    let mut figures = Vec::new();
    for (page, address) in PAGES {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            browser.devtools("Network.clearBrowserCache", json!({})).await;
            browser.goto(&format!("{root}{address}")).await;
            times.push(first_paint(&browser).await);
        }
        figures.push(Figure::new(format!("first paint of {page}, 1 Mbit/s"), median(&times), "ms").at_most(PAINT_MS));
    }
    figures
}

/// Milliseconds from the beginning of the navigation to the first paint (Paint Timing, W3C).
async fn first_paint(browser: &Browser) -> f64 {
    let script = "return performance.getEntriesByName('first-paint')[0]?.startTime ?? null";
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(time) = browser.script(script, Vec::new()).await.as_f64() {
            return time;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the browser paints nothing of {}", browser.address().await);
}

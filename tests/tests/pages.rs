//! Every page in a real browser: it can be used by everybody at 360 and 1,280 pixels, weighs little, and its console is
//! silent.

use toguna_tests::{
    browser::{Browser, Wish},
    demonstration::{At, Demonstration},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");
const TARGET: &str = env!("CARGO_TARGET_TMPDIR");

/// Bytes on the wire that a page may weigh with all that it brings along, from nothing.
const PAGE_BYTES: u64 = 120_000;
/// The same with a map of the country.
const MAP_BYTES: u64 = 200_000;

#[tokio::test(flavor = "multi_thread")]
async fn each_page_can_be_used_by_everybody_and_weighs_little() {
    let wish = Wish { target: TARGET, name: "pages", scripts: true };
    let Some(mut browser) = Browser::open(wish).await else { return };
    let demo = Demonstration::start(PROGRAM, &["--examples"]).await;
    let mut wrong = Vec::new();
    for (name, address) in addresses(&demo).await {
        let bytes = browser.weigh(&address).await;
        let most = if name.contains("map") { MAP_BYTES } else { PAGE_BYTES };
        if bytes > most {
            wrong.push(format!("{name}: {bytes} bytes of at most {most}"));
        }
        let found = browser.audit().await;
        browser.width(360).await;
        browser.shot(&format!("{name}-360")).await;
        browser.width(1_280).await;
        browser.shot(&format!("{name}-1280")).await;
        wrong.extend(found.iter().map(|one| format!("{name}: {one}")));
        wrong.extend(browser.console().await.iter().map(|one| format!("{name}: console: {one}")));
        eprintln!("{name}: {bytes} bytes");
    }
    assert!(wrong.is_empty(), "{} faults: {wrong:#?}", wrong.len());
}

/// A record of a kind whose title begins so.
async fn record(demo: &Demonstration, kind: &str, title: &str) -> String {
    let found = demo.api(At::Bamako, &format!("/records?kind={kind}&limit=500")).await;
    let records = found["records"].as_array().expect("a list of records");
    let one = records.iter().find(|one| one["title"].as_str().is_some_and(|known| known.starts_with(title)));
    let one = one.unwrap_or_else(|| panic!("no {kind} is called {title}"));
    one["id"].as_str().expect("a record has an id").to_owned()
}

async fn addresses(demo: &Demonstration) -> Vec<(&'static str, String)> {
    let conflict = record(demo, "conflict", "Touaregs et Peuls à Gao").await;
    let consultation = record(demo, "consultation", "Exemple").await;
    let project = record(demo, "project", "Exemple").await;
    let pages = [
        ("today", "/".to_owned()),
        ("conflicts", "/conflicts".to_owned()),
        ("conflict", format!("/conflicts/{conflict}")),
        ("conflict-history", format!("/conflicts/{conflict}/history")),
        ("conflict-edit", format!("/conflicts/{conflict}/edit")),
        ("conflict-new", "/conflicts/new".to_owned()),
        ("incident-new", format!("/conflicts/{conflict}/edit/incidents/new")),
        ("conflicts-map", "/conflicts/map".to_owned()),
        ("tie", format!("/conflicts/{conflict}/tie")),
        ("consultations", "/consultations".to_owned()),
        ("consultation", format!("/consultations/{consultation}")),
        ("consultation-new", "/consultations/new".to_owned()),
        ("recommendations", "/recommendations".to_owned()),
        ("projects", "/projects".to_owned()),
        ("project", format!("/projects/{project}")),
        ("project-new", "/projects/new".to_owned()),
        ("national", "/national".to_owned()),
        ("sync", "/sync".to_owned()),
        ("only-here", "/sync/only-here".to_owned()),
        ("account", "/account".to_owned()),
        ("sign-in", "/sign-in".to_owned()),
    ];
    pages.into_iter().map(|(name, path)| (name, demo.page(At::Bamako, &path))).collect()
}

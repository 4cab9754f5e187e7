//! The journeys of six people through the demonstration, in French, in a real browser, at several offices, while links are
//! cut and restored. Each has a demonstration of its own.
//!
//! The words on the pages are asserted as people read them, so that a change of words is a change of these tests.

mod committee;
mod expert;
mod officer;
mod operator;
mod oversight;
mod paper;
mod scriptless;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use toguna_tests::{
    browser::{Browser, Wish},
    demonstration::{At, Demonstration},
};

/// The program `toguna`.
const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

/// How soon what one office saved is told at another once a link stands.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// A browser, and the demonstration with both links up; `None` where there is no browser.
async fn begin(name: &str, scripts: bool) -> Option<(Browser, Demonstration)> {
    let browser = Browser::open(Wish { target: env!("CARGO_TARGET_TMPDIR"), name, scripts }).await?;
    Some((browser, Demonstration::start(PROGRAM, &[]).await))
}

/// Goes on at an office in another role, as anybody may in the demonstration.
async fn become_a(browser: &mut Browser, demo: &Demonstration, office: At, role: &str) {
    browser.goto(&demo.page(office, "/")).await;
    browser.choose("Essayer comme", role).await;
    browser.click("Changer").await;
    let name = role.split(" (").next().unwrap_or_default();
    browser.see(&format!("Démo – {name}")).await;
}

/// Opens a record from its list, as people do.
async fn open_record(browser: &mut Browser, demo: &Demonstration, office: At, list: &str, title: &str) {
    browser.goto(&demo.page(office, "/")).await;
    browser.click(list).await;
    browser.click(title).await;
    browser.see(title).await;
}

/// The same record's page at another office.
async fn same_at(browser: &Browser, demo: &Demonstration, office: At) -> String {
    let address = browser.address().await;
    let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    let path = path.expect("a page has a path").split('?').next().unwrap_or_default();
    demo.page(office, &format!("/{path}"))
}

/// Waits until all three offices hold the same.
async fn converge(demo: &Demonstration) {
    toguna_tests::eventually("all offices hold the same", async || {
        let mut digests = Vec::new();
        for office in At::ALL {
            digests.push(demo.api(office, "/status").await["digest"].clone());
        }
        digests.iter().all(|digest| *digest == digests[0])
    })
    .await;
}

/// Puts what is downloaded from now on into this directory.
async fn download_to(browser: &Browser, directory: &Path) {
    fs::create_dir_all(directory).expect("a directory can be made");
    let wish = serde_json::json!({"behavior": "allow", "downloadPath": directory});
    browser.devtools("Browser.setDownloadBehavior", wish).await;
}

/// The one file in a directory, once it is whole.
async fn downloaded(directory: &Path) -> PathBuf {
    let begun = Instant::now();
    loop {
        let files = fs::read_dir(directory).expect("the directory is there");
        let files: Vec<PathBuf> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
        let whole = files.iter().find(|file| file.extension().is_some_and(|kind| kind != "crdownload"));
        if let (Some(file), 1) = (whole, files.len()) {
            return file.clone();
        }
        assert!(begun.elapsed() < TEN_SECONDS, "nothing was downloaded: {files:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

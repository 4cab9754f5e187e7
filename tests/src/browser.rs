//! A real browser on the pages: Debian's Chromium, driven through the W3C WebDriver protocol.
//!
//! Things are found as a person finds them: by the words that stand on a button, beside a box, above a field. No-break
//! spaces count as spaces. Nothing sleeps for a fixed time: what must come about is looked for until it is there.
//!
//! - `driver` starts ChromeDriver and ends it with its browser, `find` turns visible words into XPath.
//! - [`audit`] asks whether a page can be used by everybody.

pub mod audit;

mod driver;
mod find;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use data_encoding::BASE64;
use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::CmdError, key::Key, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

pub use self::find::{around, plain};
use self::{
    driver::Driver,
    find::{control, named, option, within},
};

/// How long anything on a page may take that happens at this machine: far beyond what it takes.
const SOON: Duration = Duration::from_secs(30);

/// How often a page is looked at while something is waited for.
const LOOK: Duration = Duration::from_millis(60);

/// The widths, in CSS pixels, at which pages must be right: an old telephone, and a small laptop.
pub const WIDTHS: [u32; 2] = [360, 1_280];

/// Height of the window in CSS pixels.
const HEIGHT: u32 = 900;

/// What a browser is to be.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Where screenshots are put: `CARGO_TARGET_TMPDIR`.
    pub target: &'a str,
    /// What the names of its screenshots begin with.
    pub name: &'a str,
    /// Whether scripts run.
    pub scripts: bool,
}

/// How many pages a PDF has: each is an object of that type, and the list of them another (ISO 32000-1, 7.7.3).
pub fn sheets_of(pdf: &str) -> usize {
    pdf.matches("/Type /Page").count() - pdf.matches("/Type /Pages").count()
}

/// Makes the directory of screenshots, without those of an earlier run of the same test.
fn make_room(shots: &Path, name: &str) {
    fs::create_dir_all(shots).expect("the directory of screenshots can be made");
    for old in fs::read_dir(shots).expect("the directory can be read") {
        let old = old.expect("an entry");
        if old.file_name().to_string_lossy().starts_with(&format!("{name}-")) {
            fs::remove_file(old.path()).expect("an old picture can be removed");
        }
    }
}

/// A browser with one tab. It ends when this is dropped.
pub struct Browser {
    client: Client,
    driver: Driver,
    session: String,
    direct: reqwest::Client,
    shots: PathBuf,
    name: String,
    taken: usize,
}

impl Browser {
    /// Starts a browser with an empty profile whose user reads French; `None`, and a line on standard error, where none is
    /// installed.
    ///
    /// # Panics
    /// If it is installed and does not start.
    pub async fn open(wish: Wish<'_>) -> Option<Self> {
        let Some(found) = driver::found() else {
            // Written past the test harness, which shows nothing of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "{}: SKIPPED, since no browser is here. `apt-get install chromium chromium-driver` brings one.",
                wish.name
            );
            return None;
        };
        let driver = Driver::start(&found);
        let Value::Object(wanted) = found.capabilities(wish.scripts) else {
            unreachable!("capabilities are an object")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let wanted: Capabilities = wanted;
        let client = builder.capabilities(wanted).connect(&driver.url()).await;
        let client = client.unwrap_or_else(|error| panic!("the browser does not start: {error}"));
        let session = client.session_id().await.expect("the driver answers").expect("a session has an id");
        let shots = Path::new(wish.target).join("screenshots");
        make_room(&shots, wish.name);
        let name = wish.name.to_owned();
        let browser = Browser { client, driver, session, direct: reqwest::Client::new(), shots, name, taken: 0 };
        browser.width(WIDTHS[1]).await;
        Some(browser)
    }

    /// Makes the page so wide, in CSS pixels.
    pub async fn width(&self, width: u32) {
        let metrics = json!({"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        // As on a telephone, where they take no room.
        self.devtools("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
    }

    /// Opens an address.
    pub async fn goto(&self, address: &str) {
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address} does not open: {error}"));
    }

    /// Opens the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap_or_else(|error| panic!("the page does not load again: {error}"));
    }

    /// The page's address.
    pub async fn address(&self) -> String {
        self.client.current_url().await.expect("a page has an address").to_string()
    }

    /// All that can be read on the page, with plain spaces.
    pub async fn text(&self) -> String {
        let script = "return document.body.innerText";
        // While one page goes and the next comes there is no body.
        let text = self.client.execute(script, Vec::new()).await.unwrap_or_default();
        plain(text.as_str().unwrap_or_default())
    }

    /// Waits until this can be read on the page.
    ///
    /// # Panics
    /// If it does not come, with what can be read instead.
    pub async fn see(&mut self, words: &str) {
        self.see_within(words, SOON).await;
    }

    /// Waits until this can be read on the page, at most so long.
    ///
    /// # Panics
    /// If it does not come, with what can be read instead.
    pub async fn see_within(&mut self, words: &str, time: Duration) {
        let words = plain(words);
        let begun = Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(&words) {
                return;
            }
            if begun.elapsed() > time {
                let shot = self.shot("FAILED").await;
                panic!("not on {} after {time:?}: « {words} »\n{}\n\n{text}", self.address().await, shot.display());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asserts that this cannot be read on the page.
    ///
    /// # Panics
    /// If it can.
    pub async fn see_no(&mut self, words: &str) {
        let text = self.text().await;
        if text.contains(&plain(words)) {
            let shot = self.shot("FAILED").await;
            panic!("on {} against expectation: « {words} »\n{}\n\n{text}", self.address().await, shot.display());
        }
    }

    /// Loads the page again and again until this can be read on it: for what no script tells of.
    ///
    /// # Panics
    /// If it does not come within a minute.
    pub async fn see_after_reload(&mut self, words: &str) {
        let begun = Instant::now();
        while !self.text().await.contains(&plain(words)) {
            if begun.elapsed() > crate::PATIENCE {
                return self.see_within(words, Duration::ZERO).await;
            }
            tokio::time::sleep(LOOK).await;
            self.reload().await;
        }
    }

    /// Presses the link, button or fold on which this stands.
    pub async fn click(&mut self, words: &str) {
        let found = self.one(&named(words), words).await;
        self.press(found, words).await;
    }

    /// The same within the part of the page that an XPath names.
    pub async fn click_in(&mut self, part: &str, words: &str) {
        let found = self.one(&within(part, &named(words)), words).await;
        self.press(found, words).await;
    }

    /// Types into the field beside which this stands, in place of what is there.
    pub async fn fill(&mut self, label: &str, text: &str) {
        self.fill_in("", label, text).await;
    }

    /// The same within the part of the page that an XPath names.
    pub async fn fill_in(&mut self, part: &str, label: &str, text: &str) {
        let field = self.one(&within(part, &control(label)), label).await;
        field.clear().await.unwrap_or_else(|error| panic!("« {label} » cannot be emptied: {error}"));
        field.send_keys(text).await.unwrap_or_else(|error| panic!("« {label} » cannot be typed into: {error}"));
    }

    /// Types at the end of what stands in the field beside which this stands.
    pub async fn add(&mut self, label: &str, text: &str) {
        let field = self.one(&control(label), label).await;
        let end = format!("{}{}", char::from(Key::Control), char::from(Key::End));
        let typed = format!("{end}{}{text}", char::from(Key::Null));
        field.send_keys(&typed).await.unwrap_or_else(|error| panic!("« {label} » cannot be typed into: {error}"));
    }

    /// Puts a file into the field beside which this stands.
    pub async fn attach(&mut self, label: &str, file: &Path) {
        let field = self.one(&control(label), label).await;
        let name = file.to_str().expect("a path of a test is text");
        field.send_keys(name).await.unwrap_or_else(|error| panic!("« {label} » takes no file: {error}"));
    }

    /// What stands in the field beside which this stands.
    pub async fn value(&mut self, label: &str) -> String {
        let field = self.one(&control(label), label).await;
        field.prop("value").await.expect("a field has a value").unwrap_or_default()
    }

    /// Chooses from the list beside which this stands.
    pub async fn choose(&mut self, label: &str, choice: &str) {
        self.choose_in("", label, choice).await;
    }

    /// The same within the part of the page that an XPath names.
    pub async fn choose_in(&mut self, part: &str, label: &str, choice: &str) {
        let list = within(part, &control(label));
        let found = self.one(&format!("{list}{}", option(choice)), choice).await;
        found.click().await.unwrap_or_else(|error| panic!("« {choice} » cannot be chosen: {error}"));
    }

    /// Ticks the box, or chooses the button of several, beside which this stands.
    pub async fn tick(&mut self, label: &str) {
        let found = self.one(&control(label), label).await;
        self.press(found, label).await;
    }

    /// Presses the first element that can be seen among those that an XPath finds.
    pub async fn press_at(&mut self, path: &str) {
        let found = self.one(path, path).await;
        self.press(found, path).await;
    }

    /// How many elements an XPath finds.
    pub async fn count(&self, path: &str) -> usize {
        self.client.find_all(Locator::XPath(path)).await.map(|found| found.len()).unwrap_or_default()
    }

    /// The text of the first element that an XPath finds, with plain spaces.
    pub async fn read(&mut self, path: &str) -> String {
        let found = self.one(path, path).await;
        plain(&found.text().await.expect("an element has a text"))
    }

    /// Presses keys, whatever has the focus.
    pub async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.unwrap_or_else(|error| panic!("keys cannot be pressed: {error}"));
    }

    /// What a script returns. Works with scripts turned off, too: it is the driver's own.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("the script fails: {error}"))
    }

    /// Leaves the page by closing its tab, as somebody does who is called away, and opens an empty one.
    pub async fn close_tab(&self) {
        let fresh = self.client.new_window(true).await.expect("a tab opens");
        self.client.close_window().await.expect("a tab closes");
        self.client.switch_to_window(fresh.handle).await.expect("the new tab is there");
        self.width(WIDTHS[1]).await;
    }

    /// Keeps a picture of the whole page, and tells where.
    pub async fn shot(&mut self, what: &str) -> PathBuf {
        self.taken += 1;
        let file = self.shots.join(format!("{}-{:02}-{what}.png", self.name, self.taken));
        let wish = json!({"captureBeyondViewport": true, "optimizeForSpeed": true});
        let taken = self.devtools("Page.captureScreenshot", wish).await;
        let picture = taken["data"].as_str().map(str::as_bytes).unwrap_or_default();
        let picture = BASE64.decode(picture).expect("a picture comes in base 64");
        fs::write(&file, picture).expect("a picture can be written");
        file
    }

    /// The page as it is printed: a PDF on the paper that the page asks for.
    pub async fn pdf(&self) -> Vec<u8> {
        let printed = self.devtools("Page.printToPDF", json!({"preferCSSPageSize": true})).await;
        let pdf = printed["data"].as_str().map(str::as_bytes).unwrap_or_default();
        BASE64.decode(pdf).expect("a PDF comes in base 64")
    }

    /// How many sheets the page takes when it is printed.
    pub async fn sheets(&self) -> usize {
        sheets_of(&String::from_utf8_lossy(&self.pdf().await))
    }

    /// Errors on the browser's console since it was asked last: failed requests, refused scripts and styles, exceptions.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.ask("se/log", &json!({"type": "browser"})).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Asserts that nothing went wrong that only the console tells.
    ///
    /// # Panics
    /// If something did.
    pub async fn assert_calm(&self) {
        let errors = self.console().await;
        assert!(errors.is_empty(), "the console of {} says {errors:#?}", self.address().await);
    }

    /// Speaks to the browser itself (Chrome DevTools Protocol).
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.ask("goog/cdp/execute", &json!({"cmd": command, "params": parameters})).await
    }

    async fn ask(&self, what: &str, body: &Value) -> Value {
        let address = format!("{}/session/{}/{what}", self.driver.url(), self.session);
        let answer = self.direct.post(address).json(body).send().await.expect("the driver answers");
        let mut answer: Value = answer.json().await.expect("the driver speaks JSON");
        assert!(answer["value"]["error"].is_null(), "{what}: {answer}");
        answer["value"].take()
    }

    /// The first element that can be seen among those that an XPath finds.
    async fn one(&mut self, path: &str, words: &str) -> Element {
        let begun = Instant::now();
        loop {
            for found in self.client.find_all(Locator::XPath(path)).await.unwrap_or_default() {
                if self.is_shown(&found).await {
                    return found;
                }
            }
            if begun.elapsed() > SOON {
                let (shot, text) = (self.shot("FAILED").await, self.text().await);
                panic!("not to be found on {}: « {words} »\n{}\n\n{text}", self.address().await, shot.display());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn is_shown(&self, element: &Element) -> bool {
        // An option of a folded list is never drawn, and can be chosen all the same.
        let is_option = element.tag_name().await.is_ok_and(|name| name == "option");
        is_option || element.is_displayed().await.unwrap_or(false)
    }

    async fn press(&mut self, element: Element, words: &str) {
        let pressed: Result<(), CmdError> = element.click().await;
        if let Err(error) = pressed {
            let shot = self.shot("FAILED").await;
            panic!("« {words} » cannot be pressed: {error}\n{}", shot.display());
        }
    }
}

//! ChromeDriver as a child process, and where it and the browser are.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long the driver may take to end its browser and itself.
const GOING: Duration = Duration::from_secs(10);

/// A browser and its driver.
pub(super) struct Found {
    browser: PathBuf,
    driver: PathBuf,
}

/// What is installed; `None` if one of the two is missing.
pub(super) fn found() -> Option<Found> {
    let on_path = |names: &[&str]| {
        let path = env::var_os("PATH")?;
        let directories: Vec<PathBuf> = env::split_paths(&path).collect();
        names.iter().flat_map(|name| directories.iter().map(move |at| at.join(name))).find(|file| file.is_file())
    };
    Some(Found { browser: on_path(&["chromium", "chromium-browser"])?, driver: on_path(&["chromedriver"])? })
}

impl Found {
    /// What a session is to be: without a window, in French, with a console that can be read.
    pub(super) fn capabilities(&self, scripts: bool) -> Value {
        let mut preferences = json!({"intl.accept_languages": "fr"});
        if !scripts {
            // 2: blocked, as in the browser's own settings.
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--accept-lang=fr",
            "--lang=fr",
        ];
        json!({
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": self.browser, "args": arguments, "prefs": preferences},
        })
    }
}

/// A running driver. Dropping it ends its browser, and then the driver.
pub(super) struct Driver {
    child: Child,
    port: u16,
    /// Where it and its browser put their temporary files, some of which they leave.
    _home: TempDir,
}

impl Driver {
    /// Starts one on a port that nobody has.
    ///
    /// # Panics
    /// If it does not start.
    pub(super) fn start(found: &Found) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let mut command = Command::new(&found.driver);
        command.env("TMPDIR", home.path());
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("ChromeDriver starts");
        let said = BufReader::new(child.stdout.take().expect("its output is ours"));
        let mut lines = said.lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            // "ChromeDriver was started successfully on port 46479."
            line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        // Whatever it says later is read, so that it never waits for somebody to do so.
        std::thread::spawn(move || lines.for_each(drop));
        Driver { child, port: port.expect("ChromeDriver says where it listens"), _home: home }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it to end; works where nothing can be awaited.
    fn ask_to_end(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(GOING))?;
        write!(connection, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port)?;
        connection.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let begun = Instant::now();
        // Whether it heard or not, it is ended below.
        let _ = self.ask_to_end();
        while begun.elapsed() < GOING && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The demonstration as a person starts it, `toguna demo`, for tests in a browser: three real nodes on ports of their own, and
//! the page on which links and power are cut.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long it may take to stop its nodes in order.
const GOING: Duration = Duration::from_secs(20);

/// An office of the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// In the north, linked to Gao.
    Kidal,
    /// Between the two.
    Gao,
    /// The national team, linked to Gao.
    Bamako,
}

impl At {
    /// All three, along the line of their links.
    pub const ALL: [At; 3] = [At::Kidal, At::Gao, At::Bamako];

    fn key(self) -> &'static str {
        match self {
            At::Kidal => "kidal",
            At::Gao => "gao",
            At::Bamako => "bamako",
        }
    }
}

/// A link of the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Kidal–Gao.
    North,
    /// Gao–Bamako.
    South,
}

/// The running demonstration. Dropping it stops its nodes and removes what they kept.
pub struct Demonstration {
    child: Child,
    told: Value,
    direct: reqwest::Client,
    home: TempDir,
}

impl Demonstration {
    /// Starts it and waits until its story is told: all offices hold the same, and both links are up. `program`: the one
    /// that `toguna` is; `options`: more of them.
    ///
    /// # Panics
    /// If it does not come to that, with its last words.
    pub async fn start(program: &str, options: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let words = home.path().join("words");
        let said = File::create(&words).expect("a file can be made");
        let mut command = Command::new(program);
        command.args(["demo", "--headless", "--json", "--port", "0"]).args(options);
        command.arg("--data-dir").arg(home.path().join("offices"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
        let mut child = command.spawn().expect("the program starts");
        let output = child.stdout.take().expect("its output is ours");
        let told = tokio::task::spawn_blocking(move || {
            serde_json::Deserializer::from_reader(output).into_iter::<Value>().next()
        });
        let told = told.await.expect("reading does not fail");
        let mut demonstration = Demonstration { child, told: Value::Null, direct: reqwest::Client::new(), home };
        let Some(Ok(told)) = told else {
            let said = fs::read_to_string(&words).unwrap_or_default();
            panic!("the demonstration ended before its story did: {said}\n{}", demonstration.last_words());
        };
        assert_eq!(told["converged"], true, "{told:#}");
        demonstration.told = told;
        demonstration
    }

    /// The end of each node's log.
    fn last_words(&self) -> String {
        let of = |office: At| {
            let log = fs::read_to_string(self.directory(office).join("node.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            format!("{office:?}:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
        };
        At::ALL.map(of).join("\n")
    }

    /// The address of an office's page.
    pub fn page(&self, office: At, path: &str) -> String {
        let http =
            self.told["addresses"][office.key()]["http"].as_str().expect("the demonstration tells its addresses");
        format!("{http}{path}")
    }

    /// The page on which links and power are cut.
    pub fn links_page(&self) -> String {
        self.told["links_page"].as_str().expect("the demonstration tells its addresses").to_owned()
    }

    /// An office's data directory.
    pub fn directory(&self, office: At) -> PathBuf {
        self.home.path().join("offices").join(office.key())
    }

    /// A directory for whatever else the test keeps.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Restores or cuts links, as the page of the links does: `POST /demo/links/{a}-{b}`.
    pub async fn links(&self, north: bool, south: bool) {
        for (link, up) in [(Link::North, north), (Link::South, south)] {
            self.link(link, up).await;
        }
    }

    /// Restores or cuts one link.
    pub async fn link(&self, link: Link, up: bool) {
        let name = match link {
            Link::North => "links/kidal-gao",
            Link::South => "links/gao-bamako",
        };
        self.ask(name, &format!("up={up}")).await;
    }

    /// Cuts an office's power: `kill -9`.
    pub async fn power_off(&self, office: At) {
        self.ask(&format!("offices/{}", office.key()), "up=false").await;
    }

    /// Restores an office's power and waits for its node, whose clock is then ahead by so many seconds.
    pub async fn power_on(&self, office: At, clock_ahead: i64) {
        self.ask(&format!("offices/{}", office.key()), &format!("up=true&clock_ahead={clock_ahead}")).await;
    }

    async fn ask(&self, what: &str, form: &str) {
        let request = self.direct.post(format!("{}/{what}", self.links_page()));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.expect("the demonstration answers");
        assert!(answer.status().is_success(), "{what} {form}: {}", answer.status());
    }

    /// What an office's API says, with the token of its own machine.
    pub async fn api(&self, office: At, path: &str) -> Value {
        let token = fs::read_to_string(self.directory(office).join("api.token")).expect("there is a token");
        let request = self.direct.get(self.page(office, &format!("/api/v1{path}"))).bearer_auth(token.trim());
        let answer = request.send().await.expect("the office answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("the API speaks JSON")
    }

    /// Adds an account with a password, as an operator does at the machine.
    ///
    /// # Panics
    /// If it is refused.
    pub fn add_account(&self, program: &str, office: At, name: &str, role: &str, password: &str) {
        let mut command = Command::new(program);
        command.args(["user", "add", name, "--role", role, "--password-stdin", "--data-dir"]);
        command.arg(self.directory(office)).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("its input is ours");
        writeln!(input, "{password}").expect("the program reads");
        drop(input);
        assert!(child.wait().expect("the program ends").success(), "the account {name} is not made");
    }
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        let begun = Instant::now();
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        while begun.elapsed() < GOING && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

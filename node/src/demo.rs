//! `toguna demo`: three offices on one machine, each a process of its own with its own keys, store and ports, and the
//! links between them in our hands.
//!
//! ```text
//!  Kidal ──relay──▶ Gao ──relay──▶ Bamako        (never Kidal–Bamako)
//!    ▲                ▲               ▲
//!    └──── HTTP API ──┴───────────────┘ ◀── this process: tells the story, watches, and cuts the links
//! ```
//!
//! - `office` sets an office up and runs its node as a child process.
//! - `relay` carries the bytes of a link, and cuts it. The nodes know nothing of it.
//! - `entering` gives each office the records that belong to it.
//! - `watch` asks every node how it stands; `screen` shows that, live or line by line.
//! - `story` is what happens; `outcome` is what came of it.
//! - `control` lets anybody on this machine cut and restore a link, and an office's power.

mod control;
mod entering;
mod office;
mod outcome;
mod relay;
mod screen;
mod story;
mod watch;

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::signal::unix::{Signal, SignalKind, signal};

use self::{
    control::Control,
    office::{DemoOffice, OFFICES},
    relay::{Link, LinkName},
    screen::Screen,
    watch::Watch,
};
use crate::{
    accounts::{AccountsError, NameError},
    cli::{DemoArgs, Exit, Failure, Out},
    client::ClientError,
    config::{ConfigError, NetworkSecret},
    pack::Pack,
};

/// How long the offices may take to hold the same, without options.
const PATIENCE: Duration = Duration::from_secs(60);

/// The demonstration cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The directory for the offices holds something already.
    #[error("{} is not empty: give the demonstration an empty directory, or none", .0.display())]
    NotEmpty(PathBuf),
    /// A directory, a port or a process could not be had.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// An office could not be set up.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The accounts for its visitors could not be made.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A role has a name that no account can have.
    #[error("naming the accounts: {0}")]
    Name(#[from] NameError),
    /// A node did not come up, or went down by itself.
    #[error("the node of {office} ended by itself; its last words: {words}")]
    Ended {
        /// Whose.
        office: &'static str,
        /// The end of its log.
        words: String,
    },
    /// A node refused what it should have taken.
    #[error("at {office}: {source}")]
    Asking {
        /// Whose.
        office: &'static str,
        /// Its answer.
        source: ClientError,
    },
    /// Records could not be entered.
    #[error("entering the records at {office}: {problem}")]
    Entering {
        /// Where.
        office: &'static str,
        /// Why.
        problem: String,
    },
    /// The offices did not come to hold what they should.
    #[error("waited {} s for this, and it did not come about: {what}", .waited.as_secs())]
    TooLate {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
    },
}

impl DemoError {
    fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> DemoError {
        let doing = doing.into();
        move |source| DemoError::Io { doing, source }
    }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        let exit = if matches!(error, DemoError::NotEmpty(_)) { Exit::Usage } else { Exit::Failed };
        Failure::new(exit, error.to_string())
    }
}

/// What every part of the demonstration sees.
struct Stage {
    offices: Arc<[DemoOffice; 3]>,
    links: Arc<[Link; 2]>,
    control: Control,
    watch: Watch,
    screen: Screen,
    pack: Pack,
    /// How long a spectator gets to read each step.
    pause: Duration,
    deadline: Instant,
}

/// Runs the demonstration until it is over or interrupted. Whatever happens, no process and no temporary file stays.
pub(crate) async fn run(args: &DemoArgs, data_dir: Option<&Path>, out: &mut Out) -> Result<(), Failure> {
    let begun = Instant::now();
    let ground = Ground::prepare(data_dir)?;
    let mut stop = Stop::listen()?;
    let live = !args.headless && !out.is_json();
    // Generated records take some milliseconds each to enter, on a slow machine.
    let patience = PATIENCE + Duration::from_millis(args.records as u64 * 20);
    let stage = tokio::select! {
        stage = raise(&ground.path, args.port, live, out.is_json(), begun + patience) => stage?,
        () = stop.asked_for() => return Ok(()),
    };
    let result = tokio::select! {
        result = play(&stage, args, begun, out) => result,
        () = stop.asked_for() => Ok(()),
    };
    stage.screen.close().await;
    for office in stage.offices.iter() {
        office.stop().await;
    }
    result
}

/// The story, its outcome, and then, unless told otherwise, silence until somebody interrupts.
async fn play(stage: &Stage, args: &DemoArgs, begun: Instant, out: &mut Out) -> Result<(), Failure> {
    let told = story::tell(stage, args).await?;
    let outcome = outcome::judge(stage, &told, begun).await?;
    if out.is_json() {
        out.value(&outcome.to_json(stage))?;
    } else {
        let picture = outcome::picture(stage).await?;
        stage.screen.say(&picture).await;
        stage.screen.say(&outcome.to_text()).await;
    }
    if args.exit_when_converged {
        return if outcome.is_good() { Ok(()) } else { Err(outcome.failure()) };
    }
    if !out.is_json() {
        stage.screen.say(&outcome::addresses(stage, &told)).await;
    }
    std::future::pending().await
}

async fn raise(ground: &Path, port: u16, live: bool, silent: bool, deadline: Instant) -> Result<Stage, DemoError> {
    let secret = ground.join("network.secret");
    NetworkSecret::random().and_then(|new| new.write(&secret)).map_err(ConfigError::from)?;
    let mut offices = Vec::new();
    for (at, place) in (1..).zip(OFFICES) {
        let port = if port == 0 { 0 } else { port + at };
        offices.push(DemoOffice::prepare(place, ground, &secret, port)?);
    }
    let Ok(offices) = <[DemoOffice; 3]>::try_from(offices) else { unreachable!("one for each of the three places") };
    let kidal_gao = Link::open(LinkName::KIDAL_GAO, offices[1].listen()).await?;
    let gao_bamako = Link::open(LinkName::GAO_BAMAKO, offices[2].listen()).await?;
    offices[0].dial(kidal_gao.address());
    offices[1].dial(gao_bamako.address());
    let links = Arc::new([kidal_gao, gao_bamako]);
    let offices = Arc::new(offices);
    let control = Control::start(port, links.clone(), offices.clone()).await?;
    offices.iter().for_each(|office| office.name_links_page(control.page()));
    let started: Vec<Result<(), DemoError>> = futures::future::join_all(offices.iter().map(DemoOffice::start)).await;
    started.into_iter().collect::<Result<(), _>>()?;
    let watch = Watch::start(&offices, links.clone());
    let screen = Screen::open(live, silent, watch.follow());
    let pause = if live { Duration::from_millis(1_500) } else { Duration::ZERO };
    Ok(Stage { offices, links, control, watch, screen, pack: Pack::embedded(), pause, deadline })
}

/// The wish of the person at the terminal, or of the system, to end it.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self, DemoError> {
        let listen = |kind| signal(kind).map_err(DemoError::io("listening for signals"));
        Ok(Stop { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The directory that holds the offices; a temporary one is removed with everything in it.
struct Ground {
    path: PathBuf,
    temporary: bool,
}

impl Ground {
    fn prepare(data_dir: Option<&Path>) -> Result<Self, DemoError> {
        let (path, temporary) = match data_dir {
            Some(path) => (path.to_owned(), false),
            None => (temporary_path()?, true),
        };
        let failed = |error| DemoError::io(format!("making {}", path.display()))(error);
        // A temporary directory must be ours alone: somebody else may have foreseen its name.
        DirBuilder::new().mode(0o700).recursive(!temporary).create(&path).map_err(failed)?;
        if fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(DemoError::NotEmpty(path));
        }
        let path = path.canonicalize().map_err(failed)?;
        Ok(Ground { path, temporary })
    }
}

fn temporary_path() -> Result<PathBuf, DemoError> {
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(|error| DemoError::io("asking the system for random bytes")(error.into()))?;
    Ok(std::env::temp_dir().join(format!("toguna-demo-{:016x}", u64::from_be_bytes(name))))
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.temporary {
            // What is left behind lies among temporary files, which the system removes.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

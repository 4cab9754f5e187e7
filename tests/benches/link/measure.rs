//! The works, and what each may take.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Parser;
use serde::Serialize;
use tempfile::TempDir;
use toguna::pack::Pack;
use toguna_protocol::testing::MemoryShelf;
use toguna_tests::budget::{Apart, Scale, week_apart};

use crate::{
    emulator::Link,
    offices::{Running, desk, make, program, settle},
};

/// How long two offices idle before the link comes up, so that nothing of their start is measured.
const IDLE: Duration = Duration::from_secs(12);

/// A link that carries nothing for this long has nothing more to carry.
const QUIET: Duration = Duration::from_secs(5);

/// What takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is done on the link.
#[derive(Debug, Clone, Copy)]
struct Work {
    name: &'static str,
    kind: Kind,
    /// Seconds for which the link is up and down in turns, beginning with up.
    flaps: Option<(u64, u64)>,
    /// Bytes it may take.
    bytes: u64,
    /// Seconds it may take.
    seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Both have worked for a week.
    Week,
    /// Both hold the same.
    Nothing,
    /// One holds everything, the other nothing.
    Empty,
}

const WORKS: [Work; 5] = [
    Work { name: "a week apart", kind: Kind::Week, flaps: None, bytes: 32_000, seconds: 6.0 },
    Work { name: "nothing new", kind: Kind::Nothing, flaps: None, bytes: 2_500, seconds: 2.5 },
    Work {
        name: "a week apart, up 4 s, down 5 s",
        kind: Kind::Week,
        flaps: Some((4, 5)),
        bytes: 40_000,
        seconds: 40.0,
    },
    Work {
        name: "a week apart, up 20 s, down 25 s",
        kind: Kind::Week,
        flaps: Some((20, 25)),
        bytes: 36_000,
        seconds: 30.0,
    },
    Work { name: "an empty office, whole history", kind: Kind::Empty, flaps: None, bytes: 820_000, seconds: 115.0 },
];

/// One figure.
#[derive(Debug, Serialize)]
struct Row {
    work: &'static str,
    /// Bytes of IP packets from the one that dials, and to it.
    there: u64,
    back: u64,
    packets: u64,
    /// Bytes in both directions when both held the same.
    when_level: u64,
    /// Seconds until both held the same and knew it.
    seconds: f64,
    /// Seconds until the record that the other made last could be read.
    newest_readable: f64,
    bytes_allowed: u64,
    seconds_allowed: f64,
    within: bool,
}

/// Two offices, as they are when a work begins.
struct Stage {
    home: TempDir,
    program: PathBuf,
    apart: Apart,
    settled: usize,
}

impl Stage {
    fn new(program: PathBuf, scale: Scale) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let pack = Pack::embedded();
        let secret = home.path().join("secret");
        let offices = ["Kidal", "Bamako", "Gao"].map(|name| {
            let directory = home.path().join(name);
            make(&directory, name, &secret);
            (directory, name)
        });
        let [(a, of_a), (b, of_b), _] = &offices;
        eprintln!("making a year of history …");
        let apart = week_apart(&pack, (desk(a, of_a, &pack), desk(b, of_b, &pack)), scale);
        Stage { home, program, apart, settled: 0 }
    }

    /// A fresh directory of an office with what it holds.
    fn settle(&mut self, name: &str, shelf: Option<&MemoryShelf>) -> PathBuf {
        self.settled += 1;
        let to = self.home.path().join(format!("{}-{name}", self.settled));
        match shelf {
            Some(shelf) => settle(&self.home.path().join(name), &to, shelf),
            None => make(&to, name, &self.home.path().join("secret")),
        }
        to
    }

    fn measure(&mut self, work: Work, asked: &Asked) -> Result<Row, String> {
        let link = Link::new(asked.seed)?;
        let [a, b] = [0, 1].map(|side| self.apart.offices[side].shelf().clone());
        let (first, second) = match work.kind {
            Kind::Week | Kind::Nothing => (self.settle("Kidal", Some(&a)), self.settle("Bamako", Some(&b))),
            Kind::Empty => (self.settle("Gao", None), self.settle("Bamako", Some(&self.apart.whole.clone()))),
        };
        let newest = self.apart.newest;
        let start = |directory: &Path, side: usize| {
            Running::start(&self.program, directory, side, &link.spaces[side], newest[1 - side])
        };
        let offices = [start(&first, 0), start(&second, 1)];
        if work.kind == Kind::Nothing {
            link.set_up(true);
            until_level(&offices, &link, Instant::now(), None)?;
            std::thread::sleep(QUIET);
            // Neither is to hold on to a connection that the work would find.
            drop(offices);
            link.set_up(false);
            let offices = [start(&first, 0), start(&second, 1)];
            return go(work, &link, &offices, asked);
        }
        go(work, &link, &offices, asked)
    }
}

fn go(work: Work, link: &Link, offices: &[Running; 2], asked: &Asked) -> Result<Row, String> {
    std::thread::sleep(IDLE);
    let before = link.sent();
    if asked.packets {
        link.tell_packets();
    }
    let began = Instant::now();
    link.set_up(true);
    let (level, when_level) = until_level(offices, link, began, work.flaps)?;
    let quiet = Instant::now();
    link.set_up(true);
    while link.idle() < QUIET && quiet.elapsed() < 4 * QUIET {
        std::thread::sleep(Duration::from_millis(50));
    }
    let [there, back] = [0, 1].map(|side| link.sent()[side].bytes - before[side].bytes);
    let packets = link.sent().iter().zip(before).map(|(now, before)| now.packets - before.packets).sum();
    let seconds = level.duration_since(began).as_secs_f64();
    let readable = offices.iter().filter_map(|office| office.seen()?.readable).max();
    Ok(Row {
        work: work.name,
        there,
        back,
        packets,
        when_level: when_level - before.iter().map(|sent| sent.bytes).sum::<u64>(),
        seconds,
        newest_readable: readable.map_or(f64::NAN, |at| at.saturating_duration_since(began).as_secs_f64()),
        bytes_allowed: work.bytes,
        seconds_allowed: work.seconds,
        within: there + back <= work.bytes && seconds <= work.seconds,
    })
}

/// Waits until both hold the same and both know it; returns when that was, and the bytes until then.
fn until_level(
    offices: &[Running; 2],
    link: &Link,
    began: Instant,
    flaps: Option<(u64, u64)>,
) -> Result<(Instant, u64), String> {
    while began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
        if let Some((up, down)) = flaps {
            let at = began.elapsed().as_millis() as u64 % ((up + down) * 1_000);
            link.set_up(at < up * 1_000);
        }
        let [Some(a), Some(b)] = [offices[0].seen(), offices[1].seen()] else { continue };
        if a.digest == b.digest && a.level && b.level && a.at.min(b.at) > began {
            return Ok((a.at.max(b.at), link.sent().iter().map(|sent| sent.bytes).sum()));
        }
    }
    Err(format!("not level after {PATIENCE:?}"))
}

/// What the arguments ask for.
#[derive(Debug, Parser)]
struct Asked {
    /// Only works whose names hold one of these
    names: Vec<String>,
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
    /// Draws the losses
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program to measure [default: the one built for release beside this bench]
    #[arg(long)]
    program: Option<PathBuf>,
    /// Records after a year, for a first look
    #[arg(long, default_value_t = Scale::YEAR.records)]
    records: usize,
    /// Tell of every packet
    #[arg(long)]
    packets: bool,
    /// Leave the offices' directories, with what their nodes logged
    #[arg(long)]
    keep: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Measures what is asked for and prints it.
pub(crate) fn run() {
    let asked = Asked::parse();
    let there = Link::new(asked.seed).map(drop).and_then(|()| asked.program.clone().map_or_else(program, Ok));
    let program = match there {
        Ok(program) => program,
        Err(reason) => return eprintln!("not measured, it takes root and network namespaces: {reason}"),
    };
    let mut stage = Stage::new(program, Scale { records: asked.records, ..Scale::YEAR });
    let names = &asked.names;
    let wanted = |work: &&Work| names.is_empty() || names.iter().any(|name| work.name.contains(name.as_str()));
    let mut rows = Vec::new();
    for work in WORKS.iter().filter(wanted) {
        eprintln!("measuring {} …", work.name);
        match stage.measure(*work, &asked) {
            Ok(row) => rows.push(row),
            Err(reason) => eprintln!("{}: {reason}", work.name),
        }
    }
    if asked.keep {
        stage.home.disable_cleanup(true);
        eprintln!("the offices are in {}", stage.home.path().display());
    }
    if asked.json {
        println!("{}", serde_json::to_string_pretty(&rows).expect("rows are plain data"));
        return;
    }
    print!("{}", table(&rows));
}

fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:34} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8}\n",
        "", "there", "back", "IP bytes", "of", "seconds", "of", "readable", "packets"
    );
    for row in rows {
        table += &format!(
            "{:34} {:>8} {:>8} {:>8} {:>8} {:>8.2} {:>8.1} {:>9.2} {:>8}  {}\n",
            row.work,
            row.there,
            row.back,
            row.there + row.back,
            row.bytes_allowed,
            row.seconds,
            row.seconds_allowed,
            row.newest_readable,
            row.packets,
            if row.within { "within" } else { "OVER" },
        );
    }
    table
}

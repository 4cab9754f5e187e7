//! Runs made-up worlds from seeds, and says what came of them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is what it is for")]

use std::{
    collections::BTreeSet,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use toguna_tests::{
    check::{Broken, Violation},
    scale,
    sim::{
        Outcome,
        options::{Options, Plant, Profile},
        run,
        smaller::smallest,
    },
};

const AFTER: &str = "\
Exit codes: 0 every promise was kept; 2 the arguments are wrong; 10 the program panicked; 11 something happened that \
must never happen (safety); 12 something did not happen that must (liveness).

A seed gives the same run on every machine. A failure is made smaller before it is printed, with the command that \
repeats it.";

/// Real engines in a made-up world: virtual time, links that are cut, disks that fail, members that lie.
#[derive(Parser)]
#[command(name = "sim", after_help = AFTER)]
struct Args {
    /// Where chance comes from; with --minutes, the first of many.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Honest offices.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(2..=1000))]
    nodes: u64,
    /// Days of work and faults, after which all links stay up.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: u64,
    /// mali: thin links that are up for minutes a day, power cuts, full disks, backups put back. hostile: the same, and
    /// members that lie. scale: the links of mali, with many offices whose stores share memory and of which a few apply
    /// what they receive; prints bytes for each node.
    #[arg(long, default_value = "mali")]
    profile: Profile,
    /// Go on with the next seeds for so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Plant a known bug: early-ack, forget-tip, apply-unaccepted, drop-concurrent, skip-signature.
    #[arg(long)]
    plant: Option<Plant>,
    /// scale: entries that all offices together write.
    #[arg(long, default_value_t = 1000)]
    entries: usize,
    /// scale: offices that apply what they receive; the others keep it and pass it on.
    #[arg(long, default_value_t = 4)]
    applied: usize,
    /// Of the plan only these deeds, by number, with commas; or `none`.
    #[arg(long)]
    only: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.profile == Profile::Scale {
        return many(&args);
    }
    let only = match args.only.as_deref() {
        None => None,
        Some("none") => Some(BTreeSet::new()),
        Some(list) => match list.split(',').map(str::parse).collect() {
            Ok(numbers) => Some(numbers),
            Err(error) => {
                eprintln!("--only {list}: {error}");
                return ExitCode::from(2);
            }
        },
    };
    let (profile, plant) = (args.profile, args.plant);
    let mut options = Options { seed: args.seed, nodes: args.nodes as usize, days: args.days, profile, plant, only };
    let (start, mut seeds) = (Instant::now(), 0_u64);
    let until = Duration::from_secs(60 * args.minutes.unwrap_or(0));
    loop {
        match run(&options) {
            Ok(outcome) if args.minutes.is_none() => tell(&options, &outcome),
            Ok(_) => {}
            Err(violation) => return fail(&options, violation),
        }
        seeds += 1;
        if start.elapsed() >= until {
            break;
        }
        options.seed += 1;
    }
    if args.minutes.is_some() {
        let a_second = seeds as f64 / start.elapsed().as_secs_f64();
        println!("{seeds} seeds from {}, 0 failures, {a_second:.1} seeds/s: {options}", args.seed);
    }
    ExitCode::SUCCESS
}

fn many(args: &Args) -> ExitCode {
    let Args { seed, nodes, days, entries, applied, .. } = *args;
    match scale::run(&scale::Options { seed, nodes: nodes as usize, days, entries, applied, once: true }) {
        Ok((outcome, seconds)) => {
            println!("{}\n{outcome}", scale::Outcome::heading());
            println!("{days} days, {} records where they are applied, in {seconds:.0} s", outcome.records);
            ExitCode::SUCCESS
        }
        Err(violation) => {
            println!("{violation}");
            exit_code(violation.broken)
        }
    }
}

fn tell(options: &Options, outcome: &Outcome) {
    let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
    println!("{options}");
    println!(
        "converged {:.1} s after the last fault, {:.0} s in all",
        seconds(outcome.converged_after),
        seconds(outcome.lasted)
    );
    let [confirmed, refused, unwritten] = outcome.commands;
    println!("commands: {confirmed} confirmed, {refused} refused, {unwritten} could not be written");
    let [records, concurrent] = outcome.records;
    println!("records: {records}, with {concurrent} fields that have concurrent values");
    let faults: Vec<String> = outcome.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let [made, bytes, refused] = outcome.bundles;
    if made > 0 {
        println!("bundles: {made} made, {bytes} bytes in all, {refused} refused");
    }
    println!("faults: {}", if faults.is_empty() { "none".to_owned() } else { faults.join(", ") });
    println!("bytes:\n{}", outcome.bytes);
}

fn fail(options: &Options, violation: Violation) -> ExitCode {
    println!("{options}\n{violation}");
    println!("looking for a smaller run that fails in the same way …");
    let (options, violation) = smallest(options, violation, Duration::from_secs(60));
    println!("{violation}");
    println!("cargo run --release -p toguna-tests --bin sim -- {options}");
    exit_code(violation.broken)
}

fn exit_code(broken: Broken) -> ExitCode {
    ExitCode::from(match broken {
        Broken::Crash => 10,
        Broken::Safety => 11,
        Broken::Liveness => 12,
    })
}

//! The command line. Every verb is a client of the HTTP API: of the node that runs on the data directory or, when none
//! does, of the same router in this process. Only `store` works on the files of a node that is stopped, and `user` on a
//! file that a running node reads again.
//!
//! # Exit codes
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed: the disk, the network, a damaged store |
//! | 2 | the command line or a settings file is wrong |
//! | 3 | there is no such record, office or file |
//! | 4 | refused: a field is at fault, or a step is not allowed |
//! | 5 | somebody else changed the same fields meanwhile |
//! | 6 | the data directory is in use |
//! | 7 | the node that should run does not answer |

mod args;
mod bundle;
mod certificate;
mod export;
mod failure;
mod import;
mod init;
mod log;
mod office;
mod out;
mod records;
mod serve;
mod status;
mod store;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use self::args::{Cli, Command, DemoArgs};
pub(crate) use self::{
    failure::{Exit, Failure},
    out::{Out, ago, folded, money, plain, program, table},
};

/// Runs the program with this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Neither stream may be open: then nobody reads it anyway.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let json = cli.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(Exit::Failed, format!("starting threads: {error}")).report(json),
    };
    let result = runtime.block_on(run(cli));
    // What still runs are readers of signals and timers: nothing that must end in order.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let mut out = Out::new(cli.json);
    let data_dir = || cli.data_dir.clone().or_else(args::default_data_dir).ok_or_else(Failure::no_data_dir);
    if !matches!(cli.command, Command::Run(_)) {
        log::start(log::Setting { format: None, level: cli.log_level.as_deref(), quiet: true });
    }
    match &cli.command {
        Command::Init(args) => init::init(&data_dir()?, args, &mut out),
        Command::Run(args) => serve::run(&data_dir()?, args, cli.log_level.as_deref(), &mut out).await,
        Command::Demo(args) => crate::demo::run(args, cli.data_dir.as_deref(), &mut out).await,
        Command::Store(verb) => store::run(&data_dir()?, verb, &mut out),
        Command::User(verb) => user::run(&data_dir()?, verb, &mut out),
        Command::Certificate { pem } => certificate::show(&data_dir()?, *pem, &mut out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "toguna", &mut script);
            out.text(&String::from_utf8_lossy(&script))
        }
        command => {
            let office = office::reach(&data_dir()?, cli.by.as_deref(), cli.reason.as_deref()).await?;
            let result = ask(command, &office, &mut out).await;
            office.close().await;
            result
        }
    }
}

/// The verbs that ask a node.
async fn ask(command: &Command, office: &office::Office, out: &mut Out) -> Result<(), Failure> {
    match command {
        Command::Status => status::status(office, out).await,
        Command::Peers => status::peers(office, out).await,
        Command::Check => status::check(office, out).await,
        Command::Records(verb) => records::run(verb, office, out).await,
        Command::Bundle(verb) => bundle::run(verb, office, out).await,
        Command::Import(args) => import::import(args, office, out).await,
        Command::Export(args) => export::run(args, office, out).await,
        Command::Init(_)
        | Command::Run(_)
        | Command::Demo(_)
        | Command::Store(_)
        | Command::User(_)
        | Command::Certificate { .. }
        | Command::Completions { .. } => {
            unreachable!("these ask no node")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_verb_shows_examples() {
        let command = Cli::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands().flat_map(|verb| std::iter::once(verb).chain(verb.get_subcommands())) {
            assert!(verb.get_about().is_some(), "{} has no description", verb.get_name());
            if verb.get_subcommands().next().is_none() {
                let examples = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(examples.contains("Example"), "{} shows no example", verb.get_name());
            }
        }
    }

    #[test]
    fn arguments_are_parsed_or_refused() {
        let good: [&[&str]; 11] = [
            &["export", "--kind", "conflict", "--region", "ML-8", "--format", "csv", "--to", "conflits.csv"],
            &["export", "--journal", "--json"],
            &["init", "--name", "Gao", "--region", "ML-7", "--network-secret", "s", "--create-secret"],
            &[
                "init",
                "--name",
                "Gao",
                "--network-secret",
                "s",
                "--account",
                "Awa",
                "--role",
                "reader",
                "--password-stdin",
            ],
            &["run", "--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0", "--peer", "/ip4/10.0.0.1/tcp/1"],
            &["records", "new", "--kind", "conflict", "--title", "x", "--set", "phase=open"],
            &["records", "edit", "abc", "--add", "incidents.date=2009-11", "--json"],
            &["records", "settle", "abc", "--field", "/phase", "--value", "open", "--reason", "r"],
            &["store", "convert", "--to", "redb", "--json"],
            &["user", "add", "Awa Diallo", "--role", "head-of-office", "--language", "fr"],
            &["demo", "--headless", "--exit-when-converged", "--json", "--records", "100"],
        ];
        for args in good {
            let line = std::iter::once(&"toguna").chain(args);
            assert!(Cli::try_parse_from(line).is_ok(), "{args:?}");
        }
        let bad: [&[&str]; 13] = [
            &["export", "--kind", "conflict", "--format", "csv"],
            &["export", "--kind", "conflict", "--format", "pdf", "--to", "x"],
            &["init", "--name", "Gao"],
            &["init", "--name", "Gao", "--network-secret", "s", "--password-stdin"],
            &["run", "--listen", "gao:7374"],
            &["run", "--demo-links", "http://127.0.0.1:7380/demo"],
            &["run", "--http", "7373"],
            &["records", "new", "--title", "x"],
            &["records", "new", "--kind", "war", "--title", "x"],
            &["records", "settle", "abc", "--field", "/phase"],
            &["store", "convert", "--to", "rocks"],
            &["user", "add", "Awa"],
            &["user", "add", "Awa", "--role", "head-of-office", "--language", "ar"],
        ];
        for args in bad {
            let line = std::iter::once(&"toguna").chain(args);
            assert!(Cli::try_parse_from(line).is_err(), "{args:?}");
        }
    }
}

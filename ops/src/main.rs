//! The program `toguna-ops`.

use std::{io::Write, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use toguna_ops::{
    diff::{self, Limits},
    gather,
    pinned::Fingerprint,
    report,
};

const EXIT_CODES: &str = "\
Exit codes, as monitoring systems expect them:
  0  all is well
  1  warning: something needs an eye
  2  critical: a node does not answer, or its store is in doubt
  3  the command could not be carried out";

/// Watches the nodes of a Toguna network.
#[derive(Debug, Parser)]
#[command(name = "toguna-ops", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare how nodes stand: what each holds, whether all hold the same, how fresh each office's records are
    #[command(after_help = "\
Examples:
  toguna-ops status --node http://127.0.0.1:7373 --token-file gao/api.token
  toguna-ops status --node http://127.0.0.1:7381 --token-file demo/kidal/api.token \\
                    --node http://127.0.0.1:7383 --token-file demo/bamako/api.token --json
  toguna-ops status --node https://192.168.1.10:7373 --token-file gao.token --fingerprint '3F2A 91BC …'")]
    Status(StatusArgs),
}

#[derive(Debug, Args)]
struct StatusArgs {
    /// A node's address; may be repeated
    #[arg(long = "node", value_name = "URL", required = true)]
    nodes: Vec<String>,
    /// The file with a node's token: one for each --node, in the same order
    #[arg(long = "token-file", value_name = "FILE", required = true)]
    token_files: Vec<PathBuf>,
    /// The fingerprint of the certificate of a node with an https:// address, as `toguna certificate` shows it: one for
    /// each of these nodes, in the same order
    #[arg(long = "fingerprint", value_name = "SHA256")]
    fingerprints: Vec<Fingerprint>,
    /// Warn of an office of which nothing new has arrived for so many hours
    #[arg(long, value_name = "HOURS", default_value_t = 72)]
    silent_after: u32,
    /// How many seconds a node may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

/// The code that says that nothing is known.
const UNKNOWN: u8 = 3;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Neither stream may be open: then nobody reads it anyway.
            let _ = error.print();
            return if error.use_stderr() { UNKNOWN.into() } else { ExitCode::SUCCESS };
        }
    };
    let Command::Status(args) = cli.command;
    match status(&args) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "toguna-ops: {error:#}");
            UNKNOWN.into()
        }
    }
}

fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        args.nodes.len() == args.token_files.len(),
        "give one --token-file for each --node, in the same order: there are {} nodes and {} files",
        args.nodes.len(),
        args.token_files.len()
    );
    let under_tls = args.nodes.iter().filter(|url| url.starts_with("https://")).count();
    anyhow::ensure!(
        under_tls == args.fingerprints.len(),
        "give one --fingerprint for each https:// address, in the same order: there are {under_tls} and {}",
        args.fingerprints.len()
    );
    let mut fingerprints = args.fingerprints.iter().copied();
    let target = |(url, file): (&String, &PathBuf)| gather::Target {
        url: url.clone(),
        token_file: file.clone(),
        certificate: if url.starts_with("https://") { fingerprints.next() } else { None },
    };
    let targets: Vec<gather::Target> = args.nodes.iter().zip(&args.token_files).map(target).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answers = runtime.block_on(gather::gather(&targets, Duration::from_secs(args.patience)))?;
    let now = Timestamp::now();
    let limits = Limits { silent_after: Duration::from_secs(u64::from(args.silent_after) * 3_600) };
    let health = diff::compare(&answers, &limits, now);
    let text = if args.json { report::json(&answers, &health) } else { report::text(&answers, &health, now) };
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::from(health.level as u8)),
    }
}

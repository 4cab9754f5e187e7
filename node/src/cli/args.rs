//! The arguments, with the help that a person reads.

mod export;
mod import;
mod user;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use libp2p::Multiaddr;
use toguna_protocol::record::Kind;

pub(super) use self::export::ExportListArgs;
pub(super) use self::import::ImportArgs;
pub(super) use self::user::{AddUserArgs, PasswordArgs, UserCommand};
use crate::{
    accounts::Role,
    config::{LogFormat, multiaddr},
    store::EngineKind,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: the disk, the network, a damaged store
  2  the command line or a settings file is wrong
  3  there is no such record, office or file
  4  refused: a field is at fault, or a step is not allowed
  5  somebody else changed the same fields meanwhile
  6  the data directory is in use
  7  the node that should run does not answer";

/// Keeps the records of the Programme for Shared Governance of Security and Peace at every office, and brings them
/// together whenever there is a link.
#[derive(Debug, Parser)]
#[command(name = "toguna", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// Where the office lies [default: toguna in the user's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Answer with JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Who makes the changes [default: the office]
    #[arg(long, global = true, value_name = "NAME")]
    pub by: Option<String>,
    /// Why the changes are made
    #[arg(long, global = true, value_name = "TEXT")]
    pub reason: Option<String>,
    /// What is logged: error, warn, info, debug or trace, or a filter as in RUST_LOG, which it overrides
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up an office on this machine
    #[command(after_help = "\
Examples:
  The first office of a network; carry the file network.secret to the others:
    toguna init --data-dir gao --name Gao --region ML-7 --network-secret network.secret --create-secret \\
      --account 'Awa Diallo'
  Every further office:
    toguna init --data-dir bamako --name Bamako --region ML-BKO --network-secret network.secret")]
    Init(InitArgs),
    /// Run the office's node until it is stopped
    #[command(after_help = "\
Examples:
  toguna run --data-dir gao
  toguna run --data-dir gao --peer /ip4/192.168.1.10/tcp/7374
  toguna run --data-dir gao --http 0.0.0.0:7373
  toguna run --data-dir gao --http 127.0.0.1:8080 --listen /ip4/0.0.0.0/tcp/7400 --no-mdns --log json")]
    Run(RunArgs),
    /// Watch three offices work apart and come together, on the programme's own records
    #[command(after_help = "\
Examples:
  toguna demo
  toguna demo --headless --exit-when-converged --json
  toguna demo --records 1000 --examples --events")]
    Demo(DemoArgs),
    /// Show how the office stands: records, other offices, links
    #[command(after_help = "Example:\n  toguna status --data-dir gao")]
    Status,
    /// List, show, make and change records
    #[command(subcommand)]
    Records(RecordsCommand),
    /// Bring records in from files or from the country pack
    #[command(after_help = "\
With --kind, a file is a table (CSV): one record a row, below a row that names the columns by the labels of the fields in
French or English, or by their keys. Without, it holds one record a line (JSON Lines) in the shape of the HTTP API, each
with a `source_ref`. Importing twice changes nothing. Nothing is imported while one row is at fault.

Examples:
  toguna import --data-dir gao --kind conflict registre.csv --dry-run
  toguna import --data-dir gao --kind conflict registre.csv --leave-faulty
  toguna import --data-dir gao --kind conflict --template modele.csv
  toguna import --data-dir gao old-register.jsonl
  toguna import --data-dir bamako --history")]
    Import(ImportArgs),
    /// Write a list as CSV, XLSX or GeoJSON, without what must not leave
    #[command(after_help = "\
Restricted records, future missions, camps, wells, depots, small counts and recent incidents do not leave; narratives and
notes neither. Every export leaves a line in the journal of the data directory.

Examples:
  toguna export --data-dir gao --kind conflict --region ML-7 --format csv --to conflits.csv
  toguna export --data-dir gao --kind project --status active --format xlsx --to projets.xlsx --by 'Awa Diallo'
  toguna export --data-dir gao --kind conflict --format geojson --to conflits.geojson
  toguna export --data-dir gao --journal")]
    Export(ExportListArgs),
    /// Carry records by hand: on a USB stick, or any way a file can go
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Show the links to other offices
    #[command(after_help = "Example:\n  toguna peers --data-dir gao --json")]
    Peers,
    /// Verify the whole store: chains, signatures, and what is shown against the records
    #[command(after_help = "Example:\n  toguna check --data-dir gao && echo sound")]
    Check,
    /// Make the store small again, or keep it with another engine; the node must be stopped
    #[command(subcommand)]
    Store(StoreCommand),
    /// Say who may sign in at this node, and with which password
    #[command(subcommand)]
    User(UserCommand),
    /// Show the fingerprint of the certificate under which other machines reach this node, to be compared by telephone
    #[command(after_help = "\
The certificate is the office's own, made once, unless toguna.toml names another. Colleagues compare its fingerprint with
what their browser shows at the first visit, before they enter a password.

Examples:
  toguna certificate --data-dir gao
  toguna certificate --data-dir gao --pem > gao.crt")]
    Certificate {
        /// Write the certificate itself, without its key, for machines that are to trust it
        #[arg(long)]
        pem: bool,
    },
    /// Write a completion script for a shell
    #[command(after_help = "\
Example:
  toguna completions bash > ~/.local/share/bash-completion/completions/toguna")]
    Completions {
        /// For which shell
        shell: Shell,
    },
}

/// `toguna init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The office's name, as others will see it
    #[arg(long)]
    pub name: String,
    /// The key of its region, such as ML-7; leave it out for the national team
    #[arg(long, value_name = "KEY")]
    pub region: Option<String>,
    /// The file that all offices of the network share
    #[arg(long, value_name = "FILE")]
    pub network_secret: PathBuf,
    /// Make the secret file if it is not there: this office begins a new network
    #[arg(long)]
    pub create_secret: bool,
    /// A country pack other than Mali's, which is built in
    #[arg(long, value_name = "DIR")]
    pub pack: Option<PathBuf>,
    /// Make the first account, with a password that is asked for twice
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// What the person of the first account is
    #[arg(long, value_enum, value_name = "ROLE", requires = "account", default_value_t = Role::HeadOfOffice)]
    pub role: Role,
    /// Take the first line of standard input for the password
    #[arg(long, requires = "account")]
    pub password_stdin: bool,
}

/// `toguna run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Where pages, tools and scripts reach the node, under TLS unless it is this machine to itself [default:
    /// 127.0.0.1:7373]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub http: Option<SocketAddr>,
    /// Where other offices reach it; may be repeated [default: port 7374, TCP and QUIC]
    #[arg(long, value_name = "MULTIADDR", value_parser = multiaddr)]
    pub listen: Vec<Multiaddr>,
    /// An office to keep a link to; may be repeated
    #[arg(long, value_name = "MULTIADDR", value_parser = multiaddr)]
    pub peer: Vec<Multiaddr>,
    /// Do not look for offices on the local network
    #[arg(long)]
    pub no_mdns: bool,
    /// How log lines are written [default: text on a terminal, else JSON]
    #[arg(long, value_enum)]
    pub log: Option<LogFormat>,
    /// Take the clock to be wrong by so many seconds, forward or, with a minus, back: to see what a wrong clock does
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true, hide = true)]
    pub clock_ahead: i64,
    /// Stop when standard input ends: a node never outlives whoever started it so
    #[arg(long, hide = true)]
    pub until_input_ends: bool,
    /// Sign every visitor in to this account, which no password opens: for the demonstration, on loopback addresses only
    #[arg(long, value_name = "NAME", hide = true)]
    pub demo_visitor: Option<String>,
    /// Where the demonstration's links are cut and restored
    #[arg(long, value_name = "URL", requires = "demo_visitor", hide = true)]
    pub demo_links: Option<String>,
}

/// `toguna demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Without a live table: lines only
    #[arg(long)]
    pub headless: bool,
    /// End as soon as all offices hold the same, and fail if they do not within a minute
    #[arg(long)]
    pub exit_when_converged: bool,
    /// Add so many generated records
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub records: usize,
    /// Add a small set of examples, marked « Exemple »
    #[arg(long)]
    pub examples: bool,
    /// Add real conflict events of the years 2020 to 2024 (UCDP), labelled as demonstration data
    #[arg(long)]
    pub events: bool,
    /// Where the page of the links listens; the offices take the three ports after it, and a port that somebody else has is
    /// replaced by a free one. 0: only free ones, so that several demonstrations can run at once
    #[arg(long, value_name = "PORT", default_value_t = DEMO_PORT, value_parser = clap::value_parser!(u16).range(..=MAX_DEMO_PORT))]
    pub port: u16,
}

/// The port of the demonstration's page of links, unless another one is wished for.
pub(crate) const DEMO_PORT: u16 = 7380;
/// Three more must follow it.
const MAX_DEMO_PORT: i64 = 65_532;

/// `toguna bundle …`.
#[derive(Debug, Subcommand)]
pub enum BundleCommand {
    /// Write a bundle for an office, or for all
    #[command(after_help = "\
A bundle is encrypted to the network. It is written beside FILE first, read back, and only then takes its place. It
carries what every office has said it holds, so that a stick going round the offices confirms delivery.

Examples:
  toguna bundle export --for Bamako --to /media/usb/courrier.bundle
  toguna bundle export --all --to /media/usb/courrier.bundle --split 700M
  toguna bundle export --since last-week.bundle --to /media/usb/courrier.bundle")]
    Export(ExportArgs),
    /// Take bundles in, in this order
    #[command(after_help = "\
Each file is checked whole before anything is taken. Importing twice changes nothing, and what was interrupted goes on
where it stopped.

Example:
  toguna bundle import /media/usb/courrier.bundle.1 /media/usb/courrier.bundle.2")]
    Import {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Check a bundle and tell who made it, for whom, and whether it can be taken in here
    #[command(after_help = "Example:\n  toguna bundle inspect /media/usb/courrier.bundle")]
    Inspect {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// `toguna bundle export`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("contents").required(true))]
pub struct ExportArgs {
    /// What this office lacks, by what is known of it: its name, or the first letters of its key
    #[arg(long = "for", value_name = "OFFICE", group = "contents")]
    pub addressee: Option<String>,
    /// Everything
    #[arg(long, group = "contents")]
    pub all: bool,
    /// What is held beyond an earlier bundle
    #[arg(long, value_name = "BUNDLE", group = "contents")]
    pub since: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Write files of at most this size, FILE.1, FILE.2, …: such as 700M or 64K
    #[arg(long, value_name = "SIZE", value_parser = super::bundle::size)]
    pub split: Option<u64>,
}

/// `toguna store …`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Build the store anew, so that it takes no more room than it needs
    #[command(after_help = "\
The new database is synced, opened and compared with the old one before it takes its place; until then nothing is
changed. There must be room for both. A node that starts does this by itself when its store takes more than 64 MiB and
four times what it holds.

Example:
  toguna store compact --data-dir gao")]
    Compact,
    /// Build the store anew with another engine
    #[command(after_help = "\
The new database is synced, opened and compared with the old one before it takes its place; until then nothing is
changed. There must be room for both. From then on the store has that engine; `store.engine` in toguna.toml says what a
new store is made with.

Examples:
  toguna store convert --data-dir gao --to redb
  toguna store convert --data-dir gao --to sled --json")]
    Convert {
        /// The engine
        #[arg(long, value_enum, value_name = "ENGINE")]
        to: EngineKind,
    },
}

/// `toguna records …`.
#[derive(Debug, Subcommand)]
pub enum RecordsCommand {
    /// List records, the last changed first
    #[command(after_help = "\
Examples:
  toguna records list --kind conflict --status open
  toguna records list --region ML-7 --text menaka
  toguna records list --json | jq -r '.records[].id'")]
    List(ListArgs),
    /// Show a record
    #[command(after_help = "Examples:\n  toguna records show k3xq\n  toguna records show k3xq --at ENTRY")]
    Show {
        /// Its id, or as many of its first letters as tell it from the others
        id: String,
        /// As it was right after this entry of its history
        #[arg(long, value_name = "ENTRY")]
        at: Option<String>,
    },
    /// Make a record
    #[command(after_help = SETTING)]
    New(NewArgs),
    /// Change a record
    #[command(after_help = SETTING)]
    Edit(EditArgs),
    /// Show who changed what, when, and from which office
    #[command(after_help = "Example:\n  toguna records history k3xq")]
    History {
        /// Its id, or its first letters
        id: String,
    },
    /// Show which offices have a record, since when, and how that is known
    #[command(after_help = "Example:\n  toguna records receipts k3xq")]
    Receipts {
        /// Its id, or its first letters
        id: String,
    },
    /// Choose among the values that offices gave without having seen each other's
    #[command(after_help = "\
Examples:
  Keep one of the values; `records show` lists them with their entries:
    toguna records settle k3xq --field /phase --entry ENTRY --reason 'confirmed by the prefect'
  Give a third one:
    toguna records settle k3xq --field /phase --value truce --reason 'both sides laid down arms'")]
    Settle(SettleArgs),
}

const SETTING: &str = "\
Fields and lists:
  --set FIELD=VALUE             a field; an empty value clears it
  --set FIELD=@FILE             its text from a file, or from standard input with @-
  --set SET=one,two             a whole set of keys or lines
  --set LIST.ITEM.FIELD=VALUE   a field of an item; ITEM may be its first letters
  --add SET=member              one more member
  --add LIST.FIELD=VALUE        a new item; a field that comes again begins the next one
  --remove SET=member           one member less
  --withdraw LIST.ITEM          takes an item back; --restore brings it again

Examples:
  toguna records new --kind conflict --title 'Puits de Tin-Essako' --set regions=ML-8 --set phase=open
  toguna records edit k3xq --set phase=truce --set narrative=@report.txt
  toguna records edit k3xq --add incidents.date=2009-11-02 --add incidents.incident_type=cattle-theft
  toguna records edit k3xq --from patch.json";

/// `toguna records list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this kind: consultation, conflict or project
    #[arg(long, value_parser = kind)]
    pub kind: Option<Kind>,
    /// Of this region, such as ML-7
    #[arg(long, value_name = "KEY")]
    pub region: Option<String>,
    /// With this status or, for conflicts, phase
    #[arg(long, value_name = "KEY")]
    pub status: Option<String>,
    /// With these words anywhere in the record; accents do not matter
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// Changed here after this arrival number (`arrival` in the answer of `status --json`)
    #[arg(long, value_name = "ARRIVAL")]
    pub since: Option<u64>,
    /// At most so many; 0 for all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Go on after the page whose `next` this is
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// What a record's fields are set to.
#[derive(Debug, Default, Args)]
pub struct FieldArgs {
    /// Set a field
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Add a member to a set, or an item to a list
    #[arg(long, value_name = "FIELD=VALUE")]
    pub add: Vec<String>,
    /// Take a member out of a set
    #[arg(long, value_name = "FIELD=MEMBER")]
    pub remove: Vec<String>,
    /// Take an item of a list back
    #[arg(long, value_name = "LIST.ITEM")]
    pub withdraw: Vec<String>,
    /// Bring a withdrawn item again
    #[arg(long, value_name = "LIST.ITEM")]
    pub restore: Vec<String>,
    /// A JSON file in the shape of the HTTP API, `-` for standard input; flags come before it
    #[arg(long, value_name = "FILE")]
    pub from: Option<String>,
}

/// `toguna records new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What it is: consultation, conflict or project
    #[arg(long, value_parser = kind, required_unless_present = "from")]
    pub kind: Option<Kind>,
    /// Its title
    #[arg(long, required_unless_present = "from")]
    pub title: Option<String>,
    /// Its fields
    #[command(flatten)]
    pub fields: FieldArgs,
}

/// `toguna records edit`.
#[derive(Debug, Args)]
pub struct EditArgs {
    /// Its id, or its first letters
    pub id: String,
    /// The version it was read at (`meta.etag`) [default: as it is now]
    #[arg(long, value_name = "ETAG")]
    pub etag: Option<String>,
    /// What is changed
    #[command(flatten)]
    pub fields: FieldArgs,
}

/// `toguna records settle`.
#[derive(Debug, Args)]
pub struct SettleArgs {
    /// Its id, or its first letters
    pub id: String,
    /// The field, as `records show` names it
    #[arg(long, value_name = "POINTER")]
    pub field: String,
    /// Keep the value that this entry gave; its first letters are enough
    #[arg(long, required_unless_present = "value", conflicts_with = "value")]
    pub entry: Option<String>,
    /// Give another value
    #[arg(long)]
    pub value: Option<String>,
}

pub(super) fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_key(text).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::key).collect();
        format!("expected one of {}", known.join(", "))
    })
}

/// Where an office lies if nobody says otherwise (XDG Base Directory Specification).
pub(super) fn default_data_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(base.join("toguna"))
}

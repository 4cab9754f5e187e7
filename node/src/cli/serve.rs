//! `toguna run`: the node until it is stopped.

use std::{
    io::Read,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
    thread,
};

use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use tracing::info;

use super::{Exit, Failure, Out, args::RunArgs, log, office};
use crate::{
    accounts::{Account, Accounts, AccountsError},
    app,
    certificate::{Fingerprint, addresses_here},
    config::{Config, Overrides, Running},
    net::NetSettings,
    pages::{self, Demonstration, PageSettings},
    web::{self, TOKEN_FILE, TlsListener, WebSettings},
    words::{Lang, Words},
};

/// Bytes of the smallest database that is worth a slower start to make small again.
const COMPACT_ABOVE: u64 = 64 * 1024 * 1024;

pub(super) async fn run(data_dir: &Path, args: &RunArgs, level: Option<&str>, out: &mut Out) -> Result<(), Failure> {
    let flags = Overrides {
        http: args.http,
        listen: args.listen.clone(),
        peers: args.peer.clone(),
        no_mdns: args.no_mdns,
        log: args.log,
    };
    let config = Config::read(data_dir)?.with(flags);
    let demo = demonstration(args, &config)?;
    log::start(log::Setting { format: config.log, level, quiet: false });
    let web = office::web_settings(&config)?;
    let mut settings = office::settings(&config)?;
    settings.net = Some(net_settings(&config)?);
    settings.clock_ahead = args.clock_ahead;
    settings.store.compact_above = Some(COMPACT_ABOVE);
    // The address first: a node that nobody can ask is no use, and opening the store may take a while.
    let listener = TcpListener::bind(config.http).await.map_err(|error| {
        let message = format!("listening on {}: {error}; choose another address with --http", config.http);
        Failure::new(Exit::Failed, message)
    })?;
    let failed =
        |doing: &'static str| move |error: std::io::Error| Failure::new(Exit::Failed, format!("{doing}: {error}"));
    let http = listener.local_addr().map_err(failed("asking for our own address"))?;
    let door = Door::of(&config, listener)?;
    let app = app::open(settings).await?;
    let running = Running { pid: std::process::id(), http, certificate: door.certificate };
    let result = serve(&app, &config, running, door, web, (args, demo), out).await;
    // Both even after an error: nobody is sent to a node that is gone, and the store is left at rest.
    let withdrawn = Running::withdraw(data_dir);
    app.stop().await;
    info!("node has stopped");
    result.and(withdrawn.map_err(Failure::from))
}

async fn serve(
    app: &app::App,
    config: &Config,
    running: Running,
    door: Door,
    web: WebSettings,
    (args, demo): (&RunArgs, Option<Demonstration>),
    out: &mut Out,
) -> Result<(), Failure> {
    let stop = stop_asked_for(args.until_input_ends)?;
    running.announce(&config.data_dir)?;
    let token_file = config.data_dir.join(TOKEN_FILE);
    let addresses = addresses(&running);
    if out.is_json() {
        let (office, http, fingerprint) = (&config.name, &addresses[0], running.certificate);
        let mut told = json!({"office": office, "http": http, "addresses": addresses, "token_file": token_file});
        if let Some(fingerprint) = fingerprint {
            told["certificate"] = json!(fingerprint);
        }
        out.value(&told)?;
    } else {
        let (office, addresses, token) = (&config.name, addresses.join(" and "), token_file.display());
        let certificate = running.certificate.map(|shown| format!(", certificate: {shown}")).unwrap_or_default();
        out.line(format!("{office} is up at {addresses}  (token: {token}{certificate})"))?;
    }
    let shown =
        PageSettings { office: config.name.clone(), clock_ahead: args.clock_ahead, certificate: running.certificate };
    let accounts = Accounts::open(&config.data_dir)?;
    drop_what_nobody_left(app, &accounts).await?;
    let pages = match demo {
        Some(demo) => pages::router_of_demo(app.clone(), accounts, shown, demo),
        None => pages::router(app.clone(), accounts, shown),
    };
    let router = web::router_with(app.clone(), web, pages);
    let served = match door.tls {
        None => web::serve(door.listener, router, stop).await,
        Some(tls) => {
            let both = Lang::ALL.map(|lang| Words::embedded().say(lang, "certificate-plain"));
            match TlsListener::new(door.listener, tls, &format!("{}\n", both.join("\n"))) {
                Ok(listener) => web::serve(listener, router, stop).await,
                Err(error) => Err(error),
            }
        }
    };
    served.map_err(|error| Failure::new(Exit::Failed, format!("serving the HTTP interface: {error}")))
}

/// Drafts of accounts that were removed while the node was not running (`toguna user remove`) go. Where there is no account
/// at all, the file of accounts may be lost, and the drafts are not.
async fn drop_what_nobody_left(app: &app::App, accounts: &Accounts) -> Result<(), AccountsError> {
    let marks: Vec<String> = accounts.list()?.iter().map(Account::mark).collect();
    if !marks.is_empty()
        && let Err(error) = app.drop_drafts_of_others(marks).await
    {
        tracing::warn!(%error, "drafts of accounts that were removed are still there");
    }
    Ok(())
}

/// Where the node is entered: plain from this machine alone, and under TLS where anybody else could listen in, since
/// passwords and records must not cross a network in the clear.
struct Door {
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    certificate: Option<Fingerprint>,
}

impl Door {
    fn of(config: &Config, listener: TcpListener) -> Result<Self, Failure> {
        if !config.is_under_tls() {
            return Ok(Door { listener, tls: None, certificate: None });
        }
        let certificate = config.certificate()?;
        Ok(Door { listener, tls: Some(certificate.server()?), certificate: Some(certificate.fingerprint()) })
    }
}

/// The addresses under which the node is reached, as a browser takes them.
fn addresses(running: &Running) -> Vec<String> {
    let scheme = if running.certificate.is_some() { "https" } else { "http" };
    let found = if running.http.ip().is_unspecified() { addresses_here() } else { vec![running.http.ip()] };
    let is_taken = |ip: &IpAddr| running.http.is_ipv6() || ip.is_ipv4();
    let shown = found.into_iter().filter(is_taken).map(|ip| SocketAddr::new(ip, running.http.port()));
    let shown: Vec<String> = shown.map(|address| format!("{scheme}://{address}")).collect();
    // A machine without a network has none but itself.
    if shown.is_empty() { vec![format!("{scheme}://{}", running.http)] } else { shown }
}

/// What the pages are told of the demonstration. Whoever reaches them is signed in, so nobody else's machine may.
fn demonstration(args: &RunArgs, config: &Config) -> Result<Option<Demonstration>, Failure> {
    let Some(visitor) = args.demo_visitor.clone() else { return Ok(None) };
    if !config.http.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "--demo-visitor signs in whoever reaches the node, and others may reach {}: give --http an address of this \
             machine to itself, such as 127.0.0.1:7373",
            config.http
        )));
    }
    match Accounts::open(&config.data_dir)?.named(&visitor)? {
        None => Err(AccountsError::Unknown.into()),
        Some(account) if account.has_password() => Err(AccountsError::Guarded.into()),
        Some(_) => Ok(Some(Demonstration { visitor, links: args.demo_links.clone() })),
    }
}

fn net_settings(config: &Config) -> Result<NetSettings, Failure> {
    let mut net = NetSettings::new(*config.device_key()?);
    net.listen = config.listen.clone();
    net.peers = config.peers.clone();
    net.mdns = config.mdns;
    let mut seed = [0; 8];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::new(Exit::Failed, format!("asking the system for random bytes: {error}")))?;
    net.seed = u64::from_be_bytes(seed);
    Ok(net)
}

/// Ends when the process is asked to stop: SIGINT, SIGTERM or, where that was agreed, the end of standard input.
fn stop_asked_for(until_input_ends: bool) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::new(Exit::Failed, format!("listening for signals: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let input = until_input_ends.then(input_ended);
    let input_ends = async move {
        match input {
            // An error means that the thread has ended, and so has the input.
            Some(ended) => drop(ended.await),
            None => std::future::pending().await,
        }
    };
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = input_ends => {}
        }
    })
}

/// Reads standard input to its end in a thread of its own, which nothing has to wait for.
fn input_ended() -> oneshot::Receiver<()> {
    let (sender, ended) = oneshot::channel();
    thread::spawn(move || {
        let mut bytes = [0; 64];
        while matches!(std::io::stdin().read(&mut bytes), Ok(1..)) {}
        // The node has been stopped by other means meanwhile.
        let _ = sender.send(());
    });
    ended
}

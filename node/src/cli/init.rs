//! `toguna init`.

use std::path::Path;

use serde_json::json;

use super::{
    Failure, Out,
    args::InitArgs,
    certificate,
    out::program,
    user::{added_shape, asked_password, now, tell_added},
};
use crate::{
    accounts::{AccountName, Accounts, Added, NewAccount},
    config::{Config, FILE, NewOffice, SecretSource, create},
    web::TOKEN_FILE,
};

pub(super) fn init(data_dir: &Path, args: &InitArgs, out: &mut Out) -> Result<(), Failure> {
    let path = args.network_secret.clone();
    if !args.create_secret && !path.exists() {
        return Err(Failure::new(
            super::Exit::NotFound,
            format!(
                "{} is not there: copy it from another office of the network, \
                 or begin a new network with --create-secret",
                path.display()
            ),
        ));
    }
    // Before anything is made: a password that is refused leaves no half of an office.
    let first = first_account(args)?;
    let secret = if args.create_secret { SecretSource::Create(path) } else { SecretSource::File(path) };
    let made = create(&NewOffice {
        data_dir,
        name: &args.name,
        region: args.region.as_deref(),
        pack: args.pack.as_deref(),
        secret,
    })?;
    let added = first.map(|new| Accounts::open(data_dir)?.add(new, now())).transpose()?;
    let config = &made.config;
    let fingerprint = config.certificate()?.fingerprint();
    if out.is_json() {
        return out.value(&json!({
            "data_dir": data_dir,
            "name": config.name,
            "region": config.region,
            "network": config.network,
            "settings": data_dir.join(FILE),
            "token_file": data_dir.join(TOKEN_FILE),
            "certificate": fingerprint,
            "new_secret": made.new_secret,
            "account": added.as_ref().map(added_shape),
        }));
    }
    let region = config.region.as_deref().and_then(|key| config.pack.region(key));
    let region =
        region.map_or_else(|| "the national team".to_owned(), |region| format!("{} ({})", region.fr, region.key));
    out.line(format!("The office {:?} is set up in {}.", config.name, data_dir.display()))?;
    out.line(format!("  Region    {region}"))?;
    out.line(format!("  Settings  {}", data_dir.join(FILE).display()))?;
    out.line(format!("  Token     {}", data_dir.join(TOKEN_FILE).display()))?;
    for (at, line) in certificate::lines(&fingerprint).iter().enumerate() {
        out.line(format!("  {:<9} {line}", if at == 0 { "TLS" } else { "" }))?;
    }
    if let Some(path) = &made.new_secret {
        out.line(format!("  Network   new; every other office needs the file {}", path.display()))?;
        out.line("            Carry it by hand: whoever has it can read and write everything.")?;
    }
    if let Some(added) = &added {
        tell_added(added, out)?;
    }
    next(data_dir, config, added.as_ref(), out)
}

/// The account that the command line asks for, with its password.
fn first_account(args: &InitArgs) -> Result<Option<NewAccount>, Failure> {
    let Some(name) = &args.account else { return Ok(None) };
    let name = AccountName::new(name)?;
    Ok(Some(NewAccount { name, role: args.role, language: None, password: asked_password(args.password_stdin)? }))
}

/// What is still to be done until somebody works at the office.
fn next(data_dir: &Path, config: &Config, added: Option<&Added>, out: &mut Out) -> Result<(), Failure> {
    let (program, directory) = (program(), data_dir.display());
    out.line("")?;
    out.line("Next:")?;
    if added.is_none() {
        out.line(format!("  {program} user add NAME --role head-of-office --data-dir {directory}"))?;
    }
    out.line(format!("  {program} run --data-dir {directory}"))?;
    out.line(format!("Then open http://{} in a browser on this machine and sign in.", config.http))?;
    out.line("Other machines compare the certificate before they trust it; it is shown by `toguna certificate` too.")
}

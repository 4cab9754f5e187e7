//! `toguna init`.

use std::path::Path;

use serde_json::json;

use super::{Failure, Out, args::InitArgs, out::program};
use crate::{
    config::{FILE, NewOffice, SecretSource, create},
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
    let secret = if args.create_secret { SecretSource::Create(path) } else { SecretSource::File(path) };
    let made = create(&NewOffice {
        data_dir,
        name: &args.name,
        region: args.region.as_deref(),
        pack: args.pack.as_deref(),
        secret,
    })?;
    let config = &made.config;
    if out.is_json() {
        return out.value(&json!({
            "data_dir": data_dir,
            "name": config.name,
            "region": config.region,
            "network": config.network,
            "settings": data_dir.join(FILE),
            "token_file": data_dir.join(TOKEN_FILE),
            "new_secret": made.new_secret,
        }));
    }
    let region = config.region.as_deref().and_then(|key| config.pack.region(key));
    let region =
        region.map_or_else(|| "the national team".to_owned(), |region| format!("{} ({})", region.fr, region.key));
    out.line(format!("The office {:?} is set up in {}.", config.name, data_dir.display()))?;
    out.line(format!("  Region    {region}"))?;
    out.line(format!("  Settings  {}", data_dir.join(FILE).display()))?;
    out.line(format!("  Token     {}", data_dir.join(TOKEN_FILE).display()))?;
    if let Some(path) = &made.new_secret {
        out.line(format!("  Network   new; every other office needs the file {}", path.display()))?;
        out.line("            Carry it by hand: whoever has it can read and write everything.")?;
    }
    out.line("")?;
    out.line("Next:")?;
    out.line(format!("  {} run --data-dir {}", program(), data_dir.display()))
}

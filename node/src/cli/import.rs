//! `toguna import`.

use std::path::Path;

use serde_json::json;

use super::{
    Exit, Failure, Out,
    args::ImportArgs,
    office::Office,
    out::{bar, counted},
};
use crate::exchange::{self, Draft, Fault, ImportError, Mode, Report, programme};

pub(super) async fn import(args: &ImportArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let drafts = gather(args, office)?;
    let mode = if args.preview { Mode::Preview } else { Mode::Write };
    let bar = bar("Importing", drafts.len() as u64);
    let mut progress = |done: usize| bar.set_position(done as u64);
    let vocabulary = office.config.pack.vocabulary();
    let result = exchange::import(&drafts, &vocabulary, &office.client, mode, &mut progress).await;
    bar.finish_and_clear();
    let report = result.map_err(failure)?;
    if out.is_json() {
        return out.value(&json!(report));
    }
    out.text(&told(&report))
}

/// All that the arguments name.
fn gather(args: &ImportArgs, office: &Office) -> Result<Vec<Draft>, Failure> {
    let pack = &office.config.pack;
    let mut drafts = Vec::new();
    for path in &args.files {
        drafts.extend(exchange::records(&path.display().to_string(), &read(path)?).map_err(faulty)?);
    }
    if args.history {
        drafts.extend(programme::history(pack).map_err(faulty)?);
    }
    if args.events {
        let events = pack.events().ok_or_else(|| Failure::new(Exit::NotFound, "the country pack has no events"))?;
        drafts.extend(exchange::events::events(pack, events).map_err(faulty)?);
    }
    if let Some(region) = &args.share_of {
        let offices: Vec<&str> = args.offices.iter().map(String::as_str).collect();
        drafts = programme::share_of(drafts, region, &offices, pack);
    }
    Ok(drafts)
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::new(exit, format!("reading {}: {error}", path.display()))
    })
}

fn faulty(faults: Vec<Fault>) -> Failure {
    failure(ImportError::Faulty(faults))
}

fn failure(error: ImportError) -> Failure {
    match error {
        ImportError::Faulty(faults) => {
            let lines = counted(faults.len() as u64, "line is", "lines are");
            let details = faults.iter().map(ToString::to_string).collect();
            Failure::new(Exit::Refused, format!("nothing was imported: {lines} at fault")).with_details(details)
        }
        other => Failure::new(Exit::Failed, other.to_string()),
    }
}

fn told(report: &Report) -> String {
    let (new, there) = (report.new_records() as u64, report.present_records() as u64);
    let would = if report.preview { "Would import" } else { "Imported" };
    let mut text = format!("{would} {}", counted(new, "record", "records"));
    let kinds: Vec<String> = report.created.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if kinds.len() > 1 {
        text += &format!(" ({})", kinds.join(", "));
    }
    text += ".\n";
    if there > 0 {
        text += &format!("{} already there and left as they are.\n", counted(there, "was", "were"));
    }
    if report.linked > 0 {
        text += &format!("{} between records.\n", counted(report.linked as u64, "new link", "new links"));
    }
    if report.open_links > 0 {
        text += &format!(
            "{} to records that are not here yet: import again when they have arrived.\n",
            counted(report.open_links as u64, "link leads", "links lead")
        );
    }
    text
}

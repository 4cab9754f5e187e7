//! `toguna import`.

use std::{io::Read, path::Path};

use serde_json::json;
use toguna_protocol::record::Kind;

use super::{
    Exit, Failure, Out,
    args::ImportArgs,
    office::Office,
    out::{bar, counted},
};
use crate::{
    durable,
    exchange::{
        self, Draft, Fault, ImportError, Mode, Report, programme,
        sheet::{self, MAX_FILE, Sheet, Unreadable},
    },
    words::{Lang, Words},
};

pub(super) async fn import(args: &ImportArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    if let (Some(to), Some(kind)) = (&args.template, args.kind) {
        return template(to, kind, args.language.unwrap_or_default(), out);
    }
    let (drafts, left) = gather(args, office)?;
    let mode = if args.preview { Mode::Preview } else { Mode::Write };
    let bar = bar("Importing", drafts.len() as u64);
    let mut progress = |done: usize| bar.set_position(done as u64);
    let vocabulary = office.config.pack.vocabulary();
    let result = exchange::import(&drafts, &vocabulary, &office.client, mode, &mut progress).await;
    bar.finish_and_clear();
    let report = result.map_err(failure)?;
    if out.is_json() {
        let mut told = json!(report);
        if args.kind.is_some() {
            told["left"] = json!(left);
        }
        return out.value(&told);
    }
    out.text(&told(&report))?;
    if left > 0 { out.line(format!("{} left out.", counted(left as u64, "faulty row", "faulty rows"))) } else { Ok(()) }
}

/// All that the arguments name, and how many faulty rows are left out.
fn gather(args: &ImportArgs, office: &Office) -> Result<(Vec<Draft>, usize), Failure> {
    let pack = &office.config.pack;
    let mut drafts = Vec::new();
    let mut left = 0;
    for path in &args.files {
        match args.kind {
            Some(kind) => {
                let sheet = table(path, kind, args, office)?;
                left += sheet.faulty_rows;
                drafts.extend(sheet.drafts);
            }
            None => drafts.extend(exchange::records(&path.display().to_string(), &read(path)?).map_err(faulty)?),
        }
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
    Ok((drafts, left))
}

/// A table whose rows are all good, or of which the rest is to be left.
fn table(path: &Path, kind: Kind, args: &ImportArgs, office: &Office) -> Result<Sheet, Failure> {
    let (words, lang, pack) = (Words::embedded(), args.language.unwrap_or(Lang::En), &office.config.pack);
    let file = path.display().to_string();
    let sheet = sheet::read(&file, &bytes(path)?, kind, pack);
    let sheet = sheet.map_err(|error: Unreadable| {
        Failure::new(Exit::Refused, format!("{file}: nothing was imported"))
            .with_details(vec![error.said(words, lang, kind)])
    })?;
    if args.leave_faulty || !sheet.leaves_something() {
        return Ok(sheet);
    }
    // What stands in the cells is left out: a terminal's output is often kept.
    let mut details: Vec<String> =
        sheet.faults.iter().map(|fault| fault.said(&sheet, words, lang, pack, false)).collect();
    if details.len() < sheet.faults_in_all {
        details.push(format!("and {} more", sheet.faults_in_all - details.len()));
    }
    let unknown = words.say(lang, "import-meaning-unknown");
    details.extend(sheet.unknown().map(|head| format!("{}: {unknown}", head.name)));
    let rows = counted(sheet.faulty_rows as u64, "row is", "rows are");
    let columns = counted(sheet.unknown().count() as u64, "column is", "columns are");
    let message = format!(
        "{file}: nothing was imported: {rows} at fault, {columns} not known; correct the file, or import the rest with \
         --leave-faulty"
    );
    Err(Failure::new(Exit::Refused, message).with_details(details))
}

/// A table to be filled in; a file that is there is not written over.
fn template(to: &Path, kind: Kind, lang: Lang, out: &mut Out) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("writing {}: {error}", to.display()));
    let template = sheet::template(kind, lang).map_err(|error| failed(&error))?;
    durable::create(to, &template).map_err(|error| failed(&error))?;
    if out.is_json() {
        return out.value(&json!({"file": to.display().to_string()}));
    }
    out.line(format!("{}: fill it in, then `toguna import --kind {kind}`.", to.display()))
}

fn unread(path: &Path) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::new(exit, format!("reading {}: {error}", path.display()))
    }
}

/// The bytes of a table, no more than one may have.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unread(path))?;
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(unread(path))?;
    Ok(bytes)
}

fn read(path: &Path) -> Result<String, Failure> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        let message = format!("{} is a table: say what its records are, with --kind", path.display());
        return Err(Failure::usage(message));
    }
    std::fs::read_to_string(path).map_err(unread(path))
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

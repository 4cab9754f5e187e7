//! `toguna bundle …`: files on sticks. What is in them is the node's affair.

mod file;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    Exit, Failure, Out,
    args::{BundleCommand, ExportArgs},
    office::Office,
    out::{counted, spinner},
};
pub(super) use file::Draft;

/// The least that parts may have: what offices have said they hold takes some of it in each.
const LEAST: u64 = 64 * 1024;

/// Reads a size such as `700M`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.find(|letter: char| !letter.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err("expected a number with K, M or G, such as 700M".to_owned()),
    };
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    let size = size.ok_or_else(|| "expected a number with K, M or G, such as 700M".to_owned())?;
    if size < LEAST { Err("expected at least 64K".to_owned()) } else { Ok(size) }
}

pub(super) async fn run(verb: &BundleCommand, office: &Office, out: &mut Out) -> Result<(), Failure> {
    match verb {
        BundleCommand::Export(args) => export(args, office, out).await,
        BundleCommand::Import { files } => import(files, office, out).await,
        BundleCommand::Inspect { file } => {
            let seen = inspect(file, office).await?;
            if out.is_json() { out.value(&seen) } else { out.text(&told(file, &seen)) }
        }
    }
}

async fn export(args: &ExportArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let mut since = match &args.since {
        Some(file) => Some(beyond(&inspect(file, office).await?)),
        None => None,
    };
    let mut written = Vec::new();
    loop {
        let part = written.len() + 1;
        let mut asked = json!({"all": args.all && since.is_none(), "limit": args.split});
        asked["part"] = json!(if args.split.is_some() { part } else { 0 });
        asked["for"] = json!(args.addressee);
        asked["since"] = json!(since);
        let to = match args.split {
            Some(_) => numbered(&args.to, part),
            None => args.to.clone(),
        };
        let seen = write(&to, &asked, office).await?;
        since = Some(beyond(&seen));
        let more = seen["more"] == true;
        written.push((to, seen));
        if !more {
            break;
        }
    }
    if out.is_json() {
        let files: Vec<Value> = written.iter().map(|(file, seen)| with_file(file, seen)).collect();
        return out.value(&json!({ "files": files }));
    }
    let files = written.iter().map(|(file, seen)| told(file, seen));
    out.text(&files.collect::<Vec<_>>().join("\n"))?;
    match written.len() {
        1 => Ok(()),
        _ => out.line("Import them in this order; each goes on from the one before."),
    }
}

/// Writes one file, reads it back, and puts it in its place.
async fn write(to: &Path, asked: &Value, office: &Office) -> Result<Value, Failure> {
    let progress = spinner("Writing");
    let written = async {
        let mut draft = Draft::beside(to)?;
        draft.fill(office.client.download("/bundles/export", asked).await?).await?;
        let seen = inspect(draft.path(), office).await.map_err(|failure| {
            failure.within(|why| {
                format!(
                    "what was written to {} does not read back: {why}; the medium may be worn out, take another",
                    to.display()
                )
            })
        })?;
        draft.keep(to)?;
        Ok(seen)
    };
    let result = written.await;
    progress.finish_and_clear();
    result
}

/// What `since` is to say of a bundle that was looked into.
fn beyond(seen: &Value) -> Value {
    json!({"name": seen["name"], "reach": seen["reach"]})
}

fn numbered(file: &Path, part: usize) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{part}"));
    name.into()
}

async fn inspect(file: &Path, office: &Office) -> Result<Value, Failure> {
    let bytes = file::pieces(file)?;
    Ok(office.client.upload("/bundles/inspect", bytes).await?)
}

async fn import(files: &[PathBuf], office: &Office, out: &mut Out) -> Result<(), Failure> {
    let mut taken = Vec::new();
    for file in files {
        let progress = spinner("Reading");
        let one = async {
            // Twice through the file: what is damaged is known before anything is taken.
            inspect(file, office).await?;
            Ok::<_, Failure>(office.client.upload("/bundles/import", file::pieces(file)?).await?)
        };
        let result = one.await;
        progress.finish_and_clear();
        let answer = result.map_err(|failure| failure.within(|why| format!("{}: {why}", file.display())))?;
        if !out.is_json() {
            out.text(&brought(file, &answer))?;
        }
        taken.push(with_file(file, &answer));
    }
    if out.is_json() { out.value(&json!({ "files": taken })) } else { Ok(()) }
}

fn with_file(file: &Path, answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("file".to_owned(), json!(file.display().to_string()));
        fields.remove("reach");
    }
    answer
}

fn number(answer: &Value, field: &str) -> u64 {
    answer[field].as_u64().unwrap_or_default()
}

fn called(office: &Value) -> String {
    let key = office["author"].as_str().unwrap_or_default();
    office["name"].as_str().map_or_else(|| format!("the office {}", key.get(..8).unwrap_or(key)), str::to_owned)
}

/// What a bundle is, for people.
fn told(file: &Path, seen: &Value) -> String {
    let mut text = format!("{}: bundle {}", file.display(), seen["name"].as_str().unwrap_or_default());
    match number(seen, "part") {
        0 => {}
        part if seen["more"] == true => text += &format!(", part {part}, more follow"),
        part => text += &format!(", part {part}, the last"),
    }
    let made_at = seen["made_at"].as_str().unwrap_or("an unknown time");
    text += &format!("\n  Made by {} on {made_at}", called(&seen["maker"]));
    if !seen["addressee"].is_null() {
        text += &format!(" for {}", called(&seen["addressee"]));
    }
    let entries = counted(number(seen, "entries"), "entry", "entries");
    let words = counted(number(seen, "acknowledgements"), "acknowledgement", "acknowledgements");
    text += &format!("\n  {entries} and {words}, {} bytes\n", number(seen, "bytes"));
    match seen["goes_on_from"].as_str() {
        Some(from) => text += &format!("  Goes on from {from}.\n"),
        None => text += "  Holds everything its maker held.\n",
    }
    let missing: Vec<&str> = seen["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !missing.is_empty() {
        text += "  It cannot be taken in here yet:\n";
        missing.iter().for_each(|lack| text += &format!("    {lack}\n"));
    }
    text
}

/// What a bundle brought, for people.
fn brought(file: &Path, answer: &Value) -> String {
    let (new, held) = (number(answer, "new"), number(answer, "held"));
    let mut text = format!("{}: {}", file.display(), counted(new, "new entry", "new entries"));
    text += &format!(", {held} already here.\n");
    let offices: Vec<String> = answer["acknowledged"].as_array().into_iter().flatten().map(called).collect();
    if !offices.is_empty() {
        text += &format!("  Acknowledgements of {}.\n", offices.join(", "));
    }
    if number(answer, "astray") > 0 {
        let astray = counted(number(answer, "astray"), "entry has", "entries have");
        text += &format!(
            "  {astray} no place here yet: bring the maker a bundle of this office, and ask for one with --all.\n"
        );
    }
    if answer["apart"] == true {
        text += "  This office and the maker do not hold the same although they hold as much: ask for a bundle with --all.\n";
    }
    if answer["more"] == true {
        text += "  Another part follows: import that too.\n";
    }
    text
}

impl From<file::FileError> for Failure {
    fn from(error: file::FileError) -> Self {
        let exit = match error {
            file::FileError::Open { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => Exit::NotFound,
            file::FileError::Client(error) => return error.into(),
            _ => Exit::Failed,
        };
        Failure::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in
            [("700M", Some(734_003_200)), ("64k", Some(65_536)), ("65536", Some(65_536)), ("1G", Some(1 << 30))]
        {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
        for text in ["", "M", "7", "63K", "1T", "-1M", "99999999999999999999G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}

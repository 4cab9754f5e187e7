//! `toguna export`: a list as a file, through the same module as the pages, and the journal of all that left.

use serde_json::{Value, json};
use toguna_protocol::record::Kind;

use super::{
    Exit, Failure, Out,
    args::ExportListArgs,
    bundle::Draft,
    office::Office,
    out::{counted, moment, spinner, table},
};

pub(super) async fn run(args: &ExportListArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    if args.journal {
        return journal(office, out).await;
    }
    let (Some(kind), Some(format), Some(to)) = (args.kind, args.format, args.to.as_deref()) else {
        return Err(Failure::usage("say what is to be exported: --kind, --format and --to, or --journal"));
    };
    let asked = json!({
        "kind": kind.key(),
        "format": format.key(),
        "region": args.region,
        "status": args.status,
        "origin": args.origin,
        "stake": args.stake,
        "own": args.own,
        "text": args.text,
        "language": args.language.key(),
    });
    let progress = spinner("Writing");
    let written = async {
        let (counts, pieces) = office.client.export(&asked).await?;
        let mut draft = Draft::private(to)?;
        draft.fill(pieces).await?;
        draft.keep(to)?;
        Ok::<_, Failure>(counts)
    };
    let result = written.await;
    progress.finish_and_clear();
    let (rows, left_out) = result?;
    if out.is_json() {
        return out.value(&json!({"file": to.display().to_string(), "rows": rows, "left_out": left_out}));
    }
    let left_out = match left_out {
        0 => String::new(),
        left_out => format!(", {left_out} left out by the rules of exports"),
    };
    out.line(format!("{}: {}{left_out}.", to.display(), counted(rows, "record", "records")))
}

async fn journal(office: &Office, out: &mut Out) -> Result<(), Failure> {
    let body = office.client.get("/export").await?.body;
    if out.is_json() {
        return out.value(&body);
    }
    let lines = body.get("exports").and_then(Value::as_array);
    let lines = lines.ok_or_else(|| Failure::new(Exit::Failed, "the node's answer holds no journal"))?;
    if lines.is_empty() {
        return out.line("Nothing has been exported from this node yet.");
    }
    let mut shown = table(&["When", "Who", "Records", "Format", ">Rows", ">Left out"]);
    for line in lines {
        shown.add_row([
            moment(moment_of(line).as_ref()),
            who(line),
            which(line),
            text(line, "format") + if line["texts"] == true { ", with texts" } else { "" },
            line["rows"].to_string(),
            line["left_out"].to_string(),
        ]);
    }
    out.line(shown.to_string())
}

fn text(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_default().to_owned()
}

fn moment_of(line: &Value) -> Option<Value> {
    let at = jiff::Timestamp::from_second(line["at"].as_i64()?).ok()?;
    Some(json!(at.to_string()))
}

fn who(line: &Value) -> String {
    format!("{} ({})", text(line, "by"), line["role"].as_str().unwrap_or("command line"))
}

fn which(line: &Value) -> String {
    let kind =
        Kind::from_key(&text(line, "kind")).map_or_else(|| text(line, "kind"), |kind| format!("{}s", kind.key()));
    let given =
        ["region", "status", "origin", "stake"].into_iter().filter_map(|field| line[field].as_str().map(str::to_owned));
    let is = |field: &str, said: &str| (line[field] == true).then(|| said.to_owned());
    let flags = is("own", "own").into_iter().chain(is("words", "with words"));
    std::iter::once(kind).chain(given).chain(flags).collect::<Vec<_>>().join(", ")
}

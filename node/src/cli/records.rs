//! `toguna records …`.

mod fields;
mod show;

use serde_json::{Map, Value, json};
use toguna_protocol::record::Kind;

use super::{
    Exit, Failure, Out,
    args::{EditArgs, FieldArgs, ListArgs, NewArgs, RecordsCommand, SettleArgs},
    office::{Office, unique},
    out::{ago, counted, plain, program, short, table},
};

/// Records of one page of the API at most.
const PAGE: usize = 200;

pub(super) async fn run(verb: &RecordsCommand, office: &Office, out: &mut Out) -> Result<(), Failure> {
    match verb {
        RecordsCommand::List(args) => list(args, office, out).await,
        RecordsCommand::Show { id, at } => show(id, at.as_deref(), office, out).await,
        RecordsCommand::New(args) => new(args, office, out).await,
        RecordsCommand::Edit(args) => edit(args, office, out).await,
        RecordsCommand::History { id } => history(id, office, out).await,
        RecordsCommand::Receipts { id } => receipts(id, office, out).await,
        RecordsCommand::Settle(args) => settle(args, office, out).await,
    }
}

async fn list(args: &ListArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let given = [
        ("kind", args.kind.map(|kind| kind.key().to_owned())),
        ("region", args.region.clone()),
        ("status", args.status.clone()),
        ("text", args.text.clone()),
        ("since", args.since.map(|since| since.to_string())),
    ];
    let query: Vec<(&str, String)> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let (mut records, mut next, mut total) = (Vec::new(), args.after.clone(), 0);
    loop {
        let wanted = if args.limit == 0 { PAGE } else { (args.limit - records.len()).min(PAGE) };
        let (page, after, all) = office.client.page(&query, wanted, next.as_deref()).await?;
        (next, total) = (after, all.max(total));
        records.extend(page);
        if next.is_none() || (args.limit > 0 && records.len() >= args.limit) {
            break;
        }
    }
    if out.is_json() {
        return out.value(&json!({"records": records, "total": total, "next": next}));
    }
    if records.is_empty() {
        return out.line("No record is like that.");
    }
    let mut table = table(&["Id", "Kind", "Title", "Status", "Regions", "Changed", ""]);
    for record in &records {
        table.add_row(row(record));
    }
    out.line(table.to_string())?;
    let shown = counted(records.len() as u64, "record", "records");
    match &next {
        Some(next) => out.line(format!("{shown} of {total}; the next ones: --after {next}")),
        None => out.line(shown),
    }
}

fn row(record: &Value) -> [String; 7] {
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let count = |key: &str| record.get(key).and_then(Value::as_u64).unwrap_or(0);
    let regions = record.get("regions").filter(|regions| regions.as_array().is_some_and(|all| !all.is_empty()));
    let (concurrent, decisions) = (count("concurrent"), count("decisions"));
    let mut marks = Vec::new();
    if concurrent > 0 {
        marks.push(format!("{concurrent} to settle"));
    }
    if decisions > 0 {
        marks.push(format!("{decisions} to decide"));
    }
    [
        short(&text("id")).to_owned(),
        text("kind"),
        text("title"),
        text("status"),
        regions.map_or_else(|| "national".to_owned(), plain),
        ago(record.pointer("/updated/at")),
        marks.join(", "),
    ]
}

async fn show(letters: &str, at: Option<&str>, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let id = office.record_id(letters).await?;
    let record = match at {
        Some(entry) => {
            let entry = entry_of_history(&id, entry, office).await?;
            office.client.get(&format!("/records/{id}/at/{entry}")).await?.body
        }
        None => office.client.record(&id).await?.body,
    };
    if out.is_json() {
        return out.value(&record);
    }
    let names = office_names(office).await?;
    out.text(&show::record(&record, &office.config.pack, &names))
}

/// The names of the offices by their keys.
async fn office_names(office: &Office) -> Result<show::Names, Failure> {
    let status = office.client.status().await?;
    let offices = status.get("offices").and_then(Value::as_array).into_iter().flatten();
    let named =
        |office: &Value| Some((office.get("author")?.as_str()?.to_owned(), office.get("name")?.as_str()?.to_owned()));
    Ok(show::Names(offices.filter_map(named).collect()))
}

async fn entry_of_history(id: &str, letters: &str, office: &Office) -> Result<String, Failure> {
    let body = office.client.get(&format!("/records/{id}/history")).await?.body;
    let steps = body.get("history").and_then(Value::as_array).into_iter().flatten();
    let entries: Vec<&str> = steps.filter_map(|step| step.get("entry")?.as_str()).collect();
    unique(letters, &entries).map(str::to_owned).map_err(|found| not_one_entry(letters, found))
}

fn not_one_entry(letters: &str, found: usize) -> Failure {
    match found {
        0 => Failure::new(Exit::NotFound, format!("no entry there begins with {letters:?}")),
        _ => Failure::usage(format!("{found} entries begin with {letters:?}: give more letters")),
    }
}

async fn new(args: &NewArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let mut body = fields::from_file(args.fields.from.as_deref())?;
    if let Some(kind) = args.kind {
        body.insert("kind".to_owned(), json!(kind.key()));
    }
    if let Some(title) = &args.title {
        body.insert("title".to_owned(), json!(title));
    }
    let kind = kind_of(&body)?;
    fields::apply(&args.fields, kind, &Map::new(), &mut body)?;
    let made = office.client.new_record(&Value::Object(body)).await?.body;
    if out.is_json() {
        return out.value(&made);
    }
    let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
    out.line(format!("Saved as {id}."))?;
    let (program, id) = (program(), short(id));
    out.line(format!("  Show it:    {program} records show {id}"))?;
    out.line(format!("  Change it:  {program} records edit {id} --set FIELD=VALUE"))
}

fn kind_of(record: &Map<String, Value>) -> Result<Kind, Failure> {
    let kind = record.get("kind").and_then(Value::as_str);
    kind.and_then(Kind::from_key)
        .ok_or_else(|| Failure::usage("say what it is: --kind consultation, conflict or project"))
}

async fn edit(args: &EditArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    if nothing(&args.fields) {
        return Err(Failure::usage(
            "say what is to be changed: --set, --add, --remove, --withdraw, --restore or --from",
        ));
    }
    let id = office.record_id(&args.id).await?;
    let answer = office.client.record(&id).await?;
    let record = answer.body.as_object().cloned().unwrap_or_default();
    let mut patch = fields::from_file(args.fields.from.as_deref())?;
    fields::apply(&args.fields, kind_of(&record)?, &record, &mut patch)?;
    let etag = args.etag.as_deref().or(answer.etag.as_deref()).unwrap_or_default();
    let saved = office.client.edit(&id, etag, &Value::Object(patch)).await?.body;
    if out.is_json() {
        return out.value(&saved);
    }
    match saved.get("entry").and_then(Value::as_str) {
        Some(entry) => out.line(format!("Saved as entry {}.", short(entry))),
        None => out.line("Nothing to save: the record says that already."),
    }
}

fn nothing(fields: &FieldArgs) -> bool {
    let FieldArgs { set, add, remove, withdraw, restore, from } = fields;
    from.is_none() && [set, add, remove, withdraw, restore].into_iter().all(Vec::is_empty)
}

async fn history(letters: &str, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let id = office.record_id(letters).await?;
    let body = office.client.get(&format!("/records/{id}/history")).await?.body;
    if out.is_json() {
        return out.value(&body);
    }
    out.text(&show::history(&body))
}

async fn receipts(letters: &str, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let id = office.record_id(letters).await?;
    let body = office.client.get(&format!("/records/{id}/receipts")).await?.body;
    if out.is_json() {
        return out.value(&body);
    }
    out.line(show::receipts(&body).to_string())
}

async fn settle(args: &SettleArgs, office: &Office, out: &mut Out) -> Result<(), Failure> {
    let id = office.record_id(&args.id).await?;
    let answer = office.client.record(&id).await?;
    let field =
        if args.field.starts_with('/') { args.field.clone() } else { format!("/{}", args.field.replace('.', "/")) };
    let choice = match (&args.entry, &args.value) {
        (Some(letters), _) => {
            let concurrent = answer.body.pointer("/meta/concurrent").and_then(Value::as_array).into_iter().flatten();
            let values = concurrent.filter(|one| one.get("field").and_then(Value::as_str) == Some(&field));
            let values = values.filter_map(|one| one.get("values")?.as_array()).flatten();
            let entries: Vec<&str> = values.filter_map(|value| value.get("entry")?.as_str()).collect();
            json!({"entry": unique(letters, &entries).map_err(|found| not_one_entry(letters, found))?})
        }
        (None, Some(value)) => {
            let record = answer.body.as_object().cloned().unwrap_or_default();
            json!({"value": fields::value_at(kind_of(&record)?, &field, value)?})
        }
        (None, None) => return Err(Failure::usage("say which value: --entry or --value")),
    };
    let mut body = json!({"field": field, "choice": choice});
    if let Some(reason) = office.reason() {
        body["reason"] = json!(reason);
    }
    let path = format!("/records/{id}/settle");
    let saved = office.client.post(&path, Some(&body), answer.etag.as_deref()).await?.body;
    if out.is_json() {
        return out.value(&saved);
    }
    out.line(format!("Settled {field}."))
}

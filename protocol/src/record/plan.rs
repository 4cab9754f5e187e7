//! The plan: a project whose agreement is signed enters the plan of the quarter after, in the change that signs it.

use automerge::{ObjType, ROOT, transaction::Transactable};
use serde_json::Value;

use crate::{
    ids::{ItemId, RecordId},
    limits::DATE_YEARS,
};

use super::{
    Date, Kind, Project, RecordError,
    date::Span,
    project::ProjectStatus,
    read::{kind_of, read},
    schema::Shaped,
    value::stored,
    view::{RecordDoc, View},
    write::items::mark,
};

/// A quarter of a year: the year, and 1 to 4.
pub type Quarter = (u16, u8);

/// The quarter that a project enters by its agreement, if the document is a project that is agreed: the one after the
/// signature. Of a date that may lie in several quarters the last counts, so that every office finds the same.
///
/// # Errors
/// If the document cannot be read.
pub fn entered<D: RecordDoc>(doc: &D) -> Result<Option<Quarter>, RecordError> {
    // A new record has no kind yet.
    if !matches!(kind_of(doc), Ok(Kind::Project)) {
        return Ok(None);
    }
    Ok(after_signature(&read(doc, None)?.typed()))
}

fn after_signature(project: &Project) -> Option<Quarter> {
    let signed = project.agreement_signed_date.filter(|_| project.status == Some(ProjectStatus::Agreed))?;
    let (year, month, _) = signed.latest().unwrap_or_else(|| signed.earliest());
    let next = match month {
        10.. => (year + 1, 1),
        _ => (year, (month - 1) / 3 + 2),
    };
    DATE_YEARS.contains(&next.0).then_some(next)
}

/// Gives a project a line in a quarter, unless one stands there. Whoever writes it writes the same item, so that two
/// offices that sign apart have one line; one that was withdrawn comes back, and one that somebody moved stays where it
/// is. Whether something was written.
///
/// # Errors
/// If the document cannot be read or written.
pub fn enter<T: Transactable + RecordDoc>(tx: &mut T, record: RecordId, quarter: Quarter) -> Result<bool, RecordError> {
    let project: Project = read(tx, None)?.typed();
    let of_quarter = |date: Option<Date>| date.and_then(Date::quarter) == Some(quarter);
    if project.plan.values().any(|line| !line.withdrawn && of_quarter(line.quarter)) {
        return Ok(false);
    }
    let id = ItemId::planned(record, quarter);
    let lists = View::new(tx, None).maps(&[ROOT], "plan");
    match project.plan.get(&id) {
        Some(line) if !line.withdrawn => return Ok(false),
        Some(_) => {
            let line = View::new(tx, None).maps(&lists, id.as_str());
            mark(tx, &line, false)?;
        }
        None => {
            let list = match lists.last() {
                Some(list) => list.clone(),
                None => tx.put_object(ROOT, "plan", ObjType::Map)?,
            };
            let line = tx.put_object(&list, id.as_str(), ObjType::Map)?;
            let date = Value::from(Date::In(Span::Quarter(quarter.0, quarter.1)).to_string());
            tx.put(&line, "quarter", stored(&Date::SHAPE, Some(&date)))?;
        }
    }
    Ok(true)
}

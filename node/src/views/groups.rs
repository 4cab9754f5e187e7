//! Conflicts that stand for one and the same: records that people have tied as "same conflict".
//!
//! Ties are items of records, made and taken back at any office, in either direction, also twice. Here all that hang
//! together through them, however long the chain, are one group. One record *speaks* for the group: of those whose phase
//! is established the one that was made first, else the one that was made first of all. Every office that holds the same
//! records so finds the same speaker. Totals count speakers; what is asked of the others (region, stake, words) counts for
//! the whole group; its phase is the speaker's. Records that hold events of another source are no records of the programme
//! and join no group.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};
use serde_json::Value;
use toguna_protocol::{
    engine::rows::Row,
    ids::{ItemId, RecordId},
    record::common::Relation,
};

use super::{ListedRecord, Views, ViewsError, places::of_json};

/// What ties two records of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct SameConflict {
    /// The record that the tie is an item of.
    pub holder: RecordId,
    /// The tie.
    pub item: ItemId,
    /// The other record.
    pub other: RecordId,
}

/// The group that a record belongs to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// All its records, the one that speaks for it first. Just the record itself where it is tied to none.
    pub records: Vec<ListedRecord>,
    /// The ties from and to the record that was asked for.
    pub ties: Vec<SameConflict>,
}

/// Keeps what a row says of the record's ties.
pub(super) fn show(tx: &Transaction<'_>, n: i64, row: &Row) -> rusqlite::Result<()> {
    let mut add = tx.prepare_cached("INSERT OR IGNORE INTO ties (record, item, other) VALUES (?, ?, ?)")?;
    for item in row.record.items.iter().filter(|item| item.list == "links" && item.counts) {
        let text = |name: &str| item.values.get(name).and_then(Value::as_str);
        let other = text("record").and_then(|id| id.parse::<RecordId>().ok());
        if let Some(other) = other.filter(|_| text("relation") == Some(Relation::SameConflict.key())) {
            add.execute(params![n, item.item.as_str(), &other.0[..]])?;
        }
    }
    Ok(())
}

/// The records that a record stands in one group with, before it changes: itself among them.
pub(super) fn together(tx: &Transaction<'_>, n: i64) -> rusqlite::Result<BTreeSet<i64>> {
    let mut query = tx.prepare_cached("SELECT n FROM records WHERE grp = (SELECT grp FROM records WHERE n = ?)")?;
    query.query_map([n], |row| row.get(0))?.collect()
}

/// Forms the groups anew that any of these records belongs to.
pub(super) fn renew(tx: &Transaction<'_>, changed: &BTreeSet<i64>) -> rusqlite::Result<()> {
    let mut seen = BTreeSet::new();
    for n in changed {
        if seen.contains(n) {
            continue;
        }
        let group = reached(tx, *n)?;
        let speaker = speaker(tx, &group)?.unwrap_or(*n);
        let mut set = tx.prepare_cached("UPDATE records SET grp = ?1 WHERE n = ?2 AND grp IS NOT ?1")?;
        for member in &group {
            set.execute([speaker, *member])?;
        }
        seen.extend(group);
    }
    Ok(())
}

/// All records that ties lead to from one, itself among them.
fn reached(tx: &Transaction<'_>, from: i64) -> rusqlite::Result<BTreeSet<i64>> {
    let mut next = tx.prepare_cached(
        "SELECT o.n FROM records AS r JOIN ties ON ties.record = r.n JOIN records AS o ON o.id = ties.other
         WHERE r.n = ?1 AND r.kind = 'conflict' AND NOT r.events AND o.kind = 'conflict' AND NOT o.events
         UNION
         SELECT o.n FROM records AS r JOIN ties ON ties.other = r.id JOIN records AS o ON o.n = ties.record
         WHERE r.n = ?1 AND r.kind = 'conflict' AND NOT r.events AND o.kind = 'conflict' AND NOT o.events",
    )?;
    let mut group = BTreeSet::from([from]);
    let mut ahead = vec![from];
    while let Some(n) = ahead.pop() {
        for other in next.query_map([n], |row| row.get(0))? {
            let other = other?;
            if group.insert(other) {
                ahead.push(other);
            }
        }
    }
    Ok(group)
}

/// Who speaks for a group; `None` where nobody need be asked.
fn speaker(tx: &Transaction<'_>, group: &BTreeSet<i64>) -> rusqlite::Result<Option<i64>> {
    if group.len() < 2 {
        return Ok(None);
    }
    let mut query =
        tx.prepare_cached("SELECT coalesce(status, 'unknown') = 'unknown', created, id FROM records WHERE n = ?")?;
    let ranked = group.iter().map(|n| {
        let rank: (bool, i64, Vec<u8>) = query.query_row([n], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok((rank, *n))
    });
    let ranked = ranked.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(ranked.into_iter().min().map(|(_, n)| n))
}

impl Views {
    /// The group of each of these records; an empty one for a record that is not shown.
    pub fn groups(&self, ids: &[RecordId]) -> Result<Vec<Group>, ViewsError> {
        let db = self.db();
        let mut members = db.prepare_cached(
            "SELECT listed FROM records WHERE grp = (SELECT grp FROM records WHERE id = ?) ORDER BY n <> grp, id",
        )?;
        let mut ties = db.prepare_cached(
            "SELECT h.id, ties.item, ties.other FROM ties JOIN records AS h ON h.n = ties.record
             WHERE h.id = ?1 OR ties.other = ?1 ORDER BY h.id, ties.item",
        )?;
        let mut groups = Vec::with_capacity(ids.len());
        for id in ids {
            let mut group = Group::default();
            let mut rows = members.query([&id.0[..]])?;
            while let Some(row) = rows.next()? {
                group.records.push(of_json(row, 0)?);
            }
            if group.records.len() > 1 {
                let found = ties.query_map([&id.0[..]], |row| {
                    let (holder, item, other): (_, String, _) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok(item.parse().ok().map(|item| SameConflict {
                        holder: RecordId(holder),
                        item,
                        other: RecordId(other),
                    }))
                })?;
                group.ties = found.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            }
            groups.push(group);
        }
        Ok(groups)
    }
}

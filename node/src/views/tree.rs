//! Consultations by what they stand under: what is part of a conference, what fed it, what gives its results back, its
//! series.
//!
//! Each such tie is an item of the record that stands below, made and taken back at any office. A record may have several,
//! and two offices that tie at once can make a ring. Here every consultation stands in one place: ties are taken one by
//! one, the closest relation first, and one that would close a ring, or put a record into a second place, only *names* the
//! other record. The order in which they are taken depends on nothing but what is recorded, so that all offices that hold
//! the same records draw the same tree, and none is ever hidden or shown without end.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use rusqlite::{Connection, Transaction, params, params_from_iter};
use serde_json::Value;
use toguna_protocol::{
    engine::rows::Row,
    ids::RecordId,
    record::{
        Date, Kind,
        common::{Level, Relation},
        date::Day,
    },
};

use super::{
    Filter, ListedRecord, Views, ViewsError,
    list::{Conditions, conditions, where_all},
    matters::number_of,
    places::of_json,
};
use crate::pack::fold;

/// Records below the first ones that a page shows at most, all its branches together.
const BELOW: usize = 150;

/// Records that are shown directly below one.
const BESIDE: usize = 25;

/// How many levels of a tree are shown at once.
const DEEP: usize = 6;

/// How many are named at most on the way from the top of a tree down to one of its records: the nearest.
const NAMED: usize = 12;

/// Under which heading a consultation that stands under no other is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeGroup {
    /// Others stand under it.
    Trees,
    /// It stands alone, at this level.
    Alone(Level),
    /// It stands alone, and its level is not stated.
    Unstated,
}

impl TreeGroup {
    /// Every group, in the order in which they are listed.
    pub const ALL: [TreeGroup; 6] = [
        TreeGroup::Trees,
        TreeGroup::Alone(Level::Local),
        TreeGroup::Alone(Level::Regional),
        TreeGroup::Alone(Level::National),
        TreeGroup::Alone(Level::International),
        TreeGroup::Unstated,
    ];

    /// Its name in messages and addresses.
    pub fn key(self) -> &'static str {
        match self {
            TreeGroup::Trees => "trees",
            TreeGroup::Alone(level) => level.key(),
            TreeGroup::Unstated => "unstated",
        }
    }

    fn of_level(level: Option<Level>) -> Self {
        level.filter(|level| *level != Level::Newer).map_or(TreeGroup::Unstated, TreeGroup::Alone)
    }
}

/// Which consultations are asked for; what is absent does not narrow them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeFilter {
    /// Those that concern this region, or [`NATIONAL`](super::NATIONAL) for the whole country, with all that they stand
    /// under.
    pub region: Option<String>,
    /// What stands directly under this one, whatever its region and group.
    pub under: Option<RecordId>,
    /// Of one group.
    pub group: Option<TreeGroup>,
    /// The day it is: a restitution without a status was held if its date is past.
    pub today: Day,
}

/// Whether those who spoke have heard what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restitution {
    /// The report is not validated yet, and nothing was given back.
    NotDue,
    /// The report is validated, and no restitution is recorded.
    Missing,
    /// One is planned, none is held.
    Planned,
    /// One was held.
    Held,
}

/// A consultation as a tree shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeRecord {
    /// What lists show of it.
    pub record: ListedRecord,
    /// How far it reached.
    pub level: Option<String>,
    /// What kind of meeting it was.
    pub meeting_type: Option<String>,
    /// When it began; else when it ended.
    pub date: Option<Date>,
    /// How many of the four parts of its report say something.
    pub report_parts: u64,
    /// How many recommendations it has.
    pub recommendations: u64,
    /// How it hangs on the one above; `None` at the top.
    pub relation: Option<Relation>,
    /// What else it is tied to in this way, without standing there.
    pub also: Vec<(Relation, ListedRecord)>,
    /// Whether its results were given back.
    pub restitution: Restitution,
}

/// A consultation with what stands under it, as far as there is room.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// The consultation.
    pub top: TreeRecord,
    /// What stands directly under it, each with its own.
    pub below: Vec<Branch>,
    /// How many more stand directly under it.
    pub more: u64,
}

/// A part of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreePage {
    /// From the top down to the one that was asked for, itself the last, without those that are far above; empty where none
    /// was, or it is not here.
    pub path: Vec<TreeRecord>,
    /// What stands under no other, group by group, the latest first; or under the one that was asked for.
    pub branches: Vec<(TreeGroup, Branch)>,
    /// How many of those there are in all.
    pub total: u64,
    /// How many there are of each group.
    pub groups: BTreeMap<TreeGroup, u64>,
    /// How many consultations answer to the filter, wherever they stand.
    pub records: u64,
    /// Whether the views were complete.
    pub complete: bool,
}

/// Keeps what a row says for the tree.
pub(super) fn show(tx: &Transaction<'_>, n: i64, row: &Row) -> rusqlite::Result<()> {
    if row.record.kind != Kind::Consultation {
        return Ok(());
    }
    let facts = &row.record.facts;
    let counted = |list: &'static str| row.record.items.iter().filter(move |item| item.list == list && item.counts);
    tx.prepare_cached(
        "INSERT INTO meetings (record, name, level, type, date, first, report, recommendations)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        n,
        fold(&row.record.title),
        facts.level,
        facts.meeting_type,
        row.record.date.map(|date| date.to_string()),
        row.record.date.map(|date| number_of(date.earliest())),
        facts.report_parts,
        counted("recommendations").count(),
    ])?;
    let mut add =
        tx.prepare_cached("INSERT OR IGNORE INTO branches (record, item, other, relation) VALUES (?, ?, ?, ?)")?;
    for item in counted("links") {
        let text = |name: &str| item.values.get(name).and_then(Value::as_str);
        let other = text("record").and_then(|id| id.parse::<RecordId>().ok());
        let relation = text("relation").map(Relation::from_key).filter(|relation| Relation::UPWARD.contains(relation));
        if let Some((other, relation)) = other.zip(relation) {
            add.execute(params![n, item.item.as_str(), &other.0[..], relation.key()])?;
        }
    }
    Ok(())
}

/// A consultation, as far as it decides where others stand.
struct Node {
    n: i64,
    id: RecordId,
    /// Its title, folded.
    name: String,
    level: Option<Level>,
    first: Option<i64>,
    date: Option<Date>,
    status: Option<String>,
}

/// A tie: who stands below, who above, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tie {
    below: usize,
    above: usize,
    relation: Relation,
}

/// Where every consultation stands.
struct Forest {
    nodes: Vec<Node>,
    /// What each stands under.
    above: Vec<Option<Tie>>,
    /// What stands directly under each, in the order in which it is shown.
    below: Vec<Vec<usize>>,
    /// The ties of each that only name another.
    also: Vec<Vec<Tie>>,
    restitution: Vec<Restitution>,
}

/// All that hangs together with one record, itself among them.
const TOGETHER: &str = "WITH RECURSIVE together (n) AS (
        SELECT n FROM records WHERE id = :under
        UNION SELECT o.n FROM together JOIN branches AS b ON b.record = together.n JOIN records AS o ON o.id = b.other
        UNION SELECT b.record FROM together JOIN records AS r ON r.n = together.n JOIN branches AS b ON b.other = r.id
    )";

impl Forest {
    /// Of all consultations, or of those that hang together with one.
    fn read(db: &Connection, with: Option<RecordId>, today: Day) -> rusqlite::Result<Self> {
        let (before, term) = if with.is_some() { (TOGETHER, "IN together") } else { ("", "= meetings.record") };
        let under = with.map(|id| id.0.to_vec());
        let values: Vec<(&str, &dyn rusqlite::ToSql)> =
            under.iter().map(|id| (":under", id as &dyn rusqlite::ToSql)).collect();
        let select = format!(
            "{before} SELECT n, id, name, meetings.level, first, status, date FROM meetings JOIN records ON n = meetings.record
             WHERE meetings.record {term}"
        );
        let of_node = |row: &rusqlite::Row<'_>| {
            let level: Option<String> = row.get(3)?;
            Ok(Node {
                n: row.get(0)?,
                id: RecordId(row.get(1)?),
                name: row.get(2)?,
                level: level.as_deref().map(Level::from_key),
                first: row.get(4)?,
                status: row.get(5)?,
                date: row.get::<_, Option<String>>(6)?.and_then(|date| date.parse().ok()),
            })
        };
        let nodes: Vec<Node> = db.prepare_cached(&select)?.query_map(&*values, of_node)?.collect::<Result<_, _>>()?;
        let place: BTreeMap<i64, usize> = nodes.iter().enumerate().map(|(at, node)| (node.n, at)).collect();
        let select = format!(
            "{before} SELECT meetings.record, o.n, relation FROM branches JOIN meetings ON meetings.record = branches.record
             JOIN records AS o ON o.id = other WHERE meetings.record {term}"
        );
        let of_tie = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, i64, String)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        };
        let ties: Vec<(i64, i64, String)> =
            db.prepare_cached(&select)?.query_map(&*values, of_tie)?.collect::<Result<_, _>>()?;
        let ties = ties.into_iter().filter_map(|(below, above, relation)| {
            let (below, above) = (*place.get(&below)?, *place.get(&above)?);
            (below != above).then(|| Tie { below, above, relation: Relation::from_key(&relation) })
        });
        let ties = ties.collect();
        Ok(Forest::grown(nodes, ties, today))
    }

    /// Takes the ties one by one: the closest relation first, then those of the lower level, since what is local rather
    /// stands under what is national than the other way round.
    fn grown(nodes: Vec<Node>, mut ties: Vec<Tie>, today: Day) -> Self {
        let rank = |tie: &Tie| Relation::UPWARD.iter().position(|relation| *relation == tie.relation);
        ties.sort_by_key(|tie| {
            let below = &nodes[tie.below];
            (rank(tie), TreeGroup::of_level(below.level), below.id, nodes[tie.above].id)
        });
        let mut forest = Forest {
            above: vec![None; nodes.len()],
            below: vec![Vec::new(); nodes.len()],
            also: vec![Vec::new(); nodes.len()],
            restitution: given_back(&nodes, &ties, today),
            nodes,
        };
        // For each node one that is nearer to the top of its tree; the top for itself.
        let mut upward: Vec<usize> = (0..forest.nodes.len()).collect();
        for tie in ties {
            let placed = forest.above[tie.below];
            if placed.is_none() && top(&mut upward, tie.above) != tie.below {
                forest.above[tie.below] = Some(tie);
                upward[tie.below] = tie.above;
                forest.below[tie.above].push(tie.below);
            } else if placed.is_none_or(|placed| placed.above != tie.above) {
                forest.also[tie.below].push(tie);
            }
        }
        let (above, nodes) = (&forest.above, &forest.nodes);
        let gives_back = |at: usize| above[at].is_some_and(|tie| tie.relation == Relation::Restitutes);
        for below in &mut forest.below {
            // In the order of time, what was given back at the end.
            below.sort_by_key(|at| {
                let Node { first, name, id, .. } = &nodes[*at];
                (gives_back(*at), first.is_none(), *first, name, *id)
            });
        }
        forest
    }

    fn group(&self, at: usize) -> TreeGroup {
        if self.below[at].is_empty() { TreeGroup::of_level(self.nodes[at].level) } else { TreeGroup::Trees }
    }

    /// From a record up to the top of its tree, itself first.
    fn upward(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(at), |at| self.above[*at].map(|tie| tie.above))
    }

    /// Everything among `chosen`, and all that it stands under.
    fn with_above(&self, chosen: &BTreeSet<i64>) -> Vec<bool> {
        let mut kept = vec![false; self.nodes.len()];
        for at in (0..self.nodes.len()).filter(|at| chosen.contains(&self.nodes[*at].n)) {
            for at in self.upward(at) {
                if std::mem::replace(&mut kept[at], true) {
                    break;
                }
            }
        }
        kept
    }

    /// A record with what stands under it, `room` records at most in all.
    fn shown(&self, at: usize, kept: &[bool], depth: usize, room: &mut usize) -> Shown {
        let mut below = Vec::new();
        for at in self.below[at].iter().copied().filter(|at| kept[*at]) {
            if depth == DEEP || below.len() == BESIDE || *room == 0 {
                break;
            }
            *room -= 1;
            below.push(self.shown(at, kept, depth + 1, room));
        }
        let more = (self.below[at].len() - below.len()) as u64;
        Shown { at, below, more }
    }
}

/// A branch before its records are read.
struct Shown {
    at: usize,
    below: Vec<Shown>,
    more: u64,
}

impl Shown {
    fn all(&self, into: &mut Vec<usize>) {
        into.push(self.at);
        self.below.iter().for_each(|below| below.all(into));
    }
}

/// The top of the tree that a node stands in. Ways that were gone once are shortened.
fn top(upward: &mut [usize], mut at: usize) -> usize {
    while upward[at] != at {
        upward[at] = upward[upward[at]];
        at = upward[at];
    }
    at
}

/// Whether the results of each were given back. One that was called off gives nothing back; of one without a status its
/// date tells whether it was held.
fn given_back(nodes: &[Node], ties: &[Tie], today: Day) -> Vec<Restitution> {
    let due = |node: &Node| match node.status.as_deref() {
        Some("validated") => Restitution::Missing,
        _ => Restitution::NotDue,
    };
    let mut given: Vec<Restitution> = nodes.iter().map(due).collect();
    for tie in ties.iter().filter(|tie| tie.relation == Relation::Restitutes) {
        let (above, below) = (&mut given[tie.above], &nodes[tie.below]);
        let is_past = || below.date.and_then(Date::latest).is_some_and(|last| last < today);
        let held = match below.status.as_deref() {
            Some("cancelled") => continue,
            Some("planned" | "postponed") => false,
            Some(_) => true,
            None => is_past(),
        };
        match above {
            _ if held => *above = Restitution::Held,
            Restitution::Held => {}
            _ => *above = Restitution::Planned,
        }
    }
    given
}

impl Views {
    /// At most `limit` consultations that stand under no other, or directly under the one that is asked for, after the
    /// first `skip` of them, with what stands under them.
    pub fn tree(&self, filter: &TreeFilter, skip: usize, limit: usize) -> Result<TreePage, ViewsError> {
        let complete = self.is_complete();
        let db = self.db();
        let forest = Forest::read(&db, filter.under, filter.today)?;
        let kept = match &filter.region {
            Some(region) if filter.under.is_none() => forest.with_above(&concerning(&db, region)?),
            _ => vec![true; forest.nodes.len()],
        };
        let asked = filter.under.map(|id| forest.nodes.iter().position(|node| node.id == id));
        let stands = |at: &usize| kept[*at] && forest.above[*at].is_none();
        let mut first: Vec<usize> = match asked {
            Some(asked) => asked.map_or_else(Vec::new, |at| forest.below[at].clone()),
            None => (0..forest.nodes.len()).filter(stands).collect(),
        };
        let mut groups = BTreeMap::new();
        first.iter().for_each(|at| *groups.entry(forest.group(*at)).or_insert(0) += 1);
        if asked.is_none() {
            let of_group = |at: &usize| filter.group.is_none_or(|group| forest.group(*at) == group);
            first.retain(of_group);
            first.sort_by_key(|at| {
                let Node { first, name, id, .. } = &forest.nodes[*at];
                (forest.group(*at), Reverse(*first), name, *id)
            });
        }
        let mut room = BELOW;
        let shown: Vec<Shown> =
            first.iter().skip(skip).take(limit).map(|at| forest.shown(*at, &kept, 1, &mut room)).collect();
        let mut path: Vec<usize> = asked.flatten().into_iter().flat_map(|at| forest.upward(at).take(NAMED)).collect();
        path.reverse();
        let read = Read::of(&db, &forest, &shown, &path)?;
        Ok(TreePage {
            path: path.iter().filter_map(|at| read.record(*at)).collect(),
            branches: shown.iter().filter_map(|shown| Some((forest.group(shown.at), read.branch(shown)?))).collect(),
            total: first.len() as u64,
            groups,
            records: kept.iter().filter(|kept| **kept).count() as u64,
            complete,
        })
    }
}

/// The consultations that concern a region.
fn concerning(db: &Connection, region: &str) -> Result<BTreeSet<i64>, ViewsError> {
    let filter = Filter { kind: Some(Kind::Consultation), region: Some(region.to_owned()), ..Filter::default() };
    let Some(Conditions { terms, values }) = conditions(&filter) else { return Ok(BTreeSet::new()) };
    let mut query = db.prepare_cached(&format!("SELECT n FROM records{}", where_all(&terms)))?;
    let found = query.query_map(params_from_iter(&values), |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What a page shows of records.
struct Read<'f> {
    forest: &'f Forest,
    records: BTreeMap<i64, TreeRecord>,
}

impl<'f> Read<'f> {
    /// Reads all records of a page at once, those that they name among them.
    fn of(db: &Connection, forest: &'f Forest, shown: &[Shown], path: &[usize]) -> Result<Self, ViewsError> {
        let mut all = path.to_vec();
        shown.iter().for_each(|shown| shown.all(&mut all));
        let named: Vec<usize> = all.iter().flat_map(|at| forest.also[*at].iter().map(|tie| tie.above)).collect();
        let numbers: BTreeSet<i64> = all.iter().chain(&named).map(|at| forest.nodes[*at].n).collect();
        let mut query = db.prepare_cached(
            "SELECT n, listed, level, meetings.type, date, report, recommendations FROM json_each(?) AS asked
             JOIN records ON n = asked.value JOIN meetings ON meetings.record = n",
        )?;
        let mut rows = query.query([serde_json::to_string(&numbers)?])?;
        let mut records = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let record = TreeRecord {
                record: of_json(row, 1)?,
                level: row.get(2)?,
                meeting_type: row.get(3)?,
                date: row.get::<_, Option<String>>(4)?.and_then(|date| date.parse().ok()),
                report_parts: row.get(5)?,
                recommendations: row.get(6)?,
                relation: None,
                also: Vec::new(),
                restitution: Restitution::NotDue,
            };
            records.insert(row.get(0)?, record);
        }
        Ok(Read { forest, records })
    }

    fn record(&self, at: usize) -> Option<TreeRecord> {
        let of = |at: usize| self.records.get(&self.forest.nodes[at].n);
        let also = self.forest.also[at].iter().filter_map(|tie| Some((tie.relation, of(tie.above)?.record.clone())));
        Some(TreeRecord {
            relation: self.forest.above[at].map(|tie| tie.relation),
            also: also.collect(),
            restitution: self.forest.restitution[at],
            ..of(at)?.clone()
        })
    }

    fn branch(&self, shown: &Shown) -> Option<Branch> {
        let below = shown.below.iter().filter_map(|below| self.branch(below)).collect();
        Some(Branch { top: self.record(shown.at)?, below, more: shown.more })
    }
}

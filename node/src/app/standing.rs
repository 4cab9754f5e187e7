//! How the records held here stand with the other offices: what waits to leave, and what is nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use toguna_protocol::{
    document,
    engine::{QueryError, Walk},
    frontier::Frontier,
    ids::{AuthorKey, FeedId, RecordId, UnixSeconds},
    ledger::Place,
};

use super::{App, AskError};
use crate::views::{Reach, Views, ViewsError};

/// What each other office that has been heard of is known to hold.
#[derive(Debug, Default)]
pub struct Elsewhere {
    /// By office.
    pub offices: BTreeMap<AuthorKey, Frontier>,
    /// What at least one of them is known to hold.
    pub anywhere: Frontier,
}

/// Records by what of them others are not known to hold. Records that cannot be shown are not among them.
#[derive(Debug, Default)]
pub struct Standing {
    /// Those with entries that no other office is known to hold, and how far these go.
    pub only_here: BTreeMap<RecordId, Reach>,
    /// For each office that has been heard of, how many records have entries it is not known to hold.
    pub waiting: BTreeMap<AuthorKey, u64>,
}

impl Elsewhere {
    /// How all records stand.
    ///
    /// # Errors
    /// The views cannot be read.
    pub fn standing(&self, views: &Views) -> Result<Standing, ViewsError> {
        let lacks = |(office, held): (&AuthorKey, &Frontier)| Ok((*office, views.beyond(held)?.len() as u64));
        Ok(Standing {
            only_here: views.beyond(&self.anywhere)?,
            waiting: self.offices.iter().map(lacks).collect::<Result<_, ViewsError>>()?,
        })
    }
}

impl App {
    /// What other offices are known to hold of what is held here.
    ///
    /// # Errors
    /// The node is stopping.
    pub async fn elsewhere(&self) -> Result<Elsewhere, super::DriverError> {
        let offices = self.ask(|engine| engine.known_elsewhere()).await?;
        let anywhere = offices.values().flat_map(Frontier::iter).collect();
        Ok(Elsewhere { offices, anywhere })
    }

    /// The records with entries between two places, and the feeds in which these stand. Long walks leave the engine to
    /// others between two steps.
    ///
    /// # Errors
    /// The store cannot be read, or the node is stopping.
    pub async fn between(
        &self,
        from: Frontier,
        until: Frontier,
    ) -> Result<BTreeMap<RecordId, BTreeSet<FeedId>>, AskError> {
        let begun = self.ask(move |engine| Walk::new(from, until, engine.ledger())).await?;
        let mut walk = begun.map_err(QueryError::from)?;
        loop {
            let step = self.ask(move |engine| {
                let more = walk.step(engine.ledger());
                (walk, more)
            });
            let (going_on, more) = step.await?;
            walk = going_on;
            if !more.map_err(QueryError::from)? {
                return Ok(walk.found());
            }
        }
    }

    /// When the first change was made that came here and lies beyond a place, by its office's clock.
    ///
    /// # Errors
    /// As [`App::between`].
    pub async fn beyond_since(&self, place: Frontier) -> Result<Option<UnixSeconds>, AskError> {
        let first = self.ask(move |engine| engine.first_beyond(&place)).await?.map_err(QueryError::from)?;
        Ok(self.written_at(first.into_iter().collect()).await?.pop().flatten())
    }

    /// The same of the changes of each of some records.
    ///
    /// # Errors
    /// As [`App::between`].
    pub async fn each_beyond_since(
        &self,
        records: Vec<RecordId>,
        place: Frontier,
    ) -> Result<BTreeMap<RecordId, UnixSeconds>, AskError> {
        let found = self.ask(move |engine| {
            let first = |record: RecordId| Ok(engine.first_of_beyond(record, &place)?.map(|first| (record, first)));
            records.into_iter().map(first).collect::<Result<Vec<_>, QueryError>>()
        });
        let (records, places): (Vec<RecordId>, Vec<Place>) = found.await??.into_iter().flatten().unzip();
        let written = records.into_iter().zip(self.written_at(places).await?);
        Ok(written.filter_map(|(record, at)| Some((record, at?))).collect())
    }

    /// When the changes at these places were made, by the clocks of their offices; `None` for one that is none.
    async fn written_at(&self, places: Vec<Place>) -> Result<Vec<Option<UnixSeconds>>, AskError> {
        let read = self.ask(move |engine| {
            let written = |place: &Place| {
                let entry = engine.ledger().entry(&place.feed, place.seq)?;
                Ok::<_, QueryError>(entry.and_then(|(entry, _)| document::written_at(&entry)))
            };
            places.iter().map(written).collect::<Result<Vec<_>, _>>()
        });
        Ok(read.await??)
    }

    /// Seconds by which each other office's clock is ahead of ours, negative where it is behind, as far as anything tells.
    ///
    /// # Errors
    /// The node is stopping.
    pub async fn clocks(&self) -> Result<BTreeMap<AuthorKey, i64>, super::DriverError> {
        self.ask(|engine| {
            let offices = engine.offices().into_iter().map(|office| office.author);
            let others = offices.filter(|office| *office != engine.author());
            others.filter_map(|office| Some((office, engine.clock_ahead(&office)?))).collect()
        })
        .await
    }
}

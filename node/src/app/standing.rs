//! How the records held here stand with the other offices: what waits to leave, and what is nowhere else.

use std::collections::BTreeMap;

use toguna_protocol::{
    document,
    engine::{Beyond, QueryError, Walk},
    frontier::Frontier,
    ids::{AuthorKey, RecordId, UnixSeconds},
    ledger::Place,
};

use super::{App, AskError};

/// Records by what of them others are not known to hold.
#[derive(Debug, Default)]
pub struct Standing {
    /// Those with entries that no other office is known to hold, and which entries these are.
    pub only_here: BTreeMap<RecordId, Beyond>,
    /// For each office that has been heard of, how many records have entries it is not known to hold.
    pub waiting: BTreeMap<AuthorKey, u64>,
}

impl App {
    /// How all records stand.
    ///
    /// # Errors
    /// The store cannot be read, or the node is stopping.
    pub async fn standing(&self) -> Result<Standing, AskError> {
        let known = self.ask(|engine| engine.known_elsewhere()).await?;
        let anywhere: Frontier = known.values().flat_map(Frontier::iter).collect();
        let (offices, mut places): (Vec<AuthorKey>, Vec<Frontier>) = known.into_iter().unzip();
        places.push(anywhere);
        let mut found = self.beyond(places, None).await?;
        let only_here = found.pop().unwrap_or_default();
        let waiting = offices.into_iter().zip(found.iter().map(|records| records.len() as u64)).collect();
        Ok(Standing { only_here, waiting })
    }

    /// The records that have entries beyond each of some places, and none beyond `until`. Long walks leave the engine to
    /// others between two steps.
    ///
    /// # Errors
    /// As [`App::standing`].
    pub async fn beyond(
        &self,
        places: Vec<Frontier>,
        until: Option<Frontier>,
    ) -> Result<Vec<BTreeMap<RecordId, Beyond>>, AskError> {
        let begun = self.ask(move |engine| Walk::new(&places, until, engine.ledger())).await?;
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

    /// When the changes at these places were made, by the clocks of their offices; `None` for one that is none.
    ///
    /// # Errors
    /// As [`App::standing`].
    pub async fn written_at(&self, places: Vec<Place>) -> Result<Vec<Option<UnixSeconds>>, AskError> {
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

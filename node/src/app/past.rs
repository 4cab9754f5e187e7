//! Records as they were, for reports: read beside the driver, which goes on meanwhile.

use std::sync::Arc;

use toguna_protocol::{
    engine::{
        QueryError,
        past::{Lacking, Past},
    },
    frontier::Frontier,
    ledger::{Ledger, LedgerError},
};

use super::App;
use crate::{driver::DriverError, store::Store};

/// An earlier state could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PastError {
    /// The store.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A record was not known then, or cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Not all that was known then is held here.
    #[error("not all that the state names is held here: exchange with the offices whose entries are missing")]
    Lacking(Vec<Lacking>),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
    /// The reading thread is gone.
    #[error("reading an earlier state broke off")]
    BrokeOff,
}

impl App {
    /// What is known here now.
    ///
    /// # Errors
    /// The node is stopping.
    pub async fn knowledge(&self) -> Result<Frontier, DriverError> {
        self.ask(|engine| engine.ledger().frontier().clone()).await
    }

    /// Reads the records as they were at a state of knowledge, where a thread may block.
    ///
    /// # Errors
    /// See [`PastError`].
    pub async fn past<T: Send + 'static>(
        &self,
        knowledge: Frontier,
        read: impl FnOnce(&Past<'_, Arc<dyn Store>>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, PastError> {
        let store = self.store.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let ledger = Ledger::open(store)?;
            let past = Past::new(&ledger, &knowledge);
            match past.lacking() {
                lacking if lacking.is_empty() => Ok(read(&past)?),
                lacking => Err(PastError::Lacking(lacking)),
            }
        });
        reading.await.map_err(|_| PastError::BrokeOff)?
    }
}

//! Bundles as everything above the driver sees them: bytes come out piece by piece, items go in step by step.

use std::mem;

use toguna_protocol::{
    bundle::{Closing, Item, Keys, Maker, Opening, Salt},
    engine::{BundleRefusal, BundleStep, Contents, Lack, Taken},
    ids::AuthorKey,
    ledger::LedgerError,
};
use tokio::sync::oneshot;

use super::{App, DriverError};

/// A bundle could not be made or taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleAskError {
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] BundleRefusal),
    /// The store cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There are no random bytes.
    #[error("asking for random bytes: {0}")]
    Random(getrandom::Error),
    /// The node is stopping.
    #[error(transparent)]
    Stopped(#[from] DriverError),
}

/// A bundle that is being made.
pub struct Parcel {
    app: App,
    maker: Maker,
}

impl Parcel {
    /// Its name in letters.
    pub fn name(&self) -> String {
        self.maker.name().to_string()
    }

    /// The next bytes of the file, and itself to go on; `None` after the last.
    pub async fn piece(self) -> Result<Option<(Vec<u8>, Parcel)>, BundleAskError> {
        let Parcel { app, mut maker } = self;
        loop {
            let step = app.ask(move |engine| {
                let piece = maker.step(engine.ledger());
                (maker, piece)
            });
            let (going_on, piece) = step.await?;
            maker = going_on;
            match piece? {
                None => return Ok(None),
                Some(piece) if piece.is_empty() => {}
                Some(piece) => return Ok(Some((piece, Parcel { app, maker }))),
            }
        }
    }
}

impl App {
    /// Begins to make a bundle.
    pub async fn export_bundle(&self, contents: Contents) -> Result<Parcel, BundleAskError> {
        let mut salt: Salt = [0; 32];
        getrandom::fill(&mut salt).map_err(BundleAskError::Random)?;
        let (reply, answer) = oneshot::channel();
        self.driving.export(contents, salt, reply).await?;
        let maker = answer.await.map_err(|_| DriverError)??;
        Ok(Parcel { app: self.clone(), maker })
    }

    /// What opens the network's bundles.
    pub async fn bundle_keys(&self) -> Result<Keys, DriverError> {
        self.ask(|engine| engine.bundle_keys()).await
    }

    /// What of a bundle's base is not held here.
    pub async fn lacks_of(&self, opening: &Opening) -> Result<Vec<Lack>, DriverError> {
        let base = opening.base.clone();
        self.ask(move |engine| engine.lacks_of(&base)).await
    }

    /// Asks whether a bundle can be taken here.
    pub async fn open_bundle(&self, opening: Box<Opening>) -> Result<(), BundleAskError> {
        self.bundle_step(BundleStep::Open(opening)).await.map(drop)
    }

    /// Takes what stands in a bundle. When this returns `Ok`, it is durable.
    pub async fn take_bundle(&self, maker: AuthorKey, items: Vec<Item>) -> Result<Taken, BundleAskError> {
        let mut sum = Taken::default();
        let mut rest = items;
        while !rest.is_empty() {
            let mut taken = self.bundle_step(BundleStep::Take(maker, rest)).await?;
            rest = mem::take(&mut taken.rest);
            sum.add(taken);
        }
        Ok(sum)
    }

    /// The end of a bundle; whether we hold the same numbers as its maker and yet not the same.
    pub async fn close_bundle(&self, closing: Box<Closing>) -> Result<bool, BundleAskError> {
        Ok(self.bundle_step(BundleStep::Close(closing)).await?.apart)
    }

    async fn bundle_step(&self, step: BundleStep) -> Result<Taken, BundleAskError> {
        let (reply, answer) = oneshot::channel();
        self.driving.bundle(step, reply).await?;
        Ok(answer.await.map_err(|_| DriverError)??)
    }
}

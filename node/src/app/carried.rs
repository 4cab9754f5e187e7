//! Bundles whole, for whoever has their bytes: looked into, then taken in. They flow through piece by piece, however
//! large they are.

use std::{fmt, mem};

use axum::body::Bytes;
use futures::{Stream, StreamExt};
use toguna_protocol::{
    bundle::{BundleError, Closing, Item, Opening, Reader},
    engine::{BundleRefusal, Lack, Taken},
};

use super::{App, BundleAskError, DriverError};

/// Bytes of a bundle that are read at once.
const PIECE: usize = 64 * 1024;

/// Items that are given to the engine at once: most are runs of some kilobytes.
const AT_ONCE: usize = 64;

/// A bundle's bytes are not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarryError {
    /// They did not all come; why, for a log.
    #[error("the bundle did not come whole: {0}")]
    Broken(String),
    /// They are no bundle that can be read here.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// What it goes on from is not held here. Nothing was taken.
    #[error("what this bundle goes on from is not held here")]
    Lacks(Box<Opening>, Vec<Lack>),
    /// The node does not take it.
    #[error(transparent)]
    Ask(#[from] BundleAskError),
}

impl From<DriverError> for CarryError {
    fn from(error: DriverError) -> Self {
        CarryError::Ask(error.into())
    }
}

/// A bundle that was read to its end.
#[derive(Debug)]
pub struct LookedInto {
    /// What it says of itself.
    pub opening: Opening,
    /// What it came to.
    pub closing: Closing,
    /// Its length.
    pub bytes: u64,
}

/// A bundle that was taken in. All of it is durable.
#[derive(Debug)]
pub struct Brought {
    /// What it says of itself.
    pub opening: Opening,
    /// What came of it.
    pub taken: Taken,
    /// Another part follows.
    pub more: bool,
}

impl App {
    /// Reads a bundle and takes nothing: whether it is whole and of this network, who made it, what it needs.
    ///
    /// # Errors
    /// It is damaged, of another network or of a newer version, or its bytes end early.
    pub async fn look_into_bundle<E: fmt::Display>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<LookedInto, CarryError> {
        let (mut opened, mut closed) = (None, None);
        let mut pieces = Pieces::of(bytes, self).await?;
        while let Some(items) = pieces.next().await? {
            for item in items {
                match item {
                    Item::Opened(opening) => opened = Some(opening),
                    Item::Closed(closing) => closed = Some(closing),
                    _ => {}
                }
            }
        }
        match (opened, closed) {
            (Some(opening), Some(closing)) => {
                Ok(LookedInto { opening: *opening, closing: *closing, bytes: pieces.bytes })
            }
            _ => Err(BundleError::CutShort.into()),
        }
    }

    /// Takes a bundle in. What was taken is durable and stays if the rest does not come; taking it again changes nothing.
    ///
    /// # Errors
    /// As [`App::look_into_bundle`]; its base is not here, or the store cannot write.
    pub async fn take_in_bundle<E: fmt::Display>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Brought, CarryError> {
        let mut opened: Option<Box<Opening>> = None;
        let (mut sum, mut more) = (Taken::default(), false);
        let mut pieces = Pieces::of(bytes, self).await?;
        while let Some(items) = pieces.next().await? {
            let mut within = Vec::new();
            for item in items {
                match item {
                    Item::Opened(opening) => {
                        self.begin_bundle(&opening).await?;
                        opened = Some(opening);
                    }
                    Item::Closed(closing) => {
                        self.take_items(opened.as_deref(), mem::take(&mut within), &mut sum).await?;
                        more = closing.more;
                        sum.apart = self.close_bundle(closing).await?;
                    }
                    item => within.push(item),
                }
            }
            self.take_items(opened.as_deref(), within, &mut sum).await?;
        }
        let opening = *opened.ok_or(BundleError::CutShort)?;
        Ok(Brought { opening, taken: sum, more })
    }

    async fn begin_bundle(&self, opening: &Opening) -> Result<(), CarryError> {
        match self.open_bundle(Box::new(opening.clone())).await {
            Err(BundleAskError::Refused(BundleRefusal::Lacks(lacks))) => {
                Err(CarryError::Lacks(Box::new(opening.clone()), lacks))
            }
            other => Ok(other?),
        }
    }

    async fn take_items(&self, opened: Option<&Opening>, items: Vec<Item>, sum: &mut Taken) -> Result<(), CarryError> {
        let (Some(opening), false) = (opened, items.is_empty()) else { return Ok(()) };
        let taken = self.take_bundle(opening.maker, items).await?;
        sum.add(taken);
        Ok(())
    }
}

/// A bundle that comes in, a few items at a time.
struct Pieces<S> {
    body: S,
    reader: Option<Reader>,
    /// Bytes that came.
    bytes: u64,
}

impl<S: Stream<Item = Result<Bytes, E>> + Unpin, E: fmt::Display> Pieces<S> {
    async fn of(body: S, app: &App) -> Result<Self, CarryError> {
        Ok(Pieces { body, reader: Some(Reader::new(app.bundle_keys().await?)), bytes: 0 })
    }

    /// The next items; `None` once the bundle has ended and is whole.
    async fn next(&mut self) -> Result<Option<Vec<Item>>, CarryError> {
        let mut items = Vec::new();
        while items.len() < AT_ONCE {
            match (self.body.next().await, &mut self.reader) {
                (Some(piece), Some(reader)) => {
                    let piece = piece.map_err(|error| CarryError::Broken(error.to_string()))?;
                    self.bytes += piece.len() as u64;
                    for piece in piece.chunks(PIECE) {
                        reader.push(piece, &mut items)?;
                    }
                }
                _ => {
                    if let Some(reader) = self.reader.take() {
                        reader.finish(&mut items)?;
                    }
                    return Ok(Some(items).filter(|items| !items.is_empty()));
                }
            }
        }
        Ok(Some(items))
    }
}

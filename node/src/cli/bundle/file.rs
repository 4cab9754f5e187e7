//! Files of bundles: read in pieces, and written so that a file is either whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use axum::body::Bytes;
use futures::{Stream, StreamExt};

use crate::{
    client::{ClientError, Pieces},
    durable, flow,
};

/// A file of a bundle could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum FileError {
    #[error("opening {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("there is no room left for {}: nothing was written; free some, take a larger stick, or use --split with several", path.display())]
    Full { path: PathBuf },
    #[error("writing {}: {source}; nothing was changed there", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A file's bytes as they are read.
pub(super) fn pieces(path: &Path) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, FileError> {
    let open = |source| FileError::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(open)?;
    if file.metadata().map_err(open)?.is_dir() {
        return Err(open(io::ErrorKind::IsADirectory.into()));
    }
    Ok(flow::pieces(file))
}

/// A file that is being written beside its place; gone unless it is kept.
pub(in crate::cli) struct Draft {
    path: PathBuf,
    to: PathBuf,
    file: Option<File>,
}

impl Draft {
    /// Begins beside `to`.
    pub(in crate::cli) fn beside(to: &Path) -> Result<Self, FileError> {
        Self::begin(to, 0o666)
    }

    /// Begins beside `to` what its owner alone may read, on media that know owners.
    pub(in crate::cli) fn private(to: &Path) -> Result<Self, FileError> {
        Self::begin(to, 0o600)
    }

    fn begin(to: &Path, mode: u32) -> Result<Self, FileError> {
        let mut name = to.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        // What an earlier, interrupted export left may be open to others.
        let fresh = durable::ignore_missing(fs::remove_file(&path))
            .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(mode).open(&path));
        let file = fresh.map_err(|source| failed(to, source))?;
        Ok(Draft { path, to: to.to_owned(), file: Some(file) })
    }

    /// Where it lies now.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all bytes and waits until the medium has them.
    pub(in crate::cli) async fn fill(&mut self, mut pieces: Pieces) -> Result<(), FileError> {
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            self.on_the_disk(move |file| file.write_all(&piece)).await?;
        }
        self.on_the_disk(|file| file.sync_all()).await
    }

    async fn on_the_disk(
        &mut self,
        work: impl FnOnce(&mut File) -> io::Result<()> + Send + 'static,
    ) -> Result<(), FileError> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let done = tokio::task::spawn_blocking(move || work(&mut file).map(|()| file)).await;
        let file = done.map_err(io::Error::other).and_then(|done| done).map_err(|source| failed(&self.to, source))?;
        self.file = Some(file);
        Ok(())
    }

    /// Puts it in its place, in that of an older file too.
    pub(in crate::cli) fn keep(mut self, to: &Path) -> Result<(), FileError> {
        let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let renamed = fs::rename(&self.path, to).and_then(|()| File::open(directory)?.sync_all());
        renamed.map_err(|source| failed(to, source))?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // The medium may be gone: then so is the draft.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn failed(path: &Path, source: io::Error) -> FileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::Full { path },
        _ => FileError::Write { path, source },
    }
}

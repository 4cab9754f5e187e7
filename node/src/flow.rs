//! Files that may be larger than memory: read as a stream, and written as they come.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use axum::body::Bytes;
use futures::{Stream, stream};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// A file's bytes as they are read, from where it stands on.
pub(crate) fn pieces(file: File) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold(file, |mut file| async move {
        let read = move || {
            let mut piece = vec![0; PIECE];
            let len = file.read(&mut piece)?;
            piece.truncate(len);
            Ok::<_, io::Error>((piece, file))
        };
        let (piece, file) = tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??;
        Ok(if piece.is_empty() { None } else { Some((Bytes::from(piece), file)) })
    })
}

/// A file that is ours for a while: its owner alone reads it, and it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    file: Option<File>,
    hasher: blake3::Hasher,
    len: u64,
}

impl Spool {
    /// Begins a file of this name.
    pub(crate) fn begin(dir: &Path, name: &str) -> io::Result<Self> {
        let path = dir.join(name);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Spool { path, file: Some(file), hasher: blake3::Hasher::new(), len: 0 })
    }

    /// Appends what came.
    pub(crate) async fn write(&mut self, piece: Bytes) -> io::Result<()> {
        self.hasher.update(&piece);
        self.len += piece.len() as u64;
        self.on_the_disk(move |mut file| file.write_all(&piece)).await
    }

    /// Waits until the disk has all of it.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        self.on_the_disk(|file| file.sync_all()).await
    }

    async fn on_the_disk(&mut self, work: impl FnOnce(&File) -> io::Result<()> + Send + 'static) -> io::Result<()> {
        let file = self.file.take().ok_or_else(|| io::Error::other("an earlier write failed"))?;
        let done = tokio::task::spawn_blocking(move || work(&file).map(|()| file)).await;
        self.file = Some(done.map_err(io::Error::other)??);
        Ok(())
    }

    /// Bytes in it.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The hash of all that was written.
    pub(crate) fn hash(&self) -> blake3::Hash {
        self.hasher.finalize()
    }

    /// Reads it from its beginning.
    pub(crate) fn pieces(&self) -> io::Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static + use<>> {
        Ok(pieces(File::open(&self.path)?))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What is left is removed at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn what_was_written_is_read_and_gone_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::begin(dir.path(), "a").unwrap();
        let bytes: Vec<u8> = (0..3 * PIECE as u32 + 7).map(|at| at as u8).collect();
        for piece in bytes.chunks(1_000) {
            spool.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        spool.finish().await.unwrap();
        assert_eq!((spool.len(), spool.hash()), (bytes.len() as u64, blake3::hash(&bytes)));
        let read: Vec<Bytes> = spool.pieces().unwrap().try_collect().await.unwrap();
        assert!(read.len() > 1 && read.concat() == bytes);
        assert!(Spool::begin(dir.path(), "a").is_err(), "nothing is written over");
        drop(spool);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

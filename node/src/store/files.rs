//! Directories of files: what they take, copying them, making them durable.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

pub(super) use crate::durable::{ignore_missing, sync_dir};

/// Bytes that a directory and everything in it take on the disk.
pub(super) fn size_of_dir(dir: &Path) -> io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = match entry.metadata() {
            // Removed between listing and looking: an engine tidying up after itself.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        size += if metadata.is_dir() { size_of_dir(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(size)
}

/// Copies a directory: the files whose names `wanted` admits, and all directories below.
pub(super) fn copy_dir(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target, wanted)?;
        } else if wanted(&entry.file_name().to_string_lossy()) {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Makes a directory and everything in it durable.
pub(super) fn sync_tree(dir: &Path) -> io::Result<()> {
    for path in files_under(dir)? {
        File::open(path)?.sync_all()?;
    }
    sync_dir(dir)
}

/// Every file in a directory and below it.
pub(super) fn files_under(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_under(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

//! Small files written so that a power cut leaves the old one or the new one, never half of one.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// Makes the names in a directory durable: a synced file whose name is not synced is lost all the same.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Replaces `dir/name`: temporary file, sync, rename, sync of the directory. Readable by its owner only.
pub(super) fn replace(dir: &Path, name: &str, contents: &[u8]) -> io::Result<()> {
    let temporary = dir.join(format!("{name}.new"));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(contents)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, dir.join(name))?;
    sync_dir(dir)
}

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

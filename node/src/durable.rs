//! Small files written so that a power cut leaves the old one or the new one, never half of one, and read by their
//! owner only.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use zeroize::Zeroizing;

/// Makes the names in a directory durable: a synced file whose name is not synced is lost all the same.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Replaces `dir/name`: temporary file, sync, rename, sync of the directory. Readable by its owner only. Gives the file
/// as it now stands there.
pub(crate) fn replace(dir: &Path, name: &str, contents: &[u8]) -> io::Result<File> {
    let temporary = dir.join(format!("{name}.new"));
    ignore_missing(fs::remove_file(&temporary))?;
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&temporary, dir.join(name))?;
    sync_dir(dir)?;
    Ok(file)
}

/// Makes a file that was not there, readable by its owner only; durable with its name when this returns.
pub(crate) fn create(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(contents)?;
    file.sync_all()?;
    sync_dir(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Adds a line to a file that only grows, readable by its owner only and made with its first line; the line is durable
/// when this returns. After an error it may be there in part.
pub(crate) fn add_line(dir: &Path, name: &str, line: &str) -> io::Result<()> {
    let path = dir.join(name);
    let is_new = !path.try_exists()?;
    let mut file = File::options().read(true).append(true).create(true).mode(0o600).open(&path)?;
    // What a power cut left of a line stays by itself.
    let before = if ends_whole(&mut file)? { "" } else { "\n" };
    file.write_all(format!("{before}{line}\n").as_bytes())?;
    file.sync_data()?;
    if is_new { sync_dir(dir) } else { Ok(()) }
}

/// Whether a file is empty or ends with a whole line.
fn ends_whole(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The last bytes of a file, at most so many; none of one that is not there.
pub(crate) fn read_end(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let skipped = file.metadata()?.len().saturating_sub(most);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes that are read at once where a file is read back.
const PIECE: u64 = 256 * 1024;

/// Hands over the lines of a file from its last to its first, until `next` wants no more or so many bytes are read; none
/// of one that is not there. The first may be what was cut off.
pub(crate) fn lines_back(path: &Path, most: u64, mut next: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut at = file.metadata()?.len();
    let last = at.saturating_sub(most);
    let mut cut = Vec::new();
    while at > last {
        let from = at.saturating_sub(PIECE).max(last);
        file.seek(SeekFrom::Start(from))?;
        let mut piece = Vec::new();
        (&file).take(at - from).read_to_end(&mut piece)?;
        piece.append(&mut cut);
        while let Some(end) = piece.iter().rposition(|byte| *byte == b'\n') {
            if !next(&piece[end + 1..]) {
                return Ok(());
            }
            piece.truncate(end);
        }
        (cut, at) = (piece, from);
    }
    next(&cut);
    Ok(())
}

/// Reads a file, and closes it to other people of the machine where it was open to them. Also gives the file that was
/// read, which may no longer be the one of that name. What was read is wiped from memory when dropped.
pub(crate) fn read_closed(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, File)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    // At its full length from the start: a buffer that grows leaves copies behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
    file.read_to_end(&mut contents)?;
    Ok((contents, file))
}

/// Success, where what was to be removed is not there in the first place.
pub(crate) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_whatever_an_interrupted_write_left_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(dir.path().join("a.new"), "half").unwrap();
        for contents in ["one", "two"] {
            replace(dir.path(), "a", contents.as_bytes()).unwrap();
            assert_eq!(read_closed(&path).unwrap().0.as_slice(), contents.as_bytes());
            assert_eq!(mode(&path), 0o600);
        }
        assert!(!dir.path().join("a.new").exists());
    }

    #[test]
    fn lines_come_back_from_the_last_to_the_first_across_pieces_and_no_more_than_are_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let read = |most: u64, wanted: usize| {
            let mut lines = Vec::new();
            lines_back(&path, most, |line| {
                lines.push(line.len());
                lines.len() < wanted
            })
            .unwrap();
            lines
        };
        assert_eq!(read(u64::MAX, 9), [] as [usize; 0]);
        let lengths = [3, 300_000, 5, 600_000, 1];
        fs::write(&path, lengths.map(|length| "x".repeat(length)).join("\n")).unwrap();
        assert_eq!(read(u64::MAX, 9), [1, 600_000, 5, 300_000, 3]);
        assert_eq!(read(u64::MAX, 2), [1, 600_000]);
        assert_eq!(read(4, 9), [1, 2]);
    }

    #[test]
    fn a_file_is_made_once_and_closed_to_others_when_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(read_closed(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read_closed(&path).unwrap().0.as_slice(), b"one");
        assert_eq!(mode(&path), 0o600);
    }
}

//! Which of the directories under `store/` is the database in use.
//!
//! A database that replaces another is built as `<n>.building`, synced, renamed to `<n>`, and only then named in
//! `CURRENT`; so whatever the moment of a power cut, a numbered directory is whole, and one of two is in use. The one
//! that was replaced is set aside if it was damaged, and else removed.

use std::{
    cmp::Ordering,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{files, sealed::suspect_file};
use crate::durable;

const CURRENT: &str = "CURRENT";

/// The directory `store/` of a data directory.
pub(super) struct Generations {
    root: PathBuf,
}

/// What was found there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: a new office.
    Nothing,
    /// A first database whose making may have been interrupted: `CURRENT` is not there yet.
    Begun(u32),
    /// A database in use.
    InUse(u32),
}

impl Generations {
    /// Opens `root`, making it where it is missing, and removes what interrupted builds left behind.
    pub(super) fn tidy(root: &Path) -> io::Result<(Self, Found)> {
        fs::create_dir_all(root)?;
        root.parent().map_or(Ok(()), files::sync_dir)?;
        let generations = Generations { root: root.to_owned() };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".building") || name.ends_with(".copy") {
                fs::remove_dir_all(entry.path())?;
            } else if let Some(original) = name.strip_suffix(".untouched") {
                // Without its original it was about to take that one's place; beside it, it may be half a copy.
                match original.parse::<u32>() {
                    Ok(number) if !generations.dir(number).is_dir() => {
                        fs::rename(entry.path(), generations.dir(number))?;
                        numbers.push(number);
                    }
                    _ => fs::remove_dir_all(entry.path())?,
                }
            } else if let Ok(number) = name.parse::<u32>() {
                numbers.push(number);
            }
        }
        let named = match fs::read_to_string(root.join(CURRENT)) {
            Ok(text) => text.trim().parse::<u32>().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let found = match (named, numbers.iter().max()) {
            (Some(number), _) => Found::InUse(number),
            (None, Some(&number)) => Found::Begun(number),
            (None, None) => Found::Nothing,
        };
        if let Found::InUse(current) = found {
            generations.keep_only(current, &numbers)?;
        }
        Ok((generations, found))
    }

    /// Clears away the other generations, and what lies beside those that are gone.
    fn keep_only(&self, current: u32, numbers: &[u32]) -> io::Result<()> {
        for &number in numbers {
            match number.cmp(&current) {
                // Built but not switched to: the build is repeated.
                Ordering::Greater => fs::remove_dir_all(self.dir(number))?,
                // Switched away from but not yet set aside or removed.
                Ordering::Less if self.replaced_file(number).exists() => fs::remove_dir_all(self.dir(number))?,
                Ordering::Less => self.set_aside(number).map(drop)?,
                Ordering::Equal => {}
            }
        }
        // The switch it was made for did not come to pass.
        files::ignore_missing(fs::remove_file(self.replaced_file(current)))?;
        for entry in fs::read_dir(&self.root)? {
            let path = entry?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u32>().ok());
            if path.is_file() && number.is_some_and(|number| number != current) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// The directory `store/`.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A generation's directory.
    pub(super) fn dir(&self, number: u32) -> PathBuf {
        self.root.join(number.to_string())
    }

    /// Where a generation is built, and where the damaged one is copied to be read.
    pub(super) fn building(&self, number: u32) -> PathBuf {
        self.root.join(format!("{number}.building"))
    }

    /// A copy to take apart.
    pub(super) fn copy(&self, number: u32) -> PathBuf {
        self.root.join(format!("{number}.copy"))
    }

    /// Copies a generation before an engine touches it.
    pub(super) fn keep_untouched(&self, number: u32) -> io::Result<()> {
        files::copy_dir(&self.dir(number), &self.untouched(number), &|_| true)
    }

    /// Removes that copy, where there is one.
    pub(super) fn forget_untouched(&self, number: u32) -> io::Result<()> {
        files::ignore_missing(fs::remove_dir_all(self.untouched(number)))
    }

    /// Puts that copy, where there is one, in the place of what an engine has changed.
    pub(super) fn restore_untouched(&self, number: u32) -> io::Result<()> {
        if !self.untouched(number).is_dir() {
            return Ok(());
        }
        files::sync_tree(&self.untouched(number))?;
        fs::remove_dir_all(self.dir(number))?;
        fs::rename(self.untouched(number), self.dir(number))?;
        files::sync_dir(&self.root)
    }

    fn untouched(&self, number: u32) -> PathBuf {
        self.root.join(format!("{number}.untouched"))
    }

    /// Gives a finished build its number.
    pub(super) fn finish(&self, number: u32) -> io::Result<()> {
        fs::rename(self.building(number), self.dir(number))?;
        files::sync_dir(&self.root)
    }

    /// Takes a generation into use.
    pub(super) fn switch(&self, number: u32) -> io::Result<()> {
        durable::replace(&self.root, CURRENT, format!("{number}\n").as_bytes()).map(drop)
    }

    /// Notes that a generation, once switched away from, is to be removed: another one holds all it holds.
    pub(super) fn mark_replaced(&self, number: u32) -> io::Result<()> {
        File::create(self.replaced_file(number))?.sync_all()?;
        files::sync_dir(&self.root)
    }

    /// Removes a generation that was switched away from, and all that lies beside it.
    pub(super) fn remove(&self, number: u32) -> io::Result<()> {
        fs::remove_dir_all(self.dir(number))?;
        files::sync_dir(&self.root)?;
        self.remove_beside(number)
    }

    /// Removes the small files beside a generation that is not in use any more.
    pub(super) fn remove_beside(&self, number: u32) -> io::Result<()> {
        let dir = self.dir(number);
        for leftover in [suspect_file(&dir), dir.with_extension("mark"), self.replaced_file(number)] {
            files::ignore_missing(fs::remove_file(leftover))?;
        }
        Ok(())
    }

    fn replaced_file(&self, number: u32) -> PathBuf {
        self.dir(number).with_extension("replaced")
    }

    /// Keeps a generation under a name that is never opened again; returns that name.
    pub(super) fn set_aside(&self, number: u32) -> io::Result<String> {
        let name = Self::set_aside_name(number);
        fs::rename(self.dir(number), self.root.join(&name))?;
        files::sync_dir(&self.root)?;
        Ok(name)
    }

    /// The name a generation is kept under once it is set aside.
    pub(super) fn set_aside_name(number: u32) -> String {
        format!("{number}.damaged")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn whatever_was_interrupted_one_whole_generation_is_found() {
        type Names = &'static [&'static str];
        let cases: [(Names, Option<&str>, Found, Names); 11] = [
            (&[], None, Found::Nothing, &[]),
            (&["1"], None, Found::Begun(1), &["1"]),
            (&["1"], Some("1\n"), Found::InUse(1), &["1", "CURRENT"]),
            (&["1", "1.copy", "2.building"], Some("1\n"), Found::InUse(1), &["1", "CURRENT"]),
            (&["1", "1.copy", "2"], Some("1\n"), Found::InUse(1), &["1", "CURRENT"]),
            (&["1", "1.untouched"], Some("1\n"), Found::InUse(1), &["1", "CURRENT"]),
            (&["1.untouched"], Some("1\n"), Found::InUse(1), &["1", "CURRENT"]),
            (&["1", "1.copy", "2"], Some("2\n"), Found::InUse(2), &["1.damaged", "2", "CURRENT"]),
            (&["1", "1.replaced", "2"], Some("1\n"), Found::InUse(1), &["1", "CURRENT"]),
            (&["1", "1.replaced", "1.mark", "2", "2.mark"], Some("2\n"), Found::InUse(2), &["2", "2.mark", "CURRENT"]),
            (&["1", "1.mark", "2.building", "2.mark"], Some("1\n"), Found::InUse(1), &["1", "1.mark", "CURRENT"]),
        ];
        for (dirs, current, expected, left) in cases {
            let root = tempfile::tempdir().unwrap();
            for dir in dirs {
                match dir.ends_with(".replaced") || dir.ends_with(".mark") {
                    true => fs::write(root.path().join(dir), "").unwrap(),
                    false => fs::create_dir(root.path().join(dir)).unwrap(),
                }
            }
            if let Some(text) = current {
                fs::write(root.path().join(CURRENT), text).unwrap();
            }
            let (_, found) = Generations::tidy(root.path()).unwrap();
            assert_eq!(found, expected, "{dirs:?} {current:?}");
            assert_eq!(names(root.path()), left, "{dirs:?} {current:?}");
        }
    }
}

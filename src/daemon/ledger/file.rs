//! The file of a ledger: it only grows, one daemon at a time has it, and what can't be written in full is taken back.

use super::keys::sync_folder;
use crate::{error::LedgerError, socket::make_private};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// More than most entries need.
const PROBE: [u8; 4096] = [b' '; 4096];
/// Of the end, read at once: more than most lines have.
const PART: usize = 64 << 10;

pub struct LedgerFile {
    file: File,
    path: PathBuf,
    inode: u64,
    length: u64,
    /// Half an entry stands at its end and could not be taken back.
    is_torn: bool,
    /// An entry could not be written, and nothing has been written since to see whether one can be.
    has_failed: bool,
}

// === impl LedgerFile ===

impl LedgerFile {
    /// What a kill in the middle of a line has left is cut off, and its length returned.
    pub fn open(path: &Path) -> Result<(Self, Option<u64>), LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        make_private(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        let mut options = fs::OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).mode(0o600).open(path).map_err(failed)?;
        // Kept until the file is closed, also by a kill.
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LedgerError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        let found = file.metadata().map_err(failed)?;
        if found.len() == 0 {
            // It may be new, and an entry on the disk needs its file.
            sync_folder(path).map_err(failed)?;
        }
        let length = end_of_lines(&mut file, found.len()).map_err(failed)?;
        let torn = found.len() - length;
        if torn > 0 {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        let this = Self { file, path: path.to_owned(), inode: found.ino(), length, is_torn: false, has_failed: false };
        Ok((this, (torn > 0).then_some(torn)))
    }

    /// From its begin on.
    pub fn content(&mut self) -> io::Result<impl Read + '_> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok((&self.file).take(self.length))
    }

    /// A whole line; on the disk when it returns, if it must be.
    pub fn append(&mut self, line: &str, on_disk: bool) -> Result<(), LedgerError> {
        self.ensure_whole()?;
        let line = format!("{line}\n");
        self.write(line.as_bytes(), on_disk)?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// Whether a line could be written. Nothing is written for that but once one has failed: then some blanks, which are taken back. A
    /// kill in between leaves what one in the middle of a line leaves.
    pub fn check(&mut self) -> Result<(), LedgerError> {
        self.ensure_whole()?;
        if std::mem::take(&mut self.has_failed) {
            self.write(&PROBE, true)?;
            self.take_back()?;
        }
        Ok(())
    }

    /// It is where it was, and ends with an entry.
    fn ensure_whole(&mut self) -> Result<(), LedgerError> {
        if !fs::metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            return Err(LedgerError::Gone { path: self.path.clone() });
        }
        if self.is_torn { self.take_back() } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8], on_disk: bool) -> Result<(), LedgerError> {
        let written = self.file.write_all(bytes);
        let written = written.and_then(|()| if on_disk { self.file.sync_data() } else { Ok(()) });
        written.map_err(|source| {
            self.has_failed = true;
            // The first failure says more than that of taking it back, which is tried again.
            let _ = self.take_back();
            LedgerError::Write { path: self.path.clone(), source }
        })
    }

    fn take_back(&mut self) -> Result<(), LedgerError> {
        self.is_torn = self.file.set_len(self.length).is_err();
        if self.is_torn { Err(LedgerError::Torn { path: self.path.clone() }) } else { Ok(()) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where the last whole line of so many bytes ends.
fn end_of_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let (mut part, mut end) = (vec![0; PART], length);
    while end > 0 {
        let size = usize::try_from(end).unwrap_or(PART).min(PART);
        let begin = end - size as u64;
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(&mut part[..size])?;
        if let Some(at) = part[..size].iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_of_any_length_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let line = |length: usize| "x".repeat(length);
        for (whole, half, reason) in [
            (String::new(), String::new(), "an empty file"),
            (String::new(), line(7), "nothing but half a line"),
            ("one\ntwo\n".to_owned(), String::new(), "whole lines"),
            ("one\n".to_owned(), line(3), "half a line"),
            (format!("{}\n", line(PART + 7)), line(2 * PART), "both longer than what is read at once"),
            (format!("{}\n", line(PART - 1)), line(PART), "as long as that"),
        ] {
            let path = folder.path().join(reason.replace(' ', "-"));
            fs::write(&path, format!("{whole}{half}")).unwrap();
            let (mut ledger, torn) = LedgerFile::open(&path).unwrap();
            assert_eq!(torn, Some(half.len() as u64).filter(|length| *length > 0), "{reason}");
            let mut content = String::new();
            ledger.content().unwrap().read_to_string(&mut content).unwrap();
            assert!(content == whole && fs::read_to_string(&path).unwrap() == whole, "{reason}");
        }
    }

    #[test]
    fn a_check_writes_only_once_an_entry_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let (mut ledger, ..) = LedgerFile::open(&path).unwrap();
        ledger.append("one", true).unwrap();
        // Nothing can be written to it: neither a line nor its end.
        let closed = || File::open(&path).unwrap();
        let open = std::mem::replace(&mut ledger.file, closed());
        ledger.check().unwrap();
        assert!(matches!(ledger.append("two", true), Err(LedgerError::Write { .. })), "the first entry meets it");
        for _ in 0..2 {
            assert!(matches!(ledger.check(), Err(LedgerError::Torn { .. })), "from then on it is tried");
        }
        assert!(ledger.append("two", true).is_err());
        (&open).write_all(b"tw").unwrap();
        ledger.file = open;
        ledger.check().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "one\n",
            "there is room again, and nothing is left of what was tried"
        );
        assert!(!ledger.has_failed && !ledger.is_torn);
        ledger.append("two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        fs::remove_file(&path).unwrap();
        assert!(matches!(ledger.check(), Err(LedgerError::Gone { .. })), "no entry is needed for that");
    }
}

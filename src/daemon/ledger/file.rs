//! The file of a ledger: it only grows, one daemon at a time has it, and what can't be written in full is taken back.

use crate::{error::LedgerError, socket::make_private};
use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

pub struct LedgerFile {
    file: File,
    path: PathBuf,
    inode: u64,
    length: u64,
    /// Half an entry stands at its end and can't be taken back.
    is_broken: bool,
}

// === impl LedgerFile ===

impl LedgerFile {
    /// With what it holds. What a kill in the middle of a line has left is cut off, and its length returned.
    pub fn open(path: &Path) -> Result<(Self, Vec<u8>, Option<usize>), LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        make_private(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        let mut options = fs::OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).mode(0o600).open(path).map_err(failed)?;
        // Kept until the file is closed, also by a kill.
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LedgerError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        let mut bytes = vec![];
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).map_err(failed)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = bytes.len() - whole;
        bytes.truncate(whole);
        if torn > 0 {
            file.set_len(whole as u64).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        let inode = file.metadata().map_err(failed)?.ino();
        let this = Self { file, path: path.to_owned(), inode, length: whole as u64, is_broken: false };
        Ok((this, bytes, (torn > 0).then_some(torn)))
    }

    /// A whole line; on the disk when it returns, if it must be.
    pub fn append(&mut self, line: &str, on_disk: bool) -> Result<(), LedgerError> {
        if self.is_broken {
            return Err(LedgerError::Broken { path: self.path.clone() });
        }
        if !fs::metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            return Err(LedgerError::Gone { path: self.path.clone() });
        }
        let line = format!("{line}\n");
        let written = self.file.write_all(line.as_bytes());
        let written = written.and_then(|()| if on_disk { self.file.sync_data() } else { Ok(()) });
        match written {
            Ok(()) => {
                self.length += line.len() as u64;
                Ok(())
            }
            Err(source) => {
                self.is_broken = self.file.set_len(self.length).is_err();
                Err(LedgerError::Write { path: self.path.clone(), source })
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

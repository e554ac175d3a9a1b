//! The signing key of a ledger: Ed25519, in a file that only its user can read, made at the first start.

use crate::error::LedgerError;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

pub struct SigningKey(Ed25519KeyPair);

/// A public key or a signature is a text in base64.
pub fn is_signed(public: &str, message: &str, signature: &str) -> bool {
    let (Ok(public), Ok(signature)) = (STANDARD.decode(public), STANDARD.decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, public).verify(message.as_bytes(), &signature).is_ok()
}

pub fn path_of(ledger: &Path) -> PathBuf {
    beside(ledger, "key")
}

/// What the end of a ledger is compared with.
pub fn head_path_of(ledger: &Path) -> PathBuf {
    beside(ledger, "head")
}

fn beside(ledger: &Path, what: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(format!(".{what}"));
    name.into()
}

/// The whole content at once, readable for its user alone, on the disk before it has its name, and under that name afterwards.
pub fn replace(path: &Path, content: &str) -> io::Result<()> {
    let new = beside(path, "new");
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    rename(&new, path)
}

/// A power failure afterwards takes nothing back: a ledger whose last key is gone can never be signed again.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to)
}

/// The names in the folder of a file are on the disk.
pub fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::File::open(folder)?.sync_all() {
        // A file system that has no such thing does what it can.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

// === impl SigningKey ===

impl SigningKey {
    /// `None`: there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, LedgerError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LedgerError::File { path: path.to_owned(), source }),
        };
        let no_key = || LedgerError::Key { path: path.to_owned() };
        let document = STANDARD.decode(text.trim()).map_err(|_| no_key())?;
        Ed25519KeyPair::from_pkcs8(&document).map(|pair| Some(Self(pair))).map_err(|_| no_key())
    }

    /// A fresh one, and the text of its file.
    pub fn make() -> Result<(Self, String), LedgerError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| LedgerError::NoKey)?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| LedgerError::NoKey)?;
        Ok((Self(pair), format!("{}\n", STANDARD.encode(document.as_ref()))))
    }

    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }

    pub fn sign(&self, message: &str) -> String {
        STANDARD.encode(self.0.sign(message.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_found_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl.head");
        for content in ["1:a\n", "2:b\n"] {
            replace(&path, content).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        sync_folder(Path::new("audit.jsonl")).unwrap();
        let gone = folder.path().join("gone");
        assert!(sync_folder(&gone.join("audit.jsonl")).is_err(), "a folder that is away is no success");
    }
}

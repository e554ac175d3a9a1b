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

/// The whole content at once, readable for its user alone, and on the disk before it has its name.
pub fn replace(path: &Path, content: &str) -> io::Result<()> {
    let new = beside(path, "new");
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
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

//! Hashes that end up in names and in plans. They never change: SHA-256 over NUL-joined fields, lower-case hex.

use sha2::{Digest, Sha256};

/// The first `length` hexadecimal characters of the SHA-256 of the NUL-joined parts.
pub fn short_hash<'a>(parts: impl IntoIterator<Item = &'a str>, length: usize) -> String {
    let mut hash = Sha256::new();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    let bytes = hash.finalize();
    let mut text = String::with_capacity(64);
    for byte in &bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text.truncate(length);
    text
}

/// All 64 characters of the digest of one text.
pub fn digest(text: &str) -> String {
    short_hash([text], 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_every_release() {
        assert_eq!(short_hash(["abc"], 10), "ba7816bf8f", "FIPS 180-2, appendix B.1");
        assert_ne!(short_hash(["ab", "c"], 10), short_hash(["a", "bc"], 10), "the parts are kept apart");
    }
}

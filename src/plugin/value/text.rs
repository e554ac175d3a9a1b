//! Unicode as core has it.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Core compares text in NFC, so anything else would be an inconsistent result.
pub(super) fn nfc(text: String) -> String {
    if text.is_ascii() || is_nfc(&text) { text } else { text.nfc().collect() }
}

//! Numbers and lengths, which values and the promises about unknown ones share.

use super::read::Reader;
use crate::value::{CodecError, Number};
use rmp::{Marker, encode};

pub(super) fn number(reader: &mut Reader<'_>, marker: Marker) -> Result<Option<Number>, CodecError> {
    if let Some(whole) = reader.integer(marker)? {
        return Ok(Some(whole.into()));
    }
    if let Some(float) = reader.float(marker)? {
        return Number::exact(float).map(Some).map_err(CodecError::new);
    }
    match reader.string(marker)? {
        Some(text) => text.parse().map(Some).map_err(CodecError::new),
        None => Ok(None),
    }
}

/// A whole `i64` is an integer, anything else its decimal text: core reads text with 512 bits, so nothing is lost.
pub(super) fn write_number(out: &mut Vec<u8>, number: &Number) -> Result<(), CodecError> {
    match number.as_i64() {
        Some(whole) => infallible(encode::write_sint(out, whole)),
        None => infallible(encode::write_str(out, &number.to_string())),
    }
}

pub(super) fn length(length: usize) -> Result<u32, CodecError> {
    u32::try_from(length).map_err(|_| CodecError::new("a collection has more than 2^32 elements"))
}

/// Writing to memory can't fail; the library's signature does not know.
pub(super) fn infallible<T, E>(result: Result<T, E>) -> Result<(), CodecError> {
    result.map(drop).map_err(|_| CodecError::new("the value can't be written"))
}

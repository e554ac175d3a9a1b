//! Unknown values. Extension 12 carries what is promised of one; every other extension is an unknown and no more.

use super::{
    read::Reader,
    scalar::{infallible, length, number, write_number},
};
use crate::value::{Bounds, CodecError, Number, Refinement, text::nfc};
use rmp::{Marker, encode};

const REFINED: i8 = 12;
/// What core reads at most. Beyond it a promise is dropped, which is always allowed.
const PAYLOAD: usize = 1024;
/// Where core itself cuts a prefix.
const PREFIX: usize = 256;

const NULLNESS: i128 = 1;
const STRING_PREFIX: i128 = 2;
const NUMBER_LOWER: i128 = 3;
const NUMBER_UPPER: i128 = 4;
const LENGTH_LOWER: i128 = 5;
const LENGTH_UPPER: i128 = 6;

pub(super) fn read(code: i8, payload: &[u8]) -> Result<Refinement, CodecError> {
    if code != REFINED || payload.is_empty() {
        return Ok(Refinement::none());
    }
    let malformed = || CodecError::new("the refinement of an unknown value is malformed");
    let mut reader = Reader::new(payload);
    let marker = reader.marker()?;
    let mut bounds = Bounds::default();
    for _ in 0..reader.map(marker)?.ok_or_else(malformed)? {
        let marker = reader.marker()?;
        match reader.integer(marker)?.ok_or_else(malformed)? {
            NULLNESS => bounds.null = Some(boolean(&mut reader)?.ok_or_else(malformed)?),
            STRING_PREFIX => {
                let marker = reader.marker()?;
                bounds.prefix = Some(nfc(reader.string(marker)?.ok_or_else(malformed)?.to_owned()));
            }
            NUMBER_LOWER => bounds.lower = bound(&mut reader)?,
            NUMBER_UPPER => bounds.upper = bound(&mut reader)?,
            LENGTH_LOWER => bounds.min_length = Some(count(&mut reader)?.ok_or_else(malformed)?),
            LENGTH_UPPER => bounds.max_length = Some(count(&mut reader)?.ok_or_else(malformed)?),
            // A later core may promise more; to know less of an unknown is always allowed.
            _ => break,
        }
    }
    Ok(bounds.into())
}

fn boolean(reader: &mut Reader<'_>) -> Result<Option<bool>, CodecError> {
    Ok(match reader.marker()? {
        Marker::True => Some(true),
        Marker::False => Some(false),
        _ => None,
    })
}

fn count(reader: &mut Reader<'_>) -> Result<Option<i64>, CodecError> {
    let marker = reader.marker()?;
    Ok(reader.integer(marker)?.and_then(|count| i64::try_from(count).ok()))
}

/// `[number, inclusive]`. An infinite bound bounds nothing.
fn bound(reader: &mut Reader<'_>) -> Result<Option<(Number, bool)>, CodecError> {
    let malformed = || CodecError::new("a bound of an unknown number is malformed");
    let marker = reader.marker()?;
    if reader.array(marker)? != Some(2) {
        return Err(malformed());
    }
    let marker = reader.marker()?;
    let number = match marker {
        Marker::F32 | Marker::F64 => reader.float(marker)?.and_then(|float| Number::exact(float).ok()),
        _ => Some(number(reader, marker)?.ok_or_else(malformed)?),
    };
    let inclusive = boolean(reader)?.ok_or_else(malformed)?;
    Ok(number.map(|number| (number, inclusive)))
}

pub(super) fn write(out: &mut Vec<u8>, refinement: &Refinement) -> Result<(), CodecError> {
    let payload = refinement.bounds().map(payload).transpose()?.filter(|payload| payload.len() <= PAYLOAD);
    match payload {
        None => out.extend([Marker::FixExt1.to_u8(), 0, 0]),
        Some(payload) => {
            infallible(encode::write_ext_meta(out, length(payload.len())?, REFINED))?;
            out.extend(payload);
        }
    }
    Ok(())
}

fn payload(bounds: &Bounds) -> Result<Vec<u8>, CodecError> {
    let Bounds { null, prefix, lower, upper, min_length, max_length } = bounds;
    let promised = [null.is_some(), prefix.is_some(), lower.is_some(), upper.is_some()];
    let lengths = [min_length.is_some(), max_length.is_some()];
    let entries = promised.iter().chain(&lengths).filter(|some| **some).count();
    let mut out = vec![];
    infallible(encode::write_map_len(&mut out, length(entries)?))?;
    let key = |out: &mut Vec<u8>, key: i128| out.push(key as u8);
    if let Some(null) = null {
        key(&mut out, NULLNESS);
        infallible(encode::write_bool(&mut out, *null))?;
    }
    if let Some(prefix) = prefix {
        key(&mut out, STRING_PREFIX);
        infallible(encode::write_str(&mut out, &prefix[..prefix.floor_char_boundary(PREFIX)]))?;
    }
    for (at, bound) in [(NUMBER_LOWER, lower), (NUMBER_UPPER, upper)] {
        if let Some((number, inclusive)) = bound {
            key(&mut out, at);
            infallible(encode::write_array_len(&mut out, 2))?;
            write_number(&mut out, number)?;
            infallible(encode::write_bool(&mut out, *inclusive))?;
        }
    }
    for (at, length) in [(LENGTH_LOWER, min_length), (LENGTH_UPPER, max_length)] {
        if let Some(bound) = length {
            key(&mut out, at);
            infallible(encode::write_sint(&mut out, *bound))?;
        }
    }
    Ok(out)
}

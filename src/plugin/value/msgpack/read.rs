//! A cursor over MessagePack bytes. Every length is checked against what is left before anything is done with it.

use crate::value::CodecError;
use rmp::Marker;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn rest(&self) -> usize {
        self.bytes.len()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) =
            self.bytes.split_at_checked(length).ok_or_else(|| CodecError::new("the bytes end early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The next bytes as a big-endian number.
    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or_else(|| CodecError::new("the bytes end early"))?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn length(&mut self, width: usize) -> Result<usize, CodecError> {
        Ok(self.take(width)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    pub(super) fn marker(&mut self) -> Result<Marker, CodecError> {
        Ok(Marker::from_u8(self.take_array::<1>()?[0]))
    }

    // --- each reads what belongs to a marker, or says `None` when the marker is of another kind ---

    pub(super) fn string(&mut self, marker: Marker) -> Result<Option<&'a str>, CodecError> {
        let length = match marker {
            Marker::FixStr(length) => length.into(),
            Marker::Str8 => self.length(1)?,
            Marker::Str16 => self.length(2)?,
            Marker::Str32 => self.length(4)?,
            _ => return Ok(None),
        };
        let text = std::str::from_utf8(self.take(length)?);
        text.map(Some).map_err(|_| CodecError::new("a string is not UTF-8"))
    }

    pub(super) fn integer(&mut self, marker: Marker) -> Result<Option<i128>, CodecError> {
        Ok(Some(match marker {
            Marker::FixPos(value) => value.into(),
            Marker::FixNeg(value) => value.into(),
            Marker::U8 => u8::from_be_bytes(self.take_array()?).into(),
            Marker::U16 => u16::from_be_bytes(self.take_array()?).into(),
            Marker::U32 => u32::from_be_bytes(self.take_array()?).into(),
            Marker::U64 => u64::from_be_bytes(self.take_array()?).into(),
            Marker::I8 => i8::from_be_bytes(self.take_array()?).into(),
            Marker::I16 => i16::from_be_bytes(self.take_array()?).into(),
            Marker::I32 => i32::from_be_bytes(self.take_array()?).into(),
            Marker::I64 => i64::from_be_bytes(self.take_array()?).into(),
            _ => return Ok(None),
        }))
    }

    pub(super) fn float(&mut self, marker: Marker) -> Result<Option<f64>, CodecError> {
        Ok(match marker {
            Marker::F32 => Some(f32::from_be_bytes(self.take_array()?).into()),
            Marker::F64 => Some(f64::from_be_bytes(self.take_array()?)),
            _ => None,
        })
    }

    pub(super) fn array(&mut self, marker: Marker) -> Result<Option<usize>, CodecError> {
        Ok(match marker {
            Marker::FixArray(length) => Some(length.into()),
            Marker::Array16 => Some(self.length(2)?),
            Marker::Array32 => Some(self.length(4)?),
            _ => None,
        })
    }

    pub(super) fn map(&mut self, marker: Marker) -> Result<Option<usize>, CodecError> {
        Ok(match marker {
            Marker::FixMap(length) => Some(length.into()),
            Marker::Map16 => Some(self.length(2)?),
            Marker::Map32 => Some(self.length(4)?),
            _ => None,
        })
    }

    /// Code and payload.
    pub(super) fn extension(&mut self, marker: Marker) -> Result<Option<(i8, &'a [u8])>, CodecError> {
        let length = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length(1)?,
            Marker::Ext16 => self.length(2)?,
            Marker::Ext32 => self.length(4)?,
            _ => return Ok(None),
        };
        let code = i8::from_be_bytes(self.take_array()?);
        Ok(Some((code, self.take(length)?)))
    }

    // --- whole items ---

    pub(super) fn key(&mut self) -> Result<&'a str, CodecError> {
        let marker = self.marker()?;
        self.string(marker)?.ok_or_else(|| CodecError::new("a key is not a string"))
    }

    /// The type of a dynamic value: `bin`, though a `str` says the same.
    pub(super) fn binary(&mut self) -> Result<&'a [u8], CodecError> {
        let marker = self.marker()?;
        let length = match marker {
            Marker::Bin8 => self.length(1)?,
            Marker::Bin16 => self.length(2)?,
            Marker::Bin32 => self.length(4)?,
            _ => {
                let text = self.string(marker)?;
                return text.map(str::as_bytes).ok_or_else(|| CodecError::new("a value has no type before it"));
            }
        };
        self.take(length)
    }
}

/// What a message calls the kind of thing that a marker begins.
pub(super) fn noun(marker: Marker) -> &'static str {
    match marker {
        Marker::Null => "null",
        Marker::True | Marker::False => "a bool",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "an array",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::F32 | Marker::F64 => "a float",
        Marker::Reserved => "a reserved byte",
        _ => "an integer",
    }
}

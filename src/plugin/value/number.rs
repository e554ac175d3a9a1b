//! Exact numbers. Core's are decimals with a 512-bit mantissa: an `f64` or `i64` would corrupt an account number or 0.1.
//!
//! Nothing here calculates, so a number is its normalised decimal text: no exponent, no leading zero, no trailing zero
//! after the point. Equal numbers have equal text, so 1, 1.0 and 1e0 are one value. Most are small and whole, and kept as
//! an `i64` without an allocation.

use std::{cmp::Ordering, fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// `Text` never holds what `Int` can.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Int(i64),
    Text(Box<str>),
}

/// Digits allowed on each side of the point. The smallest `f64` needs 1,074 after it; core's own numbers need 156
/// significant ones. Without a limit, eight bytes such as `1e999999` would become a megabyte of text.
const DIGITS: usize = 1_100;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("{0:?} is not a decimal number")]
    Syntax(String),
    #[error("infinity is not a number that can be kept")]
    NotFinite,
    #[error("a number has more than {DIGITS} digits before or after its decimal point")]
    TooLong,
}

impl Number {
    /// The exact value of a binary float, to its last digit: what a float on the wire means.
    pub fn exact(float: f64) -> Result<Self, NumberError> {
        if !float.is_finite() {
            return Err(NumberError::NotFinite);
        }
        // A float is m * 2^e; with e negative it has exactly -e binary, and so -e decimal, digits after the point.
        let exponent = ((float.to_bits() >> 52) & 0x7ff) as i32 - 1075;
        let fraction = usize::try_from(-exponent).unwrap_or(0).min(1074);
        format!("{float:.fraction$}").parse()
    }

    pub fn as_i64(&self) -> Option<i64> {
        if let Repr::Int(value) = self.0 { Some(value) } else { None }
    }

    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Int(value) => u64::try_from(*value).ok(),
            Repr::Text(text) => text.parse().ok(),
        }
    }

    pub fn as_i128(&self) -> Option<i128> {
        match &self.0 {
            Repr::Int(value) => Some((*value).into()),
            Repr::Text(text) => text.parse().ok(),
        }
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(value) => *value as f64,
            Repr::Text(text) => text.parse().unwrap_or(f64::NAN),
        }
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if let Ok(value) = text.parse() {
            return Ok(Self(Repr::Int(value)));
        }
        let syntax = || NumberError::Syntax(text.chars().take(40).collect());
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
            None => (unsigned, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !digits_only(whole) || !digits_only(fraction) {
            return Err(match unsigned.to_ascii_lowercase().as_str() {
                "inf" | "infinity" => NumberError::NotFinite,
                _ => syntax(),
            });
        }
        let shift = match exponent {
            None => 0,
            Some(exponent) => {
                let magnitude = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if magnitude.is_empty() || !digits_only(magnitude) {
                    return Err(syntax());
                }
                // Too large for an i32 is too long in any case, unless all digits are zero.
                exponent.parse::<i32>().unwrap_or(if exponent.starts_with('-') { i32::MIN } else { i32::MAX })
            }
        };
        normalise(negative, whole, fraction, shift)
    }
}

fn normalise(negative: bool, whole: &str, fraction: &str, shift: i32) -> Result<Number, NumberError> {
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Number(Repr::Int(0)));
    }
    // Where the point stands, counted from the first significant digit.
    let leading = digits.len() - significant.len();
    let point = whole.len() as i64 - leading as i64 + i64::from(shift);
    let significant = significant.trim_end_matches('0');
    let length = significant.len() as i64;
    let limit = DIGITS as i64;
    if point > limit || length - point > limit {
        return Err(NumberError::TooLong);
    }
    let mut text = String::from(if negative { "-" } else { "" });
    if point <= 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        text.push_str(significant);
    } else if point >= length {
        text.push_str(significant);
        text.extend(std::iter::repeat_n('0', (point - length) as usize));
    } else {
        let (before, after) = significant.split_at(point as usize);
        text.push_str(before);
        text.push('.');
        text.push_str(after);
    }
    Ok(Number(text.parse().map_or_else(|_| Repr::Text(text.into()), Repr::Int)))
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(value) => value.fmt(f),
            Repr::Text(text) => f.write_str(text),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0) {
            return a.cmp(b);
        }
        let (a, b) = (self.to_string(), other.to_string());
        match (a.strip_prefix('-'), b.strip_prefix('-')) {
            (Some(a), Some(b)) => magnitude(b, a),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => magnitude(&a, &b),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Normalised text without a sign: a longer whole part is larger, and digits compare as text.
fn magnitude(a: &str, b: &str) -> Ordering {
    let (a_whole, a_fraction) = a.split_once('.').unwrap_or((a, ""));
    let (b_whole, b_fraction) = b.split_once('.').unwrap_or((b, ""));
    a_whole.len().cmp(&b_whole.len()).then_with(|| (a_whole, a_fraction).cmp(&(b_whole, b_fraction)))
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Repr::Int(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        i128::from(value).into()
    }
}

impl From<i128> for Number {
    fn from(value: i128) -> Self {
        Self(i64::try_from(value).map_or_else(|_| Repr::Text(value.to_string().into()), Repr::Int))
    }
}

/// The shortest decimal that means this float: what a person would have written, 0.1 and not its 55 binary digits.
impl TryFrom<f64> for Number {
    type Error = NumberError;

    fn try_from(float: f64) -> Result<Self, NumberError> {
        if float.is_finite() { float.to_string().parse() } else { Err(NumberError::NotFinite) }
    }
}

#[cfg(test)]
mod tests;

//! A Kubernetes quantity (`100m`, `64Gi`, `1e3`), exact.
//!
//! The rule is `k8s.io/apimachinery/pkg/api/resource`: a decimal number with an SI suffix, a binary suffix or an exponent,
//! held here as a whole number of nano-units, which is as fine as the API server keeps. What is finer is rounded away from
//! zero, as `ParseQuantity` does; what is larger than 2^63-1 units is refused here, while upstream caps it in silence.

use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// Compared by value (`1000m` = `1`); [`fmt::Display`] gives the canonical text; [`Quantity::original`] the user's.
#[derive(Clone, Debug, Serialize)]
#[serde(into = "String")]
pub struct Quantity {
    nanos: i128,
    written: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a quantity: write a number with an optional suffix, such as 500m, 4, 64Gi (Kubernetes resource.Quantity)"
)]
pub struct QuantityError(String);

const UNIT: i128 = 1_000_000_000;
const LARGEST: i128 = i64::MAX as i128 * UNIT;

/// Largest first: the canonical text takes the largest that leaves a whole number.
const BINARY: [(&str, u32); 6] = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
const DECIMAL: [(&str, i32); 10] =
    [("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("", 0), ("m", -3), ("u", -6), ("n", -9)];

// === impl Quantity ===

impl Quantity {
    /// As the user wrote it.
    pub fn original(&self) -> &str {
        &self.written
    }

    /// A whole number of units, canonical.
    pub fn whole(units: u64) -> Self {
        Self::canonical(i128::from(units) * UNIT)
    }

    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// No fraction of a unit: what counts (`pods`, `services`) must be.
    pub fn is_whole(&self) -> bool {
        self.nanos % UNIT == 0
    }

    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        let nanos = self.nanos.checked_add(other.nanos).filter(|n| n.abs() <= LARGEST)?;
        Some(Self::canonical(nanos))
    }

    /// `None` below zero: there is no negative share.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        let nanos = self.nanos.checked_sub(other.nanos).filter(|n| *n >= 0)?;
        Some(Self::canonical(nanos))
    }

    /// So many hundredths, rounded down to what the API server keeps.
    pub fn percent(&self, percent: u32) -> Option<Self> {
        let nanos = self.nanos.checked_mul(i128::from(percent))? / 100;
        (nanos.abs() <= LARGEST).then(|| Self::canonical(nanos))
    }

    /// `self * by / over`, rounded down; for values that move together. `None` when `over` is zero or the result too large.
    pub fn scale(&self, by: &Self, over: &Self) -> Option<Self> {
        if over.nanos == 0 {
            return None;
        }
        // Both factors may reach 2^93: nothing is lost by dividing by what `by` and `over` share first.
        let shared = gcd(by.nanos.unsigned_abs(), over.nanos.unsigned_abs()).max(1);
        let shared = i128::try_from(shared).ok()?;
        let nanos = self.nanos.checked_mul(by.nanos / shared)? / (over.nanos / shared);
        (nanos.abs() <= LARGEST).then(|| Self::canonical(nanos))
    }

    /// An equal part for each of `parts`, rounded down to a multiple of `step`.
    pub fn share(&self, parts: u32, step: &Self) -> Self {
        let part = self.nanos / i128::from(parts.max(1));
        let step = step.nanos.max(1);
        Self::canonical(part - part.rem_euclid(step))
    }

    fn canonical(nanos: i128) -> Self {
        Self { nanos, written: canonical_text(nanos) }
    }
}

impl fmt::Display for Quantity {
    /// One text for one value, whatever notation it was written in, so that equal values have equal texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&canonical_text(self.nanos))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let nanos = parse(text).ok_or_else(|| QuantityError(text.to_owned()))?;
        Ok(Self { nanos, written: text.to_owned() })
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}
impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> String {
        quantity.written
    }
}

impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A quantity of Kubernetes, such as 500m, 4 or 64Gi",
            "type": ["string", "number"],
        })
    }
}

/// A string, or a plain number as YAML and JSON writers like to give.
impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuantityVisitor;
        impl<'de> Visitor<'de> for QuantityVisitor {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as 500m, 4, 64Gi")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
            /// serde_json hands a number of arbitrary precision over as a map with its text.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Quantity, A::Error> {
                let number = serde_json::Number::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(QuantityVisitor)
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn parse(text: &str) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return None;
    }
    let (base, exponent) = scale(suffix)?;
    // Digits as one whole number, and how many decimal places it is to be moved by.
    let fraction = fraction.trim_end_matches('0');
    let digits = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // 2^63 units in nanos has 28 digits: what is longer than the largest i128 is out of range or finer than a nano by far.
    if digits.len() > 36 {
        return None;
    }
    let value: i128 = digits.parse::<i128>().ok()?.checked_mul(base)?;
    let shift = 9 + exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    let nanos = if shift >= 0 { value.checked_mul(power)? } else { value / power + i128::from(value % power > 0) };
    (nanos <= LARGEST).then_some(if negative { -nanos } else { nanos })
}

/// The factor and the power of ten that a suffix stands for.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    if let Some((_, shift)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((1i128 << shift, 0));
    }
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((1, *exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let plain = !digits.is_empty() && digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| exponent.parse().ok()).flatten().map(|exponent| (1, exponent))
}

/// The largest suffix that leaves a whole number. From `Mi` on a binary one where its text is no longer than the decimal,
/// so that memory reads `64Gi` and a thousand pods never `1Ki`.
fn canonical_text(nanos: i128) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    if nanos % UNIT != 0 {
        let fraction = DECIMAL.iter().filter(|(_, exponent)| *exponent < 0).find_map(|(suffix, exponent)| {
            let unit = 10i128.pow(u32::try_from(exponent + 9).ok()?);
            (nanos % unit == 0).then(|| format!("{}{suffix}", nanos / unit))
        });
        return fraction.unwrap_or_else(|| format!("{nanos}n"));
    }
    // Whole units are at most 2^63-1: from here on plain machine words.
    let units = i64::try_from(nanos / UNIT).unwrap_or(i64::MAX);
    let decimal = DECIMAL.iter().filter(|(_, exponent)| *exponent >= 0).find_map(|(suffix, exponent)| {
        let unit = 10i64.pow(exponent.unsigned_abs());
        (units % unit == 0).then(|| format!("{}{suffix}", units / unit))
    });
    let decimal = decimal.unwrap_or_else(|| units.to_string());
    let binary = BINARY.iter().filter(|(_, shift)| *shift >= 20).find(|(_, shift)| units.trailing_zeros() >= *shift);
    let binary = binary.map(|(suffix, shift)| format!("{}{suffix}", units >> shift));
    binary.filter(|binary| binary.len() <= decimal.len()).unwrap_or(decimal)
}

#[cfg(test)]
mod tests;

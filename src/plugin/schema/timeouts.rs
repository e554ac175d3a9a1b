//! `timeouts = { create = "30m" }`: how long an operation may take before we stop waiting for it.

use super::{Attribute, object, optional};
use crate::value::Type;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// The attribute, for the operations that can take long: `timeouts(&["create", "delete"])`.
pub fn timeouts(operations: &[&'static str]) -> Attribute {
    let limits = operations.iter().map(|operation| {
        optional(operation, Type::String)
            .parses::<Limit>()
            .example("10m")
            .describe(format!("How long a {operation} may take, for example `90s`, `10m` or `1h30m`."))
    });
    optional("timeouts", object(limits)).describe("How long operations may take.")
}

/// What the attribute is read into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Limit>,
}

/// A duration with the text that it was written in, which must come back unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    text: String,
    duration: Duration,
}

impl Limit {
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let duration = duration(&text).map_err(serde::de::Error::custom)?;
        Ok(Self { text, duration })
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Whole hours, minutes and seconds, the form that other providers' users know: `90s`, `10m`, `1h30m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("{text:?} is not a duration; write it as 90s, 10m or 1h30m");
    let mut seconds = 0u64;
    let mut rest = text;
    let mut units = [('h', 3600), ('m', 60), ('s', 1)].into_iter();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, tail) = rest.split_at(digits);
        let unit = tail.chars().next().ok_or_else(refuse)?;
        // Each unit once, the larger before the smaller.
        let (_, factor) = units.find(|(name, _)| *name == unit).ok_or_else(refuse)?;
        let count: u64 = count.parse().map_err(|_| refuse())?;
        seconds = count.checked_mul(factor).and_then(|more| seconds.checked_add(more)).ok_or_else(refuse)?;
        rest = &tail[1..];
    }
    if seconds == 0 { Err(refuse()) } else { Ok(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let cases = [
            ("90s", Some(90), "one unit"),
            ("1h30m", Some(5400), "several units"),
            ("2h", Some(7200), "hours alone"),
            ("1h5s", Some(3605), "a unit may be left out"),
            ("", None, "nothing is not a duration"),
            ("10", None, "a number needs its unit"),
            ("m", None, "a unit needs its number"),
            ("30m1h", None, "the larger unit comes first"),
            ("1m1m", None, "each unit once"),
            ("0s", None, "no time at all would fail every operation"),
            ("-5m", None, "time does not run backwards"),
            ("99999999999999999999h", None, "more than can be counted"),
            ("5µ", None, "an unknown unit of more than one byte"),
        ];
        for (text, seconds, reason) in cases {
            assert_eq!(duration(text).ok().map(|d| d.as_secs()), seconds, "{text:?}: {reason}");
        }
    }
}

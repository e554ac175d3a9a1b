//! The library computes with quantities in integers of 128 bits and lets them overflow, so only those come to it that can't: with digits
//! from 10^-12 to 10^19. What lies beyond is an error, and no pass.

use super::error::EvaluationError;
use kube_cel::cel::Value;

/// Powers of ten.
const FINEST: i64 = -12;
const LARGEST: i64 = 19;

/// `None`: the library may have it.
pub(super) fn beyond(arguments: &[Value]) -> Option<Result<Value, EvaluationError>> {
    let Some(Value::String(text)) = arguments.first() else { return None };
    let is_within = match magnitude(text) {
        Some((finest, largest)) => finest >= FINEST && largest <= LARGEST,
        // No number: the library says so.
        None => return None,
    };
    (!is_within).then(|| Err(EvaluationError::Failed(format!("quantity {text:?} is beyond what is supported"))))
}

/// The powers of ten of its last and of its first digit, at the most.
fn magnitude(text: &str) -> Option<(i64, i64)> {
    let text = text.trim().trim_start_matches(['+', '-']);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (down, up) = match suffix {
        "" => (0, 0),
        "n" => (-9, -9),
        "u" => (-6, -6),
        "m" => (-3, -3),
        "k" => (3, 3),
        "M" => (6, 6),
        "G" => (9, 9),
        "T" => (12, 12),
        "P" => (15, 15),
        "E" => (18, 18),
        "Ki" => (0, 4),
        "Mi" => (0, 7),
        "Gi" => (0, 10),
        "Ti" => (0, 13),
        "Pi" => (0, 16),
        "Ei" => (0, 18),
        exponent => match exponent.get(1..).unwrap_or_default().parse::<i64>() {
            Ok(power) => (power, power),
            // Longer than any number, or none.
            Err(_) if exponent.len() > 5 && exponent.starts_with(['e', 'E']) => (i64::MIN, i64::MAX),
            Err(_) => return None,
        },
    };
    let (first, last) = (whole.trim_start_matches('0').len() as i64, fraction.len() as i64);
    Some((down.saturating_sub(last), up.saturating_add(first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn only_what_can_not_overflow_comes_to_the_library() {
        let table = [
            ("512Mi", true, "memory"),
            ("100m", true, "a part of a CPU"),
            ("0.5Gi", true, "a fraction"),
            ("1E", true, "large"),
            ("7Ei", true, "all but the most that Kubernetes has"),
            ("99Ei", false, "beyond 64 bits"),
            ("1e2147483647", false, "an exponent beyond all"),
            ("1e99999999999999999999", false, "one that is no number of ours"),
            ("0.0000000000001", false, "finer than anything is measured"),
            ("999999999999999999999", false, "more digits than a number has"),
            ("nothing", true, "no number: the library's words"),
            ("1eabcd", true, "nor is this"),
            ("1ex", true, "nor this"),
            ("1abcdefgh", true, "a suffix of nobody"),
            ("", true, "nothing at all"),
        ];
        for (text, is_within, reason) in table {
            let beyond = beyond(&[Value::String(Arc::new(text.to_owned()))]);
            assert_eq!(beyond.is_none(), is_within, "{text}: {reason}");
        }
    }

    #[test]
    fn small_units_take_more_digits_and_fewer_places() {
        for (suffix, digits, places) in [("n", 28, 3), ("u", 25, 6), ("m", 22, 9), ("", 19, 12)] {
            let is_within = |number: String| beyond(&[Value::String(Arc::new(number + suffix))]).is_none();
            assert!(is_within("9".repeat(digits)), "{digits} digits of {suffix:?}");
            assert!(!is_within("9".repeat(digits + 1)), "more of {suffix:?}");
            assert!(is_within(format!("0.{}1", "0".repeat(places - 1))), "{places} places of {suffix:?}");
            assert!(!is_within(format!("0.{}1", "0".repeat(places))), "more places of {suffix:?}");
        }
    }
}

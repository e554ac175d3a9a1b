//! What the API server says where the library says it otherwise: texts that are no address, no range, no quantity, no version.

use super::error::EvaluationError::{self, Failed};
use kube_cel::cel::Value;

/// `None`: the library's words stand.
pub(super) fn of_error(function: &str, arguments: &[Value]) -> Option<EvaluationError> {
    let text = match arguments.first() {
        Some(Value::String(text)) => text.as_str(),
        _ => "",
    };
    Some(Failed(match function {
        "quantity" => {
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".to_owned()
        }
        "asInteger" => "cannot convert value to integer".to_owned(),
        "url" => format!("URL parse error during conversion from string: parse {text:?}: invalid URI for request"),
        "ip" if text.starts_with("::ffff:") && text.contains('.') => {
            format!("IPv4-mapped IPv6 address {text:?} is not allowed")
        }
        "ip" => {
            let why = address(text);
            format!("IP Address {text:?} parse error during conversion from string: ParseAddr({text:?}): {why}")
        }
        "cidr" => {
            let twice = "network address parse error during conversion from string: ".repeat(2);
            let why = if text.contains('/') { "prefix length out of range" } else { "no '/'" };
            format!("{twice}netip.ParsePrefix({text:?}): {why}")
        }
        "semver" => version(text),
        "timestamp" => "type conversion error from 'string' to 'google.protobuf.Timestamp'".to_owned(),
        "duration" => "type conversion error from 'string' to 'google.protobuf.Duration'".to_owned(),
        "containsIP" | "containsCIDR" => return Some(EvaluationError::NoSuchOverload(String::new())),
        "flatten" => "level must be non-negative".to_owned(),
        _ => return None,
    }))
}

fn address(text: &str) -> &'static str {
    let parts: Vec<&str> = text.split('.').collect();
    let are_numbers = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    match parts.len() {
        2..=3 if are_numbers => "IPv4 address too short",
        _ if are_numbers && parts.iter().any(|part| part.parse::<u32>().is_ok_and(|part| part > 255)) => {
            "IPv4 field has value >255"
        }
        _ => "unable to parse IP",
    }
}

fn version(text: &str) -> String {
    let core = text.split(['-', '+']).next().unwrap_or(text);
    let parts: Vec<&str> = core.splitn(3, '.').collect();
    if parts.len() < 3 {
        return "No Major.Minor.Patch elements found".to_owned();
    }
    for (name, part) in ["Major", "Minor", "Patch"].iter().zip(&parts) {
        if !part.bytes().all(|b| b.is_ascii_digit()) {
            return format!("Invalid character(s) found in {} number {part:?}", name.to_lowercase());
        }
        if part.len() > 1 && part.starts_with('0') {
            return format!("{name} number must not contain leading zeroes {part:?}");
        }
    }
    format!("Invalid version {text:?}")
}

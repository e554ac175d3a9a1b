//! `format()`: placeholders of a text, each with the words of the API server for what it can't write.

use super::{
    conversions,
    error::EvaluationError::{self, Failed, NoSuchOverload},
    json,
    library::LibraryCall,
};
use kube_cel::cel::Value;
use std::sync::Arc;

type Result<T = Value> = std::result::Result<T, EvaluationError>;

pub(super) fn format(arguments: &[Value]) -> Result {
    let [Value::String(pattern), Value::List(values)] = arguments else {
        return Err(NoSuchOverload(String::new()));
    };
    let (mut made, mut rest, mut next) = (String::new(), pattern.as_str(), 0);
    while let Some(at) = rest.find('%') {
        made.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            made.push('%');
            rest = after;
            continue;
        }
        let digits = rest.strip_prefix('.').map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
        let precision: Option<usize> = rest.get(1..digits).and_then(|digits| digits.parse().ok());
        rest = &rest[digits..];
        let Some(verb) = rest.chars().next() else {
            return Err(Failed("unexpected end of string".to_owned()));
        };
        rest = &rest[verb.len_utf8()..];
        if !"sdfexXob".contains(verb) {
            return Err(Failed(format!(
                "could not parse formatting clause: unrecognized formatting clause \"{verb}\""
            )));
        }
        let value = values.get(next).ok_or_else(|| Failed(format!("index {next} out of range")))?;
        next += 1;
        made.push_str(&format_value(verb, precision.unwrap_or(6).min(100), value)?);
    }
    made.push_str(rest);
    Ok(Value::String(Arc::new(made)))
}

/// What is wrong of a pattern that is known when it is loaded, for so many values.
pub(super) fn check(pattern: &str, values: usize) -> Result<()> {
    let zero = |verb| match verb {
        'f' | 'e' => Value::Float(0.0),
        _ => Value::Int(0),
    };
    let pattern = pattern.replace("%%", "");
    let verbs =
        pattern.split('%').skip(1).map(|rest| rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()));
    let verbs: Vec<Value> = verbs.take(values).map(|rest| zero(rest.chars().next().unwrap_or('d'))).collect();
    format(&[Value::String(Arc::new(pattern)), Value::List(Arc::new(verbs))]).map(|_| ())
}

fn format_value(verb: char, precision: usize, value: &Value) -> Result<String> {
    let fail = |what: &str| {
        let given = json::type_name(value);
        Err(Failed(format!("error during formatting: {what}, was given {given}")))
    };
    Ok(match (verb, value) {
        ('s', Value::Float(_) | Value::Duration(_) | Value::Timestamp(_) | Value::Bytes(_)) => {
            let made = conversions::string(value).unwrap_or_else(|| Ok(value.clone()))?;
            json::text(&made)
        }
        ('s', Value::Opaque(_)) if json::type_name(value) == "type" => json::named_type(value).to_owned(),
        ('s', _) => return plain('s', value),
        ('d' | 'o', Value::Int(_) | Value::UInt(_)) => return plain(verb, value),
        ('d', _) => return fail("decimal clause can only be used on integers"),
        ('o', _) => return fail("octal clause can only be used on integers"),
        ('b', Value::Int(_) | Value::UInt(_) | Value::Bool(_)) => return plain(verb, value),
        ('b', _) => return fail("only integers and bools can be formatted as binary"),
        ('x' | 'X', Value::Int(_) | Value::UInt(_) | Value::String(_) | Value::Bytes(_)) => return plain(verb, value),
        ('x' | 'X', _) => return fail("only integers, byte buffers, and strings can be formatted as hex"),
        ('f', Value::Float(double)) => format!("{double:.precision$}"),
        ('f', _) => return fail("fixed-point clause can only be used on doubles"),
        (_, Value::Float(double)) => scientific(*double),
        _ => return fail("scientific clause can only be used on doubles"),
    })
}

/// As the library writes it.
fn plain(verb: char, value: &Value) -> Result<String> {
    let pattern = Value::String(Arc::new(format!("%{verb}")));
    let made = LibraryCall::new("format", true, 2).value(&[pattern, Value::List(Arc::new(vec![value.clone()]))])?;
    Ok(json::text(&made))
}

/// `1.200000×10⁻⁰⁴`, whatever the precision.
fn scientific(double: f64) -> String {
    let made = format!("{double:.6e}");
    let Some((digits, exponent)) = made.split_once('e') else { return made };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("", exponent), |exponent| ("⁻", exponent));
    let raised = |digit: char| match digit {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    let exponent: String = format!("{exponent:0>2}").chars().map(raised).collect();
    format!("{digits}×10{sign}{exponent}")
}

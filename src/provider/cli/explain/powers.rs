//! What an IAM role or a Pod Identity association gives: statements, policies and roles.
//!
//! A statement that is long stands in a plan as a head and its parts. Only as a whole does it say whether it gives more or less.

use super::review::Direction;
use goldenpath_core::kinds::{FieldLine, elements, legible};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Powers {
    /// In words, with what they are a part of.
    given: BTreeSet<(&'static str, String)>,
    /// Each may be more or less.
    other: BTreeMap<String, Vec<String>>,
}

/// Of an object that is made or deleted, the lines of one side are empty.
pub fn powers(old: &[FieldLine], new: &[FieldLine]) -> Vec<(Direction, String)> {
    // What holds of any new role is no change of it.
    let is_there = !old.is_empty() && !new.is_empty();
    let (old, new) = (read(old), read(new));
    let lost = old.given.difference(&new.given).map(|(of, what)| power(Direction::Loses, of, what));
    let gained = new.given.difference(&old.given).map(|(of, what)| power(Direction::Gains, of, what));
    let mut found: Vec<_> = lost.chain(gained).collect();
    let names: BTreeSet<&String> = old.other.keys().chain(new.other.keys()).collect();
    for name in names {
        let [old, new] = [&old.other, &new.other].map(|side| side.get(name).map(|values| values.join(", ")));
        if old != new && (is_there || is_policy(name)) {
            let [old, new] = [old, new].map(|side| side.unwrap_or_else(|| "nothing".into()));
            found.push((Direction::Changes, format!("{name} from {old} to {new}")));
        }
    }
    found
}

/// A Deny takes away.
fn power(direction: Direction, of: &str, what: &str) -> (Direction, String) {
    match (what.strip_prefix("Deny "), direction) {
        (Some(denied), Direction::Gains) => (Direction::Loses, format!("{of}{denied} (now denied)")),
        (Some(denied), _) => (Direction::Gains, format!("{of}{denied} (no longer denied)")),
        (None, direction) => (direction, format!("{of}{what}")),
    }
}

fn read(lines: &[FieldLine]) -> Powers {
    let mut powers = Powers::default();
    let mut statements: Vec<(&str, String)> = vec![];
    let mut last_part = "";
    for FieldLine { field, value } in lines {
        let field = field.trim_matches('"');
        let is_head = ["Allow", "Deny"].contains(&value.split(' ').next().unwrap_or_default());
        let open = statements
            .last_mut()
            .and_then(|(base, whole)| Some((field.strip_prefix(*base)?.strip_prefix('.')?, whole)));
        match (is_policy(field), open) {
            (true, _) if is_head => {
                statements.push((field, value.clone()));
                last_part = "";
            }
            (true, Some((part, whole))) => {
                let joint = if part == last_part { ",".to_owned() } else { format!(" {}", part.replace('-', " ")) };
                whole.push_str(&format!("{joint} {value}"));
                last_part = part;
            }
            _ if field == "attached" => {
                powers.given.extend(elements(value).into_iter().map(|arn| ("policy ", legible(arn))))
            }
            _ if ["role", "roleArn", "targetRoleArn"].contains(&field) => {
                powers.given.insert(("IAM role ", legible(value)));
            }
            (is_policy, _) if is_policy || ["boundary", "path", "disableSessionTags"].contains(&field) => {
                powers.other.entry(legible(field)).or_default().push(legible(value));
            }
            _ => {}
        }
    }
    powers.given.extend(
        statements.into_iter().map(|(base, whole)| (if base == "trust" { "trust: " } else { "" }, legible(&whole))),
    );
    powers
}

fn is_policy(field: &str) -> bool {
    let is = |name: &str| field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    is("trust") || is("policy") || field.starts_with("inline.")
}

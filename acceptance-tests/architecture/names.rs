//! One type name, one type: names that say little by themselves, and were each of several things.

use super::files;
use anyhow::Result;
use std::collections::BTreeMap;

const ONCE: [&str; 11] =
    ["Kind", "Seen", "Fault", "Place", "Session", "Verdict", "Ask", "Order", "Held", "Call", "Answer"];
const DEFINES: [&str; 4] = ["struct", "enum", "type", "trait"];

pub(super) fn doubled_types() -> Result<Vec<String>> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in files::all("src")?.into_iter().filter(|path| path.ends_with(".rs")) {
        let text = files::read(&path)?;
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = definition(line) {
                places.entry(name).or_default().push(format!("{path}:{}", number + 1));
            }
        }
    }
    let doubled = places.into_iter().filter(|(_, places)| places.len() > 1);
    Ok(doubled.map(|(name, places)| format!("{name} names several types: {}", places.join(", "))).collect())
}

/// The name of these that a line defines.
fn definition(line: &str) -> Option<&'static str> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut words = words.skip_while(|word| matches!(*word, "pub" | "crate" | "super" | "in"));
    let (keyword, name) = (words.next()?, words.next()?);
    ONCE.into_iter().find(|once| DEFINES.contains(&keyword) && *once == name)
}

//! What the commands of `audit` read: the lines of a ledger, once it is known to be as it was written.

use crate::{
    cli::{daemon::Settings, doctor::Inspector, drift::is_within},
    resources::provider_config::FromEnvironment,
};
use goldenpath_core::{
    domain::CatalogueSource,
    golden::Catalogue,
    provision::{Provisioner, Survey},
};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Every line on the way; an error names the first bad entry.
type Verify = fn(&Path, Vec<Head>, &mut dyn FnMut(&str)) -> anyhow::Result<Proof>;

/// What the composition root lends: it knows ledgers and targets.
pub struct AuditTool {
    pub environment: FromEnvironment,
    pub verify: Verify,
    /// The new public key.
    pub rotate_key: fn(&Path) -> anyhow::Result<String>,
    pub open: fn(&Settings) -> anyhow::Result<Looks>,
    /// The built-in golden paths and those of these sources.
    pub catalogue: fn(sources: &[CatalogueSource]) -> anyhow::Result<Arc<Catalogue>>,
    pub inspector: &'static dyn Inspector,
}

/// The daemon's target, for looks alone.
pub struct Looks {
    pub survey: Arc<dyn Survey>,
    pub provisioner: Arc<dyn Provisioner>,
    /// Without the daemon's bounds: those of teams and tiers keep every baseline out.
    pub baselines: Arc<dyn Provisioner>,
}

/// An entry and its hash.
pub type Head = (u64, String);

/// A ledger that is as it was written.
#[derive(serde::Serialize)]
pub struct Proof {
    pub entries: u64,
    pub keys: usize,
    /// The last entry that is signed, with all before it, and its hash.
    pub head: Option<Head>,
}

/// Lines of ledgers that are as they were written, in one order, and what each ledger proves.
pub fn read(
    ledgers: &[PathBuf],
    tool: &AuditTool,
    wanted: impl Fn(&Json) -> bool,
) -> anyhow::Result<(Vec<String>, BTreeMap<String, Proof>)> {
    let (mut all, mut proofs) = (vec![], BTreeMap::new());
    for ledger in ledgers {
        let (name, mut lines) = (ledger.display().to_string(), vec![]);
        let proof = (tool.verify)(ledger, vec![], &mut |line| {
            if serde_json::from_str(line).is_ok_and(|entry| wanted(&entry)) {
                lines.push(line.to_owned());
            }
        })?;
        all.push((name.clone(), lines));
        proofs.insert(name, proof);
    }
    Ok((merge(all), proofs))
}

/// Of several ledgers in the order of their times, each line with its ledger; of one as they are.
fn merge(mut ledgers: Vec<(String, Vec<String>)>) -> Vec<String> {
    if ledgers.len() == 1 {
        return ledgers.remove(0).1;
    }
    let named = |(name, lines): (String, Vec<String>)| {
        let name = Json::from(name);
        let line = move |line: String| {
            let at = serde_json::from_str(&line).map(|entry: Json| entry["at"].as_str().unwrap_or_default().to_owned());
            (at.unwrap_or_default(), format!("{{\"ledger\":{name},{}", line.trim_start_matches('{')))
        };
        lines.into_iter().map(line).collect::<Vec<_>>()
    };
    let mut all: Vec<(String, String)> = ledgers.into_iter().flat_map(named).collect();
    // Entries of one second stay in the order of their ledger.
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.into_iter().map(|(_, line)| line).collect()
}

pub fn is_wanted(entry: &Json, since: Option<Timestamp>, environment: Option<&str>) -> bool {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    let is_late = since.is_none_or(|since| text("at").parse::<Timestamp>().is_ok_and(|at| at >= since));
    is_late && environment.is_none_or(|id| is_within(text("about"), id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_of_several_ledgers_are_in_one_order() {
        let entry = |at: &str, number: u64| format!(r#"{{"sequence":{number},"at":"{at}"}}"#);
        let first = vec![entry("2026-11-25T01:00:00Z", 1), entry("2026-11-25T03:00:00Z", 2)];
        let second = vec![entry("2026-11-25T02:00:00Z", 1), entry("2026-11-25T03:00:00Z", 2)];
        let ledgers = vec![("a".to_owned(), first.clone()), ("b".to_owned(), second)];
        let read = |line: &String| serde_json::from_str::<Json>(line).unwrap();
        let order: Vec<_> =
            merge(ledgers).iter().map(read).map(|entry| (entry["ledger"].clone(), entry["sequence"].clone())).collect();
        assert_eq!(
            order,
            [(json!("a"), json!(1)), (json!("b"), json!(1)), (json!("a"), json!(2)), (json!("b"), json!(2))]
        );
        assert_eq!(merge(vec![("a".to_owned(), first.clone())]), first, "as they are hashed");
    }

    #[test]
    fn an_export_is_of_a_time_and_of_an_environment() {
        let entry = json!({ "at": "2026-11-25T01:41:48Z", "about": "demo/pay/api" });
        let at = |text: &str| Some(text.parse().unwrap());
        for (since, environment, expected, reason) in [
            (None, None, true, "all"),
            (at("2026-11-25T01:41:48Z"), None, true, "from that second on"),
            (at("2026-11-25T02:41:49+01:00"), None, false, "a second later, in another zone"),
            (None, Some("demo/pay"), true, "its slot"),
            (None, Some("demo/p"), false, "another one"),
        ] {
            assert_eq!(is_wanted(&entry, since, environment), expected, "{reason}");
        }
    }
}

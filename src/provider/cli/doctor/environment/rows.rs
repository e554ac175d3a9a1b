//! From results to a row: whose or where each is, and whether it is the promised one.

use crate::cli::doctor::finding::{CheckStatus, Finding, PromiseResult};
use std::{borrow::Cow, collections::BTreeMap};

/// What one of those who are asked about says, or one namespace.
pub struct Said {
    pub by: String,
    pub result: PromiseResult,
    pub verdict: Fulfilment,
}

pub enum Fulfilment {
    AsPromised,
    /// In words, and what to do.
    Breach(String, String),
    /// It could not be asked, or needs a look: why, and what to do.
    Warned(String, String),
}

/// The worst of them decides.
pub fn finding(check: impl Into<Cow<'static, str>>, benchmark: &'static [&'static str], said: Vec<Said>) -> Finding {
    let mut status = CheckStatus::Ok;
    let mut remedies: Vec<String> = vec![];
    let mut words: Vec<String> = vec![];
    let mut results = BTreeMap::new();
    let shared = reason_of_all(&said).map(|why| format!("{}: {why}", PromiseResult::NotAsked.as_str()));
    for Said { by, result, verdict } in said {
        let (worse, detail, remedy) = match verdict {
            Fulfilment::AsPromised => (CheckStatus::Ok, String::new(), String::new()),
            Fulfilment::Breach(detail, remedy) => (CheckStatus::Error, format!(", not as promised: {detail}"), remedy),
            Fulfilment::Warned(why, remedy) => (CheckStatus::Warning, format!(": {why}"), remedy),
        };
        words.push(format!("{by} {}{detail}", result.as_str()));
        results.insert(by, result);
        if worse > status {
            status = worse;
            remedies.clear();
        }
        if worse == status && !remedy.is_empty() && !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    let found = shared.unwrap_or_else(|| words.join("; "));
    Finding { check: check.into(), status, found, remedy: remedies.join(" "), results, benchmark }
}

/// Why none of them could be asked, if that is one reason.
fn reason_of_all(said: &[Said]) -> Option<String> {
    let reason = |said: &Said| match &said.verdict {
        Fulfilment::Warned(why, _) if said.result == PromiseResult::NotAsked => Some(why.clone()),
        _ => None,
    };
    let first = reason(said.first()?)?;
    said.iter().all(|said| reason(said).as_ref() == Some(&first)).then_some(first)
}

//! What is admitted, by one dry run for each thing and namespace: as a tenant where the caller may impersonate one, since guards let
//! administrators pass. Pure.

use super::{
    caller::Caller,
    recorded::{Recorded, Space},
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::{
    finding::{Finding, PromiseResult},
    reading::Reading,
};
use goldenpath_core::{
    domain::PodSecurityLevel,
    golden::promises::{AdmissionPromise, POD_SECURITY},
};
use serde_json::Value;

/// Of a message of somebody else's admission.
const LONGEST: usize = 200;

pub struct Tries<'a> {
    rows: &'a [AdmissionPromise],
    spaces: &'a [Space],
    caller: &'a Caller,
}

// === impl Tries ===

impl<'a> Tries<'a> {
    pub fn of(recorded: &'a Recorded, rows: &'a [AdmissionPromise], caller: &'a Caller) -> Self {
        Self { rows, spaces: &recorded.spaces, caller }
    }

    /// Of what the caller may try.
    pub fn documents(&self) -> Vec<Value> {
        let mut documents = vec![];
        for row in self.rows {
            let spaces = self.spaces.iter().enumerate().filter(|(at, _)| self.caller.may_create(*at, row.is_pod()));
            documents.extend(spaces.map(|(_, space)| row.object_in(&space.namespace)));
        }
        documents
    }

    /// `results`: of the documents.
    pub fn judge(&self, results: Vec<Reading<Option<String>>>) -> Vec<Finding> {
        let mut results = results.into_iter();
        let mut findings = vec![];
        for row in self.rows {
            let said = self.spaces.iter().enumerate().map(|(at, space)| {
                let tried = self.caller.may_create(at, row.is_pod()).then(|| results.next()).flatten();
                let (result, verdict) = match tried {
                    Some(result) => verdict(row, space.level, self.caller.as_who().is_some(), result),
                    None => no_result(
                        format!("the caller may neither create {} nor impersonate a tenant", plural(row)),
                        format!("Run this as somebody who may create {} there; it is a dry run.", plural(row)),
                    ),
                };
                Said { by: space.namespace.clone(), result, verdict }
            });
            findings.push(rows::finding(format!("admission of {}", row.name), row.benchmark, said.collect()));
        }
        findings
    }
}

/// `as_tenant`: whether guards hold who tried it.
fn verdict(
    row: &AdmissionPromise,
    level: PodSecurityLevel,
    as_tenant: bool,
    result: Reading<Option<String>>,
) -> (PromiseResult, Fulfilment) {
    let promised = row.refusal(level);
    let again = || "Make sure that this can be tried, then run the command again.".to_owned();
    let message = match (result, promised) {
        (Err(why), _) => return no_result(why, again()),
        (Ok(None), None) => return (PromiseResult::Yes, Fulfilment::AsPromised),
        (Ok(None), Some(words)) if !as_tenant && words.iter().any(|word| word.starts_with("gp-guard-")) => {
            let why = "no guard holds the caller, who may not impersonate a tenant";
            return no_result(why.to_owned(), "Run this as somebody who may impersonate a persona.".to_owned());
        }
        (Ok(None), Some(_)) => {
            let remedy = "Plan the environment and its cluster's baseline, and apply what they put back: labels of the \
                          namespace, a quota, a guard.";
            return (PromiseResult::Yes, Fulfilment::Breach("it has to be refused".to_owned(), remedy.to_owned()));
        }
        (Ok(Some(message)), _) => message,
    };
    match promised {
        Some(words) if words.iter().any(|word| message.contains(word)) => (PromiseResult::No, Fulfilment::AsPromised),
        None if message.contains(POD_SECURITY) => {
            let remedy = "Plan the environment, and apply what it puts back: labels of the namespace.";
            (PromiseResult::No, Fulfilment::Breach("it has to be admitted".to_owned(), remedy.to_owned()))
        }
        _ => {
            let message: String = message.chars().take(LONGEST).collect();
            no_result(format!("something else refuses it, {message}"), again())
        }
    }
}

fn no_result(why: String, remedy: String) -> (PromiseResult, Fulfilment) {
    (PromiseResult::NotAsked, Fulfilment::Warned(why, remedy))
}

fn plural(row: &AdmissionPromise) -> &'static str {
    if row.is_pod() { "pods" } else { "services" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PodSecurityLevel::{Baseline, Restricted};
    use goldenpath_core::golden::promises;

    #[test]
    fn a_dry_run_means_what_its_words_say() {
        let refused = |words: &str| Ok(Some(format!("pods \"x\" is forbidden: {words}")));
        let by_level = || refused("violates PodSecurity \"baseline:v1.36\"");
        for (name, level, as_tenant, result, expected, is_breach, reason) in [
            ("a hardened pod", Restricted, true, Ok(None), PromiseResult::Yes, false, "the usual"),
            ("a hardened pod", Baseline, true, by_level(), PromiseResult::No, true, "a stricter level than promised"),
            (
                "a hardened pod",
                Baseline,
                true,
                refused("exceeded quota"),
                PromiseResult::NotAsked,
                false,
                "no room for it now",
            ),
            ("a privileged container", Baseline, true, by_level(), PromiseResult::No, false, "by the level"),
            ("a privileged container", Baseline, true, Ok(None), PromiseResult::Yes, true, "the level was lowered"),
            (
                "a privileged container",
                Baseline,
                true,
                refused("exceeded quota: gp-base"),
                PromiseResult::NotAsked,
                false,
                "a full quota says nothing about the level",
            ),
            (
                "privilege escalation",
                Baseline,
                true,
                Ok(None),
                PromiseResult::Yes,
                false,
                "only `restricted` refuses it",
            ),
            ("privilege escalation", Restricted, true, Ok(None), PromiseResult::Yes, true, "and here it does not"),
            (
                "a Service of type NodePort",
                Baseline,
                true,
                Ok(None),
                PromiseResult::Yes,
                true,
                "neither guard nor quota",
            ),
            (
                "a Service of type NodePort",
                Baseline,
                false,
                Ok(None),
                PromiseResult::NotAsked,
                false,
                "guards let them pass",
            ),
            (
                "a hardened pod",
                Baseline,
                true,
                Err("no response".to_owned()),
                PromiseResult::NotAsked,
                false,
                "nothing is known",
            ),
        ] {
            let rows = promises::admission();
            let row = rows.iter().find(|row| row.name == name).expect(name);
            let (found, verdict) = verdict(row, level, as_tenant, result);
            assert_eq!(found, expected, "{name}: {reason}");
            assert_eq!(matches!(verdict, Fulfilment::Breach(..)), is_breach, "{name}: {reason}");
        }
    }
}

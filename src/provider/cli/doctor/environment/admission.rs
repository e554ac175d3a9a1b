//! What is admitted, by one dry run for each thing and namespace: as a tenant where the caller may impersonate one, since guards let
//! administrators pass. Pure.

use super::{
    caller::Caller,
    recorded::{Recorded, Space},
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::{
    finding::{Answer, Finding},
    inspection::Reading,
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
                let (answer, verdict) = match tried {
                    Some(result) => verdict(row, space.level, self.caller.as_who().is_some(), result),
                    None => no_answer(
                        format!("the caller may neither create {} nor impersonate a tenant", plural(row)),
                        format!("Run this as somebody who may create {} there; it is a dry run.", plural(row)),
                    ),
                };
                Said { by: space.namespace.clone(), answer, verdict }
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
) -> (Answer, Fulfilment) {
    let promised = row.refusal(level);
    let again = || "Make sure that this can be tried, then run the command again.".to_owned();
    let message = match (result, promised) {
        (Err(why), _) => return no_answer(why, again()),
        (Ok(None), None) => return (Answer::Yes, Fulfilment::AsPromised),
        (Ok(None), Some(words)) if !as_tenant && words.iter().any(|word| word.starts_with("gp-guard-")) => {
            let why = "no guard holds the caller, who may not impersonate a tenant";
            return no_answer(why.to_owned(), "Run this as somebody who may impersonate a persona.".to_owned());
        }
        (Ok(None), Some(_)) => {
            let remedy = "Plan the environment and its cluster's baseline, and apply what they put back: labels of the \
                          namespace, a quota, a guard.";
            return (Answer::Yes, Fulfilment::Broken("it has to be refused".to_owned(), remedy.to_owned()));
        }
        (Ok(Some(message)), _) => message,
    };
    match promised {
        Some(words) if words.iter().any(|word| message.contains(word)) => (Answer::No, Fulfilment::AsPromised),
        None if message.contains(POD_SECURITY) => {
            let remedy = "Plan the environment, and apply what it puts back: labels of the namespace.";
            (Answer::No, Fulfilment::Broken("it has to be admitted".to_owned(), remedy.to_owned()))
        }
        _ => {
            let message: String = message.chars().take(LONGEST).collect();
            no_answer(format!("something else refuses it, {message}"), again())
        }
    }
}

fn no_answer(why: String, remedy: String) -> (Answer, Fulfilment) {
    (Answer::NotAsked, Fulfilment::Warned(why, remedy))
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
        for (name, level, as_tenant, result, answer, is_broken, reason) in [
            ("a hardened pod", Restricted, true, Ok(None), Answer::Yes, false, "the usual"),
            ("a hardened pod", Baseline, true, by_level(), Answer::No, true, "a stricter level than promised"),
            (
                "a hardened pod",
                Baseline,
                true,
                refused("exceeded quota"),
                Answer::NotAsked,
                false,
                "no room for it now",
            ),
            ("a privileged container", Baseline, true, by_level(), Answer::No, false, "by the level"),
            ("a privileged container", Baseline, true, Ok(None), Answer::Yes, true, "the level was lowered"),
            (
                "a privileged container",
                Baseline,
                true,
                refused("exceeded quota: gp-base"),
                Answer::NotAsked,
                false,
                "a full quota says nothing about the level",
            ),
            ("privilege escalation", Baseline, true, Ok(None), Answer::Yes, false, "only `restricted` refuses it"),
            ("privilege escalation", Restricted, true, Ok(None), Answer::Yes, true, "and here it does not"),
            ("a Service of type NodePort", Baseline, true, Ok(None), Answer::Yes, true, "neither guard nor quota"),
            ("a Service of type NodePort", Baseline, false, Ok(None), Answer::NotAsked, false, "guards let them pass"),
            ("a hardened pod", Baseline, true, Err("no response".to_owned()), Answer::NotAsked, false, "no answer"),
        ] {
            let rows = promises::admission();
            let row = rows.iter().find(|row| row.name == name).expect(name);
            let (found, verdict) = verdict(row, level, as_tenant, result);
            assert_eq!(found, answer, "{name}: {reason}");
            assert_eq!(matches!(verdict, Fulfilment::Broken(..)), is_broken, "{name}: {reason}");
        }
    }
}

//! One object held against one policy, as the API server would: a condition that is false goes before an error of another, an error
//! is a violation and never a pass, a message that can't be made falls back.

use super::{
    checked::{CheckedValidation, Policy},
    form::{Action, Match, Operation, Validation},
};
use crate::{
    domain::{TierClass, plural},
    policy::{aws::Judged, cel::Bindings, finding::Verdict},
};
use jiff::civil::Date;
use serde_json::{Value, json};

/// Longer messages are not taken from an expression.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// A change of one object.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// `apps/v1`, `Deployment`.
    pub api: &'a str,
    pub kind: &'a str,
    pub namespace: Option<&'a str>,
    pub name: &'a str,
    pub operation: Operation,
    /// `None`: it is not known yet, or gone where it is deleted.
    pub object: Option<&'a Value>,
    pub old: Option<&'a Value>,
    pub namespace_object: Option<&'a Value>,
    /// Who asks, as `request.userInfo`: at admission only, and where a test plays it.
    pub user: Option<&'a Value>,
    pub class: Option<TierClass>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of another kind, or left out by a condition.
    NotMatched,
    Passed,
    Exempt {
        reason: String,
        until: Date,
    },
    Found(Vec<Judgement>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub action: Action,
    pub message: String,
    pub remedy: String,
    /// Of HCL.
    pub field: Option<String>,
    /// It would be exempt, but for the date: an error only where something is changed.
    pub lapsed: Option<Date>,
}

// === impl Case ===

impl<'a> Case<'a> {
    /// Of an object that a plan renders: as if it was made now, by whoever applies.
    pub fn of_create(judged: &'a Judged<'_>, class: Option<TierClass>) -> Self {
        let Judged { api, kind, namespace, name, document } = judged;
        let object = document.as_deref();
        let operation = Operation::Create;
        Self {
            api,
            kind,
            namespace: *namespace,
            name,
            operation,
            object,
            old: None,
            namespace_object: None,
            user: None,
            class,
        }
    }
}

// === impl Policy ===

impl Policy {
    pub fn judge(&self, case: &Case<'_>, today: Date) -> Outcome {
        if !self.form.matches.iter().any(|rule| concerns(rule, case)) {
            return Outcome::NotMatched;
        }
        let exemptions = self.form.exemptions.iter().filter(|exemption| {
            let holds = |list: &[String], value: Option<&str>| {
                list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value))
            };
            holds(&exemption.exempt.namespaces, case.namespace) && holds(&exemption.exempt.names, Some(case.name))
        });
        // A path prolongs one of the document by another beside it, and admission knows both.
        let exemption = exemptions.max_by_key(|exemption| exemption.until);
        if let Some(exemption) = exemption.filter(|exemption| exemption.until >= today) {
            return Outcome::Exempt { reason: exemption.reason.clone(), until: exemption.until };
        }
        let action = self.form.severity.of(case.class);
        let lapsed = exemption.map(|exemption| exemption.until);
        let judgement = |verdict, message, remedy: &str, field: &Option<String>| {
            let (remedy, field) = (remedy.to_owned(), field.clone());
            Judgement { verdict, action, message, remedy, field, lapsed }
        };
        if case.object.is_none() && case.operation != Operation::Delete {
            let message = "Undecided until apply: the object is not known yet".to_owned();
            let remedy = "Nothing is to be done: it is decided before anything is changed.";
            return Outcome::Found(vec![judgement(Verdict::Undecided, message, remedy, &None)]);
        }
        let request = request(case);
        let null = Value::Null;
        let bindings = Bindings::default()
            .with("object", case.object.unwrap_or(&null))
            .with("oldObject", case.old.unwrap_or(&null))
            .with("params", &self.params)
            .with("request", &request)
            .with("namespaceObject", case.namespace_object.unwrap_or(&null));
        let bindings = self
            .variables
            .iter()
            .fold(bindings, |bindings, variable| bindings.define(&variable.name, &variable.expression));
        match self.is_met(&bindings) {
            Ok(true) => {}
            Ok(false) => return Outcome::NotMatched,
            Err(message) => {
                let remedy = "Correct the policy's `matchConditions`.";
                return Outcome::Found(vec![judgement(Verdict::Violated, message, remedy, &None)]);
            }
        }
        let found = self.form.validations.iter().zip(self.validations.iter()).filter_map(|(form, checked)| {
            let message = match checked.expression.is_true(&bindings) {
                Ok(true) => return None,
                Ok(false) => self.message(form, checked, &bindings),
                Err(error) => format!("expression '{}' resulted in error: {error}", form.expression),
            };
            Some(judgement(Verdict::Violated, message, &form.remedy, &form.field))
        });
        let found: Vec<Judgement> = found.collect();
        if found.is_empty() { Outcome::Passed } else { Outcome::Found(found) }
    }

    /// Whether it may have something to say of objects of this kind.
    pub fn is_about(&self, api: &str, kind: &str) -> bool {
        self.form.matches.iter().any(|rule| is_of(rule, api, kind))
    }

    fn is_met(&self, bindings: &Bindings<'_>) -> Result<bool, String> {
        let mut errors = vec![];
        for condition in self.conditions.iter() {
            match condition.expression.is_true(bindings) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => {
                    errors.push(format!("expression '{}' resulted in error: {error}", condition.expression.text()))
                }
            }
        }
        match errors.as_slice() {
            [] => Ok(true),
            [one] => Err(one.clone()),
            several => Err(format!("[{}]", several.join(", "))),
        }
    }

    fn message(&self, form: &Validation, checked: &CheckedValidation, bindings: &Bindings<'_>) -> String {
        let made = checked.message.as_ref().and_then(|message| message.evaluate(bindings).ok());
        let made = made.as_ref().and_then(Value::as_str).map(str::trim);
        let made = made.filter(|made| !made.is_empty() && made.len() <= LONGEST_MESSAGE && !made.contains('\n'));
        let written = form.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
        match made.or(written) {
            Some(message) => message.to_owned(),
            None => format!("failed expression: {}", form.expression.trim()),
        }
    }
}

fn concerns(rule: &Match, case: &Case<'_>) -> bool {
    is_of(rule, case.api, case.kind) && rule.operations.contains(&case.operation)
}

fn is_of(rule: &Match, api: &str, kind: &str) -> bool {
    let (group, version) = split(api);
    let holds = |list: &[String], value: &str| list.iter().any(|one| one == "*" || one == value);
    if !holds(&rule.groups, group) || !holds(&rule.versions, version) {
        return false;
    }
    let plural = plural(kind);
    rule.resources.iter().any(|resource| is_of_object(resource, &plural))
}

/// To the API server `*/*` and `pods/*` are objects as well as their subresources, `pods/exec` and `*/scale` are not.
fn is_of_object(resource: &str, plural: &str) -> bool {
    let (name, part) = resource.split_once('/').unwrap_or((resource, ""));
    (name == "*" || name == plural) && matches!(part, "" | "*")
}

fn split(api: &str) -> (&str, &str) {
    api.split_once('/').unwrap_or(("", api))
}

fn request(case: &Case<'_>) -> Value {
    let (group, version) = split(case.api);
    let kind = json!({"group": group, "version": version, "kind": case.kind});
    let resource = json!({"group": group, "version": version, "resource": plural(case.kind)});
    json!({
        "kind": kind, "requestKind": kind, "resource": resource, "requestResource": resource,
        "name": case.name, "namespace": case.namespace.unwrap_or_default(), "operation": case.operation.as_str(),
        "userInfo": case.user.unwrap_or(&json!({})), "dryRun": false, "options": null,
    })
}

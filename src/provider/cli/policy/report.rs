//! What is found in manifests, and how it is shown.

use super::{
    home::Home,
    manifests::{self, Manifest, Unreadable},
    words::word,
};
use crate::cli::output::push_line;
use goldenpath_core::{
    domain::TierClass,
    policy::document::{Action, Case, Judgement, Operation, Outcome, Policy},
};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

/// What `--json` prints. A new member may be added; the version changes when one is removed or means something else.
#[derive(Serialize)]
pub(super) struct Report {
    pub format_version: &'static str,
    /// Objects that were judged.
    pub objects: usize,
    pub findings: Vec<Finding>,
    pub exemptions: Vec<Exempted>,
    pub problems: Vec<Problem>,
}

#[derive(Serialize)]
pub(super) struct Finding {
    pub file: String,
    pub line: usize,
    pub object: String,
    pub policy: String,
    pub version: String,
    pub action: Action,
    pub message: String,
    pub remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Exempted {
    pub file: String,
    pub line: usize,
    pub object: String,
    pub policy: String,
    pub reason: String,
    pub until: Date,
}

/// What can't be read.
#[derive(Serialize)]
pub(super) struct Problem {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
}

// === impl Problem ===

impl Problem {
    pub(super) fn of(file: &str, message: String) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1, message }
    }
}

/// What manifests are held against.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub policies: &'a [&'a Policy],
    /// By name; all, where there are none.
    pub only: &'a [String],
    pub class: TierClass,
    pub today: Date,
    pub home: Option<&'a Home>,
}

// === impl Basis ===

impl Basis<'_> {
    pub(super) fn names(&self, policy: &Policy) -> bool {
        self.only.is_empty() || self.only.contains(&policy.form.name)
    }
}

// === impl Report ===

impl Default for Report {
    fn default() -> Self {
        Self { format_version: "1.0", objects: 0, findings: vec![], exemptions: vec![], problems: vec![] }
    }
}

impl Report {
    pub(super) fn judge(&mut self, file: &str, text: &str, basis: &Basis<'_>) {
        let (manifests, unreadable) = manifests::read(text);
        self.problems.extend(unreadable.into_iter().map(|Unreadable { line, column, message }| Problem {
            file: file.to_owned(),
            line,
            column,
            message,
        }));
        for Manifest { line, object } in manifests {
            self.objects += 1;
            let text = |path: &str| object.pointer(path).and_then(Value::as_str);
            let (kind, name) = (text("/kind").unwrap_or_default(), text("/metadata/name").unwrap_or_default());
            let home = basis.home.filter(|home| home.has(text("/metadata/namespace")));
            let case = Case {
                api: text("/apiVersion").unwrap_or_default(),
                kind,
                namespace: text("/metadata/namespace").or(home.map(|home| home.name.as_str())),
                name,
                operation: Operation::Create,
                object: Some(&object),
                old: None,
                namespace_object: home.map(|home| &home.document),
                user: None,
                class: Some(basis.class),
            };
            let shown = format!("{kind} {name}");
            let guards = home.into_iter().flat_map(Home::guards).filter(|guard| basis.names(guard));
            let policies = basis.policies.iter().copied().filter(|policy| basis.names(policy));
            for policy in policies.chain(guards) {
                self.add(file, line, &shown, policy, policy.judge(&case, basis.today));
            }
        }
    }

    fn add(&mut self, file: &str, line: usize, object: &str, policy: &Policy, outcome: Outcome) {
        let (file, object) = (file.to_owned(), object.to_owned());
        match outcome {
            Outcome::NotMatched | Outcome::Passed => {}
            Outcome::Exempt { reason, until } => {
                self.exemptions.push(Exempted { file, line, object, policy: policy.id(), reason, until });
            }
            Outcome::Found(found) => {
                let finding = |Judgement { action, message, remedy, field, .. }| Finding {
                    file: file.clone(),
                    line,
                    object: object.clone(),
                    policy: policy.form.name.clone(),
                    version: policy.form.version.to_string(),
                    action,
                    message,
                    remedy,
                    field,
                };
                self.findings.extend(found.into_iter().map(finding));
            }
        }
    }

    /// Of the process.
    pub(super) fn code(&self) -> u8 {
        let denied = self.findings.iter().any(|finding| finding.action == Action::Deny);
        match (self.problems.is_empty(), denied) {
            (false, _) => 2,
            (true, true) => 1,
            (true, false) => 0,
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Problem { file, line, column, message } in &self.problems {
            push_line(&mut text, format_args!("{file}:{line}:{column}: {message}"));
        }
        for Finding { file, line, object, policy, version, action, message, remedy, .. } in &self.findings {
            let word = word(*action);
            push_line(
                &mut text,
                format_args!("{file}:{line}: {word}: {object}: {message} {remedy} [{policy} {version}]"),
            );
        }
        for Exempted { file, line, object, policy, reason, until } in &self.exemptions {
            push_line(&mut text, format_args!("{file}:{line}: exempt until {until}: {object}: {reason} [{policy}]"));
        }
        let of = |action| self.findings.iter().filter(|finding| finding.action == action).count();
        let (denied, warned, audited) = (of(Action::Deny), of(Action::Warn), of(Action::Audit));
        let (objects, errors) = (self.objects, self.problems.len());
        push_line(
            &mut text,
            format_args!("{objects} objects, {denied} denied, {warned} warnings, {audited} audited, {errors} errors"),
        );
        text
    }
}

//! What a cluster holds, judged object by object as it is read. Pure.

use super::named::{Named, group};
use crate::cli::{output::push_line, policy::words::word};
use goldenpath_core::{
    domain::{Guard, LABEL_PREFIX, TierClass, plural},
    golden::Catalogue,
    policy::{
        document::{Action, Case, Judgement, Match, Operation, Outcome, Policy},
        guards,
    },
};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What `--json` prints. A new member may be added; the version changes when one is removed or means something else.
#[derive(Serialize)]
pub struct Audit<'a> {
    format_version: &'static str,
    cluster: String,
    namespaces: usize,
    /// Objects that were judged.
    objects: usize,
    findings: Vec<Finding>,
    exemptions: Vec<Exempted>,
    /// RoleBindings that no record names.
    foreign_grants: Vec<Grant>,
    /// What policies are about and the cluster does not have, or not to be listed, such as `acme.example/v1 widgets`.
    pub not_looked_at: BTreeSet<String>,
    /// What can't be judged, and why.
    pub problems: Vec<String>,
    #[serde(skip)]
    homes: BTreeMap<String, Home<'a>>,
    /// What is ours.
    #[serde(skip)]
    named: Named,
}

#[derive(Serialize)]
struct Finding {
    namespace: String,
    environment: String,
    object: String,
    policy: String,
    version: String,
    action: Action,
    message: String,
    remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The last day of an exemption that held for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt_until: Option<Date>,
    /// Its controller, as `object`.
    #[serde(skip)]
    made_by: Option<String>,
}

#[derive(Serialize)]
struct Exempted {
    namespace: String,
    object: String,
    policy: String,
    reason: String,
    until: Date,
}

#[derive(Serialize)]
struct Grant {
    namespace: String,
    environment: String,
    object: String,
    role: String,
    subjects: Vec<String>,
}

/// A managed namespace, and what holds in it.
pub struct Home<'a> {
    namespace: String,
    pub environment: String,
    document: Value,
    class: Option<TierClass>,
    /// The error arm: why nothing can be said.
    policies: Result<Vec<&'a Policy>, String>,
    /// For what tenants made.
    guards: Vec<&'a Policy>,
}

// === impl Home ===

impl<'a> Home<'a> {
    /// `None`: it is not managed. `instead` of the policies of its golden path.
    pub fn of(document: Value, catalogue: &'a Catalogue, instead: Option<&[&'a Policy]>) -> Option<Self> {
        let label = |name: &str| {
            let labels = document.pointer("/metadata/labels")?;
            labels.get(format!("{LABEL_PREFIX}{name}"))?.as_str().map(str::to_owned)
        };
        let environment = label("environment").filter(|_| label("managed").as_deref() == Some("true"))?;
        let namespace = document.pointer("/metadata/name")?.as_str()?.to_owned();
        let (name, version, tier) =
            (label("path").unwrap_or_default(), label("path-version").unwrap_or_default(), label("tier"));
        let path = catalogue.paths().iter().find(|path| path.name == name && path.version.to_string() == version);
        let tier = tier.and_then(|tier| path?.tiers.get(&tier.parse().ok()?));
        let policies = match (instead, path) {
            (Some(instead), _) => Ok(instead.to_vec()),
            (None, Some(path)) => Ok(catalogue.policies(&path.id()).iter().map(AsRef::as_ref).collect()),
            (None, None) => Err(format!(
                "namespace {namespace} was made by golden path {name} {version}, which is not in the catalogue: name its folder \
                 with --catalogue"
            )),
        };
        let guards = match instead {
            Some(_) => vec![],
            None => {
                guards().iter().filter(|(guard, _)| speaks_of_what_stands(**guard)).map(|(_, policy)| policy).collect()
            }
        };
        Some(Self { class: tier.map(|tier| tier.class), namespace, environment, document, policies, guards })
    }

    fn policies(&self) -> &[&'a Policy] {
        self.policies.as_deref().unwrap_or_default()
    }
}

// === impl Audit ===

impl<'a> Audit<'a> {
    pub fn new(cluster: &str) -> Self {
        Self {
            format_version: "1.0",
            cluster: cluster.to_owned(),
            namespaces: 0,
            objects: 0,
            findings: vec![],
            exemptions: vec![],
            foreign_grants: vec![],
            not_looked_at: BTreeSet::new(),
            problems: vec![],
            homes: BTreeMap::new(),
            named: Named::default(),
        }
    }

    /// What the records name, before the first object is judged.
    pub fn learn(&mut self, mut named: Named) {
        self.problems.append(&mut named.problems);
        self.named = named;
    }

    pub fn add(&mut self, home: Home<'a>) {
        self.problems.extend(home.policies.as_ref().err().cloned());
        self.namespaces += 1;
        self.homes.insert(home.namespace.clone(), home);
    }

    pub fn namespaces(&self) -> impl Iterator<Item = String> {
        self.homes.keys().cloned()
    }

    /// Those of them that any policy is about, each in one of its versions.
    pub fn kinds<'k>(&mut self, all: &[(&'k str, &'k str)]) -> Vec<(&'k str, &'k str)> {
        let chosen: Vec<&Policy> = self.homes.values().flat_map(Home::policies).copied().collect();
        let rules = chosen.iter().filter(|policy| policy.is_for_clusters()).flat_map(|policy| &policy.form.matches);
        self.not_looked_at = rules.flat_map(|rule| unknown_names(rule, all)).collect();
        let guards = self.homes.values().flat_map(|home| &home.guards).copied();
        let policies: Vec<&Policy> = chosen.into_iter().chain(guards).collect();
        let mut known = BTreeSet::new();
        let is_wanted = |(api, kind): &(&str, &str)| policies.iter().any(|policy| policy.is_about(api, kind));
        all.iter().copied().filter(is_wanted).filter(|(api, kind)| known.insert((group(api), *kind))).collect()
    }

    /// What lies in no managed namespace is nobody's business.
    pub fn judge(&mut self, api: &str, kind: &str, document: &Value, today: Date) {
        let text = |path: &str| document.pointer(path).and_then(Value::as_str);
        let Some(name) = text("/metadata/name") else { return };
        let namespace = text("/metadata/namespace");
        let Some(home) = self.homes.get(namespace.unwrap_or(name)) else { return };
        let is_ours = self.named.has(api, kind, document);
        if kind == "RoleBinding" && !is_ours {
            self.foreign_grants.extend(grant(home, name, document, &self.homes));
        }
        let case = Case {
            api,
            kind,
            namespace,
            name,
            operation: Operation::Create,
            object: Some(document),
            old: None,
            namespace_object: Some(&home.document),
            user: None,
            class: home.class,
        };
        let object = display(kind, namespace, name);
        let made_by = controller(document).map(|(kind, name)| display(kind, namespace, name));
        self.objects += 1;
        let guards = home.guards.iter().filter(|_| !is_ours);
        for policy in home.policies().iter().chain(guards).copied() {
            match policy.judge(&case, today) {
                Outcome::NotMatched | Outcome::Passed => {}
                Outcome::Exempt { reason, until } => self.exemptions.push(Exempted {
                    namespace: home.namespace.clone(),
                    object: object.clone(),
                    policy: policy.id(),
                    reason,
                    until,
                }),
                Outcome::Found(found) => {
                    self.findings.extend(found.into_iter().map(
                        |Judgement { action, message, remedy, field, lapsed, verdict: _ }| Finding {
                            namespace: home.namespace.clone(),
                            environment: home.environment.clone(),
                            object: object.clone(),
                            policy: policy.form.name.clone(),
                            version: policy.form.version.to_string(),
                            action,
                            message,
                            remedy,
                            field,
                            exempt_until: lapsed,
                            made_by: made_by.clone(),
                        },
                    ));
                }
            }
        }
    }

    /// What its controller is flagged for is not said of each pod again. Nothing hides behind a controller: what only the pod has stays.
    pub fn finish(&mut self) {
        let of = |finding: &Finding, object: &String| (object.clone(), finding.policy.clone(), finding.message.clone());
        let flagged: BTreeSet<_> = self.findings.iter().map(|finding| of(finding, &finding.object)).collect();
        self.findings
            .retain(|finding| finding.made_by.as_ref().is_none_or(|owner| !flagged.contains(&of(finding, owner))));
        self.findings.sort_by(|one, other| {
            (&one.namespace, &one.object, &one.policy).cmp(&(&other.namespace, &other.object, &other.policy))
        });
    }

    /// Of the process.
    pub fn code(&self) -> u8 {
        let is_denied = self.findings.iter().any(|finding| finding.action == Action::Deny);
        match (self.problems.is_empty(), is_denied) {
            (false, _) => 2,
            (true, true) => 1,
            (true, false) => 0,
        }
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for Finding { object, policy, version, action, message, remedy, exempt_until, .. } in &self.findings {
            let since = exempt_until.map(|until| format!(" (exempt until {until})")).unwrap_or_default();
            let action = word(*action);
            push_line(&mut text, format_args!("{action}: {object}: {message} {remedy}{since} [{policy} {version}]"));
        }
        for Exempted { object, policy, reason, until, .. } in &self.exemptions {
            push_line(&mut text, format_args!("exempt until {until}: {object}: {reason} [{policy}]"));
        }
        for Grant { object, role, subjects, .. } in &self.foreign_grants {
            push_line(&mut text, format_args!("foreign grant: {object}: {role} to {}", subjects.join(", ")));
        }
        for kind in &self.not_looked_at {
            push_line(&mut text, format_args!("not looked at: {kind}"));
        }
        let of = |action| self.findings.iter().filter(|finding| finding.action == action).count();
        let (denied, warned, audited) = (of(Action::Deny), of(Action::Warn), of(Action::Audit));
        let Self { objects, namespaces, foreign_grants, problems, .. } = self;
        let (grants, errors) = (foreign_grants.len(), problems.len());
        push_line(
            &mut text,
            format_args!(
                "{objects} objects in {namespaces} namespaces, {denied} denied, {warned} warnings, {audited} audited, {grants} \
                 foreign grants, {errors} errors"
            ),
        );
        text
    }
}

/// What a rule names that is none of these kinds. Patterns and parts of a resource name nothing.
fn unknown_names(Match { groups, versions, resources, .. }: &Match, all: &[(&str, &str)]) -> Vec<String> {
    let mut found = vec![];
    for (group, version) in groups.iter().flat_map(|group| versions.iter().map(move |version| (group, version))) {
        let api = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        // A rule means each group with each name, of which most are of one group alone.
        let is_group_known = all.iter().any(|(other, _)| self::group(other) == group);
        let is_listed = |name: &String| is_group_known && all.iter().any(|(_, kind)| plural(kind) == **name);
        let names = resources.iter().filter(|name| !name.contains(['*', '/']) && !is_listed(name));
        if !api.contains('*') {
            found.extend(names.map(|name| format!("{api} {name}")));
        }
    }
    found
}

/// `Deployment pay/api`
fn display(kind: &str, namespace: Option<&str>, name: &str) -> String {
    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{kind} {namespace}{name}")
}

/// (kind, name)
fn controller(document: &Value) -> Option<(&str, &str)> {
    let owners = document.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    Some((owner["kind"].as_str()?, owner["name"].as_str()?))
}

/// Guards whose rules are about an object as it is. The others are about how it came to be: a scheduler gives each pod a node.
fn speaks_of_what_stands(guard: Guard) -> bool {
    match guard {
        Guard::Services
        | Guard::RoleBindings
        | Guard::Network
        | Guard::Quotas
        | Guard::Replicas
        | Guard::Ingress
        | Guard::Classes => true,
        Guard::TokenSecrets | Guard::ClusterRoles | Guard::Namespaces | Guard::Pods => false,
    }
}

/// `None`: it gives nothing to anybody but ServiceAccounts of its own environment.
fn grant(home: &Home<'_>, name: &str, document: &Value, homes: &BTreeMap<String, Home<'_>>) -> Option<Grant> {
    let subjects = document["subjects"].as_array().filter(|subjects| !subjects.is_empty())?;
    let is_inside = |subject: &Value| {
        let theirs = subject["namespace"].as_str().and_then(|namespace| homes.get(namespace));
        subject["kind"] == "ServiceAccount" && theirs.is_some_and(|theirs| theirs.environment == home.environment)
    };
    if subjects.iter().all(is_inside) {
        return None;
    }
    let named = |of: &Value| {
        let text = |field: &str| of[field].as_str().unwrap_or_default();
        display(text("kind"), of["namespace"].as_str(), text("name"))
    };
    Some(Grant {
        namespace: home.namespace.clone(),
        environment: home.environment.clone(),
        object: display("RoleBinding", Some(&home.namespace), name),
        role: named(&document["roleRef"]),
        subjects: subjects.iter().map(named).collect(),
    })
}

#[cfg(test)]
mod tests;

//! How rules look at the objects of a blueprint.

use super::{Verdict, looks::lint_of, rules::Hit};
use crate::domain::{Body, Desired, ObjectKey, Role, Spec, StableFacts};
use serde_json::Value;

pub(super) struct Judged<'a> {
    pub objects: &'a [Desired],
    pub spec: &'a Spec,
    pub facts: &'a StableFacts,
}

// === impl Hit ===

impl Hit {
    pub(super) fn at(key: &ObjectKey, message: impl Into<String>) -> Self {
        Self { object: Some(key.clone()), field: vec![], verdict: Verdict::Violated, message: message.into() }
    }

    pub(super) fn field(field: &[&str], message: impl Into<String>) -> Self {
        let field = field.iter().map(|part| (*part).to_owned()).collect();
        Self { object: None, field, verdict: Verdict::Violated, message: message.into() }
    }
}

// === impl Judged ===

impl<'a> Judged<'a> {
    pub(super) fn is_baseline(&self) -> bool {
        matches!(self.spec, Spec::Baseline(_))
    }

    pub(super) fn roles(&self, fault: impl Fn(&Role) -> Option<&'static str>) -> Vec<Hit> {
        let roles = self.objects.iter().filter_map(|object| match &object.body {
            Some(Body::Role(role)) => Some((&object.key, role)),
            _ => None,
        });
        roles.filter_map(|(key, role)| Some(Hit::at(key, fault(role)?))).collect()
    }

    /// Every statement of every policy document; `trust` is the name of a role's trust policy.
    pub(super) fn documents(&self, fault: impl Fn(&str, &Value) -> Option<String>) -> Vec<Hit> {
        let mut hits = vec![];
        for object in self.objects {
            let documents: Vec<(&str, &Value)> = match &object.body {
                Some(Body::Role(role)) => role
                    .inline
                    .iter()
                    .map(|(name, policy)| (name.as_str(), policy))
                    .chain([("trust", &role.trust)])
                    .collect(),
                Some(Body::PodIdentityAssociation(association)) => {
                    association.policy.iter().map(|policy| ("session", policy)).collect()
                }
                _ => continue,
            };
            for (name, document) in documents {
                for statement in document["Statement"].as_array().into_iter().flatten() {
                    hits.extend(fault(name, statement).map(|message| Hit::at(&object.key, message)));
                }
            }
        }
        hits
    }

    /// The lint of one rule over the inline policies of roles. A slot's own statements keep their order, so that the fault
    /// is shown where it was written. `says_unknown`: of several rules over one object one says that it is not known yet.
    pub(super) fn statements(&self, rule: &str, says_unknown: bool) -> Vec<Hit> {
        let mut hits = vec![];
        for object in self.objects {
            let Some(Body::Role(role)) = &object.body else { continue };
            for (name, document) in &role.inline {
                for (index, statement) in document["Statement"].as_array().into_iter().flatten().enumerate() {
                    for lint in lint_of(statement).into_iter().filter(|lint| lint.rule == rule) {
                        let index = index.to_string();
                        let written = name == "gp-workload" && matches!(self.spec, Spec::Slot(_));
                        let path = ["identity", "statements", index.as_str(), lint.field];
                        let field = if written { Hit::field(&path, "").field } else { vec![] };
                        hits.push(Hit { field, ..Hit::at(&object.key, lint.message) });
                    }
                }
            }
        }
        if says_unknown {
            hits.extend(self.unknown("Role", "identity", "a policy or trust of this role is not known yet"));
        }
        hits
    }

    /// Objects of a kind whose content waits for another resource.
    pub(super) fn unknown(&self, kind: &str, field: &str, message: &str) -> Vec<Hit> {
        let unknown = self.objects.iter().filter(|object| object.body.is_none() && object.key.kind() == kind);
        let hit = |object: &Desired| Hit {
            verdict: Verdict::Undecided,
            field: if matches!(self.spec, Spec::Environment(_)) && kind == "Role" {
                vec!["access".into()]
            } else {
                vec![field.into()]
            },
            ..Hit::at(&object.key, message)
        };
        unknown.map(hit).collect()
    }

    pub(super) fn kube(&self, kind: &str, fault: impl Fn(&Value) -> Option<String>) -> Vec<Hit> {
        let of_kind = self.objects.iter().filter(|object| !object.key.is_aws() && object.key.kind() == kind);
        of_kind
            .filter_map(|object| match &object.body {
                Some(Body::Kube(doc)) => Some(Hit::at(&object.key, fault(doc)?)),
                _ => None,
            })
            .collect()
    }

    /// Namespaces that hold workloads and are this blueprint's: neither the baseline's nor one in which a slot only has
    /// annotations.
    pub(super) fn own_namespaces(&self, fault: impl Fn(&str) -> Option<String>) -> Vec<Hit> {
        let own = self.objects.iter().filter(|object| !self.is_baseline() && object.manager == Desired::MANAGER);
        own.filter_map(|object| match &object.key {
            ObjectKey::Kube { kind, name, namespace: None, .. } if kind == "Namespace" => {
                Some(Hit::at(&object.key, fault(name)?))
            }
            _ => None,
        })
        .collect()
    }

    pub(super) fn namespace(&self, name: &str) -> Option<&'a Value> {
        self.find(|kind, namespace, other| kind == "Namespace" && namespace.is_none() && other == name)
    }

    /// An object in a namespace; its content, or null where that waits.
    pub(super) fn inside(&self, namespace: &str, kind: &str, name: &str) -> Option<&'a Value> {
        self.find(|k, n, other| k == kind && n == Some(namespace) && other == name)
    }

    fn find(&self, wanted: impl Fn(&str, Option<&str>, &str) -> bool) -> Option<&'a Value> {
        self.objects.iter().find_map(|object| match (&object.key, &object.body) {
            (ObjectKey::Kube { kind, namespace, name, .. }, body) if wanted(kind, namespace.as_deref(), name) => {
                match body {
                    Some(Body::Kube(doc)) => Some(doc),
                    _ => Some(&Value::Null),
                }
            }
            _ => None,
        })
    }
}

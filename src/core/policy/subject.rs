//! What rules look at: the objects of a blueprint, and what of the request no object shows.

use super::{finding::Verdict, looks::lint_of};
use crate::domain::{Body, ClusterArn, Desired, ObjectKey, StatementPlace, TierClass};
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub objects: &'a [Desired],
    pub cluster: &'a ClusterArn,
    /// `None`: of the cluster as a whole, which holds no workloads and is judged as production.
    pub class: Option<TierClass>,
    /// `<apiVersion> <kind>` of what may be outside of the environment's namespaces.
    pub cluster_kinds: &'a [String],
    /// The field of the request that roles are made of.
    pub roles_field: &'static str,
    /// How many statements of a workload's role are written one by one, before those of a document.
    pub own_statements: usize,
    /// A workload with a role lives among others.
    pub shares_identity: bool,
    /// `min_replicas` and `max_unavailable`, where both were written.
    pub budget: Option<(u32, &'a str)>,
}

/// One object, or the request as a whole, that a rule speaks of.
pub(super) struct Hit {
    pub object: Option<ObjectKey>,
    pub field: Vec<String>,
    pub verdict: Verdict,
    pub message: String,
    /// Where it is not the rule's.
    pub remedy: Option<String>,
}

// === impl Hit ===

impl Hit {
    pub(super) fn at(key: &ObjectKey, message: impl Into<String>) -> Self {
        let (verdict, message) = (Verdict::Violated, message.into());
        Self { object: Some(key.clone()), field: vec![], verdict, message, remedy: None }
    }

    pub(super) fn field(field: &[&str], message: impl Into<String>) -> Self {
        let field = field.iter().map(|part| (*part).to_owned()).collect();
        Self { object: None, field, verdict: Verdict::Violated, message: message.into(), remedy: None }
    }
}

// === impl Subject ===

impl<'a> Subject<'a> {
    /// Without anything that only a request shows.
    pub fn of(objects: &'a [Desired], cluster: &'a ClusterArn, class: Option<TierClass>) -> Self {
        Self {
            objects,
            cluster,
            class,
            cluster_kinds: &[],
            roles_field: "",
            own_statements: 0,
            shares_identity: false,
            budget: None,
        }
    }

    pub(super) fn is_cluster_wide(&self) -> bool {
        self.class.is_none()
    }

    /// The lint of one rule over the inline policies of roles. A slot's own statements keep their order, so that the violation
    /// is shown where it was written. `says_unknown`: of several rules over one object one says that it is not known yet.
    pub(super) fn statements(&self, rule: &str, says_unknown: bool) -> Vec<Hit> {
        let mut hits = vec![];
        for object in self.objects {
            let Some(Body::Role(role)) = &object.body else { continue };
            for (name, document) in &role.inline {
                for (index, statement) in document["Statement"].as_array().into_iter().flatten().enumerate() {
                    for lint in lint_of(statement).into_iter().filter(|lint| lint.rule == rule) {
                        let is_own = index < self.own_statements;
                        let place = if is_own { StatementPlace::Own(index) } else { StatementPlace::Document };
                        let field = if name == "gp-workload" { place.field(lint.field) } else { vec![] };
                        hits.push(Hit { field, ..Hit::at(&object.key, lint.message) });
                    }
                }
            }
        }
        if says_unknown {
            hits.extend(self.undecided_hits(
                "Role",
                self.roles_field,
                "a policy or the trust of this role is not known yet",
            ));
        }
        hits
    }

    /// Objects of a kind whose content waits for another resource.
    pub(super) fn undecided_hits(&self, kind: &str, field: &str, message: &str) -> Vec<Hit> {
        let unknown = self.objects.iter().filter(|object| object.body.is_none() && object.key.kind() == kind);
        let hit = |object: &Desired| Hit {
            verdict: Verdict::Undecided,
            field: vec![field.to_owned()],
            ..Hit::at(&object.key, format!("Undecided until apply: {message}"))
        };
        unknown.map(hit).collect()
    }

    /// Namespaces that hold workloads and are this blueprint's: neither the baseline's nor one in which a slot only has
    /// annotations.
    pub(super) fn own_namespaces(&self, violation: impl Fn(&str) -> Option<String>) -> Vec<Hit> {
        let own = self.objects.iter().filter(|object| !self.is_cluster_wide() && object.manager == Desired::MANAGER);
        own.filter_map(|object| match &object.key {
            ObjectKey::Kube { kind, name, namespace: None, .. } if kind == "Namespace" => {
                Some(Hit::at(&object.key, violation(name)?))
            }
            _ => None,
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use serde_json::json;

    #[test]
    fn a_statement_is_shown_where_it_was_written() {
        let statement = json!({ "Effect": "Allow", "Action": ["iam:*"], "Resource": ["*"] });
        let policy = |count: usize| json!({ "Statement": vec![statement.clone(); count] });
        let role = Role {
            path: "/goldenpath/pay/".into(),
            trust: json!({}),
            inline: [("gp-workload".to_owned(), policy(3)), ("gp-target-role".to_owned(), policy(1))].into(),
            attached: [].into(),
            boundary: String::new(),
            max_session_seconds: 3600,
            description: String::new(),
            tags: [].into(),
        };
        let objects = [Desired::new(ObjectKey::role("gp-pay-api"), Some(Body::Role(role)))];
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let of = |own_statements| Subject { own_statements, ..Subject::of(&objects, &cluster, Some(TierClass::Dev)) };
        let own = |index: usize| format!("identity.statements.{index}.actions");
        let document = || "identity.policy_json".to_owned();
        for (own_statements, expected, reason) in [
            (0, [document(), document(), document()], "all of a document"),
            (2, [own(0), own(1), document()], "two of its own, and the first after them is of the document"),
            (3, [own(0), own(1), own(2)], "all of its own"),
        ] {
            let hits = of(own_statements).statements("iam.power_over_identities", false);
            let fields: Vec<String> = hits.iter().map(|hit| hit.field.join(".")).collect();
            let (ours, of_request) = fields.split_at(1);
            assert_eq!(of_request, expected, "{reason}");
            assert_eq!(ours, [""], "{reason}: a policy that nobody wrote has no field");
        }
    }
}

//! The place for one workload: its identity, its share, how it may be disturbed, whom it talks to.

mod effective;
mod workload;

pub(in crate::golden) use effective::{Effective, effective};

use super::{
    iam::{RoleRequest, role_name},
    manifests,
    namespace::{self, Inside, NamespaceRequest},
    network,
    ownership::*,
    record,
};
use crate::{
    domain::{
        Body, Desired, Id, Identity, IdentityMode, IdentityScope, Isolation, Late, Leaf, ObjectKey, Outputs,
        PodIdentityAssociation, Problem, Quantities, Quantity, SlotOutputs, SlotSpec, StableFacts,
        projection::LABEL_PREFIX,
    },
    golden::{Blueprint, GoldenPath, Parent, Resolved, Tier, check, quota},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) struct Slot<'a> {
    pub spec: &'a SlotSpec,
    pub facts: &'a StableFacts,
    pub path: &'a GoldenPath,
    pub tier: &'a Tier,
    pub parent: &'a Parent,
}

// === impl Slot ===

impl Slot<'_> {
    fn name(&self) -> &str {
        self.spec.name.as_str()
    }

    fn environment(&self) -> &str {
        self.spec.environment.environment.as_str()
    }

    fn mark(&self) -> Mark<'_> {
        Mark {
            environment: self.environment(),
            slot: Some(self.name()),
            team: &self.parent.team,
            tier: &self.parent.tier,
            path: &self.path.name,
        }
    }

    /// The final name of the namespace that it lives in.
    fn namespace(&self, isolation: Isolation) -> Result<String, Problem> {
        let existing = &self.parent.namespaces;
        if isolation == Isolation::Namespace {
            let name = format!("{}-{}", self.environment(), self.name());
            return if let Some((key, _)) = existing.iter().find(|(_, other)| **other == name) {
                Err(Problem::error(
                    "slot.namespace_taken",
                    format!("the isolated namespace {name} is the environment's own (key {key:?})"),
                    "Choose another name for the slot, or isolation = \"shared\".",
                )
                .at(["name"]))
            } else {
                Ok(name)
            };
        }
        let key = match &self.spec.namespace {
            Some(key) => Some(key.as_str()),
            None if existing.contains_key("default") => Some("default"),
            None if existing.len() == 1 => existing.keys().next().map(String::as_str),
            None => None,
        };
        key.and_then(|key| existing.get(key)).cloned().ok_or_else(|| {
            let keys: Vec<&str> = existing.keys().map(String::as_str).collect();
            let summary = match key {
                Some(key) => format!("environment {} has no namespace {key:?}", self.environment()),
                None => format!("environment {} has several namespaces and none called default", self.environment()),
            };
            Problem::error("slot.namespace_unknown", summary, format!("Name one of its keys: {}.", keys.join(", ")))
                .at(["namespace"])
        })
    }

    /// All that only the environment and the cluster's facts can refuse.
    fn problems(&self, effective: &Effective) -> Vec<Problem> {
        let mut problems = check::check_slot(self.spec, self.facts, self.parent, self.path, self.tier);
        let identity = self.spec.identity.clone().unwrap_or_default();
        if identity.mode == IdentityMode::Irsa && self.facts.oidc_issuer.is_none() {
            problems.push(
                Problem::error(
                    "slot.no_oidc_issuer",
                    "identity.mode irsa needs the cluster's OIDC issuer, and its facts name none",
                    "Use identity.mode = \"pod_identity\".",
                )
                .at(["identity", "mode"]),
            );
        }
        if let Some(egress) = &self.spec.egress {
            problems.extend(network::check_names(self.parent.network.engine, &egress.fqdns, ["egress", "fqdns"]));
        }
        for (field, resource, asked) in
            [("cpu", "requests.cpu", &effective.cpu), ("memory", "requests.memory", &effective.memory)]
        {
            let total = self.parent.quota_total.get(resource).and_then(|text| text.parse::<Quantity>().ok());
            let Some(total) = total else { continue };
            if *asked > total {
                let summary =
                    format!("the share of {} {field} is more than the environment's total of {total}", asked.written());
                let detail = "Lower the share, or raise quota.total of the environment.";
                problems.push(Problem::error("slot.share_exceeds_total", summary, detail).at(["share", field]));
            } else if total.percent(100 - self.parent.headroom_percent.min(100)).is_some_and(|usable| *asked > usable) {
                let summary = format!(
                    "the share of {} {field} leaves less than {} % of {total} free",
                    asked.written(),
                    self.parent.headroom_percent
                );
                let detail = "A rolling update of this slot may find no room for its surge. Lower the share, or raise quota.total of the environment.";
                problems.push(Problem::warning("slot.headroom_uncovered", summary, detail).at(["share", field]));
            }
        }
        problems
    }

    pub(super) fn render(&self) -> Result<Blueprint, Vec<Problem>> {
        let spec = self.spec;
        let effective = effective(spec, self.tier);
        let mut problems = self.problems(&effective);
        let namespace = match self.namespace(effective.isolation) {
            Ok(namespace) => namespace,
            Err(problem) => {
                problems.push(problem);
                return Err(problems);
            }
        };
        let isolated = effective.isolation == Isolation::Namespace;
        let identity = spec.identity.clone().unwrap_or_default();
        let owner = &self.parent.owner_annotations;
        let iam = RoleRequest { facts: self.facts, tier: self.tier, mark: self.mark(), owner };
        let mark = self.mark();
        let inside = Inside::of(&namespace, &mark);

        let mut objects = if isolated {
            self.own_namespace(&namespace, &effective)
        } else {
            vec![self.annotations(&namespace, &effective)]
        };
        let role = iam.workload(self.name(), &namespace, &identity);
        let role_arn = role
            .as_ref()
            .map(|_| iam.arn(&role_name(&self.facts.cluster_arn, self.environment(), Some(self.name()), None)));
        let mut rest = vec![self.service_account(&inside, &identity, role_arn.as_deref())];
        if let (Some(role), Some(arn), IdentityMode::PodIdentity) = (&role, &role_arn, identity.mode) {
            rest.push(self.association(&namespace, &identity, arn, &role.key, &rest[0].key));
        }
        let selector = json!({"matchLabels": {"app.kubernetes.io/name": self.name()}});
        rest.extend(self.disruption_budget(&inside, &effective, &selector));
        rest.extend(self.autoscaler(&inside, &effective));
        rest.extend(self.network(&inside, &selector));
        if !isolated {
            // The namespace is the environment's: it is there, or the slot could not be planned.
            let container = ObjectKey::namespace_object(&namespace);
            for object in &mut rest {
                object.needs.retain(|key| *key != container);
            }
        }
        objects.extend(role);
        objects.append(&mut rest);
        objects.push(record::desired(&Id::Slot(spec.id()), mark.labels()));

        let outputs = self.outputs(&namespace, &identity, role_arn.clone(), &effective);
        Ok(Blueprint {
            objects,
            resolved: Resolved {
                team: self.parent.team.clone(),
                golden_path: self.path.name.clone(),
                golden_path_version: self.path.version.to_string(),
                golden_path_digest: self.path.digest.clone(),
                class: Some(self.tier.class),
                deletion_protection: spec.deletion_protection.unwrap_or(self.tier.deletion_protection),
                namespaces: if isolated { vec![namespace] } else { vec![] },
                boundaries: if role_arn.is_some() { vec![iam.boundary()] } else { vec![] },
            },
            outputs: Outputs::Slot(outputs),
            problems,
        })
    }

    /// What admission reads of a slot: annotations of the Namespace, which no tenant's role writes.
    fn limits_annotation(&self, effective: &Effective) -> (String, String) {
        let Effective { cpu, memory, max_replicas, .. } = effective;
        let value = format!("cpu={cpu} memory={memory} max-replicas={max_replicas}");
        (format!("{LABEL_PREFIX}slot-{}", self.name()), value)
    }

    /// On a namespace that others share: applied by a manager of the slot's own, since the next apply of one shared manager
    /// would drop the other slots' annotations.
    fn annotations(&self, namespace: &str, effective: &Effective) -> Desired {
        let (key, value) = self.limits_annotation(effective);
        let mut body = document("v1", "Namespace", None, namespace, Map::new(), Value::Null);
        body["metadata"]["annotations"] = json!({ key: value });
        Desired {
            leave: true,
            manager: format!("{}-{}", Desired::MANAGER, self.name()),
            ..Desired::new(ObjectKey::namespace_object(namespace), Some(Body::Kube(body)))
        }
    }

    fn own_namespace(&self, namespace: &str, effective: &Effective) -> Vec<Desired> {
        let (key, value) = self.limits_annotation(effective);
        let mut annotations = self.parent.owner_annotations.clone();
        annotations.insert(key, value);
        let quota = self.quota(effective);
        namespace::render(&NamespaceRequest {
            name: namespace,
            mark: self.mark(),
            facts: self.facts,
            path: self.path,
            tier: self.tier,
            labels: BTreeMap::new(),
            annotations,
            pod_security_labels: &self.parent.pod_security_labels,
            limits: namespace::limits(&self.tier.limits, &[&self.parent.limits]),
            quota: &quota,
            by_priority: vec![],
            network: &self.parent.network,
            subjects: &self.parent.subjects,
        })
    }

    /// The share as a quota. Pods: all replicas and the surge of a rolling update (a quarter, as a Deployment's default),
    /// and one more for a Job or a person.
    fn quota(&self, effective: &Effective) -> Quantities {
        let mut quota = self.tier.slot.quota.clone();
        let pods = effective.max_replicas + effective.max_replicas.div_ceil(4) + 1;
        quota.insert("requests.cpu".to_owned(), effective.cpu.clone());
        quota.insert("requests.memory".to_owned(), effective.memory.clone());
        if let Some(limit) = quota::memory_limit(self.tier, &effective.memory) {
            quota.insert("limits.memory".to_owned(), limit);
        }
        quota.insert("pods".to_owned(), Quantity::whole(u64::from(pods)));
        quota
    }

    fn service_account(&self, inside: &Inside<'_>, identity: &Identity, role_arn: Option<&str>) -> Desired {
        let mut account = inside.object("v1", "ServiceAccount", self.name(), Value::Null);
        if let (IdentityMode::Irsa, Some(arn), Some(Body::Kube(body))) = (identity.mode, role_arn, &mut account.body) {
            body["metadata"]["annotations"] =
                json!({"eks.amazonaws.com/role-arn": arn, "eks.amazonaws.com/sts-regional-endpoints": "true"});
        }
        account
    }

    fn association(
        &self,
        namespace: &str,
        identity: &Identity,
        role_arn: &str,
        role: &ObjectKey,
        account: &ObjectKey,
    ) -> Desired {
        let session_policy = identity.scope == IdentityScope::SessionPolicy;
        let policy = if session_policy { super::iam::policy(&identity.statements).map(Some) } else { Some(None) };
        let target = match &identity.target_role_arn {
            None => Some(None),
            Some(target) => target.now().cloned().map(Some),
        };
        let body = policy.zip(target).map(|(policy, target_role_arn)| {
            Body::PodIdentityAssociation(PodIdentityAssociation {
                role_arn: role_arn.to_owned(),
                target_role_arn,
                disable_session_tags: session_policy,
                policy,
                tags: self.mark().tags(&self.facts.cluster_arn, &self.parent.owner_annotations),
            })
        });
        let key = ObjectKey::PodIdentityAssociation {
            namespace: namespace.to_owned(),
            service_account: self.name().to_owned(),
        };
        Desired { needs: vec![role.clone(), account.clone()], ..Desired::new(key, body) }
    }

    fn outputs(
        &self,
        namespace: &str,
        identity: &Identity,
        role_arn: Option<String>,
        effective: &Effective,
    ) -> SlotOutputs {
        let associated = identity.mode == IdentityMode::PodIdentity;
        // Only the target can tell; null where there is nothing to tell of.
        fn told<T>(exists: bool) -> Leaf<Option<T>> {
            if exists { None } else { Some(Late::Now(None)) }
        }
        SlotOutputs {
            id: Some(Late::Now(self.spec.id().to_string())),
            namespace_name: Some(Late::Now(namespace.to_owned())),
            service_account: Some(Late::Now(self.name().to_owned())),
            role_unique_id: told(role_arn.is_some()),
            role_arn: Some(Late::Now(role_arn)),
            association_id: told(associated),
            external_id: told(associated && identity.target_role_arn.is_some()),
            identity_ready: told(associated),
            manifests: Some(Late::Now(manifests::render(self.spec, namespace, effective))),
            ..SlotOutputs::default()
        }
    }
}

//! The objects of a slot. Knows the resolved values and the makers.

mod workload;

use super::resolve::Resolved;
use crate::{
    domain::{Body, Desired, IdentityMode, IdentityScope, ObjectKey, PodIdentityAssociation},
    golden::objects::{
        access,
        document::{Inside, document},
        iam, namespace, record,
    },
};
use serde_json::{Map, Value, json};

pub fn render(resolved: &Resolved) -> Vec<Desired> {
    let Resolved { effective, mark, namespace, own, roles, role, .. } = resolved;
    let (mut objects, inside) = match own {
        Some((terms, own)) => (namespace::render(terms, own), Inside::own(namespace, mark.labels())),
        None => (vec![annotations(resolved)], Inside::of_the_environment(namespace, mark.labels())),
    };
    let account = service_account(resolved, &inside);
    let association = role.as_ref().filter(|_| effective.identity.mode == IdentityMode::PodIdentity).map(|role| {
        let needs = vec![ObjectKey::role(&role.name), account.key.clone()];
        association(resolved, &role.arn, needs)
    });
    objects.extend(role.as_ref().map(|role| roles.workload(role, effective.name(), namespace, &effective.identity)));
    objects.push(account);
    objects.extend(association);
    if let Some((_, own)) = own {
        let policies = access::policies(&effective.parent.access_policies, std::iter::once(&own.name));
        objects.extend(policies.into_iter().map(|(_, policy)| policy));
    }
    objects.extend(workload::render(effective, &inside));
    let mut objects = resolved.extras.apply(objects);
    objects.push(record::object(&effective.spec.id().into(), mark.labels()));
    objects
}

/// On a namespace that others share: applied by a field manager of the slot's own, since the next apply of one shared manager
/// would drop the other slots' annotations.
fn annotations(resolved: &Resolved) -> Desired {
    let (key, value) = &resolved.limits;
    let mut body = document("v1", "Namespace", None, &resolved.namespace, Map::new(), Value::Null);
    body["metadata"]["annotations"] = json!({ key: value });
    Desired {
        leave: true,
        manager: format!("{}-{}", Desired::MANAGER, resolved.effective.name()),
        ..Desired::new(ObjectKey::namespace_object(&resolved.namespace), Some(Body::Kube(body)))
    }
}

fn service_account(resolved: &Resolved, inside: &Inside<'_>) -> Desired {
    let mut account = inside.object("v1", "ServiceAccount", resolved.effective.name(), Value::Null);
    let mode = resolved.effective.identity.mode;
    if let (IdentityMode::Irsa, Some(role), Some(Body::Kube(body))) = (mode, &resolved.role, &mut account.body) {
        body["metadata"]["annotations"] =
            json!({"eks.amazonaws.com/role-arn": role.arn, "eks.amazonaws.com/sts-regional-endpoints": "true"});
    }
    account
}

/// Without a body while a statement or the target role waits for another resource of the run.
fn association(resolved: &Resolved, role_arn: &str, needs: Vec<ObjectKey>) -> Desired {
    let identity = &resolved.effective.identity;
    let has_session_policy = identity.scope == IdentityScope::SessionPolicy;
    let policy = if has_session_policy { iam::policy(identity).map(Some) } else { Some(None) };
    let target = match &identity.target_role_arn {
        None => Some(None),
        Some(target) => target.now().cloned().map(Some),
    };
    let body = policy.zip(target).map(|(policy, target_role_arn)| {
        Body::PodIdentityAssociation(PodIdentityAssociation {
            role_arn: role_arn.to_owned(),
            target_role_arn,
            disable_session_tags: has_session_policy,
            policy,
            tags: resolved.roles.tags.clone(),
        })
    });
    let key = ObjectKey::PodIdentityAssociation {
        namespace: resolved.namespace.clone(),
        service_account: resolved.effective.name().to_owned(),
    };
    Desired { needs, ..Desired::new(key, body) }
}

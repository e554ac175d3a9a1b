//! The fake's objects.

use super::{Call, Fake, Fault, State, Stored};
use crate::{
    domain::{
        Body, Class, ClusterArn, Desired, Fields, FieldsBuilder, Holder, ObjectKey, Observed, Owner, Ownership,
        projection::SYSTEM_NAMESPACE,
    },
    golden::fields_of,
    ports::{Apply, Deleted, Expect, Objects, PortError, Scope, Selector},
};
use async_trait::async_trait;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Looks at a terminating namespace until it is gone.
const LOOKS: u32 = 2;

impl Fake {
    /// Counts the call; answers what goes wrong with it.
    fn called(&self, call: Call) -> Option<Fault> {
        let mut state = self.lock();
        state.calls.push(call);
        let at = state.calls.len();
        state.faults.remove(&at)
    }
}

fn refused(class: Class, call: &Call) -> PortError {
    let words = match class {
        Class::Denied => "not authorised",
        Class::Throttled => "slow down",
        _ => "refused by the test",
    };
    PortError::new(class, format!("{call:?}").split('(').next().unwrap_or_default(), words)
}

async fn hang() -> PortError {
    std::future::pending().await
}

/// Before the change: `Err` ends the call.
async fn before(fault: Option<Fault>, call: &Call) -> Result<(), PortError> {
    match fault {
        Some(Fault::Refuse(class)) => Err(refused(class, call)),
        Some(Fault::Hang(false)) => Err(hang().await),
        Some(Fault::LostAnswer | Fault::Hang(true)) | None => Ok(()),
    }
}

/// After the change was made.
async fn after(fault: Option<Fault>, call: &Call) -> Result<(), PortError> {
    match fault {
        Some(Fault::LostAnswer) => Err(refused(Class::Unavailable, call)),
        Some(Fault::Hang(true)) => Err(hang().await),
        _ => Ok(()),
    }
}

#[async_trait]
impl Objects for Fake {
    async fn observe(&self, _: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        let fault = self.called(Call::Observe);
        before(fault, &Call::Observe).await?;
        let found = self.lock().find(selector);
        after(fault, &Call::Observe).await?;
        Ok(found)
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let call = Call::Apply(apply.key.clone());
        let fault = self.called(call.clone());
        // Others get their turn here, as they would over a network.
        tokio::task::yield_now().await;
        before(fault, &call).await?;
        let made = self.lock().apply(&apply, self.visible_after);
        after(fault, &call).await?;
        made
    }

    async fn delete(&self, _: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let call = Call::Delete(key.clone());
        let fault = self.called(call.clone());
        tokio::task::yield_now().await;
        before(fault, &call).await?;
        let deleted = self.lock().delete(key, expect);
        after(fault, &call).await?;
        deleted
    }
}

// === impl State ===

impl State {
    fn find(&mut self, selector: &Selector) -> Vec<Observed> {
        let ended: Vec<ObjectKey> = self
            .stored
            .iter_mut()
            .filter_map(|(key, stored)| {
                let looks = stored.going.as_mut()?;
                *looks = looks.saturating_sub(1);
                (*looks == 0).then(|| key.clone())
            })
            .collect();
        for key in ended {
            self.end(&key);
        }
        let all = self
            .stored
            .iter()
            .map(|(key, stored)| super::observed(key, stored, fields(key, stored), ownership(stored)));
        let marked_namespaces: Vec<(String, Option<Owner>)> = self
            .stored
            .iter()
            .filter(|(key, _)| key.kind() == "Namespace")
            .filter_map(|(key, stored)| match (key, ownership(stored)) {
                (ObjectKey::Kube { name, .. }, Ownership::Ours(owner)) => Some((name.clone(), Some(owner))),
                (ObjectKey::Kube { name, .. }, Ownership::Cluster) => Some((name.clone(), None)),
                _ => None,
            })
            .collect();
        // What others may make in our namespaces and we look at all the same.
        let inside = |object: &Observed, environment: Option<&str>| {
            let ObjectKey::Kube { kind, namespace: Some(namespace), name, .. } = &object.key else {
                return false;
            };
            (kind == "RoleBinding" || (kind == "ServiceAccount" && name == "default"))
                && marked_namespaces.iter().any(|(marked, owner)| {
                    marked == namespace
                        && environment.is_none_or(|e| owner.as_ref().is_some_and(|owner| owner.environment == e))
                })
        };
        let is_record = |object: &Observed| matches!(&object.key, ObjectKey::Kube { kind, namespace: Some(ns), .. } if kind == "ConfigMap" && ns == SYSTEM_NAMESPACE);
        all.filter(|object| {
            selector.keys.contains(&object.key)
                || match &selector.scope {
                    Scope::Everything => !matches!(object.ownership, Ownership::Foreign { .. }) || inside(object, None),
                    Scope::Environment(environment) => {
                        matches!(&object.ownership, Ownership::Ours(owner) if owner.environment == *environment)
                            || inside(object, Some(environment))
                    }
                    Scope::Records => is_record(object),
                    Scope::Keys => false,
                }
        })
        .collect()
    }

    fn apply(&mut self, apply: &Apply<'_>, visible_after: std::time::Duration) -> Result<Observed, PortError> {
        let error = |class, message: String| Err(PortError::new(class, "apply", message));
        let conflict = |message: &str| PortError::new(Class::Conflict, "apply", message);
        match (&apply.expect, self.stored.get(apply.key)) {
            (Expect::Absent, Some(_)) => return Err(conflict("it exists already")),
            (Expect::Version(version), stored)
                if stored.map(|stored| stored.version.to_string()).as_ref() != Some(version) =>
            {
                return Err(conflict("the object has been modified"));
            }
            _ => {}
        }
        if let ObjectKey::Kube { namespace: Some(namespace), .. } = apply.key {
            match self.stored.get(&ObjectKey::namespace_object(namespace)) {
                None => return error(Class::NotFound, format!("namespace {namespace} not found")),
                Some(stored) if stored.going.is_some() && !self.stored.contains_key(apply.key) => {
                    return error(Class::Denied, format!("namespace {namespace} is being terminated"));
                }
                Some(_) => {}
            }
        }
        if let ObjectKey::AccessEntry { principal } | ObjectKey::AccessPolicy { principal, .. } = apply.key
            && principal.contains(":role/goldenpath/")
        {
            let name = principal.rsplit('/').next().unwrap_or_default();
            match self.stored.get(&ObjectKey::role(name)) {
                Some(role) if role.made_at.elapsed() >= visible_after => {}
                _ => return error(Class::NotFound, format!("invalid principal {principal}")),
            }
        }
        let desired = fields_of(apply.body);
        let is_new = !self.stored.contains_key(apply.key);
        self.versions += 1;
        let version = self.versions;
        let mut stored = self.stored.get(apply.key).cloned().unwrap_or_else(|| fresh(apply, version));
        let before = stored.clone();
        let held: Vec<(String, String)> = desired
            .iter()
            .filter_map(|field| {
                let (text, manager, _) = stored.fields.get(field.path)?;
                let taken = apply.take.iter().any(|path| path == field.path);
                (text != field.text && manager != apply.manager && !manager.is_empty() && !taken && !apply.key.is_aws())
                    .then(|| (field.path.to_owned(), manager.clone()))
            })
            .collect();
        if !held.is_empty() {
            return Err(PortError { held, ..conflict("conflicts with other managers") });
        }
        stored.fields.retain(|path, (_, manager, declared)| {
            let ours = apply.key.is_aws() || manager == apply.manager && *declared;
            !ours || desired.get(path).is_some()
        });
        for field in desired.iter() {
            stored.fields.insert(field.path.to_owned(), (field.text.to_owned(), apply.manager.to_owned(), true));
        }
        let ours = apply.manager == Desired::MANAGER;
        if ours {
            stored.labels.extend(labels(apply.body));
            if let Body::Kube(document) = apply.body
                && let Some(text) = document.pointer("/data/record").and_then(serde_json::Value::as_str)
            {
                stored.record = Some(text.to_owned());
            }
        }
        if let Body::PodIdentityAssociation(association) = apply.body {
            stored.external_id = association.target_role_arn.as_ref().map(|arn| format!("external-{arn}"));
        }
        // A write that changes nothing leaves the version alone, as the API server does.
        stored.version = before.version;
        if is_new || stored != before {
            stored.version = version;
        }
        let answer = super::observed(apply.key, &stored, fields(apply.key, &stored), ownership(&stored));
        self.stored.insert(apply.key.clone(), stored);
        if let (true, ObjectKey::Kube { kind, name, .. }) = (is_new, apply.key)
            && kind == "Namespace"
        {
            let account = ObjectKey::kube("v1", "ServiceAccount", Some(name), "default");
            let stored = Stored { fields: BTreeMap::new(), labels: BTreeMap::new(), id: None, ..fresh(apply, version) };
            self.stored.insert(account, stored);
        }
        Ok(answer)
    }

    fn delete(&mut self, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let Some(stored) = self.stored.get_mut(key) else {
            return Ok(Deleted::Gone);
        };
        if let Expect::Version(version) = expect
            && stored.version.to_string() != *version
        {
            return Err(PortError::new(Class::Conflict, "delete", "the object has been modified"));
        }
        if key.kind() == "Namespace" {
            stored.going = Some(LOOKS);
            return Ok(Deleted::Terminating);
        }
        self.end(key);
        Ok(Deleted::Gone)
    }

    fn end(&mut self, key: &ObjectKey) {
        self.stored.remove(key);
        self.lost.push(key.clone());
        if let ObjectKey::Kube { kind, name, namespace: None, .. } = key
            && kind == "Namespace"
        {
            let inside: Vec<ObjectKey> = self
                .stored
                .keys()
                .filter(|key| matches!(key, ObjectKey::Kube { namespace: Some(namespace), .. } if namespace == name))
                .cloned()
                .collect();
            for key in inside {
                self.stored.remove(&key);
                self.lost.push(key);
            }
        }
    }
}

fn fresh(apply: &Apply<'_>, version: u64) -> Stored {
    Stored {
        version,
        fields: BTreeMap::new(),
        labels: BTreeMap::new(),
        record: None,
        id: apply.key.is_aws().then(|| format!("id-{version}")),
        external_id: None,
        adoptable_by: None,
        going: None,
        made_at: Instant::now(),
    }
}

fn fields(key: &ObjectKey, stored: &Stored) -> Fields {
    let mut fields = FieldsBuilder::default();
    for (path, (text, manager, declared)) in &stored.fields {
        let holder = match (manager.as_str(), declared) {
            _ if key.is_aws() => Holder::Us,
            (Desired::MANAGER, _) => Holder::Us,
            (name, true) => Holder::Applied(name),
            (name, false) => Holder::Edited(name),
        };
        fields.push(path.as_str(), text.as_str(), holder);
    }
    fields.build()
}

fn labels(body: &Body) -> BTreeMap<String, String> {
    let tags = match body {
        Body::Kube(document) => {
            let labels = document.pointer("/metadata/labels").and_then(serde_json::Value::as_object);
            let pairs = labels.into_iter().flatten();
            return pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        }
        Body::Role(role) => &role.tags,
        Body::AccessEntry(entry) => &entry.tags,
        Body::PodIdentityAssociation(association) => &association.tags,
        Body::AccessPolicy(_) => return [("goldenpath.internal/managed".to_owned(), "true".to_owned())].into(),
    };
    tags.iter().map(|(key, value)| (key.replace("goldenpath:", "goldenpath.internal/"), value.clone())).collect()
}

fn ownership(stored: &Stored) -> Ownership {
    let label = |name: &str| stored.labels.get(&format!("goldenpath.internal/{name}")).cloned();
    match (label("environment"), label("managed")) {
        (Some(environment), _) => Ownership::Ours(Owner { environment, slot: label("slot") }),
        (None, Some(_)) => Ownership::Cluster,
        (None, None) => {
            let by =
                stored.fields.values().map(|(_, manager, _)| manager.as_str()).find(|name| *name != Desired::MANAGER);
            Ownership::Foreign { by: by.unwrap_or("kubernetes").to_owned() }
        }
    }
}

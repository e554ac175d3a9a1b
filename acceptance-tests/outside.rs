//! The real targets as a test sees them, beside what the provider says: what is there, whose it is, and a hand that changes it.
//!
//! The inventory asks the servers in its own way, without the adapters: what they overlook must not be overlooked here too.

use crate::server::Server;
use acceptance_tests::{
    client::{Instance, no_errors},
    servers::{
        api::{Api, Ask},
        ministack::Clients,
        real::{self, Real},
    },
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::{
    aws,
    contract::{FieldRef, Foreign as _},
    joined::Joined,
    kube::{self, Credentials, Kube, TokenSource as _},
};
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, Observed, Ownership},
    ports::{Objects as _, Scope, Selector},
};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::Mutex;

const LABEL: &str = "goldenpath.internal/managed";
const TAG: &str = "goldenpath:";

pub struct Outside {
    pub real: Arc<Real>,
    cluster: ClusterArn,
    kubernetes: Arc<Kube>,
    aws_hand: aws::Hand,
    kube_hand: kube::Hand,
    api: Api,
    token: String,
}

/// How a provider is told where the real targets are.
pub fn provider_config(url: &str) -> Json {
    json!({"aws": {"region": "eu-west-1", "endpoints": {"iam": url, "eks": url, "sts": url}}})
}

/// Like every other that makes it: the baseline is the cluster's, whoever comes first.
pub async fn baseline(real: &Real, server: &Server) -> Result<()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    let client = server.client(&provider_config(&real.ministack.url())).await?;
    let mut baseline = Instance::new(&client, crate::BASELINE);
    no_errors(&baseline.plan_and_apply(Some(&json!({"cluster": real::CLUSTER}))).await?, "the baseline")
}

/// Where a test is alone: nothing of ours stays.
pub async fn without_baseline(real: &Real, server: &Server) -> Result<()> {
    let client = server.client(&provider_config(&real.ministack.url())).await?;
    let mut baseline = Instance::new(&client, crate::BASELINE);
    baseline.import(real::CLUSTER).await?;
    no_errors(&baseline.plan_and_apply(None).await?, "destroy of the baseline")
}

impl Outside {
    pub async fn of(real: &Arc<Real>) -> Result<Self> {
        let cluster: ClusterArn = real::arn().parse()?;
        let aws = Arc::new(real.aws(&real.ministack.url()));
        let kubernetes = Arc::new(Kube::new(aws.clone(), Credentials::Tokens(aws.clone())));
        let token = aws.token(&cluster, false).await?.reveal().to_owned();
        Ok(Self {
            kubernetes: kubernetes.clone(),
            aws_hand: aws::Hand(aws),
            kube_hand: kube::Hand(kubernetes),
            api: Api::of(&real.cluster)?,
            real: real.clone(),
            cluster,
            token,
        })
    }

    // === what the adapters see ===

    /// A new AWS each time: one shares its listings for some seconds, and others change what is listed.
    async fn observe(&self, selector: &Selector) -> Result<Vec<Observed>> {
        let joined =
            Joined { aws: Arc::new(self.real.aws(&self.real.ministack.url())), kubernetes: self.kubernetes.clone() };
        Ok(joined.observe(&self.cluster, selector).await?)
    }

    /// Keys with `part` in them of all that is ours, as one refresh sees it: what carries our mark, and what we set fields of.
    pub async fn ours(&self, part: &str) -> Result<BTreeSet<String>> {
        let everything = Selector { scope: Scope::Everything, keys: vec![] };
        let mut keys = BTreeSet::new();
        let all = self.observe(&everything).await?;
        for observed in all.into_iter().filter(|observed| observed.key.to_string().contains(part)) {
            let is_ours = match &observed.ownership {
                Ownership::Ours(_) | Ownership::Cluster => true,
                // Kubernetes makes these; we set one field of them.
                Ownership::Foreign { .. } => {
                    observed.key.kind() == "ServiceAccount" && self.has_our_fields(&observed.key).await?
                }
            };
            if is_ours {
                keys.insert(observed.key.to_string());
            }
        }
        Ok(keys)
    }

    /// The same of one environment whose name is in all names of its own and of its principals. AWS is asked without the adapter,
    /// which keeps to a rate; the roles' path and the entries' principals tell whose they are.
    pub async fn of_environment(&self, name: &str) -> Result<BTreeSet<String>> {
        let selector = Selector { scope: Scope::Environment(name.to_owned()), keys: vec![] };
        let mut keys = BTreeSet::new();
        for observed in self.kubernetes.observe(&self.cluster, &selector).await? {
            let is_ours = match &observed.ownership {
                Ownership::Ours(_) | Ownership::Cluster => true,
                Ownership::Foreign { .. } => {
                    observed.key.kind() == "ServiceAccount" && self.has_our_fields(&observed.key).await?
                }
            };
            if is_ours {
                keys.insert(observed.key.to_string());
            }
        }
        let root = self.real.ministack.root();
        let roles = root.iam.list_roles().path_prefix("/goldenpath/").send().await?.roles;
        let roles = roles.into_iter().map(|role| role.role_name);
        keys.extend(roles.filter(|role| role.contains(name)).map(|role| ObjectKey::role(role).to_string()));
        Ok(keys)
    }

    /// Access entries and policies of principals whose ARN holds this, and associations of such namespaces.
    pub async fn in_eks(&self, part: &str) -> Result<BTreeSet<String>> {
        let eks = &self.real.ministack.root().eks;
        let mut keys = BTreeSet::new();
        let entries = eks.list_access_entries().cluster_name(real::CLUSTER).max_results(100).send().await?;
        let entries = entries.access_entries.unwrap_or_default();
        for principal in entries.into_iter().filter(|principal| principal.contains(part)) {
            let asked = eks.list_associated_access_policies().cluster_name(real::CLUSTER).principal_arn(&principal);
            for granted in asked.send().await?.associated_access_policies.unwrap_or_default() {
                let policy = granted.policy_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
                for namespace in granted.access_scope().map(|scope| scope.namespaces()).unwrap_or_default() {
                    let key = ObjectKey::AccessPolicy {
                        policy: policy.clone(),
                        namespace: namespace.clone(),
                        principal: principal.clone(),
                    };
                    keys.insert(key.to_string());
                }
            }
            keys.insert(ObjectKey::AccessEntry { principal }.to_string());
        }
        let listed = eks.list_pod_identity_associations().cluster_name(real::CLUSTER).max_results(100).send();
        for found in listed.await?.associations.unwrap_or_default() {
            let key = ObjectKey::PodIdentityAssociation {
                namespace: found.namespace.unwrap_or_default(),
                service_account: found.service_account.unwrap_or_default(),
            };
            keys.extend(Some(key.to_string()).filter(|key| key.contains(part)));
        }
        Ok(keys)
    }

    async fn has_our_fields(&self, key: &ObjectKey) -> Result<bool> {
        // Kubernetes may have ended it since.
        let Ok(document) = self.kube_document(key).await else {
            return Ok(false);
        };
        let managers = document["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        Ok(managers
            .iter()
            .any(|manager| manager["manager"].as_str().is_some_and(|name| name.starts_with("goldenpath"))))
    }

    pub async fn look(&self, key: &str) -> Result<Option<Observed>> {
        let one = Selector { scope: Scope::Keys, keys: vec![key.parse()?] };
        Ok(self.observe(&one).await?.into_iter().next())
    }

    /// What the target made up for an object: another object of the same name has another one.
    pub async fn generated(&self, key: &str) -> Result<Json> {
        let parsed: ObjectKey = key.parse()?;
        if parsed.is_aws() {
            return Ok(json!(self.look(key).await?.and_then(|observed| observed.id)));
        }
        Ok(self.kube_document(&parsed).await?["metadata"]["uid"].clone())
    }

    // === a hand behind our back ===

    /// Every leaf of `change` is set, as `kubectl edit` and the console do. Of AWS the pointers are those of the body.
    pub async fn edit(&self, key: &str, change: &Json) -> Result<()> {
        let object: ObjectKey = key.parse()?;
        let mut leaves = vec![];
        crate::sandbox::collect("", change, &mut leaves);
        for (pointer, value) in leaves {
            let target =
                FieldRef { cluster: &self.cluster, key: &object, pointer: &pointer, manager: "kubectl-edit" };
            let done = if object.is_aws() {
                self.aws_hand.edit(target, Some(value)).await
            } else {
                self.kube_hand.edit(target, Some(value)).await
            };
            done.with_context(|| format!("edit of {key} {pointer}"))?;
        }
        Ok(())
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        let object: ObjectKey = key.parse()?;
        let done = if object.is_aws() {
            self.aws_hand.delete(&self.cluster, &object).await
        } else {
            self.kube_hand.delete(&self.cluster, &object).await
        };
        done.with_context(|| format!("delete of {key}"))
    }

    /// Null for AWS, whose objects have no document.
    pub async fn document(&self, key: &str) -> Result<Json> {
        let object: ObjectKey = key.parse()?;
        if object.is_aws() {
            return Ok(Json::Null);
        }
        self.kube_document(&object).await
    }

    async fn kube_document(&self, key: &ObjectKey) -> Result<Json> {
        let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
            return Ok(Json::Null);
        };
        let root = root(api_version);
        let served = self.get(&root).await?;
        let resources = served["resources"].as_array().cloned().unwrap_or_default();
        let resource = resources.iter().find(|one| one["kind"] == **kind).and_then(|one| one["name"].as_str());
        let plural = resource.with_context(|| format!("nobody serves {kind}"))?.to_owned();
        let path = match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}/{name}"),
            None => format!("{root}/{plural}/{name}"),
        };
        self.get(&path).await
    }

    // === the inventory ===

    /// All that carries our labels or tags in either target, in whatever kind the API server serves.
    pub async fn inventory(&self) -> Result<BTreeSet<String>> {
        let mut found = self.in_kubernetes().await?;
        found.extend(self.in_aws().await?);
        Ok(found)
    }

    async fn in_kubernetes(&self) -> Result<BTreeSet<String>> {
        let groups = self.get("/apis").await?;
        let groups = groups["groups"].as_array().cloned().unwrap_or_default();
        let versions = groups.iter().filter_map(|group| group["preferredVersion"]["groupVersion"].as_str());
        let mut found = BTreeSet::new();
        for api_version in std::iter::once("v1").chain(versions) {
            let root = root(api_version);
            let served = self.get(&root).await?;
            for resource in served["resources"].as_array().into_iter().flatten() {
                let is_listed = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&json!("list")));
                let (Some(plural), Some(kind), true) =
                    (resource["name"].as_str(), resource["kind"].as_str(), is_listed)
                else {
                    continue;
                };
                let listed = self.get(&format!("{root}/{plural}?labelSelector={LABEL}")).await?;
                for item in listed["items"].as_array().into_iter().flatten() {
                    let metadata = &item["metadata"];
                    let name = metadata["name"].as_str().unwrap_or_default();
                    found.insert(ObjectKey::kube(api_version, kind, metadata["namespace"].as_str(), name).to_string());
                }
            }
        }
        Ok(found)
    }

    async fn in_aws(&self) -> Result<BTreeSet<String>> {
        let root: Clients = self.real.ministack.root();
        let mut found = BTreeSet::new();
        // ministack answers all roles at once.
        for role in root.iam.list_roles().send().await?.roles {
            let tags = root.iam.list_role_tags().role_name(&role.role_name).send().await;
            // Another test may have ended it since.
            let tags = tags.map(|answer| answer.tags).unwrap_or_default();
            if tags.iter().any(|tag| tag.key.starts_with(TAG)) {
                found.insert(ObjectKey::role(role.role_name).to_string());
            }
        }
        let entries = root.eks.list_access_entries().cluster_name(real::CLUSTER).max_results(100).send().await?;
        for principal in entries.access_entries.unwrap_or_default() {
            let asked =
                root.eks.describe_access_entry().cluster_name(real::CLUSTER).principal_arn(&principal).send().await;
            let tags =
                asked.ok().and_then(|answer| answer.access_entry).and_then(|entry| entry.tags).unwrap_or_default();
            if tags.keys().any(|name| name.starts_with(TAG)) {
                found.insert(ObjectKey::AccessEntry { principal }.to_string());
            }
        }
        let associations =
            root.eks.list_pod_identity_associations().cluster_name(real::CLUSTER).max_results(100).send();
        for association in associations.await?.associations.unwrap_or_default() {
            let key = ObjectKey::PodIdentityAssociation {
                namespace: association.namespace.unwrap_or_default(),
                service_account: association.service_account.unwrap_or_default(),
            };
            found.insert(key.to_string());
        }
        Ok(found)
    }

    /// A document, as the platform's own user reads it.
    pub async fn get(&self, path: &str) -> Result<Json> {
        self.ask(Ask { method: Method::GET, path, content: None, headers: &[] }).await
    }

    pub async fn ask(&self, ask: Ask<'_>) -> Result<Json> {
        let what = format!("{} {}", ask.method, ask.path);
        let answer = self.api.ask(&self.token, ask).await?;
        ensure!(answer.status == 200, "{what}: {answer:?}");
        Ok(answer.document)
    }

    /// Roles of this test alone, which nobody else's environment shares. Answers their ARNs.
    pub async fn principals<const N: usize>(&self, names: [&str; N]) -> Result<[String; N]> {
        let root = self.real.ministack.root();
        for name in names {
            real::create_role(&root, "/", name).await?;
        }
        Ok(names.map(|name| self.real.role(name)))
    }
}

fn root(api_version: &str) -> String {
    match api_version {
        "v1" => "/api/v1".to_owned(),
        other => format!("/apis/{other}"),
    }
}

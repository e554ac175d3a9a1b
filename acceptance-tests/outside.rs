//! The real targets as a test sees them, beside what the provider says: what is there, whose it is, and changes out of band.
//!
//! The inventory reads the servers in its own way, without the adapters: what they overlook must not be overlooked here too.

use crate::{contracts::JoinedOutOfBand, sandbox, server::Server};
use acceptance_tests::{
    BASELINE,
    client::{Instance, no_errors},
    servers::{
        Real,
        api::{Api, ApiCall, ApiReply},
        ministack, seed,
    },
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::{
    aws,
    joined::Joined,
    kube::{self, Credentials, Kube, TokenSource as _},
};
use goldenpath_contract::{FieldRef, OutOfBand as _};
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, Observed, Ownership},
    ports::{Objects as _, Scope, Selector},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::Mutex;

const LABEL: &str = "goldenpath.internal/managed";
const TAG: &str = "goldenpath:";

pub struct Outside {
    pub real: Arc<Real>,
    cluster: ClusterArn,
    kubernetes: Arc<Kube>,
    out_of_band: JoinedOutOfBand,
    api: Api,
    token: String,
}

/// Like every other that makes it: the baseline is the cluster's, whoever comes first.
pub async fn baseline(real: &Real, server: &Server) -> Result<()> {
    static LOCK: Mutex<()> = Mutex::const_new(());
    let _lock = LOCK.lock().await;
    let client = server.client(&real.provider_config(&real.ministack.url())).await?;
    let mut baseline = Instance::new(&client, BASELINE);
    no_errors(&baseline.plan_and_apply(Some(&json!({"cluster": ministack::CLUSTER}))).await?, "the baseline")
}

/// Where a test is alone: nothing of ours stays.
pub async fn without_baseline(real: &Real, server: &Server) -> Result<()> {
    let client = server.client(&real.provider_config(&real.ministack.url())).await?;
    let mut baseline = Instance::new(&client, BASELINE);
    baseline.import(ministack::CLUSTER).await?;
    no_errors(&baseline.plan_and_apply(None).await?, "destroy of the baseline")
}

impl Outside {
    pub async fn of(real: &Arc<Real>) -> Result<Self> {
        let cluster: ClusterArn = ministack::cluster_arn().parse()?;
        let aws = Arc::new(real.aws(&real.ministack.url()));
        let kubernetes = Arc::new(Kube::new(aws.clone(), Credentials::Tokens(aws.clone())));
        let token = aws.token(&cluster, false).await?.reveal().to_owned();
        Ok(Self {
            kubernetes: kubernetes.clone(),
            out_of_band: JoinedOutOfBand {
                aws: Arc::new(aws::ConsoleEditor(aws)),
                kubernetes: kube::KubectlEditor(kubernetes),
            },
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
        let mut all = self.observe(&everything).await?;
        all.retain(|observed| observed.key.to_string().contains(part));
        self.ours_of(all).await
    }

    async fn ours_of(&self, all: Vec<Observed>) -> Result<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        for observed in all {
            let is_ours = match &observed.ownership {
                Ownership::Ours(_) | Ownership::Cluster => true,
                // Kubernetes makes these; we set one field of them.
                Ownership::Foreign { .. } if observed.key.kind() == "ServiceAccount" => {
                    // Kubernetes may have removed it since.
                    self.kube_document(&observed.key).await.is_ok_and(|document| sandbox::has_our_fields(&document))
                }
                Ownership::Foreign { .. } => false,
            };
            if is_ours {
                keys.insert(observed.key.to_string());
            }
        }
        Ok(keys)
    }

    /// The same of one environment whose name is in all names of its own and of its principals. AWS is read without the adapter, which
    /// keeps to a rate: the roles' path and the entries' principals show whose they are.
    pub async fn of_environment(&self, name: &str) -> Result<BTreeSet<String>> {
        let selector = Selector { scope: Scope::Environment(name.to_owned()), keys: vec![] };
        let mut keys = self.ours_of(self.kubernetes.observe(&self.cluster, &selector).await?).await?;
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
        let entries = eks.list_access_entries().cluster_name(ministack::CLUSTER).max_results(100).send().await?;
        let entries = entries.access_entries.unwrap_or_default();
        for principal in entries.into_iter().filter(|principal| principal.contains(part)) {
            let listed =
                eks.list_associated_access_policies().cluster_name(ministack::CLUSTER).principal_arn(&principal);
            for granted in listed.send().await?.associated_access_policies.unwrap_or_default() {
                let policy = granted.policy_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
                for namespace in granted.access_scope().map(|scope| scope.namespaces()).unwrap_or_default() {
                    let (policy, namespace, principal) = (policy.clone(), namespace.clone(), principal.clone());
                    keys.insert(ObjectKey::AccessPolicy { policy, namespace, principal }.to_string());
                }
            }
            keys.insert(ObjectKey::AccessEntry { principal }.to_string());
        }
        keys.extend(self.associations().await?.into_iter().filter(|key| key.contains(part)));
        Ok(keys)
    }

    async fn associations(&self) -> Result<Vec<String>> {
        let eks = &self.real.ministack.root().eks;
        let listed = eks.list_pod_identity_associations().cluster_name(ministack::CLUSTER).max_results(100).send();
        let key = |found: aws_sdk_eks::types::PodIdentityAssociationSummary| {
            let (namespace, service_account) = (found.namespace, found.service_account);
            ObjectKey::PodIdentityAssociation {
                namespace: namespace.unwrap_or_default(),
                service_account: service_account.unwrap_or_default(),
            }
        };
        Ok(listed.await?.associations.unwrap_or_default().into_iter().map(|found| key(found).to_string()).collect())
    }

    pub async fn look(&self, key: &str) -> Result<Option<Observed>> {
        let one = Selector { scope: Scope::Keys, keys: vec![key.parse()?] };
        Ok(self.observe(&one).await?.into_iter().next())
    }

    /// What the target made up for an object: another object of the same name has another one.
    pub async fn generated_id(&self, key: &str) -> Result<Json> {
        let parsed: ObjectKey = key.parse()?;
        if parsed.is_aws() {
            return Ok(json!(self.look(key).await?.and_then(|observed| observed.id)));
        }
        Ok(self.kube_document(&parsed).await?["metadata"]["uid"].clone())
    }

    // === changes out of band ===

    /// Every leaf of `change` is set, as `kubectl edit` and the console do. Of AWS the pointers are those of the body.
    pub async fn edit(&self, key: &str, change: &Json) -> Result<()> {
        let object: ObjectKey = key.parse()?;
        let mut leaves = vec![];
        sandbox::collect("", change, &mut leaves);
        for (pointer, value) in leaves {
            let field = FieldRef { cluster: &self.cluster, key: &object, pointer: &pointer, manager: "kubectl-edit" };
            self.out_of_band.edit(field, Some(value)).await.with_context(|| format!("edit of {key} {pointer}"))?;
        }
        Ok(())
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        let object: ObjectKey = key.parse()?;
        self.out_of_band.delete(&self.cluster, &object).await.with_context(|| format!("delete of {key}"))
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
        let root = self.real.ministack.root();
        let mut found = BTreeSet::new();
        // ministack lists all roles at once.
        for role in root.iam.list_roles().send().await?.roles {
            let tags = root.iam.list_role_tags().role_name(&role.role_name).send().await;
            // Another test may have removed it since.
            let tags = tags.map(|listed| listed.tags).unwrap_or_default();
            if tags.iter().any(|tag| tag.key.starts_with(TAG)) {
                found.insert(ObjectKey::role(role.role_name).to_string());
            }
        }
        let entries = root.eks.list_access_entries().cluster_name(ministack::CLUSTER).max_results(100).send().await?;
        for principal in entries.access_entries.unwrap_or_default() {
            let entry = root.eks.describe_access_entry().cluster_name(ministack::CLUSTER).principal_arn(&principal);
            let entry = entry.send().await.ok().and_then(|found| found.access_entry);
            if entry.and_then(|entry| entry.tags).unwrap_or_default().keys().any(|name| name.starts_with(TAG)) {
                found.insert(ObjectKey::AccessEntry { principal }.to_string());
            }
        }
        found.extend(self.associations().await?);
        Ok(found)
    }

    /// A document, as the platform's own user reads it.
    pub async fn get(&self, path: &str) -> Result<Json> {
        self.call(ApiCall::get(path)).await
    }

    /// As the platform's own user, or as whom the call's headers name.
    pub async fn reply(&self, call: ApiCall<'_>) -> Result<ApiReply> {
        self.api.call(&self.token, call).await
    }

    pub async fn call(&self, call: ApiCall<'_>) -> Result<Json> {
        let what = format!("{} {}", call.method, call.path);
        let reply = self.reply(call).await?;
        ensure!(matches!(reply.status, 200 | 201), "{what}: {reply:?}");
        Ok(reply.document)
    }

    /// Roles of this test alone, which nobody else's environment shares. Returns their ARNs.
    pub async fn principals<const N: usize>(&self, names: [&str; N]) -> Result<[String; N]> {
        let root = self.real.ministack.root();
        for name in names {
            seed::create_role(&root, "/", name).await?;
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

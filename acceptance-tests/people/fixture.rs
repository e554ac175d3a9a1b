//! Two teams' environments made by the provider, and people with tokens.

use super::table::{self, Attempt};
use crate::{outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT, SLOT, block_on,
    client::{Instance, no_errors},
    servers::{
        Real,
        api::{Api, ApiCall, ApiReply},
        ministack::{self, Clients},
        real, seed,
    },
};
use anyhow::{Context as _, Result};
use goldenpath_adapters::{
    aws::{Aws, CredentialSource},
    kube::TokenSource as _,
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// Of the first team, by class; of the second, which is none of their business.
pub const DEV: &str = "people-dev";
pub const STAGING: &str = "people-staging";
pub const PROD: &str = "people-prod";
pub const OTHERS: &str = "people-others";

/// Made once, by the first test that needs it; the servers end with the run, and everything in them.
#[derive(Default)]
pub struct PeopleFixture(OnceLock<Result<Arc<People>>>);

pub struct People {
    api: Api,
    /// Persona, or `nobody`, to token.
    pub(super) tokens: BTreeMap<&'static str, String>,
    pub administrator: String,
    /// The environment variables of the user who may all.
    pub platform: Vec<(String, String)>,
}

impl PeopleFixture {
    pub fn get(&self, real: &Arc<Real>) -> Result<Arc<People>> {
        let people = self.0.get_or_init(|| block_on(make(real.clone())).map(Arc::new));
        people.as_ref().map(Arc::clone).map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

async fn make(real: Arc<Real>) -> Result<People> {
    let root = real.ministack.root();
    let mut arns = BTreeMap::new();
    let personas = table::personas();
    for who in personas.into_iter().chain(["nobody"]) {
        let name = format!("person-{who}");
        seed::create_role(&root, "/people/", &name).await?;
        may_describe_clusters(&root, &name).await?;
        arns.insert(who, real.role(&format!("people/{name}")));
    }
    let url = real.ministack.url();
    let server = Server::start()?;
    outside::baseline(&real, &server).await?;
    let client = server.client(&real.provider_config(&url)).await?;
    let access = |whose: &[&'static str]| -> Json {
        // An object with nothing set in it is an error: nobody is no `access` at all.
        let members = || whose.iter().map(|who| ((*who).to_owned(), json!({"principal_arns": [arns[who]]})));
        if whose.is_empty() { Json::Null } else { members().collect() }
    };
    for (name, tier, whose) in [
        (DEV, "dev", &personas[..]),
        (STAGING, "staging", &personas[..]),
        (PROD, "prod", &personas[..]),
        (OTHERS, "dev", &[]),
    ] {
        let mut config =
            json!({"name": name, "team": name, "tier": tier, "cluster": ministack::CLUSTER, "access": access(whose)});
        if name == DEV {
            config["network"] = json!({"ingress_hosts": ["people.example.com", "*.people.example.com"]});
        }
        if name == OTHERS {
            config["namespaces"] = json!({"default": {}, "jobs": {}});
        }
        if tier == "prod" {
            config["owner"] = json!({"contact": "people@example.com", "cost_center": "CC1"});
        }
        no_errors(&Instance::new(&client, ENVIRONMENT).plan_and_apply(Some(&config)).await?, name)?;
    }
    // In class prod a slot has a namespace of its own.
    for (name, environment) in [("ledger", DEV), ("store", PROD)] {
        let slot = json!({"name": name, "environment": format!("{}/{environment}", ministack::CLUSTER),
            "identity": {"mode": "none"}, "share": {"cpu": "1", "memory": "1Gi", "max_replicas": 3}});
        no_errors(&Instance::new(&client, SLOT).plan_and_apply(Some(&slot)).await?, name)?;
    }
    around(&real).await?;
    let mut tokens = BTreeMap::new();
    for (who, arn) in &arns {
        let person = real.assume(arn).await?;
        let aws = Aws::new(real::options(&url, CredentialSource::Keys(person)));
        let token = aws.token(&ministack::cluster_arn().parse()?, false).await?;
        tokens.insert(*who, token.reveal().to_owned());
    }
    let administrator = real.aws(&url).token(&ministack::cluster_arn().parse()?, false).await?.reveal().to_owned();
    let (key, secret) = &real.platform;
    let platform = real::environment(&url, key, secret, None);
    Ok(People { api: Api::of(&real.cluster)?, tokens, administrator, platform })
}

/// What else lives on a cluster: engines that may do everything, a workload that may do so in its namespace, kubelets; and what another
/// golden path would list.
async fn around(real: &Real) -> Result<()> {
    for (group, role) in [
        ("system:serviceaccounts:argocd", "cluster-admin"),
        ("system:serviceaccounts:flux-system", "cluster-admin"),
        ("system:nodes", "system:node"),
    ] {
        seed::bind(&real.cluster, group, role).await?;
    }
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "people-batch"}, "value": 1});
    seed::put(&real.cluster, class).await?;
    let ours = json!({"goldenpath.internal/environment": "velero"});
    let reserved = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "velero", "labels": ours}});
    seed::put(&real.cluster, reserved).await?;
    let all = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "workload", "namespace": OTHERS},
        "subjects": [{"kind": "ServiceAccount", "name": "workload", "namespace": OTHERS}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}});
    seed::put(&real.cluster, all).await?;
    let lists = json!({"goldenpath.internal/ingress-classes": "internal,other", "goldenpath.internal/storage-classes": "gp3",
        "goldenpath.internal/priority-classes": "people-batch"});
    let name = format!("{OTHERS}-jobs");
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": lists}});
    seed::put(&real.cluster, namespace).await
}

/// What everybody with a token needs to find the cluster.
async fn may_describe_clusters(root: &Clients, role: &str) -> Result<()> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "*"}]});
    root.iam
        .put_role_policy()
        .role_name(role)
        .policy_name("describe")
        .policy_document(policy.to_string())
        .send()
        .await
        .context("PutRolePolicy")?;
    Ok(())
}

impl People {
    pub async fn call(&self, token: &str, call: ApiCall<'_>) -> Result<ApiReply> {
        self.api.call(token, call).await
    }

    /// As one of them.
    pub(super) async fn attempt(&self, who: &str, attempt: &Attempt) -> Result<ApiReply> {
        let token = self.tokens.get(who).with_context(|| format!("no token of {who}"))?;
        let Attempt { method, path, content_type, headers, .. } = attempt;
        let content = content_type.map(|content_type| (content_type, json!({})));
        self.call(token, ApiCall { method: method.clone(), path, content, headers }).await
    }
}

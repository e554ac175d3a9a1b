//! Out-of-band changes of our access entries: what grants power, or takes it, is seen by every kind of read and healed by an apply.

use acceptance_tests::servers::{
    Real,
    ministack::{self, assumable_by},
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::aws::Aws;
use goldenpath_core::{
    domain::{AccessEntry, AccessPolicy, Body, ClusterArn, Desired, ObjectKey, Observed},
    kinds,
    ports::{Apply, Expect, Objects as _, Scope, Selector},
};
use std::{sync::Arc, time::Duration};

const ROLE: &str = "mended";
const POLICY: &str = "AmazonEKSViewPolicy";

struct Entry {
    aws: Aws,
    cluster: ClusterArn,
    principal: String,
    key: ObjectKey,
    body: Body,
}

pub async fn are_healed(real: Arc<Real>) -> Result<()> {
    let cluster: ClusterArn = ministack::cluster_arn().parse()?;
    let principal = real.role(ROLE);
    let entry = Entry {
        aws: real.aws(&real.ministack.url()),
        key: ObjectKey::AccessEntry { principal: principal.clone() },
        body: Body::AccessEntry(AccessEntry {
            group: "gp:p:0123456789abcdef".to_owned(),
            tags: [("goldenpath:managed", "true"), ("goldenpath:cluster-arn", cluster.as_str())]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }),
        cluster,
        principal,
    };
    let policy = ObjectKey::AccessPolicy {
        policy: POLICY.to_owned(),
        namespace: "mended".to_owned(),
        principal: entry.principal.clone(),
    };
    let root = real.ministack.root();
    let role = || {
        root.iam
            .create_role()
            .role_name(ROLE)
            .assume_role_policy_document(assumable_by("AWS", "arn:aws:iam::111122223333:root"))
    };
    role().send().await?;
    let made = entry.apply(&entry.key, &entry.body, Expect::Absent).await?;
    entry.apply(&policy, &Body::AccessPolicy(AccessPolicy {}), Expect::Absent).await?;
    ensure!(entry.look(&entry.key).await? == made, "nothing happened yet");

    let over_all =
        aws_sdk_eks::types::AccessScope::builder().r#type(aws_sdk_eks::types::AccessScopeType::Cluster).build();
    root.eks
        .associate_access_policy()
        .cluster_name(ministack::CLUSTER)
        .principal_arn(&entry.principal)
        .policy_arn("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy")
        .access_scope(over_all)
        .send()
        .await?;
    entry.is_healed("AmazonEKSClusterAdminPolicy over the whole cluster").await?;
    ensure!(entry.look(&entry.key).await? == made, "the entry is the same, without the addition");

    // IAM and EKS keep times in seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    root.iam.delete_role().role_name(ROLE).send().await?;
    role().send().await?;
    entry.is_healed("of a role that was recreated since").await?;
    let now = entry.look(&entry.key).await?;
    ensure!(now.id != made.id, "another entry for another role");
    entry.look(&policy).await.context("the new entry has the policies of the old one")?;

    entry.aws.delete(&entry.cluster, &entry.key, &Expect::Version(now.version)).await?;
    root.iam.delete_role().role_name(ROLE).send().await?;
    Ok(())
}

impl Entry {
    async fn apply(&self, key: &ObjectKey, body: &Body, expect: Expect) -> Result<Observed> {
        let apply = Apply { cluster: &self.cluster, key, body, manager: Desired::MANAGER, expect, take: &[] };
        Ok(self.aws.apply(apply).await?)
    }

    /// Every kind of read says the same, or a plan and its apply would not agree.
    async fn look(&self, key: &ObjectKey) -> Result<Observed> {
        let mut looks = vec![];
        for scope in [Scope::Keys, Scope::Environment("mended".to_owned()), Scope::Everything] {
            let selector = Selector { scope, keys: vec![key.clone()] };
            let all = self.aws.observe(&self.cluster, &selector).await?;
            let found = all.into_iter().find(|found| found.key == *key);
            looks.push(found.with_context(|| format!("{key} is not seen by {:?}", selector.scope))?);
        }
        let last = looks.pop().context("no look")?;
        ensure!(looks.iter().all(|look| *look == last), "{last:?} and {looks:?}");
        Ok(last)
    }

    async fn is_healed(&self, words: &str) -> Result<()> {
        let seen = self.look(&self.key).await?;
        let shown = seen.fields.iter().any(|field| field.text.contains(words));
        ensure!(shown, "{words:?} is not shown: {seen:?}");
        let healed = self.apply(&self.key, &self.body, Expect::Version(seen.version)).await?;
        ensure!(healed.fields == kinds::fields_of(&self.body), "{words:?} stays: {healed:?}");
        let now = self.look(&self.key).await?;
        ensure!(now == healed, "{healed:?} was returned, {now:?} is seen");
        Ok(())
    }
}

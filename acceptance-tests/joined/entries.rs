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
const USER: &str = "mended-user";
const POLICY: &str = "AmazonEKSViewPolicy";

struct Entry {
    aws: Aws,
    cluster: ClusterArn,
    principal: String,
    key: ObjectKey,
    body: Body,
}

pub async fn are_healed(real: Arc<Real>) -> Result<()> {
    of_a_role(&real).await?;
    of_a_user(&real).await
}

/// IAM and EKS keep times in seconds.
const NEXT_SECOND: Duration = Duration::from_millis(1100);

async fn of_a_role(real: &Real) -> Result<()> {
    let entry = Entry::of(real, real.role(ROLE))?;
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

    root.eks
        .update_access_entry()
        .cluster_name(ministack::CLUSTER)
        .principal_arn(&entry.principal)
        .username("somebody-else")
        .send()
        .await?;
    entry.is_healed("somebody-else").await?;
    ensure!(entry.look(&entry.key).await? == made, "the entry is the same, under the name that it had");

    tokio::time::sleep(NEXT_SECOND).await;
    root.iam.delete_role().role_name(ROLE).send().await?;
    role().send().await?;
    entry.is_healed("of a principal that was recreated since").await?;
    let now = entry.look(&entry.key).await?;
    ensure!(now.id != made.id, "another entry for another role");
    entry.look(&policy).await.context("the new entry has the policies of the old one")?;

    entry.aws.delete(&entry.cluster, &entry.key, &Expect::Version(now.version)).await?;
    root.iam.delete_role().role_name(ROLE).send().await?;
    Ok(())
}

/// No listing says how old a user is.
async fn of_a_user(real: &Real) -> Result<()> {
    let entry = Entry::of(real, format!("arn:aws:iam::{}:user/{USER}", ministack::ACCOUNT))?;
    let root = real.ministack.root();
    root.iam.create_user().user_name(USER).send().await?;
    let made = entry.apply(&entry.key, &entry.body, Expect::Absent).await?;
    ensure!(entry.look(&entry.key).await? == made, "nothing happened yet");

    tokio::time::sleep(NEXT_SECOND).await;
    root.iam.delete_user().user_name(USER).send().await?;
    root.iam.create_user().user_name(USER).send().await?;
    entry.is_healed("of a principal that was recreated since").await?;
    let now = entry.look(&entry.key).await?;
    ensure!(now.id != made.id, "another entry for another user");

    entry.aws.delete(&entry.cluster, &entry.key, &Expect::Version(now.version)).await?;
    root.iam.delete_user().user_name(USER).send().await?;
    Ok(())
}

impl Entry {
    fn of(real: &Real, principal: String) -> Result<Self> {
        let cluster: ClusterArn = ministack::cluster_arn().parse()?;
        let tags = [("goldenpath:managed", "true"), ("goldenpath:cluster-arn", cluster.as_str())];
        let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Ok(Self {
            aws: real.aws(&real.ministack.url()),
            key: ObjectKey::access_entry(&principal),
            body: Body::AccessEntry(AccessEntry::new("gp:p:0123456789abcdef", tags)),
            cluster,
            principal,
        })
    }

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

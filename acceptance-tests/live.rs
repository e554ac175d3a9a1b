//! The same contract and the same story on a real account and cluster, for those who have one: `scripts/live`.
//!
//! Credentials come from AWS's own chain, the cluster from GOLDENPATH_LIVE_CLUSTER (its ARN). All that is made carries the prefix of
//! this run in its name and is removed again; nothing of it is billed. Not part of CI.

use crate::{
    check::{absent, trial},
    contracts,
    workspace::Workspace,
};
use acceptance_tests::{
    block_on,
    tools::{Matrix, Tool},
};
use anyhow::{Context as _, Result};
use goldenpath_adapters::{
    aws::{self, Aws, AwsOptions},
    clock::SystemClock,
    joined::{Joined, JoinedClusters},
    kube::{self, Credentials, Kube},
};
use goldenpath_contract::TestTarget;
use goldenpath_core::domain::ClusterArn;
use libtest_mimic::Trial;
use std::{
    env,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The variables that say where.
#[derive(Clone, Debug)]
pub struct Live {
    cluster: ClusterArn,
    boundary: String,
    unique: String,
}

/// Only for those who name a cluster of theirs. Of kinds that it does not have the contract is skipped, and counted as such.
pub fn trials(matrix: &Matrix) -> Vec<Trial> {
    let Some(found) = Live::find() else { return vec![] };
    let look = |found: Live| -> Result<_> { Ok((block_on(found.crds())?, contracts::kinds()?, Arc::new(found))) };
    let (crds, kinds, found) = match found.and_then(look) {
        Ok(found) => found,
        Err(error) => return vec![trial("live: the cluster is named and can be reached", || Err(error))],
    };
    let contract = |kind: String| {
        let (found, name) = (found.clone(), format!("live: contract: {kind}"));
        match contracts::definition(&kind) {
            Some(definition) if !crds.contains(&definition) => absent(&name, "the cluster does not have its CRD"),
            _ => trial(name, move || block_on(found.keeps(&kind))),
        }
    };
    let life = matrix.main().cloned().map(|tool| {
        let found = found.clone();
        trial(format!("live: {}: examples/eks", tool.name), move || found.a_life(&tool))
    });
    kinds.into_iter().map(contract).chain(life).collect()
}

impl Live {
    /// `None`: no cluster is named.
    pub fn find() -> Option<Result<Self>> {
        let arn = env::var("GOLDENPATH_LIVE_CLUSTER").ok().filter(|arn| !arn.is_empty())?;
        Some(Self::of(&arn))
    }

    fn of(arn: &str) -> Result<Self> {
        let cluster: ClusterArn = arn.parse().context("GOLDENPATH_LIVE_CLUSTER is the ARN of a cluster")?;
        let boundary = env::var("GOLDENPATH_LIVE_BOUNDARY").unwrap_or_else(|_| {
            format!("arn:{}:iam::{}:policy/goldenpath/boundary", cluster.partition(), cluster.account())
        });
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok(Self { cluster, boundary, unique: format!("live{:x}", seconds % 0xff_ffff) })
    }

    fn targets(&self) -> (Arc<Aws>, Arc<Kube>) {
        let region = Some(self.cluster.region().to_owned());
        let aws = Arc::new(Aws::new(AwsOptions { region, ..AwsOptions::default() }));
        let kube = Kube::new(aws.clone(), Credentials::Tokens(aws.clone()));
        (aws, Arc::new(kube))
    }

    async fn crds(&self) -> Result<Vec<String>> {
        Ok(self.targets().1.crds(&self.cluster).await?)
    }

    /// All cases about one kind; nothing is a gap there.
    pub async fn keeps(&self, kind: &str) -> Result<()> {
        let (aws, kube) = self.targets();
        let target = TestTarget {
            objects: Arc::new(Joined { aws: aws.clone(), kubernetes: kube.clone() }),
            clusters: Arc::new(JoinedClusters { aws: aws.clone(), kubernetes: kube.clone() }),
            probe: kube.clone(),
            out_of_band: Arc::new(contracts::JoinedOutOfBand {
                aws: Arc::new(aws::ConsoleEditor(aws)),
                kubernetes: kube::KubectlEditor(kube),
            }),
            clock: Arc::new(SystemClock::default()),
            cluster: self.cluster.clone(),
            boundary: self.boundary.clone(),
            poll: Duration::from_secs(1),
            unique: self.unique.clone(),
        };
        contracts::run(&target, kind, &[]).await
    }

    /// `examples/eks` with a real CLI: made, quiet, changed, destroyed.
    pub fn a_life(&self, tool: &Tool) -> Result<()> {
        let mut workspace = Workspace::bare(tool)?;
        workspace.remove("versions.tf")?;
        workspace.write("main.tf", include_str!("../examples/eks/main.tf"))?;
        for (name, value) in env::vars().filter(|(name, _)| name.starts_with("AWS_") || name == "HOME") {
            workspace.set(&name, &value);
        }
        let environment = format!("{}-env", self.unique);
        for (name, value) in
            [("region", self.cluster.region()), ("cluster", self.cluster.as_str()), ("environment", &environment)]
        {
            workspace.set(&format!("TF_VAR_{name}"), value);
        }
        let lived = self.live(&mut workspace);
        // Whatever happened: what was made goes.
        let gone = workspace.destroy(&[]);
        lived?;
        gone?;
        Ok(())
    }

    fn live(&self, workspace: &mut Workspace) -> Result<()> {
        workspace.apply(&[])?;
        workspace.plan_is_empty(&[])?;
        workspace.set("TF_VAR_cpu", "6");
        workspace.plan(&[])?.says("+ requests.cpu 6")?;
        workspace.apply(&[])?;
        workspace.plan_is_empty(&[])?;
        Ok(())
    }
}

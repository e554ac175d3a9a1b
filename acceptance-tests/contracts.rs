//! The contract of the ports on a real API server: the suite that the sandbox passes, unchanged. AWS is the sandbox's here, joined
//! as in the product. And what only a real API server shows: permissions, kubeconfigs, kinds that nobody serves.
//!
//! A case that finds no kind to look at fails. Kinds that come with an add-on have their cases where `engines` installs it.

mod gaps;
pub mod own;

use acceptance_tests::servers::{Cluster, Real, ministack::cluster_arn};
use anyhow::{Result, bail, ensure};
use async_trait::async_trait;
use futures_util::future::join_all;
use goldenpath_adapters::{
    clock::SystemClock,
    joined::Joined,
    kube::{Kube, KubectlEditor},
};
use goldenpath_contract::{self as contract, FieldRef, OutOfBand, TestTarget};
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey},
    kinds::{self, Placement},
    ports::PortError,
};
use goldenpath_sandbox::{Sandbox, SandboxOptions};
use serde_json::Value as Json;
use std::{collections::BTreeSet, error::Error as _, path::Path, sync::Arc, time::Duration};

pub use gaps::Gap;
pub use own::OWN;

/// The kinds that live in AWS, and clusters.
pub fn of_aws() -> impl Iterator<Item = &'static str> {
    let of_aws = kinds::all().filter(|kind| kind.placement == Placement::Aws);
    of_aws.map(|kind| kind.name).chain(["Cluster"])
}

/// All cases about one kind.
pub async fn keeps(cluster: &Cluster, kind: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let target = target(folder.path(), Arc::new(cluster.kube(cluster.admin())))?;
    run(&target, kind, &[]).await
}

/// What the cases are about, without a server.
pub fn kinds() -> Result<BTreeSet<String>> {
    let folder = tempfile::tempdir()?;
    let sandbox = Arc::new(Sandbox::open(folder.path().join("names.db"), SandboxOptions::default()));
    let cases = contract::cases(&TestTarget {
        objects: sandbox.clone(),
        clusters: sandbox.clone(),
        probe: sandbox.clone(),
        out_of_band: sandbox,
        clock: Arc::new(SystemClock::default()),
        cluster: demo()?,
        boundary: String::new(),
        poll: Duration::ZERO,
        unique: String::new(),
    });
    Ok(cases.iter().map(|case| of(&case.name).to_owned()).collect())
}

/// The definition without which a cluster does not have the kind; `None`: every cluster has it.
pub fn definition(kind: &str) -> Option<String> {
    kinds::all().find(|known| known.name == kind).and_then(contract::crd)
}

fn of(case: &str) -> &str {
    case.split([' ', ':']).next().unwrap_or(case)
}

/// The cluster that a new sandbox knows too; the real API server stands in for its Kubernetes half.
pub fn demo() -> Result<ClusterArn> {
    Ok(cluster_arn().parse()?)
}

/// AWS's kinds on ministack, with what it is known not to do left out.
pub async fn keeps_on_aws(real: &Real, kind: &str) -> Result<()> {
    let aws = Arc::new(real.aws(&real.ministack.url()));
    let kube = Arc::new(real.cluster.kube(real.cluster.admin()));
    let target = TestTarget {
        objects: Arc::new(Joined { aws: aws.clone(), kubernetes: kube.clone() }),
        clusters: aws.clone(),
        probe: kube.clone(),
        out_of_band: Arc::new(JoinedOutOfBand {
            aws: Arc::new(goldenpath_adapters::aws::ConsoleEditor(aws)),
            kubernetes: KubectlEditor(kube),
        }),
        clock: Arc::new(SystemClock::default()),
        cluster: demo()?,
        boundary: real.boundary(),
        poll: Duration::from_millis(250),
        unique: "aws".to_owned(),
    };
    run(&target, kind, &gaps::GAPS).await
}

/// All cases about one kind, side by side: most of their time is waiting for namespaces to end. A gap must still be one.
pub async fn run(target: &TestTarget, kind: &str, gaps: &[Gap]) -> Result<()> {
    let cases = contract::cases(target).into_iter().filter(|case| of(&case.name) == kind);
    let results = join_all(cases.map(|case| async { (case.name, case.run.await) })).await;
    ensure!(!results.is_empty(), "no case is about {kind}");
    let mut violated = vec![];
    for (name, result) in &results {
        let gap = gaps.iter().find(|gap| gap.case == name);
        match (result, gap) {
            (Ok(()), None) => {}
            // Elsewhere it is no gap but a fault.
            (Err(error), Some(gap)) if error.to_string().starts_with(gap.step) => {}
            (Ok(()), Some(Gap { does, document, .. })) => {
                violated.push(format!("{name}: it {does} no more, so it is no gap any more ({document})"));
            }
            (Err(error), _) => {
                let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
                violated.push(format!("{name}: {error}{cause}"));
            }
        }
    }
    if !violated.is_empty() {
        bail!("{} of {} violated:\n{}", violated.len(), results.len(), violated.join("\n"));
    }
    Ok(())
}

fn target(folder: &Path, kube: Arc<Kube>) -> Result<TestTarget> {
    let sandbox = Arc::new(Sandbox::open(folder.join("aws.db"), SandboxOptions::default()));
    Ok(TestTarget {
        objects: Arc::new(Joined { aws: sandbox.clone(), kubernetes: kube.clone() }),
        clusters: sandbox.clone(),
        // Of the sandbox's associations the API server knows nothing.
        probe: sandbox.clone(),
        out_of_band: Arc::new(JoinedOutOfBand { aws: sandbox, kubernetes: KubectlEditor(kube) }),
        clock: Arc::new(SystemClock::default()),
        cluster: demo()?,
        boundary: "arn:aws:iam::111122223333:policy/goldenpath/boundary".to_owned(),
        poll: Duration::from_millis(250),
        unique: "contract".to_owned(),
    })
}

pub struct JoinedOutOfBand {
    pub aws: Arc<dyn OutOfBand>,
    pub kubernetes: KubectlEditor,
}

impl JoinedOutOfBand {
    fn of(&self, key: &ObjectKey) -> &dyn OutOfBand {
        if key.is_aws() { &*self.aws } else { &self.kubernetes }
    }
}

#[async_trait]
impl OutOfBand for JoinedOutOfBand {
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, manager: &str) -> Result<(), PortError> {
        self.of(key).make(cluster, key, body, manager).await
    }

    async fn edit(&self, field: FieldRef<'_>, value: Option<Json>) -> Result<(), PortError> {
        self.of(field.key).edit(field, value).await
    }

    async fn declare(&self, field: FieldRef<'_>, value: Json) -> Result<(), PortError> {
        self.of(field.key).declare(field, value).await
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
        self.of(key).delete(cluster, key).await
    }

    async fn hold(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError> {
        self.of(key).hold(cluster, key, finalizer).await
    }

    async fn release(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError> {
        self.of(key).release(cluster, key, finalizer).await
    }
}

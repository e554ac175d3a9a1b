//! A cluster that was deleted in EKS: what lived in it went along, and what lies in IAM is still to be taken away.

use super::fixture::{RealFailureFixture, server};
use acceptance_tests::{
    ENVIRONMENT, SLOT,
    client::{as_text, no_errors},
    servers::{Real, ministack},
};
use anyhow::{Result, ensure};
use std::sync::Arc;

pub async fn cluster_is_deleted(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let fixture = RealFailureFixture::new(&real, &server, "fdeletedq".to_owned()).await?;
    let mut environment = fixture.make(ENVIRONMENT).await?;
    let mut slot = fixture.make(SLOT).await?;
    let made = roles(&real).await?;
    ensure!(made.len() == 2, "the deployer's role and the slot's: {made:?}");

    let root = real.ministack.root();
    root.eks.delete_cluster().name(ministack::CLUSTER).send().await?;
    environment.client = fixture.client().await?;
    let said = environment.refresh().await?;
    ensure!(environment.state.is_some(), "a refresh takes it for gone");
    ensure!(as_text(&said).contains("-refresh=false"), "a refresh does not say what to do: {}", as_text(&said));
    for instance in [&mut slot, &mut environment] {
        // As `terraform destroy -refresh=false`.
        instance.client = fixture.client().await?;
        let said = instance.plan_and_apply(None).await?;
        no_errors(&said, "destroy without the cluster")?;
        ensure!(instance.state.is_none(), "the state keeps it");
        ensure!(
            as_text(&said).contains("no longer exists"),
            "a destroy says nothing of the cluster: {}",
            as_text(&said)
        );
    }
    let left = roles(&real).await?;
    ensure!(left.is_empty(), "after a destroy there is {left:?}");
    Ok(())
}

/// Names of the roles that we made, as IAM lists them.
async fn roles(real: &Real) -> Result<Vec<String>> {
    let listed = real.ministack.root().iam.list_roles().send().await?;
    let ours = listed.roles.into_iter().filter(|role| role.path.starts_with("/goldenpath/"));
    Ok(ours.map(|role| role.role_name).collect())
}

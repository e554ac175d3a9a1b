//! A cluster that was deleted in EKS: what lived in it went along, and what lies in IAM is still to be taken away.

use super::*;

pub async fn deleted(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let bench = Bench::new(&real, &server, "fdeletedq".to_owned()).await?;
    let mut environment = bench.make(ENVIRONMENT).await?;
    let mut slot = bench.make(SLOT).await?;
    let made = roles(&real).await?;
    ensure!(made.len() == 2, "the deployer's role and the slot's: {made:?}");

    let root = real.ministack.root();
    root.eks.delete_cluster().name(acceptance_tests::servers::real::CLUSTER).send().await?;
    environment.client = bench.client().await?;
    let said = environment.refresh().await?;
    ensure!(environment.held.is_some(), "a refresh takes it for gone");
    ensure!(told(&said).contains("-refresh=false"), "a refresh does not say what to do: {}", told(&said));
    for instance in [&mut slot, &mut environment] {
        // As `terraform destroy -refresh=false`.
        instance.client = bench.client().await?;
        let said = instance.plan_and_apply(None).await?;
        no_errors(&said, "destroy without the cluster")?;
        ensure!(instance.held.is_none(), "the state keeps it");
        ensure!(told(&said).contains("no longer exists"), "a destroy says nothing of the cluster: {}", told(&said));
    }
    let left = roles(&real).await?;
    ensure!(left.is_empty(), "after a destroy there is {left:?}");
    Ok(())
}

/// Names of the roles that we made, as IAM tells them.
async fn roles(real: &Real) -> Result<Vec<String>> {
    let listed = real.ministack.root().iam.list_roles().send().await?;
    let ours = listed.roles.into_iter().filter(|role| role.path.starts_with("/goldenpath/"));
    Ok(ours.map(|role| role.role_name).collect())
}

//! AWS and Kubernetes together, as the product joins them: ministack and the real API server, reached with a token of our making.

use acceptance_tests::{
    proxy::{Action, Proxy, Service},
    servers::{
        ministack::Clients,
        real::{self, Real},
    },
};
use anyhow::{Context as _, Result, bail, ensure};
use goldenpath_adapters::{
    aws::Aws,
    kube::{Credentials, Kube},
};
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey},
    ports::{Clusters as _, Objects as _, Scope, Selector},
};
use std::{pin::Pin, sync::Arc};

pub type Check = fn(Arc<Real>) -> Pin<Box<dyn Future<Output = Result<()>>>>;

pub const CHECKS: [(&str, Check); 3] = [
    ("facts are what EKS, IAM and STS say", |real| Box::pin(facts(real))),
    (
        "a token reaches the API server, and only with an access entry",
        |real| Box::pin(tokens(real)),
    ),
    ("what fails has its class", |real| Box::pin(classes(real))),
];

fn namespaces() -> Selector {
    Selector {
        scope: Scope::Keys,
        keys: vec![ObjectKey::namespace_object("default")],
    }
}

fn arn() -> Result<ClusterArn> {
    Ok(real::arn().parse()?)
}

async fn facts(real: Arc<Real>) -> Result<()> {
    let aws = real.aws(&real.ministack.url());
    let facts = aws.facts(&real::CLUSTER.parse()?).await?;
    ensure!(facts.stable.cluster_arn == arn()?, "{facts:?}");
    ensure!(
        facts.version == "1.36" && facts.authentication_mode == "API",
        "{facts:?}"
    );
    ensure!(
        facts.network_policy_enforced,
        "the add-on says that it enforces: {facts:?}"
    );
    let sets: Vec<&String> = facts.stable.permission_sets.keys().collect();
    ensure!(
        sets == ["AdministratorAccess", "PaymentsDev", "PaymentsView", "PlatformEngineer"],
        "{sets:?}"
    );
    ensure!(facts.caller.ends_with(":user/platform"), "{}", facts.caller);
    let elsewhere = "arn:aws:eks:eu-west-1:999999999999:cluster/demo".parse()?;
    let refused = aws
        .world(&elsewhere)
        .await
        .err()
        .context("another account's cluster was found")?;
    ensure!(
        refused.class == Class::Invalid && refused.message.contains("alias"),
        "{refused}"
    );
    Ok(())
}

async fn tokens(real: Arc<Real>) -> Result<()> {
    let url = real.ministack.url();
    let by = |aws: Aws| {
        let aws = Arc::new(aws);
        Kube::new(aws.clone(), Credentials::Tokens(aws))
    };
    let seen = by(real.aws(&url)).observe(&arn()?, &namespaces()).await?;
    ensure!(seen.len() == 1, "{seen:?}");
    let root = Clients::root(&url);
    real::create_role(&root, "/people/", "nobody-here").await?;
    let person = real.assume("arn:aws:iam::111122223333:role/people/nobody-here").await?;
    let stranger = by(Aws::with_credentials(real::options(&url), person));
    match stranger.observe(&arn()?, &namespaces()).await {
        // DescribeCluster is refused to them before a token is needed.
        Err(error) if error.class == Class::Denied => Ok(()),
        other => bail!("a principal without rights and entry: {other:?}"),
    }
}

async fn classes(real: Arc<Real>) -> Result<()> {
    let proxy = Proxy::start(&real)?;
    for (action, expected, reason) in [
        (
            Action::Refuse(403),
            Class::Denied,
            "a right that is missing is no absence",
        ),
        (Action::Refuse(400), Class::Denied, "credentials that ended"),
        (Action::Refuse(500), Class::Unavailable, "the service failed"),
        (Action::Cut, Class::Unavailable, "no answer"),
        (Action::Refuse(429), Class::Throttled, "after the SDK's own attempts"),
    ] {
        proxy.rule(move |asked| {
            if asked.service == Service::Aws {
                action
            } else {
                Action::Pass
            }
        });
        let told = real.aws(&proxy.url).world(&real::CLUSTER.parse()?).await;
        let refused = told.err().with_context(|| format!("{reason}: no error"))?;
        ensure!(refused.class == expected, "{reason}: {:?}: {refused}", refused.class);
    }
    proxy.calm();
    proxy.forget();
    let aws = Arc::new(real.aws(&proxy.url));
    let kube = Kube::new(aws.clone(), Credentials::Tokens(aws));
    kube.observe(&arn()?, &namespaces()).await?;
    let seen = proxy.seen();
    ensure!(
        seen.iter()
            .any(|asked| asked.service == Service::Kubernetes && asked.path.ends_with("/namespaces/default")),
        "Kubernetes is reached through the proxy too: {seen:?}"
    );
    Ok(())
}

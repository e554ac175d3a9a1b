//! Locks as the joined adapters take them: a lost response costs no wait, and those of one process wait among themselves.

use crate::{outside, server::Server};
use acceptance_tests::{
    proxy::{Intervention, LoggedRequest, Proxy},
    servers::{Real, ministack::cluster_arn},
};
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use goldenpath_adapters::kube::{Credentials, Kube};
use goldenpath_core::domain::ClusterArn;
use hyper::Method;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

pub async fn cost_no_wait(real: Arc<Real>) -> Result<()> {
    let server = Server::start()?;
    outside::baseline(&real, &server).await?;
    let proxy = Proxy::start(&real)?;
    let aws = Arc::new(real.aws(&proxy.url));
    let kube = Kube::new(aws.clone(), Credentials::Tokens(aws));
    let cluster: ClusterArn = cluster_arn().parse()?;

    let is_lost = AtomicBool::new(false);
    proxy.rule(move |request| match makes_a_lease(request) && !is_lost.swap(true, Ordering::SeqCst) {
        true => Intervention::Lose,
        false => Intervention::Pass,
    });
    let begun = Instant::now();
    let (done, _) = kube.with_lock(&cluster, "joined-lost", async { Ok(1) }).await?;
    let waited = begun.elapsed();
    ensure!(done == 1 && waited < Duration::from_secs(10), "a lost response cost {waited:?}");

    proxy.pass_all();
    proxy.clear();
    let work = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    };
    let locked = [(); 5].map(|()| kube.with_lock(&cluster, "joined-many", work()));
    try_join_all(locked).await?;
    let made = proxy.requests().into_iter().filter(makes_a_lease).count();
    ensure!(made == 5, "five locks of one process made {made} Leases");
    Ok(())
}

fn makes_a_lease(request: &LoggedRequest) -> bool {
    request.method == Method::POST && request.path.contains("/leases")
}

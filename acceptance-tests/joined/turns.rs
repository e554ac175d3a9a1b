//! Turns as the joined adapters take them: a lost answer costs no wait, and those of one process wait among themselves.

use crate::{outside, server::Server};
use acceptance_tests::{
    proxy::{Action, Asked, Proxy},
    servers::real::Real,
};
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use goldenpath_adapters::kube::{Credentials, Kube};
use hyper::Method;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

pub async fn cost_no_wait(real: Arc<Real>) -> Result<()> {
    let server = Server::start_in(&real.environment(&real.ministack.url()))?;
    outside::baseline(&real, &server).await?;
    let proxy = Proxy::start(&real)?;
    let aws = Arc::new(real.aws(&proxy.url));
    let kube = Kube::new(aws.clone(), Credentials::Tokens(aws));
    let cluster = super::arn()?;

    let is_lost = AtomicBool::new(false);
    proxy.rule(move |asked| match makes_a_lease(asked) && !is_lost.swap(true, Ordering::SeqCst) {
        true => Action::Lose,
        false => Action::Pass,
    });
    let begun = Instant::now();
    let done = kube.in_turn(&cluster, "joined-lost", async { Ok(1) }).await?;
    let waited = begun.elapsed();
    ensure!(done == 1 && waited < Duration::from_secs(10), "a lost answer cost {waited:?}");

    proxy.calm();
    proxy.forget();
    let work = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    };
    let turns = [(); 5].map(|()| kube.in_turn(&cluster, "joined-many", work()));
    try_join_all(turns).await?;
    let made = proxy.seen().into_iter().filter(makes_a_lease).count();
    ensure!(made == 5, "five turns of one process asked {made} times for a Lease");
    Ok(())
}

fn makes_a_lease(asked: &Asked) -> bool {
    asked.method == Method::POST && asked.path.contains("/leases")
}

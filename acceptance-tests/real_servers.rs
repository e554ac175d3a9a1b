//! `real-servers`: starts ministack and a real API server, joined, behind a counting proxy, and prints how to reach them as one line
//! of JSON. Then it takes the commands `reset`, `requests` and `foreign N` (so many access entries of others), a line each, until its
//! standard input ends. Used by scripts/bench.

use acceptance_tests::{
    block_on,
    proxy::{LoggedRequest, Proxy, Service, busy},
    servers::{
        Programs, Real,
        ministack::{CLUSTER, REGION},
        seed,
    },
};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, Write as _},
    sync::Arc,
};

fn main() -> Result<()> {
    let programs = Programs::find().context("the servers' programs are not here: scripts/lib/tools.sh builds them")?;
    let real = Arc::new(Real::start(&programs)?);
    let proxy = Proxy::start(&real)?;
    let principals = block_on(principals(&real))?;
    let environment: BTreeMap<String, String> = real.environment(&proxy.url).into_iter().collect();
    print(&json!({
        "environment": environment,
        "region": REGION,
        "cluster": CLUSTER,
        "aws": proxy.url,
        "boundary": real.boundary(),
        "principal": real.role("ci"),
        "principals": principals,
    }))?;
    for line in std::io::stdin().lock().lines() {
        match line?.trim() {
            "reset" => {
                proxy.clear();
                print(&json!({}))?;
            }
            "requests" => print(&counts(&proxy))?,
            other => match other.strip_prefix("foreign ").and_then(|count| count.parse().ok()) {
                Some(count) => {
                    block_on(enter(&real, count))?;
                    print(&json!({}))?;
                }
                None => bail!("{other:?} is none of `reset`, `requests` and `foreign N`"),
            },
        }
    }
    Ok(())
}

async fn principals(real: &Real) -> Result<Vec<String>> {
    let (root, mut made) = (real.ministack.root(), vec![]);
    for number in 1..=8 {
        let name = format!("rich-{number}");
        seed::create_role(&root, "/", &name).await?;
        made.push(real.role(&name));
    }
    Ok(made)
}

async fn enter(real: &Real, count: usize) -> Result<()> {
    let root = real.ministack.root();
    for number in 0..count {
        seed::enter(&root, &real.role(&format!("foreign-{number}")), "theirs").await?;
    }
    Ok(())
}

fn counts(proxy: &Proxy) -> Value {
    let seen = proxy.requests();
    let of = |service: Service| seen.iter().filter(move |request| request.service == service);
    // ministack leaves boundaries out of GetAccountAuthorizationDetails, so that each role is read by itself, and cuts the
    // list of associations at 100 without a token for the rest, so that these are read by name.
    let is_emulated =
        |request: &&LoggedRequest| request.action == "GetRole" || request.path.contains("serviceAccount=");
    let emulated = of(Service::Aws).filter(is_emulated).count();
    let describes = of(Service::Aws).filter(|request| request.is_describe()).count();
    json!({
        "kubernetes": of(Service::Kubernetes).count(),
        "aws": of(Service::Aws).count() - describes - emulated,
        "describes": describes,
        "emulated": emulated,
        "busy_seconds": busy(&seen).as_secs_f64(),
    })
}

fn print(value: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

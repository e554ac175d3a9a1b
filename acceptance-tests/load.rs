//! Many ensures that change nothing, through a daemon: what operations cost by themselves.

use anyhow::{Context as _, Result, ensure};
use goldenpath_core::{
    domain::from_document,
    provision::{Cancel, EnsureRequest, Prior, Provisioner as _},
};
use goldenpath_daemon::{Address, Client, ClientOptions};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_secs(300);

/// The environments that they are about exist, and each client has one.
pub struct Load {
    clients: Vec<(Client, EnsureRequest)>,
}

// === impl Load ===

impl Load {
    /// Each client has a connection of its own, and an environment of this team.
    pub async fn prepare(socket: &Path, team: &str, clients: usize) -> Result<Self> {
        make(&client_of(socket), json!({ "kind": "baseline", "request": { "cluster": "demo" } })).await?;
        let mut prepared = vec![];
        for number in 0..clients {
            let (client, name) = (client_of(socket), format!("{team}-{number}"));
            let request = json!({ "name": name, "team": team, "tier": "dev", "cluster": "demo" });
            let request = make(&client, json!({ "kind": "environment", "request": request })).await?;
            prepared.push((client, request));
        }
        Ok(Self { clients: prepared })
    }

    /// So many by each client, one after another. Every one of them must come back as it was.
    pub async fn run(self, times: usize) -> Result<()> {
        let mut running = JoinSet::new();
        for (client, request) in self.clients {
            let (client, uid) = (Arc::new(client), request.prior.as_ref().map(|prior| prior.uid.clone()));
            running.spawn(async move {
                for _ in 0..times {
                    let outcome = client.ensure(request.clone()).await;
                    let now = outcome.exists.map(|exists| exists.uid);
                    ensure!(now.is_some() && now == uid, "it is not as it was: {:?}", outcome.problems);
                }
                Ok(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// With a connection of its own.
pub fn client_of(socket: &Path) -> Client {
    let options = ClientOptions {
        address: Address::Unix(socket.to_owned()),
        endpoint: format!("unix://{}", socket.display()),
        token: None,
    };
    Client::new(options, &[])
}

/// A request for something that is new.
pub fn ensure_of(spec: &Json, timeout: Duration) -> Result<EnsureRequest> {
    Ok(EnsureRequest {
        spec: from_document(spec)?,
        facts: None,
        path: None,
        parent: None,
        prior: None,
        replacing: None,
        planned: None,
        planned_target: None,
        planned_version: None,
        timeouts: None,
        timeout,
        cancel: Cancel::new(),
    })
}

/// The request that would change nothing any more.
async fn make(client: &Client, spec: Json) -> Result<EnsureRequest> {
    let request = ensure_of(&spec, LIMIT)?;
    let outcome = client.ensure(request.clone()).await;
    let exists = outcome.exists.with_context(|| format!("it was not made: {:?}", outcome.problems))?;
    let prior = Prior {
        spec: request.spec.clone(),
        uid: exists.uid,
        target: None,
        objects: BTreeMap::new(),
        incomplete: false,
        identity_ready: None,
    };
    Ok(EnsureRequest { facts: Some(exists.facts), path: Some(exists.path), prior: Some(prior), ..request })
}

//! What a team's client claims beside what it asks for, sent to a real daemon by the API itself: nothing of it widens what it touches.

use crate::{daemon::Daemon, issuer::Authority, sandbox::Sandbox};
use acceptance_tests::{block_on, load::ensure_of};
use anyhow::{Context as _, Result, ensure};
use goldenpath_core::{
    domain::{EnvironmentId, StableFacts, from_document},
    provision::{Cancel, EnsureRequest, Prior, Provisioner as _, RemoveRequest, Spec},
};
use goldenpath_daemon::{Address, Client, ClientOptions, Pair};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, time::Duration};

const LIMIT: Duration = Duration::from_secs(60);

pub fn widen_nothing() -> Result<()> {
    block_on(try_forgeries())
}

struct ForgedFixture {
    folder: tempfile::TempDir,
    _daemon: Daemon,
    platform: Client,
    team: Client,
}

// === impl ForgedFixture ===

impl ForgedFixture {
    /// The platform's own user has made the baseline and an environment of another team.
    async fn new() -> Result<Self> {
        let (folder, own, authority) = (
            tempfile::Builder::new().prefix("gp").tempdir()?,
            tempfile::Builder::new().prefix("gp").tempdir()?,
            Authority::new(),
        );
        let ca = authority.write(&own.path().join("ca.pem"));
        authority.server(own.path(), "daemon");
        let pair = authority.client(folder.path(), "payments-ci", None);
        let config = format!(
            "listen:
  - unix://{own}/daemon.sock
  - {{ tcp: 127.0.0.1:0, tls: {{ certificate: daemon.crt, key: daemon.key, client_ca: ca.pem }} }}
journal: journal.db
target:
  sandbox: {{ path: {sandbox}/sandbox.db }}
callers:
  - {{ name: own, when: {{ user: self }}, allow: {{}} }}
  - {{ name: payments, when: {{ certificate: {{ common_name: payments-ci }} }}, allow: {{ teams: [payments], tiers: [dev] }} }}
",
            own = own.path().display(),
            sandbox = folder.path().display(),
        );
        std::fs::copy(&ca, folder.path().join("ca.pem"))?;
        let daemon = Daemon::in_folder(own, &config, vec![])?;
        let platform =
            ClientOptions { address: Address::Unix(daemon.socket()), endpoint: daemon.endpoint(), token: None };
        let endpoint = daemon.https()?.to_owned();
        let port = endpoint.rsplit_once(':').context("no port")?.1.parse()?;
        let own = Some(Pair { certificate: pair.certificate, key: pair.key });
        let ca = Some(folder.path().join("ca.pem"));
        let team = ClientOptions {
            address: Address::Https { host: "127.0.0.1".into(), port, ca, own },
            endpoint,
            token: None,
        };
        // Bounds that a client sends can only narrow: these would be everything.
        let everything = [serde_json::from_value(json!({}))?];
        let (platform, team) = (Client::new(platform, &[]), Client::new(team, &everything));
        let fixture = Self { folder, _daemon: daemon, platform, team };
        fixture.platform_makes(json!({ "kind": "baseline", "request": { "cluster": "demo" } })).await?;
        fixture.platform_makes(environment("shop", "shop", "dev")).await?;
        Ok(fixture)
    }

    async fn platform_makes(&self, spec: Json) -> Result<()> {
        let outcome = self.platform.ensure(ensure_of(&spec, LIMIT)?).await;
        ensure!(outcome.exists.is_some_and(|exists| exists.complete), "{:?}", outcome.problems);
        Ok(())
    }

    fn of_shop(&self) -> Result<BTreeMap<String, Json>> {
        let sandbox = Sandbox::at(&self.folder.path().join("sandbox.db"));
        let ours = sandbox.ours()?.into_iter().filter(|key| key.contains("shop"));
        ours.map(|key| Ok((key.clone(), sandbox.document(&key)?))).collect()
    }
}

fn environment(name: &str, team: &str, tier: &str) -> Json {
    json!({ "kind": "environment", "request": { "name": name, "team": team, "tier": tier, "cluster": "demo" } })
}

async fn try_forgeries() -> Result<()> {
    let fixture = ForgedFixture::new().await?;
    let before = fixture.of_shop()?;
    let spec: Spec = from_document(&environment("shop", "shop", "dev"))?;
    let record = fixture.platform.find(&spec.id()).await.map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let record = record.context("no record of shop")?;
    let prior = |spec: &Json| -> Result<Prior> {
        Ok(Prior {
            spec: from_document(spec)?,
            uid: record.uid.clone(),
            target: None,
            objects: BTreeMap::new(),
            incomplete: false,
            identity_ready: None,
        })
    };
    let shop_as_its_own = environment("shop", "payments", "dev");
    for (request, reason) in [
        (ensure_of(&environment("shop", "shop", "dev"), LIMIT)?, "another team's"),
        (ensure_of(&shop_as_its_own, LIMIT)?, "another team's, said to be its own"),
        (
            EnsureRequest { prior: Some(prior(&shop_as_its_own)?), ..ensure_of(&shop_as_its_own, LIMIT)? },
            "with a state that says that it was always its own",
        ),
        (ensure_of(&environment("own", "payments", "prod"), LIMIT)?, "another tier"),
        (
            EnsureRequest {
                facts: Some(forge(&record.facts)?),
                ..ensure_of(&environment("forged", "payments", "dev"), LIMIT)?
            },
            "with facts of its own making",
        ),
    ] {
        let outcome = fixture.team.ensure(request).await;
        let is_refused = outcome.problems.iter().any(|problem| problem.is_error());
        ensure!(is_refused && outcome.exists.is_none(), "{reason}: {:?}", outcome.problems);
    }
    let own = fixture.team.ensure(ensure_of(&environment("payments", "payments", "dev"), LIMIT)?).await;
    let own = own.exists.context("its own is made")?;
    let keys = before.keys().map(|key| key.parse()).collect::<Result<Vec<_>, _>>()?;
    for (id, uid, reason) in [
        ("demo/shop", &record.uid, "another team's"),
        ("demo/payments", &own.uid, "its own, whose state says that it has made the other team's objects"),
    ] {
        let removed = fixture
            .team
            .remove(RemoveRequest {
                id: id.parse::<EnvironmentId>()?.into(),
                uid: uid.clone(),
                target: None,
                facts: None,
                keys: keys.clone(),
                protected: false,
                hand_over: false,
                timeout: LIMIT,
                cancel: Cancel::new(),
            })
            .await;
        ensure!(removed.gone == (id == "demo/payments"), "{reason}: {:?}", removed.problems);
    }
    ensure!(fixture.of_shop()? == before, "nothing of the other team's was changed");
    Ok(())
}

/// A permission set that is somebody's role.
fn forge(facts: &StableFacts) -> Result<StableFacts> {
    let mut document = serde_json::to_value(facts)?;
    document["permission_sets"] = json!({ "PaymentsDev": "arn:aws:iam::999999999999:role/anybody" });
    document["cluster_arn"] = "arn:aws:eks:eu-west-1:999999999999:cluster/demo".into();
    Ok(serde_json::from_value(document)?)
}

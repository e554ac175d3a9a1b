//! The packaged configuration at work: the daemon as its own principal, with the packaged roles and nothing else, a team's pipeline as a
//! ServiceAccount, and the probes as a kubelet asks them. What has no place here is the pod: no node runs one.

use super::shipped::{folder, manifests};
use crate::{daemon::Daemon, issuer::Authority, server::Server};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Instance, as_text, no_errors},
    servers::{
        PostgresServer, Real,
        api::{Api, ApiCall},
        free_port,
        ministack::{self, ACCOUNT, EVERYTHING},
        permissions, real,
        seed::{self, put},
    },
};
use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

const GROUP: &str = "goldenpath-daemon";
const OPERATIONS: &str = "goldenpath-operations";
const TEAM: &str = "payments";

pub async fn serves_a_team(real: Arc<Real>) -> Result<()> {
    let server = Server::start()?;
    crate::outside::baseline(&real, &server).await?;
    administrator_has_prepared(&real).await?;
    let (key, secret) = principals(&real).await?;
    let postgres = PostgresServer::find().map(|bin| PostgresServer::start(&bin, false)).transpose()?;
    let (folder, port) = (tempfile::Builder::new().prefix("gp").tempdir()?, free_port()?);
    let authority = Authority::new();
    let ca = authority.write(&folder.path().join("ca.pem"));
    authority.server(folder.path(), "daemon");
    let config = configuration(&real, folder.path(), port, postgres.as_ref())?;
    let environment = real::environment(&real.ministack.url(), &key, &secret, None);
    let mut daemon = Daemon::in_folder(folder, &config.to_string(), environment)?;
    let set =
        manifests("daemon.yaml")?.into_iter().find(|one| one["kind"] == "StatefulSet").context("no StatefulSet")?;
    probes(&set, port)?;
    a_team_works(&real, &server, daemon.https()?, &ca).await?;

    let grace = set["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].as_u64().context("no grace")?;
    let begun = Instant::now();
    daemon.terminate()?;
    ensure!(begun.elapsed() < Duration::from_secs(grace), "its end takes {:?}", begun.elapsed());
    Ok(())
}

/// With `kubectl apply`, and an account for the team's pipeline.
async fn administrator_has_prepared(real: &Real) -> Result<()> {
    let rbac: Json = serde_json::from_slice(&fs::read(folder("kubernetes/rbac.json"))?)?;
    let rbac = rbac["items"].as_array().context("a List")?.clone();
    for document in [manifests("namespace.yaml")?, manifests("token-review.yaml")?, rbac].concat() {
        put(&real.cluster, document).await?;
    }
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": TEAM } });
    let metadata = json!({ "name": "deployer", "namespace": TEAM });
    for document in [namespace, json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })] {
        put(&real.cluster, document).await?;
    }
    Ok(())
}

/// That of the pod, and the role that each operation has a session of; both are in the group that the packaged roles are bound to.
async fn principals(real: &Real) -> Result<(String, String)> {
    let root = real.ministack.root();
    let mut policy = permissions::aws_policy()?;
    let assumes = json!({ "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"], "Resource": "*" });
    policy["Statement"].as_array_mut().context("no statements")?.push(assumes);
    let keys = seed::user(&root, "packaged", &policy.to_string()).await?;
    seed::create_role(&root, "/", OPERATIONS).await?;
    root.iam.put_role_policy().role_name(OPERATIONS).policy_name("all").policy_document(EVERYTHING).send().await?;
    for principal in [format!("arn:aws:iam::{ACCOUNT}:user/packaged"), real.role(OPERATIONS)] {
        seed::enter(&root, &principal, GROUP).await?;
    }
    Ok(keys)
}

/// The packaged one, but for places that are others here.
fn configuration(real: &Real, folder: &Path, port: u16, postgres: Option<&PostgresServer>) -> Result<Json> {
    let packaged = manifests("configuration.yaml")?;
    let text = packaged[0]["data"]["daemon.yaml"].as_str().context("no configuration")?;
    let mut config: Json = serde_saphyr::from_str(text)?;
    let place = |name: &str| folder.join(name).display().to_string();
    config["listen"]["tcp"] = "127.0.0.1:0".into();
    config["listen"]["tls"] = json!({ "certificate": place("daemon.crt"), "key": place("daemon.key") });
    config["http"] = format!("127.0.0.1:{port}").into();
    config["audit"] = place("audit.jsonl").into();
    config["sessions"]["role_arn"] = real.role(OPERATIONS).into();
    fs::write(folder.join("password"), "nobody asks for it here")?;
    match postgres {
        Some(postgres) => {
            config["journal"]["postgres"] = postgres.database("journal")?.into();
            config["journal"]["password_file"] = place("password").into();
        }
        None => config["journal"] = place("journal.db").into(),
    }
    Ok(config)
}

fn probes(set: &Json, port: u16) -> Result<()> {
    let container = &set["spec"]["template"]["spec"]["containers"][0];
    for name in ["readinessProbe", "livenessProbe"] {
        let probe = &container[name]["httpGet"];
        ensure!(probe["port"] == "http", "{name}: the port of its own listener");
        let path = probe["path"].as_str().with_context(|| format!("no {name}"))?;
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let headers = "Host: 127.0.0.1\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\nConnection: close";
        stream.write_all(format!("GET {path} HTTP/1.1\r\n{headers}\r\n\r\n").as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        ensure!(response.starts_with("HTTP/1.1 200"), "{name} at {path}: {response}");
    }
    Ok(())
}

async fn a_team_works(real: &Real, server: &Server, endpoint: &str, ca: &PathBuf) -> Result<()> {
    let (api, admin) = (Api::of(&real.cluster)?, real.token().await?);
    let path = format!("/api/v1/namespaces/{TEAM}/serviceaccounts/deployer/token");
    let spec = json!({ "spec": { "audiences": ["goldenpath"], "expirationSeconds": 3600 } });
    let content = Some(("application/json", spec));
    let made = api.call(&admin, ApiCall { method: Method::POST, path: &path, content, headers: &[] }).await?;
    let token = made.document.pointer("/status/token").and_then(Json::as_str).context("no token")?;
    let proof = json!({ "daemon": { "endpoint": endpoint, "ca_certificate": ca, "token": token } });
    let client = server.client(&proof).await?;
    let config = |team: &str, cpu: &str| {
        json!({"name": format!("packaged-{team}"), "team": team, "tier": "dev", "cluster": ministack::CLUSTER,
            "quota": {"total": {"requests.cpu": cpu}}})
    };
    let mut environment = Instance::new(&client, ENVIRONMENT);
    for cpu in ["4", "6"] {
        no_errors(&environment.plan_and_apply(Some(&config(TEAM, cpu))).await?, "apply")?;
    }
    no_errors(&environment.refresh().await?, "refresh")?;
    let mut other = Instance::new(&client, ENVIRONMENT);
    let refused = as_text(&other.plan(Some(&config("shop", "4"))).await?.said);
    ensure!(refused.contains("(bounds.outside)"), "another team: {refused}");
    no_errors(&environment.plan_and_apply(None).await?, "destroy")
}

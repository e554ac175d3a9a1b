//! An AWS for tests: ministack, which speaks EKS, IAM and STS, verifies signatures and enforces IAM policies.
//!
//! It has not been compared with a live account; what it is known not to do stands beside the cases that meet it. Its cluster is
//! the real API server's: DescribeCluster shows that server's address and CA, and the server has ministack review tokens.
//! Neither can be set by a call, so the state is edited between two starts.

use super::{ports::free_port, process::Process};
use crate::tools;
use anyhow::{Context as _, Result, bail};
use aws_sdk_eks::config::{BehaviorVersion, Credentials, Region};
use goldenpath_adapters::kube::Endpoint;
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-west-1";
pub const CLUSTER: &str = "demo";
pub const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const LONGEST: Duration = Duration::from_secs(60);

/// Running, until dropped.
pub struct Ministack {
    pub port: u16,
    _process: Process,
}

/// The SDK's clients, as whoever the credentials are of.
#[derive(Clone)]
pub struct Clients {
    pub iam: aws_sdk_iam::Client,
    pub eks: aws_sdk_eks::Client,
    pub sts: aws_sdk_sts::Client,
}

pub fn cluster_arn() -> String {
    format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}")
}

/// As EKS says it: `1.36`.
pub fn kubernetes_version() -> &'static str {
    let version = tools::version("kubernetes");
    version.rsplit_once('.').map_or(version, |(minor, _)| minor)
}

/// A trust policy.
pub fn assumable_by(kind: &str, principal: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {kind: principal}}]})
    .to_string()
}

// === impl Clients ===

impl Clients {
    pub fn new(url: &str, credentials: Credentials) -> Self {
        // The three builders have one form and three types.
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::Config::builder()
                        .behavior_version(BehaviorVersion::latest())
                        .region(Region::new(REGION))
                        .endpoint_url(url)
                        .credentials_provider(credentials.clone())
                        .build(),
                )
            };
        }
        Self { iam: client!(aws_sdk_iam), eks: client!(aws_sdk_eks), sts: client!(aws_sdk_sts) }
    }

    pub fn root(url: &str) -> Self {
        // A key that is an account's number is that account's root.
        Self::new(url, Credentials::new(ACCOUNT, "test", None, None, "root"))
    }
}

// === impl Ministack ===

impl Ministack {
    /// With a cluster whose Kubernetes API is at `endpoint`. Returns also the URL where that API server's token webhook is.
    pub fn start(program: &Path, folder: &Path, endpoint: &Endpoint) -> Result<(Self, String)> {
        let port = free_port()?;
        let first = launch(program, folder, port, "ministack-first.log")?;
        let url = format!("http://127.0.0.1:{port}");
        crate::block_on(create_cluster(&Clients::root(&url), CLUSTER))?;
        first.terminate(LONGEST)?;
        let secret = join(&folder.join("eks.json"), CLUSTER, endpoint)?;
        let second = launch(program, folder, port, "ministack.log")?;
        let webhook = format!("{url}/_ministack/eks-auth/{ACCOUNT}/{REGION}/{CLUSTER}/{secret}");
        Ok((Self { port, _process: second }, webhook))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn root(&self) -> Clients {
        Clients::root(&self.url())
    }
}

fn launch(program: &Path, folder: &Path, port: u16, log: &str) -> Result<Process> {
    let log: PathBuf = folder.join(log);
    let kubernetes = free_port()?;
    let mut process = Process::start_with(program, &[], &log, |command| {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("STATE_DIR", folder)
            .env("PERSIST_STATE", "1")
            .env("AUTH", "true")
            .env("EKS_BASE_PORT", kubernetes.to_string())
            .env("DOCKER_HOST", "unix:///nowhere");
    })?;
    let started = Instant::now();
    while !is_healthy(port) {
        process.check()?;
        if started.elapsed() > LONGEST {
            bail!("ministack is not healthy after {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(process)
}

fn is_healthy(port: u16) -> bool {
    let get = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ministack/health HTTP/1.0\r\nhost: localhost\r\n\r\n")?;
        let mut response = String::new();
        stream.take(64).read_to_string(&mut response)?;
        Ok(response)
    };
    get().is_ok_and(|response| response.split(' ').nth(1) == Some("200"))
}

async fn create_cluster(root: &Clients, name: &str) -> Result<()> {
    use aws_sdk_eks::types::{AuthenticationMode, CreateAccessConfigRequest, VpcConfigRequest};
    let trust = assumable_by("Service", "eks.amazonaws.com");
    root.iam
        .create_role()
        .role_name("eks")
        .assume_role_policy_document(trust)
        .send()
        .await
        .context("CreateRole eks")?;
    root.eks
        .create_cluster()
        .name(name)
        .version(kubernetes_version())
        .role_arn(format!("arn:aws:iam::{ACCOUNT}:role/eks"))
        .resources_vpc_config(VpcConfigRequest::builder().subnet_ids("subnet-1").build())
        .access_config(
            CreateAccessConfigRequest::builder()
                .authentication_mode(AuthenticationMode::Api)
                .bootstrap_cluster_creator_admin_permissions(false)
                .build(),
        )
        .send()
        .await
        .context("CreateCluster")?;
    let started = Instant::now();
    loop {
        let cluster = root.eks.describe_cluster().name(name).send().await?.cluster;
        if cluster.and_then(|cluster| cluster.status).is_some_and(|status| status.as_str() == "ACTIVE") {
            break;
        }
        if started.elapsed() > LONGEST {
            bail!("the cluster is not ACTIVE after {LONGEST:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let enforcing = json!({"enableNetworkPolicy": "true"}).to_string();
    for (addon, configuration) in
        [("coredns", None), ("eks-pod-identity-agent", None), ("kube-proxy", None), ("vpc-cni", Some(enforcing))]
    {
        root.eks
            .create_addon()
            .cluster_name(name)
            .addon_name(addon)
            .set_configuration_values(configuration)
            .send()
            .await
            .context("CreateAddon")?;
    }
    Ok(())
}

/// Points the cluster of a stopped ministack to the API server; returns its webhook's secret.
fn join(state: &Path, name: &str, endpoint: &Endpoint) -> Result<String> {
    let text = fs::read_to_string(state).with_context(|| format!("no state in {}", state.display()))?;
    let mut document: Value = serde_json::from_str(&text)?;
    let cluster = find(&mut document, name).context("the state holds no such cluster")?;
    cluster["endpoint"] = endpoint.url.as_str().into();
    cluster["certificateAuthority"]["data"] = endpoint.ca_data.as_str().into();
    let secret = cluster["_auth_token"].as_str().context("no secret")?.to_owned();
    if let Some(cluster) = cluster.as_object_mut() {
        // With a port of its own it would show that one.
        cluster.remove("_port");
    }
    fs::write(state, document.to_string())?;
    Ok(secret)
}

/// The state's outer form differs between versions; a cluster is what has this name and a webhook's secret.
fn find<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    if value.get("name").is_some_and(|found| found == name) && value.get("_auth_token").is_some() {
        return Some(value);
    }
    match value {
        Value::Object(map) => map.values_mut().find_map(|value| find(value, name)),
        Value::Array(list) => list.iter_mut().find_map(|value| find(value, name)),
        _ => None,
    }
}

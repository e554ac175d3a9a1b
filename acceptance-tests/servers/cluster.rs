//! A real Kubernetes API: etcd, kube-apiserver and kube-controller-manager on free ports of the loopback, with certificates of their
//! own. No nodes, no CNI: objects, field ownership, admission, RBAC and namespaces that terminate are real.

use super::{
    certificates::{Authority, Pair},
    ports::free_port,
    process::Process,
    programs::Programs,
};
use anyhow::{Result, bail};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goldenpath_adapters::kube::{Credentials, Endpoint, EndpointSource, Kube, Kubeconfig};
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey},
    ports::{Objects as _, PortError, Scope, Selector},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// An API server is ready in 4.5 s, and a busy machine has been seen to take five times as long.
const LONGEST_START: Duration = Duration::from_secs(90);

/// What is settled before the servers start, so that others can be configured with it.
pub struct Plan {
    folder: tempfile::TempDir,
    authority: Authority,
    port: u16,
}

/// Running, until dropped.
pub struct Cluster {
    plan: Plan,
    admin: PathBuf,
    /// What the API server was started with.
    programs: Programs,
    etcd_port: u16,
    token_webhook: Option<String>,
    /// Controllers, API server, etcd. Ended in this order: no client outlives its server by much.
    processes: Mutex<[Process; 3]>,
}

// === impl Plan ===

impl Plan {
    pub fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::Builder::new().prefix("gp-kube").tempdir()?,
            authority: Authority::new()?,
            port: free_port()?,
        })
    }

    /// What DescribeCluster would say.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { url: format!("https://127.0.0.1:{}", self.port), ca_data: STANDARD.encode(self.authority.pem()) }
    }

    /// `token_webhook`: who reviews bearer tokens (TokenReview v1).
    pub fn start(self, programs: &Programs, token_webhook: Option<&str>) -> Result<Cluster> {
        let etcd_port = free_port()?;
        let etcd = self.start_etcd(programs, etcd_port)?;
        let api_server = self.start_api_server(programs, etcd_port, token_webhook)?;
        let admin = self.kubeconfig("admin", "system:masters")?;
        let mut processes = [etcd, api_server];
        let namespace = |name: &str| ObjectKey::namespace_object(name);
        wait_for(&self, &admin, &mut processes, &[namespace("default"), bootstrap_role()])?;
        let [etcd, api_server] = processes;
        let controllers = self.start_controllers(programs, &admin)?;
        let mut processes = [controllers, api_server, etcd];
        let account = ObjectKey::kube("v1", "ServiceAccount", Some("default"), "default");
        wait_for(&self, &admin, &mut processes, &[account])?;
        Ok(Cluster {
            plan: self,
            admin,
            programs: programs.clone(),
            etcd_port,
            token_webhook: token_webhook.map(str::to_owned),
            processes: Mutex::new(processes),
        })
    }

    fn start_etcd(&self, programs: &Programs, port: u16) -> Result<Process> {
        let url = format!("http://127.0.0.1:{port}");
        let arguments = [
            format!("--data-dir={}", self.path("etcd").display()),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls=http://127.0.0.1:{}", free_port()?),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=error".to_owned(),
        ];
        Process::start(&programs.etcd, &arguments, &self.path("etcd.log"))
    }

    fn start_api_server(&self, programs: &Programs, etcd: u16, webhook: Option<&str>) -> Result<Process> {
        let serving = self.write("serving", &self.authority.server()?)?;
        // Any pair will do for the tokens of ServiceAccounts.
        let (account_public, account_private) = &serving;
        let ca = self.path("ca.crt");
        fs::write(&ca, self.authority.pem())?;
        let mut arguments = vec![
            format!("--etcd-servers=http://127.0.0.1:{etcd}"),
            format!("--secure-port={}", self.port),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--cert-dir={}", self.folder.path().display()),
            format!("--tls-cert-file={}", serving.0.display()),
            format!("--tls-private-key-file={}", serving.1.display()),
            format!("--client-ca-file={}", ca.display()),
            "--authorization-mode=RBAC".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--service-account-issuer=https://test".to_owned(),
            format!("--service-account-key-file={}", account_public.display()),
            format!("--service-account-signing-key-file={}", account_private.display()),
        ];
        if let Some(url) = webhook {
            let config = self.path("token-webhook.json");
            let config_text = json!({"apiVersion": "v1", "kind": "Config", "current-context": "webhook",
                "clusters": [{"name": "webhook", "cluster": {"server": url}}],
                "users": [{"name": "api-server", "user": {}}],
                "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "api-server"}}]});
            fs::write(&config, config_text.to_string())?;
            arguments.extend([
                format!("--authentication-token-webhook-config-file={}", config.display()),
                "--authentication-token-webhook-version=v1".to_owned(),
                "--authentication-token-webhook-cache-ttl=1s".to_owned(),
            ]);
        }
        Process::start(&programs.api_server, &arguments, &self.path("kube-apiserver.log"))
    }

    fn start_controllers(&self, programs: &Programs, kubeconfig: &Path) -> Result<Process> {
        let kubeconfig = kubeconfig.display();
        let arguments = [
            format!("--kubeconfig={kubeconfig}"),
            format!("--authentication-kubeconfig={kubeconfig}"),
            format!("--authorization-kubeconfig={kubeconfig}"),
            "--leader-elect=false".to_owned(),
            // Each as its own ServiceAccount: a guard must not be in their way.
            "--use-service-account-credentials".to_owned(),
            format!("--service-account-private-key-file={}", self.path("serving.key").display()),
            format!("--secure-port={}", free_port()?),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--cert-dir={}", self.folder.path().display()),
            "--controllers=namespace-controller,garbage-collector-controller,resourcequota-controller,\
             serviceaccount-controller,validatingadmissionpolicy-status-controller"
                .to_owned(),
        ];
        Process::start(&programs.controllers, &arguments, &self.path("kube-controller-manager.log"))
    }

    /// Writes a kubeconfig whose client certificate says who one is.
    fn kubeconfig(&self, user: &str, group: &str) -> Result<PathBuf> {
        let (certificate, key) = self.write(user, &self.authority.client(user, group)?)?;
        let Endpoint { url, ca_data } = self.endpoint();
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority-data": ca_data}}],
            "users": [{"name": user, "user": {"client-certificate": certificate, "client-key": key}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}]});
        let path = self.path(&format!("{user}.kubeconfig"));
        fs::write(&path, config.to_string())?;
        Ok(path)
    }

    fn write(&self, name: &str, pair: &Pair) -> Result<(PathBuf, PathBuf)> {
        let (certificate, key) = (self.path(&format!("{name}.crt")), self.path(&format!("{name}.key")));
        fs::write(&certificate, &pair.certificate)?;
        fs::write(&key, &pair.key)?;
        Ok((certificate, key))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

// === impl Cluster ===

impl Cluster {
    pub fn endpoint(&self) -> Endpoint {
        self.plan.endpoint()
    }

    /// The authority, and a certificate and key of its for another server on the loopback.
    pub fn serving(&self) -> Result<(String, String, String)> {
        let Pair { certificate, key } = self.plan.authority.server()?;
        Ok((self.plan.authority.pem(), certificate, key))
    }

    /// Kills the API server and starts it again on what etcd holds.
    pub fn restart_api_server(&self) -> Result<()> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes[1].end();
        processes[1] = self.plan.start_api_server(&self.programs, self.etcd_port, self.token_webhook.as_deref())?;
        wait_for(&self.plan, &self.admin, &mut *processes, &[bootstrap_role()])
    }

    /// Of a member of `system:masters`.
    pub fn admin(&self) -> &Path {
        &self.admin
    }

    /// A kubeconfig of anyone, by name and group; RBAC says what that means.
    pub fn kubeconfig(&self, user: &str, group: &str) -> Result<PathBuf> {
        self.plan.kubeconfig(user, group)
    }

    /// The adapter, as whoever the kubeconfig is of.
    pub fn kube(&self, kubeconfig: &Path) -> Kube {
        kube(self.endpoint(), kubeconfig)
    }
}

/// Every cluster is at this place.
struct At(Endpoint);

#[async_trait]
impl EndpointSource for At {
    async fn endpoint(&self, _cluster: &ClusterArn) -> Result<Endpoint, PortError> {
        Ok(self.0.clone())
    }
}

pub fn kube(endpoint: Endpoint, kubeconfig: &Path) -> Kube {
    let kubeconfig = Kubeconfig { path: Some(kubeconfig.to_owned()), ..Kubeconfig::default() };
    Kube::new(Arc::new(At(endpoint)), Credentials::Kubeconfig(kubeconfig))
}

/// RBAC's own roles are the last that an API server makes at its first start.
fn bootstrap_role() -> ObjectKey {
    ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, "view")
}

/// Until all of these are there.
fn wait_for(plan: &Plan, admin: &Path, processes: &mut [Process], keys: &[ObjectKey]) -> Result<()> {
    let kube = kube(plan.endpoint(), admin);
    let cluster: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse()?;
    let selector = Selector { scope: Scope::Keys, keys: keys.to_vec() };
    let started = Instant::now();
    crate::block_on(async {
        loop {
            let seen = kube.observe(&cluster, &selector).await;
            if seen.as_ref().is_ok_and(|seen| seen.len() == keys.len()) {
                return Ok(());
            }
            for process in processes.iter_mut() {
                process.check()?;
            }
            if started.elapsed() > LONGEST_START {
                bail!("the servers are not ready after {LONGEST_START:?}: {seen:?}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}

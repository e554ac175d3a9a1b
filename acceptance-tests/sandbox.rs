//! The sandbox beside the provider and not through it: what is there, and changes out of band.

use acceptance_tests::servers::ministack::cluster_arn;
use anyhow::{Context as _, Result};
use goldenpath_core::domain::{ObjectKey, Ownership};
use goldenpath_sandbox as adapter;
use serde_json::Value as Json;
use std::{future::Future, path::Path, thread};

pub struct Sandbox(adapter::Sandbox);

/// One call that the provider made.
#[derive(Clone, Debug)]
pub struct CallRow {
    pub verb: String,
    pub key: String,
    pub ok: bool,
}

/// What goes wrong at which calls; the words are those of `sandbox fault add`.
#[derive(Clone, Debug)]
pub struct FaultRow {
    action: &'static str,
    verb: Option<&'static str>,
    key: Option<String>,
    nth: Option<u32>,
}

impl FaultRow {
    pub fn new(action: &'static str) -> Self {
        Self { action, verb: None, key: None, nth: None }
    }

    pub fn verb(self, verb: &'static str) -> Self {
        Self { verb: Some(verb), ..self }
    }

    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The n-th call that matches, from 1, and no other.
    pub fn nth(self, n: u32) -> Self {
        Self { nth: Some(n), ..self }
    }
}

impl Sandbox {
    pub fn at(path: &Path) -> Self {
        Self(adapter::Sandbox::open(path, adapter::SandboxOptions::default()))
    }

    /// Makes the cluster one with the CRDs of every network engine, and of EKS Auto Mode if so wished.
    pub fn declare_cluster(path: &Path, auto_mode: bool) -> Result<()> {
        let mut cluster = adapter::ClusterOptions::new(cluster_arn().parse()?);
        cluster.auto_mode = auto_mode;
        cluster.crds =
            ["ciliumnetworkpolicies.cilium.io", "applicationnetworkpolicies.networking.k8s.aws"].map(Into::into).into();
        let options = adapter::SandboxOptions { clusters: vec![cluster], ..Default::default() };
        wait(adapter::Sandbox::open(path, options).list())?;
        Ok(())
    }

    /// Keys of everything that is ours: what carries our mark, and what we set fields of.
    pub fn ours(&self) -> Result<Vec<String>> {
        let mut keys = vec![];
        for listed in wait(self.0.list())? {
            let is_ours = match listed.ownership {
                Ownership::Ours(_) | Ownership::Cluster => true,
                // Kubernetes makes these; we set one field of them.
                Ownership::Foreign { .. } => {
                    listed.key.kind() == "ServiceAccount" && has_our_fields(&wait(self.0.show(&listed.key))?)
                }
            };
            if is_ours {
                keys.push(listed.key.to_string());
            }
        }
        keys.sort();
        Ok(keys)
    }

    /// What the target made up for an object: another object of the same name has another one.
    pub fn generated_id(&self, key: &str) -> Result<Json> {
        let document = self.document(key)?;
        let at = ["/metadata/uid", "/role_id", "/association_id", "/principal_id"];
        Ok(at.into_iter().find_map(|pointer| document.pointer(pointer)).cloned().unwrap_or(Json::Null))
    }

    pub fn document(&self, key: &str) -> Result<Json> {
        wait(self.0.show(&self.key(key)?)).with_context(|| key.to_owned())
    }

    /// As `kubectl edit` does: every leaf of `change` is set.
    pub fn edit(&self, key: &str, change: &Json) -> Result<()> {
        self.set(key, change, "kubectl-edit", false)
    }

    /// By somebody who says what it is called.
    pub fn edit_as(&self, key: &str, change: &Json, manager: &str) -> Result<()> {
        self.set(key, change, manager, false)
    }

    /// As a controller does that declares these fields by server-side apply.
    pub fn declare(&self, key: &str, change: &Json, manager: &str) -> Result<()> {
        self.set(key, change, manager, true)
    }

    fn set(&self, key: &str, change: &Json, manager: &str, declared: bool) -> Result<()> {
        let object = self.key(key)?;
        let mut leaves = vec![];
        collect("", change, &mut leaves);
        for (pointer, value) in leaves {
            wait(self.0.edit(&object, &pointer, Some(value), manager, declared)).with_context(|| key.to_owned())?;
        }
        Ok(())
    }

    pub fn delete(&self, key: &str) -> Result<()> {
        wait(self.0.remove(&self.key(key)?)).with_context(|| key.to_owned()).map(drop)
    }

    pub fn fault(&self, fault: &FaultRow) -> Result<()> {
        let FaultRow { action, verb, key, nth } = fault;
        let mut made = adapter::Fault::new(action.parse()?);
        made.verb = verb.map(str::parse).transpose()?;
        made.key = key.clone();
        if let Some(nth) = nth {
            made = made.nth(*nth);
        }
        wait(self.0.add_fault(made))?;
        Ok(())
    }

    pub fn a_fault_was_met(&self) -> Result<bool> {
        Ok(wait(self.0.faults())?.iter().any(|row| row.fired > 0))
    }

    pub fn clear_faults(&self) -> Result<()> {
        Ok(wait(self.0.clear_faults())?)
    }

    /// The log, oldest first.
    pub fn calls(&self) -> Result<Vec<CallRow>> {
        let calls = wait(self.0.calls())?.into_iter();
        Ok(calls.map(|call| CallRow { verb: call.verb.to_string(), ok: call.outcome == "ok", key: call.key }).collect())
    }

    fn key(&self, text: &str) -> Result<ObjectKey> {
        Ok(text.parse()?)
    }
}

/// Of a document of Kubernetes.
pub fn has_our_fields(document: &Json) -> bool {
    let mut managers = document["metadata"]["managedFields"].as_array().into_iter().flatten();
    managers.any(|manager| manager["manager"].as_str().is_some_and(|name| name.starts_with("goldenpath")))
}

/// Every leaf of a change, with its JSON pointer.
pub fn collect(at: &str, change: &Json, leaves: &mut Vec<(String, Json)>) {
    match change {
        Json::Object(entries) => {
            for (name, inner) in entries {
                collect(&format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), inner, leaves);
            }
        }
        leaf => leaves.push((at.to_owned(), leaf.clone())),
    }
}

/// Waits for a future of the sandbox. Stories have no runtime, and inside one another may not be entered: so it has one of its
/// own, on a thread of its own.
fn wait<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.unwrap_or_else(|error| panic!("{error}")).block_on(future)
    };
    thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

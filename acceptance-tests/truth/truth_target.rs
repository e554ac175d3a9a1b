//! The target that a case lives in: the sandbox, or the real servers, where cases live side by side under names of their own.

use crate::{outside::Outside, sandbox::Sandbox, server::Server};
use acceptance_tests::{
    client::Client,
    servers::{Real, seed},
};
use anyhow::Result;
use serde_json::Value as Json;
use std::{collections::BTreeSet, sync::Arc};

pub enum TruthTarget {
    Sandbox(Sandbox),
    Real(Box<RealPart>),
}

/// A part of the real targets: whose keys hold its tag is of this case, and principals are not shared with others.
pub struct RealPart {
    outside: Outside,
    pub tag: String,
}

const SETS: [&str; 4] = ["AdministratorAccess", "PlatformEngineer", "PaymentsDev", "PaymentsView"];
const ROLES: [&str; 2] = ["pay-admin", "ci"];

impl TruthTarget {
    pub async fn client(&self, server: &Server) -> Result<Client> {
        match self {
            Self::Sandbox(_) => server.sandbox_client().await,
            Self::Real(part) => {
                let real = &part.outside.real;
                server.client(&real.provider_config(&real.ministack.url())).await
            }
        }
    }

    /// Of this environment; in the sandbox there is no other.
    pub async fn ours(&self, environment: &str) -> Result<BTreeSet<String>> {
        match self {
            Self::Sandbox(sandbox) => Ok(sandbox.ours()?.into_iter().collect()),
            Self::Real(part) => {
                let mut keys = part.outside.of_environment(environment).await?;
                keys.extend(part.outside.in_eks(&part.tag).await?);
                Ok(keys)
            }
        }
    }

    pub async fn document(&self, key: &str) -> Result<Json> {
        match self {
            Self::Sandbox(sandbox) => sandbox.document(key),
            Self::Real(part) => part.outside.document(key).await,
        }
    }

    pub async fn edit(&self, key: &str, change: &Json) -> Result<()> {
        match self {
            Self::Sandbox(sandbox) => sandbox.edit(key, change),
            Self::Real(part) => part.outside.edit(key, change).await,
        }
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        match self {
            Self::Sandbox(sandbox) => sandbox.delete(key),
            Self::Real(part) => part.outside.delete(key).await,
        }
    }

    /// The name of a case's environment.
    pub fn name(&self, seed: u64) -> String {
        match self {
            Self::Sandbox(_) => format!("t{seed}"),
            Self::Real(part) => format!("{}{seed}", part.tag),
        }
    }

    /// The same request, as this target can grant it. Twice is once.
    pub fn fit(&self, mut spec: Json) -> Json {
        let Self::Real(part) = self else { return spec };
        // No kind of Cilium's is served there.
        if let Some(network) = spec["network"].as_object_mut()
            && network.get("engine").is_some_and(|engine| engine == "cilium")
        {
            network.insert("engine".into(), "auto".into());
            network.remove("egress_fqdns");
        }
        let mut text = spec.to_string();
        for set in SETS {
            text = text.replace(&format!("\"{set}\""), &format!("\"{}{set}\"", part.tag));
        }
        for role in ROLES {
            text = text.replace(&format!(":role/{role}\""), &format!(":role/{}-{role}\"", part.tag));
        }
        serde_json::from_str(&text).unwrap_or(spec)
    }
}

impl RealPart {
    pub async fn new(real: &Arc<Real>, tag: String) -> Result<Self> {
        let root = real.ministack.root();
        for (number, set) in SETS.into_iter().enumerate() {
            let name = format!("AWSReservedSSO_{tag}{set}_0123456789abcde{number}");
            seed::create_role(&root, "/aws-reserved/sso.amazonaws.com/eu-west-1/", &name).await?;
        }
        for role in ROLES {
            seed::create_role(&root, "/", &format!("{tag}-{role}")).await?;
        }
        Ok(Self { outside: Outside::of(real).await?, tag })
    }
}

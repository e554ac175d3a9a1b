//! The document's own form. Every struct denies unknown fields: a misspelt maximum must not be no maximum.

pub use super::grants::{Admission, GrantForm, Grants, OWNER_PLACEHOLDERS, PLACEHOLDERS, fill_cluster, fill_owner};
use super::{
    applies::AppliesTo,
    life::{Deprecation, PathReference, Status},
    manifests::{Manifest, Tuning},
    metadata::PathMetadata,
    parameters::Parameters,
    policies::{PathPolicies, PathPolicy},
    roles::PathRoles,
};
use crate::{
    domain::{
        DefaultDeny, Isolation, PersonaName, PodSecurityLevel, Quantities, Quantity, Spread, TierClass, TierName,
        Version,
    },
    policy::document::API_VERSION,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldenPath {
    #[serde(rename = "apiVersion")]
    pub api_version: ApiVersion,
    pub kind: PathKind,
    /// Becomes a label: a-z, 0-9 and '-', at most 63 characters.
    pub name: String,
    /// `major.minor.patch`. A version never changes: publish a new one.
    pub version: Version,
    /// What this document differs from: a version of the same path, or `<name> <version>` of another one. Maps are merged, everything
    /// else is replaced, null removes a field. `default`, `status`, `deprecation` and `changelog` are not inherited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub extends: Option<PathReference>,
    /// Environments without `golden_path` get this path, and not the built-in one.
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub description: String,
    /// Who is responsible for the path, such as an email address or a chat channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default)]
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<Deprecation>,
    /// What this version changes for teams, one entry for each change.
    #[serde(default)]
    pub changelog: Vec<String>,
    #[serde(default)]
    pub applies_to: AppliesTo,
    pub reserved: Reserved,
    #[serde(default)]
    pub metadata: PathMetadata,
    /// Custom resources of operators that personas may use: on every cluster whose baseline accepts this path and is applied with it in the
    /// catalogue, in all its environments.
    #[serde(default)]
    pub roles: PathRoles,
    /// What teams can set under `parameters` in HCL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: Parameters,
    /// Objects in addition to the built-in ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Manifest>,
    /// Cluster-scoped kinds that `manifests` may have, as `<apiVersion> <kind>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster_kinds: Vec<String>,
    /// Built-in objects to leave out or change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Tuning>,
    /// Policies that judge the objects, in the plan and at admission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PathPolicy>,
    /// As they were found in the catalogue.
    #[serde(skip)]
    pub resolved_policies: PathPolicies,
    pub network: PathNetwork,
    #[serde(with = "shared")]
    #[schemars(with = "BTreeMap<String, Tier>")]
    pub tiers: BTreeMap<TierName, Arc<Tier>>,
    #[serde(skip)]
    pub digest: PathDigest,
}

/// Of the parsed content, 64 hexadecimal characters. It takes as long as all else of a path, and of most of a catalogue nobody asks it.
#[derive(Clone, Debug, Default)]
pub struct PathDigest(pub(super) OnceLock<String>);

/// The form of all documents of a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    #[serde(rename = "goldenpath.internal/v1")]
    V1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PathKind {
    GoldenPath,
}

// === impl PathDigest ===

impl PathDigest {
    /// That of a document that was released.
    pub(super) fn of_release(digest: &str) -> Self {
        Self(OnceLock::from(digest.to_owned()))
    }
}

/// It follows from the content, which is compared by itself.
impl PartialEq for PathDigest {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl ApiVersion {
    pub const TEXT: &'static str = API_VERSION;
}

// === impl Reserved ===

impl Reserved {
    pub fn has(&self, namespace: &str) -> bool {
        let Self { prefixes, namespaces } = self;
        namespaces.iter().any(|name| name == namespace) || prefixes.iter().any(|prefix| namespace.starts_with(prefix))
    }
}

/// All that is resolved by a tier shares it.
mod shared {
    use super::{Arc, BTreeMap, Tier, TierName};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(tiers: &BTreeMap<TierName, Arc<Tier>>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(tiers.iter().map(|(name, tier)| (name, tier.as_ref())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<TierName, Arc<Tier>>, D::Error> {
        let tiers = BTreeMap::<TierName, Tier>::deserialize(deserializer)?;
        Ok(tiers.into_iter().map(|(name, tier)| (name, Arc::new(tier))).collect())
    }
}

/// Names that no namespace of an environment or slot may have, whichever of the golden paths that the cluster accepts makes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reserved {
    pub prefixes: Vec<String>,
    pub namespaces: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathNetwork {
    /// Namespaces whose pods may connect to every pod, to scrape metrics; an environment can narrow the list. Each must be in `reserved`,
    /// so that no environment can have its name.
    pub monitoring_namespaces: Vec<String>,
    /// By name, in addition to `same_environment`, which every path has.
    pub egress_presets: BTreeMap<String, Preset>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    pub cidrs: Vec<String>,
    /// Parts of `cidrs` that stay closed, in addition to the metadata service.
    #[serde(default)]
    pub except: Vec<String>,
    /// TCP ports that are open to `cidrs` and `fqdns`; an empty list opens all.
    pub ports: Vec<u16>,
    /// Domain names that the engines `eks_auto` and `cilium` open, with the placeholders `{partition}`, `{account}`, `{region}` and
    /// `{dns_suffix}`.
    #[serde(default)]
    pub fqdns: Vec<String>,
    /// Whether to add the first address of the Service range, where pods reach the API server.
    #[serde(default)]
    pub kubernetes_service: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub class: TierClass,
    pub deletion_protection: bool,
    /// Whether an environment must have an `owner`. Absent: in class prod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_required: Option<bool>,
    pub pod_security: TierPodSecurity,
    pub quota: TierQuota,
    pub limits: TierLimits,
    pub network: TierNetwork,
    /// All four personas, each with the persona whose ClusterRole it gets in this tier: itself or a lower one.
    pub roles: BTreeMap<PersonaName, PersonaName>,
    pub slot: TierSlot,
    pub grants: Grants,
}

impl Tier {
    /// Whose permissions a persona has.
    pub fn role(&self, persona: PersonaName) -> PersonaName {
        self.roles.get(&persona).copied().unwrap_or(PersonaName::Viewer)
    }

    pub fn requires_owner(&self) -> bool {
        self.owner_required.unwrap_or(self.class == TierClass::Prod)
    }

    /// The memory limit that goes with a memory request: both move together.
    pub fn memory_limit(&self, request: &Quantity) -> Option<Quantity> {
        let defaults = &self.quota.total;
        request.scale(defaults.get("limits.memory")?, defaults.get("requests.memory")?)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierPodSecurity {
    pub enforce: PodSecurityLevel,
    pub warn: PodSecurityLevel,
    pub audit: PodSecurityLevel,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierQuota {
    pub total: Quantities,
    /// The maximum of each resource in `total`, as a multiple of its default. A resource that is not in `total` has no maximum.
    pub max_factor: u32,
    /// Maximums of resources in `total` for which `max_factor` does not fit.
    #[serde(default)]
    pub max: Quantities,
    /// What shared slots leave free of the environment's own part, in percent, for rolling updates.
    pub headroom_percent: u32,
    /// The part of the total that isolated slots have, in percent.
    pub slots_percent: SlotsPercent,
}

/// The default, and the range that an environment may set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotsPercent {
    pub default: u32,
    pub min: u32,
    pub max: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierLimits {
    /// Memory limit of a container that sets none. A container that requests more and sets no limit is refused. Absent: no default limit.
    #[serde(default)]
    pub default_memory: Option<Quantity>,
    pub default_request_cpu: Quantity,
    pub default_request_memory: Quantity,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierNetwork {
    /// The default and the minimum: an environment may deny more, never less.
    pub default_deny: DefaultDeny,
    /// Presets that every environment has, in addition to those it asks for.
    pub egress_presets: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierSlot {
    pub isolation: Isolation,
    pub share: TierShare,
    pub min_replicas: u32,
    /// The default of `share.max_replicas`: a slot can set more, as far as the quota has room.
    pub max_replicas: u32,
    /// null: no PodDisruptionBudget unless the slot sets `max_unavailable`.
    pub max_unavailable: Option<String>,
    pub spread: Spread,
    /// In class prod: allows `identity.scope = "role_only"` for slots that share a namespace, whose pods can then all take the role.
    #[serde(default)]
    pub shared_role_only: bool,
    /// Quota of an isolated slot's namespace, in addition to its share.
    pub quota: Quantities,
    /// Maximums of a slot's `quota`. Other resources are limited by the environment's quota alone.
    #[serde(default)]
    pub max: Quantities,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierShare {
    pub cpu: Quantity,
    pub memory: Quantity,
}

// === impl TierQuota ===

impl TierQuota {
    /// The most of a resource that a request may ask for; `None`: the path sets no maximum.
    pub fn maximum(&self, resource: &str) -> Option<Quantity> {
        let own = || self.total.get(resource)?.percent(self.max_factor.saturating_mul(100));
        self.max.get(resource).cloned().or_else(own)
    }
}

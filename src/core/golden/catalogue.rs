//! A catalogue is a set of golden paths; a golden path is a named, versioned document from which the objects of a spec are rendered.
//!
//! Everything that a platform team decides stands in the document: tiers, their defaults and maximums, and the grants, which a
//! product team's HCL can only narrow. The digest is over the parsed content, so that a comment moves nothing.

mod accepted;
mod applies;
mod choice;
mod digest;
mod document;
mod documents;
mod extends;
mod faults;
mod grants;
mod life;
mod manifests;
mod mentions;
mod metadata;
mod parameters;
mod policies;
mod read;
mod roles;
mod template;
mod validate;

pub use document::{
    Admission, GoldenPath, GrantForm, Grants, Reserved, SlotsPercent, Tier, TierLimits, TierPodSecurity, TierSlot,
    fill_cluster, fill_owner,
};
pub use documents::CatalogueError;
pub use extends::OWN_FIELDS;
pub use life::{Life, PathReference, Status};
pub use manifests::{Each, Manifest, Tuning};
pub use parameters::{Parameter, ParameterOf};
pub use read::{At, Wrong};
pub use roles::RoleRule;
pub use template::{NAMES, Unfilled};

use crate::{
    domain::{PathVersion, PersonaName, Problem, TierName, Version, VersionConstraint},
    policy::document::{Policy, PolicyForm},
};
use documents::{EMBEDDED, Embedded, faults_of, read_all};
use jiff::civil::Date;
use read::Written;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

/// Sorted by name and version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    paths: Vec<Arc<GoldenPath>>,
    /// The version that rendered this request before.
    held: Option<PathVersion>,
    /// `None`: it is not known.
    today: Option<Date>,
}

/// The golden path and the tier by which a request is resolved and judged.
#[derive(Clone, Debug)]
pub struct Terms {
    pub path: Arc<GoldenPath>,
    pub tier: Arc<Tier>,
}

// === impl Catalogue ===

impl Catalogue {
    /// The built-in paths, parsed once in the life of the process.
    pub fn built_in() -> Arc<Self> {
        // A test parses the documents, so that an empty catalogue is never seen.
        static PARSED: LazyLock<Arc<Catalogue>> =
            LazyLock::new(|| Arc::new(Catalogue::with_documents([]).unwrap_or_default()));
        Arc::clone(&PARSED)
    }

    /// The built-in documents as people read them, each as (name for messages, YAML).
    pub fn built_in_documents() -> impl Iterator<Item = (&'static str, &'static str)> {
        EMBEDDED.iter().map(|Embedded { document, text, .. }| (*document, *text))
    }

    /// The name and version that a document says it has.
    pub fn id_of(text: &str) -> Option<(String, String)> {
        let written = Written::read("", text).ok()?;
        let (name, version) = written.id();
        Some((name.to_owned(), version.to_owned()))
    }

    /// The built-in paths and more documents, each as (name for messages, YAML). Where one of them is the default, none that is
    /// built in is.
    pub fn with_documents<'a>(documents: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        let more = read_all(documents)?;
        let replaces = more.iter().any(|(_, path)| path.default);
        let mut paths = vec![];
        for Embedded { document, json, digest, .. } in EMBEDDED {
            let path = read::built_in(json, digest).map_err(|fault| {
                let at = At { document: document.to_owned(), position: None };
                Wrong { at, reason: format!("{}: {}", fault.field, fault.reason) }
            })?;
            paths.push((document, GoldenPath { default: path.default && !replaces, ..path }));
        }
        paths.extend(more);
        Self::of(paths)
    }

    /// Without the built-in paths.
    pub fn of_documents<'a>(documents: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        Self::of(read_all(documents)?)
    }

    /// Everything that is wrong with these documents beside the built-in ones; none: they make a catalogue.
    pub fn faults<'a>(documents: &[(&'a str, &'a str)]) -> Vec<CatalogueError> {
        let mut faults = faults_of(documents);
        if faults.is_empty() {
            faults.extend(Self::with_documents(documents.iter().copied()).err());
        }
        faults
    }

    /// The JSON Schema of a golden path's document, for editors.
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(GoldenPath).to_value();
        without_links(&mut schema);
        schema
    }

    /// The same of a policy's document.
    pub fn policy_schema() -> Value {
        let mut schema = schemars::schema_for!(PolicyForm).to_value();
        without_links(&mut schema);
        schema
    }

    fn of<'a>(read: impl IntoIterator<Item = (&'a str, GoldenPath)>) -> Result<Self, CatalogueError> {
        let mut paths: Vec<Arc<GoldenPath>> = vec![];
        let mut documents: Vec<&str> = vec![];
        for (document, path) in read {
            let GoldenPath { name, version, default, .. } = &path;
            if let Some(at) = paths.iter().position(|other| other.name == *name && other.version == *version) {
                let (document, other) = (document.to_owned(), documents[at].to_owned());
                return Err(CatalogueError::Twice { document, other, name: name.clone(), version: *version });
            }
            if let Some(other) = paths.iter().find(|other| *default && other.default && other.name != *name) {
                let (name, other) = (name.clone(), other.name.clone());
                return Err(CatalogueError::SecondDefault { document: document.into(), name, other });
            }
            paths.push(Arc::new(path));
            documents.push(document);
        }
        paths.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
        Ok(Self { paths, held: None, today: None })
    }

    pub fn paths(&self) -> &[Arc<GoldenPath>] {
        &self.paths
    }

    /// What all paths let a persona do with kinds of operators: ClusterRoles are the cluster's, whatever path an environment has.
    pub fn role_rules(&self, persona: PersonaName) -> BTreeSet<&RoleRule> {
        self.paths.iter().filter_map(|path| path.roles.get(&persona)).flat_map(|role| &role.rules).collect()
    }

    /// The path and the tier that a request names.
    pub fn terms(
        &self,
        path: Option<&str>,
        wanted: Option<&VersionConstraint>,
        tier: &TierName,
    ) -> Result<Terms, Problem> {
        let path = self.path(path, wanted)?;
        let found = path.tiers.get(tier).map(|tier| Terms { path: Arc::clone(path), tier: Arc::clone(tier) });
        found.ok_or_else(|| {
            let names: Vec<&str> = path.tiers.keys().map(TierName::as_str).collect();
            let summary = format!("Golden path {} has no tier {tier}: use one of {}", path.name, names.join(", "));
            let detail = format!("Use one of its tiers: {}.", names.join(", "));
            Problem::error("catalogue.unknown_tier", summary, detail).at(["tier"])
        })
    }

    pub fn tier(&self, path: &PathVersion, tier: &TierName) -> Option<&Arc<Tier>> {
        self.version(&path.name, path.version)?.tiers.get(tier)
    }

    /// What is said today of everything that is made by it.
    pub fn notice(&self, path: &PathVersion, today: Date) -> Option<Problem> {
        self.version(&path.name, path.version)?.notice(today)
    }

    /// The policies that hold for what is made by it.
    pub fn policies(&self, path: &PathVersion) -> &[Arc<Policy>] {
        self.version(&path.name, path.version).map_or(&[], |path| &path.resolved_policies.0)
    }

    /// Newer ones than that by which something was made, and to which it may move.
    pub fn newer<'a>(&'a self, than: &'a PathVersion) -> impl DoubleEndedIterator<Item = &'a Arc<GoldenPath>> {
        self.versions(&than.name).filter(move |path| path.version > than.version && !self.is_removed(path))
    }

    fn versions<'a, 'b>(&'a self, name: &'b str) -> impl DoubleEndedIterator<Item = &'a Arc<GoldenPath>> + use<'a, 'b> {
        self.paths.iter().filter(move |path| path.name == name)
    }

    fn candidates<'a, 'b>(
        &'a self,
        name: &'b str,
        wanted: Option<&'b VersionConstraint>,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<GoldenPath>> {
        self.versions(name).filter(move |path| wanted.is_none_or(|wanted| wanted.admits(path.version)))
    }

    fn version(&self, name: &str, version: Version) -> Option<&Arc<GoldenPath>> {
        self.paths.iter().find(|path| path.name == name && path.version == version)
    }
}

impl GoldenPath {
    pub fn id(&self) -> PathVersion {
        PathVersion { name: self.name.clone(), version: self.version, digest: self.digest().to_owned() }
    }

    pub fn life(&self, today: Date) -> Life {
        Life::of(self.status, self.deprecation.as_ref(), today)
    }

    /// A warning that it ends, or the error that it has ended.
    pub fn notice(&self, today: Date) -> Option<Problem> {
        life::notice(&format!("{} {}", self.name, self.version), self.status, self.deprecation.as_ref(), today)
    }
}

/// Comments link to code, which readers of a schema do not have.
fn without_links(schema: &mut Value) {
    match schema {
        Value::String(text) if text.contains("[`") => *text = text.replace("[`", "`").replace("`]", "`"),
        Value::Array(items) => items.iter_mut().for_each(without_links),
        Value::Object(members) => members.values_mut().for_each(without_links),
        _ => {}
    }
}

#[cfg(test)]
mod tests;

//! The computed attributes, as far as they are known before anything is made.

use super::resolve::Resolved;
use crate::domain::{EnvironmentOutputs, Late};

pub fn outputs(resolved: &Resolved) -> EnvironmentOutputs {
    let Resolved { effective, summary, parent, personas, .. } = resolved;
    let roles =
        personas.iter().filter_map(|persona| Some((persona.name.to_string(), persona.role.as_ref()?.arn.clone())));
    let groups = personas.iter().map(|persona| (persona.name.to_string(), persona.groups.clone()));
    let entries = personas.iter().flat_map(|persona| &persona.principals).map(|arn| (arn.clone(), Late::Later));
    EnvironmentOutputs {
        id: Some(Late::Now(effective.spec.id().to_string())),
        resolved_version: Some(Late::Now(summary.golden_path_version.clone())),
        namespace_names: Some(Late::Now(parent.namespaces.clone())),
        rbac_groups: Some(Late::Now(groups.collect())),
        access_entry_arns: Some(Late::Now(entries.collect())),
        role_arns: Some(Late::Now(roles.collect())),
        ..EnvironmentOutputs::default()
    }
}

//! What IAM roles are called: by the environment or slot that they belong to, so that their names are known without reading any.

use super::{
    digest::short_hash,
    id::{Id, Place},
    names::{ClusterArn, PersonaName},
};

/// `gp-<environment>-<persona or slot>-<10 hex>`, at most 64. Names are unique per account whatever the path and without
/// regard to case, so the hash is over the cluster's ARN too.
pub fn role_name(cluster: &ClusterArn, environment: &str, slot: Option<&str>, persona: Option<PersonaName>) -> String {
    let persona = persona.map_or("", PersonaName::as_str);
    let hash = short_hash([cluster.as_str(), environment, slot.unwrap_or(""), persona], 10);
    let mut text = format!("{environment}-{}", slot.unwrap_or(persona));
    text.truncate(50);
    format!("gp-{}-{hash}", text.trim_end_matches('-'))
}

/// Of all roles that can be its own: those of an environment's personas, or that of a slot.
pub fn role_names(cluster: &ClusterArn, id: &Id) -> Vec<String> {
    match &id.place {
        Place::Cluster(_) => vec![],
        Place::Environment(environment) => {
            let of = |persona| role_name(cluster, environment.environment.as_str(), None, Some(persona));
            PersonaName::ALL.into_iter().map(of).collect()
        }
        Place::Inside(environment, name) => {
            vec![role_name(cluster, environment.environment.as_str(), Some(name.as_str()), None)]
        }
    }
}

//! The kinds of AWS behind the port: a module of each, its line in [`calls_of`] and in [`KINDS`].
//!
//! AWS has no versions: [`live::Live::version`] is a digest of all that was read, so that an expectation can be checked. Between the
//! read and the write somebody else may be faster; every write states all of what it is about, so nothing of ours is lost by it.

mod access_policies;
mod associations;
mod entries;
mod entry_defects;
mod everything;
mod grants;
mod kind_calls;
mod live;
mod named;
mod observe;
mod out_of_band;
mod port;
mod propagation;
mod roles;
mod selection;
mod tags;

pub use out_of_band::ConsoleEditor;

use goldenpath_core::domain::ObjectKey;
use kind_calls::KindCalls;

const KINDS: &[&dyn KindCalls] =
    &[&roles::Roles, &entries::AccessEntries, &access_policies::AccessPolicies, &associations::Associations];

/// `None`: Kubernetes has it.
fn calls_of(key: &ObjectKey) -> Option<&'static dyn KindCalls> {
    let calls: &dyn KindCalls = match key {
        ObjectKey::Role { .. } => &roles::Roles,
        ObjectKey::AccessEntry { .. } => &entries::AccessEntries,
        ObjectKey::AccessPolicy { .. } => &access_policies::AccessPolicies,
        ObjectKey::PodIdentityAssociation { .. } => &associations::Associations,
        ObjectKey::Kube { .. } => return None,
    };
    Some(calls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::kinds::{self, Placement};

    #[test]
    fn each_kind_of_aws_is_listed() {
        assert_eq!(KINDS.len(), kinds::all().filter(|kind| kind.placement == Placement::Aws).count());
    }
}

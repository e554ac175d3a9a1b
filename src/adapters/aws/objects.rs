//! The kinds of AWS behind the port: a module of each and its line in [`KINDS`].
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
    // Kubernetes has kinds of the same name: `Role`.
    KINDS.iter().copied().find(|calls| key.is_aws() && calls.kind().name == key.kind())
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::kinds::{self, Placement};

    #[test]
    fn each_kind_of_aws_is_listed_once_and_found_by_its_key() {
        let of_aws: Vec<_> = kinds::all().filter(|kind| kind.placement == Placement::Aws).collect();
        let names: Vec<&str> = of_aws.iter().map(|kind| kind.name).collect();
        let listed: Vec<&str> = KINDS.iter().map(|calls| calls.kind().name).collect();
        assert_eq!(listed, names, "in the order of core's list");
        for kind in of_aws {
            let key: ObjectKey = format!("aws/{}/{}/a/b/c", kind.api, kind.name).parse().expect(kind.name);
            assert_eq!(calls_of(&key).map(|calls| calls.kind().name), Some(kind.name));
        }
        let of_kubernetes: ObjectKey = "k8s/rbac.authorization.k8s.io/v1/Role/pay/a".parse().expect("a key");
        assert!(calls_of(&of_kubernetes).is_none(), "of the same name, and not of AWS");
    }
}

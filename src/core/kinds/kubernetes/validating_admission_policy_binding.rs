//! Where a guard of the baseline acts.

use crate::kinds::kind::{Kind, Writes};

pub const KIND: Kind = Kind {
    baseline: Writes::Rendered,
    environments: Writes::Nothing,
    openings: &["/spec/matchResources/excludeResourceRules"],
    ..Kind::cluster_wide(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
    )
};

//! A request that nothing was made of yet, for commands that plan without Terraform.

use goldenpath_core::{golden::Spec, provision::PreviewRequest};

pub(super) fn request_of(spec: Spec) -> PreviewRequest {
    PreviewRequest {
        spec,
        facts: None,
        path: None,
        parent: None,
        prior: None,
        replacing: None,
        variant: 0,
        again: false,
    }
}

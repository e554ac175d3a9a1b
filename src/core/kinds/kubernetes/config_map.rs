//! In `goldenpath-system` a record, whose text is ours alone and changes with every edit: it is never compared.

use crate::{
    domain::SYSTEM_NAMESPACE,
    kinds::kind::{Kind, Writes},
};

pub const KIND: Kind = Kind {
    baseline: Writes::Named(&["gp-baseline"]),
    // Nowhere else: `aws-auth` is a ConfigMap, too.
    environments: Writes::Within(SYSTEM_NAMESPACE),
    is_uncompared: |document, path| {
        path.starts_with("/data/")
            && document.pointer("/metadata/namespace").is_some_and(|name| name == SYSTEM_NAMESPACE)
    },
    roots: &["binaryData", "data", "immutable"],
    ..Kind::namespaced("v1", "ConfigMap", "configmaps")
};

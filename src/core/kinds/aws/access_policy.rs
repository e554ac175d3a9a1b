//! One namespace in the scope of one access policy of one principal.

use super::access_entry::name_of;
use crate::{
    domain::{Body, Fields, FieldsBuilder, Holder, ObjectKey},
    kinds::{
        kind::{Kind, Refresh, RemovalRank},
        words::Row,
    },
};

pub const KIND: Kind = Kind {
    // All of it is in the key, and another scope is none that we make.
    words: |rest| match rest.get("/accessScope/type") {
        Some("namespace") => {
            rest.take("/accessScope/type");
            vec![Row::one("scope", "namespace")]
        }
        _ => vec![],
    },
    short: |key| match key {
        ObjectKey::AccessPolicy { policy, namespace, principal } => {
            Some(format!("{policy} {namespace}/{}", name_of(principal)))
        }
        _ => None,
    },
    fields: |body| match body {
        Body::AccessPolicy(_) => Some(fields()),
        _ => None,
    },
    refresh: Refresh::WithEntry,
    ..Kind::aws("eks", "AccessPolicy", RemovalRank::AccessPolicy)
};

/// All of it is in the key; one field, so that what exists differs from what does not.
fn fields() -> Fields {
    let mut fields = FieldsBuilder::default();
    fields.push("/accessScope/type", "namespace", Holder::Us);
    fields.build()
}

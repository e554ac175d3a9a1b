//! One namespace in the scope of one access policy of one principal.

use crate::{
    domain::{Fields, FieldsBuilder, Holder},
    kinds::{
        kind::{Kind, RemovalRank},
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
    ..Kind::aws("eks", "AccessPolicy", RemovalRank::AccessPolicy)
};

/// All of it is in the key; one field, so that what exists differs from what does not.
pub(in crate::kinds) fn fields() -> Fields {
    let mut fields = FieldsBuilder::default();
    fields.push("/accessScope/type", "namespace", Holder::Us);
    fields.build()
}

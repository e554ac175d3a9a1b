//! One namespace in the scope of one access policy of one principal.

use crate::{
    domain::{Fields, FieldsBuilder, Holder},
    kinds::kind::{Kind, RemovalRank},
};

pub const KIND: Kind = Kind {
    words: |rest| rest.take("/accessScope/type").map(|scope| format!("in this {scope}")).into_iter().collect(),
    ..Kind::aws("eks", "AccessPolicy", RemovalRank::AccessPolicy)
};

/// All of it is in the key; one field, so that what exists differs from what does not.
pub(in crate::kinds) fn fields() -> Fields {
    let mut fields = FieldsBuilder::default();
    fields.push("/accessScope/type", "namespace", Holder::Us);
    fields.build()
}

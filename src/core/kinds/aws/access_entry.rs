//! An EKS access entry: the one group of a principal.

use super::tags;
use crate::{
    domain::{AccessEntry, Fields, FieldsBuilder, Holder},
    kinds::kind::{Kind, RemovalRank},
};

pub const KIND: Kind = Kind {
    words: |rest| rest.take_row("/kubernetesGroups", "group").into_iter().collect(),
    ..Kind::aws("eks", "AccessEntry", RemovalRank::AccessEntry)
};

pub(in crate::kinds) fn fields(entry: &AccessEntry) -> Fields {
    let AccessEntry { group, tags } = entry;
    let mut fields = FieldsBuilder::default();
    fields.push("/kubernetesGroups", group.as_str(), Holder::Us);
    tags::push(&mut fields, tags);
    fields.build()
}

//! An EKS access entry: the one group of a principal.

use super::tags;
use crate::{
    domain::{AccessEntry, Body, Fields, FieldsBuilder, Holder, ObjectKey},
    kinds::kind::{Kind, Refresh, RemovalRank},
};

pub const KIND: Kind = Kind {
    words: |rest| rest.take_row("/kubernetesGroups", "group").into_iter().collect(),
    short: |key| match key {
        ObjectKey::AccessEntry { principal } => Some(name_of(principal).to_owned()),
        _ => None,
    },
    fields: |body| match body {
        Body::AccessEntry(entry) => Some(fields(entry)),
        _ => None,
    },
    refresh: Refresh::Named,
    ..Kind::aws("eks", "AccessEntry", RemovalRank::AccessEntry)
};

/// A role or user by its own name, without account and path: a short key with it does not read back.
pub(super) fn name_of(principal: &str) -> &str {
    principal.rsplit('/').next().unwrap_or(principal)
}

fn fields(entry: &AccessEntry) -> Fields {
    let AccessEntry { group, tags } = entry;
    let mut fields = FieldsBuilder::default();
    fields.push("/kubernetesGroups", group.as_str(), Holder::Us);
    tags::push(&mut fields, tags);
    fields.build()
}

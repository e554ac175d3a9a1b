//! The IAM role of a ServiceAccount.

use super::tags;
use crate::{
    domain::{Fields, FieldsBuilder, Holder, PodIdentityAssociation},
    kinds::{
        canonical::policy::canonical_policy,
        kind::{Kind, RemovalRank},
        words::{Rest, policy},
    },
};

pub const KIND: Kind = Kind { words, ..Kind::aws("eks", "PodIdentityAssociation", RemovalRank::PodIdentity) };

pub(in crate::kinds) fn fields(association: &PodIdentityAssociation) -> Fields {
    let PodIdentityAssociation { role_arn, target_role_arn, disable_session_tags, policy, tags } = association;
    let mut fields = FieldsBuilder::default();
    fields.push("/roleArn", role_arn.as_str(), Holder::Us);
    if let Some(target) = target_role_arn {
        fields.push("/targetRoleArn", target.as_str(), Holder::Us);
    }
    fields.push("/disableSessionTags", disable_session_tags.to_string(), Holder::Us);
    if let Some(policy) = policy {
        fields.push("/policy", canonical_policy(policy), Holder::Us);
    }
    tags::push(&mut fields, tags);
    fields.build()
}

fn words(rest: &mut Rest<'_>) -> Vec<String> {
    let mut words = vec![];
    words.extend(rest.take("/roleArn").map(|arn| format!("role {arn}")));
    words.extend(rest.take("/targetRoleArn").map(|arn| format!("target {arn}")));
    words.extend(rest.take("/disableSessionTags").map(|off| match off {
        "false" => "with session tags".to_owned(),
        "true" => "without session tags".to_owned(),
        other => format!("disableSessionTags={other}"),
    }));
    words.extend(rest.take_as("/policy", policy::document).map(|text| format!("session policy {text};")));
    words
}

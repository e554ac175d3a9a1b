//! An IAM role: nothing of it is left to the digest, since all of it is power.

use super::tags;
use crate::{
    domain::{Fields, FieldsBuilder, Holder, Role, pointer::unescape},
    kinds::{
        canonical::{canonical_json, escape, policy::canonical_policy},
        kind::{Kind, RemovalRank},
        words::{Rest, Row, policy, values},
    },
};
use serde_json::Value;

pub const KIND: Kind = Kind { words, ..Kind::aws("iam", "Role", RemovalRank::Role) };

const INLINE: &str = "/inline/";

pub(in crate::kinds) fn fields(role: &Role) -> Fields {
    let Role { path, trust, inline, attached, boundary, max_session_seconds, description, tags } = role;
    let mut fields = FieldsBuilder::default();
    fields.push("/path", path.as_str(), Holder::Us);
    fields.push("/trust", canonical_policy(trust), Holder::Us);
    for (name, policy) in inline {
        fields.push(format!("{INLINE}{}", escape(name)), canonical_policy(policy), Holder::Us);
    }
    if !attached.is_empty() {
        let attached: Vec<Value> = attached.iter().map(|arn| Value::from(arn.as_str())).collect();
        fields.push("/attached", canonical_json(&Value::Array(attached)), Holder::Us);
    }
    fields.push("/boundary", boundary.as_str(), Holder::Us);
    fields.push("/maxSessionDuration", max_session_seconds.to_string(), Holder::Us);
    fields.push("/description", description.as_str(), Holder::Us);
    tags::push(&mut fields, tags);
    fields.build()
}

fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = rest.take_as("/trust", |document| policy::rows("trust", document)).unwrap_or_default();
    for path in rest.paths_under(INLINE) {
        let name = format!("inline.{}", unescape(&path[INLINE.len()..]));
        rows.extend(rest.take_as(path, |document| policy::rows(&name, document)).unwrap_or_default());
    }
    rows.extend(rest.take_as("/attached", values).map(|arns| Row::new("attached", arns)));
    for (path, name) in [
        ("/boundary", "boundary"),
        ("/path", "path"),
        ("/maxSessionDuration", "maxSessionDuration"),
        ("/description", "description"),
    ] {
        rows.extend(rest.take_row(path, name));
    }
    rows
}

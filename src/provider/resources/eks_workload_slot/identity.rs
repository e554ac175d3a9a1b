//! What the workload may do in AWS, and the words of other policies that are refused by name.

use crate::resources::attributes::{choice, choice_or_default, text_set};
use goldenpath_core::domain::{Effect, IdentityMode, IdentityScope, PolicyJson};
use plugin::{
    Type, Value,
    schema::{Attribute, list_of, object, optional, refusal},
};
use std::collections::BTreeMap;

const TRUST: &str = "leave it out: the slot makes the trust policy of its role";
const LIST_ACTIONS: &str = "list what is allowed in `actions`, and what is not in a statement with `effect = \"Deny\"`";
const LIST_RESOURCES: &str =
    "list what is allowed in `resources`, and what is not in a statement with `effect = \"Deny\"`";
const CONDITIONS: &str = "write `conditions = { <operator> = { <key> = [<values>] } }`";

/// Words of policy documents and of `aws_iam_policy_document`.
fn refused_words() -> Vec<Attribute> {
    let (list, any) = (Type::list(Type::String), Type::object::<&str>([]));
    [
        ("write `actions`", &list, &["action", "Action"][..]),
        ("write `resources`", &Type::String, &["resource", "Resource"]),
        (CONDITIONS, &any, &["condition", "Condition"]),
        ("write `sid`", &Type::String, &["Sid"]),
        ("write `effect`", &Type::String, &["Effect"]),
        (LIST_ACTIONS, &list, &["not_action", "not_actions", "NotAction"]),
        (LIST_RESOURCES, &list, &["not_resource", "not_resources", "NotResource"]),
        (TRUST, &any, &["principal", "principals", "not_principal", "not_principals", "Principal", "NotPrincipal"]),
    ]
    .into_iter()
    .flat_map(|(instead, ty, names)| names.iter().map(|name| refusal(name, ty.clone(), instead)))
    .collect()
}

pub(super) fn identity() -> Attribute {
    let identity = object([
        choice_or_default::<IdentityMode>("mode").describe(
            "How pods get AWS credentials: through EKS Pod Identity, through the cluster's OIDC provider (IRSA), or not at all.",
        ),
        choice_or_default::<IdentityScope>("scope").describe(
            "What keeps other pods from using the role. `tags`: its trust policy requires the session tags of cluster, \
             namespace and ServiceAccount. `session_policy`: the statements are the association's inline session policy, and \
             session tags are off. `role_only`: the trust policy only names the account.",
        ),
        statements(),
        policy_json(),
        text_set("policy_arns", "arn:aws:iam::111122223333:policy/payments/ledger").describe(
            "ARNs of managed policies that are attached to the role, at most 10. Only those that the golden path grants are \
             allowed (`grants.policy_arns`); the built-in path grants none. Not with `scope = \"session_policy\"`.",
        ),
        optional("target_role_arn", Type::String).example("arn:aws:iam::444455556666:role/led").describe(
            "ARN of a role, for example in another account, that Pod Identity assumes after the slot's own role (EKS \
             `CreatePodIdentityAssociation`: `targetRoleArn`). Its trust policy must require `external_id`.",
        ),
    ]);
    optional("identity", identity)
        .describe("AWS identity of the workload. Defaults to Pod Identity with no statements.")
}

fn statements() -> Attribute {
    let text = |example: &str| Value::set([example.into()]);
    let conditions = optional("conditions", Type::map(Type::map(Type::list(Type::String))))
        .parses::<BTreeMap<String, BTreeMap<String, Vec<String>>>>()
        .example(Value::map([("StringEquals", Value::map([("s3:prefix", Value::List(vec!["led/".into()]))]))]))
        .describe("Values by condition key by operator, as in an IAM policy (`Condition`).");
    let known = [
        optional("sid", Type::String).example("ReadLedger").describe(
            "ID of the statement: letters and digits. No two statements of the slot have the same one.",
        ),
        choice::<Effect>("effect").describe(
            "Defaults to `Allow`. `Deny` removes what other statements and attached policies allow. It may name any \
             action and resource, since it grants nothing.",
        ),
        text_set("actions", "s3:GetObject").describe(
            "IAM actions, `<service>:<action>`. `*:*`, `iam:*`, `eks:*` and actions that the tier does not grant are rejected, \
             except with `effect = \"Deny\"`.",
        ),
        text_set("resources", "arn:aws:s3:::payments-led/*").describe(
            "ARNs that the actions apply to. They may refer to resources that are created in the same run.",
        ),
        conditions,
    ];
    let statement = object(known.into_iter().chain(refused_words()));
    let example = Value::map(
        [
            ("sid", Value::Null),
            ("effect", "Allow".into()),
            ("actions", text("s3:GetObject")),
            ("resources", text("arn:aws:s3:::payments-led/*")),
            ("conditions", Value::map::<String>([])),
        ]
        .into_iter()
        .chain(refused_words().into_iter().map(|word| (word.name, Value::Null))),
    );
    optional("statements", list_of(statement))
        .example(Value::List(vec![example]))
        .describe("What the workload may do in AWS, within the permissions boundary.")
}

fn policy_json() -> Attribute {
    fn same(prior: &Value, new: &Value) -> bool {
        let parse = |value: &Value| PolicyJson::try_from(value.as_str()?.to_owned()).ok();
        parse(prior).zip(parse(new)).is_some_and(|(prior, new)| prior.same_as(&new))
    }
    optional("policy_json", Type::String)
        .parses::<PolicyJson>()
        .equal_if(same)
        .example(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#)
        .describe(
            "A policy document, such as `data.aws_iam_policy_document.<name>.json`. Its statements are added to \
             `statements`, under the same rules. Unknown members, `NotAction`, `NotResource` and principals are \
             rejected. Two documents with the same meaning are equal.",
        )
}

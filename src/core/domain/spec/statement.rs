//! What a workload may do, and may not: statements of an IAM policy, one by one or in a policy document as people have it.

use crate::domain::{Given, LateList, choices::choices};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, marker::PhantomData};

choices! {
    #[derive(Default, Hash, PartialOrd, Ord)]
    pub enum Effect {
        #[default]
        Allow = "Allow",
        /// Takes from what others allow; it grants nothing, so no grant is held against it.
        Deny = "Deny",
    }
}

/// One statement of the workload's role.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Given<Effect>,
    pub actions: Given<LateList>,
    pub resources: Given<LateList>,
    /// Operator -> condition key -> values, as in an IAM policy.
    pub conditions: Given<BTreeMap<String, BTreeMap<String, Vec<String>>>>,
}

/// A policy document, read strictly and whole: what it says and we do not know is refused and never dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyJson {
    text: String,
    statements: Vec<Statement>,
}

// === impl PolicyJson ===

impl PolicyJson {
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Two texts of one policy: order, layout, the case of actions and condition keys, `Id` and `Sid` grant nothing.
    pub fn same_as(&self, other: &Self) -> bool {
        let meaning = |policy: &Self| {
            let mut all: Vec<Statement> = policy.statements.iter().map(plain).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        meaning(self) == meaning(other)
    }
}

impl TryFrom<String> for PolicyJson {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Document { version, statement, _id } = serde_json::from_str(&text)
            .map_err(|error| format!("not a policy document that can be read whole: {error}"))?;
        if version != "2012-10-17" {
            return Err(format!(
                "the policy's Version is {version:?}; write \"2012-10-17\", which knows policy variables"
            ));
        }
        if statement.0.is_empty() {
            return Err("the policy has no Statement; leave it out".to_owned());
        }
        let statements: Result<_, String> = (1..).zip(statement.0).map(|(at, one)| one.read(at)).collect();
        Ok(Self { statements: statements?, text })
    }
}

impl From<PolicyJson> for String {
    fn from(policy: PolicyJson) -> Self {
        policy.text
    }
}

fn plain(statement: &Statement) -> Statement {
    let sorted = |list: &LateList, to: fn(&str) -> String| {
        let mut items: Vec<String> = list.known_items().map(to).collect();
        items.sort_unstable();
        items.dedup();
        items.into_iter().collect::<LateList>()
    };
    let conditions = statement.conditions.iter().map(|(operator, keys)| {
        let keys = keys.iter().map(|(key, values)| {
            let mut values = values.clone();
            values.sort_unstable();
            (key.to_ascii_lowercase(), values)
        });
        (operator.clone(), keys.collect::<BTreeMap<_, _>>())
    });
    Statement {
        sid: None,
        effect: statement.effect.clone(),
        actions: sorted(&statement.actions, str::to_ascii_lowercase).into(),
        resources: sorted(&statement.resources, str::to_owned).into(),
        conditions: conditions.collect::<BTreeMap<_, _>>().into(),
    }
}

// === the document's own form (IAM user guide, grammar of the policy language) ===

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", expecting = "a policy: an object with Version and Statement")]
struct Document {
    version: String,
    statement: Few<Written>,
    /// Grants nothing.
    #[serde(default, rename = "Id")]
    _id: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "PascalCase",
    expecting = "a statement: an object with Effect, Action and Resource"
)]
struct Written {
    #[serde(default)]
    sid: Option<String>,
    effect: Effect,
    #[serde(default)]
    action: Few<String>,
    #[serde(default)]
    resource: Few<String>,
    #[serde(default)]
    condition: Once<Once<Few<String>>>,
    not_action: Option<IgnoredAny>,
    not_resource: Option<IgnoredAny>,
    principal: Option<IgnoredAny>,
    not_principal: Option<IgnoredAny>,
}

impl Written {
    fn read(self, at: usize) -> Result<Statement, String> {
        let Self { sid, effect, action, resource, condition, not_action, not_resource, principal, not_principal } =
            self;
        const LISTED: &str = "list what is allowed, and what is not in a statement with Effect Deny";
        const TRUST: &str = "leave it out: the slot makes the trust policy of its role";
        for (name, is_written, instead) in [
            ("NotAction", not_action.is_some(), LISTED),
            ("NotResource", not_resource.is_some(), LISTED),
            ("Principal", principal.is_some(), TRUST),
            ("NotPrincipal", not_principal.is_some(), TRUST),
        ] {
            if is_written {
                return Err(format!("statement {at} of the policy has {name}; {instead}"));
            }
        }
        let conditions = condition
            .0
            .into_iter()
            .map(|(operator, keys)| (operator, keys.0.into_iter().map(|(key, values)| (key, values.0)).collect()));
        Ok(Statement {
            // As `aws_iam_policy_document` writes one that was not given.
            sid: sid.filter(|sid| !sid.is_empty()),
            effect: effect.into(),
            actions: action.0.into_iter().collect::<LateList>().into(),
            resources: resource.0.into_iter().collect::<LateList>().into(),
            conditions: conditions.collect::<BTreeMap<_, _>>().into(),
        })
    }
}

/// One element, or a list of them.
#[derive(Default)]
struct Few<T>(Vec<T>);

impl<'de> Deserialize<'de> for Few<String> {
    /// IAM takes booleans and numbers of conditions as their texts.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
            other => Err(D::Error::custom(format_args!("{other} is neither a text nor a list of texts"))),
        };
        match Value::deserialize(deserializer)? {
            Value::Array(items) => items.into_iter().map(text).collect::<Result<_, _>>().map(Self),
            one => Ok(Self(vec![text(one)?])),
        }
    }
}

impl<'de> Deserialize<'de> for Few<Written> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Statements;
        impl<'de> Visitor<'de> for Statements {
            type Value = Few<Written>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a statement or a list of statements")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Written::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|one| Few(vec![one]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(Few)
            }
        }
        deserializer.deserialize_any(Statements)
    }
}

/// A member that is written twice would silently win over the first.
struct Once<T>(BTreeMap<String, T>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Once<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Once<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object: in Condition, values by key by operator")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, T>()? {
                    if members.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{name:?} is written twice")));
                    }
                    members.insert(name, value);
                }
                Ok(Once(members))
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(document: Value) -> Result<PolicyJson, String> {
        PolicyJson::try_from(document.to_string())
    }

    fn policy(statement: Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": statement})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
        statement[name] = value;
        policy(json!([statement]))
    }

    #[test]
    fn a_document_is_read_whole_or_refused_by_name() {
        for (document, says, reason) in [
            (with("Efect", json!("Deny")), "unknown field `Efect`", "a misspelt member"),
            (with("Effect", json!("Maybe")), "unknown variant `Maybe`", "no effect"),
            (
                with("NotAction", json!("s3:*")),
                "statement 1 of the policy has NotAction; list",
                "grants what nobody listed",
            ),
            (with("NotResource", json!("*")), "has NotResource; list", "the same for resources"),
            (with("Principal", json!("*")), "has Principal; leave it out", "trust is the slot's"),
            (with("NotPrincipal", json!({"AWS": "*"})), "has NotPrincipal; leave it out", "trust is the slot's"),
            (
                with("Condition", json!({"StringEquals": {"a": {"b": "c"}}})),
                "neither a text nor",
                "a condition too deep",
            ),
            (with("Condition", json!(["StringEquals"])), "values by key by operator", "a condition of another form"),
            (json!({"Statement": [], "Version": "2012-10-17"}), "no Statement", "allows nothing"),
            (json!({"Statement": {}, "Version": "2012-10-17"}), "missing field `Effect`", "an empty statement"),
            (json!({"Statement": []}), "missing field `Version`", "the older version by default"),
            (
                json!({"Version": "2008-10-17", "Statement": with("Sid", json!("A"))["Statement"]}),
                "2012-10-17",
                "the older version",
            ),
            (json!([]), "an object with Version and Statement", "no object"),
        ] {
            let error = read(document).expect_err(reason);
            assert!(error.contains(says), "{reason}: {error}");
        }
        let twice = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"a": "true"}, "Bool": {"b": "true"}}}}"#;
        let error = PolicyJson::try_from(twice.to_owned()).expect_err("a member that would win over the other");
        assert!(error.contains("\"Bool\" is written twice at line"), "{error}");
    }

    #[test]
    fn two_texts_of_one_policy_are_the_same() {
        let condition = json!({"Bool": {"aws:SecureTransport": false}});
        let one = policy(
            json!({"Sid": "", "Effect": "Deny", "Action": "s3:PutObject", "Resource": ["b", "a"], "Condition": condition}),
        );
        let condition = json!({"Bool": {"aws:securetransport": ["false"]}});
        let two = json!({"Id": "x", "Version": "2012-10-17", "Statement": [
            {"Sid": "S", "Effect": "Deny", "Action": ["S3:putobject"], "Resource": ["a", "b"], "Condition": condition}]});
        let [one, two] = [one, two].map(|document| read(document).expect("a document"));
        assert!(one.same_as(&two), "{one:?} {two:?}");
        assert_eq!(one.statements[0].sid, None, "an empty Sid is none");
        let mut allow = one.clone();
        allow.statements[0].effect = Effect::Allow.into();
        assert!(!one.same_as(&allow), "the effect is what it says");
    }
}

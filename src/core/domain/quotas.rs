//! How much AWS takes of each thing: one table, by which the plan judges, the sandbox refuses, and the adapter asks before its first
//! call. What an account may raise is a [`RoleQuotas`] of its own.

use super::Role;
use serde_json::Value;
use std::collections::BTreeMap;

/// One limit, and where AWS says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub most: usize,
    /// The most that an account can have it raised to; the same where it can't.
    pub raised: usize,
    pub source: &'static str,
}

const fn fixed_limit(most: usize, source: &'static str) -> Limit {
    Limit { most, raised: most, source }
}

const IAM: &str = "IAM User Guide, IAM and AWS STS quotas";
const IAM_API: &str = "IAM API Reference, CreateRole";
const EKS_API: &str = "EKS API Reference, CreatePodIdentityAssociation";
const EKS: &str = "EKS User Guide, Service quotas";
const POD_IDENTITY: &str = "EKS User Guide, EKS Pod Identity, Limits; not supported in Service Quotas";
const TAGGING: &str = "IAM User Guide, Rules for tagging in IAM and AWS STS; EKS API Reference, TagResource";

/// `AssumeRolePolicySizeQuota`: characters of a trust policy, white space not counted.
pub const TRUST: Limit = Limit { most: 2048, raised: 8192, source: IAM };
/// `AttachedPoliciesPerRoleQuota`
pub const ATTACHED: Limit = Limit { most: 10, raised: 25, source: IAM };
/// `RolePolicySizeQuota`: characters of all inline policies of a role, white space not counted.
pub const INLINE: Limit = fixed_limit(10_240, IAM);
pub const ROLE_NAME: Limit = fixed_limit(64, IAM);
pub const PATH: Limit = fixed_limit(512, IAM_API);
pub const DESCRIPTION: Limit = fixed_limit(1000, IAM_API);
/// Characters of a session policy, as text.
pub const SESSION_POLICY: Limit = fixed_limit(2048, EKS_API);
pub const TAGS: Limit = fixed_limit(50, TAGGING);
/// How many of those are ours, on a role of a slot, which has the most.
pub const OUR_TAGS: usize = 10;
pub const TAG_KEY: Limit = fixed_limit(128, TAGGING);
pub const TAG_VALUE: Limit = fixed_limit(256, TAGGING);
/// `Access entries per cluster`, which Service Quotas shows as not adjustable.
pub const ENTRIES: Limit = fixed_limit(3000, EKS);
pub const ASSOCIATIONS: Limit = fixed_limit(5000, POD_IDENTITY);

/// What an account has of the quotas that it may raise. IAM's GetAccountSummary says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleQuotas {
    pub trust: usize,
    pub attached: usize,
}

impl Default for RoleQuotas {
    fn default() -> Self {
        Self { trust: TRUST.most, attached: ATTACHED.most }
    }
}

// === impl RoleQuotas ===

impl RoleQuotas {
    /// Whether the account's own need to be known: most roles are far below the defaults.
    pub fn are_needed(role: &Role) -> bool {
        Self::default().check(role).is_err()
    }

    pub fn check(&self, role: &Role) -> Result<(), String> {
        if role.attached.len() > self.attached {
            return Err(format!("LimitExceeded: Cannot exceed quota for PoliciesPerRole: {}", self.attached));
        }
        let size = policy_size(&role.trust);
        if size > self.trust {
            let (most, name) = (self.trust, "ACLSizePerRole");
            return Err(format!("LimitExceeded: Cannot exceed quota for {name}: {most} (the policy has {size})"));
        }
        Ok(())
    }
}

// === policies ===

/// As IAM and EKS take it: text beyond Latin-1 (`[\u0009\u000A\u000D\u0020-\u00FF]+`) is escaped as JSON, which they decode.
pub fn policy_text(document: &Value) -> String {
    let mut text = String::new();
    for c in document.to_string().chars() {
        match c {
            ' '..='\u{ff}' => text.push(c),
            other => other.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}

/// IAM does not count white space.
pub fn policy_size(document: &Value) -> usize {
    policy_text(document).chars().filter(|c| !c.is_whitespace()).count()
}

// === tags ===

/// IAM knows the keys of tags by their letters whatever their case. EKS tells them apart.
pub fn check_tag_case(tags: &BTreeMap<String, String>) -> Result<(), String> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in tags.keys() {
        if let Some(other) = seen.insert(name.to_lowercase(), name) {
            return Err(format!(
                "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive. ({other}, {name})"
            ));
        }
    }
    Ok(())
}

pub fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), String> {
    if tags.len() > TAGS.most {
        return Err(format!("LimitExceeded: Cannot exceed quota for tags: {}", TAGS.most));
    }
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    for (name, value) in tags {
        let good = (1..=TAG_KEY.most).contains(&name.chars().count()) && value.chars().count() <= TAG_VALUE.most;
        if !good || !allowed(name) || !allowed(value) || name.to_lowercase().starts_with("aws:") {
            return Err(format!(
                "ValidationError: the tag {name:?} = {value:?} is not allowed: 1 to 128 and 0 to 256 letters, digits and \
                 ' _.:/=+-@', not beginning with aws:"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn an_account_may_have_more() {
        let role = |principals: usize, attached: usize| Role {
            path: "/".to_owned(),
            trust: json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"AWS": (0..principals).map(|n| format!("arn:aws:iam::111122223333:role/{n:0>40}")).collect::<Vec<_>>()}}]}),
            inline: BTreeMap::new(),
            attached: (0..attached).map(|n| format!("arn:aws:iam::111122223333:policy/{n}")).collect::<BTreeSet<_>>(),
            boundary: String::new(),
            max_session_seconds: 3600,
            description: String::new(),
            tags: BTreeMap::new(),
        };
        let raised = RoleQuotas { trust: TRUST.raised, attached: ATTACHED.raised };
        for (role, needed, fits, reason) in [
            (role(2, 1), false, true, "as usual: nobody is asked"),
            (role(40, 1), true, true, "a long trust policy"),
            (role(200, 1), true, false, "longer than any account may have"),
            (role(1, 11), true, true, "more policies than by default"),
            (role(1, 26), true, false, "more than any role may have"),
        ] {
            assert_eq!(RoleQuotas::are_needed(&role), needed, "{reason}");
            assert_eq!(raised.check(&role).is_ok(), fits, "{reason}");
        }
    }

    #[test]
    fn policies_are_written_in_latin_1() {
        for (value, expected, reason) in [
            ("caf\u{e9}", "\"caf\u{e9}\"", "Latin-1 stays"),
            ("\u{4e2d}", "\"\\u4e2d\"", "another script"),
            ("\u{1f600}", "\"\\ud83d\\ude00\"", "two units"),
            ("a\tb", "\"a\\tb\"", "escaped by JSON itself"),
        ] {
            let written = policy_text(&json!(value));
            assert_eq!(written, expected, "{reason}");
            let read: Value = serde_json::from_str(&written).expect(reason);
            assert_eq!(read, json!(value), "the same text: {reason}");
        }
    }
}

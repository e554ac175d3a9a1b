//! What an error of AWS means, by call and code: one table. The adapter reads class, wait and advice from it, and the sandbox fails in its
//! words.
//!
//! The first row that fits counts, so a row of one call comes before that of all. A code that no row names has the class of its HTTP
//! status, which by itself is never absence.

use crate::domain::{
    Class,
    quotas::{ASSOCIATIONS, ENTRIES, INLINE, Limit, TAGS},
};

/// `service:Operation`, `service:*` or `*`.
type Calls = &'static [&'static str];

pub struct Row {
    pub calls: Calls,
    pub codes: &'static [&'static str],
    /// In small letters; all errors of the code if empty.
    pub words: &'static str,
    pub means: Meaning,
    /// As AWS words it, where that distinguishes it, or where the sandbox says it.
    pub says: &'static str,
    pub source: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Absent,
    /// Somebody made it a moment ago: it clears by waiting.
    NotYet(NotYet),
    Conflict,
    Denied,
    Throttled,
    /// The outcome is unknown.
    Unknown,
    Invalid,
    /// More of it must be granted; of what, as Service Quotas names it.
    Quota(&'static str),
    /// Nobody has more of it: how many of what.
    Fixed(Limit, &'static str),
    /// The credentials themselves, and what to do about them: another permission would not help.
    Credentials(&'static str),
}

/// What AWS does not see yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYet {
    /// A principal that the request names: some two minutes at most, and only if there is such a principal.
    Principal,
    /// What the request is about. Only who has just made it, or seen it, may take its absence for this.
    Itself,
}

const IAM_LATE: &str = "IAM User Guide, Troubleshoot IAM: changes are not always immediately visible";
const IAM_ERRORS: &str = "IAM API Reference, errors of the operation and common errors";
const EKS_ERRORS: &str = "EKS API Reference, errors of the operation and common errors";
const STS_ERRORS: &str = "STS API Reference, common errors";
const IAM_QUOTAS: &str = "IAM User Guide, IAM and AWS STS quotas; Service Quotas, iam";
const EKS_QUOTAS: &str = "EKS User Guide, Service quotas";
const SDK_RETRIES: &str = "AWS SDKs and Tools Reference Guide, Retry behavior";
const ALL: Calls = &["*"];

const RENEW: &str = "The credentials have expired. Renew them, then apply again";
const UNKNOWN_KEYS: &str =
    "AWS does not know these credentials. Renew them, or check the profile and the account that they belong to";
const WRONG_SIGNATURE: &str = "The secret key does not fit the access key, or the clock of this machine is wrong. Renew the credentials, and set the clock";

const fn row(calls: Calls, codes: &'static [&'static str], means: Meaning, source: &'static str) -> Row {
    Row { calls, codes, words: "", means, says: "", source }
}

const LIMIT: &[&str] =
    &["LimitExceeded", "LimitExceededException", "ResourceLimitExceededException", "ServiceQuotaExceededException"];
const MALFORMED: &[&str] = &["MalformedPolicyDocument", "MalformedPolicyDocumentException"];
const NO_SUCH: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

pub const ROWS: &[Row] = &[
    // === not there yet ===
    Row {
        words: "invalid principal",
        says: "The specified principalArn is invalid: invalid principal.",
        ..row(
            &["eks:CreateAccessEntry", "eks:UpdateAccessEntry"],
            &["InvalidParameterException"],
            Meaning::NotYet(NotYet::Principal),
            "hashicorp/terraform-provider-aws#35535",
        )
    },
    Row {
        words: "role provided in the request does not exist",
        says: "Role provided in the request does not exist.",
        ..row(
            &["eks:CreatePodIdentityAssociation", "eks:UpdatePodIdentityAssociation"],
            &["InvalidParameterException"],
            Meaning::NotYet(NotYet::Principal),
            IAM_LATE,
        )
    },
    Row {
        words: "invalid principal",
        says: "Invalid principal in policy",
        ..row(
            &["iam:CreateRole", "iam:UpdateAssumeRolePolicy"],
            MALFORMED,
            Meaning::NotYet(NotYet::Principal),
            "IAM User Guide, Troubleshoot IAM roles; hashicorp/terraform-provider-aws#1388",
        )
    },
    Row {
        says: "The change has not propagated yet.",
        ..row(
            &[
                "eks:CreateAccessEntry",
                "eks:AssociateAccessPolicy",
                "eks:CreatePodIdentityAssociation",
                "eks:UpdatePodIdentityAssociation",
            ],
            &["ResourcePropagationDelayException"],
            Meaning::NotYet(NotYet::Principal),
            EKS_ERRORS,
        )
    },
    Row {
        says: "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.",
        ..row(
            &["eks:AssociateAccessPolicy", "eks:ListAssociatedAccessPolicies"],
            &["ResourceNotFoundException"],
            Meaning::NotYet(NotYet::Itself),
            "terraform-aws-modules/terraform-aws-eks#3024",
        )
    },
    Row {
        words: "is not attachable",
        says: "The policy does not exist or is not attachable.",
        ..row(
            &["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary"],
            NO_SUCH,
            Meaning::Absent,
            IAM_ERRORS,
        )
    },
    Row {
        says: "The role cannot be found.",
        ..row(
            &[
                "iam:PutRolePolicy",
                "iam:AttachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            NO_SUCH,
            Meaning::NotYet(NotYet::Itself),
            IAM_LATE,
        )
    },
    // === quotas ===
    Row {
        words: "policiesperrole",
        ..row(&["iam:AttachRolePolicy"], LIMIT, Meaning::Quota("Managed policies per role (L-0DA4ABF3)"), IAM_QUOTAS)
    },
    Row {
        words: "aclsizeperrole",
        ..row(
            &["iam:CreateRole", "iam:UpdateAssumeRolePolicy"],
            LIMIT,
            Meaning::Quota("Role trust policy length (L-C07B4B0D)"),
            IAM_QUOTAS,
        )
    },
    Row {
        words: "tags",
        ..row(&["iam:CreateRole", "iam:TagRole"], LIMIT, Meaning::Fixed(TAGS, "tags per role"), IAM_QUOTAS)
    },
    row(&["iam:CreateRole"], LIMIT, Meaning::Quota("Roles per account (L-FE177D64)"), IAM_QUOTAS),
    row(&["iam:PutRolePolicy"], LIMIT, Meaning::Fixed(INLINE, "characters of inline policies per role"), IAM_QUOTAS),
    // AssociateAccessPolicy has no such error, and no quota.
    row(&["eks:CreateAccessEntry"], LIMIT, Meaning::Fixed(ENTRIES, "access entries per cluster"), EKS_QUOTAS),
    row(
        &["eks:CreatePodIdentityAssociation"],
        LIMIT,
        Meaning::Fixed(ASSOCIATIONS, "Pod Identity associations per cluster"),
        EKS_QUOTAS,
    ),
    row(ALL, LIMIT, Meaning::Quota("the one that the message names"), SDK_RETRIES),
    // === credentials ===
    row(ALL, &["ExpiredToken", "ExpiredTokenException", "RequestExpired"], Meaning::Credentials(RENEW), STS_ERRORS),
    row(
        ALL,
        &[
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "InvalidIdentityToken",
        ],
        Meaning::Credentials(UNKNOWN_KEYS),
        STS_ERRORS,
    ),
    row(
        ALL,
        &["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"],
        Meaning::Credentials(WRONG_SIGNATURE),
        STS_ERRORS,
    ),
    // === what any call may say ===
    row(
        ALL,
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
        ],
        Meaning::Throttled,
        SDK_RETRIES,
    ),
    row(ALL, NO_SUCH, Meaning::Absent, IAM_ERRORS),
    row(ALL, &["ResourceNotFoundException", "NotFoundException"], Meaning::Absent, EKS_ERRORS),
    row(
        ALL,
        &[
            "EntityAlreadyExists",
            "EntityAlreadyExistsException",
            "ConcurrentModification",
            "ConcurrentModificationException",
            "DeleteConflict",
            "DeleteConflictException",
            "EntityTemporarilyUnmodifiable",
            "EntityTemporarilyUnmodifiableException",
        ],
        Meaning::Conflict,
        IAM_ERRORS,
    ),
    row(ALL, &["ResourceInUseException"], Meaning::Conflict, EKS_ERRORS),
    row(
        ALL,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "UnmodifiableEntity",
            "UnmodifiableEntityException",
            "OptInRequired",
        ],
        Meaning::Denied,
        IAM_ERRORS,
    ),
    row(
        ALL,
        &[
            "ServiceFailure",
            "ServiceFailureException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "ServerException",
            "InternalFailure",
            "InternalServerError",
            // Of a read or a deletion it must not say that there is nothing.
            "ResourcePropagationDelayException",
        ],
        Meaning::Unknown,
        EKS_ERRORS,
    ),
];

// === impl Row ===

impl Row {
    fn fits(&self, call: &str, code: &str, message: &str) -> bool {
        let is_of_call = self.calls.iter().any(|of| match of.strip_suffix('*') {
            Some(service) => call.starts_with(service),
            None => *of == call,
        });
        is_of_call && self.codes.contains(&code) && message.to_ascii_lowercase().contains(self.words)
    }
}

// === impl Meaning ===

impl Meaning {
    /// The only thing that the engine knows of an error.
    pub fn class(self) -> Class {
        match self {
            Self::Absent | Self::NotYet(_) => Class::NotFound,
            Self::Conflict => Class::Conflict,
            Self::Denied | Self::Credentials(_) => Class::Denied,
            Self::Throttled => Class::Throttled,
            Self::Unknown => Class::Unavailable,
            Self::Invalid | Self::Quota(_) | Self::Fixed(..) => Class::Invalid,
        }
    }

    /// Where the class alone would give the wrong advice. A sentence without its full stop.
    pub fn next_step(self) -> Option<String> {
        match self {
            Self::Quota(name) => Some(format!(
                "It is a quota of the account: {name}. Raise it in Service Quotas, or remove what is no longer needed"
            )),
            Self::Fixed(limit, of) => {
                Some(format!("AWS allows at most {} {of}, and raises that for no account. Use fewer", limit.most))
            }
            Self::Credentials(next) => Some(next.to_owned()),
            _ => None,
        }
    }
}

/// `call`: as `service:Operation`.
pub fn meaning(call: &str, code: &str, status: Option<u16>, message: &str) -> Meaning {
    let row = ROWS.iter().find(|row| row.fits(call, code, message));
    row.map_or_else(|| by_status(code, status), |row| row.means)
}

fn by_status(code: &str, status: Option<u16>) -> Meaning {
    match status {
        Some(401 | 403) => Meaning::Denied,
        // Absence has its codes, above. Without any it was not AWS that responded, but a proxy or what is behind a wrong endpoint.
        Some(404) if code.is_empty() => Meaning::Unknown,
        Some(409) => Meaning::Conflict,
        Some(429) => Meaning::Throttled,
        Some(408 | 500..) => Meaning::Unknown,
        _ => Meaning::Invalid,
    }
}

/// As the service itself words it, about this.
pub fn refusal(call: &str, code: &str, about: &str) -> (Class, String) {
    let of_call = |row: &&Row| row.calls.contains(&call) && row.codes.contains(&code);
    match ROWS.iter().find(of_call) {
        Some(row) => (row.means.class(), format!("{code}: {} ({about})", row.says)),
        None => (meaning(call, code, None, "").class(), format!("{code}: {about}")),
    }
}

#[cfg(test)]
mod tests;

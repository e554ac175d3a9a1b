//! Errors as the services word them, and what is made of them.

use super::*;

#[test]
fn errors_mean_something() {
    let principal = Meaning::NotYet(NotYet::Principal);
    let itself = Meaning::NotYet(NotYet::Itself);
    for (call, code, status, message, expected, reason) in [
        ("eks:ListAddons", "ThrottlingException", 400, "Rate exceeded", Meaning::Throttled, "EKS and STS"),
        ("iam:GetRole", "Throttling", 400, "Rate exceeded", Meaning::Throttled, "IAM, though its status is 400"),
        ("eks:ListAddons", "TooManyRequestsException", 429, "", Meaning::Throttled, "EKS of old"),
        ("iam:GetRole", "NoSuchEntity", 404, "The role cannot be found", Meaning::Absent, "a read of a role"),
        ("iam:PutRolePolicy", "NoSuchEntity", 404, "The role cannot be found", itself, "right after CreateRole"),
        ("iam:DeleteRolePolicy", "NoSuchEntity", 404, "", Meaning::Absent, "what is gone is gone"),
        (
            "iam:AttachRolePolicy",
            "NoSuchEntity",
            404,
            "Policy arn:aws:iam::1:policy/x does not exist or is not attachable.",
            Meaning::Absent,
            "it is the policy that is missing, which nobody has just made",
        ),
        ("eks:DescribeCluster", "ResourceNotFoundException", 404, "No cluster found", Meaning::Absent, "EKS"),
        (
            "eks:AssociateAccessPolicy",
            "ResourceNotFoundException",
            404,
            "The specified principalArn could not be found.",
            itself,
            "right after CreateAccessEntry",
        ),
        (
            "eks:ListAssociatedAccessPolicies",
            "ResourceNotFoundException",
            404,
            "The specified principalArn could not be found.",
            itself,
            "the same, before the policies are associated",
        ),
        ("iam:UpdateRole", "NoSuchEntity", 404, "The role cannot be found", itself, "a change of a role that was read"),
        (
            "iam:PutRolePermissionsBoundary",
            "NoSuchEntity",
            404,
            "Scope ARN arn:aws:iam::1:policy/x does not exist or is not attachable.",
            Meaning::Absent,
            "it is the boundary that is missing",
        ),
        (
            "eks:CreateAccessEntry",
            "InvalidParameterException",
            400,
            "The specified principalArn is invalid: invalid principal.",
            principal,
            "a role that EKS doesn't see yet",
        ),
        (
            "eks:CreateAccessEntry",
            "InvalidParameterException",
            400,
            "The username is invalid.",
            Meaning::Invalid,
            "waiting won't help",
        ),
        (
            "eks:CreatePodIdentityAssociation",
            "InvalidParameterException",
            400,
            "Role provided in the request does not exist.",
            principal,
            "another API, the same delay",
        ),
        (
            "iam:CreateRole",
            "MalformedPolicyDocument",
            400,
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/x\"",
            principal,
            "a principal that IAM doesn't see yet",
        ),
        ("iam:PutRolePolicy", "MalformedPolicyDocument", 400, "Syntax errors.", Meaning::Invalid, "never clears"),
        ("iam:CreateRole", "EntityAlreadyExists", 409, "", Meaning::Conflict, "IAM"),
        ("eks:CreateAccessEntry", "ResourceInUseException", 409, "", Meaning::Conflict, "EKS"),
        ("iam:GetRole", "AccessDenied", 403, "", Meaning::Denied, "IAM and STS"),
        ("iam:GetRole", "ExpiredToken", 403, "", Meaning::Credentials(RENEW), "not absence, and no permission"),
        ("eks:CreateAccessEntry", "ResourcePropagationDelayException", 428, "", principal, "EKS: try again"),
        ("eks:ListAddons", "ResourcePropagationDelayException", 428, "", Meaning::Unknown, "a read is no absence"),
        ("eks:X", "InvalidRequestException", 400, "No route for GET /x", Meaning::Invalid, "an emulator's"),
        ("eks:X", "", 403, "", Meaning::Denied, "a proxy"),
        ("eks:X", "", 502, "", Meaning::Unknown, "a load balancer"),
        ("eks:X", "", 404, "", Meaning::Unknown, "a page of a proxy, or of a wrong endpoint: no absence"),
        ("eks:X", "UnknownOperationException", 404, "", Meaning::Invalid, "what a region does not have is no absence"),
        ("eks:X", "Surprise", 418, "", Meaning::Invalid, "unknown, and waiting won't help"),
    ] {
        assert_eq!(meaning(call, code, Some(status), message), expected, "{reason}");
    }
}

#[test]
fn advice_follows_the_cause() {
    for (call, code, message, words, reason) in [
        (
            "iam:AttachRolePolicy",
            "LimitExceeded",
            "Cannot exceed quota for PoliciesPerRole: 10",
            Some("Managed policies per role"),
            "the quota by its name",
        ),
        (
            "iam:CreateRole",
            "LimitExceeded",
            "Cannot exceed quota for ACLSizePerRole: 2048",
            Some("trust policy"),
            "another one",
        ),
        (
            "iam:CreateRole",
            "LimitExceeded",
            "Cannot exceed quota for RolesPerAccount: 1000",
            Some("Roles per account"),
            "and another",
        ),
        (
            "iam:PutRolePolicy",
            "LimitExceeded",
            "Maximum policy size exceeded",
            Some("10240 characters of inline policies per role, and raises that for no account"),
            "nobody raises it",
        ),
        (
            "iam:TagRole",
            "LimitExceeded",
            "Cannot exceed quota for TagsPerRole: 50",
            Some("at most 50 tags per role"),
            "the number of the one table",
        ),
        (
            "eks:CreatePodIdentityAssociation",
            "ResourceLimitExceededException",
            "",
            Some("at most 5000 Pod Identity associations per cluster"),
            "EKS, which raises it for nobody",
        ),
        (
            "eks:CreateAccessEntry",
            "ResourceLimitExceededException",
            "",
            Some("at most 3000 access entries per cluster"),
            "another one of EKS",
        ),
        ("sts:AssumeRole", "ExpiredTokenException", "", Some("Renew"), "a session that is over"),
        ("eks:ListAddons", "SignatureDoesNotMatch", "", Some("clock"), "a key that does not fit"),
        ("eks:ListAddons", "UnrecognizedClientException", "", Some("does not know"), "an unknown key"),
        ("iam:GetRole", "AccessDenied", "", None, "a permission is missing, which the class says"),
    ] {
        let next = meaning(call, code, Some(400), message).next_step();
        assert_eq!(next.is_some(), words.is_some(), "{reason}");
        assert!(words.is_none_or(|words| next.is_some_and(|next| next.contains(words))), "{reason}");
    }
}

/// What the sandbox says is understood like what AWS says, and each row says where it is from.
#[test]
fn words_lead_back_to_their_row() {
    for row in ROWS {
        assert!(!row.source.is_empty() && !row.codes.is_empty() && !row.calls.is_empty());
        assert!(row.words.is_empty() || row.says.is_empty() || row.fits(row.calls[0], row.codes[0], row.says));
        for call in row.calls.iter().filter(|call| !row.says.is_empty() && !call.contains('*')) {
            let (class, message) = refusal(call, row.codes[0], "x");
            assert_eq!(class, meaning(call, row.codes[0], None, &message).class(), "{call} {message}");
        }
    }
}

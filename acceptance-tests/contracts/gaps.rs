//! What ministack is known not to do. The cases that meet it are left out there, and there alone.

pub struct Gap {
    pub case: &'static str,
    /// Of the case, where it ends: what an error begins with.
    pub step: &'static str,
    /// What ministack does.
    pub does: &'static str,
    /// The document of AWS that says what is right.
    pub document: &'static str,
}

pub const GAPS: [Gap; 5] = [
    Gap {
        case: "Role: names are unique without regard to case",
        step: "a name that differs by case",
        does: "keeps two roles whose names differ by case",
        document: "IAM User Guide, Name requirements: names are unique within an account and are not distinguished by case",
    },
    Gap {
        case: "Role: what it names must exist",
        step: "trust in nobody",
        does: "takes a trust policy that names nobody",
        document: "IAM API Reference, CreateRole: MalformedPolicyDocument",
    },
    Gap {
        case: "AccessEntry: no ghosts, no system groups",
        step: "an entry for nobody",
        does: "takes an entry for a principal that does not exist",
        document: "EKS API Reference, CreateAccessEntry: InvalidParameterException",
    },
    Gap {
        case: "PodIdentityAssociation what others add is left alone",
        step: "adding a foreign field",
        does: "refuses TagResource on an association",
        document: "EKS API Reference, TagResource: any EKS resource that has an ARN",
    },
    Gap {
        case: "PodIdentityAssociation: role and session policy are checked",
        step: "a role that does not exist",
        does: "takes a role that does not exist",
        document: "EKS API Reference, CreatePodIdentityAssociation: InvalidParameterException",
    },
];

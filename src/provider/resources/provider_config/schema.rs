//! The provider's block.

use super::{daemon, real};
use crate::resources::{
    attributes::{self, choice, choice_or_default, text_set},
    session::Unreachable,
};
use goldenpath_core::domain::{AuthenticationMode, ClusterArn, IpFamily, ordinary};
use plugin::{
    Schema, Type, Value,
    schema::{Attribute, list_of, object, optional, required},
};

/// In the working folder, beside the state that goes with it.
pub const SANDBOX_PATH: &str = ".goldenpath/sandbox.db";

pub fn schema() -> Schema {
    let paths =
        optional("catalogue", Type::list(Type::String)).not_empty().example(Value::List(vec!["./golden-paths".into()]));
    Schema::new([
        sandbox(),
        optional("offline", object([attributes::given_facts()])).describe(
            "A target without objects: plans are made from these facts alone, without credentials, and nothing can be \
             applied. For `terraform test` and pipelines of modules.",
        ),
        real::aws(),
        real::kubernetes(),
        daemon::daemon(),
        paths.describe(
            "Folders with golden paths (YAML), in addition to the built-in `team-standard`; one of a git repository is \
             `git::https://<host>/<repository>//<folder>?ref=<commit>`. Environment variable: `GOLDENPATH_CATALOGUE`, separated \
             like `PATH`.",
        ),
        allow(),
        choice::<Unreachable>("unreachable").describe(
            "What a refresh does if the target can't be reached. `error`: it fails. `assume_unchanged`: the plan uses the state as \
             it is, with a warning; a refusal (401, 403) is still an error. Environment variable: `GOLDENPATH_UNREACHABLE`. \
             Defaults to `error`.",
        ),
    ])
    .conflicts(&["sandbox", "offline", "aws", "daemon"])
    .describe(
        "Golden paths for teams on Amazon EKS: a platform team writes a golden path, a product team writes ten lines of \
         HCL, and the plan lists every resulting AWS and Kubernetes object, checked against every guardrail.\n\nThere \
         is no default target: set one in the provider block or in the environment.",
    )
}

fn allow() -> Attribute {
    let names = |name, example, what: &str| text_set(name, example).describe(what);
    optional(
        "allow",
        object([
            names("teams", "payments", "Teams. For a change of `team`, both the old and the new one."),
            names("environments", "payments-*", "Names of environments, in which `*` matches any text."),
            names("tiers", "dev", "Tiers of the golden path."),
            names("clusters", "demo", "Names or ARNs of clusters."),
            names("golden_paths", "team-standard", "Names of golden paths."),
        ]),
    )
    .describe(
        "What this configuration may touch: create, change, import, take over and destroy. An unset field allows \
         everything, an empty set nothing. A pipeline can set the same in its own environment, which a configuration \
         can only narrow: `GOLDENPATH_BOUNDS`, a YAML or JSON file (or its text) with `allow`, `catalogue` (then the provider \
         block can't set it; folders are relative to the file) and `built_in_path: false`, which leaves out the built-in path. It \
         restricts the configuration, not whoever holds the credentials.",
    )
}

fn sandbox() -> Attribute {
    let text = |name, what: &str| optional(name, Type::String).describe(what);
    let names = |name, example, what: &str| text_set(name, example).describe(what);
    let flag = |name, default: bool, what: &str| optional(name, Type::Bool).default(default).describe(what);
    let number = |name, what: &str| optional(name, Type::Number).between(0, 1_000_000).default(0).describe(what);
    let list = |name, default: &[&str], what: &str| {
        let default = default.iter().map(|text| Value::from(*text)).collect();
        optional(name, Type::list(Type::String)).default(Value::List(default)).describe(what)
    };
    let cluster = object([
        required("arn", Type::String)
            .parses::<ClusterArn>()
            .example("arn:aws:eks:eu-west-1:111122223333:cluster/demo")
            .describe("ARN of the cluster. Its account and region then exist too."),
        text("version", "Minor version of Kubernetes.").default(ordinary::VERSION),
        flag("auto_mode", false, "Whether EKS Auto Mode runs the nodes."),
        text("service_cidr", "Range of Service addresses.").default(ordinary::SERVICE_CIDR),
        choice_or_default::<IpFamily>("ip_family").describe("IP family of Services."),
        choice_or_default::<AuthenticationMode>("authentication_mode").describe("Authentication mode of the cluster."),
        flag("network_policy_enforced", true, "Whether anything enforces NetworkPolicies."),
        flag("oidc_provider", true, "Whether IAM knows the cluster's OIDC issuer, as identities in mode `irsa` need."),
        list("addons", &ordinary::ADDONS, "Names of the installed EKS add-ons."),
        list("crds", &[], "Names of the installed custom resource definitions, `<plural>.<group>`."),
    ]);
    optional(
        "sandbox",
        object([
            text(
                "path",
                "Path of the file, relative to the working folder. Environment variable: `GOLDENPATH_SANDBOX`. Defaults to \
                 `.goldenpath/sandbox.db`.",
            )
            .not_empty()
            .example(SANDBOX_PATH),
            optional("clusters", list_of(cluster)).default(Value::List(vec![])).describe(
                "Clusters in addition to `demo`, which every sandbox has, or other settings for `demo`. No other cluster exists.",
            ),
            names(
                "policies",
                "arn:aws:iam::111122223333:policy/goldenpath/boundary",
                "ARNs of managed policies that exist, in addition to the permissions boundary in account 111122223333.",
            ),
            names("permission_sets", "PaymentsOps", "Names of permission sets that have one role in every account."),
            names(
                "principals",
                "arn:aws:iam::111122223333:role/ops",
                "ARNs of IAM roles and users that exist and that other tools own.",
            ),
            number(
                "visibility_delay_ms",
                "Milliseconds until a new role or Pod Identity association becomes visible, to simulate the eventual consistency \
                 of IAM and EKS.",
            ),
            number("calls_per_second", "Calls per second before throttling starts. 0 means no throttling."),
        ]),
    )
    .may_be_empty()
    .describe(
        "The embedded target, in one SQLite file. It behaves like AWS and Kubernetes in everything that golden paths \
         depend on, and touches nothing real. `{}` is enough. Inspect it with the command `goldenpath sandbox`.",
    )
}

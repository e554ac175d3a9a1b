//! The provider's own configuration: which target, which golden paths, what to do when the target is away.
//!
//! There is no default target: what is made by mistake in the wrong place is worse than one more line.

mod real;

pub use real::{Aws, Kubernetes};

use super::{attributes, session::Unreachable};
use goldenpath_core::domain::{ClusterArn, Facts};
use plugin::{
    Diagnostic, Path, Schema, Type, Value,
    schema::{Attribute, list_of, object, optional, required},
    value::{Fault, from_value},
};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// In the working folder, beside the state that goes with it.
pub const SANDBOX_PATH: &str = ".goldenpath/sandbox.db";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    /// Read by the adapter that it configures.
    sandbox: Option<serde_json::Value>,
    offline: Option<Offline>,
    aws: Option<Aws>,
    kubernetes: Option<Kubernetes>,
    catalogue: Option<Vec<PathBuf>>,
    unreachable: Option<Unreachable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offline {
    facts: Facts,
}

/// Where objects live.
#[derive(Debug, PartialEq)]
pub enum Target {
    Sandbox {
        path: PathBuf,
        /// What the sandbox holds besides what every new one has, in the words of its adapter.
        declared: Value,
    },
    Offline(Box<Facts>),
    /// AWS, and Kubernetes as EKS tells it or as a kubeconfig does.
    Real {
        aws: Box<Aws>,
        kubernetes: Option<Kubernetes>,
    },
}

#[derive(Debug, PartialEq)]
pub struct ProviderConfig {
    pub target: Target,
    /// Folders of golden paths besides the built-in one.
    pub catalogue: Vec<PathBuf>,
    pub unreachable: Unreachable,
    /// How long a record may stand still before another operation takes it for abandoned; tests shorten it.
    pub lease: Option<Duration>,
}

/// What the environment adds where the configuration is silent.
#[derive(Clone, Debug, Default)]
pub struct FromEnvironment {
    pub sandbox: Option<PathBuf>,
    pub real: real::FromEnvironment,
    pub catalogue: Option<Vec<PathBuf>>,
    pub unreachable: Option<String>,
    pub lease: Option<Duration>,
}

impl FromEnvironment {
    pub fn read(var: impl Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        Self {
            sandbox: set("GOLDENPATH_SANDBOX").map(PathBuf::from),
            real: real::FromEnvironment::read(set),
            catalogue: set("GOLDENPATH_CATALOGUE").map(|paths| std::env::split_paths(&paths).collect()),
            unreachable: set("GOLDENPATH_UNREACHABLE").map(|text| text.to_string_lossy().into_owned()),
            lease: set("GOLDENPATH_LEASE_SECONDS")
                .and_then(|text| Some(Duration::from_secs(text.to_str()?.parse().ok()?))),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum Refused {
    /// A part of it waits for another resource.
    Undecided,
    Wrong(Diagnostic),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        if fault.unknown {
            return Self::Undecided;
        }
        let summary = format!("the provider's configuration can't be read: {fault}");
        Self::Wrong(Diagnostic::error(summary, "Check the value against the provider's documents.").at(fault.path))
    }
}

/// What the configuration and the environment together say.
pub fn resolve(config: &Value, environment: &FromEnvironment) -> Result<ProviderConfig, Refused> {
    let sandbox = config.child("sandbox");
    let mut rest = config.clone();
    if let Value::Map(attributes) = &mut rest {
        attributes.insert("sandbox".to_owned(), Value::Null);
    }
    let Written { sandbox: _, offline, aws, kubernetes, catalogue, unreachable } = from_value(&rest)?;
    let target = match (sandbox, offline, aws) {
        (sandbox, _, _) if !sandbox.is_wholly_known() => return Err(Refused::Undecided),
        (Value::Null, Some(offline), None) => Target::Offline(Box::new(offline.facts)),
        (Value::Null, None, Some(aws)) => real_target(aws, kubernetes.clone(), environment),
        (Value::Null, None, None) => target_of_environment(kubernetes.as_ref(), environment)?,
        (sandbox, None, None) => sandbox_target(sandbox, environment),
        (_, offline, _) => {
            return Err(Refused::Wrong(two_targets(if offline.is_some() { "offline" } else { "aws" })));
        }
    };
    if kubernetes.is_some() && !matches!(target, Target::Real { .. }) {
        return Err(Refused::Wrong(kubernetes_alone()));
    }
    Ok(ProviderConfig {
        target,
        catalogue: catalogue.or_else(|| environment.catalogue.clone()).unwrap_or_default(),
        unreachable: match (unreachable, &environment.unreachable) {
            (Some(written), _) => written,
            (None, Some(text)) => parse_unreachable(text)?,
            (None, None) => Unreachable::default(),
        },
        lease: environment.lease,
    })
}

/// The golden paths that a configuration names, where that much is known: rules can be checked by them before anything
/// else of the configuration is.
pub fn catalogue(config: &Value, environment: &FromEnvironment) -> Option<Vec<PathBuf>> {
    match config.child("catalogue") {
        Value::Null => Some(environment.catalogue.clone().unwrap_or_default()),
        written => from_value(written).ok(),
    }
}

fn sandbox_target(sandbox: &Value, environment: &FromEnvironment) -> Target {
    let mut declared = sandbox.as_map().cloned().unwrap_or_default();
    let written = declared.remove("path").and_then(|path| path.as_str().map(PathBuf::from));
    let path = written.or_else(|| environment.sandbox.clone()).unwrap_or_else(|| SANDBOX_PATH.into());
    Target::Sandbox { path, declared: Value::Map(declared) }
}

fn real_target(aws: Aws, kubernetes: Option<Kubernetes>, environment: &FromEnvironment) -> Target {
    let real::FromEnvironment { aws: named, kubernetes: named_kubernetes } = &environment.real;
    Target::Real { aws: Box::new(aws.or(named.as_ref())), kubernetes: kubernetes.or_else(|| named_kubernetes.clone()) }
}

/// The configuration names no target; the environment may, but only one.
fn target_of_environment(kubernetes: Option<&Kubernetes>, environment: &FromEnvironment) -> Result<Target, Refused> {
    match (&environment.sandbox, &environment.real.aws) {
        (Some(path), None) => Ok(Target::Sandbox { path: path.clone(), declared: Value::map::<String>([]) }),
        (None, Some(aws)) => Ok(real_target(aws.clone(), kubernetes.cloned(), environment)),
        (None, None) => Err(Refused::Wrong(no_target())),
        (Some(_), Some(_)) => Err(Refused::Wrong(Diagnostic::error(
            "the environment names two targets",
            "Unset GOLDENPATH_SANDBOX, or GOLDENPATH_AWS and the variables that begin with GOLDENPATH_AWS_; or name the target in the \
             provider's block.",
        ))),
    }
}

fn parse_unreachable(text: &str) -> Result<Unreachable, Refused> {
    from_value(&Value::from(text)).map_err(|_: Fault| {
        Refused::Wrong(Diagnostic::error(
            format!("GOLDENPATH_UNREACHABLE is {text:?}"),
            "Set it to `error` or `assume_unchanged`, or unset it.",
        ))
    })
}

fn no_target() -> Diagnostic {
    Diagnostic::error(
        "the provider names no target",
        "Nothing is assumed about where objects should live. Choose one in the provider's block:\n\n  \
         sandbox = {}                             # an embedded rehearsal in .goldenpath/sandbox.db\n  \
         offline = { facts = { ... } }            # plans and tests without credentials; refuses to apply\n  \
         aws     = { region = \"eu-west-1\" }       # the real one: an account, and the clusters in it\n\n\
         or set GOLDENPATH_SANDBOX to the path of a sandbox, or GOLDENPATH_AWS=1.",
    )
}

fn two_targets(second: &'static str) -> Diagnostic {
    Diagnostic::error("the provider names two targets", "Keep one of `sandbox`, `offline` and `aws`.")
        .at(Path::attribute(second))
}

fn kubernetes_alone() -> Diagnostic {
    Diagnostic::error(
        "`kubernetes` says how a real cluster is reached, and the provider names another target",
        "Add `aws`, or take `kubernetes` away.",
    )
    .at(Path::attribute("kubernetes"))
}

// === schema ===

pub fn schema() -> Schema {
    let mut facts = attributes::facts_taken();
    facts.mode = plugin::schema::Mode::Required;
    let facts = facts.describe("Facts of the one cluster, in the form of the data source `goldenpath_cluster`.");
    Schema::new([
        sandbox(),
        optional("offline", object([facts])).describe(
            "A target without objects: everything is rendered and judged from these facts, without credentials, and nothing can \
             be applied. For `terraform test` and for the pipelines of modules.",
        ),
        real::aws(),
        real::kubernetes(),
        optional("catalogue", Type::list(Type::String)).not_empty().example(Value::List(vec!["./golden-paths".into()])).describe(
            "Folders with golden paths (YAML), besides the built-in `team-standard`. Environment variable: \
             `GOLDENPATH_CATALOGUE`, separated as `PATH` is.",
        ),
        optional("unreachable", Type::String).one_of(&["error", "assume_unchanged"]).describe(
            "What a refresh does when the target can't be reached. `error`: it fails with one line. `assume_unchanged`: the state is \
             taken for true, with a warning; a refusal (401, 403) is an error all the same. Environment variable: \
             `GOLDENPATH_UNREACHABLE`. Default `error`.",
        ),
    ])
    .conflicts(&["sandbox", "offline", "aws"])
    .describe(
        "Golden paths for teams on Amazon EKS: a platform team writes a golden path, a product team writes ten lines, and the \
         plan shows every AWS and Kubernetes object that they stand for, judged by every guardrail.\n\nThere is no default \
         target: the configuration, or the environment, must name one.",
    )
}

fn sandbox() -> Attribute {
    let text = |name, what: &str| optional(name, Type::String).describe(what);
    let names = |name, example: &str, what: &str| {
        optional(name, attributes::texts()).default(Value::set([])).example(Value::set([example.into()])).describe(what)
    };
    let number = |name, what: &str| optional(name, Type::Number).between(0, 1_000_000).default(0).describe(what);
    let list = |name, default: &[&str], what: &str| {
        let default = default.iter().map(|text| Value::from(*text)).collect();
        optional(name, Type::list(Type::String)).default(Value::List(default)).describe(what)
    };
    let cluster = object([
        required("arn", Type::String)
            .parses::<ClusterArn>()
            .example("arn:aws:eks:eu-west-1:111122223333:cluster/demo")
            .describe("ARN of the cluster; another account or region makes these exist too."),
        text("version", "Minor version of Kubernetes. Default `1.36`.").default("1.36"),
        optional("auto_mode", Type::Bool).default(false).describe("EKS Auto Mode runs the nodes. Default `false`."),
        text("service_cidr", "Range of Service addresses. Default `10.100.0.0/16`.").default("10.100.0.0/16"),
        text("ip_family", "`ipv4` or `ipv6`. Default `ipv4`.").one_of(&["ipv4", "ipv6"]).default("ipv4"),
        text("authentication_mode", "How EKS authenticates. Default `API`.")
            .one_of(&["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"])
            .default("API"),
        optional("network_policy_enforced", Type::Bool)
            .default(true)
            .describe("The CNI enforces NetworkPolicies. Default `true`."),
        list(
            "addons",
            &["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"],
            "Names of installed EKS add-ons. Default: those that EKS installs.",
        ),
        list("crds", &[], "Names of custom resource definitions that are present, `<plural>.<group>`. Default: none."),
    ]);
    optional(
        "sandbox",
        object([
            text("path", "Path of the file, relative to the working folder. Environment variable: `GOLDENPATH_SANDBOX`.")
                .not_empty()
                .example(SANDBOX_PATH),
            optional("clusters", list_of(cluster)).default(Value::List(vec![])).describe(
                "Clusters besides `demo`, which every sandbox has, or other settings for it. Others are \"not found\".",
            ),
            names(
                "policies",
                "arn:aws:iam::111122223333:policy/goldenpath/boundary",
                "ARNs of managed policies that exist, besides the boundary of account 111122223333.",
            ),
            names("permission_sets", "PaymentsOps", "Names of permission sets with one role in every account."),
            names(
                "principals",
                "arn:aws:iam::111122223333:role/ops",
                "ARNs of IAM roles and users that exist and are not ours.",
            ),
            number("visibility_delay_ms", "How long a new role or Pod Identity association stays unseen, in milliseconds: IAM and EKS are eventually consistent. Default 0."),
            number("calls_per_second", "Calls answered in a second before the rest is throttled. Default 0: any number."),
        ]),
    )
    .describe(
        "The embedded target, in one SQLite file: it behaves like AWS and Kubernetes where it matters to golden paths, and nothing \
         real is ever touched. `{}` is enough. The command `terraform-provider-goldenpath sandbox` looks into it.",
    )
}

#[cfg(test)]
mod tests;

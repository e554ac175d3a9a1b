//! `goldenpath_team_environment`: what one team gets in one tier on one cluster.

use super::{
    attributes::{self, choice, choice_or_default},
    flow::{self, ManagedResource},
};
use goldenpath_core::{
    domain::{
        AdoptMode, ClusterRef, DnsLabel, EnvironmentId, Id, NameError, Namespace, PodSecurityLevel, Quantities,
        TierName, VersionConstraint, forms,
    },
    provision::{Descriptor, Environment, Spec, descriptor},
};
use plugin::{
    Schema, Type, Value,
    schema::{Attribute, computed, map_of, object, optional, required, timeouts},
    value::{ConvertError, from_value},
};
use std::collections::BTreeMap;

mod access;
mod network;

pub struct TeamEnvironment;

impl ManagedResource for TeamEnvironment {
    fn name(&self) -> &'static str {
        "goldenpath_team_environment"
    }

    fn id_form(&self) -> &'static str {
        "<cluster>/<environment>"
    }

    fn schema(&self) -> Schema {
        Schema::new(inputs().into_iter().chain(attributes::identity(self.id_form())).chain(outputs())).describe(
            "What one team gets in one tier on one cluster: namespaces with quotas, limits, network rules and Pod \
             Security, access for people and machines, and the guardrails of the tier. Ten lines of HCL are enough, and \
             the plan lists every object under `objects`.\n\nThe configuration can only narrow what the golden path \
             grants: permissions boundaries, IAM paths and allowed actions come from the path. Defaults that depend on \
             the tier are listed in the [golden paths guide](../guides/golden-paths). Needs a \
             `goldenpath_cluster_baseline` on the same cluster.",
        )
    }

    fn spec(&self, config: &Value) -> Result<Spec, ConvertError> {
        from_value(config).map(Spec::of::<Environment>)
    }

    fn golden(&self) -> &'static dyn Descriptor {
        descriptor::<Environment>()
    }

    fn id(&self, config: &Value) -> Option<Id> {
        let cluster: ClusterRef = flow::leaf(config, "cluster")?;
        let environment = flow::leaf(config, "name")?;
        Some(EnvironmentId { cluster: cluster.name().to_owned(), environment }.into())
    }

    fn parse_id(&self, text: &str) -> Result<Id, NameError> {
        text.parse().map(|id: EnvironmentId| id.into())
    }
}

fn inputs() -> Vec<Attribute> {
    vec![
        required("name", Type::String).parses::<DnsLabel>().replaces().example("payments-prod").describe(
            "Name of the environment: a DNS label of at most 40 characters (RFC 1123). The namespace with key `default` has \
             this name, any other is named `<name>-<key>`. Changing this forces replacement.",
        ),
        required("team", Type::String)
            .parses::<DnsLabel>()
            .example("payments")
            .describe("The team that owns the environment: a DNS label of at most 40 characters, like a Backstage `Group`."),
        required("tier", Type::String).parses::<TierName>().example("prod").describe(
            "A tier of the golden path; `team-standard` has `dev`, `staging` and `prod`. A tier sets defaults and maximums for \
             everything below and belongs to a class: class prod requires an `owner` and turns on deletion protection.",
        ),
        attributes::cluster(),
        optional("golden_path", Type::String)
            .not_empty()
            .example("team-standard")
            .describe("Name of the golden path. Defaults to the default path of the catalogue, `team-standard`."),
        optional("golden_path_version", Type::String).parses::<VersionConstraint>().example("~> 1.0").describe(
            "Version of the golden path: one (`1.2.0`), or constraints as in Terraform (`~> 1.2`, `>= 1.0, < 2.0`). An \
             environment stays at its `resolved_version` as long as that satisfies this attribute; otherwise it moves \
             to the highest version that does, together with its slots. If unset, a new environment gets the highest \
             version and stays there.",
        ),
        attributes::parameters(),
        owner(),
        namespaces(),
        quota(),
        limits("Defaults for containers that set none (Kubernetes `LimitRange`). Defaults to the limits of the tier."),
        network::network(),
        pod_security("Pod Security admission of all namespaces. Defaults to the level of the tier."),
        access::access(),
        optional("deletion_protection", Type::Bool).describe(
            "Rejects every plan that would delete one of the namespaces. To delete them, first apply `false` by itself; \
             for tools that can only destroy, `goldenpath unprotect <id>` lifts the protection until the next apply. \
             The default depends on the tier.",
        ),
        attributes::drift(),
        adopt(),
        attributes::claim(),
        timeouts(flow::OPERATIONS),
    ]
}

fn owner() -> Attribute {
    let text = |attribute: Attribute, example: &str, what: &str| attribute.not_empty().example(example).describe(what);
    let required = |name, example, what| text(required(name, Type::String), example, what);
    let optional_text = |name, example, what| text(optional(name, Type::String), example, what);
    optional(
        "owner",
        object([
            required(
                "contact",
                "payments@example.com",
                "Whom to contact: an email address or a chat handle. Stored as the annotation `goldenpath.internal/contact`.",
            ),
            required(
                "cost_center",
                "CC12",
                "Whom to charge. Stored as the annotation `goldenpath.internal/cost-center`, and as a tag in AWS.",
            ),
            optional_text("slack", "#payments", "Slack channel of the team."),
            optional_text("oncall", "pagerduty:PAY", "Where to page, in the form that the paging system uses."),
            optional_text("data_class", "confidential", "Classification of the data in this environment, in your company's terms."),
            optional_text("docs", "https://docs.example.com/payments", "URL of the team's documentation."),
        ]),
    )
    .describe("Who is responsible for the environment. Required in tiers of class prod.")
}

fn namespaces() -> Attribute {
    let text_map = |name| optional(name, Type::map(Type::String));
    let own_quota = attributes::quantities(optional("quota", Type::map(Type::String))).describe(
        "This namespace's part of `quota.total`: resource names with quantities, as in a Kubernetes `ResourceQuota`. \
         Namespaces without a quota share the rest equally, rounded down; it is an error if nothing is left.",
    );
    let labels = text_map("labels").example(Value::map([("squad", Value::from("blue"))])).describe(
        "Your own labels on the Namespace: keys without a domain, and those of the golden path's `metadata`. Keys that \
         control other programs are rejected, since they can decide who may do what.",
    );
    let annotations = text_map("annotations")
        .example(Value::map([("wiki", Value::from("https://wiki.example.com/x"))]))
        .describe("Your own annotations on the Namespace. The same keys are rejected as for `labels`.");
    let one = object([
        own_quota,
        limits("Defaults for containers in this namespace only."),
        labels,
        annotations,
        pod_security("Pod Security of this namespace only. It can't be weaker than the environment's."),
    ]);
    optional("namespaces", map_of(one))
        .parses::<BTreeMap<DnsLabel, Namespace>>()
        .length(1, 20)
        .describe(
            "Namespaces by key, at most 20. Defaults to `{ default = {} }`. The key `default` gives the namespace `<name>`, any other key `<name>-<key>`. The \
             resulting name has at most 63 characters and can't be one that the cluster uses itself (`kube-`, `amazon-`, \
             `aws-`, `goldenpath-`, `argocd`, and so on). Removing a key deletes that namespace and everything in it.",
        )
}

fn quota() -> Attribute {
    let total = attributes::quantities(optional("total", Type::map(Type::String))).describe(
        "Total over all namespaces, including those of isolated slots: resource names with quantities, as in a \
         Kubernetes `ResourceQuota`, such as `requests.cpu = \"32\"` or `requests.memory = \"64Gi\"`. Resources that \
         are not set have the tier's default, and each can be raised to a multiple of its default that the tier sets.",
    );
    let headroom = optional("headroom_percent", Type::Number).between(0, 99).example(25).describe(
        "What slots leave free of the environment's own part, in percent (0 to 99), so that rolling updates find room for \
         their surge. A slot that leaves less is a warning.",
    );
    let slots = optional("slots_percent", Type::Number).between(0, 100).example(50).describe(
        "The part of the total, in percent (0 to 100), for isolated slots: the quotas of their namespaces never add up \
         to more. The rest is for the environment's own namespaces and the slots that share them. Defaults to the \
         tier's, 0 where slots are shared by default; the tier may set a range.",
    );
    let by_priority = optional("by_priority", Type::map(Type::map(Type::String)))
        .parses::<BTreeMap<String, Quantities>>()
        .example(Value::map([("gp-critical", Value::map([("pods", Value::from("10"))]))]))
        .describe(
            "Quotas by PriorityClass (Kubernetes `ResourceQuota.spec.scopeSelector`): how much may run at that priority.",
        );
    optional("quota", object([total, headroom, slots, by_priority]))
        .describe("How much the environment may use. Defaults to the quota of the tier.")
}

fn limits(what: &str) -> Attribute {
    let amount = |name, example: &str, what: &str| {
        attributes::quantity(optional(name, Type::String)).example(example).describe(what)
    };
    let container = object([
        amount("default_memory", "512Mi", "Memory limit of a container that sets none, such as `512Mi`."),
        amount("default_request_cpu", "100m", "CPU request of a container that sets none, such as `100m`."),
        amount("default_request_memory", "128Mi", "Memory request of a container that sets none, such as `128Mi`."),
        amount("max_memory", "4Gi", "Largest memory limit that a container may set. Unlimited if unset."),
    ]);
    let container = optional("container", container)
        .describe("Limits per container. There is no CPU limit, since CPU limits throttle.");
    optional("limits", object([container])).describe(what)
}

fn pod_security(what: &str) -> Attribute {
    let enforce = choice::<PodSecurityLevel>("enforce").describe(
        "Level of the Pod Security Standards to enforce. It can only be stricter than the tier's; exemptions belong in the \
         golden path.",
    );
    let version = optional("version", Type::String).check(minor_version).example("1.36").describe(
        "Minor version of Kubernetes whose rules apply, such as `1.36`. Defaults to the version of the cluster when the \
         environment was created, so that an upgrade of the cluster changes nothing here.",
    );
    optional("pod_security", object([enforce, version])).describe(what)
}

fn minor_version(text: &String) -> Result<(), String> {
    if forms::is_minor_version(text) {
        Ok(())
    } else {
        Err(format!("{text:?} is not a minor version of Kubernetes, such as 1.36"))
    }
}

fn adopt() -> Attribute {
    let mode = choice_or_default::<AdoptMode>("mode").describe(
        "`fail`: it is an error if a namespace of that name exists and is not ours. `if_marked`: the namespace is adopted if an \
         administrator has set the annotation `goldenpath.internal/adoptable-by: <cluster>/<environment>` on it and no \
         deployment tool (Argo CD, Flux, Helm, Crossplane) manages it. The plan lists the fields that are taken over.",
    );
    let take = attributes::text_set("take_fields", "/spec/hard/pods").describe(
        "JSON pointers (RFC 6901) to fields that are taken over from other field managers during adoption. Any other field \
         that has a manager is an error that names it.",
    );
    optional("adopt", object([mode, take])).describe("Whether existing namespaces may become part of this environment.")
}

pub(super) fn outputs() -> Vec<Attribute> {
    // A plain type: of a nested computed one Terraform 1.5 can't generate configuration.
    let provisioning =
        Type::object([("requested_at", Type::String), ("ready_at", Type::String), ("phases", Type::map(Type::Number))]);
    [
        computed("resolved_version", Type::String)
            .describe("Version of the golden path that the objects were made from."),
        computed("namespace_names", Type::map(Type::String))
            .describe("Names of the namespaces, by key of `namespaces`."),
        computed("namespace_labels", Type::map(Type::String)).describe(
            "Labels that all namespaces of the environment have, including those of isolated slots, and no others. Use \
             them in a `namespaceSelector` of a NetworkPolicy or of the `allowedRoutes` of a Gateway.",
        ),
        computed("kubeconfig_command", Type::String).describe(
            "The command that people run to reach the cluster with kubectl: `aws eks update-kubeconfig` with its name \
             and region.",
        ),
        computed("rbac_groups", Type::map(Type::list(Type::String))).describe(
            "Groups in the RoleBindings of each persona: one `gp:p:<hash>` for each principal, and the OIDC groups.",
        ),
        computed("role_arns", Type::map(Type::String))
            .describe("ARN of the IAM role that was created for a persona (`create_role`), by persona."),
        computed("access_entry_arns", Type::map(Type::String))
            .describe("ARN of each principal's EKS access entry, by the ARN of the principal."),
        computed("provisioning", provisioning).describe(
            "How long the create took: `requested_at` and `ready_at` (RFC 3339, UTC), and `phases`, milliseconds by phase. It \
             never changes afterwards.",
        ),
    ]
    .map(Attribute::stable)
    .into()
}

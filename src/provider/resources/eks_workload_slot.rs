//! `goldenpath_eks_workload_slot`: the place for one workload in an environment.

use super::{
    attributes::{self, text_set},
    flow::{self, Kind},
};
use goldenpath_core::domain::{
    ClusterRef, DnsLabel, EnvironmentId, Id, Late, NameError, Outputs, SlotId, SlotOutputs, SlotSpec, Spec,
};
use plugin::{
    Path, Schema, Type, Value,
    schema::{Attribute, computed, list_of, object, optional, required, timeouts},
};
use std::collections::BTreeMap;

pub struct EksWorkloadSlot;

impl Kind for EksWorkloadSlot {
    type Spec = SlotSpec;
    const NAME: &'static str = "goldenpath_eks_workload_slot";
    const ID_SHAPE: &'static str =
        "`<cluster>/<environment>/<slot>`, or `<environment>/<slot>` where the target has one cluster";

    fn schema() -> Schema {
        let attributes =
            configured().into_iter().chain(attributes::identity("`<cluster>/<environment>/<slot>`.")).chain(outputs());
        Schema::new(attributes).describe(
            "The place for one workload in an environment: an AWS identity scoped to its ServiceAccount, a share of the quota, \
             availability, and network rules. The workload itself stays in your own repository; `manifests` has what it needs to \
             fit in.",
        )
    }

    fn wrap(spec: SlotSpec) -> Spec {
        Spec::Slot(spec)
    }

    fn id(config: &Value) -> Option<Id> {
        let environment: EnvironmentId = flow::leaf(config, "environment")?;
        Some(Id::Slot(SlotId { environment, slot: flow::leaf(config, "name")? }))
    }

    fn parse_id(text: &str, only: Option<&ClusterRef>) -> Result<Id, NameError> {
        match only {
            Some(cluster) if text.matches('/').count() == 1 => format!("{}/{text}", cluster.name()).parse(),
            _ => text.parse(),
        }
        .map(Id::Slot)
    }

    /// What is not configured is the tier's choice, so only the decided plan can tell whether writing it down, or taking it
    /// away, moves the slot to another namespace.
    fn replaces(prior: &Value, config: &Value, decided: &Outputs) -> Vec<Path> {
        let Outputs::Slot(SlotOutputs { namespace_name: Some(Late::Now(name)), .. }) = decided else {
            return vec![];
        };
        let (was, now) = (prior.child("isolation"), config.child("isolation"));
        let moves = prior.child("namespace_name").as_str().is_some_and(|before| before != name);
        if moves && was != now && (was.is_null() || now.is_null()) {
            vec![Path::attribute("isolation")]
        } else {
            vec![]
        }
    }
}

fn configured() -> Vec<Attribute> {
    vec![
        required("name", Type::String).parses::<DnsLabel>().replaces().example("ledger").describe(
            "Name of the slot and of its ServiceAccount: a DNS label of at most 40 characters (RFC 1123). Changing it makes \
             another slot and destroys this one.",
        ),
        required("environment", Type::String).parses::<EnvironmentId>().replaces().example("demo/payments-prod").describe(
            "`id` of the environment, `<cluster>/<environment>`; refer to the resource's `.id`, so that the order is right. \
             Another environment makes another slot and destroys this one.",
        ),
        optional("namespace", Type::String).parses::<DnsLabel>().example("default").describe(
            "Key of the environment's `namespaces`. Default: `default`, else the only key; with several keys it must be named.",
        ),
        optional("isolation", Type::String).one_of(&["shared", "namespace"]).replaces_if(isolation_changes).describe(
            "`shared`: it lives in the environment's namespace beside others, whose ServiceAccounts any pod there may name. \
             `namespace`: it has a namespace of its own, `<environment>-<slot>`, with a quota of its `share`. Default: `namespace` \
             in tiers of class prod, else `shared`. A change makes another slot and destroys this one.",
        ),
        optional("deletion_protection", Type::Bool).describe(
            "Refuses every plan that would delete the slot's own namespace, until it has been set to `false` by an apply of its \
             own. Default: `true` in tiers of class prod, else `false`.",
        ),
        identity(),
        share(),
        availability(),
        ingress(),
        egress(),
        attributes::drift(),
        attributes::facts_taken(),
        timeouts(flow::OPERATIONS),
    ]
}

/// Two choices that were both written; for others see [`EksWorkloadSlot::replaces`].
fn isolation_changes(prior: &Value, planned: &Value) -> bool {
    !prior.is_null() && !planned.is_null()
}

fn identity() -> Attribute {
    let text = |example: &str| Value::set([example.into()]);
    let conditions = optional("conditions", Type::map(Type::map(Type::list(Type::String))))
        .parses::<BTreeMap<String, BTreeMap<String, Vec<String>>>>()
        .default(Value::map::<String>([]))
        .example(Value::map([("StringEquals", Value::map([("s3:prefix", Value::List(vec!["led/".into()]))]))]))
        .describe("Operator to condition key to values, as in an IAM policy (`Condition`).");
    let statement = object([
        text_set("actions").example(text("s3:GetObject")).describe(
            "IAM actions, `<service>:<action>`. `*:*`, `iam:*` and `eks:*` are refused, and what the golden path's tier does not \
             grant.",
        ),
        text_set("resources")
            .example(text("arn:aws:s3:::led/*"))
            .describe("ARNs that the actions may touch. They may come from a resource of the same run."),
        conditions,
    ]);
    let identity = object([
        optional("mode", Type::String).one_of(&["pod_identity", "irsa", "none"]).default("pod_identity").describe(
            "How pods get AWS credentials: by EKS Pod Identity, by the cluster's OIDC provider (IRSA), or not at all. Default \
             `pod_identity`.",
        ),
        optional("scope", Type::String).one_of(&["tags", "session_policy", "role_only"]).default("tags").describe(
            "What keeps other pods out of the role. `tags`: its trust names cluster, namespace and ServiceAccount by session tags. \
             `session_policy`: the statements are the association's inline session policy, and session tags are off. `role_only`: \
             the trust names the account alone. Default `tags`.",
        ),
        optional("statements", list_of(statement)).default(Value::List(vec![])).example(Value::List(vec![Value::map([
            ("actions", text("s3:GetObject")),
            ("resources", text("arn:aws:s3:::led/*")),
            ("conditions", Value::map::<String>([])),
        ])])).describe(
            "What the workload may do in AWS: Allow statements within the permissions boundary.",
        ),
        optional("target_role_arn", Type::String).example("arn:aws:iam::444455556666:role/led").describe(
            "ARN of a role, of another account for example, that Pod Identity assumes after the slot's own (EKS \
             `CreatePodIdentityAssociation`: `targetRoleArn`). Its trust policy needs `external_id`.",
        ),
    ]);
    optional("identity", identity).describe("The workload's AWS identity. Default: Pod Identity with no statements.")
}

fn share() -> Attribute {
    let amount = |name, example: &str, what: &str| {
        attributes::quantity(required(name, Type::String)).example(example).describe(what)
    };
    let share = object([
        amount("cpu", "4", "CPU requests of all replicas together, such as `4` or `500m`."),
        amount("memory", "8Gi", "Memory requests of all replicas together, such as `8Gi`."),
        optional("max_replicas", Type::Number)
            .between(1, 1000)
            .example(6)
            .describe("Most replicas at a time, 1 to 1000. Default: 3 in class dev, 6 in staging, 20 in prod."),
    ]);
    optional("share", share).describe(
        "The slot's part of the environment's quota. A share that alone exceeds the total is an error, and so is a sum of all \
         shares that does; while other slots are about to shrink, apply waits for them.",
    )
}

fn availability() -> Attribute {
    let availability = object([
        optional("min_replicas", Type::Number)
            .between(0, 1000)
            .example(3)
            .describe("Fewest replicas, 0 to 1000. Default: 1 in class dev, 2 in staging, 3 in prod."),
        optional("max_unavailable", Type::String).example("25%").describe(
            "How many may be gone at once: a count or a percentage (PodDisruptionBudget `maxUnavailable`). It must leave room for \
             one voluntary disruption. Default: none in class dev, `1` in staging, `25%` in prod.",
        ),
        optional("spread", Type::String).one_of(&["zone_required", "zone_preferred", "none"]).describe(
            "How replicas are spread over zones (`topologySpreadConstraints` in `manifests`). Default: `none` in class dev, \
             `zone_preferred` in staging, `zone_required` in prod.",
        ),
        optional("target_cpu_percent", Type::Number).between(1, 100).example(70).describe(
            "Makes a HorizontalPodAutoscaler that aims at this use of the requested CPU, 1 to 100. Default: no autoscaler.",
        ),
    ]);
    optional("availability", availability).describe("How many replicas, and how many may be gone.")
}

fn ingress() -> Attribute {
    let ports = optional("ports", Type::set(Type::Number))
        .parses::<Vec<u16>>()
        .default(Value::set([]))
        .example(Value::set([8080.into()]))
        .describe("TCP ports that are open to them, 1 to 65535. None: all ports.");
    let from = text_set("from_slots")
        .example(Value::set(["payments-prod/gateway".into()]))
        .describe("Slots that may call in, as `<environment>/<slot>` or a whole id.");
    optional("ingress", object([from, ports]))
        .describe("Who may call the workload, beside what the environment allows.")
}

fn egress() -> Attribute {
    let to = text_set("to_slots")
        .example(Value::set(["payments-prod/db".into()]))
        .describe("Slots that it may call, as `<environment>/<slot>` or a whole id.");
    let fqdns = text_set("fqdns")
        .example(Value::set(["api.example.com".into()]))
        .describe("Names that it may call over TLS; they need the environment's engine to be `eks_auto` or `cilium`.");
    optional("egress", object([to, fqdns])).describe("Whom the workload may call, beside what the environment allows.")
}

fn outputs() -> Vec<Attribute> {
    let text = |name, what: &str| computed(name, Type::String).stable().describe(what);
    vec![
        text("namespace_name", "Final name of the namespace that it lives in."),
        text(
            "service_account",
            "Name of the ServiceAccount that the workload's pods must use.",
        ),
        text("role_arn", "ARN of its IAM role; null where `identity.mode` is `none`."),
        text(
            "role_unique_id",
            "Unique id of the role (IAM `RoleId`): another role of the same name is not the same principal.",
        ),
        text(
            "association_id",
            "Id of the Pod Identity association (EKS `CreatePodIdentityAssociation`).",
        ),
        text(
            "external_id",
            "What the trust policy of `identity.target_role_arn` must name as `sts:ExternalId`.",
        ),
        computed("identity_ready", Type::Bool).stable().describe(
            "Whether pods are given the credentials of the Pod Identity association, as the last apply that made it proved: `true` \
             after three looks in a row (a pod sent for a dry run), `false` when it had not arrived in 30 seconds; the next apply \
             looks again. Null without an association, after an import, and where it cannot be told (no Pod Identity agent, no \
             right to create pods).",
        ),
        computed("manifests", Type::map(Type::String))
            .stable()
            .describe("File name to YAML for the application's own repository: a Deployment that fits the slot."),
    ]
}

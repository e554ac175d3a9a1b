//! `goldenpath_eks_workload_slot`: the place for one workload in an environment.

mod identity;

use super::{
    attributes::{self, choice, text_set},
    flow::{self, ManagedResource},
};
use goldenpath_core::{
    domain::{DnsLabel, EnvironmentId, Id, Isolation, NameError, SlotId, Spread},
    provision::{Descriptor, Slot, Spec, descriptor},
};
use plugin::{
    Schema, Type, Value,
    schema::{Attribute, computed, object, optional, required, timeouts},
    value::{ConvertError, from_value},
};

pub struct EksWorkloadSlot;

impl ManagedResource for EksWorkloadSlot {
    fn name(&self) -> &'static str {
        "goldenpath_eks_workload_slot"
    }

    fn id_form(&self) -> &'static str {
        "<cluster>/<environment>/<slot>"
    }

    fn schema(&self) -> Schema {
        Schema::new(inputs().into_iter().chain(attributes::identity(self.id_form())).chain(outputs())).describe(
            "The place for one workload in an environment: an AWS identity for its ServiceAccount, a share of the quota, \
             availability, and network rules. The workload itself stays in your own repository; the data source \
             `goldenpath_workload_manifests` has a Deployment that fits the slot.\n\nDefaults that depend on the tier are listed in the \
             [golden paths guide](../guides/golden-paths).",
        )
    }

    fn spec(&self, config: &Value) -> Result<Spec, ConvertError> {
        from_value(config).map(Spec::of::<Slot>)
    }

    fn golden(&self) -> &'static dyn Descriptor {
        descriptor::<Slot>()
    }

    fn id(&self, config: &Value) -> Option<Id> {
        let environment: EnvironmentId = flow::leaf(config, "environment")?;
        Some(SlotId { environment, slot: flow::leaf(config, "name")? }.into())
    }

    fn parse_id(&self, text: &str) -> Result<Id, NameError> {
        text.parse().map(|id: SlotId| id.into())
    }
}

fn inputs() -> Vec<Attribute> {
    vec![
        required("name", Type::String).parses::<DnsLabel>().replaces().example("ledger").describe(
            "Name of the slot and of its ServiceAccount: a DNS label of at most 40 characters (RFC 1123). Changing this \
             forces replacement.",
        ),
        required("environment", Type::String).parses::<EnvironmentId>().replaces().example("demo/payments-prod").describe(
            "`id` of the environment, `<cluster>/<environment>`. Refer to the environment's `.id`, so that Terraform creates \
             it first. Changing this forces replacement.",
        ),
        optional("namespace", Type::String).parses::<DnsLabel>().example("default").describe(
            "Key of the environment's `namespaces`. Defaults to `default` or, if there is only one key, to that key; otherwise \
             it is required.",
        ),
        choice::<Isolation>("isolation").describe(
            "`shared`: the slot shares the environment's namespace with others, and any pod there can use its \
             ServiceAccount. `namespace`: the slot has its own namespace, `<environment>-<slot>`, with a quota for its \
             `share`. The default depends on the tier. Changing this moves the slot in place: its ServiceAccount, \
             identity and quota are created in the other namespace, and a namespace of its own is deleted with \
             everything inside, unless `deletion_protection` is on.",
        ),
        optional("deletion_protection", Type::Bool).describe(
            "Rejects every plan that would delete the slot's own namespace. To delete it, first apply `false` by itself. The \
             default depends on the tier.",
        ),
        identity::identity(),
        share(),
        attributes::quantities(optional("quota", Type::map(Type::String)))
            .example(Value::map([("requests.storage", Value::from("100Gi"))]))
            .describe(
                "What an isolated slot's namespace may use in addition to its share: resource names with quantities, as \
                 in a Kubernetes `ResourceQuota`, such as `requests.storage`, `persistentvolumeclaims` and \
                 `services.loadbalancers`. It is taken from the part of isolated slots. Defaults to the tier's, and the \
                 path may set a maximum.",
            ),
        attributes::parameters(),
        own_keys("labels", "squad", "blue"),
        own_keys("annotations", "wiki", "https://wiki.example.com/x"),
        availability(),
        ingress(),
        egress(),
        attributes::drift(),
        attributes::claim(),
        timeouts(flow::OPERATIONS),
    ]
}

fn own_keys(name: &'static str, key: &str, value: &str) -> Attribute {
    optional(name, Type::map(Type::String)).example(Value::map([(key, Value::from(value))])).describe(format!(
        "Your own {name} on an isolated slot's Namespace, with the keys that `namespaces` of an environment may have."
    ))
}

fn share() -> Attribute {
    let amount = |name, example: &str, what: &str| {
        attributes::quantity(required(name, Type::String)).example(example).describe(what)
    };
    let share = object([
        amount("cpu", "4", "Total CPU requests of all replicas, such as `4` or `500m`."),
        amount("memory", "8Gi", "Total memory requests of all replicas, such as `8Gi`."),
        optional("max_replicas", Type::Number)
            .between(1, 1000)
            .example(6)
            .describe("Largest number of replicas, 1 to 1000. The default depends on the tier."),
    ]);
    optional("share", share).describe(
        "What the slot takes from the environment's quota: a shared slot from the environment's own part, an isolated \
         one from the part of isolated slots (`quota.slots_percent`). CPU, memory and pods of all slots are added up; \
         the pods of an isolated slot are its replicas, a quarter more for rolling updates, plus one. A plan refuses \
         more than is available, and an apply waits up to a minute for other slots that shrink. Defaults to the share \
         of the tier.",
    )
}

fn availability() -> Attribute {
    let availability = object([
        optional("min_replicas", Type::Number)
            .between(1, 1000)
            .example(3)
            .describe("Smallest number of replicas, 1 to 1000. The default depends on the tier."),
        optional("max_unavailable", Type::String).example("25%").describe(
            "How many replicas may be unavailable at once: a count or a percentage (PodDisruptionBudget `maxUnavailable`). It \
             must allow at least one voluntary disruption. The default depends on the tier.",
        ),
        optional("pdb", Type::Bool).describe(
            "Whether the slot has a PodDisruptionBudget if the tier or `max_unavailable` asks for one. Set `false` if \
             the workload brings its own: pods with two budgets can't be evicted. Defaults to `true`.",
        ),
        choice::<Spread>("spread").describe(
            "How replicas are spread over zones (`topologySpreadConstraints` of its pods). The default depends on the tier.",
        ),
        optional("target_cpu_percent", Type::Number).between(1, 100).example(70).describe(
            "Creates a HorizontalPodAutoscaler with this target for CPU use, in percent of the request, 1 to 100. No autoscaler \
             if unset.",
        ),
    ]);
    optional("availability", availability).describe("How many replicas to run, and how many may be unavailable.")
}

fn ingress() -> Attribute {
    let ports = optional("ports", Type::set(Type::Number))
        .between(1, 65_535)
        .example(Value::set([8080.into()]))
        .describe("TCP ports that are open to these slots, 1 to 65535. All ports if unset or empty.");
    let from = text_set("from_slots", "payments-prod/gateway")
        .describe("Slots that may connect, as `<environment>/<slot>` or by `id`.");
    optional("ingress", object([from, ports])).describe(
        "Who may connect to the workload. If unset, everybody whom the environment lets in. If the slot has its own \
             namespace, only the slots in `from_slots` may, and besides them `monitoring_namespaces` and, if \
             `same_environment` is on, the slot's own pods; `from_slots = []` lets in only these. In a shared \
             namespace, these slots are added to those that the environment lets in, and a warning lists the latter.",
    )
}

fn egress() -> Attribute {
    let to = text_set("to_slots", "payments-prod/db")
        .describe("Slots that the workload may call, as `<environment>/<slot>` or by `id`.");
    let fqdns = text_set("fqdns", "api.example.com").describe(
        "Domain names that the workload may call over TLS. They need the environment's engine to be `eks_auto` or `cilium`.",
    );
    optional("egress", object([to, fqdns])).describe("What the workload may call, besides what the environment allows.")
}

fn outputs() -> Vec<Attribute> {
    let text = |name, what: &str| computed(name, Type::String).describe(what);
    [
        text("namespace_name", "Name of the namespace that the slot is in."),
        text("service_account", "Name of the ServiceAccount that the workload's pods must use."),
        text("role_arn", "ARN of the slot's IAM role. Null if `identity.mode` is `none`."),
        text(
            "role_unique_id",
            "Unique ID of the role (IAM `RoleId`). A role that is deleted and created again under the same name has another \
             one.",
        ),
        text("association_id", "ID of the Pod Identity association (EKS `CreatePodIdentityAssociation`)."),
        text("external_id", "What the trust policy of `identity.target_role_arn` must require as `sts:ExternalId`."),
        computed("identity_ready", Type::Bool).describe(
            "Whether pods get the credentials of the Pod Identity association, as checked by the apply that last made or \
             changed it: `true` after three successful checks in a row (a pod created as a dry run), `false` if that took \
             longer than 30 seconds; the next apply checks again. Null without an association, after an import, and if it \
             can't be checked (no Pod Identity agent, or no permission to create pods).",
        ),
    ]
    .map(Attribute::stable)
    .into()
}

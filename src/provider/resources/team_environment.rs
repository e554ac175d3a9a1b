//! `goldenpath_team_environment`: what one team gets in one tier on one cluster.

use super::{
    attributes,
    flow::{self, Kind},
};
use goldenpath_core::domain::{
    ClusterRef, DnsLabel, EnvironmentId, EnvironmentSpec, Id, NameError, Namespace, Spec, TierName,
};
use plugin::{
    Schema, Type, Value,
    schema::{Attribute, computed, object, optional, required, timeouts},
};
use std::collections::BTreeMap;

mod access;
mod network;

pub struct TeamEnvironment;

impl Kind for TeamEnvironment {
    type Spec = EnvironmentSpec;
    const NAME: &'static str = "goldenpath_team_environment";
    const ID_SHAPE: &'static str = "`<cluster>/<environment>`, or `<environment>` where the target has one cluster";

    fn schema() -> Schema {
        let attributes =
            configured().into_iter().chain(attributes::identity("`<cluster>/<environment>`.")).chain(outputs());
        Schema::new(attributes).describe(
            "What one team gets in one tier on one cluster: namespaces with quotas, limits, network rules and Pod Security, \
             people's access, and the guardrails of the golden path's tier. Ten lines stand for all of it, and the plan shows \
             every object under `objects`.\n\nThe configuration may only narrow what the golden path grants: boundaries, IAM \
             paths and allowed actions come from the path, never from here. Needs `goldenpath_cluster_baseline` on the same \
             cluster.",
        )
    }

    fn wrap(spec: EnvironmentSpec) -> Spec {
        Spec::Environment(spec)
    }

    fn id(config: &Value) -> Option<Id> {
        let cluster: ClusterRef = flow::leaf(config, "cluster")?;
        let environment = flow::leaf(config, "name")?;
        Some(Id::Environment(EnvironmentId { cluster: cluster.name().to_owned(), environment }))
    }

    fn parse_id(text: &str, only: Option<&ClusterRef>) -> Result<Id, NameError> {
        match only {
            Some(cluster) if !text.contains('/') => format!("{}/{text}", cluster.name()).parse(),
            _ => text.parse(),
        }
        .map(Id::Environment)
    }
}

fn configured() -> Vec<Attribute> {
    vec![
        required("name", Type::String).parses::<DnsLabel>().replaces().example("payments-prod").describe(
            "Name of the environment: a DNS label of at most 40 characters (RFC 1123). The namespace with key `default` is \
             called so, any other `<name>-<key>`. Changing it makes another environment and destroys this one.",
        ),
        required("team", Type::String)
            .parses::<DnsLabel>()
            .example("payments")
            .describe("The team that owns it: a DNS label of at most 40 characters, as in Backstage's `Group`."),
        required("tier", Type::String).parses::<TierName>().example("prod").describe(
            "A tier of the golden path; `team-standard` has `dev`, `staging` and `prod`. A tier sets the defaults and the bounds \
             of all that follows, and belongs to a class: `prod` asks for an `owner` and protects from deletion.",
        ),
        attributes::cluster(required("cluster", Type::String)).describe(
            "Name or ARN of the cluster (EKS `CreateCluster`: letters, digits, `-` and `_`, at most 100). A name and an ARN of \
             the same cluster are equal. Another cluster makes another environment and destroys this one.",
        ),
        optional("golden_path", Type::String)
            .not_empty()
            .example("team-standard")
            .describe("Name of the golden path in the catalogue. Default: the catalogue's own, `team-standard`."),
        owner(),
        namespaces(),
        quota(),
        limits("Defaults for containers that name none (Kubernetes `LimitRange`). Default: those of the tier."),
        network::network(),
        pod_security("Pod Security admission of all namespaces."),
        access::access(),
        optional("deletion_protection", Type::Bool).describe(
            "Refuses every plan that would delete one of the namespaces, until it has been set to `false` by an apply of its \
             own. Default: `true` in tiers of class prod, else `false`.",
        ),
        attributes::drift(),
        adopt(),
        attributes::facts_taken(),
        timeouts(flow::OPERATIONS),
    ]
}

fn owner() -> Attribute {
    let text =
        |name, example: &str, what: &str| optional(name, Type::String).not_empty().example(example).describe(what);
    let contact = required("contact", Type::String).not_empty().example("payments@example.com").describe(
        "Whom to reach: a mail address or a chat handle. Kept as the annotation `goldenpath.internal/contact`.",
    );
    let cost_center = required("cost_center", Type::String)
        .not_empty()
        .example("CC12")
        .describe("Whom to charge. Kept as the annotation `goldenpath.internal/cost-center`, and as a tag in AWS.");
    optional(
        "owner",
        object([
            contact,
            cost_center,
            text("slack", "#payments", "Channel of the team."),
            text("oncall", "pagerduty:PAY", "Where to page, in the words of the paging system."),
            text("data_class", "confidential", "Class of the data that is held here, as the company names it."),
            text("docs", "https://docs.example.com/payments", "Address of the team's documents."),
        ]),
    )
    .describe("Who answers for the environment. Required in tiers of class prod.")
}

fn namespaces() -> Attribute {
    let own_quota = attributes::quantities(optional("quota", Type::map(Type::String))).describe(
        "This namespace's part of `quota.total`: resource name to quantity, as in a Kubernetes `ResourceQuota`. Namespaces \
         without one share what is left equally, rounded down; nothing left is an error.",
    );
    let labels = attributes::text_map("labels").example(Value::map([("example.com/squad", Value::from("blue"))])).describe(
        "Labels of your own on the Namespace. Keys under `goldenpath.internal/` and `pod-security.kubernetes.io/` are refused: \
         they decide who may do what.",
    );
    let annotations = attributes::text_map("annotations")
        .example(Value::map([("example.com/wiki", Value::from("https://wiki.example.com/x"))]))
        .describe("Annotations of your own on the Namespace; the same keys are refused as for `labels`.");
    let one = object([
        own_quota,
        limits("Defaults for containers in this namespace alone."),
        labels,
        annotations,
        pod_security("Pod Security of this namespace alone; never weaker than the environment's."),
    ]);
    optional("namespaces", plugin::schema::map_of(one))
        .parses::<BTreeMap<DnsLabel, Namespace>>()
        .length(1, 20)
        .default(Value::map([("default", Value::map::<String>([]))]))
        .describe(
            "Namespaces by key, at most 20. Key `default` is the namespace called `<name>`, any other is `<name>-<key>`; a final \
             name has at most 63 characters and is none of the cluster's own (`kube-`, `amazon-`, `aws-`, `goldenpath-`, \
             `argocd`, ...). Default: `{ default = {} }`. Removing a key deletes that namespace and all that is in it.",
        )
}

fn quota() -> Attribute {
    let total = attributes::quantities(optional("total", Type::map(Type::String)).default(Value::map::<String>([]))).describe(
        "Sum over all namespaces: resource name to quantity, as in a Kubernetes `ResourceQuota`, such as `requests.cpu = \"32\"` \
         or `requests.memory = \"64Gi\"`. What is not named has the tier's default; at most four times that default is allowed.",
    );
    let headroom = optional("headroom_percent", Type::Number).between(0, 400).example(25).describe(
        "Spare quota for rolling updates, in percent of what slots ask for (0 to 400). A smaller one than the largest surge of a \
         slot is a warning, since its rollout would stop.",
    );
    let by_priority = optional("by_priority", Type::map(Type::map(Type::String)))
        .parses::<BTreeMap<String, goldenpath_core::domain::Quantities>>()
        .default(Value::map::<String>([]))
        .example(Value::map([("gp-critical", Value::map([("pods", Value::from("10"))]))]))
        .describe(
            "PriorityClass to pod-scoped quota (Kubernetes `ResourceQuota.spec.scopeSelector`): how much of what may run at that \
             priority.",
        );
    optional("quota", object([total, headroom, by_priority]))
        .describe("How much the environment may use. Default: the tier's.")
}

fn limits(what: &str) -> Attribute {
    let amount = |name, what: &str| attributes::quantity(optional(name, Type::String)).describe(what);
    let container = object([
        amount("default_memory", "Memory limit of a container that sets none, such as `512Mi`."),
        amount("default_request_cpu", "CPU request of a container that sets none, such as `100m`.").example("100m"),
        amount("default_request_memory", "Memory request of a container that sets none, such as `128Mi`.")
            .example("128Mi"),
        amount("max_memory", "Largest memory limit of one container. No default.").example("4Gi"),
    ]);
    let container = optional("container", container).describe("Per container. CPU has no limit: limits throttle.");
    optional("limits", object([container])).describe(what)
}

fn pod_security(what: &str) -> Attribute {
    let enforce = optional("enforce", Type::String).one_of(&["restricted", "baseline", "privileged"]).describe(
        "Level of the Pod Security Standards that is enforced. Only a stricter one than the tier's is allowed; exemptions live in \
         the golden path. Default: the tier's.",
    );
    let version = optional("version", Type::String).check(minor_version).example("1.36").describe(
        "Minor version of Kubernetes whose rules hold, such as `1.36`. Default: the cluster's when the environment was made, so \
         that an upgrade of the cluster changes nothing here.",
    );
    optional("pod_security", object([enforce, version])).describe(format!("{what} Default: the tier's."))
}

fn minor_version(text: &String) -> Result<(), String> {
    let minor =
        text.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()));
    if minor { Ok(()) } else { Err(format!("{text:?} is not a minor version of Kubernetes, such as 1.36")) }
}

fn adopt() -> Attribute {
    let mode = optional("mode", Type::String).one_of(&["fail", "if_marked"]).default("fail").describe(
        "`fail`: a namespace of the same name that is not ours is an error. `if_marked`: it is taken over if an administrator \
         has put the annotation `goldenpath.internal/adoptable-by: <cluster>/<environment>` on it, and no deployment tool (Argo \
         CD, Flux, Helm, Crossplane) has put its own. The plan says which fields it takes over. Default `fail`.",
    );
    let take = attributes::text_set("take_fields").example(Value::set(["/spec/hard/pods".into()])).describe(
        "JSON pointers (RFC 6901) of fields to take from the managers that hold them, while adopting. Any other held field is an \
         error that names its manager.",
    );
    optional("adopt", object([mode, take]))
        .describe("Whether namespaces that exist already may become part of this environment.")
}

fn outputs() -> Vec<Attribute> {
    let milliseconds = computed("phases", Type::map(Type::Number)).describe("Phase to milliseconds.");
    vec![
        computed("resolved_version", Type::String).stable().describe("Version of the golden path that made the objects."),
        computed("namespace_names", Type::map(Type::String))
            .stable()
            .describe("Key of `namespaces` to the final name of the namespace."),
        computed("rbac_groups", Type::map(Type::list(Type::String))).stable().describe(
            "Persona to the groups that its RoleBindings name: one `gp:p:<hash>` for each principal, and the OIDC groups.",
        ),
        computed("role_arns", Type::map(Type::String))
            .stable()
            .describe("Persona to the ARN of the IAM role made for it (`create_role`)."),
        computed("access_entry_arns", Type::map(Type::String))
            .stable()
            .describe("ARN of a principal to the ARN of its EKS access entry."),
        computed(
            "provisioning",
            object([
                computed("requested_at", Type::String).describe("When the create began (RFC 3339, UTC)."),
                computed("ready_at", Type::String).describe("When all was there (RFC 3339, UTC)."),
                milliseconds,
            ]),
        )
        .stable()
        .describe("How long the create took; it never changes afterwards."),
    ]
}

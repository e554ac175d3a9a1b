//! Attributes that several resources share: one declaration, one description.

use goldenpath_core::domain::{ClusterArn, ClusterRef, Quantity};
use plugin::{
    Type, Value,
    schema::{Attribute, Kind, Object, computed, object, optional},
};

/// What every managed resource computes about itself.
pub fn identity(id: &str) -> [Attribute; 4] {
    [
        computed("id", Type::String)
            .stable()
            .describe(format!("{id} Known at plan; the text that `import` and references take.")),
        computed("uid", Type::String).stable().describe(
            "Tells this instance from an earlier or later one of the same `id`: new at every create, resume and take-over. \
             A delete acts on its own `uid` only.",
        ),
        computed("target", Type::String).stable().describe(
            "Where the objects live: the UUID of the sandbox, or the ARN of the cluster. The same state against another target \
             is an error and never taken for \"gone\".",
        ),
        computed("objects", Type::map(Type::String)).describe(
            "Every AWS and Kubernetes object that this resource stands for: its key, and one line of its fields that ends in \
             a digest of all fields that we own. After a refresh the line is what was observed; in a plan it is what is \
             desired. So a plan shows each object that will be made, changed or deleted, and drift.",
        ),
    ]
}

/// A name and an ARN of the same cluster are equal: the prior spelling stays, and nothing is replaced.
pub fn cluster(attribute: Attribute) -> Attribute {
    fn same(prior: &Value, new: &Value) -> bool {
        let parse = |value: &Value| value.as_str().and_then(|text| text.parse::<ClusterRef>().ok());
        parse(prior).zip(parse(new)).is_some_and(|(prior, new)| prior.same_as(&new))
    }
    attribute.parses::<ClusterRef>().equal_if(same).replaces_if(|prior, new| !same(prior, new)).example("demo")
}

/// Two spellings of one quantity are equal: `1000m` is `1`.
fn same_quantity(prior: &Value, new: &Value) -> bool {
    let parse = |value: &Value| value.as_str().and_then(|text| text.parse::<Quantity>().ok());
    parse(prior).zip(parse(new)).is_some_and(|(prior, new)| prior == new)
}

pub fn quantity(attribute: Attribute) -> Attribute {
    attribute.parses::<Quantity>().equal_if(same_quantity).example("512Mi")
}

/// Kubernetes resource names to quantities.
pub fn quantities(attribute: Attribute) -> Attribute {
    attribute
        .parses::<goldenpath_core::domain::Quantities>()
        .equal_elements_if(same_quantity)
        .example(Value::map([("requests.cpu", Value::from("4"))]))
}

pub fn texts() -> Type {
    Type::set(Type::String)
}

/// No elements is the same as not configured: it is planned as `[]`, so that an import gives back what was written.
pub fn text_set(name: &'static str) -> Attribute {
    optional(name, texts()).default(Value::set([]))
}

pub fn text_map(name: &'static str) -> Attribute {
    optional(name, Type::map(Type::String)).default(Value::map::<String>([]))
}

pub fn drift() -> Attribute {
    let modes = optional("mode", Type::String).one_of(&["heal", "report"]).default("heal").describe(
        "`heal`: the next apply puts back what others have changed in fields that we own. `report`: such an object is left \
         as it is, and each plan warns of it. Default `heal`.",
    );
    let ignore = text_set("ignore").example(Value::set(["k8s/v1/ResourceQuota/*".into()])).describe(
        "Patterns over keys of `objects`, in which `*` matches any text: such objects are only reported, whatever the mode. \
         `k8s/v1/ResourceQuota/*` lets someone on call raise a quota by hand without the next pipeline undoing it.",
    );
    optional("drift", object([modes, ignore])).describe(
        "What happens to objects whose live fields are no longer ours. A field that another controller owns by server-side \
         apply is never taken from it: that is an error which names the manager and the field.",
    )
}

/// `data.goldenpath_cluster.<name>.facts`, taken by a resource or an offline provider.
pub fn facts_taken() -> Attribute {
    optional("facts", facts(true)).describe(
        "Facts of the cluster, from the data source `goldenpath_cluster`: core then holds them fast between plan and apply, \
         and a plan needs no call to the cluster. Without it the provider reads them itself, and remembers them.",
    )
}

pub fn facts_read() -> Attribute {
    computed("facts", facts(false))
        .describe("All that is known of the cluster, in the form that resources take as `facts`.")
}

fn facts(taken: bool) -> Object {
    // Given by hand (an offline target), what nearly all clusters have in common needn't be written.
    let leaf = |name: &'static str, kind: Kind, default: Option<Value>| match (taken, default) {
        (false, _) => computed(name, kind),
        (true, Some(default)) => optional(name, kind).default(default),
        (true, None) => plugin::schema::required(name, kind),
    };
    let (text, flag) = (|| Kind::from(Type::String), || Kind::from(Type::Bool));
    let mut arn = leaf("cluster_arn", text(), None)
        .example("arn:aws:eks:eu-west-1:111122223333:cluster/demo")
        .describe("ARN of the cluster (EKS `DescribeCluster`: `cluster.arn`).");
    if taken {
        arn = arn.parses::<ClusterArn>();
    }
    let issuer = if taken { optional("oidc_issuer", text()) } else { computed("oidc_issuer", text()) };
    let stable = object([
        arn,
        leaf("auto_mode", flag(), Some(false.into()))
            .describe("EKS Auto Mode runs the nodes (EKS `DescribeCluster`: `computeConfig.enabled`)."),
        leaf("service_cidr", text(), Some("10.100.0.0/16".into())).describe(
            "Range of Service addresses; its tenth address is DNS (EKS `DescribeCluster`: \
             `kubernetesNetworkConfig.serviceIpv4Cidr` or `serviceIpv6Cidr`).",
        ),
        leaf("ip_family", text(), Some("ipv4".into()))
            .describe("`ipv4` or `ipv6` (EKS `DescribeCluster`: `kubernetesNetworkConfig.ipFamily`)."),
        issuer.describe(
            "URL of the cluster's OIDC issuer, which the trust of roles in mode `irsa` names; null where it has none (EKS \
             `DescribeCluster`: `identity.oidc.issuer`).",
        ),
        leaf("pod_security_version", text(), None).example("1.36").describe(
            "Minor version of Kubernetes that Pod Security's `-version` labels name: the cluster's own when an environment is \
             made, which then keeps it.",
        ),
        leaf("permission_sets", Type::map(Type::String).into(), Some(Value::map::<String>([]))).describe(
            "IAM Identity Center permission set -> ARN of its one role in this account, with the path \
             `/aws-reserved/sso.amazonaws.com/` (IAM `ListRoles`).",
        ),
    ]);
    let stable = if taken { plugin::schema::required("stable", stable) } else { computed("stable", stable) };
    object([
        stable.describe("What rendering may depend on: the same facts give the same objects."),
        leaf("version", text(), None)
            .example("1.36")
            .describe("Minor version of Kubernetes that the cluster runs now (EKS `DescribeCluster`: `version`)."),
        leaf("authentication_mode", text(), Some("API".into())).describe(
            "`API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP` (EKS `DescribeCluster`: `accessConfig.authenticationMode`). Access \
             entries need one of the first two.",
        ),
        leaf("network_policy_enforced", flag(), Some(true.into()))
            .describe("The cluster's CNI enforces NetworkPolicies (add-on `vpc-cni`: `enableNetworkPolicy`)."),
        leaf("addons", Type::list(Type::String).into(), Some(Value::List(vec![])))
            .describe("Names of the installed EKS add-ons (EKS `ListAddons`)."),
        leaf("crds", Type::list(Type::String).into(), Some(Value::List(vec![])))
            .describe("Names of the custom resource definitions that are present; they may warn, and never decide an object."),
        leaf("caller", text(), Some("".into())).describe(
            "ARN of the principal that the provider runs as (STS `GetCallerIdentity`): its own access is never deleted.",
        ),
    ])
}

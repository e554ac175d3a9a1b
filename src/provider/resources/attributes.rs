//! Attributes that several resources share: one declaration, one description.

mod choice;

use choice::word_list;
pub use choice::{choice, choice_or_default};

use goldenpath_core::domain::{
    AuthenticationMode, COMMON_OUTPUTS, ClusterArn, ClusterRef, DriftMode, IpFamily, NetworkEngine, Quantities,
    Quantity, ordinary,
};
use plugin::{
    Type, Value,
    schema::{Attribute, Object, computed, object, optional, required},
};

/// What every managed resource computes about itself; `id_form` is the form of its id.
pub fn identity(id_form: &str) -> [Attribute; 5] {
    let [id, uid, target, objects, drifted] = COMMON_OUTPUTS;
    [
        computed(id, Type::String)
            .stable()
            .describe(format!("`{id_form}`. Known at plan time; use it in references and with `import`.")),
        computed(uid, Type::String).stable().describe(
            "Distinguishes this instance from earlier and later ones with the same `id`: every create, resume and \
             take-over assigns a new one. A delete only acts on the instance with this `uid`.",
        ),
        computed(target, Type::String).stable().describe(
            "Where the instance lives: the ARN of the cluster, or the UUID of the sandbox. Using this state with another \
             target is an error; the instance is never reported as deleted because of it.",
        ),
        computed(objects, Type::map(Type::String)).describe(
            "Every AWS and Kubernetes object of this resource: its kind and name, and its fields line by line, with a digest of \
             all fields that the provider owns at the end; see [reading a plan](../guides/reading-a-plan). After a refresh, \
             it is what was observed; in a plan, what is desired. A plan therefore lists each object that will be created, \
             changed or deleted, and any drift.",
        ),
        computed(drifted, Type::list(Type::String)).describe(
            "Sorted keys of the `objects` that are missing or differ from what the golden path wants; null if there are \
             none. A refresh finds all of them; after an apply, only those that `drift` excludes are left. Useful for \
             tools that show no warnings, such as Crossplane.",
        ),
    ]
}

/// A name and an ARN of the same cluster are equal: the prior spelling stays, and nothing is replaced.
pub fn cluster() -> Attribute {
    fn same(prior: &Value, new: &Value) -> bool {
        let parse = |value: &Value| value.as_str().and_then(|text| text.parse::<ClusterRef>().ok());
        parse(prior).zip(parse(new)).is_some_and(|(prior, new)| prior.same_as(&new))
    }
    let cluster = required("cluster", Type::String).parses::<ClusterRef>().equal_if(same).example("demo");
    cluster.replaces_if(|prior, new| !same(prior, new)).describe(
        "Name or ARN of the EKS cluster. The name and the ARN of one cluster are equal; any other change forces replacement.",
    )
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
    let example = Value::map([("requests.cpu", Value::from("4"))]);
    attribute.parses::<Quantities>().equal_elements_if(same_quantity).example(example)
}

pub fn texts() -> Type {
    Type::set(Type::String)
}

/// Without a default, like every list, map and flag: a plan shows nothing that nobody wrote.
pub fn text_set(name: &'static str, example: &str) -> Attribute {
    optional(name, texts()).example(Value::set([example.into()]))
}

pub fn parameters() -> Attribute {
    optional("parameters", Type::Dynamic).example(Value::map([("log_days", Value::from(30))])).describe(
        "Values for the parameters that the golden path declares, by name, each of the type and in the range that the \
         path sets. `team-standard` has none. `goldenpath catalogue show <name>` lists them, with your own catalogue in \
         `GOLDENPATH_CATALOGUE`.",
    )
}

pub fn claim() -> Attribute {
    optional("claim", Type::String).not_empty().example("git.example.com/payments/infra").describe(
        "Who owns this: your own text that no other configuration uses, such as a repository, or the namespace, name \
         and uid of a Crossplane resource. It is stored in the record. A create with the same request and `claim` as an \
         existing instance takes it over, as a create whose result was lost; without `claim`, only within an hour of \
         its last change. Anything else must be imported.",
    )
}

pub fn drift() -> Attribute {
    let mode = choice_or_default::<DriftMode>("mode").describe(
        "`heal`: the next apply restores fields that the provider owns and someone else has changed. `report`: the object \
         is left as it is, and each plan warns about it.",
    );
    let ignore = text_set("ignore", "ResourceQuota *").describe(
        "Patterns over keys of `objects`, in which `*` matches any text. Matching objects are only reported, whatever the \
         mode. For example, `ResourceQuota *` lets an administrator on call raise a quota with `kubectl` \
         without the next pipeline reverting it.",
    );
    optional("drift", object([mode, ignore])).describe(
        "What happens to objects whose live fields differ from what the provider applied. The provider never takes over a \
         field that another controller owns by server-side apply: that is an error that names the field manager and the \
         field.",
    )
}

/// Of the offline target. No resource takes facts: HCL could name another account's roles and networks with them.
pub fn given_facts() -> Attribute {
    required("facts", facts(true))
        .describe("Facts of the one cluster, in the form that the data source `goldenpath_cluster` returns.")
}

pub fn facts_read() -> Attribute {
    computed("facts", facts(false))
        .describe("Everything known about the cluster, in the form that `offline` of the provider takes.")
}

const ENGINE: &str = "network_policy_engine";

fn facts(given: bool) -> Object {
    // Written by hand for the offline target, what nearly all clusters have in common may be left out.
    let leaf = |name: &'static str, ty: Type, default: Option<Value>| match (given, default) {
        (false, _) => computed(name, ty),
        (true, Some(default)) => optional(name, ty).default(default),
        (true, None) => required(name, ty),
    };
    let maybe = |name: &'static str, ty: Type| if given { optional(name, ty) } else { computed(name, ty) };
    let texts = || Some(Value::List(vec![]));
    let mut arn = leaf("cluster_arn", Type::String, None)
        .example("arn:aws:eks:eu-west-1:111122223333:cluster/demo")
        .describe("ARN of the cluster (EKS `DescribeCluster`: `cluster.arn`).");
    if given {
        arn = arn.parses::<ClusterArn>();
    }
    let engine = if given { choice::<NetworkEngine>(ENGINE) } else { computed(ENGINE, Type::String) };
    let stable = object([
        arn,
        leaf("auto_mode", Type::Bool, Some(false.into()))
            .describe("Whether EKS Auto Mode runs the nodes (EKS `DescribeCluster`: `computeConfig.enabled`)."),
        leaf("service_cidr", Type::String, Some(ordinary::SERVICE_CIDR.into())).describe(
            "Range of Service addresses; its tenth address is the cluster's DNS (EKS `DescribeCluster`: \
             `kubernetesNetworkConfig.serviceIpv4Cidr` or `serviceIpv6Cidr`).",
        ),
        leaf("ip_family", Type::String, Some(IpFamily::default().as_str().into()))
            .describe(format!("{} (EKS `DescribeCluster`: `kubernetesNetworkConfig.ipFamily`).", word_list::<IpFamily>())),
        maybe("oidc_issuer", Type::String).describe(
            "URL of the cluster's OIDC issuer, which the trust policies of roles in mode `irsa` name. Null if the cluster \
             has none (EKS `DescribeCluster`: `identity.oidc.issuer`).",
        ),
        leaf("pod_security_version", Type::String, None).example(ordinary::VERSION).describe(
            "Minor version of Kubernetes in the `-version` labels of Pod Security: the cluster's version when an \
             environment is created, which the environment then keeps.",
        ),
        leaf("permission_sets", Type::map(Type::String), Some(Value::map::<String>([]))).describe(
            "IAM Identity Center permission sets by name, each with the ARN of its one role in this account, including the \
             path `/aws-reserved/sso.amazonaws.com/` (IAM `ListRoles`).",
        ),
    ]);
    let stable = if given { required("stable", stable) } else { computed("stable", stable) };
    object([
        stable.describe("The facts that rendering may depend on: the same facts always give the same objects."),
        leaf("version", Type::String, None)
            .example(ordinary::VERSION)
            .describe("Minor version of Kubernetes that the cluster runs now (EKS `DescribeCluster`: `version`)."),
        leaf("authentication_mode", Type::String, Some(AuthenticationMode::default().as_str().into())).describe(format!(
            "{} (EKS `DescribeCluster`: `accessConfig.authenticationMode`). Access entries need one of the first two.",
            word_list::<AuthenticationMode>()
        )),
        leaf("network_policy_enforced", Type::Bool, Some(true.into())).describe(
            "Whether anything enforces NetworkPolicies: the add-on `vpc-cni` with `enableNetworkPolicy`, Cilium or \
             Calico seen running, on Auto Mode the ConfigMap `amazon-vpc-cni` in `kube-system`. Null if the provider \
             may not read that.",
        ),
        engine.describe("What was seen to enforce them: `vpc_cni`, `eks_auto`, `cilium` or `calico`."),
        maybe("pod_identity_agent", Type::Bool).describe(
            "Whether the DaemonSet `eks-pod-identity-agent` runs in `kube-system`. Null if it is an add-on or built in \
             (Auto Mode), or if the provider may not read it.",
        ),
        leaf("addons", Type::list(Type::String), texts())
            .describe("Names of the installed EKS add-ons (EKS `ListAddons`)."),
        leaf("crds", Type::list(Type::String), texts()).describe(
            "Names of the installed custom resource definitions. No object depends on them.",
        ),
        leaf("caller", Type::String, Some("".into())).describe(
            "ARN of the principal that the provider runs as (STS `GetCallerIdentity`). The provider never deletes its own \
             access.",
        ),
    ])
}

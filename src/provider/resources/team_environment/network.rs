//! Network rules of an environment.

use crate::resources::attributes::{choice, text_set};
use goldenpath_core::domain::{DefaultDeny, NetworkEngine};
use plugin::{
    Type, Value,
    schema::{Attribute, list_of, object, optional, required},
};

pub(super) fn network() -> Attribute {
    let set = |name, example, what: &str| text_set(name, example).describe(what);
    optional(
        "network",
        object([
            choice::<DefaultDeny>("default_deny").describe(
                "Directions that are closed unless opened here. Defaults to the tier's value, and can only close more than \
                 that.",
            ),
            set("allow_from", "env:edge-prod", "Other environments of the cluster that may connect, as `env:<environment>`."),
            set(
                "ingress_cidrs",
                "10.0.0.0/16",
                "CIDR ranges that may connect, such as the subnets of load balancers with `target-type: ip`, among those that the \
                 golden path grants. The instance metadata address is always excluded.",
            ),
            set(
                "ingress_namespaces",
                "ingress-nginx",
                "Namespaces of ingress controllers and gateways whose pods may connect, among those that the golden \
                 path grants.",
            ),
            optional("ingress_ports", Type::set(Type::Number)).between(1, 65_535).example(Value::set([8080.into()])).describe(
                "TCP ports that `ingress_cidrs` and `ingress_namespaces` open, 1 to 65535. All ports if unset.",
            ),
            optional("same_environment", Type::Bool).describe(
                "Whether pods of the environment reach each other, on every port. `true` in the built-in path. With \
                 `false`, only slots that name each other do (`ingress.from_slots` of one, `egress.to_slots` of the \
                 other).",
            ),
            set(
                "monitoring_namespaces",
                "datadog",
                "Namespaces whose pods may scrape every pod, on every port, among those that the golden path lists. All \
                 of them if unset, none if empty.",
            ),
            set(
                "egress_presets",
                "aws_services",
                "Named sets of allowed destinations, in addition to those of the tier. `team-standard` has `aws_services` (HTTPS to AWS \
                 endpoints within the VPC), `internet_https` (HTTPS to public addresses, which S3 and DynamoDB have behind gateway \
                 endpoints too), `kubernetes_api` and `same_environment`. DNS and the Pod Identity agent are always allowed.",
            ),
            set(
                "egress_cidrs",
                "10.1.0.0/16",
                "CIDR ranges that may be called on any port, among those that the golden path grants. The instance metadata address \
                 is always excluded.",
            ),
            egress(),
            set(
                "egress_fqdns",
                "sts.eu-west-1.amazonaws.com",
                "Domain names that may be called on TCP port 443, among those that the golden path grants. They need the engine \
                 `eks_auto` or `cilium`.",
            ),
            set(
                "ingress_hosts",
                "payments.example.com",
                "Hosts that Ingresses and Gateway API routes of the environment may name, `*.example.com` for a whole \
                 domain, among those that the golden path grants. All of them if unset; a path without such a list \
                 admits any host.",
            ),
            choice::<NetworkEngine>("engine").describe(
                "What enforces the rules, which decides in which form they are written. `auto` means `eks_auto` on EKS \
                 Auto Mode and `vpc_cni` elsewhere. `none` is rejected in tiers of class prod. Defaults to `auto`. The \
                 provider checks on the cluster that something enforces them, whatever is set here.",
            ),
            optional("engine_reason", Type::String)
                .not_empty()
                .example("Cilium runs in namespace cilium, which nobody outside of the platform team can read")
                .describe(
                    "Why `engine` is correct although the provider finds nothing on the cluster that enforces network \
                     rules, or can't read what would show it. Without a reason, this is an error in tiers of class prod \
                     and a warning in others; with one, plans show the reason. Not allowed with the engine `none`.",
                ),
        ]),
    )
    .describe(
        "Which connections are allowed, as Kubernetes NetworkPolicies that tenants can't change. Defaults to the rules of the \
         tier.",
    )
}

fn egress() -> Attribute {
    let one = object([
        required("cidrs", Type::list(Type::String))
            .example(Value::List(vec!["10.1.0.0/16".into()]))
            .describe("CIDR ranges."),
        required("ports", Type::list(Type::Number))
            .between(1, 65_535)
            .example(Value::List(vec![5432.into()]))
            .describe("TCP ports that are open to them, 1 to 65535."),
    ]);
    optional("egress", list_of(one)).describe(
        "CIDR ranges that may be called on some ports only, among those that the golden path grants; `egress_cidrs` \
         opens all ports.",
    )
}

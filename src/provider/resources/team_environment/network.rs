//! Network rules of an environment.

use crate::resources::attributes::{choice, text_set};
use goldenpath_core::domain::{DefaultDeny, NetworkEngine};
use plugin::schema::{Attribute, object, optional};

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
                "CIDR ranges that may connect, such as the subnets of load balancers with `target-type: ip`. The instance \
                 metadata address is always excluded.",
            ),
            set(
                "egress_presets",
                "aws_services",
                "Named sets of allowed destinations: `aws_services` (HTTPS to AWS endpoints), `kubernetes_api`, \
                 `same_environment`. DNS and the Pod Identity agent are always allowed.",
            ),
            set(
                "egress_cidrs",
                "10.1.0.0/16",
                "CIDR ranges that may be called. The instance metadata address is always excluded.",
            ),
            set(
                "egress_fqdns",
                "sts.eu-west-1.amazonaws.com",
                "Domain names that may be called over TLS. They need the engine `eks_auto` or `cilium`.",
            ),
            set(
                "ingress_hosts",
                "payments.example.com",
                "Hosts that Ingresses and Gateway API routes of the environment may name, `*.example.com` for all of a domain. \
                 Within what the golden path grants, and all of that if unset; a path without such a list admits any host.",
            ),
            choice::<NetworkEngine>("engine").describe(
                "What enforces the rules. `auto` means `eks_auto` on EKS Auto Mode and `vpc_cni` elsewhere; nothing is \
                 detected. `none` is rejected in tiers of class prod. Defaults to `auto`.",
            ),
        ]),
    )
    .describe(
        "Which connections are allowed, as Kubernetes NetworkPolicies that tenants can't change. Defaults to the rules of the \
         tier.",
    )
}

//! Network rules of an environment.

use crate::resources::attributes::text_set;
use plugin::{
    Type, Value,
    schema::{Attribute, object, optional},
};

pub(super) fn network() -> Attribute {
    let set = |name, example: &str, what: &str| text_set(name).example(Value::set([example.into()])).describe(what);
    let presets = text_set("egress_presets").example(Value::set(["aws_services".into()])).describe(
        "Named openings for traffic that leaves: `aws_services` (HTTPS to AWS endpoints), `kubernetes_api`, \
         `same_environment`. DNS and the Pod Identity agent are always open.",
    );
    optional(
        "network",
        object([
            optional("default_deny", Type::String).one_of(&["both", "ingress", "egress", "none"]).describe(
                "Which directions are closed unless opened here. Default: `ingress` in tiers of class dev, else `both`; a tier of \
                 class prod allows nothing weaker.",
            ),
            set("allow_from", "env:edge-prod", "Other environments of the cluster that may call in, as `env:<environment>`."),
            set(
                "ingress_cidrs",
                "10.0.0.0/16",
                "Ranges that may call in (CIDR): subnets of load balancers with `target-type: ip`. The instance metadata address \
                 is always left out.",
            ),
            presets,
            set("egress_cidrs", "10.1.0.0/16", "Ranges that may be called (CIDR). The instance metadata address is always left out."),
            set(
                "egress_fqdns",
                "sts.eu-west-1.amazonaws.com",
                "Names that may be called over TLS. They need the engine `eks_auto` or `cilium`.",
            ),
            optional("engine", Type::String)
                .one_of(&["auto", "vpc_cni", "eks_auto", "cilium", "calico", "none"])
                .describe(
                    "What enforces the rules. `auto` is `eks_auto` on EKS Auto Mode, else `vpc_cni`; it is never detected. `none` is \
                     refused in tiers of class prod. Default `auto`.",
                ),
        ]),
    )
    .describe("Who may call whom, as Kubernetes NetworkPolicies that no tenant may write. Default: the tier's.")
}

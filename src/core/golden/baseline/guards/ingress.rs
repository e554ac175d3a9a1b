//! Guards of what tenants share with others: hosts, load balancers, and classes of ingress and storage.

use super::policy::{CREATE, Place, Policy, WRITE, environment, is_kept, is_listed, listed};

/// A host of somebody else would be served by two. One without a host is all hosts. The first host of a list of `*` is any.
pub fn hosts() -> Policy {
    const GROUP: &str = "metadata.?annotations[?'alb.ingress.kubernetes.io/group.name']";
    let is_within = "allowed.startsWith('*.') && host.endsWith(allowed.substring(1))";
    let is_kept_whole = "(oldObject != null && object.spec == oldObject.spec)";
    let group = format!("object.{GROUP}.orValue('')");
    Policy {
        on: vec![
            ("networking.k8s.io", "v1", &["ingresses"], WRITE),
            ("gateway.networking.k8s.io", "*", &["grpcroutes", "httproutes", "tlsroutes"], WRITE),
        ],
        place: Place::Environments,
        exempts: true,
        variables: vec![
            environment(),
            listed("allowed", "ingress-hosts"),
            listed("groups", "load-balancer-groups"),
            (
                "hosts",
                "request.resource.resource == 'ingresses' \
                 ? dyn(object).spec.?rules.orValue([]).map(rule, rule.?host.orValue('')) \
                 + (has(dyn(object).spec.defaultBackend) ? [''] : []) \
                 : dyn(object).spec.?hostnames.orValue([''])"
                    .to_owned(),
            ),
        ],
        rules: vec![
            (
                format!(
                    "'*' in variables.allowed || {is_kept_whole} \
                     || variables.hosts.all(host, variables.allowed.exists(allowed, host != '' && host == allowed || {is_within}))"
                ),
                "A host that is not the environment's, or none at all, which stands for every host. Name hosts of the annotation \
                 goldenpath.internal/ingress-hosts of the namespace, or add yours to `network.ingress_hosts` of \
                 goldenpath_team_environment.",
            ),
            (
                format!(
                    "{group} == '' || {group} == variables.environment || {group} in variables.groups || {}",
                    is_kept(GROUP, "''")
                ),
                "A load balancer group that others own would serve their hosts from here. Use the name of the environment as \
                 alb.ingress.kubernetes.io/group.name.",
            ),
        ],
    }
}

/// The API server fills in a default class before a guard sees the object.
pub fn classes() -> Policy {
    Policy {
        on: vec![("networking.k8s.io", "v1", &["ingresses"], WRITE), ("", "v1", &["persistentvolumeclaims"], CREATE)],
        place: Place::Environments,
        exempts: true,
        variables: vec![listed("ingress", "ingress-classes"), listed("storage", "storage-classes")],
        rules: vec![
            (
                format!(
                    "request.resource.resource != 'ingresses' || {} || {}",
                    is_listed("dyn(object)", "spec.?ingressClassName", "ingress"),
                    "(oldObject != null && dyn(object).spec == dyn(oldObject).spec)"
                ),
                "The IngressClass is not among those that the golden path grants. Name one of the annotation \
                 goldenpath.internal/ingress-classes of the namespace.",
            ),
            (
                format!(
                    "request.resource.resource != 'persistentvolumeclaims' || {}",
                    is_listed("dyn(object)", "spec.?storageClassName", "storage")
                ),
                "The StorageClass is not among those that the golden path grants. Name one of the annotation \
                 goldenpath.internal/storage-classes of the namespace.",
            ),
        ],
    }
}

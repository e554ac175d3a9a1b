//! Guards of what tenants run.

use super::policy::{CREATE, Place, Policy, WRITE, is_kept, is_listed, listed};

/// Nothing renews or revokes such a token.
pub fn token_secrets() -> Policy {
    Policy {
        on: vec![("", "v1", &["secrets"], CREATE)],
        place: Place::Environments,
        exempts: true,
        variables: vec![],
        rules: vec![(
            "object.?type.orValue('') != 'kubernetes.io/service-account-token'".to_owned(),
            "A Secret of type kubernetes.io/service-account-token holds a token that never expires. Give machines access with \
             `access.deployer` of goldenpath_team_environment, and pods with a projected volume.",
        )],
    }
}

/// `externalIPs` take over addresses of others (CVE-2020-8554). A load balancer keeps its node ports: the quota counts them.
pub fn services() -> Policy {
    let node_port = "object.spec.?type.orValue('') != 'NodePort'";
    Policy {
        on: vec![("", "v1", &["services"], WRITE)],
        place: Place::Environments,
        exempts: true,
        variables: vec![],
        rules: vec![
            (
                format!("size(object.spec.?externalIPs.orValue([])) == 0 || {}", is_kept("spec.?externalIPs", "[]")),
                "A Service with externalIPs receives the traffic of addresses that are not its own. Use type LoadBalancer, or an \
                 Ingress.",
            ),
            (
                format!("{node_port} || {}", is_kept("spec.?type", "''")),
                "A Service of type NodePort opens a port on every node. Use type ClusterIP behind an Ingress, or LoadBalancer.",
            ),
        ],
    }
}

/// A kubelet makes its own pods on its own node; the scheduler's binding is another resource.
pub fn pods() -> Policy {
    let is_everything = "t.?key.orValue('') == '' && t.?operator.orValue('') == 'Exists'";
    Policy {
        on: vec![("", "v1", &["pods"], WRITE)],
        place: Place::Environments,
        exempts: true,
        variables: vec![listed("classes", "priority-classes")],
        rules: vec![
            (
                "request.operation != 'CREATE' || object.spec.?nodeName.orValue('') == '' \
                 || 'system:nodes' in request.userInfo.?groups.orValue([])"
                    .to_owned(),
                "A pod with nodeName goes around the scheduler and every taint. Use a nodeSelector or an affinity.",
            ),
            (
                format!(
                    "!object.spec.?tolerations.orValue([]).exists(t, {is_everything}) || {}",
                    is_kept("spec.?tolerations", "[]")
                ),
                "A toleration without a key tolerates every taint, those of broken and of reserved nodes too. Name the key of the \
                 taint.",
            ),
            (
                // What it is can't change.
                format!(
                    "request.operation != 'CREATE' || {}",
                    is_listed("object", "spec.?priorityClassName", "classes")
                ),
                "The PriorityClass is not among those that the golden path grants. See the annotation \
                 goldenpath.internal/priority-classes of the namespace.",
            ),
        ],
    }
}

/// The annotation of a slot ends with `max-replicas=<number>`; what is no slot's is bounded by the quota alone. Lowering is always
/// allowed.
pub fn replicas() -> Policy {
    // The kinds have no field in common that the API server could check.
    let replicas =
        |object: &str| format!("dyn({object}).spec.?maxReplicas.orValue(dyn({object}).spec.?replicas.orValue(1))");
    Policy {
        on: vec![
            ("apps", "v1", &["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"], WRITE),
            ("autoscaling", "v2", &["horizontalpodautoscalers"], WRITE),
        ],
        place: Place::Environments,
        exempts: true,
        variables: vec![
            ("slot", "dyn(object).spec.?scaleTargetRef.?name.orValue(object.metadata.?name.orValue(''))".to_owned()),
            (
                "share",
                "namespaceObject.metadata.?annotations[?('goldenpath.internal/slot-' + variables.slot)].orValue('')"
                    .to_owned(),
            ),
            ("replicas", replicas("object")),
            ("before", format!("oldObject == null ? 0 : int({})", replicas("oldObject"))),
        ],
        rules: vec![(
            "!variables.share.matches('max-replicas=[0-9]+$') || variables.replicas <= variables.before \
             || variables.replicas <= int(variables.share.split('max-replicas=')[1])"
                .to_owned(),
            "More replicas than the share of the slot. Raise `share.max_replicas` of goldenpath_eks_workload_slot, or ask for fewer \
             replicas.",
        )],
    }
}

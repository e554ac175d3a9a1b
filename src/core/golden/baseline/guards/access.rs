//! Guards of who may enter: what others could change about an environment's borders.

use super::policy::{
    CHANGE, ENVIRONMENT, MANAGED, Place, Policy, WRITE, environment, is_kept,
    namespaces as namespaces_of_the_environment,
};
use crate::{
    domain::{LABEL_PREFIX, POD_SECURITY_PREFIX, PersonaName},
    golden::{catalogue::Reserved, objects::cluster_roles as roles},
};

/// Nobody is exempt: the provider may bind these roles, and would otherwise bind them to itself in kube-system.
pub fn cluster_roles(reserved: &Reserved) -> Policy {
    let names = list(PersonaName::ALL.map(roles::name));
    let (prefixes, reserved) = (list(&reserved.prefixes), list(&reserved.namespaces));
    let is_other = format!("object.roleRef.kind != 'ClusterRole' || !(object.roleRef.name in {names})");
    let is_ours = format!("namespaceObject != null && namespaceObject.metadata.?labels[?'{ENVIRONMENT}'].hasValue()");
    let is_free = format!(
        "!(request.namespace in {reserved}) && !{prefixes}.exists(prefix, request.namespace.startsWith(prefix))"
    );
    let is_kept = is_kept("?subjects", "[]");
    Policy {
        on: vec![("rbac.authorization.k8s.io", "v1", &["rolebindings", "clusterrolebindings"], WRITE)],
        place: Place::Everywhere,
        exempts: false,
        variables: vec![],
        rules: vec![(
            format!("{is_other} || ({is_ours} && {is_free}) || {is_kept}"),
            "The gp- ClusterRoles are bound only in namespaces of environments that the golden path does not reserve. Bind another \
             ClusterRole here.",
        )],
    }
}

/// On every namespace: one that carries our labels without being ours would be let in where an environment is.
pub fn namespaces() -> Policy {
    let ours = |map: &str| are_kept(map, LABEL_PREFIX);
    let is_managed = format!("'{LABEL_PREFIX}managed' in variables.labels_before");
    let map = |object: &str, map: &str| format!("{object} == null ? {{}} : {object}.metadata.?{map}.orValue({{}})");
    Policy {
        // Through its subresources labels could be changed, too.
        on: vec![(
            "",
            "v1",
            &["namespaces", "namespaces/finalize", "namespaces/status"],
            &["CREATE", "UPDATE", "DELETE"],
        )],
        place: Place::Everywhere,
        exempts: true,
        variables: vec![
            ("labels_before", map("oldObject", "labels")),
            ("labels", map("object", "labels")),
            ("annotations_before", map("oldObject", "annotations")),
            ("annotations", map("object", "annotations")),
        ],
        rules: vec![
            (
                format!("request.operation == 'DELETE' || ({} && {})", ours("labels"), ours("annotations")),
                "Labels and annotations under goldenpath.internal/ decide who may do what, and are the provider's. Change the \
                 environment in HCL.",
            ),
            (
                format!(
                    "request.operation == 'DELETE' || !({is_managed}) || {}",
                    are_kept("labels", POD_SECURITY_PREFIX)
                ),
                "Pod Security of an environment is the golden path's. Change `pod_security` of goldenpath_team_environment.",
            ),
            (
                format!("request.operation != 'DELETE' || !({is_managed}) || {}", is_controller()),
                "A namespace of an environment goes by a plan. Destroy the environment or the slot in HCL.",
            ),
        ],
    }
}

/// What ends a namespace and what is in it.
fn is_controller() -> String {
    let names = ["namespace-controller", "generic-garbage-collector"];
    let accounts = list(names.map(|name| format!("system:serviceaccount:kube-system:{name}")));
    format!("request.userInfo.?username.orValue('') in {accounts}")
}

/// Of a kind that tenants write: what the provider made bounds them. `same`: whether its content is as it was.
fn ours(same: &str) -> (String, &'static str) {
    let is_ours = |object: &str| format!("{object} != null && {object}.metadata.?labels[?'{MANAGED}'].hasValue()");
    let labels = "object.metadata.?labels.orValue({}) == oldObject.metadata.?labels.orValue({})";
    let is_same = format!("object != null && oldObject != null && {same} && {labels}");
    (
        format!("!({}) && !({}) || ({is_same}) || {}", is_ours("object"), is_ours("oldObject"), is_controller()),
        "An object with the label goldenpath.internal/managed is the provider's: it bounds the environment. Change it in HCL, and give \
         your own objects other labels.",
    )
}

/// Charts bring bindings for their own ServiceAccounts; whoever else is let in stands in HCL.
pub fn role_bindings() -> Policy {
    let is_inside = "s.kind == 'ServiceAccount' && s.?namespace.orValue('') in variables.namespaces";
    let is_same = format!("{} && object.roleRef == oldObject.roleRef", is_kept("?subjects", "[]"));
    Policy {
        on: vec![("rbac.authorization.k8s.io", "v1", &["rolebindings"], CHANGE)],
        place: Place::Environments,
        exempts: true,
        variables: vec![namespaces_of_the_environment()],
        rules: vec![
            (
                format!(
                    "request.operation == 'DELETE' || object.?subjects.orValue([]).all(s, {is_inside}) || {}",
                    is_kept("?subjects", "[]")
                ),
                "A RoleBinding names only ServiceAccounts of its own environment. Give people and other machines access with `access` \
                 of goldenpath_team_environment.",
            ),
            ours(&is_same),
        ],
    }
}

/// Network policies add up: one that opens to everybody voids the default deny. Charts bring their own, so those that stay inside
/// are admitted; of other engines' kinds none.
pub fn network_policies() -> Policy {
    let by_environment =
        format!("p.namespaceSelector.?matchLabels[?'{ENVIRONMENT}'].orValue('') == variables.environment");
    let by_name =
        "p.namespaceSelector.?matchLabels[?'kubernetes.io/metadata.name'].orValue('') in variables.namespaces";
    let inside = format!("!has(p.ipBlock) && (!has(p.namespaceSelector) || {by_environment} || {by_name})");
    let stays = |direction: &str, peers: &str| {
        format!(
            "object.spec.?{direction}.orValue([]).all(r, size(r.?{peers}.orValue([])) > 0 && r.{peers}.all(p, {inside}))"
        )
    };
    let is_builtin = "request.resource.group == 'networking.k8s.io'";
    let rule = format!(
        "request.operation == 'DELETE' || {is_builtin} && {} && {} || {}",
        stays("ingress", "from"),
        stays("egress", "to"),
        kept_spec()
    );
    Policy {
        on: vec![
            ("networking.k8s.io", "v1", &["networkpolicies"], CHANGE),
            ("networking.k8s.aws", "*", &["applicationnetworkpolicies"], CHANGE),
            ("cilium.io", "*", &["ciliumnetworkpolicies"], CHANGE),
            ("crd.projectcalico.org", "*", &["networkpolicies"], CHANGE),
        ],
        place: Place::Environments,
        exempts: true,
        variables: vec![namespaces_of_the_environment(), environment()],
        rules: vec![
            (
                rule,
                "A NetworkPolicy opens only to pods of its own environment, by podSelector or by namespaceSelector. Open anything else \
                 with `network` of goldenpath_team_environment, or `ingress` and `egress` of goldenpath_eks_workload_slot.",
            ),
            ours(kept_spec()),
        ],
    }
}

fn kept_spec() -> &'static str {
    "(oldObject != null && object.spec == oldObject.spec)"
}

/// Whether all members of a map whose key begins with this are as they were.
fn are_kept(map: &str, prefix: &str) -> String {
    let (now, before) = (format!("variables.{map}"), format!("variables.{map}_before"));
    format!(
        "{before}.all(k, !k.startsWith('{prefix}') || (k in {now} && {now}[k] == {before}[k])) \
         && {now}.all(k, !k.startsWith('{prefix}') || k in {before})"
    )
}

/// Names as a list in CEL, whose strings JSON's are.
fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| serde_json::Value::from(name.as_ref()).to_string()).collect();
    format!("[{}]", names.join(", "))
}

//! Who may do what. What a persona may is what its role may, and a tier says which role a persona has.

use crate::domain::{
    Permission,
    PersonaName::{self, Admin, Deployer, Developer},
    SYSTEM_NAMESPACE,
};

#[derive(Clone, Copy, Debug)]
pub struct AccessPromise {
    pub name: &'static str,
    pub reason: &'static str,
    /// All of them are allowed, or none.
    pub verbs: &'static [&'static str],
    pub group: &'static str,
    pub resource: &'static str,
    /// The object on which verbs that change something are tried; a Namespace is tried on itself.
    pub object: &'static str,
    pub scope: Scope,
    pub roles: &'static [PersonaName],
    pub benchmark: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Environment,
    /// In the namespace of an environment that is none of theirs.
    Elsewhere,
    /// In the namespace of the records.
    System,
    Cluster,
}

const RBAC: &str = "rbac.authorization.k8s.io";
const NOBODY: AccessPromise = AccessPromise {
    name: "",
    reason: "",
    verbs: &["list"],
    group: "",
    resource: "",
    object: "x",
    scope: Scope::Environment,
    roles: &[],
    benchmark: &[],
};
const CHANGES: &[&str] = &["create", "patch", "update", "delete", "deletecollection"];
const CHANGES_OF_ONE: &[&str] = &["create", "patch", "update", "delete"];
const CLUSTER_RESOURCES: &[&str] = &["MTB-PL1-CC-CPI-1"];
const OUR_OBJECTS: &[&str] = &["MTB-PL1-BC-CPI-2"];
const OTHERS: &[&str] = &["MTB-PL1-CC-TI-2"];

pub const ACCESS: &[AccessPromise] = &[
    AccessPromise {
        name: "list pods",
        reason: "everybody sees what runs",
        resource: "pods",
        roles: &PersonaName::ALL,
        ..NOBODY
    },
    AccessPromise {
        name: "change workloads",
        reason: "a developer's in dev, and a deployer's everywhere",
        verbs: CHANGES,
        group: "apps",
        resource: "deployments",
        roles: &[Developer, Deployer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "exec into a pod",
        reason: "a shell is for people who debug, not for pipelines",
        verbs: &["create"],
        resource: "pods/exec",
        roles: &[Developer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "read Secrets",
        reason: "credentials are for those who deploy",
        resource: "secrets",
        roles: &[Deployer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "change quotas",
        reason: "no tenant writes what restricts it",
        verbs: CHANGES,
        resource: "resourcequotas",
        object: "gp-base",
        benchmark: &["MTB-PL1-CC-TI-1"],
        ..NOBODY
    },
    AccessPromise {
        name: "bring network policies",
        reason: "a chart's own; a guard keeps them inside of the environment, and those of the provider as they are",
        verbs: CHANGES_OF_ONE,
        group: "networking.k8s.io",
        resource: "networkpolicies",
        roles: &[Deployer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "bring role bindings",
        reason: "a chart's own; a guard lets them name only ServiceAccounts of the environment",
        verbs: CHANGES_OF_ONE,
        group: RBAC,
        resource: "rolebindings",
        roles: &[Deployer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "bring roles",
        reason: "a chart's own; RBAC lets nobody grant more than they have",
        verbs: CHANGES_OF_ONE,
        group: RBAC,
        resource: "roles",
        roles: &[Deployer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "bring service accounts",
        reason: "a chart's own; by itself one may do nothing",
        verbs: CHANGES_OF_ONE,
        resource: "serviceaccounts",
        roles: &[Deployer, Admin],
        ..NOBODY
    },
    AccessPromise {
        name: "mint tokens of service accounts",
        reason: "one would be the AWS identity of a workload",
        verbs: &["create"],
        resource: "serviceaccounts/token",
        object: "default",
        ..NOBODY
    },
    AccessPromise {
        name: "change or delete the namespace",
        reason: "Pod Security and network rules hang on its labels, and an environment goes by a plan",
        verbs: &["patch", "update", "delete"],
        resource: "namespaces",
        benchmark: OUR_OBJECTS,
        ..NOBODY
    },
    AccessPromise {
        name: "impersonate",
        reason: "nobody becomes somebody else",
        verbs: &["impersonate"],
        resource: "users",
        object: "system:admin",
        scope: Scope::Cluster,
        ..NOBODY
    },
    AccessPromise {
        name: "read another environment's pods",
        reason: "a team sees itself",
        resource: "pods",
        scope: Scope::Elsewhere,
        benchmark: OTHERS,
        ..NOBODY
    },
    AccessPromise {
        name: "read another environment's Secrets",
        reason: "least of all these",
        resource: "secrets",
        scope: Scope::Elsewhere,
        benchmark: OTHERS,
        ..NOBODY
    },
    AccessPromise {
        name: "read pods of the whole cluster",
        reason: "a team sees itself",
        resource: "pods",
        scope: Scope::Cluster,
        benchmark: OTHERS,
        ..NOBODY
    },
    AccessPromise {
        name: "read Secrets of the whole cluster",
        reason: "least of all these",
        resource: "secrets",
        scope: Scope::Cluster,
        benchmark: OTHERS,
        ..NOBODY
    },
    AccessPromise {
        name: "read nodes",
        reason: "they are the platform's",
        resource: "nodes",
        scope: Scope::Cluster,
        benchmark: CLUSTER_RESOURCES,
        ..NOBODY
    },
    AccessPromise {
        name: "create namespaces",
        reason: "one of their own would have no restrictions",
        verbs: &["create"],
        resource: "namespaces",
        scope: Scope::Cluster,
        benchmark: CLUSTER_RESOURCES,
        ..NOBODY
    },
    AccessPromise {
        name: "change ClusterRoles",
        reason: "those of the personas say what everybody may",
        verbs: CHANGES,
        group: RBAC,
        resource: "clusterroles",
        object: "gp-developer",
        scope: Scope::Cluster,
        benchmark: CLUSTER_RESOURCES,
        ..NOBODY
    },
    AccessPromise {
        name: "bind roles in the whole cluster",
        reason: "access ends at the environment",
        verbs: &["create"],
        group: RBAC,
        resource: "clusterrolebindings",
        scope: Scope::Cluster,
        benchmark: CLUSTER_RESOURCES,
        ..NOBODY
    },
    AccessPromise {
        name: "edit the records",
        reason: "who writes them says what is ours",
        verbs: &["patch"],
        resource: "configmaps",
        object: "gp-baseline",
        scope: Scope::System,
        ..NOBODY
    },
];

// === impl AccessPromise ===

impl AccessPromise {
    pub fn may(&self, role: PersonaName) -> bool {
        self.roles.contains(&role)
    }

    /// `namespace`: of the environment, or of another one where that is what it is about.
    pub fn permissions(&self, namespace: &str) -> impl Iterator<Item = Permission> {
        let Self { group, resource, object, scope, .. } = *self;
        let inside = match scope {
            Scope::Environment | Scope::Elsewhere => Some(namespace.to_owned()),
            Scope::System => Some(SYSTEM_NAMESPACE.to_owned()),
            Scope::Cluster => None,
        };
        let object = if resource == "namespaces" { namespace } else { object }.to_owned();
        self.verbs.iter().map(move |verb| {
            let is_of_all = ["list", "create", "deletecollection"].contains(verb) && !resource.contains('/');
            Permission {
                verb: (*verb).to_owned(),
                group: group.to_owned(),
                resource: resource.to_owned(),
                namespace: inside.clone(),
                name: (!is_of_all).then(|| object.clone()),
            }
        })
    }
}

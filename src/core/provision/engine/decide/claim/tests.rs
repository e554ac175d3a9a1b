use super::*;
use crate::domain::{EnvironmentId, FieldsBuilder, Holder, SlotId};

#[test]
fn nothing_is_taken_from_another_owner() {
    let id = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
    let environment = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
    let baseline = Id::baseline(&"demo".parse().unwrap_or_else(|e| panic!("{e}")));
    let ours = |environment: &str, slot: Option<&str>| {
        Ownership::Ours(Owner { environment: environment.into(), slot: slot.map(str::to_owned) })
    };
    let helm = || Ownership::Foreign { by: "Helm".into() };
    let namespace = || Desired::new(ObjectKey::namespace_object("pay"), None);
    let policy = || Desired::new(ObjectKey::kube("networking.k8s.io/v1", "NetworkPolicy", Some("pay"), "gp-dns"), None);
    let role = || Desired::new(ObjectKey::role("gp-pay"), None);
    let entry = || Desired { shared: true, ..Desired::new(ObjectKey::AccessEntry { principal: "p".into() }, None) };
    let annotations = || Desired { manager: "goldenpath-api".into(), ..namespace() };
    let account = || Desired {
        leave: true,
        ..Desired::new(ObjectKey::kube("v1", "ServiceAccount", Some("pay"), "default"), None)
    };
    let taken = |by: &str| Claim::Taken { by: by.into() };
    let marked = Adopt { mode: AdoptMode::IfMarked, take_fields: vec![].into() };
    // (reason, desired, ownership, adoptable by, claimant, was ours, expected)
    let cases = [
        ("our own", namespace(), ours("pay", None), None, &environment, false, Claim::Mine),
        ("another environment's", namespace(), ours("shop", None), None, &environment, true, taken("environment shop")),
        (
            "an access policy on an entry of ours, in our namespace",
            Desired::new(
                ObjectKey::AccessPolicy {
                    policy: "AmazonEKSViewPolicy".into(),
                    namespace: "pay".into(),
                    principal: "p".into(),
                },
                None,
            ),
            Ownership::Cluster,
            None,
            &environment,
            false,
            Claim::Mine,
        ),
        ("a slot's", namespace(), ours("pay", Some("api")), None, &environment, false, taken("slot pay/api")),
        ("a slot's annotations", annotations(), ours("pay", None), None, &id, false, Claim::Mine),
        (
            "in another environment's namespace",
            annotations(),
            ours("shop", None),
            None,
            &id,
            false,
            taken("environment shop"),
        ),
        ("a stranger's", policy(), helm(), None, &environment, false, taken("Helm")),
        ("our labels were removed out of band", policy(), helm(), None, &environment, true, Claim::Mine),
        ("a role without our tags, even one we knew", role(), helm(), None, &environment, true, taken("Helm")),
        ("an entry someone else made", entry(), helm(), None, &environment, false, Claim::Borrowed),
        ("an entry another environment made", entry(), Ownership::Cluster, None, &environment, false, Claim::Mine),
        ("the baseline's own", namespace(), Ownership::Cluster, None, &baseline, false, Claim::Mine),
        (
            "what the cluster has is no environment's",
            namespace(),
            Ownership::Cluster,
            None,
            &environment,
            true,
            taken("the cluster baseline"),
        ),
        ("made by Kubernetes", account(), helm(), None, &environment, false, Claim::Mine),
        ("marked for us", namespace(), helm(), Some("demo/pay"), &environment, false, Claim::Adopted),
        ("marked for another one", namespace(), helm(), Some("demo/shop"), &environment, false, taken("Helm")),
        ("only a Namespace is adopted", policy(), helm(), Some("demo/pay"), &environment, false, taken("Helm")),
    ];
    for (reason, desired, ownership, adoptable_by, id, was_ours, expected) in cases {
        let mut fields = FieldsBuilder::default();
        fields.push("/spec/a", "1", Holder::Us);
        let observed = Observed {
            adoptable_by: adoptable_by.map(str::to_owned),
            ..Observed::new(desired.key.clone(), "1", ownership, fields.build())
        };
        let claimant = Claimant { id, team: "payments", adopt: Some(&marked), was_ours };
        assert_eq!(claim(&desired, &observed, &claimant), expected, "{reason}");
    }
}

#[test]
fn what_was_ours_is_ours_for_as_long_as_it_holds_a_field_of_ours() {
    let id = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
    let key = ObjectKey::kube("networking.k8s.io/v1", "NetworkPolicy", Some("pay"), "gp-dns");
    let desired = Desired::new(key.clone(), None);
    for (holder, was_ours, expected, reason) in [
        (Holder::Us, true, Claim::Mine, "only its labels are gone"),
        (Holder::Applied("helm"), true, Claim::Taken { by: "Helm".into() }, "deleted, and made again by another"),
        (Holder::Edited("kubectl"), true, Claim::Taken { by: "Helm".into() }, "an edit is no field of ours"),
        (Holder::Us, false, Claim::Taken { by: "Helm".into() }, "it never was ours"),
    ] {
        let mut fields = FieldsBuilder::default();
        fields.push("/spec/a", "1", holder);
        let by = Ownership::Foreign { by: "Helm".into() };
        let observed = Observed::new(key.clone(), "1", by, fields.build());
        let claimant = Claimant { id: &id, team: "payments", adopt: None, was_ours };
        assert_eq!(claim(&desired, &observed, &claimant), expected, "{reason}");
    }
}

#[test]
fn what_another_team_had_is_not_taken_over_by_its_name() {
    let id = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
    let (namespace, role) = (ObjectKey::namespace_object("pay"), ObjectKey::role("gp-pay"));
    let (label, tag) = ("/metadata/labels/goldenpath.internal~1team", "/tags/goldenpath:team");
    let other = || Claim::Taken { by: "team search".into() };
    for (key, path, team, was_ours, expected, reason) in [
        (&namespace, label, "payments", false, Claim::Mine, "left by the same team"),
        (&namespace, label, "search", false, other(), "an environment of another team had that name"),
        (&namespace, label, "search", true, Claim::Mine, "ours, and moves to another team"),
        (&role, tag, "search", false, other(), "a role says it by its tags"),
        (&role, tag, "payments", false, Claim::Mine, "a role of the same team"),
        (&namespace, "/metadata/labels/team", "search", false, Claim::Mine, "a label that is not ours says nothing"),
    ] {
        let mut fields = FieldsBuilder::default();
        fields.push(path, team, Holder::Us);
        let ours = Ownership::Ours(Owner { environment: "pay".into(), slot: None });
        let observed = Observed::new(key.clone(), "1", ours, fields.build());
        let claimant = Claimant { id: &id, team: "payments", adopt: None, was_ours };
        assert_eq!(claim(&Desired::new(key.clone(), None), &observed, &claimant), expected, "{reason}");
    }
}

#[test]
fn only_a_mark_that_a_tenant_cannot_copy_makes_a_thing_ours() {
    let environment = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
    let slot = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
    let baseline = Id::baseline(&"demo".parse().unwrap_or_else(|e| panic!("{e}")));
    let ours = |environment: &str, slot: Option<&str>| {
        Ownership::Ours(Owner { environment: environment.into(), slot: slot.map(str::to_owned) })
    };
    let helm = || Ownership::Foreign { by: "Helm".into() };
    let quota = |namespace: &str| ObjectKey::kube("v1", "ResourceQuota", Some(namespace), "gp-base");
    let system = |name: &str| ObjectKey::kube("v1", "ConfigMap", Some("goldenpath-system"), name);
    let cluster_role = || ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, "gp-view");
    let role = || ObjectKey::role("gp-pay");
    let policy = |namespace: &str| ObjectKey::AccessPolicy {
        policy: "AmazonEKSViewPolicy".into(),
        namespace: namespace.into(),
        principal: "p".into(),
    };
    let us = Some(Holder::Us);
    let kubectl = Some(Holder::Applied("kubectl"));
    let homes = [
        ("pay", ours("pay", None)),
        ("pay-api", ours("pay", Some("api"))),
        ("shop", ours("shop", None)),
        ("tools", helm()),
        ("goldenpath-system", Ownership::Cluster),
    ];
    // (reason, id, key, ownership, who holds a field of it, expected)
    for (reason, id, key, ownership, holder, expected) in [
        ("in our namespace", &environment, quota("pay"), ours("pay", None), us, true),
        ("in the slot's own namespace", &slot, quota("pay-api"), ours("pay", Some("api")), us, true),
        ("a slot in its environment's namespace", &slot, quota("pay"), ours("pay", Some("api")), us, true),
        ("a slot's is not its environment's", &environment, quota("pay"), ours("pay", Some("api")), us, false),
        ("marked for another environment", &environment, quota("pay"), ours("shop", None), us, false),
        ("not marked", &environment, quota("pay"), helm(), us, false),
        ("copied labels", &environment, quota("pay"), ours("pay", None), kubectl, false),
        ("without a field", &environment, quota("pay"), ours("pay", None), None, false),
        ("copied into another environment", &environment, quota("shop"), ours("pay", None), us, false),
        ("copied into a namespace of nobody's", &environment, quota("tools"), ours("pay", None), us, false),
        ("in a namespace that was not seen", &environment, quota("lost"), ours("pay", None), us, false),
        ("its Namespace", &environment, ObjectKey::namespace_object("pay"), ours("pay", None), us, true),
        ("in no namespace", &environment, cluster_role(), ours("pay", None), us, true),
        ("in no namespace, and copied", &environment, cluster_role(), ours("pay", None), kubectl, false),
        ("its record", &environment, system("environment.pay"), ours("pay", None), us, true),
        ("beside its record", &environment, system("kube-root-ca.crt"), ours("pay", None), us, false),
        ("the baseline's", &baseline, system("anything"), Ownership::Cluster, us, true),
        ("an environment's is not the baseline's", &baseline, quota("pay"), ours("pay", None), us, false),
        ("a role by its tags", &environment, role(), ours("pay", None), None, true),
        ("a role with the tags of another", &environment, role(), ours("shop", None), us, false),
        ("a grant of an entry of ours", &environment, policy("pay"), Ownership::Cluster, None, true),
        ("a grant of somebody else's entry", &environment, policy("pay"), helm(), None, false),
        ("a grant in another environment", &environment, policy("shop"), Ownership::Cluster, None, false),
        ("a grant in a slot's own namespace", &environment, policy("pay-api"), Ownership::Cluster, None, false),
        ("it is the slot's", &slot, policy("pay-api"), Ownership::Cluster, None, true),
    ] {
        let mut fields = FieldsBuilder::default();
        if let Some(holder) = holder {
            fields.push("/spec/a", "1", holder);
        }
        let object = Observed::new(key, "1", ownership, fields.build());
        let home = |(name, by): &(&str, Ownership)| {
            Observed::new(ObjectKey::namespace_object(name), "1", by.clone(), FieldsBuilder::default().build())
        };
        let mut all: Vec<Observed> = homes.iter().map(home).filter(|home| home.key != object.key).collect();
        all.push(object.clone());
        assert_eq!(is_made_for(id, &object, &all), expected, "{reason}");
    }
}

#[test]
fn what_no_request_asks_for_says_itself_what_becomes_of_it() {
    let environment = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
    let slot = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
    let in_pay = |kind: &str, name: &str| ObjectKey::kube("v1", kind, Some("pay"), name);
    let space = ObjectKey::namespace_object;
    let entry = || ObjectKey::AccessEntry { principal: "p".into() };
    let cluster_role = ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, "pay");
    let ours = |slot: Option<&str>| Ownership::Ours(Owner { environment: "pay".into(), slot: slot.map(str::to_owned) });
    let (pay, api, cluster) = (|| ours(None), || ours(Some("api")), || Ownership::Cluster);
    let helm = || Ownership::Foreign { by: "Helm".into() };
    // (reason, id, key, ownership, is shared, is left, manager, the Namespace that is lost)
    for (reason, id, key, ownership, shared, leave, manager, lost) in [
        ("others use it too", &environment, entry(), cluster(), true, false, "goldenpath", None),
        (
            "made by Kubernetes",
            &environment,
            in_pay("ServiceAccount", "default"),
            helm(),
            false,
            true,
            "goldenpath",
            None,
        ),
        ("an account of ours", &environment, in_pay("ServiceAccount", "app"), pay(), false, false, "goldenpath", None),
        ("no account", &environment, in_pay("NetworkPolicy", "default"), pay(), false, false, "goldenpath", None),
        ("its own", &environment, space("pay"), pay(), false, false, "goldenpath", Some("pay")),
        ("its environment's", &slot, space("pay"), pay(), false, true, "goldenpath-api", None),
        ("the slot's own", &slot, space("pay-api"), api(), false, false, "goldenpath", Some("pay-api")),
        ("the slot's own without labels", &slot, space("pay-api"), helm(), false, false, "goldenpath", Some("pay-api")),
        ("its environment's of that name", &slot, space("pay-api"), pay(), false, true, "goldenpath-api", None),
        ("no Namespace", &slot, cluster_role, api(), false, false, "goldenpath", None),
        ("inside of a Namespace", &slot, in_pay("ResourceQuota", "pay"), api(), false, false, "goldenpath", None),
    ] {
        let object = Observed::new(key, "1", ownership, FieldsBuilder::default().build());
        let found = stand_in(id, &object);
        let found = (found.shared, found.leave, found.manager.as_str());
        assert_eq!(found, (shared, leave, manager), "{reason}: {}", object.key);
        assert_eq!(lost_namespace(id, &object), lost, "{reason}: {}", object.key);
    }
}

//! Random requests that the golden path grants, and random changes of them.

use crate::random::Random;
use acceptance_tests::client::UNKNOWN;
use serde_json::{Map, Value as Json, json};

const TIERS: [&str; 3] = ["dev", "staging", "prod"];
const PRINCIPALS: [&str; 2] = ["arn:aws:iam::111122223333:role/pay-admin", "arn:aws:iam::111122223333:role/ci"];
const SETS: [&str; 4] = ["AdministratorAccess", "PlatformEngineer", "PaymentsDev", "PaymentsView"];
const GROUPS: [&str; 3] = ["payments-all", "payments", "payments-éclair"];
const KEYS: [&str; 5] = ["default", "api", "jobs", "batch", "web"];
const RANGES: [&str; 4] = ["10.0.0.0/16", "10.1.0.0/16", "192.168.0.0/24", "0.0.0.0/0"];
const ACTIONS: [&str; 4] = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "dynamodb:GetItem"];
const RESOURCES: [&str; 3] = [
    "arn:aws:s3:::payments-led/*",
    "arn:aws:sqs:eu-west-1:111122223333:payments-led",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/payments-led",
];

/// What never changes in the life of one environment.
pub struct Frame {
    pub name: String,
    pub team: String,
    pub tier: &'static str,
    /// Isolated slots have a part of the total.
    pub isolates: bool,
}

impl Frame {
    pub fn random(random: &mut Random, name: String) -> Self {
        // Resources of AWS carry the name of the team.
        let tier = *random.pick::<&'static str>(&TIERS);
        Self { name, team: "payments".into(), tier, isolates: tier == "prod" || random.percent(50) }
    }
}

pub fn environment(random: &mut Random, frame: &Frame) -> Json {
    let prod = frame.tier == "prod";
    let cluster = *random.pick(&["demo", "arn:aws:eks:eu-west-1:111122223333:cluster/demo"]);
    let mut spec = object(json!({ "name": frame.name, "team": frame.team, "tier": frame.tier, "cluster": cluster }));
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            spec.insert(name.into(), value);
        }
    };
    put("owner", (prod || random.percent(40)).then(|| owner(random)));
    let keys = keys(random);
    put(
        "namespaces",
        keys.as_ref().map(|keys| keys.iter().map(|key| ((*key).to_owned(), namespace(random, prod))).collect()),
    );
    let has_quota = maybe(random, 60) || (frame.isolates && !prod);
    put("quota", has_quota.then(|| quota(random, frame)));
    put(
        "limits",
        maybe(random, 40)
            .then(|| json!({ "container": { "default_memory": random.pick(&["256Mi", "512Mi", "1Gi"]) } })),
    );
    put("network", maybe(random, 60).then(|| network(random, prod)));
    put("pod_security", maybe(random, 30).then(|| json!({ "enforce": "restricted" })));
    put("access", maybe(random, 80).then(|| access(random)));
    put("golden_path", maybe(random, 20).then(|| "team-standard".into()));
    // Protection has its own tests; here everything must come and go.
    put("deletion_protection", (prod || random.percent(30)).then_some(false.into()));
    put("drift", maybe(random, 20).then(|| drift(random)));
    Json::Object(spec)
}

/// Another request for the same thing: some parts new, the rest as it was.
pub fn change(random: &mut Random, frame: &Frame, before: &Json) -> Json {
    let mut next = object(before.clone());
    let other = object(environment(random, frame));
    let names = ["namespaces", "quota", "limits", "network", "pod_security", "access", "drift", "cluster"];
    for name in random.some(&names, 40) {
        match other.get(*name) {
            Some(value) => next.insert((*name).into(), value.clone()),
            None => next.remove(*name),
        };
    }
    Json::Object(next)
}

pub fn slot(random: &mut Random, name: &str, environment: &str, namespace: Option<&str>, isolates: bool) -> Json {
    let mut spec = object(json!({ "name": name, "environment": environment }));
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            spec.insert(name.into(), value);
        }
    };
    put("namespace", namespace.map(Into::into));
    put("deletion_protection", Some(false.into()));
    put(
        "isolation",
        maybe(random, 40)
            .then(|| (*random.pick(if isolates { &["shared", "namespace"] } else { &["shared", "shared"] })).into()),
    );
    put("identity", maybe(random, 70).then(|| identity(random)));
    put(
        "share",
        Some(
            json!({ "cpu": "500m", "memory": random.pick(&["256Mi", "512Mi"]), "max_replicas": random.between(3, 6) }),
        ),
    );
    put(
        "availability",
        maybe(random, 50).then(|| {
            json!({
                "min_replicas": random.between(2, 3),
                "max_unavailable": random.pick(&["1", "50%"]),
                "spread": random.pick(&["none", "zone_preferred", "zone_required"]),
                "target_cpu_percent": if random.percent(50) { Json::Null } else { json!(random.between(40, 90)) },
            })
        }),
    );
    put("ingress", maybe(random, 40).then(|| json!({ "from_slots": [format!("{}/gateway", environment.rsplit('/').next().unwrap_or_default())], "ports": [8080, 9090] })));
    put(
        "egress",
        maybe(random, 30)
            .then(|| json!({ "to_slots": [format!("{}/db", environment.rsplit('/').next().unwrap_or_default())] })),
    );
    put("drift", maybe(random, 10).then(|| drift(random)));
    Json::Object(spec)
}

/// The same slot with other details; name, environment, isolation and namespace stay.
pub fn change_slot(random: &mut Random, before: &Json) -> Json {
    let mut next = object(before.clone());
    let text = |name: &str| before[name].as_str().unwrap_or_default().to_owned();
    let other = object(slot(random, &text("name"), &text("environment"), None, true));
    for name in random.some(&["identity", "share", "availability", "ingress", "egress", "drift"], 50) {
        match other.get(*name) {
            Some(value) => next.insert((*name).into(), value.clone()),
            None => next.remove(*name),
        };
    }
    Json::Object(next)
}

/// The same request as a plan may see it before other resources of the run have answered. `None`: nothing to hide.
pub fn with_unknowns(random: &mut Random, spec: &Json) -> Option<Json> {
    let mut hidden = spec.clone();
    // Fields that decide no key, as a whole or in an element, and two that decide everything.
    let places = [
        "/access/viewer/oidc_groups",
        "/access/viewer/oidc_groups/0",
        "/access/deployer/service_accounts",
        "/network/ingress_cidrs",
        "/network/egress_cidrs/0",
        "/identity/statements/0/resources",
        "/identity/statements/0/actions/0",
        "/identity/target_role_arn",
        "/team",
        "/namespaces",
    ];
    let mut there: Vec<String> = places
        .iter()
        .filter(|place| spec.pointer(place).is_some_and(|value| !value.is_null()))
        .map(|place| (*place).to_owned())
        .collect();
    if random.percent(70) {
        // Any other leaf, or two: what the plan calls known must not depend on them.
        let mut leaves = vec![];
        collect_leaves(spec, &mut String::new(), &mut leaves);
        leaves.retain(|leaf| !["/name", "/cluster", "/environment", "/tier"].contains(&leaf.as_str()));
        if !leaves.is_empty() {
            there = (0..random.between(1, 2)).map(|_| random.pick(&leaves).clone()).collect();
            there.iter().for_each(|place| hide(&mut hidden, place));
            return Some(hidden);
        }
    }
    if there.is_empty() {
        return None;
    }
    hide(&mut hidden, random.pick::<String>(&there));
    Some(hidden)
}

fn hide(hidden: &mut Json, place: &str) {
    if let Some(value) = hidden.pointer_mut(place) {
        *value = UNKNOWN.into();
    }
}

fn collect_leaves(json: &Json, at: &mut String, leaves: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                let length = at.len();
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                collect_leaves(value, at, leaves);
                at.truncate(length);
            }
        }
        Json::Null => {}
        _ => leaves.push(at.clone()),
    }
}

// === parts ===

fn maybe(random: &mut Random, percent: usize) -> bool {
    random.percent(percent)
}

fn object(json: Json) -> Map<String, Json> {
    if let Json::Object(map) = json { map } else { Map::new() }
}

fn owner(random: &mut Random) -> Json {
    let mut owner = object(json!({ "contact": "payments@example.com", "cost_center": random.pick(&["CC12", "CC13"]) }));
    for name in random.some(&["slack", "oncall", "data_class", "docs"], 40) {
        owner.insert((*name).into(), format!("{name}-of-payments").into());
    }
    Json::Object(owner)
}

fn keys(random: &mut Random) -> Option<Vec<&'static str>> {
    if random.percent(30) {
        return None;
    }
    let mut keys: Vec<_> = random.some(&KEYS, 45).into_iter().copied().collect();
    if keys.is_empty() {
        keys.push("default");
    }
    Some(keys)
}

fn namespace(random: &mut Random, prod: bool) -> Json {
    let mut spec = Map::new();
    if random.percent(25) {
        // As much as a slot of these takes.
        spec.insert("quota".into(), json!({ "requests.cpu": "500m", "pods": "6" }));
    }
    if random.percent(25) {
        spec.insert("labels".into(), json!({ "squad": random.pick(&["blue", "green"]) }));
    }
    if random.percent(25) {
        spec.insert("annotations".into(), json!({ "wiki": "https://wiki.example.com/x" }));
    }
    if random.percent(20) {
        spec.insert(
            "limits".into(),
            json!({ "container": { "default_memory": "1Gi", "default_request_cpu": "100m" } }),
        );
    }
    if !prod && random.percent(20) {
        spec.insert("pod_security".into(), json!({ "enforce": "restricted", "version": "1.36" }));
    }
    Json::Object(spec)
}

fn quota(random: &mut Random, frame: &Frame) -> Json {
    let slots_percent = frame.isolates.then(|| random.between(50, 60));
    let cpu: &[&str] = if frame.tier == "dev" { &["4", "6", "8000m", "16"] } else { &["8", "12", "16", "20000m"] };
    json!({
        "total": { "requests.cpu": random.pick(cpu), "requests.memory": random.pick(&["16Gi", "20Gi", "24Gi"]), "pods": random.pick(&["100", "120"]) },
        "slots_percent": slots_percent,
        "headroom_percent": if random.percent(50) { Json::Null } else { json!(random.between(25, 50)) },
        "by_priority": if random.percent(70) { json!({}) } else { json!({ "gp-critical": { "pods": "10" } }) },
    })
}

fn network(random: &mut Random, prod: bool) -> Json {
    let engine = *random.pick(&["auto", "vpc_cni", "cilium"]);
    let mut network = object(json!({ "engine": engine }));
    if !prod && random.percent(50) {
        network.insert("default_deny".into(), (*random.pick(&["both"])).into());
    }
    let mut list = |name: &str, items: &[&str]| {
        if random.percent(50) {
            network.insert(name.into(), random.some(items, 50).into_iter().copied().collect());
        }
    };
    list("allow_from", &["env:edge-prod", "env:shared"]);
    list("ingress_cidrs", &RANGES[..3]);
    list("egress_presets", &["aws_services", "kubernetes_api", "same_environment"]);
    // Prod reaches the rest of the target by name.
    list("egress_cidrs", if prod { &RANGES[..3] } else { &RANGES });
    if engine == "cilium" {
        list("egress_fqdns", &["sts.eu-west-1.amazonaws.com", "api.example.com"]);
    }
    Json::Object(network)
}

fn access(random: &mut Random) -> Json {
    let mut access = Map::new();
    for name in random.some(&["viewer", "developer", "deployer", "admin"], 60) {
        let mut persona = Map::new();
        let mut list = |name: &str, items: &[&str], percent: usize| {
            if random.percent(percent) {
                persona.insert(name.into(), random.some(items, 50).into_iter().copied().collect());
            }
        };
        list("permission_sets", &SETS, 50);
        list("principal_arns", &PRINCIPALS, 50);
        list("oidc_groups", &GROUPS, 50);
        list("service_accounts", &["argocd/argocd-application-controller", "flux-system/kustomize-controller"], 40);
        if *name == "deployer" && random.percent(40) {
            persona.insert("create_role".into(), true.into());
            persona.insert("trusted_principal_arns".into(), json!([PRINCIPALS[1]]));
        }
        access.insert((*name).into(), Json::Object(persona));
    }
    Json::Object(access)
}

fn identity(random: &mut Random) -> Json {
    let statements: Vec<_> = (0..random.below(3))
        .map(|_| json!({ "actions": [random.pick(&ACTIONS)], "resources": [random.pick(&RESOURCES)] }))
        .collect();
    let mode = *random.pick(&["pod_identity", "pod_identity", "none"]);
    if mode == "none" {
        return json!({ "mode": mode });
    }
    let scope = *random.pick(&["tags", "role_only"]);
    json!({ "mode": mode, "scope": scope, "statements": statements })
}

fn drift(random: &mut Random) -> Json {
    if random.percent(50) { json!({ "mode": "heal" }) } else { json!({ "ignore": ["LimitRange *"] }) }
}

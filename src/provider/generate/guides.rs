//! Guides: what the built-in golden paths hold, read from the documents themselves, and texts that stand beside this file.

use super::{markdown::head, promises};
use goldenpath_core::{
    domain::{PersonaName, TierName},
    golden::{Catalogue, GoldenPath, Tier},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::PathBuf,
};

/// File, title, what it is about, text.
const OF_WORKLOADS: [(&str, &str, &str, &str); 7] = [
    ("ci-with-oidc", "CI with OIDC", "Pipelines that deploy without a key.", include_str!("guides/ci-with-oidc.md")),
    (
        "expose-a-service",
        "Expose a service",
        "Who may connect to a workload, and how.",
        include_str!("guides/expose-a-service.md"),
    ),
    (
        "install-a-chart",
        "Install a Helm chart",
        "What deployers may install.",
        include_str!("guides/install-a-chart.md"),
    ),
    (
        "reach-aws",
        "Reach AWS from a closed environment",
        "Network access for AWS permissions.",
        include_str!("guides/reach-aws.md"),
    ),
    (
        "move-namespaces",
        "Move existing namespaces under a path",
        "Adoption, step by step.",
        include_str!("guides/move-namespaces.md"),
    ),
    (
        "own-golden-path",
        "Write a golden path",
        "Your own document: its versions, its additions, and its end.",
        include_str!("guides/own-golden-path.md"),
    ),
    (
        "when-something-fails",
        "When something fails",
        "The state after a failure, and what to do.",
        include_str!("guides/when-something-fails.md"),
    ),
];

const GLOSSARY: &str = include_str!("guides/glossary.md");
const READING: &str = include_str!("guides/reading-a-plan.md");
const EXPLAIN: &str = include_str!("guides/explain.md");
const REGO: &str = include_str!("../../../examples/policy/deny.rego");
const PYTHON: &str = include_str!("../../../examples/policy/deny.py");
const DAEMON: &str = include_str!("guides/daemon.md");
const LINT: &str = include_str!("guides/lint.md");
const POLICIES: &str = include_str!("guides/policies.md");
const CROSSPLANE: &str = include_str!("guides/crossplane.md");
const SECURITY: &str = include_str!("guides/security.md");

/// Path inside the folder of the documentation to text.
pub fn pages() -> BTreeMap<PathBuf, String> {
    let glossary = head("Glossary", "One word, one meaning: the same in HCL, messages and documentation.");
    let reading = head("Reading a plan", "What the keys and texts of `objects` mean.");
    let explain = head("Explain a plan", "What a plan does, for reviewers and policies.");
    let daemon = head("Provisioning daemon", "One process with the credentials, for many clients.");
    let lint = head("Unknown names", "Misspelt names in a configuration, and how to find them.");
    let policies = head("Policies", "Rules for objects, written once for plans, pipelines and admission.");
    let crossplane =
        head("Crossplane", "Golden paths as Crossplane resources, through its Terraform or OpenTofu provider.");
    let security = head("Security notes", "Who may do what, and what is tested where.");
    let of_workloads = OF_WORKLOADS.map(|(file, title, about, text)| {
        (format!("guides/{file}.md").into(), format!("{}\n{text}", head(title, about)))
    });
    let mut pages: BTreeMap<PathBuf, String> = BTreeMap::from([
        ("guides/glossary.md".into(), format!("{glossary}\n{GLOSSARY}")),
        ("guides/golden-paths.md".into(), golden_paths(&Catalogue::built_in())),
        ("guides/reading-a-plan.md".into(), format!("{reading}\n{READING}")),
        ("guides/explain.md".into(), format!("{explain}\n{EXPLAIN}\n```rego\n{REGO}```\n\n```python\n{PYTHON}```\n")),
        ("guides/daemon.md".into(), format!("{daemon}\n{DAEMON}")),
        ("guides/lint.md".into(), format!("{lint}\n{LINT}")),
        ("guides/policies.md".into(), format!("{policies}\n{POLICIES}")),
        ("guides/crossplane.md".into(), format!("{crossplane}\n{CROSSPLANE}")),
        ("guides/security.md".into(), format!("{security}\n{}", promises::fill(SECURITY))),
    ]);
    pages.extend(of_workloads);
    pages
}

fn golden_paths(catalogue: &Catalogue) -> String {
    let mut page = head(
        "Golden paths",
        "A golden path is a named, versioned document: tiers with their defaults and maximums, and the grants that a team's \
         configuration can only narrow.\n\nThe golden paths below are built in. `goldenpath catalogue show <name>` \
         prints one; to use your own, add its folder to `catalogue` in the provider block.\n\nA version never changes: an environment stays at its version until its own \
         `golden_path` or `golden_path_version` moves it, and its slots with it. Older versions of built-in paths stay in the provider. A document \
         with `default: true` replaces the built-in default. See [Write a golden path](own-golden-path) for your own.",
    );
    for path in catalogue.paths() {
        let _ = write!(page, "\n## {} {}\n\n{}\n", path.name, path.version, path.description);
        tiers(&mut page, path);
    }
    page
}

fn tiers(page: &mut String, path: &GoldenPath) {
    // From the loosest to the strictest, which is not the order of their names.
    let mut columns: Vec<(&TierName, &Tier)> = path.tiers.iter().map(|(name, tier)| (name, tier.as_ref())).collect();
    columns.sort_by_key(|(_, tier)| tier.class);
    let _ = write!(
        page,
        "\n| setting |{}\n|---|",
        columns.iter().map(|(name, _)| format!(" {name} |")).collect::<String>()
    );
    page.push_str(&"---|".repeat(columns.len()));
    page.push('\n');
    let mut row = |title: &str, cell: &dyn Fn(&Tier) -> String| {
        let _ = writeln!(
            page,
            "| {title} |{}",
            columns.iter().map(|(_, tier)| *tier).map(|tier| format!(" {} |", cell(tier))).collect::<String>()
        );
    };
    row("class", &|tier| tier.class.as_str().to_owned());
    row("deletion protection", &|tier| if tier.deletion_protection { "on" } else { "off" }.to_owned());
    row("Pod Security: enforce, warn", &|tier| {
        format!("{}, {}", tier.pod_security.enforce.as_str(), tier.pod_security.warn.as_str())
    });
    let resources: BTreeSet<&str> =
        columns.iter().map(|(_, tier)| *tier).flat_map(|tier| tier.quota.total.keys()).map(String::as_str).collect();
    for resource in resources {
        row(&format!("quota `{resource}`"), &|tier| {
            tier.quota.total.get(resource).map_or("unset".to_owned(), |amount| amount.original().to_owned())
        });
    }
    row("maximum of a quota, in multiples of its default; exceptions", &|tier| {
        let others = tier.quota.max.iter().map(|(name, most)| format!("; `{name}` {}", most.original()));
        format!("{}{}", tier.quota.max_factor, others.collect::<String>())
    });
    row("part of isolated slots, percent: default; range", &|tier| {
        let slots = &tier.quota.slots_percent;
        format!("{}; {} to {}", slots.default, slots.min, slots.max)
    });
    row("quota headroom, percent", &|tier| tier.quota.headroom_percent.to_string());
    row("container defaults: memory limit; CPU request, memory request", &|tier| {
        let limits = &tier.limits;
        let memory = limits.default_memory.as_ref().map_or("none", |memory| memory.original());
        format!("{memory}; {}, {}", limits.default_request_cpu.original(), limits.default_request_memory.original())
    });
    row("network `default_deny`", &|tier| tier.network.default_deny.as_str().to_owned());
    row("permissions of a developer", &|tier| tier.role(PersonaName::Developer).to_string());
    row("slot `isolation`", &|tier| tier.slot.isolation.as_str().to_owned());
    row("slot share: CPU, memory", &|tier| {
        format!("{}, {}", tier.slot.share.cpu.original(), tier.slot.share.memory.original())
    });
    row("slot `min_replicas`, `max_replicas`", &|tier| {
        format!("{}, {}", tier.slot.min_replicas, tier.slot.max_replicas)
    });
    row("slot `max_unavailable`", &|tier| tier.slot.max_unavailable.clone().unwrap_or_else(|| "none".to_owned()));
    row("slot `spread`", &|tier| tier.slot.spread.as_str().to_owned());
    page.push_str(
        "\nThese are defaults, except the class, the maximums and the permissions of a developer. `default_deny` and Pod Security can only be \
         made stricter. If the quota `services.nodeports` is not set, it is at least 10 for each load balancer.\n",
    );
    let prod = columns.iter().filter(|(_, tier)| tier.requires_owner()).map(|(name, _)| format!("`{name}`"));
    let _ = write!(page, "\nAn `owner` is required in {}.\n", prod.collect::<Vec<_>>().join(", "));
}

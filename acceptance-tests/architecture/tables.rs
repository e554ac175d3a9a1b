//! The tables of the design's section 3, of modules, stages and vendors, and what else the layout promises.

pub(super) struct Module {
    pub(super) name: &'static str,
    /// The folder (and the file of the same name beside it).
    pub(super) place: &'static str,
    /// As other crates write it.
    pub(super) crate_name: &'static str,
    /// The module's name inside its crate; `None`: the rest of the crate.
    pub(super) inner: Option<&'static str>,
    pub(super) may_use: &'static [May],
}

pub(super) struct May {
    pub(super) module: &'static str,
    pub(super) but_not: &'static [&'static str],
}

const fn may(module: &'static str) -> May {
    May { module, but_not: &[] }
}

/// "Provision's trait and types": everything but the engine.
const TRAIT: May = May { module: "provision", but_not: &["Engine", "EngineConfig", "engine"] };

const DOMAIN: May = may("domain");
const POLICY: May = may("policy");
const KINDS: May = may("kinds");
const GOLDEN: May = may("golden");
const PORTS: May = may("ports");
const PROVISION: May = may("provision");
const CONTRACT: May = may("contract");
const PLUGIN: May = may("plugin");

/// A module of a crate, in a folder of its own.
const fn module(name: &'static str, place: &'static str, crate_name: &'static str, may_use: &'static [May]) -> Module {
    Module { name, place, crate_name, inner: Some(name), may_use }
}

/// A crate, or what is left of one.
const fn whole(name: &'static str, place: &'static str, crate_name: &'static str, may_use: &'static [May]) -> Module {
    Module { name, place, crate_name, inner: None, may_use }
}

const CORE: &str = "goldenpath_core";
const PROVIDER: &str = "goldenpath";

/// More special places first.
pub(super) const MODULES: &[Module] = &[
    module("domain", "src/core/domain", CORE, &[]),
    module("policy", "src/core/policy", CORE, &[DOMAIN]),
    module("kinds", "src/core/kinds", CORE, &[DOMAIN]),
    module("golden", "src/core/golden", CORE, &[DOMAIN, POLICY, KINDS]),
    module("ports", "src/core/ports", CORE, &[DOMAIN]),
    module("provision", "src/core/provision", CORE, &[DOMAIN, GOLDEN, POLICY, KINDS, PORTS]),
    whole("core", "src/core", CORE, &[]),
    whole("sandbox", "src/sandbox", "goldenpath_sandbox", &[DOMAIN, KINDS, PORTS, TRAIT, CONTRACT]),
    whole("contract", "src/contract", "goldenpath_contract", &[DOMAIN, KINDS, PORTS]),
    whole("adapters", "src/adapters", "goldenpath_adapters", &[DOMAIN, KINDS, PORTS, TRAIT, CONTRACT]),
    whole("plugin", "src/plugin", "plugin", &[]),
    module("resources", "src/provider/resources", PROVIDER, &[DOMAIN, TRAIT, PLUGIN]),
    // Kinds for its page, which shows objects as a plan does.
    whole("daemon", "src/daemon", "goldenpath_daemon", &[DOMAIN, KINDS, GOLDEN, POLICY, PORTS, PROVISION]),
    module("cli", "src/provider/cli", PROVIDER, &[DOMAIN, KINDS, GOLDEN, POLICY, PROVISION, may("resources"), PLUGIN]),
    module("telemetry", "src/provider/telemetry", PROVIDER, &[]),
    module("wiring", "src/provider/wiring", PROVIDER, ALL),
    whole("main", "src/provider", PROVIDER, ALL),
];

const ALL: &[May] = &[
    DOMAIN,
    POLICY,
    KINDS,
    GOLDEN,
    PORTS,
    PROVISION,
    PLUGIN,
    may("core"),
    may("sandbox"),
    CONTRACT,
    may("adapters"),
    may("resources"),
    may("daemon"),
    may("cli"),
    may("telemetry"),
    may("wiring"),
    may("main"),
];

/// A part of the pipeline: a file of this name, and what is in the folder of this name beside it.
pub(super) struct Stage {
    /// The folder that it is in, or below which each resource has it.
    pub(super) of: &'static str,
    pub(super) is_of_each_resource: bool,
    pub(super) name: &'static str,
    /// Of what lies beside it.
    pub(super) may_use: &'static [&'static str],
    /// Of what lies beside the resources.
    pub(super) but_not: &'static [&'static str],
}

/// Of a golden resource. All of them are pure.
const fn golden(name: &'static str, may_use: &'static [&'static str], but_not: &'static [&'static str]) -> Stage {
    Stage { of: "src/core/golden", is_of_each_resource: true, name, may_use, but_not }
}

const fn engine(name: &'static str, may_use: &'static [&'static str]) -> Stage {
    Stage { of: "src/core/provision/engine", is_of_each_resource: false, name, may_use, but_not: &[] }
}

pub(super) const STAGES: &[Stage] = &[
    golden("check", &["names"], &["defaults"]),
    golden("effective", &["names", "share"], &["objects"]),
    // Helpers of the baseline: what admission policies are made of.
    golden("resolve", &["effective", "names", "policies"], &[]),
    golden("render", &["effective", "guards", "policies", "resolve"], &["catalogue", "defaults"]),
    golden("judge", &["check", "effective", "resolve", "share"], &["defaults", "objects"]),
    engine("gather", &["connection", "failure", "record", "request", "target", "watch"]),
    // Pure: nothing that calls a target.
    engine("decide", &["connection", "failure", "gather", "record", "request", "watch"]),
    engine("execute", &["connection", "decide", "failure", "gather", "record", "target", "watch"]),
];

pub(super) struct Vendor {
    /// As Rust writes it; a trailing `*` stands for any ending.
    crates: &'static [&'static str],
    pub(super) places: &'static [&'static str],
}

impl Vendor {
    pub(super) fn covers(&self, name: &str) -> bool {
        self.crates.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *wanted,
        })
    }
}

pub(super) const VENDORS: &[Vendor] = &[
    // Cryptography and no service: it signs the audit ledger.
    Vendor { crates: &["aws_lc_rs"], places: &["src/daemon"] },
    Vendor { crates: &["aws_*"], places: &["src/adapters/aws"] },
    // Expressions and no client; before those whose name begins alike.
    Vendor { crates: &["kube_cel"], places: &["src/core/policy"] },
    Vendor { crates: &["kube", "kube_*", "k8s_openapi"], places: &["src/adapters/kube"] },
    Vendor {
        crates: &["tonic", "tonic_*", "prost", "prost_*", "tfplugin_proto", "provisioner_proto"],
        places: &["src/plugin", "src/daemon"],
    },
    Vendor {
        crates: &["rusqlite", "postgres", "tokio_postgres*", "deadpool_postgres", "sqlx"],
        places: &["src/sandbox", "src/daemon"],
    },
    Vendor { crates: &["opentelemetry", "opentelemetry_*", "tracing_opentelemetry"], places: &["src/daemon"] },
    Vendor { crates: &["clap", "clap_*"], places: &["src/provider/cli", "src/provider/generate"] },
];

/// Lines without tests; 80 to 350 is the aim.
pub(super) const LENGTH: usize = 500;

/// Files over it, each with its reason.
pub(super) const LONG_FILES: &[(&str, &str)] = &[];

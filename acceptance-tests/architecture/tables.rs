//! The two tables of the design's section 3, and what else the layout promises.

pub struct Module {
    pub name: &'static str,
    /// The folder (and the file of the same name beside it).
    pub place: &'static str,
    /// As other crates write it.
    pub crate_name: &'static str,
    /// The module's name inside its crate; `None`: the rest of the crate.
    pub inner: Option<&'static str>,
    pub may_use: &'static [May],
}

pub struct May {
    pub module: &'static str,
    pub but_not: &'static [&'static str],
}

const fn may(module: &'static str) -> May {
    May { module, but_not: &[] }
}

/// "Provision's trait and types": everything but the engine.
const TRAIT: May = May { module: "provision", but_not: &["Engine", "EngineConfig", "engine"] };

const DOMAIN: May = may("domain");
const POLICY: May = may("policy");
const GOLDEN: May = may("golden");
const PORTS: May = may("ports");
const PROVISION: May = may("provision");

/// More special places first.
pub const MODULES: &[Module] = &[
    Module {
        name: "domain",
        place: "src/core/domain",
        crate_name: "goldenpath_core",
        inner: Some("domain"),
        may_use: &[],
    },
    Module {
        name: "policy",
        place: "src/core/policy",
        crate_name: "goldenpath_core",
        inner: Some("policy"),
        may_use: &[DOMAIN],
    },
    Module {
        name: "golden",
        place: "src/core/golden",
        crate_name: "goldenpath_core",
        inner: Some("golden"),
        may_use: &[DOMAIN, POLICY],
    },
    Module {
        name: "ports",
        place: "src/core/ports",
        crate_name: "goldenpath_core",
        inner: Some("ports"),
        may_use: &[DOMAIN],
    },
    Module {
        name: "provision",
        place: "src/core/provision",
        crate_name: "goldenpath_core",
        inner: Some("provision"),
        may_use: &[DOMAIN, GOLDEN, POLICY, PORTS],
    },
    Module { name: "core", place: "src/core", crate_name: "goldenpath_core", inner: None, may_use: &[] },
    Module {
        name: "adapters",
        place: "src/adapters",
        crate_name: "goldenpath_adapters",
        inner: None,
        may_use: &[DOMAIN, PORTS, TRAIT],
    },
    Module { name: "plugin", place: "src/plugin", crate_name: "plugin", inner: None, may_use: &[] },
    Module {
        name: "resources",
        place: "src/provider/resources",
        crate_name: "goldenpath",
        inner: Some("resources"),
        may_use: &[DOMAIN, TRAIT, may("plugin")],
    },
    Module {
        name: "daemon",
        place: "src/provider/daemon",
        crate_name: "goldenpath",
        inner: Some("daemon"),
        may_use: &[DOMAIN, GOLDEN, POLICY, PORTS, PROVISION],
    },
    Module {
        name: "cli",
        place: "src/provider/cli",
        crate_name: "goldenpath",
        inner: Some("cli"),
        may_use: &[DOMAIN, GOLDEN, POLICY, PROVISION, may("resources"), may("plugin")],
    },
    Module {
        name: "telemetry",
        place: "src/provider/telemetry",
        crate_name: "goldenpath",
        inner: Some("telemetry"),
        may_use: &[],
    },
    Module {
        name: "wiring",
        place: "src/provider/wiring",
        crate_name: "goldenpath",
        inner: Some("wiring"),
        may_use: ALL,
    },
    Module { name: "main", place: "src/provider", crate_name: "goldenpath", inner: None, may_use: ALL },
];

const ALL: &[May] = &[
    DOMAIN,
    POLICY,
    GOLDEN,
    PORTS,
    PROVISION,
    may("core"),
    may("adapters"),
    may("plugin"),
    may("resources"),
    may("daemon"),
    may("cli"),
    may("telemetry"),
    may("wiring"),
    may("main"),
];

pub struct Vendor {
    /// As Rust writes it; a trailing `*` stands for any ending.
    pub crates: &'static [&'static str],
    pub places: &'static [&'static str],
}

impl Vendor {
    pub fn covers(&self, name: &str) -> bool {
        self.crates.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *wanted,
        })
    }
}

pub const VENDORS: &[Vendor] = &[
    Vendor { crates: &["aws_*"], places: &["src/adapters/aws"] },
    Vendor { crates: &["kube", "kube_*", "k8s_openapi"], places: &["src/adapters/kube"] },
    Vendor {
        crates: &["tonic", "tonic_*", "prost", "prost_*", "tfplugin_proto"],
        places: &["src/plugin", "src/provider/daemon", "src/adapters/daemon"],
    },
    Vendor {
        crates: &["rusqlite", "postgres", "tokio_postgres", "sqlx"],
        places: &["src/adapters/sandbox", "src/adapters/store"],
    },
    Vendor { crates: &["clap", "clap_*"], places: &["src/provider/cli"] },
];

/// Lines without tests; 80 to 350 is the aim.
pub const LENGTH: usize = 500;

/// Files over it, each with its reason.
pub const LONG_FILES: &[(&str, &str)] = &[];

/// In source, documentation, examples and scripts.
pub const WORDS: &[(&str, &str)] = &[
    ("TODO", "open work belongs into an issue"),
    ("FIXME", "open work belongs into an issue"),
    ("#[ignore", "a test that is not run proves nothing; an absent tool prints a skip"),
    ("#[should_panic", "say which error is expected"),
    ("/home/", "a path of one machine"),
    ("/Users/", "a path of one machine"),
    ("/root/", "a path of one machine"),
    ("dyn Any", "the set of kinds is closed"),
];

//! The CLIs that the stories run under. An absent one is a counted skip; in CI a failure, but for Terraform 1.11.4, which
//! can't be built from its modules.

use anyhow::{Context as _, Result};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Clone, Debug)]
pub struct Tool {
    /// As test names show it: `terraform-1.11.4`.
    pub name: &'static str,
    pub program: PathBuf,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Terraform15,
    Tofu,
    Terraform,
}

struct Wanted {
    kind: Kind,
    name: &'static str,
    variable: &'static str,
    /// Under the cache's `tools`, where scripts/lib/tools.sh builds it.
    cached: Option<&'static str>,
    on_path: &'static str,
    says: &'static str,
}

/// The one that runs every story comes first.
const WANTED: [Wanted; 3] = [
    Wanted {
        kind: Kind::Terraform,
        name: "terraform-1.11",
        variable: "GOLDENPATH_TEST_TERRAFORM",
        cached: None,
        on_path: "terraform",
        says: "Terraform v1.1",
    },
    Wanted {
        kind: Kind::Tofu,
        name: "opentofu-1.12",
        variable: "GOLDENPATH_TEST_TOFU",
        cached: Some("opentofu-1.12.6/tofu"),
        on_path: "tofu",
        says: "OpenTofu v1.",
    },
    Wanted {
        kind: Kind::Terraform15,
        name: "terraform-1.5",
        variable: "GOLDENPATH_TEST_TERRAFORM_1_5_7",
        cached: Some("terraform-1.5.7/terraform"),
        on_path: "terraform",
        says: "Terraform v1.5.7",
    },
];

pub struct Matrix {
    pub present: Vec<Tool>,
    pub absent: Vec<(&'static str, Kind)>,
}

impl Matrix {
    pub fn find() -> Self {
        let mut matrix = Self { present: vec![], absent: vec![] };
        for wanted in WANTED {
            match wanted.find() {
                Some(program) => matrix.present.push(Tool { name: wanted.name, program, kind: wanted.kind }),
                None => matrix.absent.push((wanted.name, wanted.kind)),
            }
        }
        matrix
    }

    /// The newest tool that is here, which runs every story.
    pub fn main(&self) -> Option<&Tool> {
        self.present.first()
    }
}

impl Wanted {
    fn find(&self) -> Option<PathBuf> {
        // `scripts/test fast` does without CLIs on purpose.
        if env::var_os("GOLDENPATH_TEST_FAST").is_some() {
            return None;
        }
        if let Some(named) = env::var_os(self.variable).filter(|path| !path.is_empty()) {
            return Some(named.into());
        }
        let cached = self.cached.map(|inside| cache().join("tools").join(inside));
        let on_path = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&on_path).map(|folder| folder.join(self.on_path));
        cached.into_iter().chain(on_path).find(|path| path.is_file() && self.is_it(path))
    }

    fn is_it(&self, program: &Path) -> bool {
        let asked = Command::new(program).arg("version").env("CHECKPOINT_DISABLE", "1").output();
        asked.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains(self.says))
    }
}

pub fn cache() -> PathBuf {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).unwrap_or_default().join("goldenpath")
}

/// The provider to drive: the debug build, which checks core's laws on each of its own answers.
pub fn provider() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GOLDENPATH_TEST_BINARY") {
        return Ok(named.into());
    }
    let test = env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("the test is in no target folder")?;
    let program = folder.join(format!("terraform-provider-goldenpath{}", env::consts::EXE_SUFFIX));
    anyhow::ensure!(program.is_file(), "{} is not built: run cargo build --workspace", program.display());
    Ok(program)
}

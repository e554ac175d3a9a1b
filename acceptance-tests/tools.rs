//! The programs that the tests drive: those of scripts/lib/tools.txt, which scripts/lib/tools.sh builds into the cache, and the provider
//! itself. An absent one is a counted skip, and in CI a failure.

use anyhow::{Context as _, Result};
use std::{
    env,
    path::{Path, PathBuf},
};

const TABLE: &str = include_str!("../scripts/lib/tools.txt");

#[derive(Clone, Debug)]
pub struct Tool {
    /// As test names show it: `terraform-1.14`.
    pub name: &'static str,
    pub program: PathBuf,
    pub kind: CliKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CliKind {
    Terraform114,
    Tofu,
    Terraform15,
    /// An extra, for those who ask for it.
    OnPath,
}

/// The one that runs every story comes first.
const CLIS: [(&str, CliKind); 3] =
    [("terraform-1.14", CliKind::Terraform114), ("opentofu", CliKind::Tofu), ("terraform-1.5", CliKind::Terraform15)];

pub struct Matrix {
    pub present: Vec<Tool>,
    pub absent: Vec<&'static str>,
}

impl Matrix {
    pub fn find() -> Self {
        let mut matrix = Self { present: vec![], absent: vec![] };
        for (name, kind) in CLIS {
            match program(name) {
                Some(program) => matrix.present.push(Tool { name, program, kind }),
                None => matrix.absent.push(name),
            }
        }
        if env::var("GOLDENPATH_TEST_TERRAFORM_ON_PATH").is_ok_and(|wanted| wanted == "1") {
            let name = "terraform on PATH";
            match env::split_paths(&env::var_os("PATH").unwrap_or_default())
                .map(|folder| folder.join("terraform"))
                .find(|path| path.is_file())
            {
                Some(program) => matrix.present.push(Tool { name, program, kind: CliKind::OnPath }),
                None => matrix.absent.push(name),
            }
        }
        matrix
    }

    /// The first tool that is here, which runs every story.
    pub fn main(&self) -> Option<&Tool> {
        self.present.first()
    }
}

/// The program of this name, where it was built. `scripts/test fast` does without any on purpose.
pub fn program(name: &str) -> Option<PathBuf> {
    let (folder, program) = row(name)?;
    let path = cache().join("tools").join(folder).join(program);
    (env::var_os("GOLDENPATH_TEST_FAST").is_none() && path.is_file()).then_some(path)
}

/// The version that the tests are written for.
pub fn version(name: &str) -> &'static str {
    row(name).and_then(|(folder, _)| Some(folder.rsplit_once('-')?.1)).unwrap_or_default()
}

fn row(name: &str) -> Option<(&'static str, &'static str)> {
    TABLE.lines().find_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [found, folder, program] if found == name => Some((folder, program)),
        _ => None,
    })
}

fn cache() -> PathBuf {
    // What is empty or relative is unset, as for scripts/lib/common.sh.
    let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache"))).unwrap_or_default().join("goldenpath")
}

/// The provider to drive: the debug build, which checks core's laws on each of its own results.
pub fn provider() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GOLDENPATH_TEST_BINARY") {
        return Ok(named.into());
    }
    let test = env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("the test is in no target folder")?;
    program_here(folder, "terraform-provider-goldenpath")
}

/// The commands and the daemon, which are built beside the provider.
pub fn command_line() -> Result<PathBuf> {
    let provider = provider()?;
    program_here(provider.parent().context("the provider is in no folder")?, "goldenpath")
}

fn program_here(folder: &Path, name: &str) -> Result<PathBuf> {
    let program = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    anyhow::ensure!(program.is_file(), "{} is not built: run cargo build --workspace", program.display());
    Ok(program)
}

//! The rule of dependencies, held as data ([`tables`]) and checked against every source file: cargo enforces the coarse
//! rule between crates, this the fine one between modules, and both name the file, the line and the direction that is
//! allowed.

mod paths;
mod tables;

use anyhow::{Context as _, Result, bail};
use paths::{Found, paths};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tables::{LENGTH, LONG_FILES, MODULES, Module, VENDORS, WORDS};

pub type Check = (&'static str, fn() -> Result<()>);

pub const CHECKS: &[Check] = &[
    ("modules use only what the table allows", modules),
    ("vendor crates stay where they are bound", vendors),
    ("manifests list no crate out of bounds", manifests),
    ("every source file belongs to a module of the table", every_file_has_a_room),
    ("a file is one idea", lengths),
    ("words that have no place here", words),
];

/// One source file, with the module of the table that it belongs to.
struct Source {
    /// From the root of the repository.
    path: String,
    text: String,
    module: Option<&'static Module>,
}

impl Source {
    /// Without tests: a test may bring together what the product keeps apart, and may be long.
    fn lines_of_code(&self) -> usize {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return 0;
        }
        // `#[cfg(test)] mod tests;` among the other modules ends nothing; a module with a body does, since it comes last.
        let lines: Vec<_> = self.text.lines().collect();
        let inline = lines.windows(2).position(|two| two[0] == "#[cfg(test)]" && two[1].ends_with('{'));
        inline.unwrap_or(lines.len())
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

// === the checks ===

fn modules() -> Result<()> {
    let mut wrong = vec![];
    for source in sources()? {
        let Some(module) = source.module else { continue };
        let code = source.lines_of_code();
        for found in paths(&source.text).into_iter().filter(|found| found.line <= code) {
            let Some((used, item)) = module_of(&found, &source.path, module) else {
                continue;
            };
            if used.name == module.name {
                continue;
            }
            let allowed = module.may_use.iter().find(|may| may.module == used.name);
            let refused = match allowed {
                None => format!("{} may not use {}", module.name, used.name),
                Some(may) if item.is_some_and(|item| may.but_not.contains(&item)) => {
                    format!("{} may not use {} of {}", module.name, item.unwrap_or_default(), used.name)
                }
                Some(_) => continue,
            };
            let directions: Vec<_> = module.may_use.iter().map(|may| may.module).collect();
            let directions = if directions.is_empty() { "nothing of ours".into() } else { directions.join(", ") };
            let (path, line) = (&source.path, found.line);
            wrong.push(format!("{path}:{line}: {refused}; {} -> {directions} is allowed", module.name));
        }
    }
    none(wrong)
}

fn vendors() -> Result<()> {
    let mut wrong = vec![];
    for source in sources()? {
        let listed = dependencies_of(&source.path)?;
        for found in paths(&source.text) {
            // A local module may be called like a crate; only what the manifest lists is one.
            let Some(name) = found.segments.first().filter(|name| listed.contains(*name)) else {
                continue;
            };
            let Some(vendor) = VENDORS.iter().find(|vendor| vendor.covers(name)) else {
                continue;
            };
            if !vendor.places.iter().any(|place| within(&source.path, place)) {
                let places = vendor.places.join(", ");
                wrong.push(format!("{}:{}: {name} is bound to {places}", source.path, found.line));
            }
        }
    }
    none(wrong)
}

/// A crate that no file may use has no business in the manifest.
fn manifests() -> Result<()> {
    let mut wrong = vec![];
    for manifest in ["src/core", "src/plugin", "src/adapters", "src/provider"] {
        for name in dependencies_of(&format!("{manifest}/lib.rs"))? {
            let Some(vendor) = VENDORS.iter().find(|vendor| vendor.covers(&name)) else {
                continue;
            };
            if !vendor.places.iter().any(|place| within(place, manifest) || within(manifest, place)) {
                let places = vendor.places.join(", ");
                wrong.push(format!("{manifest}/Cargo.toml: {name} is bound to {places}"));
            }
        }
    }
    none(wrong)
}

fn every_file_has_a_room() -> Result<()> {
    let strays = sources()?.into_iter().filter(|source| source.module.is_none());
    let strays = strays.map(|source| format!("{}: no module of the table holds it", source.path));
    let mod_files = all_files("src")?.into_iter().filter(|path| path.ends_with("/mod.rs"));
    none(strays.chain(mod_files.map(|path| format!("{path}: write foo.rs beside foo/, not mod.rs"))).collect())
}

fn lengths() -> Result<()> {
    let mut wrong = vec![];
    let sources = sources()?;
    for source in &sources {
        let lines = source.lines_of_code();
        let excused = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        if lines > LENGTH && !excused {
            wrong.push(format!("{}: {lines} lines without tests; over {LENGTH} needs a reason", source.path));
        }
    }
    for (path, reason) in LONG_FILES {
        if !sources.iter().any(|source| source.path == *path && source.lines_of_code() > LENGTH) {
            wrong.push(format!("{path}: is not over {LENGTH} lines, so it needs no reason ({reason})"));
        }
    }
    none(wrong)
}

fn words() -> Result<()> {
    let mut wrong = vec![];
    for folder in ["src", "proto", "examples", "scripts", "docs"] {
        for path in all_files(folder)? {
            let Ok(text) = fs::read_to_string(root().join(&path)) else {
                continue;
            };
            for (at, line) in text.lines().enumerate() {
                for (word, reason) in WORDS.iter().filter(|(word, _)| line.contains(word)) {
                    wrong.push(format!("{path}:{}: {word:?}: {reason}", at + 1));
                }
            }
        }
    }
    none(wrong)
}

fn none(wrong: Vec<String>) -> Result<()> {
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

// === which module is used ===

/// The module that a path leads into, and the first name that it takes there.
fn module_of<'a>(found: &'a Found, file: &str, own: &Module) -> Option<(&'static Module, Option<&'a str>)> {
    let whole = absolute(found, file)?;
    let crate_of = |module: &&'static Module| module.crate_name == whole[0];
    // The deepest module wins: `goldenpath_core::ports` before the crate as a whole.
    let named =
        MODULES.iter().filter(crate_of).find(|module| module.inner.is_some_and(|name| whole.get(1) == Some(&name)));
    let module = named.or_else(|| MODULES.iter().filter(crate_of).find(|module| module.inner.is_none()))?;
    let item = whole.get(if module.inner.is_some() { 2 } else { 1 }).copied();
    // A path within the crate that names no module of the table is the crate's own root: neutral ground.
    (module.name != own.name || named.is_some()).then_some((module, item))
}

/// The path from its crate on: `crate`, `self` and `super` are told by where the file lies.
fn absolute<'a>(found: &'a Found, file: &str) -> Option<Vec<&'a str>> {
    let (first, rest) = found.segments.split_first()?;
    let own = crate_of_file(file)?;
    let plain: Vec<&str> = rest.iter().map(String::as_str).collect();
    match first.as_str() {
        "crate" => Some([vec![own], plain].concat()),
        "super" => {
            let ups = found.segments.iter().take_while(|segment| *segment == "super").count();
            // From `src/core/golden/render.rs`, two ups reach the root of the crate.
            let depth = module_depth(file);
            (ups >= depth).then(|| [vec![own], plain.into_iter().skip(ups - 1).collect()].concat())
        }
        name => MODULES
            .iter()
            .find(|module| module.crate_name == name)
            .map(|module| [vec![module.crate_name], plain].concat()),
    }
}

fn crate_of_file(file: &str) -> Option<&'static str> {
    MODULES.iter().find(|module| within(file, module.place)).map(|module| module.crate_name)
}

/// How many modules deep a file is: `src/core/golden.rs` is 1, `src/core/lib.rs` 0.
fn module_depth(file: &str) -> usize {
    let inside = file.splitn(3, '/').nth(2).unwrap_or_default().trim_end_matches(".rs");
    if matches!(inside, "lib" | "main") { 0 } else { inside.split('/').count() }
}

// === the files ===

fn sources() -> Result<Vec<Source>> {
    let read = |path: String| {
        let text = fs::read_to_string(root().join(&path)).with_context(|| path.clone())?;
        let module = MODULES.iter().find(|module| within(&path, module.place));
        Ok(Source { path, text, module })
    };
    let rust = all_files("src")?.into_iter().filter(|path| path.ends_with(".rs") && !path.ends_with("build.rs"));
    rust.map(read).collect()
}

/// `src/core/golden.rs` and `src/core/golden/render.rs` are within `src/core/golden`.
fn within(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
}

fn all_files(folder: &str) -> Result<Vec<String>> {
    let mut found = vec![];
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(inside) = path.strip_prefix(root()) {
                found.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The crates that the manifest beside a file lists outside of dev-dependencies, as Rust writes their names.
fn dependencies_of(file: &str) -> Result<BTreeSet<String>> {
    let package: PathBuf = Path::new(file).iter().take(2).collect();
    let path = root().join(&package).join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut listed = BTreeSet::new();
    let mut section = "";
    for line in text.lines() {
        if line.starts_with('[') {
            section = line.trim();
        } else if section.ends_with("dependencies]") && !section.contains("dev-dependencies") {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim();
            if !name.is_empty() && !name.starts_with('#') {
                listed.insert(name.replace('-', "_"));
            }
        }
    }
    Ok(listed)
}

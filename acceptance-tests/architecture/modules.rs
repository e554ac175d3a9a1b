//! Which module uses which, and which crates of others: the two tables of the design.

use super::{
    circles,
    dependencies::crates_of,
    files,
    paths::{Contents, Import, Path},
    tables::{LENGTH, LONG_FILES, MODULES, May, Module, STAGES, VENDORS},
};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// One source file, with the module of the table that it belongs to.
struct Source {
    /// From the root of the repository.
    path: String,
    text: String,
    module: Option<&'static Module>,
}

/// As the last segment of an import: each name, whatever it may be.
const ALL_NAMES: &str = "*";

impl Source {
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.contains("/testing")
    }

    /// What it imports, the paths in its code, and these once more from where their first name was imported from:
    /// `use goldenpath_core::provision;` and `provision::Engine`.
    fn paths(&self) -> Vec<Path> {
        if self.is_test() {
            return vec![];
        }
        let Contents { imports, paths, .. } = Contents::of(&self.text);
        let whole = paths.iter().filter_map(|path| {
            let (first, rest) = path.segments.split_first()?;
            let import = imports.iter().find(|import| import.name.as_ref() == Some(first))?;
            let segments = [import.path.segments.as_slice(), rest].concat();
            (segments != path.segments).then_some(Path { line: path.line, segments })
        });
        let whole: Vec<Path> = whole.collect();
        let imports = imports.into_iter().map(|Import { mut path, name, .. }| {
            path.segments.extend(name.is_none().then(|| ALL_NAMES.to_owned()));
            path
        });
        imports.chain(paths).chain(whole).collect()
    }

    /// Without tests, which may be long.
    fn lines_of_code(&self) -> usize {
        if self.is_test() {
            return 0;
        }
        // `#[cfg(test)] mod tests;` among the other modules ends nothing; a module with a body does, since it comes last.
        let lines: Vec<_> = self.text.lines().collect();
        let is_of_tests = |two: &[&str]| two[0] == "#[cfg(test)]" && two[1].contains("mod ") && two[1].ends_with('{');
        let inline = lines.windows(2).position(is_of_tests);
        inline.unwrap_or(lines.len())
    }
}

fn sources() -> Result<Vec<Source>> {
    let rust = files::all("src")?.into_iter().filter(|path| path.ends_with(".rs") && !path.ends_with("build.rs"));
    rust.map(|path| {
        let module = MODULES.iter().find(|module| files::is_within(&path, module.place));
        Ok(Source { text: files::read(&path)?, module, path })
    })
    .collect()
}

pub(super) fn misuses() -> Result<Vec<String>> {
    let mut wrong = vec![];
    for source in sources()? {
        let Some(module) = source.module else { continue };
        for path in source.paths() {
            let Some((used, item)) = module_of(&path, &source.path, module) else { continue };
            if used.name == module.name {
                continue;
            }
            let allowed = module.may_use.iter().find(|may| may.module == used.name);
            let refused = match allowed {
                None => format!("{} may not use {}", module.name, used.name),
                Some(may) if item.is_some_and(|item| may.refuses(item)) => {
                    format!("{} may not use {} of {}", module.name, item.unwrap_or_default(), used.name)
                }
                Some(_) => continue,
            };
            let directions: Vec<_> = module.may_use.iter().map(|may| may.module).collect();
            let directions = if directions.is_empty() { "nothing of ours".into() } else { directions.join(", ") };
            let (file, line) = (&source.path, path.line);
            wrong.push(format!("{file}:{line}: {refused}; {} -> {directions} is allowed", module.name));
        }
    }
    Ok(wrong)
}

pub(super) fn strayed_vendors() -> Result<Vec<String>> {
    let mut wrong = vec![];
    let mut listed = BTreeMap::new();
    for source in sources()? {
        let package = package_of(&source.path);
        if !listed.contains_key(&package) {
            listed.insert(package.clone(), dependencies_of(&package)?);
        }
        for path in source.paths() {
            // A local module may be called like a crate; only what the manifest lists is one.
            let Some(name) = path.segments.first().filter(|name| listed[&package].contains(*name)) else { continue };
            let Some(vendor) = VENDORS.iter().find(|vendor| vendor.covers(name)) else { continue };
            if !vendor.places.iter().any(|place| files::is_within(&source.path, place)) {
                wrong.push(format!("{}:{}: {name} is bound to {}", source.path, path.line, vendor.places.join(", ")));
            }
        }
    }
    Ok(wrong)
}

/// A crate that no file may use has no business in the manifest.
pub(super) fn needless_dependencies() -> Result<Vec<String>> {
    let mut wrong = vec![];
    let packages: BTreeSet<String> = sources()?.iter().map(|source| package_of(&source.path)).collect();
    for package in packages {
        for name in dependencies_of(&package)? {
            let Some(vendor) = VENDORS.iter().find(|vendor| vendor.covers(&name)) else { continue };
            let is_at_home = |place: &&str| files::is_within(place, &package) || files::is_within(&package, place);
            if !vendor.places.iter().any(is_at_home) {
                wrong.push(format!("{package}/Cargo.toml: {name} is bound to {}", vendor.places.join(", ")));
            }
        }
    }
    Ok(wrong)
}

pub(super) fn strays() -> Result<Vec<String>> {
    let (mut wrong, sources) = (vec![], sources()?);
    let product = circles::product_files()?;
    for source in &sources {
        let path = &source.path;
        if source.module.is_none() {
            wrong.push(format!("{path}: no module of the table holds it"));
        }
        if path.ends_with("/mod.rs") {
            wrong.push(format!("{path}: write foo.rs beside foo/, not mod.rs"));
        }
        if source.is_test() && product.contains(path) {
            wrong.push(format!("{path}: is checked as a test by its name, and is not for tests alone"));
        }
    }
    // One that was renamed would be out of bounds for nobody.
    let of_stages =
        STAGES.iter().flat_map(|stage| stage.but_not.iter().map(move |module| format!("{}/{module}", stage.of)));
    let of_vendors = VENDORS.iter().flat_map(|vendor| vendor.places.iter().map(|place| (*place).to_owned()));
    let places = MODULES.iter().map(|module| module.place.to_owned()).chain(of_stages).chain(of_vendors);
    let is_empty = |place: &String| !sources.iter().any(|source| files::is_within(&source.path, place));
    wrong.extend(places.filter(is_empty).map(|place| format!("{place}: is in the tables, and no file is there")));
    Ok(wrong)
}

pub(super) fn long_files() -> Result<Vec<String>> {
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
    Ok(wrong)
}

// === which module is used ===

impl May {
    fn refuses(&self, item: &str) -> bool {
        self.but_not.contains(&item) || (item == ALL_NAMES && !self.but_not.is_empty())
    }
}

/// The module that a path leads into, and the first name that it takes there.
fn module_of<'a>(path: &'a Path, file: &str, own: &Module) -> Option<(&'static Module, Option<&'a str>)> {
    let whole = absolute(path, file)?;
    let crate_of = |module: &&'static Module| module.crate_name == whole[0];
    // The deepest module wins: `goldenpath_core::ports` before the crate as a whole.
    let named =
        MODULES.iter().filter(crate_of).find(|module| module.inner.is_some_and(|name| whole.get(1) == Some(&name)));
    let module = named.or_else(|| MODULES.iter().filter(crate_of).find(|module| module.inner.is_none()))?;
    let item = whole.get(if module.inner.is_some() { 2 } else { 1 }).copied();
    // A path within the crate that names no module of the table is the crate's own root: neutral ground.
    (module.name != own.name || named.is_some()).then_some((module, item))
}

/// The path from its crate on: where the file lies says what `crate` and `super` are.
fn absolute<'a>(path: &'a Path, file: &str) -> Option<Vec<&'a str>> {
    let (first, rest) = path.segments.split_first()?;
    let own = MODULES.iter().find(|module| files::is_within(file, module.place))?.crate_name;
    let plain: Vec<&str> = rest.iter().map(String::as_str).collect();
    match first.as_str() {
        "crate" => Some([vec![own], plain].concat()),
        "super" => {
            let ups = path.segments.iter().take_while(|segment| *segment == "super").count();
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

/// How many modules deep a file is: `src/core/golden.rs` is 1, `src/core/lib.rs` 0.
fn module_depth(file: &str) -> usize {
    let inside = file.splitn(3, '/').nth(2).unwrap_or_default().trim_end_matches(".rs");
    if matches!(inside, "lib" | "main") { 0 } else { inside.split('/').count() }
}

fn package_of(file: &str) -> String {
    file.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
}

/// The crates that a manifest lists for more than tests.
fn dependencies_of(package: &str) -> Result<BTreeSet<String>> {
    let listed = crates_of(&format!("{package}/Cargo.toml"))?.into_iter().filter(|listed| !listed.is_of_tests);
    Ok(listed.map(|listed| listed.name).collect())
}

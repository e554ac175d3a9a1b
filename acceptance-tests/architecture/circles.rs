//! No circles: a file may not use, directly or through others, a file that uses it. Nor may two folders beside each other.
//!
//! Names are followed to where they are defined: through `use`, through what a parent re-exports, through modules that are
//! imported as such. What a parent only declares or re-exports is no use of it.

use super::{
    files,
    paths::{Contents, Import},
};
use anyhow::{Context as _, Result};
use std::collections::{BTreeMap, BTreeSet};

type File = usize;
/// Which names the first takes from the second.
type Uses = BTreeMap<(File, File), BTreeSet<String>>;

/// How many re-exports a name may pass through.
const LONGEST: usize = 20;

#[derive(Default)]
struct Graph {
    paths: Vec<String>,
    contents: Vec<Contents>,
    parents: Vec<Option<File>>,
    children: Vec<BTreeMap<String, File>>,
    roots: BTreeMap<String, File>,
    /// The root of the crate that each is in.
    crates: Vec<File>,
}

enum Found {
    Item(File, String),
    Module(File),
}

/// Which names one file takes from another, by their paths.
pub(super) fn uses() -> Result<Vec<(String, String, BTreeSet<String>)>> {
    let graph = Graph::of_workspace()?;
    let path = |file: File| graph.paths[file].clone();
    Ok(graph.uses().into_iter().map(|((from, to), names)| (path(from), path(to), names)).collect())
}

/// Of every crate, without those that are compiled for tests alone. Two binaries may share one.
pub(super) fn product_files() -> Result<BTreeSet<String>> {
    Ok(Graph::of_workspace()?.paths.into_iter().collect())
}

/// For each circle its files, and the names that tie them.
pub(super) fn circles() -> Result<Vec<String>> {
    let graph = Graph::of_workspace()?;
    let uses = graph.uses();
    let shown = |from: File, to: File, names: &BTreeSet<String>| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("    {} -> {}: {}", graph.paths[from], graph.paths[to], names.join(", "))
    };
    let mut circles = vec![];
    for files in knots(graph.paths.len(), uses.keys().copied()) {
        let inside = uses.iter().filter(|((from, to), _)| files.contains(from) && files.contains(to));
        let arrows: Vec<String> = inside.map(|((from, to), names)| shown(*from, *to, names)).collect();
        circles.push(format!("{} files use each other:\n{}", files.len(), arrows.join("\n")));
    }
    circles.extend(graph.folders(&uses).into_iter().map(|arrows| {
        let arrows = arrows.into_iter().map(|(from, to)| shown(from, to, &uses[&(from, to)]));
        format!("folders use each other:\n{}", arrows.collect::<Vec<_>>().join("\n"))
    }));
    Ok(circles)
}

impl Graph {
    fn of_workspace() -> Result<Self> {
        let mut graph = Self::default();
        for (name, path) in files::crates()? {
            let root = graph.add(&path, None)?;
            graph.roots.insert(name, root);
        }
        Ok(graph)
    }

    /// The file and, through its `mod x;`, all below it.
    fn add(&mut self, path: &str, parent: Option<File>) -> Result<File> {
        let file = self.paths.len();
        let contents = Contents::of(&files::read(path)?);
        let modules = contents.modules.clone();
        self.paths.push(path.to_owned());
        self.contents.push(contents);
        self.parents.push(parent);
        self.children.push(BTreeMap::new());
        self.crates.push(parent.map_or(file, |parent| self.crates[parent]));
        let folder = match parent {
            // A crate's first file lies beside its modules.
            None => path.rsplit_once('/').context("a crate is in a folder")?.0.to_owned(),
            Some(_) => path.trim_end_matches(".rs").to_owned(),
        };
        for module in modules {
            let child = self.add(&format!("{folder}/{module}.rs"), Some(file))?;
            self.children[file].insert(module, child);
        }
        Ok(file)
    }

    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for file in 0..self.paths.len() {
            let contents = &self.contents[file];
            let mut add = |found: Option<Found>| {
                if let Some(Found::Item(other, name)) = found
                    && other != file
                {
                    uses.entry((file, other)).or_default().insert(name);
                }
            };
            for import in &contents.imports {
                match &import.name {
                    // A name that is only re-exported is not used here.
                    Some(name) if import.is_public && !contents.names.contains(name) => {}
                    Some(_) => add(self.resolve(file, &import.path.segments, 0)),
                    None => {
                        for name in self.names_of_glob(file, import) {
                            add(self.resolve(file, &[import.path.segments.as_slice(), &[name]].concat(), 0));
                        }
                    }
                }
            }
            for path in &contents.paths {
                add(self.resolve(file, &path.segments, 0));
            }
        }
        uses
    }

    /// Names of the file's code that `use module::*` may have brought.
    fn names_of_glob(&self, file: File, import: &Import) -> Vec<String> {
        let Some(Found::Module(module)) = self.resolve(file, &import.path.segments, 0) else { return vec![] };
        let own = &self.contents[file];
        let others = &self.contents[module];
        let brought = others.imports.iter().filter_map(|import| import.name.clone());
        let brought = brought.chain(others.items.iter().cloned()).chain(self.children[module].keys().cloned());
        brought.filter(|name| own.names.contains(name) && !own.items.contains(name)).collect()
    }

    fn resolve(&self, file: File, segments: &[String], steps: usize) -> Option<Found> {
        let (first, rest) = segments.split_first()?;
        if steps > LONGEST {
            return None;
        }
        match first.as_str() {
            "crate" => self.walk(self.crates[file], rest, steps),
            "self" => self.walk(file, rest, steps),
            "super" => self.walk(self.parents[file]?, rest, steps),
            name if self.children[file].contains_key(name) => self.walk(self.children[file][name], rest, steps),
            name if self.contents[file].items.contains(name) => Some(Found::Item(file, name.to_owned())),
            name => match self.import_of(file, name) {
                // `use serde_json::Value as Json` names nothing of ours; and a crate may be imported under its own name.
                Some(import) if import.path.segments[0] != *name || import.path.segments.len() > 1 => {
                    self.resolve(file, &[import.path.segments.as_slice(), rest].concat(), steps + 1)
                }
                _ => self.walk(*self.roots.get(name)?, rest, steps),
            },
        }
    }

    fn import_of(&self, file: File, name: &str) -> Option<&Import> {
        self.contents[file].imports.iter().find(|import| import.name.as_deref() == Some(name))
    }

    fn walk(&self, file: File, segments: &[String], steps: usize) -> Option<Found> {
        let Some((first, rest)) = segments.split_first() else { return Some(Found::Module(file)) };
        if first == "super" {
            return self.walk(self.parents[file]?, rest, steps);
        }
        if let Some(child) = self.children[file].get(first) {
            return self.walk(*child, rest, steps);
        }
        if self.contents[file].items.contains(first) {
            return Some(Found::Item(file, first.clone()));
        }
        if steps > LONGEST {
            return None;
        }
        if let Some(import) = self.import_of(file, first) {
            return self.resolve(file, &[import.path.segments.as_slice(), rest].concat(), steps + 1);
        }
        let globs = self.contents[file].imports.iter().filter(|import| import.name.is_none());
        globs
            .into_iter()
            .find_map(|glob| self.resolve(file, &[glob.path.segments.as_slice(), segments].concat(), steps + 1))
    }

    /// Arrows of circles between modules that lie beside each other, each with all that is below it. The parent's own file is none of
    /// them.
    fn folders(&self, uses: &Uses) -> Vec<Vec<(File, File)>> {
        let mut found = vec![];
        for parent in 0..self.paths.len() {
            let below = |file: File| {
                let mut file = file;
                while let Some(above) = self.parents[file] {
                    if above == parent {
                        return Some(file);
                    }
                    file = above;
                }
                None
            };
            let mut arrows: BTreeMap<(File, File), Vec<(File, File)>> = BTreeMap::new();
            for (from, to) in uses.keys() {
                if let (Some(one), Some(other)) = (below(*from), below(*to))
                    && one != other
                {
                    arrows.entry((one, other)).or_default().push((*from, *to));
                }
            }
            for files in knots(self.paths.len(), arrows.keys().copied()) {
                let inside = arrows.iter().filter(|((one, other), _)| files.contains(one) && files.contains(other));
                let ties: Vec<_> = inside.flat_map(|(_, ties)| ties.iter().copied()).collect();
                // One that the files show already is not shown twice.
                if knots(self.paths.len(), ties.iter().copied()).is_empty() {
                    found.push(ties);
                }
            }
        }
        found
    }
}

/// The sets of two or more that reach each other.
fn knots(count: usize, arrows: impl Iterator<Item = (File, File)>) -> Vec<BTreeSet<File>> {
    let mut next = vec![vec![]; count];
    for (from, to) in arrows {
        next[from].push(to);
    }
    let reach = |from: File| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            open.extend(next[file].iter().copied().filter(|other| seen.insert(*other)));
        }
        seen
    };
    let reached: Vec<BTreeSet<File>> =
        (0..count).map(|file| if next[file].is_empty() { BTreeSet::new() } else { reach(file) }).collect();
    let mut found: Vec<BTreeSet<File>> = vec![];
    for file in 0..count {
        if reached[file].contains(&file) && !found.iter().any(|knot| knot.contains(&file)) {
            found.push(reached[file].iter().copied().filter(|other| reached[*other].contains(&file)).collect());
        }
    }
    found
}

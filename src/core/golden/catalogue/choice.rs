//! By which version of which path a request is resolved. Something new gets the highest version that may still be used; what exists
//! keeps its own.

use super::{
    Catalogue,
    document::GoldenPath,
    life::{Life, Status},
};
use crate::domain::{PathVersion, Problem, VersionConstraint, name_list};
use jiff::civil::Date;
use std::sync::Arc;

// === impl Catalogue ===

impl Catalogue {
    /// For something that was made by this path: it stays by it until its own request moves it.
    pub fn holding(&self, held: Option<&PathVersion>) -> Self {
        Self { held: held.cloned(), ..self.clone() }
    }

    /// As of this day: a version is removed from its day on.
    pub fn on(&self, today: Option<Date>) -> Self {
        Self { today, ..self.clone() }
    }

    /// The highest version of the named path, or of the default one.
    pub fn newest(&self, name: Option<&str>) -> Result<&Arc<GoldenPath>, Problem> {
        let found = self.paths.iter().rev().find(|path| name.map_or(path.default, |name| path.name == name));
        found.ok_or_else(|| {
            let mut names: Vec<&str> = self.paths.iter().map(|path| path.name.as_str()).collect();
            names.dedup();
            let summary = match name {
                Some(name) => format!("No golden path {name:?} in the catalogue: name another, or add it"),
                None => "No default golden path in the catalogue: name one in `golden_path`".to_owned(),
            };
            let detail = format!(
                "The catalogue has: {}. Name one of them, or add its folder to the provider's `catalogue`.",
                names.join(", ")
            );
            Problem::error("catalogue.unknown_path", summary, detail).at(["golden_path"])
        })
    }

    /// What is held where the request admits it, else the highest version that it admits and that was not removed.
    pub fn path(&self, name: Option<&str>, wanted: Option<&VersionConstraint>) -> Result<&Arc<GoldenPath>, Problem> {
        let name = name.or(self.held.as_ref().map(|held| held.name.as_str()));
        let admits = |held: &&PathVersion| wanted.is_none_or(|wanted| wanted.admits(held.version));
        let held = self.held.as_ref().filter(|held| Some(held.name.as_str()) == name).filter(admits);
        match held {
            Some(held) => self.version(&held.name, held.version).ok_or_else(|| self.missing_version(held)),
            None => {
                let newest = self.newest(name)?;
                let found = self.candidates(&newest.name, wanted).rfind(|path| !self.is_removed(path));
                // Where all of them were removed, the request hears that of the highest.
                let found = found.or_else(|| self.candidates(&newest.name, wanted).next_back());
                found.ok_or_else(|| self.unknown_version(&newest.name, wanted))
            }
        }
    }

    /// What a request may be resolved by, where it is not known what it was made by.
    pub fn possible(&self, name: Option<&str>, wanted: Option<&VersionConstraint>) -> Vec<Self> {
        let newest = self.path(name, wanted).ok().filter(|_| self.held.is_none());
        let Some(newest) = newest else { return vec![self.clone()] };
        self.candidates(&newest.name, wanted).map(|path| self.holding(Some(&path.id()))).collect()
    }

    /// Where the day is not known, the status alone tells.
    pub(super) fn is_removed(&self, path: &GoldenPath) -> bool {
        match self.today {
            Some(today) => path.life(today) == Life::Removed,
            None => path.status == Status::Removed,
        }
    }

    /// Why what a request gets was removed: so were all others that it admits. `removed` says it of the one.
    pub fn removal_of_all(&self, path: &PathVersion, wanted: Option<&VersionConstraint>, removed: Problem) -> Problem {
        let PathVersion { name, version, .. } = path;
        let all: Vec<String> = self.candidates(name, wanted).map(|path| path.version.to_string()).collect();
        let summary = match wanted.map(ToString::to_string) {
            // It asks for this one.
            Some(_) if all.len() < 2 => return removed,
            Some(wanted) => format!(
                "No version of golden path {name} that satisfies {wanted:?} may still be used: change `golden_path_version`"
            ),
            None => {
                format!("No version of golden path {name} may still be used: name another path in `golden_path`")
            }
        };
        let detail = format!(
            "All of them were removed: {}. Choose another version or path, or have the platform team publish a new version. Of {version}: {}",
            name_list(&all),
            removed.detail
        );
        Problem::error("catalogue.removed", summary, detail).at(["golden_path_version"])
    }

    fn unknown_version(&self, name: &str, wanted: Option<&VersionConstraint>) -> Problem {
        let wanted = wanted.map_or_else(String::new, ToString::to_string);
        Problem::error(
            "catalogue.unknown_version",
            format!("No version of golden path {name} satisfies {wanted:?}: change `golden_path_version`"),
            format!(
                "The catalogue has: {}. Change `golden_path_version`, or add the version to the catalogue.",
                self.list(name)
            ),
        )
        .at(["golden_path_version"])
    }

    fn missing_version(&self, PathVersion { name, version, .. }: &PathVersion) -> Problem {
        Problem::error(
            "catalogue.version_gone",
            format!("Golden path {name} {version}, which this was made by, is no longer in the catalogue: put it back"),
            format!(
                "Nothing was changed. Put its document back, or move to another version with `golden_path_version`. The \
                 catalogue has: {}.",
                self.list(name)
            ),
        )
        .at(["golden_path_version"])
    }

    fn list(&self, name: &str) -> String {
        let versions: Vec<String> = self.versions(name).map(|path| path.version.to_string()).collect();
        name_list(&versions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever its status says. What exists stays by it.
    #[test]
    fn a_version_is_removed_from_its_day_on() {
        let path = |version: &str, removal: &str| {
            format!(
                "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: own\nversion: {version}\n\
                 status: deprecated\ndeprecation: {{ reason: It is old., removal: {removal} }}\n"
            )
        };
        let texts = [path("1.0.0", "2028-01-01"), path("1.1.0", "2027-06-01"), path("2.0.0", "2027-01-01")];
        let all = Catalogue::with_documents(texts.iter().map(|text| ("x", text.as_str()))).expect("a catalogue");
        let id = all.newest(Some("own")).expect("there").id();
        for (today, wanted, is_held, expected, newer, reason) in [
            (Some("2026-12-31"), None, false, "2.0.0", &["1.1.0", "2.0.0"][..], "the day before"),
            (Some("2027-01-01"), None, false, "1.1.0", &["1.1.0"], "the highest that is left"),
            (Some("2027-06-01"), None, false, "1.0.0", &[], "further down"),
            (Some("2028-01-01"), None, false, "2.0.0", &[], "none is left: it hears of the highest"),
            (Some("2027-01-01"), Some(">= 1.1"), false, "1.1.0", &["1.1.0"], "of those that the request admits"),
            (Some("2027-01-01"), Some("2.0.0"), false, "2.0.0", &["1.1.0"], "it asks for that one"),
            (Some("2027-01-01"), None, true, "2.0.0", &["1.1.0"], "it was made by it"),
            (None, None, false, "2.0.0", &["1.1.0", "2.0.0"], "the day is not known"),
        ] {
            let catalogue = all.on(today.map(|today| today.parse().expect("a day"))).holding(is_held.then_some(&id));
            let wanted = wanted.map(|wanted| wanted.parse().expect("a constraint"));
            let path = catalogue.path(Some("own"), wanted.as_ref()).expect(reason);
            assert_eq!(path.version.to_string(), expected, "{reason}");
            let oldest = PathVersion { version: "1.0.0".parse().expect("a version"), ..id.clone() };
            let found: Vec<String> = catalogue.newer(&oldest).map(|path| path.version.to_string()).collect();
            assert_eq!(found, newer, "{reason}: what to move to");
        }
    }
}

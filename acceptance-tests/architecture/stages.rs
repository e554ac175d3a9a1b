//! Which stage knows which of its neighbours, as [`STAGES`] has it and as the head of each stage says in words.

use super::{
    circles::uses,
    files,
    tables::{STAGES, Stage},
};
use anyhow::Result;

pub(super) fn misuses() -> Result<Vec<String>> {
    let (mut wrong, mut seen) = (vec![], vec![false; STAGES.len()]);
    for (from, to, names) in uses()? {
        for (at, stage) in STAGES.iter().enumerate() {
            let Some(folder) = stage.folder_of(&from) else { continue };
            seen[at] = true;
            let beside = to.strip_prefix(&format!("{folder}/")).map(first);
            let may_not = match beside {
                Some(other) => other != stage.name && !stage.may_use.contains(&other),
                None => stage.but_not.iter().any(|module| files::is_within(&to, &format!("{}/{module}", stage.of))),
            };
            if may_not {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let (name, may) = (stage.name, stage.may_use.join(", "));
                wrong.push(format!(
                    "{from}: {name} may not use {} of {to}; {name} -> {may} is allowed",
                    names.join(", ")
                ));
            }
        }
    }
    let unused = STAGES.iter().zip(seen).filter(|(_, seen)| !seen);
    wrong.extend(unused.map(|(stage, _)| format!("{}: no file of the stage {} uses anything", stage.of, stage.name)));
    Ok(wrong)
}

/// Of a path below a folder: the file or folder that it begins with.
fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

impl Stage {
    /// The folder whose stage this file belongs to.
    fn folder_of(&self, path: &str) -> Option<String> {
        let inside = path.strip_prefix(&format!("{}/", self.of))?;
        let (folder, inside) = match self.is_of_each_resource {
            true => inside.split_once('/').map(|(resource, inside)| (format!("{}/{resource}", self.of), inside))?,
            false => (self.of.to_owned(), inside),
        };
        (first(inside) == self.name).then_some(folder)
    }
}

//! Rules over the whole request, as far as it is known. They run without a target, in `validate` and again in each plan.

use super::{managed::Managed, variants::common};
use goldenpath_core::domain::Problem;
use plugin::{Diagnostic, Path, Step, Value};

/// So many unknown places are cut out before the rest is checked; more would be a program's output, not a person's text.
const MOST_CUTS: usize = 64;

impl Managed {
    pub(super) fn check(&self, config: &Value) -> Vec<Diagnostic> {
        let Ok(Some(specs)) = self.requests(config, &Value::Null) else { return self.check_without_unknown(config) };
        let problems = specs.iter().map(|spec| self.session.check(spec)).reduce(|known, found| common(known, &found));
        let unknown: Vec<Path> =
            config.unknown_paths().iter().map(|path| self.cached_schema().resolve_path(path)).collect();
        let mut found = self.errors(problems.unwrap_or_default());
        found.retain(|found| !unknown.iter().any(|unknown| touches(unknown, &found.path)));
        found
    }

    /// Without what is unknown, where that decides all the rest.
    fn check_without_unknown(&self, config: &Value) -> Vec<Diagnostic> {
        let mut known = config.clone();
        let mut cut: Vec<Path> = vec![];
        loop {
            match self.spec(&known) {
                Ok(spec) => {
                    let mut found = self.errors(self.session.check(&spec));
                    // What was cut out looks like something that was not written: a rule that says so is undecided.
                    found.retain(|found| !cut.iter().any(|cut| touches(cut, &found.path)));
                    return found;
                }
                Err(error) if error.unknown && cut.len() < MOST_CUTS => {
                    // A place without which there is no request, such as the name: nothing more can be said.
                    if !remove(&mut known, &error.path) {
                        return vec![];
                    }
                    cut.push(self.cached_schema().resolve_path(&error.path));
                }
                // A null that was cut and is required, or what the schema's own checks have reported already.
                Err(error) if error.unknown || !cut.is_empty() => return vec![],
                Err(error) => return vec![self.unreadable(&error, "The configuration")],
            }
        }
    }

    /// A CLI validates in every run, and a plan warns when it has something new to say.
    fn errors(&self, problems: Vec<Problem>) -> Vec<Diagnostic> {
        self.diagnostics(problems.into_iter().filter(Problem::is_error))
    }
}

/// One is inside the other, or both are the same.
fn touches(cut: &Path, found: &Path) -> bool {
    !found.is_root() && cut.steps().iter().zip(found.steps()).all(|(a, b)| a == b)
}

/// Puts null in the place of the value at the path; an element of a collection takes the whole collection with it.
fn remove(tree: &mut Value, path: &Path) -> bool {
    let Some((first, rest)) = path.steps().split_first() else {
        return false;
    };
    let (Step::Attribute(name) | Step::Key(name)) = first else {
        return false;
    };
    let Value::Map(entries) = tree else { return false };
    let Some(value) = entries.get_mut(name) else {
        return false;
    };
    let inner: Path = rest.iter().cloned().collect();
    if !matches!(value, Value::Map(_)) || !remove(value, &inner) {
        if value.is_null() {
            return false;
        }
        *value = Value::Null;
    }
    true
}

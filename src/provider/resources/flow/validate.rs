//! Rules over the whole request, as far as it is known. They run without a target, in `validate` and again in each plan.

use super::{Kind, Managed};
use plugin::{Diagnostic, Path, Step, Value};

/// So many unknown places are cut out before the rest is checked; more would be a program's output, not a person's text.
const MOST_CUTS: usize = 64;

impl<K: Kind> Managed<K> {
    pub(super) fn validated(&self, config: &Value) -> Vec<Diagnostic> {
        let mut known = config.clone();
        let mut cut: Vec<Path> = vec![];
        loop {
            match self.spec(&known) {
                Ok(spec) => {
                    let problems = self.session.check(&spec);
                    // What was cut out looks like something that was not written: a rule that says so is undecided.
                    return self
                        .shown(problems)
                        .into_iter()
                        .filter(|found| !cut.iter().any(|cut| touches(cut, &found.path)))
                        .collect();
                }
                Err(fault) if fault.unknown && cut.len() < MOST_CUTS => {
                    // A place without which there is no request, such as the name: nothing more can be said.
                    if !remove(&mut known, &fault.path) {
                        return vec![];
                    }
                    cut.push(self.declared().resolve_path(&fault.path));
                }
                Err(fault) if fault.unknown => return vec![],
                // A null that was cut and is required, or what the schema's own checks have told already.
                Err(_) if !cut.is_empty() => return vec![],
                Err(fault) => return vec![self.unreadable(fault, "the configuration")],
            }
        }
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

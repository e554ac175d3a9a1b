//! Where in a value tree something is. The root is the resource itself.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// An attribute of an object.
    Attribute(String),
    /// A key of a map.
    Key(String),
    /// An index of a list. Elements of sets have no address in the protocol: a path ends at the set.
    Index(i64),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl Path {
    pub fn root() -> Self {
        Self::default()
    }

    /// `Path::attribute("quota").then(Step::Attribute("total".into()))`
    pub fn attribute(name: &str) -> Self {
        Self(vec![Step::Attribute(name.to_owned())])
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Objects in a set, and a single nested object, add no step.
    #[must_use]
    pub(crate) fn then_maybe(mut self, step: Option<Step>) -> Self {
        self.0.extend(step);
        self
    }

    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub fn pop(&mut self) -> Option<Step> {
        self.0.pop()
    }

    /// The same place seen from one level further out: what an error does on its way up.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

/// As HCL would write it: `quota.total["requests.cpu"]`, `access.viewer.principal_arns[0]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if at == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

//! What may be configured: a rule over one value, and rules over several attributes.
//!
//! A rule that meets an unknown is undecided: it stays silent, and runs again when the value is known.

use crate::{
    path::Path,
    value::{ConvertError, Value},
};
use std::{fmt, sync::Arc};

/// A rule over one attribute's value, never run on null.
#[derive(Clone)]
pub struct Check(Arc<Judge>);

type Judge = dyn Fn(&Value) -> Result<(), ConvertError> + Send + Sync;

impl Check {
    pub fn new(rule: impl Fn(&Value) -> Result<(), ConvertError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }

    pub(super) fn run(&self, value: &Value) -> Result<(), ConvertError> {
        (self.0)(value)
    }
}

/// A rule over several attributes of one object.
#[derive(Clone, Debug)]
pub enum Rule {
    AtLeastOneOf(Vec<&'static str>),
    Conflicts(Vec<&'static str>),
    Requires(&'static str, Vec<&'static str>),
    Check(Check),
}

impl Rule {
    /// `object` is a known object; its attributes may be unknown, which counts as "may be set, may be null".
    pub(super) fn run(&self, object: &Value) -> Result<(), ConvertError> {
        let set = |name: &str| !object.child(name).is_null() && !object.child(name).is_unknown();
        let unset = |name: &str| object.child(name).is_null();
        match self {
            Self::AtLeastOneOf(names) if names.iter().all(|name| unset(name)) => {
                Err(ConvertError::new(format_args!("at least one of {} must be set", names.join(", "))))
            }
            Self::Conflicts(names) => {
                let found: Vec<_> = names.iter().copied().filter(|name| set(name)).collect();
                match found[..] {
                    [first, ref others @ ..] if !others.is_empty() => Err(ConvertError {
                        path: Path::attribute(first),
                        ..ConvertError::new(format_args!(
                            "can't be set together with {}: keep one of them",
                            others.join(", ")
                        ))
                    }),
                    _ => Ok(()),
                }
            }
            Self::Requires(name, others) if set(name) => match others.iter().find(|other| unset(other)) {
                Some(other) => Err(ConvertError {
                    path: Path::attribute(name),
                    ..ConvertError::new(format_args!("requires {other} to be set"))
                }),
                None => Ok(()),
            },
            Self::Check(check) => check.run(object),
            Self::AtLeastOneOf(_) | Self::Requires(..) => Ok(()),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

//! Rules about what may be configured. A type's own parse error is the best validator, so [`Attribute::parses`] comes
//! first; the stock ones are for what a type would not say.
//!
//! A rule that meets an unknown is undecided: it stays silent, and is asked again when the value is known.

use super::{Attribute, Object, Schema};
use crate::{
    path::Path,
    value::{Fault, Number, Value, from_value},
};
use serde::de::DeserializeOwned;
use std::{fmt, sync::Arc};

/// A rule over one attribute's value, never asked about null.
#[derive(Clone)]
pub struct Check(Arc<Judge>);

type Judge = dyn Fn(&Value) -> Result<(), Fault> + Send + Sync;

impl Check {
    pub fn new(rule: impl Fn(&Value) -> Result<(), Fault> + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }

    pub(super) fn run(&self, value: &Value) -> Result<(), Fault> {
        (self.0)(value)
    }
}

/// A rule over several attributes of one object.
#[derive(Clone)]
pub enum Rule {
    AtLeastOneOf(Vec<&'static str>),
    Conflicts(Vec<&'static str>),
    Requires(&'static str, Vec<&'static str>),
    Check(Check),
}

// === impl Attribute: rules over one value ===

impl Attribute {
    /// The type is the validator: its parse error is shown at this attribute, or at the place inside it.
    #[must_use]
    pub fn parses<T: DeserializeOwned + 'static>(self) -> Self {
        self.check(|_: &T| Ok(()))
    }

    /// A rule over this attribute's value as a type of Rust. The error is a sentence that says what is wrong and what is
    /// right.
    #[must_use]
    pub fn check<T: DeserializeOwned + 'static>(self, rule: fn(&T) -> Result<(), String>) -> Self {
        self.check_value(move |value| from_value::<T>(value).and_then(|parsed| rule(&parsed).map_err(Fault::new)))
    }

    #[must_use]
    pub fn check_value(mut self, rule: impl Fn(&Value) -> Result<(), Fault> + Send + Sync + 'static) -> Self {
        self.checks.push(Check::new(rule));
        self
    }

    #[must_use]
    pub fn one_of(self, choices: &[&'static str]) -> Self {
        let allowed = choices.to_vec();
        let checked = self.check_value(move |value| match value.as_str() {
            Some(text) if !allowed.contains(&text) => {
                Err(Fault::new(format_args!("{text:?} is not one of {}", allowed.join(", "))))
            }
            _ => Ok(()),
        });
        Self { choices: choices.to_vec(), ..checked }
    }

    /// A number from `low` to `high`, both allowed.
    #[must_use]
    pub fn between(self, low: i64, high: i64) -> Self {
        let (least, most) = (Number::from(low), Number::from(high));
        self.check_value(move |value| match value.inner() {
            Value::Number(number) if *number < least || *number > most => {
                Err(Fault::new(format_args!("{number} is not between {least} and {most}")))
            }
            _ => Ok(()),
        })
    }

    /// How many characters a string has, or how many elements a collection. The number of elements is known even when
    /// they are not.
    #[must_use]
    pub fn length(self, least: usize, most: usize) -> Self {
        self.check_value(move |value| {
            let (length, what) = match value.inner() {
                Value::String(text) => (text.chars().count(), "characters"),
                Value::List(elements) | Value::Set(elements) => (elements.len(), "elements"),
                Value::Map(entries) => (entries.len(), "elements"),
                _ => return Ok(()),
            };
            if (least..=most).contains(&length) {
                Ok(())
            } else if most == usize::MAX {
                Err(Fault::new(format_args!("it has {length} {what}, at least {least} are needed")))
            } else {
                Err(Fault::new(format_args!("it has {length} {what}, {least} to {most} are allowed")))
            }
        })
    }

    #[must_use]
    pub fn not_empty(self) -> Self {
        self.length(1, usize::MAX)
    }
}

// === rules over an object ===

macro_rules! object_rules {
    ($($type:ty),*) => {$(
        impl $type {
            #[must_use]
            pub fn at_least_one_of(self, names: &[&'static str]) -> Self {
                self.rule(Rule::AtLeastOneOf(names.to_vec()))
            }

            /// At most one of them may be set.
            #[must_use]
            pub fn conflicts(self, names: &[&'static str]) -> Self {
                self.rule(Rule::Conflicts(names.to_vec()))
            }

            #[must_use]
            pub fn exactly_one_of(self, names: &[&'static str]) -> Self {
                self.at_least_one_of(names).conflicts(names)
            }

            /// Who sets `name` must set `others` too.
            #[must_use]
            pub fn also_requires(self, name: &'static str, others: &[&'static str]) -> Self {
                self.rule(Rule::Requires(name, others.to_vec()))
            }

            /// A rule over the whole object as a type of Rust.
            #[must_use]
            pub fn check<T: DeserializeOwned + 'static>(self, rule: fn(&T) -> Result<(), String>) -> Self {
                self.rule(Rule::Check(Check::new(move |value| {
                    from_value::<T>(value).and_then(|parsed| rule(&parsed).map_err(Fault::new))
                })))
            }

            #[must_use]
            pub fn rule(mut self, rule: Rule) -> Self {
                self.rules.push(rule);
                self
            }
        }
    )*};
}

object_rules! { Object, Schema }

impl Rule {
    /// `object` is a known object; its attributes may be unknown, which counts as "may be set, may be null".
    pub(super) fn run(&self, object: &Value) -> Result<(), Fault> {
        let set = |name: &str| !object.child(name).is_null() && !object.child(name).is_unknown();
        let unset = |name: &str| object.child(name).is_null();
        match self {
            Self::AtLeastOneOf(names) if names.iter().all(|name| unset(name)) => {
                Err(Fault::new(format_args!("at least one of {} must be set", names.join(", "))))
            }
            Self::Conflicts(names) => {
                let found: Vec<_> = names.iter().copied().filter(|name| set(name)).collect();
                match found[..] {
                    [first, ref others @ ..] if !others.is_empty() => Err(Fault {
                        path: Path::attribute(first),
                        ..Fault::new(format_args!("can't be set together with {}", others.join(", ")))
                    }),
                    _ => Ok(()),
                }
            }
            Self::Requires(name, others) if set(name) => match others.iter().find(|other| unset(other)) {
                Some(other) => Err(Fault {
                    path: Path::attribute(name),
                    ..Fault::new(format_args!("{other} must be set as well"))
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

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeastOneOf(names) => write!(f, "AtLeastOneOf({})", names.join(", ")),
            Self::Conflicts(names) => write!(f, "Conflicts({})", names.join(", ")),
            Self::Requires(name, others) => write!(f, "Requires({name}: {})", others.join(", ")),
            Self::Check(_) => f.write_str("Check"),
        }
    }
}

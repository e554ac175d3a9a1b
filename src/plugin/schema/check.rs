//! How rules are declared. A type's own parse error is the best validator, so [`Attribute::parses`] comes first; the stock
//! ones are for what a type would not say.

use super::{Attribute, Check, Object, Rule, Schema};
use crate::value::{ConvertError, Number, Value, from_value};
use serde::de::DeserializeOwned;

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
        self.check_value(move |value| {
            from_value::<T>(value).and_then(|parsed| rule(&parsed).map_err(ConvertError::new))
        })
    }

    #[must_use]
    pub fn check_value(mut self, rule: impl Fn(&Value) -> Result<(), ConvertError> + Send + Sync + 'static) -> Self {
        self.checks.push(Check::new(rule));
        self
    }

    #[must_use]
    pub fn one_of(self, choices: &[&'static str]) -> Self {
        let allowed = choices.to_vec();
        let checked = self.check_value(move |value| match value.as_str() {
            Some(text) if !allowed.contains(&text) => {
                Err(ConvertError::new(format_args!("{text:?} is not one of {}", allowed.join(", "))))
            }
            _ => Ok(()),
        });
        Self { choices: choices.to_vec(), ..checked }
    }

    /// A whole number from `low` to `high`, both allowed; of a list or a set, each element.
    #[must_use]
    pub fn between(self, low: i64, high: i64) -> Self {
        let (least, most) = (Number::from(low), Number::from(high));
        let judge = move |value: &Value| match value.inner() {
            Value::Number(number) if *number < least || *number > most => {
                Err(ConvertError::new(format_args!("{number} is not between {least} and {most}")))
            }
            Value::Number(number) if number.as_i64().is_none() => {
                Err(ConvertError::new(format_args!("{number} is not a whole number; write one from {least} to {most}")))
            }
            _ => Ok(()),
        };
        self.check_value(move |value| match value.elements() {
            Some(elements) => elements.iter().try_for_each(&judge),
            None => judge(value),
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
                Err(ConvertError::new(format_args!("must have at least {least} {what}, not {length}")))
            } else {
                Err(ConvertError::new(format_args!("must have {least} to {most} {what}, not {length}")))
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
                    from_value::<T>(value).and_then(|parsed| rule(&parsed).map_err(ConvertError::new))
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

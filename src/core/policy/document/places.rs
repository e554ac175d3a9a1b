//! Where in a document an expression stands: read again, only where something is wrong.

use crate::domain::yaml::{Position, position};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Variable(usize),
    Condition(usize),
    Validation(usize),
    Message(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("document"),
            Self::Variable(index) => write!(f, "variables[{index}]"),
            Self::Condition(index) => write!(f, "matchConditions[{index}]"),
            Self::Validation(index) | Self::Message(index) => write!(f, "validations[{index}]"),
        }
    }
}

pub(super) fn place(text: &str, part: Part) -> Position {
    let (list, index, field) = match part {
        Part::Whole => return (1, 1),
        Part::Variable(index) => ("variables", index, "expression"),
        Part::Condition(index) => ("matchConditions", index, "expression"),
        Part::Validation(index) => ("validations", index, "expression"),
        Part::Message(index) => ("validations", index, "messageExpression"),
    };
    position(text, &[list.to_owned(), index.to_string(), field.to_owned()]).unwrap_or((1, 1))
}

//! Where in a document an expression stands: read again, only where something is wrong.

use serde::Deserialize;
use serde_saphyr::Spanned;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Variable(usize),
    Condition(usize),
    Validation(usize),
    Message(usize),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Places {
    variables: Vec<One>,
    match_conditions: Vec<One>,
    validations: Vec<One>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    expression: Spanned<String>,
    #[serde(default)]
    message_expression: Option<Spanned<String>>,
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

/// Line and column, from 1.
pub(super) fn place(text: &str, part: Part) -> (usize, usize) {
    let places: Places = serde_saphyr::from_str(text).unwrap_or_default();
    let expression = |list: &[One], index: usize| list.get(index).map(|one| one.expression.referenced);
    let at = match part {
        Part::Whole => None,
        Part::Variable(index) => expression(&places.variables, index),
        Part::Condition(index) => expression(&places.match_conditions, index),
        Part::Validation(index) => expression(&places.validations, index),
        Part::Message(index) => {
            let message = places.validations.get(index).and_then(|one| one.message_expression.as_ref());
            message.map(|message| message.referenced)
        }
    };
    at.map_or((1, 1), |at| (at.line() as usize, at.column() as usize))
}

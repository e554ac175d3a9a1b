//! Why an expression is refused when it is loaded, and why it has no value.

use super::types::Type;

/// In characters. Expressions of policies have some hundreds; the API server's own bound is on what one may cost.
pub const MAX_LENGTH: usize = 10_000;

/// Levels of the tree, which is walked by recursion.
pub const MAX_DEPTH: usize = 100;

/// Lines and columns begin at 1, within the expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (line {line}, column {column} of the expression)")]
pub struct ExpressionError {
    pub line: usize,
    pub column: usize,
    pub problem: ExpressionProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionProblem {
    #[error("{0}")]
    Syntax(String),
    #[error("unknown name `{0}`")]
    UnknownName(String),
    #[error("unknown function `{0}`: the admission of Kubernetes has none of that name")]
    UnknownFunction(String),
    #[error("function `{function}` is not supported here: {reason}")]
    Unsupported { function: String, reason: &'static str },
    #[error("`{function}` does not take ({types})")]
    Arguments { function: String, types: String },
    #[error("{0} has no field `{1}`")]
    NoField(Type, String),
    #[error("can't iterate over a {0}")]
    NotARange(Type),
    #[error("the result is of type {found}, and must be of type {wanted}")]
    Result { wanted: Type, found: Type },
    #[error("a list or map has values of one type: {found} beside {first}; write dyn() around each")]
    Mixed { first: Type, found: Type },
    #[error("{0}")]
    Constant(EvaluationError),
    #[error("longer than {MAX_LENGTH} characters")]
    TooLong,
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Worded as the API server words it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    #[error("no such key: {0}")]
    NoSuchKey(String),
    #[error("no such overload{0}")]
    NoSuchOverload(String),
    #[error("index out of bounds: {0}")]
    IndexOutOfBounds(i64),
    #[error("division by zero")]
    DivisionByZero,
    #[error("modulus by zero")]
    ModulusByZero,
    #[error("{0} overflow")]
    Overflow(&'static str),
    #[error("{0}")]
    Failed(String),
    #[error("composited variable \"{name}\" fails to evaluate: {cause}")]
    Variable { name: String, cause: Box<EvaluationError> },
    #[error("operation cancelled: actual cost limit exceeded")]
    TooExpensive,
    #[error("the value is a {0}, not true or false")]
    NotABool(&'static str),
    #[error("a {0} can't be written as JSON; convert it, for example with string()")]
    NotJson(&'static str),
}

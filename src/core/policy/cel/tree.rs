//! An expression as it is walked: operators, functions and variables are found out once, where it is parsed.

use super::{functions::Function, operators::Binary, types::Type};
use kube_cel::cel::Value;

/// All its names and functions exist.
#[derive(Debug)]
pub struct Expression {
    pub(super) text: String,
    pub(super) root: Node,
    pub(super) of: Type,
}

#[derive(Debug)]
pub(super) enum Node {
    Literal(Value),
    Name(String),
    /// `variables.<name>`
    Variable(String),
    Field(Box<Node>, String, Access),
    Index(Box<[Node; 2]>, Access),
    List(Vec<Element>),
    Map(Vec<(Node, Element)>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Conditional(Box<[Node; 3]>),
    /// Of a loop's condition: whatever is not false goes on, errors too.
    NotFalse(Box<Node>),
    Binary(Binary, Box<[Node; 2]>),
    /// The second is evaluated only where the first is none.
    Fallback(Fallback, Box<[Node; 2]>),
    /// The receiver is the first argument.
    Call(Function, Vec<Node>),
    Loop(Box<Loop>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Plain,
    Optional,
    /// `has()`
    Test,
}

#[derive(Debug)]
pub(super) struct Element {
    pub value: Node,
    /// An element that is left out where it is none.
    pub is_optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    Or,
    OrValue,
}

/// What the macros `all`, `exists`, `map` and so on come to.
#[derive(Debug)]
pub(super) struct Loop {
    pub range: Node,
    /// Of a list the element, of a map the key; with a second name, index and element, or key and value.
    pub item: String,
    pub second: Option<String>,
    pub accumulator: String,
    pub start: Node,
    pub condition: Node,
    pub step: Node,
    pub result: Node,
}

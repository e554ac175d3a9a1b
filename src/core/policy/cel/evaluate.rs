//! Walks the tree. `&&` and `||` are decided by either side, errors on the other notwithstanding; a chain with `?` goes on with what
//! is absent.

use super::{
    bindings::Bindings,
    error::EvaluationError::{self, *},
    functions, json,
    operators::{self, Binary, no_such_overload},
    optionals::{self, none, some},
    tree::{Access, Element, Expression, Fallback, Loop, Node},
};
use kube_cel::cel::{Value, objects::Key};
use std::sync::Arc;

/// Steps of one evaluation: nodes visited, and what is copied, in pieces of [`PIECE`]. An expression of a policy takes some hundreds.
const BUDGET: u64 = 1_000_000;

const PIECE: usize = 16;

type Result<T = Value> = std::result::Result<T, EvaluationError>;

struct Evaluation<'a, 'b> {
    bindings: &'a Bindings<'b>,
    /// Of loops, the innermost last. An error is a value of an accumulator: a later step may still decide without it.
    locals: Vec<(&'a str, Result)>,
    left: u64,
}

// === impl Expression ===

impl Expression {
    pub fn evaluate(&self, bindings: &Bindings) -> Result<serde_json::Value> {
        json::to_json(&self.value(bindings)?)
    }

    pub fn is_true(&self, bindings: &Bindings) -> Result<bool> {
        match self.value(bindings)? {
            Value::Bool(value) => Ok(value),
            other => Err(NotABool(json::type_name(&other))),
        }
    }

    fn value(&self, bindings: &Bindings) -> Result {
        Evaluation { bindings, locals: vec![], left: BUDGET }.value(&self.root)
    }
}

// === impl Evaluation ===

impl<'a> Evaluation<'a, '_> {
    fn value(&mut self, node: &'a Node) -> Result {
        self.spend(1)?;
        match node {
            Node::Literal(value) => Ok(value.clone()),
            Node::Name(name) => self.lookup(name),
            Node::Variable(name) => self.variable(name),
            Node::Field(of, name, access) => self.field(of, name, *access),
            Node::Index(pair, access) => self.index(pair, *access),
            Node::List(elements) => self.list(elements),
            Node::Map(entries) => self.map(entries),
            Node::Not(of) => match self.value(of)? {
                Value::Bool(value) => Ok(Value::Bool(!value)),
                _ => no_such_overload(),
            },
            Node::Negate(of) => operators::negate(&self.value(of)?),
            Node::And(pair) => self.decided_by(false, pair),
            Node::Or(pair) => self.decided_by(true, pair),
            Node::Conditional(three) => {
                let [condition, yes, no] = three.as_ref();
                match self.value(condition)? {
                    Value::Bool(true) => self.value(yes),
                    Value::Bool(false) => self.value(no),
                    _ => no_such_overload(),
                }
            }
            Node::NotFalse(of) => Ok(Value::Bool(!matches!(self.value(of), Ok(Value::Bool(false))))),
            Node::Binary(operator, pair) => self.binary(*operator, pair),
            Node::Fallback(fallback, pair) => self.fallback(*fallback, pair),
            Node::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>>>()?;
                let value = functions::call(function, &arguments)?;
                self.spend_on(&value)?;
                Ok(value)
            }
            Node::Loop(of) => self.repeat(of),
        }
    }

    fn spend(&mut self, steps: u64) -> Result<()> {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        left.map(|_| ()).ok_or(TooExpensive)
    }

    /// A value that was made, and not taken from a document.
    fn spend_on(&mut self, value: &Value) -> Result<()> {
        let size = match value {
            Value::String(text) => text.len() / PIECE,
            Value::Bytes(bytes) => bytes.len() / PIECE,
            Value::List(items) => items.len(),
            Value::Map(map) => map.map.len(),
            _ => 0,
        };
        self.spend(size as u64)
    }

    fn lookup(&self, name: &str) -> Result {
        if let Some((_, value)) = self.locals.iter().rev().find(|(other, _)| *other == name) {
            return value.clone();
        }
        self.bindings.value(name).cloned().ok_or_else(|| Failed(format!("no such attribute(s): {name}")))
    }

    fn variable(&self, name: &str) -> Result {
        let Some(definition) = self.bindings.definition(name) else { return Err(NoSuchKey(name.to_owned())) };
        let value = definition.value.get_or_init(|| definition.expression.value(self.bindings));
        value.clone().map_err(|cause| Variable { name: name.to_owned(), cause: Box::new(cause) })
    }

    fn field(&mut self, of: &'a Node, name: &str, access: Access) -> Result {
        let of = self.value(of)?;
        match (optionals::inner(&of), access) {
            (None, Access::Plain) => operators::field(&of, name)?.ok_or_else(|| NoSuchKey(name.to_owned())),
            (None, Access::Test) => Ok(Value::Bool(operators::field(&of, name)?.is_some())),
            (None, Access::Optional) => Ok(operators::field(&of, name)?.map_or_else(none, some)),
            (Some(inner), access) => {
                let found = match inner {
                    Some(inner) => operators::field(inner, name)?,
                    None => None,
                };
                match access {
                    Access::Test => Ok(Value::Bool(found.is_some())),
                    Access::Plain | Access::Optional => Ok(found.map_or_else(none, some)),
                }
            }
        }
    }

    fn index(&mut self, pair: &'a [Node; 2], access: Access) -> Result {
        let (of, index) = (self.value(&pair[0])?, self.value(&pair[1])?);
        match optionals::inner(&of) {
            Some(None) => Ok(none()),
            Some(Some(inner)) => Ok(operators::index(inner, &index)?.map_or_else(none, some)),
            None => {
                let found = operators::index(&of, &index)?;
                match access {
                    Access::Optional => Ok(found.map_or_else(none, some)),
                    Access::Plain | Access::Test => found.ok_or_else(|| operators::missing(&of, &index)),
                }
            }
        }
    }

    /// `None`: an optional element that is absent.
    fn element(&mut self, element: &'a Element) -> Result<Option<Value>> {
        let value = self.value(&element.value)?;
        match (element.is_optional, optionals::inner(&value)) {
            (false, _) => Ok(Some(value)),
            (true, Some(inner)) => Ok(inner.cloned()),
            (true, None) => no_such_overload(),
        }
    }

    fn list(&mut self, elements: &'a [Element]) -> Result {
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            items.extend(self.element(element)?);
        }
        Ok(Value::List(Arc::new(items)))
    }

    fn map(&mut self, entries: &'a [(Node, Element)]) -> Result {
        let mut map = Vec::with_capacity(entries.len());
        for (key, element) in entries {
            let key: Key = self.value(key)?.try_into().map_err(|_| NoSuchOverload(String::new()))?;
            if let Some(value) = self.element(element)? {
                map.push((key, value));
            }
        }
        Ok(json::map(map))
    }

    fn decided_by(&mut self, value: bool, [left, right]: &'a [Node; 2]) -> Result {
        let is = |side: &Result| matches!(side, Ok(Value::Bool(it)) if *it == value);
        let left = self.value(left);
        if is(&left) {
            return left;
        }
        let right = self.value(right);
        if is(&right) {
            return right;
        }
        for side in [left, right] {
            match side? {
                Value::Bool(_) => {}
                _ => return no_such_overload(),
            }
        }
        Ok(Value::Bool(!value))
    }

    fn binary(&mut self, operator: Binary, pair: &'a [Node; 2]) -> Result {
        let (left, right) = (self.value(&pair[0])?, self.value(&pair[1])?);
        let value = operators::binary(operator, &left, &right)?;
        self.spend_on(&value)?;
        Ok(value)
    }

    fn fallback(&mut self, fallback: Fallback, pair: &'a [Node; 2]) -> Result {
        let first = self.value(&pair[0])?;
        match (optionals::inner(&first), fallback) {
            // What is no optional is there.
            (None, _) => Ok(first),
            (Some(Some(value)), Fallback::OrValue) => Ok(value.clone()),
            (Some(Some(_)), Fallback::Or) => Ok(first),
            (Some(None), _) => self.value(&pair[1]),
        }
    }

    fn repeat(&mut self, of: &'a Loop) -> Result {
        let range = self.value(&of.range)?;
        let start = self.value(&of.start);
        self.locals.push((&of.accumulator, start));
        let place = self.locals.len() - 1;
        let value = self.steps(of, &range, place);
        self.locals.truncate(place);
        value
    }

    fn steps(&mut self, of: &'a Loop, range: &Value, accumulator: usize) -> Result {
        for (first, second) in items(range, of.second.is_some())? {
            if !matches!(self.value(&of.condition)?, Value::Bool(true)) {
                break;
            }
            self.locals.push((&of.item, Ok(first)));
            if let (Some(name), Some(second)) = (&of.second, second) {
                self.locals.push((name, Ok(second)));
            }
            let value = self.value(&of.step);
            self.locals.truncate(accumulator + 1);
            self.locals[accumulator].1 = value;
        }
        self.value(&of.result)
    }
}

/// Element, or key; with a second name index and element, or key and value.
fn items(range: &Value, has_second: bool) -> Result<Vec<(Value, Option<Value>)>> {
    match range {
        Value::List(items) if has_second => {
            let indexed = items.iter().enumerate();
            Ok(indexed.map(|(index, item)| (Value::Int(index as i64), Some(item.clone()))).collect())
        }
        Value::List(items) => Ok(items.iter().map(|item| (item.clone(), None)).collect()),
        Value::Map(map) => {
            let entries = json::sorted_entries(map).into_iter();
            Ok(entries.map(|(key, value)| (Value::from(key), has_second.then(|| value.clone()))).collect())
        }
        other => {
            let name = match other {
                Value::Int(_) => "Int",
                Value::UInt(_) => "Uint",
                Value::Float(_) => "Double",
                Value::String(_) => "String",
                Value::Bytes(_) => "Bytes",
                Value::Bool(_) => "Bool",
                Value::Null => "Null",
                Value::Timestamp(_) => "Timestamp",
                Value::Duration(_) => "Duration",
                _ => "Val",
            };
            Err(Failed(format!("got 'types.{name}', expected iterable type")))
        }
    }
}

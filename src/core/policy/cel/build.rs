//! The parser's tree to ours. Each name and each function is looked up, so that what admission would refuse is refused when an
//! expression is loaded.

mod calls;

use super::{
    error::{ExpressionProblem, MAX_DEPTH},
    json::{self, TypeName},
    macros::{Expanded, expand},
    tree::{Access, Element, Loop, Node},
    types::{Type, Types},
};
use kube_cel::cel::{
    IdedExpr, Value,
    common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr},
};
use std::sync::Arc;

/// Of a node, whose place is looked up later.
pub(super) struct Refused {
    pub id: u64,
    pub problem: ExpressionProblem,
}

/// What an expression may use, and what it is.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub names: &'a [(&'a str, Type)],
    /// Of a policy: it is checked as the API server does, which is stricter than evaluation needs.
    pub is_strict: bool,
}

struct Builder<'a> {
    terms: Terms<'a>,
    /// Of loops.
    locals: Vec<(String, Type)>,
    types: Types,
    depth: usize,
    /// Inside of the arguments of `format()`, which are of any types.
    is_formatted: bool,
}

type Typed = (Node, Type);
type Result<T = Typed> = std::result::Result<T, Refused>;

pub(super) fn build(parsed: IdedExpr, terms: Terms<'_>) -> Result {
    let mut builder = Builder { terms, locals: vec![], types: Types::default(), depth: 0, is_formatted: false };
    let (node, of) = builder.node(parsed)?;
    Ok((node, builder.types.substitute(&of)))
}

// === impl Builder ===

impl Builder<'_> {
    fn node(&mut self, IdedExpr { id, expr }: IdedExpr) -> Result {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return refuse(id, ExpressionProblem::TooDeep);
        }
        let node = match expr {
            Expr::Literal(literal) => {
                let value = value(literal);
                let of = Type::Plain(json::type_name(&value));
                (Node::Literal(value), of)
            }
            Expr::Ident(name) => self.name(id, name)?,
            Expr::Select(select) => self.select(id, select)?,
            Expr::List(list) => {
                let optional = list.optional_indices;
                let (mut elements, mut item) = (vec![], None);
                for (index, element) in list.elements.into_iter().enumerate() {
                    elements.push(self.element(element, optional.contains(&index), &mut item)?);
                }
                let item = item.unwrap_or_else(|| self.types.open());
                (Node::List(elements), Type::List(Box::new(item)))
            }
            Expr::Map(map) => self.map(map.entries.into_iter().map(|entry| entry.expr))?,
            Expr::Comprehension(comprehension) => self.repeat(id, *comprehension)?,
            Expr::Struct(of) => return message(id, of.type_name),
            Expr::Unspecified => return refuse(id, ExpressionProblem::Syntax("incomplete expression".to_owned())),
            Expr::Call(call) => match expand(id, call) {
                Expanded::Call(call) => self.call(id, call)?,
                Expanded::Loop(expanded) => self.node(expanded)?,
                Expanded::NotAName => {
                    return refuse(id, ExpressionProblem::Syntax("argument must be a simple name".to_owned()));
                }
            },
        };
        self.depth -= 1;
        Ok(node)
    }

    fn nodes<const N: usize>(&mut self, nodes: [IdedExpr; N]) -> Result<(Box<[Node; N]>, Vec<Type>)> {
        let (mut built, mut types) = (Vec::with_capacity(N), Vec::with_capacity(N));
        for node in nodes {
            let (node, of) = self.node(node)?;
            built.push(node);
            types.push(of);
        }
        // Of the length that came in.
        let nodes = <[Node; N]>::try_from(built).map(Box::new);
        Ok((nodes.map_err(|_| Refused { id: 0, problem: ExpressionProblem::TooDeep })?, types))
    }

    fn local(&self, name: &str) -> Option<&Type> {
        self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, of)| of)
    }

    fn type_of_name(&self, name: &str) -> Option<&Type> {
        self.terms.names.iter().find(|(known, _)| *known == name).map(|(_, of)| of)
    }

    fn name(&mut self, id: u64, name: String) -> Result {
        if let Some(of) = self.local(&name).or_else(|| self.type_of_name(&name)).cloned() {
            return Ok((Node::Name(name), of));
        }
        if let Some(named) = type_literal(&name) {
            return Ok(named);
        }
        if name == "authorizer" {
            let reason = "only the API server knows who may do what";
            return refuse(id, ExpressionProblem::Unsupported { function: name, reason });
        }
        refuse(id, ExpressionProblem::UnknownName(name))
    }

    fn select(&mut self, id: u64, SelectExpr { operand, field, test }: SelectExpr) -> Result {
        if let Some(path) = dotted_name(&operand)
            && self.local(path.split('.').next().unwrap_or("")).is_none()
        {
            if let Some(named) = type_literal(&format!("{path}.{field}")) {
                return Ok(named);
            }
            if path == "variables" && !test {
                let full = format!("variables.{field}");
                return match self.type_of_name(&full).cloned() {
                    Some(of) => Ok((Node::Variable(field), of)),
                    None => refuse(id, ExpressionProblem::UnknownName(full)),
                };
            }
        }
        self.field(id, *operand, field, if test { Access::Test } else { Access::Plain })
    }

    fn field(&mut self, id: u64, operand: IdedExpr, name: String, access: Access) -> Result {
        let (node, of) = self.node(operand)?;
        let Some(found) = self.types.field(&of, &name) else {
            return refuse(id, ExpressionProblem::NoField(self.types.substitute(&of), name));
        };
        let of = match (access, found) {
            (Access::Test, _) => Type::BOOL,
            (Access::Plain, found) | (Access::Optional, found @ Type::Optional(_)) => found,
            (Access::Optional, found) => Type::Optional(Box::new(found)),
        };
        Ok((Node::Field(Box::new(node), name, access), of))
    }

    /// Of a list or a map; `item`: the type of those before it.
    fn element(&mut self, element: IdedExpr, is_optional: bool, item: &mut Option<Type>) -> Result<Element> {
        let id = element.id;
        let (value, mut of) = self.node(element)?;
        if is_optional {
            let inner = self.types.open();
            if !self.types.fits(&of, &Type::Optional(Box::new(inner.clone()))) {
                return refuse(id, ExpressionProblem::Arguments { function: "?".to_owned(), types: of.to_string() });
            }
            of = inner;
        }
        let of = self.types.substitute(&of);
        match item {
            None => *item = Some(if self.is_formatted || !self.terms.is_strict { Type::Dyn } else { of }),
            Some(Type::Dyn) if self.is_formatted || !self.terms.is_strict => {}
            Some(first) => {
                let are_alike = (*first == Type::Dyn) == (of == Type::Dyn) && self.types.fits(&of, first);
                if !are_alike {
                    return refuse(id, ExpressionProblem::Mixed { first: first.clone(), found: of });
                }
            }
        }
        Ok(Element { value, is_optional })
    }

    fn map(&mut self, entries: impl Iterator<Item = EntryExpr>) -> Result {
        let (mut built, mut key, mut item) = (vec![], None, None);
        for entry in entries {
            match entry {
                EntryExpr::MapEntry(entry) => {
                    let name = self.element(entry.key, false, &mut key)?.value;
                    built.push((name, self.element(entry.value, entry.optional, &mut item)?));
                }
                EntryExpr::StructField(field) => return message(field.value.id, field.field),
            }
        }
        let key = key.unwrap_or_else(|| self.types.open());
        let item = item.unwrap_or_else(|| self.types.open());
        Ok((Node::Map(built), Type::Map(Box::new(key), Box::new(item))))
    }

    fn repeat(&mut self, id: u64, comprehension: ComprehensionExpr) -> Result {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, accu_var, accu_init, loop_cond, loop_step, result } =
            comprehension;
        let (range, range_type) = self.node(iter_range)?;
        let (start, so_far) = self.node(accu_init)?;
        let Some((item, second)) = self.types.items(&range_type, iter_var2.is_some()) else {
            return refuse(id, ExpressionProblem::NotARange(self.types.substitute(&range_type)));
        };
        let outside = self.locals.len();
        self.locals.push((accu_var.clone(), so_far.clone()));
        let (condition, _) = self.node(loop_cond)?;
        self.locals.push((iter_var.clone(), item));
        self.locals.extend(iter_var2.clone().map(|name| (name, second)));
        let (step, made) = self.node(loop_step)?;
        if !self.types.fits(&made, &so_far) {
            let [wanted, found] = [&so_far, &made].map(|of| self.types.substitute(of));
            return refuse(id, ExpressionProblem::Result { wanted, found });
        }
        self.locals.truncate(outside + 1);
        let (result, of) = self.node(result)?;
        self.locals.truncate(outside);
        let node =
            Loop { range, item: iter_var, second: iter_var2, accumulator: accu_var, start, condition, step, result };
        Ok((Node::Loop(Box::new(node)), of))
    }
}

fn message<T>(id: u64, name: String) -> Result<T> {
    refuse(id, ExpressionProblem::Unsupported { function: name, reason: "write a map instead of a message" })
}

fn refuse<T>(id: u64, problem: ExpressionProblem) -> Result<T> {
    Err(Refused { id, problem })
}

fn value(literal: LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Bytes(value) => Value::Bytes(Arc::new(value.into_inner())),
        LiteralValue::Double(value) => Value::Float(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::UInt(value) => Value::UInt(*value.inner()),
        LiteralValue::String(value) => Value::String(Arc::new(value.into_inner())),
        LiteralValue::Null => Value::Null,
    }
}

/// `a.b.c`
fn dotted_name(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(SelectExpr { operand, field, test: false }) => Some(format!("{}.{field}", dotted_name(operand)?)),
        _ => None,
    }
}

/// What a value's `type()` is compared with.
fn type_literal(name: &str) -> Option<Typed> {
    const TYPES: &[&str] = &[
        "bool",
        "bytes",
        "double",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "type",
        "uint",
        "optional_type",
        "google.protobuf.Duration",
        "google.protobuf.Timestamp",
        "kubernetes.Quantity",
        "kubernetes.Semver",
        "kubernetes.URL",
        "net.CIDR",
        "net.IP",
    ];
    let name = TYPES.iter().find(|known| **known == name)?;
    Some((Node::Literal(Value::Opaque(Arc::new(TypeName(name)))), Type::Plain("type")))
}

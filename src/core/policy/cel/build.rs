//! The parser's tree to ours. Each name and each function is looked up, so that what admission would refuse is refused when an
//! expression is loaded.

use super::{
    error::{ExpressionProblem, MAX_DEPTH},
    functions::{Function, TypeName},
    macros::{Expanded, expand},
    signatures::signatures,
    tree::{Access, Binary, Element, Fallback, Loop, Node},
};
use kube_cel::cel::{
    IdedExpr, Value,
    common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators},
};
use std::sync::Arc;

/// Of a node, whose place is looked up later.
pub(super) struct Refused {
    pub id: u64,
    pub problem: ExpressionProblem,
}

struct Builder<'a> {
    names: &'a [&'a str],
    /// Of loops.
    locals: Vec<String>,
    depth: usize,
}

type Result<T = Node> = std::result::Result<T, Refused>;

/// `names`: those that an expression may use, `variables.<name>` for each variable.
pub(super) fn build(parsed: IdedExpr, names: &[&str]) -> Result {
    Builder { names, locals: vec![], depth: 0 }.node(parsed)
}

// === impl Builder ===

impl Builder<'_> {
    fn node(&mut self, IdedExpr { id, expr }: IdedExpr) -> Result {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return refused(id, ExpressionProblem::TooDeep);
        }
        let node = match expr {
            Expr::Literal(literal) => Node::Literal(value(literal)),
            Expr::Ident(name) => self.name(id, name)?,
            Expr::Select(select) => self.select(id, select)?,
            Expr::List(list) => {
                let optional = list.optional_indices;
                let element = |(index, element)| self.element(element, optional.contains(&index));
                Node::List(list.elements.into_iter().enumerate().map(element).collect::<Result<_>>()?)
            }
            Expr::Map(map) => {
                Node::Map(map.entries.into_iter().map(|entry| self.entry(entry.expr)).collect::<Result<_>>()?)
            }
            Expr::Comprehension(comprehension) => Node::Loop(Box::new(self.repeat(*comprehension)?)),
            Expr::Struct(of) => {
                let reason = "write a map instead of a message";
                return refused(id, ExpressionProblem::Unsupported { function: of.type_name, reason });
            }
            Expr::Unspecified => return refused(id, ExpressionProblem::Syntax("incomplete expression".to_owned())),
            Expr::Call(call) => match expand(id, call) {
                Expanded::Call(call) => self.call(id, call)?,
                Expanded::Loop(expanded) => self.node(expanded)?,
                Expanded::NotAName => {
                    return refused(id, ExpressionProblem::Syntax("argument must be a simple name".to_owned()));
                }
            },
        };
        self.depth -= 1;
        Ok(node)
    }

    fn nodes<const N: usize>(&mut self, nodes: [IdedExpr; N]) -> Result<Box<[Node; N]>> {
        let mut built = Vec::with_capacity(N);
        for node in nodes {
            built.push(self.node(node)?);
        }
        // Of the length that came in.
        <[Node; N]>::try_from(built).map(Box::new).map_err(|_| Refused { id: 0, problem: ExpressionProblem::TooDeep })
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local == name)
    }

    fn name(&mut self, id: u64, name: String) -> Result {
        if self.is_local(&name) || self.names.contains(&name.as_str()) {
            return Ok(Node::Name(name));
        }
        if let Some(named) = type_named(&name) {
            return Ok(named);
        }
        if name == "authorizer" {
            let reason = "only the API server knows who may do what";
            return refused(id, ExpressionProblem::Unsupported { function: name, reason });
        }
        refused(id, ExpressionProblem::UnknownName(name))
    }

    fn select(&mut self, id: u64, SelectExpr { operand, field, test }: SelectExpr) -> Result {
        if let Some(path) = dotted(&operand)
            && !self.is_local(path.split('.').next().unwrap_or(""))
        {
            if let Some(named) = type_named(&format!("{path}.{field}")) {
                return Ok(named);
            }
            if path == "variables" && !test {
                let full = format!("variables.{field}");
                let is_known = self.names.contains(&full.as_str());
                return if is_known {
                    Ok(Node::Variable(field))
                } else {
                    refused(id, ExpressionProblem::UnknownName(full))
                };
            }
        }
        let access = if test { Access::Test } else { Access::Plain };
        Ok(Node::Field(Box::new(self.node(*operand)?), field, access))
    }

    fn element(&mut self, element: IdedExpr, is_optional: bool) -> Result<Element> {
        Ok(Element { value: self.node(element)?, is_optional })
    }

    fn entry(&mut self, entry: EntryExpr) -> Result<(Node, Element)> {
        match entry {
            EntryExpr::MapEntry(entry) => Ok((self.node(entry.key)?, self.element(entry.value, entry.optional)?)),
            EntryExpr::StructField(field) => {
                let reason = "write a map instead of a message";
                refused(field.value.id, ExpressionProblem::Unsupported { function: field.field, reason })
            }
        }
    }

    fn repeat(&mut self, comprehension: ComprehensionExpr) -> Result<Loop> {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, accu_var, accu_init, loop_cond, loop_step, result } =
            comprehension;
        let (range, start) = (self.node(iter_range)?, self.node(accu_init)?);
        let outside = self.locals.len();
        self.locals.push(accu_var.clone());
        let condition = self.node(loop_cond)?;
        self.locals.push(iter_var.clone());
        self.locals.extend(iter_var2.clone());
        let step = self.node(loop_step)?;
        self.locals.truncate(outside + 1);
        let result = self.node(result)?;
        self.locals.truncate(outside);
        Ok(Loop { range, item: iter_var, second: iter_var2, accumulator: accu_var, start, condition, step, result })
    }

    fn call(&mut self, id: u64, CallExpr { func_name, target, args }: CallExpr) -> Result {
        if target.is_none() {
            return self.operator(id, func_name, args);
        }
        let mut all = vec![];
        if let Some(target) = target {
            if let Some(path) = dotted(&target)
                && let root = path.split('.').next().unwrap_or("")
                && !self.is_local(root)
            {
                let full = format!("{path}.{func_name}");
                let is_value = self.names.contains(&root) || root == "variables" || type_named(root).is_some();
                if !signatures(&full).is_empty() || !is_value && root == path && root != "authorizer" {
                    return self.function(id, full, false, args);
                }
            }
            all.push(*target);
        }
        all.extend(args);
        match (func_name.as_str(), <[IdedExpr; 2]>::try_from(all)) {
            ("or", Ok(pair)) => Ok(Node::Fallback(Fallback::Or, self.nodes(pair)?)),
            ("orValue", Ok(pair)) => Ok(Node::Fallback(Fallback::OrValue, self.nodes(pair)?)),
            (_, Ok(pair)) => self.function(id, func_name, true, pair.into()),
            (_, Err(all)) => self.function(id, func_name, true, all),
        }
    }

    fn operator(&mut self, id: u64, name: String, args: Vec<IdedExpr>) -> Result {
        let args = match <[IdedExpr; 1]>::try_from(args) {
            Ok([of]) => {
                let of = match name.as_str() {
                    operators::LOGICAL_NOT => return Ok(Node::Not(Box::new(self.node(of)?))),
                    operators::NEGATE => return Ok(Node::Negate(Box::new(self.node(of)?))),
                    operators::NOT_STRICTLY_FALSE => return Ok(Node::NotFalse(Box::new(self.node(of)?))),
                    _ => of,
                };
                return self.function(id, name, false, vec![of]);
            }
            Err(args) => args,
        };
        let args = match <[IdedExpr; 3]>::try_from(args) {
            Ok(three) if name == operators::CONDITIONAL => return Ok(Node::Conditional(self.nodes(three)?)),
            Ok(three) => three.into(),
            Err(args) => args,
        };
        let [left, right] = match <[IdedExpr; 2]>::try_from(args) {
            Ok(pair) => pair,
            Err(args) => return self.function(id, name, false, args),
        };
        let operator = match name.as_str() {
            operators::LOGICAL_AND => return Ok(Node::And(self.nodes([left, right])?)),
            operators::LOGICAL_OR => return Ok(Node::Or(self.nodes([left, right])?)),
            operators::INDEX => return Ok(Node::Index(self.nodes([left, right])?, Access::Plain)),
            operators::OPT_INDEX => return Ok(Node::Index(self.nodes([left, right])?, Access::Optional)),
            operators::OPT_SELECT => {
                let Expr::Literal(LiteralValue::String(field)) = &right.expr else {
                    return refused(id, ExpressionProblem::Syntax("a field is a name".to_owned()));
                };
                return Ok(Node::Field(Box::new(self.node(left)?), field.inner().to_owned(), Access::Optional));
            }
            operators::EQUALS => Binary::Equal,
            operators::NOT_EQUALS => Binary::NotEqual,
            operators::LESS => Binary::Less,
            operators::LESS_EQUALS => Binary::LessOrEqual,
            operators::GREATER => Binary::Greater,
            operators::GREATER_EQUALS => Binary::GreaterOrEqual,
            operators::ADD => Binary::Add,
            operators::SUBSTRACT => Binary::Subtract,
            operators::MULTIPLY => Binary::Multiply,
            operators::DIVIDE => Binary::Divide,
            operators::MODULO => Binary::Modulo,
            operators::IN => Binary::In,
            _ => return self.function(id, name, false, vec![left, right]),
        };
        Ok(Node::Binary(operator, self.nodes([left, right])?))
    }

    fn function(&mut self, id: u64, name: String, is_method: bool, args: Vec<IdedExpr>) -> Result {
        let (count, mut args) = (args.len(), args.into_iter());
        // What is wrong of a receiver is said before what is wrong of its method.
        let receiver = if is_method { args.next() } else { None };
        let mut arguments = receiver.into_iter().map(|receiver| self.node(receiver)).collect::<Result<Vec<_>>>()?;
        let known = signatures(&name);
        if known.is_empty() {
            return refused(id, ExpressionProblem::UnknownFunction(name));
        }
        if !known.iter().any(|known| known.is_method == is_method && known.arguments.len() == count) {
            return refused(id, ExpressionProblem::Arguments(name));
        }
        for argument in args {
            arguments.push(self.node(argument)?);
        }
        Ok(Node::Call(Function::new(&name, is_method, count), arguments))
    }
}

fn refused<T>(id: u64, problem: ExpressionProblem) -> Result<T> {
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
fn dotted(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(SelectExpr { operand, field, test: false }) => Some(format!("{}.{field}", dotted(operand)?)),
        _ => None,
    }
}

/// What a value's `type()` is compared with.
fn type_named(name: &str) -> Option<Node> {
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
    Some(Node::Literal(Value::Opaque(Arc::new(TypeName(name)))))
}

//! Calls: of operators, of functions and of methods, each by its signatures.

use super::{Builder, Result, dotted_name, refuse, type_literal};
use crate::policy::cel::{
    constants::constant,
    error::ExpressionProblem,
    functions::Function,
    operators::Binary,
    signatures::signatures,
    tree::{Access, Fallback, Node},
    types::Type,
};
use kube_cel::cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, operators},
};

impl Builder<'_> {
    pub(super) fn call(&mut self, id: u64, CallExpr { func_name, target, args }: CallExpr) -> Result {
        let Some(target) = target else { return self.operator(id, func_name, args) };
        if let Some(path) = dotted_name(&target)
            && let root = path.split('.').next().unwrap_or("")
            && self.local(root).is_none()
        {
            let full = format!("{path}.{func_name}");
            let is_value = self.type_of_name(root).is_some() || root == "variables" || type_literal(root).is_some();
            if !signatures(&full).is_empty() || !is_value && root == path && root != "authorizer" {
                return self.function(id, full, false, args);
            }
        }
        let all = [vec![*target], args].concat();
        let fallback = match (func_name.as_str(), all.len()) {
            ("or", 2) => Fallback::Or,
            ("orValue", 2) => Fallback::OrValue,
            _ => return self.function(id, func_name, true, all),
        };
        match <[IdedExpr; 2]>::try_from(all) {
            Ok(pair) => {
                let (nodes, types) = self.nodes(pair)?;
                Ok((Node::Fallback(fallback, nodes), self.result(id, func_name, true, &types)?))
            }
            Err(all) => self.function(id, func_name, true, all),
        }
    }

    fn operator(&mut self, id: u64, name: String, args: Vec<IdedExpr>) -> Result {
        let args = match <[IdedExpr; 1]>::try_from(args) {
            Ok([of]) => {
                let node = match name.as_str() {
                    operators::LOGICAL_NOT => Node::Not,
                    operators::NEGATE => Node::Negate,
                    operators::NOT_STRICTLY_FALSE => Node::NotFalse,
                    _ => return self.function(id, name, false, vec![of]),
                };
                let (of, kind) = self.node(of)?;
                return Ok((node(Box::new(of)), self.result(id, name, false, &[kind])?));
            }
            Err(args) => args,
        };
        let args = match <[IdedExpr; 3]>::try_from(args) {
            Ok(three) if name == operators::CONDITIONAL => {
                let (nodes, types) = self.nodes(three)?;
                return Ok((Node::Conditional(nodes), self.result(id, name, false, &types)?));
            }
            Ok(three) => three.into(),
            Err(args) => args,
        };
        let [left, right] = match <[IdedExpr; 2]>::try_from(args) {
            Ok(pair) => pair,
            Err(args) => return self.function(id, name, false, args),
        };
        let node: fn(Box<[Node; 2]>) -> Node = match name.as_str() {
            operators::LOGICAL_AND => Node::And,
            operators::LOGICAL_OR => Node::Or,
            operators::INDEX => |pair| Node::Index(pair, Access::Plain),
            operators::OPT_INDEX => |pair| Node::Index(pair, Access::Optional),
            operators::OPT_SELECT => {
                return match right.expr {
                    Expr::Literal(LiteralValue::String(field)) => {
                        self.field(id, left, field.into_inner(), Access::Optional)
                    }
                    _ => refuse(id, ExpressionProblem::Syntax("a field is a name".to_owned())),
                };
            }
            operators::EQUALS => |pair| Node::Binary(Binary::Equal, pair),
            operators::NOT_EQUALS => |pair| Node::Binary(Binary::NotEqual, pair),
            operators::LESS => |pair| Node::Binary(Binary::Less, pair),
            operators::LESS_EQUALS => |pair| Node::Binary(Binary::LessOrEqual, pair),
            operators::GREATER => |pair| Node::Binary(Binary::Greater, pair),
            operators::GREATER_EQUALS => |pair| Node::Binary(Binary::GreaterOrEqual, pair),
            operators::ADD => |pair| Node::Binary(Binary::Add, pair),
            operators::SUBSTRACT => |pair| Node::Binary(Binary::Subtract, pair),
            operators::MULTIPLY => |pair| Node::Binary(Binary::Multiply, pair),
            operators::DIVIDE => |pair| Node::Binary(Binary::Divide, pair),
            operators::MODULO => |pair| Node::Binary(Binary::Modulo, pair),
            operators::IN => |pair| Node::Binary(Binary::In, pair),
            _ => return self.function(id, name, false, vec![left, right]),
        };
        let (nodes, types) = self.nodes([left, right])?;
        Ok((node(nodes), self.result(id, name, false, &types)?))
    }

    fn result(&mut self, id: u64, function: String, is_method: bool, types: &[Type]) -> Result<Type> {
        if let Some(of) = self.types.call(&function, is_method, types) {
            return Ok(of);
        }
        let types: Vec<String> = types.iter().map(|of| self.types.substitute(of).to_string()).collect();
        refuse(id, ExpressionProblem::Arguments { function, types: types.join(", ") })
    }

    fn function(&mut self, id: u64, name: String, is_method: bool, args: Vec<IdedExpr>) -> Result {
        let mut args = args.into_iter();
        let (mut nodes, mut types) = (vec![], vec![]);
        // What is wrong of a receiver is said before what is wrong of its method.
        if is_method && let Some(receiver) = args.next() {
            let (node, of) = self.node(receiver)?;
            nodes.push(node);
            types.push(of);
        }
        if signatures(&name).is_empty() {
            return refuse(id, ExpressionProblem::UnknownFunction(name));
        }
        let outside = self.is_formatted;
        self.is_formatted |= name == "format";
        for argument in args {
            let (node, of) = self.node(argument)?;
            nodes.push(node);
            types.push(of);
        }
        self.is_formatted = outside;
        let of = self.result(id, name.clone(), is_method, &types)?;
        let function = Function::new(&name, is_method, nodes.len());
        if let Some(problem) = constant(&function, &name, &nodes) {
            return refuse(id, problem);
        }
        Ok((Node::Call(function, nodes), of))
    }
}

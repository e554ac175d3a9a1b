//! Macros that the parser does not know: comprehensions of two names, `optMap`, `optFlatMap` and `sortBy`. Each comes to a loop.

use kube_cel::cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, MapExpr, operators},
};

const RESULT: &str = "@result";
const TARGET: &str = "@target";

/// Nodes of one macro, which all stand where it does.
struct At(u64);

pub(super) enum Expanded {
    Loop(IdedExpr),
    /// No macro.
    Call(CallExpr),
    /// A macro whose names are no simple names.
    NotAName,
}

pub(super) fn expand(id: u64, call: CallExpr) -> Expanded {
    let CallExpr { func_name, target, args } = call;
    let two_names = matches!(
        (func_name.as_str(), args.len()),
        ("all" | "exists" | "existsOne" | "exists_one", 3)
            | ("transformList" | "transformMap" | "transformMapEntry", 3 | 4)
    );
    let one_name = matches!((func_name.as_str(), args.len()), ("optMap" | "optFlatMap" | "sortBy", 2));
    let target = match target {
        Some(target) if one_name || two_names => *target,
        target => return Expanded::Call(CallExpr { func_name, target, args }),
    };
    let mut args = args.into_iter();
    let mut name = || match args.next()?.expr {
        Expr::Ident(name) => Some(name),
        _ => None,
    };
    let names = (name(), if two_names { name() } else { None });
    let rest: Vec<IdedExpr> = args.collect();
    let at = At(id);
    let expanded = match (names, <[IdedExpr; 1]>::try_from(rest)) {
        ((Some(name), None), Ok([body])) if one_name => at.one_name(&func_name, target, name, body),
        ((Some(first), Some(second)), Ok([body])) => at.two_names(&func_name, target, (first, second), None, body),
        ((Some(first), Some(second)), Err(rest)) => match <[IdedExpr; 2]>::try_from(rest) {
            Ok([filter, body]) => at.two_names(&func_name, target, (first, second), Some(filter), body),
            Err(_) => return Expanded::NotAName,
        },
        _ => return Expanded::NotAName,
    };
    Expanded::Loop(expanded)
}

// === impl At ===

impl At {
    fn node(&self, expr: Expr) -> IdedExpr {
        IdedExpr { id: self.0, expr }
    }

    fn name(&self, name: &str) -> IdedExpr {
        self.node(Expr::Ident(name.to_owned()))
    }

    fn call(&self, function: &str, args: Vec<IdedExpr>) -> IdedExpr {
        self.node(Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }))
    }

    fn method(&self, function: &str, target: IdedExpr, args: Vec<IdedExpr>) -> IdedExpr {
        self.node(Expr::Call(CallExpr { func_name: function.to_owned(), target: Some(Box::new(target)), args }))
    }

    fn list(&self, elements: Vec<IdedExpr>) -> IdedExpr {
        self.node(Expr::List(ListExpr::new(elements)))
    }

    fn truth(&self, value: bool) -> IdedExpr {
        self.node(Expr::Literal(LiteralValue::Boolean(value.into())))
    }

    fn number(&self, value: i64) -> IdedExpr {
        self.node(Expr::Literal(LiteralValue::Int(value.into())))
    }

    /// A name for a value: a loop over nothing, whose accumulator it is.
    fn bind(&self, name: &str, value: IdedExpr, result: IdedExpr) -> IdedExpr {
        self.node(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range: self.list(vec![]),
            iter_var: "@unused".to_owned(),
            iter_var2: None,
            accu_var: name.to_owned(),
            accu_init: value,
            loop_cond: self.truth(false),
            loop_step: self.name(name),
            result,
        })))
    }

    fn one_name(&self, macro_name: &str, target: IdedExpr, name: String, body: IdedExpr) -> IdedExpr {
        let result = if macro_name == "sortBy" {
            let keys = self.node(Expr::Comprehension(Box::new(ComprehensionExpr {
                iter_range: self.name(TARGET),
                iter_var: name,
                iter_var2: None,
                accu_var: RESULT.to_owned(),
                accu_init: self.list(vec![]),
                loop_cond: self.truth(true),
                loop_step: self.call(operators::ADD, vec![self.name(RESULT), self.list(vec![body])]),
                result: self.name(RESULT),
            })));
            self.method("@sortByAssociatedKeys", self.name(TARGET), vec![keys])
        } else {
            let value = self.bind(&name, self.method("value", self.name(TARGET), vec![]), body);
            let value = match macro_name {
                "optMap" => self.call("optional.of", vec![value]),
                _ => value,
            };
            let has_value = self.method("hasValue", self.name(TARGET), vec![]);
            self.call(operators::CONDITIONAL, vec![has_value, value, self.call("optional.none", vec![])])
        };
        self.bind(TARGET, target, result)
    }

    fn two_names(
        &self,
        macro_name: &str,
        target: IdedExpr,
        (first, second): (String, String),
        filter: Option<IdedExpr>,
        body: IdedExpr,
    ) -> IdedExpr {
        let so_far = || self.name(RESULT);
        let goes_on = |call: IdedExpr| self.call(operators::NOT_STRICTLY_FALSE, vec![call]);
        let is_one = || self.call(operators::EQUALS, vec![so_far(), self.number(1)]);
        let (start, condition, step, result) = match macro_name {
            "all" => {
                let step = self.call(operators::LOGICAL_AND, vec![so_far(), body]);
                (self.truth(true), goes_on(so_far()), step, so_far())
            }
            "exists" => {
                let undecided = self.call(operators::LOGICAL_NOT, vec![so_far()]);
                let step = self.call(operators::LOGICAL_OR, vec![so_far(), body]);
                (self.truth(false), goes_on(undecided), step, so_far())
            }
            "existsOne" | "exists_one" => {
                let more = self.call(operators::ADD, vec![so_far(), self.number(1)]);
                let step = self.call(operators::CONDITIONAL, vec![body, more, so_far()]);
                (self.number(0), self.truth(true), step, is_one())
            }
            "transformList" => {
                let step = self.call(operators::ADD, vec![so_far(), self.list(vec![body])]);
                (self.list(vec![]), self.truth(true), step, so_far())
            }
            _ => {
                let entry = if macro_name == "transformMap" { vec![self.name(&first), body] } else { vec![body] };
                let step = self.call("cel.@mapInsert", [vec![so_far()], entry].concat());
                (self.node(Expr::Map(MapExpr::default())), self.truth(true), step, so_far())
            }
        };
        let step = match filter {
            Some(filter) => self.call(operators::CONDITIONAL, vec![filter, step, so_far()]),
            None => step,
        };
        self.node(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range: target,
            iter_var: first,
            iter_var2: Some(second),
            accu_var: RESULT.to_owned(),
            accu_init: start,
            loop_cond: condition,
            loop_step: step,
            result,
        })))
    }
}

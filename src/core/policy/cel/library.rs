//! Functions of `kube-cel`, which are called by expressions over names.

use super::error::EvaluationError;
use kube_cel::{
    KubeCelExt,
    cel::{
        Context, ExecutionError, IdedExpr, Value,
        common::ast::{CallExpr, Expr},
    },
};

/// The call of a function with arguments that are named by their numbers.
#[derive(Debug)]
pub(super) struct LibraryCall(IdedExpr);

thread_local! {
    static LIBRARY: Context<'static> = Context::default().with_all();
}

// === impl LibraryCall ===

impl LibraryCall {
    pub(super) fn new(function: &str, is_method: bool, arguments: usize) -> Self {
        let named = |number: usize| IdedExpr { id: 0, expr: Expr::Ident(format!("@{number}")) };
        let target = is_method.then(|| Box::new(named(0)));
        let args = (usize::from(is_method)..arguments).map(named).collect();
        let call = CallExpr { func_name: function.to_owned(), target, args };
        Self(IdedExpr { id: 0, expr: Expr::Call(call) })
    }

    pub(super) fn value(&self, arguments: &[Value]) -> Result<Value, EvaluationError> {
        LIBRARY.with(|library| {
            let mut scope = library.new_inner_scope();
            for (number, argument) in arguments.iter().enumerate() {
                scope.add_variable_from_value(format!("@{number}"), argument.clone());
            }
            Value::resolve(&self.0, &scope).map_err(|error| match error {
                ExecutionError::FunctionError { message, .. } => EvaluationError::Failed(message),
                ExecutionError::UnexpectedType { .. }
                | ExecutionError::UnsupportedTargetType { .. }
                | ExecutionError::NotSupportedAsMethod { .. } => EvaluationError::NoSuchOverload(String::new()),
                other => EvaluationError::Failed(other.to_string()),
            })
        })
    }
}

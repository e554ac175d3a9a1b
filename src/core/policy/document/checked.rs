//! A document whose every expression is parsed, and checked as the API server checks it.

use super::{
    form::{Exemption, PolicyForm, Severities},
    places::{Part, place},
};
use crate::{
    domain::yaml::{self, Mended, YamlError},
    policy::cel::{Expression, ExpressionError, Type},
};
use serde_json::Value;
use std::sync::Arc;

/// Checked: it may be judged by, and installed.
#[derive(Clone, Debug)]
pub struct Policy {
    pub form: PolicyForm,
    /// Defaults of the document, or what a golden path sets.
    pub(super) params: Value,
    // Shared by all that differ only in their params.
    pub(super) variables: Arc<[Checked]>,
    pub(super) conditions: Arc<[Checked]>,
    pub(super) validations: Arc<[CheckedValidation]>,
}

#[derive(Debug)]
pub(super) struct Checked {
    pub name: String,
    pub expression: Expression,
}

#[derive(Debug)]
pub(super) struct CheckedValidation {
    pub expression: Expression,
    pub message: Option<Expression>,
}

/// Lines and columns begin at 1, in the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct PolicyError {
    pub line: usize,
    pub column: usize,
    pub problem: PolicyProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    #[error("{0}")]
    Yaml(String),
    #[error("{part}: {error}")]
    Expression { part: String, error: ExpressionError },
    #[error("{field}: {reason}")]
    Field { field: String, reason: String },
}

// === impl Policy ===

impl Policy {
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let form: PolicyForm = yaml::read_as(text).map_err(PolicyError::of_form)?;
        Self::of(form).map_err(|found| PolicyError::at(text, found))
    }

    /// Everything that is wrong with a document. What is left out of it because it can't be read is not judged.
    pub fn faults(text: &str) -> Vec<PolicyError> {
        let tree = match yaml::read(text) {
            Ok(tree) => tree,
            Err(error) => return vec![PolicyError::of_form(error)],
        };
        let Mended { faults, rest, replaced } = yaml::mend::<PolicyForm>(&tree, text, &Value::Null);
        let form = rest.filter(|_| replaced.is_empty());
        let found = form.and_then(|form| Self::with_syntax(form, &Value::Null).err()).unwrap_or_default();
        let of_form = faults.into_iter().map(PolicyError::of_form);
        of_form.chain(found.into_iter().map(|found| PolicyError::at(text, found))).collect()
    }

    /// One of the built-in pack, as the build read it. Tests read each.
    pub fn built_in(json: &str) -> Option<Self> {
        let mut tree: Value = serde_json::from_str(json).ok()?;
        let syntax = tree.as_object_mut()?.remove("syntax")?;
        Self::with_syntax(yaml::of_tree(&tree, "").ok()?, &syntax).ok()
    }

    /// Of a form that stands in another document, which knows no places in it.
    pub fn from_form(form: PolicyForm) -> Result<Self, PolicyProblem> {
        Self::of(form).map_err(|(_, problem)| problem)
    }

    pub(super) fn of(form: PolicyForm) -> Result<Self, (Part, PolicyProblem)> {
        // There is a first one, or it would be no error.
        Self::with_syntax(form, &Value::Null).map_err(|mut found| found.swap_remove(0))
    }

    /// `syntax`: of expressions that the build has parsed, by their text. The error arm: everything that is wrong.
    fn with_syntax(form: PolicyForm, syntax: &Value) -> Result<Self, Vec<(Part, PolicyProblem)>> {
        let of_form = form.check().into_iter().map(|(field, reason)| PolicyProblem::Field { field, reason });
        let mut found: Vec<(Part, PolicyProblem)> = of_form.map(|problem| (Part::Whole, problem)).collect();
        let mut names = vec![
            ("object".to_owned(), Type::Dyn),
            ("oldObject".to_owned(), Type::Dyn),
            ("params".to_owned(), Type::Dyn),
            ("request".to_owned(), Type::REQUEST),
        ];
        let mut conditions = vec![];
        for (index, named) in form.match_conditions.iter().enumerate() {
            match parse(&named.expression, syntax, &names, true) {
                Ok(expression) => conditions.push(Checked { name: named.name.clone(), expression }),
                Err(error) => found.push(wrong(Part::Condition(index), &named.name, error)),
            }
        }
        names.push(("namespaceObject".to_owned(), Type::NAMESPACE));
        let mut variables = vec![];
        for (index, named) in form.variables.iter().enumerate() {
            let name = format!("variables.{}", named.name);
            match parse(&named.expression, syntax, &names, false) {
                Ok(expression) => {
                    names.push((name, expression.type_of().clone()));
                    variables.push(Checked { name: named.name.clone(), expression });
                }
                Err(error) => {
                    names.push((name, Type::Dyn));
                    found.push(wrong(Part::Variable(index), &named.name, error));
                }
            }
        }
        let mut validations = vec![];
        for (index, validation) in form.validations.iter().enumerate() {
            let expression = parse(&validation.expression, syntax, &names, true);
            let message = validation.message_expression.as_ref();
            let message = message.map(|text| parse_as(text, syntax, &names, Some(&Type::STRING))).transpose();
            match (expression, message) {
                (Ok(expression), Ok(message)) => validations.push(CheckedValidation { expression, message }),
                (expression, message) => {
                    let expression = expression.err().map(|error| wrong(Part::Validation(index), "expression", error));
                    let message = message.err().map(|error| wrong(Part::Message(index), "messageExpression", error));
                    found.extend(expression.into_iter().chain(message));
                }
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let params = form.params.iter().map(|(name, param)| (name.clone(), param.default.clone())).collect();
        let (variables, conditions, validations) = (variables.into(), conditions.into(), validations.into());
        Ok(Self { form, params: Value::Object(params), variables, conditions, validations })
    }

    /// With other values of some of its params. The error names the param.
    pub fn with_params(mut self, values: &serde_json::Map<String, Value>) -> Result<Self, String> {
        for (name, value) in values {
            let param =
                self.form.params.get(name).ok_or_else(|| format!("policy {} has no param {name}", self.form.name))?;
            if !param.kind.admits(value) {
                return Err(format!("param {name} of policy {} must be a {}", self.form.name, param.kind));
            }
            self.params[name] = value.clone();
        }
        Ok(self)
    }

    /// As severe as this says, where it says anything.
    pub fn with_severity(mut self, severity: Option<Severities>) -> Self {
        self.form.severity = severity.unwrap_or(self.form.severity);
        self
    }

    /// With more of them.
    pub fn with_exemptions(mut self, more: &[Exemption]) -> Result<Self, PolicyProblem> {
        self.form.exemptions.extend(more.iter().cloned());
        match self.form.check().into_iter().next() {
            Some((field, reason)) => Err(PolicyProblem::Field { field, reason }),
            None => Ok(self),
        }
    }

    /// What is not as the document has it.
    pub fn changed_params(&self) -> Value {
        let changed = self.form.params.iter().filter(|(name, param)| self.params.get(*name) != Some(&param.default));
        changed.map(|(name, _)| (name.clone(), self.params[name].clone())).collect::<serde_json::Map<_, _>>().into()
    }

    /// Name and version, as messages write them.
    pub fn id(&self) -> String {
        format!("{} {}", self.form.name, self.form.version)
    }
}

// === impl PolicyError ===

impl PolicyError {
    fn of_form(YamlError { position, reason }: YamlError) -> Self {
        let (line, column) = position.unwrap_or((1, 1));
        Self { line, column, problem: PolicyProblem::Yaml(reason) }
    }

    fn at(text: &str, (part, problem): (Part, PolicyProblem)) -> Self {
        let (line, column) = place(text, part);
        Self { line, column, problem }
    }
}

fn wrong(part: Part, name: &str, error: ExpressionError) -> (Part, PolicyProblem) {
    (part, PolicyProblem::Expression { part: format!("{part} ({name})"), error })
}

type Parsed = Result<Expression, ExpressionError>;

fn parse(text: &str, syntax: &Value, names: &[(String, Type)], is_verdict: bool) -> Parsed {
    parse_as(text, syntax, names, is_verdict.then_some(&Type::BOOL))
}

fn parse_as(text: &str, syntax: &Value, names: &[(String, Type)], wanted: Option<&Type>) -> Parsed {
    let names: Vec<_> = names.iter().map(|(name, of)| (name.as_str(), of.clone())).collect();
    match syntax.get(text) {
        Some(stored) => Expression::strict_of(text, stored, &names, wanted),
        None => Expression::strict(text, &names, wanted),
    }
}

//! Trees of YAML with placeholders, filled in where they were parsed: what a team writes becomes a value, and never structure.

use crate::policy::cel::{Bindings, EvaluationError, Expression};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What expressions of a path may name.
pub const NAMES: [&str; 6] = ["spec", "facts", "parameters", "tier", "environment", "namespace"];

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Template {
    written: Value,
    root: Arc<Node>,
}

/// An expression that is true or false.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition(Arc<Expression>);

/// A part of a template.
#[derive(Debug)]
pub enum Node {
    Literal(Value),
    /// A placeholder that is the whole value.
    Whole(Expression),
    Text(Vec<Piece>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

#[derive(Debug)]
pub enum Piece {
    Text(String),
    Filled(Expression),
}

/// Which placeholder has no value, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{{{{ {expression} }}}}: {reason}")]
pub struct Unfilled {
    pub expression: String,
    pub reason: String,
}

// === impl Template ===

impl Template {
    /// As it stands in the document.
    pub fn original(&self) -> &Value {
        &self.written
    }

    pub fn fill(&self, bindings: &Bindings<'_>) -> Result<Value, Unfilled> {
        self.root.fill(bindings)
    }

    /// All that stands in placeholders.
    pub fn expressions(&self) -> Vec<&str> {
        let mut found = vec![];
        self.root.collect(&mut found);
        found
    }

    /// One field of it, from the root on.
    pub fn at(&self, field: &[&str]) -> Option<&Node> {
        field.iter().try_fold(&*self.root, |node, name| match node {
            Node::Map(members) => members.iter().find(|(member, _)| member == name).map(|(_, node)| node),
            _ => None,
        })
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl TryFrom<Value> for Template {
    type Error = String;

    fn try_from(written: Value) -> Result<Self, String> {
        Ok(Self { root: Arc::new(Node::read(&written)?), written })
    }
}

impl From<Template> for Value {
    fn from(template: Template) -> Self {
        template.written
    }
}

// === impl Node ===

impl Node {
    fn read(written: &Value) -> Result<Self, String> {
        Ok(match written {
            Value::String(text) => Self::read_text(text)?,
            Value::Array(items) => Self::List(items.iter().map(Self::read).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let read = |(name, value): (&String, &Value)| match name.contains("{{") {
                    true => Err(format!("the name {name:?} has a placeholder, and only values may have them")),
                    false => Ok((name.clone(), Self::read(value)?)),
                };
                Self::Map(members.iter().map(read).collect::<Result<_, _>>()?)
            }
            other => Self::Literal(other.clone()),
        })
    }

    fn read_text(text: &str) -> Result<Self, String> {
        let mut pieces = vec![];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, behind) =
                after.split_once("}}").ok_or_else(|| format!("the placeholder of {text:?} has no end, `}}}}`"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Filled(parse(inside)?));
            rest = behind;
        }
        if pieces.is_empty() {
            return Ok(Self::Literal(Value::from(text)));
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        match pieces.pop() {
            Some(Piece::Filled(whole)) if pieces.is_empty() => Ok(Self::Whole(whole)),
            last => Ok(Self::Text(pieces.into_iter().chain(last).collect())),
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Literal(_) => {}
            Self::Whole(expression) => found.push(expression.text()),
            Self::Text(pieces) => found.extend(pieces.iter().filter_map(|piece| match piece {
                Piece::Text(_) => None,
                Piece::Filled(expression) => Some(expression.text()),
            })),
            Self::List(items) => items.iter().for_each(|item| item.collect(found)),
            Self::Map(members) => members.iter().for_each(|(_, value)| value.collect(found)),
        }
    }

    pub fn fill(&self, bindings: &Bindings<'_>) -> Result<Value, Unfilled> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Whole(expression) => {
                expression.evaluate(bindings).map_err(|error| fill_failure(expression, &error))?
            }
            Self::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(piece) => text.push_str(piece),
                        Piece::Filled(expression) => text.push_str(&in_text(expression, bindings)?),
                    }
                }
                Value::from(text)
            }
            Self::List(items) => Value::Array(items.iter().map(|item| item.fill(bindings)).collect::<Result<_, _>>()?),
            Self::Map(members) => {
                let fill = |(name, value): &(String, Self)| Ok((name.clone(), value.fill(bindings)?));
                Value::Object(members.iter().map(fill).collect::<Result<Map<_, _>, _>>()?)
            }
        })
    }
}

/// A list or a map within a text would become its JSON: a mistake.
fn in_text(expression: &Expression, bindings: &Bindings<'_>) -> Result<String, Unfilled> {
    match expression.evaluate(bindings).map_err(|error| fill_failure(expression, &error))? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Unfilled {
            expression: expression.text().trim().to_owned(),
            reason: "within a text it must be a text, a number or a bool".to_owned(),
        }),
    }
}

fn fill_failure(expression: &Expression, error: &EvaluationError) -> Unfilled {
    Unfilled { expression: expression.text().trim().to_owned(), reason: error.to_string() }
}

fn parse(text: &str) -> Result<Expression, String> {
    Expression::parse(text, &NAMES).map_err(|error| format!("`{}`: {error}", text.trim()))
}

// === impl Condition ===

impl Condition {
    pub fn text(&self) -> &str {
        self.0.text()
    }

    pub fn holds(&self, bindings: &Bindings<'_>) -> Result<bool, Unfilled> {
        self.0.is_true(bindings).map_err(|error| fill_failure(&self.0, &error))
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.0.text() == other.0.text()
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse(&text).map(|expression| Self(Arc::new(expression)))
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.0.text().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_filled_in_the_tree() {
        let parameters = json!({"days": 7, "hosts": ["a", "b"], "text": "x\"}, evil: {{ facts }}", "on": true});
        let tier = json!({"name": "dev"});
        let bindings = Bindings::default().with("parameters", &parameters).with("tier", &tier);
        for (written, expected, reason) in [
            (json!({"a": 1, "b": ["x", null]}), Ok(json!({"a": 1, "b": ["x", null]})), "no placeholder"),
            (json!("{{ parameters.days }}"), Ok(json!(7)), "a whole value keeps its type"),
            (json!(["{{parameters.hosts}}"]), Ok(json!([["a", "b"]])), "a list, too"),
            (json!("d{{ parameters.days }}-{{ tier.name }}."), Ok(json!("d7-dev.")), "within a text"),
            (json!("is {{ parameters.on }}"), Ok(json!("is true")), "a bool within a text"),
            (json!("{{ parameters.text }}"), Ok(json!("x\"}, evil: {{ facts }}")), "a value is never read again"),
            (json!("{{ parameters.days + 1 }}"), Ok(json!(8)), "an expression"),
            (json!("x{{ parameters.hosts }}"), Err("must be a text"), "a list within a text"),
            (json!("{{ parameters.nope }}"), Err("no such key: nope"), "what is not there"),
        ] {
            let template = Template::try_from(written.clone()).expect(reason);
            match (template.fill(&bindings), expected) {
                (Ok(filled), Ok(expected)) => assert_eq!(filled, expected, "{reason}"),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{reason}: {error}"),
                (found, _) => panic!("{reason}: {found:?}"),
            }
        }
        for (written, words, reason) in [
            (json!("{{ parameters.days"), "has no end", "an open one"),
            (json!("{{ team }}"), "unknown name `team`", "a name that is none"),
            (json!("{{ 1 + }}"), "`1 +`", "no expression"),
            (json!({"{{ tier.name }}": 1}), "only values", "a name"),
        ] {
            let error = Template::try_from(written).expect_err(reason);
            assert!(error.contains(words), "{reason}: {error}");
        }
    }

    #[test]
    fn a_condition_holds_or_does_not() {
        let parameters = json!({"days": 7});
        let bindings = Bindings::default().with("parameters", &parameters);
        for (written, expected, reason) in [
            ("parameters.days > 6", Some(true), "it is so"),
            ("parameters.days > 7", Some(false), "it is not"),
            ("parameters.hours > 7", None, "nobody can say"),
        ] {
            let condition = Condition::try_from(written.to_owned()).expect(reason);
            assert_eq!(condition.holds(&bindings).ok(), expected, "{reason}");
        }
    }
}

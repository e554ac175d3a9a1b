//! Text to tree, and where in the text something is wrong.

use super::{
    build::{Refused, Terms, build},
    error::{ExpressionError, ExpressionProblem, MAX_DEPTH, MAX_LENGTH},
    pieces::{Piece, pieces},
    syntax,
    tree::Expression,
    types::Type,
};
use kube_cel::cel::parser::ParseErrors;
use serde_json::Value;

// === impl Expression ===

impl Expression {
    /// `names`: what may be used, documents of which nothing is known.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, ExpressionError> {
        let names: Vec<_> = names.iter().map(|name| (*name, Type::Dyn)).collect();
        Self::read(text, Terms { names: &names, is_strict: false })
    }

    /// As the API server takes it in a policy: `variables.<name>` are among the names, and what it results in must be known.
    pub fn strict(text: &str, names: &[(&str, Type)], wanted: Option<&Type>) -> Result<Self, ExpressionError> {
        Self::of_type(Self::read(text, Terms { names, is_strict: true })?, wanted)
    }

    /// Likewise, with its syntax as the build has stored it. Places of what is wrong are not known.
    pub fn strict_of(
        text: &str,
        stored: &Value,
        names: &[(&str, Type)],
        wanted: Option<&Type>,
    ) -> Result<Self, ExpressionError> {
        let wrong = |problem| ExpressionError { line: 1, column: 1, problem };
        let syntax = syntax::read(stored).ok_or_else(|| wrong(ExpressionProblem::Syntax("not stored".to_owned())))?;
        let (root, of) =
            build(syntax, Terms { names, is_strict: true }).map_err(|Refused { problem, .. }| wrong(problem))?;
        Self::of_type(Self { text: text.to_owned(), root, of }, wanted)
    }

    fn of_type(expression: Self, wanted: Option<&Type>) -> Result<Self, ExpressionError> {
        match wanted {
            Some(wanted) if expression.of != *wanted => {
                let problem = ExpressionProblem::Result { wanted: wanted.clone(), found: expression.of };
                Err(ExpressionError { line: 1, column: 1, problem })
            }
            _ => Ok(expression),
        }
    }

    fn read(text: &str, terms: Terms<'_>) -> Result<Self, ExpressionError> {
        if text.chars().count() > MAX_LENGTH {
            return Err(ExpressionError { line: 1, column: 1, problem: ExpressionProblem::TooLong });
        }
        if let Some((line, column)) = too_deep(text) {
            return Err(ExpressionError { line, column, problem: ExpressionProblem::TooDeep });
        }
        let parsed = syntax::parse(text).map_err(|errors| first(&errors))?;
        match build(parsed, terms) {
            Ok((root, of)) => Ok(Self { text: text.to_owned(), root, of }),
            Err(Refused { id, problem }) => {
                let (line, column) = position(text, id);
                Err(ExpressionError { line, column, problem })
            }
        }
    }

    /// Of its result.
    pub fn type_of(&self) -> &Type {
        &self.of
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

fn first(errors: &ParseErrors) -> ExpressionError {
    let (pos, message) = errors.errors.first().map_or(((1, 1), ""), |error| (error.pos, error.msg.as_str()));
    let part = |number: isize| usize::try_from(number).unwrap_or(1).max(1);
    let message = if message == "UNKNOWN" { "syntax error: nested too deeply, or incomplete" } else { message };
    ExpressionError { line: part(pos.0), column: part(pos.1), problem: ExpressionProblem::Syntax(message.to_owned()) }
}

/// Where the text becomes deeper than the tree may be: the parser itself recurses, and ends the process where the stack does. Each
/// bracket and each operator is a level, but for those behind a comma or a logical operator, which begin again.
fn too_deep(text: &str) -> Option<(usize, usize)> {
    let (mut line, mut column) = (1, 0);
    // Of each open bracket: levels so far, and how many of them are conditions.
    let mut open = vec![(0, 0)];
    for (piece, text) in pieces(text) {
        for c in text.chars() {
            (line, column) = if c == '\n' { (line + 1, 0) } else { (line, column + 1) };
            match c {
                _ if piece != Piece::Mark => {}
                '(' | '[' | '{' => open.push((1, 0)),
                ')' | ']' | '}' if open.len() > 1 => {
                    open.pop();
                }
                c => {
                    let (levels, conditions) = open.last_mut()?;
                    match c {
                        '?' => (*levels, *conditions) = (*levels + 1, *conditions + 1),
                        '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '.' => *levels += 1,
                        ',' | '&' | '|' => *levels = *conditions,
                        _ => {}
                    }
                }
            }
            if open.iter().map(|(levels, _)| levels).sum::<usize>() > MAX_DEPTH {
                return Some((line, column));
            }
        }
    }
    None
}

/// Where a node stands. The parser gives places away only with an error, so one is made behind the text that the parser's lexer
/// skips: the nodes keep their numbers.
fn position(text: &str, id: u64) -> (usize, usize) {
    let offset = match syntax::parse(&format!("{text}\n$")) {
        Err(errors) => errors.errors.iter().find_map(|error| error.source_info.as_ref()?.offset_for(id)),
        Ok(_) => None,
    };
    let before = offset.and_then(|(start, _)| text.get(..start as usize)).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

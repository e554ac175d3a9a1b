//! A policy as the API server takes it: a ValidatingAdmissionPolicy, and a binding for each group of namespaces in which it is as
//! severe. Params are written into it as data, so that no object in reach of a tenant says what a policy allows.

use super::{
    checked::Policy,
    form::{Action, Exempt},
};
use crate::policy::{
    aws,
    cel::{Piece, pieces},
};
use serde_json::{Value, json};

/// Where a policy holds, and how severely.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Part of the binding's name, where there are several.
    pub name: Option<String>,
    /// `namespaceSelector`.
    pub namespaces: Value,
    pub action: Action,
}

/// Names and specs of what is installed.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    pub policy: (String, Value),
    pub bindings: Vec<(String, Value)>,
}

// === impl Policy ===

impl Policy {
    /// Whether an API server has anything for it to judge: of objects of AWS it knows nothing.
    pub fn is_for_clusters(&self) -> bool {
        self.form.matches.iter().flat_map(|rule| &rule.groups).any(|group| group != aws::GROUP)
    }
}

/// `name`: of the policy on the cluster. `exempt`: an expression of who is not bound by it.
pub fn installation(policy: &Policy, name: &str, exempt: Option<&str>, bounds: &[Bound]) -> Installed {
    let bindings = bounds.iter().map(|bound| {
        let full = bound.name.as_ref().map_or_else(|| name.to_owned(), |part| format!("{name}-{part}"));
        (full, binding(name, bound))
    });
    Installed { bindings: bindings.collect(), policy: (name.to_owned(), spec(policy, exempt)) }
}

fn spec(policy: &Policy, exempt: Option<&str>) -> Value {
    let form = &policy.form;
    let with_params = |text: &str| replace_name(text, "params", "variables.params");
    let mut variables = vec![];
    if !form.params.is_empty() {
        variables.push(json!({"name": "params", "expression": literal(&policy.params)}));
    }
    variables.extend(exempt.map(|exempt| json!({"name": "exempt", "expression": exempt})));
    let own = form.variables.iter();
    variables.extend(own.map(|own| json!({"name": own.name, "expression": with_params(&own.expression)})));
    let validations = form.validations.iter().map(|validation| {
        let rule = with_params(&validation.expression);
        let rule = if exempt.is_some() { or_exempt(&rule) } else { rule };
        let mut made = json!({"expression": rule, "reason": "Forbidden"});
        // The expression itself says nothing to whom it refuses once it is wrapped.
        let message = validation.message.as_deref().unwrap_or(&form.description);
        made["message"] = format!("{message} {}", validation.remedy).into();
        if let Some(expression) = &validation.message_expression {
            made["messageExpression"] = with_params(expression).into();
        }
        made
    });
    let rules = form.matches.iter().map(|rule| {
        let operations: Vec<&str> = rule.operations.iter().map(|operation| operation.as_str()).collect();
        json!({"apiGroups": rule.groups, "apiVersions": rule.versions, "resources": rule.resources,
            "operations": operations, "scope": "*"})
    });
    let mut matched = everywhere();
    matched["resourceRules"] = rules.collect();
    let mut spec = json!({"failurePolicy": "Fail", "matchConstraints": matched});
    spec["validations"] = validations.collect();
    let own = form.match_conditions.iter().map(|condition| {
        // Conditions know no variables.
        let expression = replace_name(&condition.expression, "params", &literal(&policy.params));
        json!({"name": condition.name, "expression": expression})
    });
    let exemptions = form.exemptions.iter().enumerate().map(|(index, exemption)| {
        json!({"name": format!("exemption-{index}"), "expression": format!("!({})", is_exempt(&exemption.exempt))})
    });
    let conditions: Vec<Value> = own.chain(exemptions).collect();
    if !conditions.is_empty() {
        spec["matchConditions"] = conditions.into();
    }
    if !variables.is_empty() {
        spec["variables"] = variables.into();
    }
    spec
}

fn binding(policy: &str, bound: &Bound) -> Value {
    let actions = match bound.action {
        Action::Deny => json!(["Deny"]),
        Action::Warn => json!(["Warn", "Audit"]),
        Action::Audit => json!(["Audit"]),
    };
    let mut matched = everywhere();
    matched["namespaceSelector"] = bound.namespaces.clone();
    json!({"policyName": policy, "validationActions": actions, "matchResources": matched})
}

/// The API holds what is matched as one value, so its own defaults are part of ours.
fn everywhere() -> Value {
    json!({"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}})
}

fn is_exempt(Exempt { namespaces, names }: &Exempt) -> String {
    let part = |field: &str, list: &[String]| (!list.is_empty()).then(|| format!("request.{field} in {}", json!(list)));
    let parts: Vec<String> = [part("namespace", namespaces), part("name", names)].into_iter().flatten().collect();
    parts.join(" && ")
}

/// In CEL, whose texts, numbers and lists JSON's are. Values of a map are of one type there, which `dyn` is.
fn literal(params: &Value) -> String {
    let fields = params.as_object().into_iter().flatten();
    let fields: Vec<String> = fields.map(|(name, value)| format!("{}: dyn({value})", json!(name))).collect();
    format!("dyn({{{}}})", fields.join(", "))
}

/// Behind a comment at its end the bracket would be a part of that.
fn or_exempt(rule: &str) -> String {
    let is_open = matches!(pieces(rule).last(), Some((Piece::Comment, _)));
    format!("({rule}{}) || variables.exempt", if is_open { "\n" } else { "" })
}

/// A name of an expression by something else: outside of texts and comments, and where it is no field.
fn replace_name(expression: &str, name: &str, by: &str) -> String {
    let (mut made, mut is_field) = (String::with_capacity(expression.len()), false);
    for (piece, text) in pieces(expression) {
        made.push_str(if piece == Piece::Word && text == name && !is_field { by } else { text });
        match piece {
            Piece::Comment => {}
            // A field may be asked for with `.?`.
            Piece::Mark if text == "?" || text.trim().is_empty() => {}
            Piece::Word | Piece::Text | Piece::Mark => is_field = text == ".",
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_at_the_end_is_closed() {
        for (rule, expected) in [
            ("object.a // why", "(object.a // why\n) || variables.exempt"),
            ("object.a // why\n", "(object.a // why\n) || variables.exempt"),
            ("object.a != '// a'", "(object.a != '// a') || variables.exempt"),
        ] {
            assert_eq!(or_exempt(rule), expected);
        }
    }

    #[test]
    fn params_are_replaced_where_they_are_a_name() {
        for (expression, expected, reason) in [
            ("params.most > 3", "P.most > 3", "at the beginning"),
            ("has(params.?most)", "has(P.?most)", "in brackets"),
            ("a ? params : b", "a ? P : b", "behind a condition"),
            ("{'a': params, params: 1}", "{'a': P, P: 1}", "in a map"),
            ("object.params == 1", "object.params == 1", "a field"),
            ("object.?params == 1", "object.?params == 1", "a field that may be absent"),
            ("object\n  . params", "object\n  . params", "a field on a line of its own"),
            ("params2 + _params", "params2 + _params", "another name"),
            ("object.`params` + object.`a-params`", "object.`params` + object.`a-params`", "a field in backticks"),
            ("'params' + params", "'params' + P", "a text"),
            ("'the params' + \"it's params\"", "'the params' + \"it's params\"", "words of a text"),
            (r"'it\'s params' + params", r"'it\'s params' + P", "a text with a quotation mark in it"),
            (r"r'\' + params + r'\'", r"r'\' + P + r'\'", "a raw text"),
            ("'''it's params''' + params", "'''it's params''' + P", "a text in three quotation marks"),
            ("// don't\nparams", "// don't\nP", "behind a quotation mark in a comment"),
            ("// of params.\nparams", "// of params.\nP", "a comment, whose full stop makes no field"),
            ("1 // a\n + params // b", "1 // a\n + P // b", "between comments"),
        ] {
            assert_eq!(replace_name(expression, "params", "P"), expected, "{reason}");
        }
    }
}

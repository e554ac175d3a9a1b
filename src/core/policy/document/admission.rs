//! A policy as the API server takes it: a ValidatingAdmissionPolicy, and a binding for each group of namespaces in which it is as
//! severe. Params are written into it as data, so that no object in reach of a tenant says what a policy allows.

use super::{
    checked::Policy,
    form::{Action, Exempt},
};
use crate::policy::aws;
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
pub fn installed(policy: &Policy, name: &str, exempt: Option<&str>, bounds: &[Bound]) -> Installed {
    let bindings = bounds.iter().map(|bound| {
        let full = bound.name.as_ref().map_or_else(|| name.to_owned(), |part| format!("{name}-{part}"));
        (full, binding(name, bound))
    });
    Installed { bindings: bindings.collect(), policy: (name.to_owned(), spec(policy, exempt)) }
}

fn spec(policy: &Policy, exempt: Option<&str>) -> Value {
    let form = &policy.form;
    let with_params = |text: &str| replaced(text, "params", "variables.params");
    let mut variables = vec![];
    if !form.params.is_empty() {
        variables.push(json!({"name": "params", "expression": literal(&policy.params)}));
    }
    variables.extend(exempt.map(|exempt| json!({"name": "exempt", "expression": exempt})));
    let own = form.variables.iter();
    variables.extend(own.map(|own| json!({"name": own.name, "expression": with_params(&own.expression)})));
    let validations = form.validations.iter().map(|validation| {
        let rule = with_params(&validation.expression);
        let rule = if exempt.is_some() { format!("({rule}) || variables.exempt") } else { rule };
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
        let expression = replaced(&condition.expression, "params", &literal(&policy.params));
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

/// A name of an expression by something else: outside of texts and comments, and where it is no field.
fn replaced(expression: &str, name: &str, by: &str) -> String {
    let (mut made, mut quote, mut skip) = (String::with_capacity(expression.len()), None, false);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let word: &str = rest.split(|c| !is_word(c)).next().unwrap_or("");
        let is_name = quote.is_none() && word == name && {
            let before = made.trim_end();
            !before.ends_with('.') && !before.ends_with(".?")
        };
        let taken = if is_name {
            made.push_str(by);
            name.len()
        } else if quote.is_none() && !word.is_empty() {
            made.push_str(word);
            word.len()
        } else {
            match (quote, c) {
                _ if skip => skip = false,
                (Some(_), '\\') => skip = true,
                (Some(open), c) if open == c => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                _ => {}
            }
            made.push(c);
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    made
}

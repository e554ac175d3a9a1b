//! SARIF 2.1.0, which code scanners show beside the line.

use super::report::{Finding, Report};
use goldenpath_core::{
    domain::release,
    policy::document::{Action, Policy},
};
use serde_json::{Value, json};

pub(super) fn log(report: &Report, policies: &[&Policy]) -> Value {
    let rules = policies.iter().map(|policy| {
        json!({"id": policy.form.name, "shortDescription": {"text": policy.form.description},
            "properties": {"version": policy.form.version.to_string()}})
    });
    let place = |file: &str, line: usize, column: usize| json!([{"physicalLocation": {"artifactLocation": {"uri": uri(file)}, "region": {"startLine": line, "startColumn": column}}}]);
    let findings = report.findings.iter().map(|finding| {
        let Finding { file, line, object, policy, action, message, remedy, .. } = finding;
        json!({"ruleId": policy, "level": level(*action), "message": {"text": format!("{object}: {message} {remedy}")},
            "locations": place(file, *line, 1)})
    });
    let notices = report.problems.iter().map(|problem| {
        json!({"level": "error", "message": {"text": problem.message},
            "locations": place(&problem.file, problem.line, problem.column)})
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "goldenpath", "version": release(), "rules": rules.collect::<Value>()}},
            "results": findings.collect::<Value>(),
            "invocations": [{"executionSuccessful": report.problems.is_empty(),
                "toolExecutionNotifications": notices.collect::<Value>()}],
        }],
    })
}

/// A path as a URI holds it, without what means something else there or may not stand in one.
fn uri(file: &str) -> String {
    let of = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    file.bytes().map(of).collect()
}

fn level(action: Action) -> &'static str {
    match action {
        Action::Deny => "error",
        Action::Warn => "warning",
        Action::Audit => "note",
    }
}

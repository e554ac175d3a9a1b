//! The form of what users read besides problems and diagnostics: errors of commands and their causes, what `doctor` finds, and what
//! rules and policies say.

use super::{
    forms,
    lexer::{Line, Token},
    literals::{arguments, literals, texts},
    messages::sources,
};
use anyhow::Result;
use goldenpath_core::policy::{document::Policy, guards, pack, rule_policies, rules};

/// Its errors are the summaries of problems as they stand.
const OF_SUMMARIES: &str = "src/core/provision/engine/failure.rs";

/// What `doctor` makes its findings by: what it found, and what to do.
const FINDINGS: [&str; 7] = ["ok", "warning", "error", "breach", "no_result", "Breach", "Warned"];

pub(super) fn malformed_texts() -> Result<Vec<String>> {
    let mut wrong = of_policies();
    for (path, tokens) in sources("src")? {
        let at = |(line, fault): (Line, String)| format!("{path}:{line}: {fault}");
        let form = if path == OF_SUMMARIES { forms::of_summary } else { forms::of_error };
        wrong.extend(of_causes(&tokens, form).into_iter().map(at));
        if path.starts_with("src/provider/cli") || path.starts_with("src/provider/wiring") {
            wrong.extend(of_commands(&tokens).into_iter().map(at));
        }
        if path.starts_with("src/provider/cli/doctor") {
            wrong.extend(of_findings(&tokens).into_iter().map(at));
        }
    }
    Ok(wrong)
}

type Faults = Vec<(Line, String)>;

/// `#[error("…")]`
fn of_causes(tokens: &[(Line, Token)], form: fn(&str) -> Option<String>) -> Faults {
    let windows = tokens.windows(5).enumerate();
    let causes = windows.filter_map(|(at, window)| match window {
        [(line, Token::Mark('#')), (_, Token::Mark('[')), (_, Token::Name(name)), (_, Token::Mark('(')), _]
            if name == "error" =>
        {
            Some((*line, at + 4))
        }
        _ => None,
    });
    causes.flat_map(|(line, inside)| faults(line, arguments(&tokens[inside..]).first().copied(), form)).collect()
}

/// `anyhow!("…")`, `bail!("…")`, `ensure!(is_so, "…")`, `.context("…")` and `.with_context(|| format!("…"))`
fn of_commands(tokens: &[(Line, Token)]) -> Faults {
    let mut found = vec![];
    for (at, (line, token)) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let (first, inside) = match (name.as_str(), tokens.get(at + 1), tokens.get(at + 2)) {
            ("anyhow" | "bail", Some((_, Token::Mark('!'))), Some((_, Token::Mark('(')))) => (0, at + 3),
            ("ensure", Some((_, Token::Mark('!'))), Some((_, Token::Mark('(')))) => (1, at + 3),
            ("context" | "with_context", Some((_, Token::Mark('('))), _) => (0, at + 2),
            _ => continue,
        };
        let argument = arguments(&tokens[inside..]).get(first).copied();
        let argument = argument.map(|argument| match argument {
            [(_, Token::Mark('|')), (_, Token::Mark('|')), of_closure @ ..] => of_closure,
            argument => argument,
        });
        found.extend(faults(*line, argument, forms::of_error));
    }
    found
}

fn of_findings(tokens: &[(Line, Token)]) -> Faults {
    let mut found = vec![];
    for (at, (line, token)) in tokens.iter().enumerate() {
        let is_call = matches!(token, Token::Name(name) if FINDINGS.contains(&name.as_str()))
            && matches!(tokens.get(at + 1), Some((_, Token::Mark('('))));
        if !is_call {
            continue;
        }
        let arguments = arguments(&tokens[at + 2..]);
        found.extend(faults(*line, arguments.first().copied(), forms::of_error));
        let remedies = arguments.get(1).map(|remedy| texts(remedy, &tokens[..at])).unwrap_or_default();
        found.extend(remedies.iter().filter_map(|text| forms::of_remedy(text)).map(|fault| (*line, fault)));
    }
    found
}

fn faults(line: Line, argument: Option<&[(Line, Token)]>, form: fn(&str) -> Option<String>) -> Faults {
    let texts = argument.map(literals).unwrap_or_default();
    texts.iter().filter_map(|text| form(text)).map(|fault| (line, fault)).collect()
}

/// A rule is a finding of a plan, and its message a summary; what an API server says is a sentence.
fn of_policies() -> Vec<String> {
    let of_rules = rules().iter().flat_map(|rule| {
        let found = [forms::of_summary(rule.reason), forms::of_remedy(&rule.remedy)];
        found.into_iter().flatten().map(|fault| format!("{}: {fault}", rule.id))
    });
    let as_summary: fn(&str) -> Option<String> = forms::of_summary;
    let as_sentence: fn(&str) -> Option<String> = forms::of_remedy;
    let of_rule_policies = rule_policies().iter().map(|(_, policy)| (policy, as_summary));
    let of_pack = pack().iter().chain(guards().values()).map(|policy| (policy, as_sentence));
    of_rules.chain(of_rule_policies.chain(of_pack).flat_map(|(policy, form)| of_policy(policy, form))).collect()
}

fn of_policy(policy: &Policy, form: fn(&str) -> Option<String>) -> Vec<String> {
    let form_of = &policy.form;
    let of_validations = form_of
        .validations
        .iter()
        .flat_map(|one| [one.message.as_deref().and_then(form), forms::of_remedy(&one.remedy)]);
    let faults = of_validations.chain([form(&form_of.description)]).flatten();
    faults.map(|fault| format!("{}: {fault}", policy.id())).collect()
}

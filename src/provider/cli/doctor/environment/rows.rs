//! From answers to a row: whose or where each is, and whether it is the promised one.

use crate::cli::doctor::finding::{Answer, CheckStatus, Finding};
use std::{borrow::Cow, collections::BTreeMap};

/// What one of those who are asked about says, or one namespace.
pub struct Said {
    pub by: String,
    pub answer: Answer,
    pub verdict: Verdict,
}

pub enum Verdict {
    AsPromised,
    /// In words, and what to do.
    Broken(String, String),
    /// Why, and what to do.
    Warned(String, String),
}

/// The worst of them decides.
pub fn finding(check: impl Into<Cow<'static, str>>, benchmark: &'static [&'static str], said: Vec<Said>) -> Finding {
    let mut status = CheckStatus::Ok;
    let mut remedies: Vec<String> = vec![];
    let mut words: Vec<String> = vec![];
    let mut answers = BTreeMap::new();
    for Said { by, answer, verdict } in said {
        let (worse, detail, remedy) = match verdict {
            Verdict::AsPromised => (CheckStatus::Ok, String::new(), String::new()),
            Verdict::Broken(detail, remedy) => (CheckStatus::Error, format!(", not as promised: {detail}"), remedy),
            Verdict::Warned(why, remedy) => (CheckStatus::Warning, format!(": {why}"), remedy),
        };
        words.push(format!("{by} {}{detail}", answer.as_str()));
        answers.insert(by, answer);
        if worse > status {
            status = worse;
            remedies.clear();
        }
        if worse == status && !remedy.is_empty() && !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    // One reason for all is said once.
    let is_alike = |words: &[String]| {
        let ends: Vec<Option<&str>> = words.iter().map(|words| Some(words.split_once(": ")?.1)).collect();
        ends.len() > 1 && ends.iter().all(|end| end.is_some() && *end == ends[0])
    };
    let found = match words.first().and_then(|first| first.split_once(": ")) {
        Some((_, why)) if status == CheckStatus::Warning && is_alike(&words) => format!("could not ask: {why}"),
        _ => words.join("; "),
    };
    Finding { check: check.into(), status, found, remedy: remedies.join(" "), answers, benchmark }
}

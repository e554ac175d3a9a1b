//! Effects are verbs and values are nouns: the name of a function or method is no participle, alone (`written`) or at its end
//! (`half_deleted`). A participle says neither what is done nor what is returned.
//!
//! Two forms are none of that: a predicate (`is_written`, `all_are_held`), and a verb with what it is about (`delete_recorded`).

use super::{
    circles,
    files::{self, is_within},
    lexer::{Line, Token, tokens, without_tests},
};
use anyhow::Result;
use std::collections::BTreeSet;

const FOLDERS: [&str; 2] = ["src", "acceptance-tests"];

const PREDICATES: [&str; 11] = ["is", "are", "was", "were", "be", "has", "have", "had", "may", "can", "must"];

const VERBS: [&str; 12] =
    ["bind", "check", "count", "delete", "describe", "gather", "judge", "list", "remember", "remove", "render", "wait"];

/// Participles without `-ed`. Not those that are as well a verb's first form or a noun: `read`, `set`, `put`, `run`, `cut`, `bound`.
const IRREGULAR: [&str; 41] = [
    "agreed",
    "begun",
    "broken",
    "brought",
    "built",
    "caught",
    "chosen",
    "done",
    "drawn",
    "fallen",
    "forbidden",
    "forgotten",
    "found",
    "freed",
    "frozen",
    "given",
    "gone",
    "grown",
    "heard",
    "held",
    "hidden",
    "kept",
    "known",
    "left",
    "lost",
    "made",
    "meant",
    "met",
    "proven",
    "said",
    "seen",
    "sent",
    "shown",
    "sold",
    "spent",
    "stuck",
    "taken",
    "told",
    "thrown",
    "understood",
    "written",
];

/// Words of others, each with whose it is.
const ALLOWED: [(&str, &str); 8] = [
    ("computed", "how Terraform's schema says who sets an attribute"),
    ("deprecated", "a mark of Terraform's schema"),
    ("elapsed", "as `Instant` of the standard library has it"),
    ("namespaced", "a scope of Kubernetes' kinds"),
    ("optional_computed", "how Terraform's schema says who sets an attribute"),
    ("poll_write_vectored", "a method of tokio's `AsyncWrite`"),
    ("required", "how Terraform's schema says who sets an attribute"),
    ("unknown", "a value of Terraform's protocol"),
];

pub(super) fn participles() -> Result<Vec<String>> {
    let (mut wrong, mut met) = (vec![], BTreeSet::new());
    let is_covered = |path: &String| FOLDERS.iter().any(|folder| is_within(path, folder));
    for path in circles::product_files()?.into_iter().filter(is_covered) {
        for (line, name) in functions(&files::read(&path)?) {
            if let Some((allowed, _)) = ALLOWED.iter().find(|(allowed, _)| *allowed == name) {
                met.insert(*allowed);
            } else if is_participle(&name) {
                wrong.push(format!("{path}:{line}: fn {name}: a verb for an effect, a noun for a value"));
            }
        }
    }
    let needless = ALLOWED.iter().filter(|(allowed, _)| !met.contains(allowed));
    wrong.extend(needless.map(|(allowed, reason)| format!("no function is named {allowed} ({reason})")));
    Ok(wrong)
}

/// What a file defines, without its tests.
fn functions(text: &str) -> Vec<(Line, String)> {
    let tokens = without_tests(tokens(text));
    let named = tokens.windows(2).filter_map(|two| match two {
        [(_, Token::Name(keyword)), (line, Token::Name(name))] if keyword == "fn" => Some((*line, name.clone())),
        _ => None,
    });
    named.collect()
}

fn is_participle(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').collect();
    let [before @ .., last] = words.as_slice() else { return false };
    // `need`, `seed` and `speed` are nouns.
    let is_regular = last.len() > 3 && last.ends_with("ed") && !last.ends_with("eed");
    let is_predicate = before.iter().any(|word| PREDICATES.contains(word));
    let is_verb_with_object = before.first().is_some_and(|word| VERBS.contains(word));
    // `unwritten`, `undone`.
    let is_irregular =
        IRREGULAR.contains(last) || last.strip_prefix("un").is_some_and(|rest| IRREGULAR.contains(&rest));
    (is_regular || is_irregular) && !is_predicate && !is_verb_with_object
}

//! The page of all rules: those of the policy as they stand in its list, and every other code with its texts as the source has them.

mod source;

use super::markdown::head;
use anyhow::ensure;
use goldenpath_core::{
    domain::Severity,
    policy::{self, Rule},
};
use source::{Report, Source};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
};

/// What a code begins with, and what such a code is about. In the order of the page.
const GROUPS: &[(&str, &str)] = &[
    ("environment", "The request of an environment: names, quotas, limits, labels, owner."),
    ("slot", "The request of a slot, and what it shares with its environment."),
    ("identity", "The AWS identity of a slot."),
    ("access", "Who has access."),
    ("network", "Ingress and egress."),
    ("quota", "Quotas by PriorityClass."),
    ("quantity", "Amounts."),
    ("names", "Names that are taken or reserved."),
    ("catalogue", "Golden paths, their versions and tiers."),
    ("parameters", "Additional values that a golden path lets teams set."),
    ("policy", "Policies of a golden path."),
    ("clock", "The clock of the machine."),
    ("baseline", "What a cluster needs once."),
    ("guards", "Admission policies of the baseline."),
    ("boundary", "The permissions boundary."),
    ("bounds", "What a configuration or a caller may touch."),
    ("claims", "What a client of a daemon claims about its state and the cluster does not confirm."),
    ("deletion", "What a change would lose."),
    ("drift", "What others changed."),
    ("record", "The provider's own document about an instance."),
    ("plan", "A plan that no longer holds."),
    ("create", "What a plan can't know before the target can be read."),
    ("cluster", "The cluster itself."),
    ("target", "Calls to AWS and to the API server."),
    ("object", "One object that can't be made so."),
    ("aws", "What AWS refuses, known before it is asked."),
    ("operation", "An operation that did not end."),
    ("daemon", "A provisioning daemon and its callers."),
];

/// Codes whose texts are put together from elsewhere: what they say, and what to do.
const PUT_TOGETHER: &[(&str, &str, &str)] = &[
    (
        "parameters.missing",
        "A golden path needs a parameter that is not set",
        "Set it under `parameters` to a value of its type, which the finding names.",
    ),
    (
        "parameters.value",
        "A parameter can't have this value",
        "Set it to a value of its type and inside of its range, which the finding names.",
    ),
    (
        "parameters.unknown",
        "A golden path has no parameter of this name",
        "Correct the name, or remove it. `goldenpath catalogue show <name>` lists those that there are.",
    ),
    (
        "policy.violated",
        "A policy of the golden path flags an object",
        "Follow the policy's remedy, which the finding quotes.",
    ),
    (
        "policy.undecided",
        "An object that a policy matches is not known yet",
        "Nothing: it is judged before anything is changed.",
    ),
    (
        "environment.namespace_length",
        "The final name of a namespace is longer than 63 characters",
        "Shorten the environment's name or the key.",
    ),
    (
        "slot.namespace_length",
        "The final name of the slot's namespace is longer than 63 characters",
        "Shorten the slot's name.",
    ),
    (
        "slot.shares_exceed_total",
        "The shares of an environment's slots add up to more than is available",
        "Lower the shares, or raise `quota.total` or `quota.slots_percent` of the environment.",
    ),
    (
        "slot.shares_over_total",
        "The shares of an environment's slots add up to more than is available now",
        "The apply waits for other slots of this run to shrink, and is refused if they do not. Lower the shares unless \
         they do.",
    ),
    (
        "slot.no_room_for_update",
        "The shares of an environment's slots leave no room for a rolling update of the largest",
        "Lower a share, raise `quota.total` of the environment, or set `maxSurge: 0` in the Deployment.",
    ),
    (
        "environment.no_room_for_update",
        "A lowered total leaves no room for a rolling update of the largest slot",
        "Leave more of the total, or lower a share first.",
    ),
    (
        "environment.quota_resource",
        "A quota names something that Kubernetes does not count, or counts under another name",
        "Write the name that the finding gives.",
    ),
    (
        "access.principal_form",
        "A principal is no IAM role or user that can have an access entry",
        "Write the ARN of the role itself, with its path, instead of that of a session, a group or a service-linked role.",
    ),
    (
        "drift.changed",
        "An object was changed outside of Terraform, or by another run of this provider",
        "The finding names each field and its manager. The next apply puts them back, unless `drift` says to report them.",
    ),
    ("network.cidr_form", "A text is no CIDR range", "Write one range in each element, such as 10.0.0.0/8."),
    ("catalogue.deprecated", "A golden path is deprecated", "Follow its document, which the finding quotes."),
    ("cluster.name", "The name or ARN of a cluster is not valid", "Correct the ID."),
    (
        "cluster.undecided",
        "The facts of a cluster are not known yet: it is not found, or can't be read",
        "If the same run creates it, apply. Otherwise check its name, the region, the account and the network.",
    ),
    ("daemon.credentials", "A file of `daemon` in the provider block can't be used", "Correct the file, or the block."),
    ("daemon.target", "The daemon can't reach its own target", "Correct its configuration as the finding says."),
    (
        "object.foreign",
        "An object of this name belongs to somebody else",
        "Remove it, choose another name, or have an administrator mark a namespace for adoption.",
    ),
    (
        "object.held",
        "Another field manager applies a field that the golden path sets",
        "Remove the field from what that manager applies, or leave it to that manager.",
    ),
    (
        "object.mismatch",
        "An object differs from what was applied, right after the apply",
        "Find what changes it at once, in a cluster usually an admission webhook, and exempt the object there.",
    ),
    (
        "object.undecided",
        "Something that the object is made of was not provided by another resource of this run",
        "Apply again.",
    ),
    (
        "object.stuck",
        "An object is being deleted and does not go",
        "Remove what blocks its deletion, then apply again.",
    ),
    (
        "record.unreadable",
        "The record of an instance can't be read",
        "A newer release may have written it: use that release, or repair the ConfigMap.",
    ),
    ("record.busy", "Another operation is at work on the instance", "Wait for it to finish, then apply again."),
    (
        "operation.timed_out",
        "An operation took longer than its timeout",
        "Apply again to continue, with longer `timeouts` if needed.",
    ),
    ("operation.cancelled", "An operation was interrupted", "Apply again to continue."),
    ("operation.random", "The system gives no random numbers", "Try again."),
    ("target.not_found", "Something that a call needs is gone", "Plan again."),
    ("target.conflict", "Something else changes it at the same time", "Plan again."),
    ("target.denied", "A call is not allowed", "Allow the caller what the message names, then try again."),
    ("target.throttled", "Requests were throttled throughout", "Try again in a minute."),
    ("target.unavailable", "There is no usable response", "Check the connection and the credentials, then try again."),
    ("target.invalid", "A call was refused as invalid", "Correct the request as the message says."),
    ("target.cancelled", "A call was given up", "Try again."),
];

/// `src`: the folder of the sources.
pub fn page(src: &Path) -> anyhow::Result<String> {
    let source = source::read(src)?;
    let left = missing_codes(&source);
    ensure!(left.is_empty(), "rules.rs knows no text or no group of {left:?}: see `PUT_TOGETHER` and `GROUPS`");
    let mut page = head(
        "Rules and checks",
        "Everything that a plan or an apply can find, by its code.\n\nA **rule** is held against all objects of a request, whichever golden \
         path rendered them. Its finding names it: `Rule iam.boundary flags …`. A **check** is about one field, or about what the target has. \
         Codes are stable, and each message ends with its own. `…` is what a message fills in.",
    );
    page += "\n## Rules\n\nSeverity by the class of the tier: dev, staging, prod. What belongs to no tier is held against the column prod.\n";
    page += "\n| rule | dev | staging | prod | because | what to do |\n|---|---|---|---|---|---|\n";
    for Rule { id, reason, remedy, severity, .. } in policy::rules() {
        let [dev, staging, prod] = severity.map(word);
        let _ = writeln!(page, "| `{id}` | {dev} | {staging} | {prod} | {} | {} |", cell(reason), cell(remedy));
    }
    page += "\n## Checks\n";
    let rows = rows(&source);
    for (group, about) in GROUPS {
        let _ = write!(page, "\n### `{group}`\n\n{about}\n\n| code | is | it says | what to do |\n|---|---|---|---|\n");
        for (Said { code, says, next }, is) in rows.iter().filter(|(said, _)| group_of(said.code) == *group) {
            let joined = |texts: &[&str]| texts.iter().map(|text| cell(text)).collect::<Vec<_>>().join("<br>");
            let is: Vec<&str> = is.iter().copied().collect();
            let _ = writeln!(page, "| `{code}` | {} | {} | {} |", is.join(" or "), joined(says), joined(next));
        }
    }
    Ok(page)
}

/// One row of the page: what is said under a code, in one of the places that report it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said<'a> {
    code: &'a str,
    says: Vec<&'a str>,
    next: Vec<&'a str>,
}

/// Each with its severities.
fn rows(source: &Source) -> BTreeMap<Said<'_>, BTreeSet<&str>> {
    let mut rows: BTreeMap<Said<'_>, BTreeSet<&str>> = BTreeMap::new();
    let mut without: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Report { code, kind, summaries, details } in &source.reports {
        let is: &[&str] = match kind.as_str() {
            "error" => &["error"],
            "warning" => &["warning"],
            _ => &["error", "warning"],
        };
        let (says, next) = (texts(summaries), texts(details));
        match says.is_empty() || next.is_empty() {
            true => without.entry(code).or_default().extend(is),
            false => rows.entry(Said { code, says, next }).or_default().extend(is),
        }
    }
    for (code, says, next) in PUT_TOGETHER {
        let is = without.remove(code).unwrap_or_else(|| ["error"].into());
        rows.insert(Said { code, says: vec![says], next: vec![next] }, is);
    }
    rows
}

/// Those that say something by themselves: not a step alone, behind what is known later.
fn texts(texts: &[String]) -> Vec<&str> {
    let has_words =
        |text: &&str| text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() > 1;
    let is_step = |text: &&str| {
        let step = text.strip_prefix("…: ").or_else(|| text.strip_prefix("…; "));
        step.is_some_and(|step| !step.starts_with('…'))
    };
    let texts = texts.iter().map(|text| text.trim_start_matches("…. ").trim_start_matches("… ").trim());
    texts.filter(|text| has_words(text) && !is_step(text)).collect()
}

/// Of the codes in the source, those that the page would not have, or in some place without words.
fn missing_codes(source: &Source) -> Vec<String> {
    let rows = rows(source);
    let is_rule = |code: &str| policy::rules().iter().any(|rule| rule.id == code);
    let is_grouped = |code: &str| GROUPS.iter().any(|(group, _)| *group == group_of(code));
    let has_words = |report: &Report| !texts(&report.summaries).is_empty() && !texts(&report.details).is_empty();
    let is_put_together = |code: &str| PUT_TOGETHER.iter().any(|(known, ..)| *known == code);
    let wordless = source.reports.iter().filter(|report| !has_words(report)).map(|report| report.code.as_str());
    let ungrouped = source.reports.iter().map(|report| report.code.as_str()).filter(|code| !is_grouped(code));
    // Names of templates and of no host look like codes.
    let is_name = |code: &str| code.ends_with(".html") || code.ends_with(".invalid");
    let alike =
        source.alike.iter().map(String::as_str).filter(|code| is_grouped(code) && !is_rule(code) && !is_name(code));
    let absent = alike.filter(|code| !rows.keys().any(|said| said.code == *code));
    let left: BTreeSet<&str> =
        wordless.filter(|code| !is_put_together(code) && !is_rule(code)).chain(ungrouped).chain(absent).collect();
    left.into_iter().map(str::to_owned).collect()
}

fn group_of(code: &str) -> &str {
    match code.split_once('.') {
        Some((group, _)) => group,
        // `foreign_grant`
        None => "drift",
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// In a table, where a line is a row and a bar a column.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A code that the source has and the page lacks fails here, and so does a text in `PUT_TOGETHER` whose code is gone.
    #[test]
    fn every_code_of_the_source_is_on_the_page() {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let source = source::read(&src).unwrap();
        assert_eq!(missing_codes(&source), Vec::<String>::new());
        let is_there =
            |code: &str| source.alike.contains(code) || source.reports.iter().any(|report| report.code == code);
        let gone: Vec<_> = PUT_TOGETHER.iter().filter(|(code, ..)| !is_there(code)).collect();
        assert!(gone.is_empty(), "{gone:?}");
        let page = page(&src).unwrap();
        for code in
            source.reports.iter().map(|report| report.code.as_str()).chain(policy::rules().iter().map(|rule| rule.id))
        {
            assert!(page.contains(&format!("| `{code}` |")), "{code}");
        }
        for known in ["network.fqdn_form", "iam.boundary", "foreign_grant", "daemon.token", "target.denied"] {
            assert!(page.contains(&format!("| `{known}` |")), "{known} is a code");
        }
    }
}

//! What a person has to do stands in the summary of an error, in few words behind a colon or a semicolon: a bridge such as Crossplane's
//! shows nothing else.

use super::messages::{self, Message};
use anyhow::Result;

/// What such a step begins with. `{step}` is one that is put together.
const STEPS: &str = "add allow apply ask assign begin change check choose correct create destroy get give grant import join keep \
    leave list look lower move name open plan publish put raise reference refresh remove rename report restore run \
    set shorten start unset upgrade use watch write {step}";

/// A value outside of its form or limits: with what it has to be the reader knows what to do.
const LIMITS: &[&str] = &[
    " must ",
    " is not a ",
    " is not an ",
    " is not the ",
    " is neither ",
    " is negative",
    " is out of range",
    " is above the maximum ",
    " is more than ",
    " is less than ",
    " can only ",
    " needs ",
    "can't have this value",
];

/// Codes of what a request says: there a limit suffices. All others are about what lies outside of it.
const OF_REQUESTS: &[&str] =
    &["environment.", "slot.", "identity.", "access.", "network.", "quota.", "quantity.", "names.", "parameters."];

/// Beginnings of summaries without a step, each with its reason.
const EXCEPT: &[(&str, &str)] = &[
    ("{place}: {text}", "the law of the schema says what is wrong with the value"),
    ("{arn:?} {reason}", "the reason says what the ARN is instead of a role or a user"),
    ("The catalogue can't be read: ", "the cause names the document or folder, and what to do with it"),
    ("The configuration of the sandbox can't be read: ", "the cause names the value"),
    ("The provider configuration can't be read: ", "the cause names the value"),
    ("GOLDENPATH_DAEMON can't be used: ", "the cause says how an endpoint is written"),
    ("{id} is not protected from deletion", "there is nothing to do"),
    ("Another operation works on {about}", "only a healing gives way, and its next round looks again"),
];

pub(super) fn missing_steps() -> Result<Vec<String>> {
    let errors: Vec<Message> = messages::all()?.into_iter().filter(|message| message.is_error).collect();
    let is_met = |start: &str| errors.iter().flat_map(|error| &error.summaries).any(|text| text.starts_with(start));
    // Also where the texts are no longer found in the source at all.
    let needless = EXCEPT.iter().filter(|(start, _)| !is_met(start));
    let mut wrong: Vec<String> =
        needless.map(|(start, reason)| format!("no summary begins with {start:?} ({reason})")).collect();
    wrong.extend(errors.into_iter().flat_map(|Message { path, line, code, summaries, .. }| {
        let is_of_request = code.is_none_or(|code| OF_REQUESTS.iter().any(|start| code.starts_with(start)));
        let has_limit = move |text: &str| is_of_request && LIMITS.iter().any(|limit| text.contains(limit));
        let is_excepted = |text: &str| EXCEPT.iter().any(|(start, _)| text.starts_with(start));
        let is_wrong = move |text: &String| !has_step(text) && !has_limit(text) && !is_excepted(text);
        let place = format!("{path}:{line}");
        summaries.into_iter().filter(is_wrong).map(move |text| format!("{place}: the summary {text:?} says no step"))
    }));
    Ok(wrong)
}

fn has_step(summary: &str) -> bool {
    summary.split([':', ';']).skip(1).any(|part| {
        let first = part.strip_prefix(' ').and_then(|part| part.split([' ', ',']).next());
        first.is_some_and(|first| STEPS.split(' ').any(|step| step == first))
    })
}

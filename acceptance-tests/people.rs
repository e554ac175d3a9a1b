//! People's access, as it happens: two teams' environments made by the provider, a role for each persona and one for nobody, each
//! assumed through STS, each with an EKS token of its own, against the real API server and its RBAC.

mod fixture;
mod guards;
mod pack;
mod parity;
mod pods;
mod report;
mod stacks;
mod table;

pub use fixture::PeopleFixture;

use crate::{
    check::{Check, check, none},
    doctor,
};
use acceptance_tests::servers::{api::ApiCall, ministack};
use anyhow::{Context as _, Result, ensure};
use fixture::{DEV, OTHERS, PROD, People};
use goldenpath_core::domain::PersonaName;
use std::sync::Arc;

pub const CHECKS: [Check<People>; 12] = [
    check!("who may do what in an environment of class dev", in_dev),
    check!("who may do what in an environment of class prod", in_prod),
    check!("nobody may do anything in another team's environment", elsewhere),
    check!("without an access entry, or with a tampered token, one is nobody", nobody),
    check!("which pods and services each tier admits", pods::are_admitted),
    check!("stacks as teams run them fit into every tier", stacks::fit),
    check!("what guards admit and refuse", guards::hold),
    check!("every expression of a guard is sound", guards::are_sound),
    check!("expressions mean to the API server what they mean to us", parity::holds),
    check!("built-in policies accept and refuse at the API server what they do in a plan", pack::holds),
    check!("`policy report` finds what was put there by hand", report::is_made),
    check!("`doctor environment` gives the same answers", doctor_agrees),
];

/// All rows in one namespace; `tier`: whose roles they have in it, if they have any.
async fn rows(people: &People, namespace: &str, tier: Option<&str>) -> Result<()> {
    let tier = tier.map(table::tier).transpose()?;
    let mut wrong = vec![];
    for attempt in table::attempts(namespace, OTHERS) {
        for persona in PersonaName::ALL {
            let may = tier.as_ref().is_some_and(|tier| attempt.row.may(tier.role(persona)));
            let reply = people.attempt(persona.as_str(), &attempt).await?;
            ensure!(reply.status != 401, "the token of the {persona} is refused");
            if (reply.status != 403) != may {
                let word = if may { "may" } else { "may not" };
                let (method, path) = (&attempt.method, &attempt.path);
                wrong.push(format!(
                    "{persona} {word} {} ({}): {method} {path}: {reply:?}",
                    attempt.row.name, attempt.row.reason
                ));
            }
        }
    }
    none(wrong)
}

async fn in_dev(people: Arc<People>) -> Result<()> {
    rows(&people, DEV, Some("dev")).await
}

async fn in_prod(people: Arc<People>) -> Result<()> {
    rows(&people, PROD, Some("prod")).await
}

/// Whatever one may at home, one may nothing of it at another team's.
async fn elsewhere(people: Arc<People>) -> Result<()> {
    rows(&people, OTHERS, None).await
}

/// By access reviews what the requests above show, and every promise of admission is kept.
async fn doctor_agrees(people: Arc<People>) -> Result<()> {
    for name in [DEV, PROD] {
        let report =
            doctor::environment::Report::of(&people.platform, &format!("{}/{name}", ministack::CLUSTER)).await?;
        none(report.not_ok())?;
        ensure!(report.code == 0, "{name}: exit code {}", report.code);
        ensure!(report.rows.len() > 40, "{name}: {} rows", report.rows.len());
        let slots = report.row("network rules")?["answers"].get("people-prod-store");
        ensure!(slots.is_some() == (name == PROD), "a slot's own namespace: {:?}", report.rows);
    }
    Ok(())
}

async fn nobody(people: Arc<People>) -> Result<()> {
    for namespace in [DEV, PROD] {
        for attempt in table::attempts(namespace, OTHERS) {
            let reply = people.attempt("nobody", &attempt).await?;
            ensure!(reply.status == 401, "without an access entry one is nobody ({}): {reply:?}", attempt.path);
        }
    }
    // And a token for another cluster is none for this one.
    let token = people.tokens.get("admin").context("no token")?;
    // Inside the signature; the last character may hold bits that mean nothing.
    let (before, rest) = token.split_at(token.len() - 9);
    let other = if rest.starts_with('N') { 'M' } else { 'N' };
    let tampered = format!("{before}{other}{}", &rest[1..]);
    let reply = people.call(&tampered, ApiCall::get("/api/v1/namespaces/people-dev/pods")).await?;
    ensure!(reply.status == 401, "a token that was tampered with: {reply:?}");
    Ok(())
}

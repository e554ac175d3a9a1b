//! People's access, as it happens: two teams' environments made by the provider, a role for each persona and one for nobody, each
//! assumed through STS, each with an EKS token of its own, against the real API server and its RBAC.

mod fixture;
mod guards;
mod pods;
mod table;

pub use fixture::PeopleFixture;

use crate::check::{Check, check, none};
use acceptance_tests::servers::api::ApiCall;
use anyhow::{Context as _, Result, ensure};
use fixture::{DEV, OTHERS, PROD, People};
use std::sync::Arc;
use table::{PERSONAS, Row};

pub const CHECKS: [Check<People>; 7] = [
    check!("who may do what in an environment of class dev", in_dev),
    check!("who may do what in an environment of class prod", in_prod),
    check!("nobody may do anything in another team's environment", elsewhere),
    check!("without an access entry, or with a tampered token, one is nobody", nobody),
    check!("which pods and services each tier admits", pods::admitted),
    check!("what guards admit and refuse", guards::hold),
    check!("every expression of a guard is sound", guards::are_sound),
];

/// All rows in one namespace; `expected` are the columns.
async fn rows(people: &People, namespace: &str, expected: impl Fn(&Row) -> [bool; 4]) -> Result<()> {
    let mut wrong = vec![];
    for row in table::rows() {
        for (who, may) in PERSONAS.into_iter().zip(expected(&row)) {
            let reply = people.attempt(who, &row, namespace).await?;
            ensure!(reply.status != 401, "the token of the {who} is refused");
            if (reply.status != 403) != may {
                let word = if may { "may" } else { "may not" };
                wrong.push(format!("{who} {word} {} in {namespace} ({}): {reply:?}", row.name, row.reason));
            }
        }
    }
    none(wrong)
}

async fn in_dev(people: Arc<People>) -> Result<()> {
    rows(&people, DEV, |row| row.dev).await
}

async fn in_prod(people: Arc<People>) -> Result<()> {
    rows(&people, PROD, |row| row.prod).await
}

/// Whatever one may at home, one may nothing of it at another team's.
async fn elsewhere(people: Arc<People>) -> Result<()> {
    rows(&people, OTHERS, |_| [false; 4]).await
}

async fn nobody(people: Arc<People>) -> Result<()> {
    for row in table::rows() {
        for namespace in [DEV, PROD] {
            let reply = people.attempt("nobody", &row, namespace).await?;
            ensure!(reply.status == 401, "without an access entry one is nobody ({}): {reply:?}", row.name);
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

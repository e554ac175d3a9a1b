//! People's access, as it happens: two teams' environments made by the provider, a role for each persona and one for nobody, each
//! assumed through STS, each with an EKS token of its own, against the real API server and its RBAC.

mod pods;
mod table;

use crate::{BASELINE, ENVIRONMENT, server::Server};
use acceptance_tests::{
    client::{Client, Instance, no_errors},
    servers::{
        api::{Answer, Api, Ask},
        ministack::Clients,
        real::{self, Real},
    },
};
use anyhow::{Context as _, Result, bail, ensure};
use goldenpath_adapters::{aws::Aws, kube::TokenSource as _};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, OnceLock},
};
use table::{PERSONAS, Row};

pub type Check = fn(Arc<Made>) -> Pin<Box<dyn Future<Output = Result<()>>>>;

pub const CHECKS: [(&str, Check); 5] = [
    ("who may do what in an environment of class dev", |made| Box::pin(in_dev(made))),
    ("who may do what in an environment of class prod", |made| Box::pin(in_prod(made))),
    ("nobody may do anything in another team's environment", |made| Box::pin(elsewhere(made))),
    ("without an access entry, or with a tampered token, one is nobody", |made| Box::pin(nobody(made))),
    ("which pods and services each tier admits", |made| Box::pin(pods::admitted(made))),
];

/// Of the first team, by class; of the second, which is none of their business.
pub const DEV: &str = "people-dev";
pub const PROD: &str = "people-prod";
const OTHERS: &str = "people-others";

/// Made once, by the first test that needs it; the servers end with the run, and everything in them.
#[derive(Default)]
pub struct Town(OnceLock<Result<Arc<Made>>>);

pub struct Made {
    api: Api,
    /// Persona, or `nobody`, to token.
    tokens: BTreeMap<&'static str, String>,
    pub administrator: String,
}

impl Town {
    pub fn get(&self, real: &Arc<Real>) -> Result<Arc<Made>> {
        let made = self.0.get_or_init(|| crate::block_on(make(real.clone())).map(Arc::new));
        made.as_ref().map(Arc::clone).map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

pub fn provider_config(url: &str) -> Json {
    json!({"aws": {"region": "eu-west-1", "endpoints": {"iam": url, "eks": url, "sts": url}}})
}

/// Like every other that makes it: the baseline is the cluster's, whoever comes first.
pub async fn baseline(client: &Client) -> Result<()> {
    let mut baseline = Instance::new(client, BASELINE);
    let config = json!({"cluster": real::CLUSTER});
    let planned = baseline.plan(Some(&config)).await?;
    let said = baseline.apply(planned, Some(&config)).await?;
    no_errors(&said, "the baseline")
}

async fn make(real: Arc<Real>) -> Result<Made> {
    let root = real.ministack.root();
    let mut arns = BTreeMap::new();
    for who in PERSONAS.into_iter().chain(["nobody"]) {
        let name = format!("person-{who}");
        real::create_role(&root, "/people/", &name).await?;
        describe(&root, &name).await?;
        arns.insert(who, format!("arn:aws:iam::111122223333:role/people/{name}"));
    }
    let url = real.ministack.url();
    let server = Server::start_in(&real.environment(&url))?;
    let client = server.client(&provider_config(&url)).await?;
    baseline(&client).await?;
    let access = |whose: &[&'static str]| -> Json {
        whose.iter().map(|who| ((*who).to_owned(), json!({"principal_arns": [arns[who]]}))).collect()
    };
    for (name, tier, whose) in [(DEV, "dev", &PERSONAS[..]), (PROD, "prod", &PERSONAS[..]), (OTHERS, "dev", &[])] {
        let mut config =
            json!({"name": name, "team": name, "tier": tier, "cluster": real::CLUSTER, "access": access(whose)});
        if tier == "prod" {
            config["owner"] = json!({"contact": "people@example.com", "cost_center": "CC1"});
        }
        let mut environment = Instance::new(&client, ENVIRONMENT);
        let planned = environment.plan(Some(&config)).await?;
        no_errors(&planned.said, name)?;
        no_errors(&environment.apply(planned, Some(&config)).await?, name)?;
    }
    let mut tokens = BTreeMap::new();
    for (who, arn) in &arns {
        let person = real.assume(arn).await?;
        let aws = Aws::with_credentials(real::options(&url), person);
        let token = aws.token(&real::arn().parse()?, false).await?;
        tokens.insert(*who, token.reveal().to_owned());
    }
    let administrator = real.aws(&url).token(&real::arn().parse()?, false).await?.reveal().to_owned();
    Ok(Made { api: Api::of(&real.cluster)?, tokens, administrator })
}

/// What everybody with a token needs to find the cluster.
async fn describe(root: &Clients, role: &str) -> Result<()> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "*"}]});
    root.iam
        .put_role_policy()
        .role_name(role)
        .policy_name("describe")
        .policy_document(policy.to_string())
        .send()
        .await
        .context("PutRolePolicy")?;
    Ok(())
}

impl Made {
    pub async fn ask(&self, token: &str, ask: Ask<'_>) -> Result<Answer> {
        self.api.ask(token, ask).await
    }

    /// One row, as one of them.
    async fn attempt(&self, who: &str, row: &Row, namespace: &str) -> Result<Answer> {
        let path = row.path.replace("{ns}", namespace);
        let token = self.tokens.get(who).with_context(|| format!("no token of {who}"))?;
        let ask = Ask {
            method: row.method.clone(),
            path: &path,
            content: row.content.map(|content| content()),
            headers: row.headers,
        };
        self.ask(token, ask).await
    }
}

/// All rows in one namespace; `expected` are the columns.
async fn rows(made: &Made, namespace: &str, expected: impl Fn(&Row) -> [bool; 4]) -> Result<()> {
    let mut wrong = vec![];
    for row in table::rows() {
        for (who, may) in PERSONAS.into_iter().zip(expected(&row)) {
            let answer = made.attempt(who, &row, namespace).await?;
            ensure!(answer.status != 401, "the token of the {who} is refused");
            if (answer.status != 403) != may {
                let word = if may { "may" } else { "may not" };
                wrong.push(format!("{who} {word} {} in {namespace} ({}): {answer:?}", row.name, row.reason));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

async fn in_dev(made: Arc<Made>) -> Result<()> {
    rows(&made, DEV, |row| row.dev).await
}

async fn in_prod(made: Arc<Made>) -> Result<()> {
    rows(&made, PROD, |row| row.prod).await
}

/// Whatever one may at home, one may nothing of it at another team's.
async fn elsewhere(made: Arc<Made>) -> Result<()> {
    rows(&made, OTHERS, |_| [false; 4]).await
}

async fn nobody(made: Arc<Made>) -> Result<()> {
    for row in table::rows() {
        for namespace in [DEV, PROD] {
            let answer = made.attempt("nobody", &row, namespace).await?;
            ensure!(answer.status == 401, "without an access entry one is nobody ({}): {answer:?}", row.name);
        }
    }
    // And a token for another cluster is none for this one.
    let token = made.tokens.get("admin").context("no token")?;
    // Inside the signature; the last character may hold bits that mean nothing.
    let (before, rest) = token.split_at(token.len() - 9);
    let other = if rest.starts_with('N') { 'M' } else { 'N' };
    let tampered = format!("{before}{other}{}", &rest[1..]);
    let ask =
        Ask { method: hyper::Method::GET, path: "/api/v1/namespaces/people-dev/pods", content: None, headers: &[] };
    let answer = made.ask(&tampered, ask).await?;
    ensure!(answer.status == 401, "a token that was tampered with: {answer:?}");
    Ok(())
}

//! Everything that drives the real binary, as named tests: `cargo test -p acceptance-tests`.
//!
//! Besides libtest's own arguments: `--cases N`, `--real-cases N` and `--seed S` for the truth of the plan on the sandbox and on
//! the real servers (or GOLDENPATH_TRUTH_CASES, GOLDENPATH_TRUTH_REAL_CASES and GOLDENPATH_TRUTH_SEED).

mod architecture;
mod contracts;
mod doctor;
mod failures;
mod joined;
mod live;
mod outside;
mod people;
mod random;
mod read_cost;
mod rights;
mod sandbox;
mod server;
mod stories;
mod truth;
mod workspace;
mod wrong;

use acceptance_tests::{
    block_on,
    servers::{self, real::Real},
    tools,
};
use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    env,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};
use tools::{Kind, Matrix, Tool};

const BASELINE: &str = "goldenpath_cluster_baseline";
const ENVIRONMENT: &str = "goldenpath_team_environment";
const SLOT: &str = "goldenpath_eks_workload_slot";
const RESOURCES: [&str; 3] = [BASELINE, ENVIRONMENT, SLOT];

/// So many random lives in one test; each such test has a process and a sandbox of its own.
const CHUNK: u64 = 50;

fn main() -> ExitCode {
    let Given { rest, cases, real_cases, seed } = arguments();
    let mut arguments = Arguments::from_iter(rest);
    // A CLI and its provider keep a core busy between them, and wait for each other.
    arguments.test_threads = arguments.test_threads.or(Some(3));
    let matrix = Matrix::find();
    let trials = [
        architecture(),
        stories(&matrix),
        wrong(),
        failures(),
        truth(cases, seed),
        kubernetes(&matrix, real_cases, seed),
        live(&matrix),
    ]
    .concat_all();
    libtest_mimic::run(&arguments, trials).exit_code()
}

struct Given {
    rest: Vec<String>,
    cases: u64,
    real_cases: u64,
    seed: u64,
}

/// Ours are taken out: libtest knows them not.
fn arguments() -> Given {
    let variable = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let mut numbers = [
        ("--cases", variable("GOLDENPATH_TRUTH_CASES").unwrap_or(500)),
        ("--real-cases", variable("GOLDENPATH_TRUTH_REAL_CASES").unwrap_or(60)),
        ("--seed", variable("GOLDENPATH_TRUTH_SEED").unwrap_or(1)),
    ];
    let (mut rest, mut given) = (vec![], env::args());
    while let Some(argument) = given.next() {
        match numbers.iter_mut().find(|(name, _)| *name == argument) {
            Some((_, number)) => *number = given.next().and_then(|text| text.parse().ok()).unwrap_or(*number),
            None => rest.push(argument),
        }
    }
    let [(_, cases), (_, real_cases), (_, seed)] = numbers;
    Given { rest, cases, real_cases, seed }
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Trial>;
}

impl<const N: usize> ConcatAll for [Vec<Trial>; N] {
    fn concat_all(self) -> Vec<Trial> {
        self.into_iter().flatten().collect()
    }
}

fn trial(name: String, run: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || run().map_err(|error| Failed::from(chain(&error))))
}

/// Each cause on a line of its own.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn architecture() -> Vec<Trial> {
    architecture::CHECKS.iter().map(|(name, check)| trial(format!("architecture: {name}"), check)).collect()
}

fn in_ci() -> bool {
    env::var("CI").is_ok_and(|ci| ci == "true")
}

fn stories(matrix: &Matrix) -> Vec<Trial> {
    let in_ci = in_ci();
    let mut trials = vec![];
    for (name, kind) in &matrix.absent {
        // Terraform 1.11 is the one tool that can't be built from its modules.
        let excused = !in_ci || *kind == Kind::Terraform;
        let absent = Trial::test(format!("{name}: stories"), || Err(Failed::from("the tool is not here")));
        trials.push(absent.with_ignored_flag(excused));
    }
    let Some(main) = matrix.main() else { return trials };
    for story in stories::STORIES {
        for tool in matrix.present.iter().filter(|tool| story.on.admits(tool, main)) {
            let (tool, run): (Tool, _) = (tool.clone(), story.run);
            trials.push(trial(format!("{}: {}", tool.name, story.name), move || run(&tool)));
        }
    }
    trials
}

/// What needs a real API server: all of it shares one.
fn kubernetes(matrix: &Matrix, real_cases: u64, seed: u64) -> Vec<Trial> {
    let Some(programs) = servers::Programs::find() else {
        let absent = Trial::test("Kubernetes: everything", || {
            Err(Failed::from("its programs are not here: run scripts/lib/servers.sh kubernetes, etcd and ministack"))
        });
        return vec![absent.with_ignored_flag(!in_ci())];
    };
    let real = Arc::new((servers::Shared::default(), programs));
    let cluster = |real: &(servers::Shared, servers::Programs)| real.0.get(&real.1).map(|real| real.cluster.clone());
    let kinds = match contracts::kinds() {
        Ok(kinds) => kinds,
        Err(error) => return vec![trial("contract: its cases can be listed".into(), || Err(error))],
    };
    let contract = |kind: String| {
        let real = real.clone();
        trial(format!("contract on a real API server: {kind}"), move || {
            let cluster = cluster(&real)?;
            block_on(contracts::keeps(&cluster, &kind))
        })
    };
    let own = |(name, check): (&str, contracts::Check)| {
        let real = real.clone();
        trial(format!("Kubernetes: {name}"), move || {
            let cluster = cluster(&real)?;
            block_on(check(cluster))
        })
    };
    let joined = |(name, check): (&str, joined::Check)| {
        let real = real.clone();
        trial(format!("AWS and Kubernetes: {name}"), move || block_on(check(real.0.get(&real.1)?)))
    };
    let aws = |kind: &str| {
        let (real, kind) = (real.clone(), kind.to_owned());
        trial(format!("contract on ministack: {kind}"), move || {
            let real = real.0.get(&real.1)?;
            block_on(contracts::keeps_on_aws(&real, &kind))
        })
    };
    let town = Arc::new(people::Town::default());
    let people = |(name, check): (&str, people::Check)| {
        let (real, town) = (real.clone(), town.clone());
        trial(format!("people: {name}"), move || {
            let made = town.get(&real.0.get(&real.1)?)?;
            block_on(check(made))
        })
    };
    let all = kinds.into_iter().map(contract).chain(contracts::OWN.map(own));
    let all = all.chain(contracts::AWS.map(aws)).chain(joined::CHECKS.map(joined));
    let failure = |(name, check): (&str, failures::real::Check)| {
        let real = real.clone();
        trial(format!("failure on the real servers: {name}"), move || block_on(check(real.0.get(&real.1)?)))
    };
    let truth = {
        let real = real.clone();
        let name = format!("truth of the plan on the real servers: {real_cases} cases from seed {seed}");
        trial(name, move || block_on(truth::real_cases(real.0.get(&real.1)?, seed, real_cases)))
    };
    let all = all.chain(people::CHECKS.map(people)).chain(failures::real::CHECKS.map(failure));
    all.chain([truth]).chain(alone(matrix, &real)).collect()
}

type OnServers = fn(Arc<Real>) -> Result<()>;

/// They leave something behind, or count all that is asked of the servers: nobody else may use theirs.
const OWN_SERVERS: [(&str, OnServers); 4] = [
    ("Kubernetes: a pod's identity is told by a pod that never is", |real| {
        block_on(contracts::own::identity::told(&real.cluster))
    }),
    ("failure on the real servers: a cluster deleted for good", |real| block_on(failures::real::deleted(real))),
    ("rights: what `permissions` prints is needed", |real| block_on(rights::are_needed(real))),
    ("read cost on the real servers", |real| block_on(read_cost::does_not_grow(real))),
];

type Alone = Box<dyn FnOnce(&Arc<Real>, &RealServers) -> Result<()> + Send>;
type RealServers = Arc<(servers::Shared, servers::Programs)>;

/// Servers that only one test has at a time, started by the first: these stop them, or want nobody else there.
fn alone(matrix: &Matrix, first: &RealServers) -> Vec<Trial> {
    let second = Arc::new(Mutex::new(servers::Shared::default()));
    let with = |name: String, run: Alone| {
        let (second, first) = (second.clone(), first.clone());
        trial(name, move || {
            let servers = second.lock().unwrap_or_else(PoisonError::into_inner);
            let real = servers.get(&first.1)?;
            real.let_in()?;
            run(&real, &first)
        })
    };
    let newest = matrix.present.iter().filter(|tool| tool.kind != Kind::Terraform15);
    let mut trials: Vec<Trial> = newest
        .map(|tool| {
            let tool = tool.clone();
            let name = format!("{}: a whole life on AWS and Kubernetes", tool.name);
            with(name, Box::new(move |real, _| stories::real::a_whole_life(&tool, real)))
        })
        .collect();
    trials.extend(matrix.present.first().map(|tool| {
        let tool = tool.clone();
        let name = format!("{}: a namespace that somebody lives in is adopted", tool.name);
        with(name, Box::new(move |real, _| stories::adoption::of_a_namespace(&tool, real)))
    }));
    trials.push(with(
        "failure on the real servers: a cluster replaced by another".to_owned(),
        Box::new(|second, first| block_on(failures::real::replaced(first.0.get(&first.1)?, second.clone()))),
    ));
    trials.push(with(
        "failure on the real servers: the API server restarts".to_owned(),
        Box::new(|real, _| block_on(failures::real::restarted(real.clone()))),
    ));
    trials.push(with(
        "rights: what `permissions` prints is enough, and no more".to_owned(),
        Box::new(|real, _| block_on(rights::are_enough(real.clone()))),
    ));
    trials.push(with(
        "doctor: each trouble is found and told with what to do".to_owned(),
        Box::new(|real, _| block_on(doctor::tells(real.clone()))),
    ));
    trials.extend(OWN_SERVERS.map(|(name, run)| {
        let first = first.clone();
        trial(name.to_owned(), move || run(Arc::new(Real::start(&first.1)?)))
    }));
    trials
}

/// Only for those who name a cluster of theirs.
fn live(matrix: &Matrix) -> Vec<Trial> {
    let Some(found) = live::Live::find() else { return vec![] };
    let (found, kinds) = match found.and_then(|found| Ok((Arc::new(found), contracts::kinds()?))) {
        Ok(found) => found,
        Err(error) => return vec![trial("live: the cluster is named".to_owned(), || Err(error))],
    };
    let contract = |kind: String| {
        let found = found.clone();
        trial(format!("live: contract: {kind}"), move || block_on(found.keeps(&kind)))
    };
    let mut trials: Vec<Trial> = kinds.into_iter().map(contract).collect();
    if let Some(tool) = matrix.main().cloned() {
        let found = found.clone();
        trials.push(trial(format!("live: {}: examples/eks", tool.name), move || found.a_life(&tool)));
    }
    trials
}

fn wrong() -> Vec<Trial> {
    let cases = match wrong::cases() {
        Ok(cases) => cases,
        Err(error) => return vec![trial("wrong configurations can be read".into(), || Err(error))],
    };
    // One server for all: each case is a client with its own connection.
    let server = Arc::new(server::Server::start());
    let one = |case: wrong::Case| {
        let server = server.clone();
        trial(format!("wrong: {}", case.name), move || {
            let server = server.as_ref().as_ref().map_err(|error| anyhow::anyhow!(chain(error)))?;
            block_on(case.is_rejected(server))
        })
    };
    cases.into_iter().map(one).collect()
}

fn failures() -> Vec<Trial> {
    let all = failures::How::ALL.into_iter();
    let create = |how: failures::How| {
        trial(format!("failure: {} at each step of a create", how.name()), move || block_on(failures::create(how)))
    };
    let change = |how: failures::How| {
        trial(format!("failure: {} at each step of a change and a destroy", how.name()), move || {
            block_on(failures::change_and_destroy(how))
        })
    };
    all.flat_map(|how| [create(how), change(how)]).collect()
}

fn truth(cases: u64, seed: u64) -> Vec<Trial> {
    let firsts = (seed..seed + cases).step_by(usize::try_from(CHUNK).unwrap_or(1));
    let chunk = |first: u64| {
        let count = CHUNK.min(seed + cases - first);
        let name = format!("truth of the plan: seeds {first} to {}", first + count - 1);
        trial(name, move || block_on(truth::cases(first, count)))
    };
    firsts.map(chunk).collect()
}

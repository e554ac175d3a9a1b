//! All tests by name, and what they share.

use crate::{
    architecture,
    check::{Check, PLACES, absent, trial, trial_with},
    contracts, crowds, doctor, engines,
    failures::{self, neighbours, replicas},
    forged, fuzz, joined, live, metrics, packaging, page, people, permissions, read_cost, rich_cost, server, shown,
    stories, traces,
    truth::{self, Way},
    wrong,
};
use acceptance_tests::{
    block_on, chain,
    servers::{Plan, PostgresServer, Programs, Real, Shared},
    tools::{self, CliKind, Matrix},
};
use anyhow::{Context as _, Result, anyhow};
use libtest_mimic::Trial;
use std::sync::Arc;
use tokio::sync::Mutex;

/// So many random lives in one test; each such test has a process and a sandbox of its own.
const CHUNK: u64 = 50;

/// All tests, and how many threads they want.
pub fn all(cases: u64, real_cases: u64, seed: u64) -> (Vec<Trial>, usize) {
    let matrix = Matrix::find();
    let mut trials: Vec<Trial> = architecture::CHECKS
        .iter()
        .map(|(name, check)| trial(format!("architecture: {name}"), check))
        .chain(on_clis(&matrix))
        .chain(wrong_configurations())
        .chain(packaging::trials())
        .chain(shown::trials())
        .chain(failures())
        .chain(fuzz::CHECKS.map(|(name, check)| trial(format!("fuzz: {name}"), move || check(fuzz::duration()))))
        .chain(truth(cases, seed))
        .chain(replicas())
        .chain(metrics())
        .chain([page()])
        .chain([trial("daemon: what a team's client claims widens nothing", forged::widen_nothing)])
        .chain(crowds::CHECKS.map(|(name, check)| trial(format!("daemon: {name}"), check)))
        .chain(traces::CHECKS.map(|(name, check)| trial(format!("daemon: {name}"), check)))
        .collect();
    let mut threads = PLACES;
    match Programs::find() {
        None => trials.push(absent("Kubernetes: everything", "its programs are not here: see scripts/lib/tools.sh")),
        Some(programs) => {
            let first = Arc::new(Shared::new(programs.clone()));
            let in_line = in_line(&matrix, &first, &programs);
            // Each that waits for the others of its line has a thread.
            threads += in_line.len();
            trials.extend(on_shared_servers(&first));
            let rest = spread(trials, on_own_servers(&programs));
            // What takes long whatever else runs: a line, and a test that mostly waits.
            trials = in_line.into_iter().chain([real_truth(&first, real_cases, seed)]).chain(rest).collect();
        }
    }
    trials.extend(live::trials(&matrix));
    (trials, threads)
}

/// The second among the first: each starts servers, so no two of them should begin at once.
fn spread(many: Vec<Trial>, few: Vec<Trial>) -> Vec<Trial> {
    let every = many.len() / (few.len() + 1) + 1;
    let mut few = few.into_iter();
    let mut all = vec![];
    for (number, trial) in many.into_iter().enumerate() {
        if number % every == 0 {
            all.extend(few.next());
        }
        all.push(trial);
    }
    all.extend(few);
    all
}

fn on_clis(matrix: &Matrix) -> Vec<Trial> {
    let absent = |name: &&str| absent(&format!("{name}: stories"), "the tool is not here: see scripts/lib/tools.sh");
    let mut trials: Vec<Trial> = matrix.absent.iter().map(absent).collect();
    let Some(main) = matrix.main() else { return trials };
    for story in stories::STORIES {
        for tool in matrix.present.iter().filter(|tool| story.on.admits(tool, main)) {
            let (tool, run) = (tool.clone(), story.run);
            trials.push(trial(format!("{}: {}", tool.name, story.name), move || run(&tool)));
        }
    }
    trials
}

fn wrong_configurations() -> Vec<Trial> {
    let cases = match wrong::cases() {
        Ok(cases) => cases,
        Err(error) => return vec![trial("wrong configurations can be read", || Err(error))],
    };
    // One server for all: each case is a client with its own connection.
    let server = Arc::new(server::Server::start());
    let one = |case: wrong::Case| {
        let server = server.clone();
        trial(format!("wrong: {}", case.name), move || {
            let server = server.as_ref().as_ref().map_err(|error| anyhow!(chain(error)))?;
            block_on(case.is_rejected(server))
        })
    };
    cases.into_iter().map(one).collect()
}

fn failures() -> Vec<Trial> {
    let both = |how: failures::How| {
        let (create, change) = (
            format!("failure: {} at each step of a create", how.name()),
            format!("failure: {} at each step of a change and a destroy", how.name()),
        );
        [
            trial(create, move || block_on(failures::create(how))),
            trial(change, move || block_on(failures::change_and_destroy(how))),
        ]
    };
    let daemon = [
        trial("failure: a daemon dies at each write", || block_on(failures::daemon::dies_at_each_write())),
        trial("failure: a daemon is killed after each entry", || block_on(failures::kills::after_each_entry())),
    ];
    let old = failures::old_journal::CHECKS
        .map(|(name, run)| trial(format!("failure: a daemon starts {name}"), move || block_on(run())));
    failures::How::ALL.into_iter().flat_map(both).chain(daemon).chain([clock()]).chain(old).collect()
}

fn clock() -> Trial {
    let name = "failure: the clock of a daemon's machine jumps";
    match tools::program("faketime") {
        Some(library) => trial(name, move || block_on(failures::clock::jumps(&library))),
        None => absent(name, "libfaketime is not here: see scripts/lib/tools.sh"),
    }
}

fn metrics() -> [Trial; 2] {
    let name = "daemon: a real Prometheus scrapes it";
    let scraped = match tools::program("prometheus") {
        Some(program) => trial(name, move || metrics::are_scraped(&program)),
        None => absent(name, "Prometheus is not here: see scripts/lib/tools.sh"),
    };
    [scraped, trial("daemon: its metrics are of the last round", metrics::are_of_the_last_round)]
}

fn page() -> Trial {
    let name = "daemon: its page is seen in a browser";
    match tools::program("chromium") {
        Some(program) => trial(name, move || page::is_seen_in_a_browser(&program)),
        None => absent(name, "Chromium is not here: see scripts/lib/tools.sh"),
    }
}

fn replicas() -> Vec<Trial> {
    let Some(bin) = PostgresServer::find() else {
        return vec![absent("daemons on one PostgreSQL", "PostgreSQL is not here: see scripts/lib/tools.sh")];
    };
    let with = |(name, run): (&'static str, replicas::Check)| {
        let bin = bin.clone();
        trial(format!("daemons on one PostgreSQL: {name}"), move || block_on(run(PostgresServer::start(&bin, true)?)))
    };
    replicas::CHECKS.into_iter().chain(neighbours::CHECKS).map(with).collect()
}

fn truth(cases: u64, seed: u64) -> Vec<Trial> {
    let firsts = (seed..seed + cases).step_by(usize::try_from(CHUNK).unwrap_or(1));
    let chunk = |first: u64| {
        let count = CHUNK.min(seed + cases - first);
        let name = format!("truth of the plan: seeds {first} to {}", first + count - 1);
        trial(name, move || block_on(truth::cases(first, count, Way::Itself)))
    };
    let name = format!("truth of the plan through a daemon: {CHUNK} seeds from {seed}");
    let through = trial(name, move || block_on(truth::cases(seed, CHUNK, Way::Daemon)));
    firsts.map(chunk).chain([through]).collect()
}

fn real_truth(first: &Arc<Shared>, cases: u64, seed: u64) -> Trial {
    let first = first.clone();
    let name = format!("truth of the plan on the real servers: {cases} cases from seed {seed}");
    trial(name, move || block_on(truth::real_cases(first.get()?, seed, cases)))
}

/// What keeps apart by names, on servers that all of it shares.
fn on_shared_servers(first: &Arc<Shared>) -> Vec<Trial> {
    fn checks<T: 'static, const N: usize>(
        group: &'static str,
        checks: [Check<T>; N],
        on: impl Fn() -> Result<Arc<T>> + Clone + Send + 'static,
    ) -> impl Iterator<Item = Trial> {
        checks.into_iter().map(move |(name, check)| {
            let on = on.clone();
            trial(format!("{group}: {name}"), move || block_on(check(on()?)))
        })
    }
    let kinds = match contracts::kinds() {
        Ok(kinds) => kinds,
        Err(error) => return vec![trial("contract: its cases can be listed", || Err(error))],
    };
    let real = {
        let first = first.clone();
        move || first.get()
    };
    let cluster = {
        let real = real.clone();
        move || Ok(real()?.cluster.clone())
    };
    // The others are in a line, on a cluster that gets their definitions.
    let everywhere = kinds.into_iter().filter(|kind| contracts::definition(kind).is_none());
    let of_kubernetes = everywhere.map(|kind| {
        let real = real.clone();
        let name = format!("contract on a real API server: {kind}");
        trial(name, move || block_on(contracts::keeps(&real()?.cluster, &kind)))
    });
    let of_aws = contracts::of_aws().map(|kind| {
        let real = real.clone();
        trial(format!("contract on ministack: {kind}"), move || block_on(contracts::keeps_on_aws(&*real()?, kind)))
    });
    let fixture = {
        let (real, fixture) = (real.clone(), Arc::new(people::PeopleFixture::default()));
        move || fixture.get(&real()?)
    };
    of_kubernetes
        .chain(of_aws)
        .chain(checks("Kubernetes", contracts::OWN, cluster))
        .chain(checks("AWS and Kubernetes", joined::CHECKS, real.clone()))
        .chain(checks("people", people::CHECKS, fixture))
        .chain(checks("packaging", packaging::CHECKS, real.clone()))
        .chain(checks("documents", shown::CHECKS, real.clone()))
        .chain(checks("failure on the real servers", failures::real::CHECKS, real.clone()))
        .collect()
}

/// They leave something behind, or count what depends on all that is there: nobody else may use theirs.
const OWN_SERVERS: [Check<Real>; 3] = [
    ("failure on the real servers: a cluster deleted for good", |real| {
        Box::pin(failures::real::cluster_is_deleted(real))
    }),
    ("permissions: what `permissions` prints is needed", |real| Box::pin(permissions::are_needed(real))),
    ("cost of a rich environment and of reads on the real servers", |real| {
        Box::pin(async move {
            // The first removes what it makes.
            rich_cost::is_bounded(real.clone()).await.context("a rich environment")?;
            read_cost::does_not_grow(real).await.context("reads")
        })
    }),
];

fn on_own_servers(programs: &Programs) -> Vec<Trial> {
    let with = |(name, run): Check<Real>| {
        let programs = programs.clone();
        trial(name, move || block_on(run(Arc::new(Real::start(&programs)?))))
    };
    let programs = programs.clone();
    // No AWS beside it.
    let identity = trial("Kubernetes: a pod's identity is reported by a pod that never is", move || {
        let cluster = Plan::new()?.start(&programs, None)?;
        block_on(contracts::own::identity::is_reported(&cluster))
    });
    OWN_SERVERS.into_iter().map(with).chain([identity]).collect()
}

type Alone = Box<dyn FnOnce(&Arc<Real>, &Shared) -> Result<()> + Send>;

/// Servers that only one test has at a time, started by the first: these stop them, or want nobody else there.
fn in_line(matrix: &Matrix, first: &Arc<Shared>, programs: &Programs) -> Vec<Trial> {
    let second = Arc::new(Mutex::new(Shared::new(programs.clone())));
    let with = |name: String, run: Alone| {
        let (second, first) = (second.clone(), first.clone());
        trial_with(
            name,
            move || second.blocking_lock_owned(),
            move |servers| {
                let real = servers.get()?;
                real.grant()?;
                run(&real, &first)
            },
        )
    };
    let modern = matrix.present.iter().filter(|tool| tool.kind != CliKind::Terraform15);
    let lives = modern.map(|tool| {
        let tool = tool.clone();
        let name = format!("{}: a whole life on AWS and Kubernetes", tool.name);
        with(name, Box::new(move |real, _| stories::real::a_whole_life(&tool, real, Way::Itself)))
    });
    let through_a_daemon = matrix.main().map(|tool| {
        let tool = tool.clone();
        let name = format!("{}: a whole life on AWS and Kubernetes through a daemon", tool.name);
        with(name, Box::new(move |real, _| stories::real::a_whole_life(&tool, real, Way::Daemon)))
    });
    let adopted = matrix.main().map(|tool| {
        let tool = tool.clone();
        let name = format!("{}: a namespace that somebody lives in is adopted", tool.name);
        with(name, Box::new(move |real, _| stories::adoption::of_a_namespace(&tool, real)))
    });
    let upgraded = matrix.main().map(|tool| {
        let tool = tool.clone();
        let name = format!("{}: a golden path of one's own lives and ends on AWS and Kubernetes", tool.name);
        with(name, Box::new(move |real, _| stories::upgrade::of_a_path_on_real_servers(&tool, real)))
    });
    let side_by_side = matrix.main().map(|tool| {
        let tool = tool.clone();
        let name = format!("{}: two releases side by side on AWS and Kubernetes", tool.name);
        with(name, Box::new(move |real, _| stories::releases::side_by_side_on_real_servers(&tool, real)))
    });
    // The build of the third has no backend `kubernetes`.
    let bridged = matrix.present.iter().filter(|tool| tool.kind != CliKind::Terraform114).flat_map(|tool| {
        let (one, two) = (tool.clone(), tool.clone());
        [
            with(
                format!("{}: a life by way of Crossplane's bridge", tool.name),
                Box::new(move |real, _| stories::bridge::a_life(&one, real)),
            ),
            with(
                format!("{}: Crossplane's bridge with one attached process", tool.name),
                Box::new(move |real, _| stories::bridge::with_reattach(&two, real)),
            ),
        ]
    });
    let others: [(&str, Alone); 7] = [
        (
            "contract and lives on a real API server: engines whose kinds come with an add-on",
            Box::new(|real, _| block_on(engines::keep_what_is_promised(real.clone()))),
        ),
        (
            "Crossplane: definitions and examples are accepted by a real API server",
            Box::new(|real, _| block_on(stories::bridge::definitions::are_accepted(real.clone()))),
        ),
        (
            "failure on the real servers: a cluster replaced by another",
            Box::new(|second, first| block_on(failures::real::cluster_is_replaced(first.get()?, second.clone()))),
        ),
        (
            "failure on the real servers: the API server restarts",
            Box::new(|real, _| block_on(failures::real::api_server_restarts(real.clone()))),
        ),
        (
            "permissions: what `permissions` prints is enough, and no more",
            Box::new(|real, _| block_on(permissions::are_enough(real.clone()))),
        ),
        (
            "doctor: each trouble is found and reported with what to do",
            Box::new(|real, _| block_on(doctor::reports(real.clone()))),
        ),
        (
            "doctor: each promise of an environment is asked of the cluster",
            Box::new(|real, _| block_on(doctor::environment::is_asked(real.clone()))),
        ),
    ];
    lives
        .chain(through_a_daemon)
        .chain(adopted)
        .chain(upgraded)
        .chain(side_by_side)
        .chain(bridged)
        .chain(others.map(|(name, run)| with(name.to_owned(), run)))
        .collect()
}

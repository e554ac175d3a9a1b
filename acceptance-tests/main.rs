//! Everything that drives the real binary, as named tests: `cargo test -p acceptance-tests`.
//!
//! Besides libtest's own arguments: `--cases N`, `--real-cases N` and `--seed S` for the truth of the plan on the sandbox and on
//! the real servers (or GOLDENPATH_TRUTH_CASES, GOLDENPATH_TRUTH_REAL_CASES and GOLDENPATH_TRUTH_SEED).

mod architecture;
mod check;
mod contracts;
mod crowds;
mod daemon;
mod doctor;
mod failures;
mod forged;
mod fuzz;
#[allow(clippy::unwrap_used, dead_code)]
mod issuer;
mod joined;
mod live;
mod metrics;
mod outside;
mod packaging;
mod page;
mod people;
mod permissions;
mod process;
mod random;
mod read_cost;
mod rich_cost;
mod sandbox;
mod server;
mod stories;
mod traces;
mod trials;
mod truth;
mod until;
mod workspace;
mod wrong;

use libtest_mimic::Arguments;
use std::{env, process::ExitCode};

fn main() -> ExitCode {
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
    let mut arguments = Arguments::from_iter(rest);
    let (trials, threads) = trials::all(cases, real_cases, seed);
    arguments.test_threads = arguments.test_threads.or(Some(threads));
    let conclusion = libtest_mimic::run(&arguments, trials);
    check::print_times();
    conclusion.exit_code()
}

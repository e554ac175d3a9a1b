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
mod engines;
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
mod shown;
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
    let mut numbers = [
        ("--cases", "GOLDENPATH_TRUTH_CASES", 500),
        ("--real-cases", "GOLDENPATH_TRUTH_REAL_CASES", 60),
        ("--seed", "GOLDENPATH_TRUTH_SEED", 1),
    ];
    for (_, variable, number) in &mut numbers {
        if let Ok(text) = env::var(*variable) {
            *number = number_of(variable, &text);
        }
    }
    let (mut rest, mut given) = (vec![], env::args());
    while let Some(argument) = given.next() {
        match numbers.iter_mut().find(|(name, ..)| *name == argument) {
            Some((name, _, number)) => *number = number_of(name, &given.next().unwrap_or_default()),
            None => rest.push(argument),
        }
    }
    let [cases, real_cases, seed] = numbers.map(|(.., number)| number);
    let mut arguments = Arguments::from_iter(rest);
    let (trials, threads) = trials::all(cases, real_cases, seed);
    arguments.test_threads = arguments.test_threads.or(Some(threads));
    let conclusion = libtest_mimic::run(&arguments, trials);
    check::print_times();
    conclusion.exit_code()
}

/// A mistyped number would test something else than was asked for.
fn number_of(name: &str, text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{name} takes a number, and not {text:?}"))
}

//! Policy documents of files.

use super::report::Problem;
use crate::cli::output::display;
use goldenpath_core::policy::document::{Policy, PolicyError};
use std::{fs, path::PathBuf};

/// All that can be read, and what can't.
pub(super) fn policies(paths: &[PathBuf]) -> (Vec<Policy>, Vec<Problem>) {
    let (mut read, mut problems) = (vec![], vec![]);
    for path in paths {
        let policy = fs::read_to_string(path).map_err(|error| Problem::of(&display(path), error.to_string()));
        let policy = policy.and_then(|text| {
            Policy::read(&text).map_err(|PolicyError { line, column, problem }| {
                let (file, message) = (display(path), problem.to_string());
                Problem { file, line, column, message }
            })
        });
        match policy {
            Ok(policy) => read.push(policy),
            Err(problem) => problems.push(problem),
        }
    }
    (read, problems)
}

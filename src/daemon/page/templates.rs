//! The templates, each with what it is given. They escape every text.

use super::{
    instance::Instance,
    rows::{ClusterRows, OperationRow},
};
use askama::Template;
use goldenpath_core::domain::release;
use goldenpath_core::policy::Identity;

/// What is around each page.
pub struct Frame {
    /// `None`: nobody knows.
    caller: Option<String>,
    release: &'static str,
    section: &'static str,
}

#[derive(Template)]
#[template(path = "overview.html")]
pub struct OverviewPage<'a> {
    pub frame: Frame,
    pub wanted: &'a str,
    pub clusters: Vec<ClusterRows>,
    pub running: Vec<OperationRow>,
}

#[derive(Template)]
#[template(path = "instance.html")]
pub struct InstancePage {
    pub frame: Frame,
    pub instance: Instance,
}

#[derive(Template)]
#[template(path = "operations.html")]
pub struct OperationsPage {
    pub frame: Frame,
    pub operations: Vec<OperationRow>,
}

#[derive(Template)]
#[template(path = "one_operation.html")]
pub struct OperationPage {
    pub frame: Frame,
    pub operation: OperationRow,
    pub request: String,
}

#[derive(Template)]
#[template(path = "refused.html")]
pub struct RefusedPage<'a> {
    pub frame: Frame,
    pub status: u16,
    pub summary: &'a str,
    pub detail: &'a str,
}

// === impl Frame ===

impl Frame {
    pub fn new(caller: &Identity, section: &'static str) -> Self {
        Self { caller: Some(caller.to_string()), release: release(), section }
    }

    pub fn of_nobody() -> Self {
        Self { caller: None, release: release(), section: "" }
    }
}

#[cfg(test)]
mod tests;

//! What tests of several commands want.

use super::doctor::{DoctorTarget, Inspection, Inspector, LiveCluster};
use async_trait::async_trait;
use clap::{Args, Parser};
use goldenpath_core::golden::Catalogue;
use std::sync::Arc;

/// A command's arguments as a line of their own.
#[derive(Parser)]
pub struct Line<A: Args> {
    #[command(flatten)]
    pub arguments: A,
}

/// Of a cluster that nobody reaches.
pub struct Unreachable;

#[async_trait]
impl Inspector for Unreachable {
    async fn inspect(&self, _: &DoctorTarget) -> anyhow::Result<Inspection> {
        anyhow::bail!("no cluster is there")
    }

    async fn connect(&self, _: &DoctorTarget) -> anyhow::Result<(Box<dyn LiveCluster>, Arc<Catalogue>)> {
        anyhow::bail!("no cluster is there")
    }
}

//! The daemon's audit ledger, for the commands that read it.

use super::{daemon, inspector, target};
use crate::{
    cli::audit::{AuditTool, Head, Proof},
    resources::provider_config::FromEnvironment,
};
use goldenpath_adapters::clock::SystemClock;
use goldenpath_daemon::{Verified, rotate_key, verify_file};
use std::path::Path;

pub(super) fn tool(environment: FromEnvironment) -> AuditTool {
    AuditTool {
        environment,
        verify,
        rotate_key: |ledger| Ok(rotate_key(ledger, &SystemClock::default())?),
        open: daemon::reader,
        catalogue: target::built_in_and,
        inspector: &inspector::TargetInspector,
    }
}

fn verify(ledger: &Path, heads: Vec<Head>, each: &mut dyn FnMut(&str)) -> anyhow::Result<Proof> {
    let Verified { end, keys } = verify_file(ledger, heads, |_, line| each(line))?;
    Ok(Proof { entries: end.sequence, keys, head: end.head })
}

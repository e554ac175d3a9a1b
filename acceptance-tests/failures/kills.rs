//! A daemon that is killed after each entry that it writes of an operation in its journal and its ledger, and is started again on the
//! same files: the apply that waits ends as if nothing had happened, and both files have the operation once.

use super::{FailureFixture, daemon::outlive, environment};
use crate::{daemon::Daemon, sandbox::Sandbox, server::Server};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Action, Instance, no_errors},
    load::client_of,
};
use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::future::try_join_all;
use goldenpath_core::provision::{DaemonReports as _, OperationState};
use goldenpath_daemon::{EntryKind, LedgerEntry};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// So many walk at the same time, with a sandbox and a daemon each: most of the time after a kill is that of a lease.
const WALKERS: u32 = 4;

/// Right after each of these a kill must have come, in each of the verbs. The journal's own entries follow `Accepted` and `Head`.
const LAST: [EntryKind; 6] =
    [EntryKind::Accepted, EntryKind::Began, EntryKind::Change, EntryKind::Changed, EntryKind::Ended, EntryKind::Head];

/// By verb: the last entries that kills have left.
type Met = BTreeMap<&'static str, BTreeSet<String>>;

struct Walker {
    target: FailureFixture,
    daemon: Daemon,
    instance: Instance,
    /// What is there without the environment.
    baseline: BTreeSet<String>,
    /// How many have ended.
    operations: usize,
}

pub async fn after_each_entry() -> Result<()> {
    let server = Server::start()?;
    let walks = try_join_all((1..=WALKERS).map(|first| walk(&server, first))).await?;
    for (verb, _) in wishes() {
        let met: BTreeSet<&String> = walks.iter().filter_map(|met| met.get(verb)).flatten().collect();
        for last in LAST {
            ensure!(
                met.contains(&format!("{last:?}")),
                "no kill came right after {last:?} of {verb}, only after {met:?}"
            );
        }
    }
    Ok(())
}

/// One after another, and then again from the first.
fn wishes() -> [(&'static str, Option<Json>); 3] {
    let mut wider = environment();
    wider["quota"] = json!({ "total": { "requests.cpu": "6" } });
    [("a create", Some(environment())), ("an update", Some(wider)), ("a destroy", None)]
}

/// Kills after the n-th entry, for every fourth n, until no operation has so many.
async fn walk(server: &Server, first: u32) -> Result<Met> {
    let mut walker = Walker::new(server).await?;
    let (mut met, mut ended) = (Met::new(), BTreeSet::new());
    let mut after = first;
    while ended.len() < wishes().len() {
        for (verb, to) in wishes() {
            let kill = (!ended.contains(verb)).then_some(after);
            let last = walker.operate(to.as_ref(), kill).await;
            match last.with_context(|| format!("killed after entry {after} of {verb}"))? {
                Some(last) => met.entry(verb).or_default().insert(last),
                None => ended.insert(verb),
            };
        }
        walker.daemon.verify_ledger()?;
        after += WALKERS;
    }
    Ok(met)
}

// === impl Walker ===

impl Walker {
    async fn new(server: &Server) -> Result<Self> {
        let target = FailureFixture::new().await?;
        let daemon = Daemon::start(&target.path())?;
        let client = server.client(&json!({ "daemon": { "endpoint": daemon.endpoint() } })).await?;
        let baseline = Sandbox::at(&target.path()).ours()?.into_iter().collect();
        Ok(Self { target, daemon, instance: Instance::new(&client, ENVIRONMENT), baseline, operations: 0 })
    }

    /// The last entry before the kill; `None`: the operation has ended without one.
    async fn operate(&mut self, to: Option<&Json>, kill: Option<u32>) -> Result<Option<String>> {
        let before = self.daemon.entries()?.len();
        if let Some(after) = kill {
            self.daemon.kill()?;
            self.daemon.start_to_die(after)?;
        }
        let planned = self.instance.plan(to).await?;
        no_errors(&planned.said, "plan")?;
        let wanted = if to.is_some() { planned.keys() } else { BTreeSet::new() };
        let sandbox = Sandbox::at(&self.target.path());
        let (mut last, mut there) = (None, vec![]);
        let at_death = |entries: Vec<LedgerEntry>| -> Result<()> {
            last = entries.last().map(|entry| format!("{:?}", entry.kind));
            for key in sandbox.ours()?.into_iter().filter(|key| wanted.contains(key)) {
                there.push((sandbox.generated_id(&key)?, key));
            }
            Ok(())
        };
        let said = outlive(&mut self.daemon, self.instance.apply(planned, None), at_death).await?;
        no_errors(&said, "the apply that waited")?;
        self.operations += 1;
        match to {
            Some(_) => {
                no_errors(&self.instance.refresh().await?, "refresh")?;
                let next = self.instance.plan(to).await?;
                no_errors(&next.said, "the plan after it")?;
                ensure!(next.action == Action::Nothing, "the next plan is {:?}", next.action);
            }
            None => ensure!(self.instance.state.is_none(), "it is gone from the state"),
        }
        let now: BTreeSet<String> = sandbox.ours()?.into_iter().collect();
        ensure!(now == &wanted | &self.baseline, "there is {now:?}");
        for (generated, key) in there {
            ensure!(sandbox.generated_id(&key)? == generated, "{key} is not the object that it was at the kill");
        }
        self.is_written_once(&self.daemon.entries()?.split_off(before)).await?;
        if kill.is_some() && last.is_none() {
            // Whatever comes next is not to die of what is left to count.
            self.daemon.kill()?;
            self.daemon.start_again()?;
        }
        Ok(last)
    }

    /// By the ledger since before it was asked for, and by the journal.
    async fn is_written_once(&self, entries: &[LedgerEntry]) -> Result<()> {
        use EntryKind::{Accepted, Began, Change, Changed, Ended, Head, Key, Resumed, Started};
        let of: BTreeSet<&str> =
            entries.iter().map(|entry| entry.operation.as_str()).filter(|id| !id.is_empty()).collect();
        let id = of.first().context("no operation is in the ledger")?;
        ensure!(of.len() == 1, "they are one operation: {of:?}");
        let kinds = || entries.iter().map(|entry| entry.kind);
        let story: Vec<EntryKind> =
            kinds().filter(|kind| !matches!(kind, Change | Changed | Head | Key | Started)).collect();
        // A kill between its end in the ledger and its end in the journal has it run again, and find that nothing is left to do.
        let is_whole = matches!(
            story.as_slice(),
            [Accepted, Began, Ended] | [Accepted, Began, Resumed, Ended] | [Accepted, Began, Ended, Resumed, Ended]
        );
        ensure!(is_whole, "the ledger has {story:?}");
        let lasting = || kinds().rev().take_while(|kind| *kind != Started);
        let (announced, made) =
            (lasting().filter(|kind| *kind == Change).count(), lasting().filter(|kind| *kind == Changed).count());
        ensure!(announced == made, "{announced} changes were announced after the kill, and {made} came to something");
        let kept = client_of(&self.daemon.socket()).operations().await;
        let kept = kept.map_err(|problem| anyhow!("{}", problem.summary))?;
        let is_done = kept.iter().all(|operation| operation.state == OperationState::Done);
        ensure!(
            is_done && kept.len() == self.operations && kept.iter().any(|operation| operation.id == *id),
            "after {} operations the journal has {kept:?}",
            self.operations
        );
        Ok(())
    }
}

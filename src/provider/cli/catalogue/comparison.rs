//! `catalogue diff`: what an environment and a slot of each tier would be by one version, and by another one. The texts are those of
//! plans, so that what is printed here is what a team's plan will show.

mod changes;
mod recorded;

use super::{
    sample::{self, Pin, Planned, Planner},
    tool::{CatalogueTool, Documents},
};
use crate::cli::reports::json;
use anyhow::{Context, bail, ensure};
use changes::Changes;
use goldenpath_core::{
    domain::{CatalogueSources, ResourceKind, yaml},
    golden::{Catalogue, GoldenPath, PathReference},
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fs, path::PathBuf, sync::Arc};

/// Show which objects and fields change from one version of a golden path to another
///
/// Plans an environment and a slot with both versions, without a cluster. Without --request, they have the defaults of the tier. With --all,
/// they are those that are recorded on a cluster: each one that was made from the first version is planned as it is there, and as it would
/// be with the second one. Nothing is changed. Exits with 2 if one of them can't be planned, and otherwise with 0, whatever changes.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Version to compare: `<version>` of the default golden path, or "<name> <version>"
    from: PathReference,
    /// Version to compare it with, in the same form
    to: PathReference,
    /// Only this tier [default: all tiers that both versions have]
    #[arg(long)]
    tier: Option<String>,
    /// A YAML file with `environment` and, optionally, `slot`: a team's request, as in HCL
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    request: Option<PathBuf>,
    #[command(flatten)]
    recorded: recorded::Live,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What changes in one tier.
#[derive(Debug, PartialEq, Serialize)]
struct Comparison {
    tier: String,
    from: String,
    to: String,
    #[serde(flatten)]
    changes: Changes,
}

/// As in a case of `catalogue test`.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    environment: Map<String, Value>,
    #[serde(default)]
    slot: Map<String, Value>,
}

/// What is printed, and the code of the process.
pub(super) async fn compare(
    arguments: Arguments,
    sources: Option<CatalogueSources>,
    tool: &CatalogueTool,
) -> anyhow::Result<(String, u8)> {
    let Arguments { from, to, tier, request, recorded, json: is_json } = arguments;
    if recorded.all {
        let compared = recorded::compare((&from, &to), tier.as_deref(), recorded, sources, tool).await?;
        return Ok((if is_json { json(&compared)? } else { compared.text() }, compared.code()));
    }
    recorded.is_for_nothing()?;
    let sources = sources.unwrap_or_default();
    let catalogue = &Documents((tool.documents)(&sources.0)?).catalogue()?;
    let (from, to) = (find(catalogue, &from)?, find(catalogue, &to)?);
    let wanted = match request {
        Some(file) => {
            let text = fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
            yaml::read_as(&text).with_context(|| file.display().to_string())?
        }
        None => Wanted::default(),
    };
    let both = from.tiers.keys().filter(|name| to.tiers.contains_key(*name)).map(|name| name.as_str());
    let tiers: Vec<&str> = both.filter(|name| tier.as_ref().is_none_or(|tier| tier == name)).collect();
    if tiers.is_empty() {
        let both: Vec<&str> =
            from.tiers.keys().filter(|name| to.tiers.contains_key(*name)).map(|name| name.as_str()).collect();
        bail!("no such tier is in both versions, which have: {}", both.join(", "));
    }
    let mut compared = vec![];
    for tier in tiers {
        let before = plan(tool, catalogue, &from, tier, &wanted).await?;
        let after = plan(tool, catalogue, &to, tier, &wanted).await?;
        compared.push(comparison(tier, (&from, before), (&to, after)));
    }
    Ok((if is_json { json(&compared)? } else { compared.iter().map(text).collect() }, 0))
}

fn find(catalogue: &Catalogue, wanted: &PathReference) -> anyhow::Result<Arc<GoldenPath>> {
    let named = catalogue.newest(wanted.name.as_deref()).map_err(crate::cli::reports::error_of)?;
    let found = catalogue.paths().iter().find(|path| path.name == named.name && path.version == wanted.version);
    let known = catalogue.paths().iter().map(|path| format!("{} {}", path.name, path.version)).collect::<Vec<_>>();
    let missing = || format!("no {} {} in the catalogue, which has: {}", named.name, wanted.version, known.join(", "));
    Ok(Arc::clone(found.with_context(missing)?))
}

/// The environment and the slot, as one.
async fn plan(
    tool: &CatalogueTool,
    catalogue: &Arc<Catalogue>,
    path: &GoldenPath,
    tier: &str,
    wanted: &Wanted,
) -> anyhow::Result<Planned> {
    let mut written = wanted.environment.clone();
    written.entry("team").or_insert_with(|| "example".into());
    written.insert("tier".to_owned(), tier.into());
    let contact = serde_json::json!({ "contact": "example@example.com", "cost_center": "CC1" });
    written.entry("owner").or_insert(contact);
    let pin = Pin { name: path.name.clone(), version: path.version.to_string() };
    let environment = sample::environment(written, &pin)?;
    let slot = sample::slot(wanted.slot.clone(), &environment);
    let planner = Planner::new(tool, Arc::clone(catalogue), Value::Null)?;
    let mut planned = planner.plan(ResourceKind::ENVIRONMENT, environment).await?;
    is_made(&planned).with_context(|| format!("tier {tier} can't be planned with {} {}", path.name, path.version))?;
    let Planned { objects, problems } = planner.plan(ResourceKind::SLOT, slot).await?;
    planned.objects.extend(objects);
    planned.problems.extend(problems);
    Ok(planned)
}

/// Compared with nothing, all objects would be deleted or new. Pure.
fn is_made(Planned { objects, problems }: &Planned) -> anyhow::Result<()> {
    let errors = problems.iter().filter(|problem| problem.is_error()).map(|problem| problem.summary.as_str());
    let errors: Vec<&str> = errors.collect();
    ensure!(!objects.is_empty() || errors.is_empty(), "{}; set what it needs with --request", errors.join("; "));
    Ok(())
}

/// Pure.
fn comparison(tier: &str, (from, before): (&GoldenPath, Planned), (to, after): (&GoldenPath, Planned)) -> Comparison {
    Comparison {
        tier: tier.to_owned(),
        from: format!("{} {}", from.name, from.version),
        to: format!("{} {}", to.name, to.version),
        changes: Changes::between(&before, &after),
    }
}

fn text(Comparison { tier, from, to, changes }: &Comparison) -> String {
    format!("Tier {tier}, from {from} to {to}:\n{}", changes.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::Problem;
    use std::collections::BTreeMap;

    #[test]
    fn nothing_is_compared_with_what_can_not_be_planned() {
        let object = || BTreeMap::from([("Namespace example-dev".to_owned(), None)]);
        let missing = || vec![Problem::error("parameters.missing", "Golden path acme needs the parameter zone", "")];
        let warning = || vec![Problem::warning("catalogue.deprecated", "It ends", "")];
        for (planned, words, reason) in [
            (Planned { objects: object(), problems: vec![] }, "", "as it should be"),
            (Planned { objects: object(), problems: missing() }, "", "an error beside objects is shown with them"),
            (Planned { problems: warning(), ..Planned::default() }, "", "a warning is no reason"),
            (
                Planned { problems: missing(), ..Planned::default() },
                "needs the parameter zone; set what it needs with --request",
                "nothing could be filled in",
            ),
        ] {
            let found = is_made(&planned).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(found.contains(words) && found.is_empty() == words.is_empty(), "{reason}: {found:?}");
        }
    }
}

//! Wrong configurations as data: each file of `wrong/` names the attribute that must be blamed, words that the error must hold, and
//! why it is wrong. Each must be rejected by `validate` or by `plan`; all of them once more through a real CLI at once.

use crate::{
    server::Server,
    workspace::{Run, Workspace},
};
use acceptance_tests::{
    RESOURCES,
    client::{Client, Diagnostics, Instance, as_text, errors},
    tools::Tool,
};
use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value as Json, json};
use std::{fs, path::PathBuf};

/// Fewer would mean that files went missing.
const AT_LEAST: usize = 70;

pub struct Case {
    pub name: String,
    /// As HCL writes it; an error at this attribute or inside it counts. Empty: the whole.
    attribute: String,
    says: String,
    reason: String,
    hcl: String,
}

pub fn cases() -> Result<Vec<Case>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("wrong");
    let mut cases = vec![];
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let hcl = fs::read_to_string(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let field = |name: &str| {
            let line = hcl.lines().find_map(|line| line.strip_prefix(&format!("# {name}:")));
            line.map(|text| text.trim().to_owned()).with_context(|| format!("{} has no `# {name}:`", path.display()))
        };
        cases.push(Case { attribute: field("attribute")?, says: field("says")?, reason: field("reason")?, name, hcl });
    }
    ensure!(cases.len() >= AT_LEAST, "only {} cases", cases.len());
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

impl Case {
    /// Without a CLI: what core would send, to a provider that serves all the cases.
    pub async fn is_rejected(&self, server: &Server) -> Result<()> {
        let said = self.diagnostics(server).await.with_context(|| self.reason.clone())?;
        let blamed = errors(&said).into_iter().filter(|one| one.path.to_string().starts_with(&self.attribute));
        let sentence = |one: &plugin::Diagnostic| format!("{} {}", one.summary, one.detail);
        let found = blamed.map(sentence).any(|text| text.contains(&self.says));
        let (attribute, says, reason) = (&self.attribute, &self.says, &self.reason);
        ensure!(found, "{attribute:?} is not blamed with {says:?} ({reason}), but:\n{}", as_text(&said));
        Ok(())
    }

    async fn diagnostics(&self, server: &Server) -> Result<Diagnostics> {
        let parsed: Json = hcl::from_str(&self.hcl)?;
        if let Some(provider) = parsed.pointer("/provider/goldenpath") {
            let mut client = Client::connect(&server.socket).await?;
            let said = client.validate_provider(provider).await?;
            return if errors(&said).is_empty() { client.configure(provider).await } else { Ok(said) };
        }
        let (kind, config) = one_resource(&parsed)?;
        let mut client = server.client(&json!({ "sandbox": { "path": server.sandbox_path() } })).await?;
        let kind = RESOURCES.into_iter().find(|name| *name == kind).context("no such resource")?;
        let value = client.config(kind, config)?;
        let said = client.validate(kind, &value).await?;
        if !errors(&said).is_empty() {
            return Ok(said);
        }
        Ok(Instance::new(&client, kind).plan(Some(config)).await?.said)
    }
}

/// The resource's type and its body.
fn one_resource(parsed: &Json) -> Result<(String, &Json)> {
    let of = |json: &Json| json.as_object().and_then(|one| one.keys().next().cloned());
    let resources = parsed.get("resource").context("no resource")?;
    let kind = of(resources).context("no type")?;
    let named = &resources[&kind];
    let name = of(named).context("no name")?;
    Ok((kind, &named[&name]))
}

/// Every wrong resource in one configuration: the CLI must name each, with its attribute.
pub fn a_cli_names_them_all(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, "")?;
    // A CLI plans nothing once `validate` has found errors, so what only a plan can find is not reported beside them.
    let at_once = |case: &Case| !case.hcl.contains("provider \"") && !case.hcl.contains("# found by: plan");
    let cases: Vec<Case> = cases()?.into_iter().filter(at_once).collect();
    for case in &cases {
        workspace.write(&format!("{}.tf", case.name), &case.hcl)?;
    }
    let validated = workspace.run(&["validate", "-json"])?;
    let planned = workspace.run(&["plan", "-json", "-input=false"])?;
    let shown = [diagnostics_of_validate(&validated)?, diagnostics_of_plan(&planned)?].concat();
    for case in &cases {
        let mine = |one: &&Json| one["range"]["filename"] == format!("{}.tf", case.name);
        let leaf = case.attribute.split(['.', '[']).next().unwrap_or_default();
        // Not by the name of its file, nor by what the configuration says itself.
        let text = |one: &Json| ["summary", "detail"].map(|part| one[part].as_str().unwrap_or_default()).join(" ");
        let named = |one: &Json| {
            let (said, line) = (text(one), one["snippet"]["code"].as_str().unwrap_or_default());
            said.contains(&case.says) && (said.contains(leaf) || line.contains(leaf))
        };
        if !shown.iter().filter(mine).any(named) {
            let said: Vec<_> = shown.iter().filter(mine).collect();
            return Err(anyhow!("{}: {} is not shown with {:?}: {said:?}", case.name, case.attribute, case.says));
        }
    }
    Ok(())
}

fn diagnostics_of_validate(run: &Run) -> Result<Vec<Json>> {
    let from = run.raw.find('{').context("validate printed no JSON")?;
    let mut read = serde_json::Deserializer::from_str(&run.raw[from..]).into_iter::<Json>();
    let printed = read.next().context("validate printed no JSON")??;
    Ok(printed["diagnostics"].as_array().cloned().unwrap_or_default())
}

fn diagnostics_of_plan(run: &Run) -> Result<Vec<Json>> {
    let lines = run.raw.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    Ok(lines.filter(|line| line["@level"] == "error").map(|line| line["diagnostic"].clone()).collect())
}

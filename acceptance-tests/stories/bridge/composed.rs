//! Crossplane's part: a definition, and a Composition with what its function makes of one resource.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    process::Command,
};

use acceptance_tests::tools::command_line;

/// What `generate crossplane` writes of one resource type.
pub struct Composition {
    pub definition: Json,
    resource: Json,
}

/// What a Workspace says.
pub struct Composed {
    /// Of the state.
    pub name: String,
    pub module: String,
    pub init_args: Vec<String>,
    /// Written to a file of variables.
    pub varmap: Json,
}

impl Composition {
    /// Of every resource type, by kind.
    pub fn all() -> Result<Vec<Self>> {
        let folder = tempfile::tempdir()?;
        let done =
            Command::new(command_line()?).args(["generate", "crossplane", "--dir"]).arg(folder.path()).status()?;
        ensure!(done.success(), "`generate crossplane` failed");
        let mut all = vec![];
        for file in std::fs::read_dir(folder.path())? {
            let [definition, composition]: [Json; 2] =
                documents(&std::fs::read_to_string(file?.path())?)?
                    .try_into()
                    .map_err(|found| anyhow::anyhow!("a definition and a Composition, not {found:?}"))?;
            let resource = composition["spec"]["pipeline"][0]["input"]["resources"][0].clone();
            all.push(Self { definition, resource });
        }
        Ok(all)
    }

    pub fn is_of(&self, kind: &str) -> bool {
        self.definition["spec"]["names"]["kind"] == kind
    }

    /// As function-patch-and-transform does.
    pub fn compose(&self, resource: &Json) -> Result<Composed> {
        let mut workspace = self.resource["base"].clone();
        for patch in self.resource["patches"].as_array().context("no patches")? {
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            let value = match patch["type"].as_str() {
                Some("FromCompositeFieldPath") => at(resource, &text(&patch["fromFieldPath"])),
                Some("CombineFromComposite") => Some(combine(patch, resource)?),
                _ => None,
            };
            if let Some(value) = value {
                set(&mut workspace, &text(&patch["toFieldPath"]), value);
            }
        }
        let given = &workspace["spec"]["forProvider"];
        let name = &workspace["metadata"]["annotations"]["crossplane.io/external-name"];
        Ok(Composed {
            name: name.as_str().context("no external name")?.to_owned(),
            module: given["module"].as_str().context("no module")?.to_owned(),
            init_args: serde_json::from_value(given["initArgs"].clone())?,
            varmap: given["varmap"].clone(),
        })
    }

    /// What a status shows of a Workspace, where that has it.
    pub fn status(&self, workspace: &Json) -> Json {
        let mut resource = json!({ "status": {} });
        let patches = self.resource["patches"].as_array().into_iter().flatten();
        for patch in patches.filter(|patch| patch["type"] == "ToCompositeFieldPath") {
            let path = |name: &str| patch[name].as_str().unwrap_or_default();
            if let Some(value) = at(workspace, path("fromFieldPath")) {
                set(&mut resource, path("toFieldPath"), value);
            }
        }
        resource["status"].take()
    }
}

/// The documents of a file.
pub fn documents(text: &str) -> Result<Vec<Json>> {
    let parts = text.split("---\n").skip(1);
    parts.map(|part| serde_saphyr::from_str(part).with_context(|| part.to_owned())).collect()
}

fn combine(patch: &Json, resource: &Json) -> Result<Json> {
    let mut text = patch["combine"]["string"]["fmt"].as_str().context("no format")?.to_owned();
    for variable in patch["combine"]["variables"].as_array().into_iter().flatten() {
        let path = variable["fromFieldPath"].as_str().unwrap_or_default();
        let value = at(resource, path).with_context(|| format!("{path} is required"))?;
        text = text.replacen("%s", value.as_str().unwrap_or_default(), 1);
    }
    if patch["transforms"][0]["string"]["convert"] == "ToSha1" {
        // Any digest will do here: what matters is that the name is one for one text, and a label's value.
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        text = format!("{:016x}", hasher.finish());
    }
    Ok(text.into())
}

/// `a.b[0].c`
fn at(value: &Json, path: &str) -> Option<Json> {
    path.split('.')
        .try_fold(value, |value, part| match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, index)) => value.get(name)?.get(index.parse::<usize>().ok()?),
            None => value.get(part),
        })
        .cloned()
}

/// `a.b[c.d]`, whose last part is a key.
fn set(target: &mut Json, path: &str, value: Json) {
    let (path, key) = path.split_once('[').map_or((path, None), |(path, key)| (path, Some(key.trim_end_matches(']'))));
    let place = path.split('.').chain(key).fold(target, |target, name| &mut target[name]);
    *place = value;
}

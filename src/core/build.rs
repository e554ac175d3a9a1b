//! Built-in golden paths and policies as JSON, with the syntax of their expressions: people write YAML and CEL, and no start of the
//! plugin should have to read it.

#[path = "policy/cel/syntax.rs"]
mod syntax;

use serde_json::{Map, Value};
use std::{env, error::Error, fs, path::Path};

/// With a folder of the same name in what the build writes.
const FOLDERS: [&str; 4] = ["golden/paths", "policy/pack", "policy/pack/guards", "policy/pack/rules"];

fn main() -> Result<(), Box<dyn Error>> {
    let into = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-changed=policy/cel/syntax.rs");
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        let into = Path::new(&into).join(folder);
        fs::create_dir_all(&into)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let (Some(name), Some("yaml")) = (path.file_name(), path.extension().and_then(|end| end.to_str())) else {
                continue;
            };
            let mut content: Value = serde_saphyr::from_str(&fs::read_to_string(&path)?)?;
            if content["kind"] == "Policy" {
                let mut stored = Map::new();
                for text in expressions(&content) {
                    stored
                        .insert(text.to_owned(), syntax_of(text).ok_or_else(|| format!("{}: {text}", path.display()))?);
                }
                content["syntax"] = stored.into();
            }
            fs::write(into.join(name).with_extension("json"), serde_json::to_string(&content)?)?;
        }
    }
    Ok(())
}

fn expressions(policy: &Value) -> impl Iterator<Item = &str> {
    let lists = ["variables", "matchConditions", "validations"].into_iter().filter_map(|list| policy[list].as_array());
    lists.flatten().flat_map(|one| [&one["expression"], &one["messageExpression"]]).filter_map(Value::as_str)
}

fn syntax_of(text: &str) -> Option<Value> {
    syntax::to_json(&syntax::parse(text).ok()?)
}

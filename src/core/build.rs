//! The built-in golden paths as JSON: people write YAML, and no start of the plugin should have to read it.

use std::{env, error::Error, fs, path::Path};

const PATHS: &str = "golden/paths";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PATHS}");
    let into = env::var("OUT_DIR")?;
    for entry in fs::read_dir(PATHS)? {
        let entry = entry?;
        let content: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(entry.path())?)?;
        let written = Path::new(&into).join(entry.file_name()).with_extension("json");
        fs::write(written, serde_json::to_string(&content)?)?;
    }
    Ok(())
}

//! `catalogue`: golden paths as documents: which there are, what one says, a copy to begin with, what is wrong with it, what another
//! version would change, and whether its own cases hold.

mod cases;
mod comparison;
mod init;
mod sample;
mod show;
mod tool;
mod validate;

use super::{output, reports::today};
use clap::{Subcommand, ValueEnum};
use goldenpath_core::{
    domain::CatalogueSources,
    golden::{Catalogue, Life},
};
use jiff::civil::Date;
pub(super) use sample::facts_over;
use serde_json::{Value, json};
use std::process::ExitCode;
pub use tool::CatalogueTool;
pub(super) use tool::Documents;

/// List, show, copy, check, compare and test golden paths
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folders with golden paths in addition to the built-in ones, separated like PATH, also of git (git::https://...?ref=<commit>)
    #[arg(long, global = true, env = "GOLDENPATH_CATALOGUE")]
    catalogue: Option<CatalogueSources>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Show(show::Arguments),
    Init(init::Arguments),
    Validate(validate::Arguments),
    Diff(Box<comparison::Arguments>),
    Test(cases::Arguments),
    Schema(Schema),
}

/// List golden paths: name, version, status, tiers, digest
#[derive(clap::Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Print the JSON Schema of a document, for editors
///
/// An editor with a YAML language server checks and completes a document whose first line is
/// `# yaml-language-server: $schema=golden-path.schema.json`.
#[derive(clap::Args)]
struct Schema {
    /// Kind of document
    #[arg(long, value_enum, default_value = "golden-path")]
    kind: SchemaKind,
}

#[derive(Clone, Copy, ValueEnum)]
enum SchemaKind {
    /// A golden path
    GoldenPath,
    /// A golden path that extends another version, from which it can leave out what is the same
    Extension,
    /// A policy in a folder of golden paths
    Policy,
    /// Test cases for `catalogue test`
    Test,
}

pub(super) async fn run(arguments: Arguments, tool: &CatalogueTool) -> anyhow::Result<ExitCode> {
    let Arguments { catalogue, command } = arguments;
    let CatalogueSources(sources) = catalogue.clone().unwrap_or_default();
    let documents = || (tool.documents)(&sources).map(Documents);
    let text = match command {
        Command::List(List { json }) => list(documents()?.catalogue()?.as_ref(), today(), json)?,
        Command::Show(arguments) => show::show(&arguments, &documents()?)?,
        Command::Init(arguments) => init::init(&arguments)?,
        Command::Validate(arguments) => return validate::run(&arguments, documents, tool),
        Command::Diff(arguments) => {
            let (text, code) = comparison::compare(*arguments, catalogue, tool).await?;
            output::data(&text)?;
            return Ok(ExitCode::from(code));
        }
        Command::Test(arguments) => return cases::run(&arguments, &documents()?, today(), tool).await,
        Command::Schema(Schema { kind }) => super::reports::json(&match kind {
            SchemaKind::GoldenPath => Catalogue::schema(),
            SchemaKind::Extension => of_extension(Catalogue::schema()),
            SchemaKind::Policy => Catalogue::policy_schema(),
            SchemaKind::Test => cases::schema(),
        })?,
    };
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Nothing is required but what each document says of itself.
fn of_extension(mut schema: Value) -> Value {
    make_all_optional(&mut schema);
    schema["required"] = json!(["apiVersion", "kind", "name", "version", "extends"]);
    schema
}

fn make_all_optional(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "required" || !value.is_array());
            members.values_mut().for_each(make_all_optional);
        }
        Value::Array(items) => items.iter_mut().for_each(make_all_optional),
        _ => {}
    }
}

fn list(catalogue: &Catalogue, today: Date, json: bool) -> anyhow::Result<String> {
    if json {
        let paths: Vec<_> = catalogue
            .paths()
            .iter()
            .map(|path| {
                json!({
                    "name": path.name, "version": path.version.to_string(), "status": path.life(today).as_str(),
                    "default": path.default, "owner": path.owner, "description": path.description,
                    "deprecation": path.deprecation, "changelog": path.changelog,
                    "tiers": path.tiers.keys().map(|tier| tier.as_str()).collect::<Vec<_>>(), "digest": path.digest(),
                })
            })
            .collect();
        return super::reports::json(&paths);
    }
    let rows = catalogue.paths().iter().map(|path| {
        let tiers: Vec<&str> = path.tiers.keys().map(|tier| tier.as_str()).collect();
        let life = path.life(today);
        let status = match life {
            Life::Deprecated { days_left: Some(days) } => format!("{}, {days} days left", life.as_str()),
            _ => life.as_str().to_owned(),
        };
        let version = format!("{}{}", path.version, if path.default { " (default)" } else { "" });
        vec![path.name.clone(), version, status, tiers.join(","), path.digest().to_owned()]
    });
    Ok(output::table(&rows.collect::<Vec<_>>()))
}

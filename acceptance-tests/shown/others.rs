//! Commands of others, by their references: a new one, or a new option, gets a row here by whoever has looked it up. Files that they name
//! are there, variables are those of the configuration beside, and what they reach is what we ship.

use super::commands::{ShownCommand, folder_of, read};
use crate::check::none;
use anyhow::{Context as _, Result, ensure};
use std::{collections::BTreeSet, fs, path::Path};

/// The command, and of its options those that documents show.
type Row = (&'static str, &'static [&'static str]);

static OPTIONS: [Row; 24] = [
    ("aws eks create-access-entry", &["--cluster-name", "--kubernetes-groups", "--principal-arn"]),
    ("aws eks update-kubeconfig", &["--name", "--region"]),
    ("aws iam create-policy", &["--path", "--policy-document", "--policy-name"]),
    ("aws sts assume-role-with-web-identity", &[]),
    ("helm upgrade", &["--install", "--namespace"]),
    ("kubectl annotate", &[]),
    ("kubectl apply", &["-f", "--namespace"]),
    ("kubectl create secret generic", &["--from-file", "-n"]),
    ("kubectl create secret tls", &["--cert", "--key", "-n"]),
    ("kubectl edit", &[]),
    ("kubectl get", &["--namespace", "--sort-by", "-o"]),
    ("kubectl label", &["--dry-run", "--overwrite"]),
    ("kubectl port-forward", &["--namespace"]),
    ("terraform apply", &["-var"]),
    ("terraform destroy", &["-refresh"]),
    ("terraform import", &[]),
    ("terraform init", &[]),
    ("terraform plan", &["-out", "-refresh", "-var"]),
    ("terraform providers schema", &["-json"]),
    ("terraform show", &["-json"]),
    ("terraform state rm", &[]),
    ("terraform taint", &[]),
    ("terraform untaint", &[]),
    ("terraform validate", &[]),
];
/// Without a row of its own it takes what its model takes.
const MODELS: [(&str, &str); 1] = [("tofu ", "terraform ")];
const SERVED: &str = "packaging/kubernetes/daemon.yaml";

pub(super) fn are_as_their_references_say() -> Result<()> {
    let all = ShownCommand::all()?;
    let of_others: Vec<&ShownCommand> = all.iter().filter(|command| command.of("goldenpath").is_none()).collect();
    let mut wrong = vec![];
    for command in &of_others {
        if let Err(error) = check(command) {
            wrong.push(format!("{}: {error:#}", command.place()));
        }
    }
    let rows: BTreeSet<&str> = of_others.iter().filter_map(|command| Some(row_of(&plain(&command.text))?.0)).collect();
    let idle = OPTIONS.iter().filter(|(row, _)| !rows.contains(row));
    wrong.extend(idle.map(|(row, _)| format!("no document shows {row}")));
    none(wrong)
}

/// With the options before a command of kubectl's behind it.
fn plain(text: &str) -> String {
    let (model, text) =
        MODELS.iter().find_map(|(program, model)| Some((*model, text.strip_prefix(*program)?))).unwrap_or(("", text));
    let words: Vec<&str> = text.split(' ').collect();
    let words = match &words[..] {
        ["kubectl", option @ ("-n" | "--namespace"), value, rest @ ..] => {
            [&words[..1], rest, &[*option, *value]].concat()
        }
        words => words.to_vec(),
    };
    format!("{model}{}", words.join(" "))
}

fn row_of(text: &str) -> Option<&'static Row> {
    OPTIONS.iter().find(|(row, _)| text.strip_prefix(*row).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}

fn check(command: &ShownCommand) -> Result<()> {
    let text = plain(&command.text);
    let (row, options) = row_of(&text).context("no row has this command: look it up, and add one")?;
    let words: Vec<&str> = text[row.len()..].split(' ').filter(|word| !word.is_empty()).collect();
    let folder = folder_of(&command.file);
    for (at, word) in words.iter().enumerate() {
        let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
        if name.starts_with('-') && name.len() > 1 {
            ensure!(options.contains(&name), "no row has the option {name}: look it up, and add it");
        }
        let next = || value.or_else(|| words.get(at + 1).copied()).context("nothing follows it");
        match name {
            "-f" if next()? != "-" => ensure!(folder.join(next()?).exists(), "{} is not there", next()?),
            "-var" => is_variable(&folder, next()?.trim_matches('\''))?,
            _ => {}
        }
        if let Some(file) = word.strip_prefix("file://") {
            ensure!(folder.join(file).exists(), "{file} is not there");
        }
        if let Some(service) = word.strip_prefix("service/") {
            is_served(service, words.get(at + 1).context("no port")?)?;
        }
    }
    if row.starts_with("kubectl create secret") {
        let name = words.first().context("no name")?;
        ensure!(read(SERVED)?.contains(&format!("secretName: {name}\n")), "{SERVED} has no Secret {name}");
    }
    Ok(())
}

fn is_variable(folder: &Path, written: &str) -> Result<()> {
    let name = written.split('=').next().unwrap_or(written);
    let text = fs::read_to_string(folder.join("main.tf"))?;
    ensure!(text.contains(&format!("variable \"{name}\" {{")), "there is no variable {name}");
    Ok(())
}

fn is_served(service: &str, port: &str) -> Result<()> {
    let text = read(SERVED)?;
    let found = text.split("\n---\n").find(|document| document.contains("kind: Service\n"));
    let found = found.with_context(|| format!("{SERVED} has no Service"))?;
    for line in [format!("  name: {service}\n"), format!("port: {port}\n")] {
        ensure!(found.contains(&line), "the Service has no line {line:?}");
    }
    Ok(())
}

//! What is shipped to run a daemon: the unit as systemd judges it, and the manifests as an API server does.

mod running;
mod shipped;

use crate::check::{Check, absent, check, none, trial};
use acceptance_tests::{
    servers::{
        Real,
        api::{Api, ApiCall},
    },
    tools::{command_line, provider},
};
use anyhow::{Context as _, Result, bail, ensure};
use hyper::Method;
use libtest_mimic::Trial;
use serde_json::{Value as Json, json};
use shipped::{folder, manifests};
use std::{fs, process::Command, sync::Arc};

pub const CHECKS: [Check<Real>; 2] = [
    check!("the manifests are accepted field by field", are_accepted),
    check!("the packaged daemon serves a team with the packaged roles", running::serves_a_team),
];

/// systemd's own measure, from 0 (shut) to 100.
const EXPOSURE: &str = "20";

pub fn trials() -> Vec<Trial> {
    let has_systemd = Command::new("systemd-analyze").arg("--version").output().is_ok_and(|run| run.status.success());
    let unit = match has_systemd {
        true => trial("packaging: systemd accepts the unit and its user", unit_is_sound),
        false => absent("packaging: systemd accepts the unit and its user", "systemd-analyze is not here"),
    };
    vec![
        unit,
        trial("packaging: the RBAC is what `permissions` prints", rbac_is_what_is_printed),
        trial("packaging: the provider names the commands to a person who starts it", commands_are_named),
    ]
}

fn commands_are_named() -> Result<()> {
    let run = Command::new(provider()?).arg("doctor").output()?;
    let said = String::from_utf8_lossy(&run.stderr);
    ensure!(
        run.status.code() == Some(1) && said.starts_with("Error: ") && said.contains("`goldenpath --help`"),
        "{said}"
    );
    let commands = Command::new(command_line()?).arg("--help").output()?;
    ensure!(commands.status.success() && String::from_utf8_lossy(&commands.stdout).contains("doctor"), "{commands:?}");
    Ok(())
}

/// With a program that is there in the place of the provider's.
fn unit_is_sound() -> Result<()> {
    let shipped = fs::read_to_string(folder("systemd/goldenpath-daemon.service"))?;
    let here = tempfile::tempdir()?;
    let unit = here.path().join("goldenpath-daemon.service");
    let program = command_line()?.display().to_string();
    fs::write(&unit, shipped.replace("/usr/local/bin/goldenpath", &program))?;
    let (threshold, unit) = (format!("--threshold={EXPOSURE}"), unit.display().to_string());
    let user = folder("systemd/goldenpath.conf").display().to_string();
    for (program, arguments) in [
        // Without the option a word that systemd does not know is a warning, and no error.
        ("systemd-analyze", &["verify", "--recursive-errors=no", &unit][..]),
        ("systemd-analyze", &["security", "--offline=true", &threshold, &unit]),
        ("systemd-sysusers", &["--dry-run", &user]),
    ] {
        let run = Command::new(program).args(arguments).output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        ensure!(run.status.success(), "{program} {arguments:?}: {said}");
    }
    Ok(())
}

fn rbac_is_what_is_printed() -> Result<()> {
    let shipped: Json = serde_json::from_slice(&fs::read(folder("kubernetes/rbac.json"))?)?;
    let arguments = ["permissions", "--kubernetes", "--group", "goldenpath-daemon"];
    let run = Command::new(command_line()?).args(arguments).output()?;
    ensure!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let printed: Json = serde_json::from_slice(&run.stdout)?;
    ensure!(shipped == printed, "write packaging/kubernetes/rbac.json again, with what {arguments:?} prints");
    Ok(())
}

/// The Namespace first; then all of it as `kubectl apply --server-side --validate=strict` does.
async fn are_accepted(real: Arc<Real>) -> Result<()> {
    let (api, token) = (Api::of(&real.cluster)?, real.token().await?);
    let mut documents = manifests("namespace.yaml")?;
    ensure!(documents.len() == 1, "one Namespace");
    for file in ["configuration.yaml", "daemon.yaml", "token-review.yaml"] {
        documents.extend(manifests(file)?);
    }
    let rbac: Json = serde_json::from_slice(&fs::read(folder("kubernetes/rbac.json"))?)?;
    documents.extend(rbac["items"].as_array().context("a List")?.iter().cloned());
    let set = documents.iter().find(|one| one["kind"] == "StatefulSet").context("no StatefulSet")?;
    let pod = pod_of(set)?;
    documents.push(pod);
    let mut wrong = vec![];
    for document in documents {
        let (path, name) = (path_of(&document)?, document["metadata"]["name"].to_string());
        let dry = if document["kind"] == "Namespace" { "" } else { "&dryRun=All" };
        let path = format!("{path}?fieldManager=packaging&fieldValidation=Strict{dry}");
        let content = Some(("application/apply-patch+yaml", document));
        let call = ApiCall { method: Method::PATCH, path: &path, content, headers: &[] };
        let reply = api.call(&token, call).await?;
        if !matches!(reply.status, 200 | 201) {
            wrong.push(format!("{name}: {} {}", reply.status, reply.document["message"]));
        }
    }
    none(wrong)
}

/// As its controller makes one. Of a template whose pods the namespace does not admit an API server only warns.
fn pod_of(set: &Json) -> Result<Json> {
    let Json::Object(mut pod) = set["spec"]["template"].clone() else { bail!("no template") };
    pod.extend([("apiVersion".to_owned(), "v1".into()), ("kind".to_owned(), "Pod".into())]);
    pod["metadata"]["name"] = format!("{}-0", set["metadata"]["name"].as_str().context("no name")?).into();
    pod["metadata"]["namespace"] = set["metadata"]["namespace"].clone();
    let claims = set["spec"]["volumeClaimTemplates"].as_array().context("no claims")?;
    let volumes = claims.iter().map(|claim| {
        let name = &claim["metadata"]["name"];
        json!({ "name": name, "persistentVolumeClaim": { "claimName": name } })
    });
    pod["spec"]["volumes"].as_array_mut().context("no volumes")?.extend(volumes);
    Ok(pod.into())
}

fn path_of(document: &Json) -> Result<String> {
    let text =
        |pointer: &str| document.pointer(pointer).and_then(Json::as_str).with_context(|| format!("no {pointer}"));
    let (version, kind, name) = (text("/apiVersion")?, text("/kind")?, text("/metadata/name")?);
    let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
    let lower = kind.to_lowercase();
    let plural = lower.strip_suffix('y').map_or_else(|| format!("{lower}s"), |stem| format!("{stem}ies"));
    Ok(match text("/metadata/namespace") {
        Ok(namespace) => format!("{root}/namespaces/{namespace}/{plural}/{name}"),
        Err(_) => format!("{root}/{plural}/{name}"),
    })
}

//! A process that serves several clients: the folder it was started in, its home and its environment are none of theirs. One
//! client's words must not mean another one's credentials or files.

use super::real::{Aws, Kubernetes};
use goldenpath_core::domain::CatalogueSource;
use plugin::{Diagnostic, Path, Step};
use std::path::Path as File;

pub(super) fn check_sources(catalogue: &[CatalogueSource]) -> Result<(), Diagnostic> {
    let place = |index| at(&["catalogue"]).then(Step::Index(i64::try_from(index).unwrap_or_default()));
    catalogue.iter().enumerate().try_for_each(|(index, source)| match source {
        CatalogueSource::Folder(folder) => is_absolute(folder, place(index)),
        CatalogueSource::Git(_) => Err(of_git(source).at(place(index))),
    })
}

fn of_git(source: &CatalogueSource) -> Diagnostic {
    Diagnostic::error(
        "A process that serves several clients fetches no golden paths: name a folder",
        format!(
            "It would fetch {source} with its own credentials for git, and they are none of its clients'. Fetch the repository \
             beside it, and set the absolute path of the folder."
        ),
    )
}

pub(super) fn check_sandbox(path: &File) -> Result<(), Diagnostic> {
    is_absolute(path, at(&["sandbox", "path"]))
}

pub(super) fn check_real(aws: &Aws, kubernetes: Option<&Kubernetes>) -> Result<(), Diagnostic> {
    has_credentials(aws)?;
    kubernetes.map_or(Ok(()), has_kubeconfig)
}

fn has_credentials(aws: &Aws) -> Result<(), Diagnostic> {
    let Aws { region, profile, access_key, web_identity, .. } = aws;
    if profile.is_some() {
        return Err(Diagnostic::error(
            "`profile` means nothing to a process that serves several clients: set `access_key` or `web_identity`",
            "A profile is in the home of whoever runs that process. Remove `profile` from `aws` of the provider block, and set \
             `access_key` and `secret_key`, or `web_identity`.",
        )
        .at(at(&["aws", "profile"])));
    }
    if let Some(identity) = web_identity {
        is_absolute(&identity.token_file, at(&["aws", "web_identity", "token_file"]))?;
    } else if access_key.is_none() {
        return Err(Diagnostic::error(
            "No AWS credentials: set `access_key` and `secret_key` in `aws`, or `web_identity`",
            "This process serves several clients, so that its own environment gives credentials to none of them. Set them in the provider \
             block, which in Crossplane is the `configuration` of the ProviderConfig.",
        )
        .at(at(&["aws", "access_key"])));
    }
    if region.is_none() {
        return Err(Diagnostic::error(
            "No AWS region: set `region` in `aws`",
            "This process serves several clients, so that its own environment says nothing about theirs. Set it in the provider block.",
        )
        .at(at(&["aws", "region"])));
    }
    Ok(())
}

fn has_kubeconfig(kubernetes: &Kubernetes) -> Result<(), Diagnostic> {
    let place = at(&["kubernetes", "kubeconfig"]);
    match &kubernetes.kubeconfig {
        Some(path) => is_absolute(path, place),
        None => Err(Diagnostic::error(
            "No kubeconfig: set `kubeconfig` in `kubernetes`",
            "This process serves several clients, so that its own kubeconfig is none of theirs. Set an absolute path, or remove \
             `kubernetes`: EKS then says how the cluster is reached.",
        )
        .at(place)),
    }
}

pub(super) fn is_absolute(path: &File, place: Path) -> Result<(), Diagnostic> {
    match path.is_absolute() {
        true => Ok(()),
        false => Err(Diagnostic::error(
            format!("{} is relative: set an absolute path", path.display()),
            "This process serves several clients, and a relative path would begin in the folder where it was started. Set an absolute \
             path, such as \"${path.cwd}/<path>\".",
        )
        .at(place)),
    }
}

pub(super) fn at(names: &[&str]) -> Path {
    names.iter().map(|name| Step::Attribute((*name).to_owned())).collect()
}

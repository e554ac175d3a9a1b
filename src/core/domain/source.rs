//! Where golden paths come from: a folder, or a folder at one commit of a git repository, in Terraform's syntax for the sources of
//! modules. Nothing is read here.
//!
//! A branch or a tag is refused: it moves, and what a plan was made by would change without a change of the configuration.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// What a source begins with that is no folder.
const GIT: &str = "git::";
const SCHEMES: [&str; 3] = ["https://", "ssh://", "file:///"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueSource {
    Folder(PathBuf),
    Git(GitFolder),
}

/// A folder of a repository, as it was at a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GitFolder {
    /// As `git fetch` takes it.
    pub repository: String,
    /// Names with slashes between; empty: the repository's own.
    pub folder: String,
    /// 40 hexadecimal digits in lower case.
    pub commit: String,
}

/// Several, separated like PATH; a colon within a `git::` source separates nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueSources(pub Vec<CatalogueSource>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{written:?} is not a source of golden paths: {reason}")]
pub struct SourceError {
    written: String,
    reason: String,
}

// === impl CatalogueSource ===

impl CatalogueSource {
    /// A relative folder is relative to this one.
    pub fn beside(self, folder: &Path) -> Self {
        match self {
            Self::Folder(path) => Self::Folder(folder.join(path)),
            git @ Self::Git(_) => git,
        }
    }
}

impl FromStr for CatalogueSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let failed = |reason| SourceError { written: text.to_owned(), reason };
        match text.strip_prefix(GIT) {
            Some(address) => git_folder(address).map(Self::Git).map_err(failed),
            None if is_remote(text) => Err(failed(format!(
                "it is not a folder; write a folder of a git repository as \"{GIT}https://<host>/<repository>//<folder>?ref=<commit>\""
            ))),
            None => Ok(Self::Folder(text.into())),
        }
    }
}

impl fmt::Display for CatalogueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Git(git) => git.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for CatalogueSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

// === impl GitFolder ===

impl fmt::Display for GitFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repository, folder, commit } = self;
        let inner = if folder.is_empty() { "" } else { "//" };
        write!(f, "{GIT}{repository}{inner}{folder}?ref={commit}")
    }
}

// === impl CatalogueSources ===

impl FromStr for CatalogueSources {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let mut sources = vec![];
        let mut rest = text;
        while !rest.is_empty() {
            // The colons of an address come before its query.
            let query = if rest.starts_with(GIT) { rest.find('?').unwrap_or(rest.len()) } else { 0 };
            let end = rest[query..].find(SEPARATOR).map_or(rest.len(), |at| query + at);
            let (one, more) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
            if !one.is_empty() {
                sources.push(one.parse()?);
            }
            rest = more;
        }
        Ok(Self(sources))
    }
}

/// As in PATH.
const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// An address of something that is not on this machine, or half of a `git::` source.
fn is_remote(text: &str) -> bool {
    text.contains("://") || text.contains("?ref=") || text.starts_with("git@")
}

/// `https://host/repository//folder?ref=commit`
fn git_folder(address: &str) -> Result<GitFolder, String> {
    if address.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("an address has no blanks; write them as %20".to_owned());
    }
    let Some(scheme) = SCHEMES.iter().find(|scheme| address.starts_with(**scheme)) else {
        return Err(format!("the address begins with none of {}; correct it", SCHEMES.join(", ")));
    };
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let commit = commit(query)?;
    let behind = &place[scheme.len()..];
    let (host, path) = match scheme.ends_with(":///") {
        true => ("", behind),
        false => behind.split_once('/').unwrap_or((behind, "")),
    };
    let (user, host) = host.rsplit_once('@').map_or(("", host), |(user, host)| (user, host));
    if user.contains(':') {
        return Err(
            "it contains a password, which every message would show; remove it, and let git's credential helper supply it"
                .to_owned(),
        );
    }
    // `file:///` has no host: its path has begun already.
    let is_named = !path.is_empty() && (scheme.ends_with(":///") || !host.is_empty());
    if !is_named || host.starts_with('-') || user.starts_with('-') {
        return Err("it names no host and repository; correct the address".to_owned());
    }
    let (repository, folder) = match path.split_once("//") {
        Some((_, folder)) => (&place[..place.len() - folder.len() - "//".len()], folder.trim_end_matches('/')),
        None => (place.trim_end_matches('/'), ""),
    };
    let is_name = |name: &str| !matches!(name, "" | "." | "..");
    if !folder.is_empty() && !folder.split('/').all(is_name) {
        return Err(format!("{folder:?} is not a folder in a repository; write names with single slashes between"));
    }
    Ok(GitFolder { repository: repository.to_owned(), folder: folder.to_owned(), commit })
}

fn commit(query: &str) -> Result<String, String> {
    const NEXT: &str = "write the full commit id, which `git rev-parse <tag>^{commit}` prints";
    let wanted: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
    if let Some(other) = wanted.iter().find(|part| !part.starts_with("ref=")) {
        return Err(format!("{other:?} means nothing here; only `ref` does"));
    }
    match wanted.as_slice() {
        [] => Err(format!("it has no `?ref=`; {NEXT}")),
        [one] => {
            let id = one.trim_start_matches("ref=").to_ascii_lowercase();
            if id.len() == 40 && id.chars().all(|digit| digit.is_ascii_hexdigit()) {
                return Ok(id);
            }
            Err(format!("ref {id:?} is not a full commit ID, and branches, tags and short ids move; {NEXT}"))
        }
        _ => Err("it has two refs; keep one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_source_is_a_folder_or_a_folder_of_a_commit() {
        for (written, repository, folder, reason) in [
            ("git::https://host/a/b.git//paths?ref=", "https://host/a/b.git", "paths", "a folder"),
            ("git::https://host:8443/a/b.git//x/y/?ref=", "https://host:8443/a/b.git", "x/y", "with a port"),
            ("git::ssh://git@host/a.git?ref=", "ssh://git@host/a.git", "", "the repository's own"),
            ("git::file:///srv/a.git//paths?ref=", "file:///srv/a.git", "paths", "on this machine"),
            ("git::file:///a.git//paths?ref=", "file:///a.git", "paths", "at the root"),
        ] {
            let found = format!("{written}{}", COMMIT.to_uppercase()).parse::<CatalogueSource>();
            let expected =
                GitFolder { repository: repository.into(), folder: folder.into(), commit: COMMIT.to_owned() };
            assert_eq!(found, Ok(CatalogueSource::Git(expected.clone())), "{reason}");
            assert_eq!(expected.to_string().parse(), Ok(CatalogueSource::Git(expected)), "{reason}: and back");
        }
        for folder in ["./golden-paths", "/etc/gp", "C:paths", "-paths"] {
            assert_eq!(folder.parse(), Ok(CatalogueSource::Folder(folder.into())));
            let beside = CatalogueSource::Folder(folder.into()).beside(Path::new("/x"));
            assert_eq!(beside, CatalogueSource::Folder(Path::new("/x").join(folder)));
        }
    }

    #[test]
    fn what_moves_or_does_more_than_fetch_is_refused() {
        for (address, expected, reason) in [
            ("git::https://host/a.git//paths", "no `?ref=`", "no commit"),
            ("git::https://host/a.git?ref=main", "branches, tags", "a branch"),
            ("git::https://host/a.git?ref=v1.0.0", "git rev-parse", "a tag, with the next step"),
            ("git::https://host/a.git?ref=0123456789abcdef", "full commit ID", "a short ID"),
            ("git::https://host/a.git?ref={}&depth=1", "\"depth=1\"", "what Terraform's sources may have besides"),
            ("git::https://host/a.git?ref={}&ref={}", "two refs", "two commits"),
            ("git::ext::sh -c x?ref={}", "blanks", "a command"),
            ("git::ext::sh?ref={}", "begins with none", "a transport that starts a command"),
            ("git::http://host/a.git?ref={}", "begins with none", "nothing proves which host responds"),
            ("git::--upload-pack=x?ref={}", "begins with none", "an option of git"),
            ("git::git@host:a.git?ref={}", "begins with none", "an address that git would guess"),
            ("git::ssh://-oProxyCommand=x/a?ref={}", "no host", "an option of ssh"),
            ("git::https:///a.git?ref={}", "no host", "no host"),
            ("git::https://host?ref={}", "no host", "no repository"),
            ("git::file://host/a.git?ref={}", "begins with none", "a file of another machine"),
            ("git::https://me:secret@host/a.git?ref={}", "password", "a secret"),
            ("git::https://host/a.git//../x?ref={}", "not a folder", "a way out of the repository"),
            ("git::https://host/a.git//x//y?ref={}", "not a folder", "an empty name"),
            ("https://host/a.git//paths?ref={}", "git::https://", "a forgotten prefix"),
            ("git@host:a/b.git", "git::https://", "as git writes it"),
        ] {
            let error = address.replace("{}", COMMIT).parse::<CatalogueSource>().expect_err(reason).to_string();
            assert!(error.contains(expected), "{reason}: {error}");
        }
    }

    #[test]
    fn several_are_separated_like_path() {
        let git = format!("git::https://host:8443/a.git//x?ref={COMMIT}");
        for (written, expected, reason) in [
            (String::new(), vec![], "none"),
            ("a:/b::c".to_owned(), vec!["a", "/b", "c"], "folders"),
            (git.clone(), vec![git.as_str()], "one of git"),
            (format!("a:{git}:b:{git}"), vec!["a", git.as_str(), "b", git.as_str()], "both"),
        ] {
            let found: CatalogueSources = written.parse().expect(reason);
            let found: Vec<String> = found.0.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{reason}");
        }
        assert!("a:git::https://host/a.git:b".parse::<CatalogueSources>().is_err(), "no commit");
    }
}

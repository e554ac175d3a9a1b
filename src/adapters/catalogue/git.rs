//! The YAML files of a folder at a commit, out of a repository that is fetched for it. Files are read out of git's objects and never
//! checked out: no filter, hook or link of the repository has a say.

use super::{
    folder::{LARGEST, is_yaml},
    program::{ProgramError, git},
};
use goldenpath_core::domain::GitFolder;
use std::path::Path;

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("{repository} can't be fetched: {cause}; check the address, the network and git's credentials")]
    Unreachable { repository: String, cause: ProgramError },
    #[error("{repository} has no commit {commit}: push it, or correct `ref`")]
    UnknownCommit { repository: String, commit: String },
    #[error("{id} of {repository} is a {kind}: set `ref` to the commit, which `git rev-parse {id}^{{commit}}` prints")]
    NoCommit { repository: String, id: String, kind: String },
    #[error("{folder:?} {what} in {repository} at {commit}: correct the folder after `//`")]
    NoFolder { repository: String, folder: String, commit: String, what: &'static str },
    #[error("{name} is a symbolic link to {to:?}, which is no file of its folder: put the file in its place")]
    Leaves { name: String, to: String },
    #[error("{name} is larger than {LARGEST} bytes, so it is not a golden path: remove it from the folder")]
    TooLarge { name: String },
    #[error("{name} is not UTF-8: save it as UTF-8")]
    NoText { name: String },
    #[error("{name} has no .yaml or .yml file: add a golden path, or correct the folder after `//`")]
    Empty { name: String },
    #[error(transparent)]
    Program(#[from] ProgramError),
}

/// One entry of a tree.
struct Entry {
    mode: String,
    id: String,
    /// Of a file.
    size: u64,
    name: String,
}

const LINK: &str = "120000";
const SUBMODULE: &str = "160000";
const TREE: &str = "040000";

/// Into a bare repository at `place`, which is made.
pub(super) fn fetch(GitFolder { repository, commit, .. }: &GitFolder, place: &Path) -> Result<(), GitError> {
    std::fs::create_dir_all(place).map_err(ProgramError::Start)?;
    git(place, &["init", "--quiet", "--bare"])?;
    let options = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
    let alone = [&options[..], &["--depth=1", "--", repository, commit]].concat();
    let unreachable = |cause| GitError::Unreachable { repository: repository.clone(), cause };
    match git(place, &alone) {
        // An old server hands out branches and tags only.
        Err(ProgramError::Failed(words)) if words.contains("unadvertised object") => {
            let everything = ["--", repository, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
            git(place, &[&options[..], &everything].concat()).map_err(unreachable)?;
        }
        Err(ProgramError::Failed(words)) if words.contains("not our ref") => {
            return Err(unknown_commit(repository, commit));
        }
        Err(missing @ ProgramError::Missing) => return Err(missing.into()),
        other => {
            other.map_err(unreachable)?;
        }
    }
    let kind = git(place, &["cat-file", "-t", commit]).map_err(|_| unknown_commit(repository, commit))?;
    match String::from_utf8_lossy(&kind).trim() {
        "commit" => Ok(()),
        kind => Err(GitError::NoCommit { repository: repository.clone(), id: commit.clone(), kind: kind.to_owned() }),
    }
}

/// The files of the folder: (name, text).
pub(super) fn files(source: &GitFolder, place: &Path) -> Result<Vec<(String, String)>, GitError> {
    let GitFolder { repository, folder, commit } = source;
    let mut entries = tree(place, commit)?;
    for name in folder.split('/').filter(|name| !name.is_empty()) {
        let found = entries.into_iter().find(|entry| entry.name == name);
        let what = match found.as_ref().map(|entry| entry.mode.as_str()) {
            Some(TREE) => None,
            Some(SUBMODULE) => {
                Some("is a submodule or in one, which has a repository of its own to name, and is no folder")
            }
            Some(LINK) => Some("is a symbolic link or in one, and is no folder"),
            Some(_) => Some("is a file or in one, and is no folder"),
            None => Some("is no folder"),
        };
        if let Some(what) = what {
            let (repository, folder, commit) = (repository.clone(), folder.clone(), commit.clone());
            return Err(GitError::NoFolder { repository, folder, commit, what });
        }
        entries = tree(place, &found.map(|entry| entry.id).unwrap_or_default())?;
    }
    let is_wanted = |entry: &&Entry| is_yaml(&entry.name) && !matches!(entry.mode.as_str(), TREE | SUBMODULE);
    let mut files = vec![];
    for entry in entries.iter().filter(is_wanted) {
        let (file, name) = (entry.name.clone(), display_name(source, &entry.name));
        let entry = if entry.mode == LINK { target(place, &name, entry, &entries)? } else { entry };
        if entry.size > LARGEST {
            return Err(GitError::TooLarge { name });
        }
        let text = String::from_utf8(blob(place, entry)?).map_err(|_| GitError::NoText { name })?;
        files.push((file, text));
    }
    if files.is_empty() {
        return Err(GitError::Empty { name: source.to_string() });
    }
    Ok(files)
}

/// What messages call a file of it.
pub(super) fn display_name(GitFolder { repository, folder, commit }: &GitFolder, file: &str) -> String {
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    format!("{repository}//{folder}{file}@{}", &commit[..commit.len().min(10)])
}

/// The file that a link stands for: beside it, and no link itself.
fn target<'a>(place: &Path, name: &str, link: &Entry, entries: &'a [Entry]) -> Result<&'a Entry, GitError> {
    let to = if link.size > LARGEST { vec![] } else { blob(place, link)? };
    let to = String::from_utf8_lossy(&to).into_owned();
    let beside = to.strip_prefix("./").unwrap_or(&to);
    let is_file = |entry: &&Entry| entry.name == beside && !matches!(entry.mode.as_str(), TREE | SUBMODULE | LINK);
    entries.iter().find(is_file).ok_or_else(|| GitError::Leaves { name: name.to_owned(), to: to.clone() })
}

fn blob(place: &Path, entry: &Entry) -> Result<Vec<u8>, ProgramError> {
    git(place, &["cat-file", "blob", &entry.id])
}

fn tree(place: &Path, id: &str) -> Result<Vec<Entry>, ProgramError> {
    let listed = git(place, &["ls-tree", "-z", "-l", id])?;
    Ok(listed.split(|byte| *byte == 0).filter_map(|line| entry(&String::from_utf8_lossy(line))).collect())
}

/// `<mode> <type> <id> <size>\t<name>`
fn entry(line: &str) -> Option<Entry> {
    let (head, name) = line.split_once('\t')?;
    let mut head = head.split_ascii_whitespace();
    let (mode, _, id, size) = (head.next()?, head.next()?, head.next()?, head.next()?);
    Some(Entry {
        mode: mode.to_owned(),
        id: id.to_owned(),
        size: size.parse().unwrap_or_default(),
        name: name.to_owned(),
    })
}

fn unknown_commit(repository: &str, commit: &str) -> GitError {
    GitError::UnknownCommit { repository: repository.to_owned(), commit: commit.to_owned() }
}

//! The documents of a catalogue, each read over what it extends.

use super::{
    document::GoldenPath,
    read::{At, DocumentKind, Written, Wrong},
};
use crate::domain::Version;
use serde_json::Value;
use std::{panic::resume_unwind, sync::LazyLock, thread};

/// The documents of `paths`: as JSON by the build, and as people read them.
pub(super) const EMBEDDED: [Embedded; 1] = [Embedded {
    document: "team-standard-1.0.0.yaml",
    json: include_str!(concat!(env!("OUT_DIR"), "/golden/paths/team-standard-1.0.0.json")),
    text: include_str!("../paths/team-standard-1.0.0.yaml"),
    digest: "136e8b040062fa2ef6e5891073d4705200b93b53a3a19d72b5ad98500286190e",
}];

pub(super) struct Embedded {
    pub document: &'static str,
    pub json: &'static str,
    pub text: &'static str,
    /// A released version keeps its digest: records and states name it. A test computes it.
    pub digest: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    #[error("{0}")]
    Document(#[from] Wrong),
    #[error(
        "{at}: extends: no golden path {name} {version} is in the catalogue; add its document, or name another one"
    )]
    NoBase { at: At, name: String, version: String },
    #[error(
        "{document}: golden path {name} {version} is in {other} already; give one of them a name or a version of its own"
    )]
    Twice { document: String, other: String, name: String, version: Version },
    #[error("{document}: golden path {name} is a second default beside {other}")]
    SecondDefault { document: String, name: String, other: String },
}

/// Those of them that are golden paths; what one extends may be built in, or any other of them.
pub(super) fn read_all<'a>(
    documents: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(&'a str, GoldenPath)>, CatalogueError> {
    read_each(documents).into_iter().collect()
}

/// Each by itself, so that all faults of a catalogue can be shown at once.
pub(super) fn read_each<'a>(
    documents: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<Result<(&'a str, GoldenPath), CatalogueError>> {
    let (mut written, mut read, mut policies) = (vec![], vec![], vec![]);
    for (document, text) in documents {
        let one = Written::read(document, text).and_then(|one| Ok((one.kind()?, one)));
        match one {
            Ok((DocumentKind::GoldenPath, one)) => written.push(one),
            Ok((DocumentKind::Policy, one)) => match one.policy() {
                Ok(policy) => policies.push(policy),
                Err(wrong) => read.push(Err(wrong.into())),
            },
            Ok((DocumentKind::GoldenPathTest, _)) => {}
            Err(wrong) => read.push(Err(wrong.into())),
        }
    }
    let path_of = |one: &Written<'a>| {
        let path = base_of(one, &written).and_then(|base| match base {
            Some(base) => Ok(one.over(base)?.path(&policies)?),
            None => Ok(one.path(&policies)?),
        });
        path.map(|path| (one.document, path))
    };
    read.extend(each(&written, path_of));
    read
}

/// In their order. Many versions pile up in a catalogue, and each is read by itself.
fn each<T: Sync, R: Send>(all: &[T], read: impl Fn(&T) -> R + Sync) -> Vec<R> {
    const WORTH_A_THREAD: usize = 8;
    let threads = thread::available_parallelism().map_or(1, usize::from).min(all.len() / WORTH_A_THREAD);
    if threads < 2 {
        return all.iter().map(read).collect();
    }
    let read = &read;
    thread::scope(|scope| {
        let parts = all.chunks(all.len().div_ceil(threads));
        let begun: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().map(read).collect::<Vec<R>>())).collect();
        begun.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// The content of what it extends.
fn base_of<'a>(one: &Written<'_>, all: &'a [Written<'_>]) -> Result<Option<&'a Value>, CatalogueError> {
    let Some((name, version)) = one.extends()? else { return Ok(None) };
    let base = all.iter().find(|other| other.id() == (name.as_str(), version.as_str()));
    let base = base.map(Written::content).or_else(|| embedded_content(&name, &version));
    base.map(Some).ok_or_else(|| CatalogueError::NoBase { at: one.at("extends"), name, version })
}

fn embedded_content(name: &str, version: &str) -> Option<&'static Value> {
    static CONTENTS: LazyLock<Vec<Value>> =
        LazyLock::new(|| EMBEDDED.iter().filter_map(|embedded| serde_json::from_str(embedded.json).ok()).collect());
    CONTENTS.iter().find(|content| content["name"] == name && content["version"] == version)
}

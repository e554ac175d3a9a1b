//! The documents of a catalogue, each read over what it extends.

use super::{
    document::GoldenPath,
    read::{At, DocumentKind, Written, Wrong},
};
use crate::{domain::Version, policy::document::Policy};
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
    let (mut written, mut policies) = (vec![], vec![]);
    for (document, text) in documents {
        let one = Written::read(document, text)?;
        match one.kind()? {
            DocumentKind::GoldenPath => written.push(one),
            DocumentKind::Policy => policies.push(one.policy()?),
            DocumentKind::GoldenPathTest => {}
        }
    }
    let path_of = |one: &Written<'a>| {
        let path = base_of(one, &written).and_then(|base| match base {
            Some(base) => Ok(one.over(base)?.path(&policies)?),
            None => Ok(one.path(&policies)?),
        });
        path.map(|path| (one.document, path))
    };
    each(&written, path_of).into_iter().collect()
}

/// Everything that is wrong with them, in their order.
pub(super) fn faults_of<'a>(documents: &[(&'a str, &'a str)]) -> Vec<CatalogueError> {
    let read = |(document, text): &(&'a str, &'a str)| -> Result<(DocumentKind, Written<'a>), Wrong> {
        let one = Written::read(document, text)?;
        Ok((one.kind()?, one))
    };
    let all: Vec<_> = documents.iter().map(read).collect();
    let of_kind =
        |wanted: DocumentKind| all.iter().flatten().filter(move |(kind, _)| *kind == wanted).map(|(_, one)| one);
    let policies: Vec<Policy> = of_kind(DocumentKind::Policy).filter_map(|one| one.policy().ok()).collect();
    let example = contents().first().unwrap_or(&NOTHING);
    let faults = |one: &Result<(DocumentKind, Written<'_>), Wrong>| match one {
        Ok((DocumentKind::GoldenPath, one)) => match base_of(one, of_kind(DocumentKind::GoldenPath)) {
            Err(error) => vec![error],
            Ok(None) => one.faults(&policies, example).into_iter().map(Into::into).collect(),
            Ok(Some(base)) => match one.over(base) {
                Err(wrong) => vec![wrong.into()],
                Ok(whole) => whole.faults(&policies, example).into_iter().map(Into::into).collect(),
            },
        },
        Ok((DocumentKind::Policy, one)) => one.policy_faults().into_iter().map(Into::into).collect(),
        // Those are read by who runs them.
        Ok((DocumentKind::GoldenPathTest, _)) => vec![],
        Err(wrong) => vec![wrong.clone().into()],
    };
    all.iter().flat_map(faults).collect()
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
fn base_of<'a, 'b: 'a>(
    one: &Written<'_>,
    all: impl IntoIterator<Item = &'a Written<'b>>,
) -> Result<Option<&'a Value>, CatalogueError> {
    let Some((name, version)) = one.extends()? else { return Ok(None) };
    let base = all.into_iter().find(|other| other.id() == (name.as_str(), version.as_str()));
    let base = base.map(Written::content).or_else(|| embedded_content(&name, &version));
    base.map(Some).ok_or_else(|| CatalogueError::NoBase { at: one.at("extends"), name, version })
}

static NOTHING: Value = Value::Null;

fn contents() -> &'static [Value] {
    static CONTENTS: LazyLock<Vec<Value>> =
        LazyLock::new(|| EMBEDDED.iter().filter_map(|embedded| serde_json::from_str(embedded.json).ok()).collect());
    &CONTENTS
}

fn embedded_content(name: &str, version: &str) -> Option<&'static Value> {
    contents().iter().find(|content| content["name"] == name && content["version"] == version)
}

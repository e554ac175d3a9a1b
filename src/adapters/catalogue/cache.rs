//! What was fetched once is kept: a folder for each (repository, commit, folder), which never changes. It is made beside its place and
//! renamed, so that processes at the same time see all of it or nothing.

use super::{
    document::Document,
    folder,
    git::{self, GitError},
};
use goldenpath_core::domain::{GitFolder, short_hash};
use std::{
    fs::{self, DirBuilder},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("there is no folder to keep it in: set XDG_CACHE_HOME or HOME")]
    NoPlace,
    #[error("{} can't be written: {cause}; set XDG_CACHE_HOME to a folder that can", path.display())]
    Write { path: PathBuf, cause: io::Error },
    #[error("{} is damaged: {cause}; remove it, and it is fetched again", path.display())]
    Damaged { path: PathBuf, cause: folder::FolderError },
    #[error("{0} was not fetched yet")]
    NotFetched(String),
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Whether a repository may be asked for what was never fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    Missing,
    Never,
}

/// Begin of the names of what is not complete.
const FETCHING: &str = ".fetching-";
/// From then on whoever began it is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Of this user, as the XDG Base Directory Specification has it.
pub(super) fn place() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("goldenpath").join("catalogue"))
}

pub(super) fn read(source: &GitFolder, place: Option<&Path>, fetch: Fetch) -> Result<Vec<Document>, CacheError> {
    let place = place.ok_or(CacheError::NoPlace)?;
    let GitFolder { repository, folder, commit } = source;
    let kept = place.join(short_hash([repository.as_str(), commit.as_str(), folder.as_str()], 40));
    if !kept.is_dir() {
        if fetch == Fetch::Never {
            return Err(CacheError::NotFetched(source.to_string()));
        }
        self::fetch(source, place, &kept)?;
    }
    let documents = folder::read(&kept).map_err(|cause| CacheError::Damaged { path: kept.clone(), cause })?;
    let named = |Document { name, text }| {
        let file = Path::new(&name).file_name().map(|file| file.to_string_lossy().into_owned());
        Document { name: git::display_name(source, &file.unwrap_or(name)), text }
    };
    Ok(documents.into_iter().map(named).collect())
}

fn fetch(source: &GitFolder, place: &Path, kept: &Path) -> Result<(), CacheError> {
    tracing::info!(%source, "fetching golden paths");
    let write = |path: &Path| {
        let path = path.to_owned();
        move |cause| CacheError::Write { path, cause }
    };
    private().create(place).map_err(write(place))?;
    remove_leftovers(place);
    let nanoseconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let work = place.join(format!("{FETCHING}{}-{nanoseconds}", std::process::id()));
    let done = fetch_into(source, &work).and_then(|made| match fs::rename(&made, kept) {
        // Another process was faster, with the same.
        Err(_) if kept.is_dir() => Ok(()),
        renamed => renamed.map_err(write(kept)),
    });
    let _ = fs::remove_dir_all(&work);
    done
}

/// The folder with the files.
fn fetch_into(source: &GitFolder, work: &Path) -> Result<PathBuf, CacheError> {
    let (repository, files) = (work.join("repository"), work.join("files"));
    let failed = |cause| CacheError::Write { path: work.to_owned(), cause };
    private().create(&files).map_err(failed)?;
    git::fetch(source, &repository)?;
    for (file, text) in git::files(source, &repository)? {
        fs::write(files.join(file), text).map_err(failed)?;
    }
    Ok(files)
}

/// Golden paths are nobody's secret, but nobody else may change what is kept.
fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// What a process left that was killed.
fn remove_leftovers(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(FETCHING)) {
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        if modified.and_then(|modified| modified.elapsed().ok()).is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

//! Golden paths from folders, and from folders of git repositories: the texts of their YAML files. Reading their meaning is left to
//! `golden`.

mod cache;
mod document;
mod folder;
mod git;
mod program;
#[cfg(test)]
mod tests;

pub use cache::{CacheError, Fetch};
pub use document::Document;
pub use folder::FolderError;

use goldenpath_core::domain::CatalogueSource;

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Git(#[from] CacheError),
}

/// The `.yaml` and `.yml` files of each source, not of folders inside, by name; sources in the order given.
pub fn read(sources: &[CatalogueSource], fetch: Fetch) -> Result<Vec<Document>, CatalogueError> {
    let mut documents = vec![];
    for source in sources {
        match source {
            CatalogueSource::Folder(folder) => documents.extend(folder::read(folder)?),
            CatalogueSource::Git(folder) => documents.extend(cache::read(folder, cache::place().as_deref(), fetch)?),
        }
    }
    Ok(documents)
}

//! The YAML files of a folder of this machine.

use super::document::Document;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("the catalogue folder {} can't be read", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the golden path {} can't be read", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{name} is larger than {LARGEST} bytes, so it is not a golden path: remove it from the catalogue")]
    TooLarge { name: String },
    #[error("the catalogue folder {name} has no .yaml or .yml file: add a golden path or correct the folder")]
    Empty { name: String },
}

/// A path is a page or two; anything larger was put there by mistake.
pub(super) const LARGEST: u64 = 1024 * 1024;

pub(super) fn read(folder: &Path) -> Result<Vec<Document>, FolderError> {
    let documents: Result<Vec<Document>, FolderError> = yaml_files(folder)?.into_iter().map(read_file).collect();
    let documents = documents?;
    if documents.is_empty() {
        return Err(FolderError::Empty { name: folder.display().to_string() });
    }
    Ok(documents)
}

pub(super) fn is_yaml(name: &str) -> bool {
    !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let failed = |source| FolderError::Folder { path: folder.to_owned(), source };
    let mut paths = vec![];
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.file_name().is_some_and(|name| is_yaml(&name.to_string_lossy())) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: PathBuf) -> Result<Document, FolderError> {
    let failed = |source| FolderError::File { path: path.clone(), source };
    let name = path.display().to_string();
    if fs::metadata(&path).map_err(failed)?.len() > LARGEST {
        return Err(FolderError::TooLarge { name });
    }
    let text = fs::read_to_string(&path).map_err(failed)?;
    Ok(Document { name, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.yaml", "a.yml", "notes.txt", ".hidden.yaml"] {
            fs::write(folder.path().join(name), name).expect("a file");
        }
        fs::create_dir(folder.path().join("inner.yaml")).expect("a folder");
        let read = read(folder.path()).expect("readable");
        let texts: Vec<_> = read.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(texts, ["a.yml", "b.yaml"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || read(folder.path());
        let missing = super::read(&folder.path().join("nowhere"));
        assert!(missing.expect_err("missing").to_string().contains("nowhere can't be read"));
        assert!(read().expect_err("empty").to_string().contains("no .yaml"));
        fs::write(folder.path().join("latin.yaml"), [0xff, 0xfe]).expect("a file");
        assert!(read().expect_err("not UTF-8").to_string().contains("latin.yaml can't be read"));
        fs::write(folder.path().join("latin.yaml"), vec![b' '; 1024 * 1024 + 1]).expect("a file");
        assert!(matches!(read(), Err(FolderError::TooLarge { .. })));
    }
}
